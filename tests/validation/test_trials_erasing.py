"""Every bound on unplanting, erasing and planting a number, on worlds where it says something."""

import pytest

from gigsim.validation.trial import Trial, run_trial
from gigsim.validation.trials_erasing import TRIALS

every_trial = pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)


def _hold(trial: Trial, worlds: int, seed: int) -> None:
    verdict = run_trial(trial, worlds, seed)
    assert verdict.violations == 0
    assert len(verdict.caught) >= 2
    assert all(verdict.caught.values()), verdict.caught
    # Neither a triviality nor a world that the bound is not about: some worlds come close to it.
    assert verdict.slack[1] < 0.1


@every_trial
def test_no_bound_is_broken_and_no_mutant_survives(trial: Trial) -> None:
    _hold(trial, 2_000, seed=0)


@pytest.mark.slow
@every_trial
def test_no_bound_is_broken_in_20_000_worlds(trial: Trial) -> None:
    _hold(trial, 20_000, seed=1)


def test_names_are_unique() -> None:
    assert len({trial.name for trial in TRIALS}) == len(TRIALS)
