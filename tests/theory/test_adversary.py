"""The worst ε-close platform: as the worlds compute it, and as a distribution that one can hold."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from gigsim.theory import adversary
from gigsim.theory.adversary import worst_case_success
from gigsim.theory.closeness import VALID, Closeness
from gigsim.theory.worlds import random_worlds
from gigsim.validation.feature_only_worlds import feature_only_law, floored_worlds

ROUNDING = 1e-12


def test_doctests() -> None:
    assert doctest.testmod(adversary).failed == 0


@pytest.mark.parametrize("closeness", [*VALID, "slides"])
def test_it_is_the_worlds_own_for_feature_label(closeness: Closeness) -> None:
    rng = np.random.default_rng(50)
    worlds = random_worlds(rng, 500, labels=3, multi_label=True)
    alpha = rng.uniform(0.05, 0.9, len(worlds))
    law = worlds.law(alpha)
    for epsilon in (0.01, 0.2):
        found = worst_case_success(
            -worlds.deficits("any", law),
            law.sum(axis=2),
            worlds.weights,
            epsilon=epsilon,
            closeness=closeness,
        )
        expected = worlds.worst_case_success(alpha, epsilon, closeness, "any")
        np.testing.assert_allclose(found, expected, atol=ROUNDING)


def test_each_world_may_have_its_own_epsilon() -> None:
    numbers = {"margin": [[0.1], [0.1]], "mass": [[0.5], [0.5]], "weights": [[1.0], [1.0]]}
    for closeness, under in (("joint_tv", 0.049), ("conditional_tv", 0.099)):
        found = worst_case_success(epsilon=[under, 0.1], closeness=closeness, **numbers)  # type: ignore[arg-type]
        assert found.tolist() == [1.0, 0.0]


def test_a_budget_is_spent_where_it_buys_most() -> None:
    """A knapsack: the two cheap points together weigh more than the dear one."""
    numbers = {"margin": [0.3, 0.2, 0.1], "mass": [0.4, 0.3, 0.3], "weights": [0.5, 0.3, 0.2]}
    spend = [
        float(worst_case_success(epsilon=e, closeness="joint_tv", **numbers))  # type: ignore[arg-type]
        for e in (0.04, 0.11, 0.15, 0.2, 0.3)
    ]
    np.testing.assert_allclose(spend, [1.0, 0.7, 0.5, 0.3, 0.0], atol=1e-12)


@pytest.mark.parametrize("closeness", ["joint_tv", "joint_contamination", "conditional_tv"])
@pytest.mark.parametrize("evasive", [False, True])
def test_the_worst_case_of_feature_only_is_reached_by_a_real_distribution(
    closeness: Closeness, evasive: bool
) -> None:
    """Every set of points is made to fail by some Q, which is close enough for one that counts."""
    rng = np.random.default_rng(51)
    worlds, _, _ = floored_worlds(rng, 60, multi_label=False)
    inside = worlds.in_signal_set
    away = np.where(inside, (~inside).argmax(axis=1)[:, None], np.arange(inside.shape[1]))
    alpha = rng.uniform(0.2, 1, len(worlds))
    law = feature_only_law(worlds, alpha, away if evasive else None)
    lead, epsilon = -worlds.deficits("any", law), 0.05
    worst = worst_case_success(
        lead, law.sum(axis=2), worlds.weights, epsilon=epsilon, closeness=closeness
    )
    failed_somewhere = 0
    for b in range(len(worlds)):
        with_target = law[b, :, worlds.target[b]]
        p = np.stack([with_target, law[b].sum(axis=1) - with_target], axis=1)
        margin, best = np.maximum(lead[b], 0), 1.0
        for subset in range(2 ** p.shape[0]):
            chosen = np.flatnonzero((subset >> np.arange(p.shape[0])) & 1)
            q = p.copy()
            if closeness == "joint_contamination":
                q *= 1 - epsilon
                q[chosen, 1] += (1 - epsilon) * margin[chosen]
                distance = (1 - epsilon) * margin[chosen].sum()
            else:
                q[chosen, 0] -= margin[chosen] / 2
                q[chosen, 1] += margin[chosen] / 2
                moved = np.abs(q - p).sum(axis=1) / 2
                each = np.divide(moved, p.sum(axis=1), out=np.zeros(len(p)), where=moved > 0)
                distance = moved.sum() if closeness == "joint_tv" else each.max()
            if distance <= epsilon:
                assert np.all(q >= 0)
                best = min(best, worlds.weights[b] @ (q[:, 1] < q[:, 0] - ROUNDING))
        assert best == pytest.approx(worst[b], abs=1e-9)
        failed_somewhere += best < 1
    assert failed_somewhere > 5


def test_too_many_points_and_bad_numbers_are_refused() -> None:
    many = np.full(13, 1 / 13)
    with pytest.raises(ValueError, match="at most 12"):
        worst_case_success(many, many, many, epsilon=0.1, closeness="joint_tv")
    each = worst_case_success(many, many, many, epsilon=0.1, closeness="conditional_tv")
    assert each == pytest.approx(1)
    with pytest.raises(ValueError, match="needs epsilon in"):
        worst_case_success(many, many, many, epsilon=0.5, closeness="conditional_tv")
