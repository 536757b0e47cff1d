"""Dues, a fund, subsidies and a provision point in the loop, against what theory says of each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.checkpoint import restore, save_checkpoint
from gigsim.config import load
from gigsim.errors import InputError
from gigsim.levers import _fewest
from gigsim.model import GigEconomy
from gigsim.runs import tables_of, write_table
from gigsim.theory.participation.costs import IdenticalCosts
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.regimes import AssuredCurve
from gigsim.theory.participation.startup import shortfall, startup_cost
from tests.levers import CLEAN, Points, costs_of, gain_curve, on_curve, write_curve

Make = Callable[..., GigEconomy]

#: S that is nothing under a quarter and .8 from there on, but for a thousandth of rise.
STAIR: Points = ((0.0, CLEAN), (0.249, CLEAN), (0.25, 0.8), (1.0, 0.8))


@pytest.fixture(scope="module")
def curve(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_curve(tmp_path_factory.mktemp("rising"))


@pytest.fixture(scope="module")
def stair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_curve(tmp_path_factory.mktemp("stair"), STAIR)


@pytest.fixture(scope="module")
def make(toy_language_path: Path, curve: Path) -> Make:
    """400 people on the rising curve: ``make(**{"collective.dues": 0.1})``."""

    def made(path: Path = curve, **keys: Any) -> GigEconomy:
        return on_curve(path, toy_language_path, **keys)

    return made


def identical(cost: float) -> dict[str, Any]:
    return {"population.cost": {"kind": "constant", "value": cost}}


# ------------------------------------------------------------------------- the provision point


@pytest.mark.parametrize("cost", [0.3, 0.699])
def test_a_refund_solves_the_start_up_problem(make: Make, cost: float) -> None:
    """Identical costs below b·G(point) = .7: nobody is committed, and everybody pledges at once."""
    contract = identical(cost) | {"collective.provision_point": 0.2}
    model = make(**contract)
    rows = model.run(3)
    assert rows["alpha"].tolist() == [0.0, 1.0, 1.0, 1.0]
    assert rows["in_force"].tolist() == [False, True, True, True]
    assert rows["costs"].iloc[1] == pytest.approx(400 * cost)
    without = make(**contract, **{"collective.refund": False}).run(3)
    assert not without["alpha"].any()
    assert not without["in_force"].any()


def test_nobody_pledges_what_is_not_worth_it_at_the_point(make: Make) -> None:
    assert not make(**identical(0.701), **{"collective.provision_point": 0.2}).run(3)["alpha"].any()
    assert make(**identical(0.701), **{"collective.provision_point": 0.3}).run(3)["alpha"].any()


@pytest.mark.parametrize("point", [0.02, 0.15, 0.2, 0.5, 0.97])
@pytest.mark.parametrize("spillover", [0.0, 0.25])
def test_the_path_is_that_of_the_assured_curve(make: Make, point: float, spillover: float) -> None:
    """Each period is one application of the map; it ends at the fixed point that theory names."""
    model = make(
        **{
            "collective.provision_point": point,
            "society.spillover": spillover,
            "population.cost": {"kind": "normal", "mean": 0.4, "sd": 0.15},
        }
    )
    alpha = model.run(12)["alpha"].to_numpy()
    assured = AssuredCurve(gain_curve(), point)
    society = JoiningMap(assured, costs_of(model), gamma=spillover)
    np.testing.assert_array_equal(alpha[1:], society.next(alpha[:-1]))
    np.testing.assert_allclose(alpha[-1], society.fixed_points().low, atol=1e-12)
    assert model.periods["in_force"].tolist() == (alpha >= point).tolist()


def test_until_enough_have_pledged_nothing_happens(make: Make) -> None:
    model = make(
        **{
            "collective.provision_point": 0.3,
            "society.activation": 0.1,
            "collective.leak": 0.5,
            "network": {"kind": "ring", "degree": 4},
            "collective.dues": 0.01,
            "collective.first_movers": 10,
            "run.periods": 12,
        }
    )
    waiting = 0
    while not model.finished:
        model.step()
        people, row = model.population, model.periods.iloc[-1]
        assert row["pledged"] == row["alpha"] == people.member.mean()
        assert row["in_force"] == (row["alpha"] >= 0.3)
        if row["in_force"]:
            assert row["costs"] > 0 < row["dues"]
            assert people.holds_signal[people.member].all()
        else:
            waiting += 1
            assert row["members"] > 0
            assert not people.holds_signal.any()
            none = ["alpha_effective", "edited", "free_riders", "costs", "dues", "subsidies"]
            assert not row[none].any()
            assert row["target_rate_members"] == row["base_top1"]
            assert not people.utility.any()
    assert 2 <= waiting < 12


def test_who_has_pledged_has_no_signal_to_leave_with(make: Make) -> None:
    """Nine in ten leavers would keep it: pledges stand all the same, until there is one to keep."""
    keys = {"collective.provision_point": 0.5, "collective.retention": 0.9}
    model = make(**identical(0.3), **keys, **{"society.activation": 0.2})
    rows = model.run(12)
    first = int(np.flatnonzero(rows["in_force"])[0])
    assert first > 2
    assert not rows["left"].iloc[: first + 1].any()
    # (1 - .9)·b·G is less than .3: whoever has the signal has no reason to stay.
    assert rows["left"].iloc[first + 1] > 20


def test_without_a_refund_a_pledge_costs_what_it_costs(make: Make) -> None:
    model = make(
        **identical(0.2),
        **{
            "collective.provision_point": 0.5,
            "collective.refund": False,
            "collective.first_movers": 40,
            "collective.dues": 0.05,
        },
    )
    row = model.run(2).iloc[-1]
    assert row["alpha"] == 0.1
    assert not row["in_force"]
    assert row["costs"] == pytest.approx(40 * 0.2)
    assert row["dues"] == pytest.approx(40 * 0.05)
    assert row["alpha_effective"] == 0


def test_a_contract_that_lapses_leaves_members_without_the_signal(make: Make) -> None:
    """The point is raised above everybody who pledges: from then on it is as if nobody had."""
    late = [{"period": 4, "set": {"collective.provision_point": 0.99}}]
    model = make(**{"collective.provision_point": 0.2, "population.cost.high": 1.0, "at": late})
    rows = model.run(6)
    before, after = rows.iloc[3], rows.iloc[4]
    assert before["in_force"]
    assert before["alpha_effective"] == before["alpha"] > 0.7
    assert after["members"] > 0
    assert not after["in_force"]
    assert after["alpha_effective"] == after["costs"] == 0
    assert not model.population.holds_signal.any()


def test_a_cost_paid_once_is_paid_when_the_contract_comes_into_force(make: Make) -> None:
    model = make(
        **identical(1.0),
        **{
            "collective.provision_point": 0.4,
            "society.activation": 0.2,
            "society.cost_timing": "once",
            "society.horizon": 5,
        },
    )
    rows = model.run(10)
    assert not rows["in_force"].iloc[1]
    assert rows["costs"].sum() == pytest.approx(rows["members"].iloc[-1], abs=1e-9)
    first = int(np.flatnonzero(rows["in_force"])[0])
    assert rows["costs"].iloc[:first].sum() == 0
    assert rows["costs"].iloc[first] == pytest.approx(rows["members"].iloc[first])


@pytest.mark.slow
def test_what_the_theorem_promises_at_the_point_is_enough(make_toy: Make) -> None:
    """A platform that trains: with the theorem people pledge before anybody has seen it work."""
    keys = {
        "society.belief": "theory",
        "society.activation": 1.0,
        "society.spillover": 0.0,
        "collective.first_movers": 0,
        "population.cost.low": 0.05,
        "population.cost.high": 0.3,
        "measure.success": "any",
    }
    assert not make_toy(**keys).run(2)["alpha"].any()
    model = make_toy(**keys, **{"collective.provision_point": 0.6})
    rows = model.run(2)
    alpha = rows["alpha"].iloc[1]
    worth = max(0.0, model.lines.promise(0.6, "any") - model.clean_rate)
    assert alpha == np.mean(model.population.cost <= worth)
    assert alpha > 0


# ----------------------------------------------------------------------------------- subsidies


def test_the_start_up_cost_carries_a_society_over(make: Make, stair: Path) -> None:
    """Identical costs c before a stair: each of the critical mass lacks c, as theory adds it up."""
    cost = 0.3
    society = JoiningMap(gain_curve(STAIR), IdenticalCosts(cost))
    mass = society.fixed_points().critical_mass()
    each = startup_cost(society) / mass
    assert each == pytest.approx(cost, rel=2e-3)
    for part, members in ((1.01, 400), (0.9, 0)):
        keys = {"collective.subsidy": part * each, "collective.fund": 1e4}
        model = make(stair, **identical(cost), **keys, **{"collective.subsidy_until": mass})
        rows = model.run(5)
        assert rows["members"].iloc[-1] == members
        # Once over the critical mass it sustains itself, and nobody is paid.
        assert not rows["subsidies"].iloc[2:].any()


@pytest.mark.parametrize(("part", "tips"), [(1.001, True), (0.9, False)])
def test_a_subsidy_to_all_has_to_cover_the_largest_shortfall(
    make: Make, part: float, tips: bool
) -> None:
    """Who is paid alike cannot be paid what each lacks: the largest of it is what counts."""
    keys = {"population.cost": {"kind": "uniform", "low": 0.1, "high": 0.6}}
    model = make(**keys)
    society = JoiningMap(gain_curve(), costs_of(model))
    critical = society.fixed_points().critical_mass(0.8)
    # Just above k of 400 it is the turn of the next one.
    sizes = np.arange(round(critical * 400)) / 400 + 1e-9
    largest = float(shortfall(society, sizes).max())
    assert startup_cost(society, until=critical) < largest * critical
    paid = {"collective.subsidy": part * largest, "collective.fund": 1e6}
    model = make(**keys, **paid)
    alpha = model.run(40)["alpha"].to_numpy()
    helped = JoiningMap(gain_curve(), costs_of(model), side_payment=part * largest)
    np.testing.assert_array_equal(alpha[1:], helped.next(alpha[:-1]))
    assert alpha[-1] == pytest.approx(helped.fixed_points().low, abs=1e-12)
    assert (alpha[-1] > 0.9) == tips


def test_an_empty_fund_pays_equal_parts_and_then_nothing(make: Make) -> None:
    """100 in the fund, 400 come for .3 each: a quarter each, and they leave again."""
    keys = {"collective.fund": 100.0, "collective.subsidy": 0.3}
    model = make(**identical(0.25), **keys)
    rows = model.run(3)
    assert rows["members"].tolist()[:3] == [0, 400, 400]
    assert rows["subsidies"].tolist()[:2] == [0.0, 100.0]
    np.testing.assert_allclose(rows["fund"].tolist(), [100.0, 0.0, 0.0, 0.0], atol=1e-9)
    assert model.offer == 0.0


def test_nobody_joins_for_a_promise_that_is_not_made(make: Make) -> None:
    """With a fund of a tenth of the subsidy the offer is that tenth."""
    keys = {"collective.fund": 0.03, "collective.subsidy": 0.3}
    model = make(**identical(0.25), **keys)
    assert not model.run(2)["members"].any()
    assert model.offer == 0.03


def test_first_movers_are_not_paid(make: Make) -> None:
    keys = {"collective.fund": 100.0, "collective.subsidy": 0.3, "collective.first_movers": 400}
    rows = make(**keys).run(2)
    assert not rows["subsidies"].any()
    assert (rows["fund"] == 100).all()


def test_a_subsidy_ends_at_its_size(make: Make) -> None:
    keys = {"collective.fund": 1e4, "collective.subsidy": 0.2, "society.activation": 0.2}
    ended = make(**keys, **{"collective.subsidy_until": 0.3}).run(12)
    published = ended["alpha"].shift().fillna(0.0)
    members = ended["members"].iloc[1:]
    paid = np.where(published.iloc[1:] < 0.3, 0.2 * members, 0.0)
    np.testing.assert_allclose(ended["subsidies"].iloc[1:], paid, atol=1e-9)
    assert 0 < (paid == 0).sum() < len(paid)
    going_on = make(**keys, **identical(0.1)).run(40)
    # 1 is no end: everybody is there, and is paid.
    assert going_on["alpha"].iloc[-1] == 1
    assert going_on["subsidies"].iloc[-1] == pytest.approx(80)


# ---------------------------------------------------------------------------------------- dues


@pytest.mark.parametrize("rule", ["best_response", "logit"])
def test_dues_weigh_like_a_cost(make: Make, rule: str) -> None:
    law = {"kind": "uniform", "low": 0.0, "high": 0.5}
    keys = {"society.rule": rule, "society.activation": 0.3, "collective.first_movers": 80}
    dear = {"population.cost": law | {"low": 0.0625, "high": 0.5625}}
    due = make(**keys, **{"population.cost": law, "collective.dues": 0.0625}).run(10)
    cost = make(**keys, **dear).run(10)
    assert due["alpha"].nunique() > 4
    pd.testing.assert_series_equal(due["alpha"], cost["alpha"])
    np.testing.assert_allclose(due["mean_wealth"], cost["mean_wealth"], atol=1e-9)
    np.testing.assert_allclose(due["fund"], (due["members"] * 0.0625).cumsum(), atol=1e-9)


def test_with_a_cost_paid_once_dues_are_due_over_the_horizon(make: Make) -> None:
    """(gain - dues)·horizon + σ >= c: .7 a period less .5, ten times, against 1.9 or 2.1."""
    keys = {
        "society.cost_timing": "once",
        "society.horizon": 10,
        "collective.provision_point": 0.2,
        "collective.dues": 0.5,
    }
    assert make(**keys, **identical(1.9)).run(2)["alpha"].iloc[-1] == 1
    assert make(**keys, **identical(2.1)).run(2)["alpha"].iloc[-1] == 0
    # The subsidy is promised for this period alone.
    paid = keys | {"collective.subsidy": 0.15, "collective.fund": 1e4}
    assert make(**paid, **identical(2.1)).run(1)["alpha"].iloc[-1] == 1
    assert make(**paid, **identical(2.2)).run(1)["alpha"].iloc[-1] == 0


def test_dues_can_pay_the_subsidies(make: Make) -> None:
    """First movers pay in, and what they pay in is what can be promised."""
    keys = {"collective.first_movers": 100, "collective.dues": 0.1, "collective.subsidy": 0.4}
    model = make(**identical(0.6), **keys)
    model.step()
    # A hundred times .1 for a first recipient: enough to promise him all.
    assert model.offer == 0.4
    row = model.periods.iloc[-1]
    assert row["dues"] == pytest.approx(0.1 * row["members"])
    assert row["fund"] == pytest.approx(row["dues"] - row["subsidies"])


# ------------------------------------------------------------------------------------ accounts


@settings(max_examples=25, deadline=None)
@given(
    dues=st.sampled_from([0.0, 0.013, 0.2]),
    fund=st.sampled_from([0.0, 1e-3, 7.7, 3e4]),
    subsidy=st.sampled_from([0.0, 0.1, 0.37]),
    until=st.sampled_from([0.1, 1.0]),
    point=st.sampled_from([0.0, 0.25]),
    refund=st.booleans(),
    rule=st.sampled_from(["best_response", "logit", "threshold", "imitation"]),
    seed=st.integers(0, 1000),
)
def test_every_period_adds_up(
    make: Make,
    dues: float,
    fund: float,
    subsidy: float,
    until: float,
    point: float,
    refund: bool,
    rule: str,
    seed: int,
) -> None:
    if subsidy and not (dues or fund):
        subsidy = 0.0
    model = make(
        **{
            "collective.dues": dues,
            "collective.fund": fund,
            "collective.subsidy": subsidy,
            "collective.subsidy_until": until,
            "collective.provision_point": point,
            "collective.refund": refund,
            "collective.first_movers": 40,
            "collective.leak": 0.001,
            "society.rule": rule,
            "society.activation": 0.4,
            "population.turnover": 0.05,
            "population.size": 120,
            "run.seed": seed,
        }
    )
    before = fund
    for _ in range(5):
        model.step()
        row = model.periods.iloc[-1]
        total = row["benefits"] - row["costs"] - row["dues"] + row["subsidies"]
        assert abs(model.population.utility.sum() - total) < 1e-9
        assert abs(row["fund"] - (before + row["dues"] - row["subsidies"])) < 1e-9
        assert row["fund"] >= 0
        before = row["fund"]
        supported = model.population.member & ~model.population.first_mover
        assert row["subsidies"] <= subsidy * supported.sum() + 1e-9
        assert 0 <= model.offer <= subsidy


def test_without_levers_there_is_no_money(make: Make) -> None:
    rows = make(**{"collective.first_movers": 80}).run(3)
    assert not rows[["dues", "subsidies", "fund"]].any(axis=None)
    assert rows["in_force"].all()
    assert rows["pledged"].isna().all()


def test_a_subsidy_that_nothing_pays_for_is_refused(make: Make) -> None:
    with pytest.raises(InputError, match=r"collective\.fund = 0 and"):
        make(**{"collective.subsidy": 0.1})
    later = [{"period": 2, "set": {"collective.dues": 0.1}}]
    make(**{"collective.subsidy": 0.1, "at": later})


# ----------------------------------------------------------------------------------- scenarios


@pytest.mark.slow
def test_the_scenario_of_a_contract_shows_what_it_says() -> None:
    rows = GigEconomy(load("assurance")).run()
    assert np.flatnonzero(rows["in_force"])[0] == 6
    assert not rows["costs"].iloc[:6].any()
    assert rows["success_top1"].iloc[6] > 0.9 > 0.1 > rows["success_top1"].iloc[5]
    assert rows["alpha"].iloc[-1] > 0.2
    assert not GigEconomy(load("assurance", ["collective.refund=false"])).run()["alpha"].any()


@pytest.mark.slow
def test_the_scenario_of_a_fund_shows_what_it_says() -> None:
    rows = GigEconomy(load("subsidised")).run()
    assert rows["alpha"].iloc[6] > 0.009
    assert rows["success_top1"].iloc[6] > 0.9
    assert not rows["subsidies"].iloc[9:].any()
    assert rows["alpha"].iloc[-1] > rows["alpha"].iloc[9]
    assert rows["fund"].iloc[-1] / 150 == pytest.approx(1 / 3, abs=0.05)
    none = GigEconomy(load("subsidised", ["collective.subsidy=0.24"])).run()
    assert not none["alpha"].any()
    assert (none["fund"] == 150).all()


# --------------------------------------------------------------------------------- checkpoints


def test_a_restored_run_is_the_undisturbed_run(make: Make, tmp_path: Path) -> None:
    """While it pays, and while too few have pledged."""
    model = make(
        **{
            "collective.dues": 0.02,
            "collective.fund": 30.0,
            "collective.subsidy": 0.1,
            "collective.provision_point": 0.25,
            "collective.first_movers": 30,
            "collective.seeding": "clusters",
            "society.activation": 0.15,
            "population.turnover": 0.1,
            "network": {"kind": "small_world", "degree": 6, "rewire": 0.1},
            "at": [{"period": 5, "set": {"collective.first_movers": 60}}],
        }
    )
    files = []
    while not model.finished:
        model.step()
        files.append(tmp_path / f"{model.period}.checkpoint")
        save_checkpoint(model, files[-1])
    assert model.periods["in_force"].iloc[1:].nunique() == 2
    undisturbed = _bits(model, tmp_path)
    for file in (files[0], files[3], files[5]):
        again = restore(file)
        while not again.finished:
            again.step()
        assert _bits(again, tmp_path) == undisturbed, file.name


def _bits(model: GigEconomy, folder: Path) -> dict[str, str]:
    found = {}
    for name, table in tables_of(model).items():
        write_table(table, folder / "table.parquet")
        found[name] = hashlib.sha256((folder / "table.parquet").read_bytes()).hexdigest()
    return found


@given(st.floats(1e-6, 1.0), st.integers(2, 10_000_000))
def test_the_fewest_who_reach_a_point_are_counted_as_the_contract_counts(
    point: float, size: int
) -> None:
    number = _fewest(point, size)
    assert number / size >= point > (number - 1) / size
    assert _fewest(0.07, 100) == 7
