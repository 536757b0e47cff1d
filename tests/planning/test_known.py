"""The five questions where the answer is a formula: Theorem 1, identical and uniform costs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gigsim.dynamics.first_movers import first_movers
from gigsim.errors import InputError
from gigsim.planning.hinges import hinges
from gigsim.planning.margins import enough
from gigsim.planning.outlook import Outlook, members, outlook, world_of
from gigsim.planning.secrecy import first_movers_with_leak, largest_leak, secrecy
from gigsim.planning.starting import provision_point, starting
from gigsim.planning.subsidies import least_budget, subsidy
from gigsim.planning.sustaining import extreme, sustaining
from gigsim.planning.working import least_share, working
from gigsim.theory.participation.measured_curve import MeasuredCurve
from tests.planning.conftest import society, uniform

Known = Callable[..., Outlook]
KAPPA = 0.01
FOOT = KAPPA / (1 + KAPPA)
FOLD = 4 * KAPPA / (1 + KAPPA) ** 2


def constant(value: float) -> dict[str, object]:
    return {"population.cost": {"kind": "constant", "value": value}}


@pytest.mark.parametrize(("goal", "share"), [(0.5, 0.019608), (0.9, 0.090909), (0.99, 0.5)])
def test_works_from_where_the_bound_is_at_the_target(
    known: Known, goal: float, share: float
) -> None:
    """V2: α*(S) = κ/(κ + 1 − S)."""
    found = working(known(**{"measure.success_target": goal}))
    assert found["share"] == pytest.approx(share, abs=5e-7)
    assert found["people"] == members(share, 2000)
    assert not found["interval"]
    assert found["guarantee"]["share"] == pytest.approx(share, abs=5e-7)


def test_a_measured_curve_is_inverted_exactly_between_its_knots() -> None:
    gains = np.array([[0.0, 0.4, 0.9], [0.0, 0.1, 0.2]])
    curve = MeasuredCurve(np.array([0.0, 0.1, 0.3]), gains, "linear")
    found = least_share(curve, 0.65)
    assert found.tolist() == [pytest.approx(0.2), np.inf]
    assert least_share(curve, 0.0).tolist() == [0.0, 0.0]
    assert least_share(curve, 0.4)[0] == pytest.approx(0.1)


@pytest.mark.parametrize(("cost", "share"), [(0.2, 0.012346), (0.5, 0.019608), (0.8, 0.047619)])
def test_identical_costs(known: Known, cost: float, share: float) -> None:
    """V26: α_c = κ/(κ + 1 − c/b), and everybody from there on."""
    look = known(**constant(cost))
    found = sustaining(look, None)
    assert found["share"] == pytest.approx(share, abs=5e-7)
    assert found["people"] == members(share, 2000)
    assert found["grows_to"]["people"] == 2000
    start = starting(look, None)
    # Nobody comes along before it pays for all.
    assert start["first_movers"]["share"] == pytest.approx(found["share"], rel=1e-9)
    # Who is first has nothing but the subsidy.
    assert start["subsidy"]["least"] == pytest.approx(cost, rel=1e-9)
    assert start["provision_point"]["least_people"] == found["people"]
    assert start["provision_point"]["works"]
    # γ up to which all together still find it worth its cost.
    assert secrecy(look, 0.1)["gamma_sustains"] == pytest.approx(1 - cost, rel=1e-9)


def test_identical_costs_with_a_spillover(known: Known) -> None:
    """V27: γ = .5, c/b = .2: .016393; from c/b = .5 on never."""
    found = sustaining(known(**constant(0.2), **{"society.spillover": 0.5}), None)
    assert found["share"] == pytest.approx(0.016393, abs=5e-7)
    never = known(**constant(0.51), **{"society.spillover": 0.5})
    found = sustaining(never, None)
    assert (found["share"], found["people"], found["possible"]) == (None, None, False)
    # All of b·(1 − γ) for a cost of .51.
    assert found["needs"]["benefit"] == pytest.approx(1.02, rel=1e-9)
    assert found["needs"]["cost_scale"] == pytest.approx(0.5 / 0.51, rel=1e-9)
    assert found["needs"]["subsidy"] == pytest.approx(0.01, rel=1e-9)


@pytest.mark.parametrize(
    ("ratio", "low", "high"),
    [(1.0, 0.01, 1.0), (0.5, 0.010103, 0.494897), (0.1, 0.011127, 0.089873)],
)
def test_uniform_costs(known: Known, ratio: float, low: float, high: float) -> None:
    """V28: the roots of α² − r(1+κ)α + rκ = 0."""
    look = known(**{"population.cost": uniform(1 / ratio)})
    found = sustaining(look, None)
    assert found["share"] == pytest.approx(low, abs=5e-7)
    assert found["grows_to"]["share"] == pytest.approx(high, abs=5e-7)
    start = starting(look, None)
    # At the foot nobody has joined yet: the costliest hour, for first movers and for the purse.
    assert start["first_movers"]["share"] == pytest.approx(FOOT, rel=1e-3)
    assert start["subsidy"]["least"] == pytest.approx(FOOT / ratio, rel=1e-3)
    # Another derivation of the same: the dynamics' own.
    by_map = first_movers(look.society).share[0]
    assert start["first_movers"]["share"] == pytest.approx(by_map, rel=1e-3)


def test_the_fold_of_uniform_costs(known: Known) -> None:
    """V29: below r = 4κ/(1+κ)² = .0392118 nobody takes part; what it would take says so."""
    look = known(**{"population.cost": uniform(1 / 0.03)})
    found = sustaining(look, None)
    assert not found["possible"]
    assert found["needs"]["benefit"] == pytest.approx(FOLD / 0.03, rel=1e-6)
    assert found["needs"]["cost_scale"] == pytest.approx(0.03 / FOLD, rel=1e-6)
    at_half = known(**{"population.cost": uniform(2.0)})
    fold = extreme(at_half.society, "gamma", 2000)
    assert fold == pytest.approx(1 - FOLD / 0.5, rel=1e-6)


def test_a_way_up_is_paid_for_and_less_is_no_way(known: Known) -> None:
    """Everybody joins at once for a subsidy over his cost, and stays for what it brings then."""
    look = known()
    found = subsidy(look)
    assert found["per_person"] == pytest.approx(0.55)
    # Half of the people in the first period, .55 each; by the second the size is reached, and the
    # platform was retrained at its end.
    assert found["periods"] == 1
    assert found["total"] == pytest.approx(0.55 * 1000)
    assert found["fund"] == pytest.approx(1.25 * found["total"])
    # Paid to each what he lacks: 21 people, of whom 20 bring 1 - κ·99 = .01.
    assert found["least_budget"] == pytest.approx(21 * (0.5 - 0.01))


def test_a_budget_is_of_what_people_lack_at_the_time(known: Known) -> None:
    """By brute force, one joining after the other in order of cost."""
    look = known(**{"population.cost": uniform(2.0)})
    people, last = 2000, members(look.critical_mass, 2000)
    assert last
    costs = 2.0 * (np.arange(last) + 0.5) / people
    lacking = [
        np.maximum(costs[:k] - max(0.0, 1 - KAPPA * (people - k + 1) / (k - 1 or 1e-9)), 0).sum()
        for k in range(1, last + 1)
    ]
    found = least_budget(look.society, people, look.critical_mass)
    assert found == pytest.approx(max(lacking), rel=1e-9)
    # Half of them committed, who are paid nothing.
    assert least_budget(look.society, people, look.critical_mass, 0.5 * last / people) < found
    assert least_budget(look.society, people, look.critical_mass, look.critical_mass) == 0


def test_the_configs_first_movers_are_enough_or_not(known: Known) -> None:
    enough_of_them = known(**{"collective.first_movers": 40})
    assert enough(enough_of_them, enough_of_them.first_movers)
    too_few = known(**{"collective.first_movers": 39})
    start = starting(too_few, None)
    assert not start["first_movers"]["configured_suffice"]
    assert start["first_movers"]["left_with_configured"] == 39
    # The next one has what 39 bring.
    rest = start["subsidy_with_configured"]
    assert rest["least"] == pytest.approx(0.5 - (1 - KAPPA * (1 / 0.0195 - 1)), rel=0.02)


def test_a_provision_point_where_nothing_sustains_itself(known: Known) -> None:
    found = provision_point(known(**constant(2.0)))
    assert not found["works"]
    assert found["people"] is None


def test_elasticities_of_identical_costs(known: Known) -> None:
    """α_c = κ/(κ + 1 − q), q = c/b: q/(κ + 1 − q) in costs, minus that in b; 1 in members."""
    look = known()
    found = {one["name"]: one for one in hinges(look, None)}
    slope = 0.5 / (KAPPA + 0.5)
    assert found["costs"]["elasticity"] == pytest.approx(slope, rel=1e-3)
    assert found["benefit"]["elasticity"] == pytest.approx(-slope, rel=1e-3)
    assert found["secrecy"]["elasticity"] == pytest.approx(-slope, rel=1e-3)
    assert found["platform"]["elasticity"] == pytest.approx(1.0, rel=1e-6)
    # A tenth less worth: κ/(κ + 1 − .5/.9).
    worse = (KAPPA / (KAPPA + 1 - 0.5 / 0.9)) / look.critical_mass - 1
    assert found["benefit"]["effect"] == pytest.approx(100 * worse, rel=1e-6)
    effects = [abs(one["effect"]) for one in hinges(look, None)]
    assert effects == sorted(effects, reverse=True)


def test_what_kills_it_comes_first(known: Known) -> None:
    found = hinges(known(**constant(0.95)), None)
    assert not found[0]["still"]
    assert found[0]["effect"] is None
    assert found[-1]["name"] == "platform"


def test_a_leak_on_the_complete_network(known: Known) -> None:
    """One holder tells everybody: with 1,999 acquaintances each, hardly anything may leak."""
    look = known(**{"population.size": 500})
    most = largest_leak(look, 0.05)
    assert 0 < most < 0.05
    rotating = largest_leak(look, 0.05, rotate_every=1)
    assert rotating > most
    leaky = known(**{"population.size": 500, "collective.leak": most})
    assert first_movers_with_leak(leaky, look.critical_mass) >= look.critical_mass


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"society.rule": "threshold"}, "society.rule"),
        ({"society.rule": "imitation"}, "society.rule"),
        ({"society.cost_timing": "once"}, "society.cost_timing"),
        ({"at": [{"period": 3, "set": {"collective.leak": 0.1}}]}, "at"),
        ({"society.rule": "reinforcement"}, "society.rule"),
    ],
)
def test_what_a_plan_cannot_answer_is_refused(changes: dict[str, object], where: str) -> None:
    with pytest.raises(InputError) as refused:
        outlook(society(**changes))
    assert refused.value.where == where


def test_people_are_whole() -> None:
    assert members(0.019608, 2000) == 40
    # 3 of 2,000, with a rounding error.
    assert members(0.0015 + 1e-15, 2000) == 3
    assert members(float("inf"), 2000) is None


def test_a_world_that_changes_is_planned_for_as_it_is_by_a_period() -> None:
    """Costs of .2 from period 4 on, and of .8 from period 9: the closed form of each."""
    changes = [
        {"period": 9, "set": {"population.cost.value": 0.8}},
        {"period": 4, "set": {"population.cost.value": 0.2, "collective.first_movers": 7}},
    ]
    config = society(at=changes)
    for period, cost in ((0, 0.5), (3, 0.5), (4, 0.2), (8, 0.2), (9, 0.8), (100, 0.8)):
        look = outlook(config, period=period)
        assert look.critical_mass == pytest.approx(KAPPA / (KAPPA + 1 - cost), rel=1e-6)
        assert not look.config.at
        assert look.config.collective.first_movers == (7 if period >= 4 else 0)
    assert world_of(society(), 5) == society()


def test_where_nobody_leaves_joining_is_what_counts(known: Known) -> None:
    """Who would keep the signal never leaves: α_c is that of γ = 0."""
    keeping = {"collective.retention": 0.4, **constant(0.5)}
    leaving = sustaining(known(**keeping), None)
    assert leaving["share"] == pytest.approx(KAPPA / (KAPPA + 1 - 0.5 / 0.6), rel=1e-6)
    assert leaving["withers"]
    look = known(**keeping, **{"society.leaving": "never"})
    never = sustaining(look, None)
    assert never["share"] == pytest.approx(KAPPA / (KAPPA + 1 - 0.5), rel=1e-6)
    assert not never["withers"]
    assert secrecy(look, 0.1)["retention_most"] is None
