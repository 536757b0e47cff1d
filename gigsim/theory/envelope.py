"""The best of many straight lines, for very many arguments at once.

A bound that holds for every member of a family, 1 − q_i − c_i·u with u = 1/α or (1−α)/α, holds for
the best of them. The largest of K falling lines at u is their upper envelope, and a line is on it
only for one interval of u: finding these takes K log K once, and each u a search among them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.gaps import Floats


def upper_envelope(offsets: Floats, slopes: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Which of the lines offset − slope·u, u ≥ 0, are ever the largest, and where they take over.

    Args:
        offsets: shape (K,), K ≥ 1, finite.
        slopes: at least 0, shape (K,), finite.

    Returns:
        Indices of lines in the order in which they lead as u grows, shape (M,), and the u at which
        each but the first takes over, ascending, shape (M − 1,).

    Example:
        >>> order, breaks = upper_envelope(np.array([1.0, 0.5, 0.4]), np.array([1.0, 0.5, 0.0]))
        >>> order.tolist(), breaks.round(6).tolist()
        ([0, 2], [0.6])
    """
    # Of parallel lines the last is the highest.
    order = np.lexsort((offsets, slopes))
    kept: list[int] = []
    # breaks[i] is where kept[i] takes over from kept[i + 1], the steeper one; falling.
    breaks: list[float] = []
    heights, falls = offsets[order].tolist(), slopes[order].tolist()
    for line, (height, fall) in enumerate(zip(heights, falls, strict=True)):
        while kept:
            last = kept[-1]
            steeper = fall - falls[last]
            if steeper == 0:
                where = np.inf
            elif height <= heights[last]:
                break
            else:
                where = (height - heights[last]) / steeper
            if steeper > 0 and (not breaks or where < breaks[-1]):
                breaks.append(where)
                kept.append(line)
                break
            kept.pop()
            if breaks:
                breaks.pop()
        else:
            kept.append(line)
    return order[kept[::-1]], np.array(breaks[::-1], dtype=np.float64)


def leading(arguments: Floats, offsets: Floats, slopes: Floats) -> NDArray[np.intp]:
    """The line offset − slope·u that is the largest at each u ≥ 0, up to rounding.

    Args:
        arguments: u, in [0, ∞], any shape.
        offsets: shape (K,), finite.
        slopes: at least 0, shape (K,); an infinite one leads nowhere but at u = 0, where a line is
            its offset whatever its slope.

    Returns:
        Indices, shape of ``arguments``.
    """
    usable = np.flatnonzero(np.isfinite(slopes))
    highest = int(np.argmax(offsets))
    if usable.size == 0:
        return np.full(arguments.shape, highest)
    order, breaks = upper_envelope(offsets[usable], slopes[usable])
    found = usable[order][np.searchsorted(breaks, arguments)]
    if usable.size < slopes.size:
        found = np.where(arguments == 0, highest, found)
    return found
