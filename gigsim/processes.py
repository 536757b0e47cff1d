"""Worker processes that Ctrl-C does not reach, that end with their owner, and may die one by one.

A terminal sends Ctrl-C to every process of the foreground group. Here only the owner decides what
it means: workers are started with the signal blocked, and end when the owner says so or is gone.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from queue import Empty
from typing import Any

from gigsim.crew.foreman import Foreman
from gigsim.crew.outcome import NO_LIMITS, Limits, Outcome, Task, attempt, bug
from gigsim.crew.pieces import Ended, Piece, Told
from gigsim.crew.spawning import (
    SPAWN,
    StillbornError,
    check_main,
    deaf_children,
    end_with_owner,
)

__all__ = [
    "NO_LIMITS",
    "SPAWN",
    "Limits",
    "Outcome",
    "StillbornError",
    "Task",
    "check_main",
    "deaf_children",
    "end_with_owner",
    "side_by_side",
]


def side_by_side(
    task: Task,
    pieces: Iterable[tuple[int, Any]],
    workers: int,
    tell: Callable[[int, Any], None] | None = None,
    limits: Limits = NO_LIMITS,
    heartbeat: float | None = None,
) -> Generator[tuple[int, Outcome] | None]:
    """Do independent pieces of work in processes of their own.

    A worker that raises goes on with the next piece. One that dies is replaced, and the piece that
    it worked on is begun again as often as ``limits`` say; a piece that was only sent to it goes
    back at no cost. Closing the iterator ends all workers at once, so close it
    (``contextlib.closing``).

    Args:
        task: called as ``task(argument, tell)`` in a worker; must be importable there.
        pieces: number and argument of each piece of work. Pulled in the caller's thread, while the
            iterator is advanced, as workers have room: two a worker that are not yet yielded, or
            where they are short as many as take half a second, at most 64. What it raises is raised
            after all workers have ended.
        workers: processes that work at once; started as there is work for them. 0 works in this
            process, one after the other: nothing can end a piece there, so time and memory have no
            limit and nothing is yielded between two ends.
        tell: gets the number of a piece and what its task told about its progress; called in the
            caller's thread, while the iterator is advanced.
        limits: of a piece, and of a worker's age. A piece that passes one of them is not repeated.
        heartbeat: seconds; None is yielded when nothing ended for so long.

    Yields:
        The number of a piece and its outcome, as they finish; None as a heartbeat.

    Raises:
        StillbornError: one worker after the other dies as it starts.
        RuntimeError: workers cannot load the task.
    """
    if workers < 0:
        raise ValueError(f"a number of workers is 0 or more, got {workers}")
    heard = tell or _unheard
    if workers == 0:
        for number, argument in pieces:
            yield number, attempt(task, argument, partial(heard, number))
        return
    foreman = Foreman(_pickled(task), workers, limits)
    foreman.start()
    try:
        yield from _served(foreman, iter(pieces), heard, heartbeat)
    finally:
        foreman.stop()


def _served(
    foreman: Foreman,
    source: Iterator[tuple[int, Any]],
    heard: Callable[[int, Any], None],
    heartbeat: float | None,
) -> Generator[tuple[int, Outcome] | None]:
    serials = count(1)
    under_way, more = 0, True
    last = time.monotonic()
    while more or under_way:
        # Two for each that ends, so that what is at hand can grow while results come in.
        for _ in range(2):
            if not more or under_way >= foreman.room:
                break
            found = next(source, None)
            if found is None:
                more = False
                foreman.no_more()
                break
            number, argument = found
            try:
                body = _pickled(argument)
            except Exception as error:  # noqa: BLE001 - reported with its traceback, as a task's
                yield number, bug(error)
                last = time.monotonic()
                continue
            foreman.add(Piece(number, next(serials), body))
            under_way += 1
        if not under_way:
            continue
        hungry = more and under_way < foreman.room
        beat = None if heartbeat is None else last + heartbeat
        event = _event(foreman, 0.0 if hungry else beat and beat - time.monotonic())
        if isinstance(event, Told):
            heard(event.number, pickle.loads(event.what))
        elif isinstance(event, Ended):
            under_way -= 1
            yield event.number, _outcome(event)
            last = time.monotonic()
            continue
        if beat is not None and time.monotonic() >= beat:
            yield None
            last = time.monotonic()


def _event(foreman: Foreman, seconds: float | None) -> Told | Ended | None:
    """What happened next; None where nothing did for so long."""
    try:
        event = foreman.events.get(timeout=None if seconds is None else max(0.0, seconds))
    except Empty:
        return None
    if isinstance(event, BaseException):
        raise event
    return event


def _outcome(event: Ended) -> Outcome:
    outcome = event.outcome
    if isinstance(outcome, bytes):
        try:
            outcome = pickle.loads(outcome)
        except Exception as error:  # noqa: BLE001 - what a task returns decides what is raised
            outcome = bug(error)
    return replace(outcome, attempts=event.attempts)


def _pickled(what: Any) -> bytes:
    # Not multiprocessing's pickler, with which torch would send tensors as files in shared memory.
    return pickle.dumps(what, protocol=pickle.HIGHEST_PROTOCOL)


def _unheard(_: int, __: Any) -> None:
    """Nobody wants to know."""
