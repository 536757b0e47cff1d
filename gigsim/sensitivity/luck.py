"""Parameters and luck told apart: moments of means over seeds, without the seeds' own part.

A run is Y(x, seed), and indices are to be of f(x) = E[Y | x], which a mean of R runs knows only up
to luck. A product of two such means holds the product of their luck, on average; a product of
*different* replicates does not, whether points have seeds of their own (luck is independent) or
share them by replicate (common random numbers: r and r' have different seeds still). So every
moment is taken over the R·(R - 1) pairs of different replicates: U-statistics, unbiased, with no
assumption on how luck varies with x. That points of equal values have runs of their own where
seeds are not common is for ``cases`` to see to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Resamples whose weights are held in memory at a time.
_CHUNK = 100
#: Half the width of a 95 % interval, in standard errors.
WIDTH = 1.959963984540054


def crossed(a: Floats, b: Floats) -> Floats:
    """Mean of a_r·b_r' over r ≠ r': unbiased for E[a]·E[b].

    Args:
        a: replicates in the last axis, R ≥ 2; shape (..., R).
        b: of the same shape; replicate r has the seed of ``a``'s, if they share seeds at all.

    Returns:
        Shape (...); NaN for R = 1, which cannot tell.
    """
    count = a.shape[-1]
    if count < 2:
        return np.full(a.shape[:-1], np.nan)
    found: Floats = (a.sum(-1) * b.sum(-1) - (a * b).sum(-1)) / (count * (count - 1))
    return found


def weights(blocks: int, resamples: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Bootstrap weights of blocks: how often each is drawn, over their number.

    Args:
        blocks: n, that are drawn with replacement.
        resamples: how many times.
        rng: draws.

    Yields:
        Shape (at most 100, n), rows that sum to 1.
    """
    even = np.full(blocks, 1 / blocks)
    for start in range(0, resamples, _CHUNK):
        drawn = rng.multinomial(blocks, even, size=min(_CHUNK, resamples - start))
        yield drawn / blocks


Over = Literal["laws", "grid"]


@dataclass(frozen=True)
class Shares:
    """The law of total variance: Var Y = Var E[Y | x] + E Var[Y | x].

    Attributes:
        over: what x is drawn from: the parameters' ``laws``, or the points of Morris's ``grid``, of
            which the ends of the ranges have more than of the laws, so that ``parameters`` is
            larger there and ``share`` smaller.
        mean: of the runs at these x.
        parameters: Var E[Y | x]; may come out below 0 where it is nothing. Of one seed a point,
            what luck adds is in it.
        seeds: E Var[Y | x]; NaN of one seed a point.
        share: of ``seeds`` in their sum, at most 1; NaN likewise.
        share_low: lower end of its 95 % interval, by resampling blocks of points.
        share_high: upper end.
        in_means: share of the variance of the means over replicates that is luck, at most 1.
    """

    over: Over
    mean: float
    parameters: float
    seeds: float
    share: float
    share_low: float
    share_high: float
    in_means: float


def shares(
    free: Floats, every: Floats, *, over: Over, resamples: int, rng: np.random.Generator
) -> Shares:
    """What parameters and seeds have in the variance of single runs.

    Args:
        free: points that stand for what x is drawn from, in blocks that are drawn together:
            shape (blocks, points, R).
        every: all points whose spread over seeds counts, shape (blocks, any, R).
        over: what x is drawn from.
        resamples: for the interval.
        rng: draws them.
    """
    centre = free.mean()
    held = _held(free - centre, every)
    points = np.full((1, len(held)), 1 / len(held))
    parameters, seeds, means = (float(part[0]) for part in _parts(points @ held, free.shape[-1]))
    if free.shape[-1] < 2:
        nan = float("nan")
        return Shares(over, float(centre), means, nan, nan, nan, nan, nan)
    total = parameters + seeds
    share = seeds / total if total > 0 else float("nan")
    again = []
    for some in weights(len(held), resamples, rng):
        between, within, _ = _parts(some @ held, free.shape[-1])
        again.append(_ratio(within, between + within))
    error = WIDTH * float(np.std(np.concatenate(again), ddof=1))
    low, high = np.clip([share - error, share + error], 0.0, 1.0)
    luck = (means - parameters) / means if means > 0 else float("nan")
    # Where parameters come out below 0 the rest is not more than all.
    share, luck = min(share, 1.0), min(luck, 1.0)
    return Shares(over, float(centre), parameters, seeds, share, float(low), float(high), luck)


def _held(free: Floats, every: Floats) -> Floats:
    """What each block brings to the parts: products, squares, spread, and its replicates' means."""
    products, squares = crossed(free, free).mean(1), (free.mean(-1) ** 2).mean(1)
    spread = np.full(len(every), np.nan)
    if every.shape[-1] > 1:
        spread = every.var(axis=-1, ddof=1).mean(1)
    return np.column_stack([products, squares, spread, free.mean(1)])


def _parts(means: Floats, replicates: int) -> tuple[Floats, Floats, Floats]:
    """Var E[Y | x], E Var[Y | x] and the variance of means, from averages over blocks."""
    products, squares, spread, centres = (
        means[:, 0],
        means[:, 1],
        means[:, 2],
        means[:, 3 : 3 + replicates],
    )
    return (
        products - crossed(centres, centres),
        spread,
        squares - centres.mean(-1) ** 2,
    )


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
