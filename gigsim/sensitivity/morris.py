"""Morris's elementary effects: which parameters matter at all, for few runs.

An effect is what one step along a trajectory changes, over the step's part of the parameter's
range: (f(x + Δe_j) - f(x)) / Δ, in the unit of the outcome for the whole range. μ is its mean over
trajectories, μ* that of its absolute value (Campolongo, Cariboni and Saltelli 2007), and σ its
standard deviation, from curvature and interactions (Morris 1991), and from luck.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from gigsim.sensitivity.library import salib
from gigsim.sensitivity.luck import Floats, Shares, crossed, shares
from gigsim.sensitivity.points import Points
from gigsim.streams import Streams

#: Mean absolute value of a standard normal.
_FOLDED = math.sqrt(2 / math.pi)


def morris_indices(
    values: Floats,
    points: Points,
    parameters: tuple[str, ...],
    *,
    levels: int,
    resamples: int,
    seed: int,
) -> tuple[pd.DataFrame, Shares]:
    """The effects of one outcome.

    Args:
        values: of the runs at the points, finite, shape (points, R): a column a replicate.
        points: of :func:`~gigsim.sensitivity.points.morris_points`.
        parameters: names of the coordinates.
        levels: of the grid.
        resamples: of the bootstrap over trajectories.
        seed: of the bootstrap.

    Returns:
        A row a parameter: ``mu`` with its 95 % interval (Student's t over trajectories),
        ``mu_star`` with SALib's (bootstrap), ``sigma``; ``sigma_corrected``, without what luck adds
        (0 where it is all); ``luck``, the standard deviation that luck alone gives an effect, and
        ``mu_star_luck``, the μ* that a parameter without any effect would have by it (luck taken
        for normal). The last three are NaN for R = 1. And the shares of parameters and seeds in the
        variance over the points of the grid, which is not that over the ranges' laws.
    """
    streams, count = Streams(seed), len(parameters)
    blocks = values.reshape(-1, count + 1, values.shape[-1])
    rng = streams.generator("sensitivity.shares")
    found = shares(blocks, blocks, over="grid", resamples=resamples, rng=rng)
    problem = {
        "num_vars": count,
        "names": list(parameters),
        "bounds": [[0.0, 1.0]] * count,
    }
    plain = salib("analyze.morris").analyze(
        problem,
        points,
        _over_one_step(values.mean(-1), points, levels),
        num_resamples=resamples,
        num_levels=levels,
        seed=streams.seed_for("sensitivity.resamples"),
    )
    effects = elementary_effects(values, points)
    trajectories = len(effects)
    table = pd.DataFrame({"parameter": list(parameters), "other": None})
    mean, sigma = (np.asarray(plain[name], dtype=np.float64) for name in ("mu", "sigma"))
    star, error = (np.asarray(plain[n], dtype=np.float64) for n in ("mu_star", "mu_star_conf"))
    half = student.ppf(0.975, trajectories - 1) * sigma / math.sqrt(trajectories)
    table["mu"], table["mu_low"], table["mu_high"] = mean, mean - half, mean + half
    table["mu_star"] = star
    table["mu_star_low"], table["mu_star_high"] = np.maximum(star - error, 0.0), star + error
    table["sigma"] = sigma
    luck = _luck(effects)
    table["sigma_corrected"] = np.sqrt(np.maximum(_variance(effects), 0.0))
    table["luck"], table["mu_star_luck"] = luck, _FOLDED * luck
    return table, found


def elementary_effects(values: Floats, points: Points) -> Floats:
    """Effects by trajectory, parameter and replicate.

    Args:
        values: shape (T·(D + 1), R).
        points: shape (T·(D + 1), D); between two of a trajectory one coordinate differs.

    Returns:
        Shape (T, D, R), in the unit of the values for the whole range of a parameter.
    """
    count = points.shape[1]
    moved, size = _steps(points)
    by_step = np.diff(values.reshape(-1, count + 1, values.shape[-1]), axis=1) / size
    found = np.empty_like(by_step)
    np.put_along_axis(found, moved[..., None], by_step, 1)
    return found


def _steps(points: Points) -> tuple[NDArray[np.int64], Floats]:
    """Which coordinate each step of a trajectory moves, shape (T, D), and by how much (T, D, 1)."""
    count = points.shape[1]
    steps = np.diff(points.reshape(-1, count + 1, count), axis=1)
    moved = np.abs(steps).argmax(-1)
    return moved, np.take_along_axis(steps, moved[..., None], -1)


def _over_one_step(values: Floats, points: Points, levels: int) -> Floats:
    """Values along trajectories of the grid's step that have the same effects, shape of ``values``.

    SALib takes every step to be the grid's; between whole numbers there are longer and shorter.
    """
    step = levels / (2 * (levels - 1))
    blocks = values.reshape(-1, points.shape[1] + 1)
    changes = np.diff(blocks, axis=1) * step / np.abs(_steps(points)[1][..., 0])
    return np.column_stack([blocks[:, :1], changes]).cumsum(axis=1).ravel()


def _luck(effects: Floats) -> Floats:
    """Standard deviation of the luck in a mean effect, shape (D,)."""
    count = effects.shape[-1]
    if count < 2:
        return np.full(effects.shape[1], np.nan)
    found: Floats = np.sqrt((effects.var(axis=-1, ddof=1) / count).mean(0))
    return found


def _variance(effects: Floats) -> Floats:
    """Variance over trajectories of the effects of f, luck taken out, shape (D,)."""
    trajectories = len(effects)
    middle = effects.mean(0)
    spread = crossed(effects - middle, effects - middle).mean(0)
    return spread * trajectories / (trajectories - 1)
