"""Many logistic regressions at once: preconditioned conjugate gradients to the true optimum.

Minimised is, for each column by itself, C Σ_i ω_i log(1 + exp(-y_i (w·x_i + b))) + |w|²/2 with
y = ±1: scikit-learn's objective, whose intercept b nobody penalises. The scores X w and those of
the direction are kept, so that a line search costs no product; an iteration costs two (one forward,
one backward). Measured for this problem: nonlinear conjugate gradients (Polak-Ribière, restarted)
with the preconditioner of ``preconditioner`` take a tenth of the iterations that they take without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.learners.logistic.design import Design
from gigsim.learners.logistic.passes import (
    Sums,
    advance,
    along,
    bent,
    dots,
    overlaps,
    residuals,
    sigmoid,
    turn,
)
from gigsim.learners.logistic.preconditioner import Inverse, Preconditioner
from gigsim.learners.logistic.products import padded

Floats = NDArray[np.floating[Any]]

#: Rounding leaves about eps √(C n) of the gradient's norm; less is asked of float64 only.
_NOISE = 8.0
#: Iterations in a row without a smaller gradient after which float32 has given what it can.
_PATIENCE = 40
#: The line search ends where the slope is at most this part of what it was.
_FLAT = 0.2
#: Newton steps of a line search at most.
_SEARCH = 30
#: The preconditioner is fitted to where the columns are at these iterations, then at each 20th.
_REFRESH = (0, 2, 6)


@dataclass(frozen=True, eq=False)
class Solution:
    """Optima, one a column.

    Attributes:
        weights: float32 (float64 where a column was solved in it), shape (d, columns).
        intercepts: float64, shape (columns,); -inf or inf where nobody or everybody carries the
            label (its weights are 0).
        iterations: int64, shape (columns,).
        losses: Σ ω log(1 + exp(-y score)), float64, shape (columns,); 0 where all labels are equal.
        precise: bool, shape (columns,): whether float64 was needed.
    """

    weights: Floats
    intercepts: NDArray[np.float64]
    iterations: NDArray[np.int64]
    losses: NDArray[np.float64]
    precise: NDArray[np.bool_]


def solve(
    design: Design,
    labels: NDArray[np.bool_],
    *,
    c: float,
    tolerance: float,
    max_iterations: int,
    preconditioner: Preconditioner,
    row_weights: Floats | None = None,
    start: tuple[Floats, Floats] | None = None,
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
    problem = _Problem(c, tolerance, max_iterations, preconditioner, names)
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
    batch = _Batch.of(design.keep(mixed), labels[:, mixed], weights, (slopes, offsets), problem)
    left = batch.run(solution, numbers)
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
        again = _Batch.of(
            design.keep(which).precise(),
            labels[:, left],
            None if weights is None else weights[:, places],
            (solution.weights[:, left], solution.intercepts[left]),
            problem,
        )
        again.done[: len(left)] = solution.iterations[left]
        left = again.run(solution, left)
        assert not len(left), "float64 goes on until it converges or runs out of iterations"
    return solution


@dataclass(frozen=True)
class _Problem:
    c: float
    tolerance: float
    max_iterations: int
    preconditioner: Preconditioner
    names: Sequence[str] | None

    def name(self, column: int) -> str:
        return f"label {column}" if self.names is None else self.names[column]


@dataclass(eq=False)
class _Batch:
    """Columns that are solved together, in one precision; those beyond ``design.columns`` pad."""

    problem: _Problem
    design: Design
    weights: Floats
    intercepts: Sums
    scores: Floats
    labels: Floats
    row_weights: Floats | None
    #: What rounding leaves of a gradient's norm.
    noise: Sums
    #: Iterations of each column until now.
    done: NDArray[np.int64]
    #: Smallest norm of the gradient yet, and the iterations since then.
    best: Sums
    stale: NDArray[np.int64]
    #: Still to be solved?
    active: NDArray[np.bool_]
    direction: Floats = field(init=False)
    turn: Sums = field(init=False)
    gradient: Floats = field(init=False)
    offset: Sums = field(init=False)
    square: Sums = field(init=False)
    #: Of the direction: with the gradient, with itself, with the weights.
    slope: Sums = field(init=False)
    length: Sums = field(init=False)
    cross: Sums = field(init=False)
    inverse: Inverse = field(init=False)

    @classmethod
    def of(
        cls,
        design: Design,
        labels: NDArray[np.bool_],
        row_weights: Floats | None,
        start: tuple[Floats | None, Sums],
        problem: _Problem,
    ) -> _Batch:
        dtype, columns = design.dtype, design.columns
        width = padded(columns)

        def pad(block: NDArray[Any], kind: Any = dtype) -> NDArray[Any]:
            out = np.zeros((*block.shape[:-1], width), dtype=kind)
            out[..., :columns] = block
            return out

        total = (
            np.full(columns, float(design.rows))
            if row_weights is None
            else row_weights.sum(axis=0, dtype=np.float64)
        )
        intercepts = pad(start[1], np.float64)
        if start[0] is None:
            weights = np.zeros((design.dimension, width), dtype=dtype)
            scores = np.zeros((design.rows, width), dtype=dtype)
        else:
            weights = pad(start[0])
            scores = design.forward(weights)
        scores += intercepts.astype(dtype)
        batch = cls(
            problem=problem,
            design=design,
            weights=weights,
            intercepts=intercepts,
            scores=scores,
            labels=pad(labels),
            row_weights=None if row_weights is None else pad(row_weights),
            noise=pad(_NOISE * np.finfo(dtype).eps * np.sqrt(problem.c * total), np.float64),
            done=np.zeros(width, dtype=np.int64),
            best=np.full(width, np.inf),
            stale=np.zeros(width, dtype=np.int64),
            active=np.arange(width) < columns,
        )
        batch.direction = np.zeros_like(weights)
        batch.turn = np.zeros(width)
        batch.gradient = np.zeros_like(weights)
        batch.offset = np.zeros(width)
        batch.square = np.full(width, np.inf)
        return batch

    def run(self, solution: Solution, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Solve the columns and write each into ``solution`` where it ends.

        Args:
            solution: to be filled in.
            numbers: of the columns in it.

        Returns:
            The numbers of those that float32 cannot finish, which are left where they are.
        """
        problem, unfinished = self.problem, list[int]()
        probabilities = sigmoid(self.scores)
        iteration = 0
        while True:
            pull, bend, offset, curvature = residuals(
                probabilities, self.labels, self.row_weights, problem.c
            )
            if iteration in _REFRESH or iteration % 20 == 0:
                self.inverse = problem.preconditioner.scaled(
                    curvature, self.design.tail(bend), self.design.dtype
                )
            gradient = self.design.backward(pull)
            gradient += self.weights
            towards, rise = self.inverse.apply(gradient, offset)
            square, overlap = overlaps(gradient, self.gradient, towards)
            square = np.maximum(square + offset * rise, 0.0)
            unfinished += self._judge(np.sqrt(square), solution, numbers)
            if not self.active.any():
                return np.array(sorted(unfinished), dtype=np.int64)
            # Polak-Ribière, in the form that allows for a preconditioner that changes.
            overlap = square - overlap - self.offset * rise
            with np.errstate(invalid="ignore", divide="ignore"):
                beta = np.where(self.square > 0, np.maximum(overlap / self.square, 0.0), 0.0)
            self.gradient, self.offset, self.square = gradient, offset, square
            self._turn(beta, towards, rise)
            probabilities = self._search(bend, probabilities)
            iteration += 1
            self.done += self.active
            if padded(int(self.active.sum())) < len(self.active):
                which = np.flatnonzero(self.active)
                numbers = numbers[which]
                probabilities = self._compact(which, probabilities)

    def _judge(self, norm: Sums, solution: Solution, numbers: NDArray[np.int64]) -> list[int]:
        """Take out the columns that have ended; which of them float32 cannot finish."""
        problem = self.problem
        better = norm < self.best
        self.best = np.where(better, norm, self.best)
        self.stale = np.where(better, 0, self.stale + 1)
        if self.design.dtype == np.float32:
            solved = (norm < problem.tolerance) & (self.noise <= problem.tolerance)
            beyond = (norm < self.noise) | (self.stale >= _PATIENCE)
        else:
            solved, beyond = norm < problem.tolerance, np.zeros(len(norm), dtype=bool)
        solved &= self.active
        beyond &= self.active & ~solved
        out = self.active & ~solved & ~beyond & (self.done >= problem.max_iterations)
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
        solution.weights[:, numbers[ended]] = self.weights[:, ended]
        solution.intercepts[numbers[ended]] = self.intercepts[ended]
        solution.iterations[numbers[ended]] = self.done[ended]
        for column in ended:
            solution.losses[numbers[column]] = self._loss(int(column))
        self.active[ended] = False
        return [int(number) for number in numbers[np.flatnonzero(beyond)]]

    def _loss(self, column: int) -> float:
        scores = self.scores[:, column].astype(np.float64)
        losses = np.logaddexp(0.0, np.where(self.labels[:, column] > 0, -scores, scores))
        if self.row_weights is not None:
            losses *= self.row_weights[:, column]
        return float(losses.sum())

    def _turn(self, beta: Sums, towards: Floats, rise: Sums) -> None:
        """The next direction; straight down where the conjugate one does not go down."""
        dtype = self.design.dtype
        beta = np.where(self.active, beta, 0.0)
        slope, square, cross = turn(
            self.direction, beta.astype(dtype), towards, self.gradient, self.weights
        )
        self.turn = beta * self.turn - rise
        slope += self.offset * self.turn
        # Padding and columns that have ended go nowhere.
        anew = np.flatnonzero(~(slope < 0) & self.active)
        still = np.flatnonzero(~self.active)
        if len(anew):
            self.direction[:, anew] = -towards[:, anew]
            self.turn[anew] = -rise[anew]
        if len(still):
            self.direction[:, still] = 0
            self.turn[still] = 0
        if len(anew):
            slope = dots(self.gradient, self.direction) + self.offset * self.turn
            square = dots(self.direction, self.direction)
            cross = dots(self.weights, self.direction)
        slope[still], square[still], cross[still] = 0, 0, 0
        self.slope, self.length, self.cross = slope, square, cross

    def _search(self, bend: Floats, probabilities: Floats) -> Floats:
        """Go along the direction to where the objective is flat; the probabilities there."""
        c, dtype = self.problem.c, self.design.dtype
        change = self.design.forward(self.direction)
        change += self.turn.astype(dtype)
        square, cross = self.length, self.cross
        slope = np.where(self.active, self.slope, 0.0)
        steep = np.abs(slope)
        low, high = np.zeros(len(slope)), np.full(len(slope), np.inf)
        step = -slope / np.maximum(bent(bend, change) + square, 1e-300)
        for _ in range(_SEARCH):
            pushed, curved = along(
                self.scores,
                change,
                step.astype(dtype),
                self.labels,
                self.row_weights,
                probabilities,
            )
            slope = c * pushed + cross + step * square
            flat = np.abs(slope) <= _FLAT * steep
            if flat[self.active].all():
                break
            low, high = np.where(slope < 0, step, low), np.where(slope > 0, step, high)
            newton = step - slope / np.maximum(c * curved + square, 1e-300)
            inside = (newton > low) & (newton < high)
            middle = np.where(np.isfinite(high), (low + high) / 2, 2 * low)
            step = np.where(flat | ~self.active, step, np.where(inside, newton, middle))
        advance(self.weights, step.astype(dtype), self.direction)
        self.intercepts += step * self.turn
        advance(self.scores, step.astype(dtype), change)
        return probabilities

    def _compact(self, which: NDArray[np.int64], probabilities: Floats) -> Floats:
        """Go on with the columns ``which`` only."""
        kept = np.zeros(self.design.columns, dtype=bool)
        kept[which] = True
        self.design = self.design.keep(kept)
        places = np.zeros(padded(len(which)), dtype=np.int64)
        places[: len(which)] = which
        for name in ("weights", "scores", "labels", "direction", "gradient"):
            setattr(self, name, np.ascontiguousarray(getattr(self, name)[:, places]))
        if self.row_weights is not None:
            self.row_weights = np.ascontiguousarray(self.row_weights[:, places])
        for name in ("intercepts", "noise", "done", "best", "stale", "turn", "offset", "square"):
            setattr(self, name, getattr(self, name)[places])
        self.active = np.arange(len(places)) < len(which)
        self.inverse = self.inverse.take(places)
        return np.ascontiguousarray(probabilities[:, places])
