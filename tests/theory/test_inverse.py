"""The inverse questions: what a bound asks for gives the success wanted, any more does not."""

from __future__ import annotations

import doctest
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import inverse
from gigsim.theory.closeness import Closeness
from gigsim.theory.feature_only import Form, feature_only_bound, feature_only_critical_mass
from gigsim.theory.inverse import (
    gap_allowed,
    p_needed,
    share_needed,
    xi_allowed,
    xi_allowed_feature_only,
)
from gigsim.theory.planting import critical_mass, feature_label_bound

UNIT = st.floats(0.0, 1.0)
SHARE = st.floats(0.001, 1.0)
SUCCESS = st.floats(0.0, 0.99)
EPSILON = st.floats(0.0, 0.3)
CLOSENESS = st.sampled_from(get_args(Closeness))
FORM = st.sampled_from(get_args(Form))
NEAR = 1e-7


def test_doctests() -> None:
    assert doctest.testmod(inverse).failed == 0


@given(SUCCESS, SHARE, UNIT, st.floats(0.7, 1.0), EPSILON, CLOSENESS)
def test_the_largest_xi(
    success: float, alpha: float, gap: float, margin: float, epsilon: float, closeness: Closeness
) -> None:
    numbers = {"margin": margin, "epsilon": epsilon, "closeness": closeness}
    xi = xi_allowed(success, alpha, gap=gap, **numbers)
    if np.isnan(xi):
        assert feature_label_bound(alpha, xi=0.0, gap=gap, **numbers) < success + NEAR
        return
    assert feature_label_bound(alpha, xi=xi, gap=gap, **numbers) >= success - NEAR
    if xi < 0.9:
        more = feature_label_bound(alpha, xi=xi * 1.01 + 1e-3, gap=gap, **numbers)
        assert more < success


@given(SUCCESS, SHARE, UNIT, st.floats(0.7, 1.0), EPSILON, CLOSENESS)
def test_the_largest_gap(
    success: float, alpha: float, xi: float, margin: float, epsilon: float, closeness: Closeness
) -> None:
    numbers = {"margin": margin, "epsilon": epsilon, "closeness": closeness}
    gap = gap_allowed(success, alpha, xi=xi, **numbers)
    if np.isnan(gap):
        assert feature_label_bound(alpha, xi=xi, gap=0.0, **numbers) < success + NEAR
        return
    assert feature_label_bound(alpha, xi=xi, gap=gap, **numbers) >= success - NEAR
    if gap < 0.9:
        more = feature_label_bound(alpha, xi=xi, gap=gap * 1.01 + 1e-3, **numbers)
        assert more < success + NEAR


@given(SUCCESS, SHARE, st.floats(0.0, 0.9), st.booleans(), FORM, EPSILON, CLOSENESS)
def test_the_smallest_floor(
    success: float,
    alpha: float,
    xi: float,
    evasive: bool,
    form: Form,
    epsilon: float,
    closeness: Closeness,
) -> None:
    numbers = {
        "xi": xi, "evasive": evasive, "form": form, "epsilon": epsilon, "closeness": closeness
    }  # fmt: skip
    p = p_needed(success, alpha, **numbers)
    if np.isnan(p):
        assert feature_only_bound(alpha, p=1.0, **numbers) < success + NEAR
        return
    enough = feature_only_bound(alpha, p=max(float(p), 1e-6), **numbers)
    assert enough >= success - 1e-5
    if p > 1e-4:
        assert feature_only_bound(alpha, p=p * 0.99, **numbers) < success


@given(SUCCESS, SHARE, st.floats(0.001, 1.0), st.booleans(), FORM, EPSILON, CLOSENESS)
def test_the_largest_xi_of_feature_only(
    success: float,
    alpha: float,
    p: float,
    evasive: bool,
    form: Form,
    epsilon: float,
    closeness: Closeness,
) -> None:
    numbers = {
        "p": p, "evasive": evasive, "form": form, "epsilon": epsilon, "closeness": closeness
    }  # fmt: skip
    xi = xi_allowed_feature_only(success, alpha, **numbers)
    if np.isnan(xi):
        assert feature_only_bound(alpha, xi=0.0, **numbers) < success + NEAR
        return
    assert feature_only_bound(alpha, xi=xi, **numbers) >= success - 1e-6
    if xi < 0.9:
        assert feature_only_bound(alpha, xi=xi * 1.01 + 1e-3, **numbers) < success + NEAR


def test_closed_forms() -> None:
    assert xi_allowed(0.9, 0.1, gap=0.5) == pytest.approx(0.1 * 0.1 / (0.9 * 0.5))
    assert gap_allowed(0.9, 0.01, xi=0.002) == pytest.approx(0.01 * 0.1 / (0.99 * 0.002))
    assert p_needed(0.9, 0.1, xi=0.001) == pytest.approx(0.001 / (0.001 + 0.01))
    assert p_needed(0.9, 0.1, xi=0.001, form="sharp") == pytest.approx(0.001 / (0.0019 + 0.01))
    assert p_needed(0.9, 0.1, xi=0.001, evasive=True) == pytest.approx(0.0009 / (0.0018 + 0.01))
    assert xi_allowed_feature_only(0.9, 0.1, p=0.05) == pytest.approx(0.1 * 0.05 * 0.1 / 0.95)


def test_the_edges() -> None:
    assert np.isnan(xi_allowed(0.5, 0.0, gap=1.0))
    assert np.isnan(gap_allowed(0.5, 0.0, xi=0.0))
    assert np.isnan(p_needed(0.5, 0.0, xi=0.0))
    assert np.isnan(xi_allowed_feature_only(0.5, 0.1, p=0.0))
    # Everybody plants: any signal will do.
    assert xi_allowed(1.0, 1.0, gap=1.0) == 1
    # Too much error for a joint closeness, whatever the signal.
    assert np.isnan(xi_allowed(0.9, 0.1, gap=1.0, epsilon=0.006, closeness="joint_tv"))
    assert p_needed(0.5, 0.1, xi=0.0) == 0
    many = xi_allowed(np.array([[0.5], [0.9]]), [0.01, 0.1, 1.0], gap=1.0)
    assert many.shape == (2, 3)


def test_shares() -> None:
    numbers = {"xi": 1e-3, "epsilon": 0.001, "closeness": "additive_slack"}
    assert share_needed(0.9, strategy="feature_label", gap=0.5, **numbers) == critical_mass(
        0.9, gap=0.5, **numbers
    )
    for evasive, name in ((False, "feature_only"), (True, "feature_only_evasive")):
        found = share_needed(0.9, strategy=name, p=0.3, **numbers)  # type: ignore[arg-type]
        assert found == feature_only_critical_mass(0.9, p=0.3, evasive=evasive, **numbers)
    # Over 1 is nobody.
    assert feature_only_critical_mass(0.9, p=0.01, xi=0.01) > 1
    assert share_needed(0.9, strategy="feature_only", xi=0.01, p=0.01) == np.inf


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"margin must be in \(0, 1\]"):
        xi_allowed(0.5, 0.1, gap=1.0, margin=0.0)
    with pytest.raises(ValueError, match="success must be in"):
        gap_allowed(1.5, 0.1, xi=0.1)
    with pytest.raises(ValueError, match="strategy is one of feature_label"):
        share_needed(0.5, strategy="erasing", xi=0.1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="needs a closeness"):
        p_needed(0.5, 0.1, xi=0.1, epsilon=0.1)
