"""Club and public good: what is refused, and people who are let go once their gain is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gigsim.dynamics.carried import light, run_to_rest
from gigsim.dynamics.exclusion import club, exclusion, public_good
from gigsim.dynamics.put_in import free_from, least_that_holds, rests_at
from gigsim.errors import InputError
from gigsim.theory.participation.public_goods import public_good_share
from tests.dynamics.societies import society

UNIFORM = {"kind": "uniform", "low": 0.0, "high": 1.2}
SLOW = {"society.belief": "adaptive", "society.adaptation": 0.1}
WINDOW = {"platform.data": "window", "platform.window": 4, "platform.retrain_every": 3}


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ({"society.cost_timing": "once"}, "society.cost_timing"),
        ({"society.leaving": "never"}, "society.leaving"),
        ({"network": {"kind": "ring"}, "society.belief": "neighbours"}, "society.belief"),
        ({"population.turnover": 0.1}, "population.turnover"),
        ({"collective.subsidy": 0.2, "collective.fund": 9.0}, "collective.subsidy"),
        ({"collective.provision_point": 0.2}, "collective.provision_point"),
        (
            {"collective.provision_point": 0.2, "collective.refund": False},
            "collective.provision_point",
        ),
        ({"at": [{"period": 3, "set": {"society.benefit_scale": 2.0}}]}, "at"),
    ],
)
def test_what_the_maps_do_not_know_is_refused(keys: dict[str, Any], where: str) -> None:
    config = society(**keys)
    for asked in (
        lambda: club(config, 0.5),
        lambda: public_good(config, 1000),
        lambda: exclusion(config, [0.5], [1000], [1]),
    ):
        with pytest.raises(InputError) as refused:
            asked()
        assert refused.value.where == where
        assert "\n" not in str(refused.value)


def test_what_changes_nothing_is_let_through() -> None:
    # A fund that nobody is paid from; on the complete network everybody knows of everybody.
    config = society(**{"collective.fund": 9.0, "society.belief": "neighbours"})
    assert club(config, 0.5).society.spillover == 0.5


@pytest.mark.parametrize(
    "keys",
    [
        {},
        SLOW,
        WINDOW,
        SLOW | WINDOW,
        {"population.cost": 0.3, "collective.dues": 0.1},
        {"society.belief": "neighbours"},
    ],
)
def test_identical_people_hold_from_the_map_s_critical_mass_on(keys: dict[str, Any]) -> None:
    # κ/(κ + 1 − c − dues) = .03226 of 1,000 people, however slowly beliefs or the platform learn.
    config = light(club(society(**keys), 0.0))
    assert rests_at(config, 32, 1) == 0
    assert rests_at(config, 33, 1) == 1


def test_let_go_when_all_is_known() -> None:
    assert free_from(society()) == 2
    assert free_from(society(**{"platform.retrain_every": 3})) == 4
    # Four periods of theirs are in the window at the second retraining.
    assert free_from(society(**WINDOW)) == 7
    assert free_from(society(**SLOW)) == 3
    assert free_from(society(**SLOW, **WINDOW)) == 8


def test_nobody_put_in() -> None:
    assert rests_at(light(club(society(), 0.0)), 0, 1) == 0


def test_no_rest_by_the_limit() -> None:
    config = light(club(society(**{"run.limit": 5}), 0.0))
    with pytest.raises(InputError, match=r"run\.limit: 33 first movers"):
        rests_at(config, 33, 1)


@pytest.mark.parametrize("before", [1.0, 1e-12])
def test_rest_is_that_of_the_last_change(before: float) -> None:
    # One in twenty reconsiders from period 2 on: who is out may want in for long, and not forever.
    change = [{"period": 2, "set": {"society.activation": 0.05}}]
    end = run_to_rest(light(society(**{"society.activation": before, "at": change})), 33, 1)
    assert (end.alpha, end.restless) == (1, False)


def test_dues_are_a_cost_in_the_formula_too() -> None:
    # κ = .01, c + dues = .11, N = 500: √(κ/((c + dues)N)) = .013484.
    paid = {"population.cost": 0.01, "collective.dues": 0.1, "platform.learner.bound_xi": 0.01}
    (row,) = exclusion(society(**paid), [], [500], [1]).goods.to_dict("records")
    assert row["formula"] == pytest.approx(np.sqrt(0.01 / (0.11 * 500)), rel=1e-12)
    exact = float(public_good_share(0.11, kappa=0.01, population=500))
    assert row["high"] == pytest.approx(exact, abs=1e-9)
    # Contributors stop with the one for whom it is no longer worth it.
    assert exact <= row["simulated"] <= exact + 1 / 500


@pytest.mark.slow
@pytest.mark.parametrize("keys", [{}, SLOW, {"collective.dues": 0.1}])
def test_uniform_costs_simulated_and_predicted(keys: dict[str, Any]) -> None:
    config = society(**{"population.size": 2000, "population.cost": UNIFORM}, **keys)
    (row,) = exclusion(config, [0.5], [], [1]).path.to_dict("records")
    # 4 s.e. of the fixed point of people drawn at random; the slope rκ/α² of the map is the rest.
    slope = 0.5 / 1.2 * 0.02 / row["high"] ** 2
    error = np.sqrt(row["high"] * (1 - row["high"]) / 2000) / (1 - slope)
    assert abs(row["high_simulated"] - row["high"]) <= 4 * error + 1 / 2000
    # At the critical mass the slope is above 1, and its error is likewise that of the share in.
    steep = 0.5 / 1.2 * 0.02 / row["critical"] ** 2
    error = np.sqrt(row["critical"] * (1 - row["critical"]) / 2000) / (steep - 1)
    assert abs(row["critical_simulated"] - row["critical"]) <= 4 * error + 1 / 2000


@pytest.mark.slow
def test_slow_beliefs_move_no_critical_mass() -> None:
    # Fixed points are those of what is published, and so is the least number that holds: the same
    # people in the same world.
    plain, slow = (
        light(club(society(**{"population.cost": UNIFORM, "population.size": 500}, **keys), 0.5))
        for keys in ({}, SLOW)
    )
    for seed in (1, 2, 3):
        numbers = [least_that_holds(one, rests_at(one, 500, seed), seed) for one in (plain, slow)]
        assert numbers[0] == numbers[1]
