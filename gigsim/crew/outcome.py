"""What a piece of work may use, and what became of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

from gigsim.errors import InputError

Task = Callable[[Any, Callable[[Any], None]], Any]
Kind = Literal["done", "refused", "error", "died", "time", "memory"]


@dataclass(frozen=True)
class Limits:
    """What one piece of work may use, and when a worker process is replaced by a fresh one.

    Attributes:
        seconds: of the clock, from when a worker begins the piece; None for no limit.
        memory: resident bytes of the worker's process and its children, looked at four times a
            second (its children every second), so that a task may pass it for that long; None for
            no limit.
        repetitions: how often a piece is begun again after the process that worked on it died.
        recycle_seconds: a worker is replaced this long after it began its first piece, between two
            pieces, when its successor has started.
        recycle_growth: so is one whose resident memory is this many bytes above what it was after
            its first piece, or a quarter of what ``memory`` then left, where that is less: what
            pieces leave behind is not held against the next. One that grew by twice as much gets no
            further piece, successor or not.
    """

    seconds: float | None = None
    memory: int | None = None
    repetitions: int = 0
    recycle_seconds: float = 600.0
    recycle_growth: int = 256 * 2**20

    def __post_init__(self) -> None:
        for name in ("seconds", "memory", "recycle_seconds", "recycle_growth"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be positive, got {value}")
        if self.repetitions < 0:
            raise ValueError(f"repetitions must be 0 or more, got {self.repetitions}")


#: No limit of time and memory, no repetition.
NO_LIMITS = Limits()


@dataclass(frozen=True)
class Outcome:
    """What became of one piece of work; exactly one of the next four is set when it failed.

    Attributes:
        value: what the task returned.
        refused: bad input, found while working.
        bug: the traceback of any other exception, from the task on: the same in any process.
        died: how the process ended that was working on it, in words.
        exceeded: the limit that it passed.
        raised: of a bug, the type of the exception and the first line of what it says.
        measured: where a limit was passed, the limit and what was measured, in words.
        attempts: how often it was begun; more than 1 where a process died that worked on it.
    """

    value: Any = None
    refused: InputError | None = None
    bug: str | None = None
    died: str | None = None
    exceeded: Literal["time", "memory"] | None = None
    raised: str = ""
    measured: str = ""
    attempts: int = 1

    @property
    def kind(self) -> Kind:
        """What became of it, in a word."""
        if self.exceeded is not None:
            return self.exceeded
        if self.refused is not None:
            return "refused"
        if self.bug is not None:
            return "error"
        return "done" if self.died is None else "died"

    @property
    def failed(self) -> bool:
        """Is there no value?"""
        return self.kind != "done"

    @property
    def reason(self) -> str:
        """Why it failed, on one line; empty where it did not."""
        return str(self.refused or self.died or self.measured or self.raised)


def attempt(task: Task, argument: Any, tell: Callable[[Any], None]) -> Outcome:
    """Do a piece of work; what it raises is its outcome."""
    try:
        return Outcome(value=task(argument, tell))
    except InputError as error:
        return Outcome(refused=error)
    except Exception as error:  # noqa: BLE001 - reported with its traceback; the others go on
        return bug(error)


def bug(error: Exception) -> Outcome:
    """The outcome of a piece whose work raised what it should not."""
    found = traceback.TracebackException(type(error), error, _from_task_on(error.__traceback__))
    said = "".join(found.format_exception_only()).splitlines()
    # Of a syntax error, where it is comes first, indented.
    first = next((line for line in said if line and not line.startswith(" ")), "")
    return Outcome(bug="".join(found.format()), raised=first.rstrip())


def _from_task_on(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames that called the task; whole where it never got there."""
    inner = trace
    while inner is not None and _is_ours(inner.tb_frame.f_globals.get("__name__", "")):
        inner = inner.tb_next
    return inner or trace


def _is_ours(module: str) -> bool:
    return module == "gigsim.processes" or module.startswith("gigsim.crew.")
