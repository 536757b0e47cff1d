"""Many logistic regressions at once: preconditioned conjugate gradients to the true optimum.

Minimised is, for each column by itself, C Σ_i ω_i log(1 + exp(-y_i (w·x_i + b))) + |w|²/2 with
y = ±1: scikit-learn's objective, whose intercept b nobody penalises. Measured for this problem:
nonlinear conjugate gradients (``descent``) with a preconditioner made from the features take a
tenth of the iterations that they take without.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.logistic.batch import ABREAST, Waiting
from gigsim.learners.logistic.descent import descend
from gigsim.learners.logistic.design import Design
from gigsim.learners.logistic.preconditioner import Local, Preconditioner
from gigsim.learners.logistic.solution import Problem, Solution

__all__ = ["ABREAST", "Solution", "solve"]

Floats = NDArray[np.floating[Any]]


def solve(
    design: Design,
    labels: NDArray[np.bool_],
    *,
    c: float,
    tolerance: float,
    max_iterations: int,
    preconditioner: Preconditioner | Local,
    row_weights: Floats | None = None,
    start: tuple[Floats, Floats] | None = None,
    scores: Floats | None = None,
    names: Sequence[str] | None = None,
) -> Solution:
    """The optimum of each column.

    A column's bits depend on its own labels, features, weights and start alone, not on the other
    columns. It is solved in float32 as far as float32 can tell (a bound on what rounding leaves of
    the gradient), and goes on from there in float64 where the tolerance asks for more or where it
    gets no nearer: a rule of the column's own numbers, so it does the same every time.

    Args:
        design: n rows, d coordinates.
        labels: bool, shape (n, columns).
        c: inverse strength of the penalty, above 0.
        tolerance: √(g'Pg) at which a column has converged, where g is the objective's gradient and
            P the preconditioner: about the distance to the optimum in the norm of the Hessian.
        max_iterations: of a column, in both precisions together.
        preconditioner: of the features.
        row_weights: at least 0, shape (n, columns); None for 1.
        start: weights (d, columns) and intercepts (columns,); None for 0 and the label's log-odds.
        scores: ``design.forward`` of the start's weights, shape (n, columns), where it is known.
        names: of the columns, for errors; None for "label 0", "label 1" and so on.

    Raises:
        InputError: a column did not converge in ``max_iterations``.
        ValueError: shapes that do not go together.
    """
    if labels.shape != (design.rows, design.columns):
        raise ValueError(f"labels are {labels.shape}, not {(design.rows, design.columns)}")
    carried, others = labels, ~labels
    if row_weights is not None:
        carried, others = carried & (row_weights > 0), others & (row_weights > 0)
    mixed = np.asarray(carried.any(axis=0) & others.any(axis=0))
    solution = Solution(
        weights=np.zeros((design.dimension, design.columns), dtype=design.dtype),
        intercepts=np.where(carried.any(axis=0), np.inf, -np.inf),
        iterations=np.zeros(design.columns, dtype=np.int64),
        losses=np.zeros(design.columns),
        precise=np.zeros(design.columns, dtype=bool),
    )
    if not mixed.any():
        return solution
    problem = Problem(c, tolerance, max_iterations, preconditioner, names)
    numbers = np.flatnonzero(mixed)
    weights = None if row_weights is None else row_weights[:, mixed]
    rates = labels[:, mixed].mean(axis=0)
    if weights is not None:
        own = weights.astype(np.float64)
        rates = (own * labels[:, mixed]).sum(axis=0) / own.sum(axis=0)
    offsets = np.log(rates) - np.log1p(-rates)
    slopes = None
    if start is not None:
        slopes, given = start[0][:, mixed], np.asarray(start[1], dtype=np.float64)[mixed]
        offsets = np.where(np.isfinite(given), given, offsets)
    known = None if scores is None else scores[:, mixed]
    waiting = Waiting(
        problem, design.take(numbers), labels[:, mixed], weights, slopes, offsets, known, numbers
    )
    left = descend(waiting.batch(), solution, waiting)
    if len(left):
        places = np.searchsorted(numbers, left)
        which = np.zeros(design.columns, dtype=bool)
        which[left] = True
        solution = Solution(
            solution.weights.astype(np.float64),
            solution.intercepts,
            solution.iterations,
            solution.losses,
            which,
        )
        again = Waiting(
            problem,
            design.take(left).precise(),
            labels[:, left],
            None if weights is None else weights[:, places],
            solution.weights[:, left],
            solution.intercepts[left],
            None,
            left,
            solution.iterations[left],
        )
        left = descend(again.batch(), solution, again)
        assert not len(left), "float64 goes on until it converges or runs out of iterations"
    return solution
