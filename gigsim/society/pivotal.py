"""The pure public good: join for the difference that one's own joining makes, and for nothing else.

Everybody has the gain, members or not, so that nobody joins for it (Olson 1965). What is left is
what one more member adds: b·[G((m + 1)/N) - G(m/N)], m being the *others* who are in. A member asks
himself what would be lost without him, an outsider what he would bring; both count the same m
others, so that of n members one of them sees n - 1 and everybody else n.

With a provision point nothing is provided below it, so that whoever completes it brings all of it
about (Palfrey and Rosenthal 1984: one contributes iff one is pivotal). With a refund a pledge that
does not complete it costs nothing, and people give it.

The answer hangs on the number of members at one's turn, and where people are alike on its last
unit. Deciding one after the other is a compiled loop where numba is installed. Without it a stretch
of the order is guessed as a whole, first that nobody changes anything and then what each would
answer if that were so; the answers are right up to the first that differs from its guess, since all
that it hangs on came before it. So much is kept, and the next stretch begins there. Where many
change the second guess carries far, where hardly anybody does the first.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.society.kernels import Kernel
from gigsim.society.sequential import Membership, Round

#: G as a function of α, elementwise over shares in [0, 1].
GainOf = Callable[[ArrayLike], NDArray[np.float64]]

#: People in the shortest stretch that is guessed: NumPy is as fast on one as on so many.
_STRETCH = 64
#: How often a stretch is guessed anew before a shorter one is taken.
_GUESSES = 4


@dataclass(frozen=True)
class PublicGood:
    """What a collective of any size achieves for everybody.

    Attributes:
        gain: G(α).
        point: share of the population, in [0, 1], under which nothing is provided; 0: none.
        refund: does nobody pay as long as it is not reached?
    """

    gain: GainOf
    point: float = 0.0
    refund: bool = True

    def added(self, first: int, last: int, size: int) -> NDArray[np.float64]:
        """G((m + 1)/N) - G(m/N) for m = first, ..., last.

        Args:
            first: at least 0.
            last: at most N - 1.
            size: N.

        Returns:
            float64, shape (last - first + 1,), any sign (a measured curve may fall); inf where one
            more would not pay, since the point would not be reached with him either.
        """
        shares = np.arange(first, last + 2) / size
        provided = shares >= self.point
        step = np.diff(np.where(provided, self.gain(shares), 0.0))
        return np.where(provided[1:], step, np.inf) if self.refund else step


def by_difference_made(
    good: PublicGood, price: NDArray[np.float64], this: Round, *, scale: float
) -> Membership:
    """The outcome of a round in which everybody weighs what he himself adds, bool, (N,).

    Be a member iff scale·[G((m + 1)/N) - G(m/N)] >= price, with m the number of others who are
    members: before the period where all decide at once, at one's turn where one after the other
    does. Known answer: on the bound of Theorem 1 with identical costs people stop at the share
    sqrt(bκ/(cN)) (``theory.public_good_share``).

    Args:
        good: G; asked for the numbers of members that this round can come to and for no others.
        price: c_i, money in the unit of ``scale``, shape (N,).
        this: the round.
        scale: b, or b times the horizon over which a cost that is paid once is weighed.
    """
    size, members, deciding = this.turns.size, int(this.old.sum()), len(this.turns.order)
    first = max(0, members - 1 - deciding)
    last = min(size - 1, members + deciding)
    worth = scale * good.added(first, last, size)
    if not deciding:
        inside, outside = worth[max(0, members - 1) - first], worth[min(members, last) - first]
        return this.settle(lambda old: np.where(old, inside, outside) >= price)
    if this.loops() is not None and (loop := _compiled()) is not None:
        return this.walk(loop, members, after=(worth, first, price))
    return _guessed(this, members, worth, first, price)


def difference_in_turn(
    order: Any, members: int, stays: Any, worth: Any, first: int, price: Any, state: Any
) -> None:
    """Those in ``order`` decide one after the other, and change ``state`` (bytes).

    Plain Python for numba, which nobody else runs but tests (:mod:`gigsim.society.kernels`).

    Args:
        order: people, first to last.
        members: how many are in when the first decides.
        stays: who is a member whatever he decides, bytes, shape (N,).
        worth: what one adds to ``first``, ``first`` + 1, ... others.
        first: see ``worth``.
        price: c_i, shape (N,).
        state: who is a member, bytes, shape (N,).
    """
    for k in range(len(order)):
        i = order[k]
        was = int(state[i])
        after = 1 if worth[members - was - first] >= price[i] or stays[i] else 0
        members += after - was
        state[i] = after


@functools.cache
def _compiled() -> Kernel | None:
    """The loop, compiled at its first call and kept on disk; None without numba."""
    try:
        from gigsim.learners.logistic.kernels import compile_kernel
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        return None
    loop: Kernel = compile_kernel(difference_in_turn)
    return loop


def _guessed(
    this: Round, members: int, worth: NDArray[np.float64], first: int, price: NDArray[np.float64]
) -> Membership:
    """What :func:`difference_in_turn` leads to, stretch by stretch, bool, shape (N,)."""
    order = this.turns.order
    was, asks, stays = this.old[order], price[order], this.stays[order]
    after = np.empty(len(order), dtype=bool)
    start, length = 0, _STRETCH
    while start < len(order):
        part = slice(start, start + length)
        right = _longest(was[part], asks[part], stays[part], worth, members - first)
        stop = start + len(right)
        after[start:stop] = right
        members += int(right.sum()) - int(was[start:stop].sum())
        length = max(_STRETCH, 2 * len(right))
        start = stop
    new = this.old.copy()
    new[order] = after
    return new | this.stays


def _longest(
    was: Membership,
    asks: NDArray[np.float64],
    stays: Membership,
    worth: NDArray[np.float64],
    ahead: int,
) -> Membership:
    """The right answers of as many people of a stretch as a few guesses tell, at least one.

    Args:
        was: who of them is a member, bool, shape (k,), in the order in which they decide.
        asks: their costs, shape (k,).
        stays: who of them is one afterwards in any case, bool, shape (k,).
        worth: what one more adds, by the number of others.
        ahead: members when the first of them decides, as a place in ``worth``.
    """
    guess, best = was, was[:0]
    for _ in range(_GUESSES):
        change = guess.astype(np.int64) - was
        seen = ahead + np.cumsum(change) - change - was
        answer = (worth[seen] >= asks) | stays
        other = answer != guess
        at = int(other.argmax())
        right = at + 1 if other[at] else len(guess)
        if right > len(best):
            best = answer[:right]
        if right == len(guess):
            break
        guess = answer
    return best
