"""Morris's contagion thresholds: known networks (V37), brute force, and the simulated rule."""

from __future__ import annotations

import doctest
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from gigsim.society import network_models, networks
from gigsim.society.networks import Network, SparseNetwork
from gigsim.theory.contagion import morris
from gigsim.theory.contagion.morris import (
    cohesion,
    cohesive_core,
    contagion_threshold,
    moore_threshold,
    reach_of,
    reached,
    tree_threshold,
    von_neumann_threshold,
)
from tests.theory.contagion.contagion_runs import by_share, random_seed, settle, swapped


def test_examples_run() -> None:
    assert doctest.testmod(morris).failed == 0


@st.composite
def networks_and_seeds(draw: st.DrawFn) -> tuple[SparseNetwork, np.ndarray]:
    size = draw(st.integers(2, 12))
    rng = np.random.default_rng(draw(st.integers(0)))
    upper = np.triu(rng.random((size, size)) < draw(st.floats(0, 1)), 1)
    network = SparseNetwork(sparse.csr_array((upper | upper.T).astype(np.uint8)), "any")
    return network, random_seed(size, draw(st.integers(1, size)), rng)


@settings(max_examples=25)
@given(networks_and_seeds())
def test_all_levels_are_those_of_the_simulated_rule(case: tuple[SparseNetwork, np.ndarray]) -> None:
    network, seed = case
    found = reach_of(network.matrix(), seed)
    assert np.all(np.diff(found.share) < 0)
    assert np.all(np.diff(found.members) > 0)
    assert np.array_equal(found.order < 0, seed)
    tenths = np.linspace(0, 1, 21)
    for q in np.unique([*found.share, *np.nextafter(found.share, 2), *tenths]):
        member = settle(network, by_share(network, q), seed)
        assert np.array_equal(reached(network.matrix(), seed, q), member)
        assert found.at(q) == member.sum()
    everybody = settle(network, by_share(network, found.threshold), seed)
    assert everybody.all()
    assert found.threshold == contagion_threshold(network.matrix(), seed)
    if len(found.share):
        more = np.nextafter(found.threshold, 2)
        assert not settle(network, by_share(network, more), seed).all()
        # A whole number of somebody's neighbours.
        degrees = network.degrees().tolist()
        exact = {float(Fraction(m, d)) for d in degrees if d for m in range(d + 1)}
        assert found.threshold in {0.0} | exact


@settings(max_examples=50)
@given(networks_and_seeds(), st.floats(-0.1, 1.1), st.integers(0))
def test_what_stops_a_contagion_is_a_cohesive_group(
    case: tuple[SparseNetwork, np.ndarray], q: float, number: int
) -> None:
    """Morris, Proposition 1: what is not reached is the largest group that is cohesive enough."""
    network, seed = case
    ties = network.matrix()
    if seed.all():
        return
    core = cohesive_core(ties, ~seed, q)
    assert np.array_equal(core, ~reached(ties, seed, q))
    if core.any():
        inside = network.count(core)[core]
        degrees = network.degrees()[core]
        assert np.all((degrees - inside) / np.maximum(degrees, 1) < q)
        assert cohesion(ties, core) == (inside / np.maximum(degrees, 1)).min()
    # Any other group that cannot be entered is part of it.
    other = ~seed & (np.random.default_rng(number).random(len(seed)) < 0.7)
    if other.any():
        outside = network.count(~other)[other] / np.maximum(network.degrees()[other], 1)
        if np.all(outside < q):
            assert np.all(core[other])


@settings(max_examples=50)
@given(networks_and_seeds(), st.floats(0, 1), st.integers(0))
def test_the_order_of_deciding_does_not_matter(
    case: tuple[SparseNetwork, np.ndarray], q: float, number: int
) -> None:
    network, seed = case
    rng = np.random.default_rng(number)
    member = settle(network, by_share(network, q), seed, rng)
    assert np.array_equal(member, reached(network.matrix(), seed, q))


def block(rows: int, columns: int, width: int) -> np.ndarray:
    """A solid square in the middle of a torus, bool, (N,)."""
    seed = np.zeros((rows, columns), dtype=bool)
    top, left = (rows - width) // 2, (columns - width) // 2
    seed[top : top + width, left : left + width] = True
    return seed.ravel()


@pytest.mark.parametrize(
    ("diagonal", "spreads", "stays"), [(False, 0.25, 0.26), (True, 0.375, 0.376)]
)
def test_v37_the_torus(diagonal: bool, spreads: float, stays: float) -> None:
    """10,000 people, a block of six by six, all at once and one after the other."""
    network: Network = network_models.torus(100, 100, diagonal=diagonal)
    seed = block(100, 100, 6)
    theory = moore_threshold(2) if diagonal else von_neumann_threshold(2)
    assert contagion_threshold(network.matrix(), seed) == theory == spreads
    for rng in (None, np.random.default_rng(1)):
        assert settle(network, by_share(network, spreads), seed, rng).all()
        assert np.array_equal(settle(network, by_share(network, stays), seed, rng), seed)


@pytest.mark.parametrize("degree", [4, 10])
def test_half_on_the_line_whatever_the_reach(degree: int) -> None:
    network = network_models.ring(10_000, degree)
    seed = np.arange(10_000) < degree // 2
    assert contagion_threshold(network.matrix(), seed) == moore_threshold(1, degree // 2) == 0.5


def test_three_dimensions() -> None:
    """27 − 1 neighbours: 9/26; six: 1/6. A cube of side 5 in one of 12."""
    side = 12
    grid = np.indices((side,) * 3).reshape(3, -1)
    steps = np.indices((3, 3, 3)).reshape(3, -1) - 1
    for moore, theory in ((True, moore_threshold(3)), (False, von_neumann_threshold(3))):
        first, second = [], []
        for step in steps.T[14:]:
            if moore or np.abs(step).sum() == 1:
                end = (grid + step[:, None]) % side
                first.append(np.arange(side**3))
                second.append(np.ravel_multi_index(tuple(end), (side,) * 3))
        network = networks.from_ties(side**3, np.concatenate(first), np.concatenate(second), "any")
        assert set(network.degrees()) == {26 if moore else 6}
        seed = np.all((grid >= 3) & (grid < 8), axis=0)
        assert contagion_threshold(network.matrix(), seed) == theory


@pytest.mark.parametrize("degree", [4, 6])
def test_random_regular_networks_are_trees_nearby(degree: int) -> None:
    """1/degree: more than one neighbour is as good as never met from one person."""
    network = swapped(network_models.ring(10_000, degree), 8, np.random.default_rng(degree))
    seed = np.arange(10_000) == 5
    found = reach_of(network.matrix(), seed)
    assert found.threshold == tree_threshold(degree)
    assert found.at(np.nextafter(found.threshold, 1)) < 20


def test_never_above_a_half_from_a_few() -> None:
    """Morris: no large network with few neighbours is tipped by few at more than 1/2."""
    for number in range(5):
        network = network_models.random(2000, 6.0, number)
        seed = random_seed(2000, 10, np.random.default_rng(number))
        assert contagion_threshold(network.matrix(), seed) <= 0.5


def test_everybody_is_a_seed_that_has_everybody() -> None:
    ties = network_models.ring(10, 2).matrix()
    found = reach_of(ties, np.ones(10, dtype=bool))
    assert (found.threshold, found.at(0.7), len(found.share)) == (1.0, 10, 0)


def test_senseless_arguments_are_refused() -> None:
    ties = network_models.ring(10, 2).matrix()
    with pytest.raises(ValueError, match="seed is nobody"):
        reach_of(ties, np.zeros(10, dtype=bool))
    with pytest.raises(ValueError, match="group is one bool"):
        cohesion(ties, np.arange(10))
    with pytest.raises(ValueError, match="dimension"):
        moore_threshold(0)
    with pytest.raises(ValueError, match="dimension"):
        von_neumann_threshold(0)
    with pytest.raises(ValueError, match="degree"):
        tree_threshold(1)
