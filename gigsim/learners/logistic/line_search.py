"""How far to go along a direction: Newton steps in one dimension, kept within a bracket."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.logistic.batch import Batch
from gigsim.learners.logistic.passes import advance, along, bent

Floats = NDArray[np.floating[Any]]

#: The search ends where the slope is at most this part of what it was.
_FLAT = 0.2
#: Newton steps at most.
_STEPS = 30


def search(batch: Batch, bend: Floats, probabilities: Floats) -> Floats:
    """Go along the direction to where the objective is flat.

    Args:
        batch: its weights, intercepts and scores go along.
        bend: C ω p (1 - p) of each row where the columns are, shape (n, width).
        probabilities: shape (n, width); overwritten.

    Returns:
        The probabilities there.
    """
    c, dtype = batch.problem.c, batch.design.dtype
    change = batch.design.forward(batch.direction)
    change += batch.turn.astype(dtype)
    square, cross = batch.length, batch.cross
    slope = batch.slope
    steep = np.abs(slope)
    low, high = np.zeros(len(slope)), np.full(len(slope), np.inf)
    step = -slope / np.maximum(bent(bend, change) + square, 1e-300)
    for _ in range(_STEPS):
        pushed, curved = along(
            batch.scores,
            change,
            step.astype(dtype),
            batch.labels,
            batch.row_weights,
            probabilities,
        )
        slope = c * pushed + cross + step * square
        flat = np.abs(slope) <= _FLAT * steep
        if flat[batch.active].all():
            break
        low, high = np.where(slope < 0, step, low), np.where(slope > 0, step, high)
        newton = step - slope / np.maximum(c * curved + square, 1e-300)
        inside = (newton > low) & (newton < high)
        middle = np.where(np.isfinite(high), (low + high) / 2, 2 * low)
        step = np.where(flat | ~batch.active, step, np.where(inside, newton, middle))
    advance(batch.weights, step.astype(dtype), batch.direction)
    batch.intercepts += step * batch.turn
    advance(batch.scores, step.astype(dtype), change)
    return probabilities
