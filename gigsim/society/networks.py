"""Who knows whom: undirected networks, asked one question — how many neighbours are in a set?

Sparse networks are CSR matrices; the complete network of N people has N(N-1)/2 ties, so it answers
without storing them and writes its matrix out only when asked.
"""

from __future__ import annotations

from typing import Protocol

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy import sparse


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
    """A network as a symmetric CSR matrix of ones.

    Args:
        matrix: shape (N, N), symmetric, zero diagonal.
        kind: the name of the law it was drawn from.
    """

    def __init__(self, matrix: sparse.csr_array, kind: str) -> None:
        self.kind = kind
        # int32 sums: a uint8 product would overflow at 256 neighbours.
        self._matrix = matrix.astype(np.int32)

    @property
    def size(self) -> int:
        """Number of nodes N."""
        return int(self._matrix.shape[0])

    def degrees(self) -> NDArray[np.int64]:
        """Number of neighbours of each node, int64, shape (N,)."""
        return np.diff(self._matrix.indptr).astype(np.int64)

    def count(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Number of each node's neighbours that are chosen (bool, shape (N,)); int64, (N,)."""
        return (self._matrix @ chosen.astype(np.int32)).astype(np.int64)

    def matrix(self) -> sparse.csr_array:
        """The adjacency matrix, uint8 CSR, shape (N, N)."""
        return self._matrix.astype(np.uint8)


def small_world(size: int, degree: int, rewire: float, seed: int) -> SparseNetwork:
    """Watts and Strogatz (1998): a ring where each knows ``degree`` others, ties rewired.

    Args:
        size: number of nodes N.
        degree: even number of neighbours on the ring, 2 <= degree < N.
        rewire: probability that a tie is rewired to a random node, in [0, 1].
        seed: of the network's own stream.
    """
    graph = nx.watts_strogatz_graph(size, degree, rewire, seed=seed)
    ties = np.array(graph.edges(), dtype=np.int64).reshape(-1, 2)
    rows = np.concatenate([ties[:, 0], ties[:, 1]])
    columns = np.concatenate([ties[:, 1], ties[:, 0]])
    matrix = sparse.coo_array((np.ones(len(rows), dtype=np.uint8), (rows, columns)), (size, size))
    csr = matrix.tocsr()
    csr.sort_indices()
    return SparseNetwork(csr, "small_world")
