"""Where any member tips it and nobody begins: somebody has to be the first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gigsim.config import Config
from gigsim.planning import plan
from gigsim.planning.hinges import hinges
from gigsim.planning.margins import enough, left_with
from gigsim.planning.outlook import Outlook, members, of_people, outlook
from gigsim.planning.starting import starting
from gigsim.planning.sustaining import solved, sustaining
from gigsim.planning.trials import people_of
from gigsim.planning.working import working
from tests.planning.conftest import society, uniform

Known = Callable[..., Outlook]
PEOPLE = 2000


def straight(path: Path, rise: float = 10.0, dips: bool = False) -> Path:
    """A measured curve from S = 0 at α = 0 straight up to 1 at 1/rise; three trainings a size."""
    alphas = [0.0, 0.5 / rise, 1 / rise, 2 / rise, 1.0]
    success = [0.0, 0.5, 1.0, 0.7 if dips else 1.0, 1.0]
    rows = [
        {"alpha": alpha, "seed": seed, "base_any": 0.0, "base_top1": 0.0}
        | dict.fromkeys(("success_any", "success_top1"), s)
        | {"accuracy": 1.0}
        for alpha, s in zip(alphas, success, strict=True)
        for seed in range(3)
    ]
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def cheap(**changes: Any) -> Config:
    """Costs uniform from 0 on: with G = 10 α Φ is 10 α too, and 0 an unstable equilibrium."""
    return society(**({"population.cost": uniform(1.0)} | changes))


@pytest.fixture
def straightly(tmp_path: Path) -> Outlook:
    return outlook(cheap(), straight(tmp_path / "straight.csv"))


def test_nobody_joins_before_there_is_somebody(straightly: Outlook) -> None:
    assert straightly.equilibria.critical_mass() == 0
    found = sustaining(straightly, solved(straightly))
    assert (found["people"], found["share"], found["by_itself"]) == (1, 1 / PEOPLE, False)
    assert found["interpolated"]
    assert (found["people_low"], found["people_high"]) == (1, 1)
    start = starting(straightly, solved(straightly))
    assert start["first_movers"]["people"] == 1
    assert start["first_movers"]["plan"] == 2
    # The cheapest of 2,000, who has nothing but the subsidy: Q(1/N).
    assert start["subsidy"]["least"] == pytest.approx(1 / PEOPLE)
    assert start["subsidy"]["least_low"] == pytest.approx(1 / PEOPLE)
    assert start["provision_point"]["works"]
    assert not enough(straightly, 0.0)
    assert enough(straightly, 1 / PEOPLE)


def test_a_signal_that_nobody_carries_takes_one(known: Known) -> None:
    """κ = 0: the bound jumps at α = 0, for those who are not there yet."""
    look = known(**{"population.cost": uniform(1.2), "platform.learner.bound_xi": 0.0})
    assert sustaining(look, None)["people"] == 1
    assert working(look)["people"] == 1
    assert starting(look, None)["first_movers"]["people"] == 1
    # No person is a tenth of one: nothing that is 10 % worse takes more.
    assert all(one["still"] and one["effect"] == 0 for one in hinges(look, None))


def test_who_joins_for_nothing_is_the_first(known: Known) -> None:
    """As soon as one of the N people is expected to, nobody else is needed."""
    looks = [
        known(**{"population.cost": {"kind": "uniform", "low": low, "high": 1.0}})
        for low in (-0.0006, -0.0004)
    ]
    for look, mass in zip(looks, (0.0, 1 / PEOPLE), strict=True):
        assert of_people(0.0, look.society, PEOPLE) == mass


@pytest.mark.parametrize(("share", "whole"), [(0.0, 0), (1e-12, 1), (0.0005, 1), (0.0005001, 2)])
def test_people_are_whole(share: float, whole: int) -> None:
    assert members(share, PEOPLE) == whole


def test_nobody_is_left_where_nobody_begins(straightly: Outlook) -> None:
    assert left_with(straightly, 0.0) == 0.0


def test_a_run_has_people_who_begin_by_themselves(known: Known) -> None:
    """A ten thousandth of a million: 5,000 of them would hold half of one."""
    crowd = {"population.size": 1_000_000, "network": {"kind": "random", "degree": 10}}
    look = known(**crowd, **{"population.cost": {"kind": "uniform", "low": -1e-4, "high": 1.0}})
    assert people_of(look, float(look.society.next(0.0))) == 200_000
    assert people_of(look, 0.0) == 5_000


def test_a_promise_is_said_to_be_one_once() -> None:
    said = plan(society(), seeds=0).content["sentences"]
    promise = next(one["text"] for one in said if one["text"].startswith("That is a promise"))
    assert promise.count("no measurement") == 1
    assert "Theorem 1" in promise


def test_a_curve_that_falls_again_is_told(tmp_path: Path) -> None:
    made = plan(cheap(), curve=straight(tmp_path / "dips.csv", dips=True), seeds=0)
    assert made.content["works"]["lowest_beyond"] == pytest.approx(0.7)
    first = [one["text"] for one in made.content["sentences"] if one["question"] == 1]
    assert first[1].startswith("Not at every larger size, though")
    assert "70 %" in first[1]


def test_at_the_edge_the_answer_is_no_number_that_is_there_already() -> None:
    """c = b·G(1): nothing that is told to be needed may be what there is."""
    content = plan(society(**{"population.cost": {"kind": "constant", "value": 1.0}}), seeds=0)
    said = [one["text"] for one in content.content["sentences"] if one["question"] == 2]
    assert len(said) == 1
    assert said[0].startswith("Never, if only just")


@pytest.mark.slow
def test_runs_stay_with_nobody_and_go_with_one(tmp_path: Path) -> None:
    """The loop is of the same opinion: none of five without, all with the plan."""
    made = plan(cheap(), curve=straight(tmp_path / "straight.csv"), seeds=5)
    kinds = made.content["start"]["trials"]["kinds"]
    assert kinds["nothing"]["carried"] == 0
    assert kinds["first_movers"]["carried"] == 5
