"""Measured curves: lines in α or ln α, draws, and what is not there."""

import doctest

import numpy as np
import pytest

from gigsim.theory.participation import measured_curve as module
from gigsim.theory.participation.measured_curve import MeasuredCurve


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


def test_lines_between_the_points() -> None:
    alphas, gains = np.array([0.01, 0.04, 0.16]), np.array([0.1, 0.5, 0.3])
    log, linear = (MeasuredCurve(alphas, gains, scale) for scale in ("log", "linear"))  # type: ignore[arg-type]
    for curve in (log, linear):
        np.testing.assert_allclose(curve.value(alphas), gains, atol=1e-15)
        assert curve.value(np.array([0.0, 0.005, 1.0])).tolist() == pytest.approx([0, 0.05, 0.3])
        assert curve.breaks.tolist() == [0.0, 0.01, 0.04, 0.16, 1.0]
    assert float(log.value(np.array([0.02]))[0]) == pytest.approx(0.3)
    assert float(linear.value(np.array([0.025]))[0]) == pytest.approx(0.3)


def test_a_point_at_0_is_taken_as_it_is() -> None:
    curve = MeasuredCurve(np.array([0.0, 0.5, 1.0]), np.array([0.2, 0.4, 0.4]))
    assert curve.value(np.array([0.0, 0.25])).tolist() == pytest.approx([0.2, 0.3])


def test_losses_are_no_gain() -> None:
    curve = MeasuredCurve(np.array([0.1, 0.2]), np.array([-0.4, 0.4]), "linear")
    assert curve.value(np.array([0.05, 0.1, 0.14, 0.16])).tolist() == pytest.approx([0, 0, 0, 0.08])


def test_draws_are_cases() -> None:
    curve = MeasuredCurve.of_success([0.1, 0.2], [[0.3, 0.5], [0.4, 0.9]], [0.1, 0.2])
    assert curve.cases == 2
    values = curve.value(np.array([0.2, 0.2]), 0, np.array([0, 1]))
    assert values.tolist() == pytest.approx([0.4, 0.7])


def test_what_is_refused() -> None:
    for alphas, gains, said in (
        ([0.2, 0.1], [0.1, 0.2], "ascending"),
        ([], [], "at least one"),
        ([0.1, 0.2], [0.1], "a gain for each"),
        ([0.1], [np.nan], "finite"),
        ([1.1], [0.1], "alphas"),
    ):
        with pytest.raises(ValueError, match=said):
            MeasuredCurve(np.array(alphas), np.array(gains))
    with pytest.raises(ValueError, match="scale"):
        MeasuredCurve(np.array([0.1]), np.array([0.1]), "cubic")  # type: ignore[arg-type]
