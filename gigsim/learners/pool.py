"""Trainings side by side: the platform's and those it is compared with, in worker processes.

A training's outcome is a function of its job alone, so the number of workers changes no bit.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.protocol import Learner, Rows, State
from gigsim.processes import SPAWN, deaf_children, end_with_owner

if TYPE_CHECKING:
    from gigsim.learners.cache import TrainingCache


@dataclass(frozen=True, eq=False)
class FitJob:
    """One training and what to evaluate it on.

    Attributes:
        learner: who learns.
        rows: n rows to train on.
        labels: bool, shape (n, L).
        seed: of the training.
        start: the state to start from; None for scratch.
        evaluate: sets of rows to give probabilities for.
    """

    learner: Learner
    rows: Rows
    labels: NDArray[np.bool_]
    seed: int
    start: State | None = None
    evaluate: tuple[Rows, ...] = ()


@dataclass(frozen=True, eq=False)
class FitResult:
    """Outcome of a job.

    Attributes:
        state: the weights; ``learner.restore`` makes a classifier of them.
        loss: at the end of training.
        probabilities: shape (n_k, L), for each set of ``evaluate``; float32 of a training.
        seconds: wall-clock time of training and evaluating, or of fetching what was trained.
        cached: was it trained before, by this process or another one, and fetched?
    """

    state: State
    loss: float
    probabilities: tuple[NDArray[np.floating[Any]], ...]
    seconds: float
    cached: bool = False


def run_job(job: FitJob, cache: TrainingCache | None = None) -> FitResult:
    """Train and evaluate in this process, or fetch what the cache has of this job."""
    return train(job) if cache is None else cache.fetch_or_train(job, train)


def train(job: FitJob) -> FitResult:
    """Train and evaluate in this process."""
    began = time.perf_counter()
    classifier = job.learner.fit(job.rows, job.labels, job.seed, job.start)
    probabilities = tuple(classifier.probabilities(rows) for rows in job.evaluate)
    return FitResult(classifier.state, classifier.loss, probabilities, time.perf_counter() - began)


class PendingFit:
    """A training that was submitted."""

    def __init__(self, outcome: Callable[[], FitResult], abort: Callable[[], None]) -> None:
        self._outcome = outcome
        self._abort = abort

    def result(self) -> FitResult:
        """Wait for the outcome; the same object at every call.

        Who is interrupted while waiting does not want it any more: all trainings of the pool end,
        and the pool is closed.

        Raises:
            RuntimeError: the process that trained died. An exception of the training itself is
                raised as it is.
        """
        try:
            return self._outcome()
        except BrokenProcessPool as error:
            raise RuntimeError(_DIED) from error
        except KeyboardInterrupt:
            self._abort()
            raise


_DIED = (
    "a training process died before it finished (killed, or out of memory): run again with fewer"
    " workers or a smaller learner"
)


class FitPool:
    """Worker processes for trainings, as a context manager.

    Args:
        workers: processes; 0 trains in this process, when a result is asked for.
        cache: of trainings, shared with whoever uses the same folder; None for none.
    """

    def __init__(self, workers: int, cache: TrainingCache | None = None) -> None:
        if workers < 0:
            raise ValueError(f"a number of workers is 0 or more, got {workers}")
        self.workers = workers
        self._run = functools.partial(run_job, cache=cache)
        self._executor = None
        if workers:
            theirs, self._lifeline = SPAWN.Pipe(duplex=False)
            self._executor = ProcessPoolExecutor(
                workers, mp_context=SPAWN, initializer=end_with_owner, initargs=(theirs,)
            )

    def submit(self, job: FitJob) -> PendingFit:
        """Start a training, or queue it when all workers are busy.

        Raises:
            RuntimeError: a process of the pool died earlier, or the pool is closed.
        """
        if self._executor is None:
            return PendingFit(functools.cache(functools.partial(self._run, job)), self.close)
        try:
            with deaf_children():
                outcome = self._executor.submit(self._run, job).result
            return PendingFit(outcome, self.abort)
        except BrokenProcessPool as error:
            raise RuntimeError(_DIED) from error

    def close(self) -> None:
        """Drop what is queued, wait for what runs, end the processes."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._lifeline.close()

    def abort(self) -> None:
        """End the processes at once, whatever they are doing."""
        if self._executor is not None:
            self._lifeline.close()
            self.close()

    def __enter__(self) -> FitPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
