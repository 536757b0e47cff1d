"""A preconditioner for columns near one known optimum: the spectrum of its features' covariance.

The features are taken centred, which is what is left of them when the intercept, that nobody
penalises, is minimised out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.logistic.passes import Sums, outside
from gigsim.learners.logistic.preconditioner import RANK, Inverse, orthonormal
from gigsim.learners.logistic.products import WIDTH, SparseProduct, dense_product, padded

Floats = NDArray[np.floating[Any]]

#: Directions of a block, and blocks, of the space in which a nearby spectrum is looked for.
_BLOCK, _BLOCKS = 64, 3


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
    def of(cls, features: SparseProduct, rank: int = RANK) -> Spectrum:
        """By randomised subspace iteration with draws of its own (always the same).

        Args:
            features: float32, shape (n, d), every row counting alike.
            rank: r, where there are so many dimensions.
        """
        n, d = features.shape
        rows, mean = _shares(features, np.ones(n))
        rank = min(rank, d, n)
        drawn = padded(rank + 8)
        block = np.random.default_rng(0).standard_normal((d, drawn)).astype(np.float32)
        for _ in range(2):
            scores = _centred(features, rows, block)
            block = orthonormal(features.backward(scores * rows), drawn)
        return cls._within(mean, rows, [block], [_centred(features, rows, block)], rank)

    @classmethod
    def near(
        cls,
        features: SparseProduct,
        curvature: NDArray[np.floating[Any]],
        other: Spectrum,
        rank: int,
    ) -> Spectrum:
        """With rows that count differently, from what is known where they count alike.

        In the space of a block of the known directions, its image and the image's image, which for
        as many products tells more apart than the third image does (a block Krylov space).

        Args:
            features: float32, shape (n, d).
            curvature: D, at least 0, shape (n,), of any scale.
            other: of the same features.
            rank: r, where there are so many dimensions.
        """
        rows, mean = _shares(features, curvature)
        first = other.basis[:, :_BLOCK]
        width = padded(first.shape[1])
        blocks = [np.pad(first, ((0, 0), (0, width - first.shape[1])))]
        images = [_centred(features, rows, blocks[0])]
        while len(blocks) < _BLOCKS:
            blocks.append(orthonormal(features.backward(images[-1] * rows), width))
            images.append(_centred(features, rows, blocks[-1]))
        return cls._within(mean, rows, blocks, images, min(rank, *features.shape))

    @classmethod
    def _within(
        cls, mean: Floats, rows: Floats, blocks: list[Floats], images: list[Floats], rank: int
    ) -> Spectrum:
        """By Rayleigh and Ritz, in the space of some blocks of which the scores are known."""
        block, scores = np.hstack(blocks), np.hstack(images)
        overlap, turn = np.linalg.eigh((block.T @ block).astype(np.float64))
        kept = overlap > 1e-6 * max(overlap[-1], 1e-300)
        turn = turn[:, kept] / np.sqrt(overlap[kept])
        small = turn.T @ (scores.T @ (rows * scores)).astype(np.float64) @ turn
        values, axes = np.linalg.eigh((small + small.T) / 2)
        order = np.argsort(-values, kind="stable")[:rank]
        values = np.maximum(values[order], 0.0)
        basis = block @ (turn @ axes[:, order]).astype(np.float32)
        rest = float(values[-1]) / 2 if len(values) else 0.0
        return cls(np.ascontiguousarray(mean), np.ascontiguousarray(basis), values, rest)

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


def _shares(features: SparseProduct, curvature: NDArray[np.floating[Any]]) -> tuple[Floats, Floats]:
    """Weights of rows that add up to 1, shape (n, 1), and the mean of the features, shape (d,)."""
    weights = curvature.astype(np.float64)
    total = weights.sum()
    shares = np.zeros((len(weights), WIDTH), dtype=np.float32)
    shares[:, 0] = weights / total if total > 0 else weights
    return shares[:, :1], features.backward(shares)[:, 0].copy()


def _centred(features: SparseProduct, rows: Floats, block: Floats) -> Floats:
    """Scores without their weighted mean; weights of rows (n, 1) add up to 1."""
    scores = features.forward(np.ascontiguousarray(block))
    scores -= (rows * scores).sum(axis=0, dtype=np.float64).astype(np.float32)
    return scores
