"""A logistic regression's features as the solver sees them: products, for many columns at once.

A *column* is one regression: its own labels, perhaps its own version of some rows. All columns of a
design share n rows and d coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gigsim.learners.logistic.products import SparseProduct

Floats = NDArray[np.floating[Any]]


class Design(Protocol):
    """Features of n rows, possibly others in each column.

    The solver hands in C-ordered blocks whose width is a multiple of ``products.WIDTH`` and at
    least ``columns``: further columns are padding, and what comes out there is not looked at. A
    column's outcome must not depend, to the bit, on the others in the block nor on its place.
    """

    @property
    def rows(self) -> int:
        """How many rows, n."""
        ...

    @property
    def dimension(self) -> int:
        """d, the number of weights without the intercept."""
        ...

    @property
    def columns(self) -> int:
        """How many regressions."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of products: float32, or float64 of precise ones."""
        ...

    def forward(self, weights: Floats) -> Floats:
        """Scores without intercepts: shape (d, width) to (n, width)."""
        ...

    def backward(self, residuals: Floats) -> Floats:
        """Sums over rows of features times residuals: shape (n, width) to (d, width)."""
        ...

    def tail(self, curvatures: Floats) -> NDArray[np.float64]:
        """Sums over rows of curvature times squared feature, of the last coordinates.

        Those are the coordinates that a preconditioner made from features common to all columns
        cannot know of: the signal's, each column having its own members.

        Args:
            curvatures: shape (n, width), at least 0.

        Returns:
            float64, shape (k, width), for the last k coordinates; k = 0 where columns do not
            differ.
        """
        ...

    def take(self, columns: NDArray[np.int64]) -> Design:
        """The design of some columns only, in the order given."""
        ...

    def precise(self) -> Design:
        """The same in float64."""
        ...


@dataclass(frozen=True, eq=False)
class SparseDesign:
    """One sparse matrix for all columns.

    Attributes:
        features: shape (n, d).
        columns: regressions.
    """

    features: SparseProduct
    columns: int

    @classmethod
    def of(cls, features: sparse.csr_array, columns: int, threads: int = 1) -> SparseDesign:
        """Of a CSR matrix, float32 or float64."""
        return cls(SparseProduct(features, threads), columns)

    @property
    def rows(self) -> int:
        """N."""
        return self.features.shape[0]

    @property
    def dimension(self) -> int:
        """D."""
        return self.features.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the matrix."""
        return np.dtype(self.features.matrix.dtype)

    def forward(self, weights: Floats) -> Floats:
        """X W."""
        return self.features.forward(weights)

    def backward(self, residuals: Floats) -> Floats:
        """X' R."""
        return self.features.backward(residuals)

    def tail(self, curvatures: Floats) -> NDArray[np.float64]:
        """Nothing: all columns have the same features."""
        return np.zeros((0, curvatures.shape[1]))

    def take(self, columns: NDArray[np.int64]) -> SparseDesign:
        """The same matrix for fewer columns."""
        return replace(self, columns=len(columns))

    def precise(self) -> SparseDesign:
        """The same in float64."""
        return replace(self, features=self.features.precise())


@dataclass(frozen=True, eq=False)
class PlantedDesign:
    """Rows x_i, of which each column has some with the signal: a_i x_i + s_i.

    The d - k first coordinates are words, the last k the signal's. X is never copied.

    Attributes:
        features: X, shape (n, d - k), free of the signal.
        owner: int64, ascending: the column of each planted entry.
        row: int64, ascending in a column: its row.
        shrink: a, one an entry: what is left of the row's own features.
        shown: s, shape (k, entries): the signal's features.
        columns: regressions.
    """

    features: SparseProduct
    owner: NDArray[np.int64]
    row: NDArray[np.int64]
    shrink: Floats
    shown: Floats
    columns: int

    @property
    def rows(self) -> int:
        """N."""
        return self.features.shape[0]

    @property
    def dimension(self) -> int:
        """d, the k coordinates of the signal included."""
        return self.features.shape[1] + len(self.shown)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the matrix."""
        return np.dtype(self.features.matrix.dtype)

    def forward(self, weights: Floats) -> Floats:
        """Scores of found and planted rows."""
        words = self.features.shape[1]
        scores = self.features.forward(weights[:words])
        self.plant(scores, weights)
        return scores

    def plant(self, scores: Floats, weights: Floats) -> None:
        """Turn scores of rows without the signal into those of the rows as they are, in place.

        Args:
            scores: of the words alone, shape (n, at least columns).
            weights: shape (d, at least columns).
        """
        words = self.features.shape[1]
        planted = scores[self.row, self.owner] * self.shrink
        for shown, own in zip(self.shown, weights[words:], strict=True):
            planted += shown * own[self.owner]
        scores[self.row, self.owner] = planted

    def backward(self, residuals: Floats) -> Floats:
        """Sums over rows, the signal's in float64 first."""
        own = residuals[self.row, self.owner]
        words, width = self.features.shape[1], residuals.shape[1]
        out = np.zeros((self.dimension, width), dtype=self.dtype)
        # In place for the while, which is cheaper than a copy.
        residuals[self.row, self.owner] = own * self.shrink
        self.features.backward(residuals, out=out[:words])
        residuals[self.row, self.owner] = own
        out[words:] = self._sums(own, self.shown, width)
        return out

    def tail(self, curvatures: Floats) -> NDArray[np.float64]:
        """Σ curvature s², shape (k, width)."""
        own = curvatures[self.row, self.owner]
        return self._sums(own, self.shown**2, curvatures.shape[1])

    def _sums(self, own: Floats, shown: Floats, width: int) -> NDArray[np.float64]:
        sums = [np.bincount(self.owner, weights=own * s, minlength=width) for s in shown]
        return np.stack(sums)

    def take(self, columns: NDArray[np.int64]) -> PlantedDesign:
        """The members of some columns only."""
        bounds = np.searchsorted(self.owner, np.arange(self.columns + 1))
        counts = np.diff(bounds)[columns]
        owner = np.repeat(np.arange(len(columns)), counts)
        before = np.cumsum(counts) - counts
        own = np.arange(len(owner)) + (bounds[columns] - before)[owner]
        return replace(
            self,
            owner=owner,
            row=self.row[own],
            shrink=self.shrink[own],
            shown=self.shown[:, own],
            columns=len(columns),
        )

    def precise(self) -> PlantedDesign:
        """The same in float64."""
        return replace(
            self,
            features=self.features.precise(),
            shrink=self.shrink.astype(np.float64),
            shown=self.shown.astype(np.float64),
        )
