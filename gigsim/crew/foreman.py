"""The thread that keeps worker processes at work, whatever its owner is doing meanwhile.

All that its owner hands over or gets are bytes: arguments are pickled, and outcomes unpickled, by
the owner.
"""

from __future__ import annotations

import os
import selectors
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable
from multiprocessing import resource_tracker
from queue import SimpleQueue

from gigsim.crew import family
from gigsim.crew.frames import Frame, Kind
from gigsim.crew.member import Member
from gigsim.crew.outcome import Limits, Outcome
from gigsim.crew.pieces import Ended, Piece, Told
from gigsim.crew.spawning import GUARD, StillbornError
from gigsim.crew.watch import Watch

#: Seconds of work that are kept at hand, so that an owner who is busy that long starves nobody; and
#: at most this many pieces a worker.
_AT_HAND, _MOST_AT_HAND = 0.5, 64
#: Seconds between two looks for workers whose own children keep the pipe open.
_LOOK_AT_DEATHS = 0.5
#: Workers that may end as they start, one after the other: by themselves; killed from outside, by
#: somebody or for want of memory, which may pass.
_STILLBORN, _STILLBORN_KILLED = 3, 100


class Foreman(threading.Thread):
    """Workers, hired and replaced as needed, and what they work on.

    Args:
        task: pickled.
        workers: how many work at once.
        limits: of a piece.

    Attributes:
        events: what happened, for the owner; an exception is one that ended this thread.
    """

    def __init__(self, task: bytes, workers: int, limits: Limits) -> None:
        super().__init__(name="foreman", daemon=True)
        self.events: SimpleQueue[Told | Ended | BaseException] = SimpleQueue()
        self._task, self._workers = task, workers
        self._repetitions = limits.repetitions
        self._crew: list[Member] = []
        self._inbox: deque[Piece] = deque()
        self._waiting: deque[Piece] = deque()
        self._no_more = self._stopping = False
        self._hungry = True
        self._mean: float | None = None
        self._watch = Watch(limits)
        self._looked_at_deaths = 0.0
        self._stillborn = 0
        self._selector = selectors.DefaultSelector()
        self._over = threading.Event()
        self._alarm, self._waker = os.pipe()
        os.set_blocking(self._alarm, False)
        os.set_blocking(self._waker, False)

    # What the owner calls.

    @property
    def room(self) -> int:
        """How many pieces it wants to have, done and not taken by the owner included."""
        at_hand = 0 if self._mean is None else int(_AT_HAND / max(self._mean, 1e-6))
        return self._workers * max(2, min(at_hand, _MOST_AT_HAND))

    def add(self, piece: Piece) -> None:
        """Hand over a piece."""
        self._inbox.append(piece)
        # Where everybody has enough it is found in passing: waking costs more than that.
        if self._hungry:
            self._wake()

    def no_more(self) -> None:
        """Say that there will be no more pieces."""
        self._no_more = True
        self._wake()

    def stop(self) -> None:
        """End all workers at once, and this thread; what interrupts that is raised after it."""
        interrupt: BaseException | None = None
        # Not by joining: Python 3.11 takes a thread for ended whose join was interrupted.
        while not self._over.is_set():
            try:
                self._stopping = True
                self._wake()
                self._over.wait()
            except BaseException as error:  # noqa: BLE001 - raised below
                interrupt = error
        self.join()
        os.close(self._alarm)
        os.close(self._waker)
        if interrupt is not None:
            raise interrupt

    def _wake(self) -> None:
        try:
            os.write(self._waker, b"!")
        except BlockingIOError:
            return  # it has not yet answered thousands

    # What the thread does.

    def run(self) -> None:
        """Until stopped."""
        try:
            self._run()
        finally:
            self._over.set()

    def _run(self) -> None:
        # Ctrl-C is for the main thread, which it would not wake if it came to this one. The tracker
        # would undo that if the first worker started it.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._selector.register(self._alarm, selectors.EVENT_READ)
            while not self._stopping:
                self._round()
        except BaseException as error:  # noqa: BLE001 - raised by the owner
            self.events.put(error)
        finally:
            self._end(list(self._crew))
            self._selector.close()

    def _round(self) -> None:
        for key, mask in self._selector.select(self._patience()):
            member: Member | None = key.data
            if member is None:
                os.read(self._alarm, 2**16)
            elif member in self._crew:
                if mask & selectors.EVENT_WRITE:
                    member.send()
                    if not member.unsent:
                        self._selector.unregister(member.writes)
                else:
                    self._hear(member)
        while self._inbox:
            self._waiting.append(self._inbox.popleft())
        self._look()
        self._assign()
        self._staff()
        self._hungry = self._given() < 2 * self._workers

    def _patience(self) -> float | None:
        """Seconds until something is to be looked at."""
        if self._hungry and self._inbox:
            return 0.0  # it came before its owner could know that it is to wake this thread
        if not self._crew:
            return None
        now = time.monotonic()
        deaths = self._looked_at_deaths + _LOOK_AT_DEATHS
        busy = [member for member in self._crew if member.pieces]
        return max(0.0, min(deaths, self._watch.next_look(busy)) - now)

    def _hear(self, member: Member) -> None:
        frames, ended = member.hear()
        self._note(member, frames)
        if ended:
            self._bury(member)

    def _note(self, member: Member, frames: Iterable[Frame]) -> None:
        for frame in frames:
            if frame.kind == Kind.READY:
                member.ready = True
                self._stillborn = 0
            elif frame.kind == Kind.UNFIT:
                raise RuntimeError(f"a worker cannot load the task:\n{frame.body.decode()}")
            elif frame.kind == Kind.TOLD:
                # What a thread tells that a task left behind is not about any piece.
                about = [piece.number for piece in member.pieces if piece.serial == frame.serial]
                for number in about:
                    self.events.put(Told(number, frame.body))
            else:
                self._done(member, frame)

    def _done(self, member: Member, frame: Frame) -> None:
        piece = member.pieces.popleft()
        took = time.monotonic() - member.begun
        self._mean = took if self._mean is None else self._mean + 0.1 * (took - self._mean)
        self.events.put(Ended(piece.number, piece.attempts + 1, frame.body))
        if member.pieces:
            member.begins()
        self._watch.weigh(member, frame.resident)

    def _look(self) -> None:
        """Find workers that passed a limit, and those whose end no pipe told."""
        now = time.monotonic()
        if now - self._looked_at_deaths >= _LOOK_AT_DEATHS:
            self._looked_at_deaths = now
            for member in [member for member in self._crew if member.dead]:
                self._bury(member)
        busy = [member for member in self._crew if member.pieces]
        for member, exceeded in self._watch.exceeded(busy):
            self._bury(member, exceeded)

    def _bury(self, member: Member, exceeded: Outcome | None = None) -> None:
        """A worker is dead, or to be killed since the piece it works on passed a limit."""
        blamed = member.pieces[0] if exceeded else None
        self._kill([member])
        # What it sent before its end counts, and is less than a pipe holds.
        self._note(member, member.hear()[0])
        not_begun = list(iter(member.take_back, None))
        for piece in member.pieces:  # at most one: that which it worked on
            if exceeded is None:
                piece.attempts += 1
                if piece.attempts > self._repetitions:
                    died = Outcome(died=member.post_mortem())
                    self.events.put(Ended(piece.number, piece.attempts, died))
                    continue
            elif piece is blamed:
                self.events.put(Ended(piece.number, piece.attempts + 1, exceeded))
                continue
            not_begun.insert(0, piece)
        self._waiting.extendleft(reversed(not_begun))
        if not member.ready:
            self._count_stillborn(member)
        self._forget(member)

    def _count_stillborn(self, member: Member) -> None:
        self._stillborn += 1
        killed = member.exit_code == -signal.SIGKILL
        most = _STILLBORN_KILLED if killed else _STILLBORN
        if self._stillborn >= most:
            raise StillbornError(
                "worker processes",
                f"{self._stillborn} in a row died as they started ({member.post_mortem()})",
                f"{GUARD}; otherwise run with fewer workers",
            )

    def _assign(self) -> None:
        idle = [member for member in self._crew if member.ready and not member.pieces]
        fresh = [member for member in idle if not member.due]
        old = [member for member in idle if member.due and not member.spent]
        # Between two pieces is when one that is due is replaced by one that stands ready.
        self._end([member for member in idle if member.spent] + old[: len(fresh)])
        old = old[len(fresh) :]
        free = self._workers - sum(1 for member in self._crew if member.pieces)
        takers = deque([*fresh, *old][:free])
        while takers and (piece := self._next_piece()) is not None:
            takers.popleft().give(piece)
        # One piece each ahead, but not the first, with which those that start can begin.
        first = max(0, self._workers - sum(member.ready for member in self._crew))
        for member in self._crew:
            if len(self._waiting) <= first:
                break
            if len(member.pieces) == 1 and not member.due:
                member.give(self._waiting[first])
                del self._waiting[first]
        for member in self._crew:
            if member.unsent and member.writes not in self._selector.get_map():
                self._selector.register(member.writes, selectors.EVENT_WRITE, member)
        if self._no_more and not self._waiting:
            ahead = any(len(member.pieces) > 1 for member in self._crew)
            self._end([m for m in self._crew if not m.pieces and (m.ready or not ahead)])

    def _next_piece(self) -> Piece | None:
        """The next that waits; otherwise one sent ahead to a worker that is still busy."""
        if self._waiting:
            return self._waiting.popleft()
        for member in sorted(self._crew, key=lambda member: member.begun):
            if len(member.pieces) > 1 and (piece := member.take_back()) is not None:
                return piece
        return None

    def _staff(self) -> None:
        """Hire as many as there is work for, and ahead of time who replaces those that are due."""
        outstanding = len(self._waiting) + self._given()
        due = sum(member.due for member in self._crew)
        successors = min(due, 1 + self._workers // 4) if self._waiting else 0
        while len(self._crew) < min(self._workers, outstanding) + successors:
            member = Member(self._task)
            self._crew.append(member)
            self._selector.register(member.reads, selectors.EVENT_READ, member)
            self._selector.register(member.writes, selectors.EVENT_WRITE, member)

    def _given(self) -> int:
        return sum(len(member.pieces) for member in self._crew)

    def _end(self, members: list[Member]) -> None:
        if members:
            self._kill(members)
            for member in members:
                self._forget(member)

    def _kill(self, members: list[Member]) -> None:
        """End processes, and what they started."""
        started = family.descendants(member.pid for member in members)
        for member in members:
            member.kill()
            family.kill(started[member.pid])
        for member in members:
            member.join()

    def _forget(self, member: Member) -> None:
        self._crew.remove(member)
        for descriptor in (member.reads, member.writes):
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
        member.close()
