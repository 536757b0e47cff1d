"""Curves on their way into their folder: safe as they end, gone on with after any end.

The folder is a study's (``gigsim.store``) with one job a run: what has ended is on disk within a
second, a killed worker costs one repetition, and whatever ends the process, the next one trains
only what is missing. When nothing is, the rows become ``curve.parquet`` (``tables``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from gigsim.curves.jobs import CurveJob, CurveOutcome, curve_jobs
from gigsim.curves.plan import Plan, open_plan
from gigsim.curves.run import run_curve_job
from gigsim.curves.tables import write_tables
from gigsim.errors import InputError
from gigsim.experiments import origin
from gigsim.experiments.case import keyed
from gigsim.experiments.runner import work_off
from gigsim.learners.cache import TrainingCache
from gigsim.learners.own_source import sources
from gigsim.processes import Limits, Outcome, Task
from gigsim.runs import provenance, stamped, write_json, write_whole
from gigsim.store.columns import encode
from gigsim.store.index import explained
from gigsim.store.store import Failure, Store, StoreFull
from gigsim.trust import Trusting, import_paths, require

#: Failures that say something of the machine rather than of the job: tried again on resuming.
CIRCUMSTANTIAL = ("died",)

#: Tables of the store, a part of each from every job.
ROWS, THEORY, TIMINGS = "rows", "theory", "timings"

#: A worker keeps the resumes that it has read, which a fresh one would have to read again; one
#: training may grow it by the training's own memory.
_LIMITS = Limits(repetitions=1, recycle_seconds=4 * 3600.0, recycle_growth=2 * 2**30)


@dataclass
class CurveTally:
    """What has become of a plan's jobs.

    Attributes:
        jobs: of the plan.
        trainings: that it needs in all.
        finished_before: jobs that had a result before this process began.
        failed_before: had failed before, and are not tried again.
        done: ended with a result in this process.
        failed: ended without one in this process, by kind.
        trained: classifiers that this process's jobs trained.
        cached: classifiers that they fetched from the cache instead.
    """

    jobs: int
    trainings: int
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


class CurveWork:
    """Works on the folder of a plan; other processes may do so at the same time.

    Args:
        folder: made by :func:`begin_curves`.
        workers: processes, one training at a time in each; 0 trains in this process. Changes no bit
            of the results.
        cache: where trainings are shared; None trains each.
        trust: import code of the user's own that a config names?

    Attributes:
        plan: what is measured.
        tally: what has become of it so far, as far as this process knows.
        differs: in what libraries and CPU are not those that it was begun with; a phrase each.

    Raises:
        InputError: no curves in the folder, or begun with other files than are there now or by
            another version of gigsim; import paths that are not trusted; a cache that cannot be
            written to.
    """

    def __init__(
        self,
        folder: Path,
        workers: int,
        cache: TrainingCache | None = None,
        *,
        trust: bool = False,
    ) -> None:
        self.folder, self._workers = folder, workers
        self.plan = open_plan(folder)
        origin.check_plan(self.plan.digest(), folder)
        require((arm.config for arm in self.plan.arms), trust)
        self._task: Task = Trusting(run_job) if trust else run_job
        origin.check_inputs(self.plan, folder)
        self.differs = origin.check_environment(self.plan, folder)
        self._jobs = curve_jobs(self.plan.arms, cache)
        trainings = sum(len(job.trainings) for job in self._jobs)
        self.tally = CurveTally(len(self._jobs), trainings)
        if cache is not None:
            cache.check()

    def run(
        self,
        *,
        fail_fast: bool = False,
        retry: Sequence[str] | None = (),
        ended: Callable[[CurveJob, Outcome], None] | None = None,
    ) -> bool:
        """Train what is missing, and write the tables when nothing is.

        Args:
            fail_fast: stop at the first job that fails.
            retry: kinds of failures to try again, None for all.
            ended: gets a job and its outcome, once it is safe on the disk.

        Returns:
            Are the tables written? False after a failure with ``fail_fast``.

        Raises:
            InputError: the folder cannot be written to, or the disk is full; what was committed
                is safe.
        """

        def take(number: int, outcome: Outcome) -> None:
            self._count(outcome)
            if ended is not None:
                ended(self._jobs[number], outcome)

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
                self._task,
                self._jobs.__getitem__,
                self._workers,
                tables=_tables_of,
                limits=_LIMITS,
                ended=take,
                fail_fast=fail_fast,
            )
            if done:
                store.finish(partial(_failures, jobs=self._jobs))
            counts = store.counts()
        # Another process may have done a part of it.
        self.tally.done = counts.finished - self.tally.finished_before
        if done:
            write_tables(self.folder, self.plan)
        return done

    def _count(self, outcome: Outcome) -> None:
        if outcome.failed:
            self.tally.failed[outcome.kind] += 1
        else:
            self.tally.done += 1
            self.tally.trained += outcome.value.trained
            self.tally.cached += outcome.value.cached


def begin_curves(plan: Plan, out: Path | str, command: Sequence[str] = ()) -> Path:
    """Lay out the folder of a plan, with nothing trained yet.

    Returns:
        ``out/<UTC time>-<name>-<hash of the plan>``; it appears complete, or not at all.

    Raises:
        InputError: ``out`` cannot be written to, or the disk is full; a file that a config names
            is not there.
    """
    inputs = origin.inputs_now(plan)
    origin.load_libraries(plan)
    paths = {path for arm in plan.arms for path in import_paths(arm.config).values()}

    def write(folder: Path) -> None:
        with explained(folder):
            plan.write(folder)
            origin.write_inputs(inputs, folder)
            made = provenance(plan.arms[0].config, "as its configs say", command)
            made |= {"config_hash": plan.digest(), "resumed": []}
            if imported := sources(paths):
                made["imported"] = imported
            write_json(made, folder / origin.PROVENANCE_FILE)
            Store.create(folder, len(plan.jobs), 1, (ROWS, THEORY, TIMINGS))

    try:
        return write_whole(Path(out), stamped(f"{plan.name}-{plan.digest()}"), write)
    except StoreFull as error:
        raise InputError(
            str(out), "the disk is full; nothing written", "free some space, or another --out"
        ) from error


def _tables_of(done: Done) -> dict[str, bytes]:
    return done.tables


@dataclass(frozen=True)
class Done:
    """What a worker hands back of a job.

    Attributes:
        tables: for each table of the store the stream of bytes that ``columns.encode`` makes.
        trained: classifiers that were trained.
        cached: classifiers that were fetched from the cache instead.
        seconds: wall-clock time of all of it.
        brief: a few of its numbers, for the display of progress.
    """

    tables: dict[str, bytes]
    trained: int
    cached: int
    seconds: float
    brief: str


def run_job(job: CurveJob, tell: Callable[[Any], None]) -> Done:
    """Do a job in a worker process.

    Raises:
        InputError: setting up shows that a config cannot be run.
    """
    found = run_curve_job(job, tell)
    tables = {ROWS: found.rows, THEORY: found.theory, TIMINGS: found.timings}
    return Done(
        {name: encode(_stored(table, job.number)) for name, table in tables.items() if len(table)},
        found.trained,
        found.cached,
        found.seconds,
        _brief(found),
    )


def _stored(table: pd.DataFrame, job: int) -> pd.DataFrame:
    """A job's part of a table as the store wants it: case, replicate and seed in front."""
    seeds = table["seed"].to_numpy() if "seed" in table else 0
    rest = table.drop(columns="seed", errors="ignore")
    rest.insert(0, "seed", pd.Series(seeds, index=rest.index, dtype="int64"))
    return keyed(rest, {"case": job, "replicate": 0})


def _brief(found: CurveOutcome) -> str:
    """Which curves, and S of the largest collective on the first of them."""
    rows = found.rows
    names = rows["name"].unique()
    more = "" if len(names) == 1 else f" and {len(names) - 1} more"
    last = rows[rows["name"] == names[0]].sort_values("alpha").iloc[-1]
    return f"{names[0]}{more}: S {last['success']:.1%} at α {last['alpha']:.2%}"


def _failures(failures: Sequence[Failure], jobs: Sequence[CurveJob]) -> pa.Table:
    """``failures.parquet``: a row a job that failed, with what is missing for it."""
    lost = [jobs[failure.number] for failure in failures]
    names = [", ".join(sorted({arm.name for arm in job.arms.values()})) for job in lost]
    columns = {
        "case": pa.array([failure.number for failure in failures], pa.int64()),
        "replicate": pa.array([0] * len(lost), pa.int64()),
        "seed": pa.array([job.trainings[0].seed for job in lost], pa.int64()),
        "arms": pa.array(names, pa.string()),
        "trainings": pa.array([len(job.trainings) for job in lost], pa.int64()),
        "kind": pa.array([failure.kind for failure in failures], pa.string()),
        "why": pa.array([failure.why for failure in failures], pa.string()),
        "traceback": pa.array([failure.traceback for failure in failures], pa.string()),
    }
    return pa.table(columns)
