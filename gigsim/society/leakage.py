"""Who hears of the signal this period, without counting everybody's acquaintances.

A tie leaks seldom, so that most people's uniforms are too large for them to hear anything even if
all whom they know held the signal. Only of the others, and of them only of those who do not have it
yet, is it counted how many of their acquaintances hold it. The answer is that of
:func:`gigsim.society.joining.leaked` for everybody, to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gigsim.society import joining
from gigsim.society.networks import Network, SparseNetwork

#: Whose, and their uniforms: everybody's, some people at a time (``Streams.pieces``).
Pieces = Iterable[tuple[slice, NDArray[np.float64]]]


def overheard(
    network: Network, holds_signal: NDArray[np.bool_], leak: float, pieces: Pieces
) -> NDArray[np.bool_]:
    """Who did not hold the signal and hears of it through at least one tie, bool, shape (N,).

    Args:
        network: who knows whom, N people.
        holds_signal: before, bool, shape (N,).
        leak: probability per tie and period, in (0, 1].
        pieces: one indexed uniform a person.
    """
    if isinstance(network, SparseNetwork):
        return _among_ties(network, holds_signal, leak, pieces)
    holders = network.count(holds_signal)
    heard = np.empty(network.size, dtype=bool)
    for whose, uniforms in pieces:
        heard[whose] = joining.leaked(holders[whose], leak, uniforms)
    return heard & ~holds_signal


def _among_ties(
    network: SparseNetwork, holds_signal: NDArray[np.bool_], leak: float, pieces: Pieces
) -> NDArray[np.bool_]:
    # Rounding might make a power fall where it should stand still.
    at_most = np.maximum.accumulate(joining.heard_of(np.arange(network.most + 1), leak))
    ends, lucky, luck = network.indptr, [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for whose, uniforms in pieces:
        near = np.flatnonzero((uniforms < at_most[-1]) & ~holds_signal[whose])
        people, drawn = near + whose.start, uniforms[near]
        may = drawn < at_most[ends[people + 1] - ends[people]]
        lucky.append(people[may])
        luck.append(drawn[may])
    people = np.concatenate(lucky)
    holders = network.count_among(people, holds_signal)
    heard = np.zeros(network.size, dtype=bool)
    heard[people] = joining.leaked(holders, leak, np.concatenate(luck))
    return heard
