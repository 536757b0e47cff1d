"""The worst platform that is still ε-close to Bayes: exact, for any strategy, by enumeration.

A bound with ε > 0 speaks of *every* platform of its kind, so it is held against the one that does
most harm. All that matters of a strategy is the margin by which y* leads at each signal point.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.closeness import Closeness, allowance
from gigsim.theory.gaps import Floats

# Failing sets are found by trying every subset of the points.
_MOST_POINTS = 12


def worst_case_success(
    margin: ArrayLike,
    mass: ArrayLike,
    weights: ArrayLike,
    *,
    epsilon: ArrayLike,
    closeness: Closeness,
) -> Floats:
    """S of the worst classifier that is ε-close to the Bayes classifier of P.

    Closeness at each x: every point fails with M ≤ rate·P(x). Joint closeness: of all sets of
    points whose margins M⁺ sum to no more than the budget, the one of the largest weight fails (a
    knapsack, solved by enumeration). Rates and budgets: ``closeness``. A tie is a failure.

    Derived; ``tests/theory/test_worlds.py`` builds the distributions Q that reach it.

    Args:
        margin: M(x), the mass under P for y* at x minus the mass against it, shape (..., X).
        mass: P(x), shape (..., X).
        weights: what x counts in S, shape (..., X): G(x), 0 off the signal set.
        epsilon: broadcasts against (...).
        closeness: what is close; ``slides`` is joint TV.

    Returns:
        S, shape (...).

    Raises:
        ValueError: over 12 points with joint closeness, or ε as in ``closeness.allowance``.

    Example:
        Half of the planted mass 0.1 of the single signal point moves from y* to another label.

        >>> numbers = {"margin": [0.1], "mass": [0.1], "weights": [1.0], "closeness": "joint_tv"}
        >>> [float(worst_case_success(epsilon=e, **numbers)) for e in (0.049, 0.05)]
        [1.0, 0.0]
    """
    lead, seen, counts = np.broadcast_arrays(
        *(np.asarray(array, dtype=np.float64) for array in (margin, mass, weights))
    )
    kind: Closeness = "joint_tv" if closeness == "slides" else closeness
    allowed = allowance(epsilon, kind)
    if not kind.startswith("joint"):
        failing = lead <= allowed.rate[..., None] * seen
        return (counts * ~failing).sum(axis=-1)[()]
    points = lead.shape[-1]
    if points > _MOST_POINTS:
        raise ValueError(f"at most {_MOST_POINTS} features can be enumerated, got {points}")
    subsets = ((np.arange(2**points)[:, None] >> np.arange(points)) & 1).astype(np.float64)
    prices = np.maximum(lead, 0.0) @ subsets.T
    lost = np.where(prices <= allowed.budget[..., None], counts @ subsets.T, 0.0).max(axis=-1)
    return (counts.sum(axis=-1) - lost)[()]
