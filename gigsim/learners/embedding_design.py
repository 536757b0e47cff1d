"""Dense features for the solver of logistic regressions: resumes as vectors of a frozen encoder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.logistic.products import dense_product

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class VersionsDesign:
    """Rows of which each column shows one of several versions, such as as found and planted.

    Products are taken of all rows of a version, whoever shows it, in blocks of one width: a
    column's outcome does not depend, to the bit, on what the others show.

    Attributes:
        versions: features of each version, each of shape (n, d); at least one.
        shown: uint8, shape (n, columns): the number of the version that a column shows of a row.
    """

    versions: tuple[Floats, ...]
    shown: NDArray[np.uint8]

    @classmethod
    def of(cls, features: Floats, columns: int) -> VersionsDesign:
        """One version for all columns."""
        return cls((features,), np.zeros((len(features), columns), dtype=np.uint8))

    @property
    def rows(self) -> int:
        """Rows n."""
        return len(self.shown)

    @property
    def dimension(self) -> int:
        """Width d of the vectors."""
        return int(self.versions[0].shape[1])

    @property
    def columns(self) -> int:
        """Regressions."""
        return int(self.shown.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the features."""
        return np.dtype(self.versions[0].dtype)

    def forward(self, weights: Floats) -> Floats:
        """Scores of the rows as each column shows them."""
        scores = dense_product(self.versions[0], weights)
        for number, features in enumerate(self.versions[1:], start=1):
            showing = self._showing(number)
            if showing is not None:
                # Padding shows the first version.
                block = scores[:, : self.columns]
                np.copyto(block, dense_product(features, weights)[:, : self.columns], where=showing)
        return scores

    def backward(self, residuals: Floats) -> Floats:
        """Sums over rows of what each column shows times residuals."""
        rest, total = residuals, None
        for number, features in enumerate(self.versions[1:], start=1):
            showing = self._showing(number)
            if showing is not None:
                own = np.zeros_like(residuals)
                np.copyto(own[:, : self.columns], residuals[:, : self.columns], where=showing)
                rest = rest - own
                part = dense_product(features.T, own)
                total = part if total is None else total + part
        first = dense_product(self.versions[0].T, rest)
        return first if total is None else first + total

    def tail(self, curvatures: Floats) -> NDArray[np.float64]:
        """Nothing: a preconditioner knows all coordinates."""
        return np.zeros((0, curvatures.shape[1]))

    def take(self, columns: NDArray[np.int64]) -> VersionsDesign:
        """The design of some columns only, in the order given."""
        return replace(self, shown=self.shown[:, columns])

    def precise(self) -> VersionsDesign:
        """The same in float64."""
        return replace(self, versions=tuple(v.astype(np.float64) for v in self.versions))

    def _showing(self, number: int) -> NDArray[np.bool_] | None:
        """Where a version is shown; None where nowhere."""
        showing = self.shown == number
        return showing if showing.any() else None
