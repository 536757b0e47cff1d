"""Platforms that weight their rows unequally: the effective size of a collective.

Learners made for robustness count some rows more than others: error-up-weighting (train, up-weight
what came out wrong by a factor λ, train again), CVaR (only the worst part of the losses counts). To
such a platform the collective is of the *effective* size

    α_eff = Σ_{i in C} w_i / Σ_i w_i,

and where weights differ between members and others only, it decides exactly as plain risk
minimisation would at the share α_eff: put α_eff in place of α in every bound.

**Not so where weights differ within a group**, as they do for learners that look at errors. What
the platform then sees is α_eff·P*_w + (1−α_eff)·P0_w with re-weighted laws of both groups, so that
ξ and Δ are those of P0_w, and planted mass lies where P*_w has it. Example: one signal point, base
rows there all of another label, ξ = 0.1, α = 0.2, λ = 4. Plain training gives y* (0.2 > 0.8·0.1),
so that the base rows on the signal point are the errors, and the second training sees 4·0.08
against 0.2: S = 0. The naive reading, α_eff = 0.2/(1 + 3·0.08) = 0.161 with ξ and Δ as they were,
promises 1 − 5.2·0.1 = 0.48. With ξ_w = 0.4/1.3, :func:`feature_label_bound_reweighted` promises
nothing.
(So error-up-weighting helps collectives that fail without it and hurts those that succeed.)

Source: Ben-Dov, Fawkes, Samadi and Sanyal (2024) on effective size; their theorems could not be
read. The formulas here are *derived*.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.checks import non_negative, positive
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import feature_label_bound

_ROUNDING = 1e-9


def effective_share(weights: ArrayLike, member: ArrayLike) -> Floats:
    """α_eff = Σ_{i in C} w_i / Σ_i w_i.

    Args:
        weights: w_i ≥ 0 of the rows, shape (..., n), with a positive sum; weights times
            probabilities for a law on n points.
        member: bool, or the part of each row that is members' in [0, 1], shape (..., n).

    Returns:
        Shape (...), in [0, 1].

    Raises:
        ValueError: weights that are negative or sum to 0.

    Example:
        >>> float(effective_share([2.0, 2.0, 1.0, 1.0], [True, False, False, False]).round(6))
        0.333333
    """
    mass = non_negative("weights", weights)
    part = unit_interval("member", member)
    total = mass.sum(axis=-1)
    if mass.ndim == 0 or not np.all(total > 0):
        raise ValueError("weights must have a positive sum")
    return np.minimum((mass * part).sum(axis=-1) / total, 1.0)[()]


def effective_share_upweighted(
    alpha: ArrayLike, *, lam: ArrayLike, errors_in_collective: ArrayLike, errors: ArrayLike
) -> Floats:
    """α_eff of a platform that counts its first training's errors λ-fold.

        α_eff = (α + (λ−1)·P(C∩Err)) / (1 + (λ−1)·P(Err))

    Derived: :func:`effective_share` with w = λ on errors and 1 elsewhere. Above α iff members are
    more often among the errors than others are (and λ > 1).

    Args:
        alpha: share of the collective, in [0, 1].
        lam: λ ≥ 0; 1 changes nothing, less than 1 counts errors less.
        errors_in_collective: P(C∩Err), at most α.
        errors: P(Err); P(Err) − P(C∩Err) is at most 1 − α.

    Raises:
        ValueError: numbers out of their range, or that no population has together; λ = 0 where all
            rows are errors.

    Example:
        >>> float(effective_share_upweighted(0.2, lam=4, errors_in_collective=0.2, errors=0.2))
        0.5
    """
    share, own, wrong, factor = _errors(alpha, lam, errors_in_collective, errors)
    total = 1 + (factor - 1) * wrong
    if not np.all(total > 0):
        raise ValueError("with lam 0 and errors 1 no row counts")
    return np.clip((share + (factor - 1) * own) / total, 0.0, 1.0)[()]


def share_needed_upweighted(
    effective: ArrayLike, *, lam: ArrayLike, member_error: ArrayLike, other_error: ArrayLike
) -> Floats:
    """The share α whose effective share is ``effective``, from error *rates* of the two groups.

        α/(1−α) = α_eff/(1−α_eff) · (1 + (λ−1)e_O)/(1 + (λ−1)e_C)

    The inverse of :func:`effective_share_upweighted` with P(C∩Err) = αe_C and
    P(Err) = αe_C + (1−α)e_O. Put a critical mass in for ``effective`` to get the collective that
    such a platform takes. Derived; e_C and e_O are taken as given, although they depend on α: below
    its critical mass a collective's rows are errors mostly, above it hardly any.

    Args:
        effective: α_eff in [0, 1].
        lam: λ ≥ 0.
        member_error: e_C, share of the members' rows that come out wrong.
        other_error: e_O, the same of the others.

    Raises:
        ValueError: a number out of its range; λ = 0 where all rows of a group are errors.

    Example:
        >>> float(share_needed_upweighted(0.5, lam=4, member_error=1.0, other_error=0.0))
        0.2
    """
    wanted, factor = unit_interval("effective", effective), non_negative("lam", lam)
    own = 1 + (factor - 1) * unit_interval("member_error", member_error)
    other = 1 + (factor - 1) * unit_interval("other_error", other_error)
    if not np.all((own > 0) & (other > 0)):
        raise ValueError("with lam 0 and an error rate of 1 a group does not count at all")
    return (wanted * other / (wanted * other + (1 - wanted) * own))[()]


def cvar_weights(
    losses: ArrayLike, level: ArrayLike, probabilities: ArrayLike | None = None
) -> Floats:
    """The weights of CVaR: 1/level on the worst ``level`` of the mass, 0 on the rest.

    E[w·loss] is the mean of the worst ``level`` of the losses. On ties, and where the worst part
    ends inside a point, what is left of it is spread evenly over the points of equal loss, so that
    no order of the rows matters.

    Args:
        losses: shape (n,).
        level: in (0, 1]; 1 is plain risk minimisation.
        probabilities: of the rows, shape (n,), summing to 1; None for 1/n each.

    Returns:
        w with Σ probabilities·w = 1, shape (n,); ``effective_share(probabilities*w, member)``.

    Raises:
        ValueError: shapes that differ, or numbers out of their range.

    Example:
        >>> cvar_weights([3.0, 1.0, 2.0, 2.0], 0.5).tolist()
        [2.0, 0.0, 1.0, 1.0]
    """
    worse = np.asarray(losses, dtype=np.float64)
    part = positive("level", unit_interval("level", level))
    size = worse.size
    mass = (
        np.full(size, 1 / max(size, 1))
        if probabilities is None
        else unit_interval("probabilities", probabilities)
    )
    if worse.ndim != 1 or size == 0 or mass.shape != worse.shape or not np.all(np.isfinite(worse)):
        raise ValueError(f"need n > 0 losses and as many probabilities, got {worse.shape}")
    if abs(mass.sum() - 1) > _ROUNDING:
        raise ValueError("probabilities must sum to 1")
    _, group = np.unique(-worse, return_inverse=True)
    grouped = np.bincount(group, weights=mass)
    before = np.cumsum(grouped) - grouped
    taken = np.clip(part - before, 0.0, grouped)
    return (taken / np.where(grouped > 0, grouped, 1.0))[group] / part


def feature_label_bound_reweighted(
    effective: ArrayLike, *, xi: ArrayLike, gap: ArrayLike, ratio: ArrayLike = 1.0
) -> Floats:
    """Theorem 1 for a platform with unequal weights: S ≥ 1 − ((1−α_eff)/α_eff)·ξ_w·Δ_w/ρ.

    Derived. At signal point x the platform sees α_eff·G_w(x) for y* and at least
    (1−α_eff)·P0_w(x)(…) against it, so x fails only if α_eff·G_w(x) ≤ (1−α_eff)·P0_w(x)Δ_w,x. S is
    counted with G, and G(x) ≤ G_w(x)/ρ. Summed over X* this is the bound.

    With weights that are constant within members and within others, ξ_w = ξ, Δ_w = Δ, ρ = 1, and
    this is ``feature_label_bound`` at α_eff.

    Args:
        effective: α_eff in [0, 1].
        xi: ξ_w = P0_w(X*), mass of the signal set under the *re-weighted* base law.
        gap: Δ_w of the re-weighted base law, in [0, 1]; the maximum over X* or the mean given X*.
        ratio: ρ = min over X* of G_w(x)/G(x), in [0, 1]: how much less than its due the platform
            counts the planted rows of a signal point; 1 where weights do not vary among members.

    Returns:
        Unclipped, broadcast; −inf at α_eff = 0 or ρ = 0.

    Raises:
        ValueError: a number not in [0, 1].

    Example:
        >>> float(feature_label_bound_reweighted(0.5, xi=0.1, gap=1.0, ratio=0.5))
        0.8
    """
    return feature_label_bound(effective, xi=xi, gap=gap, margin=unit_interval("ratio", ratio))


def _errors(
    alpha: ArrayLike, lam: ArrayLike, errors_in_collective: ArrayLike, errors: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """α, P(C∩Err), P(Err), λ as float64.

    Raises:
        ValueError: see :func:`effective_share_upweighted`.
    """
    share, factor = unit_interval("alpha", alpha), non_negative("lam", lam)
    own = unit_interval("errors_in_collective", errors_in_collective)
    wrong = unit_interval("errors", errors)
    if np.any(own > share + _ROUNDING):
        raise ValueError("errors_in_collective must be at most alpha")
    if np.any(own > wrong + _ROUNDING) or np.any(wrong - own > 1 - share + _ROUNDING):
        raise ValueError(
            "errors must be in [errors_in_collective, errors_in_collective + 1 - alpha]"
        )
    return share, own, wrong, factor
