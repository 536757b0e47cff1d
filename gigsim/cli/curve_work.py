"""What ``gigsim curve`` and ``gigsim reproduce`` share: progress, Ctrl-C, what became of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from gigsim.cli.output import count, percent, print_json, print_lines, stderr
from gigsim.cli.run import stop, tell

if TYPE_CHECKING:
    from gigsim.curves.jobs import CurveJob
    from gigsim.curves.plan import Plan
    from gigsim.curves.work import CurveWork
    from gigsim.interrupts import Interrupts
    from gigsim.learners.cache import TrainingCache
    from gigsim.processes import Outcome

#: Seconds that a second Ctrl-C does not disturb the writing of what had ended before the first.
_PATIENCE = 10.0


def go_on_with(
    folder: Path, workers: int, cache: TrainingCache | None, *, quiet: bool, trust: bool
) -> CurveWork:
    """The work on a folder; says in what the machine is another one."""
    from gigsim.curves.work import CurveWork

    work = CurveWork(folder, workers, cache, trust=trust)
    if not quiet:
        for what in work.differs:
            tell(f"note: not as it was, so that bits may differ: {what}")
    return work


def done_with_progress(
    work: CurveWork,
    interrupts: Interrupts,
    *,
    fail_fast: bool,
    retry: Sequence[str] | None,
    quiet: bool,
    again: str = "",
) -> bool:
    """Work it off; Ctrl-C ends with a line that says how to go on: ``again``, where it is given."""
    interrupts.running(_PATIENCE)
    try:
        complete = _run(work, fail_fast, retry, quiet)
    except KeyboardInterrupt:
        interrupts.leaving()
        stop(f"interrupted: {done_words(work)}\n{again or _go_on(work.folder)}")
    interrupts.leaving()
    return complete


def worked_off(
    work: CurveWork,
    interrupts: Interrupts,
    *,
    fail_fast: bool,
    retry: Sequence[str] | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Work it off and say what became of it.

    Raises:
        typer.Exit: interrupted (130), or a training failed (1).
    """
    began = time.perf_counter()
    complete = done_with_progress(
        work, interrupts, fail_fast=fail_fast, retry=retry, quiet=quiet or as_json
    )
    seconds = time.perf_counter() - began
    tally = work.tally
    if as_json:
        print_json(_as_json(work, seconds, complete=complete), kept=done_words(work))
    elif complete:
        print_lines(_lines(work, seconds), kept=done_words(work))
    again = f"{_go_on(work.folder)} --retry-failed"
    if not complete:
        stop(f"error: stopped at the first failure: {done_words(work)}\n{again}", 1)
    if tally.failures:
        failed = count(tally.failures, "job")
        stop(f"error: {failed} failed: see {work.folder}/failures.parquet\n{again}", 1)


def done_words(work: CurveWork) -> str:
    """How far it is, in words."""
    return f"{work.tally.finished:,} of {count(work.tally.jobs, 'job')} done in {work.folder}"


def estimated(
    plan: Plan, workers: int, interrupts: Interrupts, *, trust: bool
) -> tuple[list[str], dict[str, Any]]:
    """What a plan will take, measured on the spot: lines for people, and the same for programs."""
    from gigsim.curves.estimate import estimate
    from gigsim.trust import trusting

    interrupts.running()
    with trusting(trust):
        found = estimate(plan, workers=workers)
    interrupts.leaving()
    return found.lines(), found.as_json()


def _run(work: CurveWork, fail_fast: bool, retry: Sequence[str] | None, quiet: bool) -> bool:
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[trained]} of {task.fields[count]:,} trainings"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}"),
        console=stderr,
        transient=True,
        disable=quiet or not stderr.is_terminal,
    )
    tally, done = work.tally, 0
    with progress:
        bar = progress.add_task(
            "", total=tally.trainings, trained=0, count=tally.trainings, failed=""
        )

        def ended(job: CurveJob, outcome: Outcome) -> None:
            nonlocal done
            done += len(job.trainings)
            failed = f"{count(tally.failed.total(), 'failure')}" if tally.failed else ""
            progress.update(bar, completed=done, trained=f"{done:,}", failed=failed)
            if not quiet:
                what = f"failed: {outcome.reason}" if outcome.failed else outcome.value.brief
                progress.console.print(
                    f"job {job.number} ({count(len(job.trainings), 'training')}): {what}",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )

        return work.run(fail_fast=fail_fast, retry=retry, ended=ended)


def _lines(work: CurveWork, seconds: float) -> list[str]:
    from gigsim.curves.tables import load_curve

    tally, folder = work.tally, work.folder
    found = load_curve(folder)
    lines = [
        f"{work.plan.name}: {count(len(work.plan.arms), 'curve')}, {len(found.rows):,} points",
        f"  trainings  {tally.trained:,} done, {tally.cached:,} fetched from the cache, in"
        f" {seconds:.0f} s",
    ]
    curves = found.summary.groupby("name", sort=False) if len(found.rows) else ()
    for name, curve in curves:
        goal = str(curve["goal"].iloc[0])
        points = ", ".join(
            f"{percent(row.alpha, 2)} {row.success:.3f}"
            for row in curve[curve["retraining"] == curve["retraining"].max()].itertuples()
        )
        lines.append(f"  {name} (S_{goal} at α): {points}")
    return [*lines, f"  {folder}/curve.png", f"  gigsim runs show {folder}"]


def _as_json(work: CurveWork, seconds: float, *, complete: bool) -> dict[str, Any]:
    tally = work.tally
    return {
        "folder": str(work.folder),
        "complete": complete,
        "jobs": tally.jobs,
        "finished": tally.finished,
        "finished_before": tally.finished_before,
        "failed_before": tally.failed_before,
        "failed": dict(tally.failed),
        "trainings": tally.trained,
        "trainings_cached": tally.cached,
        "seconds": seconds,
    }


def _go_on(folder: Path) -> str:
    return f"gigsim curve --resume {folder}"
