"""The best floor and the best slack of a sample: the trials, and their bounds written out."""

from __future__ import annotations

import numpy as np
import pytest

from gigsim.validation.planting_worlds import ANY, SINGLE
from gigsim.validation.profile_worlds import Profiled, floors_seen, slacks_seen
from gigsim.validation.trial import Trial, run_trial
from gigsim.validation.trials_profiles import (
    TRIALS,
    floor_bound,
    floors_written_out,
    slack_bound,
    slack_written_out,
)


def judge(trial: Trial[Profiled], count: int) -> None:
    verdict = run_trial(trial, count, seed=3, batch=min(4096, 2 * count))
    assert verdict.informative >= count
    assert verdict.violations < verdict.risk * verdict.drawn
    for name, caught in verdict.caught.items():
        # By four standard errors more often than the bound itself may fail.
        error = np.sqrt(trial.risk * (1 - trial.risk) / verdict.drawn)
        assert caught / verdict.drawn > trial.risk + min(4 * error, 0.01), name
    assert verdict.holds


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_no_more_failures_than_are_allowed(trial: Trial[Profiled]) -> None:
    judge(trial, 250)


@pytest.mark.slow
@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_no_more_failures_in_20_000_worlds(trial: Trial[Profiled]) -> None:
    judge(trial, 20_000)


@pytest.mark.parametrize("evasive", [False, True])
def test_the_best_floor_written_out_is_the_bound(evasive: bool) -> None:
    drawn = floors_seen(np.random.default_rng(0), 100, evasive=evasive)
    found = floor_bound(drawn, evasive=evasive)
    np.testing.assert_allclose(found, floors_written_out(drawn, evasive=evasive), atol=1e-12)


@pytest.mark.parametrize("reading", [SINGLE, ANY], ids=lambda reading: reading.name)
def test_the_best_slack_written_out_is_the_bound(reading: object) -> None:
    drawn = slacks_seen(np.random.default_rng(1), 100, reading=reading)  # type: ignore[arg-type]
    found = slack_bound(drawn)
    assert np.isfinite(found).mean() > 0.9
    np.testing.assert_allclose(found, slack_written_out(drawn), rtol=1e-9, atol=1e-9)


def test_texts_without_the_target_are_lost_and_the_others_won() -> None:
    drawn = floors_seen(np.random.default_rng(2), 200, evasive=False)
    assert ((drawn.success > 0) & (drawn.success < 1)).mean() > 0.9
    assert np.all((drawn.counts.sum(axis=1) >= 30) & (drawn.counts.sum(axis=1) <= 1000))
