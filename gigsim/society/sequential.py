"""Deciding one after the other, without a loop over people.

In a random sequential order everybody sees what those before him have decided this period and what
everybody else decided before. What person i sees is then a function of an unknown array ``new``
(the outcome) through the people with an earlier place than i's alone. Starting from the old state
and applying the rule to all at once (a Jacobi sweep), the first in the order is right after one
sweep, the second after two at most, and so on: the iteration ends at exactly the sequential
outcome, the only fixed point there is, after as many sweeps as the longest chain of people of whom
each sways the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gigsim.society.networks import CompleteNetwork, Network

Membership = NDArray[np.bool_]


@dataclass(frozen=True)
class Turns:
    """Who decides when.

    Attributes:
        order: int64, shape (k,): the people who decide one after the other, first to last.
        place: int64, shape (N,): each one's place in that order, from 0; N for everybody else, whom
            nobody sees change.
    """

    order: NDArray[np.int64]
    place: NDArray[np.int64]

    @classmethod
    def at_once(cls, size: int) -> Turns:
        """Nobody comes before anybody: all see the state that was."""
        return cls(np.empty(0, dtype=np.int64), np.full(size, size, dtype=np.int64))

    @classmethod
    def one_by_one(cls, deciding: Membership, uniforms: NDArray[np.float64]) -> Turns:
        """Those who are deciding (bool, shape (N,)), by rank of their uniforms.

        With independent uniforms every order of the people deciding is equally likely, whoever else
        there is: the law of Mesa's ``shuffle_do``.
        """
        people = np.flatnonzero(deciding)
        order = people[np.argsort(uniforms[people], kind="stable")]
        place = np.full(len(deciding), len(deciding), dtype=np.int64)
        place[order] = np.arange(len(order))
        return cls(order, place)


#: From the outcome (bool, shape (N,)) to what each person sees at his turn.
View = Callable[[Membership], NDArray[np.int64]]


def headcount(old: Membership, turns: Turns) -> View:
    """How many members the population has when it is one's turn, oneself included; int64, (N,)."""
    before = int(old.sum())
    return lambda new: before + _changes_before(old, new, turns)


def neighbour_count(network: Network, old: Membership, turns: Turns) -> View:
    """How many of one's neighbours are members when it is one's turn; int64, shape (N,)."""
    before = network.count(old)
    if not len(turns.order):
        return lambda new: before
    if isinstance(network, CompleteNetwork):
        return lambda new: before + _changes_before(old, new, turns)
    earlier = _earlier_ties(network, turns)

    def seen(new: Membership) -> NDArray[np.int64]:
        count = before.copy()
        count[turns.order] += earlier @ (new.astype(np.int32) - old)
        return count

    return seen


def one_person(
    picked: NDArray[np.int64], old: Membership, turns: Turns
) -> Callable[[Membership], Membership]:
    """Is the person ``picked`` (int64, shape (N,)) a member when it is one's turn? bool, (N,)."""
    decided, was = turns.place[picked] < turns.place, old[picked]
    return lambda new: np.where(decided, new[picked], was)


def outcome(sweep: Callable[[Membership], Membership], old: Membership, turns: Turns) -> Membership:
    """The membership that reproduces itself: what deciding in this order leads to.

    Args:
        sweep: everybody's membership if all see the outcome given, each through his view.
        old: membership before anybody decides, bool, shape (N,).
        turns: the order.

    Raises:
        RuntimeError: it takes more sweeps than people decide: what one sees depends on somebody who
            comes later.
    """
    if not len(turns.order):
        return sweep(old)
    new = old
    # Each sweep puts at least one more person right; the last one only finds that all are.
    for _ in range(len(turns.order) + 1):
        after = sweep(new)
        if np.array_equal(after, new):
            return new
        new = after
    raise RuntimeError(f"no outcome after {len(turns.order) + 1} sweeps: somebody looks ahead")


def _changes_before(old: Membership, new: Membership, turns: Turns) -> NDArray[np.int64]:
    """Joins less leaves among those who come before one in the order, int64, shape (N,)."""
    change = new[turns.order].astype(np.int64) - old[turns.order]
    count = np.zeros(len(old), dtype=np.int64)
    count[turns.order] = np.cumsum(change) - change
    return count


def _earlier_ties(network: Network, turns: Turns) -> sparse.csr_array:
    """Ties from each person deciding, in order, to those who decide before him: 0/1, (k, N)."""
    ties = network.matrix()[turns.order]
    earlier = turns.place[ties.indices] < np.repeat(turns.place[turns.order], np.diff(ties.indptr))
    starts = np.concatenate([[0], np.cumsum(earlier)])[ties.indptr]
    ones = np.ones(int(starts[-1]), dtype=np.int32)
    return sparse.csr_array((ones, ties.indices[earlier], starts), shape=ties.shape)
