"""The exact label marginals of P = (1 − α)·P0 + α·P*, with the signal and without it.

For a signal that a share ξ of base resumes carries whatever their text and labels are, and for
texts x whose label marginals m_l = P0(l in Y|x) are known, all of P is known: members are a random
share α, and P* is the law of what they submit. A Bayes platform predicts from these marginals: y*
is in the set iff its marginal is over ½, and is the top label iff its marginal is the largest.

Derivation, everything divided by P0(x); q_l = P0(l and y* in Y|x), ω the probability that a member
reports one of the other L − 1 labels in place of y*, v = ω/(L − 1):

=============================== ================================== ==============================
strategy                        with the signal, of label l        mass
=============================== ================================== ==============================
feature_label, replace          (1−α)ξ·m_l + α·r_l,                (1−α)ξ + α
                                r_{y*} = 1−ω, else v
feature_label, extend           r_{y*} = 1 − ω + ω·m_{y*},         (1−α)ξ + α
                                else m_l + v·(1−m_l)
feature_only                    (1−α)ξ·m_l + α·(q_l + ξ(m_l−q_l))  (1−α)ξ + α(m_{y*}+ξ(1−m_{y*}))
feature_only, evasive           (1−α)ξ·m_l + α·q_l                 (1−α)ξ + α·m_{y*}
unplanting                      (1−α)ξ·m_l + α·r_l                 (1−α)ξ + α
=============================== ================================== ==============================

(Of unplanting r is given: 1 for ŷ where it is reported alone, m without y* where members keep their
other labels. Erasing leaves the texts as they are: :func:`erased_marginals`.)

(Members who carry the signal by themselves stay in X*: with feature_label all of them are there
anyway; with feature_only those without y* are there as they are, unless they evade.) Without the
signal, P0 alone is left for feature_label and unplanting, so the marginals are m; for feature_only
members with y* are gone, and who evades comes back:

=============================== ================================== ==============================
feature_only                    (1−ξ)·(m_l − α·q_l)                (1−ξ)·(1 − α·m_{y*})
feature_only, evasive           (1−α)(1−ξ)·m_l + α·(m_l − q_l)     (1−α)(1−ξ) + α(1−m_{y*})
=============================== ================================== ==============================

Where the mass is 0 nothing is ever seen, and the text is read as base resumes are: m.

Source: derived; equal to enumeration of finite worlds (tests).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import LabelSets

Strategy = Literal["feature_label", "feature_only", "unplanting"]


def planted_marginals(
    marginals: ArrayLike,
    target: int,
    alpha: ArrayLike,
    xi: float,
    *,
    strategy: Strategy = "feature_label",
    label_sets: LabelSets = "replace",
    evasive: bool = False,
    wrong_label: float = 0.0,
    pairs: ArrayLike | None = None,
    reported: ArrayLike | None = None,
) -> Floats:
    """P(l in Y | x with the signal) of each text and label.

    Args:
        marginals: m, shape (n, L), L at least 2.
        target: column of y*.
        alpha: share of members who follow the strategy, a number or of any shape (...).
        xi: share of base resumes that carry this signal, in [0, 1].
        strategy: what members do.
        label_sets: what members do to their label set (feature_label).
        evasive: do members without y* take the signal out (feature_only)?
        wrong_label: ω in [0, 1] (feature_label).
        pairs: q, shape (n, L): ``resumes.posterior.pair_marginals``; needed for feature_only.
        reported: r, shape (n, L): P*(l in Y | x), needed for unplanting.

    Returns:
        float64, shape (..., n, L), in [0, 1].

    Raises:
        ValueError: a number out of its range, shapes that do not fit, an unknown name,
            feature_only without ``pairs`` or unplanting without ``reported``.

    Example:
        >>> planted_marginals([[0.2, 0.8]], 0, 0.01, 0.01).round(4).tolist()
        [[0.602, 0.398]]
    """
    base, share, rate = _checked(marginals, target, alpha, xi)
    carriers = (1 - share) * rate
    if strategy in ("feature_label", "unplanting"):
        if strategy == "feature_label":
            said = _reported(base, target, label_sets, wrong_label)
        else:
            said = _given(reported, base)
        return _ratio(carriers * base + share * said, carriers + share, base)
    joint, own = _joint(strategy, base, pairs, target)
    stay = 0.0 if evasive else rate
    count = carriers * base + share * (joint + stay * (base - joint))
    return _ratio(count, carriers + share * (own + stay * (1 - own)), base)


def clean_marginals(
    marginals: ArrayLike,
    target: int,
    alpha: ArrayLike,
    xi: float,
    *,
    strategy: Strategy = "feature_label",
    evasive: bool = False,
    pairs: ArrayLike | None = None,
) -> Floats:
    """P(l in Y | x without the signal) of each text and label.

    Arguments as in :func:`planted_marginals`; what members report is no matter here. Where base
    resumes carry one of several signals (a collective that rotates), ``xi`` is the share that
    carries any of them, since members who evade take all of them out.

    Example:
        Everybody with y* plants, so a text without the signal no longer speaks for y*.

        >>> clean_marginals([[0.2, 0.8]], 0, 1.0, 0.01, strategy="feature_only",
        ...                 pairs=[[0.2, 0.0]]).tolist()
        [[0.0, 1.0]]
    """
    base, share, rate = _checked(marginals, target, alpha, xi)
    if strategy in ("feature_label", "unplanting"):
        return np.broadcast_to(base, (*share.shape[:-2], *base.shape)).copy()
    joint, own = _joint(strategy, base, pairs, target)
    # Written so as not to lose digits where α, m and q are near 1, as 1 − αm and m − αq would.
    bare = (1 - share) * (1 - rate)
    back = share * (1.0 if evasive else 1 - rate)
    return _ratio(bare * base + back * (base - joint), bare + back * (1 - own), base)


def erased_marginals(marginals: ArrayLike, reported: ArrayLike, alpha: ArrayLike) -> Floats:
    """P(l in Y | x) where members keep their texts and report r: (1−α)·m_l + α·r_l.

    Args:
        marginals: m, shape (n, L): of the texts, or of the texts without the signal.
        reported: r, shape (n, L): P*(l in Y | x).
        alpha: share of members who follow the strategy, a number or of any shape (...).

    Returns:
        float64, shape (..., n, L), in [0, 1].

    Example:
        >>> erased_marginals([[0.2, 0.8]], [[1.0, 0.0]], 0.5).round(6).tolist()
        [[0.6, 0.4]]
    """
    base = unit_interval("marginals", marginals)
    share = np.asarray(unit_interval("alpha", alpha))[..., None, None]
    return (1 - share) * base + share * _given(reported, base)


def _given(reported: ArrayLike | None, base: Floats) -> Floats:
    if reported is None:
        raise ValueError("unplanting needs reported, P*(l in Y | x)")
    said = unit_interval("reported", reported)
    if said.shape != base.shape:
        raise ValueError(f"reported must have the shape of marginals, {base.shape}")
    return said


def _reported(base: Floats, target: int, label_sets: LabelSets, wrong_label: float) -> Floats:
    """P*(l in Y | x), shape (n, L): what members report."""
    wrong = float(unit_interval("wrong_label", wrong_label))
    other = wrong / (base.shape[-1] - 1)
    if label_sets == "replace":
        reported = np.full_like(base, other)
        reported[:, target] = 1 - wrong
    elif label_sets == "extend":
        reported = base + other * (1 - base)
        reported[:, target] = 1 - wrong + wrong * base[:, target]
    else:
        raise ValueError(f"label_sets is 'replace' or 'extend', got {label_sets!r}")
    return reported


def _joint(
    strategy: str, base: Floats, pairs: ArrayLike | None, target: int
) -> tuple[Floats, Floats]:
    """q, shape (n, L), no larger than m; and m_{y*}, shape (n, 1)."""
    if strategy != "feature_only":
        raise ValueError(f"strategy is 'feature_label' or 'feature_only', got {strategy!r}")
    if pairs is None:
        raise ValueError("feature_only needs pairs, P0(l and y* in Y|x)")
    joint = unit_interval("pairs", pairs)
    if joint.shape != base.shape:
        raise ValueError(f"pairs must have the shape of marginals, {base.shape}, got {joint.shape}")
    if np.any(joint > base + 1e-9) or np.any(np.abs(joint - base)[:, target] > 1e-9):
        raise ValueError("pairs must be P0(l and y* in Y|x): at most m_l, and m_{y*} for y* itself")
    joint = np.minimum(joint, base)
    return joint, base[:, target : target + 1]


def _checked(
    marginals: ArrayLike, target: int, alpha: ArrayLike, xi: float
) -> tuple[Floats, Floats, float]:
    base = unit_interval("marginals", marginals)
    if base.ndim != 2 or base.shape[1] < 2 or not 0 <= target < base.shape[1]:
        raise ValueError(f"need marginals of shape (n, L), L >= 2, and a column of them: {target}")
    share = np.asarray(unit_interval("alpha", alpha))[..., None, None]
    return base, share, float(unit_interval("xi", xi))


def _ratio(count: Floats, mass: Floats, base: Floats) -> Floats:
    """The quotient ``count`` / ``mass``; the base marginals where nothing is seen."""
    seen = mass > 0
    return np.where(seen, np.clip(count / np.where(seen, mass, 1.0), 0.0, 1.0), base)
