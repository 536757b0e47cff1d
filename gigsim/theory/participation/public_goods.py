"""Public goods: free riding by Olson's parameter, and goods that need a number of contributors.

*Pure public good* (Olson 1965): the gain reaches everybody, so that one joins for the difference
that one makes. On the bound of Theorem 1 that is b·κ/(Nα²) at most: incentives vanish as N grows.
At the foot α₀ ≈ κ it is b/(κN), and κN, the number of people that it takes to begin, decides.

*Threshold public good* (Palfrey and Rosenthal 1984): n people may each contribute c, and if w of
them do, everybody gets V. Without refund, symmetric mixed equilibria make one pivotal with
probability c/V; with refund (an assurance contract) a contribution to a failure costs nothing, and
helps to begin. The volunteer's dilemma (Diekmann 1985) is w = 1. Derived from the indifference of
one who mixes; every root is bracketed between ends at which signs are known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import betaln, log1p, xlog1py, xlogy
from scipy.stats import binom

from gigsim.theory.checks import non_negative, positive
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import foot


class MixedEquilibria(NamedTuple):
    """Probabilities with which everybody contributes, where all mix alike; NaN where there is none.

    Attributes:
        unstable: the smaller root: fewer than it contribute ever less, more ever more. Of a good
            that one alone provides (w = 1) there is none.
        stable: the larger one.
    """

    unstable: float
    stable: float


class Volunteers(NamedTuple):
    """The volunteer's dilemma.

    Attributes:
        contributes: p = 1 − (c/V)^(1/(n−1)).
        nobody: (c/V)^(n/(n−1)), the probability that nobody does it; → c/V as n grows.
    """

    contributes: Floats
    nobody: Floats


def olson_parameter(kappa: ArrayLike, population: ArrayLike) -> Floats:
    """κN: free riding is no problem while it is under b/c, and all of it far above.

    Args:
        kappa: κ = Δ·ξ in [0, 1].
        population: N > 0.

    Example:
        >>> float(olson_parameter(0.001, 25_000))
        25.0
    """
    return (unit_interval("kappa", kappa) * positive("population", population))[()]


def public_good_share(
    ratio: ArrayLike, *, kappa: ArrayLike, population: ArrayLike, continuous: bool = False
) -> Floats:
    """Where contributors of a pure public good stop: the share at which one more adds c.

    b·[B(α + 1/N) − B(α)] = c has the root α = −1/(2N) + √(1/(4N²) + bκ/(cN)) above the foot of the
    bound; with the derivative in place of the difference (``continuous``) it is √(bκ/(cN)). Four
    times as many people, half the share.

    Args:
        ratio: c/b > 0.
        kappa: κ in [0, 1].
        population: N ≥ 1.
        continuous: the derivative's.

    Returns:
        Shares, broadcast: 0 where the root is not above the foot κ/(1+κ) (nobody begins, or one
        is enough: κ = 0), at most 1.

    Example:
        >>> float(public_good_share(0.01, kappa=1e-3, population=25_000, continuous=True).round(12))
        0.002
    """
    step = 1 / positive("population", population)
    mass = unit_interval("kappa", kappa)
    room = mass * step / positive("ratio", ratio)
    # −h/2 + √(h²/4 + room) without cancellation.
    share = np.sqrt(room) if continuous else room / (step / 2 + np.sqrt(step**2 / 4 + room))
    return np.where(share > foot(xi=mass, gap=1.0), np.minimum(share, 1.0), 0.0)[()]


def threshold_good(ratio: float, *, players: int, needed: int) -> MixedEquilibria:
    """No refund: C(n−1, w−1)·p^(w−1)·(1−p)^(n−w) = c/V (Palfrey and Rosenthal 1984).

    The left side, the probability of being pivotal, has one maximum, at p = (w−1)/(n−1).

    Args:
        ratio: c/V in (0, 1).
        players: n ≥ 2.
        needed: w in 1..n.

    Returns:
        Both roots, equal at the maximum; for w = n there is only the unstable one (above it all
        contribute), for w = 1 only the stable one.

    Example:
        >>> low, high = threshold_good(0.2, players=10, needed=5)
        >>> round(low, 4), round(high, 4)
        (0.3282, 0.565)
    """
    _group(ratio, players, needed)
    best = (needed - 1) / (players - 1)

    def excess(p: float) -> float:
        return _log_pivotal(p, players, needed) - np.log(ratio)

    top = excess(best)
    if top < 0:
        return MixedEquilibria(np.nan, np.nan)
    low = _root(excess, 0.0, best) if needed > 1 else np.nan
    high = _root(excess, best, 1.0) if needed < players else np.nan
    return MixedEquilibria(low, high)


def assured_good(ratio: float, *, players: int, needed: int) -> float:
    """With refund: V·Pr(exactly w−1 others) = c·Pr(at least w−1 others).

    One pays only where the good comes about. Pr(= w−1)/Pr(≥ w−1) falls from 1 to 0 as p grows, so
    that there is one root; under it everybody had better contribute. That nobody does is only a
    weak equilibrium: the contract helps to begin.

    Args:
        ratio: c/V in (0, 1).
        players: n ≥ 2.
        needed: w in 1..n.

    Returns:
        p in (0, 1], the stable equilibrium; 1 for w = n: everybody is needed and contributes.

    Example:
        >>> round(assured_good(0.2, players=10, needed=5), 4)
        0.5892
    """
    _group(ratio, players, needed)
    if needed == players:
        return 1.0

    def excess(p: float) -> float:
        if p == 0:
            return -float(np.log(ratio))
        if p == 1:
            return -np.inf
        least = float(binom.logsf(needed - 2, players - 1, p))
        return _log_pivotal(p, players, needed) - least - float(np.log(ratio))

    return _root(excess, 0.0, 1.0)


def volunteers(ratio: ArrayLike, *, players: ArrayLike) -> Volunteers:
    """The volunteer's dilemma: one is enough, and everybody would rather it were another.

    Args:
        ratio: c/V in [0, 1].
        players: n ≥ 2.

    Example:
        >>> found = volunteers(0.5, players=[2, 5])
        >>> found.contributes.round(4).tolist(), found.nobody.round(4).tolist()
        ([0.5, 0.1591], [0.25, 0.4204])
    """
    price, number = unit_interval("ratio", ratio), non_negative("players", players)
    if not np.all(number >= 2):
        raise ValueError(f"players must be at least 2, got {players!r}")
    with np.errstate(divide="ignore"):
        alone = np.log(price) / (number - 1)
    return Volunteers((-np.expm1(alone))[()], np.exp(number * alone)[()])


def _group(ratio: float, players: int, needed: int) -> None:
    if not 0 < ratio < 1:
        raise ValueError(f"ratio must be in (0, 1), got {ratio!r}")
    if players < 2 or not 1 <= needed <= players:
        raise ValueError(f"need players >= 2 and 1 <= needed <= players, got {players}, {needed}")


def _log_pivotal(p: float, players: int, needed: int) -> float:
    """Ln Pr(exactly w−1 of the n−1 others contribute)."""
    others, chosen = players - 1, needed - 1
    ways = -log1p(others) - betaln(others - chosen + 1, chosen + 1)
    return float(ways + xlogy(chosen, p) + xlog1py(others - chosen, -p))


def _root(excess: Callable[[float], float], low: float, high: float) -> float:
    """The root between two ends of opposite sign; an infinite end is moved in until it is not."""
    ends = excess(low), excess(high)
    if ends[0] == 0 or ends[1] == 0:
        return low if ends[0] == 0 else high
    middle = low + (high - low) / 2
    while not all(map(np.isfinite, ends)):
        if not low < middle < high:
            # Next to the infinite end: no number lies between.
            return low if np.isfinite(ends[0]) else high
        there = excess(middle)
        if (there > 0) == (ends[0] > 0):
            low, ends = middle, (there, ends[1])
        else:
            high, ends = middle, (ends[0], there)
        middle = low + (high - low) / 2
    return float(brentq(excess, low, high, xtol=1e-15, rtol=4 * np.finfo(float).eps))
