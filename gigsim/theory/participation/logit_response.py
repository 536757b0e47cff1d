"""The logit rule: people join with probability Λ(λ·Δu), and a society may have two states.

α' = Λ(λ(b·G(α) − c)), Λ(x) = 1/(1 + e^(−x)). It is best response with costs of the logistic law of
mean c and scale 1/λ, so that ``participation.JoiningMap`` with ``LogisticCosts`` solves it for any
curve. With G(α) = α it is Brock and Durlauf's (2001) model, in which everything is known in closed
form: below λb = 4 there is one equilibrium for every cost; above, there are three between two costs
at which two of them meet. λ → ∞ is best response, λ → 0 a coin.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logit

from gigsim.theory.checks import positive
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.participation.costs import LogisticCosts
from gigsim.theory.participation.curves import Curve, FunctionCurve
from gigsim.theory.participation.joining_map import JoiningMap


class LogitFolds(NamedTuple):
    """Where two equilibria of the logit rule meet; NaN where λb < 4 and none ever do.

    Attributes:
        low: the smaller root of α(1−α) = 1/(λb): the low equilibrium ends there as costs fall.
        high: the larger one: the high equilibrium ends there as costs rise.
        low_cost: cost at which the low one ends; there are three equilibria from it ...
        high_cost: ... to this one, at which the high one ends.
    """

    low: Floats
    high: Floats
    low_cost: Floats
    high_cost: Floats


def proportional_curve() -> FunctionCurve:
    """G(α) = α: the benefit is the share that takes part."""
    return FunctionCurve(_same, inverse=_same)


def _same(alpha: Floats) -> Floats:
    return alpha


def logit_map(
    precision: float,
    *,
    cost: float,
    benefit: ArrayLike = 1.0,
    gamma: ArrayLike = 0.0,
    curve: Curve | None = None,
) -> JoiningMap:
    """α ↦ Λ(λ((1−γ)·b·G(α) − c)).

    Args:
        precision: λ > 0, per unit of cost.
        cost: c.
        benefit: b ≥ 0.
        gamma: γ in [0, 1].
        curve: G; by default G(α) = α.

    Example:
        >>> points = logit_map(6.0, cost=0.5).fixed_points().points
        >>> [round(point.alpha, 4) for point in points]
        [0.0707, 0.5, 0.9293]
    """
    where = proportional_curve() if curve is None else curve
    return JoiningMap(where, LogisticCosts(cost, precision), benefit=benefit, gamma=gamma)


def logit_folds(precision: ArrayLike, *, benefit: ArrayLike = 1.0) -> LogitFolds:
    """Folds of G(α) = α: α(1−α) = 1/(λb), at the cost b·α − (1/λ)·ln(α/(1−α)).

    Args:
        precision: λ > 0.
        benefit: b > 0.

    Returns:
        Broadcast. At λb = 4 both are ½, at the cost b/2.

    Example:
        >>> folds = logit_folds(6.0)
        >>> round(float(folds.low), 6), round(float(folds.low_cost), 6)
        (0.211325, 0.430818)
    """
    steep, scale = positive("precision", precision), positive("benefit", benefit)
    product = steep * scale
    inside = np.where(product >= 4, 1 - 4 / np.maximum(product, 4.0), np.nan)
    # The smaller root without cancellation.
    high = (1 + np.sqrt(inside)) / 2
    low = 1 / (product * high)

    def cost(share: Floats) -> Floats:
        return np.asarray(scale * share - logit(share) / steep)[()]

    return LogitFolds(low[()], high[()], cost(low), cost(high))


def logit_slope(
    alpha: ArrayLike, precision: ArrayLike, *, benefit: ArrayLike = 1.0, slope: ArrayLike = 1.0
) -> Floats:
    """Φ' = λ·b·G'(α)·α(1−α) at an equilibrium α; the best-response map is stable within ±1.

    Args:
        alpha: the equilibrium, in [0, 1].
        precision: λ > 0.
        benefit: (1−γ)·b > 0.
        slope: G'(α); 1 for G(α) = α.
    """
    share = unit_interval("alpha", alpha)
    steep = positive("precision", precision) * positive("benefit", benefit)
    return (steep * np.asarray(slope, dtype=np.float64) * share * (1 - share))[()]
