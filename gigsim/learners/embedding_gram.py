"""An approximate inverse Hessian for a few hundred dense features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.logistic.passes import Sums, dots
from gigsim.learners.logistic.products import dense_product

Floats = NDArray[np.floating[Any]]

#: Rows whose squares are summed at a time, in float64.
_STRETCH = 4_096


@dataclass(frozen=True, eq=False)
class Axes:
    """The principal axes of features, in which float32 loses least.

    An encoder's vectors have a large common part, and scores are small differences of large
    products. Centred and turned into their principal axes they are a sum of small ones; the
    intercept takes up the centre, and a turn leaves the penalty as it is.

    Attributes:
        mean: of each feature, float64, shape (d,).
        basis: orthonormal columns, float64, shape (d, d).
    """

    mean: Sums
    basis: NDArray[np.float64]

    @classmethod
    def of(cls, features: Floats) -> Axes:
        """Of features of shape (n, d), n at least 1."""
        gram = Gram.of(features)
        return cls(gram.mean, gram.basis)

    def turned(self, features: Floats) -> NDArray[np.float32]:
        """The features along the axes, float32, shape (n, d)."""
        out = np.empty(features.shape, dtype=np.float32)
        for first in range(0, len(features), _STRETCH):
            part = slice(first, first + _STRETCH)
            out[part] = (features[part] - self.mean) @ self.basis
        return out

    def there(
        self, weights: Floats, intercepts: Floats
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What weights (d, L) and intercepts (L,) of the features are along the axes."""
        wide = np.asarray(weights, dtype=np.float64)
        return self.basis.T @ wide, intercepts + self.mean @ wide

    def back(
        self, weights: Floats, intercepts: Floats
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What weights (d, L) and intercepts (L,) along the axes are of the features."""
        wide = self.basis @ np.asarray(weights, dtype=np.float64)
        return wide, intercepts - self.mean @ wide


@dataclass(frozen=True, eq=False)
class Gram:
    """The whole spectrum of the features' covariance.

    The Hessian of C Σ log-loss + |w|²/2 is I + C X'DX with D = diag(p(1-p)); D is replaced by
    weights known beforehand, times a factor that each column has of its own. X is centred, which is
    what is left of it when the intercept, that nobody penalises, is minimised out.

    Attributes:
        mean: of each feature, float64, shape (d,).
        basis: eigenvectors of the covariance, orthonormal columns, float64, shape (d, d).
        values: their eigenvalues, float64, shape (d,), at least 0.
    """

    mean: Sums
    basis: NDArray[np.float64]
    values: Sums

    @classmethod
    def of(cls, features: Floats, weights: Floats | None = None) -> Gram:
        """Of features of shape (n, d), n at least 1.

        Args:
            features: the rows.
            weights: of the rows, shape (n,), at least 0 and not all 0; None for equal ones.
        """
        n, d = features.shape
        shares = np.full(n, 1 / n) if weights is None else weights / weights.sum(dtype=np.float64)
        mean, square = np.zeros(d), np.zeros((d, d))
        for first in range(0, n, _STRETCH):
            part = slice(first, first + _STRETCH)
            mean += shares[part] @ features[part].astype(np.float64)
        for first in range(0, n, _STRETCH):
            part = slice(first, first + _STRETCH)
            centred = features[part] - mean
            square += centred.T @ (shares[part, None] * centred)
        values, basis = np.linalg.eigh((square + square.T) / 2)
        return cls(mean, basis, np.maximum(values, 0.0))

    def scaled(
        self, curvature: Sums, tail: NDArray[np.float64], dtype: np.dtype[Any]
    ) -> GramInverse:
        """For the place where the columns are; see ``preconditioner.Preconditioner``."""
        return GramInverse(
            mean=self.mean.astype(dtype)[:, None],
            basis=np.ascontiguousarray(self.basis.astype(dtype)),
            turned=np.ascontiguousarray(self.basis.T.astype(dtype)),
            along=(1 / (1 + curvature * self.values[:, None])).astype(dtype),
            intercept=1 / np.maximum(curvature, 1e-30),
        )


@dataclass(frozen=True, eq=False)
class GramInverse:
    """What :meth:`Gram.scaled` gives; see ``preconditioner.Inverse``.

    Attributes:
        mean: of each feature, shape (d, 1).
        basis: eigenvectors in columns, shape (d, d).
        turned: its transpose.
        along: inverse of the Hessian's eigenvalues, shape (d, width).
        intercept: inverse curvature of the intercept, shape (width,).
    """

    mean: Floats
    basis: Floats
    turned: Floats
    along: Floats
    intercept: Sums

    def apply(self, gradient: Floats, offset: Sums) -> tuple[Floats, Sums]:
        """Gradients of weights (d, width) and intercepts (width,) to directions alike."""
        inner: Floats = gradient - self.mean * offset.astype(gradient.dtype)
        inner = dense_product(self.basis, self.along * dense_product(self.turned, inner))
        back = dots(np.broadcast_to(self.mean, inner.shape), inner)
        return inner, offset * self.intercept - back

    def take(self, columns: NDArray[np.int64]) -> GramInverse:
        """That of the given columns, with repeats."""
        return replace(self, along=self.along[:, columns], intercept=self.intercept[columns])
