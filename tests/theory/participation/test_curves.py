"""Curves of the benefit: values, limits, and pieces on which they are monotone."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.theory.participation import curves as module
from gigsim.theory.participation.curves import BoundCurve, Curve, FunctionCurve, OneOf, StepCurve
from gigsim.theory.planting import feature_label_bound, staircase
from tests.theory.participation.societies import curves


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


@settings(max_examples=50)
@given(curves())
def test_between_breaks_a_curve_is_monotone_and_ends_at_its_limits(curve: Curve) -> None:
    assert curve.breaks[0] == 0
    assert curve.breaks[-1] == 1
    for low, high in zip(curve.breaks[:-1], curve.breaks[1:], strict=True):
        inner = curve.value(low + (high - low) * np.linspace(0.02, 0.98, 25))
        first = float(curve.value(np.array([low]), 1)[0])
        last = float(curve.value(np.array([high]), -1)[0])
        steps = np.diff(np.concatenate([[first], inner, [last]]))
        assert np.all(steps >= -1e-12) or np.all(steps <= 1e-12)


@given(st.floats(1e-9, 1.0) | st.just(0.0), st.floats(0.001, 1.0), st.floats(0.0, 0.99))
def test_the_bound_is_theorem_1(kappa: float, alpha: float, gain: float) -> None:
    curve = BoundCurve(kappa)
    told = max(0.0, float(feature_label_bound(alpha, xi=kappa, gap=1.0)))
    assert float(curve.value(np.array([alpha]))[0]) == pytest.approx(told, abs=1e-12)
    share = float(curve.inverse(gain))
    if share > 0:
        assert float(curve.value(np.array([share]))[0]) >= gain - 1e-9
        assert float(curve.value(np.array([share * 0.999]))[0]) <= gain + 1e-9


def test_bounds_side_by_side() -> None:
    curve = BoundCurve([0.01, 0.1])
    assert curve.cases == 2
    values = curve.value(np.array([0.2, 0.2]), 0, np.array([0, 1]))
    assert values.tolist() == pytest.approx([0.96, 0.6])
    assert float(OneOf(curve, 1).value(np.array([0.2]))[0]) == pytest.approx(0.6)
    assert curve.inverse(0.5, np.array([0, 1])).tolist() == pytest.approx([1 / 51, 1 / 6])


def test_the_staircase_is_planting_s() -> None:
    rng = np.random.default_rng(0)
    points, weights = np.round(rng.random(40) ** 2, 2), rng.random(40)
    curve = StepCurve.of_points(points, weights, base=0.05)
    shares = np.concatenate([np.linspace(0, 1, 301), np.unique(points)])
    told = np.maximum(staircase(shares, weights, points) - 0.05, 0)
    np.testing.assert_allclose(curve.value(shares), told, atol=1e-14)


def test_limits_at_a_step() -> None:
    at = np.array([0.3])
    for closed, there in (("right", 1.0), ("left", 0.0)):
        stairs = StepCurve(at, np.array([0.0, 1.0]), closed)  # type: ignore[arg-type]
        assert [float(stairs.value(at, side)[0]) for side in (-1, 0, 1)] == [0.0, there, 1.0]


def test_a_bound_without_carriers_jumps_at_0() -> None:
    curve, at = BoundCurve(0.0), np.array([0.0])
    assert (float(curve.value(at)[0]), float(curve.value(at, 1)[0])) == (0.0, 1.0)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="monotone between 0 and 1"):
        FunctionCurve(lambda alpha: alpha * (1 - alpha))
    with pytest.raises(ValueError, match="points"):
        FunctionCurve(np.sqrt, points=(1.5,))
    with pytest.raises(ValueError, match="nan"):
        FunctionCurve(lambda alpha: np.full_like(alpha, np.nan))
    with pytest.raises(ValueError, match="kappa"):
        BoundCurve([[0.1, 0.2]])
    with pytest.raises(ValueError, match="one gain more"):
        StepCurve(np.array([0.1, 0.2]), np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="ascending"):
        StepCurve(np.array([0.2, 0.1]), np.array([0.0, 0.5, 1.0]))
    with pytest.raises(ValueError, match="finite"):
        StepCurve(np.array([0.2]), np.array([0.0, np.nan]))
    with pytest.raises(ValueError, match="closed"):
        StepCurve(np.array([0.2]), np.array([0.0, 1.0]), "both")  # type: ignore[arg-type]
