"""Planting a signal with the feature-label strategy: the bound, its foot, and the exact staircase.

Members, a uniformly random share α of the population, report h(x, y) = (g(x), y*): they put the
signal into their features and the target label in place of their own. The platform deploys f, and
success is S(α) = Pr_{x~P0}{f(g(x)) = y*}. Two numbers of the base distribution P0 say how hard
that is: ξ = P0(X*), the mass of the signal set X* = g(X) before anybody plants, and the gap
Δ = max_{x in X*} (max_y P0(y|x) − P0(y*|x))⁺, how far the target is behind where the signal is.

Resumes carry label *sets*. The theorem then holds for two readings of success:

* ``any``, the predicted set holds y*: the binary question "is y* in the set?", with
  Δ = max_{X*} (1 − 2 P0(y* in Y|x))⁺; for replaced and for extended label sets.
* ``top1``, the label of the largest marginal is y*: with the label marginals in place of P0(y|x);
  for replaced sets only. With extended sets (members add y* to their own labels) no theorem is
  known, and none is offered here.

Formulas come back unclipped, −inf at α = 0; figures draw max(0, ·). A tie at a signal point counts
as failure throughout.

Source: Hardt, Mazumdar, Mendler-Dünner and Zrnic (2023), "Algorithmic Collective Action in
Machine Learning", Theorem 1; theorem numbers, here and elsewhere, are those that a summary of the
arXiv version gives. What is said to be *derived* is proved in a line or two and checked on random
worlds (``theory.worlds``), not quoted from the paper.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.theory.closeness import Closeness, allowance
from gigsim.theory.gaps import Floats, unit_interval

Goal = Literal["any", "top1"]
LabelSets = Literal["replace", "extend"]

#: What the theorem covers: (reading of success, what members do to their label set).
COVERED: frozenset[tuple[Goal, LabelSets]] = frozenset(
    {("any", "replace"), ("any", "extend"), ("top1", "replace")}
)


def feature_label_bound(
    alpha: ArrayLike,
    *,
    xi: ArrayLike,
    gap: ArrayLike,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
    margin: ArrayLike = 1.0,
) -> Floats:
    """Theorem 1: S(α) ≥ 1 − ((1−α)/α)·Δ·ξ, unclipped, for a platform that is ε-close to Bayes.

    Valid for the Bayes classifier of P = α P* + (1−α) P0 and randomly drawn members, without
    further conditions, when ``epsilon`` is 0. For ``epsilon`` > 0 it depends on *what* is close;
    with b = (1−α)/α (derived, 0 violations on random worlds against the worst such classifier):

    ============================= =============================== =============================
    ``closeness``                 f is Bayes-optimal for a Q with S(α) ≥
    ============================= =============================== =============================
    ``joint_tv``                  TV(P, Q) ≤ ε                    1 − bΔξ − 2ε/α
    ``joint_contamination``       Q = (1−ε)P + εR                 1 − bΔξ − ε/((1−ε)α)
    ``conditional_tv``            TV(P(·|x), Q(·|x)) ≤ ε < ½      1 − bξ(Δ + 2ε)/(1−2ε)
    ``conditional_contamination`` Q(·|x) = (1−ε)P(·|x) + εR_x     1 − bξ((1−ε)Δ + ε)/(1−2ε)
    ``additive_slack``            P(f(x)|x) ≥ max_y P(y|x) − ε    1 − bξ(Δ + ε)/(1−ε)
    ``slides``                    TV(P, Q) ≤ ε; **NOT VALID**     1 − bΔξ − ε/(1−ε)
    ============================= =============================== =============================

    (the conditional ones at every x and for ε < ½; additive slack needs no Q).

    ``slides`` is the additive term as the authors' slides print it. It fails under the definition
    printed beside it: take α = 0.1 and ξ = 0, and let Q move half of the planted mass at every
    signal point from y* to another label. Then TV(P, Q) = α/2 = 0.05, the classifier optimal for Q
    fails at every signal point, S = 0, and the formula promises 1 − 0.05/0.95 = 0.947. It is here
    to be compared with, never to be relied on.

    ``gap`` may be the maximum over X* (the theorem) or the average of (max_y P0(y|x) − P0(y*|x))⁺
    over x ~ P0 given X* (derived: the proof sums the gaps, so the average is enough; sharper).

    ``margin`` μ < 1 says that the planted rows favour y* by less than 1, as when some members
    report a wrong label (``wrong_labels.wrong_label_margin``). At signal point x, y* wins iff
    α·w(x)·μ > (1−α)·P0(x)·Δ_x, so that bΔξ becomes bΔξ/μ. With ε > 0 (derived and checked likewise)
    the last terms of the joint forms are divided by μ too, and the denominators of the three
    conditional ones are μ − 2ε, (1−ε)μ − ε and μ − ε; ε must stay under μ/2, μ/(1+μ) and μ there.

    Args:
        alpha: share of the population that plants, in [0, 1].
        xi: mass of the signal set under the base distribution, in [0, 1].
        gap: Δ in [0, 1]; see ``theory.gaps``.
        epsilon: how far the platform is from Bayes, at least 0 and under the closeness's limit.
        closeness: what is close; needed when ``epsilon`` > 0.
        margin: μ in [−1, 1]; 1 where all members report y*.

    Returns:
        The bound, broadcast over all arguments (a float for floats); −inf (nothing is promised)
        where ``alpha`` is 0 or ``margin`` is not positive.

    Raises:
        ValueError: a number out of its range, ``epsilon`` > 0 without ``closeness``, or an
            unknown ``closeness``.

    Example:
        >>> feature_label_bound([0.001, 0.01, 0.1], xi=0.001, gap=1.0).round(4).tolist()
        [0.001, 0.901, 0.991]
        >>> float(feature_label_bound(0.1, xi=0.0, gap=1.0, epsilon=0.05, closeness="joint_tv"))
        0.0
    """
    share, mass = unit_interval("alpha", alpha), unit_interval("xi", xi)
    deficit = unit_interval("gap", gap)
    favours, push = planted_margin(margin)
    budget, rate, additive = allowance(epsilon, closeness, push)
    # Nobody plants at alpha = 0: no promise, whatever xi is. A denormal alpha overflows to -inf.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        turned = (1 - share) * (deficit + rate) * mass / (push - rate)
        bound = 1 - (turned + budget / push) / share - additive
    return np.where((share > 0) & favours, bound, -np.inf)[()]


def feature_label_bound_averaged(
    alpha: ArrayLike, *, kappa: ArrayLike, margin: ArrayLike = 1.0
) -> Floats:
    """The averaged-gap form: S(α) ≥ 1 − ((1−α)/α)·κ/μ with κ = Σ_{x in X*} P0(x)·Δ_x⁺, ε = 0.

    Derived (sum the gaps in the proof of Theorem 1 instead of bounding each by the largest);
    κ ≤ Δ·ξ, so it is never below the theorem. κ in [0, 1] is estimated in one piece.

    Example:
        >>> float(feature_label_bound_averaged(0.02, kappa=0.01).round(2))
        0.51
    """
    return feature_label_bound(alpha, xi=unit_interval("kappa", kappa), gap=1.0, margin=margin)


def critical_mass(
    success: ArrayLike,
    *,
    xi: ArrayLike,
    gap: ArrayLike,
    margin: ArrayLike = 1.0,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """The share α at which :func:`feature_label_bound` reaches S̄; the shape of Corollary 2.

    Derived. With κ = Δ·ξ and ε = 0, α*(S̄) ≤ κ/(κ + μ·(1 − S̄)): an *upper* bound on the smallest
    share with S(α) ≥ S̄, a smaller collective may do. For the averaged form put κ in place of ξ and
    1 in place of Δ. For ε > 0 (each form of the bound solved for α, in which it rises):

    ============================= ==================================================== =============
    ``closeness``                 α*(S̄) ≤                                              never if
    ============================= ==================================================== =============
    ``joint_tv``                  (κ + 2ε)/(κ + μ(1−S̄))                                2ε > μ(1−S̄)
    ``joint_contamination``       (κ + e)/(κ + μ(1−S̄)), e = ε/(1−ε)                    e > μ(1−S̄)
    ``conditional_tv``            κ'/(κ' + (μ−2ε)(1−S̄)), κ' = ξ(Δ + 2ε)
    ``conditional_contamination`` κ'/(κ' + (μ−e)(1−S̄)), κ' = ξ(Δ + e), e = ε/(1−ε)
    ``additive_slack``            κ'/(κ' + (μ−ε)(1−S̄)), κ' = ξ(Δ + ε)
    ``slides``, **NOT VALID**     κ/(κ + μ(1−S̄−e)), e = ε/(1−ε)                        e > 1−S̄
    ============================= ==================================================== =============

    Args:
        success: S̄ in [0, 1]; 0 gives the :func:`foot`.
        xi: mass of the signal set under P0, in [0, 1].
        gap: Δ in [0, 1].
        margin: μ in [−1, 1], see :func:`feature_label_bound`; 1 where all members report y*.
        epsilon: as there.
        closeness: as there.

    Returns:
        Shares in [0, 1], broadcast. 0 where any share at all is enough. inf where no share is
        known to be enough: ``margin`` is not positive, or the platform may err too much.

    Raises:
        ValueError: as :func:`feature_label_bound`.

    Example:
        >>> critical_mass([0.5, 0.9], xi=0.001, gap=1.0).round(6).tolist()
        [0.001996, 0.009901]
        >>> critical_mass([0.5, 0.9], xi=0.001, gap=1, epsilon=0.1, closeness="joint_tv").round(4)
        array([0.4012,    inf])
    """
    wanted = unit_interval("success", success)
    favours, push = planted_margin(margin)
    budget, rate, additive = allowance(epsilon, closeness, push)
    turned = unit_interval("xi", xi) * (unit_interval("gap", gap) + rate)
    room = (push - rate) * (1 - wanted - additive)
    total = turned + room
    against = turned + budget
    mass = np.where(against > 0, against / np.where(total > 0, total, 1.0), 0.0)
    return np.where(favours & (budget <= room), mass, np.inf)[()]


def foot(
    *,
    xi: ArrayLike,
    gap: ArrayLike,
    margin: ArrayLike = 1.0,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """Where the bound leaves 0: :func:`critical_mass` at S̄ = 0; κ/(μ + κ), κ = Δ·ξ, at ε = 0.

    At or under it the bound is vacuous; inf: everywhere. Arguments as there.

    Example:
        >>> float(foot(xi=0.01, gap=1.0).round(6))
        0.009901
    """
    return critical_mass(0.0, xi=xi, gap=gap, margin=margin, epsilon=epsilon, closeness=closeness)


def planted_margin(margin: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    """Whether μ is positive, and μ itself (1 where it is not).

    Raises:
        ValueError: an element is not in [−1, 1].
    """
    push = np.asarray(margin, dtype=np.float64)
    if not np.all((push >= -1) & (push <= 1)):
        raise ValueError(f"margin must be in [-1, 1], got {margin!r}")
    return push > 0, np.where(push > 0, push, 1.0)


def flip_point(xi: ArrayLike, deficit: ArrayLike, planted: ArrayLike = 1.0) -> Floats:
    """The share α_x above which the Bayes classifier gives y* to text x with the signal.

    For a signal that a share ξ of base resumes carries whatever their text and labels are. At a
    text with the signal the planted mass favours y* by ``planted`` and the base mass disfavours it
    by d, so y* wins iff α·planted > (1−α)·ξ·d:

        α_x = ξ d⁺ / (planted + ξ d⁺)

    Derived; equal to brute-force argmax. Which d and which ``planted``:

    * ``any``, replaced or extended sets: d = ``gaps.deficit_any``, planted = 1;
    * ``top1``, replaced sets: d = ``gaps.deficit_top1``, planted = 1;
    * ``top1``, extended sets (exact, though no theorem covers it): d = ``gaps.deficit_top1``,
      planted = 1 − max_{l≠y*} m_l, because members go on reporting their own labels too.

    With wrong labels ``planted`` is ``wrong_labels.wrong_label_margin``, plus 2ω·m_{y*} for ``any``
    with extended sets. Feature-only has steps of its own (``feature_only.flip_point_any``).

    Args:
        xi: share of base resumes that carry the signal, in [0, 1].
        deficit: d(x) in [−1, 1].
        planted: in [0, 1].

    Returns:
        Shares in [0, 1], broadcast: 0 where d ≤ 0 (anybody is enough), 1 (never) where the planted
        resumes do not favour y* at all.

    Example:
        >>> flip_point(0.01, [1.0, 0.5, -0.2]).round(6).tolist()
        [0.009901, 0.004975, 0.0]
    """
    resistance = unit_interval("xi", xi) * np.maximum(np.asarray(deficit, dtype=np.float64), 0.0)
    push = unit_interval("planted", planted)
    total = push + resistance
    return np.where(push > 0, resistance / np.where(total > 0, total, 1.0), 1.0)[()]


def staircase(
    alpha: ArrayLike,
    weights: ArrayLike | None,
    resistance: ArrayLike,
    *,
    held: ArrayLike | None = None,
) -> Floats:
    """Exact S(α) of the Bayes classifier: the weight of the signal points with α > α_x.

    Statement: S(α) = Σ_x w(x)·1{α > α_x} for finite X and ε = 0, with w = G(x) the pushed-forward
    base mass and α_x = d⁺/(w + d⁺), d(x) = P0(x)·(max_{y≠y*} P0(y|x) − P0(y*|x)). Derived, equal to
    brute-force argmax. Theorem 1 is its Markov-type relaxation.

    Args:
        alpha: shares in [0, 1], any shape.
        weights: non-negative, shape (n,), normalised here; None for equal weights (a sample).
        resistance: α_x, shape (n,); see :func:`flip_point`.
        held: bool, shape (n,): points that have y* already before anybody plants (d < 0); they
            count at α = 0 as well. Without it S(0) is 0 where every resistance is ≥ 0.

    Returns:
        S, shape of ``alpha``, in [0, 1], non-decreasing in α.

    Raises:
        ValueError: no points, shapes that differ, or weights that are negative or sum to 0.

    Example:
        >>> staircase([0.0, 0.1, 0.3], None, [0.0, 0.1, 0.2, 0.2]).tolist()
        [0.0, 0.25, 1.0]
    """
    points = np.asarray(resistance, dtype=np.float64)
    mass = np.ones_like(points) if weights is None else np.asarray(weights, dtype=np.float64)
    if points.ndim != 1 or points.size == 0 or mass.shape != points.shape:
        raise ValueError(f"need n > 0 points and weights, got {points.shape} and {mass.shape}")
    if np.any(mass < 0) or not mass.sum() > 0:
        raise ValueError("weights must be non-negative with a positive sum")
    if held is not None:
        points = np.where(np.asarray(held, dtype=np.bool_), -np.inf, points)
    order = np.argsort(points, kind="stable")
    climbed = np.concatenate([[0.0], np.cumsum(mass[order])])
    steps = np.searchsorted(points[order], unit_interval("alpha", alpha), side="left")
    return (climbed[steps] / climbed[-1])[()]
