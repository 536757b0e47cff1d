"""``gigsim sweep``: a study from its TOML file to its folder, its progress, what became of it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    TrustOption,
    interrupts_of,
    print_json,
    print_lines,
    stderr,
)
from gigsim.cli.output import count as counted
from gigsim.cli.run import stop, tell
from gigsim.errors import InputError
from gigsim.interrupts import Interrupts

if TYPE_CHECKING:
    from gigsim.experiments.sweep import Sweep, Tally
    from gigsim.processes import Outcome

#: Seconds that a second Ctrl-C does not disturb the writing of what had ended before the first.
_PATIENCE = 10.0


def sweep_command(
    context: typer.Context,
    study: Annotated[
        Path | None, typer.Argument(metavar="STUDY.toml", help="What to run: see docs/studies.md.")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show cases, cost and disk use; run and write nothing."),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Processes, one run at a time in each; by default one a core. 0: this process,"
            " where limits of time and memory do not apply.",
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Go on with the study in this folder."),
    ] = None,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="With --resume: try all failed runs again."),
    ] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first run that fails.")
    ] = False,
    out: Annotated[Path, typer.Option(help="The folder that holds runs and studies.")] = Path(
        "runs"
    ),
    cache: Annotated[
        Path, typer.Option(metavar="DIR", help="Where trainings are shared with other studies.")
    ] = Path("models/cache"),
    cache_gb: Annotated[
        float, typer.Option(min=0.001, metavar="GB", help="The most that this folder may hold.")
    ] = 5.0,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Train everything; share nothing.")
    ] = False,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run a study: many cases, each several times, safe on disk as they end.

    Killed, interrupted, or out of disk, it goes on with --resume DIR and ends with the same tables.
    A run that fails is written down, and the rest goes on.

    Example: gigsim sweep examples/study.toml --dry-run
    """
    from gigsim.experiments.study import load_study, open_study

    if retry_failed and resume is None:
        raise InputError("--retry-failed", "there is nothing to retry", "give --resume DIR too")
    processes = (os.cpu_count() or 1) if workers is None else workers
    if dry_run:
        if study is None and resume is None:
            raise InputError("--dry-run", "no study given", "name a STUDY.toml")
        loaded = load_study(study) if study is not None else open_study(Path(str(resume)))
        from gigsim.experiments import origin
        from gigsim.trust import require

        require((config for _, config in loaded.telling()), trust)
        if resume is None:
            origin.inputs_now(loaded)
        else:
            origin.check_inputs(loaded, resume)
        _estimate(loaded, processes, interrupts_of(context), trust=trust, as_json=as_json)
        return
    from gigsim.experiments.sweep import CIRCUMSTANTIAL, Sweep, open_or_begin
    from gigsim.learners.cache import TrainingCache

    shared = None if no_cache else TrainingCache(cache, int(cache_gb * 1e9))
    interrupts = interrupts_of(context)
    interrupts.running(_PATIENCE)
    folder = open_or_begin(study, out, resume, ["gigsim", *sys.argv[1:]], shared, trust=trust)
    work = Sweep(folder, processes, shared, trust=trust)
    if resume is not None and not quiet:
        for what in work.differs:
            tell(f"note: not as it was, so that bits may differ: {what}")
    retry = None if retry_failed else (CIRCUMSTANTIAL if resume is not None else ())
    began = time.perf_counter()
    try:
        complete = _run(work, interrupts, fail_fast, retry, quiet or as_json)
    except KeyboardInterrupt:
        interrupts.leaving()
        stop(f"interrupted: {_done(work.tally)} in {folder}\n{_go_on(folder)}")
    interrupts.leaving()
    _report(work, folder, time.perf_counter() - began, complete=complete, as_json=as_json)


def _estimate(
    study: Any, workers: int, interrupts: Interrupts, *, trust: bool, as_json: bool
) -> None:
    from gigsim.experiments.estimate import estimate

    interrupts.running()
    found = estimate(study, workers=workers, trust=trust)
    interrupts.leaving()
    if as_json:
        print_json(found.as_json())
    else:
        print_lines(found.lines())


def _run(
    work: Sweep,
    interrupts: Interrupts,
    fail_fast: bool,
    retry: tuple[str, ...] | None,
    quiet: bool,
) -> bool:
    run = work.study.config(0).run
    total = run.limit if run.until == "settled" else run.periods
    share: dict[int, float] = {}
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[done]:,}/{task.fields[count]:,} runs"),
        BarColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}"),
        console=stderr,
        transient=True,
        disable=quiet or not stderr.is_terminal,
    )
    began, tally = time.perf_counter(), work.tally
    with progress:
        task = progress.add_task(
            "", total=tally.runs, done=0, count=tally.runs, rate="starting", failed=""
        )

        def show() -> None:
            minutes = (time.perf_counter() - began) / 60
            done = tally.finished + tally.failures
            sofar = tally.done + tally.failed.total() + sum(share.values())
            progress.update(
                task,
                completed=done + sum(share.values()),
                done=done,
                rate=f"{sofar / minutes:.1f} a minute",
                failed=f"{counted(tally.failed.total(), 'failure')}" if tally.failed else "",
            )

        def tell(number: int, period: int) -> None:
            share[number] = min((period + 1) / (total + 2), 1.0)
            show()

        def ended(number: int, outcome: Outcome) -> None:
            share.pop(number, None)
            show()
            if outcome.failed or not quiet:
                _say(work, number, outcome, progress)

        return work.run(fail_fast=fail_fast, retry=retry, tell=tell, ended=ended)


def _say(work: Sweep, number: int, outcome: Outcome, progress: Progress) -> None:
    case, replicate = divmod(number, work.study.replicates)
    values = ", ".join(f"{key} = {value}" for key, value in work.study.columns(case).items())
    who = f"case {case}.{replicate}" + (f" ({values})" if values else "")
    what = f"failed: {outcome.reason}" if outcome.failed else outcome.value.brief
    progress.console.print(f"{who}: {what}", markup=False, highlight=False, soft_wrap=True)


def _report(work: Sweep, folder: Path, seconds: float, *, complete: bool, as_json: bool) -> None:
    tally = work.tally
    kept = f"the study is {'' if complete else 'not '}complete: {_done(tally)} in {folder}"
    if as_json:
        print_json(
            {
                "folder": str(folder),
                "complete": complete,
                "runs": tally.runs,
                "finished": tally.finished,
                "finished_before": tally.finished_before,
                "failed_before": tally.failed_before,
                "failed": dict(tally.failed),
                "trainings": tally.trainings,
                "trainings_cached": tally.cached,
                "seconds": seconds,
            },
            kept=kept,
        )
    elif complete:
        study = work.study
        print_lines(
            [
                f"{study.name}: {counted(len(study.cases), 'case')} x"
                f" {counted(study.replicates, 'replicate')}, {_done(tally)}",
                f"  trainings  {tally.trainings:,} done, {tally.cached:,} fetched from the cache",
                f"  written in {seconds:.0f} s to {folder}",
                f"  gigsim runs show {folder}",
            ],
            kept=kept,
        )
    again = f"{_go_on(folder)} --retry-failed"
    if not complete:
        stop(f"error: stopped at the first failure: {_done(tally)} in {folder}\n{again}", 1)
    if tally.failures:
        failed = counted(tally.failures, "run")
        stop(f"error: {failed} failed: see {folder}/failures.parquet\n{again}", 1)


def _done(tally: Tally) -> str:
    return f"{tally.finished:,} of {counted(tally.runs, 'run')} done"


def _go_on(folder: Path) -> str:
    return f"gigsim sweep --resume {folder}"
