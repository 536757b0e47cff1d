"""How owner and worker talk: length-prefixed frames through pipes.

Unlike ``multiprocessing.Connection`` the owner's side never blocks: a worker that is stopped or
killed in the middle of a long message holds up nobody else.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

# kind, serial, resident bytes of the sender, length of what follows
_HEADER = struct.Struct("<BQQQ")
#: As much as a pipe holds: one read empties it.
_CHUNK = 2**16


class Kind(IntEnum):
    """What a frame says."""

    ORDER = 0  # owner to worker: the task (serial 0), or a pickled argument
    READY = 1  # worker to owner: it has the task
    UNFIT = 2  # the task cannot be loaded there; the traceback
    TOLD = 3  # what the task tells of its progress, pickled
    DONE = 4  # the pickled outcome


class Frame(NamedTuple):
    """One message.

    Attributes:
        kind: what it says.
        serial: of the piece that it is about.
        resident: bytes of the sender's resident memory; 0 where that is not said.
        body: the rest.
    """

    kind: Kind
    serial: int
    resident: int
    body: bytes


def pack(kind: Kind, serial: int, body: bytes = b"") -> bytes:
    """A frame as bytes."""
    return _HEADER.pack(kind, serial, 0, len(body)) + body


class Parser:
    """Puts frames together from whatever pieces arrive."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take in what arrived; the frames that are complete now."""
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            kind, serial, resident, length = _HEADER.unpack_from(self._buffer)
            end = _HEADER.size + length
            if len(self._buffer) < end:
                return
            body = bytes(memoryview(self._buffer)[_HEADER.size : end])
            del self._buffer[:end]
            yield Frame(Kind(kind), serial, resident, body)


def available(descriptor: int) -> tuple[bytes, bool]:
    """What can be read at once from a non-blocking pipe, and whether its other end is closed."""
    try:
        data = os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return b"", False
    return data, not data


def write_frame(
    descriptor: int, kind: Kind, serial: int, body: bytes = b"", resident: int = 0
) -> None:
    """Write a frame, blocking."""
    header = _HEADER.pack(kind, serial, resident, len(body))
    # Short ones at once; long ones without another copy.
    for part in (header + body,) if len(body) < _CHUNK else (header, body):
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def read_frame(descriptor: int) -> Frame | None:
    """The next frame, blocking; None where the other end is closed."""
    header = _read_exactly(descriptor, _HEADER.size)
    if header is None:
        return None
    kind, serial, resident, length = _HEADER.unpack(header)
    body = _read_exactly(descriptor, length)
    return None if body is None else Frame(Kind(kind), serial, resident, bytes(body))


def _read_exactly(descriptor: int, count: int) -> bytearray | None:
    found = bytearray()
    while len(found) < count:
        data = os.read(descriptor, min(count - len(found), _CHUNK))
        if not data:
            return None
        found += data
    return found
