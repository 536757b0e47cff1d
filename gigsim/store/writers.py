"""Who is at work on a study: locks that the system lets go of when their process ends."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from uuid import uuid4

_FOLDER = ".writers"
_FINISHING = "finishing"


class Lock:
    """A file that this process holds ``flock`` on; it goes with the lock.

    Args:
        path: the file; made if it is not there.
        wait: until another lets go of it?

    Attributes:
        held: False where another holds it and ``wait`` is False.
    """

    def __init__(self, path: Path, wait: bool = True) -> None:
        self.path = path
        self._descriptor = -1
        how = fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB)
        while self._descriptor < 0:
            path.parent.mkdir(exist_ok=True)
            try:
                descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
            except FileNotFoundError:
                # The last writer to leave has just removed the folder.
                continue
            try:
                fcntl.flock(descriptor, how)
            except BlockingIOError:
                os.close(descriptor)
                return
            except BaseException:
                os.close(descriptor)
                raise
            # Who held it before may have removed the file since we opened it.
            if _same(descriptor, path):
                self._descriptor = descriptor
            else:
                os.close(descriptor)

    @property
    def held(self) -> bool:
        """Is it ours?"""
        return self._descriptor >= 0

    def release(self) -> None:
        """Let go of it and remove the file; nothing where it is not held."""
        if self.held:
            self.path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = -1


def _same(descriptor: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    ours = os.fstat(descriptor)
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)


def new_writer() -> str:
    """A name that no other writer has or had."""
    return f"{os.getpid()}-{uuid4().hex[:12]}"


def writer_lock(folder: Path, writer: str) -> Lock:
    """Sign a writer in. Only while holding the index: :func:`remove_dead` is then not looking."""
    return Lock(folder / _FOLDER / writer)


def finishing_lock(folder: Path, wait: bool = True) -> Lock:
    """Of the one process that compacts a study."""
    return Lock(folder / _FOLDER / _FINISHING, wait)


def is_alive(folder: Path, writer: str) -> bool:
    """Does a process hold the writer's file? Changes nothing, works on a read-only folder."""
    try:
        descriptor = os.open(folder / _FOLDER / writer, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def remove_dead(folder: Path) -> None:
    """Remove what dead writers left. Only while holding the index."""
    if not (folder / _FOLDER).is_dir():
        return
    for path in list((folder / _FOLDER).iterdir()):
        # A lock that is gotten is a dead writer's; letting go of it removes the file.
        Lock(path, wait=False).release()


def remove_folder(folder: Path) -> None:
    """Remove the folder of locks where nobody is at work. Only while holding the index."""
    try:
        (folder / _FOLDER).rmdir()
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
