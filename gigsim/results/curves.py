"""Folders of curves among the results: how far they are, and whether they are what gigsim computes.

A *run* of such a folder is a job: trainings that are done together. Its number is the case, the
replicate is 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gigsim.config import Config
from gigsim.curves import PLAN_FILE
from gigsim.curves.jobs import CurveJob, curve_jobs
from gigsim.curves.plan import Plan, open_plan
from gigsim.curves.run import run_curve_job
from gigsim.curves.tables import CURVE, LINES, SUMMARY, load_curve, rows_of
from gigsim.environment import differences, environment
from gigsim.processes import side_by_side
from gigsim.results.compare import compare
from gigsim.results.rerun import STANDARD_ERRORS, TOLERANCE
from gigsim.results.source import FAILURE_COLUMNS, Ended, Source, damaged
from gigsim.results.verdicts import Verdict, Verification
from gigsim.store.store import read_counts, read_failures, read_table
from gigsim.streams import Streams
from gigsim.trust import never

_HASHED = re.compile(r"\d{8}T\d{6}Z-.+-([0-9a-f]{12})(-\d+)?")
#: Shares on held-out resumes, which a learner that draws makes within their standard errors only.
_SHARES = ("success", "flipped_", "base_", "accuracy", "f1_micro")
#: What such a learner makes elsewhere says nothing, and what theory takes from it.
_LOOSE = ("loss", "tags_mean", "bound_", "finite_")


class CurveSource(Source):
    """The folder of curves: complete, being filled, or left in the middle."""

    kind = "curve"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        _ = self.plan, self.ended

    @cached_property
    def plan(self) -> Plan:
        """What is measured."""
        return open_plan(self.path)

    @cached_property
    def _jobs(self) -> list[CurveJob]:
        return curve_jobs(self.plan.arms)

    def _ended(self) -> Ended:
        found = read_counts(self.path)
        held = found.claimed + found.claimed_by_others
        return Ended(found.runs, found.finished, found.failed, found.open + held, held)

    def _complete(self) -> bool:
        found = self.ended
        return found.finished == found.runs

    def _tables(self) -> tuple[str, ...]:
        return ("rows", "theory", "timings")

    def _learner(self) -> str:
        kinds = {arm.config.platform.learner.kind for arm in self.plan.arms}
        return kinds.pop() if len(kinds) == 1 else "varied"

    def _name(self) -> str:
        return self.plan.name

    def _runs(self) -> pd.DataFrame:
        """A row a job that has ended with a result."""
        return self.table("rows")[["case", "replicate", "seed"]].drop_duplicates(
            ["case", "replicate"], ignore_index=True
        )

    def _table(self, name: str, numbers: list[tuple[int, int]] | None) -> pd.DataFrame:
        wanted = None if numbers is None else [case for case, _ in numbers]
        return read_table(self.path, name, numbers=wanted)

    def _config_of(self, case: int, replicate: int) -> Config:
        """Of a job: that of the first of its curves."""
        if replicate != 0 or not 0 <= case < len(self._jobs):
            raise self._no_such(case, replicate, f"jobs are 0.0 to {len(self._jobs) - 1}.0")
        job = self._jobs[case]
        return job.arms[job.trainings[0].arm].config

    def _failures(self) -> list[dict[str, Any]]:
        rows = []
        for one in read_failures(self.path):
            values = (one.number, 0, 0, one.kind, one.why, one.traceback, one.attempts)
            rows.append(dict(zip(FAILURE_COLUMNS, values, strict=True)))
        return rows


def verify_curve(
    path: Path,
    *,
    sample: int | None,
    seed: int,
    workers: int,
    tell: Callable[[Verdict], None] | None,
) -> Verification:
    """Train jobs of a folder again and compare their rows; arguments as of ``verify.verify``.

    Raises:
        InputError: the folder is damaged; its learner is code that verifying does not import.
    """
    source = CurveSource(path)
    never((arm.config for arm in source.plan.arms), "gigsim runs verify")
    provenance, now = source.provenance(), environment()
    elsewhere = differences(provenance, now) if provenance else ["no provenance.json"]
    jobs = curve_jobs(source.plan.arms)
    stored = {int(job): rows for job, rows in source.table("rows").groupby("case")}
    numbers = np.array(sorted(stored), dtype=np.int64)
    if sample is not None:
        numbers = np.sort(Streams(seed).generator("verify").permutation(numbers)[:sample])
    verdicts = []
    pieces = ((int(number), jobs[number]) for number in numbers)
    with closing(side_by_side(_again, pieces, min(workers, len(numbers)))) as outcomes:
        for found in outcomes:
            if found is None:
                continue
            number, outcome = found
            if outcome.failed:
                verdict = Verdict(number, 0, "failed", (outcome.reason,))
            else:
                verdict = _held_against(stored[number], outcome.value, number, bool(elsewhere))
            verdicts.append(verdict)
            if tell is not None:
                tell(verdict)
    return Verification(
        runs=len(stored),
        elsewhere=tuple(elsewhere),
        problems=tuple(_problems(source, provenance)),
        verdicts=tuple(sorted(verdicts, key=lambda one: one.case)),
    )


def _again(job: CurveJob, tell: Callable[[Any], None]) -> pd.DataFrame:
    return run_curve_job(job, tell).rows


def _held_against(stored: pd.DataFrame, again: pd.DataFrame, job: int, elsewhere: bool) -> Verdict:
    kept = stored.drop(columns=["case", "replicate"]).reset_index(drop=True)
    fresh = again[kept.columns].reset_index(drop=True) if set(kept) == set(again) else again
    difference = compare(kept, fresh, 0.0)
    if difference.equal:
        return Verdict(job, 0, "values")
    if not elsewhere:
        return Verdict(job, 0, "differs", (f"rows: {difference.words()}",))
    lines = _beyond(kept, fresh)
    return Verdict(job, 0, "differs" if lines else "tolerances", tuple(lines))


def _beyond(stored: pd.DataFrame, fresh: pd.DataFrame) -> list[str]:
    """Columns that another machine cannot explain, a line each."""
    if [*stored] != [*fresh] or len(stored) != len(fresh):
        return ["rows: other columns, or another number of rows"]
    drawn = ~stored["learner"].isin(["linear", "frozen", "table", "bayes"]).to_numpy()
    wrong = []
    for name in stored:
        a, b = stored[name], fresh[name]
        if not pd.api.types.is_float_dtype(a):
            if not a.equals(b):
                wrong.append(f"rows: {name} differs")
            continue
        allowed = np.maximum(TOLERANCE, TOLERANCE * a.abs().to_numpy())
        if name.startswith(_SHARES):
            noise = np.hypot(stored["success_se"], fresh["success_se"]).to_numpy()
            allowed = np.where(drawn, np.maximum(allowed, STANDARD_ERRORS * noise), allowed)
        loose = drawn & name.startswith(_LOOSE)
        near = np.isclose(a, b, rtol=0, atol=0, equal_nan=True) | loose
        near |= (a - b).abs().to_numpy() <= allowed
        if not near.all():
            wrong.append(f"rows: {name} differs by up to {(a - b).abs().max():.3g}")
    return wrong


def _problems(source: CurveSource, provenance: dict[str, Any]) -> list[str]:
    """What is wrong with files of the folder as a whole, a line each."""
    digest = source.plan.digest()
    named = _HASHED.fullmatch(source.path.resolve().name)
    wrong = []
    if provenance.get("config_hash", digest) != digest or (named and named[1] != digest):
        wrong.append(f"{PLAN_FILE} is not what was run: hash {digest}")
    if source.ended.open or not source.ended.finished:
        return wrong
    for name in (CURVE, SUMMARY, LINES):
        if not (source.path / name).is_file():
            raise damaged(source.path, f"{name} is missing")
    found = load_curve(source.path).rows
    if not compare(found, rows_of(source.path), 0.0).equal:
        wrong.append(f"{CURVE} does not have the rows of the store")
    return wrong
