"""What a solver of many regressions is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.logistic.preconditioner import Local, Preconditioner

Floats = NDArray[np.floating[Any]]


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


@dataclass(frozen=True)
class Problem:
    """What is asked of every column; see ``solver.solve``."""

    c: float
    tolerance: float
    max_iterations: int
    preconditioner: Preconditioner | Local
    names: Sequence[str] | None

    def name(self, column: int) -> str:
        """Of a column, for errors."""
        return f"label {column}" if self.names is None else self.names[column]
