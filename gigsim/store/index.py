"""The index of a study: one SQLite file that says which runs are finished, failed or claimed.

SQLite gives what a file of our own would have to be tested into: commits that are there whole or
not at all, recovery after ``kill -9``, several processes, and a full disk that undoes only the
transaction it met. It keeps a rollback journal, not a write-ahead log, so that a folder that is
read-only or was copied can be read; ``synchronous=EXTRA`` also syncs the folder when the journal
goes, without which a loss of power could undo a commit.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gigsim.errors import InputError

#: The index's file in a study's folder.
FILE = "index.sqlite"
#: Layout of the index and of the folder around it.
VERSION = 1
#: "gigs": marks the file as ours.
APPLICATION = 0x67696773
#: Seconds to wait for another process; it holds the index while it writes a shard.
PATIENCE = 300.0
#: What a write fails with when there is no room: disk, quota, largest file.
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_NO_RIGHT = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

_LAYOUT = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
BEGIN IMMEDIATE;
-- One row. phase: open, swapping (compacted tables replace shards), complete.
-- unclaimed: no run from this number on was ever claimed. generation: counts changes.
CREATE TABLE study (
    runs INTEGER NOT NULL, replicates INTEGER NOT NULL, tables TEXT NOT NULL,
    phase TEXT NOT NULL DEFAULT 'open', generation INTEGER NOT NULL DEFAULT 0,
    unclaimed INTEGER NOT NULL DEFAULT 0, shards INTEGER NOT NULL DEFAULT 0,
    pending_runs INTEGER NOT NULL DEFAULT 0, pending_bytes INTEGER NOT NULL DEFAULT 0
);
-- Runs below unclaimed that are neither claimed nor ended.
CREATE TABLE freed (number INTEGER PRIMARY KEY);
CREATE TABLE claimed (number INTEGER PRIMARY KEY, writer TEXT NOT NULL);
CREATE TABLE finished (number INTEGER PRIMARY KEY);
CREATE TABLE failed (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, why TEXT NOT NULL,
    traceback INTEGER NOT NULL, attempts INTEGER NOT NULL
);
-- Many runs fail in the same place.
CREATE TABLE tracebacks (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
-- Tables of finished runs that no shard holds yet; key: see pending_key.
CREATE TABLE pending (key INTEGER PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE shards (name TEXT NOT NULL, file TEXT NOT NULL, PRIMARY KEY (name, file));
-- Every schema that a table's runs had, and the lowest run that had it.
CREATE TABLE schemas (
    name TEXT NOT NULL, content BLOB NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (name, content)
);
"""


class StoreFull(InputError):  # noqa: N818 - a state of the disk; reads as what it says
    """No room on the disk: what was acknowledged is safe, the rest is not written.

    Args:
        folder: the study's.
        reason: what the system said.
    """

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            str(folder),
            f"the disk is full ({reason}); every run that was counted as finished is safe",
            f"free some space, then `gigsim sweep --resume {folder}`",
        )


def pending_key(position: int, number: int) -> int:
    """Place of a run's table among those that no shard holds: by table, then by run."""
    return position << 40 | number


def create(folder: Path, runs: int, replicates: int, tables: str) -> None:
    """Lay an index into a folder that has none.

    Args:
        folder: the study's.
        runs: cases times replicates.
        replicates: of a case.
        tables: their names as a JSON list.

    Raises:
        InputError: there is one already; the folder cannot be written to; the disk is full.
    """
    with explained(folder, new=True):
        # Created by us alone: SQLite would open a file that is there.
        os.close(os.open(folder / FILE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        connection = _connect(folder, "rw")
        try:
            connection.executescript(_LAYOUT)
            insert = "INSERT INTO study (runs, replicates, tables) VALUES (?, ?, ?)"
            connection.execute(insert, (runs, replicates, tables))
            connection.execute("COMMIT")
        finally:
            connection.close()


def connect(folder: Path) -> sqlite3.Connection:
    """The index, to write into.

    Raises:
        InputError: none there, not ours, of another version, damaged, not writable.
    """
    check_writable(folder)
    with explained(folder):
        connection = _connect(folder, "rw")
        try:
            check(folder, connection)
            if (found := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise damaged(folder, " ".join(found.split()))
        except BaseException:
            connection.close()
            raise
    return connection


def connect_to_read(folder: Path) -> sqlite3.Connection:
    """The index, to read only: works on a read-only folder, and while others write.

    Raises:
        sqlite3.OperationalError: also where a killed writer's transaction has to be undone first,
            which a reader may not do.
        InputError: none there, not ours, of another version.
    """
    if not (folder / FILE).is_file():
        raise missing(folder)
    connection = _connect(folder, "ro")
    try:
        check(folder, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(folder: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{(folder.resolve() / FILE).as_uri()}?mode={mode}",
        uri=True,
        timeout=PATIENCE,
        isolation_level=None,
    )
    connection.execute("PRAGMA synchronous = EXTRA")
    return connection


def check(folder: Path, connection: sqlite3.Connection) -> None:
    """Refuse what is not an index of ours, or of another version."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise InputError(
            str(folder / FILE),
            "is no index of a study",
            "a folder made by `gigsim sweep` is needed",
        )
    if (found := connection.execute("PRAGMA user_version").fetchone()[0]) != VERSION:
        hint = ": a newer one wrote it, update" if found > VERSION else ""
        raise InputError(
            str(folder / FILE),
            f"has schema {found}",
            f"this version of gigsim reads {VERSION}{hint}",
        )


def check_writable(folder: Path) -> None:
    """Refuse a folder without an index, or one that cannot be written to; changes nothing.

    Raises:
        InputError: either.
    """
    if not (folder / FILE).is_file():
        raise missing(folder)
    if not os.access(folder, os.W_OK | os.X_OK) or not os.access(folder / FILE, os.W_OK):
        raise unwritable(folder, os.strerror(errno.EACCES))


@contextmanager
def transaction(folder: Path, connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of it or nothing, alone among the processes; durable when it is left.

    Raises:
        StoreFull: no room; nothing of it is written.
        InputError: damaged; not writable; another process holds the index for minutes.
    """
    with explained(folder):
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            _undo(connection)
            raise


def _undo(connection: sqlite3.Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        # The journal stays and the next to open the index undoes the transaction. What made the
        # transaction fail is being raised.
        connection.close()


def is_open(connection: sqlite3.Connection) -> bool:
    """Can it still be used? Not after an undoing that failed: see :func:`transaction`."""
    try:
        return connection.total_changes >= 0
    except sqlite3.ProgrammingError:
        return False


@contextmanager
def explained(folder: Path, new: bool = False) -> Iterator[None]:
    """Turn what the disk and SQLite say into lines for the user; what else they say are bugs.

    Args:
        folder: the study's.
        new: is it being made? Another place would do then.
    """
    try:
        yield
    except sqlite3.Error as error:
        known = _explanation(folder, error, new)
        if known is None:
            raise
        raise known from error
    except FileExistsError as error:
        raise InputError(str(error.filename), "is there already", "name a new folder") from error
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in NO_ROOM:
            raise StoreFull(folder, reason) from error
        if error.errno in _NO_RIGHT:
            raise unwritable(folder, reason, new) from error
        raise


def _explanation(folder: Path, error: sqlite3.Error, new: bool) -> InputError | None:
    code = getattr(error, "sqlite_errorcode", 0)
    primary, reason = code & 0xFF, str(error)
    # A quota and the largest size of a file are "I/O errors" to SQLite when it writes.
    if primary == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_WRITE:
        return StoreFull(folder, reason)
    if primary in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return damaged(folder, reason)
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return unwritable(folder, reason, new)
    if primary == sqlite3.SQLITE_BUSY:
        return InputError(
            str(folder), f"another process holds the index for {PATIENCE:.0f} s", "end it first"
        )
    if primary == sqlite3.SQLITE_IOERR:
        return InputError(str(folder), f"the disk fails ({reason})", "a disk that works is needed")
    return None


def damaged(folder: Path, reason: str) -> InputError:
    """The refusal of an index, or a folder around it, that is not as we left it."""
    return InputError(
        str(folder),
        f"the study is damaged ({reason})",
        "restore it from a copy, or run the study anew",
    )


def missing(folder: Path) -> InputError:
    """The refusal of a folder that holds no index."""
    problem = "holds no study" if folder.is_dir() else "no such folder"
    return InputError(str(folder), problem, "a folder made by `gigsim sweep` is needed")


def unwritable(folder: Path, reason: str, new: bool = False) -> InputError:
    """The refusal of a folder that may only be read; ``new``: one that was to be made."""
    allowed = "give a writable folder: --out DIR" if new else "make it writable, or copy it"
    return InputError(str(folder), f"cannot be written to ({reason})", allowed)
