"""Several collectives on one platform: who wins a text, and what a rival may take away.

Collective j, a share α_j of the population, submits from P*_j; the rest A = Σ_j α_j leaves over
submits P0. Members are drawn at random, so that the platform sees

    P = Σ_j α_j P*_j + (1 − A)·P0

and its Bayes classifier gives text x the label y that has most of P(x, y): the winner rule. Success
S_j = Pr_{x~P0}{f(g_j(x)) = y_j*} is each collective's own, on its own signal set X_j*. A tie is
lost unless said otherwise.

Three cases need no bound:

* the same signal and the same label: one collective of size α_1 + α_2;
* signal sets apart (nobody submits to another's): each as if alone, with less base mass against it,
  that is, with share α_j/(1 − Σ_{i≠j} α_i) (:func:`solo_share`);
* the same signal, never seen before, and different labels: the largest takes all of it.

Source: the winner rule, these cases and the bound are *derived* and checked on random worlds; that
rivals who share a signal lose most is what Karan, Vincent, Karahalios and Sundaram (2025) measured.
Single label or sets: for ``any`` the binary question "y_j* in the set?", for ``top1`` the label
marginals, where collective j itself reports {y_j*} (rivals may report any sets).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import Goal

# Shares that add up to 1 leave it by rounding.
_ROUNDING = 1e-9


def collective_bound(
    alpha: ArrayLike,
    *,
    kappa: ArrayLike,
    others: ArrayLike = 0.0,
    conflict: ArrayLike | None = None,
) -> Floats:
    """What collective j is sure of: S_j ≥ 1 − [(1−A)·κ_j + Σ_{i≠j} α_i·ρ_ij]/α_j, unclipped.

    Statement for the feature-label strategy, members drawn at random, ε = 0. Collective j has share
    α_j, A = α_j + Σ_{i≠j} α_i, κ_j = Σ_{x in X_j*} P0(x)·Δ_x⁺ (or Δ·ξ), and ρ_ij is the part of
    what collective i submits that has j's signal and not j's label (:func:`clashes`), whatever i is
    up to.

    Derived: y_j* loses x only if α_j·w_j(x) ≤ (1−A)·P0(x)·Δ_x⁺ + Σ_{i≠j} α_i·P*_i{x, y ≠ y_j*};
    sum over the texts that are lost. With nobody else it is the averaged form of Theorem 1. Vacuous
    as soon as Σ α_i ρ_ij ≥ α_j: a rival on the same signal who is as large promises nothing.

    How much must be known of the others: their total size only (``conflict`` None: all of what they
    submit may clash), the aggregate Σ α_i ρ_ij, or each; Battiloro et al. (2025) tell the same
    levels of knowledge apart.

    Args:
        alpha: α_j in [0, 1].
        kappa: κ_j in [0, 1].
        others: Σ_{i≠j} α_i, in [0, 1 − α_j].
        conflict: Σ_{i≠j} α_i·ρ_ij, in [0, ``others``]; None for ``others``.

    Returns:
        The bound, broadcast; −inf where ``alpha`` is 0.

    Raises:
        ValueError: a number out of its range.

    Example:
        >>> bounds = collective_bound(0.1, kappa=0.01, others=0.1, conflict=[0.0, 0.02, 0.1])
        >>> bounds.round(6).tolist()
        [0.92, 0.72, -0.08]
    """
    share, rest = unit_interval("alpha", alpha), unit_interval("others", others)
    base = unit_interval("kappa", kappa)
    against = rest if conflict is None else unit_interval("conflict", conflict)
    left = 1 - share - rest
    if np.any(left < -_ROUNDING):
        raise ValueError("alpha and others must not sum to more than 1")
    if np.any(against > rest + _ROUNDING):
        raise ValueError("conflict must not be more than others: it is a part of them")
    # Nobody plants at alpha = 0: no promise. A denormal alpha overflows to -inf.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        bound = 1 - (np.maximum(left, 0.0) * base + against) / share
    return np.where(share > 0, bound, -np.inf)[()]


def collective_critical_mass(
    success: ArrayLike,
    *,
    kappa: ArrayLike,
    others: ArrayLike = 0.0,
    conflict: ArrayLike | None = None,
) -> Floats:
    """Where :func:`collective_bound` reaches S̄: α_j = [(1 − others)·κ + conflict]/(κ + 1 − S̄).

    An upper bound on the share that is needed against the same rivals.

    Returns:
        Shares, broadcast; inf where they exceed what the others leave over, 1 − ``others``.

    Example:
        >>> collective_critical_mass(0.9, kappa=0.01, others=[0.0, 0.05]).round(6).tolist()
        [0.090909, 0.540909]
    """
    wanted, rest = unit_interval("success", success), unit_interval("others", others)
    base = unit_interval("kappa", kappa)
    against = rest if conflict is None else unit_interval("conflict", conflict)
    if np.any(against > rest + _ROUNDING):
        raise ValueError("conflict must not be more than others: it is a part of them")
    needed, ease = (1 - rest) * base + against, base + 1 - wanted
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(needed > 0, needed / ease, 0.0)
    return np.where(share <= 1 - rest, share, np.inf)[()]


def solo_share(alpha: ArrayLike, others: ArrayLike) -> Floats:
    """α_j/(1 − Σ_{i≠j} α_i): the size of j alone that wins the same texts, signal sets apart.

    Derived: at a signal point of j the planted mass α_j·w stands against (1 − A)·P0, the ratio that
    a lone collective of this share has. Put it into any formula for one collective.

    Example:
        >>> float(solo_share(0.1, 0.2))
        0.125
    """
    share, rest = unit_interval("alpha", alpha), unit_interval("others", others)
    if np.any(share + rest > 1 + _ROUNDING):
        raise ValueError("alpha and others must not sum to more than 1")
    left = np.maximum(1 - rest, share)
    return np.where(left > 0, share / np.where(left > 0, left, 1.0), 0.0)[()]


def mixed_law(alphas: ArrayLike, *, planted: ArrayLike, base: ArrayLike) -> Floats:
    """P = Σ_j α_j P*_j + (1 − A) P0, what the platform sees.

    Args:
        alphas: α_j, shape (..., M), in [0, 1], summing to no more than 1.
        planted: P*_j over texts and labels (or label sets), shape (..., M, X, S).
        base: P0, shape (..., X, S).

    Returns:
        Shape (..., X, S).

    Raises:
        ValueError: shares that sum to more than 1.
    """
    shares = unit_interval("alphas", alphas)
    total = shares.sum(axis=-1)
    if np.any(total > 1 + _ROUNDING):
        raise ValueError(f"the shares must not sum to more than 1, got {alphas!r}")
    left = np.maximum(1 - total, 0.0)[..., None, None]
    return np.einsum("...m,...mxs->...xs", shares, np.asarray(planted)) + left * np.asarray(base)


def collectives_success(
    alphas: ArrayLike,
    *,
    planted: ArrayLike,
    base: ArrayLike,
    weights: ArrayLike,
    targets: ArrayLike,
    sets: ArrayLike | None = None,
    goal: Goal = "top1",
    ties: Literal["strict", "first"] = "strict",
) -> Floats:
    """S_1, ..., S_M exactly, by the winner rule at every text.

    Args:
        alphas: shape (..., M).
        planted: P*_j, shape (..., M, X, S).
        base: P0, shape (..., X, S).
        weights: G_j(x) = P0(g_j⁻¹(x)), shape (..., M, X): where each is tested.
        targets: y_j*, columns of ``sets``, shape (..., M).
        sets: bool, shape (S, L), the label sets that S stands for; None for one label a row.
        goal: the reading of success.
        ties: ``strict``, a tie is lost; or for ``top1`` ``first``, the lowest column has it.

    Returns:
        Shape (..., M), in [0, 1].

    Raises:
        ValueError: shares that sum to more than 1, or ``first`` with ``any``.

    Example:
        Two collectives with one new signal and different labels; the larger takes it.

        >>> planted = [[[0, 0, 0], [1, 0, 0]], [[0, 0, 0], [0, 1, 0]]]
        >>> numbers = {"planted": planted, "base": [[0.2, 0.2, 0.6], [0, 0, 0]],
        ...            "weights": [[0, 1], [0, 1]], "targets": [0, 1]}
        >>> collectives_success([[0.02, 0.01], [0.01, 0.01]], **numbers).tolist()
        [[1.0, 0.0], [0.0, 0.0]]
        >>> collectives_success([0.01, 0.01], **numbers, ties="first").tolist()
        [1.0, 0.0]
    """
    law = mixed_law(alphas, planted=planted, base=base)
    holds = np.eye(law.shape[-1]) if sets is None else np.asarray(sets, dtype=np.float64)
    marginals = (law @ holds)[..., None, :, :]
    label = np.asarray(targets)[..., None, None]
    columns = np.arange(holds.shape[1])
    is_target = columns == label
    own = np.where(is_target, marginals, 0.0).sum(axis=-1)
    if goal == "any":
        if ties == "first":
            raise ValueError("ties between labels are a matter of the goal top1")
        won = 2 * own > law.sum(axis=-1)[..., None, :]
    else:
        rivals = np.where(is_target, -np.inf, marginals)
        won = own > rivals.max(axis=-1)
        if ties == "first":
            # A text with no mass at all has no winner.
            ahead = (own[..., None] > rivals) | ((own[..., None] == rivals) & (columns > label))
            won = ahead.all(axis=-1) & (own > 0)
    return (won * np.asarray(weights, dtype=np.float64)).sum(axis=-1)


def clashes(
    *,
    planted: ArrayLike,
    signal_sets: ArrayLike,
    targets: ArrayLike,
    sets: ArrayLike | None = None,
) -> Floats:
    """ρ_ij = P*_i{x in X_j*, y ≠ y_j*}: what of i's submissions clashes with j, 0 for i = j.

    With label sets: P*_i{x in X_j*, y_j* not in Y}, which serves both readings.

    Args:
        planted: P*_i, shape (..., M, X, S).
        signal_sets: bool, x in X_j*, shape (..., M, X).
        targets: y_j*, shape (..., M).
        sets: as in :func:`collectives_success`.

    Returns:
        Shape (..., M, M), i by j. ``conflict`` of :func:`collective_bound` is
        ``(alphas[..., None] * clashes(...)).sum(axis=-2)``.

    Example:
        >>> planted = [[[0, 0], [1, 0]], [[0.5, 0], [0, 0.5]]]
        >>> clashes(planted=planted, signal_sets=[[False, True]] * 2, targets=[0, 1]).tolist()
        [[0.0, 1.0], [0.5, 0.0]]
    """
    laws = np.asarray(planted, dtype=np.float64)
    kinds = laws.shape[-1]
    holds: NDArray[np.bool_] = (
        np.eye(kinds, dtype=np.bool_) if sets is None else np.asarray(sets, dtype=np.bool_)
    )
    # For each j, the label sets without y_j*, shape (..., M, S).
    without = ~holds.T[np.asarray(targets)]
    inside = np.asarray(signal_sets, dtype=np.float64)
    found = np.einsum("...ixs,...jx,...js->...ij", laws, inside, without.astype(np.float64))
    return np.where(np.eye(laws.shape[-3], dtype=np.bool_), 0.0, found)
