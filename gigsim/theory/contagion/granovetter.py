"""Granovetter (1978), *Threshold models of collective behavior*: who joins once enough others have.

Everybody sees the share of the population that has joined, and is a member when it is at least his
threshold: r(t+1) = F(r(t)) with F the distribution of thresholds. From r(0) = 0 this rises to the
smallest fixed point. A sample of N people is counted in heads, so that its answers are exact; the
continuum takes a distribution function (``threshold_laws``). Kuran (1989), where the threshold is
one of public opposition, has the same arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from gigsim.theory.contagion.monotone_maps import FixedPoint, Limit, fixed_points, iterates, limit
from gigsim.theory.contagion.threshold_laws import ThresholdLaw
from gigsim.theory.gaps import Floats


@dataclass(frozen=True)
class SampleEquilibria:
    """All fixed points of a sample, ascending, and which starts lead to each.

    Attributes:
        members: int64, shape (E,): numbers of members that reproduce themselves.
        low: int64, shape (E,): the smallest start that ends there
        high: int64, shape (E,): and the largest; every start between them does, and each of
            0, ..., N ends somewhere. Where ``low`` is ``members`` the loss of a single member
            leads elsewhere, where ``high`` is, one member more does.
    """

    members: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]


def heads_needed(thresholds: ArrayLike, size: int | None = None) -> NDArray[np.int64]:
    """The smallest number of members at whose share of the population one joins.

    Decided by the comparison that the simulated rule makes, k/N >= θ in float64, so that θ = 3/10
    asks for three of ten and not, as ⌈θN⌉ may by rounding, for four.

    Args:
        thresholds: θ as shares of the population, any real numbers, shape (n,).
        size: N, people in the population; None for as many as thresholds.

    Returns:
        int64, shape (n,), from 0 (joins alone) to N + 1 (never).

    Raises:
        ValueError: a threshold is NaN, or there is nobody.

    Example:
        >>> heads_needed([0.0, 0.3, 0.55, 1.0, 1.01], size=10).tolist()
        [0, 3, 6, 10, 11]
    """
    theta = np.asarray(thresholds, dtype=np.float64)
    people = len(theta) if size is None else size
    if people < 1 or np.isnan(theta).any():
        raise ValueError(f"need people and thresholds that are numbers, got {people} people")
    heads = np.clip(np.ceil(theta * people), 0, people + 1)
    # The product is rounded: the answer may be one off on either side.
    heads -= (heads > 0) & ((heads - 1) / people >= theta)
    heads += (heads <= people) & (heads / people < theta)
    return heads.astype(np.int64)


def sample_map(heads: ArrayLike) -> NDArray[np.int64]:
    """How many join when k have: the number of people who need at most k, for k = 0, ..., N.

    Args:
        heads: heads needed by each of N people (:func:`heads_needed`), integers, shape (N,).

    Returns:
        int64, shape (N + 1,), never falling.

    Raises:
        ValueError: numbers that are not integers, or nobody.

    Example:
        >>> sample_map([0, 2, 2]).tolist()
        [1, 1, 3, 3]
    """
    needed = np.asarray(heads)
    if needed.ndim != 1 or not len(needed) or not np.issubdtype(needed.dtype, np.integer):
        raise ValueError("heads are integers, one a person; see heads_needed for shares")
    people = len(needed)
    return np.cumsum(np.bincount(np.clip(needed, 0, people + 1), minlength=people + 2))[:-1]


def sample_path(heads: ArrayLike, start: int = 0) -> NDArray[np.int64]:
    """Members round after round, until the number reproduces itself.

    All decide at once, and members whose threshold is not met any more leave. A path goes one way,
    up or down, as the map never falls.

    Args:
        heads: as in :func:`sample_map`.
        start: members at the start, 0 to N.

    Returns:
        int64, shape (rounds + 1,), the start first, the fixed point last.

    Example:
        >>> [sample_path([0, second, *range(2, 100)])[-1].item() for second in (1, 2)]
        [100, 1]
    """
    after = sample_map(heads)
    if not 0 <= start < len(after):
        raise ValueError(f"start is 0 to {len(after) - 1} members, got {start}")
    path = [start]
    while (following := int(after[path[-1]])) != path[-1]:
        path.append(following)
    return np.array(path, dtype=np.int64)


def sample_equilibria(heads: ArrayLike) -> SampleEquilibria:
    """All fixed points of a sample, each with the starts that lead there.

    Args:
        heads: as in :func:`sample_map`.

    Example:
        >>> found = sample_equilibria([1, 1, 2, 4, 4])
        >>> found.members.tolist(), found.low.tolist(), found.high.tolist()
        ([0, 3, 5], [0, 1, 4], [0, 3, 5])
    """
    after = sample_map(heads)
    start = np.arange(len(after))
    fixed = np.flatnonzero(after == start)
    # Rising paths end at the next fixed point, falling ones at the last.
    up = np.searchsorted(fixed, start, side="left")
    down = np.searchsorted(fixed, start, side="right") - 1
    ends = np.where(after >= start, up, down)
    kinds = np.arange(len(fixed))
    return SampleEquilibria(
        members=fixed,
        low=np.searchsorted(ends, kinds, side="left"),
        high=np.searchsorted(ends, kinds, side="right") - 1,
    )


def continuum_path(law: ThresholdLaw, start: float = 0.0, *, rounds: int) -> Floats:
    """r(t+1) = F(r(t)) of infinitely many people, float64, shape (rounds + 1,).

    Args:
        law: F.
        start: r(0), in [0, 1].
        rounds: their number.
    """
    return iterates(law, start, rounds=rounds)


def continuum_limit(law: ThresholdLaw, start: float = 0.0, *, tolerance: float = 1e-12) -> Limit:
    """Where r(t+1) = F(r(t)) settles: from 0 the smallest fixed point of F.

    Args:
        law: F.
        start: r(0), in [0, 1].
        tolerance: width of the certified interval.

    Raises:
        RuntimeError: F is so near to the diagonal on the way that it cannot be told
            (``monotone_maps.limit``).

    Example:
        >>> from gigsim.theory.contagion.threshold_laws import normal_thresholds
        >>> [round(continuum_limit(normal_thresholds(0.25, sd)).value, 4) for sd in (0.12, 0.1225)]
        [0.0402, 1.0]
    """
    return limit(law, start, tolerance=tolerance)


def continuum_equilibria(law: ThresholdLaw) -> tuple[FixedPoint, ...]:
    """All fixed points of F with their stability; an unstable one is a critical mass.

    Example:
        >>> from gigsim.theory.contagion.threshold_laws import normal_thresholds
        >>> [round(p.value, 4) for p in continuum_equilibria(normal_thresholds(0.25, 0.12))]
        [0.0402, 0.0864, 1.0]
    """
    return fixed_points(law)


def critical_spread(mean: float) -> tuple[float, float]:
    """The sd of normal thresholds at which the small equilibrium vanishes, and its size there.

    *Derived.* At the fold F(r) = r and F'(r) = 1. With z = (r − mean)/sd the second says
    sd = φ(z), and the first Φ(z) − zφ(z) = mean, whose left side rises in z, from 0 to ½ at z = 0.
    A little more diversity than that and everybody's uprising follows a few instigators'.

    Args:
        mean: in (0, ½); above ½ it is the large equilibrium that vanishes, at the sd of 1 − mean.

    Returns:
        (sd, share of members just below it).

    Raises:
        ValueError: a mean out of its range.

    Example:
        >>> [round(x, 5) for x in critical_spread(0.25)]
        [0.12222, 0.062]
    """
    if not 0.0 < mean < 0.5:
        raise ValueError(f"mean must be in (0, 1/2), got {mean!r}")

    def density(z: float) -> float:
        return float(np.exp(-z * z / 2.0) / np.sqrt(2.0 * np.pi))

    z = brentq(lambda z: float(ndtr(z)) - z * density(z) - mean, -38.0, 0.0, xtol=1e-14)
    return density(z), float(ndtr(z))
