"""Curves on their way into their folder: safe as they end, gone on with after any end.

The folder is a study's (``gigsim.experiments.stored``) with one job a run. When nothing is missing
any more, the rows become ``curve.parquet`` (``tables``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from gigsim.curves.jobs import CurveJob, CurveOutcome, curve_jobs
from gigsim.curves.plan import Plan, open_plan
from gigsim.curves.run import run_curve_job
from gigsim.curves.tables import write_tables
from gigsim.experiments import origin
from gigsim.experiments.case import Result, keyed
from gigsim.experiments.laying import lay_out
from gigsim.experiments.stored import StoredWork, with_reasons
from gigsim.processes import Limits, Task
from gigsim.store.columns import encode
from gigsim.store.store import Failure
from gigsim.trust import Trusting

#: Tables of the store, a part of each from every job.
ROWS, THEORY, TIMINGS = "rows", "theory", "timings"

#: A worker keeps the resumes that it has read, which a fresh one would have to read again; one
#: training may grow it by the training's own memory.
_LIMITS = Limits(repetitions=1, recycle_seconds=4 * 3600.0, recycle_growth=2 * 2**30)


class CurveWork(StoredWork):
    """Works on the folder of a plan of curves, made by :func:`begin_curves`.

    Attributes:
        plan: what is measured; the one that the folder was begun with, or it is refused.
        jobs: its trainings, in portions.
        trainings: how many it needs in all.
    """

    plan: Plan
    jobs: list[CurveJob]
    trainings: int

    def _open(self) -> tuple[Plan, int]:
        self.plan = open_plan(self.folder)
        origin.check_plan(self.plan.digest(), self.folder)
        self.jobs = curve_jobs(self.plan.arms, self._cache)
        self.trainings = sum(len(job.trainings) for job in self.jobs)
        return self.plan, len(self.jobs)

    def _task(self) -> Task:
        return Trusting(run_job) if self._trust else run_job

    def _job(self, number: int) -> CurveJob:
        return self.jobs[number]

    def _limits(self) -> Limits:
        return _LIMITS

    def _failures(self, failures: Sequence[Failure]) -> pa.Table:
        """With what is missing for each job."""
        lost = [self.jobs[failure.number] for failure in failures]
        names = [", ".join(sorted({arm.name for arm in job.arms.values()})) for job in lost]
        columns = {
            "case": pa.array([failure.number for failure in failures], pa.int64()),
            "replicate": pa.array([0] * len(lost), pa.int64()),
            "seed": pa.array([job.trainings[0].seed for job in lost], pa.int64()),
            "arms": pa.array(names, pa.string()),
            "trainings": pa.array([len(job.trainings) for job in lost], pa.int64()),
        }
        return with_reasons(columns, failures)

    def _complete(self) -> None:
        write_tables(self.folder, self.plan)


def begin_curves(plan: Plan, out: Path | str, command: Sequence[str] = ()) -> Path:
    """Lay out the folder of a plan, with nothing trained yet.

    Returns:
        ``out/<UTC time>-<name>-<hash of the plan>``; it appears complete, or not at all.

    Raises:
        InputError: ``out`` cannot be written to, or the disk is full; a file that a config names
            is not there.
    """
    return lay_out(
        plan,
        out,
        command,
        config=plan.arms[0].config,
        resumes="as its configs say",
        jobs=len(plan.jobs),
        replicates=1,
        tables=(ROWS, THEORY, TIMINGS),
    )


def run_job(job: CurveJob, tell: Callable[[Any], None]) -> Result:
    """Do a job in a worker process.

    Raises:
        InputError: setting up shows that a config cannot be run.
    """
    found = run_curve_job(job, tell)
    tables = {ROWS: found.rows, THEORY: found.theory, TIMINGS: found.timings}
    return Result(
        tables={name: encode(_stored(t, job.number)) for name, t in tables.items() if len(t)},
        brief=_brief(found),
        trainings=found.trained,
        cached=found.cached,
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
