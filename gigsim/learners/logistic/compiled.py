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
import threading
from collections.abc import Callable
from typing import Any

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


def passes() -> Any:
    """The compiled passes (``fused``); None without numba, or where their bytes would differ."""
    if kernel() is None:
        return None
    if not _decided.is_set():
        with _deciding:
            if not _decided.is_set() and not _choice.get("probing"):
                _decide()
    return _choice["passes"]


#: Other threads wait while one finds out; the one that does asks ``passes`` itself.
_deciding, _decided = threading.RLock(), threading.Event()
_choice: dict[str, Any] = {"passes": None}


def _decide() -> None:
    """Do every pass both ways, and choose."""
    from gigsim.learners.logistic import fused

    _choice["probing"] = True
    plain = _outcomes()
    _choice["passes"] = fused
    if _outcomes() != plain:
        _choice["passes"] = None
    _choice["probing"] = False
    _decided.set()


def _outcomes() -> list[bytes]:
    """The bytes of every pass as it is done now."""
    from gigsim.learners.logistic import passes as done

    found: list[Any] = []
    for dtype in (np.float32, np.float64):
        generator = np.random.default_rng(0)

        def block(*shape: int, dtype: Any = dtype, draws: Any = generator) -> Any:
            return draws.standard_normal(shape).astype(dtype)

        rows, width = 5 * done.STRETCH + 44, 2 * WIDTH
        a, b, c, d = (block(rows, width) for _ in range(4))
        x, y, mean = block(width), block(width), block(rows)
        labels = (block(rows, width) > 0).astype(dtype)
        found += [done.dots(a, b), *done.overlaps(a, b, c), done.bent(a, b)]
        probabilities = np.empty_like(a)
        found += done.along(9 * a, b, x, labels, None, probabilities)
        found += [probabilities, *done.residuals(probabilities, labels, None, 0.3)]
        done.advance(a, x, b)
        found += [a, *done.turn(b, y, a, c, d), b, done.outside(c, d, x, mean, y), c]
    return [np.asarray(one).tobytes() for one in found]


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
