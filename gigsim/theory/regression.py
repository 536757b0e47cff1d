"""Planting a number: a platform that predicts under squared loss, and how much to over-report.

The platform predicts f(x) = E_P[y|x], the risk minimiser of squared loss. Members, a uniformly
random share α, report h(x, y) = (g(x), y*). With w(x) = P0(g⁻¹(x)), at a signal point x

    f(x) = w₀·E0[y|x] + (1 − w₀)·y*,    w₀(x) = (1−α)P0(x)/(α·w(x) + (1−α)P0(x)),

so f(x) misses y* by w₀·|E0[y|x] − y*|. Nothing has to be won here: success is how close f comes.

Numbers are not bounded as labels are. A collective that wants f(x) = v need not report v, but
y* = v + (v − E0[y|x])·(1−α)P0(x)/(α·w(x)), and then has v at any α > 0 (:func:`over_report`).

Source: Hardt et al. (2023) mention regression among the extensions of their planting theorem
without a formula; everything here is derived, in these lines and in the functions', and tried on
random worlds (``validation.trials_erasing``).
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats, unit_interval

#: ``linear``: ((1−α)/α)·ξ·D, which looks like Theorem 1. ``sharp``: never above it, nor above D.
Form = Literal["linear", "sharp"]


def regression_value(
    alpha: ArrayLike,
    *,
    planted_mass: ArrayLike,
    base_mass: ArrayLike,
    base_mean: ArrayLike,
    reported: ArrayLike,
) -> Floats:
    """f(x) = E_P[y|x] at a signal point where members report ``reported``; exact.

    Args:
        alpha: share of members, in [0, 1].
        planted_mass: w(x) = P0(g⁻¹(x)), in [0, 1]: what all would plant there together.
        base_mass: P0(x), in [0, 1].
        base_mean: E0[y|x].
        reported: y*, any number.

    Returns:
        Broadcast; NaN where nothing is ever seen (α·w(x) + (1−α)·P0(x) = 0).

    Example:
        >>> float(regression_value(0.1, planted_mass=1.0, base_mass=0.1, base_mean=3.0,
        ...                        reported=22.0).round(6))
        13.0
    """
    planted, base = _masses(alpha, planted_mass, base_mass)
    own, told = np.asarray(base_mean, np.float64), np.asarray(reported, np.float64)
    total = planted + base
    seen = total > 0
    mean = (planted * told + base * own) / np.where(seen, total, 1.0)
    return np.where(seen, mean, np.nan)[()]


def regression_bound(
    alpha: ArrayLike, *, xi: ArrayLike, error: ArrayLike, form: Form = "linear"
) -> Floats:
    """An upper bound on E_{x~P0}|f(g(x)) − y*|: smaller is better for the collective.

    ========== ================================== ==============================================
    ``form``   E|f(g(x)) − y*| ≤                  proof
    ========== ================================== ==============================================
    linear     ((1−α)/α)·ξ·D                      w·w₀ ≤ ((1−α)/α)·P0(x), summed over X*
    sharp      (1−α)ξ/(α + (1−α)ξ)·D              Σ ab/(a+b) ≤ AB/(A+B), a = αw, b = (1−α)P0
    ========== ================================== ==============================================

    with D = max over X* of |E0[y|x] − y*|. Derived. The sharp one is attained wherever a single
    text carries the signal, and by any signal that is independent of text and outcome if E0[y|x] is
    the same everywhere. The linear one is vacuous (above D) at or under α = ξ/(1+ξ).

    Args:
        alpha: share of members, in [0, 1].
        xi: mass of the signal set under P0, in [0, 1].
        error: D ≥ 0, finite, in the unit of y. For the linear form its mean over x ~ P0 given X* is
            enough.
        form: see above.

    Returns:
        Broadcast, in the unit of ``error``; the linear form is inf at α = 0.

    Raises:
        ValueError: a number out of its range or an unknown form.

    Example:
        >>> float(regression_bound(0.1, xi=0.01, error=5.0).round(6))
        0.45
        >>> float(regression_bound(0.1, xi=0.01, error=5.0, form="sharp").round(6))
        0.412844
    """
    share, mass, largest = unit_interval("alpha", alpha), unit_interval("xi", xi), _error(error)
    if form not in get_args(Form):
        raise ValueError(f"form is one of {', '.join(get_args(Form))}, got {form!r}")
    against = (1 - share) * mass
    total = share + against if form == "sharp" else share
    with np.errstate(over="ignore"):
        bound = against * largest / np.where(total > 0, total, 1.0)
    # Nobody plants: the linear form promises nothing, and what is never seen is not predicted.
    unknown = (share == 0) if form == "linear" else (total == 0)
    return np.where(unknown, np.inf, bound)[()]


def regression_critical_mass(
    wanted: ArrayLike, *, xi: ArrayLike, error: ArrayLike, form: Form = "linear"
) -> Floats:
    """The share at which the bound comes down to ``wanted``.

    Statement: ξD/(ξD + e) for the linear form, ξ(D−e)⁺/(ξ(D−e)⁺ + e) for the sharp one, e being the
    mean error that is wanted. An upper bound on the share that is needed.

    Args:
        wanted: e ≥ 0, finite, in the unit of ``error``.
        xi: in [0, 1].
        error: D ≥ 0.
        form: as in :func:`regression_bound`.

    Returns:
        Shares in [0, 1], broadcast: 0 where any share is enough.

    Example:
        >>> float(regression_critical_mass(0.45, xi=0.01, error=5.0).round(6))
        0.1
    """
    goal, largest = _error(wanted), _error(error)
    if form not in get_args(Form):
        raise ValueError(f"form is one of {', '.join(get_args(Form))}, got {form!r}")
    excess = largest if form == "linear" else np.maximum(largest - goal, 0.0)
    # A quarter of both is the same share, and their sum does not overflow.
    against = unit_interval("xi", xi) * excess
    large = np.maximum(against, goal) > 1
    against, goal = (np.where(large, part / 4, part) for part in (against, goal))
    total = against + goal
    return np.where(against > 0, against / np.where(total > 0, total, 1.0), 0.0)[()]


def over_report(
    alpha: ArrayLike,
    *,
    planted_mass: ArrayLike,
    base_mass: ArrayLike,
    base_mean: ArrayLike,
    value: ArrayLike,
) -> Floats:
    """What members have to report for f(x) to be exactly ``value``.

    y* = v + (v − E0[y|x])·(1−α)P0(x)/(α·w(x)); derived by solving for y*. A collective that takes
    E0[y|x] to be off by δ gets v off by w₀(x)·δ, no more than that error itself.

    Args:
        alpha: share of members, in [0, 1].
        planted_mass: w(x), in [0, 1].
        base_mass: P0(x), in [0, 1].
        base_mean: E0[y|x].
        value: v, what f(x) shall be.

    Returns:
        Broadcast; grows as 1/α, to ±inf where it overflows. NaN where nobody plants: no report
        helps.

    Example:
        >>> float(over_report(0.1, planted_mass=1.0, base_mass=0.1, base_mean=3.0,
        ...                   value=13.0).round(6))
        22.0
    """
    planted, base = _masses(alpha, planted_mass, base_mass)
    wanted = np.asarray(value, np.float64)
    move = wanted - np.asarray(base_mean, np.float64)
    # Where nothing has to move nothing is exaggerated, be the odds as large as they may.
    needed = (base > 0) & (move != 0)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        report = wanted + np.where(needed, base / planted * move, 0.0)
    plants = (np.asarray(alpha, np.float64) > 0) & (np.asarray(planted_mass, np.float64) > 0)
    return np.where(plants, report, np.nan)[()]


def _masses(
    alpha: ArrayLike, planted_mass: ArrayLike, base_mass: ArrayLike
) -> tuple[Floats, Floats]:
    """α·w(x) and (1−α)·P0(x)."""
    share = unit_interval("alpha", alpha)
    planted = share * unit_interval("planted_mass", planted_mass)
    return planted, (1 - share) * unit_interval("base_mass", base_mass)


def _error(value: ArrayLike) -> Floats:
    """A distance.

    Raises:
        ValueError: it is negative, infinite or NaN.
    """
    error = np.asarray(value, dtype=np.float64)
    if not np.all((error >= 0) & np.isfinite(error)):
        raise ValueError(f"an error must be finite and at least 0, got {value!r}")
    return error
