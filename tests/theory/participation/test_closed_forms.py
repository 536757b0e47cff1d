"""Closed forms of participation, as numbers and against the solver for every curve and law."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.theory.participation import closed_forms as module
from gigsim.theory.participation.closed_forms import (
    identical_costs_critical_mass,
    uniform_costs_equilibria,
    uniform_costs_fold,
    uniform_costs_slope,
)
from gigsim.theory.participation.costs import IdenticalCosts, UniformCosts
from gigsim.theory.participation.curves import BoundCurve
from gigsim.theory.participation.joining_map import JoiningMap

kappas = st.floats(1e-5, 0.9)


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


def test_the_fold_v29() -> None:
    ratio, alpha = uniform_costs_fold(0.01)
    assert float(ratio) == pytest.approx(0.0392118, abs=5e-8)
    assert float(alpha) == pytest.approx(np.sqrt(float(ratio) * 0.01), rel=1e-14)
    assert float(alpha) == pytest.approx(0.0198, abs=5e-6)
    both = uniform_costs_equilibria(ratio, kappa=0.01)
    assert (both.unstable, both.stable) == pytest.approx((float(alpha), float(alpha)))
    assert np.isnan(uniform_costs_equilibria(float(ratio) * (1 - 1e-12), kappa=0.01)).all()
    assert float(uniform_costs_slope(alpha, ratio=ratio, kappa=0.01)) == pytest.approx(1)


def test_at_r_1_the_roots_are_kappa_and_everybody() -> None:
    kappa = np.array([1e-4, 0.01, 0.3])
    low, high = uniform_costs_equilibria(1.0, kappa=kappa)
    np.testing.assert_allclose(low, kappa, rtol=1e-12)
    np.testing.assert_allclose(high, 1.0, rtol=1e-12)


@settings(max_examples=25)
@given(kappas, st.floats(0.01, 0.99), st.floats(0.0, 0.9))
def test_identical_costs_are_solved_alike(kappa: float, part: float, gamma: float) -> None:
    benefit = 2.0
    cost = part * (1 - gamma) * benefit
    exact = float(identical_costs_critical_mass(cost, kappa=kappa, benefit=benefit, gamma=gamma))
    found = JoiningMap(
        BoundCurve(kappa), IdenticalCosts(cost), benefit=benefit, gamma=gamma
    ).fixed_points()
    assert found.critical_mass() == pytest.approx(exact, rel=1e-12)


@settings(max_examples=25)
@given(kappas, st.floats(0.2, 3.0))
def test_uniform_costs_are_solved_alike(kappa: float, ratio: float) -> None:
    low, high = uniform_costs_equilibria(ratio, kappa=kappa)
    found = JoiningMap(BoundCurve(kappa), UniformCosts(0.0, 1.0), benefit=ratio).fixed_points()
    if ratio < float(uniform_costs_fold(kappa).ratio) * (1 - 1e-6):
        assert np.isnan(low)
        assert found.high == 0.0
    elif ratio > float(uniform_costs_fold(kappa).ratio) * (1 + 1e-6):
        assert found.critical_mass() == pytest.approx(float(low), rel=1e-8)
        assert found.high == pytest.approx(float(high), rel=1e-8)


def test_edges() -> None:
    assert identical_costs_critical_mass(0.0, kappa=0.5) == 0.0
    assert identical_costs_critical_mass([0.5, 1.0], kappa=0.0).tolist() == [0.0, np.inf]
    assert identical_costs_critical_mass(0.1, kappa=0.1, gamma=1.0) == np.inf
    with pytest.raises(ValueError, match="cost"):
        identical_costs_critical_mass(-0.1, kappa=0.1)
    with pytest.raises(ValueError, match="ratio"):
        uniform_costs_equilibria(0.0, kappa=0.1)
    with pytest.raises(ValueError, match="kappa"):
        uniform_costs_equilibria(1.0, kappa=0.0)
