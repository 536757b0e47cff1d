"""The convex bounds on trial; the slow run has the number of worlds that is asked for."""

import numpy as np
import pytest

from gigsim.validation.convex_worlds import ConvexWorlds
from gigsim.validation.trial import Trial, run_trial
from gigsim.validation.trials_convex import TRIALS

# A world of a pool costs a third of a millisecond: one of the two trials, of the same worlds.
FEW = 500
FAST = [trial for trial in TRIALS if trial.name != "pool, leverage of the linear program"]


@pytest.mark.parametrize("trial", FAST, ids=lambda t: t.name)
def test_some_worlds(trial: Trial[ConvexWorlds]) -> None:
    count = FEW if "pool" in trial.name or "logistic" in trial.name else 2000
    verdict = run_trial(trial, count, seed=1, batch=2 * count)
    assert verdict.informative >= count
    assert verdict.violations <= trial.risk * verdict.informative
    assert all(verdict.caught.values()), verdict.caught
    assert len(verdict.caught) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("trial", TRIALS, ids=lambda t: t.name)
def test_twenty_thousand_worlds(trial: Trial[ConvexWorlds]) -> None:
    verdict = run_trial(trial, 20_000, seed=2)
    assert verdict.informative >= 20_000
    assert verdict.violations <= trial.risk * verdict.informative
    assert all(verdict.caught.values()), verdict.caught


def test_both_sides_of_the_critical_mass_are_tried() -> None:
    for trial in TRIALS:
        if "cancelling" not in trial.name or "local" in trial.name:
            continue
        worlds = trial.worlds(np.random.default_rng(0), 2000)
        promised = trial.bound(worlds)
        hit = promised == 0
        assert 0.05 < hit.mean() < 0.5, trial.name
        # Where theory says that θ* is reached, it is; newton's last step leaves some 1e-9.
        assert worlds.reached[hit].max() < 1e-7, trial.name


def test_names_are_unique() -> None:
    names = [trial.name for trial in TRIALS]
    assert len(set(names)) == len(names)
