"""Contagions played out with the simulation's own rules, for tests of what theory says of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from gigsim.society.joining import complex_contagion, threshold_rule
from gigsim.society.networks import Network, SparseNetwork, from_ties
from gigsim.society.sequential import Turns, neighbour_count, outcome

#: From the number of members among everybody's neighbours to who would join, both shape (N,).
Answer = Callable[[np.ndarray], np.ndarray]


def by_share(network: Network, thresholds: np.ndarray | float) -> Answer:
    """The threshold rule on neighbours, as ``society.decision`` applies it."""
    degrees = np.maximum(1, network.degrees())
    theta = np.broadcast_to(np.asarray(thresholds, dtype=float), len(degrees))
    return lambda known: threshold_rule(known / degrees, theta)


def by_count(required: int) -> Answer:
    """Complex contagion."""
    return lambda known: complex_contagion(known, required)


def settle(
    network: Network, answer: Answer, seed: np.ndarray, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Members when nothing changes any more, from a committed seed, bool, (N,).

    All at once; with a generator one after the other, in a new random order each period.
    """
    return play(network, answer, seed, rng)[1]


def play(
    network: Network, answer: Answer, seed: np.ndarray, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The share of members period by period, and who they are in the end."""
    member, path = seed, [seed.mean()]
    turns = Turns.at_once(network.size)
    for _ in range(network.size + 1):
        if rng is not None:
            turns = Turns.one_by_one(~seed, rng.random(network.size))
        after = _period(network, answer, seed, member, turns)
        if np.array_equal(after, member):
            return np.array(path), member
        member = after
        path.append(member.mean())
    raise AssertionError("it does not settle")


def _period(
    network: Network, answer: Answer, seed: np.ndarray, member: np.ndarray, turns: Turns
) -> np.ndarray:
    known = neighbour_count(network, member, turns)
    return outcome(lambda new: answer(known(new)) | seed, member, turns)


def random_seed(size: int, members: int, rng: np.random.Generator) -> np.ndarray:
    """So many random people, bool, (N,)."""
    seed = np.zeros(size, dtype=bool)
    seed[rng.choice(size, members, replace=False)] = True
    return seed


def swapped(network: SparseNetwork, rounds: int, rng: np.random.Generator) -> SparseNetwork:
    """The network after ``rounds`` of degree-preserving swaps, each tried on all ties in pairs."""
    size = network.size
    ties = network.matrix().tocoo()
    once = ties.row < ties.col
    ends = np.column_stack([ties.row, ties.col])[once].astype(np.int64)
    for _ in range(rounds):
        ends = ends[rng.permutation(len(ends))]
        flip = rng.random(len(ends)) < 0.5
        ends[flip] = ends[flip, ::-1]
        half = len(ends) // 2
        one, two = ends[:half], ends[half : 2 * half]
        new = np.stack(
            [np.column_stack([one[:, 0], two[:, 1]]), np.column_stack([two[:, 0], one[:, 1]])]
        )
        keys = new.min(axis=2) * size + new.max(axis=2)
        _, where, times = np.unique(keys, return_inverse=True, return_counts=True)
        old = ends.min(axis=1) * size + ends.max(axis=1)
        fine = (
            (times[where.reshape(keys.shape)] == 1)
            & ~np.isin(keys, old)
            & (new[..., 0] != new[..., 1])
        ).all(axis=0)
        ends[:half][fine], ends[half : 2 * half][fine] = new[0][fine], new[1][fine]
    return from_ties(size, ends[:, 0], ends[:, 1], "swapped")


def within(simulated: list[float] | np.ndarray, predicted: float) -> bool:
    """Whether a prediction lies in Student's 99.9 % interval of a mean over independent runs."""
    values = np.asarray(simulated, dtype=float)
    error = values.std(ddof=1) / np.sqrt(len(values))
    return bool(abs(values.mean() - predicted) <= stats.t.isf(0.0005, len(values) - 1) * error)
