"""What the bounds on unplanting and erasing are fed with, read off finite worlds."""

from __future__ import annotations

import numpy as np

from gigsim.theory.gaps import Floats
from gigsim.theory.unplanting import unplanting_margin
from gigsim.theory.wrong_labels import wrong_label_margin
from gigsim.validation.erasing_worlds import Ints, Relabelled


def behind(w: Relabelled, planted: Ints | None = None) -> Floats:
    """P0(x)·d(x) of unplanting, shape (B, X), 0 off X*."""
    scores = w.base_scores
    if w.goal == "any":
        lead = scores[..., 1] - scores[..., 0]
    else:
        told = w.reported if planted is None else planted
        own = np.take_along_axis(scores, w.worlds.target[:, None, None], axis=2)[..., 0]
        lead = own - np.take_along_axis(scores, told[..., None], axis=2)[..., 0]
    return lead * w.worlds.in_signal_set


def kappa(w: Relabelled) -> Floats:
    """κ of unplanting, shape (B,)."""
    return np.maximum(behind(w), 0.0).sum(axis=1)


def gaps(w: Relabelled) -> Floats:
    """d(x)⁺ on X*, 0 at texts nobody has, shape (B, X)."""
    seen = w.texts > 0
    return np.where(seen, np.maximum(behind(w), 0.0) / np.where(seen, w.texts, 1.0), 0.0)


def odds(w: Relabelled) -> Floats:
    """(1−α)/α, shape (B,)."""
    return (1 - w.alpha) / w.alpha


def gap_mean(w: Relabelled) -> Floats:
    """The plain mean of the gaps over X*, shape (B,): no bound is valid with it."""
    inside = w.worlds.in_signal_set
    return gaps(w).sum(axis=1) / inside.sum(axis=1)


def gap_planted(w: Relabelled) -> Floats:
    """The mean of the gaps by planted mass, shape (B,): nor with this."""
    return (w.worlds.weights * gaps(w)).sum(axis=1)


def best_other(w: Relabelled) -> Ints:
    """The likeliest label other than y* at each text, shape (B, X)."""
    mine = np.arange(w.base_scores.shape[2]) == w.worlds.target[:, None, None]
    return np.where(mine, -1.0, w.base_scores).argmax(axis=2)


def moved(w: Relabelled) -> Floats:
    """τ_x, shape (B, X)."""
    law = w.base_scores / w.texts[..., None]
    cleaned = np.take_along_axis(law, w.worlds.signal[..., None], axis=1)
    return np.abs(law - cleaned).max(axis=2)


def mean_moved(w: Relabelled) -> Floats:
    """τ, shape (B,)."""
    return (w.texts * moved(w)).sum(axis=1)


def deficits(w: Relabelled) -> tuple[Floats, Floats]:
    """E d(x)⁺ and E d(g(x))⁺ over the texts with something to erase, shape (B,)."""
    law = w.base_scores / w.texts[..., None]
    cleaned = np.take_along_axis(law, w.worlds.signal[..., None], axis=1)
    carries = w.texts * ~w.worlds.in_signal_set
    before, after = (
        (carries * (m.max(axis=2) - np.take_along_axis(m, w.reported[..., None], 2)[..., 0])).sum(1)
        for m in (law, cleaned)
    )
    return before, after


def reach(w: Relabelled) -> Floats:
    """r, shape (B,): off X* nothing is cleaned into a text."""
    return ((w.worlds.weights - w.texts) / w.texts * w.worlds.in_signal_set).max(axis=1)


def unplanting_push(w: Relabelled) -> Floats:
    """μ of unplanting, shape (B,)."""
    return unplanting_margin(w.wrong_label, w.goal, int(w.worlds.sets.shape[1]))


def erasing_push(w: Relabelled) -> Floats:
    """μ of erasing, shape (B,)."""
    return wrong_label_margin(w.wrong_label, w.goal, int(w.worlds.sets.shape[1]))
