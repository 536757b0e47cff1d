"""Elementwise passes over blocks of columns, and sums down a column.

Sums run down the rows in the block's own precision for a stretch of rows at a time, and over the
stretches in float64: a column's sum does not depend on which columns stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Sums = NDArray[np.float64]

#: Numbers in a stretch: a few such arrays fit into a core's own cache.
_STRETCH = 16_384


def stretches(rows: int, width: int) -> Iterator[slice]:
    """Consecutive runs of rows; which they are depends on the number of rows alone.

    That number must be the same for whatever width, or a sum would be rounded differently.
    """
    step = _STRETCH // 64
    for first in range(0, rows, step):
        yield slice(first, min(first + step, rows))


def dots(left: Floats, right: Floats) -> Sums:
    """Inner product of each column of two (d, width) blocks, float64, shape (width,)."""
    total = np.zeros(left.shape[1])
    for part in stretches(*left.shape):
        total += np.add.reduce(left[part] * right[part], axis=0)
    return total


def sums(block: Floats) -> Sums:
    """Sum of each column of a block of shape (n, width), float64, shape (width,)."""
    total = np.zeros(block.shape[1])
    for part in stretches(*block.shape):
        total += np.add.reduce(block[part], axis=0)
    return total


def sigmoid(scores: Floats) -> Floats:
    """1 / (1 + exp(-scores)), elementwise and without overflow."""
    out: Floats = np.negative(scores)
    # exp(88) is near float32's largest number; the outcome is 0 long before that.
    np.minimum(out, 80, out=out)
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
    for part in stretches(*scores.shape):
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
    pull, bend = probabilities - labels, probabilities - probabilities**2
    for block in (pull, bend):
        block *= block.dtype.type(c)
        if weights is not None:
            block *= weights
    return pull, bend, sums(pull), sums(bend)
