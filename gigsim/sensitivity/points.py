"""Where the runs stand in the unit cube: Saltelli's blocks, Morris's trajectories.

A coordinate is a quantile of its parameter's law, so that both designs are made once for all laws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigsim.sensitivity.library import salib

Points = NDArray[np.float64]


def block_size(parameters: int, *, second_order: bool) -> int:
    """Rows of one of Saltelli's blocks: A, each AB_j, with second order each BA_j, and B."""
    return (2 if second_order else 1) * parameters + 2


def saltelli_points(samples: int, parameters: int, *, second_order: bool, seed: int) -> Points:
    """Saltelli's (2002) extension of a scrambled Sobol sequence.

    A block of rows for each sample: a point A, then A with one coordinate of another point B each,
    with second order B with one coordinate of A each, and B.

    Args:
        samples: n, a power of two.
        parameters: D, at least 1.
        second_order: with what pairs of parameters need?
        seed: at least 0.

    Returns:
        In [0, 1), shape (n·(D + 2), D), or (n·(2D + 2), D) with second order.
    """
    found: Points = salib("sample.sobol").sample(
        _problem(parameters), samples, calc_second_order=second_order, seed=seed
    )
    return found


def morris_points(trajectories: int, levels: int, parameters: int, seed: int) -> Points:
    """Morris's (1991) trajectories on a grid: one coordinate a step, each once, in random order.

    A step is levels / (2·(levels - 1)) of the range, up or down.

    Args:
        trajectories: T, at least 2.
        levels: of the grid, even.
        parameters: D, at least 1.
        seed: at least 0.

    Returns:
        In [0, 1], shape (T·(D + 1), D).
    """
    found: Points = salib("sample.morris").sample(
        _problem(parameters), trajectories, num_levels=levels, seed=seed
    )
    # Sums of grid steps, which rounding may carry beyond.
    return np.clip(found, 0.0, 1.0)


def on_whole(places: Points, low: float, high: float, *, log: bool) -> Points:
    """Places of a whole-numbered parameter, moved to where its nearest whole numbers are.

    Morris's steps are over parts of a range, and what a step from one whole number to another is a
    part of is known only at their own places. As a step is more than half of the range, and no
    number is the nearest one to more than half of it, no step is lost.

    Args:
        places: in [0, 1], any shape.
        low: the least whole number.
        high: the greatest, above ``low``.
        log: are places those of the logarithm? Then ``low`` is above 0.

    Returns:
        0 for ``low`` and 1 for ``high``, shape of ``places``.
    """
    if log:
        below = np.floor(low * (high / low) ** places)
        # The nearer of two by its place, which is not the nearer by its value.
        either = np.clip(np.stack([below, below + 1]), low, high)
        candidates = np.log(either / low) / np.log(high / low)
        nearer: Points = np.where(
            np.abs(candidates[0] - places) <= np.abs(candidates[1] - places), *candidates
        )
        return nearer
    numbers = np.rint(low + (high - low) * places)
    return (numbers - low) / (high - low)


def _problem(parameters: int) -> dict[str, object]:
    return {
        "num_vars": parameters,
        "names": [f"x{number}" for number in range(parameters)],
        "bounds": [[0.0, 1.0]] * parameters,
    }
