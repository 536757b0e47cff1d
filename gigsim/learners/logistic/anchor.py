"""A preconditioner for planted columns near a known optimum: what they share, and their members.

Rows without the signal have the curvature of the clean optimum, times a number of the column's own.
Rows with it have the signal besides, and sit elsewhere on the curve: at a share of 5 % they add
eigenvalues of 8 to a spectrum that otherwise ends at 2, which costs conjugate gradients half of
their iterations. So in the directions in which features vary most, for the intercept and for the
signal, the Hessian of each column is written out: the clean one, known once, and its members' part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.logistic.design import Design, PlantedDesign
from gigsim.learners.logistic.passes import Sums, outside
from gigsim.learners.logistic.preconditioner import Inverse, orthonormal
from gigsim.learners.logistic.products import SparseProduct, dense_product, padded
from gigsim.learners.logistic.spectrum import Spectrum

Floats = NDArray[np.floating[Any]]

#: Directions of a label's own spectrum and of the features'; with the two means a multiple of 16.
_OWN, _COMMON = 62, 16
#: Columns that the solver has abreast at most, all of which go through the basis in one product.
_ABREAST = 64


#: A smaller part of all curvature than this is no more than rounding.
_REST = 1e-6


@dataclass(frozen=True, eq=False)
class Anchor:
    """A label's Hessian at its clean optimum, in a few directions and for the intercept.

    Attributes:
        basis: U, orthonormal columns (or 0), float32, shape (d, r).
        scores: X U, float32, shape (n, r).
        bend: C p (1 - p) of each row there, float64, shape (n,).
        core: Σ bend z z' with z = (x U, 1), float64, shape (r + 1, r + 1).
        rest: variance of the features in one direction outside of U.
    """

    basis: Floats
    scores: Floats
    bend: Sums
    core: Sums
    rest: float

    #: A column that begins where ``first_step`` leaves it does not move far.
    refresh: ClassVar[tuple[int, ...]] = (0,)

    @classmethod
    def of(
        cls, features: SparseProduct, bend: NDArray[np.floating[Any]], common: Spectrum
    ) -> Anchor:
        """At a place where C p (1 - p) is ``bend``, shape (n,).

        Args:
            features: float32, shape (n, d).
            bend: at least 0, of some row above 0.
            common: of the features, each row counting alike.
        """
        own = Spectrum.near(features, bend, common, rank=_OWN)
        parts = [own.mean[:, None], common.mean[:, None], own.basis, common.basis[:, :_COMMON]]
        basis = orthonormal(np.hstack(parts), padded(_OWN + _COMMON + 2))
        scores = features.forward(basis)
        precise = np.hstack([scores.astype(np.float64), np.ones((len(scores), 1))])
        weights = bend.astype(np.float64)
        core = precise.T @ (precise * weights[:, None])
        return cls(basis, scores, weights, core, own.rest)

    def local(
        self,
        design: Design,
        bend: Floats,
        curvature: Sums,
        tail: NDArray[np.float64],
        due: NDArray[np.bool_],
        before: Inverse | None,
    ) -> Inverse:
        """See ``preconditioner.Local``; the design is a planted one."""
        assert isinstance(design, PlantedDesign)
        rank, dtype = self.basis.shape[1], bend.dtype
        size = rank + 1 + len(design.shown)
        core = np.zeros((len(due), size, size), dtype=dtype)
        if before is not None:
            assert isinstance(before, _AnchorInverse)
            core[:] = before.core
        bounds = np.searchsorted(design.owner, np.arange(design.columns + 1))
        total = self.core[rank, rank]
        for column in np.flatnonzero(due[: design.columns]):
            own = slice(bounds[column], bounds[column + 1])
            rows, shrink = design.row[own], design.shrink[own].astype(np.float64)
            now, clean = bend[rows, column].astype(np.float64), self.bend[rows]
            others = total - clean.sum()
            # Where next to everybody is written out, what is left is rounding: nothing to scale.
            rest = max(curvature[column] - now.sum(), 0.0)
            scale = rest / others if others > _REST * total else 0.0
            core[column] = np.linalg.inv(
                self._hessian(scale, rows, shrink, design.shown[:, own], now, scale * clean)
            )
        return _AnchorInverse(
            self.basis.astype(dtype, copy=False),
            core,
            (1 / (1 + curvature * self.rest)).astype(dtype),
        )

    def _hessian(
        self,
        scale: float,
        rows: NDArray[np.int64],
        shrink: Sums,
        shown: Floats,
        now: Sums,
        clean: Sums,
    ) -> Sums:
        """With members' rows bent by ``now`` instead of ``clean``, the others ``scale`` times."""
        rank = self.basis.shape[1]
        size = rank + 1 + len(shown)
        scores = self.scores[rows].astype(np.float64)
        signal = shown.astype(np.float64)
        whole = np.zeros((size, size))
        whole[: rank + 1, : rank + 1] = scale * self.core
        whole[:rank, :rank] += scores.T @ (scores * (shrink**2 * now - clean)[:, None])
        beside = np.vstack([shrink * now - clean, shrink * now * signal])
        whole[:rank, rank:] += (beside @ scores).T
        whole[rank, rank] += now.sum() - clean.sum()
        whole[rank, rank + 1 :] = signal @ now
        whole[rank + 1 :, rank + 1 :] = (signal * now) @ signal.T
        whole[rank:, :rank] = whole[:rank, rank:].T
        whole[rank + 1 :, rank] = whole[rank, rank + 1 :]
        # Nobody penalises the intercept; one that no row bends would be free to go anywhere.
        diagonal = np.ones(size)
        diagonal[rank] = 1e-9 * max(float(whole[rank, rank]), 1e-21)
        whole[np.arange(size), np.arange(size)] += diagonal
        return whole


@dataclass(frozen=True, eq=False)
class _AnchorInverse:
    """P: ``core`` on U, the intercept and the signal, ``common`` elsewhere."""

    basis: Floats
    core: Floats
    common: Floats

    def apply(self, gradient: Floats, offset: Sums) -> tuple[Floats, Sums]:
        (words, rank), dtype = self.basis.shape, gradient.dtype
        share = dense_product(self.basis.T, gradient[:words], width=_ABREAST)
        whole = np.concatenate([share, offset.astype(dtype)[None], gradient[words:]])
        whole = np.ascontiguousarray(whole.T[:, :, None])
        solved = np.matmul(self.core, whole)[:, :, 0].T
        result = np.empty_like(gradient)
        result[words:] = solved[rank + 1 :]
        share = np.ascontiguousarray(solved[:rank] - self.common * share)
        inside = dense_product(self.basis, share, out=result[:words], width=_ABREAST)
        none = np.zeros(words, dtype=dtype), np.zeros_like(self.common)
        outside(inside, gradient[:words], self.common, *none)
        return result, solved[rank].astype(np.float64)

    def take(self, columns: NDArray[np.int64]) -> _AnchorInverse:
        return replace(self, core=self.core[columns], common=self.common[columns])
