"""Regimes: public goods, contracts with refund, secrets that leak with size."""

import doctest

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gigsim.theory.participation import regimes as module
from gigsim.theory.participation.costs import IdenticalCosts, LogNormalCosts, UniformCosts
from gigsim.theory.participation.curves import BoundCurve, Curve, FunctionCurve, StepCurve
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.measured_curve import MeasuredCurve
from gigsim.theory.participation.public_goods import public_good_share
from gigsim.theory.participation.regimes import (
    AssuredCurve,
    PivotalCurve,
    leaking_bound_curve,
    pivotal_curve,
)
from tests.theory.participation.societies import curves, measured, stairs


def at(curve: Curve, *alpha: float) -> list[float]:
    return curve.value(np.array(alpha)).tolist()


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


@settings(max_examples=40)
@given(st.one_of(st.floats(0.0, 0.5).map(BoundCurve), measured(), stairs()), st.integers(2, 300))
def test_the_pivotal_gain_is_the_difference_and_monotone_between_breaks(
    curve: BoundCurve | MeasuredCurve | StepCurve, population: int
) -> None:
    pivotal = pivotal_curve(curve, population)
    alpha = np.random.default_rng(0).random(300) * (1 - 1 / population)
    step = 1 / population
    apart = np.min(np.abs(alpha[:, None] - pivotal.breaks), axis=1) > 1e-9
    told = curve.value(np.minimum(alpha + step, 1.0)) - curve.value(alpha)
    np.testing.assert_allclose(pivotal.value(alpha)[apart], told[apart], atol=1e-12)
    for low, high in zip(pivotal.breaks[:-1], pivotal.breaks[1:], strict=True):
        if high - low < 1e-9:
            continue
        inner = pivotal.value(low + (high - low) * np.linspace(0.02, 0.98, 21))
        ends = [pivotal.value(np.array([low]), 1), pivotal.value(np.array([high]), -1)]
        steps = np.diff(np.concatenate([ends[0], inner, ends[1]]))
        assert np.all(steps >= -1e-9) or np.all(steps <= 1e-9)


def test_the_public_good_v30() -> None:
    """κ = 10⁻³, c/b = 0.01, N = 25,000: people stop at 0.2 %, just as the formula says."""
    curve, cost = BoundCurve(1e-3), IdenticalCosts(0.01)
    found = JoiningMap(pivotal_curve(curve, 25_000), cost).fixed_points()
    nobody, start, stop = found.points
    assert (nobody.alpha, nobody.stability) == (0.0, "stable")
    assert start.stability == "unstable"
    assert 1e-3 / 1.001 - 1 / 25_000 < start.alpha < 1e-3 / 1.001
    # Joining beyond it does not pay and leaving below it neither: a share around which it moves.
    assert (stop.stability, stop.attained, stop.under_best_response) == ("stable", False, False)
    exact = float(public_good_share(0.01, kappa=1e-3, population=25_000))
    assert stop.alpha == pytest.approx(exact, rel=1e-9)
    assert stop.alpha == pytest.approx(0.002, abs=1 / 25_000)
    # Four times as many: at the foot, where nobody begins.
    assert JoiningMap(pivotal_curve(curve, 100_000), cost).fixed_points().high < 0.0011
    assert JoiningMap(pivotal_curve(curve, 150_000), cost).fixed_points().high == 0.0


def test_public_goods_with_costs_that_differ() -> None:
    """Free riders: the same society as a club has many members, as a public good next to none."""
    costs = LogNormalCosts(0.3, 0.5)
    club = JoiningMap(BoundCurve(0.01), costs).fixed_points()
    good = JoiningMap(pivotal_curve(BoundCurve(0.01), 1000), costs).fixed_points()
    assert club.high > 0.9
    assert good.high < 0.05


def test_what_pivotal_curves_are_not_known() -> None:
    with pytest.raises(ValueError, match="PivotalCurve"):
        pivotal_curve(FunctionCurve(np.sqrt), 10)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="PivotalCurve"):
        pivotal_curve(MeasuredCurve(np.array([0.5]), np.array([[0.1], [0.2]])), 10)
    with pytest.raises(ValueError, match="population"):
        pivotal_curve(BoundCurve(0.1), 0)
    own = PivotalCurve(FunctionCurve(np.sqrt), 10, np.zeros(0))
    assert at(own, 0.0, 0.9)[0] == pytest.approx(np.sqrt(0.1))


def test_contracts_with_refund_do_away_with_the_low_equilibrium() -> None:
    """From the critical mass on a provision point works, under it the contract comes to nothing."""
    plain = JoiningMap(BoundCurve(0.01), UniformCosts(0.0, 1.0), benefit=0.5)
    mass, high = plain.fixed_points().critical_mass(), plain.fixed_points().high

    def assured(point: float) -> JoiningMap:
        return JoiningMap(AssuredCurve(plain.curve, point), plain.costs, benefit=0.5)

    for point in (mass * 1.001, 0.1, 0.4):
        found = assured(point).fixed_points()
        assert found.low == pytest.approx(high, rel=1e-12)
        assert len(found.points) == 1
    # Too low a point leaves the threshold where it was; too high a one is not reached.
    low = assured(mass * 0.99).fixed_points()
    assert low.low < mass * 0.99
    assert low.critical_mass() == pytest.approx(mass, rel=1e-12)
    assert assured(0.6).fixed_points().low < 0.6


@settings(max_examples=30)
@given(curves(rising=True), st.floats(0.0, 1.0))
@example(BoundCurve(3.6504085156630723e-153), 0.0)
def test_an_assured_curve_is_the_curve_from_the_point_on(curve: Curve, point: float) -> None:
    sure = AssuredCurve(curve, point)
    alpha = np.linspace(0, 1, 101)
    np.testing.assert_array_equal(sure.value(alpha), curve.value(np.maximum(alpha, point)))
    for side, ends in ((-1, sure.breaks[1:]), (1, sure.breaks[:-1])):
        near = np.clip(np.nextafter(ends, ends + side), 0, 1)
        np.testing.assert_allclose(sure.value(ends, side), sure.value(near), atol=2e-6)


def test_a_secret_that_leaks_with_size_has_a_best_size() -> None:
    curve = leaking_bound_curve(0.01, leak=0.001, population=10_000)
    (turn,) = curve.points
    best = float(curve.value(np.array([turn]))[0])
    alpha = np.linspace(1e-4, 1, 20_001)
    assert best >= curve.value(alpha).max()
    assert best == pytest.approx(curve.value(alpha).max(), abs=1e-4)
    assert at(curve, 0.2)[0] == pytest.approx(0.999**2000 * at(BoundCurve(0.01), 0.2)[0])
    # Without a leak it is the bound; a club that leaks holds fewer.
    sealed = leaking_bound_curve(0.01, leak=0.0, population=10_000)
    assert at(sealed, 0.3) == at(BoundCurve(0.01), 0.3)
    costs = UniformCosts(0.0, 1.0)
    tight, loose = (JoiningMap(each, costs).fixed_points().high for each in (sealed, curve))
    assert loose < 0.3 < tight
    with pytest.raises(ValueError, match="under 1"):
        leaking_bound_curve(0.01, leak=1.0, population=10)
