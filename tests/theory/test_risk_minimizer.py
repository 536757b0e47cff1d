import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import risk_minimizer
from gigsim.theory.risk_minimizer import (
    cancelling_share,
    critical_mass_convex,
    critical_mass_distance,
    deviating_share,
    distance_bound,
    distance_from_gradient,
    mean_gradient,
    strong_convexity,
)

NORM = st.floats(1e-3, 1e3)


def test_doctests() -> None:
    assert doctest.testmod(risk_minimizer).failed == 0


def test_mean_estimation_with_reports_up_to_ten() -> None:
    """μ0 = 0, θ* = 1: the gradients are 1 and −9."""
    assert critical_mass_convex(1.0, 9.0) == pytest.approx(0.1, abs=1e-15)
    assert cancelling_share(9.0) == pytest.approx(0.1, abs=1e-15)
    left = distance_bound(0.05, base_gradient=1.0, collective_gradient=9.0, strong_convexity=1.0)
    # 5 % report 10, the others have a mean of 0.
    assert left == pytest.approx(1 - 0.05 * 10)


@given(NORM, NORM)
def test_the_two_forms_of_the_critical_mass_agree(base: float, own: float) -> None:
    assert critical_mass_convex(base, own) == pytest.approx(float(cancelling_share(own / base)))


@given(NORM, NORM, NORM, st.floats(0.0, 2.0))
def test_distance_and_its_inverse(base: float, own: float, mu: float, part: float) -> None:
    numbers = {"base_gradient": base, "collective_gradient": own, "strong_convexity": mu}
    distance = part * base / mu
    alpha = critical_mass_distance(distance, **numbers)
    assert distance_bound(alpha, **numbers) <= distance + 1e-9 * base / mu
    if part < 1:
        assert distance_bound(alpha, **numbers) == pytest.approx(distance, abs=1e-9 * base / mu)
    else:
        assert alpha == 0


@given(NORM, NORM, NORM)
def test_nothing_is_left_from_the_critical_mass_on(base: float, own: float, mu: float) -> None:
    critical = critical_mass_convex(base, own)
    alphas = np.linspace(critical, 1, 7)
    numbers = {"base_gradient": base, "collective_gradient": own, "strong_convexity": mu}
    assert np.all(distance_bound(alphas, **numbers) == 0)
    below = distance_bound(np.linspace(0, critical * 0.999, 7), **numbers)
    assert np.all(below > 0)
    assert np.all(np.diff(below) < 0)


def test_no_more_deviate_than_it_takes() -> None:
    alphas = np.linspace(0.01, 1, 50)
    acting = alphas * deviating_share(alphas, 4.0)
    np.testing.assert_allclose(acting, np.minimum(alphas, 0.2))
    assert deviating_share(0.0, 4.0) == 1.0


def test_edges() -> None:
    assert critical_mass_convex(0.0, 0.0) == 0.0
    assert critical_mass_convex(1.0, 0.0) == 1.0
    assert critical_mass_convex(1.0, np.inf) == 0.0
    nobody = distance_bound(0.0, base_gradient=2.0, collective_gradient=9.0, strong_convexity=0.5)
    assert nobody == 4.0
    flat = distance_bound(0.1, base_gradient=2.0, collective_gradient=9.0, strong_convexity=0.0)
    assert flat == np.inf
    assert distance_from_gradient(0.0, 0.0) == 0.0
    unbounded = distance_bound(
        [0.0, 0.1], base_gradient=1.0, collective_gradient=np.inf, strong_convexity=1.0
    )
    assert unbounded.tolist() == [1.0, 0.0]


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="base_norm must be at least 0"):
        critical_mass_convex(-1.0, 1.0)
    with pytest.raises(ValueError, match="base_norm must be finite"):
        critical_mass_convex(np.inf, 1.0)
    with pytest.raises(ValueError, match="alpha must be in"):
        distance_bound(1.2, base_gradient=1.0, collective_gradient=1.0, strong_convexity=1.0)
    with pytest.raises(ValueError, match="t must be at least 0"):
        cancelling_share(np.nan)
    with pytest.raises(ValueError, match="n of at least 2"):
        mean_gradient([[1.0]])


def test_standard_errors_of_a_mean_gradient() -> None:
    """Over 2,000 samples the errors are what is said of each, within 4 s.e. of a spread (1/√2n)."""
    rng = np.random.default_rng(0)
    mixing = np.array([[1.0, 0.0], [0.8, 0.5]])
    found = [mean_gradient(rng.normal(size=(80, 2)) @ mixing.T + [2.0, 1.0]) for _ in range(2000)]
    within = 4 / np.sqrt(2 * 2000)
    spread = np.std([f.mean for f in found], axis=0)
    np.testing.assert_allclose(spread / np.mean([f.errors for f in found], axis=0), 1, atol=within)
    spread_of_norm = np.std([f.norm for f in found])
    assert spread_of_norm / np.mean([f.norm_error for f in found]) == pytest.approx(1, abs=within)
    root = np.sqrt(np.mean([((f.mean - [2.0, 1.0]) ** 2).sum() for f in found]))
    assert root / np.mean([f.total_error for f in found]) == pytest.approx(1, abs=within)


def test_a_mean_gradient_of_zero_has_a_norm_of_zero() -> None:
    found = mean_gradient([[1.0, 0.0], [-1.0, 0.0]])
    assert found.norm == 0.0
    assert np.isfinite(found.norm_error)


def test_strong_convexity_of_a_stack() -> None:
    rng = np.random.default_rng(1)
    roots = rng.normal(size=(5, 6, 3))
    hessians = np.einsum("bnd,bne->bde", roots, roots)
    singular = np.linalg.svd(roots, compute_uv=False)[:, -1]
    np.testing.assert_allclose(strong_convexity(hessians), singular**2, rtol=1e-9)
    assert strong_convexity([[-1e-18]]) == 0.0


def test_the_corners_of_floats() -> None:
    assert critical_mass_convex(1e308, 1e308) == 0.5
    assert critical_mass_convex(5e-324, 5e-324) == 0.5
    assert critical_mass_convex(1e308, np.inf) == 0
    assert critical_mass_convex(2.0, 6.0) == 0.25
    huge = {"base_gradient": 1e308, "collective_gradient": 1e308}
    assert distance_bound(0.25, strong_convexity=1.0, **huge) == pytest.approx(0.5e308)
    assert distance_bound(0.25, strong_convexity=1e-9, **huge) == np.inf
    assert distance_bound(0.5, strong_convexity=1e-9, **huge) == 0
    assert critical_mass_distance(0.0, strong_convexity=1.0, **huge) == 0.5
    assert critical_mass_distance(1e308, strong_convexity=10.0, **huge) == 0
    assert critical_mass_distance(np.inf, strong_convexity=0.0, **huge) == 0
    for function in (distance_bound, critical_mass_distance):
        with pytest.raises(ValueError, match="strong_convexity must be finite"):
            function(0.5, strong_convexity=np.inf, **huge)
    with pytest.raises(ValueError, match="base_gradient must be finite"):
        critical_mass_distance(
            0.5, base_gradient=np.inf, collective_gradient=1.0, strong_convexity=1.0
        )
