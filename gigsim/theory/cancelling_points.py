"""Cancelling by one made-up data point: how much leverage members have who may choose features too.

For a generalised linear model ∇ℓ(θ; (x, y)) = γ·x with γ = m(x'θ) − y, all deviating members report
one point x̃ along the base gradient with a label that fixes the sign of γ, so that γx̃ = −G·ĝ0. How
large G can be is the leverage, and t = G/‖g_P0(θ*)‖. Derived (Hardt et al. (2023) say that such
points exist); the best *single* point along ĝ0, hence a lower limit of what mixtures of points
reach (``cancelling_pool.critical_mass_pool``), and a conservative critical mass.

Needs features that are free within a ball, so no intercept (whose feature is always 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, lambertw

from gigsim.theory.gaps import Floats

Family = Literal["linear", "logistic"]

# u(1 − σ(u)) is largest where 1 + e^u = u·e^u.
_STEEPEST = float(1 + lambertw(np.exp(-1)).real)
# Halvings of the interval for t: to float64.
_HALVINGS = 80


@dataclass(frozen=True)
class CancellingPoint:
    """What deviating members report, for one problem or a batch.

    Attributes:
        features: x̃, shape (..., d).
        label: ỹ, shape (...).
        t: g_P'(θ*) = −t·g_P0(θ*), shape (...); NaN where a penalty is too strong for any point.
    """

    features: Floats
    label: Floats
    t: Floats


def cancelling_point(
    base_gradient: ArrayLike,
    target: ArrayLike,
    *,
    radius: ArrayLike,
    family: Family,
    label_limit: ArrayLike = 1.0,
    penalty_gradient: ArrayLike | None = None,
) -> CancellingPoint:
    """The point with ‖x̃‖ ≤ R whose gradient at θ* goes furthest against the base's.

    Along a unit vector u with c = u'θ*, x̃ = ru with the largest label has the gradient −G·u.
    ``linear``: |y| ≤ Y, G = max_{r≤R} r(Y − rc), at r = min(R, Y/(2c)) for c > 0 and at R else.
    ``logistic``: y = 1, G = max_{r≤R} r(1 − σ(rc)), at r = min(R, 1.2785/c) for c > 0, else at R.
    (−x̃ with the least label has the same gradient.) Without a penalty u = ĝ0 and t = G/‖g0‖. With
    one, the point's own gradient must be −t·g0 − ∇r, so u is along ∇r + t·g0 and t solves
    G(u) = ‖∇r + t·g0‖, by bisection.

    Args:
        base_gradient: g_P0(θ*), penalty included, shape (..., d), not 0.
        target: θ*, shape (..., d).
        radius: R > 0, shape (...).
        family: ``linear`` (squared loss, halved) or ``logistic``.
        label_limit: Y > 0, shape (...), of ``linear``.
        penalty_gradient: ∇r(θ*) per unit of mass, shape (..., d); None for no penalty.

    Raises:
        ValueError: a zero gradient, a radius or limit that is not positive, an unknown family.

    Example:
        >>> point = cancelling_point([2.0], [0.5], radius=1.0, family="linear", label_limit=3.0)
        >>> point.features.tolist(), float(point.label), float(point.t)
        ([1.0], 3.0, 1.25)
    """
    base, goal = np.asarray(base_gradient, dtype=np.float64), np.asarray(target, dtype=np.float64)
    reach, limit = np.asarray(radius, dtype=np.float64), np.asarray(label_limit, dtype=np.float64)
    length = np.linalg.norm(base, axis=-1)
    if np.any(length == 0) or not (np.all(reach > 0) and np.all(limit > 0)):
        raise ValueError("need a base gradient that is not 0, a positive radius and label limit")
    if family not in ("linear", "logistic"):
        raise ValueError(f"family is 'linear' or 'logistic', got {family!r}")
    if penalty_gradient is None:
        far, label, leverage = _point(base, goal, reach, family, limit)
        return CancellingPoint(far, label, leverage / length)
    extra = np.asarray(penalty_gradient, dtype=np.float64)

    def room(t: Floats) -> Floats:
        wanted = extra + t[..., None] * base
        return _point(wanted, goal, reach, family, limit)[2] - np.linalg.norm(wanted, axis=-1)

    low = np.zeros(np.broadcast_shapes(length.shape, reach.shape, extra.shape[:-1]))
    largest = reach * (
        (limit if family == "linear" else 1.0) + reach * np.linalg.norm(goal, axis=-1)
    )
    high = (largest + np.linalg.norm(extra, axis=-1)) / length + low
    possible = room(low) >= 0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = room(middle) >= 0
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
    far, label, _ = _point(extra + low[..., None] * base, goal, reach, family, limit)
    return CancellingPoint(far, label, np.where(possible, low, np.nan)[()])


def _point(
    direction: Floats, goal: Floats, reach: Floats, family: Family, limit: Floats
) -> tuple[Floats, Floats, Floats]:
    """x̃, ỹ and G of the furthest point along a direction."""
    length = np.linalg.norm(direction, axis=-1)
    unit = direction / np.where(length > 0, length, 1.0)[..., None]
    slope = (unit * goal).sum(axis=-1)
    rising = slope > 0
    steep = np.where(rising, slope, 1.0)
    if family == "linear":
        far = np.where(rising, np.minimum(reach, limit / (2 * steep)), reach)
        return unit * far[..., None], limit + np.zeros_like(far), far * (limit - far * slope)
    far = np.where(rising, np.minimum(reach, _STEEPEST / steep), reach)
    return unit * far[..., None], np.ones_like(far), far * expit(-far * slope)
