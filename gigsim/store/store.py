"""The store of a study: what is finished stays finished, whatever is killed or full.

A study's folder has an index (:mod:`~gigsim.store.index`) and one folder a table. What a run
brings is first put into the index, in the transaction that makes it finished, and later moved into
Parquet shards, ever larger ones, so that they stay around a hundred. At the end each table is
rewritten sorted by run (:mod:`~gigsim.store.compaction`). Several processes may write one
study at once; each claims the runs that it does.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from gigsim.store import claims, ending, index, results, snapshots, writers
from gigsim.store.columns import encode
from gigsim.store.index import StoreFull
from gigsim.store.results import Finished
from gigsim.store.shards import hidden, publish, sync_folder, write_durably
from gigsim.store.snapshots import (
    Counts,
    Failure,
    read_counts,
    read_failures,
    read_table,
    table_names,
)

__all__ = [
    "Counts",
    "Failure",
    "Finished",
    "Store",
    "StoreFull",
    "encode",
    "read_counts",
    "read_failures",
    "read_table",
    "table_names",
    "write_durably",
]

#: A shard is written when as many runs wait as this share of those that shards hold: the first
#: commit gives the first shard, 100,000 runs give some 120.
SHARE = 0.1
#: ... or when this many bytes wait.
SHARD_BYTES = 32 << 20


class Store:
    """A writer of one study, signed in from :meth:`open` to :meth:`close`. For one thread.

    Any method may raise ``InputError``: :class:`StoreFull` when there is no room, others when the
    index is damaged, may not be written to, or is held by another process for minutes. What was
    acknowledged before is safe then. What was not may be written or not (a commit is, where there
    was room for it but none for the shard that became due), and going on is right either way.

    Attributes:
        folder: the study's.
        runs: cases times replicates.
        replicates: of a case.
        tables: their names.
    """

    def __init__(self, folder: Path, sql: sqlite3.Connection) -> None:
        """Use :meth:`open`."""
        self.folder = folder
        self._sql = sql
        self._id = writers.new_writer()
        self._lock: writers.Lock | None = None
        self.runs, self.replicates, self.tables = snapshots.study(sql)

    @staticmethod
    def create(folder: Path | str, runs: int, replicates: int, tables: Sequence[str]) -> None:
        """Lay the index and an empty folder a table into a study's folder.

        Args:
            folder: is there already; other files in it are its maker's.
            runs: cases times replicates, at least 1.
            replicates: of a case, at least 1; divides ``runs``.
            tables: their names, like ``periods``.

        Raises:
            InputError: it holds a study already; it cannot be written to; the disk is full.
        """
        folder = Path(folder)
        if replicates < 1 or runs < 1 or runs % replicates:
            raise ValueError(f"{runs} runs are no cases of {replicates} replicates")
        if not all(re.fullmatch("[a-z][a-z_]*", name) for name in tables):
            raise ValueError(f"names of tables have to be words, got {tables}")
        if len(set(tables)) < len(tables):
            raise ValueError(f"a table is there twice: {tables}")
        with index.explained(folder, new=True):
            for name in tables:
                (folder / name).mkdir()
        index.create(folder, runs, replicates, json.dumps(list(tables)))
        with index.explained(folder, new=True):
            sync_folder(folder)

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        """Sign in as a writer, and make good what killed writers left.

        Raises:
            InputError: the folder holds no study, one of another version, a damaged one, or may
                not be written to; nothing is changed then.
        """
        folder = Path(folder)
        store = cls(folder, index.connect(folder))
        try:
            with store._transaction() as sql:
                writers.remove_dead(folder)
                store._lock = writers.writer_lock(folder, store._id)
                claims.free_dead(sql, folder)
            # A process that holds this is at the end itself.
            with store._finishing(wait=False) as ours:
                if ours:
                    ending.swap(folder, store._sql)
                    ending.tidy(folder, store._sql)
            with store._transaction():
                store._recover()
            ending.remove_stale(folder, store._sql)
        except BaseException:
            store._release()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # No room: a shard would find none either.
        self.close(flush=not isinstance(raised, StoreFull))

    def close(self, flush: bool = True) -> None:
        """Sign out: claims are free again. Nothing where it is closed already.

        Args:
            flush: write what waits into shards first; without, it stays in the index, as safe.
        """
        if self._lock is None:
            return
        try:
            if flush and index.is_open(self._sql):
                self.flush()
        finally:
            self._release()

    def claim(self, count: int) -> list[int]:
        """Take runs that nobody has, lowest first.

        Args:
            count: how many at most.

        Returns:
            Their numbers; fewer than ``count`` when no more are open.
        """
        with self._transaction() as sql:
            return claims.take(sql, self.folder, self._id, count)

    def commit(
        self, finished: Sequence[Finished], failed: Sequence[Failure] = (), claim: int = 0
    ) -> list[int]:
        """Put results on the disk, where they are when this returns, and claim further runs.

        What another writer finished meanwhile is dropped: it is the same. A failure does not undo
        a result; a result undoes a failure.

        Args:
            finished: runs with their tables; a table may be left out of a run that has none.
            failed: runs that failed for good.
            claim: how many to claim in the same go.

        Returns:
            Numbers of the runs claimed.

        Raises:
            ValueError: a run that was never claimed or is there twice, a table that the study does
                not have, rows of another run, a schema that does not go with that of other runs.
                Nothing is written.
        """
        with self._transaction() as sql:
            results.insert(sql, self.tables, finished, failed)
            claimed = claims.take(sql, self.folder, self._id, claim) if claim else []
            due = self._due()
        if due:
            self.flush()
        return claimed

    def counts(self) -> Counts:
        """Where the study stands."""
        with index.explained(self.folder):
            return snapshots.counts(self.folder, self._sql, self._id)

    def retry_failed(self, kinds: Sequence[str] | None = None) -> int:
        """Make failed runs open again.

        Args:
            kinds: of these kinds; None: all.

        Returns:
            How many. Where there are any the study is no longer complete, and its
            ``failures.parquet`` goes.
        """
        with self._finishing():
            ending.swap(self.folder, self._sql)
            return ending.reopen(self.folder, self._sql, kinds)

    def flush(self) -> None:
        """Move what waits in the index into one shard a table."""
        with self._transaction() as sql:
            written = results.write_shards(sql, self.folder, self.tables)
        for path in written:
            # Where there is none to name, another process has done it.
            publish(path)
        pa.default_memory_pool().release_unused()

    def finish(self, rows_of_failures: Callable[[Sequence[Failure]], pa.Table]) -> bool:
        """Bring the tables into the form that depends on the results alone, if no run is left.

        Each is rewritten sorted by case, replicate and the run's own order of rows, as
        ``part-00000.parquet`` and so on; ``failures.parquet`` is written. For the microseconds
        between two renames a table's folder is not there; :func:`read_table` waits for it. Called
        again after a kill at any point, it goes on; called on a complete study, it does nothing
        but make ``failures.parquet`` where that is gone.

        Args:
            rows_of_failures: makes ``failures.parquet`` of the failures, by number; called with
                none too, for the columns.

        Returns:
            False, and nothing is changed, where a run is open or claimed.
        """
        with self._finishing():
            ending.swap(self.folder, self._sql)
            while ending.phase(self.folder, self._sql) == "open":
                if not self.counts().ended:
                    return False
                self.flush()
                ending.compact(self.folder, self._sql, rows_of_failures)
                ending.swap(self.folder, self._sql)
            ending.mend(self.folder, self._sql, rows_of_failures)
            ending.tidy(self.folder, self._sql)
        pa.default_memory_pool().release_unused()
        return True

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with index.transaction(self.folder, self._sql):
            yield self._sql

    @contextmanager
    def _finishing(self, wait: bool = True) -> Iterator[bool]:
        """Alone at the end of the study; says whether we are, which is sure when we wait."""
        with index.explained(self.folder):
            lock = writers.finishing_lock(self.folder, wait)
        try:
            yield lock.held
        finally:
            lock.release()

    def _due(self) -> bool:
        """Does enough wait for a shard?"""
        query = "SELECT pending_runs, pending_bytes, (SELECT count(*) FROM finished) FROM study"
        runs, size, finished = self._sql.execute(query).fetchone()
        return bool(runs and (runs > SHARE * (finished - runs) or size >= SHARD_BYTES))

    def _recover(self) -> None:
        """Name shards whose writer was killed before it could; remove those that do not count."""
        if ending.phase(self.folder, self._sql) == "swapping":
            # By a process that was killed just now, or is at it: whoever calls finish goes on.
            return
        ending.publish_all(self.folder, self._sql)
        for name in self.tables:
            for path in (self.folder / name).glob(hidden("*.parquet")):
                path.unlink()

    def _release(self) -> None:
        lock, self._lock = self._lock, None
        try:
            # Closed where a transaction could not even be undone; ours is a dead writer then.
            if lock is not None and index.is_open(self._sql):
                with self._transaction() as sql:
                    claims.free(sql, self._id)
                    lock.release()
                    writers.remove_dead(self.folder)
                    writers.remove_folder(self.folder)
        except StoreFull:
            # What is claimed by a dead writer is free as well.
            pass
        finally:
            if lock is not None:
                lock.release()
            self._sql.close()
