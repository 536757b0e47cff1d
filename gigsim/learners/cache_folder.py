"""A folder that several processes keep files in: one at a time per key, and never too many bytes.

    <key>.safetensors     what is kept; last used at its modification time
    busy/<key>.lock       somebody is working on this key, while the kernel holds a lock on it
    busy/<key>.part       what it is writing
    total                 bytes of all that is kept, or more (see ``_publish``); everybody's lock

A lock is the kernel's (flock), so it ends with the process that holds it, however that ends. A
process waits for a key's lock holding none, and with a key's lock for ``total`` alone: no deadlock.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

#: What a system says when there is no space left, for everybody or for this user.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_KEPT = re.compile(r"[0-9a-f]{64}\.safetensors")
_BUSY = re.compile(r"([0-9a-f]{64})\.(?:lock|part)")

#: Share of the limit that is left after something had to go, so that the next ones need no look at
#: every file.
_AFTER_EVICTION = 0.9

#: Digits of the total: always as many bytes, so that writing it anew needs no space.
_DIGITS = 20


@dataclass(frozen=True)
class CacheFolder:
    """Files by key, of at most ``limit`` bytes together; the least recently used go first.

    Attributes:
        path: of the folder.
        limit: bytes.
    """

    path: Path
    limit: int

    def prepare(self) -> None:
        """Make the folder where it is missing, and try its lock.

        Raises:
            OSError: it cannot be made or written to, or its file system has no locks.
        """
        self._busy.mkdir(parents=True, exist_ok=True)
        for folder in (self.path, self._busy):
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
        lock = Lock.take(self._total, wait=False)
        if lock is not None:
            lock.release()

    def place(self, key: str) -> Path:
        """Where the file of a key lies, if it is kept."""
        return self.path / f"{key}.safetensors"

    def read(self, key: str) -> bytes | None:
        """The file of a key, which counts as used now; None where there is none.

        Raises:
            OSError: it cannot be read.
        """
        try:
            content = self.place(key).read_bytes()
        except FileNotFoundError:
            return None
        # It may be gone by now, or another user's: then it only looks older than it is.
        with suppress(OSError):
            os.utime(self.place(key))
        return content

    def lock(self, key: str) -> Lock:
        """Wait until nobody else works on this key.

        Raises:
            OSError: no lock is to be had: the folder cannot be written to, or the disk is full.
        """
        self._busy.mkdir(parents=True, exist_ok=True)
        lock = Lock.take(self._busy / f"{key}.lock")
        assert lock is not None, "who waits gets it"
        return lock

    def store(self, key: str, content: bytes) -> None:
        """Keep a file, whole or not at all; one larger than the limit is not kept.

        The caller holds the key's lock.

        Raises:
            OSError: it could not be written, and nothing has changed.
        """
        if len(content) > self.limit:
            return
        # Somebody may have thrown the folder away meanwhile.
        self._busy.mkdir(parents=True, exist_ok=True)
        part = self._busy / f"{key}.part"
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._publish(key, part, len(content))
        except BaseException:
            # A file that cannot be removed either is what a killed process leaves.
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise

    def drop(self, key: str) -> None:
        """Remove a file that is not what it should be."""
        self.place(key).unlink(missing_ok=True)

    # ------------------------------------------------------------------------------ machinery

    @property
    def _busy(self) -> Path:
        return self.path / "busy"

    @property
    def _total(self) -> Path:
        return self.path / "total"

    def _publish(self, key: str, part: Path, size: int) -> None:
        """Make room, then rename.

        The total on disk is raised before the rename, so whoever dies in between leaves one too
        large, never too small; the next look at every file puts it right.
        """
        with self._everything() as lock:
            self._tidy(key)
            total = lock.number()
            if total is None or total + size > self.limit:
                total = self._make_room(size)
            lock.write_number(total + size)
            part.replace(self.place(key))

    def _make_room(self, size: int) -> int:
        """Look at every file, remove the oldest as need be; bytes that are left."""
        found = sorted(self._kept())
        total = sum(bytes_ for _, bytes_, _ in found)
        if total + size <= self.limit:
            return total
        for _, bytes_, name in found:
            if total <= 0 or total + size <= _AFTER_EVICTION * self.limit:
                break
            # Whoever is reading it reads on.
            (self.path / name).unlink(missing_ok=True)
            total -= bytes_
        return total

    def _kept(self) -> Iterator[tuple[int, int, str]]:
        """Last use in ns, bytes and name of every file that is kept."""
        with os.scandir(self.path) as entries:
            for entry in entries:
                if _KEPT.fullmatch(entry.name):
                    # A damaged one may be dropped just now.
                    with suppress(FileNotFoundError):
                        stat = entry.stat()
                        yield stat.st_mtime_ns, stat.st_size, entry.name

    def _tidy(self, mine: str) -> None:
        """Remove what processes left that were killed: the locks of their keys are free."""
        names = [path.name for path in self._busy.iterdir()]
        keys = {match[1] for match in map(_BUSY.fullmatch, names) if match}
        for key in keys - {mine}:
            lock = Lock.take(self._busy / f"{key}.lock", wait=False)
            if lock is not None:
                (self._busy / f"{key}.part").unlink(missing_ok=True)
                lock.release(remove=True)

    @contextmanager
    def _everything(self) -> Iterator[Lock]:
        """With everybody's lock, for as long as it takes to rename or to look at all files."""
        lock = Lock.take(self._total)
        assert lock is not None, "who waits gets it"
        try:
            yield lock
        finally:
            lock.release()


class Lock:
    """An exclusive lock on a file, held by this object until it is released or the process ends."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path, *, wait: bool = True) -> Lock | None:
        """The lock on a file, which is made if need be.

        Args:
            path: of the file.
            wait: until it is free; else None where it is not.

        Raises:
            OSError: the file cannot be made or opened for writing, or cannot be locked.
        """
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                # Its last holder may have removed the file while we waited: then a lock on what
                # we have opened keeps nobody out.
                if _is_at(descriptor, path):
                    return cls(path, descriptor)
            except BlockingIOError:
                os.close(descriptor)
                return None
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def release(self, *, remove: bool = False) -> None:
        """Let others have it; without a trace, if asked."""
        try:
            if remove:
                # The folder may have been thrown away, and made anew by somebody else.
                with suppress(OSError):
                    if _is_at(self._descriptor, self._path):
                        self._path.unlink()
        finally:
            os.close(self._descriptor)

    def number(self) -> int | None:
        """The number that stands in the file; None where none does."""
        content = os.pread(self._descriptor, _DIGITS + 1, 0)
        return int(content) if re.fullmatch(rb"[0-9]{%d}" % _DIGITS, content) else None

    def write_number(self, number: int) -> None:
        """Write it into the file, on disk when this returns."""
        os.pwrite(self._descriptor, b"%0*d" % (_DIGITS, number), 0)
        os.fsync(self._descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
