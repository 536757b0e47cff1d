"""Contagions played out by the simulation's own rules on a network alone, for known answers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigsim.society.networks import SparseNetwork, from_ties
from gigsim.society.sequential import Membership, Round, Rule, Turns, by_neighbours


class Spread(NamedTuple):
    """Where a contagion ended.

    Attributes:
        member: bool, shape (N,).
        rounds: in which somebody joined.
    """

    member: Membership
    rounds: int

    @property
    def share(self) -> float:
        """Of the people."""
        return float(self.member.mean())


def share_rule(network: SparseNetwork, threshold: float) -> Rule:
    """Watts: everybody joins iff at least this share of the neighbours has."""
    return Rule.of_share(np.full(network.size, threshold))


def spread(
    network: SparseNetwork, rule: Rule, seed: Membership, rng: np.random.Generator | None = None
) -> Spread:
    """Members when nobody joins any more.

    Args:
        network: who knows whom, N people.
        rule: whom it takes.
        seed: who never leaves, bool, shape (N,).
        rng: people decide one after the other, in an order drawn anew each round; None: at once.
    """
    member, others = seed, ~seed
    for rounds in range(network.size + 1):
        turns = Turns.at_once(network.size)
        if rng is not None:
            turns = Turns.one_by_one(others, rng.random(network.size))
        after = by_neighbours(network, rule, Round(member, others, seed, turns))
        if np.array_equal(after, member):
            return Spread(member, rounds)
        member = after
    raise RuntimeError("a contagion of people who never leave must end")


def first_people(size: int, number: int) -> Membership:
    """A row of people, bool, shape (N,)."""
    return np.arange(size) < number


def random_people(size: int, number: int, rng: np.random.Generator) -> Membership:
    """So many random people, bool, shape (N,)."""
    seed = np.zeros(size, dtype=np.bool_)
    seed[rng.choice(size, number, replace=False)] = True
    return seed


def neighbourhood(network: SparseNetwork, person: int) -> Membership:
    """A person and those he knows, bool, shape (N,)."""
    seed = np.arange(network.size) == person
    return seed | (network.count(seed) > 0)


def block(rows: int, columns: int, width: int) -> Membership:
    """A solid square on a torus, bool, shape (N,)."""
    seed = np.zeros((rows, columns), dtype=np.bool_)
    seed[:width, :width] = True
    return seed.ravel()


def swapped(network: SparseNetwork, rounds: int, rng: np.random.Generator) -> SparseNetwork:
    """The network with its ties rewired so that everybody knows as many as before.

    In a round all ties are paired at random and each pair, a-b and c-d, becomes a-d and c-b, unless
    that makes a loop or a tie that is there or that another pair makes too (Maslov and Sneppen
    2002). After some rounds it is a random network with these degrees.

    Args:
        network: N people.
        rounds: their number; eight leave of a lattice nothing that can be seen.
        rng: draws the pairs.
    """
    size = network.size
    first = np.repeat(np.arange(size), network.degrees())
    once = first < network.indices
    ends = np.column_stack([first, network.indices])[once].astype(np.int64)
    for _ in range(rounds):
        ends = ends[rng.permutation(len(ends))]
        flip = rng.random(len(ends)) < 0.5
        ends[flip] = ends[flip, ::-1]
        half = len(ends) // 2
        one, two = ends[:half], ends[half : 2 * half]
        new = np.stack(
            [np.column_stack([one[:, 0], two[:, 1]]), np.column_stack([two[:, 0], one[:, 1]])]
        )
        keys = _keys(new, size)
        _, where, times = np.unique(keys, return_inverse=True, return_counts=True)
        fine = (
            (times[where.reshape(keys.shape)] == 1)
            & ~np.isin(keys, _keys(ends, size))
            & (new[..., 0] != new[..., 1])
        ).all(axis=0)
        ends[:half][fine], ends[half : 2 * half][fine] = new[0][fine], new[1][fine]
    return from_ties(size, ends[:, 0], ends[:, 1], "swapped")


def _keys(ends: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """One number a tie, whichever way round it is written."""
    return ends.min(axis=-1) * size + ends.max(axis=-1)
