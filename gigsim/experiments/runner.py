"""Works off the open runs of a store: claimed, done side by side, committed within a second.

It knows nothing of economies: what a run is, the task and its jobs say. Nothing is kept in memory
but what has ended since the last commit.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from gigsim.processes import Limits, Outcome, Task, side_by_side
from gigsim.store.store import Failure, Finished, Store

#: What has ended is on disk at the latest so many seconds after its worker said so.
COMMIT_SECONDS = 0.5
#: So many seconds of work are claimed at a time: little is held by a process that is killed.
_CLAIM_SECONDS = 1.0
#: How often to look whether another process, which holds the last runs, has ended.
_WAIT_SECONDS = 0.5


def work_off(
    store: Store,
    task: Task,
    job: Callable[[int], Any],
    workers: int,
    *,
    tables: Callable[[Any], dict[str, bytes]],
    limits: Limits | None = None,
    tell: Callable[[int, Any], None] | None = None,
    ended: Callable[[int, Outcome], None] | None = None,
    fail_fast: bool = False,
) -> bool:
    """Do what is open in a store, until nothing is, or until a run fails that may not.

    Other processes may work on the same store: what they hold is waited for, and done here if they
    die. Whatever ends this function, what had ended by then is committed, and told.

    Args:
        store: opened for writing.
        task: done in a worker, as ``task(job(number), tell)``.
        job: for the number of a run what its task is told.
        workers: processes; 0 works in this one, where limits do not apply.
        tables: for what the task returned the run's tables, each a stream of bytes.
        limits: of time, memory and repetitions.
        tell: gets the number of a run and what its task told.
        ended: gets the number of a run and its outcome, once it is committed: what it counts is
            safe.
        fail_fast: stop at the first run that fails.

    Returns:
        Is nothing left to do? False after a failure with ``fail_fast``.

    Raises:
        InputError: the store cannot be written to, or the disk is full.
    """
    batch = _Batch(store, workers, tables, ended)

    def pieces() -> Iterator[tuple[int, Any]]:
        while numbers := batch.claim():
            for number in numbers:
                yield number, job(number)

    while True:
        work = side_by_side(
            task, pieces(), workers, tell, limits=limits or Limits(), heartbeat=COMMIT_SECONDS / 2
        )
        try:
            with closing(work) as outcomes:
                for found in outcomes:
                    if found is not None:
                        number, outcome = found
                        batch.add(number, outcome)
                        if fail_fast and outcome.failed:
                            return False
                    # In this process the next run may take hours.
                    batch.commit(at_once=workers == 0)
        finally:
            batch.commit(at_once=True)
        if not _more(store):
            return True


def _more(store: Store) -> bool:
    """Is there something to do, now or once the processes that hold it have ended?"""
    while True:
        counts = store.counts()
        if counts.open or not counts.claimed_by_others:
            return bool(counts.open)
        time.sleep(_WAIT_SECONDS)


class _Batch:
    """What has ended since the last commit, and how much to claim at a time."""

    def __init__(
        self,
        store: Store,
        workers: int,
        tables: Callable[[Any], dict[str, bytes]],
        ended: Callable[[int, Outcome], None] | None,
    ) -> None:
        self._store, self._tables, self._tell = store, tables, ended
        # One that is worked on and one that is sent ahead, for each worker.
        self._least = 2 * max(1, workers)
        self._ended: list[tuple[int, Outcome]] = []
        # Committed, and not yet told.
        self._safe: deque[tuple[int, Outcome]] = deque()
        self._began = self._last = time.monotonic()
        self._committed = 0

    def claim(self) -> list[int]:
        """Numbers of runs to do; none when all are done, failed or held by others."""
        rate = self._committed / max(time.monotonic() - self._began, _CLAIM_SECONDS)
        return self._store.claim(max(self._least, int(rate * _CLAIM_SECONDS)))

    def add(self, number: int, outcome: Outcome) -> None:
        self._ended.append((number, outcome))

    def commit(self, *, at_once: bool) -> None:
        """Make it durable, now or when the last time was long enough ago, and then tell of it."""
        now = time.monotonic()
        if not at_once and now - self._last < COMMIT_SECONDS:
            return
        self._last = now
        if self._ended:
            done = [(number, outcome) for number, outcome in self._ended if not outcome.failed]
            failed = [(number, outcome) for number, outcome in self._ended if outcome.failed]
            self._store.commit(
                [Finished(number, self._tables(outcome.value)) for number, outcome in done],
                [_failure(number, outcome) for number, outcome in failed],
            )
            self._committed += len(self._ended)
            self._safe, self._ended = deque([*self._safe, *self._ended]), []
        while self._safe:
            number, outcome = self._safe.popleft()
            if self._tell is not None:
                self._tell(number, outcome)


def _failure(number: int, outcome: Outcome) -> Failure:
    return Failure(number, outcome.kind, outcome.reason, outcome.bug or "", outcome.attempts)
