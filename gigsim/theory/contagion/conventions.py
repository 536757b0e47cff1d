"""Committed minorities: how many people who never give in turn everybody else's convention.

Centola, Becker, Brackbill and Baronchelli (2018), *Experimental evidence for tipping points in
social convention*, Science 360, 1116. People meet in random pairs and coordinate: one plays the
convention that most of one's last M partners played, which is the best response to them; on a tie
one tosses a coin. A share C always plays the new one. *Derived* here: the mean field, exact for
infinitely many people. M independent partners, each playing the new convention with probability x,
make one play it with probability

    H(x) = P(Bin(M, x) > M/2) + ½·P(Bin(M, x) = M/2) = I_x(n, n),   n = ⌈M/2⌉,

the regularised incomplete beta function: an even memory is worth the odd one below it. With y the
share of the others who play it, x = C + (1 − C)·y and y ↦ H(x): from y = 0 this stays low below a
critical C and goes to 1 above it. ``gigsim.society.conventions`` plays the game.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import betainc, betaln

from gigsim.theory.contagion.monotone_maps import FixedPoint, fixed_points
from gigsim.theory.gaps import Floats, unit_interval


@dataclass(frozen=True)
class TippingMinority:
    """Where a committed minority tips a convention, in an infinite population.

    Attributes:
        share: C, the critical share of the population; at most this and the old convention lives.
        others: y, share of the others who play the new convention just below it.
    """

    share: float
    others: float


def memory_response(playing: ArrayLike, memory: int) -> Floats:
    """H(x) = I_x(n, n), n = ⌈M/2⌉: probability that most of M random partners play the new one.

    Args:
        playing: x, share of the population that plays it, in [0, 1].
        memory: M ≥ 1.

    Example:
        >>> [memory_response([0.1, 0.5], m).round(6).tolist() for m in (3, 4)]
        [[0.028, 0.5], [0.028, 0.5]]
    """
    half = _half(memory)
    return betainc(half, half, unit_interval("playing", playing))[()]


def tipping_minority(memory: int) -> TippingMinority:
    """The share of committed people above which everybody takes over their convention.

    The largest C at which y = H(C + (1 − C)·y) has a small solution: max over x < ½ of
    (x − H(x))/(1 − H(x)), where the tangent of H at x meets the point (1, 1); H is convex there, so
    there is one such x. It rises from 0 (M ≤ 2: any minority tips) to ½ for an endless memory.

    Args:
        memory: M ≥ 1.

    Example:
        >>> [round(tipping_minority(m).share, 4) for m in (2, 5, 12)]
        [0.0, 0.1651, 0.2419]
    """
    half = _half(memory)
    if half == 1:
        return TippingMinority(0.0, 0.0)

    def tangent(x: float) -> float:
        slope = np.exp((half - 1) * np.log(x * (1 - x)) - betaln(half, half))
        return float(1 - betainc(half, half, x) - slope * (1 - x))

    x = float(brentq(tangent, 1e-300, 0.5, xtol=1e-15))
    others = float(betainc(half, half, x))
    return TippingMinority((x - others) / (1 - others), others)


def convention_equilibria(committed: float, memory: int) -> tuple[FixedPoint, ...]:
    """All shares y of the others that reproduce themselves, with their stability.

    Args:
        committed: C, in [0, 1].
        memory: M ≥ 1.

    Example:
        >>> [round(p.value, 3) for p in convention_equilibria(0.2, 12)]
        [0.016, 0.254, 1.0]
    """
    share = float(unit_interval("committed", committed))
    return fixed_points(lambda y: memory_response(share + (1 - share) * y, memory))


def convention_path(committed: float, memory: int, *, rounds: int) -> Floats:
    """The share of the others who play the new convention, round by round, shape (rounds + 1,).

    At first they all remember the old one alone. In each round everybody meets one random other
    person, as in the simulation; one's last M partners were met in M different rounds, so the
    number of them who played the new convention is a sum of unlike coins (Poisson binomial).

    Args:
        committed: C, in [0, 1].
        memory: M ≥ 1.
        rounds: their number.
    """
    share, half = float(unit_interval("committed", committed)), _half(memory)
    remembered = np.zeros(memory)
    path = np.zeros(rounds + 1)
    for round_ in range(rounds):
        remembered[round_ % memory] = share + (1 - share) * path[round_]
        law = np.ones(1)
        for chance in remembered.tolist():
            law = np.append(law * (1 - chance), 0.0) + np.append(0.0, law * chance)
        most = law[memory // 2 + 1 :].sum()
        path[round_ + 1] = most + (law[half] / 2 if memory % 2 == 0 else 0.0)
    return path


def _half(memory: int) -> int:
    """⌈M/2⌉."""
    if memory < 1:
        raise ValueError(f"memory must be at least 1, got {memory}")
    return (memory + 1) // 2
