"""Every bound on planting: no violation on the worlds in which it speaks, every mutant caught."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gigsim.theory.closeness import VALID
from gigsim.validation.planting_worlds import READINGS, Reading, draw_planted, edges
from gigsim.validation.trial import Trial, run_trial
from gigsim.validation.trials_feature_label import nominal
from gigsim.validation.trials_planting import TRIALS

NAMES = [trial.name for trial in TRIALS]
#: A mutant caught in fewer of 20,000 worlds than this would be caught by luck.
FEWEST = 30


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
    verdict = run_trial(trial, 1000, seed=0, batch=2000)
    assert verdict.violations == 0
    assert verdict.holds, verdict.caught


@pytest.mark.slow
@pytest.mark.parametrize("trial", TRIALS, ids=NAMES)
def test_the_bound_holds_in_many_worlds(trial: Trial[Any]) -> None:
    verdict = run_trial(trial, 20_000, seed=1)
    assert verdict.informative >= 20_000
    assert verdict.violations == 0
    assert min(verdict.caught.values()) >= FEWEST, verdict.caught


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.name)
def test_the_edges_are_among_the_worlds(reading: Reading) -> None:
    count = 480
    drawn = draw_planted(np.random.default_rng(6), count, reading=reading)
    edge = edges(count)
    assert all(which.sum() == 10 for which in edge)
    assert not (edge.unseen & edge.unopposed | edge.unopposed & edge.everybody).any()
    assert not drawn.worlds.xi[edge.unseen].any()
    gap = drawn.worlds.gap(reading.goal)
    assert not gap[edge.unopposed].any()
    assert np.all(drawn.worlds.xi[edge.unopposed] > 0)
    np.testing.assert_array_equal(drawn.alpha[edge.everybody], 1)
    # There one is promised, and one is what happens, but not with any base mass left out.
    some = edge.unseen | edge.unopposed | edge.everybody
    np.testing.assert_allclose(nominal(drawn)[some], 1)
    np.testing.assert_allclose(drawn.success[some], 1)
    tied = drawn.worlds.success(np.zeros(count), reading.goal, reading.label_sets)
    assert not tied[edge.unopposed].any(), "nobody plants, and the tie is a failure"


def test_equal_seeds_give_equal_worlds() -> None:
    for trial in (TRIALS[0], TRIALS[-1]):
        first, again = (trial.worlds(np.random.default_rng(5), 100) for _ in range(2))
        np.testing.assert_array_equal(trial.exact(first), trial.exact(again))
        np.testing.assert_array_equal(trial.bound(first), trial.bound(again))
