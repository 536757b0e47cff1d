"""Means of paired differences over seeds, with Student's t."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import t as student


@dataclass(frozen=True)
class Mean:
    """A mean over seeds.

    Attributes:
        mean: of those seeds that have the number, NaN of none.
        low: lower end of the interval, NaN of fewer than two seeds.
        high: upper end.
        count: seeds that have the number.
    """

    mean: float
    low: float
    high: float
    count: int

    @property
    def surely(self) -> bool:
        """Is zero outside the interval?"""
        return self.low > 0 or self.high < 0


def mean_of(values: ArrayLike, level: float = 0.95) -> Mean:
    """A mean with the interval of Student's t.

    Args:
        values: one number a seed, NaN where a seed has none (nobody rides free, say).
        level: of the interval, in (0, 1).

    Example:
        >>> found = mean_of([1.0, 2.0, 3.0])
        >>> found.mean, round(found.low, 3), found.count
        (2.0, -0.484, 3)
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    count = len(known)
    if count == 0:
        return Mean(math.nan, math.nan, math.nan, 0)
    mean = float(known.mean())
    if count == 1:
        return Mean(mean, math.nan, math.nan, 1)
    half = float(student.ppf((1 + level) / 2, count - 1) * known.std(ddof=1) / math.sqrt(count))
    return Mean(mean, mean - half, mean + half, count)


def means_of(table: pd.DataFrame, by: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """Every column's mean over the seeds of a cell.

    Args:
        table: a row a cell and seed.
        by: columns that say which cell.
        names: columns to be averaged.

    Returns:
        A row a cell: ``by``, ``seeds``, and for each name ``<name>``, ``<name>_low``,
        ``<name>_high``.
    """
    rows = []
    for cell, own in table.groupby(list(by), sort=False, dropna=False):
        row = dict(zip(by, cell, strict=True)) | {"seeds": len(own)}
        for name in names:
            found = mean_of(own[name].to_numpy(dtype=np.float64))
            row |= {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high}
        rows.append(row)
    return pd.DataFrame(rows)
