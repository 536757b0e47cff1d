"""Who does which run: in the index, in a transaction of the caller's."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gigsim.store.writers import is_alive


def take(sql: sqlite3.Connection, folder: Path, writer: str, count: int) -> list[int]:
    """Claim runs that nobody has, lowest first; those of dead writers when no others are left.

    Args:
        sql: the index, in a transaction.
        folder: the study's.
        writer: who takes them.
        count: how many at most.

    Returns:
        Their numbers.
    """
    taken = _take(sql, count)
    if len(taken) < count and free_dead(sql, folder):
        taken += _take(sql, count - len(taken))
    sql.executemany("INSERT INTO claimed VALUES (?, ?)", [(number, writer) for number in taken])
    return taken


def _take(sql: sqlite3.Connection, count: int) -> list[int]:
    query = "SELECT number FROM freed ORDER BY number LIMIT ?"
    freed = [number for (number,) in sql.execute(query, [count])]
    sql.executemany("DELETE FROM freed WHERE number = ?", [(number,) for number in freed])
    runs, first = sql.execute("SELECT runs, unclaimed FROM study").fetchone()
    last = min(runs, first + count - len(freed))
    if last > first:
        sql.execute("UPDATE study SET unclaimed = ?", [last])
    return [*freed, *range(first, last)]


def free(sql: sqlite3.Connection, writer: str) -> int:
    """Give back what a writer has claimed; says how much that was."""
    sql.execute("INSERT INTO freed SELECT number FROM claimed WHERE writer = ?", [writer])
    return sql.execute("DELETE FROM claimed WHERE writer = ?", [writer]).rowcount


def free_dead(sql: sqlite3.Connection, folder: Path) -> int:
    """Give back what writers have claimed whose process is gone; says how much that was."""
    claiming = [writer for (writer,) in sql.execute("SELECT DISTINCT writer FROM claimed")]
    return sum(free(sql, writer) for writer in claiming if not is_alive(folder, writer))
