"""Signs of Φ(x) − x at many points, and the places between them where they change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.gaps import Floats
from gigsim.theory.participation.exclusion import Bools, Cases, Intervals, Map

Signs = NDArray[np.int8]

#: The map is on the diagonal if it is this close: rounding of Φ.
ON = 1e-15
#: Neighbouring points on the diagonal are one meeting point unless they are further apart: at a
#: threefold one Φ is within rounding of the diagonal over some 10⁻⁵.
APART = 1e-4
#: A bisected place counts as met, and not as jumped across, if Φ comes as close as this: Φ steeper
#: than about 10⁷ cannot be told from a jump.
MET = 1e-9


@dataclass(frozen=True)
class Points:
    """Φ(x) − x at points or, by side, just below or above them; ordered by case and place."""

    case: Cases
    place: Floats
    side: Signs
    gap: Floats
    sign: Signs

    @classmethod
    def of(cls, case: Cases, place: Floats, side: Signs, gap: Floats, on: float) -> Points:
        """Those, with the sign of each gap, 0 if it is no more than ``on``."""
        sign = np.where(np.abs(gap) <= on, 0, np.sign(gap)).astype(np.int8)
        return cls(case, place, side, gap, sign)._ordered()

    def _ordered(self) -> Points:
        order = np.lexsort((self.side, self.place, self.case))
        return Points(
            self.case[order],
            self.place[order],
            self.side[order],
            self.gap[order],
            self.sign[order],
        )

    def joined(self, other: Points) -> Points:
        """Both, in order."""
        return Points(
            np.concatenate([self.case, other.case]),
            np.concatenate([self.place, other.place]),
            np.concatenate([self.side, other.side]),
            np.concatenate([self.gap, other.gap]),
            np.concatenate([self.sign, other.sign]),
        )._ordered()


def at_breaks(phi: Map, breaks: Floats, cases: int) -> Points:
    """At every break, and from both sides of it."""
    parts = []
    for side, at in ((-1, breaks[1:]), (0, breaks), (1, breaks[:-1])):
        x, k = np.tile(at, cases), np.repeat(np.arange(cases), len(at))
        parts.append((k, x, np.full(len(x), side, dtype=np.int8), phi(x, side, k) - x))
    case, place, side_of, gap = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Points.of(case, place, side_of, gap, ON)


def inside(phi: Map, left: Intervals, breaks: Floats, on: float) -> Points:
    """At the ends of the intervals and, inside them, at values of Φ.

    Steps meet the diagonal at a value of theirs, which no halving would come across.
    """
    low, high, case = left.low, left.high, left.case
    values = np.concatenate(
        [phi(low, 1, case), phi(high, -1, case), phi(low + (high - low) / 2, 0, case)]
    )
    within = (values > np.tile(low, 3)) & (values < np.tile(high, 3))
    place = np.concatenate([low, high, values[within]])
    owner = np.concatenate([case, case, np.tile(case, 3)[within]])
    inner = ~np.isin(place, breaks)
    place, owner = place[inner], owner[inner]
    side = np.zeros(len(place), dtype=np.int8)
    return Points.of(owner, place, side, phi(place, 0, owner) - place, on)


@dataclass(frozen=True)
class _Runs:
    """Successive points of one case with one sign, each run one element."""

    case: Cases
    first: Floats
    last: Floats
    sign: Signs
    #: Is one of the points a place itself and not a limit?
    real: Bools
    #: Are the first and last points limits from above and from below?
    starts: Signs
    ends: Signs
    #: Middle of those that come closest to the diagonal.
    closest: Floats

    @classmethod
    def of(cls, points: Points) -> _Runs:
        case, place, side, sign = points.case, points.place, points.side, points.sign
        new = np.ones(len(case), dtype=np.bool_)
        new[1:] = (case[1:] != case[:-1]) | (sign[1:] != sign[:-1])
        at = np.flatnonzero(new)
        end = np.append(at[1:], len(case)) - 1
        real = np.logical_or.reduceat(side == 0, at)
        off = np.abs(points.gap)
        best = off == np.repeat(np.minimum.reduceat(off, at), end - at + 1)
        least = np.minimum.reduceat(np.where(best, place, np.inf), at)
        most = np.maximum.reduceat(np.where(best, place, -np.inf), at)
        return cls(
            case[at],
            place[at],
            place[end],
            sign[at],
            real,
            side[at],
            side[end],
            least + (most - least) / 2,
        )

    def neighbours(self) -> tuple[Signs, Signs]:
        """Signs of the runs before and after, 0 where there is none in the case."""
        same = self.case[1:] == self.case[:-1]
        before, after = np.zeros_like(self.sign), np.zeros_like(self.sign)
        before[1:] = np.where(same, self.sign[:-1], 0)
        after[:-1] = np.where(same, self.sign[1:], 0)
        return before, after


#: (case, low, high, below, above, met)
Found = tuple[Cases, Floats, Floats, Signs, Signs, Bools]


def crossings(phi: Map, points: Points) -> Found:
    """All meeting points, ordered by case and place.

    A single share at which alone Φ is on the other side of the diagonal is none.
    """
    runs = _Runs.of(points)
    one, other = _zeros(runs), _flips(phi, runs)
    order = np.lexsort((np.concatenate((one[1], other[1])), np.concatenate((one[0], other[0]))))
    case = np.concatenate((one[0], other[0]))[order]
    low = np.concatenate((one[1], other[1]))[order]
    high = np.concatenate((one[2], other[2]))[order]
    below = np.concatenate((one[3], other[3]))[order]
    above = np.concatenate((one[4], other[4]))[order]
    met = np.concatenate((one[5], other[5]))[order]
    there_and_back = np.zeros(len(case) + 1, dtype=np.bool_)
    there_and_back[1:-1] = (
        (case[1:] == case[:-1])
        & ~(met[1:] | met[:-1])
        & (low[1:] - low[:-1] <= 4 * np.spacing(low[1:]))
    )
    keep = ~(there_and_back[1:] | there_and_back[:-1])
    return case[keep], low[keep], high[keep], below[keep], above[keep], met[keep]


def _zeros(runs: _Runs) -> Found:
    """Runs on the diagonal."""
    below, above = runs.neighbours()
    on = runs.sign == 0
    # A limit on the diagonal alone is nothing, unless signs differ on its two sides.
    on &= runs.real | (below != above)
    low, high = runs.first[on], runs.last[on]
    short = high - low <= APART
    middle = np.where(low == 0, 0.0, np.where(high == 1, 1.0, runs.closest[on]))
    return (
        runs.case[on],
        np.where(short, middle, low),
        np.where(short, middle, high),
        below[on],
        above[on],
        runs.real[on],
    )


def _flips(phi: Map, runs: _Runs) -> Found:
    """Places between two runs of opposite sign, bisected."""
    at = np.flatnonzero((runs.case[1:] == runs.case[:-1]) & (runs.sign[1:] * runs.sign[:-1] < 0))
    low, high, case = runs.last[at], runs.first[at + 1], runs.case[at]
    below, above = runs.sign[at], runs.sign[at + 1]
    # A jump at a break, as long as nothing is between the two points.
    start, end = low.copy(), high.copy()
    for _ in range(1100):
        middle = low + (high - low) / 2
        moving = (middle > low) & (middle < high)
        if not moving.any():
            break
        sign = np.sign(phi(middle, 0, case) - middle)
        stays = sign == below
        low = np.where(moving & stays, middle, low)
        high = np.where(moving & ~stays, middle, high)
    # An end that was never moved may be a limit only.
    off_low = _off(phi, low, case, 1, (low == start) & (runs.ends[at] > 0))
    off_high = _off(phi, high, case, -1, (high == end) & (runs.starts[at + 1] < 0))
    met = np.minimum(off_low, off_high) <= MET
    # Of a jump upwards the first share that is carried on; else the end closer to the diagonal.
    upper = np.where(met, off_high <= off_low, below < 0)
    place = np.where(upper, high, low)
    return case, place, place.copy(), below, above, met


def _off(phi: Map, place: Floats, case: Cases, side: int, limit: Bools) -> Floats:
    """|Φ − x| at each place, by the limit from the given side where that is what counts."""
    edge = place >= 1.0 if side > 0 else place <= 0.0
    values = phi(place, 0, case)
    safe = np.where(edge, 0.5, place)
    values = np.where(limit & ~edge, phi(safe, side, case), values)
    return np.abs(values - place)
