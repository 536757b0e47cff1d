"""What limits say about workers: which passed one, and which are to be replaced."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

import psutil

from gigsim.crew import family
from gigsim.crew.member import Member
from gigsim.crew.outcome import Limits, Outcome

#: Seconds between two looks at the memory of workers, and at all processes of the machine for their
#: children; the latter may take one part in so many of the time.
_LOOK_AT_MEMORY, _LOOK_AT_CHILDREN, _CHILDREN_SHARE = 0.25, 1.0, 50
#: Share of what the memory limit leaves that earlier pieces may have left behind before a worker is
#: due; and how many times the growth that makes it due makes it useless.
_GROWTH_SHARE, _SPENT = 0.25, 2.0


class Watch:
    """Looks at workers as often as limits need.

    Args:
        limits: of a piece, and of a worker's age.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._children: dict[int, list[psutil.Process]] = {}
        self._looked_at_memory = -math.inf
        self._next_at_children = -math.inf

    def next_look(self, busy: Sequence[Member]) -> float:
        """When to look again at the workers that have work, in monotonic seconds."""
        when = math.inf
        if busy and self._limits.memory is not None:
            when = self._looked_at_memory + _LOOK_AT_MEMORY
        if self._limits.seconds is not None:
            when = min([when, *(member.begun + self._limits.seconds for member in busy)])
        return when

    def exceeded(self, busy: Sequence[Member]) -> Iterator[tuple[Member, Outcome]]:
        """Those that passed a limit, with the outcome of what they work on; each once."""
        now, seconds, memory = time.monotonic(), self._limits.seconds, self._limits.memory
        late = [m for m in busy if seconds is not None and now - m.begun >= seconds]
        for member in late:
            why = f"not finished after {seconds:g} s, its limit"
            yield member, Outcome(exceeded="time", measured=why)
        if memory is None or now - self._looked_at_memory < _LOOK_AT_MEMORY:
            return
        self._looked_at_memory = now
        rest = [member for member in busy if member not in late]
        self._find_children(rest)
        for member in rest:
            used = member.resident(self._children.get(member.pid, []))
            if used > memory:
                why = f"it used {used / 1e9:.2f} GB of memory, its limit is {memory / 1e9:g} GB"
                yield member, Outcome(exceeded="memory", measured=why)

    def weigh(self, member: Member, resident: int) -> None:
        """Find out whether a worker is to be replaced.

        Args:
            member: done with a piece.
            resident: bytes of its resident memory then.
        """
        if member.first_resident is None or member.first_begun is None:
            member.first_resident = resident
            return
        allowed: float = self._limits.recycle_growth
        if self._limits.memory is not None:
            left = max(self._limits.memory - member.first_resident, 0)
            allowed = min(allowed, _GROWTH_SHARE * left)
        growth = resident - member.first_resident
        age = time.monotonic() - member.first_begun
        member.due |= growth > allowed or age > self._limits.recycle_seconds
        member.spent |= growth > _SPENT * allowed

    def _find_children(self, members: Sequence[Member]) -> None:
        began = time.monotonic()
        if not members or began < self._next_at_children:
            return
        self._children = family.descendants(member.pid for member in members)
        took = time.monotonic() - began
        # Where thousands of processes run, less often.
        self._next_at_children = began + max(_LOOK_AT_CHILDREN, _CHILDREN_SHARE * took)
