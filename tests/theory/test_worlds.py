"""Theorem 1 against exact success, thousands of worlds at a time."""

import doctest
from typing import get_args

import numpy as np
import pytest

from gigsim.theory import worlds as worlds_module
from gigsim.theory.planting import (
    COVERED,
    Closeness,
    Goal,
    LabelSets,
    feature_label_bound,
    feature_label_bound_averaged,
    staircase,
)
from gigsim.theory.worlds import Worlds, all_label_sets, random_token_worlds, random_worlds

# Sums of up to 100 masses that should be equal may differ by rounding; nothing else may.
ROUNDING = 1e-12
VALID = tuple(name for name in get_args(Closeness) if name != "slides")


def test_doctests() -> None:
    assert doctest.testmod(worlds_module).failed == 0


@pytest.fixture(scope="module")
def single() -> Worlds:
    return random_worlds(np.random.default_rng(0), 4000)


@pytest.fixture(scope="module")
def multi() -> Worlds:
    return random_worlds(np.random.default_rng(1), 4000, labels=3, multi_label=True)


def _check_theorem(worlds: Worlds, goal: Goal, label_sets: LabelSets) -> None:
    rng = np.random.default_rng(2)
    kappa = worlds.kappa(goal)
    feet = kappa / (1 + kappa)
    # Anywhere, and just where the bound starts to say something.
    for alpha in (rng.uniform(0.001, 1, len(worlds)), feet + (1 - feet) * rng.random(len(worlds))):
        success = worlds.success(alpha, goal, label_sets)
        bound = feature_label_bound(alpha, xi=worlds.xi, gap=worlds.gap(goal))
        averaged = feature_label_bound_averaged(alpha, kappa=kappa)
        assert np.all(bound <= averaged + ROUNDING)
        assert np.all(success >= averaged - ROUNDING)
        assert (bound > 0).mean() > 0.2, "the check must not be vacuous"


def test_theorem_1_single_label(single: Worlds) -> None:
    _check_theorem(single, "top1", "replace")


@pytest.mark.parametrize(("goal", "label_sets"), sorted(COVERED))
def test_theorem_1_label_sets(multi: Worlds, goal: Goal, label_sets: LabelSets) -> None:
    _check_theorem(multi, goal, label_sets)


def test_the_pair_that_is_not_covered_does_fail(multi: Worlds) -> None:
    alpha = np.full(len(multi), 0.5)
    bound = feature_label_bound_averaged(alpha, kappa=multi.kappa("top1"))
    assert np.any(multi.success(alpha, "top1", "extend") < bound - 0.1)


@pytest.mark.parametrize("goal", ["top1", "any"])
def test_staircase_is_brute_force(single: Worlds, multi: Worlds, goal: Goal) -> None:
    alphas = np.concatenate([[0.0], np.geomspace(1e-4, 1, 30)])
    for worlds in (single, multi):
        held = worlds.deficits(goal) < 0
        exact = worlds.success(alphas[:, None], goal)[:, :300]
        resistance = worlds.resistance(goal)
        for b in range(300):
            climb = staircase(alphas, worlds.weights[b], resistance[b], held=held[b])
            np.testing.assert_allclose(climb, exact[:, b], atol=ROUNDING)


@pytest.mark.parametrize("goal", ["top1", "any"])
def test_one_step_formula_for_all_worlds(single: Worlds, multi: Worlds, goal: Goal) -> None:
    rng = np.random.default_rng(5)
    for worlds in (single, multi):
        alpha = rng.uniform(0.001, 1, len(worlds))
        steps = (worlds.weights * (alpha[:, None] > worlds.resistance(goal))).sum(axis=1)
        np.testing.assert_allclose(steps, worlds.success(alpha, goal), atol=ROUNDING)


@pytest.mark.parametrize(("goal", "label_sets"), [*sorted(COVERED), ("top1", "extend")])
def test_success_never_falls_with_size(multi: Worlds, goal: Goal, label_sets: LabelSets) -> None:
    climb = multi.success(np.linspace(0, 1, 26)[:, None], goal, label_sets)
    assert np.all(np.diff(climb, axis=0) >= -ROUNDING)


def test_everybody_planting_always_succeeds(single: Worlds, multi: Worlds) -> None:
    np.testing.assert_allclose(single.success(1.0), 1, atol=ROUNDING)
    for goal, label_sets in COVERED:
        np.testing.assert_allclose(multi.success(1.0, goal, label_sets), 1, atol=ROUNDING)


def test_a_signal_never_seen_before_works_from_the_first_member() -> None:
    unseen = random_worlds(np.random.default_rng(6), 500, xi=0.0)
    np.testing.assert_allclose(unseen.xi, 0)
    np.testing.assert_allclose(unseen.success(1e-6), 1, atol=ROUNDING)
    # ... and conditional closeness to Bayes cannot spoil it.
    for closeness in ("conditional_tv", "conditional_contamination", "additive_slack"):
        worst = unseen.worst_case_success(1e-6, 0.49, closeness)
        np.testing.assert_allclose(worst, 1, atol=ROUNDING)


def test_slides_form_fails_on_the_counter_example() -> None:
    base = np.zeros((1, 3, 2))
    base[0, 0] = [0.1, 0.5]
    base[0, 1] = [0.2, 0.2]
    world = Worlds(base, np.eye(2, dtype=bool), np.array([[2, 2, 2]]), np.array([0]))
    assert world.xi[0] == 0
    assert world.success(0.1)[0] == pytest.approx(1)
    assert world.worst_case_success(0.1, 0.05, "slides")[0] == 0
    assert world.worst_case_success(0.1, 0.05, "joint_tv")[0] == 0
    numbers = {"xi": 0.0, "gap": 1.0, "epsilon": 0.05}
    slides = feature_label_bound(0.1, closeness="slides", **numbers)
    assert slides == pytest.approx(0.947, abs=5e-4)
    assert feature_label_bound(0.1, closeness="joint_tv", **numbers) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("closeness", VALID)
@pytest.mark.parametrize("goal", ["top1", "any"])
def test_every_valid_closeness_holds_against_its_worst_case(
    single: Worlds, multi: Worlds, closeness: Closeness, goal: Goal
) -> None:
    rng = np.random.default_rng(7)
    for worlds in (single, multi):
        alpha = rng.uniform(0.01, 1, len(worlds))
        for epsilon in (0.003, 0.03, 0.2):
            worst = worlds.worst_case_success(alpha, epsilon, closeness, goal)
            assert np.all(worst <= worlds.success(alpha, goal) + ROUNDING)
            mean_gap = worlds.kappa(goal) / worlds.xi
            for gap in (worlds.gap(goal), mean_gap):
                bound = feature_label_bound(
                    alpha, xi=worlds.xi, gap=gap, epsilon=epsilon, closeness=closeness
                )
                assert np.all(worst >= bound - ROUNDING)


def test_slides_form_fails_in_many_random_worlds(single: Worlds) -> None:
    alpha = np.random.default_rng(8).uniform(0.01, 1, len(single))
    bound = feature_label_bound(
        alpha, xi=single.xi, gap=single.gap(), epsilon=0.05, closeness="slides"
    )
    failures = (single.worst_case_success(alpha, 0.05, "slides") < bound - ROUNDING).sum()
    assert failures > len(single) // 20


@pytest.mark.parametrize(
    ("closeness", "epsilon"),
    [("joint_tv", 0.03), ("joint_contamination", 0.03), ("conditional_tv", 0.2)],
)
def test_the_worst_case_is_reached_by_a_real_distribution(
    closeness: Closeness, epsilon: float
) -> None:
    """Build the adversary's Q on 200 worlds: it is close enough, and its Bayes classifier fails."""
    worlds = random_worlds(np.random.default_rng(9), 200, labels=3)
    alpha = 0.2
    law = worlds.law(alpha)
    worst = worlds.worst_case_success(alpha, epsilon, closeness)
    for b in range(len(worlds)):
        target, weights, p = worlds.target[b], worlds.weights[b], law[b]
        rival = np.where(np.arange(3) == target, -np.inf, p).argmax(axis=1)
        margin = np.maximum(p[:, target] - p[np.arange(6), rival], 0)
        mass = p.sum(axis=1)
        best = 1.0
        for subset in range(2**6):
            chosen = np.flatnonzero((subset >> np.arange(6)) & 1)
            q = p.copy()
            if closeness == "joint_contamination":
                q = (1 - epsilon) * p
                add = (1 - epsilon) * margin[chosen]
                q[chosen, rival[chosen]] += add
                affordable = add.sum() <= epsilon
            else:
                q[chosen, rival[chosen]] += margin[chosen] / 2
                q[chosen, target] -= margin[chosen] / 2
                moved = np.abs(q - p).sum(axis=1) / 2
                per_point = np.divide(moved, mass, out=np.zeros(6), where=mass > 0)
                distance = moved.sum() if closeness == "joint_tv" else per_point.max()
                affordable = distance <= epsilon
            if affordable:
                assert np.all(q >= 0)
                others = np.delete(q, target, axis=1).max(axis=1)
                beaten = others >= q[:, target] - ROUNDING
                best = min(best, weights @ ~beaten)
        assert best == pytest.approx(worst[b], abs=1e-9)


def test_law_is_a_distribution_and_planting_moves_what_it_says(multi: Worlds) -> None:
    for label_sets in ("replace", "extend"):
        planted = multi.planted(label_sets)
        np.testing.assert_allclose(planted.sum(axis=(1, 2)), 1, atol=1e-12)
        np.testing.assert_allclose(planted.sum(axis=2), multi.weights, atol=1e-12)
        has_target = multi.sets[:, multi.target].T[:, None, :]
        assert np.all(planted[~np.broadcast_to(has_target, planted.shape)] == 0)
    alone = multi.sets.sum(axis=1) == 1
    assert np.all(multi.planted("replace")[:, :, ~alone] == 0)


def test_law_broadcasts_over_a_grid() -> None:
    worlds = random_worlds(np.random.default_rng(10), 7)
    grid = worlds.success(np.array([[0.1], [0.2]]))
    assert grid.shape == (2, 7)
    np.testing.assert_array_equal(grid[1], worlds.success(0.2))


def test_random_worlds_are_what_was_asked_for() -> None:
    worlds = random_worlds(np.random.default_rng(11), 300, xi=0.02)
    np.testing.assert_allclose(worlds.xi, 0.02)
    np.testing.assert_allclose(worlds.base.sum(axis=(1, 2)), 1)
    assert np.all(worlds.in_signal_set.any(axis=1) & ~worlds.in_signal_set.all(axis=1))
    again = random_worlds(np.random.default_rng(11), 300, xi=0.02)
    np.testing.assert_array_equal(worlds.base, again.base)
    assert len(random_token_worlds(np.random.default_rng(12), 3)) == 3
    assert all_label_sets(3).shape == (8, 3)


def test_worlds_refuse_what_is_not_a_world() -> None:
    base = np.full((1, 2, 2), 0.25)
    sets = np.eye(2, dtype=bool)
    with pytest.raises(ValueError, match="idempotent"):
        Worlds(base, sets, np.array([[1, 0]]), np.array([0]))
    world = Worlds(base, sets, np.array([[1, 1]]), np.array([0]))
    with pytest.raises(ValueError, match="not among"):
        world.planted("extend")
    big = random_worlds(np.random.default_rng(13), 2, features=13)
    with pytest.raises(ValueError, match="at most 12"):
        big.worst_case_success(0.1, 0.1, "joint_tv")
