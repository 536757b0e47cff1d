"""Erasing a signal with finitely many data: a bound computed from the members' own.

Setting, notation and the proof that all such bounds share are in ``theory.statistical``; of the
published theorem only the conditions are known to us, and the bound is derived.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.hoeffding import (
    bound_of,
    certified,
    frequencies,
    judging,
    shared_risk,
    signed,
    sizes,
    text_count,
)


def statistical_bound_erasing(
    alpha: ArrayLike,
    *,
    weights: ArrayLike,
    planted: ArrayLike,
    deficits: ArrayLike,
    cleaned: ArrayLike,
    labels: int,
    population: ArrayLike,
    test: ArrayLike,
    delta: ArrayLike = 0.05,
    points: ArrayLike | None = None,
    gap: ArrayLike | None = None,
    estimating: ArrayLike = 0,
) -> Floats:
    """Erasing: what Ŝ = Pr{f(x) = f(g(x))} is at least, with probability 1 − δ. Derived.

    Members keep x and report ŷ_{g(x)}. Text x is certified if ŷ_{g(x)} wins there:

        (n/N)(P̂(x) − 2R_δ̃(n)) > ((N−n)/N)(Δ̂_x + 2R_δ̃(k) + 2R_δ̃(N−n)),
        Δ̂_x = max_{y≠ŷ_{g(x)}} P̂(x, y) − P̂(x, ŷ_{g(x)})

    and Ŝ ≥ P̂_k{x agrees} − R_δ̃(k) − R_δ̃(N_test), where x = g(x) always agrees, and otherwise

    * with ``gap`` η, a known gap P0(c, y_c) − P0(c, y) ≥ η for all y ≠ y_c at every cleaned text c:
      whoever is certified, since for 2 log(1/δ̃)/η² ≤ n ≤ N − 2 log(1/δ̃)/η² (:func:`erasing_window`)
      the members find y_c and so does the table, with δ̃ = δ/(2 + |X||Y| + 2|X| + 2|X||Y|). These
      are the conditions of Theorem 3.9; ŷ comes from all members, k = n;
    * without: who is certified along with g(x), where ŷ was chosen by n_e = ``estimating`` members
      and judged by the k = n − n_e others; δ̃ = δ/(2 + 2|X| + 2|X||Y|).

    Proof: that of ``theory.statistical``. With the gap no deviation of η/2 takes the lead from y_c,
    be it among the members or among the others, and what members submit at c is y_c as well, so
    that f(c) = y_c.

    Args:
        alpha: n/N in [0, 1].
        weights: P̂_k(x) among the judges, in [0, 1] with a sum of at most 1, shape (..., K).
        planted: P̂(x) among all members, likewise.
        deficits: Δ̂_x among the judges, in [−1, 1].
        cleaned: g as integers in 0..K−1, shape (..., K), with g(g(x)) = g(x).
        labels: |Y|.
        population: N.
        test: N_test.
        delta: δ.
        points: |X|; None for K.
        gap: η in (0, 1], or None.
        estimating: n_e; 0 with ``gap``, or with labels that were fixed beforehand.

    Returns:
        The bound, unclipped; −inf where n is outside the window or n_e is n or more.

    Raises:
        ValueError: a number out of its range, g not idempotent, or ``gap`` with ``estimating``.

    Example:
        >>> bound = statistical_bound_erasing(
        ...     [0.05, 0.4], weights=[0.5, 0.5], planted=[0.5, 0.5], deficits=[0.1, -0.3],
        ...     cleaned=[1, 1], labels=2, population=25_000, test=5_000, gap=0.3)
        >>> bound.round(3).tolist()
        [0.427, 0.959]
    """
    members, total = sizes(alpha, population)
    mass, push = frequencies("weights", weights), frequencies("planted", planted)
    clean = np.asarray(cleaned, dtype=np.int64)
    width = clean.shape[-1]
    if np.any((clean < 0) | (clean >= width)):
        raise ValueError(f"cleaned must be texts in 0..{width - 1}, got {cleaned!r}")
    if np.any(np.take_along_axis(clean, clean, axis=-1) != clean):
        raise ValueError("the signal map must be idempotent: g(g(x)) = g(x)")
    if gap is not None and np.any(np.asarray(estimating) != 0):
        raise ValueError("with a gap all members judge: estimating must be 0")
    behind, count = signed("deficits", deficits), text_count(points, mass)
    judges = judging(members, estimating)
    each = shared_risk(delta, points=count, labels=labels, per_point=2 if gap is None else 3)
    certain = certified(members, total, push, behind, judges=judges, each=each)
    if gap is None:
        certain = certain & _at(certain, clean)
    agrees = certain | (clean == np.arange(width))
    bound = bound_of(mass, agrees, judges=judges, test=test, each=each)
    if gap is None:
        return bound
    least = erasing_window(gap, labels=labels, points=count, delta=delta)
    return np.where((members >= least) & (members <= total - least), bound, -np.inf)[()]


def _at(values: NDArray[np.bool_], columns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The values at these places of the last axis, broadcast."""
    if columns.ndim == 1 and columns.size == values.shape[-1]:
        return values[..., columns]
    values, columns = np.broadcast_arrays(values, columns)
    return np.take_along_axis(values, columns, axis=-1)


def erasing_window(
    gap: ArrayLike, *, labels: int, points: ArrayLike, delta: ArrayLike = 0.05
) -> Floats:
    """2 log(1/δ̃)/η²: the members, and the others, that :func:`statistical_bound_erasing` needs.

    Source: Theorem 3.9, δ̃ = δ/(2 + |X||Y| + 2|X| + 2|X||Y|); then R_δ̃ ≤ η/2 for both.

    Args:
        gap: η in (0, 1]; inf at 0.
        labels: |Y|.
        points: |X|.
        delta: δ in (0, 1].

    Example:
        >>> float(erasing_window(0.1, labels=2, points=4).round(1))
        1304.4
    """
    distance, count = unit_interval("gap", gap), np.asarray(points, dtype=np.float64)
    each = shared_risk(delta, points=count, labels=labels, per_point=3)
    with np.errstate(divide="ignore"):
        return (-2 * np.log(each) / distance**2)[()]
