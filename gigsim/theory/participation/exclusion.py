"""Intervals in which a piecewise monotone map cannot meet the diagonal, taken out one by one.

On (a, b) a monotone Φ takes values between its limits at the two ends: it cannot be on the diagonal
there if both are above b, or both below a. What is left is halved and asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.gaps import Floats

Cases = NDArray[np.intp]
Bools = NDArray[np.bool_]


class Map(Protocol):
    """Φ of each case, vectorised; ``side`` as in ``participation_curves.Curve``."""

    def __call__(self, alpha: Floats, side: int, case: Cases) -> Floats:
        """Φ(α) or its limit from one side, shape of ``alpha``."""


@dataclass(frozen=True)
class Intervals:
    """Open intervals, ordered by piece and place."""

    low: Floats
    high: Floats
    case: Cases
    piece: Cases

    def take(self, which: Bools) -> Intervals:
        """Those of them."""
        return Intervals(self.low[which], self.high[which], self.case[which], self.piece[which])

    def runs(self) -> Cases:
        """The number of the run of touching intervals of one piece that each is in, from 0."""
        new = np.ones(len(self.low), dtype=np.intp)
        new[1:] = (self.low[1:] != self.high[:-1]) | (self.piece[1:] != self.piece[:-1])
        return np.cumsum(new) - 1


def halved(phi: Map, part: Intervals, finest: Floats, most: int) -> Intervals:
    """What is left of the intervals when all that Φ cannot meet the diagonal in is taken out.

    Args:
        phi: monotone on each interval.
        part: where to begin.
        finest: width at which each is halved no further; 0 goes on until no number lies between.
        most: nor is any in a run of touching intervals longer than this.

    Returns:
        In order. Outside them the sign of Φ(x) − x is known: it cannot change between two of them
        but at a break.
    """
    # Φ just inside both ends.
    first, last = phi(part.low, 1, part.case), phi(part.high, -1, part.case)
    done: list[Intervals] = []
    while len(part.low):
        stays = (np.minimum(first, last) <= part.high) & (np.maximum(first, last) >= part.low)
        part, first, last, finest = part.take(stays), first[stays], last[stays], finest[stays]
        middle = part.low + (part.high - part.low) / 2
        run = part.runs()
        ends = (part.high - part.low <= finest) | (np.bincount(run, minlength=1)[run] > most)
        ends |= (middle <= part.low) | (middle >= part.high)
        done.append(part.take(ends))
        part, first, last, finest = part.take(~ends), first[~ends], last[~ends], finest[~ends]
        middle = middle[~ends]
        there = phi(middle, 0, part.case)
        part = Intervals(
            _alternate(part.low, middle),
            _alternate(middle, part.high),
            np.repeat(part.case, 2),
            np.repeat(part.piece, 2),
        )
        first, last = _alternate(first, there), _alternate(there, last)
        finest = np.repeat(finest, 2)
    low, high, case, piece = (
        np.concatenate([getattr(each, name) for each in done] or [start])
        for name, start in (
            ("low", part.low),
            ("high", part.high),
            ("case", part.case),
            ("piece", part.piece),
        )
    )
    order = np.lexsort((low, piece))
    return Intervals(low[order], high[order], case[order], piece[order])


def _alternate(first: Floats, second: Floats) -> Floats:
    """f0, s0, f1, s1, ..."""
    both = np.empty(2 * len(first))
    both[::2], both[1::2] = first, second
    return both
