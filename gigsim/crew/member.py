"""The owner's side of one worker process: what it was given, and its pipes. Nothing here blocks."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

import psutil

from gigsim.crew import family
from gigsim.crew.frames import Frame, Kind, Parser, available, pack
from gigsim.crew.pieces import Piece
from gigsim.crew.spawning import SPAWN, deaf_children
from gigsim.crew.worker import TOKEN, work


class Member:
    """One worker process.

    Args:
        task: pickled.

    Attributes:
        pieces: given to it and not done: the one that it works on, then the one sent ahead.
        ready: does it have the task?
        due: is it to be replaced, as soon as another stands ready?
        spent: is it not to be given anything any more?
        begun: when it began the first of these (monotonic seconds).
        first_begun: when it began the first that it ever got; None before.
        first_resident: bytes of resident memory after that one; None before.
    """

    def __init__(self, task: bytes) -> None:
        orders, self._orders = SPAWN.Pipe(duplex=False)
        self._results, results = SPAWN.Pipe(duplex=False)
        self._tokens, self._token_writer = SPAWN.Pipe(duplex=False)
        self._pipes = (self._orders, self._results, self._tokens, self._token_writer)
        for pipe in self._pipes:
            os.set_blocking(pipe.fileno(), False)
        try:
            # The task goes through a pipe of ours: `start` would wait for ever for a child that
            # dies before it has read a long argument.
            self._process = SPAWN.Process(
                target=work, args=(orders, results, self._tokens), daemon=True
            )
            with deaf_children():
                self._process.start()
        except BaseException:
            for pipe in self._pipes:
                pipe.close()
            raise
        finally:
            orders.close()
            results.close()
        self.pid = self._process.pid or 0
        self._self = family.of(self.pid)
        self._parser = Parser()
        self._unsent = bytearray(pack(Kind.ORDER, 0, task))
        self.pieces: deque[Piece] = deque()
        self.ready = False
        self.due = self.spent = False
        self.begun = 0.0
        self.first_begun: float | None = None
        self.first_resident: int | None = None

    @property
    def reads(self) -> int:
        """Descriptor from which its frames come."""
        return self._results.fileno()

    @property
    def writes(self) -> int:
        """Descriptor through which orders go."""
        return self._orders.fileno()

    @property
    def unsent(self) -> bool:
        """Is there something that did not fit into the pipe?"""
        return bool(self._unsent)

    def give(self, piece: Piece) -> None:
        """Send it a piece; it begins when it is done with those before."""
        if not self.pieces:
            self.begins()
        self.pieces.append(piece)
        os.write(self._token_writer.fileno(), TOKEN.pack(piece.serial))
        self._unsent += pack(Kind.ORDER, piece.serial, piece.argument)
        self.send()

    def begins(self) -> None:
        """It begins the first of its pieces now."""
        self.begun = time.monotonic()
        if self.first_begun is None:
            self.first_begun = self.begun

    def send(self) -> None:
        """Send as much as fits into the pipe."""
        try:
            while self._unsent:
                sent = os.write(self._orders.fileno(), memoryview(self._unsent)[: 2**20])
                del self._unsent[:sent]
        except BlockingIOError:
            return
        except BrokenPipeError:
            # It died; whoever reads its results finds out.
            self._unsent.clear()

    def take_back(self) -> Piece | None:
        """A piece that it has not begun; None where it has begun all."""
        try:
            (serial,) = TOKEN.unpack(os.read(self._tokens.fileno(), TOKEN.size))
        except BlockingIOError:
            return None
        piece = next(piece for piece in self.pieces if piece.serial == serial)
        self.pieces.remove(piece)
        return piece

    def hear(self) -> tuple[Iterator[Frame], bool]:
        """The frames that arrived, and whether there will be no more."""
        data, ended = available(self._results.fileno())
        return self._parser.feed(data), ended

    @property
    def dead(self) -> bool:
        """Has its process ended?"""
        return self._process.exitcode is not None

    @property
    def exit_code(self) -> int:
        """Of a process that ended; negative: the signal."""
        return self._process.exitcode or 0

    def post_mortem(self) -> str:
        """How its process ended, in words."""
        code = self.exit_code
        how = _name_of(-code) if code < 0 else f"exit code {code}"
        return f"its process died ({how}; killed, or out of memory?)"

    def resident(self, children: list[psutil.Process]) -> int:
        """Resident bytes of it and of its children."""
        return family.resident([*self._self, *children])

    def kill(self) -> None:
        """End its process; its pipes stay."""
        self._process.kill()

    def join(self) -> None:
        """Wait until its process has ended."""
        self._process.join()

    def close(self) -> None:
        """Let go of everything; its process has ended and is joined."""
        for pipe in self._pipes:
            pipe.close()
        with suppress(ValueError):
            self._process.close()


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"  # one of the real-time signals, most of which have no name
