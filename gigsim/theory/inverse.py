"""The bounds read backwards: which ξ, Δ, p and α does a success that one wants ask for?

A collective rarely chooses its size; it chooses its signal. Given α, how rare must the signal be
(ξ), how close may y* come to the rivals (Δ), how often must texts have it (p)? Each answer is
sufficient: the bound reaches S̄ there, reality may reach it before. For α itself see the critical
masses of ``planting``, ``feature_only``, ``selected`` and ``slack``, collected in
:func:`share_needed`.

Derived: every bound is linear in the quantity asked for once it is multiplied out.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.closeness import Closeness, allowance
from gigsim.theory.feature_only import feature_only_critical_mass
from gigsim.theory.feature_only_closeness import Form, terms
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import critical_mass

Strategy = Literal["feature_label", "feature_only", "feature_only_evasive"]


def xi_allowed(
    success: ArrayLike,
    alpha: ArrayLike,
    *,
    gap: ArrayLike,
    margin: ArrayLike = 1.0,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """The largest ξ at which Theorem 1 promises S̄: α(1−S̄)μ/((1−α)Δ) at ε = 0.

    With ``gap`` 1 it is the largest κ of the averaged form.

    Args:
        success: S̄ in [0, 1].
        alpha: share that plants, in [0, 1].
        gap: Δ in [0, 1].
        margin: μ in (0, 1].
        epsilon: as in ``planting.feature_label_bound``.
        closeness: as there.

    Returns:
        In [0, 1], broadcast; NaN where not even a signal never seen before (ξ = 0) is promised S̄:
        nobody plants, or the platform may err too much.

    Raises:
        ValueError: a number out of its range; see ``planting.feature_label_bound``.

    Example:
        >>> xi_allowed(0.9, [0.0, 0.001, 0.01], gap=1.0).round(6).tolist()
        [nan, 0.0001, 0.00101]
    """
    room, push, rate = _room(success, alpha, margin, epsilon, closeness)
    share, deficit = unit_interval("alpha", alpha), unit_interval("gap", gap)
    return _largest(room * (push - rate), (1 - share) * (deficit + rate), share)


def gap_allowed(
    success: ArrayLike,
    alpha: ArrayLike,
    *,
    xi: ArrayLike,
    margin: ArrayLike = 1.0,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """The largest Δ at which Theorem 1 promises S̄: α(1−S̄)μ/((1−α)ξ) at ε = 0.

    Args as :func:`xi_allowed`, ξ in [0, 1] in place of Δ.

    Returns:
        In [0, 1], broadcast; 1 says that no posterior need be known (the worst case is covered).
        NaN where not even Δ = 0 is promised S̄.

    Example:
        >>> gap_allowed(0.9, [0.001, 0.01, 0.1], xi=0.002).round(4).tolist()
        [0.0501, 0.5051, 1.0]
    """
    room, push, rate = _room(success, alpha, margin, epsilon, closeness)
    share, mass = unit_interval("alpha", alpha), unit_interval("xi", xi)
    return _largest(room * (push - rate) - (1 - share) * mass * rate, (1 - share) * mass, share)


def p_needed(
    success: ArrayLike,
    alpha: ArrayLike,
    *,
    xi: ArrayLike,
    evasive: bool = False,
    form: Form = "printed",
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """The smallest floor p at which Theorem 3 promises S̄: ξ/(ξ + α(1−S̄)), printed and ε = 0.

    Sharp: ξ/(ξ(2−α) + α(1−S̄)); evasive: (1−α)ξ/(2(1−α)ξ + α(1−S̄)).

    Args:
        success: S̄ in [0, 1].
        alpha: share in the collective, in [0, 1].
        xi: mass of the signal set under P0, in [0, 1].
        evasive: as in ``feature_only.feature_only_bound``.
        form: as there.
        epsilon: as there.
        closeness: as there.

    Returns:
        In [0, 1], broadcast (0: any positive floor); NaN where no floor is enough.

    Raises:
        ValueError: as there.

    Example:
        >>> p_needed(0.9, [0.01, 0.1], xi=1e-4).round(4).tolist()
        [0.0909, 0.0099]
    """
    lost, share = 1 - unit_interval("success", success), unit_interval("alpha", alpha)
    mass = unit_interval("xi", xi)
    none, full = (
        terms(p=p, form=form, evasive=evasive, epsilon=epsilon, closeness=closeness)
        for p in (0.0, 1.0)
    )
    # The inner bracket and the push are linear in p; both are known at p = 0 and p = 1.
    start = mass * (none.fixed + none.slope * share)
    falls = start - mass * (full.fixed + full.slope * share)
    gains = share * full.push * (lost - full.additive)
    with np.errstate(divide="ignore", invalid="ignore"):
        budget = np.where(full.budget > 0, full.budget / gains, 0.0)
        level = start + full.budget
        both = np.where(level > 0, level / (gains + falls), 0.0)
    needed = np.maximum(budget, both)
    return np.where((share > 0) & (gains >= 0) & (needed <= 1), needed, np.nan)[()]


def xi_allowed_feature_only(
    success: ArrayLike,
    alpha: ArrayLike,
    *,
    p: ArrayLike,
    evasive: bool = False,
    form: Form = "printed",
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """The largest ξ at which Theorem 3 promises S̄: αp(1−S̄)/(1−p), printed and ε = 0.

    Args as :func:`p_needed`, p in [0, 1] in place of ξ.

    Returns:
        In [0, 1], broadcast; NaN where not even ξ = 0 is promised S̄.

    Example:
        >>> float(xi_allowed_feature_only(0.9, 0.019, p=0.05).round(6))
        0.0001
    """
    lost, share = 1 - unit_interval("success", success), unit_interval("alpha", alpha)
    parts = terms(p=p, form=form, evasive=evasive, epsilon=epsilon, closeness=closeness)
    against = np.maximum(parts.fixed + parts.slope * share, 0.0)
    push = share * parts.push
    return _largest(push * (lost - parts.additive) - parts.budget, against, push)


def share_needed(
    success: ArrayLike,
    *,
    strategy: Strategy,
    xi: ArrayLike,
    gap: ArrayLike = 1.0,
    p: ArrayLike = 0.0,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """The share at which the bound of a planting strategy reaches S̄; inf where no share does.

    Args:
        success: S̄ in [0, 1].
        strategy: which bound; feature-only takes its printed form.
        xi: mass of the signal set under P0, in [0, 1].
        gap: Δ, for ``feature_label``.
        p: floor of P0(y* in Y|x), for the other two.
        epsilon: as in the bounds.
        closeness: as there.

    Example:
        >>> names = ("feature_label", "feature_only", "feature_only_evasive")
        >>> [round(float(share_needed(0.9, strategy=s, xi=1e-4, p=0.05)), 6) for s in names]
        [0.000999, 0.019, 0.017682]
    """
    if strategy not in get_args(Strategy):
        raise ValueError(f"strategy is one of {', '.join(get_args(Strategy))}, got {strategy!r}")
    if strategy == "feature_label":
        return critical_mass(success, xi=xi, gap=gap, epsilon=epsilon, closeness=closeness)
    evasive = strategy == "feature_only_evasive"
    share = feature_only_critical_mass(
        success, p=p, xi=xi, evasive=evasive, epsilon=epsilon, closeness=closeness
    )
    return np.where(share <= 1, share, np.inf)[()]


def _room(
    success: ArrayLike,
    alpha: ArrayLike,
    margin: ArrayLike,
    epsilon: ArrayLike,
    closeness: Closeness | None,
) -> tuple[Floats, Floats, Floats]:
    """What b·ξ·(Δ + rate)/(μ − rate) may cost times α; μ and the rate."""
    push = np.asarray(margin, dtype=np.float64)
    if not np.all((push > 0) & (push <= 1)):
        raise ValueError(f"margin must be in (0, 1], got {margin!r}")
    lost, share = 1 - unit_interval("success", success), unit_interval("alpha", alpha)
    allowed = allowance(epsilon, closeness, push)
    room = share * (lost - allowed.additive) - allowed.budget / push
    return room, push, allowed.rate


def _largest(room: Floats, unit: Floats, acts: Floats) -> Floats:
    """The largest number in [0, 1] that costs no more than ``room`` at ``unit`` each, or NaN."""
    with np.errstate(divide="ignore", over="ignore"):
        most = np.where(unit > 0, room / np.where(unit > 0, unit, 1.0), 1.0)
    return np.where((acts > 0) & (room >= 0), np.minimum(most, 1.0), np.nan)[()]
