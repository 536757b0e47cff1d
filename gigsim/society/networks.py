"""Who knows whom: undirected networks, asked one question — how many neighbours are in a set?

Sparse networks are CSR matrices; the complete network of N people has N(N-1)/2 ties, so it answers
without storing them and writes its matrix out only when asked.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gigsim.society.kernels import MANY, Kernels, compiled, unsigned

#: Ties in one product of SciPy's: ones that fit into a core's cache.
_STRETCH = 1 << 17

#: Up to this part of all ties, one over it, ties are picked out one by one.
_PART = 8


class Network(Protocol):
    """An undirected network without loops."""

    kind: str

    @property
    def size(self) -> int:
        """Number of nodes N."""
        ...

    def degrees(self) -> NDArray[np.int64]:
        """Number of neighbours of each node, int64, shape (N,)."""
        ...

    def count(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Number of each node's neighbours that are chosen (bool, shape (N,)); int64, (N,)."""
        ...

    def matrix(self) -> sparse.csr_array:
        """The adjacency matrix, uint8 CSR, shape (N, N), symmetric, zero diagonal."""
        ...


class CompleteNetwork:
    """Everybody knows everybody."""

    kind = "complete"

    def __init__(self, size: int) -> None:
        self._size = size

    @property
    def size(self) -> int:
        """Number of nodes N."""
        return self._size

    def degrees(self) -> NDArray[np.int64]:
        """N - 1 for everybody."""
        return np.full(self._size, self._size - 1, dtype=np.int64)

    def count(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """All the chosen but oneself."""
        return np.int64(chosen.sum()) - chosen.astype(np.int64)

    def matrix(self) -> sparse.csr_array:
        """The full matrix: N(N-1) entries, for small N."""
        dense = np.ones((self._size, self._size), dtype=np.uint8)
        np.fill_diagonal(dense, 0)
        return sparse.csr_array(dense)


class SparseNetwork:
    """A network as the rows of a symmetric CSR matrix, whose entries are all one and not stored.

    Args:
        matrix: shape (N, N), symmetric, zero diagonal; what is not zero counts as one.
        kind: the name of the law it was drawn from.

    Attributes:
        kind: the name of the law it was drawn from.
        indptr: shape (N + 1,): where each one's neighbours begin in ``indices``, and the end;
            int32, or int64 where there are more than 2^31 of them. Read-only.
        indices: int32, shape (2 * ties,): each one's neighbours, ascending. Read-only.
    """

    def __init__(self, matrix: sparse.csr_array, kind: str) -> None:
        matrix = matrix.copy()
        matrix.eliminate_zeros()
        matrix.sum_duplicates()
        self._keep(matrix.indptr, matrix.indices, kind)

    @classmethod
    def of_rows(cls, indptr: NDArray[Any], indices: NDArray[Any], kind: str) -> SparseNetwork:
        """A network from its arrays, which it takes over; see the attributes."""
        network = cls.__new__(cls)
        network._keep(indptr, indices, kind)
        return network

    def _keep(self, indptr: NDArray[Any], indices: NDArray[Any], kind: str) -> None:
        self.kind = kind
        narrow = len(indices) <= np.iinfo(np.int32).max
        self.indptr = indptr.astype(np.int32 if narrow else np.int64, copy=False)
        self.indices = indices.astype(np.int32, copy=False)
        self.indptr.flags.writeable = self.indices.flags.writeable = False

    @property
    def size(self) -> int:
        """Number of nodes N."""
        return len(self.indptr) - 1

    @property
    def bytes(self) -> int:
        """Memory of the network: 44 bytes a person where people know ten others."""
        return int(self.indptr.nbytes + self.indices.nbytes)

    def degrees(self) -> NDArray[np.int64]:
        """Number of neighbours of each node, int64, shape (N,)."""
        return np.diff(self.indptr).astype(np.int64)

    @cached_property
    def most(self) -> int:
        """The largest number of neighbours that anybody has."""
        return int(np.diff(self.indptr).max(initial=0))

    def count(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Number of each node's neighbours that are chosen (bool, shape (N,)); int64, (N,)."""
        loops = self.loops()
        if loops is None:
            return self._product(chosen.astype(np.int32)).astype(np.int64)
        found = np.empty(self.size, dtype=np.int64)
        loops.count(*self.unsigned_rows(), as_bytes(chosen), found)
        return found

    def count_among(
        self, people: NDArray[np.int64], chosen: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """:meth:`count` of some people (int64, shape (k,)) alone; int64, shape (k,)."""
        starts = self.indptr[people].astype(np.int64)
        known = self.indptr[people + 1].astype(np.int64) - starts
        ends = np.cumsum(known)
        ties = int(ends[-1]) if len(ends) else 0
        if ties > len(self.indices) // _PART:
            return self.count(chosen)[people]
        places = np.arange(ties) + np.repeat(starts - (ends - known), known)
        before = np.zeros(ties + 1, dtype=np.int64)
        np.cumsum(chosen[self.indices[places]], out=before[1:])
        return before[ends] - before[ends - known]

    def matrix(self) -> sparse.csr_array:
        """The adjacency matrix, uint8 CSR, shape (N, N): a copy that is the caller's."""
        ones = np.ones(len(self.indices), dtype=np.uint8)
        rows = (ones, self.indices.copy(), self.indptr.copy())
        return sparse.csr_array(rows, (self.size, self.size))

    def loops(self) -> Kernels | None:
        """Compiled code, where it is installed and the network large enough to be worth it."""
        return compiled() if len(self.indices) >= MANY else None

    def unsigned_rows(self) -> tuple[NDArray[np.unsignedinteger], NDArray[np.unsignedinteger]]:
        """``indptr`` and ``indices`` as compiled code takes them."""
        return unsigned(self.indptr), unsigned(self.indices)

    def _product(self, numbers: NDArray[np.int32]) -> NDArray[np.int32]:
        """The adjacency matrix times int32 numbers, shape (N,), some rows at a time.

        SciPy wants an entry of each tie written out. Those of some rows are enough: all are one,
        and what lies in the cache need not come from memory.
        """
        marks = np.arange(_STRETCH, len(self.indices), _STRETCH, dtype=self.indptr.dtype)
        bounds = np.unique([0, *np.searchsorted(self.indptr, marks), self.size]).tolist()
        product = np.empty(numbers.shape, dtype=np.int32)
        ones = np.ones(0, dtype=np.int32)
        for start, stop in pairwise(bounds):
            low, high = int(self.indptr[start]), int(self.indptr[stop])
            if len(ones) < high - low:
                ones = np.ones(high - low, dtype=np.int32)
            places = (self.indptr[start : stop + 1] - low).astype(np.int32, copy=False)
            rows = (ones[: high - low], self.indices[low:high], places)
            product[start:stop] = sparse.csr_array(rows, (stop - start, self.size)) @ numbers
        return product


def as_bytes(chosen: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Truth values as bytes 0 and 1, the same memory where they lie side by side."""
    return np.ascontiguousarray(chosen, dtype=bool).view(np.uint8)


def from_ties(
    size: int, first: NDArray[np.integer], second: NDArray[np.integer], kind: str
) -> SparseNetwork:
    """A network from its list of ties.

    Args:
        size: number of nodes N, below 2^31.
        first: one end of each tie, integers, shape (ties,), in [0, N).
        second: the other end; each tie is listed once, in one direction, and none is a loop.
        kind: the name of the law it was drawn from.
    """
    ties = len(first)
    ends = np.empty(2 * ties, dtype=np.uint64)
    # One number a tie and direction, by whose order they are sorted: whose tie, and to whom.
    for part, near, far in ((ends[:ties], first, second), (ends[ties:], second, first)):
        part[:] = near
        part <<= np.uint64(32)
        part |= far.astype(np.uint64)
    ends.sort()
    indptr = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(
        np.bincount(first, minlength=size) + np.bincount(second, minlength=size), out=indptr[1:]
    )
    return SparseNetwork.of_rows(indptr, ends.astype(np.uint32).view(np.int32), kind)


def from_table(neighbours: NDArray[np.integer], kind: str) -> SparseNetwork:
    """A network in which all know equally many: their neighbours, shape (N, k), changed here."""
    size, degree = neighbours.shape
    neighbours.sort(axis=1)
    indptr = np.arange(size + 1, dtype=np.int64) * degree
    return SparseNetwork.of_rows(indptr, neighbours.astype(np.int32).reshape(-1), kind)
