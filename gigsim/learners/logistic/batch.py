"""Columns that are solved together: where each of them is, who comes in and who goes out.

A column that has ended leaves its place to one that waits; when none waits, those that are left
move together. Neither changes a bit of any other column.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.logistic.design import Design
from gigsim.learners.logistic.passes import Sums, sigmoid
from gigsim.learners.logistic.preconditioner import Inverse
from gigsim.learners.logistic.products import padded
from gigsim.learners.logistic.solution import Problem

Floats = NDArray[np.floating[Any]]

#: Columns solved at a time.
ABREAST = 64
#: Rounding leaves about eps √(C n) of the gradient's norm; less is asked of float64 only.
_NOISE = 8.0

#: What a batch holds of each column: blocks of numbers, and one each.
_BLOCKS = ("weights", "scores", "labels", "row_weights")
#: Blocks that are 0 where a column begins.
_EMPTY = ("direction", "gradient")
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


@dataclass(eq=False)
class Waiting:
    """Columns in the order in which they are solved, :data:`ABREAST` at a time."""

    problem: Problem
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
        """How many have not begun."""
        return len(self.numbers) - self.next

    def batch(self, count: int | None = None) -> Batch:
        """The next ``count`` columns, or as many as are solved at a time."""
        count = min(self.left, ABREAST if count is None else count)
        own = np.arange(self.next, self.next + count)
        self.next += count
        return Batch.of(self, own)


@dataclass(eq=False)
class Batch:
    """Columns that are solved together, in one precision; those beyond ``design.columns`` pad."""

    problem: Problem
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
    def of(cls, source: Waiting, own: NDArray[np.int64]) -> Batch:
        """Those of the columns that wait, at their start."""
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

    def refill(self, waiting: Waiting, probabilities: Floats) -> None:
        """Columns that wait take the places of those that have ended."""
        free = np.flatnonzero(~self.active)[: waiting.left]
        fresh = waiting.batch(len(free))
        for name in (*_BLOCKS, *_LINES):
            mine, others = getattr(self, name), getattr(fresh, name)
            if mine is not None:
                mine[..., free] = others[..., : len(free)]
        for name in _EMPTY:
            getattr(self, name)[:, free] = 0
        probabilities[:, free] = sigmoid(fresh.scores)[:, : len(free)]
        # Places that nobody stands in are the last.
        self.design = waiting.design.take(self.columns[self.columns >= 0])

    def compact(self, which: NDArray[np.int64], probabilities: Floats) -> Floats:
        """Go on with the columns ``which`` only."""
        self.design = self.design.take(which)
        places = np.zeros(padded(len(which)), dtype=np.int64)
        places[: len(which)] = which
        for name in (*_BLOCKS, *_EMPTY, *_LINES, "curvature", "tail"):
            if (mine := getattr(self, name)) is not None:
                setattr(self, name, np.ascontiguousarray(mine[..., places]))
        self.active = np.arange(len(places)) < len(which)
        self.columns[len(which) :] = -1
        self.inverse = self.inverse.take(places)
        return np.ascontiguousarray(probabilities[:, places])
