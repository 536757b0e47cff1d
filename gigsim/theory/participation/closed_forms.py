"""Participation in closed form: the bound of Theorem 1 as benefit, identical or uniform costs.

With B(α) = max(0, 1 − κ(1−α)/α) in place of G, κ = Δ·ξ and v = (1−γ)·b, equilibria are roots of a
line or of a quadratic. ``participation.JoiningMap`` finds the same for any curve and any law.
Derived.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.checks import non_negative, positive
from gigsim.theory.gaps import Floats, unit_interval


class UniformEquilibria(NamedTuple):
    """Equilibria with somebody in, NaN where there is none; 0 is always one, and stable.

    Attributes:
        unstable: α₋, the critical mass.
        stable: α₊, at most 1.
    """

    unstable: Floats
    stable: Floats


class UniformFold(NamedTuple):
    """Where α₋ and α₊ meet and vanish.

    Attributes:
        ratio: r = 4κ/(1+κ)².
        alpha: √(rκ) = 2κ/(1+κ).
    """

    ratio: Floats
    alpha: Floats


def identical_costs_critical_mass(
    cost: ArrayLike, *, kappa: ArrayLike, benefit: ArrayLike = 1.0, gamma: ArrayLike = 0.0
) -> Floats:
    """α_c = κ/(κ + 1 − c/((1−γ)b)) where everybody's cost is c: from there on all join.

    Args:
        cost: c ≥ 0, in the unit of the benefit.
        kappa: κ = Δ·ξ in [0, 1].
        benefit: b ≥ 0.
        gamma: γ in [0, 1], share of the gain kept without joining.

    Returns:
        Shares in [0, 1), broadcast: 0 where c is 0 (all join whatever it brings), inf where
        c ≥ (1−γ)b > 0 (at equality everybody may be in, but one who leaves takes all along).
        Nobody and everybody are the stable equilibria else.

    Example:
        >>> identical_costs_critical_mass([0.2, 0.5, 0.8], kappa=0.01).round(6).tolist()
        [0.012346, 0.019608, 0.047619]
        >>> identical_costs_critical_mass([0.2, 0.6], kappa=0.01, gamma=0.5).round(6).tolist()
        [0.016393, inf]
    """
    price, mass = non_negative("cost", cost), unit_interval("kappa", kappa)
    worth = (1 - unit_interval("gamma", gamma)) * non_negative("benefit", benefit)
    pays = price < worth
    room = mass + 1 - price / np.where(pays, worth, 1.0)
    reached = np.where(pays, mass / np.where(pays, room, 1.0), np.inf)
    return np.where(price > 0, reached, 0.0)[()]


def uniform_costs_equilibria(ratio: ArrayLike, *, kappa: ArrayLike) -> UniformEquilibria:
    """α± of costs uniform on [0, c̄]: roots of α² − r(1+κ)α + rκ = 0, r = (1−γ)b/c̄.

    They exist iff r ≥ 4κ/(1+κ)². For r ≥ 1 everybody joins at the upper one.

    Args:
        ratio: r > 0.
        kappa: κ in (0, 1]; with κ = 0 nothing is needed to start.

    Example:
        >>> low, high = uniform_costs_equilibria([1.0, 0.5, 0.03], kappa=0.01)
        >>> low.round(6).tolist(), high.round(6).tolist()
        ([0.01, 0.010103, nan], [1.0, 0.494897, nan])
    """
    r, mass = positive("ratio", ratio), positive("kappa", unit_interval("kappa", kappa))
    # r²(1+κ)² − 4rκ, with the square factored out so that the fold itself has a root.
    fold = uniform_costs_fold(mass).ratio
    inside = np.where(r >= fold, 1 - fold / np.maximum(r, fold), np.nan)
    upper = r * (1 + mass) * (1 + np.sqrt(inside)) / 2
    return UniformEquilibria((r * mass / upper)[()], np.minimum(upper, 1.0)[()])


def uniform_costs_fold(kappa: ArrayLike) -> UniformFold:
    """The smallest r = (1−γ)b/c̄ with which anybody can stay, and the share there.

    Args:
        kappa: κ in [0, 1].

    Example:
        >>> fold = uniform_costs_fold(0.01)
        >>> round(float(fold.ratio), 7), round(float(fold.alpha), 4)
        (0.0392118, 0.0198)
    """
    mass = unit_interval("kappa", kappa)
    return UniformFold((4 * mass / (1 + mass) ** 2)[()], (2 * mass / (1 + mass))[()])


def uniform_costs_slope(alpha: ArrayLike, *, ratio: ArrayLike, kappa: ArrayLike) -> Floats:
    """Φ'(α) = rκ/α² where the bound is above 0 and not everybody joins: at α₋ > 1, at α₊ < 1.

    Args:
        alpha: in (0, 1].
        ratio: r > 0.
        kappa: κ in [0, 1].
    """
    share = positive("alpha", unit_interval("alpha", alpha))
    return (positive("ratio", ratio) * unit_interval("kappa", kappa) / share**2)[()]
