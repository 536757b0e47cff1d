"""How often intervals hold the truth where many points have equal values, by made-up runs.

Values are drawn for the runs of a plan, a function of its point plus standard normal luck, and go
the way that those of real runs go: from runs to points, from points to indices.

Tolerances: of n intervals of 95 % as many miss as a binomial of n and 5 % has up to its quantile of
99.9 %. Student's t of a mean effect is exact for normal luck. Sobol's corrected intervals are
normal ones of a ratio, by a bootstrap, and shares are cut off at 1, so that they need not reach
95 % on 64 samples: a design whose points are all distinct is the measure of what they can reach.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from gigsim.sensitivity.analysis import Analysis, analyse
from gigsim.sensitivity.outcomes import Values
from gigsim.sensitivity.plan import Plan, load_plan
from tests.sensitivity.worlds import Floats, quick_sensitivity

#: Four distinct points, whatever the number of samples.
CHOICES = {
    "society.rule": {"choices": ["best_response", "logit"]},
    "society.belief": {"choices": ["published", "adaptive"]},
}
#: No two points with equal values.
NUMBERS = {
    "collective.leak": {"low": 0.0, "high": 0.1},
    "society.activation": {"low": 0.1, "high": 1.0},
}
#: Four distinct points.
WHOLE = {"collective.first_movers": {"low": 4, "high": 7}}
SOBOL = {"samples": 64, "resamples": 100}
MORRIS = {"method": "morris", "trajectories": 20, "samples": None, "resamples": 100}
REPLICATES = 2

Function = Callable[[Floats], Floats]


def nothing(x: Floats) -> Floats:
    return np.zeros(len(x))


def half(x: Floats) -> Floats:
    """Of the first parameter -1 or 1: as much variance as luck has, S1 and ST are 1, and 0."""
    return np.where(x[:, 0] < 0.5, -1.0, 1.0)


def plan_of(ranges: Mapping[str, Any], table: Mapping[str, Any], **changes: Any) -> Plan:
    whole = {"outcomes": ["alpha"], "ranges": ranges, **table}
    study = quick_sensitivity(whole, replicates=REPLICATES, **changes)
    study["sensitivity"] = {k: v for k, v in study["sensitivity"].items() if v is not None}
    return load_plan(study)


def sharing(plan: Callable[..., Plan]) -> Plan:
    """Points of equal values in one case, with luck that is no other point's: what must not be."""
    common = plan(common_random_numbers=True)
    assert len(common.study.cases) == 4
    return replace(common, study=replace(common.study, common_random_numbers=False))


@dataclass(frozen=True)
class Studies:
    """Many studies with the runs of a plan: what came of each."""

    every: tuple[Analysis, ...]

    def misses(self, name: str, row: int, truth: float) -> int:
        """Intervals of an index that do not hold the truth; those that are empty claim nothing."""
        tables = [one.table.iloc[row] for one in self.every]
        return sum(
            bool(table[f"{name}_low"] > truth or table[f"{name}_high"] < truth) for table in tables
        )

    def wrong_shares(self, truth: float) -> int:
        """Intervals of the seeds' share that do not hold it."""
        shares = [one.summaries[0].shares for one in self.every]
        return sum(not one.share_low <= truth <= one.share_high for one in shares if one)


@pytest.fixture
def studies(monkeypatch: pytest.MonkeyPatch) -> Callable[[Plan, Function, int], Studies]:
    """Makes studies with a function and luck; the seed of each is its number."""

    def make(plan: Plan, function: Function, count: int) -> Studies:
        places = np.empty((len(plan.study.cases), len(plan.parameters)))
        places[plan.case] = plan.points
        signal = function(places)[:, None]
        counts = SimpleNamespace(finished=plan.study.runs, failed=0)
        monkeypatch.setattr("gigsim.sensitivity.analysis.read_counts", lambda folder: counts)
        found = []
        for seed in range(count):
            luck = np.random.default_rng(seed).normal(size=(len(places), REPLICATES))
            values = Values(signal + luck)
            monkeypatch.setattr("gigsim.sensitivity.analysis.values_of", lambda *_, v=values: v)
            found.append(analyse(plan, Path("nowhere")))
        return Studies(tuple(found))

    return make


def most(intervals: int) -> int:
    return int(binom.ppf(0.999, intervals, 0.05))


def of_nothing(found: Studies) -> int:
    """Studies in which some interval of ST leaves out 0."""
    names = range(len(found.every[0].table))
    return sum(
        any(Studies((one,)).misses("ST_corrected", row, 0.0) for row in names)
        for one in found.every
    )


def test_luck_alone_is_no_effect(studies: Callable[..., Studies]) -> None:
    found = studies(plan_of(CHOICES, SOBOL), nothing, 100)
    assert of_nothing(found) <= most(100)


def test_luck_that_points_share_would_be_one(studies: Callable[..., Studies]) -> None:
    """That the tests here would see it."""
    shared = sharing(lambda **changes: plan_of(CHOICES, SOBOL, **changes))
    assert of_nothing(studies(shared, nothing, 30)) > most(30)
    assert studies(shared, half, 30).misses("ST_corrected", 1, 0.0) > most(30)
    steps = sharing(lambda **changes: plan_of(WHOLE, MORRIS, **changes))
    assert studies(steps, nothing, 30).misses("mu", 0, 0.0) > most(30)


@pytest.mark.parametrize("ranges", [CHOICES, NUMBERS], ids=["choices", "distinct"])
def test_intervals_of_sobol_indices(
    studies: Callable[..., Studies], ranges: Mapping[str, Any]
) -> None:
    found = studies(plan_of(ranges, SOBOL), half, 100)
    assert found.misses("S1_corrected", 0, 1.0) <= most(100)
    assert found.misses("ST_corrected", 1, 0.0) <= most(100)
    assert found.wrong_shares(0.5) <= most(100)


def test_intervals_of_mean_effects(studies: Callable[..., Studies]) -> None:
    found = studies(plan_of(WHOLE, MORRIS), nothing, 200)
    assert found.misses("mu", 0, 0.0) <= most(200)


@pytest.mark.slow
def test_intervals_of_many_studies(studies: Callable[..., Studies]) -> None:
    """1,000 of each: as above, neither too short nor, where they are exact, too long."""
    count = 1000
    own, distinct = (plan_of(ranges, SOBOL) for ranges in (CHOICES, NUMBERS))
    assert of_nothing(studies(own, nothing, count)) <= most(count)
    choices, numbers = studies(own, half, count), studies(distinct, half, count)
    for name, row, truth in (("S1_corrected", 0, 1.0), ("ST_corrected", 1, 0.0)):
        assert choices.misses(name, row, truth) <= most(count)
        assert numbers.misses(name, row, truth) <= most(count)
    # Against what they reach where all points are distinct: five standard errors of a difference.
    reach = 5 * np.sqrt(2 * 0.06 * 0.94 * count)
    assert abs(choices.wrong_shares(0.5) - numbers.wrong_shares(0.5)) <= reach
    missed = studies(plan_of(WHOLE, MORRIS), nothing, count).misses("mu", 0, 0.0)
    assert binom.ppf(0.001, count, 0.05) <= missed <= most(count)
