"""Every bound on unplanting, erasing and planting a number, on worlds where it says something."""

import numpy as np
import pytest

from gigsim.validation.erasing_draws import Reading, erasing_worlds, unplanting_worlds
from gigsim.validation.erasing_numbers import gaps, mean_moved
from gigsim.validation.planting_worlds import edges
from gigsim.validation.trial import Trial, run_trial
from gigsim.validation.trials_erasing import TRIALS

every_trial = pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)


def _hold(trial: Trial, worlds: int, seed: int) -> None:
    verdict = run_trial(trial, worlds, seed, batch=min(4096, 2 * worlds))
    assert verdict.violations == 0
    assert len(verdict.caught) >= 2
    assert all(verdict.caught.values()), verdict.caught
    # Neither a triviality nor a world that the bound is not about: some worlds come close to it.
    assert verdict.slack[1] < 0.1


@every_trial
def test_no_bound_is_broken_and_no_mutant_survives(trial: Trial) -> None:
    _hold(trial, 1_000, seed=0)


@pytest.mark.slow
@every_trial
def test_no_bound_is_broken_in_20_000_worlds(trial: Trial) -> None:
    _hold(trial, 20_000, seed=1)


@pytest.mark.parametrize("goal", ["top1", "any"])
def test_the_edges_are_among_the_worlds(goal: str) -> None:
    count, sets = 240, goal == "any"
    edge = edges(count)
    reading = Reading("", goal, sets, own_labels=sets)  # type: ignore[arg-type]
    drawn = unplanting_worlds(reading, averaged=False)(np.random.default_rng(0), count)
    assert not drawn.worlds.xi[edge.unseen].any()
    assert not gaps(drawn)[edge.unopposed].any()
    assert np.all(drawn.alpha[edge.everybody] == 1)
    some = edge.unseen | edge.unopposed | edge.everybody
    np.testing.assert_allclose(drawn.unplanted()[some], 1)
    drawn = erasing_worlds(reading, averaged=False)(np.random.default_rng(0), count)
    np.testing.assert_allclose(mean_moved(drawn)[edge.unopposed], 0, atol=1e-12)
    assert np.all(drawn.alpha[edge.everybody] == 1)
    np.testing.assert_allclose(drawn.erased()[edge.unopposed | edge.everybody], 1)


def test_names_are_unique() -> None:
    assert len({trial.name for trial in TRIALS}) == len(TRIALS)
