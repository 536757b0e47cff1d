"""A sparse matrix times a block of columns, and its transpose: what a solver spends its time on.

Every element of a product is a sum over the row's nonzeros in their stored order, each term first
multiplied, then added, in the matrix's own precision. SciPy's kernel does that, and the compiled
one (``compiled``) does the same sums in the same order: which of them runs changes the time and no
bit, and neither do the number of threads or which other columns stand in the block.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gigsim.learners.logistic import compiled

Floats = NDArray[np.floating[Any]]

#: The number of columns of every block that a solver multiplies is a multiple of this: one
#: register of sixteen float32 numbers.
WIDTH = compiled.WIDTH

#: Rows of a block whose backward product is taken at a time: 64 columns of them are a megabyte.
_STRIPE = 4_096
#: Words of a block whose forward product is, and from how many columns on.
_WORDS, _WIDE = 8_192, 64


def padded(columns: int) -> int:
    """The next multiple of :data:`WIDTH`."""
    return -(-columns // WIDTH) * WIDTH


@dataclass(frozen=True, eq=False)
class SparseProduct:
    """A sparse matrix, ready to be multiplied from either side.

    Attributes:
        matrix: CSR with sorted rows, float32 or float64, shape (n, d).
        threads: of a product; only the compiled kernel uses more than one.
    """

    matrix: sparse.csr_array
    threads: int = 1

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        return int(self.matrix.shape[0]), int(self.matrix.shape[1])

    @cached_property
    def transposed(self) -> sparse.csr_array:
        """CSR, shape (d, n)."""
        return sparse.csr_array(self.matrix.T.tocsr())

    @cached_property
    def _stripes(self) -> list[sparse.csr_array]:
        """The transpose in stretches of :data:`_STRIPE` columns, each CSR."""
        bounds = range(0, self.shape[0], _STRIPE)
        parts = (self.matrix[first : first + _STRIPE] for first in bounds)
        return [sparse.csr_array(part.T.tocsr()) for part in parts]

    @cached_property
    def _word_stripes(self) -> list[sparse.csr_array]:
        """The matrix in stretches of :data:`_WORDS` columns, each CSR."""
        parts = (
            self.matrix[:, first : first + _WORDS] for first in range(0, self.shape[1], _WORDS)
        )
        return [_narrow(sparse.csr_array(part)) for part in parts]

    @cached_property
    def _forward_cuts(self) -> NDArray[np.int64]:
        return _even_cuts(self.matrix.indptr, self.threads)

    @cached_property
    def _backward_cuts(self) -> NDArray[np.int64]:
        before = np.zeros(self.shape[1] + 1, dtype=np.int64)
        for stripe in self._stripes:
            before += stripe.indptr
        return _even_cuts(before, self.threads)

    def precise(self) -> SparseProduct:
        """The same matrix in float64."""
        return SparseProduct(self.matrix.astype(np.float64), self.threads)

    def forward(self, block: Floats) -> Floats:
        """X B for a block of shape (d, columns): shape (n, columns)."""
        multiply = self._kernel(block)
        if multiply is None:
            return np.asarray(self.matrix @ block)
        out = np.zeros((self.shape[0], block.shape[1]), dtype=self.matrix.dtype)
        work = [(self.matrix, block)]
        if block.shape[1] >= _WIDE:
            # As backwards; a narrow block is small enough as it is.
            work = [
                (stripe, block[number * _WORDS : (number + 1) * _WORDS])
                for number, stripe in enumerate(self._word_stripes)
            ]
        _in_parts(multiply, work, out, self._forward_cuts)
        return out

    def backward(self, block: Floats, out: Floats | None = None) -> Floats:
        """X' B for a block of shape (n, columns): shape (d, columns).

        Args:
            block: shape (n, columns).
            out: C-ordered zeros that are written to; None for new ones.
        """
        multiply = self._kernel(block)
        if out is None:
            out = np.zeros((self.shape[1], block.shape[1]), dtype=self.matrix.dtype)
        if multiply is None:
            out[...] = self.transposed @ block
            return out
        # Stripe by stripe, what is gathered from the block stays in a core's own cache.
        work = [
            (stripe, block[number * _STRIPE : (number + 1) * _STRIPE])
            for number, stripe in enumerate(self._stripes)
        ]
        _in_parts(multiply, work, out, self._backward_cuts)
        return out

    def _kernel(self, block: Floats) -> compiled.Kernel | None:
        fits = block.shape[1] % WIDTH == 0 and self.matrix.indices.dtype == np.int32
        if block.dtype != self.matrix.dtype:
            raise TypeError(f"a block of {block.dtype} for a matrix of {self.matrix.dtype}")
        return compiled.kernel() if fits and block.flags.c_contiguous else None


def _narrow(matrix: sparse.csr_array) -> sparse.csr_array:
    """With the 32-bit indices that the kernel takes."""
    matrix.indices = matrix.indices.astype(np.int32, copy=False)
    matrix.indptr = matrix.indptr.astype(np.int32, copy=False)
    return matrix


def _in_parts(
    multiply: compiled.Kernel,
    work: list[tuple[sparse.csr_array, Floats]],
    out: Floats,
    cuts: NDArray[np.int64],
) -> None:
    """Add the products of some matrices to ``out``, its rows cut up among threads."""

    def part(number: int) -> None:
        for matrix, block in work:
            first, last = int(cuts[number]), int(cuts[number + 1])
            multiply(matrix.indptr, matrix.indices, matrix.data, block, out, first, last)

    if len(cuts) == 2:
        part(0)
        return
    with ThreadPoolExecutor(len(cuts) - 1) as pool:
        list(pool.map(part, range(len(cuts) - 1)))


def _even_cuts(before: NDArray[np.integer], parts: int) -> NDArray[np.int64]:
    """Bounds of ``parts`` runs of rows with about equally many nonzeros, shape (parts + 1,)."""
    wanted = np.linspace(0, before[-1], parts + 1)
    cuts = np.searchsorted(before, wanted).astype(np.int64)
    cuts[0], cuts[-1] = 0, len(before) - 1
    return cuts


def dense_product(
    matrix: Floats, block: Floats, out: Floats | None = None, width: int = WIDTH
) -> Floats:
    """A dense matrix times a block by BLAS, ``width`` columns at a time.

    All calls have the same shape, so that a column's outcome does not depend on how many others
    there are.

    Args:
        matrix: shape (n, d).
        block: C-ordered, shape (d, columns).
        out: C-ordered, written to, shape (n, columns); None for a new one.
        width: columns of a call; a wide one costs half as much a column, a narrow one wastes less
            where there are few. Always the same for the same use.
    """
    columns = block.shape[1]
    if out is None:
        out = np.empty((matrix.shape[0], columns), dtype=matrix.dtype)
    if columns == width:
        return np.matmul(matrix, block, out=out)
    for first in range(0, columns, width):
        part = block[:, first : first + width]
        own = np.zeros((len(block), width), dtype=block.dtype)
        own[:, : part.shape[1]] = part
        out[:, first : first + width] = (matrix @ own)[:, : part.shape[1]]
    return out
