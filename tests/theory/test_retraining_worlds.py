"""The worlds in which platforms retrain: their constants are what they say."""

import doctest

import numpy as np
import pytest

from gigsim.theory import retraining_worlds
from gigsim.theory.performative import retraining_rate
from gigsim.theory.retraining_worlds import RetrainingWorlds, random_retraining_worlds


def test_doctests() -> None:
    assert doctest.testmod(retraining_worlds).failed == 0


@pytest.fixture(scope="module")
def worlds() -> RetrainingWorlds:
    return random_retraining_worlds(np.random.default_rng(0), 500, levels=1)


def test_a_round_minimises_the_risk(worlds: RetrainingWorlds) -> None:
    """Model after a round against a general-purpose minimiser of ½θᵀAθ − θᵀKz."""
    from scipy.optimize import minimize

    start = np.ones_like(worlds.mean)
    after = worlds.retrain(start)
    for b in range(5):
        moved = start[b] if worlds.linear[b] else np.tanh(start[b])
        pull = worlds.coupling[b] @ (worlds.mean[b] + worlds.response[b] @ moved)
        curved = worlds.curvature[b]
        found = minimize(
            lambda t, c=curved, p=pull: 0.5 * t @ c @ t - t @ p,
            np.zeros(2),
            jac=lambda t, c=curved, p=pull: c @ t - p,
            tol=1e-12,
        )
        np.testing.assert_allclose(after[b], found.x, atol=1e-6)


def test_no_round_expands_by_more_than_the_rate(worlds: RetrainingWorlds) -> None:
    rate = retraining_rate(
        worlds.sensitivity,
        smoothness=worlds.smoothness,
        strong_convexity=worlds.strong_convexity,
    )
    assert rate.min() > 0
    assert rate.max() <= 0.9 + 1e-9
    rng = np.random.default_rng(1)
    one, other = rng.standard_normal((2, *worlds.mean.shape))
    moved = np.linalg.norm(worlds.retrain(one) - worlds.retrain(other), axis=1)
    apart = np.linalg.norm(one - other, axis=1)
    assert np.all(moved <= rate * apart * (1 + 1e-9))
    assert (moved > 0.999 * rate * apart).mean() > 0.2, "in some worlds the rate is met"


def test_stable_points_are_optimal_for_what_they_bring_about(worlds: RetrainingWorlds) -> None:
    stable = worlds.stable_point()
    np.testing.assert_allclose(worlds.retrain(stable), stable, atol=1e-12)
