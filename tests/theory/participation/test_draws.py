"""Equilibria of draws: known ones, and what is never reached."""

import doctest

import numpy as np
import pytest

from gigsim.theory.participation import draws as module
from gigsim.theory.participation.closed_forms import identical_costs_critical_mass
from gigsim.theory.participation.costs import IdenticalCosts, UniformCosts
from gigsim.theory.participation.curves import BoundCurve
from gigsim.theory.participation.draws import participation_draws
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.measured_curve import MeasuredCurve


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


def test_uncertain_kappas_are_quantiles_of_the_formula() -> None:
    """α_c rises in κ, so that its quantiles are the formula's at κ's."""
    kappas = np.random.default_rng(0).lognormal(np.log(0.01), 0.3, 401)
    draws = participation_draws(JoiningMap(BoundCurve(kappas), IdenticalCosts(0.5)))
    levels = (0.025, 0.5, 0.975)
    told = identical_costs_critical_mass(
        0.5, kappa=np.quantile(kappas, levels, method="inverted_cdf")
    )
    np.testing.assert_allclose(draws.quantiles("critical_mass", levels), told, rtol=1e-12)
    assert (draws.possible, draws.tipping) == (1.0, 1.0)
    assert not draws.unresolved.any()
    assert draws.stable.tolist() == [2] * 401


def test_a_curve_that_may_be_too_low() -> None:
    """Of 100 draws 30 do not reach the cost: their critical mass is infinite."""
    tops = np.concatenate([np.full(30, 0.4), np.full(70, 0.8)])
    gains = np.stack([np.zeros(100), tops], axis=1)
    curve = MeasuredCurve(np.array([0.01, 0.1]), gains, "linear")
    draws = participation_draws(JoiningMap(curve, IdenticalCosts(0.5)))
    assert draws.possible == 0.7
    assert draws.tipping == 0.7
    assert draws.quantiles("critical_mass").tolist()[2] == np.inf
    # A line from 0 at 1 % to 0.8 at 10 %.
    there = 0.01 + 0.09 * 0.5 / 0.8
    assert draws.quantiles("critical_mass", (0.1, 0.69)) == pytest.approx([there, there])
    assert draws.quantiles("high", (0.3, 0.31)).tolist() == [0.0, 1.0]
    assert draws.low.max() == 0.0


def test_a_level_of_ones_own() -> None:
    society = JoiningMap(BoundCurve([0.01, 0.01]), UniformCosts(0, 1), benefit=[0.5, 0.05])
    draws = participation_draws(society, level=0.2)
    assert draws.critical_mass[0] == pytest.approx(0.010103, abs=5e-7)
    assert draws.critical_mass[1] == np.inf
    with pytest.raises(ValueError, match="of is"):
        draws.quantiles("middle")  # type: ignore[arg-type]
