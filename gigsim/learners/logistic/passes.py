"""Elementwise passes over blocks of columns, and sums down a column.

Sums run down the rows in the block's own precision for a stretch of rows at a time, and over the
stretches in float64: a column's sum does not depend on which columns stand beside it. Where a
compiled pass is used (``compiled.passes``), it does the same operations in the same order and gives
the same bytes; it only does not write down what comes between.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.logistic import compiled

Floats = NDArray[np.floating[Any]]
Sums = NDArray[np.float64]

#: Rows in a stretch, whatever the width, or a sum would be rounded differently; and stretches
#: between two exponentials: a few such arrays fit into a core's own cache.
STRETCH, _TOGETHER = 256, 4

#: exp(-80) is far below what float32 can add to 1, and exp(88) near its largest number.
_FAR = 80.0


def stretches(rows: int, step: int = STRETCH) -> Iterator[slice]:
    """Consecutive runs of rows."""
    for first in range(0, rows, step):
        yield slice(first, min(first + step, rows))


def dots(left: Floats, right: Floats) -> Sums:
    """Inner product of each column of two (d, width) blocks, float64, shape (width,)."""
    if fast := _compiled(left, right):
        return np.asarray(fast.dots(left, right))
    total = np.zeros(left.shape[1])
    for part in stretches(len(left)):
        total += np.add.reduce(left[part] * right[part], axis=0)
    return total


def overlaps(gradient: Floats, before: Floats, towards: Floats) -> tuple[Sums, Sums]:
    """``dots(gradient, towards)`` and ``dots(before, towards)``."""
    if fast := _compiled(gradient, before, towards):
        square, overlap = fast.overlaps(gradient, before, towards)
        return square, overlap
    return dots(gradient, towards), dots(before, towards)


def bent(bend: Floats, change: Floats) -> Sums:
    """Σ bend change² down each column, float64, shape (width,)."""
    if fast := _compiled(bend, change):
        return np.asarray(fast.bent(bend, change))
    total = np.zeros(bend.shape[1])
    for part in stretches(len(bend)):
        total += np.add.reduce(change[part] * change[part] * bend[part], axis=0)
    return total


def advance(block: Floats, step: Floats, direction: Floats) -> None:
    """Add ``step * direction`` to a block in place; ``step`` of shape (width,), its dtype."""
    if fast := _compiled(block, direction):
        fast.advance(block, step, direction)
        return
    for part in stretches(len(block)):
        block[part] += step * direction[part]


def turn(
    direction: Floats, beta: Floats, towards: Floats, gradient: Floats, weights: Floats
) -> tuple[Sums, Sums, Sums]:
    """Replace a direction by ``beta * direction - towards`` in place.

    Args:
        direction: shape (d, width).
        beta: shape (width,), of its dtype.
        towards: shape (d, width), as the two that follow.
        gradient: where the columns are.
        weights: likewise.

    Returns:
        Its inner products with the gradient, itself and the weights, float64, shape (width,) each.
    """
    if fast := _compiled(direction, towards, gradient, weights):
        slope, square, cross = fast.turn(direction, beta, towards, gradient, weights)
        return slope, square, cross
    for part in stretches(len(direction)):
        direction[part] = beta * direction[part] - towards[part]
    return dots(gradient, direction), dots(direction, direction), dots(weights, direction)


def outside(
    towards: Floats, gradient: Floats, common: Floats, mean: Floats, offset: Floats
) -> Sums:
    """Add ``common * (gradient - mean * offset)`` to ``towards`` in place.

    Args:
        towards: shape (d, width).
        gradient: shape (d, width).
        common: shape (width,).
        mean: shape (d,).
        offset: shape (width,).

    Returns:
        Inner products of the mean with what ``towards`` is then, float64, shape (width,).
    """
    if fast := _compiled(towards, gradient):
        return np.asarray(fast.outside(towards, gradient, common, mean, offset))
    total = np.zeros(towards.shape[1])
    for part in stretches(len(towards)):
        own = mean[part, None]
        towards[part] += common * (gradient[part] - own * offset)
        total += np.add.reduce(own * towards[part], axis=0)
    return total


def sigmoid(scores: Floats) -> Floats:
    """1 / (1 + exp(-scores)), elementwise and without overflow."""
    out: Floats = np.negative(scores)
    np.minimum(out, _FAR, out=out)
    np.exp(out, out=out)
    out += 1
    return np.reciprocal(out, out=out)


def along(
    scores: Floats,
    direction: Floats,
    step: Floats,
    labels: Floats,
    weights: Floats | None,
    probabilities: Floats,
) -> tuple[Sums, Sums]:
    """Slope and curvature of the summed loss at ``scores + step * direction``.

    Args:
        scores: shape (n, width).
        direction: change of the scores for a step of 1, shape (n, width).
        step: shape (width,), of the blocks' dtype.
        labels: 0 or 1, shape (n, width), of the blocks' dtype.
        weights: of rows, shape (n, width); None for 1.
        probabilities: shape (n, width); overwritten with those at the new point.

    Returns:
        The two derivatives with respect to the step, float64, shape (width,) each.
    """
    slope, curvature = np.zeros(scores.shape[1]), np.zeros(scores.shape[1])
    fast = _compiled(scores, direction, labels, probabilities) if weights is None else None
    if fast:
        far = scores.dtype.type(_FAR)
        for part in stretches(len(scores), _TOGETHER * STRETCH):
            p, towards = probabilities[part], direction[part]
            fast.exponents(p, scores[part], step, towards, far)
            # NumPy's own exponential, which no compiled loop has.
            np.exp(p, out=p)
            fast.derivatives(p, towards, labels[part], slope, curvature)
        return slope, curvature
    for part in stretches(len(scores)):
        towards = direction[part]
        p = sigmoid(scores[part] + step * towards)
        probabilities[part] = p
        pull = p - labels[part]
        bend = p * (1 - p)
        if weights is not None:
            pull *= weights[part]
            bend *= weights[part]
        pull *= towards
        slope += np.add.reduce(pull, axis=0)
        towards = towards * towards
        towards *= bend
        curvature += np.add.reduce(towards, axis=0)
    return slope, curvature


def residuals(
    probabilities: Floats, labels: Floats, weights: Floats | None, c: float
) -> tuple[Floats, Floats, Sums, Sums]:
    """C ω (p - y) and C ω p (1 - p), shape (n, width), and their sums down each column."""
    factor = probabilities.dtype.type(c)
    if weights is None and (fast := _compiled(probabilities, labels)):
        pull, bend, offset, curvature = fast.residuals(probabilities, labels, factor)
        return pull, bend, offset, curvature
    pull, bend = probabilities - labels, probabilities * (1 - probabilities)
    for block in (pull, bend):
        block *= factor
        if weights is not None:
            block *= weights
    return pull, bend, _sums(pull), _sums(bend)


def _sums(block: Floats) -> Sums:
    total = np.zeros(block.shape[1])
    for part in stretches(len(block)):
        total += np.add.reduce(block[part], axis=0)
    return total


def _compiled(*blocks: Floats) -> Any:
    """The compiled passes, if there are any and these blocks are what they take."""
    whole = all(block.flags.c_contiguous and block.dtype == blocks[0].dtype for block in blocks)
    return compiled.passes() if whole else None
