"""Reading a study that others may be writing, or that nobody may write."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gigsim.errors import InputError
from gigsim.store import compaction, index
from gigsim.store.columns import KEYS, conform, decode, numbers_of, united
from gigsim.store.shards import hidden, read_whole
from gigsim.store.writers import is_alive

#: Seconds that a reader waits for tables that are just being put in their place.
_PATIENCE = 10.0


@dataclass(frozen=True)
class Failure:
    """A run that failed for good.

    Attributes:
        number: of the run.
        kind: refused, error, died, time or memory.
        why: one line.
        traceback: text, "" where there is none.
        attempts: how often it was begun.
    """

    number: int
    kind: str
    why: str
    traceback: str
    attempts: int


@dataclass(frozen=True)
class Counts:
    """Where a study stands, in runs.

    Attributes:
        runs: all; the sum of finished, failed, claimed, claimed_by_others and open.
        finished: on the disk.
        failed: for good.
        claimed: by the writer that asks.
        claimed_by_others: by other writers that are alive.
        open: anybody may claim them.
        complete: are the tables in their final form?
    """

    runs: int
    finished: int
    failed: int
    claimed: int
    claimed_by_others: int
    open: int
    complete: bool

    @property
    def ended(self) -> bool:
        """Is every run finished or failed?"""
        return self.finished + self.failed == self.runs


def table_names(folder: Path | str) -> list[str]:
    """Tables that a study records.

    Raises:
        InputError: no study there.
    """
    folder = Path(folder)
    if _without_index(folder):
        return sorted(p.parent.name for p in folder.glob("[a-z]*/part-00000.parquet"))
    with snapshot(folder) as sql:
        return list(study(sql)[2])


def read_counts(folder: Path | str) -> Counts:
    """Where a study stands.

    Raises:
        InputError: no study there.
    """
    with snapshot(Path(folder)) as sql:
        return counts(Path(folder), sql, None)


def read_failures(folder: Path | str) -> list[Failure]:
    """The runs that failed so far, by number.

    Raises:
        InputError: no study there.
    """
    with snapshot(Path(folder)) as sql:
        return failures(sql)


def read_table(
    folder: Path | str,
    name: str,
    columns: Sequence[str] | None = None,
    numbers: Collection[int] | None = None,
) -> pd.DataFrame:
    """A table of all runs that are finished now, those that no shard holds yet included.

    Args:
        folder: the study's.
        name: of the table.
        columns: these alone, in this order; None: all.
        numbers: of these runs alone; None: all.

    Returns:
        Sorted by case, replicate and the run's own order of rows.

    Raises:
        InputError: no study there, no such table, no such column; a file is missing or damaged.
    """
    folder = Path(folder)
    if name not in (names := table_names(folder)):
        raise InputError(str(folder), f"has no table {name!r}", f"has {', '.join(names)}")
    deadline = time.monotonic() + _PATIENCE
    while True:
        found = _contents(folder, name)
        try:
            table = _read(folder / name, found, columns, numbers)
        except FileNotFoundError as error:
            # Read from the index a moment ago: it has been put in its place since.
            if time.monotonic() > deadline:
                raise index.damaged(folder, f"{error.filename or error} is missing") from error
            time.sleep(0.01)
        else:
            return table.to_pandas(self_destruct=True)


def study(sql: sqlite3.Connection) -> tuple[int, int, tuple[str, ...]]:
    """Runs, replicates, names of tables."""
    runs, replicates, tables = sql.execute("SELECT runs, replicates, tables FROM study").fetchone()
    return runs, replicates, tuple(json.loads(tables))


def counts(folder: Path, sql: sqlite3.Connection, asking: str | None) -> Counts:
    """:func:`read_counts`, as the writer ``asking`` sees it."""
    runs, phase = sql.execute("SELECT runs, phase FROM study").fetchone()
    finished = sql.execute("SELECT count(*) FROM finished").fetchone()[0]
    failed = sql.execute("SELECT count(*) FROM failed").fetchone()[0]
    claims = dict(sql.execute("SELECT writer, count(*) FROM claimed GROUP BY writer"))
    own = claims.pop(asking, 0)
    others = sum(n for writer, n in claims.items() if is_alive(folder, writer))
    left = runs - finished - failed - own - others
    return Counts(runs, finished, failed, own, others, left, phase == "complete")


def failures(sql: sqlite3.Connection) -> list[Failure]:
    """:func:`read_failures`; runs that failed in one place share the text of the traceback."""
    texts = dict(sql.execute("SELECT id, text FROM tracebacks"))
    rows = sql.execute("SELECT number, kind, why, traceback, attempts FROM failed ORDER BY number")
    return [Failure(number, kind, why, texts[t], n) for number, kind, why, t, n in rows]


def schema_in(sql: sqlite3.Connection, name: str) -> pa.Schema | None:
    """The schema that holds a table of all runs so far; None before the first."""
    query = "SELECT content FROM schemas WHERE name = ? ORDER BY first, content"
    found = [content for (content,) in sql.execute(query, [name])]
    return united(found) if found else None


@dataclass(frozen=True)
class _Contents:
    """What a table consists of at a moment."""

    replicates: int
    schema: pa.Schema | None
    files: list[Path]
    pending: list[bytes]


def _contents(folder: Path, name: str) -> _Contents:
    if _without_index(folder):
        files = sorted((folder / name).glob("part-*.parquet"))
        replicates = int(pq.read_schema(files[0]).metadata[b"replicates"])
        return _Contents(replicates, None, files, [])
    with snapshot(folder) as sql:
        _, replicates, tables = study(sql)
        phase = sql.execute("SELECT phase FROM study").fetchone()[0]
        shards = sql.execute("SELECT file FROM shards WHERE name = ? ORDER BY file", [name])
        files = [folder / name / file for (file,) in shards]
        first = index.pending_key(tables.index(name), 0)
        last = index.pending_key(tables.index(name) + 1, 0)
        query = "SELECT content FROM pending WHERE key >= ? AND key < ? ORDER BY key"
        pending = [content for (content,) in sql.execute(query, [first, last])]
        schema = schema_in(sql, name) or united([])
    if phase == "swapping":
        waiting = compaction.waiting(folder, name)
        files = sorted((waiting if waiting.exists() else folder / name).glob("part-*.parquet"))
    return _Contents(replicates, schema, files, pending)


def _read(
    folder: Path,
    found: _Contents,
    columns: Sequence[str] | None,
    numbers: Collection[int] | None,
) -> pa.Table:
    schema = found.schema
    if schema is None:
        schema = pq.read_schema(found.files[0]).remove_metadata()
    if columns is not None and (unknown := [c for c in columns if c not in schema.names]):
        allowed = f"has {', '.join(schema.names)}"
        raise InputError(str(folder), f"has no column {unknown[0]!r}", allowed)
    wanted = schema.names if columns is None else list(dict.fromkeys([*KEYS[:2], *columns]))
    narrow = pa.schema([schema.field(name) for name in wanted])
    chosen = None if numbers is None else np.fromiter(numbers, dtype=np.int64)
    pieces, runs = [narrow.empty_table()], [np.empty(0, dtype=np.int64)]
    for piece in _pieces(found, schema, wanted):
        table, of_run = conform(piece, narrow), numbers_of(piece, found.replicates)
        if chosen is not None:
            ours = np.isin(of_run, chosen)
            table, of_run = table.filter(pa.array(ours)), of_run[ours]
        pieces.append(table)
        runs.append(of_run)
    whole, of_run = pa.concat_tables(pieces), np.concatenate(runs)
    if (np.diff(of_run) < 0).any():
        whole = whole.take(np.argsort(of_run, kind="stable"))
    return whole if columns is None else whole.select(list(columns))


def _pieces(found: _Contents, schema: pa.Schema, wanted: Sequence[str]) -> Iterator[pa.Table]:
    for path in found.files:
        with read_whole(path), _opened(path) as file:
            have = set(file.schema_arrow.names)
            piece = file.read(columns=[name for name in wanted if name in have])
        yield piece
    if found.pending:
        yield decode(found.pending, schema).select(list(wanted))


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except FileNotFoundError:
        # Its writer was killed, or is just about to give it its name.
        return pq.ParquetFile(path.with_name(hidden(path.name)))


def _without_index(folder: Path) -> bool:
    """Compacted tables say all there is to say, also where their index was left behind."""
    if (folder / index.FILE).exists():
        return False
    if not any(folder.glob("[a-z]*/part-00000.parquet")):
        raise index.missing(folder)
    return True


@contextmanager
def snapshot(folder: Path) -> Iterator[sqlite3.Connection]:
    """The index at one moment; writes nothing, keeps writers waiting while it is open.

    Raises:
        InputError: no index there, not ours, of another version, damaged.
    """
    with index.explained(folder), ExitStack() as stack:
        try:
            connection = _begun(folder)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
            spare = stack.enter_context(TemporaryDirectory(prefix="gigsim-"))
            connection = _begun(_recovered(folder, Path(spare)))
        yield stack.enter_context(closing(connection))


def _begun(folder: Path) -> sqlite3.Connection:
    connection = index.connect_to_read(folder)
    connection.execute("BEGIN")
    return connection


def _recovered(folder: Path, spare: Path) -> Path:
    """A copy of an index whose writer was killed in a transaction, with that transaction undone."""
    files = [folder / index.FILE, folder / f"{index.FILE}-journal"]
    while True:
        before = [_stamp(path) for path in files]
        for path in files:
            if path.exists():
                shutil.copyfile(path, spare / path.name)
        # Else the next writer has undone it meanwhile.
        if before == [_stamp(path) for path in files]:
            index.connect(spare).close()
            return spare


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size
