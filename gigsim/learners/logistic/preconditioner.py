"""Cheap approximations of the inverse Hessian, made from the features alone.

The Hessian of C Σ log-loss + |w|²/2 is I + C X'DX with D = diag(p(1-p)). On TF-IDF the spectrum of
X'X falls fast: a few dozen directions make the problem hard for conjugate gradients, and they are
nearly the same for all collectives. They are taken once. In the simplest case D is one of all
columns, times a number that each column has of its own (``spectrum``). Where nothing is known of
the optimum, each column's own is written out in those directions (:class:`Subspace`); near the
optimum of the same rows without a signal, only what planted rows add to it (``anchor``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.logistic.design import Design
from gigsim.learners.logistic.passes import Sums, outside
from gigsim.learners.logistic.products import SparseProduct, dense_product, padded

Floats = NDArray[np.floating[Any]]

#: Directions that are told apart; with those drawn beside them a multiple of 16.
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
    """Approximate inverse Hessians that take more of a place than the sum of its curvatures.

    Attributes:
        refresh: iterations at which a column's is made anew, besides each 20th.
    """

    refresh: ClassVar[tuple[int, ...]]

    def local(
        self,
        design: Design,
        bend: Floats,
        curvature: Sums,
        tail: NDArray[np.float64],
        due: NDArray[np.bool_],
        before: Inverse | None,
    ) -> Inverse:
        """For the place where the columns are.

        Args:
            design: of the columns.
            bend: C ω p (1 - p) of each row, shape (n, width).
            curvature: its sums when a column was last due, shape (width,).
            tail: ``Design.tail`` of it then, shape (k, width).
            due: the columns to be fitted anew, shape (width,).
            before: what the others keep; None where all are due.
        """
        ...


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

    refresh: ClassVar[tuple[int, ...]] = (0, 2, 6)

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
            block = orthonormal(image, drawn)
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
        design: Design,
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


def orthonormal(block: Floats, width: int) -> Floats:
    """An orthonormal basis of a block's columns, with columns of 0 up to a width.

    By the eigenvectors of its Gram matrix in float64, ten times as fast as a QR factorisation.
    """
    precise = block.astype(np.float64)
    values, turn = np.linalg.eigh(precise.T @ precise)
    kept = values > 1e-12 * max(values[-1], 1e-300)
    found = (precise @ (turn[:, kept] / np.sqrt(values[kept]))).astype(np.float32)
    return np.pad(found, ((0, 0), (0, width - found.shape[1])))
