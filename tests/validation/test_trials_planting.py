"""Every bound on planting: no violation on the worlds in which it speaks, every mutant caught."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gigsim.theory.closeness import VALID
from gigsim.validation.trial import Trial, run_trial
from gigsim.validation.trials_planting import TRIALS

NAMES = [trial.name for trial in TRIALS]
#: A mutant caught in fewer worlds than this would be caught by luck.
FEWEST = 3


def test_every_bound_is_there_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(len(trial.mutants) >= 2 for trial in TRIALS)
    for closeness in VALID:
        concerned = [trial for trial in TRIALS if f", {closeness}," in trial.name]
        kinds = {trial.name.split(f", {closeness},")[0] for trial in concerned}
        assert {
            "feature-label",
            "feature-only printed",
            "feature-only sharp",
            "feature-only evasive",
            "feature-only quantile",
            "feature-only quantile, evasive",
        } <= kinds
        assert all(
            "slides' ε-term" in trial.mutants for trial in concerned if "sel" not in trial.name
        )


@pytest.mark.parametrize("trial", TRIALS, ids=NAMES)
def test_the_bound_holds_and_its_mutants_do_not(trial: Trial[Any]) -> None:
    verdict = run_trial(trial, 2000, seed=0)
    assert verdict.violations == 0
    assert min(verdict.caught.values()) >= FEWEST, verdict.caught
    assert verdict.holds


@pytest.mark.slow
@pytest.mark.parametrize("trial", TRIALS, ids=NAMES)
def test_the_bound_holds_in_many_worlds(trial: Trial[Any]) -> None:
    verdict = run_trial(trial, 20_000, seed=1)
    assert verdict.informative >= 20_000
    assert verdict.violations == 0
    assert min(verdict.caught.values()) >= 10 * FEWEST, verdict.caught


def test_equal_seeds_give_equal_worlds() -> None:
    for trial in (TRIALS[0], TRIALS[-1]):
        first, again = (trial.worlds(np.random.default_rng(5), 100) for _ in range(2))
        np.testing.assert_array_equal(trial.exact(first), trial.exact(again))
        np.testing.assert_array_equal(trial.bound(first), trial.bound(again))
