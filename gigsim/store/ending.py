"""The last step of a study, in parts that a kill between any two leaves to be gone on with."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from gigsim.store import compaction, index
from gigsim.store.columns import united
from gigsim.store.results import shards
from gigsim.store.shards import parquet_writer, publish, sync_folder
from gigsim.store.snapshots import Failure, failures, schema_in, study

#: Made of the runs that failed, when the study ends.
FAILURES = "failures.parquet"

#: Free pages of the index, of 4 KiB, that are not worth the rewriting.
_SLACK = 64


def compact(
    folder: Path,
    sql: sqlite3.Connection,
    rows_of_failures: Callable[[Sequence[Failure]], pa.Table],
) -> None:
    """Make the final tables beside the shards, and commit to them unless something changed.

    Only with the finishing lock, with every run ended and nothing left to flush. Takes minutes for
    large studies and holds the index only for moments.
    """
    with index.transaction(folder, sql):
        publish_all(folder, sql)
        _, replicates, tables = study(sql)
        generation, runs = sql.execute(
            "SELECT generation, (SELECT count(*) FROM finished) FROM study"
        ).fetchone()
        schemas = {name: schema_in(sql, name) or united([]) for name in tables}
        files = {name: [folder / name / f for f in shards(sql, name)] for name in tables}
        failed = failures(sql)
    with index.explained(folder):
        new = compaction.new_folder(folder)
        try:
            for name in tables:
                (new / name).mkdir()
                compaction.compact(files[name], schemas[name], new / name, runs, replicates)
            _write_failures(new, rows_of_failures(failed), replicates)
            sync_folder(new)
            sync_folder(folder)
        except BaseException:
            compaction.tidy(folder)
            raise
    with index.transaction(folder, sql):
        sql.execute("UPDATE study SET phase = 'swapping' WHERE generation = ?", [generation])


def publish_all(folder: Path, sql: sqlite3.Connection) -> None:
    """Name the shards whose writer was killed, or has not come to it yet; in a transaction.

    Raises:
        InputError: a shard is missing.
    """
    for name in study(sql)[2]:
        for file in shards(sql, name):
            if not publish(folder / name / file):
                raise index.damaged(folder, f"{name}/{file} is missing")


def swap(folder: Path, sql: sqlite3.Connection) -> None:
    """Put the final tables in their place, if that was committed to; with the finishing lock."""
    if phase(folder, sql) != "swapping":
        return
    _, _, tables = study(sql)
    with index.transaction(folder, sql):
        compaction.swap(folder, tables, [FAILURES])
        sql.execute("DELETE FROM shards")
        parts = [(name, p.name) for name in tables for p in (folder / name).glob("part-*.parquet")]
        sql.executemany("INSERT INTO shards VALUES (?, ?)", parts)
        sql.execute("UPDATE study SET phase = 'complete'")


def reopen(folder: Path, sql: sqlite3.Connection, kinds: Sequence[str] | None) -> int:
    """Make failed runs of these kinds, or all, open again; says how many. With the finishing lock.

    The end, where it was reached or was in the making, no longer holds.
    """
    chosen, given = "SELECT number FROM failed", {}
    if kinds is not None:
        chosen += " WHERE kind IN (SELECT value FROM json_each(:kinds))"
        given = {"kinds": json.dumps(list(kinds))}
    with index.transaction(folder, sql):
        again = sql.execute(f"INSERT INTO freed {chosen}", given).rowcount
        if again:
            sql.execute("DELETE FROM failed WHERE number IN (SELECT number FROM freed)")
            sql.execute("UPDATE study SET phase = 'open', generation = generation + 1")
    if again:
        remove_stale(folder, sql)
    return again


def remove_stale(folder: Path, sql: sqlite3.Connection) -> None:
    """Remove the failures of an end that no longer holds.

    After the commit that says so: a kill or a full disk leaves a file too many, not one too few.
    """
    with index.transaction(folder, sql):
        if phase(folder, sql) == "open":
            (folder / FAILURES).unlink(missing_ok=True)


def mend(
    folder: Path,
    sql: sqlite3.Connection,
    rows_of_failures: Callable[[Sequence[Failure]], pa.Table],
) -> None:
    """Make the failures of a complete study anew where their file is gone; with the lock."""
    if phase(folder, sql) != "complete" or (folder / FAILURES).exists():
        return
    with index.explained(folder):
        replicates, failed = study(sql)[1], failures(sql)
        _write_failures(compaction.new_folder(folder), rows_of_failures(failed), replicates)
        compaction.swap(folder, [], [FAILURES])


def _write_failures(new: Path, rows: pa.Table, replicates: int) -> None:
    rows = rows.combine_chunks()
    with parquet_writer(new / FAILURES, rows.schema, replicates) as writer:
        writer.write_table(rows)


def tidy(folder: Path, sql: sqlite3.Connection) -> None:
    """Remove what the final tables replaced, also from the index."""
    with index.explained(folder):
        compaction.tidy(folder)
        if sql.execute("PRAGMA freelist_count").fetchone()[0] > _SLACK:
            sql.execute("VACUUM")


def phase(folder: Path, sql: sqlite3.Connection) -> str:
    """Open, swapping or complete."""
    with index.explained(folder):
        return str(sql.execute("SELECT phase FROM study").fetchone()[0])
