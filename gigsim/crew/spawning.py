"""Processes that Ctrl-C does not reach and that end with their owner."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType

from gigsim.errors import InputError

#: Spawned, not forked: torch's threads do not survive a fork.
SPAWN = multiprocessing.get_context("spawn")


#: What a script has to do whose main module workers import.
GUARD = 'a script that starts them needs `if __name__ == "__main__":` around what it does'


class StillbornError(InputError):
    """One worker after the other died as it started; nothing was worked on since."""


def check_main() -> None:
    """Refuse to start workers where they could not import the main module as they start.

    Raises:
        InputError: this is such a worker, importing a script that starts workers unguarded; or the
            script came from standard input, so that there is no file to import.
    """
    # As multiprocessing itself tells, which would refuse only later.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        refusal = InputError("worker processes", "started by one that is starting", GUARD)

        def hook(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            # Its owner says it: a traceback from each worker would bury that.
            if error is not refusal:
                sys.__excepthook__(kind, error, trace)

        sys.excepthook = hook
        raise refusal
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    if file is not None and getattr(main, "__spec__", None) is None and not Path(file).is_file():
        raise InputError(
            "worker processes",
            f"they import the script that starts them, and {file} is no file",
            "give workers=0, or save the script",
        )


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
