"""Nonlinear conjugate gradients (Polak-Ribière, preconditioned) for many columns abreast.

The scores X w and those of the direction are kept, so that a line search costs no product; an
iteration costs two (one forward, one backward).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.learners.logistic.batch import Batch, Waiting
from gigsim.learners.logistic.line_search import search
from gigsim.learners.logistic.passes import Sums, dots, overlaps, residuals, sigmoid, turn
from gigsim.learners.logistic.preconditioner import Local
from gigsim.learners.logistic.products import padded
from gigsim.learners.logistic.solution import Solution

Floats = NDArray[np.floating[Any]]

#: Iterations in a row without a smaller gradient after which float32 has given what it can.
_PATIENCE = 40
#: The preconditioner is fitted to where the columns are at these iterations, then at each 20th.
_REFRESH = (0, 2, 6)
#: Free places at which columns that wait take them.
_FREE = 8


def descend(batch: Batch, solution: Solution, waiting: Waiting) -> NDArray[np.int64]:
    """Solve the columns and write each into ``solution`` where it ends.

    Args:
        batch: where the columns are.
        solution: to be filled in.
        waiting: where these columns are from; those that still wait take the places of those
            that have ended.

    Returns:
        The numbers of those that float32 cannot finish, which are left where they are.

    Raises:
        InputError: a column did not converge in as many iterations as are allowed.
    """
    problem, unfinished = batch.problem, list[int]()
    probabilities = sigmoid(batch.scores)
    while True:
        pull, bend, offset, curvature = residuals(
            probabilities, batch.labels, batch.row_weights, problem.c
        )
        _fit(batch, bend, curvature)
        gradient = batch.design.backward(pull)
        gradient += batch.weights
        towards, rise = batch.inverse.apply(gradient, offset)
        square, overlap = overlaps(gradient, batch.gradient, towards)
        square = np.maximum(square + offset * rise, 0.0)
        unfinished += _judge(batch, np.sqrt(square), solution, waiting.numbers)
        if not batch.active.any() and not waiting.left:
            return np.array(sorted(unfinished), dtype=np.int64)
        # Polak-Ribière, in the form that allows for a preconditioner that changes.
        overlap = square - overlap - batch.offset * rise
        with np.errstate(invalid="ignore", divide="ignore"):
            beta = np.where(batch.square > 0, np.maximum(overlap / batch.square, 0.0), 0.0)
        batch.gradient, batch.offset, batch.square = gradient, offset, square
        _turn(batch, beta, towards, rise)
        probabilities = search(batch, bend, probabilities)
        batch.done += batch.active
        batch.age += 1
        active = int(batch.active.sum())
        if waiting.left:
            if len(batch.active) - active >= min(_FREE, waiting.left):
                batch.refill(waiting, probabilities)
        elif padded(active) < len(batch.active):
            probabilities = batch.compact(np.flatnonzero(batch.active), probabilities)


def _fit(batch: Batch, bend: Floats, curvature: Sums) -> None:
    """Fit the preconditioner anew to the columns that it is time for."""
    known = batch.problem.preconditioner
    first = known.refresh if isinstance(known, Local) else _REFRESH
    due = np.isin(batch.age, first) | (batch.age % 20 == 0)
    if not due.any():
        return
    tail = batch.design.tail(bend)
    batch.curvature = np.where(due, curvature, batch.curvature)
    batch.tail = np.where(due, tail, batch.tail) if (batch.age > 0).any() else tail
    if isinstance(known, Local):
        before = batch.inverse if (batch.age > 0).any() else None
        batch.inverse = known.local(
            batch.design, bend, batch.curvature, batch.tail, due & batch.active, before
        )
    else:
        batch.inverse = known.scaled(batch.curvature, batch.tail, batch.design.dtype)


def _judge(
    batch: Batch, norm: Sums, solution: Solution, all_numbers: NDArray[np.int64]
) -> list[int]:
    """Take out the columns that have ended; which of them float32 cannot finish."""
    problem, numbers = batch.problem, all_numbers[batch.columns]
    better = norm < batch.best
    batch.best = np.where(better, norm, batch.best)
    batch.stale = np.where(better, 0, batch.stale + 1)
    if batch.design.dtype == np.float32:
        solved = (norm < problem.tolerance) & (batch.noise <= problem.tolerance)
        beyond = (norm < batch.noise) | (batch.stale >= _PATIENCE)
    else:
        solved, beyond = norm < problem.tolerance, np.zeros(len(norm), dtype=bool)
    solved &= batch.active
    beyond &= batch.active & ~solved
    out = batch.active & ~solved & ~beyond & (batch.done >= problem.max_iterations)
    if out.any():
        worst = int(np.flatnonzero(out)[0])
        raise InputError(
            "platform.learner.max_iterations",
            f"the linear learner has not converged on {problem.name(int(numbers[worst]))} in"
            f" {problem.max_iterations} iterations: √(g'Pg) is {norm[worst]:.2g}, not below"
            f" {problem.tolerance:g}",
            "allow more, or a larger platform.learner.tolerance",
        )
    ended = np.flatnonzero(solved | beyond)
    solution.weights[:, numbers[ended]] = batch.weights[:, ended]
    solution.intercepts[numbers[ended]] = batch.intercepts[ended]
    solution.iterations[numbers[ended]] = batch.done[ended]
    for column in ended:
        solution.losses[numbers[column]] = _loss(batch, int(column))
    batch.active[ended] = False
    return [int(number) for number in numbers[np.flatnonzero(beyond)]]


def _loss(batch: Batch, column: int) -> float:
    scores = batch.scores[:, column].astype(np.float64)
    losses = np.logaddexp(0.0, np.where(batch.labels[:, column] > 0, -scores, scores))
    if batch.row_weights is not None:
        losses *= batch.row_weights[:, column]
    return float(losses.sum())


def _turn(batch: Batch, beta: Sums, towards: Floats, rise: Sums) -> None:
    """The next direction; straight down where the conjugate one does not go down."""
    dtype = batch.design.dtype
    beta = np.where(batch.active, beta, 0.0)
    slope, square, cross = turn(
        batch.direction, beta.astype(dtype), towards, batch.gradient, batch.weights
    )
    batch.turn = beta * batch.turn - rise
    slope += batch.offset * batch.turn
    anew = np.flatnonzero(~(slope < 0) & batch.active)
    if len(anew):
        batch.direction[:, anew] = -towards[:, anew]
        batch.turn[anew] = -rise[anew]
        slope = dots(batch.gradient, batch.direction) + batch.offset * batch.turn
        square = dots(batch.direction, batch.direction)
        cross = dots(batch.weights, batch.direction)
    # Padding and columns that have ended go nowhere.
    batch.slope = np.where(batch.active, slope, 0.0)
    batch.length, batch.cross = square, cross
