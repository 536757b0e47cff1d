"""Curves of trainings, and what is read off them with an interval: sizes, ratios, levels.

**Units are seeds.** A seed draws the collective, the base carriers, the label noise and the fresh
weights; resumes held out are the same for all seeds. So the mean S(α) of n seeds has two errors: of
the seeds, sd/sqrt(n), and of the held-out resumes, ``success_se`` (their clusters resampled, in
linearised form), which no number of seeds makes smaller. A draw of a whole curve is

    S(α) + w·Σ_i g_i·(S_i(α) − S(α)) / sqrt(n(n−1)) + z·se(α)

with g_i and z standard normal and w² = (n−1)/χ²_{n−1}. At one α the seeds' part is exactly the
distribution of Student's t interval (n = 3 is honestly wide); over α it keeps what a seed's curve
has in common, because g_i is one number a seed; and z is one number a curve, because the same
resumes are held out at every α. Two curves share g_i where they share seeds (their collectives are
the same), so that differences are paired; their z are drawn apart, which is a little too wide.

**Where a curve comes to a level** is read off a draw in two ways: where the drawn curve crosses it,
and by how much the draw lies above or below the level where the mean crosses, over the mean's slope
in log α there. To first order they are the same. Far from it they are not: a drawn curve of three
seeds leaves [0, 1], its crossing moves too little, and intervals from crossings alone miss twice
as often as they say; the slope alone knows of no plateau. A draw is known as lying between
the two, so that the interval holds both; ``tests/reproduction/test_coverage.py`` prints how often
it misses.

Everything that is read off a curve is read off 4,000 such draws, of fixed random numbers; the
interval has the 2.5 % and the 97.5 % of what came out. Of several intervals that are to hold
together the tails are thinner, and draws are 50,000 (:data:`FAMILY_DRAWS`).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from gigsim.curves.crossings import by_slope, crossings
from gigsim.curves.estimates import CONFIDENCE, Estimate, Floats

Axis = Literal["alpha", "effective", "edited"]

DRAWS = 4_000
#: Where intervals of several comparisons are to hold together (Bonferroni).
FAMILY_DRAWS = 50_000
_SEED = 20_230_723


@dataclass(frozen=True)
class Luck:
    """The random numbers of the draws: the same for equal seeds and names, whatever the order.

    Attributes:
        draws: D.
    """

    draws: int = DRAWS

    def of_seed(self, seed: int) -> Floats:
        """The g of one seed, shape (D,)."""
        return _normal(self.draws, 1, seed)

    def of_curve(self, name: str) -> Floats:
        """The z of one curve, shape (D,)."""
        return _normal(self.draws, 2, zlib.crc32(name.encode()))

    def spread(self, count: int) -> Floats:
        """The w of a mean of ``count`` seeds, shape (D,); one uniform a draw, so that w is shared.

        NaN of a single seed, which says nothing of others.
        """
        return _spread(self.draws, count)


@lru_cache(maxsize=128)
def _normal(draws: int, *key: int) -> Floats:
    found = np.random.default_rng([_SEED, *key]).standard_normal(draws)
    found.flags.writeable = False
    return found


@lru_cache(maxsize=64)
def _spread(draws: int, count: int) -> Floats:
    if count < 2:
        return np.full(draws, np.nan)
    uniform = np.random.default_rng([_SEED, 3]).random(draws)
    found = np.sqrt((count - 1) / stats.chi2.ppf(uniform, count - 1))
    found.flags.writeable = False
    return np.asarray(found, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Climb:
    """S against the size of the collective, one row a seed.

    Attributes:
        name: tells curves apart whose held-out errors are drawn apart.
        sizes: shape (A,), ascending: α, α_effective, or the share of people who really edited.
        seeds: shape (n,).
        success: shape (n, A); NaN where a seed was not trained at a size.
        held_out: shape (A,), standard error of S from the held-out resumes' clusters.
        base: U(0), the same classifiers without signal and without a collective; NaN if unknown.
        exact: does the learner draw nothing at all, so that one seed is the law?
    """

    name: str
    sizes: Floats
    seeds: tuple[int, ...]
    success: Floats
    held_out: Floats
    base: float
    exact: bool = False
    luck: Luck = field(default_factory=Luck)

    @cached_property
    def mean(self) -> Floats:
        """Over the seeds there are, shape (A,)."""
        return np.nanmean(self.success, axis=0)

    @cached_property
    def draws(self) -> Floats:
        """Whole curves, shape (D, A); NaN where a single seed of a learner that draws has none."""
        found = np.tile(self.mean, (self.luck.draws, 1))
        if not self.exact:
            there = ~np.isnan(self.success)
            count = there.sum(axis=0)
            apart = np.where(there, self.success - self.mean, 0.0)
            weight = np.sqrt(np.maximum(count * (count - 1), 1))
            gauss = np.stack([self.luck.of_seed(seed) for seed in self.seeds], axis=1)
            wide = np.stack([self.luck.spread(int(n)) for n in count], axis=1)
            found = found + wide * (gauss @ (apart / weight))
        return found + self.luck.of_curve(self.name)[:, None] * self.held_out

    def part_way(self, part: float) -> float:
        """The S that lies so far on the way from U(0) to 1: half-way is U(0) + (1 − U(0))/2.

        Where U(0) is near 0 it is ``part`` itself. A level of S alone would count as success what a
        frequent label gets without any collective.
        """
        return self.base + part * (1 - self.base)

    def at(self, size: float) -> Estimate:
        """S at one size that was tried; its interval is one of shares, within [0, 1]."""
        column = self._column(size)
        drawn = self.draws[:, column].clip(0, 1)
        return Estimate.between(float(self.mean[column]), float(self.mean[column]), drawn, drawn)

    def level(self, sizes: Sequence[float] | Floats | None = None) -> tuple[float, Floats]:
        """Mean S over sizes above 0: the estimate, and its draws of shape (D,)."""
        wanted = self.sizes[self.sizes > 0] if sizes is None else sizes
        columns = [self._column(size) for size in wanted]
        return float(self.mean[columns].mean()), self.draws[:, columns].mean(axis=1)

    def mass(self, level: float) -> Mass:
        """The size at which S first reaches ``level``."""
        there = self.sizes > 0
        sizes, mean, draws = self.sizes[there], self.mean[there], self.draws[:, there]
        lows, highs = crossings(sizes, draws, level)
        low, high = crossings(sizes, mean[None], level)
        if low[0] == high[0]:
            least, most = by_slope(sizes, mean, draws, level)
            lows, highs = np.minimum(lows, least), np.maximum(highs, most)
        return Mass(float(low[0]), float(high[0]), lows, highs)

    def _column(self, size: float) -> int:
        near = int(np.argmin(np.abs(self.sizes - size)))
        if not np.isclose(self.sizes[near], size, rtol=1e-6, atol=1e-12):
            raise ValueError(f"{self.name}: nothing was trained at {size:g}")
        return near


@dataclass(frozen=True, eq=False)
class Mass:
    """A critical mass, or a ratio of two: where it lies, and where its draws lie.

    Attributes:
        low: lower end of where the estimate lies; equal to ``high`` where it is no limit.
        high: upper end.
        lows: shape (D,), likewise of draws.
        highs: shape (D,).
    """

    low: float
    high: float
    lows: Floats
    highs: Floats

    def estimate(self, confidence: float = CONFIDENCE) -> Estimate:
        """With an interval of the given confidence."""
        return Estimate.between(self.low, self.high, self.lows, self.highs, confidence=confidence)

    def __truediv__(self, other: Mass) -> Mass:
        """The ratio; what is open on either side opens it."""
        with np.errstate(divide="ignore"):
            return Mass(
                _over(self.low, other.high),
                _over(self.high, other.low),
                np.divide(self.lows, other.highs),
                np.divide(self.highs, other.lows),
            )


def climb_of(
    rows: pd.DataFrame,
    name: str,
    *,
    metric: str = "success",
    axis: Axis = "alpha",
    exact: bool = False,
    draws: int = DRAWS,
) -> Climb:
    """The curve of rows that differ in size and seed only.

    Args:
        rows: of ``curve.parquet``; of one (alpha, seed) at most one row.
        name: of the curve.
        metric: column of S; ``success_se`` is that of ``success``, and stands in for the others'.
        axis: what the size is: members, members who follow (α_effective, of which theory speaks),
            or people whose submission differs; the last two as means over seeds. Sizes at which as
            many follow are one, because their data are the same.
        exact: does the learner draw nothing?
        draws: of the whole curve (:data:`FAMILY_DRAWS` for intervals that are to hold together).

    Raises:
        ValueError: no rows, or two of one size and seed.
    """
    if rows.empty:
        raise ValueError(f"{name}: no rows")
    if rows.duplicated(["alpha", "seed"]).any():
        raise ValueError(f"{name}: several rows of one alpha and seed")
    # A mean's last bit depends on the order, and rows come in any.
    rows = rows.sort_values(["alpha", "seed"])
    table = rows.pivot(index="seed", columns="alpha", values=metric).sort_index(axis=1)
    by_size = rows.groupby("alpha", sort=True)
    sizes = table.columns.to_numpy(dtype=np.float64)
    if axis == "effective":
        sizes = by_size["alpha_effective"].mean().to_numpy(dtype=np.float64)
    if axis == "edited":
        people = rows["members"].to_numpy() / rows["alpha"].where(rows["alpha"] > 0).to_numpy()
        sizes = by_size["edited"].mean().to_numpy(dtype=np.float64) / np.nanmedian(people)
        sizes = np.where(table.columns.to_numpy() > 0, sizes, 0.0)
    sizes, kept = np.unique(sizes, return_index=True)
    clean = rows[rows["members"] == 0]
    base = float(clean[f"base_{clean['goal'].iloc[0]}"].mean()) if len(clean) else float("nan")
    return Climb(
        name=name,
        sizes=sizes,
        seeds=tuple(int(seed) for seed in table.index),
        success=table.to_numpy(dtype=np.float64)[:, kept],
        held_out=by_size["success_se"].mean().to_numpy(dtype=np.float64)[kept],
        base=base,
        exact=exact,
        luck=Luck(draws),
    )


def difference(first: tuple[float, Floats], second: tuple[float, Floats]) -> Estimate:
    """The first minus the second of two numbers with their draws."""
    value, drawn = first[0] - second[0], first[1] - second[1]
    return Estimate.between(value, value, drawn, drawn)


def _over(top: float, bottom: float) -> float:
    if bottom == 0:
        return float("inf")
    return top / bottom
