"""Joining rules: who would be a member, as one array expression over the whole population.

Each rule answers for everybody; who is asked this period (activation), whether members may leave
and who never does (the committed first movers) is :mod:`gigsim.society.decision`'s affair. The rule
that copies others is in :mod:`gigsim.society.imitation`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gigsim.society.beliefs import Expectation


def threshold_rule(
    share: NDArray[np.float64] | float, thresholds: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Join, and stay, iff the share that has joined is at least one's threshold.

    Granovetter (1978) with the population's share; Watts (2002) with the neighbours'.

    Args:
        share: share of members among the population (scalar) or one's neighbours (N,), [0, 1].
        thresholds: θ_i, shape (N,).

    Returns:
        bool, shape (N,).
    """
    return np.asarray(share >= thresholds)


def complex_contagion(
    member_neighbours: NDArray[np.int64] | NDArray[np.float64], required: int
) -> NDArray[np.bool_]:
    """Join, and stay, iff at least ``required`` distinct neighbours are members.

    Centola and Macy (2007): one contact is not enough to be persuaded of what is costly, and what
    counts is the number of sources, not their share. ``required = 1`` is a simple contagion.

    Args:
        member_neighbours: number of neighbours who are members, shape (N,).
        required: a, at least 1.

    Returns:
        bool, shape (N,).
    """
    return member_neighbours >= required


def gain_of_membership(
    expectation: Expectation,
    member: NDArray[np.bool_],
    holds_signal: NDArray[np.bool_],
    *,
    scale: float,
    retention: float,
    spillover: float | None,
) -> NDArray[np.float64]:
    """(1 - γ_i)·b·Ĝ_i: what membership adds to what one would keep outside, per period.

    γ_i is 1 for a non-member who holds the signal (a free rider has it all already), the spillover
    for a non-member without it, and retention + (1 - retention)·spillover for a member, who as a
    leaver would keep the signal with probability ``retention``. Who has pledged to a contract that
    is not in force is a member without the signal, and would leave without it.

    Args:
        expectation: what everybody, or each of N people, expects this period.
        member: bool, shape (N,).
        holds_signal: bool, shape (N,); true for members whose contract is in force.
        scale: b, what a sure target label is worth in a period.
        retention: probability that a leaver keeps the signal, in [0, 1].
        spillover: fixed share of the gain that reaches people without the signal, in [0, 1]; None
            takes it as measured, b·(Ŝ - Û) directly, without a quotient that is noise where the
            gain is small.

    Returns:
        float64, shape (N,), in the unit of ``scale``.
    """
    if spillover is None:
        without = scale * expectation.advantage
    else:
        without = scale * (1.0 - spillover) * expectation.gain
    gain = np.where(holds_signal, 0.0, without)
    return np.where(member & holds_signal, (1.0 - retention) * without, gain)


def surplus(
    gain: NDArray[np.float64],
    cost: NDArray[np.float64],
    member: NDArray[np.bool_],
    *,
    timing: str,
    horizon: int,
) -> NDArray[np.float64]:
    """Δu_i: what a person has from being a member rather than not, in money.

    Args:
        gain: (1 - γ_i)·b·Ĝ_i per period, shape (N,) (:func:`gain_of_membership`).
        cost: c_i, shape (N,), same unit.
        member: bool, shape (N,).
        timing: ``"per_period"`` (c_i is paid in every period of membership; Δu is per period) or
            ``"once"`` (paid on joining; Δu is over the horizon, and a member's cost is sunk).
        horizon: periods over which a cost paid once is set against the gain.

    Returns:
        float64, shape (N,).
    """
    if timing == "per_period":
        return gain - cost
    return gain * horizon - np.where(member, 0.0, cost)


def best_response(
    gain: NDArray[np.float64],
    cost: NDArray[np.float64],
    member: NDArray[np.bool_],
    *,
    timing: str,
    horizon: int,
) -> NDArray[np.bool_]:
    """Join iff membership adds at least its cost; stay iff it still does.

    Hardt et al. (2023), section 6: joining pays once S(α) - c > γ·S(α). With a cost paid once:
    join iff gain·horizon >= c_i, stay iff gain >= 0.

    Args:
        gain: (1 - γ_i)·b·Ĝ_i per period, shape (N,) (:func:`gain_of_membership`).
        cost: c_i, shape (N,), same unit.
        member: bool, shape (N,).
        timing: ``"per_period"`` or ``"once"``, see :func:`surplus`.
        horizon: periods over which a cost paid once is set against the gain.

    Returns:
        bool, shape (N,): who would be a member.
    """
    return surplus(gain, cost, member, timing=timing, horizon=horizon) >= 0.0


def logit_rule(
    difference: NDArray[np.float64], precision: float, uniforms: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Be a member with probability Λ(λ·Δu_i), Λ(x) = 1/(1 + e^-x).

    McFadden (1974); in a population that weighs its own size, Brock and Durlauf (2001). Joining and
    staying are one choice, made afresh whenever one is asked. λ → ∞ is :func:`best_response`
    (indifferent people apart, who toss a coin), λ → 0 a coin for everybody.

    Args:
        difference: Δu_i, money, shape (N,) (:func:`surplus`).
        precision: λ > 0, per unit of money.
        uniforms: one indexed uniform a person, shape (N,).

    Returns:
        bool, shape (N,).
    """
    return uniforms < expit(precision * difference)


def leaked(
    holding_neighbours: NDArray[np.int64], leak: float, uniforms: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Who hears of the signal through at least one tie this period.

    Each tie to a holder leaks independently with probability ``leak``, so k of them leave one
    without it with probability (1 - leak)^k: one draw a person is the same law as one draw a tie,
    and stays his own when the network changes elsewhere.

    Args:
        holding_neighbours: number of neighbours who hold the signal, shape (N,).
        leak: probability per tie and period, in [0, 1].
        uniforms: one indexed uniform a person, shape (N,).

    Returns:
        bool, shape (N,).
    """
    return uniforms < heard_of(holding_neighbours, leak)


def heard_of(holding_neighbours: NDArray[np.int64], leak: float) -> NDArray[np.float64]:
    """Chance of hearing of the signal, 1 - (1 - leak)^k, float64, of the shape given.

    Args:
        holding_neighbours: k, number of neighbours who hold the signal.
        leak: probability per tie and period, in [0, 1].
    """
    return np.asarray(1.0 - (1.0 - leak) ** holding_neighbours, dtype=np.float64)
