"""What commands share whose work the store of a folder keeps: progress, Ctrl-C, how to go on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from gigsim.cli.output import count, print_json, print_lines, stderr
from gigsim.cli.run import stop, tell
from gigsim.errors import InputError

if TYPE_CHECKING:
    from gigsim.experiments.stored import StoredWork, Tally
    from gigsim.interrupts import Interrupts

#: Seconds that a second Ctrl-C does not disturb the writing of what had ended before the first.
PATIENCE = 10.0


class Estimated(Protocol):
    """What something will take."""

    def lines(self) -> list[str]:
        """For people."""
        ...

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        ...


@dataclass(frozen=True)
class Account:
    """What a command says of its work.

    Attributes:
        work: on a folder.
        noun: what it calls a job.
        go_on: the line that says how to go on after an interruption.
    """

    work: StoredWork
    noun: str
    go_on: str

    @property
    def done(self) -> str:
        """How far it is, in words."""
        tally = self.work.tally
        return f"{tally.finished:,} of {count(tally.jobs, self.noun)} done"

    @property
    def kept(self) -> str:
        """How far it is, and where."""
        return f"{self.done} in {self.work.folder}"

    @property
    def failed(self) -> str:
        """How many jobs failed, and where to read on."""
        failed = count(self.work.tally.failures, self.noun)
        return f"error: {failed} failed: see {self.work.folder}/failures.parquet"

    def work_off(self, run: Callable[[], bool], interrupts: Interrupts) -> bool:
        """Run it: is it complete?

        Raises:
            typer.Exit: interrupted (130); a line has said how to go on.
        """
        try:
            complete = run()
        except KeyboardInterrupt:
            interrupts.leaving()
            stop(f"interrupted: {self.kept}\n{self.go_on}")
        interrupts.leaving()
        return complete

    def as_json(self, seconds: float, *, complete: bool) -> dict[str, Any]:
        """What became of it, for programs."""
        tally = self.work.tally
        return {
            "folder": str(self.work.folder),
            "complete": complete,
            f"{self.noun}s": tally.jobs,
            "finished": tally.finished,
            "finished_before": tally.finished_before,
            "failed_before": tally.failed_before,
            "failed": dict(tally.failed),
            "trainings": tally.trained,
            "trainings_cached": tally.cached,
            "seconds": seconds,
        }

    def check(self, *, complete: bool) -> None:
        """Say what failed, if anything did, and how to try it again.

        Raises:
            typer.Exit: something failed (1).
        """
        again = f"{self.go_on} --retry-failed"
        if not complete:
            stop(f"error: stopped at the first failure: {self.kept}\n{again}", 1)
        if self.work.tally.failures:
            stop(f"{self.failed}\n{again}", 1)


def trained_words(tally: Tally) -> str:
    """How many classifiers this process trained, in words."""
    return f"trainings  {tally.trained:,} done, {tally.cached:,} fetched from the cache"


def failures_words(tally: Tally) -> str:
    """How many jobs failed in this process, in words; none where none did."""
    return count(tally.failed.total(), "failure") if tally.failed else ""


def tell_differences(work: StoredWork) -> None:
    """Say in what the machine is another one."""
    for what in work.differs:
        tell(f"note: not as it was, so that bits may differ: {what}")


def progress_of(done: str, rate: str = "", *, quiet: bool) -> Progress:
    """A bar on standard error, where that is a terminal; gone when the work is over.

    Args:
        done: how much is done, with the task's fields in it; the field ``failed`` is shown last.
        rate: how fast.
        quiet: show none.
    """
    return Progress(
        SpinnerColumn(),
        TextColumn(done),
        BarColumn(),
        *([TextColumn(rate)] if rate else []),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}"),
        console=stderr,
        transient=True,
        disable=quiet or not stderr.is_terminal,
    )


def say(progress: Progress, line: str) -> None:
    """A line above the bar."""
    progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


def processes_of(workers: int | None) -> int:
    """How many processes ``--workers`` means: by default one a core."""
    return (os.cpu_count() or 1) if workers is None else workers


def check_retry(resume: Path | None, *, retry_failed: bool) -> None:
    """Refuse to retry what is only begun.

    Raises:
        InputError: ``--retry-failed`` without ``--resume``.
    """
    if retry_failed and resume is None:
        raise InputError("--retry-failed", "there is nothing to retry", "give --resume DIR too")


def retried(resume: Path | None, *, retry_failed: bool) -> Sequence[str] | None:
    """Kinds of failures to try again, None for all: of a folder that is only begun there are none.

    Going on of itself tries again what may have been the machine's fault.
    """
    from gigsim.experiments.stored import CIRCUMSTANTIAL

    if retry_failed:
        return None
    return () if resume is None else CIRCUMSTANTIAL


def print_estimate(
    measure: Callable[[], Estimated], interrupts: Interrupts, *, as_json: bool
) -> None:
    """Measure what something will take, and print it; Ctrl-C leaves nothing behind."""
    interrupts.running()
    found = measure()
    interrupts.leaving()
    if as_json:
        print_json(found.as_json())
    else:
        print_lines(found.lines())
