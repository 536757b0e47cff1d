"""Networks in which people know mostly those of their own block (the stochastic block model)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from gigsim.errors import InputError
from gigsim.society.network_draws_pairs import pairs, successes
from gigsim.society.networks import SparseNetwork, from_ties

#: A block this near to needing everybody else's ties is treated as needing them all: the degrees'
#: error is of this relative size, and the scaling would run off to infinity.
_NEARLY_ALL = 1e-9


def blocks(groups: NDArray[np.int64], degree: float, within: float, seed: int) -> SparseNetwork:
    """Holland, Laskey and Leinhardt (1983): ties independent, their probability by the two blocks.

    The probabilities are those of :func:`tie_ends`, spread evenly over the pairs of two blocks:
    everybody's expected degree is ``degree`` whatever the size of his block, and degrees are sums
    of few binomials, Poisson for large N.

    Args:
        groups: the block of each node, int64, shape (N,).
        degree: mean number of neighbours, in (0, N - 1].
        within: share of one's expected ties that lie in one's own block, in [0, 1].
        seed: of the network's own stream.

    Raises:
        InputError: more ties are asked of two blocks than they have pairs.
    """
    _, block, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    ends = tie_ends(sizes, degree, within)
    possible = np.outer(sizes, sizes) - np.diag(sizes)
    probability = np.divide(ends, possible, out=np.zeros_like(ends), where=possible > 0)
    if (ends - possible > _NEARLY_ALL * ends.sum()).any():
        raise InputError(
            "network.degree",
            f"{degree:g} with network.within = {within:g} asks more ties of two skill blocks"
            f" (of {sizes.min()} to {sizes.max()} people) than they have pairs",
            "a lower network.degree or a larger population.size",
        )
    rng = np.random.default_rng(seed)
    members = np.split(np.argsort(block, kind="stable"), np.cumsum(sizes)[:-1])
    first, second = [], []
    for b, own in enumerate(members):
        for c in range(b, len(members)):
            chance = min(float(probability[b, c]), 1.0)
            if c == b:
                i, j = pairs(successes(len(own) * (len(own) - 1) // 2, chance, rng))
            else:
                i, j = np.divmod(successes(len(own) * sizes[c], chance, rng), sizes[c])
            first.append(own[i])
            second.append(members[c][j])
    return from_ties(len(groups), np.concatenate(first), np.concatenate(second), "blocks")


def tie_ends(sizes: NDArray[np.int64], degree: float, within: float) -> NDArray[np.float64]:
    """Expected ties that the people of each block have to each block.

    Everybody has ``degree`` in all: within * degree of them in his own block, the rest outside.
    Exceptions keep that total where it cannot be split so. A block of n people has at most n - 1
    ties a person inside; the rest goes outside. Where one block would need more ties outside than
    all others together have to give (it holds more than half of the people), it takes all of
    theirs and makes up the rest inside; and should it be too small for that, the others give up
    as many of their inner ties, each block the same share of them.

    Outside, block b's ties fall on the others in proportion to weights y_b: y_b * y_c ties
    between b and c. The weights solve y_b * sum over c != b of y_c = (what b needs): symmetric
    matrix scaling, the mixing of maximal entropy with these margins (Sinkhorn and Knopp 1967).

    Args:
        sizes: people in each block, shape (B,), positive.
        degree: expected ties of a person, in (0, N - 1].
        within: share of them inside the block, in [0, 1].

    Returns:
        float64, shape (B, B), symmetric: ends of ties of block b's people (row) at block c's; a
        row sums to sizes * degree, an inner tie counts twice. May exceed the number of pairs.
    """
    inside = np.minimum(within * degree, sizes - 1.0)
    needs = sizes * (degree - inside)
    largest = int(np.argmax(needs))
    rest = float(needs.sum() - needs[largest])
    if needs[largest] * (1.0 + _NEARLY_ALL) >= rest:
        _serve(largest, rest, sizes, degree, inside)
        ends = np.zeros((len(sizes), len(sizes)))
        ends[largest] = ends[:, largest] = sizes * (degree - inside)
    else:
        weights = _weights(needs)
        ends = np.outer(weights, weights)
    np.fill_diagonal(ends, sizes * inside)
    return ends


def _serve(
    largest: int, rest: float, sizes: NDArray[np.int64], degree: float, inside: NDArray[np.float64]
) -> None:
    """Change ``inside`` so that one block's needs outside are all that the others have to give."""
    own = degree - rest / sizes[largest]
    # At exactly half of the people this is zero up to rounding.
    inside[largest] = min(max(own, 0.0), sizes[largest] - 1.0)
    others = np.arange(len(sizes)) != largest
    kept = float((sizes * inside)[others].sum())
    missing = float(sizes[largest]) * (own - inside[largest])
    if kept > 0.0 and missing > 0.0:
        inside[others] *= 1.0 - min(missing / kept, 1.0)


def _weights(needs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve y_b (T - y_b) = needs_b, T the sum of y; the largest need is below the others' sum.

    Each y_b is a root of a quadratic in T, so T is the only unknown. All take the smaller root
    but, where the largest need is nearly everybody's, that one block, which takes the larger.
    """
    scale = float(needs.max())
    relative = needs / scale
    largest = int(np.argmax(relative))

    def smaller(total: float) -> NDArray[np.float64]:
        return 2.0 * relative / (total + np.sqrt(np.maximum(total * total - 4.0 * relative, 0.0)))

    def excess(total: float) -> float:
        return float(smaller(total).sum()) - total

    def lack(total: float) -> float:
        small = smaller(total)
        return 2.0 * float(small[largest]) - float(small.sum())

    # At T = 2 the largest need's two roots meet.
    ordinary = excess(2.0) >= 0.0
    difference = excess if ordinary else lack
    upper = 4.0
    while difference(upper) > 0.0:
        upper *= 2.0
    total = float(brentq(difference, 2.0, upper, xtol=1e-14))
    solution = smaller(total)
    if not ordinary:
        solution[largest] = total - solution[largest]
    return solution * math.sqrt(scale)
