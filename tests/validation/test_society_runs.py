"""Societies for known answers: what a period is, where a path begins, what counts as agreement."""

from __future__ import annotations

import numpy as np
import pytest

from gigsim.theory.participation.closed_forms import uniform_costs_equilibria, uniform_costs_slope
from gigsim.theory.participation.costs import SampleCosts
from gigsim.theory.participation.curves import BoundCurve
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.validation.society_runs import (
    away,
    beyond_a_person,
    bound,
    evenly,
    fixed_point_error,
    play,
    settled,
    share_itself,
)

SIZE = 500


def test_a_period_is_one_application_of_the_people_s_map() -> None:
    costs = np.random.default_rng(5).random(SIZE)
    keys = {"society.benefit_scale": 0.6, "society.spillover": 0.2}
    society = JoiningMap(BoundCurve(0.05), SampleCosts(costs), benefit=0.6, gamma=0.2)
    for start in (20, 200, 500):
        run = play(SIZE, bound(0.05), start=start, traits={"cost": costs}, keys=keys)
        path = run["alpha"].to_numpy()
        assert path[:2].tolist() == [0.0, start / SIZE]
        assert path[2:].tolist() == society.next(path[1:-1]).tolist()
        assert path[-1] == path[-2] == society.fixed_points().outcome(start / SIZE)
        assert run["success_top1"].tolist() == bound(0.05)(path).tolist()
        assert (run["base_top1"] == 0).all()


def test_first_movers_of_the_start_are_free_to_leave() -> None:
    run = play(SIZE, share_itself, start=100, periods=3, keys={"population.cost": 0.9})
    assert run["members"].tolist() == [0, 100, 0, 0]


def test_what_does_not_come_to_rest_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gigsim.validation.society_runs._MOST", 10)
    with pytest.raises(RuntimeError, match="500 people are not at rest"):
        # Who sees nobody joins, who sees anybody leaves.
        settled(SIZE, lambda alpha: (alpha == 0).astype(float), keys={"population.cost": 0.5})


def test_evenly_spaced_people() -> None:
    assert evenly(lambda u: 2 * u, 4).tolist() == [0.25, 0.75, 1.25, 1.75]


def test_agreement_is_counted_in_standard_errors() -> None:
    runs = np.array([1.0, 3.0] * 4)
    error = runs.std(ddof=1) / np.sqrt(8)
    assert away(runs, 2.0) == 0.0
    assert away(runs, 2.5) == pytest.approx(0.5 / error)
    assert away([0.5] * 8, 0.5) == 0.0
    assert away([0.5] * 8, 0.5001) == np.inf
    assert away([*runs[:-1], np.nan], 2.0) == np.inf
    with pytest.raises(ValueError, match="eight"):
        away([1.0, 2.0], 1.5)


def test_shares_come_in_persons() -> None:
    assert beyond_a_person(0.509, 0.5, 0.01, 100) == 0.0
    assert beyond_a_person(0.53, 0.5, 0.01, 100) == pytest.approx(2.0)
    assert beyond_a_person(0.53, 0.5, 0.0, 100) == np.inf


def test_the_error_of_a_fixed_point_is_its_spread_over_samples() -> None:
    """200 samples of 2,000 people: their upper equilibria spread as much as is said, ± 20 %."""
    people, ratio = 2000, 0.5
    high = float(uniform_costs_equilibria(ratio, kappa=0.01).stable)
    slope = float(uniform_costs_slope(high, ratio=ratio, kappa=0.01))
    rng = np.random.default_rng(1)
    ends = []
    for _ in range(200):
        costs, share = np.sort(rng.random(people)), 1.0
        for _ in range(60):
            share = float(np.searchsorted(costs, ratio * bound(0.01)(np.array(share)), "right"))
            share /= people
        ends.append(share)
    said = fixed_point_error(high, slope, people)
    # An sd of 200 draws has a standard error of 5 %.
    assert np.std(ends) == pytest.approx(said, rel=0.2)
    assert away(np.array(ends), high) < 4
