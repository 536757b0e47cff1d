"""Folds: closed forms, and that equilibria come and go where they are said to."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.theory.participation import folds as module
from gigsim.theory.participation.closed_forms import uniform_costs_fold
from gigsim.theory.participation.costs import (
    IdenticalCosts,
    LogNormalCosts,
    NormalCosts,
    SampleCosts,
    UniformCosts,
)
from gigsim.theory.participation.curves import BoundCurve, StepCurve
from gigsim.theory.participation.folds import Fold, Parameter, folds, parameter_at, with_parameter
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.logit_response import logit_folds, logit_map, proportional_curve
from tests.theory.participation.societies import societies

BOUND = JoiningMap(BoundCurve(0.01), UniformCosts(0.0, 1.0))
NAMES: tuple[Parameter, ...] = (
    "benefit",
    "gamma",
    "cost_scale",
    "side_payment",
    "first_movers",
)


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


def test_the_fold_of_uniform_costs_v29_in_every_unit() -> None:
    """r = (1−γ)b/c̄ = 4κ/(1+κ)² = 0.0392118, whichever of them changes; α ≈ 0.0198."""
    ratio, alpha = (float(x) for x in uniform_costs_fold(0.01))
    told = {"benefit": ratio, "gamma": 1 - ratio, "cost_scale": 1 / ratio}
    for name, value in told.items():
        (fold,) = folds(BOUND, name)  # type: ignore[arg-type]
        assert fold.parameter == pytest.approx(value, rel=1e-12)
        assert fold.alpha == pytest.approx(alpha, abs=1e-7)
        assert (fold.kind, fold.smooth) == ("high_ends", True)


def test_the_start_is_a_kink_at_the_foot() -> None:
    """Nobody joins until a payment of c̄·α₀ (or that share of first movers) gets to the foot."""
    foot = 0.01 / 1.01
    for name in ("side_payment", "first_movers"):
        fold = folds(BOUND, name)[0]
        assert (fold.kind, fold.smooth) == ("low_ends", False)
        assert (fold.parameter, fold.alpha) == pytest.approx((foot, foot), rel=1e-12)


def test_folds_of_the_logit_rule() -> None:
    """A cost that falls by σ is a side payment of σ: c_fold = ½ − σ."""
    (low, high) = folds(logit_map(6.0, cost=0.5), "side_payment")
    told = logit_folds(6.0)
    assert (low.kind, high.kind) == ("low_ends", "high_ends")
    assert (low.alpha, high.alpha) == pytest.approx((told.low, told.high), abs=1e-7)
    assert 0.5 - low.parameter == pytest.approx(float(told.low_cost), rel=1e-12)
    assert 0.5 - high.parameter == pytest.approx(float(told.high_cost), rel=1e-12)
    assert folds(logit_map(3.9, cost=0.5), "side_payment") == ()


def test_granovetters_critical_sd() -> None:
    """Normal(.25, sd) thresholds: from sd = .12222 on nobody need be paid to tip it (V32)."""
    for sd, ends_at_once in ((0.1222, False), (0.12223, True)):
        society = JoiningMap(proportional_curve(), NormalCosts(0.25, sd))
        fold = next(f for f in folds(society, "side_payment") if f.kind == "low_ends")
        assert (fold.parameter < 0) == ends_at_once
        assert abs(fold.parameter) < 1e-4


def test_identical_people_leave_all_at_once() -> None:
    (fold,) = folds(JoiningMap(BoundCurve(0.01), IdenticalCosts(0.3)), "benefit")
    assert fold == Fold(0.3, 1.0, "high_ends", False)


def test_steps_have_folds_at_their_ends() -> None:
    society = JoiningMap(
        StepCurve(np.array([0.1, 0.2]), np.array([0, 0.5, 1.0])), UniformCosts(0.0, 1.0)
    )
    assert folds(society, "benefit") == (
        Fold(pytest.approx(0.2), 0.1, "high_ends", False),  # type: ignore[arg-type]
        Fold(pytest.approx(0.4), 0.2, "low_ends", False),  # type: ignore[arg-type]
        Fold(pytest.approx(0.2), 0.2, "high_ends", False),  # type: ignore[arg-type]
    )


def test_everybody_of_a_sample_is_a_fold() -> None:
    """Two who cost .2 and .4, a benefit that is the share: what each has to be paid."""
    society = JoiningMap(proportional_curve(), SampleCosts(np.array([0.2, 0.4])))
    found = folds(society, "side_payment")
    assert [(f.parameter, f.alpha, f.kind) for f in found] == [
        (pytest.approx(0.2), 0.0, "low_ends"),
        (pytest.approx(-0.3), 0.5, "high_ends"),
        (pytest.approx(-0.1), 0.5, "low_ends"),
        (pytest.approx(-0.6), 1.0, "high_ends"),
    ]


@settings(max_examples=40)
@given(societies(), st.sampled_from(NAMES), st.floats(0.0, 1.0))
def test_the_graph_is_where_equilibria_are(
    society: JoiningMap, name: Parameter, alpha: float
) -> None:
    """Φ(α) ≥ α exactly for parameters up to, or from, g(α)."""
    value = float(parameter_at(society, name, alpha))
    falling = name in ("gamma", "cost_scale")
    lows = {"benefit": 0.0, "gamma": 0.0, "cost_scale": 1e-6, "first_movers": 0.0}
    tops = {"gamma": 1.0, "first_movers": 1.0}
    for tried in (value - 1e-3, value + 1e-3, value * 0.99, value * 1.01, 0.01, 0.7):
        inside = lows.get(name, -9.0) <= tried <= tops.get(name, 9.0)
        if not inside or np.isnan(value) or abs(tried - value) < 1e-9:
            continue
        reached = float(with_parameter(society, name, [tried]).next(alpha))
        helps = tried < value if falling else tried > value
        assert reached >= alpha - 1e-9 if helps else reached <= alpha + 1e-9


@settings(max_examples=12)
@given(st.floats(0.003, 0.2), st.floats(0.2, 1.0), st.sampled_from(["benefit", "cost_scale"]))
def test_two_equilibria_come_and_go_at_a_fold(kappa: float, sigma: float, name: Parameter) -> None:
    society = JoiningMap(BoundCurve(kappa), LogNormalCosts(0.4, sigma))
    for fold in folds(society, name):
        if not fold.smooth:
            continue
        around = with_parameter(society, name, fold.parameter * np.array([1 - 1e-4, 1 + 1e-4]))
        before, after = (len(found.points) for found in around.all_fixed_points())
        more = (
            after - before
            if (fold.kind == "high_ends") != (name == "cost_scale")
            else (before - after)
        )
        assert more == 2


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="name is one of"):
        folds(BOUND, "kappa")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="only"):
        folds(JoiningMap(BoundCurve([0.1, 0.2]), UniformCosts(0, 1)), "benefit")
    with pytest.raises(ValueError, match="cost_scale"):
        with_parameter(BOUND, "cost_scale", [0.0])
    with pytest.raises(ValueError, match="gamma"):
        with_parameter(BOUND, "gamma", [1.5])
