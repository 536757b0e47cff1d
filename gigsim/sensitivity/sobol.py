"""Sobol indices: what share of an outcome's variance a parameter brings, alone and in all.

S1_j = Var E[f | x_j] / Var f, and ST_j = E Var[f | all but x_j] / Var f (Sobol 1993; Homma and
Saltelli 1996), by SALib's estimators (Saltelli et al. 2010; pairs: Saltelli 2002) of the means over
replicates, and beside them the same estimators with what luck adds to each moment taken out
(``luck``). With luck in it S1 comes out too small and ST too large: a parameter without any effect
has the ST of luck.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim.sensitivity.library import salib
from gigsim.sensitivity.luck import WIDTH, Floats, Shares, crossed, shares, weights
from gigsim.sensitivity.points import block_size
from gigsim.streams import Streams

#: Indices of a parameter, and of a pair; each with limits ``_low`` and ``_high``.
SINGLE, PAIR = ("S1", "ST"), ("S2",)
_CORRECTED = "{}_corrected"


def sobol_indices(
    values: Floats,
    parameters: tuple[str, ...],
    *,
    second_order: bool,
    resamples: int,
    seed: int,
) -> tuple[pd.DataFrame, Shares]:
    """The indices of one outcome.

    Args:
        values: of the runs at :func:`~gigsim.sensitivity.points.saltelli_points`, in their order,
            finite, shape (points, R): a column a replicate.
        parameters: names of the coordinates.
        second_order: as the points were made.
        resamples: of the bootstrap over samples, which gives the intervals.
        seed: of the bootstrap.

    Returns:
        A row a parameter (``parameter``, ``other`` empty; ``S1``, ``ST``), and with second order a
        row a pair (``parameter``, ``other``; ``S2``); each index with ``_low`` and ``_high``, its
        95 % interval, and the same with ``_corrected`` behind its name: NaN for R = 1, or where
        the variance that parameters bring cannot be told from 0. All NaN where the outcome does not
        vary. And the shares of parameters and seeds in the variance of single runs.
    """
    streams = Streams(seed)
    count = len(parameters)
    blocks = values.reshape(-1, block_size(count, second_order=second_order), values.shape[-1])
    ends = blocks[:, [0, -1]]
    rng = streams.generator("sensitivity.shares")
    found = shares(ends, blocks, over="laws", resamples=resamples, rng=rng)
    pairs = list(combinations(range(count), 2)) if second_order else []
    rows: list[dict[str, Any]] = [{"parameter": name, "other": None} for name in parameters]
    rows += [{"parameter": parameters[j], "other": parameters[k]} for j, k in pairs]
    table = pd.DataFrame(rows)
    if np.ptp(ends.mean(-1)) > 0:
        # SALib takes 0 for no seed at all, and then NumPy's global state.
        drawn = streams.seed_for("sensitivity.resamples") or 1
        plain = _plain(blocks, parameters, pairs, resamples, drawn, second_order)
    else:
        plain = np.full((2, _columns(count, pairs)), np.nan)
    corrected = _corrected(
        blocks - blocks.mean(), count, pairs, resamples, streams.generator("sensitivity.corrected")
    )
    for form, (at, error) in (("{}", plain), (_CORRECTED, corrected)):
        for number, name in enumerate(SINGLE):
            here = slice(number * count, (number + 1) * count)
            _put(table, form.format(name), at[here], error[here], slice(0, count))
        if second_order:
            here = slice(2 * count, None)
            _put(table, form.format(PAIR[0]), at[here], error[here], slice(count, None))
    return table, found


def _plain(
    blocks: Floats,
    parameters: tuple[str, ...],
    pairs: list[tuple[int, int]],
    resamples: int,
    seed: int,
    second_order: bool,
) -> NDArray[np.float64]:
    """SALib's indices of the means and half-widths: S1, ST, S2; shape (2, indices)."""
    count = len(parameters)
    problem = {
        "num_vars": count,
        "names": list(parameters),
        "bounds": [[0.0, 1.0]] * count,
    }
    found = salib("analyze.sobol").analyze(
        problem,
        blocks.mean(-1).ravel(),
        calc_second_order=second_order,
        num_resamples=resamples,
        seed=seed,
    )
    at = [*found["S1"], *found["ST"], *(found["S2"][j, k] for j, k in pairs)]
    error = [
        *found["S1_conf"],
        *found["ST_conf"],
        *(found["S2_conf"][j, k] for j, k in pairs),
    ]
    return np.array([at, error], dtype=np.float64)


def _corrected(
    blocks: Floats,
    count: int,
    pairs: list[tuple[int, int]],
    resamples: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """The same from pairs of different replicates; shape (2, indices).

    Args:
        blocks: centred, shape (n, rows of a block, R).
        count: D.
        pairs: of coordinates.
        resamples: of blocks.
        rng: draws them.
    """
    empty = np.full((2, _columns(count, pairs)), np.nan)
    if blocks.shape[-1] < 2:
        return empty
    first, last = blocks[:, 0], blocks[:, -1]
    mixed = blocks[:, 1 : 1 + count]
    turned = blocks[:, 1 + count : 1 + 2 * count]
    base = first[:, None]
    single = crossed(np.broadcast_to(last[:, None], mixed.shape), mixed - base)
    total = crossed(base - mixed, base - mixed) / 2
    both = crossed(first, last)
    double = [crossed(turned[:, j], mixed[:, k]) - both for j, k in pairs]
    squares = (crossed(first, first) + crossed(last, last)) / 2
    held = np.column_stack([squares, (first + last) / 2, single, total, *double])
    even = np.full((1, len(held)), 1 / len(held))
    at = _indices(even @ held, blocks.shape[-1], count, pairs)
    if np.isnan(at).all():
        return empty
    some = [
        _indices(part @ held, blocks.shape[-1], count, pairs)
        for part in weights(len(held), resamples, rng)
    ]
    return np.stack([at[0], WIDTH * np.std(np.concatenate(some), axis=0, ddof=1)])


def _indices(
    means: Floats, replicates: int, count: int, pairs: list[tuple[int, int]]
) -> NDArray[np.float64]:
    """S1, ST, S2 from averages over blocks, shape (resamples, indices); NaN without variance."""
    centres = means[:, 1 : 1 + replicates]
    variance = means[:, 0] - crossed(centres, centres)
    variance = np.where(variance > 0, variance, np.nan)[:, None]
    parts = means[:, 1 + replicates :] / variance
    first = parts[:, :count]
    for number, (j, k) in enumerate(pairs):
        parts[:, 2 * count + number] -= first[:, j] + first[:, k]
    return parts


def _columns(count: int, pairs: list[tuple[int, int]]) -> int:
    return 2 * count + len(pairs)


def _put(table: pd.DataFrame, name: str, at: Floats, error: Floats, rows: slice) -> None:
    for column, numbers in ((name, at), (f"{name}_low", at - error), (f"{name}_high", at + error)):
        whole = np.full(len(table), np.nan)
        whole[rows] = numbers
        table[column] = whole
