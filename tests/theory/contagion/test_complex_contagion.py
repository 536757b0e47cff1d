"""Centola and Macy's lattices (V38): bridges, speed, what rewiring kills, by the simulated rule."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from gigsim.society import network_models
from gigsim.society.networks import SparseNetwork, from_ties
from gigsim.theory.contagion import complex_contagion
from gigsim.theory.contagion.complex_contagion import (
    bridge_width,
    critical_bridge_width,
    front_reach,
    front_speed,
    lattice_bridge_width,
    lattice_spreads,
    rounds_to_everybody,
)
from gigsim.theory.contagion.degree_laws import regular_degrees
from gigsim.theory.contagion.final_size import cascade_size, critical_seed
from gigsim.theory.contagion.responses import count_response
from tests.theory.contagion.contagion_runs import by_count, play, settle, swapped, within


def test_examples_run() -> None:
    assert doctest.testmod(complex_contagion).failed == 0


@pytest.mark.parametrize("degree", [2, 4, 6, 10])
def test_width_of_a_lattices_bridges(degree: int) -> None:
    ties = network_models.ring(60, degree).matrix()
    side = degree // 2
    # To the first person whom one does not know.
    assert bridge_width(ties, 20, 20 + side + 1) == lattice_bridge_width(degree)
    assert bridge_width(ties, 5, 5 - side - 1) == lattice_bridge_width(degree)
    # Ties over one place.
    behind = np.arange(60) < 30
    over = ties[behind][:, ~behind]
    assert over.nnz == 2 * lattice_bridge_width(degree)
    assert bridge_width(ties, 0, 30) == 0


@pytest.mark.parametrize("degree", [2, 4, 6, 8])
@pytest.mark.parametrize("required", [1, 2, 3, 4, 5])
def test_it_spreads_iff_bridges_are_wide_enough(degree: int, required: int) -> None:
    wide = lattice_bridge_width(degree) >= critical_bridge_width(required)
    assert lattice_spreads(degree, required) == wide
    network = network_models.ring(150, degree)
    for seeds in (required, degree + 1):
        seed = np.arange(150) < seeds
        path, member = play(network, by_count(required), seed)
        if wide or seeds >= 150:
            assert member.all()
            # Speed, round by round, while the two fronts are apart.
            joins = np.diff(path) * 150
            steady = joins[: len(joins) - degree]
            assert np.allclose(steady, 2 * front_speed(degree, required))
        else:
            assert np.array_equal(member, seed)
        rounds = rounds_to_everybody(150, degree, required, seeds)
        assert rounds == (len(path) - 1 if member.all() else np.inf)


@pytest.mark.parametrize("size", [7, 8, 9, 12])
def test_rounds_on_rings_that_are_hardly_larger_than_a_neighbourhood(size: int) -> None:
    for degree in (2, 4, 6):
        network = network_models.ring(size, degree)
        for required in range(1, degree + 2):
            for seeds in range(1, size + 1):
                path, member = play(network, by_count(required), np.arange(size) < seeds)
                rounds = rounds_to_everybody(size, degree, required, seeds)
                assert rounds == (len(path) - 1 if member.all() else np.inf)


def neighbourhood(network: SparseNetwork, person: int) -> np.ndarray:
    """A person and his neighbours, bool, (N,)."""
    seed = network.count(np.arange(network.size) == person) > 0
    seed[person] = True
    return seed


@pytest.mark.parametrize("size", [2000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_v38_rewiring_kills_what_needs_two_and_helps_what_needs_one(size: int) -> None:
    lattice = network_models.ring(size, 4)
    two, one = by_count(2), by_count(1)
    slow = rounds_to_everybody(size, 4, 1, 5)
    seed = neighbourhood(lattice, 7)
    path, member = play(lattice, one, seed)
    assert member.all()
    assert len(path) - 1 == slow
    if size == 2000:
        assert settle(lattice, two, seed).all()
        assert settle(lattice, two, seed, np.random.default_rng(1)).all()
    predicted = cascade_size(regular_degrees(4), count_response(2), 5 / size).share
    assert predicted < 1.1 * 5 / size
    for number in range(3):
        mixed = swapped(lattice, 8, np.random.default_rng(number))
        assert set(mixed.degrees()) == {4}
        seed = neighbourhood(mixed, 7)
        reached = settle(mixed, two, seed).mean()
        # About .3 % of 2,000: the seed and hardly anybody else.
        assert seed.mean() <= reached <= 8 / size
        path, member = play(mixed, one, seed)
        assert member.all()
        assert len(path) - 1 < 20 < slow


def test_v38_on_a_rewired_lattice_it_takes_a_ninth_of_all() -> None:
    """Random first movers on 10,000: none but them at 8 %, everybody at 14 %."""
    found = critical_seed(regular_degrees(4), count_response(2))
    assert found is not None
    assert found.seed == pytest.approx(1 / 9, abs=1e-9)
    mixed = swapped(network_models.ring(10_000, 4), 8, np.random.default_rng(3))
    rng = np.random.default_rng(4)
    order = rng.permutation(10_000)
    few, many = (
        settle(mixed, by_count(2), np.isin(np.arange(10_000), order[:n])) for n in (800, 1400)
    )
    assert few.mean() < 0.2
    assert many.mean() > 0.99


def fronts(size: int, degree: int, required: int, gone: float, seed: int, apart: int) -> np.ndarray:
    """How far the right fronts of rows of first movers get on a ring whose ties are cut at random.

    Rows are ``apart`` places apart, in each of which the left front is held by a wall of cut ties.
    """
    rng = np.random.default_rng(seed)
    side = degree // 2
    place = np.tile(np.arange(size), side)
    step = np.repeat(np.arange(1, side + 1), size)
    end = (place + step) % size
    kept = rng.random(len(place)) >= gone
    # The row and what is behind it know each other fully; nobody is known over the wall.
    row = np.arange(size) % apart
    kept |= (row[place] < side) & (row[end] < side)
    kept &= row[end] > row[place]
    network = from_ties(size, place[kept], end[kept], "cut")
    member = settle(network, by_count(required), row < side)
    return member.reshape(-1, apart).sum(axis=1) - side


@pytest.mark.parametrize(("degree", "gone"), [(2, 0.1), (4, 0.1), (8, 0.05)])
def test_how_far_a_front_gets_where_bridges_are_just_wide_enough(degree: int, gone: float) -> None:
    expected = front_reach(degree, degree // 2, gone)
    reached = fronts(60_000, degree, degree // 2, gone, 1, apart=120)
    assert within(reached, expected), (reached.mean(), expected)


@pytest.mark.parametrize(("degree", "required", "gone"), [(6, 2, 0.3), (8, 3, 0.25), (10, 3, 0.4)])
def test_where_they_are_wider_it_is_a_lower_limit(degree: int, required: int, gone: float) -> None:
    expected = front_reach(degree, required, gone)
    reached = fronts(60_000, degree, required, gone, 2, apart=300)
    error = reached.std(ddof=1) / np.sqrt(len(reached))
    assert expected > 3
    assert reached.mean() >= expected - 4 * error
    # And a useful one: what comes from beyond is not everything.
    assert reached.mean() < 4 * expected


def test_front_reach_at_its_ends() -> None:
    assert front_reach(6, 4, 0.0) == 0.0
    assert front_reach(6, 3, 0.0) == np.inf
    assert front_reach(6, 1, 1.0) == 0.0
    # Two ties needed, both there with probability (1 − p)²: geometric.
    for gone in (1e-6, 0.01, 0.5):
        stays = (1 - gone) ** 2
        assert front_reach(4, 2, gone) == pytest.approx(stays / (1 - stays), rel=1e-9)
    # One tie is enough of any: gaps of z/2 in a row end it.
    assert front_reach(2, 1, 0.2) == pytest.approx(4.0)
    reach = [front_reach(12, a, 0.1) for a in range(1, 7)]
    assert reach == sorted(reach, reverse=True)


def test_senseless_arguments_are_refused() -> None:
    for degree in (0, 3):
        with pytest.raises(ValueError, match="even number"):
            lattice_bridge_width(degree)
    with pytest.raises(ValueError, match="required"):
        critical_bridge_width(0)
    with pytest.raises(ValueError, match="degree is at most 20"):
        front_reach(22, 2, 0.1)
    with pytest.raises(ValueError, match="degree < size"):
        rounds_to_everybody(4, 4, 1, 1)
    with pytest.raises(ValueError, match="seeds"):
        rounds_to_everybody(10, 4, 1, 0)
