"""Where curves first reach a level: by crossing it, or by their height where another one does."""

from __future__ import annotations

import numpy as np

from gigsim.curves.estimates import Floats


def crossings(sizes: Floats, climbs: Floats, level: float) -> tuple[Floats, Floats]:
    """Where curves first reach a level, linear in the logarithm of the size.

    Args:
        sizes: shape (A,), ascending, positive.
        climbs: shape (D, A), values at them.
        level: to be reached.

    Returns:
        Lower and upper ends of the range in which the crossing lies, each of shape (D,). They are
        equal where the level is reached between two sizes; (0, first) where the first size has it
        already; (last, inf) where none has; (NaN, NaN) where values are NaN or there is no size.
    """
    values = np.asarray(climbs, dtype=np.float64)
    rows = np.arange(len(values))
    if not len(sizes):
        return np.full(len(values), np.nan), np.full(len(values), np.nan)
    above = values >= level
    at = above.argmax(axis=1)
    before = np.maximum(at - 1, 0)
    logs = np.log(sizes)
    rise = values[rows, at] - values[rows, before]
    part = (level - values[rows, before]) / np.where(rise > 0, rise, 1.0)
    inside = np.exp(logs[before] + part * (logs[at] - logs[before]))
    never, at_once = ~above.any(axis=1), above[:, 0]
    lows = np.where(never, sizes[-1], np.where(at_once, 0.0, inside))
    highs = np.where(never, np.inf, np.where(at_once, sizes[0], inside))
    unknown = np.isnan(values).any(axis=1)
    return np.where(unknown, np.nan, lows), np.where(unknown, np.nan, highs)


def by_slope(sizes: Floats, mean: Floats, draws: Floats, level: float) -> tuple[Floats, Floats]:
    """Where draws reach a level, read off their height where the mean does, and its slope there.

    Args:
        sizes: shape (A,), ascending, positive.
        mean: shape (A,), which first reaches the level between two sizes.
        draws: shape (D, A).
        level: to be reached.

    Returns:
        As :func:`crossings`: what lies outside the sizes is only bounded.
    """
    at = int((mean >= level).argmax())
    logs = np.log(sizes[[at - 1, at]])
    slope = (mean[at] - mean[at - 1]) / (logs[1] - logs[0])
    part = (level - mean[at - 1]) / (mean[at] - mean[at - 1])
    crossing = logs[0] + part * (logs[1] - logs[0])
    height = (1 - part) * draws[:, at - 1] + part * draws[:, at]
    # In logarithms, which a draw far out does not overflow.
    reached = crossing - (height - level) / slope
    first, last = np.log(sizes[0]), np.log(sizes[-1])
    inside = np.exp(reached.clip(first, last))
    lows = np.where(reached < first, 0.0, inside)
    highs = np.where(reached > last, np.inf, inside)
    unknown = np.isnan(reached)
    return np.where(unknown, np.nan, lows), np.where(unknown, np.nan, highs)
