"""The trials of descent, privacy, retraining and re-weighting: they hold, and mutants do not."""

import numpy as np
import pytest

from gigsim.theory.worlds import Worlds
from gigsim.validation.trial import Trial, Verdict, run_trial
from gigsim.validation.trials_descent import TRIALS
from gigsim.validation.weighted_worlds import Weighted, weighted_by_errors

NAMES = [trial.name for trial in TRIALS]
#: Of these a world costs a tenth of a millisecond and more.
DEAR = [
    "gradient control, size that the path takes",
    "retraining, people who think several levels ahead",
    "retraining, a collective with a fixed strategy",
]


def judge(trial: Trial, count: int) -> Verdict:
    verdict = run_trial(trial, count, seed=len(trial.name), batch=min(4096, 2 * count))
    assert verdict.informative >= count
    assert verdict.violations <= trial.risk * verdict.informative
    assert len(trial.mutants) >= 2
    for name, caught in verdict.caught.items():
        # A bound that may fail now and then catches nothing by being broken now and then.
        assert caught > 1.5 * trial.risk * verdict.drawn, f"{name} got away"
    assert verdict.holds
    return verdict


def test_every_trial_is_named_once() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("trial", TRIALS, ids=NAMES)
def test_on_some_worlds(trial: Trial) -> None:
    judge(trial, 500 if trial.name in DEAR else 2000)


@pytest.mark.slow
@pytest.mark.parametrize("trial", TRIALS, ids=NAMES)
def test_on_20000_worlds(trial: Trial) -> None:
    judge(trial, 20_000)


def test_exact_reports_leave_no_slack() -> None:
    trial = TRIALS[NAMES.index("gradient control, exact reports")]
    worlds = trial.worlds(np.random.default_rng(0), 100)
    np.testing.assert_allclose(trial.exact(worlds), trial.bound(worlds), atol=1e-9)


def test_the_second_training_by_hand() -> None:
    """Text 1 shows the signal; base rows there are of label 0, the target is 1; λ = 4."""
    world = Worlds(
        base=np.array([[[0.9, 0.0], [0.1, 0.0]]]),
        sets=np.eye(2, dtype=bool),
        signal=np.array([[1, 1]]),
        target=np.array([1]),
    )
    four, one = np.full((1, 2, 2), 4.0), np.ones((1, 2, 2))
    plain = Weighted(world, np.array([0.2]), one, one, np.array([0.2]))
    assert plain.success() == 1
    second = Weighted(
        world, np.array([0.2]), one, np.array([[[1.0, 1.0], [4.0, 1.0]]]), np.array([0.161])
    )
    assert second.success() == 0
    assert second.base.xi == pytest.approx(0.4 / 1.3)
    assert Weighted(world, np.array([0.05]), four, one, np.array([0.17])).success() == 1


def test_weights_of_errors_are_those_of_the_first_training() -> None:
    drawn = weighted_by_errors(np.random.default_rng(0), 200)
    law = drawn.worlds.law(drawn.alpha)
    for b in range(200):
        lam = drawn.own[b].max()
        for x in range(law.shape[1]):
            right = np.flatnonzero(drawn.own[b, x] == 1) if lam > 1 else [law[b, x].argmax()]
            assert law[b, x].argmax() in right
    np.testing.assert_array_equal(drawn.own, drawn.other)
