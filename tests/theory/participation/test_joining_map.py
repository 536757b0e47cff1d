"""Equilibria of participation: known answers, and properties on societies of every kind."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.theory.participation import joining_map as module
from gigsim.theory.participation.closed_forms import (
    identical_costs_critical_mass,
    uniform_costs_equilibria,
    uniform_costs_fold,
    uniform_costs_slope,
)
from gigsim.theory.participation.costs import (
    IdenticalCosts,
    LogNormalCosts,
    NormalCosts,
    SampleCosts,
    UniformCosts,
)
from gigsim.theory.participation.curves import BoundCurve, FunctionCurve, StepCurve
from gigsim.theory.participation.equilibria import FixedPoints
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.measured_curve import MeasuredCurve
from tests.theory.participation.societies import curves, scales, societies

GRID = np.unique(np.concatenate([np.linspace(0, 1, 1501), np.geomspace(1e-9, 1, 800)]))


def same(alpha: np.ndarray) -> np.ndarray:
    return alpha


def kinds(points: FixedPoints) -> list[str]:
    return [point.stability for point in points.points]


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(("cost", "mass"), [(0.2, 0.012346), (0.5, 0.019608), (0.8, 0.047619)])
def test_identical_costs_v26(cost: float, mass: float) -> None:
    society = JoiningMap(BoundCurve(0.01), IdenticalCosts(cost))
    found = society.fixed_points()
    assert kinds(found) == ["stable", "unstable", "stable"]
    assert [point.attained for point in found.points] == [True, False, True]
    assert found.critical_mass() == pytest.approx(mass, abs=5e-7)
    exact = float(identical_costs_critical_mass(cost, kappa=0.01))
    assert found.critical_mass() == pytest.approx(exact, rel=1e-14)
    assert found.outcome(exact * (1 + 1e-9)) == 1.0
    assert found.outcome(exact * (1 - 1e-9)) == 0.0
    assert float(society.next(exact * (1 + 1e-9))) == 1.0
    assert float(society.next(exact * (1 - 1e-9))) == 0.0


def test_leakage_v27() -> None:
    def leaky(cost: float) -> FixedPoints:
        return JoiningMap(BoundCurve(0.01), IdenticalCosts(cost), gamma=0.5).fixed_points()

    assert leaky(0.2).critical_mass() == pytest.approx(0.016393, abs=5e-7)
    # At c/b = 1/2 itself everybody may be in, until one leaves.
    assert leaky(0.5).critical_mass(1.0) == 1.0
    assert leaky(0.5).points[-1].stability == "unstable"
    for cost in (0.5, 0.501, 0.8):
        assert leaky(cost).critical_mass() == np.inf
        assert leaky(cost).high == 0.0


@pytest.mark.parametrize(
    ("ratio", "roots"),
    [
        (1.0, (0.01, 1.0)),
        (0.5, (0.010103, 0.494897)),
        (0.1, (0.011127, 0.089873)),
        (0.05, (0.013521, 0.036979)),
    ],
)
def test_uniform_costs_v28(ratio: float, roots: tuple[float, float]) -> None:
    found = JoiningMap(BoundCurve(0.01), UniformCosts(0, 1), benefit=ratio).fixed_points()
    assert kinds(found) == ["stable", "unstable", "stable"]
    assert found.points[0].alpha == 0
    assert (found.critical_mass(), found.high) == pytest.approx(roots, abs=5e-7)
    exact = uniform_costs_equilibria(ratio, kappa=0.01)
    assert (found.critical_mass(), found.high) == pytest.approx(exact, rel=1e-13)
    for point in found.points[1:]:
        slope = uniform_costs_slope(point.alpha, ratio=ratio, kappa=0.01)
        assert point.slope_below == pytest.approx(float(slope), rel=1e-5)
        assert point.under_best_response == (slope < 1)


def test_fold_v29() -> None:
    fold = uniform_costs_fold(0.01)

    def at(ratio: float) -> FixedPoints:
        return JoiningMap(BoundCurve(0.01), UniformCosts(0, 1), benefit=ratio).fixed_points()

    on = at(float(fold.ratio))
    assert kinds(on) == ["stable", "half_stable"]
    assert on.points[1].alpha == pytest.approx(float(fold.alpha), abs=1e-7)
    assert on.high == 0.0
    # Just below there is nothing, and where that cannot be told at this resolution it is said.
    below = at(float(fold.ratio) * (1 - 1e-9))
    assert kinds(below) == ["stable"]
    (blur,) = below.unresolved
    assert blur.low < float(fold.alpha) < blur.high
    assert 0 < blur.gap < below.resolution
    assert kinds(at(float(fold.ratio) * (1 - 1e-3))) == ["stable"]
    assert not at(float(fold.ratio) * (1 - 1e-3)).unresolved
    for above in (1e-10, 1e-6, 1e-3):
        found = at(float(fold.ratio) * (1 + above))
        assert kinds(found) == ["stable", "unstable", "stable"]
        exact = uniform_costs_equilibria(float(fold.ratio) * (1 + above), kappa=0.01)
        assert (found.critical_mass(), found.high) == pytest.approx(exact, rel=1e-9)


def test_one_is_enough_where_nobody_carries_the_signal() -> None:
    """κ = 0: G jumps at α = 0, so that nobody is an equilibrium only until somebody joins."""
    found = JoiningMap(BoundCurve(0.0), UniformCosts(0, 1), benefit=0.5).fixed_points()
    assert [(p.alpha, p.stability) for p in found.points] == [(0.0, "unstable"), (0.5, "stable")]
    assert found.critical_mass() == 0.0
    assert found.outcome(1e-12) == 0.5


def test_a_stretch_of_equilibria_is_one() -> None:
    """Uniform costs and a benefit that is the share itself: Φ(α) = α all along."""
    found = JoiningMap(FunctionCurve(same), UniformCosts(0, 1)).fixed_points()
    (stretch,) = found.points
    assert (stretch.alpha, stretch.until, stretch.stability) == (0.0, 1.0, "neutral")
    assert found.outcome(0.3) == 0.3
    assert found.critical_mass(0.4) == 0.4
    # With G = min(α, ½) only up to there.
    half = FunctionCurve(lambda alpha: np.minimum(alpha, 0.5), points=(0.5,))
    (stretch,) = JoiningMap(half, UniformCosts(0, 1)).fixed_points().points
    assert (stretch.alpha, stretch.until, stretch.below, stretch.above) == (0.0, 0.5, 0, -1)


@pytest.mark.parametrize("benefit", [1 - 1e-7, 1 + 1e-7])
def test_along_the_diagonal_nothing_is_made_up(benefit: float) -> None:
    found = JoiningMap(FunctionCurve(same), UniformCosts(0, 1), benefit=benefit).fixed_points()
    expected = ["unstable", "stable"] if benefit > 1 else ["stable"]
    assert kinds(found) == expected
    assert found.resolution > 1e-9


def test_granovetter_is_the_case_where_the_benefit_is_the_share() -> None:
    """Thresholds normal(.25, sd): the smallest equilibrium, and where it is gone (V32)."""
    for sd, smallest in [(0.1, 0.0077), (0.12, 0.0402), (0.122, 0.0548), (0.1225, 1.0)]:
        found = JoiningMap(FunctionCurve(same), NormalCosts(0.25, sd)).fixed_points()
        assert found.low == pytest.approx(smallest, abs=6e-5)


def test_the_domino_and_the_domino_perturbed() -> None:
    """Thresholds 0, .01, ..., .99: all join one after the other; without the .01 one does (V31)."""
    thresholds = np.arange(100) / 100
    found = JoiningMap(FunctionCurve(same), SampleCosts(thresholds)).fixed_points()
    assert [(p.alpha, p.stability) for p in found.points] == [(1.0, "stable")]
    assert not found.unresolved
    thresholds[1] = 0.02
    found = JoiningMap(FunctionCurve(same), SampleCosts(thresholds)).fixed_points()
    assert found.low == 0.01
    assert found.outcome(0.02) == 1.0


def test_a_sample_of_costs_is_solved_on_its_own_steps() -> None:
    """Every equilibrium of n people is a k/n with Φ(k/n) = k/n, and each is found."""
    people = 2_000
    draws = np.random.default_rng(0).random(people)
    society = JoiningMap(BoundCurve(0.01), SampleCosts(draws), benefit=0.9)
    found = society.fixed_points()
    steps = np.arange(people + 1) / people
    rests = steps[society.next(steps) == steps]
    assert [point.alpha for point in found.points if point.attained] == rests.tolist()
    law = uniform_costs_equilibria(0.9, kappa=0.01)
    # Kolmogorov-Smirnov at 4 s.e. of the sample's law, over 1 − slope.
    slope = float(uniform_costs_slope(law.stable, ratio=0.9, kappa=0.01))
    assert abs(found.high - law.stable) < 2 / np.sqrt(people) / (1 - slope)


def test_a_falling_curve_is_stable_in_small_steps_only() -> None:
    falls = FunctionCurve(lambda alpha: 1 - alpha)
    gentle = JoiningMap(falls, UniformCosts(0, 2)).fixed_points().points
    assert [(p.alpha, p.stability, p.under_best_response) for p in gentle] == [
        (pytest.approx(1 / 3), "stable", True)
    ]
    steep = JoiningMap(falls, UniformCosts(0.25, 0.75)).fixed_points().points
    assert [(p.alpha, p.stability, p.under_best_response) for p in steep] == [
        (pytest.approx(0.5), "stable", False)
    ]
    assert steep[0].slope_below == pytest.approx(-2, rel=1e-5)
    jump = JoiningMap(falls, IdenticalCosts(0.4)).fixed_points().points
    assert [(p.alpha, p.stability, p.attained, p.under_best_response) for p in jump] == [
        (pytest.approx(0.6), "stable", False, False)
    ]
    assert jump[0].slope_below == -np.inf


def test_what_brings_people_in_and_keeps_them_out() -> None:
    """Side payments start it, first movers too, and both have a threshold."""
    plain = JoiningMap(BoundCurve(0.01), UniformCosts(0, 1), benefit=0.5)
    assert plain.fixed_points().low == 0.0
    foot = 0.01 / 1.01
    for name in ("side_payment", "first_movers"):
        for extra, starts in ((foot * 0.99, False), (foot * 1.01, True)):
            helped = JoiningMap(plain.curve, plain.costs, benefit=0.5, **{name: extra})
            assert (helped.fixed_points().low > 0.4) == starts
    fined = JoiningMap(plain.curve, plain.costs, benefit=0.5, side_payment=-0.6)
    assert fined.fixed_points().high == 0.0


def test_many_at_once_are_each_as_alone() -> None:
    kappas, leaks = np.array([0.001, 0.01, 0.1, 0.4]), np.array([0.0, 0.2, 0.5, 0.9])
    many = JoiningMap(BoundCurve(kappas), LogNormalCosts(0.2, 0.6), gamma=leaks)
    for number, found in enumerate(many.all_fixed_points()):
        alone = JoiningMap(
            BoundCurve(kappas[number]), LogNormalCosts(0.2, 0.6), gamma=leaks[number]
        )
        places = [point.alpha for point in alone.fixed_points().points]
        assert [point.alpha for point in found.points] == pytest.approx(places, rel=1e-10)
        single = many.only(number)
        assert [p.alpha for p in single.fixed_points().points] == pytest.approx(places, rel=1e-10)
        assert many.next(0.3, case=number) == single.next(0.3) == alone.next(0.3)
    with pytest.raises(ValueError, match=r"0\.\.3"):
        many.only(4)


@settings(max_examples=50)
@given(societies())
def test_nothing_is_made_up_and_nothing_is_lost(society: JoiningMap) -> None:
    """Every equilibrium is one, and on a fine grid all signs are what lies between two of them."""
    found = society.fixed_points()
    places = np.array([point.alpha for point in found.points])
    assert np.all(np.diff(places) > 0)
    for point in found.points:
        if point.attained:
            assert float(society.next(point.alpha)) == pytest.approx(point.alpha, abs=2e-9)
    for one, other in zip(found.points[:-1], found.points[1:], strict=True):
        assert one.above == other.below != 0
        assert one.until < other.alpha
    gap = society.next(GRID) - GRID
    told = np.zeros(len(GRID))
    for point in found.points:
        told = np.where(point.until < GRID, point.above, told)
    told = np.where(places[0] > GRID, found.points[0].below, told)
    # At an equilibrium itself, and where it is said that things are too close to tell.
    unclear = np.abs(gap) <= 1e-12
    # At a turning point a jump of F may be touched, by that share alone.
    unclear |= np.isin(GRID, society.curve.breaks)
    for point in found.points:
        unclear |= (point.alpha - 1e-9 <= GRID) & (point.until + 1e-9 >= GRID)
    for blur in found.unresolved:
        unclear |= (blur.low <= GRID) & (blur.high >= GRID)
    np.testing.assert_array_equal(np.sign(gap)[~unclear], told[~unclear])


@settings(max_examples=20)
@given(societies(rising=True), st.floats(0.0, 1.0))
def test_the_map_goes_where_it_is_said_to(society: JoiningMap, start: float) -> None:
    """Iterated from anywhere, and from both sides of the critical mass, Φ does what is said."""
    found = society.fixed_points()
    mass = found.critical_mass()
    starts = [start, 0.0, 1.0]
    if 0 < mass < np.inf:
        starts += [max(mass - 1e-3, 0.0), min(mass + 1e-3, 1.0)]
    for begin in starts:
        end, state = found.outcome(begin), begin
        for _ in range(3_000):
            after = float(society.next(state))
            # On the way, and never past it.
            assert min(state, end) - 2e-9 <= after <= max(state, end) + 2e-9
            if after == state:
                break
            state = after
        slow = max(abs(p.slope_below) for p in found.points if p.alpha == end or p.until == end)
        fast = max(abs(p.slope_above) for p in found.points if p.alpha == end or p.until == end)
        if not max(slow, fast) > 0.98 and not found.unresolved:
            assert state == pytest.approx(end, abs=1e-6)


@settings(max_examples=20)
@given(curves(rising=True), scales, st.floats(1.0, 3.0))
def test_higher_costs_make_it_harder(curve, benefit: float, times: float) -> None:  # type: ignore[no-untyped-def]
    dear, cheap = (
        JoiningMap(curve, UniformCosts(0.0, scale), benefit=benefit).fixed_points()
        for scale in (times, 1.0)
    )
    assert dear.high <= cheap.high + 1e-9
    assert dear.low <= cheap.low + 1e-9
    for level in (0.1, 0.5):
        assert dear.critical_mass(level) >= cheap.critical_mass(level) - 1e-9


def test_staircases_of_both_kinds() -> None:
    """A step that is closed to the right is there at its share; one closed to the left is not."""
    for closed, rests in (("right", True), ("left", False)):
        curve = StepCurve(np.array([0.5]), np.array([0.0, 1.0]), closed)
        found = JoiningMap(curve, UniformCosts(0, 2)).fixed_points()
        assert (0.5 in [p.alpha for p in found.points if p.attained]) == rests
    many = JoiningMap(
        StepCurve(np.array([0.1, 0.2, 0.6]), np.array([0.0, 0.15, 0.5, 0.9])), UniformCosts(0, 1)
    ).fixed_points()
    assert [(p.alpha, p.stability) for p in many.points] == [
        (0.0, "stable"),
        (0.1, "unstable"),
        (0.15, "stable"),
        (0.2, "unstable"),
        (0.5, "stable"),
        (0.6, "unstable"),
        (0.9, "stable"),
    ]
    assert many.critical_mass(0.3) == 0.2
    assert many.outcome(0.2) == 0.5


def test_a_thousand_draws_are_solved_in_a_moment() -> None:
    rng = np.random.default_rng(1)
    alphas = np.array([0.001, 0.003, 0.01, 0.03, 0.1])
    draws = np.array([0.02, 0.2, 0.6, 0.9, 0.95]) + rng.normal(0, 0.02, (1000, 5))
    solved = JoiningMap(MeasuredCurve(alphas, draws), LogNormalCosts(0.3, 0.5)).all_fixed_points()
    masses = np.array([points.critical_mass() for points in solved])
    assert len(solved) == 1000
    assert np.all((masses > 0) & (masses < 0.01))


def test_what_is_refused() -> None:
    curve, law = BoundCurve(0.01), UniformCosts(0, 1)
    with pytest.raises(ValueError, match="benefit"):
        JoiningMap(curve, law, benefit=-1.0)
    with pytest.raises(ValueError, match="gamma"):
        JoiningMap(curve, law, gamma=1.5)
    with pytest.raises(ValueError, match="side_payment"):
        JoiningMap(curve, law, side_payment=np.inf)
    with pytest.raises(ValueError, match="first_movers"):
        JoiningMap(curve, law, first_movers=-0.1)
    with pytest.raises(ValueError, match="one length"):
        JoiningMap(curve, law, benefit=[1.0, 2.0], gamma=[0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="one length"):
        JoiningMap(BoundCurve([0.1, 0.2]), law, gamma=[0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="alpha"):
        JoiningMap(curve, law).next(1.2)
