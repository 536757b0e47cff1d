"""Processes that Ctrl-C does not reach and that end with their owner."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait

#: Spawned, not forked: torch's threads do not survive a fork.
SPAWN = multiprocessing.get_context("spawn")


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
