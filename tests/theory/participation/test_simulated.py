"""Populations that decide by the package's own rules end where the mean field says."""

import numpy as np
import pytest

from gigsim.society.distributions import LogNormal, Uniform
from gigsim.society.joining import best_response, logit_rule
from gigsim.theory.participation.closed_forms import uniform_costs_equilibria, uniform_costs_slope
from gigsim.theory.participation.costs import IdenticalCosts, SampleCosts, UniformCosts, cost_law
from gigsim.theory.participation.curves import BoundCurve, FunctionCurve
from gigsim.theory.participation.folds import with_parameter
from gigsim.theory.participation.hysteresis import hysteresis
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.logit_response import logit_map, logit_slope
from gigsim.theory.participation.public_goods import public_good_share
from gigsim.theory.participation.regimes import pivotal_curve

N = 40_000


def settle(costs: np.ndarray, society: JoiningMap, start: float, rounds: int = 4_000) -> float:
    """Everybody best responds to the last share until nobody changes any more."""
    share, member = start, np.zeros(len(costs), dtype=bool)
    for _ in range(rounds):
        gain = np.full(len(costs), float(society.gain(share)))
        member = best_response(gain, costs, member, timing="per_period", horizon=1)
        if member.mean() == share:
            return share
        share = float(member.mean())
    raise AssertionError("it has not come to rest")


@pytest.mark.parametrize(("cost", "gamma"), [(0.2, 0.0), (0.5, 0.0), (0.8, 0.0), (0.2, 0.5)])
def test_identical_people_tip_together_v26_v27(cost: float, gamma: float) -> None:
    society = JoiningMap(BoundCurve(0.01), IdenticalCosts(cost), gamma=gamma)
    mass = society.fixed_points().critical_mass()
    everybody = np.full(N, cost)
    assert settle(everybody, society, np.ceil(mass * N) / N) == 1.0
    assert settle(everybody, society, np.floor(mass * N) / N) == 0.0


@pytest.mark.parametrize("ratio", [1.0, 0.5, 0.1])
def test_people_who_differ_v28(ratio: float) -> None:
    """Each side of the critical mass to its equilibrium, within 4 s.e. of a sample of N."""
    costs = Uniform(low=0.0, high=1.0).quantile(np.random.default_rng(3).random(N))
    society = JoiningMap(BoundCurve(0.01), UniformCosts(0, 1), benefit=ratio)
    low, high = uniform_costs_equilibria(ratio, kappa=0.01)

    def error(share: float) -> float:
        slope = float(uniform_costs_slope(share, ratio=ratio, kappa=0.01))
        return 4 * np.sqrt(share * (1 - share) / N) / abs(1 - slope) + 1 / N

    above, below = float(low) + error(float(low)), float(low) - error(float(low))
    assert settle(costs, society, above) == pytest.approx(float(high), abs=error(float(high)))
    assert settle(costs, society, below) == 0.0
    # The people themselves as the law: no error is left.
    exact = JoiningMap(BoundCurve(0.01), SampleCosts(costs), benefit=ratio).fixed_points()
    for start in (above, below, 0.3, 1.0):
        assert settle(costs, society, start) == exact.outcome(start)


def test_the_config_s_law_and_its_people() -> None:
    law = LogNormal(median=0.3, sigma=0.6)
    costs = law.quantile(np.random.default_rng(5).random(N))
    society = JoiningMap(BoundCurve(0.005), cost_law(**law.model_dump()), gamma=0.2)
    (point,) = (p for p in society.fixed_points().stable if p.alpha > 0)
    error = 4 * np.sqrt(point.alpha * (1 - point.alpha) / N) / (1 - point.slope_below)
    assert settle(costs, society, 1.0) == pytest.approx(point.alpha, abs=error)


def test_swept_down_a_population_collapses_where_its_costs_say() -> None:
    """V29 for people: the path of the simulated sweep is that of their empirical law."""
    costs = np.random.default_rng(7).random(5_000)
    values = np.linspace(0.02, 0.3, 15)
    society = JoiningMap(BoundCurve(0.01), SampleCosts(costs))
    found = hysteresis(society, "benefit", values)
    share, path = 1.0, []
    for value in values[::-1]:
        share = settle(costs, with_parameter(society, "benefit", [value]), share)
        path.append(share)
    assert found.down[::-1].tolist() == path
    assert found.down[0] == 0.0


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_the_logit_rule_hovers_about_its_equilibrium_v40(start: float) -> None:
    """λ = 6: .0707 from nobody, .9293 from everybody; the mean of T periods within 4 s.e."""
    rng, periods, share, seen = np.random.default_rng(11), 300, start, []
    for period in range(periods + 30):
        members = logit_rule(np.full(N, share - 0.5), 6.0, rng.random(N))
        share = float(members.mean())
        if period >= 30:
            seen.append(share)
    found = logit_map(6.0, cost=0.5).fixed_points()
    told = found.outcome(start)
    slope = float(logit_slope(told, 6.0))
    # An AR(1) of innovations √(a(1−a)/N): its mean's s.e. is theirs over 1 − s and √T.
    error = np.sqrt(told * (1 - told) / N / periods) / (1 - slope)
    # Beside it Φ'' shifts the mean by half of itself times the variance, over 1 − s.
    bend = 6.0 * slope * (1 - 2 * told)
    shift = bend / 2 * told * (1 - told) / N / (1 - slope**2) / (1 - slope)
    assert np.mean(seen) == pytest.approx(told + shift, abs=4 * error)


@pytest.mark.parametrize("population", [10_000, 25_000])
def test_a_public_good_stops_where_one_more_is_not_worth_it_v30(population: int) -> None:
    """One after the other is asked at random; they gather about √(bκ/(cN)), from both sides."""
    kappa, cost = 1e-3, 0.01
    curve = pivotal_curve(BoundCurve(kappa), population)
    # What one adds to 0, 1, ..., N − 1 others.
    pays = curve.value(np.arange(population) / population) >= cost
    told = float(public_good_share(cost, kappa=kappa, population=population))
    for start in (int(told * population * 0.9), int(told * population * 3)):
        members = start
        for luck in np.random.default_rng(13).random(6 * population):
            if luck < members / population:
                members -= not pays[members - 1]
            else:
                members += bool(pays[members])
        assert abs(members - told * population) <= 1
    found = JoiningMap(curve, IdenticalCosts(cost)).fixed_points()
    assert found.high == pytest.approx(told, rel=1e-9)


def test_thresholds_on_a_share_are_the_map_with_the_share_as_benefit() -> None:
    """Granovetter's rule is this map with G(α) = α and thresholds for costs."""
    thresholds = np.clip(np.random.default_rng(17).normal(0.25, 0.122, N), 0.0, None)
    society = JoiningMap(FunctionCurve(lambda alpha: alpha), SampleCosts(thresholds))
    share = 0.0
    while (after := float((share >= thresholds).mean())) != share:
        share = after
    assert society.fixed_points().low == share
