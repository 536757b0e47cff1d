import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import regression
from gigsim.theory.regression import (
    Form,
    over_report,
    regression_bound,
    regression_critical_mass,
    regression_value,
)

SHARE = st.floats(1e-3, 1.0)


def test_doctests() -> None:
    assert doctest.testmod(regression).failed == 0


@given(SHARE, SHARE, SHARE, st.floats(-50, 50), st.floats(-50, 50))
def test_what_is_over_reported_is_what_is_predicted(
    alpha: float, planted: float, base: float, mean: float, value: float
) -> None:
    masses = {"planted_mass": planted, "base_mass": base}
    told = over_report(alpha, **masses, base_mean=mean, value=value)
    assert regression_value(alpha, **masses, base_mean=mean, reported=told) == pytest.approx(
        value, abs=1e-8
    )
    # With a wrong idea of the base mean the miss is w₀ times the mistake.
    told = over_report(alpha, **masses, base_mean=mean + 1, value=value)
    weight = (1 - alpha) * base / (alpha * planted + (1 - alpha) * base)
    missed = regression_value(alpha, **masses, base_mean=mean, reported=told) - value
    assert missed == pytest.approx(-weight, abs=1e-8)


@given(SHARE, st.floats(0, 1), st.floats(0, 100))
def test_the_sharp_form_is_never_above_the_linear_one(
    alpha: float, xi: float, error: float
) -> None:
    linear = regression_bound(alpha, xi=xi, error=error)
    sharp = regression_bound(alpha, xi=xi, error=error, form="sharp")
    assert sharp <= min(linear, error) + 1e-9


def test_the_sharp_form_is_attained_by_a_single_text() -> None:
    for alpha in (0.01, 0.1, 0.7):
        value = regression_value(
            alpha, planted_mass=1.0, base_mass=0.2, base_mean=3.0, reported=7.0
        )
        sharp = regression_bound(alpha, xi=0.2, error=4.0, form="sharp")
        assert abs(value - 7) == pytest.approx(sharp)


@pytest.mark.parametrize("form", ["linear", "sharp"])
def test_the_bound_at_its_critical_mass_is_the_error_asked_for(form: Form) -> None:
    wanted = np.array([0.1, 1.0, 4.9])
    alpha = regression_critical_mass(wanted, xi=0.05, error=5.0, form=form)
    np.testing.assert_allclose(regression_bound(alpha, xi=0.05, error=5.0, form=form), wanted)
    assert regression_critical_mass(0.0, xi=0.05, error=5.0, form=form) == 1.0
    assert regression_critical_mass(0.0, xi=0.0, error=5.0, form=form) == 0.0


def test_the_ends() -> None:
    assert regression_bound(0.0, xi=0.1, error=2.0) == np.inf
    assert regression_bound(0.0, xi=0.1, error=2.0, form="sharp") == 2.0
    assert regression_bound(0.0, xi=0.0, error=2.0, form="sharp") == np.inf
    assert regression_bound(1.0, xi=1.0, error=2.0) == 0.0
    assert regression_critical_mass(6.0, xi=0.1, error=5.0, form="sharp") == 0.0
    nobody = {"planted_mass": 1.0, "base_mass": 0.1, "base_mean": 1.0}
    assert regression_value(0.0, **nobody, reported=9.0) == 1.0
    assert np.isnan(over_report(0.0, **nobody, value=9.0))
    assert np.isnan(
        regression_value(0.0, planted_mass=1.0, base_mass=0.0, base_mean=1.0, reported=9.0)
    )


def test_refusals() -> None:
    with pytest.raises(ValueError, match="form"):
        regression_bound(0.1, xi=0.1, error=1.0, form="printed")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="form"):
        regression_critical_mass(0.1, xi=0.1, error=1.0, form="printed")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="error"):
        regression_bound(0.1, xi=0.1, error=-1.0)
    with pytest.raises(ValueError, match="alpha"):
        regression_bound(1.1, xi=0.1, error=1.0)


def test_the_corners_of_floats() -> None:
    assert regression_bound(5e-324, xi=0.5, error=0.0) == 0
    assert regression_bound(5e-324, xi=0.5, error=1.0) == np.inf
    assert regression_critical_mass(1e308, xi=1.0, error=1e308) == pytest.approx(0.5)
    assert regression_critical_mass(1e-320, xi=1.0, error=1e-320) == pytest.approx(0.5)
    for wrong in (np.inf, np.nan, -1.0):
        with pytest.raises(ValueError, match="finite and at least 0"):
            regression_bound(0.1, xi=0.1, error=wrong)
        with pytest.raises(ValueError, match="finite and at least 0"):
            regression_critical_mass(0.1, xi=0.1, error=wrong)


def test_what_is_so_already_needs_no_exaggeration() -> None:
    numbers = {"base_mass": 0.5, "base_mean": 3.0}
    assert over_report(5e-324, planted_mass=1.0, value=3.0, **numbers) == 3
    assert over_report(5e-324, planted_mass=0.1, value=3.0, **numbers) == 3
    assert over_report(5e-324, planted_mass=1.0, value=4.0, **numbers) == np.inf
    assert over_report(5e-324, planted_mass=0.1, value=2.0, **numbers) == -np.inf
    assert np.isnan(over_report(0.0, planted_mass=1.0, value=3.0, **numbers))
    assert over_report(1.0, planted_mass=1.0, value=4.0, **numbers) == 4
