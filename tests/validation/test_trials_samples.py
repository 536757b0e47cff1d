"""Finite samples, several collectives and coordination noise: the trials themselves."""

from __future__ import annotations

import numpy as np
import pytest

from gigsim.validation import trials_samples
from gigsim.validation.sample_worlds import sampled_worlds
from gigsim.validation.trial import Trial, Verdict, run_trial
from gigsim.validation.trials_samples import SAMPLES, TRIALS, written_out

SEED = 20250601


def _check(trial: Trial, verdict: Verdict, count: int) -> None:
    assert verdict.informative >= count
    assert verdict.holds
    # Only the luck of the test points ever breaks these bounds, with at most δ̃, its share of δ: a
    # world in 20,000 or so, and none where nothing is left to luck.
    assert verdict.violations <= 0.1 * trial.risk * verdict.informative
    assert len(verdict.caught) >= 2
    for name, caught in verdict.caught.items():
        # A mutant of a bound that may fail has to fail more often than that.
        assert caught > trial.risk * verdict.drawn, name


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_trials(trial: Trial) -> None:
    _check(trial, run_trial(trial, 1000, SEED, batch=2000), 1000)


@pytest.mark.slow
@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_trials_at_length(trial: Trial) -> None:
    _check(trial, run_trial(trial, 20_000, SEED + 1), 20_000)


def test_every_trial_has_its_own_name() -> None:
    names = [trial.name for trial in TRIALS]
    assert len(set(names)) == len(names)
    assert len(SAMPLES) == len(trials_samples._ROWS)


@pytest.mark.parametrize("trial", SAMPLES, ids=lambda trial: trial.name)
def test_written_out_once_more_without_mistakes_it_is_the_bound(trial: Trial) -> None:
    """Otherwise a mutant would differ from the bound in more than its mistake."""
    worlds = trial.worlds(np.random.default_rng(5), 500)
    bound = trial.bound(worlds)
    again = dict(zip([t.name for t in SAMPLES], trials_samples._ROWS, strict=True))[trial.name]
    plain = written_out(worlds, again[2].knows(worlds))
    held = np.isfinite(bound)
    assert held.mean() > 0.3
    np.testing.assert_allclose(plain[held], bound[held], atol=1e-12)


def test_a_share_of_the_risk_is_what_it_costs() -> None:
    """With less certainty asked for, more is promised, and still nothing fails."""
    promised = []
    for delta in (0.001, 0.5):
        worlds = sampled_worlds(np.random.default_rng(6), 2000, delta=delta, rarity=(-2.5, 1.5))
        bound = trials_samples._FEATURE_LABEL.bound(worlds)
        assert np.mean(worlds.planting < bound - 1e-9) <= delta
        promised.append(bound)
    assert np.all(promised[1] >= promised[0])
