"""Morris (2000), *Contagion*: which share of neighbours is low enough to spread through a network.

Everybody's best response is to join iff at least a share q of his neighbours has. What a seed
reaches depends on q in steps, all of which are computed here, exactly: shares m/k of whole numbers
are compared as the correctly rounded quotients that the simulated rule compares. What stops a
contagion are cohesive groups, whose members have most of their neighbours inside.

Networks are symmetric sparse matrices of ones with an empty diagonal (``Network.matrix()``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.theory.gaps import Floats

#: A scipy CSR array, shape (N, N); only its structure is looked at.
Ties = Any
Group = NDArray[np.bool_]


def moore_threshold(dimensions: int, radius: int = 1) -> float:
    """Contagion threshold of the grid where one knows all within ``radius`` steps either way.

    n(2n + 1)^(d−1)/((2n + 1)^d − 1): a flat front has half of the neighbours off its own layer.
    Morris (2000), example of n-max distance: 1/2 on the line, 3/8 for the eight of the plane.

    Args:
        dimensions: d ≥ 1.
        radius: n ≥ 1.

    Example:
        >>> moore_threshold(1), moore_threshold(2), moore_threshold(1, radius=5)
        (0.5, 0.375, 0.5)
    """
    if dimensions < 1 or radius < 1:
        raise ValueError(f"need at least 1 dimension and radius 1, got {dimensions}, {radius}")
    side = 2 * radius + 1
    return radius * side ** (dimensions - 1) / (side**dimensions - 1)


def von_neumann_threshold(dimensions: int) -> float:
    """Contagion threshold of the d-dimensional grid with 2d neighbours: 1/(2d). Morris (2000).

    Example:
        >>> von_neumann_threshold(1), von_neumann_threshold(2)
        (0.5, 0.25)
    """
    if dimensions < 1:
        raise ValueError(f"need at least 1 dimension, got {dimensions}")
    return 1.0 / (2 * dimensions)


def tree_threshold(degree: int) -> float:
    """Contagion threshold of the tree where everybody has ``degree`` ≥ 2 neighbours: 1/degree.

    Morris (2000); also that of large random regular graphs, which look like it.

    Example:
        >>> tree_threshold(4)
        0.25
    """
    if degree < 2:
        raise ValueError(f"degree must be at least 2, got {degree}")
    return 1.0 / degree


@dataclass(frozen=True)
class Reach:
    """What a seed reaches at every q.

    Attributes:
        share: q, float64, shape (L,), falling: the levels at which more people are reached.
        members: int64, shape (L,), rising: people reached, seed included, for every q at most this
            level and above the next. Above ``share[0]`` the seed stays alone.
        order: int64, shape (N,): the position in ``share`` of the level at which each person is
            reached; −1 for the seed.
    """

    share: Floats
    members: NDArray[np.int64]
    order: NDArray[np.int64]

    @property
    def threshold(self) -> float:
        """The largest q at which everybody is reached: 1 if the seed is everybody."""
        return float(self.share[-1]) if len(self.share) else 1.0

    def at(self, q: float) -> int:
        """People reached at the threshold q, seed included."""
        levels = int(np.searchsorted(-self.share, -q, side="right"))
        return int(self.members[levels - 1]) if levels else int((self.order < 0).sum())


def reach_of(ties: Ties, seed: ArrayLike) -> Reach:
    """What a seed of committed members reaches at every threshold q at once.

    The largest share of members among anybody's neighbours is the next level; whoever has it joins
    and with him all whom this brings to it. Joining only raises others' shares, so the order does
    not matter, and what is reached at q is what has joined before the level falls below q. The work
    is that of one pass over the ties, and one over the people a level.

    Args:
        ties: the network, shape (N, N).
        seed: bool, shape (N,), somebody.

    Raises:
        ValueError: a seed of nobody, or of another size.

    Example:
        >>> from scipy import sparse
        >>> path = sparse.csr_array([[0, 1, 0, 0], [1, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]])
        >>> found = reach_of(path, [True, False, False, False])
        >>> found.share.round(3).tolist(), found.members.tolist()
        ([0.333], [4])
    """
    member = _group("seed", ties, seed).copy()
    degrees = np.maximum(np.diff(ties.indptr), 1)
    order = np.where(member, -1, 0).astype(np.int64)
    known = np.zeros(len(member), dtype=np.int64)
    _tell(ties, np.flatnonzero(member), known)
    levels: list[float] = []
    sizes: list[int] = []
    size = int(member.sum())
    while size < len(member):
        outside = np.flatnonzero(~member)
        shares = known[outside] / degrees[outside]
        level = float(shares.max())
        new = outside[shares >= level]
        while len(new):
            member[new] = True
            order[new] = len(levels)
            size += len(new)
            told = _tell(ties, new, known)
            new = told[~member[told] & (known[told] / degrees[told] >= level)]
        levels.append(level)
        sizes.append(size)
    return Reach(np.array(levels), np.array(sizes, dtype=np.int64), order)


def reached(ties: Ties, seed: ArrayLike, q: float) -> Group:
    """Whom a seed of committed members reaches where everybody's threshold is q, bool, shape (N,).

    Args:
        ties: the network, shape (N, N).
        seed: bool, shape (N,), somebody.
        q: share of neighbours at which one joins.
    """
    found = reach_of(ties, seed)
    return found.order < int(np.searchsorted(-found.share, -q, side="right"))


def contagion_threshold(ties: Ties, seed: ArrayLike) -> float:
    """The largest q at which a seed reaches everybody, exactly as the simulated rule compares.

    Args:
        ties: the network, shape (N, N).
        seed: bool, shape (N,), somebody.

    Returns:
        In [0, 1]; 0 where somebody is not reached at any positive share.
    """
    return reach_of(ties, seed).threshold


def cohesion(ties: Ties, group: ArrayLike) -> float:
    """The least share of neighbours inside that a member of a group has: it is p-cohesive up to it.

    Morris (2000). A group all of whose members have more than 1 − q inside cannot be entered by a
    contagion of threshold q.

    Args:
        ties: the network, shape (N, N).
        group: bool, shape (N,), somebody. Who knows nobody counts as 0.

    Example:
        >>> from scipy import sparse
        >>> path = sparse.csr_array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
        >>> cohesion(path, [True, True, False])
        0.5
    """
    inside = _group("group", ties, group)
    known = np.zeros(len(inside), dtype=np.int64)
    people = np.flatnonzero(inside)
    _tell(ties, people, known)
    return float((known[people] / np.maximum(np.diff(ties.indptr)[people], 1)).min())


def cohesive_core(ties: Ties, group: ArrayLike, q: float) -> Group:
    """The largest part of a group that a contagion of threshold q from outside it cannot enter.

    Morris (2000), Proposition 1: its members have less than q of their neighbours outside it, that
    is more than 1 − q inside. Found by peeling off whoever has not, the mirror image of spreading.

    Args:
        ties: the network, shape (N, N).
        group: bool, shape (N,), somebody.
        q: share of neighbours at which one joins.

    Returns:
        bool, shape (N,), possibly empty.
    """
    inside = _group("group", ties, group).copy()
    known = np.zeros(len(inside), dtype=np.int64)
    degrees = np.maximum(np.diff(ties.indptr), 1)
    leaving = np.flatnonzero(~inside)
    while True:
        told = _tell(ties, leaving, known)
        told = np.flatnonzero(inside) if q <= 0.0 else told
        leaving = told[inside[told] & (known[told] / degrees[told] >= q)]
        if not len(leaving):
            return inside
        inside[leaving] = False


def _tell(ties: Ties, people: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count these people among their neighbours' members, in place; returns those neighbours."""
    starts, lengths = ties.indptr[people], ties.indptr[people + 1] - ties.indptr[people]
    firsts = np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    ends = ties.indices[firsts + np.arange(len(firsts))]
    told, times = np.unique(ends, return_counts=True)
    known[told] += times
    return told


def _group(name: str, ties: Ties, chosen: ArrayLike) -> Group:
    """A set of people as a mask of the network's size."""
    mask = np.asarray(chosen)
    if mask.dtype != np.bool_ or mask.shape != (ties.shape[0],):
        raise ValueError(f"{name} is one bool a person, shape ({ties.shape[0]},)")
    if not mask.any():
        raise ValueError(f"{name} is nobody")
    return mask
