"""The worst classifier at each text: as enumeration has it, and never under the bound of its ε."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.measures.success import per_resume
from gigsim.theory.adversary import worst_case_success
from gigsim.theory.closeness import POINTWISE, Closeness, highest_epsilon
from gigsim.theory.feature_only import feature_only_bound
from gigsim.theory.gaps import Floats
from gigsim.theory.mixture import planted_marginals
from gigsim.theory.planting import Goal, feature_label_bound
from gigsim.theory.suboptimal import failing, failure_rate, worst_marginals
from gigsim.theory.worlds import random_token_worlds

closenesses = st.sampled_from(POINTWISE)
epsilons = st.floats(0, 1)


def random_marginals(seed: int, n: int = 40, labels: int = 4) -> Floats:
    """Of label sets: with ties, zeros and ones among them."""
    generator = np.random.default_rng(seed)
    numbers = generator.random((n, labels))
    rounded = generator.integers(0, 5, size=(n, labels)) / 4
    return np.where(generator.random((n, 1)) < 0.5, rounded, numbers)


@given(st.integers(0, 200), st.floats(0, 1), closenesses, st.booleans(), st.integers(0, 3))
def test_the_answers_are_those_of_the_rule(
    seed: int, epsilon: float, closeness: Closeness, unplanting: bool, target: int
) -> None:
    """By both readings at once, as success is measured; and nothing leaves [0, 1]."""
    exact = random_marginals(seed)
    said = worst_marginals(
        exact, target, epsilon=epsilon, closeness=closeness, unplanting=unplanting
    )
    assert ((said >= 0) & (said <= 1)).all()
    lost = failing(exact, target, failure_rate(epsilon, closeness), unplanting=unplanting)
    labels = np.zeros(exact.shape, dtype=bool)
    aim = "unplanted" if unplanting else "planted"
    outcome = per_resume(said, said, labels, target, aim)
    for metric in ("any", "top1"):
        # A label that leads a tie by its column is no case here: ties are broken by a hair.
        np.testing.assert_array_equal(outcome[f"success_{metric}"], ~lost[metric])


@given(st.integers(0, 200), closenesses, st.booleans(), epsilons, epsilons)
def test_more_room_never_helps_the_collective(
    seed: int, closeness: Closeness, unplanting: bool, first: float, second: float
) -> None:
    exact, (small, large) = random_marginals(seed), sorted((first, second))
    a, b = (
        failing(exact, 1, failure_rate(e, closeness), unplanting=unplanting) for e in (small, large)
    )
    assert all((b[metric] | ~a[metric]).all() for metric in a)


@pytest.mark.parametrize("closeness", POINTWISE)
def test_from_its_highest_on_everything_fails(closeness: Closeness) -> None:
    exact = random_marginals(1)
    assert failure_rate(float(highest_epsilon(closeness)), closeness) == 1.0
    assert failure_rate(1.0, closeness) == 1.0
    for unplanting in (False, True):
        lost = failing(exact, 0, 1.0, unplanting=unplanting)
        assert all(one.all() for one in lost.values())


def test_no_room_is_bayes() -> None:
    exact = np.random.default_rng(2).dirichlet(np.ones(5), size=200)
    for closeness in POINTWISE:
        said = worst_marginals(exact, 3, epsilon=0.0, closeness=closeness)
        np.testing.assert_array_equal(said.argmax(axis=1) == 3, exact.argmax(axis=1) == 3)


@pytest.mark.parametrize("closeness", ["joint_tv", "joint_contamination", "slides", "near"])
def test_no_closed_form(closeness: Closeness) -> None:
    with pytest.raises(ValueError, match="closeness at each x is one of"):
        failure_rate(0.1, closeness)


def test_an_epsilon_that_is_none() -> None:
    with pytest.raises(ValueError, match="epsilon must be in"):
        failure_rate(-0.1, "conditional_tv")


@pytest.mark.parametrize("worlds_looked_at", [80, pytest.param(2_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("goal", ["any", "top1"])
@pytest.mark.parametrize("closeness", POINTWISE)
def test_as_the_adversary_of_finite_worlds_has_it(
    closeness: Closeness, goal: Goal, worlds_looked_at: int
) -> None:
    """Worlds with tokens, α and ε at random: equal to enumeration, and never under a bound.

    The worlds' law is added up from their masses, the platform's is the closed form of
    ``mixture``.
    """
    generator = np.random.default_rng(7)
    xi = 0.05
    worlds = random_token_worlds(generator, worlds_looked_at, xi=xi)
    count, texts = len(worlds), 5
    alphas = generator.uniform(0.001, 0.6, count)
    top = float(highest_epsilon(closeness))
    epsilons = generator.uniform(0, 0.999 * top, count)
    law = worlds.law(alphas)
    plain = worlds.base[:, :texts] / worlds.base[:, :texts].sum(axis=2, keepdims=True)
    weights = worlds.base[:, :texts].sum(axis=2) / (1 - xi)
    margin = -worlds.deficits(goal, law)
    violations = 0
    for b in range(count):
        target, epsilon, alpha = int(worlds.target[b]), float(epsilons[b]), float(alphas[b])
        enumerated = worst_case_success(
            margin[b], law[b].sum(axis=-1), worlds.weights[b], epsilon=epsilon, closeness=closeness
        )
        marginals = plain[b] @ worlds.sets.astype(float)
        shown = planted_marginals(marginals, target, alpha, xi)
        said = worst_marginals(shown, target, epsilon=epsilon, closeness=closeness)
        named = said.argmax(axis=1) == target if goal == "top1" else said[:, target] > 0.5
        success = float(weights[b] @ named)
        assert success == pytest.approx(float(enumerated), abs=1e-9)
        bound = feature_label_bound(
            alpha,
            xi=xi,
            gap=_gap(marginals, target, goal),
            epsilon=epsilon,
            closeness=closeness,
        )
        violations += success < bound - 1e-9
    assert violations == 0


@pytest.mark.parametrize("draws", [150, pytest.param(1_500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("evasive", [False, True])
@pytest.mark.parametrize("closeness", POINTWISE)
def test_feature_only_never_under_the_bound_of_its_epsilon(
    closeness: Closeness, evasive: bool, draws: int
) -> None:
    generator = np.random.default_rng(8)
    top = float(highest_epsilon(closeness))
    useful = 0
    for _ in range(draws):
        own = generator.uniform(0.02, 0.9, 6)
        marginals = np.stack([own, 1 - own], axis=1)
        pairs = np.stack([own, np.zeros_like(own)], axis=1)
        alpha, xi = generator.uniform(0.01, 1), generator.choice([0.0, 0.001, 0.02])
        epsilon = generator.uniform(0, 0.999 * top)
        shown = planted_marginals(
            marginals, 0, alpha, xi, strategy="feature_only", evasive=evasive, pairs=pairs
        )
        said = worst_marginals(shown, 0, epsilon=epsilon, closeness=closeness)
        success = (said[:, 0] > 0.5).mean()
        bound = feature_only_bound(
            alpha, p=own.min(), xi=xi, evasive=evasive, epsilon=epsilon, closeness=closeness
        )
        assert success >= bound - 1e-9
        useful += bound > 0.1
    assert useful > draws / 15


def _gap(marginals: Floats, target: int, goal: Goal) -> float:
    own = marginals[:, target]
    behind = 1 - 2 * own if goal == "any" else np.delete(marginals, target, 1).max(1) - own
    return float(np.maximum(behind, 0).max())
