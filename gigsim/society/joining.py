"""Joining rules: who would be a member, as one array expression over the whole population.

Each rule answers for everybody; who is asked this period (activation) and who never leaves (the
committed first movers) is the model's affair.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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


def gain_of_membership(
    expectation: Expectation,
    member: NDArray[np.bool_],
    holds_signal: NDArray[np.bool_],
    *,
    scale: float,
    retention: float,
    spillover: float | None,
) -> NDArray[np.float64]:
    """(1 - γ_i)·b·Ĝ: what membership adds to what one would keep outside, per period.

    γ_i is 1 for a non-member who holds the signal (a free rider has it all already), the spillover
    for a non-member without it, and retention + (1 - retention)·spillover for a member, who as a
    leaver would keep the signal with probability ``retention``.

    Args:
        expectation: what everybody expects this period.
        member: bool, shape (N,).
        holds_signal: bool, shape (N,); true for members.
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
    return np.where(member, (1.0 - retention) * without, gain)


def best_response(
    gain: NDArray[np.float64],
    cost: NDArray[np.float64],
    member: NDArray[np.bool_],
    *,
    timing: str,
    horizon: int,
) -> NDArray[np.bool_]:
    """Join iff membership adds at least its cost; stay iff it still does.

    Hardt et al. (2023), section 6: joining pays once S(α) - c > γ·S(α).

    Args:
        gain: (1 - γ_i)·b·Ĝ per period, shape (N,) (:func:`gain_of_membership`).
        cost: c_i, shape (N,), same unit.
        member: bool, shape (N,).
        timing: ``"per_period"`` (c_i is paid in every period of membership) or ``"once"`` (paid on
            joining: join iff gain·horizon >= c_i, stay iff gain >= 0).
        horizon: periods over which a cost paid once is set against the gain.

    Returns:
        bool, shape (N,): who would be a member.
    """
    if timing == "per_period":
        return gain >= cost
    return np.where(member, gain >= 0.0, gain * horizon >= cost)


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
    return uniforms < 1.0 - (1.0 - leak) ** holding_neighbours
