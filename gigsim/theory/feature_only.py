"""Planting a signal without touching labels: Theorem 3, its evasive form, and the exact steps.

Members, a uniformly random share α, report h(x, y) = (g(x), y) if y = y* and their own (x, y)
otherwise. What carries the day is that every text has the target now and then: P0(y*|x) ≥ p > 0
for *every* x. In the evasive form (Gauthier et al.) members without y* also leave the signal set:
who carries the signal takes it out.

Resumes carry label sets; everything here is for the reading ``any``, the binary question "is y* in
the set?", on which P0(y*|x) is the probability that it is. For the top label no theorem is known
(the rival labels of a resume are planted along with y*); its exact steps are here all the same.

Derivation. Write m(x) = P0(y* in Y|x), w(x) = P0(g⁻¹(x)) and W(x) = P0(g⁻¹(x), y* in Y) ≥ p·w(x).
At a signal point x, with or without evasion, P = αP* + (1−α)P0 gives

    with y*:     (1−α)·P0(x)·m + α·W(x)
    without y*:  (1−α)·P0(x)·(1−m) + α·P0(x)·(1−m)·[not evasive]

so y* loses iff α·W ≤ P0(x)·(1 − 2m + αm), or evasive iff α·W ≤ (1−α)·P0(x)·(1 − 2m). Both right
sides fall in m, so m may be replaced by p; W ≥ p·w and a sum over the losing points give the
bounds. A tie counts as failure.

Source: Hardt et al. (2023), Theorem 3 (``printed``); the rest is derived and checked on random
worlds. There is no ε here: no form with ε > 0 has been proved.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats, unit_interval

#: ``printed``: the theorem as the authors give it. ``sharp``: what its proof gives for ``any``.
Form = Literal["printed", "sharp"]


def feature_only_bound(
    alpha: ArrayLike,
    *,
    p: ArrayLike,
    xi: ArrayLike,
    evasive: bool = False,
    form: Form = "printed",
) -> Floats:
    """Theorem 3: a lower bound on S(α) of the Bayes classifier (ε = 0), unclipped.

    ========== ======== =============================== =====================
    ``form``   evasive  S(α) ≥                          source
    ========== ======== =============================== =====================
    printed    no       1 − ((1−p)/(αp))·ξ              Theorem 3
    sharp      no       1 − ((1 − 2p + αp)⁺/(αp))·ξ     derived
    (either)   yes      1 − ((1−α)(1 − 2p)⁺/(αp))·ξ     derived
    ========== ======== =============================== =====================

    From top to bottom each is at least the one above it.

    Args:
        alpha: share of the population in the collective, with or without y*, in [0, 1].
        p: floor of P0(y* in Y|x) over *all* x, in [0, 1].
        xi: mass of the signal set under P0, in [0, 1].
        evasive: do members without y* take the signal out?
        form: see above.

    Returns:
        The bound, broadcast (a float for floats); −inf (nothing is promised) where ``alpha`` or
        ``p`` is 0.

    Raises:
        ValueError: a number out of its range or an unknown form.

    Example:
        >>> feature_only_bound([0.0019, 0.019], p=0.05, xi=1e-4).round(6).tolist()
        [0.0, 0.9]
    """
    share, floor = unit_interval("alpha", alpha), unit_interval("p", p)
    mass = unit_interval("xi", xi)
    if form not in get_args(Form):
        raise ValueError(f"form is one of {', '.join(get_args(Form))}, got {form!r}")
    if evasive:
        against = (1 - share) * np.maximum(1 - 2 * floor, 0.0)
    elif form == "sharp":
        against = np.maximum(1 - 2 * floor + share * floor, 0.0)
    else:
        against = 1 - floor
    push = share * floor
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        bound = 1 - against * mass / push
    return np.where(push > 0, bound, -np.inf)[()]


def feature_only_critical_mass(
    success: ArrayLike, *, p: ArrayLike, xi: ArrayLike, evasive: bool = False
) -> Floats:
    """The share at which the bound (``printed``, or the evasive one) reaches S̄.

    Statement: α*(S̄) ≤ (1−p)ξ/(p(1−S̄)); evasive with κ = (1−2p)⁺ξ/p: α*(S̄) ≤ κ/(κ + 1 − S̄).

    Args:
        success: S̄ in [0, 1]; 0 gives the foot of the bound.
        p: floor of P0(y* in Y|x), in [0, 1].
        xi: mass of the signal set under P0, in [0, 1].
        evasive: as in :func:`feature_only_bound`.

    Returns:
        Shares, broadcast. Over 1 (inf for p = 0) the theorem promises S̄ to no share at all.

    Example:
        >>> feature_only_critical_mass([0.0, 0.9], p=0.05, xi=1e-4).round(6).tolist()
        [0.0019, 0.019]
    """
    wanted, floor = unit_interval("success", success), unit_interval("p", p)
    mass = unit_interval("xi", xi)
    against = (np.maximum(1 - 2 * floor, 0.0) if evasive else 1 - floor) * mass
    push = floor * (1 - wanted) + (against if evasive else 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(against > 0, against / push, 0.0)
    return np.where(floor > 0, share, np.inf)[()]


def feature_only_foot(*, p: ArrayLike, xi: ArrayLike, evasive: bool = False) -> Floats:
    """Where the bound leaves 0: α = (1−p)ξ/p, evasive κ/(1 + κ). At or under it, it is vacuous.

    Example:
        >>> round(float(feature_only_foot(p=0.05, xi=1e-4)), 6)
        0.0019
    """
    return feature_only_critical_mass(0.0, p=p, xi=xi, evasive=evasive)


def feature_only_bound_quantile(
    alpha: ArrayLike, *, p: ArrayLike, q: ArrayLike, xi: ArrayLike, evasive: bool = False
) -> Floats:
    """With a floor for most texts only: S(α) ≥ 1 − q − ξ/(αp), or 1 − q − (1−α)ξ/(αp) if evasive.

    p is such that P0{x: P0(y* in Y|x) < p} ≤ q: a low quantile of calibrated probabilities, where
    the infimum of Theorem 3 cannot be estimated. Derived: W(x) ≥ p·(w(x) − w_low(x)), w_low being
    the mass that comes from texts under the floor, and x loses only if α·W ≤ P0(x) (evasive:
    ≤ (1−α)·P0(x)).

    Args:
        alpha: in [0, 1].
        p: the quantile, in [0, 1].
        q: base mass of texts that may lie under it, in [0, 1].
        xi: in [0, 1].
        evasive: as in :func:`feature_only_bound`.

    Returns:
        The bound, broadcast, unclipped; −inf where ``alpha`` or ``p`` is 0.

    Example:
        >>> float(feature_only_bound_quantile(0.1, p=0.05, q=0.1, xi=1e-3).round(6))
        0.7
    """
    share, floor = unit_interval("alpha", alpha), unit_interval("p", p)
    push = share * floor
    against = unit_interval("xi", xi) * ((1 - share) if evasive else 1.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        bound = 1 - unit_interval("q", q) - against / push
    return np.where(push > 0, bound, -np.inf)[()]


def randomised_floor(p: ArrayLike, rho: ArrayLike, labels: int) -> Floats:
    """The floor after a share ρ of the labels is redrawn uniformly: (1−ρ)p + ρ/L.

    One label a resume. Why noise in the labels helps a collective that may not touch them: the
    scale (1−p)/p of Theorem 3 falls from infinity (p = 0) to 99 at ρ = 10 %, L = 10.

    Example:
        >>> float((1 - randomised_floor(0, 0.1, 10)) / randomised_floor(0, 0.1, 10))
        99.0
    """
    if labels < 2:
        raise ValueError(f"labels must be at least 2, got {labels}")
    noise = unit_interval("rho", rho)
    return ((1 - noise) * unit_interval("p", p) + noise / labels)[()]


def flip_point_any(xi: ArrayLike, target_marginal: ArrayLike, *, evasive: bool = False) -> Floats:
    """The share α_x above which the Bayes classifier has y* in the set of text x with the signal.

    For a signal that a share ξ of base resumes carries whatever their text and labels are, and
    m = P0(y* in Y|x):

        α_x = ξ(1 − 2m)⁺/((1 − ξ)·m),    evasive α_x = ξ(1 − 2m)⁺/(m + ξ(1 − 2m)⁺)

    Derived: in the first form carriers among the members stay in X* with their own labels, which
    leaves mass ξ(1−m) against y* at any α. The first may reach 1: then no size is enough.

    Args:
        xi: in [0, 1].
        target_marginal: m in [0, 1].
        evasive: do members without y* take the signal out?

    Returns:
        Shares in [0, 1], broadcast: 0 where m ≥ ½ (anybody is enough), 1 means never.

    Example:
        >>> flip_point_any(0.01, [0.1, 0.5]).round(6).tolist()
        [0.080808, 0.0]
        >>> float(flip_point_any(0.01, 0.1, evasive=True).round(6))
        0.074074
    """
    rate, own = unit_interval("xi", xi), unit_interval("target_marginal", target_marginal)
    against = rate * np.maximum(1 - 2 * own, 0.0)
    return _flip(against, own if evasive else (1 - rate) * own, evasive)[()]


def flip_point_top1(
    xi: ArrayLike, marginals: ArrayLike, pairs: ArrayLike, target: int, *, evasive: bool = False
) -> Floats:
    """The share α_x above which y* is the top label of text x with the signal; exact, no theorem.

    As in :func:`flip_point_any`, against each rival l: with m_l = P0(l in Y|x) and
    q_l = P0(l and y* in Y|x), the planted mass favours y* over l by m_{y*} − q_l only, since l is
    planted wherever it accompanies y*. α_x is the largest over the rivals of
    ξ(m_l − m_{y*})⁺/((1 − ξ)(m_{y*} − q_l)), evasive ξ d_l⁺/((m_{y*} − q_l) + ξ d_l⁺).

    Args:
        xi: in [0, 1], a number or of shape (...).
        marginals: m, shape (..., L).
        pairs: q, shape (..., L), the column of y* being m_{y*}.
        target: column of y*.
        evasive: do members without y* take the signal out?

    Returns:
        Shares in [0, 1], shape (...): 0 where y* is not behind, 1 means never.
    """
    base, joint = unit_interval("marginals", marginals), unit_interval("pairs", pairs)
    rate = np.asarray(unit_interval("xi", xi))[..., None]
    own = base[..., target : target + 1]
    against = rate * np.maximum(base - own, 0.0)
    push = np.maximum(own - joint, 0.0) * (1.0 if evasive else 1 - rate)
    points = np.delete(_flip(against, push, evasive), target, axis=-1)
    return points.max(axis=-1)[()]


def _flip(against: Floats, push: Floats, evasive: bool) -> Floats:
    """The α at which α·push outgrows ``against``, or (1−α)·``against`` if evasive; 1 for never."""
    total = push + against if evasive else push
    with np.errstate(over="ignore"):
        share = np.minimum(against / np.where(total > 0, total, 1.0), 1.0)
    return np.where(push > 0, share, 1.0)
