"""Work whose results the store of a folder keeps: begun, left at any moment, gone on with, counted.

What there is to do a plan says: a study, or curves. Each of its jobs is safe within a second of its
end, a process that dies costs one repetition, and whatever ends this one, the next does only what
is missing. See ``runner`` for how jobs are worked off, ``gigsim.store`` for what keeps them.
"""

from __future__ import annotations

import os
import warnings
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from gigsim.checkpoint import OtherMachine
from gigsim.errors import InputError
from gigsim.experiments import origin
from gigsim.experiments.laying import Planned
from gigsim.experiments.runner import work_off
from gigsim.learners.cache import TrainingCache
from gigsim.processes import Limits, Outcome, Task, check_main
from gigsim.store.store import Failure, Store
from gigsim.trust import require

#: Failures that say something of the machine rather than of the job: tried again on resuming.
CIRCUMSTANTIAL = ("died",)


class Brought(Protocol):
    """What a job's task returns, such as ``case.Result``."""

    @property
    def tables(self) -> dict[str, bytes]:
        """For each table of the store the stream of bytes that ``columns.encode`` makes."""
        ...

    @property
    def trainings(self) -> int:
        """Classifiers that were trained."""
        ...

    @property
    def cached(self) -> int:
        """Classifiers that were fetched from the cache instead."""
        ...


@dataclass
class Tally:
    """What has become of a plan's jobs.

    Attributes:
        jobs: of the plan; of a study its runs.
        finished_before: had a result before this process began.
        failed_before: had failed before, and are not tried again.
        done: ended with a result in this process.
        failed: ended without one in this process, by kind.
        trained: classifiers that this process's jobs trained.
        cached: classifiers that they fetched from the cache instead.
    """

    jobs: int
    finished_before: int = 0
    failed_before: int = 0
    done: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    trained: int = 0
    cached: int = 0

    @property
    def finished(self) -> int:
        """Jobs with a result."""
        return self.finished_before + self.done

    @property
    def failures(self) -> int:
        """Jobs without one that are not tried again."""
        return self.failed_before + self.failed.total()

    def count(self, outcome: Outcome) -> None:
        """Count a job that has ended in this process."""
        if outcome.failed:
            self.failed[outcome.kind] += 1
        else:
            brought: Brought = outcome.value
            self.done += 1
            self.trained += brought.trainings
            self.cached += brought.cached


class StoredWork(ABC):
    """Works on the folder of a plan; other processes may do so at the same time.

    Args:
        folder: made by ``laying.lay_out``.
        workers: processes, each doing one job at a time with its trainings in it; 0 works in this
            process, where limits do not apply. Changes no bit of the results.
        cache: where trainings are shared; None trains each.
        trust: import code of the user's own that a config names?

    Attributes:
        folder: as given.
        tally: what has become of the jobs so far, as far as this process knows.
        differs: in what libraries and CPU are not those that it was begun with, so that bits may
            differ; a phrase each.

    Raises:
        InputError: no plan of its kind in the folder; begun with other files than are there now
            or by another version of gigsim; import paths that are not trusted; a cache that cannot
            be written to.
    """

    def __init__(
        self,
        folder: Path,
        workers: int,
        cache: TrainingCache | None = None,
        *,
        trust: bool = False,
    ) -> None:
        self.folder, self._workers, self._cache, self._trust = folder, workers, cache, trust
        plan, jobs = self._open()
        require((config for _, config in plan.telling()), trust)
        origin.check_inputs(plan, folder)
        self.differs = origin.check_environment(plan, folder)
        self.tally = Tally(jobs)
        if cache is not None:
            cache.check()

    def run(
        self,
        *,
        fail_fast: bool = False,
        retry: Sequence[str] | None = (),
        tell: Callable[[int, Any], None] | None = None,
        ended: Callable[[int, Outcome], None] | None = None,
    ) -> bool:
        """Do what is open, and put the tables together when nothing is.

        Args:
            fail_fast: stop at the first job that fails.
            retry: kinds of failures to try again, None for all.
            tell: gets the number of a job and what it told: of a run the period that it finished.
            ended: gets the number of a job and its outcome, once it is safe on the disk.

        Returns:
            Are the tables put together? False after a failure with ``fail_fast``.

        Raises:
            InputError: the folder cannot be written to, or the disk is full; what was committed
                is safe.
        """

        def take(number: int, outcome: Outcome) -> None:
            self.tally.count(outcome)
            if ended is not None:
                ended(number, outcome)

        with Store.open(self.folder) as store:
            if retry is None or retry:
                store.retry_failed(retry)
            counts = store.counts()
            self.tally.finished_before = counts.finished
            self.tally.failed_before = counts.failed
            if counts.open and (self.differs or counts.finished or counts.failed):
                origin.remember(self.folder, self.differs, counts.finished)
            done = work_off(
                store,
                self._task(),
                self._job,
                self._workers,
                tables=_tables_of,
                limits=self._limits(),
                tell=tell,
                ended=take,
                fail_fast=fail_fast,
            )
            if done:
                store.finish(self._failures)
            counts = store.counts()
        # Another process may have done a part of it.
        self.tally.done = counts.finished - self.tally.finished_before
        if done:
            self._complete()
        return done

    def warn(self, stacklevel: int) -> None:
        """Warn of each thing in which the machine is another one.

        Args:
            stacklevel: of the warning, as ``warnings.warn`` has it, for the caller's frame.
        """
        for what in self.differs:
            note = f"{self.folder}: not as it was, so that bits may differ: {what}"
            warnings.warn(note, OtherMachine, stacklevel=stacklevel + 1)

    @abstractmethod
    def _open(self) -> tuple[Planned, int]:
        """Read the plan in the folder; returns it, and how many jobs it has.

        Raises:
            InputError: there is none, or it is damaged.
        """

    @abstractmethod
    def _task(self) -> Task:
        """What is done with a job, in a worker process; returns what it :class:`Brought`."""

    @abstractmethod
    def _job(self, number: int) -> Any:
        """What the task is told of a job."""

    @abstractmethod
    def _limits(self) -> Limits:
        """Of each job."""

    @abstractmethod
    def _failures(self, failures: Sequence[Failure]) -> pa.Table:
        """``failures.parquet`` of the jobs that failed (:func:`with_reasons`)."""

    @abstractmethod
    def _complete(self) -> None:
        """What remains to be written once the store's tables are put together."""


def with_reasons(columns: Mapping[str, pa.Array], failures: Sequence[Failure]) -> pa.Table:
    """A row a failure: how often it was tried is no result, and stays in the index.

    Args:
        columns: which job each was.
        failures: of the store.
    """
    why = {
        name: pa.array([getattr(failure, name) for failure in failures], pa.string())
        for name in ("kind", "why", "traceback")
    }
    return pa.table({**columns, **why})


def processes_of(workers: int | None) -> int:
    """How many processes a script asks for; None is one a core.

    Raises:
        InputError: fewer than none; workers could not import the script.
    """
    processes = (os.cpu_count() or 1) if workers is None else workers
    if processes < 0:
        raise InputError("workers", f"{processes}", "a number of processes is needed, 0 or more")
    if processes:
        check_main()
    return processes


def _tables_of(brought: Brought) -> dict[str, bytes]:
    return brought.tables
