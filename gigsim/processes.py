"""Worker processes that Ctrl-C does not reach, that end with their owner, and may die one by one.

A terminal sends Ctrl-C to every process of the foreground group. Here only the owner decides what
it means: workers are started with the signal blocked, and end when the owner says so or is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

from gigsim.errors import InputError

#: Spawned, not forked: torch's threads do not survive a fork.
SPAWN = multiprocessing.get_context("spawn")

Task = Callable[[Any, Callable[[Any], None]], Any]


@contextmanager
def deaf_children() -> Iterator[None]:
    """Processes that this thread starts inside never get SIGINT.

    One that arrives meanwhile for this process is handled at the end. Blocked rather than ignored
    in the child's first line, since a child takes seconds to get there.
    """
    # Its start unblocks the signals of this thread, so it must not happen within.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_owner(lifeline: Connection | None = None) -> None:
    """End this worker process, whatever it is doing, when its owner dies or drops the lifeline.

    Args:
        lifeline: the reading end of a pipe; the owner never writes, it only closes its end.
    """
    parent = multiprocessing.parent_process()
    watched = [parent.sentinel] if parent else []

    def watch() -> None:
        wait([*watched, *([lifeline] if lifeline else [])])
        os._exit(1)

    threading.Thread(target=watch, name="end with owner", daemon=True).start()


@dataclass(frozen=True)
class Outcome:
    """What became of one piece of work; exactly one of the last three is set when it failed.

    Attributes:
        value: what the task returned.
        refused: bad input, found while working.
        bug: the traceback of any other exception.
        died: how the process ended that was working on it, in words.
    """

    value: Any = None
    refused: InputError | None = None
    bug: str | None = None
    died: str | None = None

    @property
    def failed(self) -> bool:
        """Is there no value?"""
        return self.refused is not None or self.bug is not None or self.died is not None

    @property
    def reason(self) -> str:
        """Why it failed, on one line; empty where it did not."""
        last = (self.bug or "").strip().splitlines()[-1:]
        return str(self.refused or self.died or "".join(last))


def side_by_side(
    task: Task,
    arguments: Sequence[Any],
    workers: int,
    tell: Callable[[int, Any], None] | None = None,
) -> Generator[tuple[int, Outcome]]:
    """Do independent pieces of work in processes of their own.

    A worker that raises goes on with the next piece; one that dies is replaced while there is work
    left. Closing the iterator ends all workers at once, so close it (``contextlib.closing``).

    Args:
        task: called as ``task(argument, tell)`` in a worker; must be importable there.
        arguments: one a piece of work.
        workers: processes, at most one a piece; 0 works in this process, one after the other.
        tell: gets the number of a piece and what its task told about its progress.

    Yields:
        The number of a piece and its outcome, as they finish.
    """
    heard = tell or _unheard
    if workers == 0:
        for number, argument in enumerate(arguments):
            yield number, _attempt(task, argument, partial(heard, number))
        return
    queue = deque(enumerate(arguments))
    crew: dict[Connection, _Worker] = {}
    try:
        while queue or crew:
            while queue and len(crew) < workers:
                fresh = _Worker(task)
                crew[fresh.connection] = fresh
                fresh.begin(*queue.popleft())
            for connection in wait(list(crew)):
                worker = crew[connection]  # type: ignore[index]
                try:
                    what, outcome = worker.connection.recv()
                except (EOFError, ConnectionResetError):
                    del crew[worker.connection]
                    yield worker.number, Outcome(died=worker.post_mortem())
                    continue
                if outcome is None:
                    heard(worker.number, what)
                    continue
                done = worker.number
                if queue:
                    worker.begin(*queue.popleft())
                else:
                    del crew[worker.connection]
                    worker.end()
                yield done, outcome
    finally:
        for worker in crew.values():
            worker.end()


class _Worker:
    """One process, the owner's side of it."""

    def __init__(self, task: Task) -> None:
        self.connection, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=_work, args=(task, theirs), daemon=True)
        self.number = -1
        with deaf_children():
            self._process.start()
        theirs.close()

    def begin(self, number: int, argument: Any) -> None:
        self.number = number
        try:
            self.connection.send(argument)
        except BrokenPipeError:
            # It died between two pieces: the next read finds the end of the pipe.
            return

    def post_mortem(self) -> str:
        self.connection.close()
        self._process.join()
        code = self._process.exitcode or 0
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"its process died ({how}; killed, or out of memory?)"

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()


def _work(task: Task, connection: Connection) -> None:
    end_with_owner()
    while True:
        try:
            argument = connection.recv()
        except EOFError:
            return
        connection.send(
            (None, _attempt(task, argument, lambda what: connection.send((what, None))))
        )


def _attempt(task: Task, argument: Any, tell: Callable[[Any], None]) -> Outcome:
    try:
        return Outcome(value=task(argument, tell))
    except InputError as error:
        return Outcome(refused=error)
    except Exception as error:  # noqa: BLE001 - reported with its traceback; the others go on
        return Outcome(bug="".join(traceback.format_exception(error)))


def _unheard(_: int, __: Any) -> None:
    """Nobody wants to know."""
