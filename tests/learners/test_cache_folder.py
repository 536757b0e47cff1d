"""Locks that end with their holders, and a folder that never holds more than it may."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.learners.cache_folder import FULL, CacheFolder, Lock


def key(number: int) -> str:
    return hashlib.blake2b(str(number).encode(), digest_size=32).hexdigest()


@contextmanager
def locked(folder: CacheFolder, name: str) -> Iterator[None]:
    lock = folder.lock(name)
    try:
        yield
    finally:
        lock.release(remove=True)


def store(folder: CacheFolder, number: int, size: int) -> None:
    with locked(folder, key(number)):
        folder.store(key(number), b"x" * size)


def kept(folder: CacheFolder) -> set[int]:
    names = {path.stem for path in folder.path.glob("*.safetensors")}
    return {number for number in range(300) if key(number) in names}


def bytes_in(folder: CacheFolder) -> int:
    return sum(path.stat().st_size for path in folder.path.glob("*.safetensors"))


def age(folder: CacheFolder, number: int, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(folder.place(key(number)), (then, then))


def test_what_was_stored_is_read(tmp_path: Path) -> None:
    folder = CacheFolder(tmp_path / "a" / "b", 1000)
    assert folder.read(key(1)) is None
    store(folder, 1, 10)
    assert folder.read(key(1)) == b"x" * 10
    assert sorted(p.name for p in folder.path.iterdir()) == [
        f"{key(1)}.safetensors",
        "busy",
        "total",
    ]
    assert not list((folder.path / "busy").iterdir())
    assert (folder.path / "total").read_text() == f"{10:020d}"
    with locked(folder, key(1)):
        folder.drop(key(1))
        folder.drop(key(1))
    assert folder.read(key(1)) is None


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    folder = CacheFolder(tmp_path, 100)
    for number in range(4):
        store(folder, number, 25)
        age(folder, number, 100 - number)
    assert kept(folder) == {0, 1, 2, 3}
    assert folder.read(key(0)) is not None
    store(folder, 4, 10)
    # The oldest that was not read since; 90 % of the limit are left at most.
    assert kept(folder) == {0, 2, 3, 4}
    assert bytes_in(folder) == 85
    assert (folder.path / "total").read_text() == f"{85:020d}"


def test_what_is_larger_than_the_limit_is_not_kept_and_drives_nothing_out(tmp_path: Path) -> None:
    folder = CacheFolder(tmp_path, 100)
    store(folder, 0, 60)
    store(folder, 1, 101)
    assert kept(folder) == {0}
    store(folder, 2, 100)
    assert kept(folder) == {2}
    nothing = CacheFolder(tmp_path / "none", 0)
    store(nothing, 0, 1)
    assert kept(nothing) == set()


@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(0, 60), min_size=1, max_size=40),
    limits=st.lists(st.integers(0, 200), min_size=1, max_size=3),
)
def test_never_more_than_the_limit_after_a_store(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], limits: list[int]
) -> None:
    path = tmp_path_factory.mktemp("cache")
    for number, size in enumerate(sizes):
        folder = CacheFolder(path, limits[number % len(limits)])
        store(folder, number, size)
        if size <= folder.limit:
            assert number in kept(folder)
            assert bytes_in(folder) <= folder.limit
        total = int((path / "total").read_text()) if (path / "total").exists() else 0
        assert total >= bytes_in(folder)


@pytest.mark.parametrize("content", ["", "12", "nonsense" * 9, f"{99:020d}\n", "-" * 20])
def test_a_total_that_says_nothing_is_counted_anew(tmp_path: Path, content: str) -> None:
    folder = CacheFolder(tmp_path, 1000)
    store(folder, 0, 30)
    (tmp_path / "total").write_text(content)
    store(folder, 1, 20)
    assert (tmp_path / "total").read_text()[:20] == f"{50:020d}"
    store(folder, 2, 20)
    assert int((tmp_path / "total").read_text()[:20]) == 70


def test_a_total_that_is_too_large_puts_itself_right(tmp_path: Path) -> None:
    """As after somebody removed files by hand, or died between counting and renaming."""
    folder = CacheFolder(tmp_path, 100)
    store(folder, 0, 30)
    store(folder, 1, 60)
    folder.place(key(1)).unlink()
    store(folder, 2, 20)
    assert kept(folder) == {0, 2}, "nothing had to go"
    assert int((tmp_path / "total").read_text()) == 50


def test_the_folder_is_looked_through_only_when_it_must_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    honest = CacheFolder._kept
    monkeypatch.setattr(CacheFolder, "_kept", lambda self: looks.append(1) or honest(self))
    folder = CacheFolder(tmp_path, 1000)
    for number in range(110):
        store(folder, number, 10)
    # At the first, and when the 101st did not fit; that one left room for ten.
    assert len(looks) == 2


def test_other_files_are_nobodys_business(tmp_path: Path) -> None:
    folder = CacheFolder(tmp_path, 50)
    folder.prepare()
    others = [tmp_path / "notes.txt", tmp_path / "model.safetensors", tmp_path / "busy" / "notes"]
    for path in others:
        path.write_text("x" * 100)
    for number in range(5):
        store(folder, number, 20)
    assert all(path.exists() for path in others)


def test_a_reader_reads_on_when_its_file_is_driven_out(tmp_path: Path) -> None:
    folder = CacheFolder(tmp_path, 100)
    store(folder, 0, 80)
    with folder.place(key(0)).open("rb") as file:
        assert file.read(10) == b"x" * 10
        store(folder, 1, 80)
        assert kept(folder) == {1}
        assert len(file.read()) == 70


def test_a_folder_that_was_thrown_away_is_made_anew(tmp_path: Path) -> None:
    folder = CacheFolder(tmp_path / "cache", 100)
    store(folder, 0, 10)
    with locked(folder, key(1)):
        shutil.rmtree(folder.path)
        folder.store(key(1), b"y")
    assert kept(folder) == {1}
    assert int((folder.path / "total").read_text()) == 1


# ---------------------------------------------------------------------------- locks


def test_a_lock_keeps_others_out_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    lock = Lock.take(path)
    assert lock is not None
    assert Lock.take(path, wait=False) is None
    lock.release()
    assert path.exists()
    again = Lock.take(path, wait=False)
    assert again is not None
    again.release(remove=True)
    assert not path.exists()


def test_many_threads_never_hold_it_at_once(tmp_path: Path) -> None:
    """The file is removed at every release, while others wait for what they have opened."""
    folder, inside, most = CacheFolder(tmp_path, 10), [0], [0]

    def work() -> None:
        for _ in range(40):
            with locked(folder, key(0)):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.0002)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert not list((tmp_path / "busy").iterdir())


HOLD = """
import sys, time
from pathlib import Path
from gigsim.learners.cache_folder import CacheFolder
folder = CacheFolder(Path(sys.argv[1]), 1000)
lock = folder.lock(sys.argv[2])
(folder.path / "busy" / f"{sys.argv[2]}.part").write_bytes(b"half")
print("held", flush=True)
time.sleep(300)
"""


def test_a_killed_holder_holds_nothing_and_the_next_store_clears_up(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path), key(0)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        folder = CacheFolder(tmp_path, 1000)
        lock, part = tmp_path / "busy" / f"{key(0)}.lock", tmp_path / "busy" / f"{key(0)}.part"
        # Nobody waits for another key, and who is alive is left alone.
        store(folder, 1, 10)
        assert lock.exists()
        assert part.exists()
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
    assert lock.exists()
    store(folder, 2, 10)
    assert not lock.exists()
    assert not part.exists()
    assert kept(folder) == {1, 2}


def test_leftovers_without_a_lock_are_cleared_up_too(tmp_path: Path) -> None:
    folder = CacheFolder(tmp_path, 100)
    folder.prepare()
    (tmp_path / "busy" / f"{key(5)}.part").write_bytes(b"half")
    store(folder, 1, 10)
    assert not list((tmp_path / "busy").iterdir())


# ------------------------------------------------------------------------- what may fail


def test_a_store_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = CacheFolder(tmp_path, 100)
    store(folder, 0, 10)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store(folder, 1, 10)
    monkeypatch.undo()
    assert kept(folder) == {0}
    assert not list((tmp_path / "busy").iterdir())
    assert errno.ENOSPC in FULL


def test_it_is_prepared_once_and_for_all(tmp_path: Path) -> None:
    folder = CacheFolder(tmp_path / "cache", 10)
    folder.prepare()
    folder.prepare()
    held = Lock.take(tmp_path / "cache" / "total")
    assert held is not None
    folder.prepare()
    held.release()


def a_file(path: Path) -> None:
    path.write_text("not a folder")


def a_busy_file(path: Path) -> None:
    path.mkdir()
    (path / "busy").write_text("not a folder")


def a_total_folder(path: Path) -> None:
    (path / "total").mkdir(parents=True)


@pytest.mark.parametrize("make", [a_file, a_busy_file, a_total_folder])
def test_what_is_no_folder_of_ours_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "cache")
    with pytest.raises(OSError, match=r"exists|directory"):
        CacheFolder(tmp_path / "cache", 10).prepare()


def open_files() -> int:
    """Of this process."""
    return psutil.Process().num_fds()


def test_a_file_system_without_locks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nolock(*_: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", nolock)
    before = open_files()
    with pytest.raises(OSError, match="No locks available"):
        CacheFolder(tmp_path, 10).prepare()
    assert open_files() == before, "what was opened is closed"
