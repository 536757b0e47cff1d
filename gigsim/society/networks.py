"""Who knows whom: undirected networks, asked one question — how many neighbours are in a set?

Sparse networks are CSR matrices; the complete network of N people has N(N-1)/2 ties, so it answers
without storing them and writes its matrix out only when asked.
"""

from __future__ import annotations

import math
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


def from_ties(
    size: int, first: NDArray[np.int64], second: NDArray[np.int64], kind: str
) -> SparseNetwork:
    """A network from its list of ties.

    Args:
        size: number of nodes N.
        first: one end of each tie, int64, shape (ties,), in [0, N).
        second: the other end; each tie is listed once, in one direction, and none is a loop.
        kind: the name of the law it was drawn from.
    """
    rows = np.concatenate([first, second])
    columns = np.concatenate([second, first])
    ones = np.ones(len(rows), dtype=np.uint8)
    csr = sparse.coo_array((ones, (rows, columns)), (size, size)).tocsr()
    csr.sort_indices()
    return SparseNetwork(csr, kind)


def small_world(size: int, degree: int, rewire: float, seed: int) -> SparseNetwork:
    """Watts and Strogatz (1998): a ring where each knows ``degree`` others, ties rewired.

    Degrees are at least degree/2; what a node has above that is Binomial(degree/2, 1 - rewire)
    plus, for large N, Poisson(rewire * degree/2) (Barrat and Weigt 2000). The mean is exact.

    Args:
        size: number of nodes N.
        degree: even number of neighbours on the ring, 2 <= degree < N.
        rewire: probability that a tie is rewired to a random node, in [0, 1].
        seed: of the network's own stream.
    """
    graph = nx.watts_strogatz_graph(size, degree, rewire, seed=seed)
    return _from_graph(graph, "small_world")


def scale_free(size: int, ties: int, seed: int) -> SparseNetwork:
    """Barabasi and Albert (1999): newcomers tie to people in proportion to their ties.

    It grows from a star of ``ties`` + 1 nodes, so that there are exactly ties * (N - ties) ties.
    For large N the share of nodes of degree k is 2m(m + 1)/(k(k + 1)(k + 2)), k >= m = ``ties``
    (Bollobas et al. 2001), a tail of exponent 3. Nodes are numbered by age: hubs come first.

    Args:
        size: number of nodes N.
        ties: m, ties that a newcomer brings, 1 <= m < N.
        seed: of the network's own stream.
    """
    return _from_graph(nx.barabasi_albert_graph(size, ties, seed=seed), "scale_free")


def _from_graph(graph: nx.Graph, kind: str) -> SparseNetwork:
    ties = np.array(graph.edges(), dtype=np.int64).reshape(-1, 2)
    return from_ties(len(graph), ties[:, 0], ties[:, 1], kind)


def ring(size: int, degree: int) -> SparseNetwork:
    """The ring lattice: everybody knows exactly the degree/2 next on either side.

    Args:
        size: number of nodes N.
        degree: even, 2 <= degree < N.
    """
    nodes = np.tile(np.arange(size), degree // 2)
    steps = np.repeat(np.arange(1, degree // 2 + 1), size)
    return from_ties(size, nodes, (nodes + steps) % size, "ring")


def torus_shape(size: int) -> tuple[int, int] | None:
    """Rows and columns of the most square torus of ``size`` nodes, 3 <= rows <= columns.

    Fewer than three in a circle would make the neighbours on both sides one person. None if there
    is no such torus (a prime number of people, or twice a prime).
    """
    for rows in range(math.isqrt(size), 2, -1):
        if size % rows == 0:
            return rows, size // rows
    return None


def torus(rows: int, columns: int, *, diagonal: bool) -> SparseNetwork:
    """A grid without borders: everybody has exactly four neighbours, with diagonals eight.

    Args:
        rows: at least 3. Node r * columns + c is at row r and column c.
        columns: at least 3.
        diagonal: also the four across the corners (Moore); else von Neumann's four.
    """
    steps = [(0, 1), (1, 0)] + ([(1, 1), (1, -1)] if diagonal else [])
    row, column = np.divmod(np.arange(rows * columns), columns)
    ends = [(row + down) % rows * columns + (column + right) % columns for down, right in steps]
    nodes = np.tile(np.arange(rows * columns), len(steps))
    return from_ties(rows * columns, nodes, np.concatenate(ends), "torus")


def random(size: int, degree: float, seed: int) -> SparseNetwork:
    """Gilbert (1959): every pair is tied with the same probability, independently: G(N, p).

    Degrees are Binomial(N - 1, degree/(N - 1)), Poisson for large N.

    Args:
        size: number of nodes N.
        degree: mean number of neighbours, in (0, N - 1].
        seed: of the network's own stream.
    """
    rng = np.random.default_rng(seed)
    first, second = pairs(successes(size * (size - 1) // 2, degree / (size - 1), rng))
    return from_ties(size, first, second, "random")


def successes(trials: int, probability: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Which of many independent trials succeed, by the geometric gaps between successes.

    Batagelj and Brandes (2005): the work grows with the successes, not with the trials.

    Args:
        trials: their number, at most 2^52.
        probability: of each, in [0, 1].
        rng: draws the gaps.

    Returns:
        The numbers of the trials that succeed, ascending, int64, in [0, trials).
    """
    if trials == 0 or probability <= 0.0:
        return np.empty(0, dtype=np.int64)
    parts, last = [], -1
    while last < trials:
        expected = (trials - last) * probability
        gaps = rng.geometric(probability, int(expected + 4.0 * math.sqrt(expected)) + 8)
        # A gap beyond the last trial ends the list; cut, so that their sum stays an int64.
        parts.append(last + np.cumsum(np.minimum(gaps, trials + 1)))
        last = int(parts[-1][-1])
    found = np.concatenate(parts)
    return found[found < trials]


def pairs(number: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs i < j by their place in the order (0, 1), (0, 2), (1, 2), (0, 3) and so on.

    Args:
        number: places in that order, int64, shape (n,), from 0 to 2^52.

    Returns:
        i and j, both int64, shape (n,): number = j(j - 1)/2 + i.
    """
    second = ((1.0 + np.sqrt(1.0 + 8.0 * number)) / 2.0).astype(np.int64)
    # The root is rounded: it may be one off where i is 0 or j - 1.
    second -= second * (second - 1) // 2 > number
    second += second * (second + 1) // 2 <= number
    return number - second * (second - 1) // 2, second
