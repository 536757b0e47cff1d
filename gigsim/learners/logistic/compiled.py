"""The compiled kernel, if numba is there: the same sums as SciPy's, several columns a register.

LLVM is given vectors of :data:`WIDTH` numbers that stay in registers over a row's nonzeros (SciPy's
kernel, and numba's own loops, write each column back to memory at every nonzero). Products and
sums are separate operations, in the stored order and without fast-math, as in SciPy: the bytes are
the same. Where they are not on the processor at hand (SciPy may be compiled there with fused
multiply-adds), the kernel is not used: a small probe is multiplied both ways first.

Compiling takes some seconds at the first use on a machine; numba keeps the outcome beside the
source file, or, if that folder may not be written, in the user's own cache.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from scipy import sparse

#: Columns in a vector, and vectors in flight at most.
WIDTH, VECTORS = 16, 4

#: (indptr, indices, data, block, out, first row, last row): adds those rows of the product to
#: ``out``; the width is a multiple of :data:`WIDTH`.
Kernel = Callable[..., None]


@functools.cache
def kernel() -> Kernel | None:
    """The kernel; None without numba, or where its bytes would differ from SciPy's."""
    try:
        from gigsim.learners.logistic import kernels
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        return None
    return kernels.multiply if _agrees(kernels.multiply) else None


def _agrees(multiply: Kernel) -> bool:
    """Whether the kernel's bytes are SciPy's on matrices that round in every term."""
    generator = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        dense = generator.standard_normal((24, 40)) * (generator.random((24, 40)) < 0.4)
        matrix = sparse.csr_array(dense.astype(dtype))
        block = generator.standard_normal((40, 7 * WIDTH)).astype(dtype)
        out = np.zeros((24, 7 * WIDTH), dtype=dtype)
        multiply(matrix.indptr, matrix.indices, matrix.data, block, out, 0, 24)
        if out.tobytes() != np.asarray(matrix @ block).tobytes():
            return False
    return True
