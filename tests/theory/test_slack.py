"""The bounds for any classifier whose slack is known."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import slack
from gigsim.theory.planting import feature_label_bound, feature_label_bound_averaged
from gigsim.theory.slack import (
    critical_mass_mean_slack,
    feature_label_bound_mean_slack,
    feature_label_bound_slack_quantile,
)
from gigsim.theory.worlds import random_token_worlds

UNIT = st.floats(0.0, 1.0, allow_subnormal=False)
#: Under it quotients of two roundings are all that is left.
SHARE = st.floats(1e-9, 1.0)


def test_doctests() -> None:
    assert doctest.testmod(slack).failed == 0


@given(SHARE, UNIT, UNIT, st.floats(0.1, 1.0))
def test_without_slack_it_is_the_averaged_theorem(
    alpha: float, xi: float, kappa: float, margin: float
) -> None:
    found = feature_label_bound_mean_slack(alpha, xi=xi, kappa=kappa, slack=0.0, margin=margin)
    expected = feature_label_bound_averaged(alpha, kappa=kappa, margin=margin)
    assert found == pytest.approx(expected, abs=1e-9, rel=1e-9)
    nominal = feature_label_bound(alpha, xi=xi, gap=kappa, margin=margin)
    quantile = feature_label_bound_slack_quantile(
        alpha, xi=xi, gap=kappa, slack=0.0, q=0.25, margin=margin
    )
    assert quantile == nominal - 0.25


@given(
    st.floats(1e-4, 1.0), UNIT, st.floats(0.0, 0.4), UNIT, st.floats(0.5, 1.0), st.floats(0.0, 0.99)
)
def test_the_bound_at_its_critical_mass(
    xi: float, gap: float, planted: float, carried: float, margin: float, success: float
) -> None:
    numbers = {
        "xi": xi, "kappa": xi * gap, "slack": planted, "slack_base": carried, "margin": margin
    }  # fmt: skip
    share = critical_mass_mean_slack(success, **numbers)
    if np.isinf(share):
        assert feature_label_bound_mean_slack(1.0, **numbers) < success
    elif share > 1e-6:
        assert feature_label_bound_mean_slack(share, **numbers) == pytest.approx(success, abs=1e-6)


def test_a_signal_independent_of_the_text_has_one_mean_slack() -> None:
    """Why ``slack_base`` may be left out there: G is P0 given X*."""
    worlds = random_token_worlds(np.random.default_rng(70), 20, xi=0.03)
    carried = worlds.base.sum(axis=2) * worlds.in_signal_set / worlds.xi[:, None]
    np.testing.assert_allclose(carried, worlds.weights, atol=1e-12)
    numbers = {"xi": 0.03, "kappa": 0.02, "slack": 0.1}
    assert feature_label_bound_mean_slack(0.2, **numbers) == feature_label_bound_mean_slack(
        0.2, slack_base=0.1, **numbers
    )


def test_the_edges() -> None:
    numbers = {"xi": 0.01, "kappa": 0.01, "slack": 0.05}
    assert feature_label_bound_mean_slack(0.0, **numbers) == -np.inf
    assert feature_label_bound_mean_slack(0.1, margin=0.0, **numbers) == -np.inf
    assert critical_mass_mean_slack(0.5, margin=-0.5, **numbers) == np.inf
    # Everybody plants: only the slack is left.
    assert feature_label_bound_mean_slack(1.0, **numbers) == pytest.approx(0.95)
    grid = feature_label_bound_mean_slack(np.array([[0.1], [0.2]]), xi=[0.0, 0.1], kappa=0, slack=0)
    assert grid.shape == (2, 2)


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="slack must be in"):
        feature_label_bound_mean_slack(0.1, xi=0.1, kappa=0.1, slack=1.5)
    with pytest.raises(ValueError, match="slack_base must be in"):
        feature_label_bound_mean_slack(0.1, xi=0.1, kappa=0.1, slack=0.5, slack_base=-1)
    with pytest.raises(ValueError, match="margin must be in"):
        feature_label_bound_mean_slack(0.1, xi=0.1, kappa=0.1, slack=0.1, margin=2)
    with pytest.raises(ValueError, match=r"needs epsilon in \[0, 0.8\)"):
        feature_label_bound_slack_quantile(0.1, xi=0.1, gap=1, slack=0.8, q=0, margin=0.8)
    with pytest.raises(ValueError, match="q must be in"):
        feature_label_bound_slack_quantile(0.1, xi=0.1, gap=1, slack=0.1, q=1.2)
