"""A cheap approximation of the inverse Hessian, made from the features alone.

The Hessian of C Σ log-loss + |w|²/2 is I + C X'DX with D = diag(p(1-p)). On TF-IDF the spectrum of
X'X falls fast: a few dozen directions make the problem hard for conjugate gradients, and they are
nearly the same for all collectives. They are taken here once, from X centred (which is what is left
of it when the intercept, that nobody penalises, is minimised out), among the words that weigh most.
D is one of all columns, of a label's regression on clean resumes or 1, times a number that each
column has of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gigsim.learners.logistic.passes import Sums, dots
from gigsim.learners.logistic.products import SparseProduct, padded

Floats = NDArray[np.floating[Any]]


class Inverse(Protocol):
    """An approximate inverse Hessian of each column, at some place."""

    def apply(self, gradient: Floats, offset: Sums) -> tuple[Floats, Sums]:
        """Gradients of weights (d, width) and intercepts (width,) to directions alike."""
        ...

    def take(self, columns: NDArray[np.int64]) -> Inverse:
        """That of the given columns, with repeats."""
        ...


class Preconditioner(Protocol):
    """Approximate inverse Hessians, symmetric and positive definite."""

    def scaled(self, curvature: Sums, tail: NDArray[np.float64], dtype: np.dtype[Any]) -> Inverse:
        """For the place where the columns are.

        Args:
            curvature: C Σ ω p (1 - p) of each column, shape (width,).
            tail: ``Design.tail`` of the same curvatures, shape (k, width).
            dtype: of gradients and directions.
        """
        ...


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The largest eigenvalues of the features' covariance, and its diagonal elsewhere.

    Attributes:
        mean: of each of the d words over the (weighted) rows, float32, shape (d,).
        diagonal: variance of each word over them, float32, shape (d,).
        top: int64, ascending, shape (K,): the words that vary most.
        basis: U, orthonormal columns, shape (K, r).
        values: their eigenvalues, float64, shape (r,), descending.
        rest: one eigenvalue for whatever of the K words is orthogonal to U.
    """

    mean: Floats
    diagonal: Floats
    top: NDArray[np.int64]
    basis: SparseProduct
    values: Sums
    rest: float

    @classmethod
    def of(
        cls,
        features: sparse.csr_array,
        curvature: NDArray[np.floating[Any]] | None = None,
        *,
        rank: int = 56,
        words: int = 8_000,
        sweeps: int = 2,
        threads: int = 1,
    ) -> Spectrum:
        """By randomised subspace iteration with draws of its own (always the same).

        Args:
            features: CSR, float32, shape (n, d).
            curvature: D, at least 0, shape (n,), of any scale; None for 1.
            rank: r, where there are so many dimensions.
            words: K.
            sweeps: multiplications by the covariance before the eigenvalues are read off.
            threads: of the products.
        """
        n, d = features.shape
        weights = np.ones(n) if curvature is None else curvature.astype(np.float64)
        total = weights.sum()
        weights = weights / total if total > 0 else weights
        data = features.data.astype(np.float64)
        weighted = data * np.repeat(weights, np.diff(features.indptr))
        mean = np.bincount(features.indices, weights=weighted, minlength=d)
        square = np.bincount(features.indices, weights=weighted * data, minlength=d)
        variance = np.maximum(square - mean**2, 0.0)
        top = np.sort(np.argsort(-variance, kind="stable")[: min(words, d)])
        part = SparseProduct(_columns(features, top), threads)
        rank = min(rank, len(top), n)
        drawn = padded(rank + 8)
        rows = weights.astype(np.float32)[:, None]
        block = np.random.default_rng(0).standard_normal((len(top), drawn)).astype(np.float32)
        for _ in range(sweeps):
            block = np.linalg.qr(_squared(part, rows, block))[0]
            block = np.pad(block, ((0, 0), (0, drawn - block.shape[1])))
        # Rayleigh-Ritz on the subspace that was found.
        image = _squared(part, rows, block)
        small = block.T.astype(np.float64) @ image
        values, turn = np.linalg.eigh((small + small.T) / 2)
        order = np.argsort(-values, kind="stable")[:rank]
        values = np.maximum(values[order], 0.0)
        basis = np.ascontiguousarray(block @ turn[:, order].astype(np.float32))
        return cls(
            mean=mean.astype(np.float32),
            diagonal=variance.astype(np.float32),
            top=top,
            basis=_dense(basis, threads),
            values=values,
            rest=float(values[-1]) / 2 if len(values) else 0.0,
        )

    def scaled(self, curvature: Sums, tail: NDArray[np.float64], dtype: np.dtype[Any]) -> Inverse:
        """See :class:`Preconditioner`."""
        common = 1 / (1 + curvature * self.rest)
        outside = np.multiply.outer(self.diagonal, curvature).astype(dtype)
        outside += 1
        np.reciprocal(outside, out=outside)
        outside[self.top] = common.astype(dtype)
        return _SpectralInverse(
            mean=self.mean.astype(dtype)[:, None],
            top=self.top,
            basis=self.basis if dtype == np.float32 else self.basis.precise(),
            along=(1 / (1 + curvature * self.values[:, None]) - common).astype(dtype),
            outside=outside,
            tail=(1 / (1 + tail)).astype(dtype),
            intercept=1 / np.maximum(curvature, 1e-30),
        )


@dataclass(frozen=True, eq=False)
class _SpectralInverse:
    """P: ``outside`` elementwise, ``along`` added on U; intercepts as the centring has them."""

    mean: Floats
    top: NDArray[np.int64]
    basis: SparseProduct
    along: Floats
    outside: Floats
    tail: Floats
    intercept: Sums

    def apply(self, gradient: Floats, offset: Sums) -> tuple[Floats, Sums]:
        words = len(self.mean)
        result = np.empty_like(gradient)
        result[words:] = self.tail * gradient[words:]
        inner = gradient[:words] - self.mean * offset.astype(gradient.dtype)
        share = self.basis.backward(inner[self.top])
        inner *= self.outside
        inner[self.top] += self.basis.forward(self.along * share)
        result[:words] = inner
        return result, offset * self.intercept - dots(
            np.broadcast_to(self.mean, inner.shape), inner
        )

    def take(self, columns: NDArray[np.int64]) -> _SpectralInverse:
        return replace(
            self,
            along=np.ascontiguousarray(self.along[:, columns]),
            outside=np.ascontiguousarray(self.outside[:, columns]),
            tail=np.ascontiguousarray(self.tail[:, columns]),
            intercept=self.intercept[columns],
        )


def _columns(features: sparse.csr_array, top: NDArray[np.int64]) -> sparse.csr_array:
    """Some columns of a matrix, in ascending order; quicker than picking them by SciPy."""
    n, d = features.shape
    place = np.full(d, -1, dtype=np.int32)
    place[top] = np.arange(len(top), dtype=np.int32)
    numbers = place[features.indices]
    inside = numbers >= 0
    ends = np.concatenate([[0], np.cumsum(inside)])[features.indptr]
    kind = features.indptr.dtype
    return sparse.csr_array(
        (features.data[inside], numbers[inside].astype(kind), ends.astype(kind)), (n, len(top))
    )


def _squared(part: SparseProduct, rows: Floats, block: Floats) -> Floats:
    """The weighted covariance times a block; weights of rows (n, 1) add up to 1."""
    scores = part.forward(np.ascontiguousarray(block))
    # With the weighted mean taken out of the scores, that of the features goes by itself.
    scores -= (rows * scores).sum(axis=0, dtype=np.float64).astype(np.float32)
    scores *= rows
    return part.backward(scores)


def _dense(matrix: Floats, threads: int) -> SparseProduct:
    rows, columns = matrix.shape
    indices = np.tile(np.arange(columns, dtype=np.int32), rows)
    offsets = np.arange(0, rows * columns + 1, max(columns, 1), dtype=np.int32)[: rows + 1]
    csr = sparse.csr_array((matrix.ravel(), indices, offsets), (rows, columns))
    return SparseProduct(csr, threads)
