"""``gigsim sweep``: a study from its TOML file to its folder, its progress, what became of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gigsim.cli.output import (
    JsonOption,
    QuietOption,
    TrustOption,
    interrupts_of,
    print_json,
    print_lines,
)
from gigsim.cli.output import count as counted
from gigsim.cli.stored import (
    PATIENCE,
    Account,
    check_retry,
    failures_words,
    print_estimate,
    processes_of,
    progress_of,
    retried,
    say,
    tell_differences,
    trained_words,
)
from gigsim.cli.study_options import (
    CacheOption,
    CacheSizeOption,
    FailFastOption,
    NoCacheOption,
    OutOption,
    ResumeOption,
    RetryFailedOption,
    WorkersOption,
)
from gigsim.errors import InputError

if TYPE_CHECKING:
    from rich.progress import Progress

    from gigsim.experiments.sweep import Sweep
    from gigsim.processes import Outcome


def sweep_command(
    context: typer.Context,
    study: Annotated[
        Path | None, typer.Argument(metavar="STUDY.toml", help="What to run: see docs/studies.md.")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show cases, cost and disk use; run and write nothing."),
    ] = False,
    workers: WorkersOption = None,
    resume: ResumeOption = None,
    retry_failed: RetryFailedOption = False,
    fail_fast: FailFastOption = False,
    out: OutOption = Path("runs"),
    cache: CacheOption = Path("models/cache"),
    cache_gb: CacheSizeOption = 5.0,
    no_cache: NoCacheOption = False,
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

    check_retry(resume, retry_failed=retry_failed)
    processes = processes_of(workers)
    if dry_run:
        if study is None and resume is None:
            raise InputError("--dry-run", "no study given", "name a STUDY.toml")
        loaded = load_study(study) if study is not None else open_study(Path(str(resume)))
        from gigsim.experiments import origin
        from gigsim.experiments.estimate import estimate
        from gigsim.trust import require

        require((config for _, config in loaded.telling()), trust)
        if resume is None:
            origin.inputs_now(loaded)
        else:
            origin.check_inputs(loaded, resume)
        print_estimate(
            lambda: estimate(loaded, workers=processes, trust=trust),
            interrupts_of(context),
            as_json=as_json,
        )
        return
    from gigsim.experiments.sweep import Sweep, open_or_begin
    from gigsim.learners.cache import TrainingCache

    shared = None if no_cache else TrainingCache(cache, int(cache_gb * 1e9))
    interrupts = interrupts_of(context)
    interrupts.running(PATIENCE)
    folder = open_or_begin(study, out, resume, ["gigsim", *sys.argv[1:]], shared, trust=trust)
    work = Sweep(folder, processes, shared, trust=trust)
    if resume is not None and not quiet:
        tell_differences(work)
    account = Account(work, "run", f"gigsim sweep --resume {folder}")
    retry = retried(resume, retry_failed=retry_failed)
    began = time.perf_counter()
    complete = account.work_off(
        lambda: run_with_progress(work, fail_fast, retry, quiet or as_json), interrupts
    )
    seconds = time.perf_counter() - began
    kept = f"the study is {'' if complete else 'not '}complete: {account.kept}"
    if as_json:
        print_json(account.as_json(seconds, complete=complete), kept=kept)
    elif complete:
        print_lines(_lines(work, account, seconds), kept=kept)
    account.check(complete=complete)


def run_with_progress(
    work: Sweep, fail_fast: bool, retry: Sequence[str] | None, quiet: bool
) -> bool:
    """Work a study off, with a bar and a line a run: is it complete?"""
    run = work.study.config(0).run
    total = run.limit if run.until == "settled" else run.periods
    share: dict[int, float] = {}
    progress = progress_of(
        "{task.fields[done]:,}/{task.fields[count]:,} runs", "{task.fields[rate]}", quiet=quiet
    )
    began, tally = time.perf_counter(), work.tally
    with progress:
        task = progress.add_task(
            "", total=tally.jobs, done=0, count=tally.jobs, rate="starting", failed=""
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
                failed=failures_words(tally),
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
    say(progress, f"{who}: {what}")


def _lines(work: Sweep, account: Account, seconds: float) -> list[str]:
    study, folder = work.study, work.folder
    return [
        f"{study.name}: {counted(len(study.cases), 'case')} x"
        f" {counted(study.replicates, 'replicate')}, {account.done}",
        f"  {trained_words(work.tally)}",
        f"  written in {seconds:.0f} s to {folder}",
        f"  gigsim runs show {folder}",
    ]
