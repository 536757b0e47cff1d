"""Ways to get to an equilibrium: best response, adaptive expectations, imitation.

They have the same interior fixed points, and differ in what is stable and how fast. Small steps are
stable where the slope s of Φ is below 1; a step δ of the way is where |1 − δ(1 − s)| < 1; best
response is δ = 1. Imitation (the replicator) also rests where all do the same, joining or not.
Source: standard; derived.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.participation.joining_map import JoiningMap


def adaptive_step(
    society: JoiningMap, expected: ArrayLike, weight: ArrayLike = 1.0, case: int = 0
) -> Floats:
    """α̂' = α̂ + δ(Φ(α̂) − α̂): adaptive expectations, or a share δ that reconsiders.

    Args:
        society: Φ.
        expected: α̂ in [0, 1], any shape.
        weight: δ in (0, 1]; 1 is best response of all at once.
        case: which society.
    """
    share = unit_interval("expected", expected)
    return share + _weight(weight) * (society.next(share, case=case) - share)


def adaptive_stable(slope: ArrayLike, weight: ArrayLike = 1.0) -> NDArray[np.bool_]:
    """|1 − δ(1 − s)| < 1: is an equilibrium with slope s stable in steps of δ?

    Args:
        slope: s = Φ' there.
        weight: δ in (0, 1]. For every s < 1 a δ that is small enough makes it stable.

    Example:
        >>> adaptive_stable([-3.0, -3.0, 0.5, 1.5], [1.0, 0.4, 1.0, 0.1]).tolist()
        [False, True, True, False]
    """
    rate = 1 - _weight(weight) * (1 - np.asarray(slope, dtype=np.float64))
    return np.asarray(np.abs(rate) < 1)


def adaptive_path(
    society: JoiningMap, start: ArrayLike, steps: int, weight: ArrayLike = 1.0, case: int = 0
) -> Floats:
    """Shares after 0, 1, ..., ``steps`` of :func:`adaptive_step`.

    Args:
        society: Φ.
        start: in [0, 1], any shape (S...).
        steps: at least 0.
        weight: δ.
        case: which society.

    Returns:
        Shape (steps + 1, S...).
    """
    if steps < 0:
        raise ValueError(f"steps must be 0 or more, got {steps!r}")
    share = unit_interval("start", start)
    path = np.empty((steps + 1, *share.shape))
    path[0] = share
    for step in range(steps):
        path[step + 1] = adaptive_step(society, path[step], weight, case)
    return path


def replicator_step(alpha: ArrayLike, advantage: ArrayLike, step: float = 1.0) -> Floats:
    """Imitation of those who do better: logit α grows by the advantage of members.

    α' = α·e^(τΔ)/(1 − α + α·e^(τΔ)): the exact flow of the replicator equation
    dα/dt = α(1 − α)·Δ over a time τ in which Δ stays (Taylor and Jonker 1978). Rests at 0, at 1,
    and where Δ = 0.

    Args:
        alpha: in [0, 1].
        advantage: Δ = (1−γ)·b·G(α) + σ − c, ``JoiningMap.gain`` less the cost.
        step: τ > 0.

    Example:
        >>> replicator_step([0.0, 0.5, 1.0], 0.0).tolist()
        [0.0, 0.5, 1.0]
    """
    if not step > 0:
        raise ValueError(f"step must be more than 0, got {step!r}")
    share = unit_interval("alpha", alpha)
    drift = step * np.asarray(advantage, dtype=np.float64)
    return np.asarray(expit(logit(share) + drift))[()]


def _weight(weight: ArrayLike) -> Floats:
    part = unit_interval("weight", weight)
    if not np.all(part > 0):
        raise ValueError(f"weight must be in (0, 1], got {weight!r}")
    return part
