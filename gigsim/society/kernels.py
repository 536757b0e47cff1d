"""Loops over people and their ties that numba compiles, where it is installed.

They stand here as plain Python, which nobody runs but tests: without numba the callers go other,
vectorised ways to the same answers. All is integers and single divisions, so that nothing can
differ in a bit. Arrays of a network come as unsigned integers, whose use as an index needs no test
for negative ones; membership comes as bytes.

Random numbers of people have to be fetched from far apart in memory where they decide in random
order. A window of :data:`AHEAD` people is looked at before the first of them decides: these reads
wait for nothing and go on side by side, and what they bring is near when it is needed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: People who are looked at before the first of them decides.
AHEAD = 32

#: The most people in one of the parts that :func:`by_luck` deals them into: of independent uniforms
#: two are expected, and so many never come.
CROWD = 64

#: Ties of a network from which on compiled code is asked for. Loading numba takes .3 seconds; a
#: pass over fewer ties takes less than .2 milliseconds either way.
MANY = 100_000

Kernel = Callable[..., Any]


@dataclass(frozen=True)
class Kernels:
    """The compiled loops, with the arguments of the functions of this module."""

    count: Kernel
    at_once: Kernel
    in_turn: Kernel
    heads_in_turn: Kernel
    copies_in_turn: Kernel
    by_luck: Kernel


@functools.cache
def compiled() -> Kernels | None:
    """The loops, compiled at their first call and kept on disk; None without numba."""
    try:
        from gigsim.learners.logistic.kernels import compile_kernel
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        return None
    return Kernels(
        *map(
            compile_kernel,
            (count, at_once, in_turn, heads_in_turn, copies_in_turn, by_luck),
        )
    )


def unsigned(indices: NDArray[Any]) -> NDArray[Any]:
    """The same bytes as unsigned integers: int32 or int64, none of them negative."""
    return indices.view(np.dtype(f"u{indices.dtype.itemsize}"))


def count(indptr: Any, indices: Any, chosen: Any, out: Any) -> None:
    """How many neighbours of each are chosen (bytes 0 and 1) -> ``out``."""
    for i in range(len(out)):
        total = np.int64(0)
        for at in range(indptr[i], indptr[i + 1]):
            total += chosen[indices[at]]
        out[i] = total


def at_once(
    indptr: Any,
    indices: Any,
    old: Any,
    asked: Any,
    stays: Any,
    required: int,
    shares: Any,
    out: Any,
) -> None:
    """Everybody asked decides by the state ``old``; the outcome -> ``out``.

    Who is asked would be a member iff at least ``required`` of his neighbours are; where that is
    negative, iff the share of them is at least his own of ``shares`` (no neighbours: a share of 0).
    Who ``stays`` is one in any case, who is not asked is what he was.
    """
    for i in range(len(out)):
        member = old[i]
        if asked[i]:
            total = np.int64(0)
            for at in range(indptr[i], indptr[i + 1]):
                total += old[indices[at]]
            # No branch on what people decide: a processor would guess it wrong every other time.
            if required >= 0:
                member = np.uint8(total >= required)
            else:
                known = max(np.int64(1), np.int64(indptr[i + 1] - indptr[i]))
                member = np.uint8(total / known >= shares[i])
        out[i] = member | stays[i]


def in_turn(
    order: Any, indptr: Any, indices: Any, stays: Any, required: int, shares: Any, state: Any
) -> None:
    """Those in ``order`` decide one after the other by the ``state`` there is then, and change it.

    The rule is that of :func:`at_once`.
    """
    for start in range(0, len(order), AHEAD):
        stop = min(start + AHEAD, len(order))
        near = np.int64(0)
        for k in range(start, stop):
            i = order[k]
            at = indptr[i]
            if at < indptr[i + 1]:
                near += np.int64(indices[at]) + np.int64(indices[indptr[i + 1] - 1])
        if near < 0:
            # Never: but what is read has to be used, or the reading is optimised away.
            state[0] = 0
        for k in range(start, stop):
            i = order[k]
            total = np.int64(0)
            for at in range(indptr[i], indptr[i + 1]):
                total += state[indices[at]]
            if required >= 0:
                member = np.uint8(total >= required)
            else:
                known = max(np.int64(1), np.int64(indptr[i + 1] - indptr[i]))
                member = np.uint8(total / known >= shares[i])
            state[i] = member | stays[i]


def heads_in_turn(
    order: Any,
    members: int,
    but_oneself: int,
    stays: Any,
    required: int,
    shares: Any,
    state: Any,
) -> None:
    """As :func:`in_turn`, where all look at all: ``members`` are in when the first decides.

    ``but_oneself`` is 1 where nobody looks at himself, else 0.
    """
    total = np.int64(max(1, len(state) - but_oneself))
    for k in range(len(order)):
        i = order[k]
        seen = members - but_oneself * int(state[i])
        member = seen >= required if required >= 0 else seen / total >= shares[i]
        after = int(member) | int(stays[i])
        members += after - int(state[i])
        state[i] = after


def copies_in_turn(order: Any, picked: Any, copies: Any, stays: Any, state: Any) -> None:
    """As :func:`in_turn`: who ``copies`` becomes what the person ``picked`` is at that moment."""
    for k in range(len(order)):
        i = order[k]
        member = state[picked[i]] if copies[i] else state[i]
        state[i] = member | stays[i]


def by_luck(people: Any, luck: Any, ends: Any, sorted_luck: Any, order: Any) -> bool:
    """People (ascending) by their luck in [0, 1), equal ones by number -> ``order``.

    They are dealt into as many equal parts of [0, 1) as ``ends`` has zeros, a power of two, so that
    hardly anybody is left to be put in order within one: time in proportion to people, where
    sorting takes more and, with the wide instructions of some processors, very much more.

    Returns:
        False, with nothing in order, where more than :data:`CROWD` fell into one part.
    """
    parts = len(ends)
    for k in range(len(people)):
        ends[np.int64(luck[people[k]] * parts)] += 1
    total = np.int64(0)
    for part in range(parts):
        fell = np.int64(ends[part])
        if fell > CROWD:
            return False
        ends[part] = total
        total += fell
    for k in range(len(people)):
        into = np.int64(luck[people[k]] * parts)
        place = ends[into]
        ends[into] += 1
        sorted_luck[place] = luck[people[k]]
        order[place] = people[k]
    for k in range(1, len(people)):
        mine, person = sorted_luck[k], order[k]
        at = k
        while at > 0 and sorted_luck[at - 1] > mine:
            sorted_luck[at] = sorted_luck[at - 1]
            order[at] = order[at - 1]
            at -= 1
        sorted_luck[at] = mine
        order[at] = person
    return True
