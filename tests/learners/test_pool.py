"""Trainings in worker processes: the same bits, and clear errors."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.learners.linear import LinearLearner
from gigsim.learners.pool import FitJob, FitPool
from gigsim.learners.protocol import Classifier, Learner, Rows, State
from gigsim.learners.recipes import LinearRecipe, TransformerRecipe
from gigsim.learners.transformer import TransformerLearner
from tests.learners.toys import separable


@dataclass(frozen=True)
class Dying(LinearLearner):
    """A learner whose process is killed."""

    def fit(
        self, rows: Rows, labels: NDArray[np.bool_], seed: int, start: State | None = None
    ) -> Classifier:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def jobs(learner: Learner, n: int = 3) -> list[FitJob]:
    texts, labels = separable(60, 0)
    others, _ = separable(20, 1)
    rows = learner.represent(texts, 40)
    evaluate = (learner.represent(others, 40), rows)
    return [FitJob(learner, rows, labels, seed, evaluate=evaluate) for seed in range(n)]


LINEAR = LinearLearner(LinearRecipe(), 3)
TRANSFORMER = TransformerLearner(
    TransformerRecipe(width=16, feedforward=32, max_tokens=32, epochs=1, dropout=0.1), 3
)


@pytest.fixture(scope="module")
def pool() -> Iterator[FitPool]:
    """Two workers, shared because each takes seconds to start."""
    with FitPool(2) as pool:
        yield pool


def test_same_bits_whatever_the_number_of_workers(pool: FitPool) -> None:
    work = jobs(LINEAR) + jobs(TRANSFORMER)
    pending = [pool.submit(job) for job in work]
    with FitPool(0) as here:
        expected = [here.submit(job).result() for job in work]
    for one, other in zip(expected, (fit.result() for fit in pending), strict=True):
        assert one.loss == other.loss
        assert one.state.keys() == other.state.keys()
        assert all(np.array_equal(one.state[k], other.state[k]) for k in one.state)
        for a, b in zip(one.probabilities, other.probabilities, strict=True):
            assert np.array_equal(a, b)
        assert other.seconds > 0


def test_a_result_is_what_the_learner_gives() -> None:
    job = jobs(LINEAR, 1)[0]
    with FitPool(0) as pool:
        pending = pool.submit(job)
        result = pending.result()
        assert pending.result() is result
    direct = LINEAR.fit(job.rows, job.labels, job.seed)
    assert [p.shape for p in result.probabilities] == [(20, 3), (60, 3)]
    assert np.array_equal(result.probabilities[0], direct.probabilities(job.evaluate[0]))
    restored = LINEAR.restore(result.state)
    assert np.array_equal(restored.probabilities(job.evaluate[0]), result.probabilities[0])


def test_a_killed_worker_is_a_clear_error() -> None:
    with FitPool(1) as pool:
        fine, dying = jobs(LINEAR, 1)[0], jobs(Dying(LinearRecipe(), 3), 1)[0]
        assert np.isfinite(pool.submit(fine).result().loss)
        pending = pool.submit(dying)
        with pytest.raises(RuntimeError, match="a training process died before it finished"):
            pending.result()
        with pytest.raises(RuntimeError, match="a training process died before it finished"):
            pool.submit(fine)


def test_an_error_of_the_training_comes_back_with_the_result(pool: FitPool) -> None:
    job = jobs(LinearLearner(LinearRecipe(tolerance=1e-300, max_iterations=10), 3), 1)[0]
    for some in (pool, FitPool(0)):
        pending = some.submit(job)
        with pytest.raises(InputError, match="has not converged on label 0"):
            pending.result()


def test_a_closed_pool_takes_no_work() -> None:
    pool = FitPool(1)
    pool.close()
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(jobs(LINEAR, 1)[0])


@dataclass(frozen=True)
class Endless(LinearLearner):
    """A learner that says where it is and does not come back."""

    def fit(
        self, rows: Rows, labels: NDArray[np.bool_], seed: int, start: State | None = None
    ) -> Classifier:
        Path(self.recipe.endless).write_text(str(os.getpid()))  # type: ignore[attr-defined]
        time.sleep(300)
        raise AssertionError


class Marked(LinearRecipe):
    """Where the mark goes."""

    endless: str


def test_who_is_interrupted_while_waiting_ends_the_training(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    pool = FitPool(1)
    pending = pool.submit(jobs(Endless(Marked(endless=str(mark)), 3), 1)[0])
    alarmed = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        while not (mark.exists() and mark.read_text()):
            time.sleep(0.05)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            pending.result()
    finally:
        signal.signal(signal.SIGALRM, alarmed)
    assert time.monotonic() - began < 60
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
    with pytest.raises(RuntimeError):
        pool.submit(jobs(LINEAR, 1)[0])


def test_a_negative_number_of_workers_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more, got -1"):
        FitPool(-1)
