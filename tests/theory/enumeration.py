"""Strategies applied to every point of a finite world, one by one: what formulas are held against.

Nothing here knows a formula: a member's data point is moved to where the strategy sends it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.planting import Goal, LabelSets
from gigsim.theory.worlds import Worlds

Floats = NDArray[np.float64]


def submitted_law(
    worlds: Worlds,
    *,
    strategy: str,
    label_sets: LabelSets = "replace",
    evasive: bool = False,
    wrong_label: float = 0.0,
    away: NDArray[np.int64] | None = None,
) -> Floats:
    """P*, shape (B, X, S).

    Args:
        worlds: B worlds.
        strategy: ``feature_label`` or ``feature_only``.
        label_sets: what members report (feature_label).
        evasive: members without the target move from x to ``away[x]`` (feature_only).
        wrong_label: probability that a member reports another label than the target.
        away: int64, shape (B, X).
    """
    rows = np.arange(len(worlds))
    features, labels = worlds.base.shape[1], worlds.sets.shape[1]
    number = {tuple(row): s for s, row in enumerate(worlds.sets.tolist())}
    law = np.zeros_like(worlds.base)
    for x in range(features):
        for s, held in enumerate(worlds.sets):
            mass = worlds.base[:, x, s]
            if strategy == "feature_only":
                stay = np.full(len(worlds), x)
                if evasive:
                    assert away is not None
                    stay = away[:, x]
                place = np.where(held[worlds.target], worlds.signal[:, x], stay)
                np.add.at(law, (rows, place, s), mass)
                continue
            for claimed in range(labels):
                reported = held.copy() if label_sets == "extend" else np.zeros(labels, dtype=bool)
                reported[claimed] = True
                chance = np.where(
                    worlds.target == claimed, 1 - wrong_label, wrong_label / (labels - 1)
                )
                where = (rows, worlds.signal[:, x], number[tuple(reported.tolist())])
                np.add.at(law, where, mass * chance)
    return law


def relabelled_law(worlds: Worlds, reported: NDArray[np.int64], *, planted: bool) -> Floats:
    """P* of members who report label set number ``reported`` (B, X, S) of theirs, (B, X, S).

    With the signal put in (``planted``: unplanting) or their text left as it is (erasing).
    """
    rows = np.arange(len(worlds))
    law = np.zeros_like(worlds.base)
    for x in range(worlds.base.shape[1]):
        for s in range(len(worlds.sets)):
            place = worlds.signal[:, x] if planted else np.full(len(worlds), x)
            np.add.at(law, (rows, place, reported[:, x, s]), worlds.base[:, x, s])
    return law


def away_from_signals(worlds: Worlds, generator: np.random.Generator) -> NDArray[np.int64]:
    """A random place off X* for each point of X*, itself for the others, shape (B, X)."""
    inside = worlds.in_signal_set
    keys = np.where(inside[:, None, :], -1.0, generator.random((*inside.shape, inside.shape[1])))
    return np.where(inside, keys.argmax(axis=2), np.arange(inside.shape[1]))


def mixed(worlds: Worlds, alpha: NDArray[np.float64] | float, planted: Floats) -> Floats:
    """P = α P* + (1 − α) P0; α a number or shape (B,)."""
    share = np.broadcast_to(alpha, (len(worlds),))[:, None, None]
    return share * planted + (1 - share) * worlds.base


def success(worlds: Worlds, law: Floats, goal: Goal) -> Floats:
    """S of the Bayes classifier of a law, shape (B,); a tie is a failure."""
    won = worlds.deficits(goal, law) < 0
    return (won * worlds.weights).sum(axis=-1)
