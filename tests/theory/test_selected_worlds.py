"""Worlds with members who are not a random draw, against people moved one by one."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from gigsim.theory import selected_worlds
from gigsim.theory.planting import COVERED, Goal, LabelSets
from gigsim.theory.selected_worlds import SelectedWorlds, random_selected_worlds
from gigsim.theory.worlds import Worlds, random_worlds

ROUNDING = 1e-12


def test_doctests() -> None:
    assert doctest.testmod(selected_worlds).failed == 0


@pytest.fixture(scope="module")
def worlds() -> SelectedWorlds:
    rng = np.random.default_rng(60)
    return random_selected_worlds(rng, random_worlds(rng, 200, labels=3, multi_label=True))


@pytest.mark.parametrize(("goal", "label_sets"), sorted(COVERED))
def test_people_moved_one_by_one(worlds: SelectedWorlds, goal: Goal, label_sets: LabelSets) -> None:
    population = worlds.population
    law = np.zeros_like(population.base)
    sets = [tuple(row) for row in population.sets.tolist()]
    for b in range(0, len(worlds), 10):
        for x in range(population.base.shape[1]):
            for s, held in enumerate(sets):
                joined = population.base[b, x, s] * worlds.joins[b, x, s]
                said = list(held) if label_sets == "extend" else [False] * 3
                said[population.target[b]] = True
                law[b, population.signal[b, x], sets.index(tuple(said))] += joined
                law[b, x, s] += population.base[b, x, s] - joined
    np.testing.assert_allclose(worlds.law(label_sets)[::10], law[::10], atol=ROUNDING)
    won = population.deficits(goal, law) < 0
    expected = (won * population.weights).sum(axis=1)
    found = worlds.success(goal, label_sets)
    np.testing.assert_allclose(found[::10], expected[::10], atol=ROUNDING)


def test_members_and_rest_make_up_the_population(worlds: SelectedWorlds) -> None:
    share = worlds.alpha[:, None, None]
    together = share * worlds.members.base + (1 - share) * worlds.rest.base
    np.testing.assert_allclose(together, worlds.population.base, atol=ROUNDING)
    assert np.all((worlds.ratio >= 0) & (worlds.ratio < 1 + ROUNDING))
    assert np.all((worlds.distance >= 0) & (worlds.distance <= 1))
    # The mass that a distance moves is missing somewhere: ρ ≤ 1 − distance is not true in general,
    # but a distance of 0 and a ratio of 1 are the same thing.
    np.testing.assert_array_equal(worlds.distance < 1e-9, worlds.ratio > 1 - 1e-9)


def test_a_constant_rule_is_random_membership() -> None:
    rng = np.random.default_rng(61)
    population = random_worlds(rng, 100)
    worlds = random_selected_worlds(rng, population, strength=0.0, most=0.3)
    np.testing.assert_allclose(worlds.alpha, 0.3)
    np.testing.assert_allclose(worlds.ratio, 1)
    np.testing.assert_allclose(worlds.success(), population.success(0.3), atol=ROUNDING)


def test_what_is_not_a_membership_is_refused() -> None:
    base = np.full((1, 2, 2), 0.25)
    world = Worlds(base, np.eye(2, dtype=bool), np.array([[1, 1]]), np.array([0]))
    with pytest.raises(ValueError, match="shape of the base"):
        SelectedWorlds(world, np.ones((1, 2)))
    with pytest.raises(ValueError, match=r"joins must be in \[0, 1\]"):
        SelectedWorlds(world, np.full_like(base, 1.5))
    with pytest.raises(ValueError, match="members and others"):
        SelectedWorlds(world, np.zeros_like(base))
