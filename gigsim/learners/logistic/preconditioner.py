"""A cheap approximation of the inverse Hessian, made from the features alone.

The Hessian of C Σ log-loss + |w|²/2 is I + C X'DX with D = diag(p(1-p)). On TF-IDF the spectrum of
X'X falls fast: a few dozen directions make the problem hard for conjugate gradients, and they are
nearly the same for all collectives. They are taken here once, from X centred (which is what is left
of it when the intercept, that nobody penalises, is minimised out).
Near a known optimum D is taken to be one of all columns, of a label's regression on clean resumes,
times a number that each column has of its own (:class:`Spectrum`); where nothing is known, each
column's own is written out in those directions (:class:`Subspace`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.logistic.passes import Sums, outside
from gigsim.learners.logistic.products import WIDTH, SparseProduct, dense_product, padded

Floats = NDArray[np.floating[Any]]

#: Directions of the spectrum that are told apart; with those drawn beside them a multiple of 16.
RANK = 104


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


@runtime_checkable
class Local(Protocol):
    """Approximate inverse Hessians that take more of a place than the sum of its curvatures."""

    def local(
        self,
        bend: Floats,
        curvature: Sums,
        tail: NDArray[np.float64],
        due: NDArray[np.bool_],
        before: Inverse | None,
    ) -> Inverse:
        """For the place where the columns are.

        Args:
            bend: C ω p (1 - p) of each row, shape (n, width).
            curvature: its sums when a column was last due, shape (width,).
            tail: ``Design.tail`` of it then, shape (k, width).
            due: the columns to be fitted anew, shape (width,).
            before: what the others keep; None where all are due.
        """
        ...


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The largest eigenvalues of the features' covariance, and one number for all others.

    Attributes:
        mean: of each of the d words over the (weighted) rows, float32, shape (d,).
        basis: U, orthonormal columns, float32, shape (d, r).
        values: their eigenvalues, float64, shape (r,), descending.
        rest: one eigenvalue for whatever is orthogonal to U.
    """

    mean: Floats
    basis: Floats
    values: Sums
    rest: float

    @classmethod
    def of(
        cls,
        features: SparseProduct,
        curvature: NDArray[np.floating[Any]] | None = None,
        *,
        near: Spectrum | None = None,
        rank: int = RANK,
    ) -> Spectrum:
        """By randomised subspace iteration with draws of its own (always the same).

        Args:
            features: float32, shape (n, d).
            curvature: D, at least 0, shape (n,), of any scale; None for 1.
            near: of the same features with another D; saves most of the work.
            rank: r, where there are so many dimensions.
        """
        n, d = features.shape
        weights = np.ones(n) if curvature is None else curvature.astype(np.float64)
        total = weights.sum()
        weights = weights / total if total > 0 else weights
        shares = np.zeros((n, WIDTH), dtype=np.float32)
        shares[:, 0] = weights
        mean = features.backward(shares)[:, 0].copy()
        rank = min(rank, d, n)
        drawn = padded(rank + 8)
        rows = shares[:, :1]
        if near is None:
            block = np.random.default_rng(0).standard_normal((d, drawn)).astype(np.float32)
            block = _orthonormal(_squared(features, rows, block), drawn)
        else:
            block = np.pad(near.basis, ((0, 0), (0, drawn - near.basis.shape[1])))
        block = _orthonormal(_squared(features, rows, block), drawn)
        # Rayleigh-Ritz on the subspace that was found.
        scores = _centred(features, rows, block)
        small = (scores.T @ (rows * scores)).astype(np.float64)
        values, turn = np.linalg.eigh((small + small.T) / 2)
        order = np.argsort(-values, kind="stable")[:rank]
        values = np.maximum(values[order], 0.0)
        return cls(
            mean=mean,
            basis=np.ascontiguousarray(block @ turn[:, order].astype(np.float32)),
            values=values,
            rest=float(values[-1]) / 2 if len(values) else 0.0,
        )

    def scaled(self, curvature: Sums, tail: NDArray[np.float64], dtype: np.dtype[Any]) -> Inverse:
        """See :class:`Preconditioner`."""
        common = 1 / (1 + curvature * self.rest)
        basis, mean = self.basis.astype(dtype, copy=False), self.mean.astype(dtype, copy=False)
        return _SpectralInverse(
            mean=mean,
            basis=basis,
            turned=mean @ basis,
            along=(1 / (1 + curvature * self.values[:, None]) - common).astype(dtype),
            common=common.astype(dtype),
            tail=(1 / (1 + tail)).astype(dtype),
            intercept=1 / np.maximum(curvature, 1e-30),
        )


@dataclass(frozen=True, eq=False)
class _SpectralInverse:
    """P: ``common`` everywhere, ``along`` added on U; intercepts as the centring has them."""

    mean: Floats
    basis: Floats
    turned: Floats
    along: Floats
    common: Floats
    tail: Floats
    intercept: Sums

    def apply(self, gradient: Floats, offset: Sums) -> tuple[Floats, Sums]:
        words = len(self.mean)
        result = np.empty_like(gradient)
        result[words:] = self.tail * gradient[words:]
        inner, shift = gradient[:words], offset.astype(gradient.dtype)
        share = dense_product(self.basis.T, inner)
        share -= self.turned[:, None] * shift
        share *= self.along
        dense_product(self.basis, share, out=result[:words])
        back = outside(result[:words], inner, self.common, self.mean, shift)
        return result, offset * self.intercept - back

    def take(self, columns: NDArray[np.int64]) -> _SpectralInverse:
        return replace(
            self,
            along=np.ascontiguousarray(self.along[:, columns]),
            common=self.common[columns],
            tail=np.ascontiguousarray(self.tail[:, columns]),
            intercept=self.intercept[columns],
        )


@dataclass(frozen=True, eq=False)
class Subspace:
    """The features in the directions in which they vary most, for Hessians as they are.

    Where nothing is known of the optimum, D is not the same up to a number for all columns: in
    these directions, and for the intercept, the Hessian of each column is written out.

    Attributes:
        basis: U, orthonormal columns, float32, shape (d, r).
        scores: X U, float32, shape (n, r).
        rest: variance of the features in one direction outside of them.
    """

    basis: Floats
    scores: Floats
    rest: float

    @classmethod
    def of(cls, features: SparseProduct, rank: int = RANK) -> Subspace:
        """By randomised subspace iteration with draws of its own (always the same).

        Args:
            features: float32, shape (n, d).
            rank: r, where there are so many dimensions.
        """
        n, d = features.shape
        rank = min(rank, d, n)
        drawn = padded(rank + 8)
        block = np.random.default_rng(0).standard_normal((d, drawn)).astype(np.float32)
        for _ in range(2):
            image = features.backward(features.forward(np.ascontiguousarray(block)))
            block = _orthonormal(image, drawn)
        scores = features.forward(np.ascontiguousarray(block))
        values, turn = np.linalg.eigh((scores.T @ scores).astype(np.float64))
        order = np.argsort(-values, kind="stable")[:rank]
        turned = turn[:, order].astype(np.float32)
        return cls(
            basis=block @ turned,
            scores=scores @ turned,
            rest=max(float(values[order[-1]]), 0.0) / (2 * n) if rank else 0.0,
        )

    def local(
        self,
        bend: Floats,
        curvature: Sums,
        tail: NDArray[np.float64],
        due: NDArray[np.bool_],
        before: Inverse | None,
    ) -> Inverse:
        """See :class:`Local`."""
        dtype, rank = bend.dtype, self.basis.shape[1]
        scores = self.scores.astype(dtype, copy=False)
        core = np.zeros((len(due), rank + 1, rank + 1), dtype=dtype)
        if before is not None:
            assert isinstance(before, _SubspaceInverse)
            core[:] = before.core
        for column in np.flatnonzero(due):
            weighted = scores * np.ascontiguousarray(bend[:, column])[:, None]
            whole = np.empty((rank + 1, rank + 1))
            whole[:rank, :rank] = scores.T @ weighted
            whole[:rank, :rank] += np.eye(rank)
            whole[rank, :rank] = whole[:rank, rank] = weighted.sum(axis=0, dtype=np.float64)
            # An intercept that no row bends would be free to go anywhere.
            whole[rank, rank] = max(curvature[column], 1e-30) * (1 + 1e-9)
            core[column] = np.linalg.inv((whole + whole.T) / 2)
        return _SubspaceInverse(
            basis=self.basis.astype(dtype, copy=False),
            core=core,
            common=(1 / (1 + curvature * self.rest)).astype(dtype),
            tail=(1 / (1 + tail)).astype(dtype),
        )


@dataclass(frozen=True, eq=False)
class _SubspaceInverse:
    """P: ``core`` on U and the intercept, ``common`` elsewhere."""

    basis: Floats
    core: Floats
    common: Floats
    tail: Floats

    def apply(self, gradient: Floats, offset: Sums) -> tuple[Floats, Sums]:
        words, dtype = len(self.basis), gradient.dtype
        result = np.empty_like(gradient)
        result[words:] = self.tail * gradient[words:]
        share = dense_product(self.basis.T, gradient[:words])
        whole = np.concatenate([share, offset.astype(dtype)[None]]).T[:, :, None]
        solved = np.matmul(self.core, np.ascontiguousarray(whole))[:, :, 0].T
        share = np.ascontiguousarray(solved[:-1] - self.common * share)
        inside = dense_product(self.basis, share, out=result[:words])
        none = np.zeros(words, dtype=dtype), np.zeros_like(self.common)
        outside(inside, gradient[:words], self.common, *none)
        return result, solved[-1].astype(np.float64)

    def take(self, columns: NDArray[np.int64]) -> _SubspaceInverse:
        return replace(
            self,
            core=self.core[columns],
            common=self.common[columns],
            tail=np.ascontiguousarray(self.tail[:, columns]),
        )


def _orthonormal(block: Floats, width: int) -> Floats:
    """An orthonormal basis of a block's columns, with columns of 0 up to a width.

    By the eigenvectors of its Gram matrix in float64, ten times as fast as a QR factorisation.
    """
    precise = block.astype(np.float64)
    values, turn = np.linalg.eigh(precise.T @ precise)
    kept = values > 1e-12 * max(values[-1], 1e-300)
    found = (precise @ (turn[:, kept] / np.sqrt(values[kept]))).astype(np.float32)
    return np.pad(found, ((0, 0), (0, width - found.shape[1])))


def _centred(features: SparseProduct, rows: Floats, block: Floats) -> Floats:
    """Scores without their weighted mean; weights of rows (n, 1) add up to 1."""
    scores = features.forward(np.ascontiguousarray(block))
    scores -= (rows * scores).sum(axis=0, dtype=np.float64).astype(np.float32)
    return scores


def _squared(features: SparseProduct, rows: Floats, block: Floats) -> Floats:
    """The weighted covariance times a block."""
    # With the weighted mean taken out of the scores, that of the features goes by itself.
    scores = _centred(features, rows, block)
    scores *= rows
    return features.backward(scores)
