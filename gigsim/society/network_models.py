"""Networks by the models of the literature: small worlds, hubs, lattices, random ties."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np

from gigsim.society.network_draws_pairs import pairs, successes
from gigsim.society.networks import SparseNetwork, from_table, from_ties


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
    steps = np.arange(1, degree // 2 + 1, dtype=np.int32)
    nodes = np.arange(size, dtype=np.int32)[:, None]
    return from_table((nodes + np.concatenate([-steps, steps])) % np.int32(size), "ring")


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
    ends = [
        (row + way * down) % rows * columns + (column + way * right) % columns
        for down, right in steps
        for way in (1, -1)
    ]
    return from_table(np.stack(ends, axis=1), "torus")


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
