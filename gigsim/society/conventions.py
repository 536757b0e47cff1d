"""A convention against a committed minority: people in random pairs who play what they have met.

Centola, Becker, Brackbill and Baronchelli (2018): a game of coordination, played in pairs, by
people who best-respond to what their last partners did; a few never give in. How many of these tip
all the others, and how fast, ``gigsim.theory.contagion.conventions`` predicts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def committed_minority(
    size: int,
    committed: int,
    memory: int,
    *,
    rounds: int,
    rng: np.random.Generator,
    runs: int = 1,
) -> NDArray[np.float64]:
    """How many of the others play the committed minority's convention, round by round.

    In a round everybody is in one of N/2 random pairs (with an odd N one person sits out), and all
    play at once: the convention that most of one's last M partners played, on a tie that of a coin.
    At first everybody remembers M partners of the old convention.

    In the original game pairs meet one after the other, each at random among all people. There too
    one's last M partners are a random sample of the population, of a slowly changing state, so the
    equilibria and the tipping share are the same for large N; N/2 such meetings are a round, only
    that some people meet nobody in it and others several.

    Args:
        size: N people, at least 2.
        committed: how many of them always play the new convention, 0 to N − 1.
        memory: M ≥ 1, partners remembered.
        rounds: their number.
        rng: draws the pairs and the coins.
        runs: independent populations, done side by side.

    Returns:
        float64, shape (runs, rounds + 1): the share of the N − ``committed`` others who play the
        new convention, at the start and after each round.

    Raises:
        ValueError: a number out of its range.
    """
    if size < 2 or not 0 <= committed < size or memory < 1 or rounds < 0 or runs < 1:
        raise ValueError(
            "need size >= 2, 0 <= committed < size, memory >= 1, rounds >= 0 and runs >= 1, got "
            f"{size}, {committed}, {memory}, {rounds} and {runs}"
        )
    remembered = np.zeros((memory, runs, size), dtype=np.bool_)
    heard = np.zeros((runs, size), dtype=np.int32)
    plays = np.zeros((runs, size), dtype=np.bool_)
    plays[:, :committed] = True
    # Who sat out a round has an older partner to forget than the others.
    slot = np.zeros((runs, size), dtype=np.int64)
    run, person = np.arange(runs)[:, None], np.arange(size)
    shares = np.zeros((runs, rounds + 1))
    for round_ in range(rounds):
        seen, met = _partners(plays, rng)
        oldest = remembered[slot, run, person]
        newest = np.where(met, seen, oldest)
        heard += newest.astype(np.int32) - oldest
        remembered[slot, run, person] = newest
        slot = (slot + met) % memory
        plays = 2 * heard > memory
        if memory % 2 == 0:
            plays |= (2 * heard == memory) & (rng.random((runs, size)) < 0.5)
        plays[:, :committed] = True
        shares[:, round_ + 1] = plays[:, committed:].mean(axis=1)
    return shares


def _partners(
    plays: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What each person's partner in a random pairing plays, and who has one; bool, (runs, N)."""
    order = rng.random(plays.shape).argsort(axis=1)
    ones, others = order[:, 0:-1:2], order[:, 1::2]
    seen, met = np.zeros_like(plays), np.zeros_like(plays)
    for mine, theirs in ((ones, others), (others, ones)):
        np.put_along_axis(seen, mine, np.take_along_axis(plays, theirs, axis=1), axis=1)
        np.put_along_axis(met, mine, True, axis=1)
    return seen, met
