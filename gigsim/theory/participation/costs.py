"""What participation costs: the share F(x) of people whose cost is at most x, and its quantiles.

The same laws as the config's (``society.distributions``; ``cost_law(**law.model_dump())`` makes one
from the other), with what a fixed point needs besides: where they jump. A quantile is
Q(u) = min{x: F(x) ≥ u}, so that F(x) ≥ u exactly if x ≥ Q(u), with jumps and without.

The logistic law is the logit rule in other words: to join with probability Λ(λ(x − c)) is to join
iff x is at least a cost drawn from the logistic law of mean c and scale 1/λ (McFadden 1974).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtr, ndtri

from gigsim.theory.gaps import Floats, unit_interval


class Costs(Protocol):
    """A law of costs, in the unit of the benefit."""

    @property
    def levels(self) -> Floats:
        """The u in (0, 1) at which the quantile jumps (nobody's cost is in between), ascending."""

    def cdf(self, x: ArrayLike) -> Floats:
        """F(x): share of people whose cost is at most x, right-continuous, shape of ``x``."""

    def quantile(self, u: ArrayLike) -> Floats:
        """Q(u) = min{x: F(x) ≥ u} for u in (0, 1], shape of ``u``; −inf for u = 0."""


_NONE: Floats = np.zeros(0)


def _no_jumps(self: object) -> Floats:
    """None: the law has no gaps."""
    return _NONE


def _finite(**numbers: float) -> None:
    for name, number in numbers.items():
        if not np.isfinite(number):
            raise ValueError(f"{name} must be finite, got {number!r}")


def _above_zero(**numbers: float) -> None:
    _finite(**numbers)
    for name, number in numbers.items():
        if not number > 0:
            raise ValueError(f"{name} must be more than 0, got {number!r}")


def _at_zero(u: Floats, values: Floats) -> Floats:
    """The quantiles, with everything at or under F asked for by u = 0."""
    return np.where(u > 0, values, -np.inf)[()]


@dataclass(frozen=True)
class IdenticalCosts:
    """Everybody's cost is the same.

    Example:
        >>> IdenticalCosts(0.5).cdf([0.4, 0.5]).tolist()
        [0.0, 1.0]
    """

    cost: float

    def __post_init__(self) -> None:
        _finite(cost=self.cost)

    levels = property(_no_jumps)

    def cdf(self, x: ArrayLike) -> Floats:
        """See :class:`Costs`."""
        return (np.asarray(x, dtype=np.float64) >= self.cost).astype(np.float64)[()]

    def quantile(self, u: ArrayLike) -> Floats:
        """See :class:`Costs`."""
        share = unit_interval("u", u)
        return _at_zero(share, np.full_like(share, self.cost))


@dataclass(frozen=True)
class UniformCosts:
    """Uniform on [low, high], high > low.

    Example:
        >>> UniformCosts(0.0, 2.0).cdf([-1.0, 0.5, 3.0]).tolist()
        [0.0, 0.25, 1.0]
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _finite(low=self.low, high=self.high)
        if not self.high > self.low:
            raise ValueError(f"high must be above low, got low={self.low}, high={self.high}")

    levels = property(_no_jumps)

    def cdf(self, x: ArrayLike) -> Floats:
        """See :class:`Costs`."""
        place = (np.asarray(x, dtype=np.float64) - self.low) / (self.high - self.low)
        return np.clip(place, 0.0, 1.0)[()]

    def quantile(self, u: ArrayLike) -> Floats:
        """See :class:`Costs`."""
        share = unit_interval("u", u)
        return _at_zero(share, self.low + (self.high - self.low) * share)


@dataclass(frozen=True)
class NormalCosts:
    """Normal; a share of the people has a negative cost, and joins whatever it brings."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        _finite(mean=self.mean)
        _above_zero(sd=self.sd)

    levels = property(_no_jumps)

    def cdf(self, x: ArrayLike) -> Floats:
        """See :class:`Costs`."""
        return ndtr((np.asarray(x, dtype=np.float64) - self.mean) / self.sd)

    def quantile(self, u: ArrayLike) -> Floats:
        """See :class:`Costs`; inf for u = 1."""
        return (self.mean + self.sd * ndtri(unit_interval("u", u)))[()]


@dataclass(frozen=True)
class LogNormalCosts:
    """Log-normal: ln c is normal with mean ln(median) and sd sigma."""

    median: float
    sigma: float

    def __post_init__(self) -> None:
        _above_zero(median=self.median, sigma=self.sigma)

    levels = property(_no_jumps)

    def cdf(self, x: ArrayLike) -> Floats:
        """See :class:`Costs`."""
        value = np.asarray(x, dtype=np.float64)
        with np.errstate(divide="ignore"):
            place = np.log(np.maximum(value, 0.0) / self.median) / self.sigma
        return ndtr(place)

    def quantile(self, u: ArrayLike) -> Floats:
        """See :class:`Costs`; inf for u = 1."""
        share = unit_interval("u", u)
        return _at_zero(share, self.median * np.exp(self.sigma * ndtri(share)))


@dataclass(frozen=True)
class LogisticCosts:
    """Logistic with mean ``cost`` and scale 1/``precision``: the logit rule's noise.

    Example:
        >>> round(float(LogisticCosts(0.5, 6.0).cdf(0.9293)), 4)
        0.9293
    """

    cost: float
    precision: float

    def __post_init__(self) -> None:
        _finite(cost=self.cost)
        _above_zero(precision=self.precision)

    levels = property(_no_jumps)

    def cdf(self, x: ArrayLike) -> Floats:
        """See :class:`Costs`."""
        return expit(self.precision * (np.asarray(x, dtype=np.float64) - self.cost))

    def quantile(self, u: ArrayLike) -> Floats:
        """See :class:`Costs`; inf for u = 1."""
        return (self.cost + logit(unit_interval("u", u)) / self.precision)[()]


@dataclass(frozen=True, eq=False)
class SampleCosts:
    """The costs of n people, one each: F is k/n on the k-th cost.

    Attributes:
        values: finite, shape (n,), n ≥ 1, in any order.

    Example:
        >>> SampleCosts(np.array([3.0, 1.0, 1.0])).cdf([1.0, 2.9, 3.0]).round(4).tolist()
        [0.6667, 0.6667, 1.0]
    """

    values: Floats

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=np.float64)
        if values.ndim != 1 or not values.size or not np.all(np.isfinite(values)):
            raise ValueError("values must be one array of at least one finite number")
        object.__setattr__(self, "values", np.sort(values))

    @property
    def levels(self) -> Floats:
        """The k/n between two people whose costs differ."""
        return self._steps()[np.flatnonzero(np.diff(self.values) > 0)]

    def cdf(self, x: ArrayLike) -> Floats:
        """See :class:`Costs`."""
        below = np.searchsorted(self.values, np.asarray(x, dtype=np.float64), side="right")
        return np.asarray(below / len(self.values))[()]

    def quantile(self, u: ArrayLike) -> Floats:
        """See :class:`Costs`."""
        share = unit_interval("u", u)
        place = np.searchsorted(self._steps(), share, side="left")
        return _at_zero(share, self.values[np.minimum(place, len(self.values) - 1)])

    def _steps(self) -> Floats:
        """k/n for k = 1, ..., n, as :meth:`cdf` rounds them."""
        return np.arange(1, len(self.values) + 1) / len(self.values)


def cost_law(kind: str, **parameters: Any) -> Costs:
    """The law with the config's name and parameters: ``cost_law(**law.model_dump())``.

    Args:
        kind: ``constant`` (value), ``uniform`` (low, high), ``normal`` (mean, sd), ``lognormal``
            (median, sigma). A column of a table is :class:`SampleCosts` of its rows.
        parameters: by name.

    Raises:
        ValueError: another kind, a parameter too many or too few, or out of its range.

    Example:
        >>> cost_law("uniform", low=0.0, high=1.0)
        UniformCosts(low=0.0, high=1.0)
    """
    laws: dict[str, tuple[type, tuple[str, ...]]] = {
        "constant": (IdenticalCosts, ("value",)),
        "uniform": (UniformCosts, ("low", "high")),
        "normal": (NormalCosts, ("mean", "sd")),
        "lognormal": (LogNormalCosts, ("median", "sigma")),
    }
    if kind not in laws:
        raise ValueError(f"kind is one of {', '.join(laws)}, got {kind!r}")
    law, names = laws[kind]
    if set(parameters) != set(names):
        raise ValueError(f"{kind} takes {', '.join(names)}, got {', '.join(parameters)}")
    made: Costs = law(*(float(parameters[name]) for name in names))
    return made
