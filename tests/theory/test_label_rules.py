import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import label_rules
from gigsim.theory.label_rules import (
    glm_label,
    glm_label_critical_mass,
    glm_label_feasible,
    linear_label,
    penalty_shift,
    sampled_distance_bound,
    sampling_covariance,
)
from gigsim.theory.parametric_worlds import GlmWorlds, random_glm_worlds

UNIT = st.floats(0.0, 1.0)
SHARE = st.floats(0.01, 1.0)
# A label that misses by rounding is allowed, so none is asked for that misses by less.
HUNDREDTHS = st.integers(0, 100).map(lambda k: k / 100)


def test_doctests() -> None:
    assert doctest.testmod(label_rules).failed == 0


def _shifts(worlds: GlmWorlds) -> np.ndarray:
    pull = worlds.penalty_gradient(worlds.goal)
    return np.stack(
        [penalty_shift(worlds.features[b], pull[b], worlds.weights[b]) for b in range(len(worlds))]
    )


@pytest.mark.parametrize("penalty", [(0.0, 0.0), (0.02, 1.0)])
@pytest.mark.parametrize("alpha", [0.05, 0.3, 1.0])
def test_least_squares_moves_to_the_target(penalty: tuple[float, float], alpha: float) -> None:
    worlds = random_glm_worlds(np.random.default_rng(0), 200, family="linear", penalty=penalty)
    wanted = linear_label(worlds.means(worlds.goal), worlds.labels, alpha, _shifts(worlds))
    reached = worlds.relabelled(alpha, wanted).minimiser()
    np.testing.assert_allclose(reached, worlds.goal, atol=1e-10)


def test_logistic_moves_to_the_target_where_every_label_is_allowed() -> None:
    worlds = random_glm_worlds(np.random.default_rng(1), 3000, family="logistic")
    shift, mean = _shifts(worlds), worlds.means(worlds.goal)
    critical = glm_label_critical_mass(mean, worlds.labels, shift).max(axis=1)
    some = critical <= 1
    assert some.sum() > 200
    alpha = np.where(some, critical, 1.0)
    wanted = glm_label(mean, worlds.labels, alpha[:, None], shift)
    allowed = glm_label_feasible(mean, worlds.labels, alpha[:, None], shift)
    assert np.array_equal(allowed.all(axis=1), some)
    reached = worlds.relabelled(alpha, wanted).minimiser()
    assert np.abs(reached - worlds.goal)[some].max() < 1e-8
    # A little below, some member's label is out of range.
    below = glm_label_feasible(mean, worlds.labels, 0.99 * alpha[:, None], shift)
    assert not below[some].all(axis=1).any()


@given(HUNDREDTHS, HUNDREDTHS, SHARE)
def test_feasible_is_from_the_critical_mass_on(mean: float, label: float, alpha: float) -> None:
    critical = glm_label_critical_mass(mean, label)
    if abs(critical - alpha) > 1e-6:
        assert glm_label_feasible(mean, label, alpha) == (alpha > critical)


@given(UNIT, st.sampled_from([0.0, 1.0]), SHARE)
def test_labels_of_zero_and_one(mean: float, label: float, alpha: float) -> None:
    """m ≤ α when y = 0 and m ≥ 1−α when y = 1."""
    assert glm_label_critical_mass(mean, label) == pytest.approx(abs(mean - label))


@given(st.floats(-5, 5), st.floats(-5, 5), SHARE)
def test_the_residual_is_turned_round(mean: float, label: float, alpha: float) -> None:
    reported = glm_label(mean, label, alpha)
    assert alpha * (mean - reported) == pytest.approx(-(1 - alpha) * (mean - label), abs=1e-9)
    assert reported == linear_label(mean, label, alpha)


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"alpha must be in \(0, 1\]"):
        linear_label(1.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="labels must be in"):
        glm_label_critical_mass(0.5, 2.0)
    with pytest.raises(ValueError, match="at least 2 people"):
        sampling_covariance(0.5, base_gradients=np.ones((1, 1)), member_gradients=np.ones((1, 1)))
    with pytest.raises(ValueError, match="a risk in"):
        sampled_distance_bound(0.0, np.eye(2), 0.0, 0.1)


def test_covariance_of_drawn_members_is_exact() -> None:
    """Every choice of 3 members of 7 is tried: mean and covariance are those that are said."""
    from itertools import combinations

    rng = np.random.default_rng(2)
    own, member = rng.normal(size=(7, 2)), rng.normal(size=(7, 2))
    outcomes = []
    for chosen in combinations(range(7), 3):
        submitted = own.copy()
        submitted[list(chosen)] = member[list(chosen)]
        outcomes.append(submitted.mean(axis=0))
    alpha = 3 / 7
    np.testing.assert_allclose(
        np.mean(outcomes, axis=0), (1 - alpha) * own.mean(axis=0) + alpha * member.mean(axis=0)
    )
    claimed = sampling_covariance(alpha, base_gradients=own, member_gradients=member)
    np.testing.assert_allclose(np.cov(np.array(outcomes).T, bias=True), claimed)
    turned = sampling_covariance(alpha, base_gradients=own, member_gradients=-own * (4 / 3))
    np.testing.assert_allclose(turned, (4 / 3) * np.cov(own.T) / 7)
