"""Moving a convex risk minimiser to a target model: cancelling the gradient that speaks against it.

The platform deploys θ̂ = argmin_θ E_P ℓ(θ; z) with P = αP' + (1−α)P0. Write g_Q(θ) = E_Q ∇ℓ(θ; z).
The collective wants a model θ*, and success is minus the distance left, S(α) = −‖θ̂ − θ*‖. A law P'
with g_{P'}(θ*) = −t·g_{P0}(θ*), t > 0, is a *cancelling* one: at the share 1/(1+t) it makes the
gradient at θ* vanish, and for a strictly convex loss that is where the risk minimiser is.

A penalty r(θ) of the platform's objective is part of ℓ: every data point, a member's too, carries
∇r(θ*). A target that is nearly optimal for P0 is cheap, because there is little to cancel.

Source: Hardt, Mazumdar, Mendler-Dünner and Zrnic (2023), Theorem 7 as restated: cancelling
distributions and the share at which θ* is reached. The distance below that share is *derived*, and
checked on random worlds (``theory.parametric_worlds``); the printed theorem may have another form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats, unit_interval


def critical_mass_convex(base_norm: ArrayLike, collective_norm: ArrayLike) -> Floats:
    """α_c = ‖g_P0(θ*)‖ / (‖g_P0(θ*)‖ + ‖g_P'(θ*)‖) = 1/(1+t): from here on θ* is reached exactly.

    Assumes that P' is a cancelling law (its gradient at θ* points exactly against that of P0) and a
    strictly convex risk, so that a vanishing gradient is sufficient. Over α_c only the share
    :func:`deviating_share` of the collective follows P'. As restated; see the module.

    Args:
        base_norm: ‖g_P0(θ*)‖, at least 0.
        collective_norm: ‖g_P'(θ*)‖, at least 0; inf for unbounded reports.

    Returns:
        Shares in [0, 1], broadcast. 0 where the base gradient is 0 (θ* is deployed already); 1
        where only the collective's is 0.

    Raises:
        ValueError: a negative norm or NaN.

    Example:
        >>> float(critical_mass_convex(1.0, 9.0))
        0.1
    """
    base, own = _norm("base_norm", base_norm), _norm("collective_norm", collective_norm)
    _finite("base_norm", base_norm)
    return _share_of(base, base, own)[()]


def cancelling_share(t: ArrayLike) -> Floats:
    """1/(1+t): the share of P' in P at which a law with g_P'(θ*) = −t·g_P0(θ*) cancels exactly.

    Args:
        t: at least 0; inf gives 0.

    Raises:
        ValueError: a negative number or NaN.

    Example:
        >>> float(cancelling_share(1.0))
        0.5
    """
    return (1 / (1 + _norm("t", t)))[()]


def deviating_share(alpha: ArrayLike, t: ArrayLike) -> Floats:
    """λ = min(1, (1/(1+t))/α): the part of the collective that follows P'; the rest reports truly.

    With more members than needed all of them together would push beyond θ*. Honest members are a
    random part of the population, so they count as base.

    Args:
        alpha: share of the collective, in [0, 1].
        t: of the cancelling law, at least 0.

    Returns:
        Shares in [0, 1], broadcast; 1 where ``alpha`` is 0.

    Example:
        >>> deviating_share([0.1, 0.25, 0.5], 3.0).tolist()
        [1.0, 1.0, 0.5]
    """
    share, needed = unit_interval("alpha", alpha), cancelling_share(t)
    return np.where(share > needed, needed / np.where(share > 0, share, 1.0), 1.0)[()]


def distance_bound(
    alpha: ArrayLike,
    *,
    base_gradient: ArrayLike,
    collective_gradient: ArrayLike,
    strong_convexity: ArrayLike,
) -> Floats:
    """‖θ̂ − θ*‖ ≤ [(1−α)‖g_P0(θ*)‖ − α‖g_P'(θ*)‖]₊ / μ: how far off a small collective ends.

    Derived. The gradient of the platform's risk at θ* is (1−α)g_P0 + αg_P', of exactly that norm
    because the two are opposite; μ-strong convexity gives μ‖θ̂ − θ*‖ ≤ ‖g_P(θ*)‖, since g_P(θ̂) = 0.
    Needs μ on the segment between θ* and θ̂ only: the smallest eigenvalue of the Hessian of the
    *platform's* risk there. What is known beforehand of a loss whose curvature cannot be negative
    is (1−α) times the base's (members' rows can only add), plus the penalty's. Vacuous (inf) where
    μ is 0, as for logistic regression without a penalty; see ``curvature.distance_bound_local``.

    Equality for mean estimation. ``S(α) ≥ −distance_bound(α)`` is the theorem in terms of success.

    Args:
        alpha: share of the collective, in [0, 1]; from the critical mass on, λ of it deviate.
        base_gradient: ‖g_P0(θ*)‖, the penalty's gradient included, at least 0 and finite.
        collective_gradient: ‖g_P'(θ*)‖, likewise, of a cancelling law.
        strong_convexity: μ ≥ 0, finite.

    Returns:
        Distances of at least 0, broadcast; 0 from :func:`critical_mass_convex` on.

    Raises:
        ValueError: a number out of its range.

    Example:
        >>> distance_bound([0.0, 0.05, 0.1], base_gradient=1.0, collective_gradient=9.0,
        ...                strong_convexity=1.0).round(6).tolist()
        [1.0, 0.5, 0.0]
    """
    share = unit_interval("alpha", alpha)
    base = _norm("base_gradient", base_gradient)
    own = _norm("collective_gradient", collective_gradient)
    critical = critical_mass_convex(base, own)
    # Rounding must not leave a distance at the critical mass itself.
    pull = np.where(share > 0, share * np.where(share > 0, own, 0.0), 0.0)
    short = (share < critical) | (share == 0)
    left = np.where(short, np.maximum((1 - share) * base - pull, 0.0), 0.0)
    return distance_from_gradient(left, strong_convexity)


def distance_from_gradient(residual: ArrayLike, strong_convexity: ArrayLike) -> Floats:
    """‖θ̂ − θ*‖ ≤ ‖g_P(θ*)‖/μ, for whatever the collective reported (no cancelling law needed).

    Derived: strong convexity, see :func:`distance_bound`.

    Args:
        residual: ‖g_P(θ*)‖, the gradient left in the platform's risk at θ*, at least 0.
        strong_convexity: μ ≥ 0, finite.

    Returns:
        Distances; 0 where the gradient is 0, else inf where μ is 0.

    Example:
        >>> distance_from_gradient([0.0, 0.2], [0.0, 0.5]).tolist()
        [0.0, 0.4]
    """
    left, mu = _norm("residual", residual), _finite("strong_convexity", strong_convexity)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(left > 0, left / mu, 0.0)[()]


def critical_mass_distance(
    distance: ArrayLike,
    *,
    base_gradient: ArrayLike,
    collective_gradient: ArrayLike,
    strong_convexity: ArrayLike,
) -> Floats:
    """The share that brings θ̂ within a distance D of θ*: α ≤ (‖g_P0‖ − μD)₊/(‖g_P0‖ + ‖g_P'‖).

    The inverse of :func:`distance_bound`, with its assumptions; an upper bound on the smallest such
    share, and :func:`critical_mass_convex` for D = 0. μ must hold at the share that comes out: give
    the penalty's, or a lower limit.

    Args:
        distance: D ≥ 0.
        base_gradient: see there.
        collective_gradient: see there.
        strong_convexity: see there.

    Raises:
        ValueError: a number out of its range.

    Example:
        >>> float(critical_mass_distance(0.5, base_gradient=1.0, collective_gradient=9.0,
        ...                              strong_convexity=1.0))
        0.05
    """
    base, own = _finite("base_gradient", base_gradient), _norm("collective", collective_gradient)
    near, mu = _norm("distance", distance), _finite("strong_convexity", strong_convexity)
    # An endless distance is never too far, also without curvature.
    with np.errstate(over="ignore", invalid="ignore"):
        allowed = np.where(np.isinf(near), np.inf, near * mu)
    return _share_of(np.maximum(base - allowed, 0.0), base, own)[()]


@dataclass(frozen=True)
class MeanGradient:
    """An estimate of g_P0(θ*) from a sample.

    Attributes:
        mean: shape (d,).
        errors: standard error of each coordinate, shape (d,).
        norm: ‖mean‖; biased upwards by about the squared ``total_error`` over twice itself.
        norm_error: standard error of the norm (delta method; needs a norm well above it).
        total_error: root mean squared error of the vector, sqrt(tr Cov/n).
    """

    mean: Floats
    errors: Floats
    norm: float
    norm_error: float
    total_error: float


def mean_gradient(gradients: ArrayLike) -> MeanGradient:
    """g_P0(θ*) by the mean of per-sample gradients, with standard errors from their covariance.

    Assumes independent rows. Add the penalty's gradient, which is known exactly, to every row.

    Args:
        gradients: ∇ℓ(θ*; z_i), shape (n, d), n ≥ 2.

    Raises:
        ValueError: fewer than two rows, or no matrix.

    Example:
        >>> found = mean_gradient([[1.0, 0.0], [3.0, 0.0]])
        >>> found.mean.tolist(), found.errors.tolist(), found.norm_error
        ([2.0, 0.0], [1.0, 0.0], 1.0)
    """
    rows = np.asarray(gradients, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < 2:
        raise ValueError(f"need (n, d) gradients with n of at least 2, got {rows.shape}")
    mean = rows.mean(axis=0)
    variances = rows.var(axis=0, ddof=1) / len(rows)
    norm = float(np.linalg.norm(mean))
    along = rows @ (mean / norm) if norm > 0 else np.linalg.norm(rows, axis=1)
    return MeanGradient(
        mean=mean,
        errors=np.sqrt(variances),
        norm=norm,
        norm_error=float(along.std(ddof=1) / np.sqrt(len(rows))),
        total_error=float(np.sqrt(variances.sum())),
    )


def strong_convexity(hessian: ArrayLike) -> Floats:
    """μ: the smallest eigenvalue of (a stack of) Hessians, at least 0.

    Args:
        hessian: symmetric, shape (..., d, d), of the platform's whole risk, penalty included.

    Returns:
        Shape (...). For a quadratic loss exact; else of the point at which the Hessian was taken.

    Example:
        >>> float(strong_convexity([[2.0, 0.0], [0.0, 0.5]]))
        0.5
    """
    lowest = np.linalg.eigvalsh(np.asarray(hessian, dtype=np.float64))[..., 0]
    return np.maximum(lowest, 0.0)[()]


def _share_of(part: Floats, base: Floats, own: Floats) -> Floats:
    """part/(base + own), 0 where ``part`` is 0; also where the sum is more than a float holds."""
    # Division by a power of two is exact for large numbers, and would lose bits of small ones.
    scale = np.where(np.isfinite(own) & (np.maximum(base, own) > 1), 0.25, 1.0)
    total = base * scale + own * scale
    return np.where(part > 0, part * scale / np.where(total > 0, total, 1.0), 0.0)


def _finite(name: str, value: ArrayLike) -> Floats:
    """A finite number that is at least 0, as float64.

    Raises:
        ValueError: an element is negative, infinite or NaN.
    """
    array = _norm(name, value)
    if np.any(np.isinf(array)):
        raise ValueError(f"{name} must be finite, got {value!r}")
    return array


def _norm(name: str, value: ArrayLike) -> Floats:
    """A number that is at least 0, as float64.

    Raises:
        ValueError: an element is negative or NaN.
    """
    array = np.asarray(value, dtype=np.float64)
    if not np.all(array >= 0):
        raise ValueError(f"{name} must be at least 0, got {value!r}")
    return array
