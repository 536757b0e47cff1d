"""Pairs of people that are each tied with one probability: drawn by the ties that there are."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def successes(trials: int, probability: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Which of many independent trials succeed, by the geometric gaps between successes.

    Batagelj and Brandes (2005): the work grows with the successes, not with the trials.

    Args:
        trials: their number, at most 2^52.
        probability: of each, in [0, 1].
        rng: draws the gaps.

    Returns:
        The numbers of the trials that succeed, ascending, int64, in [0, trials).
    """
    if trials == 0 or probability <= 0.0:
        return np.empty(0, dtype=np.int64)
    parts, last = [], -1
    while last < trials:
        expected = (trials - last) * probability
        gaps = rng.geometric(probability, int(expected + 4.0 * math.sqrt(expected)) + 8)
        # A gap beyond the last trial ends the list; cut, so that their sum stays an int64.
        parts.append(last + np.cumsum(np.minimum(gaps, trials + 1)))
        last = int(parts[-1][-1])
    found = np.concatenate(parts)
    return found[found < trials]


def pairs(number: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs i < j by their place in the order (0, 1), (0, 2), (1, 2), (0, 3) and so on.

    Args:
        number: places in that order, int64, shape (n,), from 0 to 2^52.

    Returns:
        i and j, both int64, shape (n,): number = j(j - 1)/2 + i.
    """
    second = ((1.0 + np.sqrt(1.0 + 8.0 * number)) / 2.0).astype(np.int64)
    # The root is rounded: it may be one off where i is 0 or j - 1.
    second -= second * (second - 1) // 2 > number
    second += second * (second + 1) // 2 <= number
    return number - second * (second - 1) // 2, second
