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

All of this is for the Bayes classifier of P. For platforms that are only ε-close to it every form
has a counterpart (derived): ``feature_only_closeness`` gives the table and the proof.

Source: Hardt et al. (2023), Theorem 3, in the form that the authors' slides print (``printed``,
ε = 0; its number is the one that a summary of the arXiv version gives); the rest is derived and
checked on random worlds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.closeness import Closeness
from gigsim.theory.feature_only_closeness import Form, quantile_terms, terms
from gigsim.theory.gaps import Floats, unit_interval


def feature_only_bound(
    alpha: ArrayLike,
    *,
    p: ArrayLike,
    xi: ArrayLike,
    evasive: bool = False,
    form: Form = "printed",
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """Theorem 3: a lower bound on S(α), unclipped; for the Bayes classifier at ``epsilon`` 0.

    ========== ======== =============================== =====================
    ``form``   evasive  S(α) ≥                          source
    ========== ======== =============================== =====================
    printed    no       1 − ((1−p)/(αp))·ξ              Theorem 3
    sharp      no       1 − ((1 − 2p + αp)⁺/(αp))·ξ     derived
    (either)   yes      1 − ((1−α)(1 − 2p)⁺/(αp))·ξ     derived
    ========== ======== =============================== =====================

    From top to bottom each is at least the one above it. With ``epsilon`` > 0 they hold for every
    platform that is so close to Bayes, in the shape that ``feature_only_closeness`` gives; there
    too, ``slides`` is what the authors' slides print and not valid.

    Args:
        alpha: share of the population in the collective, with or without y*, in [0, 1].
        p: floor of P0(y* in Y|x) over *all* x, in [0, 1].
        xi: mass of the signal set under P0, in [0, 1].
        evasive: do members without y* take the signal out?
        form: see above.
        epsilon: how far the platform is from Bayes; its limits are in ``closeness.allowance``.
        closeness: what is close; needed where ``epsilon`` > 0.

    Returns:
        The bound, broadcast (a float for floats); −inf (nothing is promised) where ``alpha`` or
        ``p`` is 0.

    Raises:
        ValueError: a number out of its range, an unknown name, or ``epsilon`` > 0 without
            ``closeness``.

    Example:
        >>> feature_only_bound([0.0019, 0.019], p=0.05, xi=1e-4).round(6).tolist()
        [0.0, 0.9]
        >>> float(feature_only_bound(
        ...     0.1, p=0.05, xi=1e-4, epsilon=0.001, closeness="joint_tv").round(3))
        0.581
    """
    share, mass = unit_interval("alpha", alpha), unit_interval("xi", xi)
    parts = terms(p=p, form=form, evasive=evasive, epsilon=epsilon, closeness=closeness)
    return parts.bound(share, mass)


def feature_only_critical_mass(
    success: ArrayLike,
    *,
    p: ArrayLike,
    xi: ArrayLike,
    evasive: bool = False,
    form: Form = "printed",
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """The least share at which :func:`feature_only_bound` reaches S̄.

    Statement (ε = 0): printed, α*(S̄) ≤ (1−p)ξ/(p(1−S̄)); sharp, for p ≤ ½ and ξ < 1−S̄,
    α*(S̄) ≤ (1−2p)ξ/(p(1−S̄−ξ)); evasive with κ = (1−2p)⁺ξ/p, α*(S̄) ≤ κ/(κ + 1 − S̄). For ε > 0 the
    bound of ``feature_only_closeness`` is solved likewise.

    Args:
        success: S̄ in [0, 1]; 0 gives the foot of the bound.
        p: floor of P0(y* in Y|x), in [0, 1].
        xi: mass of the signal set under P0, in [0, 1].
        evasive: as in :func:`feature_only_bound`.
        form: as there.
        epsilon: as there.
        closeness: as there.

    Returns:
        Shares, broadcast. 0 means any α > 0 (the bound at 0 is −inf). Over 1 (inf for p = 0) the
        theorem promises S̄ to no share at all.

    Example:
        >>> feature_only_critical_mass([0.0, 0.9], p=0.05, xi=1e-4).round(6).tolist()
        [0.0019, 0.019]
        >>> float(feature_only_critical_mass(0.9, p=0.05, xi=1e-4, form="sharp").round(6))
        0.018018
    """
    lost = 1 - unit_interval("success", success)
    parts = terms(p=p, form=form, evasive=evasive, epsilon=epsilon, closeness=closeness)
    return parts.share(lost, unit_interval("xi", xi))


def feature_only_foot(
    *,
    p: ArrayLike,
    xi: ArrayLike,
    evasive: bool = False,
    form: Form = "printed",
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """Where the bound leaves 0: α = (1−p)ξ/p, evasive κ/(1 + κ). At or under it, it is vacuous.

    Arguments as in :func:`feature_only_critical_mass`.

    Example:
        >>> round(float(feature_only_foot(p=0.05, xi=1e-4)), 6)
        0.0019
    """
    return feature_only_critical_mass(
        0.0, p=p, xi=xi, evasive=evasive, form=form, epsilon=epsilon, closeness=closeness
    )


def feature_only_bound_quantile(
    alpha: ArrayLike,
    *,
    p: ArrayLike,
    q: ArrayLike,
    xi: ArrayLike,
    evasive: bool = False,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """With a floor for most texts only: S(α) ≥ 1 − q − ξ/(αp), or 1 − q − (1−α)ξ/(αp) if evasive.

    p is such that P0{x: P0(y* in Y|x) < p} ≤ q: a low quantile of calibrated probabilities, where
    the infimum of Theorem 3 cannot be estimated. Derived: W(x) ≥ p·(w(x) − w_low(x)), w_low being
    the mass that comes from texts under the floor, and x loses only if α·W ≤ P0(x) (evasive:
    ≤ (1−α)·P0(x)). With ``epsilon`` > 0: ``feature_only_closeness``.

    Args:
        alpha: in [0, 1].
        p: the quantile, in [0, 1].
        q: base mass of texts that may lie under it, in [0, 1].
        xi: in [0, 1].
        evasive: as in :func:`feature_only_bound`.
        epsilon: as there.
        closeness: as there.

    Returns:
        The bound, broadcast, unclipped; −inf where ``alpha`` or ``p`` is 0.

    Example:
        >>> float(feature_only_bound_quantile(0.1, p=0.05, q=0.1, xi=1e-3).round(6))
        0.7
    """
    share, mass = unit_interval("alpha", alpha), unit_interval("xi", xi)
    parts = quantile_terms(p=p, evasive=evasive, epsilon=epsilon, closeness=closeness)
    return (parts.bound(share, mass) - unit_interval("q", q))[()]


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
