"""Imitation: whom one looks at, and what a population of imitators does."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse, stats

from gigsim.config.sections import Society
from gigsim.society import network_models
from gigsim.society.imitation import fermi_rule, pick_neighbour
from gigsim.society.network_models import small_world
from gigsim.society.networks import CompleteNetwork, Network, SparseNetwork
from gigsim.streams import Streams
from tests.society.crowds import crowd, round_of, tied

# ----------------------------------------------------------------------------- whom one looks at


@given(st.integers(1, 12), st.floats(0, 1), st.booleans(), st.integers(0, 2**32 - 1))
def test_one_looks_at_a_neighbour_or_nowhere(
    size: int, density: float, complete: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((size, size)) < density, 1)
    ties = ~np.eye(size, dtype=bool) if complete else upper | upper.T
    network: Network = CompleteNetwork(size) if complete else tied(ties)
    uniforms = np.where(rng.random(size) < 0.3, 1 - 2.0**-53, rng.random(size))
    picked = pick_neighbour(network, uniforms)
    for i, j in enumerate(picked.tolist()):
        friends = np.flatnonzero(ties[i]).tolist()
        assert j == (friends[int(uniforms[i] * len(friends))] if friends else i)


@pytest.mark.parametrize("complete", [True, False])
def test_every_neighbour_is_as_likely(complete: bool) -> None:
    size, streams = 8, Streams(4)
    wheel = nx.to_numpy_array(nx.wheel_graph(size)).astype(bool)
    network: Network = CompleteNetwork(size) if complete else tied(wheel)
    ties = ~np.eye(size, dtype=bool) if complete else wheel
    seen = np.zeros((size, size), dtype=int)
    for draw in range(4000):
        seen[np.arange(size), pick_neighbour(network, streams.uniform("pick", draw, size))] += 1
    for mine, counts in zip(ties, seen, strict=True):
        assert counts[~mine].sum() == 0
        assert stats.chisquare(counts[mine]).pvalue > 1e-4


def test_a_pick_is_ones_own_whatever_happens_elsewhere() -> None:
    one = nx.to_numpy_array(nx.wheel_graph(10)).astype(bool)
    other = one.copy()
    other[7, 3] = other[3, 7] = True
    uniforms = Streams(1).uniform("pick", 1, 10)
    same = pick_neighbour(tied(one), uniforms) == pick_neighbour(tied(other), uniforms)
    assert same[[i for i in range(10) if i not in (3, 7)]].all()


def test_a_network_of_millions_of_ties_is_not_written_out() -> None:
    picked = pick_neighbour(CompleteNetwork(1_000_000), np.full(1_000_000, 0.5))
    assert picked[[0, 999_999]].tolist() == [500_000, 499_999]


# ---------------------------------------------------------------------------------- copying


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0, 20), st.floats(0, 1, exclude_max=True))
def test_fermis_law(mine: float, his: float, strength: float, luck: float) -> None:
    copied = fermi_rule(
        np.array([True, True]),
        np.array([False, True]),
        np.array([mine, his]),
        np.array([1, 0]),
        strength,
        np.array([luck, luck]),
    )
    # The same law, 1/(1 + e^-x), by a hyperbolic tangent, which does not overflow.
    chance = (1 + np.tanh(strength * (his - mine) / 2)) / 2
    assert copied[0] == (luck < chance) or chance == pytest.approx(luck, abs=1e-12)
    assert copied[1], "he sees a member either way"


def test_a_far_better_off_person_is_always_copied_and_a_worse_off_never() -> None:
    member, picked, luck = np.array([True, False]), np.array([1, 0]), np.array([0.999999, 0.999999])
    happy = np.array([1e6, -1e6])
    assert fermi_rule(member[picked], member, happy, picked, 1e6, luck).tolist() == [True, True]


def share_after(
    network: Network, member: np.ndarray, utility: np.ndarray, strength: float, period: int
) -> np.ndarray:
    society = Society(rule="imitation", imitation_strength=strength)
    return round_of(
        society,
        crowd(member, utility=utility),
        network,
        draws=lambda name: Streams(9).uniform(name, period, len(member)),
    )


@pytest.mark.parametrize(("strength", "spread"), [(0.0, 1.0), (5.0, 0.0)])
@pytest.mark.parametrize("alpha", [0.1, 0.6])
def test_without_pressure_or_difference_imitation_is_neutral(
    strength: float, spread: float, alpha: float
) -> None:
    """The voter model: the share of members is a martingale."""
    size = 200_000
    member = np.arange(size) < alpha * size
    utility = spread * np.random.default_rng(2).normal(size=size)
    after = share_after(CompleteNetwork(size), member, utility, strength, 1)
    # Half of the people copy somebody, who differs with probability 2α(1 - α) over both groups.
    error = np.sqrt(alpha * (1 - alpha) / size)
    assert (after != member).mean() == pytest.approx(alpha * (1 - alpha), abs=4 * error)
    assert abs(after.mean() - alpha) < 4 * error


def test_on_any_network_the_voter_model_keeps_the_share_weighted_by_degree() -> None:
    """Suchecki, Eguíluz and San Miguel (2005): who asks copies, so that the well-known count."""
    copies = 2000
    star = nx.to_numpy_array(nx.star_graph(8)).astype(np.uint8)
    stars = sparse.csr_array(sparse.kron(sparse.eye_array(copies), star))
    network = SparseNetwork(stars, "stars")
    member = np.tile(np.arange(9) == 0, copies)
    after = share_after(network, member, np.zeros(len(member)), 0.0, 1)
    degrees = network.degrees()
    weighted = (after * degrees).reshape(copies, 9).sum(axis=1) / 16
    assert weighted.std() > 0
    assert abs(weighted.mean() - 0.5) < 4 * weighted.std() / np.sqrt(copies)
    plain = after.reshape(copies, 9).mean(axis=1)
    assert abs(plain.mean() - 1 / 9) > 10 * plain.std() / np.sqrt(copies), "hubs are heard more"


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("advantage", [-1.5, 0.3, 2.0])
def test_a_large_population_follows_the_replicators_direction(
    alpha: float, advantage: float
) -> None:
    """E[Δα] = α(1 - α)·tanh(β·Δu/2), Traulsen, Nowak and Pacheco (2006)."""
    size, strength = 200_000, 1.2
    member = np.arange(size) < alpha * size
    after = share_after(CompleteNetwork(size), member, advantage * member, strength, 3)
    drift = alpha * (1 - alpha) * np.tanh(strength * advantage / 2)
    error = np.sqrt(alpha * (1 - alpha) / size)
    assert after.mean() - alpha == pytest.approx(drift, abs=4 * error)
    assert np.sign(after.mean() - alpha) == np.sign(advantage)


def test_nobody_starts_and_nobody_is_left_alone_to_imitate() -> None:
    """A club of all or of none stays so; who knows nobody stays as he is."""
    network = small_world(40, 4, 0.1, seed=1)
    for member in (np.zeros(40, dtype=bool), np.ones(40, dtype=bool)):
        assert np.array_equal(share_after(network, member, np.zeros(40), 1.0, 1), member)
    hermits = tied(np.zeros((40, 40), dtype=bool))
    half = np.arange(40) < 20
    assert np.array_equal(share_after(hermits, half, np.zeros(40), 0.0, 1), half)


@pytest.mark.parametrize("kind", ["sparse", "complete"])
def test_some_people_pick_whom_they_pick_among_all(kind: str) -> None:
    size = 500
    network: Network = CompleteNetwork(size)
    if kind == "sparse":
        network = network_models.random(size, 2, 1)
    rng = np.random.default_rng(0)
    uniforms, people = rng.random(size), np.flatnonzero(rng.random(size) < 0.1)
    some = pick_neighbour(network, uniforms[people], people)
    assert np.array_equal(some, pick_neighbour(network, uniforms)[people])
