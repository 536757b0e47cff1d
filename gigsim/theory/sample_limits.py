"""One-sided upper limits from a sample, for a quantile of any law and for a mean in [0, 1]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from gigsim.theory.gaps import Floats


def upper_order_statistic(
    values: Floats,
    q: float,
    level: float,
    clusters: NDArray[np.integer] | None,
    *,
    worst: float,
) -> float:
    """A value that at most mass q exceeds, with confidence ``level``.

    Statement: let t* be the smallest t with P{X > t} ≤ q, and k the largest whole number with
    P(Bin(n, q) ≤ k) ≤ 1 − level. The sample value that k others exceed is under t* with probability
    1 − level at most, whatever the law. Derived: P{X ≥ t*} ≥ q, and a value under t* that at most k
    exceed leaves at most k of n at t* and above.

    With ``clusters``, independent of each other while rows of one may be as alike as they please,
    Hoeffding's inequality takes the binomial's place: the largest k with
    k + sqrt(ln(1/(1−level))·Σ sizes²/2) ≤ nq.

    Args:
        values: real numbers, shape (n,), n > 0.
        q: in (0, 1).
        level: in (0, 1).
        clusters: integers, shape (n,); None for n of their own.
        worst: what is returned where the sample is too small.

    Raises:
        ValueError: a number out of its range or clusters of another shape.
    """
    for name, number in (("q", q), ("level", level)):
        if not 0 < number < 1:
            raise ValueError(f"{name} must be in (0, 1), got {number!r}")
    n = values.size
    if clusters is None:
        # P(Bin(n, q) <= k) for every k: it rises, so counting the small ones finds the last.
        exceeding = int((bdtr(np.arange(n), n, q) <= 1 - level).sum()) - 1
    elif np.shape(clusters) != values.shape:
        raise ValueError(f"clusters must have shape {values.shape}, got {np.shape(clusters)}")
    else:
        sizes = np.bincount(np.unique(clusters, return_inverse=True)[1]).astype(np.float64)
        reach = np.sqrt(-np.log(1 - level) * (sizes**2).sum() / 2)
        exceeding = int(np.floor(n * q - reach))
    return worst if exceeding < 0 else float(np.sort(values)[n - 1 - exceeding])


def bernstein_mean_upper(values: Floats, level: float) -> float:
    """An upper confidence limit of a mean, for values in [0, 1] of whatever law.

    Statement: mean + sqrt(2·V·ln(2/δ)/n) + 7·ln(2/δ)/(3(n−1)) with V the sample variance and
    δ = 1 − level. Where most values are 0 it is far under Hoeffding's mean + sqrt(ln(1/δ)/(2n)),
    and unlike the CLT it does not depend on having seen the rare ones often.

    Source: Maurer and Pontil (2009), "Empirical Bernstein Bounds and Sample Variance
    Penalization", Theorem 4.

    Args:
        values: independent draws, in [0, 1], shape (n,), n > 0.
        level: in (0, 1).

    Returns:
        The limit, at most 1; 1 for a single value.

    Raises:
        ValueError: ``level`` out of its range.

    Example:
        >>> round(bernstein_mean_upper(np.zeros(10_000), 0.95), 5)
        0.00086
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level!r}")
    n = values.size
    if n < 2:
        return 1.0
    risk = np.log(2 / (1 - level))
    reach = np.sqrt(2 * values.var(ddof=1) * risk / n) + 7 * risk / (3 * (n - 1))
    return min(1.0, float(values.mean() + reach))
