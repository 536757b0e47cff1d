"""Deciding one after the other, without a loop over people in Python.

In a random sequential order everybody sees what those before him have decided this period and what
everybody else decided before. Compiled code (:mod:`gigsim.society.kernels`) goes through the order
and does just that. Where there is none, or not enough people to be worth it, all decide at once
again and again: what person i sees is a function of an unknown array ``new`` (the outcome) through
the people with an earlier place than i's alone. Starting from the old state and applying the rule
to all at once (a Jacobi sweep), the first in the order is right after one sweep, the second after
two at most, and so on: the iteration ends at exactly the sequential outcome, the only fixed point
there is, after as many sweeps as the longest chain of people of whom each sways the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gigsim.society.joining import complex_contagion, threshold_rule
from gigsim.society.kernels import MANY, Kernels, compiled, unsigned
from gigsim.society.networks import CompleteNetwork, Network, SparseNetwork, as_bytes

Membership = NDArray[np.bool_]

#: People who decide, from which on compiled code is asked for: a sweep reads about ten numbers
#: of each.
_MANY_PEOPLE = MANY // 10


@dataclass(frozen=True)
class Turns:
    """Who decides when.

    Attributes:
        order: int64, shape (k,): the people who decide one after the other, first to last.
        size: N, how many people there are.
    """

    order: NDArray[np.int64]
    size: int

    @cached_property
    def place(self) -> NDArray[np.int64]:
        """Each one's place in the order, from 0, int64, shape (N,).

        N for everybody else, whom nobody sees change.
        """
        place = np.full(self.size, self.size, dtype=np.int64)
        place[self.order] = np.arange(len(self.order))
        return place

    @classmethod
    def at_once(cls, size: int) -> Turns:
        """Nobody comes before anybody: all see the state that was."""
        return cls(np.empty(0, dtype=np.int64), size)

    @classmethod
    def one_by_one(cls, deciding: Membership, uniforms: NDArray[np.float64]) -> Turns:
        """Those who are deciding (bool, shape (N,)), by rank of their uniforms.

        With independent uniforms every order of the people deciding is equally likely, whoever else
        there is: the law of Mesa's ``shuffle_do``. Of equal ones the lower number comes first.
        """
        size = len(deciding)
        people = np.flatnonzero(deciding)
        return cls(_by_luck(people, uniforms, max(size - 1, 0).bit_length()), size)


def _by_luck(
    people: NDArray[np.int64], uniforms: NDArray[np.float64], bits: int
) -> NDArray[np.int64]:
    """People (ascending, below 2^bits) by their uniforms, in [0, 1), equal ones by number."""
    if len(people) >= _MANY_PEOPLE and (loops := compiled()) is not None:
        order, sorted_luck = np.empty_like(people), np.empty(len(people))
        ends = np.zeros(1 << (len(people) // 2).bit_length(), dtype=np.uint32)
        if loops.by_luck(unsigned(people), uniforms, ends, sorted_luck, order):
            return order
    return _sorted_by_luck(people, uniforms, bits)


def _sorted_by_luck(
    people: NDArray[np.int64], uniforms: NDArray[np.float64], bits: int
) -> NDArray[np.int64]:
    """The same by NumPy's sort.

    Sorting numbers takes a third of the time of sorting places: as many bits of a uniform as there
    is room for and the person's number are one number. The few who are equal in those bits are put
    in order afterwards.
    """
    luck = uniforms if len(people) == len(uniforms) else uniforms[people]
    keys = (luck * 2.0**53).astype(np.uint64)
    keys >>= np.uint64(max(0, bits - 11))
    keys <<= np.uint64(bits)
    keys |= people.view(np.uint64)
    keys.sort()
    order = (keys & np.uint64((1 << bits) - 1)).view(np.int64)
    keys >>= np.uint64(bits)
    equal = np.flatnonzero(keys[1:] == keys[:-1])
    if len(equal):
        places = np.union1d(equal, equal + 1)
        tied = order[places]
        order[places] = tied[np.lexsort((tied, uniforms[tied]))]
    return order


@dataclass(frozen=True)
class Round:
    """One round of decisions.

    Attributes:
        old: who is a member before, bool, shape (N,).
        deciding: who decides, bool, shape (N,); everybody else stays what he was.
        stays: who is a member afterwards whatever he decides, bool, shape (N,).
        turns: the order of those who decide, or that they do at once.
    """

    old: Membership
    deciding: Membership
    stays: Membership
    turns: Turns

    def settle(self, answer: Callable[[Membership], Membership]) -> Membership:
        """Who is a member afterwards, if ``answer`` says who would be one as all see an outcome."""

        def sweep(new: Membership) -> Membership:
            return np.where(self.deciding, answer(new), self.old) | self.stays

        return outcome(sweep, self.old, self.turns)

    def walk(
        self, loop: Callable[..., None], *before: object, after: tuple[object, ...]
    ) -> Membership:
        """The same by a compiled loop over the order, which changes a copy of the old state."""
        state = as_bytes(self.old).copy()
        loop(unsigned(self.turns.order), *before, as_bytes(self.stays), *after, state)
        return state.view(bool) | self.stays

    def loops(self) -> Kernels | None:
        """Compiled code, where it is installed and enough people decide in turn."""
        return compiled() if len(self.turns.order) >= _MANY_PEOPLE else None


@dataclass(frozen=True)
class Rule:
    """Be a member iff enough of those one looks at are: so many, or such a share of them.

    Attributes:
        required: how many, at least 1; -1 where the share counts.
        shares: float64, shape (N,): each one's least share, in any range; empty where the number
            counts.
    """

    required: int
    shares: NDArray[np.float64]

    @classmethod
    def of_number(cls, required: int) -> Rule:
        """So many of them (:func:`gigsim.society.joining.complex_contagion`)."""
        return cls(required, np.empty(0))

    @classmethod
    def of_share(cls, shares: NDArray[np.float64]) -> Rule:
        """Such a share of them (:func:`gigsim.society.joining.threshold_rule`)."""
        return cls(-1, np.ascontiguousarray(shares, dtype=np.float64))

    def answer(self, seen: NDArray[np.int64], looked_at: NDArray[np.int64] | int) -> Membership:
        """Who would be a member, if ``seen`` of the people whom one looks at are, bool, (N,).

        Who looks at nobody sees a share of 0.
        """
        if self.required >= 0:
            return complex_contagion(seen, self.required)
        return threshold_rule(seen / np.maximum(1, looked_at), self.shares)


def by_neighbours(network: Network, rule: Rule, this: Round) -> Membership:
    """The outcome of a round in which people look at those whom they know, bool, (N,)."""
    if isinstance(network, SparseNetwork):
        loops = network.loops()
        if loops is not None and not len(this.turns.order):
            out = np.empty(network.size, dtype=np.uint8)
            people = (as_bytes(column) for column in (this.old, this.deciding, this.stays))
            loops.at_once(*network.unsigned_rows(), *people, rule.required, rule.shares, out)
            return out.view(bool)
        if loops is not None:
            ties = network.unsigned_rows()
            return this.walk(loops.in_turn, *ties, after=(rule.required, rule.shares))
        if not len(this.turns.order):
            asked, seen = np.flatnonzero(this.deciding), np.zeros(network.size, dtype=np.int64)
            seen[asked] = network.count_among(asked, this.old)
            return this.settle(lambda _: rule.answer(seen, network.degrees()))
    elif (loops := this.loops()) is not None:
        return _by_heads(loops, rule, this, but_oneself=1)
    known, degrees = neighbour_count(network, this.old, this.turns), network.degrees()
    return this.settle(lambda new: rule.answer(known(new), degrees))


def by_everybody(rule: Rule, this: Round) -> Membership:
    """The outcome of a round in which people look at the whole population, bool, (N,)."""
    if (loops := this.loops()) is not None:
        return _by_heads(loops, rule, this, but_oneself=0)
    members, size = headcount(this.old, this.turns), this.turns.size
    return this.settle(lambda new: rule.answer(members(new), size))


def by_one_person(picked: NDArray[np.int64], copies: Membership, this: Round) -> Membership:
    """The outcome of a round in which people copy one another, bool, (N,).

    Args:
        picked: whom each one looks at, int64, shape (N,).
        copies: who becomes what that person is at his turn, bool, shape (N,); the others change
            nothing.
        this: the round.
    """
    if (loops := this.loops()) is not None:
        before = (unsigned(picked), as_bytes(copies))
        return this.walk(loops.copies_in_turn, *before, after=())
    sees = one_person(picked, this.old, this.turns)
    return this.settle(lambda new: np.where(copies, sees(new), this.old))


def _by_heads(loops: Kernels, rule: Rule, this: Round, *, but_oneself: int) -> Membership:
    before = (int(this.old.sum()), but_oneself)
    return this.walk(loops.heads_in_turn, *before, after=(rule.required, rule.shares))


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
        return before + earlier @ (new.astype(np.int32) - old)

    return seen


def one_person(
    picked: NDArray[np.int64], old: Membership, turns: Turns
) -> Callable[[Membership], Membership]:
    """Is the person ``picked`` (int64, shape (N,)) a member when it is one's turn? bool, (N,)."""
    was = old[picked]
    if not len(turns.order):
        return lambda new: was
    decided = turns.place[picked] < turns.place
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
    """Ties from each person deciding to those who decide before him: 0/1, shape (N, N)."""
    ties = network.matrix()
    place = turns.place.astype(np.int32)
    own = np.where(place < turns.size, place, np.int32(-1))
    earlier = place[ties.indices] < np.repeat(own, np.diff(ties.indptr))
    before = np.zeros(len(earlier) + 1, dtype=ties.indptr.dtype)
    np.cumsum(earlier, out=before[1:])
    starts = before[ties.indptr]
    ones = np.ones(int(starts[-1]), dtype=np.int32)
    return sparse.csr_array((ones, ties.indices[earlier], starts), shape=ties.shape)
