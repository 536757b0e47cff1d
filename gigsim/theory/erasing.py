"""Erasing a signal: the platform shall decide as if a feature were not there.

Members, a uniformly random share α, keep their features and report the label that goes with the
text *without* the signal: h(x, y) = (x, ŷ(g(x))), g taking the signal out, g(g(x)) = g(x). Success
is S(α) = Pr_{x~P0}{f(x) = f(g(x))}. Nobody moves, so P has the texts of P0, and at every text

    P(l|x) = (1−α)·m_l(x) + α·1{l = ŷ(g(x))},    m_l(x) = P0(l|x).

So f(x) = ŷ as soon as α > (1−α)·d(x), where d(x) = max_l m_l(x) − m_ŷ(x), and likewise at g(x). If
ŷ is the most likely label at g(x), d is 0 there and at most 2τ_x at x, τ_x = max_l |m_l(x) −
m_l(g(x))| (two labels move by τ_x each). Hence, with b = (1−α)/α and τ = E_{x~P0} τ_x,

    S(α) ≥ 1 − Pr{2b·τ_x ≥ 1} ≥ 1 − 2bτ.

Resumes carry label sets. Covered are

* ``top1``: f is the top label; members replace their set by {ŷ}, ŷ the top label of the cleaned
  text, and label marginals stand in for P0(l|x);
* ``any``: f is the answer to "is y* in the set?"; members keep their other labels and put y* in or
  take it out as P0(y* in Y|g(x)) > ½ says (``label_sets = "extend"``). τ_x = |m(x) − m(g(x))|.

``any`` with the set replaced by {ŷ} is *not* covered: if the top label is not y*, members take y*
out although the cleaned text has it. Let 90 % of texts carry the signal, P0(y* in Y) be 0.9 with
and 0.8 without it, and another label be more likely still. At α = 0.4 those probabilities become
0.54 and 0.48: f is "yes" with the signal and "no" without, S = 0.1, and 1 − 2bτ = 0.73.

Texts f has never seen are beyond any theorem: where P0(g(x)) = 0, P says nothing of f(g(x)). Here
f(g(x)) is taken to follow the formula above at g(x); a platform that sees only P need not.

A tie counts as failure; formulas come back unclipped, −inf at α = 0.

Source: derived here, in the lines above; the goal and the strategy are those of Theorem 5 of Hardt,
Mazumdar, Mendler-Dünner and Zrnic (2023), whose constants were not at hand. All forms with ε are
derived as well. All were tried on random worlds (``validation.trials_erasing``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.closeness import VALID, Closeness, allowance
from gigsim.theory.erasing_exact import (
    erasing_deficit_any,
    erasing_deficit_top1,
    erasing_flip_point,
    erasing_label,
    erasing_success,
    tau,
)
from gigsim.theory.gaps import Floats, unit_interval

__all__ = [
    "erasing_bound",
    "erasing_bound_averaged",
    "erasing_critical_mass",
    "erasing_deficit_any",
    "erasing_deficit_top1",
    "erasing_flip_point",
    "erasing_label",
    "erasing_success",
    "tau",
]


def erasing_bound(
    alpha: ArrayLike,
    *,
    tau: ArrayLike,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
    reach: ArrayLike | None = None,
    margin: ArrayLike = 1.0,
) -> Floats:
    """S(α) ≥ 1 − 2·((1−α)/α)·τ, unclipped, for a platform that is ε-close to Bayes.

    Without further conditions for ε = 0. With ``epsilon`` > 0 (derived; μ is ``margin``):

    ============================= ============================= =================================
    ``closeness``                 as in planting                S(α) ≥
    ============================= ============================= =================================
    ``joint_tv``                  TV(P, Q) ≤ ε                  1 − 2bτ/μ − max(1, r)·2ε/(αμ)
    ``joint_contamination``       Q = (1−ε)P + εR               1 − 2bτ/μ − max(1, r)·ε/((1−ε)αμ)
    ``conditional_tv``            TV(P(·|x), Q(·|x)) ≤ ε        1 − 2(1−α)τ/(αμ − 2ε)
    ``conditional_contamination`` Q(·|x) = (1−ε)P(·|x) + εR_x   1 − 2(1−α)τ/(αμ − ε/(1−ε))
    ``additive_slack``            P(f(x)|x) ≥ max_y P(y|x) − ε  1 − 2(1−α)τ/(αμ − ε)
    ============================= ============================= =================================

    Proof. ŷ leads at x by M(x) ≥ αμ − 2(1−α)τ_x, and at g(x) by at least αμ. f(x) ≠ ŷ needs
    M ≤ 2ε, ε/(1−ε) or ε under the conditional ones: Markov. Under the joint ones all texts that are
    made to fail have Σ P(x)M(x)⁺ ≤ 2ε or ε/(1−ε). A text without the signal cannot disagree with
    itself; but where it fails, all texts that are cleaned into it do, and they may be r times as
    frequent as it is, which is why the joint forms need ``reach``.

    ε costs more here than in planting: the collective's push is α at every text, however rare, and
    a conditional ε of α/2 is enough to undo it. No form is immune to ε at τ = 0.

    Args:
        alpha: share that erases, in [0, 1].
        tau: τ in [0, 1]; :func:`tau`, ``theory.tau``.
        epsilon: how far the platform is from Bayes; in [0, 1), at each x under TV or contamination
            in [0, ½).
        closeness: what is close; needed when ``epsilon`` > 0. ``slides`` is refused.
        reach: r = max over cleaned texts z of P0{x ≠ z: g(x) = z}/P0(z); for a word that a share ξ
            of resumes carries whatever they are, ξ/(1−ξ). Needed for the joint ones with ε > 0.
        margin: μ in [−1, 1], by how much members' rows favour ŷ over any other label; 1 where all
            report ŷ, ``wrong_labels.wrong_label_margin`` where some err.

    Returns:
        The bound, broadcast; −inf (nothing is promised) where the collective's push is used up:
        ``alpha`` or ``margin`` not positive, or αμ ≤ 2ε, ε/(1−ε) or ε for the conditional ones.

    Raises:
        ValueError: a number out of its range, ``epsilon`` > 0 without a valid ``closeness``, or a
            joint one without ``reach``.

    Example:
        >>> erasing_bound([0.1, 0.5], tau=0.05).round(6).tolist()
        [0.1, 0.9]
        >>> float(erasing_bound(0.5, tau=0.05, epsilon=0.1, closeness="conditional_tv").round(6))
        0.833333
    """
    share, moved = unit_interval("alpha", alpha), unit_interval("tau", tau)
    spoilt, rate = _allowed(epsilon, closeness, reach)
    push = share * _margin(margin) - rate
    enough = push > 0
    # A denormal push overflows to −inf, which is what it is worth.
    with np.errstate(over="ignore"):
        bound = 1 - (2 * (1 - share) * moved + spoilt) / np.where(enough, push, 1.0)
    return np.where(enough, bound, -np.inf)[()]


def erasing_bound_averaged(
    alpha: ArrayLike,
    *,
    deficit: ArrayLike,
    deficit_cleaned: ArrayLike = 0.0,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
    reach: ArrayLike | None = None,
    margin: ArrayLike = 1.0,
) -> Floats:
    """S(α) ≥ 1 − ((1−α)/α)·(E d(x)⁺ + E d(g(x))⁺), for whatever ŷ the members report.

    Derived: the proof of :func:`erasing_bound` with the deficits themselves; a text fails only if
    ŷ is not ahead at x or not ahead at g(x). Valid for any rule ŷ that looks at g(x) alone, also
    one that the collective has estimated and got wrong. With the most likely label of g(x) the
    second mean is 0 and the first at most 2τ, so this is never below the bound in τ. Both means are
    over x ~ P0, and texts without the signal (g(x) = x) may be counted as 0 in both: they cannot
    disagree with themselves. The forms with ε hold with E d(x)⁺ + E d(g(x))⁺ in place of 2τ.

    Args:
        alpha: in [0, 1].
        deficit: E d(x)⁺ in [0, 1]; :func:`erasing_deficit_top1`, :func:`erasing_deficit_any`.
        deficit_cleaned: E d(g(x))⁺ in [0, 1]; 0 where ŷ is the most likely label of g(x).
        epsilon: as in :func:`erasing_bound`, like the rest.
        closeness: as there.
        reach: as there.
        margin: as there.

    Example:
        >>> float(erasing_bound_averaged(0.5, deficit=0.08, deficit_cleaned=0.02).round(6))
        0.9
    """
    behind = unit_interval("deficit", deficit) + unit_interval("deficit_cleaned", deficit_cleaned)
    return erasing_bound(
        alpha,
        tau=behind / 2,
        epsilon=epsilon,
        closeness=closeness,
        reach=reach,
        margin=margin,
    )


def erasing_critical_mass(
    success: ArrayLike,
    *,
    tau: ArrayLike,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
    reach: ArrayLike | None = None,
    margin: ArrayLike = 1.0,
) -> Floats:
    """The share from which :func:`erasing_bound` is S̄ or more; S̄ = 0 gives its foot.

    With L = 1 − S̄ and ε = 0 it is 2τ/(2τ + μL), an upper bound on the smallest share with
    S(α) ≥ S̄. In general (derived: the bound solved for α, in which it rises)

        (2τ + max(1, r)·B + L·R)/(2τ + μL),     never if max(1, r)·B > (μ − R)L or R ≥ μ,

    with budget B = 2ε or ε/(1−ε) for the joint forms, rate R = 2ε, ε/(1−ε) or ε for the conditional
    ones, and 0 for the other. For the averaged form put half of the sum of the two means in place
    of τ.

    Args:
        success: S̄ in [0, 1].
        tau: τ in [0, 1].
        epsilon: as in :func:`erasing_bound`, like the rest.
        closeness: as there.
        reach: as there.
        margin: as there.

    Returns:
        Shares in [0, 1], broadcast. Where τ and B are 0, R/μ: any larger share is enough (the bound
        at it is −inf). inf where no share is known to be enough.

    Raises:
        ValueError: as :func:`erasing_bound`.

    Example:
        >>> erasing_critical_mass([0.0, 0.9], tau=0.05).round(6).tolist()
        [0.090909, 0.5]
        >>> erasing_critical_mass(
        ...     [0.5, 0.9], tau=0.05, epsilon=0.1, closeness="joint_tv", reach=0.1).round(6)
        array([0.5, inf])
    """
    lost, moved = 1 - unit_interval("success", success), 2 * unit_interval("tau", tau)
    spoilt, rate = _allowed(epsilon, closeness, reach)
    favour = _margin(margin)
    strong = favour > rate
    push = np.where(strong, favour, 1.0)
    total = moved + push * lost
    # Nothing moves and nothing may be lost: whatever is above the foot of the push.
    share = np.where(total > 0, moved + spoilt + lost * rate, rate)
    share = share / np.where(total > 0, total, push)
    return np.where(strong & (spoilt <= (push - rate) * lost), share, np.inf)[()]


def _allowed(
    epsilon: ArrayLike, closeness: Closeness | None, reach: ArrayLike | None
) -> tuple[Floats, Floats]:
    """max(1, r)·budget, and the rate.

    Raises:
        ValueError: ``slides``, or what ``closeness.allowance`` or :func:`_reach` refuses.
    """
    if closeness == "slides":
        raise ValueError(f"closeness slides is not valid for erasing; one of {', '.join(VALID)} is")
    allowed = allowance(epsilon, closeness)
    if not np.any(allowed.budget > 0):
        return np.zeros_like(allowed.budget), allowed.rate
    return allowed.budget * _reach(reach), allowed.rate


def _margin(value: ArrayLike) -> Floats:
    """μ as float64.

    Raises:
        ValueError: an element is not in [−1, 1].
    """
    margin = np.asarray(value, dtype=np.float64)
    if not np.all((margin >= -1) & (margin <= 1)):
        raise ValueError(f"margin must be in [-1, 1], got {value!r}")
    return margin


def _reach(value: ArrayLike | None) -> Floats:
    """max(1, r).

    Raises:
        ValueError: it is not given, or negative.
    """
    if value is None:
        raise ValueError("a joint closeness with epsilon > 0 needs reach, see erasing_bound")
    times = np.asarray(value, dtype=np.float64)
    if not np.all(times >= 0):
        raise ValueError(f"reach must be at least 0, got {value!r}")
    return np.maximum(times, 1.0)
