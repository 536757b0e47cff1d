"""Confidence intervals that know about near-duplicates: whole clusters are resampled."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Resampling weights held at a time, as numbers; bounds memory at 32 MB whatever the corpus.
_BLOCK = 4_000_000


def cluster_intervals(
    values: ArrayLike,
    clusters: NDArray[np.integer],
    generator: np.random.Generator,
    draws: int = 1000,
    level: float = 0.95,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile bootstrap of column means, resampling clusters with replacement.

    A resample draws as many clusters as there are, with replacement, and takes all rows of each;
    its mean is the ratio of summed values to summed rows. All columns share the resamples.

    Assumes independent clusters; a few dozen are needed for the stated coverage. With one cluster
    low and high are the mean itself, which says nothing about its uncertainty. Where all values
    agree (S = 1), so do low and high.

    Source: Efron and Tibshirani (1993), the percentile interval; Field and Welsh (2007),
    "Bootstrapping clustered data", the cluster bootstrap.

    Args:
        values: bool or float, shape (n, k). NaN marks a row that a column leaves out (as flipped
            success leaves out the resumes that carry the target).
        clusters: integers, shape (n,).
        generator: source of the resamples.
        draws: resamples, at least 1.
        level: coverage, in (0, 1).

    Returns:
        (low, high), float64, shape (k,) each; NaN for a column without values.

    Raises:
        ValueError: shapes that do not fit, or numbers out of range.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> low, high = cluster_intervals([[1.0], [1.0], [0.0], [1.0]], np.array([0, 0, 1, 2]), rng)
        >>> low.round(2).tolist(), high.round(2).tolist()
        ([0.0], [1.0])
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or np.shape(clusters) != (len(table),):
        raise ValueError(f"need (n, k) and (n,), got {table.shape} and {np.shape(clusters)}")
    if draws < 1 or not 0 < level < 1:
        raise ValueError(f"need draws >= 1 and level in (0, 1), got {draws} and {level}")
    if len(table) == 0:
        return np.full(table.shape[1], np.nan), np.full(table.shape[1], np.nan)
    own = np.unique(clusters, return_inverse=True)[1]
    count = int(own.max()) + 1
    present = ~np.isnan(table)
    columns = np.concatenate([np.where(present, table, 0.0), present], axis=1)
    sums = np.stack([np.bincount(own, weights=c, minlength=count) for c in columns.T], axis=1)

    totals = np.empty((draws, sums.shape[1]))
    rows = max(1, _BLOCK // count)
    for start in range(0, draws, rows):
        size = min(rows, draws - start)
        picked = generator.integers(0, count, size=(size, count))
        picked += np.arange(size)[:, None] * count
        weights = np.bincount(picked.ravel(), minlength=size * count).reshape(size, count)
        totals[start : start + size] = weights @ sums
    width = table.shape[1]
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        # A column that no resample has a row of is all-NaN, and its interval is NaN: as promised.
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        means = totals[:, :width] / totals[:, width:]
        low, high = np.nanquantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
