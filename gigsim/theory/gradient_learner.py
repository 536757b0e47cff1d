"""A platform that learns by gradient descent, and a collective that sees every step.

The platform goes θ_{t+1} = θ_t − η E_{z~P_t}∇ℓ(θ_t; z) with P_t = αP'_t + (1−α)P0, whatever the
loss: it need not be convex. The collective knows θ_t (federated learning is the case in mind),
chooses anew in each step what its members report, and wants the model at θ*; success is
S_T(α) = −‖θ_T − θ*‖. *Gradient control* reports data whose mean gradient at θ is

    g'(θ) = −((1−α)/α)·g0(θ) + ξ·(θ − θ*),        0 < ξ ≤ 1/(αη),

so that the base gradient g0 is cancelled and what is left pulls towards θ*: each step shortens the
way to θ* by the factor 1 − ηαξ *exactly*, along the straight line from θ_0. (ξ is a gain here, no
mass of a signal set.) What it takes is that such a g' can be reported everywhere on that line: not
the ends but the largest base gradient on the way sets the size of the collective.

Source: Hardt, Mazumdar, Mendler-Dünner and Zrnic (2023), Theorem 10, as restated in follow-up work;
the algebra, the form with inexact reports and the slack of the path condition are derived.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.checks import non_negative, positive
from gigsim.theory.gaps import Floats, unit_interval

# A gain at its limit 1/(αη) may exceed it by rounding.
_ROUNDING = 1e-9

# The smallest number of full precision, and a few times what rounding does to a logarithm.
_TINY = np.finfo(np.float64).tiny
_HAIR = 8 * np.finfo(np.float64).eps


def control_gradient(
    alpha: ArrayLike,
    *,
    base_gradient: ArrayLike,
    xi: ArrayLike,
    theta: ArrayLike,
    goal: ArrayLike,
) -> Floats:
    """The mean gradient that members have to report at θ: −((1−α)/α)·g0(θ) + ξ(θ − θ*).

    Args:
        alpha: share of the collective, in (0, 1]; shape (...).
        base_gradient: g0(θ), shape (..., d).
        xi: gain ξ > 0, shape (...).
        theta: θ, shape (..., d).
        goal: θ*, shape (..., d).

    Returns:
        Shape (..., d).

    Raises:
        ValueError: ``alpha`` is not in (0, 1], or ``xi`` not positive.

    Example:
        >>> control_gradient(0.2, base_gradient=[1.0, 0.0], xi=0.5, theta=[2.0, 0], goal=[0, 0])
        array([-3.,  0.])
    """
    share = positive("alpha", unit_interval("alpha", alpha))[..., None]
    gain = positive("xi", xi)[..., None]
    away = np.asarray(theta, dtype=np.float64) - np.asarray(goal, dtype=np.float64)
    return -(1 - share) / share * np.asarray(base_gradient, dtype=np.float64) + gain * away


def contraction(alpha: ArrayLike, *, eta: ArrayLike, xi: ArrayLike) -> Floats:
    """What is left of the distance to θ* after a step: 1 − ηαξ, in [0, 1].

    Exact for every differentiable loss (proof: put g'(θ) into the platform's step). 1 at α = 0:
    nobody controls anything.

    Args:
        alpha: in [0, 1].
        eta: the platform's step size η > 0.
        xi: gain ξ > 0; at most 1/(αη), where θ* is reached in one step.

    Raises:
        ValueError: a number out of its range, or ξ above 1/(αη) (the model would overshoot θ*).

    Example:
        >>> round(float(contraction(0.2, eta=0.1, xi=0.8)), 6)
        0.984
    """
    return (1 - pull(alpha, eta=eta, xi=xi))[()]


def pull(alpha: ArrayLike, *, eta: ArrayLike, xi: ArrayLike) -> Floats:
    """ηαξ, in [0, 1]: what a step takes off the distance to θ*; arguments of :func:`contraction`.

    Raises:
        ValueError: a number out of its range, or ξ above 1/(αη).
    """
    taken = positive("eta", eta) * unit_interval("alpha", alpha) * positive("xi", xi)
    if np.any(taken > 1 + _ROUNDING):
        raise ValueError(f"xi must be at most 1/(alpha*eta), got xi={xi!r}")
    return np.minimum(taken, 1.0)


def log_left(steps: ArrayLike, taken: ArrayLike) -> Floats:
    """T·log(1 − ηαξ), the logarithm of qᵀ, without the rounding of 1 − ηαξ to the nearest float.

    After T steps that rounding would be T times as large: a pull of 1e-17 would be none at all.

    Args:
        steps: T ≥ 0.
        taken: :func:`pull`, in [0, 1].

    Returns:
        At most 0, broadcast; 0 for no steps, −inf for a pull of 1.

    Example:
        >>> float(np.exp(log_left(2, 0.5)).round(6)), float(log_left(1e17, 1e-17))
        (0.25, -1.0)
    """
    count = np.asarray(steps, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(count > 0, count * np.log1p(-np.asarray(taken, dtype=np.float64)), 0.0)


def distance_after(
    steps: ArrayLike,
    alpha: ArrayLike,
    *,
    eta: ArrayLike,
    xi: ArrayLike,
    start: ArrayLike,
    residual: ArrayLike = 0.0,
) -> Floats:
    """How far from θ* the model is at most after T steps of gradient control.

        ‖θ_T − θ*‖ ≤ qᵀ·‖θ_0 − θ*‖ + (1 − qᵀ)·r/ξ,      q = 1 − ηαξ

    With exact reports (r = 0) this is no inequality: it is the distance. r ≥ ‖g'(θ_t) − what
    was reported‖ in every step is what reports fall short by, as when they are real data points
    that reach no other gradient. Derived: a step gives q(θ_t − θ*) + ηα·(shortfall), and the
    shortfalls add up to ηαr(1 + q + ... + q^{T−1}) at most. However long one waits, r/ξ is left.

    Args:
        steps: T ≥ 0.
        alpha: in [0, 1].
        eta: step size η > 0.
        xi: gain ξ in (0, 1/(αη)].
        start: ‖θ_0 − θ*‖ ≥ 0.
        residual: r ≥ 0, a norm of gradients.

    Returns:
        The distance, broadcast; inf (nothing is promised) where ``alpha`` is 0 and ``steps`` is
        not. S_T(α) is at least minus this.

    Raises:
        ValueError: a number out of its range.

    Example:
        >>> round(float(distance_after(50, 0.2, eta=0.1, xi=0.8, start=1.0)), 4)
        0.4464
        >>> round(float(distance_after(50, 0.2, eta=0.1, xi=0.8, start=1.0, residual=0.1)), 4)
        0.5156
    """
    count, share = non_negative("steps", steps), unit_interval("alpha", alpha)
    left = log_left(count, pull(share, eta=eta, xi=xi))
    far = np.exp(left) * non_negative("start", start)
    far = far - np.expm1(left) * non_negative("residual", residual) / positive("xi", xi)
    return np.where((share == 0) & (count > 0), np.inf, far)[()]


def steps_needed(
    distance: ArrayLike, alpha: ArrayLike, *, eta: ArrayLike, xi: ArrayLike, start: ArrayLike
) -> Floats:
    """The number of steps after which the model is within ``distance`` of θ* (exact reports).

    Args:
        distance: wanted, ≥ 0.
        alpha: in [0, 1].
        eta: step size η > 0.
        xi: gain ξ in (0, 1/(αη)].
        start: ‖θ_0 − θ*‖ ≥ 0.

    Returns:
        Whole numbers as floats, broadcast: 0 where the model is there already, inf where never
        (α = 0, or a distance of 0 at a rate above 0). :func:`distance_after` so many steps is no
        more than ``distance``, up to rounding.

    Example:
        >>> steps_needed([1.0, 0.5, 0.0], 0.2, eta=0.1, xi=0.8, start=1.0).tolist()
        [0.0, 43.0, inf]
    """
    wanted, far = non_negative("distance", distance), non_negative("start", start)
    taken = pull(alpha, eta=eta, xi=xi)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = wanted / far
        # A ratio that is too small for a float still has a logarithm.
        way = np.where(ratio >= _TINY, np.log(ratio), np.log(wanted) - np.log(far))
        # What rounding can add to the way, so that a whole number of steps is that number.
        way = way + np.where(np.isfinite(way), _HAIR * (1 + np.abs(way)), 0.0)
        count = np.ceil(way / np.log1p(-taken))
    count = np.where(taken == 0, np.inf, np.where(taken == 1, 1.0, np.maximum(count, 1.0)))
    return np.where(wanted >= far, 0.0, count)[()]


def path_condition(
    base_norms: ArrayLike,
    reachable_norms: ArrayLike,
    *,
    smoothness: ArrayLike = 0.0,
    reachable_smoothness: ArrayLike = 0.0,
    length: ArrayLike = 0.0,
) -> Floats:
    """A share of the collective above which gradient control is possible all along the line.

        α > max_λ n(λ)/(n(λ) + G(λ)),     n(λ) = ‖g0(θ_λ)‖,   θ_λ = (1−λ)θ_0 + λθ*

    G(θ) is the largest gradient that members can report *in every direction* (a ball of radius G
    of reports, such as a clipping norm), so that −((1−α)/α)g0 lies inside it and some gain ξ > 0 is
    left, see :func:`gain_left`. Read with G in the direction −g0 alone, it is necessary (a pull
    towards θ* has to be reported as well) but enough only if −((1−α)/α)g0 is an inner point.

    Norms are given at K equally spaced λ from 0 to 1. Between two of them a base gradient that is
    ``smoothness``-Lipschitz can be larger than at both, by L·‖θ_0 − θ*‖·Δλ/2 at most; this slack is
    added to n, and likewise taken from G (derived).

    Args:
        base_norms: n at the grid, shape (..., K), K ≥ 2.
        reachable_norms: G at the grid, shape (..., K), or (..., 1) where the same everywhere.
        smoothness: L, Lipschitz constant of g0 on the line, shape (...); 0 leaves the slack out,
            and then this is an estimate that can be too small.
        reachable_smoothness: Lipschitz constant of G on the line, shape (...).
        length: ‖θ_0 − θ*‖, shape (...).

    Returns:
        Shape (...), in [0, 1]: 0 where no base gradient is in the way, 1 (nobody may stay out)
        where members can report nothing against one.

    Raises:
        ValueError: a number is negative or not finite, or K < 2.

    Example:
        >>> float(path_condition([0.0, 1.0, 0.5], [3.0]))
        0.25
        >>> float(path_condition([0.0, 1.0, 0.5], [3.0], smoothness=4.0, length=0.5))
        0.3333333333333333
    """
    norms = non_negative("base_norms", base_norms)
    reach = non_negative("reachable_norms", reachable_norms)
    if norms.ndim == 0 or norms.shape[-1] < 2:
        raise ValueError(f"norms are needed at two points of the line at least, got {norms.shape}")
    half = non_negative("length", length) / (norms.shape[-1] - 1) / 2
    high = norms + (non_negative("smoothness", smoothness) * half)[..., None]
    lost = (non_negative("reachable_smoothness", reachable_smoothness) * half)[..., None]
    low = np.maximum(reach - lost, 0.0)
    total = high + low
    return np.where(high > 0, high / np.where(total > 0, total, 1.0), 0.0).max(axis=-1)[()]


def gain_left(
    alpha: ArrayLike,
    *,
    eta: ArrayLike,
    base_norm: ArrayLike,
    reach: ArrayLike,
    distance: ArrayLike,
) -> Floats:
    """The largest gain ξ for which the control gradient is sure to stay within a ball of reports.

        ξ = min{ 1/(αη), (G − ((1−α)/α)·n)/‖θ − θ*‖ }

    By the triangle inequality (derived): ‖g'(θ)‖ ≤ ((1−α)/α)·n + ξ‖θ − θ*‖ ≤ G. Take the largest
    n and the largest distance that occur (those at θ_0, on the line).

    Args:
        alpha: in [0, 1].
        eta: step size η > 0.
        base_norm: n ≥ ‖g0(θ)‖.
        reach: G ≥ 0, norm of the largest report.
        distance: ‖θ − θ*‖ ≥ 0.

    Returns:
        ξ, broadcast; 0 where no gain is left: the collective is too small, or α = 0.

    Example:
        >>> gain_left([0.2, 0.5], eta=0.1, base_norm=1.0, reach=3.0, distance=4.0).tolist()
        [0.0, 0.5]
    """
    share, rate = unit_interval("alpha", alpha), positive("eta", eta)
    norm, limit = non_negative("base_norm", base_norm), non_negative("reach", reach)
    far = non_negative("distance", distance)
    # All times alpha, so that alpha = 0 needs no case of its own before the last line.
    spare = share * limit - (1 - share) * norm
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        gain = np.minimum(np.where(far > 0, spare / far, np.inf), 1 / rate) / share
    # Less gain than is allowed is allowed: a denormal alpha allows more than a float holds.
    gain = np.minimum(gain, np.finfo(np.float64).max)
    return np.where((share > 0) & (spare > 0), gain, 0.0)[()]
