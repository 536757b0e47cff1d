"""Where a map of [0, 1] into itself meets the diagonal: all places, by bounds instead of a grid.

The map Φ is piecewise continuous or not, but monotone between known breaks. On (a, b) its values
then lie between its limits at the ends, so that nothing can meet the diagonal there if both are
above b or both below a. Intervals that are not excluded in this way are halved until they are
2⁻⁴⁰ of their piece. What is left are a few short clusters around every meeting point, and outside
them the sign of Φ(x) − x is *known*, up to the rounding of Φ (10⁻¹⁵). Within a cluster signs are
looked at point by point, and where they change the place is bisected to the last bit. A cluster
without a change of sign is halved on until no number lies between.

Near a tangency clusters do not get shorter as fast as their number grows. Those that still hold
over ``most`` intervals are halved no further; if no change of sign is found at their points, they
are reported as unresolved: a pair of meeting points that lies closer together than these points
may hide there.

Derived (interval exclusion by monotonicity).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigsim.theory.gaps import Floats
from gigsim.theory.participation.diagonal_signs import (
    ON,
    Found,
    Points,
    Signs,
    at_breaks,
    crossings,
    inside,
)
from gigsim.theory.participation.exclusion import Bools, Cases, Intervals, Map, halved

#: Intervals are halved until they are this part of their piece.
DEPTH = 40
#: Intervals in one cluster from which on it is halved no further.
MOST = 2**12
_MARGIN = 1e-9
# Cases lie one after the other on one line, each within [0, 1].
_LINE = 4.0
#: case, low, high
_Cluster = tuple[int, float, float]


@dataclass(frozen=True)
class Meetings:
    """Meeting points of all cases, one array element each, by case and place.

    Attributes:
        case: int, shape (M,).
        low: where, shape (M,).
        high: the same as ``low``, but for a whole stretch on the diagonal its other end.
        below: sign of Φ(x) − x just below: −1, 1, or 0 where there is nothing below (at 0).
        above: likewise above (0 at the top, at 1).
        met: is Φ(x) = x there? Not where it jumps across the diagonal.
        open_case: case of each unresolved cluster, shape (U,).
        open_low: where it begins, shape (U,).
        open_high: where it ends, shape (U,).
        open_gap: the smallest |Φ(x) − x| seen in it, shape (U,).
        resolution: of each case, shape (K,): meeting points that are further apart are told apart
            (the width of the widest interval that was not halved further).
    """

    case: Cases
    low: Floats
    high: Floats
    below: Signs
    above: Signs
    met: Bools
    open_case: Cases
    open_low: Floats
    open_high: Floats
    open_gap: Floats
    resolution: Floats


def meetings(phi: Map, breaks: Floats, cases: int, *, most: int = MOST) -> Meetings:
    """Every place where Φ(x) = x or Φ jumps across the diagonal.

    Args:
        phi: values in [0, 1]; continuous or with jumps that keep it monotone between breaks.
        breaks: ascending from 0 to 1: between two of them Φ is monotone.
        cases: K; Φ of each is solved.
        most: see :data:`MOST`.

    Returns:
        See :class:`Meetings`.
    """
    pieces = len(breaks) - 1
    start = Intervals(
        np.tile(breaks[:-1], cases),
        np.tile(breaks[1:], cases),
        np.repeat(np.arange(cases), pieces),
        np.arange(cases * pieces),
    )
    left = halved(phi, start, (start.high - start.low) * 2.0**-DEPTH, most)
    points = at_breaks(phi, breaks, cases).joined(inside(phi, left, breaks, ON))
    found = crossings(phi, points)
    empty, lone = _empty(left, found)
    if lone.any():
        # Without a meeting so far: on to the last bit.
        rest = left.take(lone)
        last = halved(phi, rest, np.zeros(len(rest.low)), most)
        # Next to a jump onto the diagonal Φ comes as close to it as numbers allow.
        points = points.joined(inside(phi, last, breaks, 0.0))
        found = crossings(phi, points)
        empty, _ = _empty(left, found)
        between = last.low + (last.high - last.low) / 2
        unfinished = last.take((between > last.low) & (between < last.high))
        begins = np.unique(unfinished.case * _LINE + unfinished.low)
        empty = [c for c in empty if _touched(begins, c)]
    return _report(found, left, empty, points, cases)


def _empty(left: Intervals, found: Found) -> tuple[list[_Cluster], Bools]:
    """The clusters in which nothing meets, and which intervals are in them."""
    if not len(left.low):
        return [], np.zeros(0, dtype=np.bool_)
    run = left.runs()
    at = np.flatnonzero(np.diff(run, prepend=-1))
    end = np.append(at[1:], len(run)) - 1
    begins, finishes = left.case[at] * _LINE + left.low[at], left.case[at] * _LINE + left.high[end]
    firsts, lasts = found[0] * _LINE + found[1], found[0] * _LINE + found[2]
    # A margin for that line's rounding: nothing is told apart so closely.
    up_to = np.searchsorted(firsts, finishes + _MARGIN, side="right")
    free = up_to <= np.searchsorted(lasts, begins - _MARGIN, side="left")
    clusters = [
        (int(left.case[at[i]]), float(left.low[at[i]]), float(left.high[end[i]]))
        for i in np.flatnonzero(free)
    ]
    return clusters, free[run]


def _touched(begins: Floats, cluster: _Cluster) -> bool:
    """Is one of the intervals that begin there in the cluster?"""
    case, low, high = cluster
    first = np.searchsorted(begins, case * _LINE + low - _MARGIN)
    return bool(first < len(begins) and begins[first] <= case * _LINE + high + _MARGIN)


def _report(
    found: Found, left: Intervals, empty: list[_Cluster], points: Points, cases: int
) -> Meetings:
    """The meeting points, and the clusters that stay open."""
    line = points.case * _LINE + points.place
    gaps = []
    for case, low, high in empty:
        first = np.searchsorted(line, case * _LINE + low - _MARGIN, side="left")
        last = np.searchsorted(line, case * _LINE + high + _MARGIN, side="right")
        gaps.append(float(np.abs(points.gap[first:last]).min()))
    resolution = np.full(cases, 2.0**-DEPTH)
    np.maximum.at(resolution, left.case, left.high - left.low)
    return Meetings(
        *found,
        open_case=np.array([case for case, _, _ in empty], dtype=np.intp),
        open_low=np.array([low for _, low, _ in empty], dtype=np.float64),
        open_high=np.array([high for _, _, high in empty], dtype=np.float64),
        open_gap=np.array(gaps, dtype=np.float64),
        resolution=resolution,
    )
