"""What runs brought: into the index, from there into shards; in a transaction of the caller's."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gigsim.store.columns import is_of_run, schema_of
from gigsim.store.index import pending_key
from gigsim.store.shards import hidden, shard_name, sync_folder, write_shard
from gigsim.store.snapshots import Failure, schema_in, study


@dataclass(frozen=True)
class Finished:
    """What a run brought.

    Attributes:
        number: of the run, ``case * replicates + replicate``.
        tables: by name, from :func:`~gigsim.store.columns.encode`.
    """

    number: int
    tables: dict[str, bytes]


def insert(
    sql: sqlite3.Connection,
    tables: Sequence[str],
    finished: Sequence[Finished],
    failed: Sequence[Failure],
) -> None:
    """Write down runs that ended.

    Args:
        sql: the index, in a transaction.
        tables: of the study.
        finished: those that are finished already are dropped.
        failed: likewise; and those that failed already.

    Raises:
        ValueError: see :meth:`gigsim.store.store.Store.commit`.
    """
    numbers = [run.number for run in finished] + [run.number for run in failed]
    if len(set(numbers)) < len(numbers):
        raise ValueError("a run is there twice")
    unclaimed = sql.execute("SELECT unclaimed FROM study").fetchone()[0]
    if any(not 0 <= number < unclaimed for number in numbers):
        raise ValueError(f"a run that was never claimed: {min(numbers)} to {max(numbers)}")
    if unknown := {name for f in finished for name in f.tables}.difference(tables):
        raise ValueError(f"the study has no table {sorted(unknown)}")
    done = _finished_among(sql, numbers)
    _insert_finished(sql, tables, [f for f in finished if f.number not in done])
    _insert_failed(sql, [f for f in failed if f.number not in done])
    ended = [(number,) for number in numbers]
    sql.executemany("DELETE FROM claimed WHERE number = ?", ended)
    sql.executemany("DELETE FROM freed WHERE number = ?", ended)
    sql.execute("UPDATE study SET generation = generation + 1")


def _finished_among(sql: sqlite3.Connection, numbers: Sequence[int]) -> set[int]:
    query = "SELECT number FROM finished WHERE number IN (SELECT value FROM json_each(?))"
    return {number for (number,) in sql.execute(query, [json.dumps(numbers)])}


def _insert_finished(
    sql: sqlite3.Connection, tables: Sequence[str], finished: Sequence[Finished]
) -> None:
    places = {name: place for place, name in enumerate(tables)}
    replicates = study(sql)[1]
    rows: list[tuple[int, bytes]] = []
    first: dict[tuple[str, bytes], int] = {}
    for run in finished:
        for name, content in run.tables.items():
            rows.append((pending_key(places[name], run.number), content))
            schema = name, schema_of(content)
            # Compaction relies on it.
            if not is_of_run(content, *divmod(run.number, replicates)):
                raise ValueError(f"{name} of run {run.number} has rows of another run")
            first[schema] = min(run.number, first.get(schema, run.number))
    sql.executemany("INSERT INTO pending VALUES (?, ?)", rows)
    ended = [(run.number,) for run in finished]
    sql.executemany("INSERT INTO finished VALUES (?)", ended)
    sql.executemany("DELETE FROM failed WHERE number = ?", ended)
    sql.execute(
        "UPDATE study SET pending_runs = pending_runs + ?, pending_bytes = pending_bytes + ?",
        [len(finished), sum(len(content) for _, content in rows)],
    )
    sql.executemany(
        "INSERT INTO schemas VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET first = min(first, excluded.first)",
        [(name, content, number) for (name, content), number in first.items()],
    )
    # Refuses a schema that does not go with the others, before anything is on the disk.
    for name in dict.fromkeys(name for name, _ in first):
        schema_in(sql, name)


def _insert_failed(sql: sqlite3.Connection, failed: Sequence[Failure]) -> None:
    texts = [(f.traceback,) for f in failed]
    sql.executemany("INSERT OR IGNORE INTO tracebacks (text) VALUES (?)", texts)
    sql.executemany(
        "INSERT OR IGNORE INTO failed"
        " VALUES (?, ?, ?, (SELECT id FROM tracebacks WHERE text = ?), ?)",
        [(f.number, f.kind, f.why, f.traceback, f.attempts) for f in failed],
    )


def shards(sql: sqlite3.Connection, name: str) -> list[str]:
    """Files that a table consists of, by name."""
    query = "SELECT file FROM shards WHERE name = ? ORDER BY file"
    return [file for (file,) in sql.execute(query, [name])]


def write_shards(sql: sqlite3.Connection, folder: Path, tables: Sequence[str]) -> list[Path]:
    """Move what waits in the index into a shard a table, on the disk under its hidden name.

    Args:
        sql: the index, in a transaction; once that is committed the shards count.
        folder: the study's.
        tables: of the study.

    Returns:
        The shards, to be published then.
    """
    number, waiting = sql.execute("SELECT shards, pending_runs FROM study").fetchone()
    if not waiting:
        return []
    written = []
    for place, name in enumerate(tables):
        schema = schema_in(sql, name)
        if schema is None:
            continue
        path = folder / name / shard_name(number)
        replicates = study(sql)[1]
        write_shard(path.with_name(hidden(path.name)), schema, replicates, _pending(sql, place))
        sync_folder(path.parent)
        sql.execute("INSERT INTO shards VALUES (?, ?)", [name, path.name])
        written.append(path)
    sql.execute("DELETE FROM pending")
    sql.execute("UPDATE study SET shards = ?, pending_runs = 0, pending_bytes = 0", [number + 1])
    return written


def _pending(sql: sqlite3.Connection, place: int) -> Iterator[bytes]:
    query = "SELECT content FROM pending WHERE key >= ? AND key < ? ORDER BY key"
    for (content,) in sql.execute(query, [pending_key(place, 0), pending_key(place + 1, 0)]):
        yield content
