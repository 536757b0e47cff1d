"""What it takes to begin, in closed form where there is one."""

import doctest

import numpy as np
import pytest

from gigsim.theory.participation import startup as module
from gigsim.theory.participation.costs import IdenticalCosts, SampleCosts, UniformCosts
from gigsim.theory.participation.curves import BoundCurve, StepCurve
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.startup import shortfall, startup_cost


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("cost", [0.1, 0.5, 0.9])
def test_identical_costs_in_closed_form(cost: float) -> None:
    """c·α_c − [(1+κ)(α_c − α₀) − κ ln(α_c/α₀)]."""
    kappa = 0.01
    mass, foot = kappa / (kappa + 1 - cost), kappa / (1 + kappa)
    earned = (1 + kappa) * (mass - foot) - kappa * np.log(mass / foot)
    society = JoiningMap(BoundCurve(kappa), IdenticalCosts(cost))
    assert startup_cost(society) == pytest.approx(cost * mass - earned, rel=1e-9)
    assert startup_cost(society, until=foot) == pytest.approx(cost * foot, rel=1e-12)


def test_first_movers_and_payments_make_it_cheaper() -> None:
    curve, costs = BoundCurve(0.01), UniformCosts(0.0, 1.0)
    plain = startup_cost(JoiningMap(curve, costs, benefit=0.5))
    moved = startup_cost(JoiningMap(curve, costs, benefit=0.5, first_movers=0.005))
    paid = startup_cost(JoiningMap(curve, costs, benefit=0.5, side_payment=0.005))
    assert 0 < moved < plain
    assert 0 < paid < plain
    assert startup_cost(JoiningMap(curve, costs, benefit=0.5, first_movers=0.02)) == 0.0
    assert startup_cost(JoiningMap(curve, costs, benefit=0.01)) == np.inf


def test_a_sample_is_a_sum_over_people() -> None:
    """Nothing is gained before three of four are in: the first three lack their costs."""
    society = JoiningMap(
        StepCurve(np.array([0.75]), np.array([0.0, 5.0])),
        SampleCosts(np.array([1.0, 2.0, 3.0, 4.0])),
    )
    assert society.fixed_points().critical_mass() == 0.75
    assert startup_cost(society) == pytest.approx((1 + 2 + 3) / 4)
    assert shortfall(society, [0.1, 0.3, 0.7, 0.9]).tolist() == [1.0, 2.0, 3.0, 0.0]
