"""Centola and Macy (2007), *Complex contagions and the weakness of long ties*.

Who needs to hear it from ``required`` = a distinct people is reached over wide bridges only. On the
ring lattice, where everybody knows the z/2 next on either side, each bridge is z(z + 2)/8 ties wide
and a contagion needs a(a + 1)/2: it spreads iff a ≤ z/2. Replacing ties by long ones makes a simple
contagion (a = 1) faster and takes the bridges of a complex one away.
"""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr, bdtrc

from gigsim.theory.contagion.morris import Ties
from gigsim.theory.gaps import Floats, unit_interval

# Neighbours on one side at most in `front_reach`: a second at this, eight times that at one more.
_LARGEST_SIDE = 10


def lattice_bridge_width(degree: int) -> int:
    """W = z(z + 2)/8: ties that lead over any place of the ring lattice.

    Args:
        degree: z, even, at least 2.

    Example:
        >>> [lattice_bridge_width(z) for z in (2, 4, 6, 10)]
        [1, 3, 6, 15]
    """
    side = _side(degree)
    return side * (side + 1) // 2


def critical_bridge_width(required: int) -> int:
    """W_c = a(a + 1)/2: the narrowest bridge of a lattice that carries a contagion on.

    The next person needs a ties from those behind the front, the one after him a − 1 and himself,
    and so on.

    Args:
        required: a ≥ 1.

    Example:
        >>> [critical_bridge_width(a) for a in (1, 2, 3)]
        [1, 3, 6]
    """
    return _needed(required) * (required + 1) // 2


def lattice_spreads(degree: int, required: int) -> bool:
    """Whether a neighbours in a row, on the ring lattice, bring everybody in: a ≤ z/2, W ≥ W_c.

    Args:
        degree: z, even, at least 2.
        required: a ≥ 1.
    """
    return _needed(required) <= _side(degree)


def bridge_width(ties: Ties, one: int, other: int) -> int:
    """Width of the bridge from one person's neighbourhood to another's.

    Centola and Macy: ties between those whom both neighbourhoods hold and those whom only the
    other's does; neighbourhoods include the person. On the ring lattice, for the next person whom
    one does not know, it is :func:`lattice_bridge_width`.

    Args:
        ties: the network, a CSR array of ones, shape (N, N).
        one: a person.
        other: another.
    """
    first, second = (np.append(ties[[person]].indices, person) for person in (one, other))
    common, beyond = np.intersect1d(first, second), np.setdiff1d(second, first)
    return int(ties[common][:, beyond].nnz)


def front_speed(degree: int, required: int) -> int:
    """People whom a front on the ring lattice takes in, a side and synchronous round: z/2 − a + 1.

    The j-th beyond a front knows z/2 − j + 1 people behind it. 0 where it stands still.

    Args:
        degree: z, even, at least 2.
        required: a ≥ 1.

    Example:
        >>> [front_speed(10, a) for a in (1, 2, 5, 6)]
        [5, 4, 1, 0]
    """
    return max(0, _side(degree) - _needed(required) + 1)


def rounds_to_everybody(size: int, degree: int, required: int, seeds: int) -> float:
    """Synchronous rounds until a row of first movers on a ring lattice has everybody, exactly.

    The gap shrinks by twice :func:`front_speed`, at its end by what both fronts do together.

    Args:
        size: N people.
        degree: z < N, even, at least 2.
        required: a ≥ 1.
        seeds: people in a row who are members from the start, 1 to N.

    Returns:
        An integer as float; inf if they never have.

    Example:
        >>> rounds_to_everybody(2000, 4, 2, 5), rounds_to_everybody(2000, 4, 3, 5)
        (997.0, inf)
    """
    side, speed = _side(degree), front_speed(degree, required)
    if not (degree < size and 1 <= seeds <= size):
        raise ValueError(f"need degree < size and 1 to {size} seeds, got {degree}, {seeds}")
    gap, rounds = size - seeds, 0
    if speed and seeds >= required and gap > 2 * side:
        rounds = (gap - 2 * side) // (2 * speed)
        gap -= rounds * 2 * speed
    # Near the end, and with few first movers, people count members on both sides of the ring.
    outside = np.ones(size, dtype=bool)
    outside[: size - gap] = False
    while outside.any():
        people = np.flatnonzero(outside)
        steps = np.r_[-side:0, 1 : side + 1]
        around = np.unique((people[:, None] + steps) % size + people[:, None] * size)
        known = np.bincount(around // size, weights=~outside[around % size], minlength=size)
        joins = people[known[people] >= required]
        if not len(joins):
            return np.inf
        outside[joins] = False
        rounds += 1
    return float(rounds)


def front_reach(degree: int, required: int, rewired: float) -> float:
    """How many people a front on a ring lattice goes on to, on average, before it is stopped.

    *Derived*, for ties each taken away with probability ``rewired``. The next person on the ring
    joins iff a of his ties to the z/2 before him who have joined are there; the front's state is
    which of the last z/2 have, a Markov chain that ends when fewer than a have. A lower limit for
    the network: people also join through who is beyond them, and rewired ties lead somewhere, both
    of which can only help (for a = z/2 nobody is helped from beyond, as long as no front comes from
    there). Where bridges are just wide enough, a = z/2, a complex contagion crosses a ring of N
    people only while about one tie in N is rewired; wider bridges bear far more. What far ties do
    when nearly all ties are far, ``cascade_size.critical_seed`` says.

    Args:
        degree: z, even, 2 to 20 (the work grows with 2^(3z/2)).
        required: a ≥ 1.
        rewired: share of the lattice's ties that are gone, in [0, 1].

    Returns:
        Mean number of members beyond a solid front, on one side; inf for 0 where it never stops.

    Example:
        >>> [round(front_reach(4, 2, p), 3) for p in (0.0, 0.01, 0.1)]
        [inf, 49.251, 4.263]
        >>> round(front_reach(8, 2, 0.1))
        14774
    """
    side, gone = _side(degree), float(unit_interval("rewired", rewired))
    if side > _LARGEST_SIDE:
        raise ValueError(f"degree is at most {2 * _LARGEST_SIDE}, got {degree}")
    if not lattice_spreads(degree, required):
        return 0.0
    if gone == 0.0:
        return np.inf
    patterns = np.arange(2**side)
    members = np.bitwise_count(patterns).astype(np.int64)
    states = np.flatnonzero(members >= required)
    number = np.full(2**side, -1)
    number[states] = np.arange(len(states))
    joins = bdtrc(required - 1, members[states], 1.0 - gone)
    moves, ends = np.zeros((len(states), len(states))), np.zeros(len(states))
    for chances, shifted in (
        (joins, (states << 1 | 1) & (2**side - 1)),
        (bdtr(required - 1, members[states], 1.0 - gone), (states << 1) & (2**side - 1)),
    ):
        target = number[shifted]
        on = np.flatnonzero(target >= 0)
        np.add.at(moves, (on, target[on]), chances[on])
        np.add.at(ends, np.flatnonzero(target < 0), chances[target < 0])
    return _joins_until_the_end(moves, ends, joins)


def _joins_until_the_end(moves: Floats, ends: Floats, joins: Floats) -> float:
    """Mean joins from the last state of a chain on.

    States are taken out one by one, with no subtraction (Grassmann, Taksar and Heyman 1985): what
    leaves a state is the sum of where it goes, so that an end in 10^25 steps is as exact as one in
    ten. Overwrites its arguments, float64, shapes (S, S), (S,) and (S,).
    """
    last = len(ends) - 1
    for state in range(last):
        rest = slice(state + 1, None)
        leaving = moves[state, rest].sum() + ends[state]
        times = moves[rest, state] / leaving
        moves[rest, rest] += np.multiply.outer(times, moves[state, rest])
        ends[rest] += times * ends[state]
        joins[rest] += times * joins[state]
    with np.errstate(divide="ignore"):
        return float(joins[last] / ends[last])


def _side(degree: int) -> int:
    """Neighbours on one side of the ring."""
    if degree < 2 or degree % 2:
        raise ValueError(f"degree is an even number of at least 2, got {degree}")
    return degree // 2


def _needed(required: int) -> int:
    """The number of sources needed, checked."""
    if required < 1:
        raise ValueError(f"required must be at least 1, got {required}")
    return required
