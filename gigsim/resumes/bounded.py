"""Reading a file, or what is packed in it, line by line and never more than was bargained for."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from gigsim.errors import InputError
from gigsim.resumes import limits
from gigsim.resumes.source import reason, refuse_ratio, refuse_total

#: What unpacking damaged bytes raises.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)

_GZIP = b"\x1f\x8b"
_BUFFER = 1 << 16


class Bounded(io.RawIOBase):
    """A stream that ends in an InputError when it is damaged or grows beyond the limits.

    Args:
        inner: the stream to read through; ``read(n)`` must not use memory for more than n bytes.
        where: the file, for errors.
        allowed: what is, for errors.
        packed: its compressed bytes; None where it is not compressed.
    """

    def __init__(self, inner: BinaryIO, where: str, allowed: str, packed: int | None) -> None:
        super().__init__()
        self._inner = inner
        self._where = where
        self._allowed = allowed
        self._packed = packed
        self._size = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]  # a writable buffer
        """Read at most ``len(buffer)`` bytes into ``buffer``; 0 at the end."""
        try:
            chunk = self._inner.read(len(buffer))
        except DAMAGED as error:
            said = f"unreadable ({reason(error)})"
            raise InputError(self._where, said, self._allowed) from error
        self._size += len(chunk)
        refuse_total(self._size, self._where)
        if self._packed is not None:
            refuse_ratio(self._size, self._packed, self._where)
        buffer[: len(chunk)] = chunk
        return len(chunk)


@contextmanager
def opened(path: Path, allowed: str) -> Iterator[BinaryIO]:
    """A regular file to read, within the limits; uncompressed on the way if it is gzip's.

    Raises:
        InputError: no such file, no regular file, no permission.
    """
    with ExitStack() as stack:
        file = stack.enter_context(os.fdopen(open_regular(path, str(path), allowed), "rb"))
        packed = None
        inner: BinaryIO = file
        if file.peek(2)[:2] == _GZIP:
            packed = os.fstat(file.fileno()).st_size
            inner = cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=file)))
        yield io.BufferedReader(Bounded(inner, str(path), allowed, packed), _BUFFER)


def open_regular(path: Path | str, where: str, allowed: str, *, follow: bool = True) -> int:
    """A file descriptor of a regular file: a pipe or a device is refused and never waited for.

    Args:
        path: the file.
        where: its name, for errors.
        allowed: what is, for errors.
        follow: whether ``path`` may be a symbolic link.

    Raises:
        InputError: no such file, no regular file, no permission.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError as error:
        raise InputError(where, "no such file", allowed) from error
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or reason(error)
        raise InputError(where, f"cannot be read ({said})", allowed) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError(where, "not a file", allowed)
    return descriptor


def lines(stream: BinaryIO, place: str) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, with their numbers from 1; a byte order mark is dropped.

    Raises:
        InputError: a line of more than ``limits.RECORD_BYTES``, or in UTF-16.
    """
    number = 0
    while line := stream.readline(limits.RECORD_BYTES + 1):
        number += 1
        if len(line) > limits.RECORD_BYTES:
            raise InputError(
                f"{place}: line {number}",
                f"more than {limits.RECORD_BYTES:,} bytes",
                f"a line may have {limits.RECORD_BYTES:,}",
            )
        if number == 1:
            if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise InputError(f"{place}: line 1", "UTF-16", "text is UTF-8 or cp1252")
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line.isspace() and line:
            yield number, line
