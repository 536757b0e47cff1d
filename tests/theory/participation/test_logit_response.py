"""The logit rule: known equilibria, its folds, and its limits."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.theory.participation import logit_response as module
from gigsim.theory.participation.costs import IdenticalCosts
from gigsim.theory.participation.curves import BoundCurve
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.logit_response import logit_folds, logit_map, logit_slope


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("precision", "places"),
    [
        (1.0, [0.5]),
        (3.9, [0.5]),
        (4.0, [0.5]),
        (6.0, [0.0707, 0.5, 0.9293]),
        (10.0, [0.0072, 0.5, 0.9928]),
    ],
)
def test_equilibria_v40(precision: float, places: list[float]) -> None:
    found = logit_map(precision, cost=0.5).fixed_points()
    assert [point.alpha for point in found.points] == pytest.approx(places, abs=5e-5)
    assert not found.unresolved
    stable = ["stable"] if len(places) == 1 else ["stable", "unstable", "stable"]
    assert [point.stability for point in found.points] == stable
    for point in found.points:
        slope = float(logit_slope(point.alpha, precision))
        assert point.slope_below == pytest.approx(slope, abs=1e-5)
        assert (slope <= 1) == (point.stability == "stable")


@settings(max_examples=15)
@given(st.floats(4.3, 30.0), st.floats(0.5, 3.0))
def test_three_equilibria_between_the_folds_and_one_outside(steep: float, benefit: float) -> None:
    precision = steep / benefit
    folds = logit_folds(precision, benefit=benefit)
    wide = float(folds.high_cost - folds.low_cost)
    for cost, number in (
        (folds.low_cost - 0.01 * wide, 1),
        (folds.low_cost + 0.01 * wide, 3),
        (folds.high_cost - 0.01 * wide, 3),
        (folds.high_cost + 0.01 * wide, 1),
    ):
        found = logit_map(precision, cost=float(cost), benefit=benefit).fixed_points()
        assert len(found.points) == number
    for share in (folds.low, folds.high):
        assert float(logit_slope(share, precision, benefit=benefit)) == pytest.approx(1)
    assert float(folds.low_cost + folds.high_cost) == pytest.approx(benefit)


def test_without_a_fold_there_is_none() -> None:
    assert np.isnan(logit_folds(3.99)).all()
    edge = logit_folds(4.0)
    assert np.array(edge).tolist() == [0.5, 0.5, 0.5, 0.5]
    many = logit_folds([3.0, 8.0], benefit=[1.0, 2.0])
    assert np.isnan(many.low).tolist() == [True, False]


def test_the_limits_are_a_coin_and_best_response() -> None:
    coin = logit_map(1e-9, cost=0.3).fixed_points()
    assert [point.alpha for point in coin.points] == [pytest.approx(0.5, abs=1e-8)]
    curve = BoundCurve(0.01)
    sharp = logit_map(1e5, cost=0.5, curve=curve).fixed_points()
    best = JoiningMap(curve, IdenticalCosts(0.5)).fixed_points()
    assert sharp.critical_mass() == pytest.approx(best.critical_mass(), rel=1e-3)
    assert (sharp.low, sharp.high) == pytest.approx((best.low, best.high))
