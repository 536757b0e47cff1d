"""p, the floor of P0(y*|x), from a sample: what a collective that keeps its labels can lean on.

Theorem 3 asks for P0(y*|x) ≥ p at *every* x. No sample gives an infimum. It gives a floor for all
but a share q of texts, and ``feature_only.feature_only_bound_quantile`` needs no more:
S ≥ 1 − q − ξ/(αp). Each q gives a bound; :func:`feature_only_bound_profile` takes the best of them
and stays valid, because its confidence band covers all q at once.

What both assume: the probabilities are P0(y* in Y|x) of independent texts drawn from P0 (one of
each cluster of near-duplicates). An exact posterior is that. Probabilities of a classifier stand
for it only as far as they are calibrated *and* resolve the texts as finely as P0(·|x) does, out of
fold; then the result is an estimate and no limit. They are biased in a known direction at neither
end: a smooth classifier hides texts under the floor, an overconfident one invents them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.envelope import leading
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.sample_limits import upper_order_statistic


def floor_quantile(probabilities: ArrayLike, q: float, level: float = 0.95) -> float:
    """A floor p with P0{x: P0(y* in Y|x) < p} ≤ q, with confidence ``level``.

    An order statistic (``sample_limits.upper_order_statistic``) from below: the k + 1 smallest
    value, k the largest whole number with P(Bin(n, q) ≤ k) ≤ 1 − level. Valid for any law and any
    n; q is chosen before the sample is seen. Assumptions: see the module.

    Args:
        probabilities: P0(y* in Y|x) of a sample of texts, in [0, 1], shape (n,), n > 0.
        q: in (0, 1).
        level: in (0, 1).

    Returns:
        p in [0, 1]; 0, which promises nothing, where the sample is too small for q.

    Raises:
        ValueError: no texts or a number out of its range.

    Example:
        >>> sample = np.linspace(0, 1, 1001)
        >>> floor_quantile(sample, 0.1), floor_quantile(sample[::100], 0.1)
        (0.084, 0.0)
    """
    return -upper_order_statistic(-_sample(probabilities), q, level, None, worst=-0.0)


def feature_only_bound_profile(
    alpha: ArrayLike,
    probabilities: ArrayLike,
    *,
    xi: float,
    level: float = 0.95,
    evasive: bool = False,
) -> Floats:
    """S(α) ≥ max over t of 1 − (F̂(t) + r) − ξ/(αt), with confidence ``level`` at all α together.

    F̂(t) is the share of the sample with P0(y* in Y|x) < t, r = sqrt(ln(1/(1−level))/(2n)); evasive
    has (1−α)ξ/(αt). Derived: by the one-sided inequality of Dvoretzky, Kiefer and Wolfowitz with
    Massart's constant (1990; it needs level ≥ ½) F ≤ F̂ + r everywhere at once, so
    ``feature_only_bound_quantile`` holds at every (p, q) = (t, F̂(t) + r), and at the best of them.
    They are straight lines in 1/α (evasive: (1−α)/α), of which ``envelope`` finds the largest.

    ``any`` only, ε = 0, ξ known; with an upper limit of ξ the risks add up. Vacuous (not above 0)
    where ξ/(αt) eats up what the texts above t weigh, for every t; always where n is at most
    ln(1/(1−level))/2.

    Args:
        alpha: share in the collective, with or without y*, in [0, 1], any shape.
        probabilities: P0(y* in Y|x) of a sample of texts, in [0, 1], shape (n,), n > 0.
        xi: mass of the signal set under P0, in [0, 1].
        level: confidence in [½, 1).
        evasive: do members without y* take the signal out?

    Returns:
        The bound, unclipped, shape of ``alpha``; −inf where ``alpha`` is 0 or all probabilities
        are. Non-decreasing in α.

    Raises:
        ValueError: no texts or a number out of its range.

    Example:
        Half of 5,000 texts have y* with 1 %, the others with 30 %: giving up on the former is best
        for a small collective.

        >>> sample = np.repeat([0.01, 0.3], 2500)
        >>> feature_only_bound_profile([0.01, 0.5], sample, xi=0.001).round(3).tolist()
        [0.149, 0.783]
    """
    ordered = np.sort(_sample(probabilities))
    if not 0.5 <= level < 1:
        raise ValueError(f"level must be in [0.5, 1), got {level!r}")
    n = ordered.size
    reach = np.sqrt(-np.log(1 - level) / (2 * n))
    # F̂ is flat between sample values while ξ/(αt) falls, so the best t is a sample value.
    floors, below = np.unique(ordered, return_index=True)
    excluded = np.minimum(below / n + reach, 1.0)
    shares, mass = unit_interval("alpha", alpha), unit_interval("xi", xi)
    floors, excluded = floors[floors > 0], excluded[floors > 0]
    if floors.size == 0:
        return np.full(shares.shape, -np.inf)[()]
    # A denormal alpha or floor overflows to −inf, which is what it is worth.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        against = 1 - shares if evasive else np.ones_like(shares)
        steep = mass / floors
        best = leading(against / shares, 1 - excluded, steep)
        turned = np.where(against > 0, against * steep[best], 0.0)
        bound = 1 - turned / shares - excluded[best]
    return np.where(shares > 0, bound, -np.inf)[()]


def _sample(probabilities: ArrayLike) -> Floats:
    """Probabilities as float64, shape (n,), n > 0.

    Raises:
        ValueError: another shape, or a number that is not in [0, 1].
    """
    values = unit_interval("probabilities", probabilities)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"probabilities must have shape (n,), n > 0, got {values.shape}")
    return values
