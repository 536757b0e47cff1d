"""Sweeps up and down, and the jumps between them."""

import numpy as np
import pytest

from gigsim.theory.participation.closed_forms import uniform_costs_equilibria, uniform_costs_fold
from gigsim.theory.participation.costs import IdenticalCosts, UniformCosts
from gigsim.theory.participation.curves import BoundCurve, StepCurve
from gigsim.theory.participation.folds import folds
from gigsim.theory.participation.hysteresis import hysteresis
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.logit_response import logit_folds, logit_map


def test_the_logit_rule_jumps_at_its_folds() -> None:
    """Up and down at different payments; the loop is symmetric about none."""
    found = hysteresis(logit_map(6.0, cost=0.5), "side_payment", np.linspace(-0.2, 0.2, 21))
    (up,), (down,) = found.jumps_up, found.jumps_down
    told = logit_folds(6.0)
    assert up.parameter == pytest.approx(0.5 - float(told.low_cost), abs=1e-9)
    assert down.parameter == pytest.approx(0.5 - float(told.high_cost), abs=1e-9)
    assert up.before == pytest.approx(float(told.low), abs=1e-4)
    assert up.after == pytest.approx(1 - down.after, abs=1e-6)
    assert np.all(np.diff(found.up) >= 0)
    assert np.all(np.diff(found.down) >= 0)
    inside = np.abs(found.values) < 0.069
    assert np.all(found.down[inside] - found.up[inside] > 0.5)
    np.testing.assert_allclose(found.up[~inside], found.down[~inside], atol=1e-12)


def test_nobody_comes_back_by_benefit_alone() -> None:
    """Nobody is stable at every benefit: up it stays 0, down it follows α₊ to the fold."""
    society = JoiningMap(BoundCurve(0.01), UniformCosts(0, 1))
    found = hysteresis(society, "benefit", np.linspace(0.02, 0.9, 12))
    assert found.up.tolist() == [0.0] * 12
    assert found.jumps_up == ()
    (jump,) = found.jumps_down
    fold = uniform_costs_fold(0.01)
    assert jump.parameter == pytest.approx(float(fold.ratio), rel=1e-9)
    assert (jump.before, jump.after) == (pytest.approx(float(fold.alpha), abs=1e-6), 0.0)
    told = np.nan_to_num(uniform_costs_equilibria(found.values, kappa=0.01).stable)
    np.testing.assert_allclose(found.down, told, rtol=1e-12)


def test_first_movers_tip_it_and_stay() -> None:
    society = JoiningMap(BoundCurve(0.01), UniformCosts(0, 1), benefit=0.5)
    found = hysteresis(society, "first_movers", np.linspace(0.0, 0.02, 9))
    (jump,) = found.jumps_up
    assert jump.parameter == pytest.approx(folds(society, "first_movers")[0].parameter, abs=1e-12)
    assert jump.after > 0.49
    assert found.jumps_down == ()
    assert found.down[0] > 0.49


def test_as_secrets_leak_members_go_and_do_not_come_back() -> None:
    """γ rises: the highest benefit comes first, and everybody begins."""
    society = JoiningMap(BoundCurve(0.01), UniformCosts(0, 1))
    found = hysteresis(society, "gamma", np.linspace(0.0, 1.0, 11))
    assert found.up[0] == 1.0
    (jump,) = found.jumps_up
    assert jump.parameter == pytest.approx(1 - float(uniform_costs_fold(0.01).ratio), rel=1e-9)
    assert found.down.tolist() == [0.0] * 11


def test_steps_and_identical_people() -> None:
    stairs = StepCurve(np.array([0.1, 0.2]), np.array([0.0, 0.5, 1.0]))
    found = hysteresis(JoiningMap(stairs, UniformCosts(0, 1)), "benefit", [0.05, 0.35, 0.9])
    (jump,) = found.jumps_down
    assert jump.parameter == pytest.approx(0.2, abs=1e-9)
    assert (jump.before, jump.after) == (pytest.approx(0.2, abs=1e-9), 0.0)
    alike = JoiningMap(BoundCurve(0.01), IdenticalCosts(0.3))
    (jump,) = hysteresis(alike, "benefit", [0.1, 0.6, 1.0]).jumps_down
    assert (jump.parameter, jump.before, jump.after) == (pytest.approx(0.3), 1.0, 0.0)


def test_several_jumps_between_two_values_are_all_found() -> None:
    """Two levels of a staircase, left one after the other."""
    stairs = StepCurve(np.array([0.1, 0.6]), np.array([0.0, 0.3, 1.0]))
    found = hysteresis(JoiningMap(stairs, UniformCosts(0, 1)), "benefit", [0.01, 1.0])
    assert [jump.parameter for jump in found.jumps_down] == pytest.approx([0.6, 1 / 3], abs=1e-9)
    assert found.jumps_down[0].after == pytest.approx(0.18, abs=1e-6)


def test_what_is_refused() -> None:
    society = JoiningMap(BoundCurve(0.01), UniformCosts(0, 1))
    for values in ([0.5], [0.5, 0.4]):
        with pytest.raises(ValueError, match="ascending"):
            hysteresis(society, "benefit", values)
    with pytest.raises(ValueError, match="least_jump"):
        hysteresis(society, "benefit", [0.1, 0.5], least_jump=0.0)
