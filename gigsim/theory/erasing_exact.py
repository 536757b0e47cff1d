"""Erasing text by text: what members report, how far it is behind, and the exact success.

The strategy, the readings of success and the theorem are in ``theory.erasing``. All of this is
exact for exact marginals m_l(x) = P0(l in Y|x) and m_l(g(x)); from a model's probabilities it is an
estimate. Derived; equal to enumeration of finite worlds (tests).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import Goal


def erasing_label(cleaned: ArrayLike, goal: Goal = "top1") -> NDArray[np.int64]:
    """ŷ(g(x)), what members report: the top label, or whether y* is in the set (0 or 1).

    Args:
        cleaned: label marginals of the cleaned texts; ``top1`` shape (..., L), of equal ones the
            first is taken; ``any`` shape (...), P0(y* in Y|g(x)).
        goal: the reading of success.

    Returns:
        int64, shape (...).

    Example:
        >>> erasing_label([[0.2, 0.7, 0.1]]).tolist(), erasing_label([0.7, 0.5], "any").tolist()
        ([1], [1, 0])
    """
    array = _marginals("cleaned", cleaned, goal)
    if goal == "any":
        return (array > 0.5).astype(np.int64)
    return array.argmax(axis=-1)


def erasing_deficit_top1(marginals: ArrayLike, reported: ArrayLike) -> Floats:
    """d(x) = max_l m_l(x) − m_ŷ(x), in [0, 1]: how far the reported label is from being the top.

    Args:
        marginals: m_l, shape (..., L), L ≥ 2, of texts or of cleaned texts.
        reported: column of ŷ(g(x)), shape (...).

    Returns:
        Shape (...).

    Example:
        >>> erasing_deficit_top1([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]], [1, 1]).round(6).tolist()
        [0.5, 0.0]
    """
    array = _marginals("marginals", marginals, "top1")
    chosen = np.broadcast_to(_columns(reported, array.shape[-1]), array.shape[:-1])
    own = np.take_along_axis(array, chosen[..., None], axis=-1)[..., 0]
    return (array.max(axis=-1) - own)[()]


def erasing_deficit_any(target_marginal: ArrayLike, reported: ArrayLike) -> Floats:
    """d(x) = max(m, 1−m) − (m if y* is put in, else 1−m), in [0, 1], with m = P0(y* in Y|x).

    Args:
        target_marginal: m, shape (...).
        reported: 1 (or True) where members put y* in, 0 where they take it out, shape (...).

    Example:
        >>> erasing_deficit_any([0.9, 0.9, 0.4], [True, False, True]).round(6).tolist()
        [0.0, 0.8, 0.2]
    """
    own = _marginals("target_marginal", target_marginal, "any")
    return erasing_deficit_top1(np.stack([1 - own, own], axis=-1), np.asarray(reported, np.int64))


def tau(
    marginals: ArrayLike,
    cleaned: ArrayLike,
    goal: Goal = "top1",
    weights: ArrayLike | None = None,
) -> float:
    """τ = E_{x~P0} max_l |m_l(x) − m_l(g(x))|: what the signal says about labels.

    Exact for exact marginals of all texts; over a sample, an estimate (``theory.tau``).

    Args:
        marginals: m(x), shape (n, L) for ``top1``, (n,) for ``any`` (y* only).
        cleaned: m(g(x)), the same shape.
        goal: the reading of success.
        weights: P0(x), shape (n,), normalised here; None for equal weights.

    Example:
        >>> round(tau([[0.7, 0.3], [0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]], weights=[1, 3]), 6)
        0.05
    """
    before = _marginals("marginals", marginals, goal)
    after = _marginals("cleaned", cleaned, goal)
    if before.shape != after.shape:
        raise ValueError(f"marginals {before.shape} and cleaned {after.shape} must agree in shape")
    moved = np.abs(before - after)
    return float(_weighted(moved if goal == "any" else moved.max(axis=-1), weights))


def erasing_flip_point(deficit: ArrayLike, deficit_cleaned: ArrayLike = 0.0) -> Floats:
    """The share above which f(x) = f(g(x)) = ŷ for Bayes: d/(1 + d) at the larger of both deficits.

    Exact for agreement *on ŷ*. x may agree with g(x) on another label at smaller shares, and at
    α = 0 usually does; :func:`erasing_success` counts that too.

    Args:
        deficit: d(x), at most 1; negative counts as 0.
        deficit_cleaned: d(g(x)), likewise.

    Returns:
        Shares in [0, ½], broadcast.

    Example:
        >>> erasing_flip_point([0.0, 0.25, 1.0]).tolist()
        [0.0, 0.2, 0.5]
    """
    worst = np.maximum(np.asarray(deficit, np.float64), np.asarray(deficit_cleaned, np.float64))
    behind = unit_interval("deficit", np.maximum(worst, 0.0))
    return (behind / (1 + behind))[()]


def erasing_success(
    alpha: ArrayLike,
    marginals: ArrayLike,
    cleaned: ArrayLike,
    reported: ArrayLike,
    weights: ArrayLike | None = None,
    goal: Goal = "top1",
    *,
    wrong_label: float = 0.0,
    untouched: NDArray[np.bool_] | None = None,
) -> Floats:
    """Exact S(α) of the Bayes classifier, by computing P at every text and at its cleaned text.

    ``top1``: the top labels are equal; a tie for the top, at either, counts as failure. ``any``:
    P(y* in Y) is over ½ at both or at neither.

    Args:
        alpha: shares in [0, 1], any shape (...).
        marginals: m(x), shape (n, L) for ``top1``, (n,) for ``any``.
        cleaned: m(g(x)), the same shape.
        reported: ŷ(g(x)), shape (n,); :func:`erasing_label`.
        weights: P0(x), shape (n,), normalised here; None for equal weights (a sample).
        goal: the reading of success.
        wrong_label: ω in [0, 1], the probability that a member reports one of the other labels
            instead, uniformly drawn (``any``: the other answer).
        untouched: bool, shape (n,): texts with nothing to erase, g(x) = x. They agree with
            themselves whatever f is; without this a tie there counts as failure.

    Returns:
        S, shape of ``alpha``, in [0, 1].

    Raises:
        ValueError: a number out of its range or shapes that do not fit.

    Example:
        A word that turns .6 : .4 into .3 : .7, in half of the texts.

        >>> erasing_success([0.0, 0.25, 0.3], [[0.6, 0.4], [0.3, 0.7]], [[0.6, 0.4]] * 2,
        ...                 [0, 0]).tolist()
        [0.5, 0.5, 1.0]
    """
    share = np.asarray(unit_interval("alpha", alpha))[..., None, None]
    before = _marginals("marginals", marginals, goal)
    after = _marginals("cleaned", cleaned, goal)
    if goal == "any":
        before, after = (np.stack([1 - m, m], axis=-1) for m in (before, after))
    if before.ndim != 2 or before.shape != after.shape:
        raise ValueError(f"shapes of marginals {before.shape} and cleaned {after.shape} do not fit")
    chosen = _columns(reported, before.shape[1])
    if chosen.shape != before.shape[:1]:
        raise ValueError(f"reported must have shape {before.shape[:1]}, got {chosen.shape}")
    wrong = float(unit_interval("wrong_label", wrong_label))
    said = np.full(before.shape, wrong / (before.shape[1] - 1))
    np.put_along_axis(said, chosen[:, None], 1 - wrong, axis=1)
    seen = [(1 - share) * m + share * said for m in (before, after)]
    if goal == "any":
        agree = (seen[0][..., 1] > 0.5) == (seen[1][..., 1] > 0.5)
    else:
        top = [law.argmax(axis=-1) for law in seen]
        clear = [(law == law.max(axis=-1, keepdims=True)).sum(axis=-1) == 1 for law in seen]
        agree = (top[0] == top[1]) & clear[0] & clear[1]
    if untouched is not None:
        agree = agree | untouched
    return _weighted(agree.astype(np.float64), weights)


def _marginals(name: str, value: ArrayLike, goal: Goal) -> Floats:
    """Probabilities, with an axis of two labels or more if the goal is ``top1``."""
    array = unit_interval(name, value)
    if goal not in ("any", "top1"):
        raise ValueError(f"goal is any or top1, got {goal!r}")
    if goal == "top1" and (array.ndim == 0 or array.shape[-1] < 2):
        raise ValueError(f"{name} needs an axis of two labels or more, got shape {array.shape}")
    return array


def _columns(reported: ArrayLike, labels: int) -> NDArray[np.int64]:
    """Columns of labels."""
    chosen = np.asarray(reported)
    if not (np.issubdtype(chosen.dtype, np.integer) or chosen.dtype == np.bool_):
        raise ValueError(f"reported must be columns of labels, got {reported!r}")
    chosen = chosen.astype(np.int64)
    if np.any((chosen < 0) | (chosen >= labels)):
        raise ValueError(f"reported must be in 0..{labels - 1}, got {reported!r}")
    return chosen


def _weighted(values: Floats, weights: ArrayLike | None) -> Floats:
    """The mean over the last axis."""
    mass = np.ones(values.shape[-1:]) if weights is None else np.asarray(weights, np.float64)
    if values.ndim == 0 or mass.shape != values.shape[-1:] or mass.size == 0:
        raise ValueError(f"need weights of shape {values.shape[-1:]}, got {mass.shape}")
    total = mass.sum()
    if not (np.all(mass >= 0) and total > 0):
        raise ValueError("weights must not be negative and must have a positive sum")
    return (values @ (mass / total))[()]
