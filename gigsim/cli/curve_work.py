"""What ``gigsim curve`` and ``gigsim reproduce`` share: options, progress, what became of it."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gigsim.cli.output import count, percent, print_json, print_lines
from gigsim.cli.stored import (
    PATIENCE,
    Account,
    failures_words,
    progress_of,
    say,
    tell_differences,
    trained_words,
)
from gigsim.errors import InputError

if TYPE_CHECKING:
    from gigsim.curves.work import CurveWork
    from gigsim.interrupts import Interrupts
    from gigsim.learners.cache import TrainingCache
    from gigsim.processes import Outcome

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say how many trainings and hours; write nothing.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option(min=0, help="Processes; by default one a core. Changes no result."),
]
OutOption = Annotated[Path, typer.Option(help="The folder that holds runs.")]


def go_on_with(
    folder: Path, workers: int, cache: TrainingCache | None, *, quiet: bool, trust: bool
) -> CurveWork:
    """The work on a folder; says in what the machine is another one."""
    from gigsim.curves.work import CurveWork

    work = CurveWork(folder, workers, cache, trust=trust)
    if not quiet:
        tell_differences(work)
    return work


def account_of(work: CurveWork, go_on: str = "") -> Account:
    """What is said of it; ``go_on`` says how to go on where another command than curve does."""
    return Account(work, "job", go_on or f"gigsim curve --resume {work.folder}")


def done_with_progress(
    work: CurveWork,
    account: Account,
    interrupts: Interrupts,
    *,
    fail_fast: bool,
    retry: Sequence[str] | None,
    quiet: bool,
) -> bool:
    """Work it off; Ctrl-C ends with a line that says how to go on."""
    interrupts.running(PATIENCE)
    return account.work_off(lambda: _run(work, fail_fast, retry, quiet), interrupts)


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
    account, began = account_of(work), time.perf_counter()
    complete = done_with_progress(
        work, account, interrupts, fail_fast=fail_fast, retry=retry, quiet=quiet or as_json
    )
    seconds = time.perf_counter() - began
    if as_json:
        print_json(account.as_json(seconds, complete=complete), kept=account.kept)
    elif complete:
        print_lines(_lines(work, seconds), kept=account.kept)
    account.check(complete=complete)


def refuse_beside(
    context: typer.Context,
    option: str,
    *,
    may: Collection[str],
    called: Mapping[str, str],
    why: str,
) -> None:
    """Refuse what is said beside an option that has said it all: it would be ignored.

    Args:
        context: of the command.
        option: such as ``--resume``.
        may: parameters that may stand beside it.
        called: of parameters that are not called as their option is, what they are called.
        why: what says it already.

    Raises:
        InputError: names what stands beside it.
    """
    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in may and source is not None and source.name == "COMMANDLINE":
            said = called.get(name, f"--{name.replace('_', '-')}")
            raise InputError(option, f"given beside {said}", why)


def words_of(option: str, text: str) -> list[str]:
    """What stands between the commas of an option; nothing of an empty text.

    Raises:
        InputError: an item is empty.
    """
    words = [word.strip() for word in text.split(",")] if text.strip() else []
    if not all(words):
        raise InputError(option, f"{text!r} has an empty item", "items with one comma between two")
    return words


def _run(work: CurveWork, fail_fast: bool, retry: Sequence[str] | None, quiet: bool) -> bool:
    progress = progress_of(
        "{task.fields[trained]} of {task.fields[count]:,} trainings", quiet=quiet
    )
    total, done = work.trainings, 0
    with progress:
        bar = progress.add_task("", total=total, trained=0, count=total, failed="")

        def ended(number: int, outcome: Outcome) -> None:
            nonlocal done
            trainings = len(work.jobs[number].trainings)
            done += trainings
            failed = failures_words(work.tally)
            progress.update(bar, completed=done, trained=f"{done:,}", failed=failed)
            if not quiet:
                what = f"failed: {outcome.reason}" if outcome.failed else outcome.value.brief
                say(progress, f"job {number} ({count(trainings, 'training')}): {what}")

        return work.run(fail_fast=fail_fast, retry=retry, ended=ended)


def _lines(work: CurveWork, seconds: float) -> list[str]:
    from gigsim.curves.tables import load_curve

    folder = work.folder
    found = load_curve(folder)
    lines = [
        f"{work.plan.name}: {count(len(work.plan.arms), 'curve')}, {len(found.rows):,} points",
        f"  {trained_words(work.tally)}, in {seconds:.0f} s",
    ]
    curves = found.summary.groupby("name", sort=False) if len(found.rows) else ()
    for name, curve in curves:
        goal = str(curve["goal"].iloc[0])
        points = ", ".join(
            f"{percent(row.alpha_effective, 2)} {row.success:.3f}"
            for row in curve[curve["retraining"] == curve["retraining"].max()].itertuples()
        )
        lines.append(f"  {name} (S_{goal} at α_effective): {points}")
    return [*lines, f"  {folder}/curve.png", f"  gigsim runs show {folder}"]
