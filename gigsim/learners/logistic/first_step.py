"""Where a planted regression begins: the clean optimum, moved by what its members pull at.

Two things move most: the weight of the signal, and all else in the direction in which the clean
Hessian yields to the members' gradient. How far in each is a problem of two unknowns (one more a
signal), in which members' losses are exact and everybody else's a parabola. It takes one look at
the members' rows. On real resumes the gradient's norm falls from 100-800 to 20-40 where 5 % plant,
and by a third or more where .05 % do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gigsim.learners.logistic.anchor import Anchor
from gigsim.learners.logistic.design import PlantedDesign
from gigsim.learners.logistic.passes import Sums

Floats = NDArray[np.floating[Any]]

#: Newton steps, each halved so often at most.
_STEPS, _HALVES = 8, 6


@dataclass(frozen=True, eq=False)
class FirstStep:
    """How far to go, of each column.

    Attributes:
        signal: weights of the signal, float64, shape (k, columns).
        towards: what to add along the anchor's directions, float64, shape (r, columns).
        intercept: what to add, float64, shape (columns,).
    """

    signal: Sums
    towards: Sums
    intercept: Sums


def first_step(
    anchor: Anchor,
    design: PlantedDesign,
    scores: Floats,
    intercept: float,
    reported: NDArray[np.bool_],
    labels: NDArray[np.bool_],
    c: float,
) -> FirstStep:
    """From a label's clean optimum.

    Args:
        anchor: the clean optimum's.
        design: of the columns.
        scores: of the rows without the signal at the clean optimum, shape (n,), the intercept not
            added.
        intercept: of the clean optimum.
        reported: the label that is reported, bool, shape (n, columns).
        labels: the label of the clean optimum, bool, shape (n,).
        c: inverse strength of the penalty.
    """
    rank, columns = anchor.basis.shape[1], design.columns
    row, owner = design.row, design.owner
    shrink, signal = design.shrink.astype(np.float64), design.shown.astype(np.float64)
    found = scores[row].astype(np.float64)
    base = shrink * found + intercept
    said = reported[row, owner].astype(np.float64)
    pull = c * (expit(base) - said)
    # At the clean optimum members' clean pull and everybody else's add up to nothing.
    clean = c * (expit(found + intercept) - labels[row])
    bounds = np.searchsorted(owner, np.arange(columns + 1))
    ridge = np.ones(rank + 1)
    ridge[rank] = 1e-9 * max(float(anchor.core[rank, rank]), 1e-21)
    inverse = np.linalg.inv(anchor.core + np.diag(ridge))
    way, bowl = np.zeros((columns, rank + 1)), np.ones((columns, len(signal) + 1))
    along, linear = np.zeros(len(row)), np.zeros(columns)
    for column in range(columns):
        own = slice(bounds[column], bounds[column + 1])
        z = anchor.scores[row[own]].astype(np.float64)
        still = np.append(clean[own] @ z, clean[own].sum())
        moved = np.append((pull[own] * shrink[own]) @ z, pull[own].sum())
        way[column] = inverse @ (still - moved)
        # q'Hq, where Hq is what q was made from.
        bowl[column, -1] = (still - moved) @ way[column]
        along[own] = shrink[own] * (z @ way[column, :rank]) + way[column, rank]
        linear[column] = -still @ way[column]
    features = np.vstack([signal, along[None]])
    # Without members there is no way to go.
    bowl[:, -1] = np.where(bowl[:, -1] > 0, bowl[:, -1], 1.0)
    slope = np.zeros_like(bowl)
    slope[:, -1] = linear
    far = _minimum(features, owner, base, said, bowl, slope, c)
    return FirstStep(far[:, :-1].T, (far[:, -1:] * way[:, :rank]).T, far[:, -1] * way[:, rank])


def _minimum(
    features: Sums,
    owner: NDArray[np.int64],
    base: Sums,
    said: Sums,
    bowl: Sums,
    slope: Sums,
    c: float,
) -> Sums:
    """Of C Σ log-loss(base + u·f) + Σ bowl u²/2 + slope·u for each column: u, shape (columns, q).

    Args:
        features: f, shape (q, entries).
        owner: the column of each entry, ascending.
        base: shape (entries,).
        said: 0 or 1, shape (entries,).
        bowl: above 0, shape (columns, q).
        slope: shape (columns, q).
        c: inverse strength of the penalty.
    """
    columns, size = bowl.shape

    def sums(values: Sums) -> Sums:
        return np.bincount(owner, weights=values, minlength=columns).astype(np.float64, copy=False)

    def value(u: Sums) -> tuple[Sums, Sums]:
        score = base + (features * u[owner].T).sum(axis=0)
        losses = np.logaddexp(0.0, np.where(said > 0, -score, score))
        return score, c * sums(losses) + (u * (bowl * u / 2 + slope)).sum(axis=1)

    at = np.zeros((columns, size))
    score, height = value(at)
    for _ in range(_STEPS):
        p = expit(score)
        pull, bend = c * (p - said), c * p * (1 - p)
        down = np.stack([sums(pull * f) for f in features], axis=1) + bowl * at + slope
        curved = np.zeros((columns, size, size))
        for i, one in enumerate(features):
            for j, other in enumerate(features[: i + 1]):
                curved[:, i, j] = curved[:, j, i] = sums(bend * one * other)
        curved[:, np.arange(size), np.arange(size)] += bowl
        step = -np.linalg.solve(curved, down[:, :, None])[:, :, 0]
        for _ in range(_HALVES):
            score, new = value(at + step)
            higher = ~(new <= height)
            if not higher.any():
                break
            step[higher] /= 2
        score, new = value(at + step)
        step[~(new <= height)] = 0.0
        at += step
        score, height = value(at)
    return at
