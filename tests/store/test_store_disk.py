"""A full disk, a folder that may only be read, an index that is not ours or is damaged."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import gigsim.store.store as store_module
from gigsim.errors import InputError
from gigsim.store import compaction
from gigsim.store.store import (
    Store,
    StoreFull,
    read_counts,
    read_failures,
    read_table,
    table_names,
)
from tests.permissions import bound_by_permissions
from tests.store.stores import (
    FORKS,
    bare,
    commit,
    content,
    create,
    digest,
    failures_table,
    process,
    work,
)

RUNS = 200


def _work_with_files_of_at_most(size: int, folder: Path, connection: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    done: list[int] = []
    try:
        with Store.open(folder) as store:
            while numbers := store.claim(7):
                store.commit([bare(number, rows=40) for number in numbers])
                done += numbers
            store.finish(failures_table)
    except StoreFull as error:
        connection.send((done, str(error)))
    else:
        connection.send((done, ""))


def _fill(folder: Path, size: int) -> tuple[list[int], str]:
    ours, theirs = FORKS.Pipe(duplex=False)
    with process(_work_with_files_of_at_most, size, folder, theirs) as child:
        theirs.close()
        done, message = ours.recv()
        child.join()
        assert child.exitcode == 0
    ours.close()
    return done, message


def _work_bare(folder: Path) -> None:
    with Store.open(folder) as store:
        while numbers := store.claim(50):
            store.commit([bare(number, rows=40) for number in numbers])
        store.finish(failures_table)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The bytes of a study that had room."""
    folder = create(tmp_path_factory.mktemp("undisturbed") / "study", RUNS)
    _work_bare(folder)
    return digest(folder)


@pytest.mark.parametrize("kilobytes", [150, 200])
def test_a_full_disk_costs_nothing_that_was_acknowledged(
    tmp_path: Path, undisturbed: dict[str, str], kilobytes: int
) -> None:
    folder = create(tmp_path / "study", RUNS)
    done, message = _fill(folder, kilobytes << 10)
    assert message.startswith(f"{folder}: the disk is full (")
    assert message.endswith(
        "every run that was counted as finished is safe; "
        f"free some space, then `gigsim sweep --resume {folder}`"
    )
    assert 0 < len(done) < RUNS
    assert set(done) <= {seed // 7919 for seed in read_table(folder, "runs")["seed"]}
    counts = read_counts(folder)
    assert (counts.open, counts.claimed_by_others) == (RUNS - counts.finished, 0)
    # Still no room, and again nothing is lost.
    more, message = _fill(folder, kilobytes << 10)
    assert message
    assert read_counts(folder).finished >= len(done) + len(more)
    _work_bare(folder)
    assert digest(folder) == undisturbed
    assert content(folder) == sorted([*undisturbed, "index.sqlite", "periods", "runs", "theory"])


def test_a_disk_that_is_full_for_the_shard_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = create(tmp_path / "study", RUNS)
    before = content(folder)

    def full(path: Path, *_: object) -> None:
        path.write_bytes(b"a part of it")
        raise OSError(122, "Disk quota exceeded")

    def commit_twenty() -> None:
        with Store.open(folder) as store:
            store.commit([bare(number) for number in store.claim(20)])

    with monkeypatch.context() as patch:
        patch.setattr("gigsim.store.results.write_shard", full)
        with pytest.raises(StoreFull, match="quota exceeded"):
            commit_twenty()
    assert read_counts(folder).finished == 20
    assert len(read_table(folder, "runs")) == 200
    with Store.open(folder):
        pass
    assert content(folder) == sorted(
        [*before, "periods/batch-999999.parquet", "runs/batch-999999.parquet"]
    )


@pytest.mark.parametrize("where", ["part", "failures"])
def test_a_disk_that_is_full_at_the_end_only(
    tmp_path: Path, undisturbed: dict[str, str], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = create(tmp_path / "study", RUNS)
    with Store.open(folder) as store:
        store.commit([bare(number, rows=40) for number in store.claim(RUNS)])
        before = content(folder)

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            if where == "part":
                patch.setattr(compaction, "parquet_writer", full)
            else:
                patch.setattr("gigsim.store.ending.parquet_writer", full)
            with pytest.raises(StoreFull, match="No space left on device"):
                store.finish(failures_table)
        assert content(folder) == before
        assert store.counts().finished == RUNS
        assert not store.counts().complete
        assert store.finish(failures_table)
    assert digest(folder) == undisturbed


_FILL_A_DISK = """
import sys
from pathlib import Path
from tests.store.stores import *
from gigsim.store.store import Store, StoreFull, read_counts, read_table
folder = create(Path(sys.argv[1]) / "study", 5000)
done = []
ballast = Path(sys.argv[1]) / "ballast"
ballast.write_bytes(bytes(1 << 20))
messages = []
for attempt in range(2):
    try:
        with Store.open(folder) as store:
            while numbers := store.claim(7):
                store.commit([bare(number, rows=40) for number in numbers])
                done += numbers
    except StoreFull as error:
        messages.append(str(error))
    assert set(done) <= {seed // 7919 for seed in read_table(folder, "runs")["seed"]}
    counts = read_counts(folder)
    assert counts.open == 5000 - counts.finished, counts
    ballast.unlink(missing_ok=True)
assert len(messages) == 2 and all("the disk is full" in m for m in messages), messages
print(len(done))
"""


def _can_mount() -> bool:
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]
    return bool(shutil.which("unshare")) and subprocess.run(command, check=False).returncode == 0


def test_a_small_disk_that_is_really_full(tmp_path: Path) -> None:
    """Really where mounting is allowed; elsewhere a limit on the size of files stands for it."""
    script = [sys.executable, "-c", _FILL_A_DISK, str(tmp_path)]
    if _can_mount():
        mount = 'mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@"'
        command = ["unshare", "--mount", "sh", "-c", mount, str(tmp_path), *script]
    else:
        command = ["prlimit", "--fsize=600000", *script]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert 50 < int(ended.stdout) < 5000


_ONLY_READ = """
import sys
from pathlib import Path
from gigsim.errors import InputError
from gigsim.store.store import *
folder = Path(sys.argv[1])
try:
    Store.open(folder)
except InputError as error:
    print(error)
try:
    Store.create(folder / "runs", 1, 1, ["runs"])
except InputError as error:
    print(error)
print(read_counts(folder).finished, len(read_table(folder, "runs")), len(read_failures(folder)))
print(",".join(table_names(folder)))
"""


@pytest.mark.parametrize("state", ["at work", "killed", "complete"])
def test_a_folder_that_may_only_be_read(tmp_path: Path, state: str) -> None:
    folder = create(tmp_path / "study", 24)
    if state == "complete":
        work(folder)
    else:
        with Store.open(folder) as store:
            commit(store, store.claim(24)[:20])
            commit(store, [20])
    if state == "killed":
        with process(_die_in_a_transaction, folder) as child:
            child.join()
            assert child.exitcode == -signal.SIGKILL
        assert (folder / "index.sqlite-journal").stat().st_size
    before = {name: (folder / name).lstat().st_mtime_ns for name in content(folder)}
    plain = [sys.executable, "-c", _ONLY_READ, str(folder)]
    modes = {p: p.stat().st_mode for p in [folder, *folder.rglob("*")]}
    try:
        for path in modes:
            path.chmod(0o555 if path.is_dir() else 0o444)
        ended = subprocess.run(
            bound_by_permissions(*plain),
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert ended.returncode == 0, ended.stderr
    finished, failed = (22, 2) if state == "complete" else (20, 1)
    assert ended.stdout.splitlines() == [
        f"{folder}: cannot be written to (Permission denied); make it writable, or copy it",
        f"{folder}/runs: cannot be written to (Permission denied); "
        "give a writable folder: --out DIR",
        f"{finished} {finished} {failed}",
        "runs,periods,theory",
    ]
    assert {name: (folder / name).lstat().st_mtime_ns for name in content(folder)} == before


def _die_in_a_transaction(folder: Path) -> None:
    store = Store.open(folder)
    with store._transaction() as sql:
        # Less memory than the change takes: it is in the file already, and has to be undone.
        sql.execute("PRAGMA cache_size = 2")
        sql.execute("DELETE FROM schemas")
        sql.execute("DELETE FROM finished")
        sql.executemany("INSERT INTO finished VALUES (?)", [(n,) for n in range(100_000)])
        os.kill(os.getpid(), signal.SIGKILL)


def test_readers_of_a_killed_writers_folder_change_nothing(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 24)
    with Store.open(folder) as store:
        commit(store, store.claim(24)[:20])
    with process(_die_in_a_transaction, folder) as child:
        child.join()
    journal = folder / "index.sqlite-journal"
    before = journal.read_bytes(), (folder / "index.sqlite").read_bytes()
    assert read_counts(folder).finished == len(read_table(folder, "runs")) == 19
    assert (journal.read_bytes(), (folder / "index.sqlite").read_bytes()) == before
    with Store.open(folder) as store:
        assert not journal.exists()
        assert store.counts().finished == 19
        assert store.claim(9) == [20, 21, 22, 23]


class _Failing:
    """A connection whose disk has begun to fail."""

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._sql = sql

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sql, name)

    def execute(self, query: str, *arguments: Any) -> Any:
        if query in ("COMMIT", "ROLLBACK"):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = self.code
            raise error
        return self._sql.execute(query, *arguments)

    code = sqlite3.SQLITE_IOERR_WRITE


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC])
def test_what_cannot_be_undone_either_is_said_in_a_line(tmp_path: Path, code: int) -> None:
    folder = create(tmp_path / "study", 8)

    def claim() -> None:
        with Store.open(folder) as store:
            failing = _Failing(store._sql)
            failing.code = code
            store._sql = failing  # type: ignore[assignment]
            store.claim(2)

    with pytest.raises(InputError, match=r"the disk (is full|fails) \(disk I/O error\)"):
        claim()
    with Store.open(folder) as store:
        assert store.claim(9) == list(range(8))


def test_failures_stay_where_a_retry_finds_no_room(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 24)
    work(folder)
    whole = digest(folder)

    def retry() -> None:
        with Store.open(folder) as store:
            store._sql = _Failing(store._sql)  # type: ignore[assignment]
            store.retry_failed()

    with pytest.raises(StoreFull):
        retry()
    assert read_counts(folder).complete
    assert digest(folder) == whole


def _refused(folder: Path, match: str) -> None:
    before = {name: (folder / name).lstat().st_mtime_ns for name in content(folder)}
    for use in (
        Store.open,
        read_counts,
        read_failures,
        table_names,
        lambda folder: read_table(folder, "runs"),
    ):
        with pytest.raises(InputError, match=match) as refused:
            use(folder)
        assert "\n" not in str(refused.value)
    assert {name: (folder / name).lstat().st_mtime_ns for name in content(folder)} == before


def test_an_index_that_is_not_ours(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 24)
    file = folder / "index.sqlite"
    whole = file.read_bytes()
    file.write_bytes(b"text, and not a database " * 400)
    _refused(folder, r"is damaged \(file is not a database\); restore it from a copy")
    file.write_bytes(b"")
    _refused(folder, r"index.sqlite: is no index of a study; a folder made by `gigsim sweep`")
    file.unlink()
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE study (runs INTEGER)")
    other.close()
    _refused(folder, r"index.sqlite: is no index of a study; a folder made by `gigsim sweep`")
    file.write_bytes(whole)
    with sqlite3.connect(file) as later:
        later.execute("PRAGMA user_version = 2")
    later.close()
    _refused(folder, r"index.sqlite: has schema 2; this version of gigsim reads 1")


def test_a_damaged_index_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    folder = create(tmp_path / "study", 4000)
    with Store.open(folder) as store:
        store.commit([bare(number) for number in store.claim(4000)])
    file = folder / "index.sqlite"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2 // 4096 * 4096])
    with pytest.raises(InputError, match="the study is damaged"):
        Store.open(folder)
    file.write_bytes(whole[:4096] + b"\xff" * 8192 + whole[4096 + 8192 :])
    with pytest.raises(InputError, match="the study is damaged"):
        Store.open(folder)


def test_a_missing_or_damaged_shard_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gigsim.store.snapshots._PATIENCE", 0.1)
    folder = create(tmp_path / "study", 24)
    with Store.open(folder) as store:
        commit(store, store.claim(24))
    (shard,) = (folder / "runs").iterdir()
    whole = shard.read_bytes()
    shard.write_bytes(whole[:100])
    with pytest.raises(InputError, match="the study is damaged"):
        read_table(folder, "runs")
    with Store.open(folder) as store, pytest.raises(InputError, match="the study is damaged"):
        store.finish(failures_table)
    shard.unlink()
    with pytest.raises(InputError, match=r"the study is damaged \(.*runs.* is missing\)"):
        read_table(folder, "runs")
    with pytest.raises(InputError, match=r"runs/batch-999999.parquet is missing"):
        Store.open(folder)
    shard.write_bytes(whole)
    work(folder)
    assert len(pd.read_parquet(folder / "runs")) == 22
    assert store_module.read_counts(folder).complete
