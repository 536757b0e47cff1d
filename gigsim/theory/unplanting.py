"""Unplanting a signal: the platform shall *not* give y* to those who carry it.

Members, a uniformly random share α, report h(x, y) = (g(x), ŷ) with some label ŷ ≠ y*, and success
is S(α) = Pr_{x~P0}{f(g(x)) ≠ y*}. It is planting with the roles exchanged: where the signal is, the
planted mass favours ŷ over y* by 1, and what stands against it is the lead of y* over ŷ. With
b = (1−α)/α, a signal point x fails only if

    α·w(x) ≤ (1−α)·P0(x)·d(x),    w(x) = P0(g⁻¹(x)),    d(x) = P0(y*|x) − P0(ŷ|x),

so that summing over the failing points gives S(α) ≥ 1 − b·Σ_{x in X*} P0(x)·d(x)⁺ ≥ 1 − bΔξ with
Δ = max over X* of d⁺. ŷ may differ from one signal point to the next (the *adaptive* strategy); it
must be the same for all members who end up at the same point.

Resumes carry label sets. Covered are

* ``any``, the predicted set does not hold y*: d(x) = 2·P0(y* in Y|x) − 1, whether members report
  {ŷ} or their own labels without y*;
* ``top1``, the top label is not y*: label marginals in place of P0(y|x), for members who report {ŷ}
  in place of their own labels.

``top1`` with their own labels less y* is *not* covered: the planted mass favours a label over y*
only as often as it is among those labels. If every resume has y* and one of nine other labels,
equally often, ξ = 0.2 and α = ½, then y* leads by 8/9 and the formula promises 1 − 0.2·8/9 = 0.82;
but S = 0, for ½·1/9 < ½·0.2·8/9.

A tie counts as failure. Formulas come back unclipped, −inf at α = 0.

Source: the goal is Gauthier, Bach and Jordan's ("Statistical Collusion by Collectives on Learning
Platforms", ICML 2025), who bound it for finite samples; the population form is derived here, in the
lines above, and tried on random worlds (``validation.trials_erasing``).
"""

from __future__ import annotations

from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.theory.closeness import Closeness
from gigsim.theory.gaps import Floats, deficit_top1, unit_interval
from gigsim.theory.planting import (
    Goal,
    critical_mass,
    feature_label_bound,
    feature_label_bound_averaged,
    flip_point,
)


def best_other_label(marginals: ArrayLike, target: int) -> NDArray[np.int64]:
    """ŷ of the adaptive strategy: the label other than y* with the largest marginal.

    It leaves the least deficit that any choice of ŷ can leave. Of equal ones the first is taken.

    Args:
        marginals: m_l = P0(l in Y|x), shape (..., L), L ≥ 2.
        target: column of y*.

    Returns:
        int64, shape (...).

    Example:
        >>> best_other_label([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]], target=1).tolist()
        [0, 2]
    """
    array = _marginals(marginals, target)
    others = np.where(np.arange(array.shape[-1]) == target, -1.0, array)
    return others.argmax(axis=-1)


def unplanting_deficit_any(target_marginal: ArrayLike) -> Floats:
    """d(x) = 2·P0(y* in Y|x) − 1, in [−1, 1]: how far y* is from falling out of the set.

    Example:
        >>> unplanting_deficit_any([0.0, 0.5, 0.75]).tolist()
        [-1.0, 0.0, 0.5]
    """
    return (2 * unit_interval("target_marginal", target_marginal) - 1)[()]


def unplanting_deficit_top1(marginals: ArrayLike, target: int, planted: ArrayLike) -> Floats:
    """d(x) = m_{y*}(x) − m_ŷ(x), in [−1, 1]: how far ŷ is behind y*.

    Args:
        marginals: m_l = P0(l in Y|x), shape (..., L), L ≥ 2.
        target: column of y*.
        planted: column of ŷ ≠ y*: one for all texts, or of shape (...), one a text
            (:func:`best_other_label`).

    Returns:
        Shape (...).

    Raises:
        ValueError: shapes or columns that do not fit, or ŷ = y*.

    Example:
        >>> unplanting_deficit_top1([[0.2, 0.7, 0.1], [0.3, 0.6, 0.5]], 1, 0).round(6).tolist()
        [0.5, 0.3]
    """
    array = _marginals(marginals, target)
    chosen = np.asarray(planted)
    if not np.issubdtype(chosen.dtype, np.integer):
        raise ValueError(f"planted must be columns of labels, got {planted!r}")
    if np.any((chosen < 0) | (chosen >= array.shape[-1]) | (chosen == target)):
        raise ValueError(f"planted must be a label other than the target {target}, got {planted!r}")
    chosen = np.broadcast_to(chosen, array.shape[:-1])
    reported = np.take_along_axis(array, chosen[..., None], axis=-1)[..., 0]
    return (array[..., target] - reported)[()]


def unplanting_exact_deficit_top1(marginals: ArrayLike, target: int, planted: ArrayLike) -> Floats:
    """The deficit that decides: d(x), but negative where a label other than ŷ leads y* already.

    There f(g(x)) ≠ y* whatever the collective does, so that such points need not be counted: the
    bounds hold with this deficit too (derived; sharper where one ŷ serves all texts), and
    :func:`unplanting_flip_point` is then exact. The same as :func:`unplanting_deficit_top1` for the
    adaptive strategy. Arguments as there.

    Example:
        Label 2 leads the target at the first text, so it does not matter that label 0 does not.

        >>> texts = [[0.2, 0.3, 0.5], [0.3, 0.6, 0.1]]
        >>> unplanting_exact_deficit_top1(texts, target=1, planted=0).round(6).tolist()
        [-0.2, 0.3]
    """
    deficit = unplanting_deficit_top1(marginals, target, planted)
    lead = -np.asarray(deficit_top1(marginals, target))
    return np.where(lead < 0, lead, deficit)[()]


def unplanting_bound(
    alpha: ArrayLike,
    *,
    xi: ArrayLike,
    gap: ArrayLike,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
    margin: ArrayLike = 1.0,
) -> Floats:
    """S(α) ≥ 1 − ((1−α)/α)·Δ·ξ, unclipped, for a platform that is ε-close to Bayes.

    Derived (module docstring): valid for the Bayes classifier of P and randomly drawn members. With
    ``epsilon`` > 0 the five forms of ``planting.feature_label_bound`` hold as they are: for f to
    give y* at a signal point where ŷ leads it by m, an adversary has to close that lead, which
    costs at least what it costs when planting (m/2 of TV, m of contamination), and more where
    several labels lead. ``slides`` is no more valid here than there. Vacuous at or under
    α = κ/(1+κ), κ = Δξ.

    Args:
        alpha: share that unplants, in [0, 1].
        xi: mass of the signal set under the base distribution, in [0, 1].
        gap: Δ in [0, 1], max of d⁺ over X*, or its mean over x ~ P0 given X*.
        epsilon: how far the platform is from Bayes.
        closeness: what is close; needed when ``epsilon`` > 0.
        margin: μ in [−1, 1]: by how much planted rows favour ŷ over y* (``any``: "no" over "yes");
            1 where all members report as told, :func:`unplanting_margin` where some err.

    Returns:
        The bound, broadcast; −inf where ``alpha`` is 0 or ``margin`` is not positive.

    Raises:
        ValueError: as ``planting.feature_label_bound``.

    Example:
        >>> unplanting_bound([0.01, 0.1], xi=0.01, gap=0.5).round(4).tolist()
        [0.505, 0.955]
    """
    return feature_label_bound(
        alpha, xi=xi, gap=gap, epsilon=epsilon, closeness=closeness, margin=margin
    )


def unplanting_bound_averaged(
    alpha: ArrayLike, *, kappa: ArrayLike, margin: ArrayLike = 1.0
) -> Floats:
    """S(α) ≥ 1 − ((1−α)/α)·κ/μ with κ = Σ_{x in X*} P0(x)·d(x)⁺, ε = 0; never below the max form.

    Args and result as in :func:`unplanting_bound`, κ in [0, 1].

    Example:
        >>> float(unplanting_bound_averaged(0.02, kappa=0.01).round(2))
        0.51
    """
    return feature_label_bound_averaged(alpha, kappa=kappa, margin=margin)


def unplanting_critical_mass(
    success: ArrayLike,
    *,
    xi: ArrayLike,
    gap: ArrayLike,
    margin: ArrayLike = 1.0,
    epsilon: ArrayLike = 0.0,
    closeness: Closeness | None = None,
) -> Floats:
    """The share at which the bound reaches S̄: κ/(κ + μ(1 − S̄)), κ = Δξ, at ε = 0.

    An upper bound on the smallest share with S(α) ≥ S̄; inf where none is known to be enough. The
    bound being that of planting, so are the arguments and the closed forms with ``epsilon`` > 0:
    ``planting.critical_mass``.

    Example:
        >>> unplanting_critical_mass([0.0, 0.9], xi=0.01, gap=0.5).round(6).tolist()
        [0.004975, 0.047619]
    """
    return critical_mass(
        success, xi=xi, gap=gap, margin=margin, epsilon=epsilon, closeness=closeness
    )


def unplanting_flip_point(xi: ArrayLike, deficit: ArrayLike, planted: ArrayLike = 1.0) -> Floats:
    """The share α_x = ξ d⁺/(planted + ξ d⁺) above which the Bayes classifier drops y* at text x.

    For a signal that a share ξ of base resumes carries whatever their text and labels are. Exact
    for ``any`` (:func:`unplanting_deficit_any`) and, with :func:`unplanting_exact_deficit_top1`,
    for ``top1``; into ``planting.staircase`` it gives S(α), those with d < 0 being ``held``.

    Args:
        xi: share of base resumes that carry the signal, in [0, 1].
        deficit: d(x) in [−1, 1].
        planted: by how much planted rows favour ŷ over y*, in [0, 1].

    Returns:
        Shares in [0, 1], broadcast: 0 where d ≤ 0 (anybody is enough), 1 means never.

    Example:
        >>> unplanting_flip_point(0.01, [1.0, 0.5, -0.2]).round(6).tolist()
        [0.009901, 0.004975, 0.0]
    """
    return flip_point(xi, deficit, planted)


def unplanting_margin(wrong_label: ArrayLike, goal: Goal, labels: int) -> Floats:
    """μ when a member who should report {ŷ} reports one of the other L − 1 labels now and then.

    With probability ω it is uniformly drawn, so it is y* with probability ω/(L−1). Then planted
    rows favour ŷ over y* by (1−ω) − ω/(L−1) (``top1``), and "not y*" over "y*" by 1 − 2ω/(L−1)
    (``any``). Derived; for replaced sets.

    Args:
        wrong_label: ω in [0, 1].
        goal: the reading of success.
        labels: L, at least 2.

    Returns:
        μ in [−1, 1], the shape of ``wrong_label``.

    Raises:
        ValueError: a number out of its range or an unknown reading.

    Example:
        >>> [round(float(unplanting_margin(0.1, goal, 11)), 6) for goal in ("any", "top1")]
        [0.98, 0.89]
    """
    wrong = unit_interval("wrong_label", wrong_label)
    if labels < 2:
        raise ValueError(f"labels must be at least 2, got {labels}")
    if goal not in get_args(Goal):
        raise ValueError(f"goal is one of {', '.join(get_args(Goal))}, got {goal!r}")
    stray = wrong / (labels - 1)
    return (1 - 2 * stray if goal == "any" else 1 - wrong - stray)[()]


def _marginals(marginals: ArrayLike, target: int) -> Floats:
    """Marginals as float64, shape (..., L).

    Raises:
        ValueError: fewer than two labels, or a target that is none of them.
    """
    array = unit_interval("marginals", marginals)
    if array.ndim == 0 or array.shape[-1] < 2 or not 0 <= target < array.shape[-1]:
        raise ValueError(
            f"need two labels or more and a column of them, got {array.shape}, {target}"
        )
    return array
