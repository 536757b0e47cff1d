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
from gigsim.learners.logistic.preconditioner import Inverse, Local, Preconditioner
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


#: Columns solved at a time, and places free at which others that wait take them.
ABREAST, _FREE = 64, 8
#: What a batch holds of each column: blocks of numbers, and one each.
_BLOCKS = ("weights", "scores", "labels", "row_weights", "direction", "gradient")
_LINES = (
    "columns",
    "intercepts",
    "noise",
    "done",
    "age",
    "best",
    "stale",
    "active",
    "turn",
    "offset",
    "square",
)


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
    known = None if scores is None else scores[:, mixed]
    waiting = _Waiting(
        problem, design.take(numbers), labels[:, mixed], weights, slopes, offsets, known, numbers
    )
    left = waiting.batch().run(solution, waiting)
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
        again = _Waiting(
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
        left = again.batch().run(solution, again)
        assert not len(left), "float64 goes on until it converges or runs out of iterations"
    return solution


@dataclass(frozen=True)
class _Problem:
    c: float
    tolerance: float
    max_iterations: int
    preconditioner: Preconditioner | Local
    names: Sequence[str] | None

    def name(self, column: int) -> str:
        return f"label {column}" if self.names is None else self.names[column]


@dataclass(eq=False)
class _Waiting:
    """Columns in the order in which they are solved, :data:`ABREAST` at a time."""

    problem: _Problem
    design: Design
    labels: NDArray[np.bool_]
    row_weights: Floats | None
    slopes: Floats | None
    offsets: Sums
    scores: Floats | None
    #: Of each column in the solution.
    numbers: NDArray[np.int64]
    #: Iterations of each column before now; None for none.
    done: NDArray[np.int64] | None = None
    #: The first that is not solved yet nor being solved.
    next: int = 0

    @property
    def left(self) -> int:
        return len(self.numbers) - self.next

    def batch(self, count: int | None = None) -> _Batch:
        """The next ``count`` columns, or as many as are solved at a time."""
        count = min(self.left, ABREAST if count is None else count)
        own = np.arange(self.next, self.next + count)
        self.next += count
        return _Batch.of(self, own)


@dataclass(eq=False)
class _Batch:
    """Columns that are solved together, in one precision; those beyond ``design.columns`` pad."""

    problem: _Problem
    design: Design
    #: Which of those that wait stands in each place; -1 in padding.
    columns: NDArray[np.int64]
    weights: Floats
    intercepts: Sums
    scores: Floats
    labels: Floats
    row_weights: Floats | None
    #: What rounding leaves of a gradient's norm.
    noise: Sums
    #: Iterations of each column until now, and of them those in this precision.
    done: NDArray[np.int64]
    age: NDArray[np.int64]
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
    #: Where the preconditioner of each column was fitted.
    curvature: Sums = field(init=False)
    tail: Sums = field(init=False)
    inverse: Inverse = field(init=False)

    @classmethod
    def of(cls, source: _Waiting, own: NDArray[np.int64]) -> _Batch:
        problem, design = source.problem, source.design.take(own)
        dtype, columns = design.dtype, len(own)
        width = padded(columns)

        def pad(block: NDArray[Any], kind: Any = dtype, fill: int = 0) -> NDArray[Any]:
            out = np.full((*block.shape[:-1], width), fill, dtype=kind)
            out[..., :columns] = block
            return out

        row_weights = None if source.row_weights is None else source.row_weights[:, own]
        total = (
            np.full(columns, float(design.rows))
            if row_weights is None
            else row_weights.sum(axis=0, dtype=np.float64)
        )
        intercepts = pad(source.offsets[own], np.float64)
        if source.slopes is None:
            weights = np.zeros((design.dimension, width), dtype=dtype)
            scores = np.zeros((design.rows, width), dtype=dtype)
        else:
            weights, known = pad(source.slopes[:, own]), source.scores
            scores = design.forward(weights) if known is None else pad(known[:, own])
        scores += intercepts.astype(dtype)
        done = np.zeros(columns) if source.done is None else source.done[own]
        batch = cls(
            problem=problem,
            design=design,
            columns=pad(own, np.int64, -1),
            weights=weights,
            intercepts=intercepts,
            scores=scores,
            labels=pad(source.labels[:, own]),
            row_weights=None if row_weights is None else pad(row_weights),
            noise=pad(_NOISE * np.finfo(dtype).eps * np.sqrt(problem.c * total), np.float64),
            done=pad(done, np.int64),
            age=np.zeros(width, dtype=np.int64),
            best=np.full(width, np.inf),
            stale=np.zeros(width, dtype=np.int64),
            active=np.arange(width) < columns,
        )
        batch.direction = np.zeros_like(weights)
        batch.turn = np.zeros(width)
        batch.gradient = np.zeros_like(weights)
        batch.offset = np.zeros(width)
        batch.square = np.full(width, np.inf)
        batch.curvature = np.zeros(width)
        return batch

    def run(self, solution: Solution, waiting: _Waiting) -> NDArray[np.int64]:
        """Solve the columns and write each into ``solution`` where it ends.

        Args:
            solution: to be filled in.
            waiting: where these columns are from; those that still wait take the places of those
                that have ended.

        Returns:
            The numbers of those that float32 cannot finish, which are left where they are.
        """
        problem, unfinished = self.problem, list[int]()
        probabilities = sigmoid(self.scores)
        while True:
            pull, bend, offset, curvature = residuals(
                probabilities, self.labels, self.row_weights, problem.c
            )
            self._fit(bend, curvature)
            gradient = self.design.backward(pull)
            gradient += self.weights
            towards, rise = self.inverse.apply(gradient, offset)
            square, overlap = overlaps(gradient, self.gradient, towards)
            square = np.maximum(square + offset * rise, 0.0)
            unfinished += self._judge(np.sqrt(square), solution, waiting.numbers)
            if not self.active.any() and not waiting.left:
                return np.array(sorted(unfinished), dtype=np.int64)
            # Polak-Ribière, in the form that allows for a preconditioner that changes.
            overlap = square - overlap - self.offset * rise
            with np.errstate(invalid="ignore", divide="ignore"):
                beta = np.where(self.square > 0, np.maximum(overlap / self.square, 0.0), 0.0)
            self.gradient, self.offset, self.square = gradient, offset, square
            self._turn(beta, towards, rise)
            probabilities = self._search(bend, probabilities)
            self.done += self.active
            self.age += 1
            active = int(self.active.sum())
            if waiting.left:
                if len(self.active) - active >= min(_FREE, waiting.left):
                    self._refill(waiting, probabilities)
            elif padded(active) < len(self.active):
                probabilities = self._compact(np.flatnonzero(self.active), probabilities)

    def _fit(self, bend: Floats, curvature: Sums) -> None:
        """Fit the preconditioner anew to the columns that it is time for."""
        due = np.isin(self.age, _REFRESH) | (self.age % 20 == 0)
        if not due.any():
            return
        tail = self.design.tail(bend)
        self.curvature = np.where(due, curvature, self.curvature)
        self.tail = np.where(due, tail, self.tail) if (self.age > 0).any() else tail
        known = self.problem.preconditioner
        if isinstance(known, Local):
            before = self.inverse if (self.age > 0).any() else None
            self.inverse = known.local(bend, self.curvature, self.tail, due, before)
        else:
            self.inverse = known.scaled(self.curvature, self.tail, self.design.dtype)

    def _judge(self, norm: Sums, solution: Solution, all_numbers: NDArray[np.int64]) -> list[int]:
        """Take out the columns that have ended; which of them float32 cannot finish."""
        problem, numbers = self.problem, all_numbers[self.columns]
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
        anew = np.flatnonzero(~(slope < 0) & self.active)
        if len(anew):
            self.direction[:, anew] = -towards[:, anew]
            self.turn[anew] = -rise[anew]
            slope = dots(self.gradient, self.direction) + self.offset * self.turn
            square = dots(self.direction, self.direction)
            cross = dots(self.weights, self.direction)
        # Padding and columns that have ended go nowhere.
        self.slope = np.where(self.active, slope, 0.0)
        self.length, self.cross = square, cross

    def _search(self, bend: Floats, probabilities: Floats) -> Floats:
        """Go along the direction to where the objective is flat; the probabilities there."""
        c, dtype = self.problem.c, self.design.dtype
        change = self.design.forward(self.direction)
        change += self.turn.astype(dtype)
        square, cross = self.length, self.cross
        slope = self.slope
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

    def _refill(self, waiting: _Waiting, probabilities: Floats) -> None:
        """Columns that wait take the places of those that have ended."""
        free = np.flatnonzero(~self.active)[: waiting.left]
        fresh = waiting.batch(len(free))
        for name in (*_BLOCKS, *_LINES):
            mine, others = getattr(self, name), getattr(fresh, name)
            if mine is not None:
                mine[..., free] = others[..., : len(free)]
        probabilities[:, free] = sigmoid(fresh.scores)[:, : len(free)]
        # Places that nobody stands in are the last.
        self.design = waiting.design.take(self.columns[self.columns >= 0])

    def _compact(self, which: NDArray[np.int64], probabilities: Floats) -> Floats:
        """Go on with the columns ``which`` only."""
        self.design = self.design.take(which)
        places = np.zeros(padded(len(which)), dtype=np.int64)
        places[: len(which)] = which
        for name in (*_BLOCKS, *_LINES, "curvature", "tail"):
            if (mine := getattr(self, name)) is not None:
                setattr(self, name, np.ascontiguousarray(mine[..., places]))
        self.active = np.arange(len(places)) < len(which)
        self.columns[len(which) :] = -1
        self.inverse = self.inverse.take(places)
        return np.ascontiguousarray(probabilities[:, places])
