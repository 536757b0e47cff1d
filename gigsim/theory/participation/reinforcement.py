"""Bush and Mosteller's learners in closed form: one act repeated, and the motion of the mean.

A person with propensity p to be a member whose stimulus would be s₁ inside and s₀ outside, both in
[−1, 1], moves by (1 − p)·l·s₁ or, if s₁ < 0, p·l·s₁ with probability p, and by the mirror image of
that for s₀ with probability 1 − p. Averaging the two is the *expected motion* (Bush and Mosteller
1955; Izquierdo, Izquierdo, Gotts and Polhill 2007), which many people follow up to noise of order
1/√N, and one person at small l for a long time. It need not be where one person ends: certainty of
an act that satisfies (s > 0) is absorbing, so that people lock in to acts that satisfy (Macy and
Flache 2002: self-reinforcing equilibria), also where expected motion would have them mixed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.checks import non_negative
from gigsim.theory.gaps import Floats, unit_interval


def repeated_act(
    propensity: ArrayLike, satisfaction: ArrayLike, trials: ArrayLike, *, rate: ArrayLike
) -> Floats:
    """Propensity of an act after it was done so many times and brought the same each time.

    1 − (1 − p)·(1 − l·s)^t for s ≥ 0, p·(1 + l·s)^t for s < 0.

    Args:
        propensity: p of the act in [0, 1].
        satisfaction: s in [−1, 1].
        trials: t ≥ 0.
        rate: l in (0, 1].

    Example:
        >>> repeated_act(0.2, [0.5, -0.5], 2, rate=0.5).round(6).tolist()
        [0.55, 0.1125]
    """
    start, times = unit_interval("propensity", propensity), non_negative("trials", trials)
    drift = _rate(rate) * _stimulus("satisfaction", satisfaction)
    kept = (1 - np.abs(drift)) ** times
    return np.where(drift >= 0, 1 - (1 - start) * kept, start * kept)[()]


def expected_motion(
    propensity: ArrayLike, inside: ArrayLike, outside: ArrayLike, *, rate: ArrayLike
) -> Floats:
    """E[p' − p] of one trial: p·(what being a member teaches) + (1 − p)·(what staying out does).

    Args:
        propensity: p in [0, 1].
        inside: s₁ in [−1, 1], a member's stimulus.
        outside: s₀ in [−1, 1], everybody else's.
        rate: l in (0, 1].

    Returns:
        Broadcast. 0 for equal stimuli that satisfy: the mean of p then stays, while everybody
        drifts to one certainty or the other; l·|s|·(1 − 2p) for equal ones that do not.

    Example:
        >>> expected_motion(0.3, [0.5, -0.5], [0.5, -0.5], rate=1.0).round(12).tolist()
        [0.0, 0.2]
    """
    p, step = unit_interval("propensity", propensity), _rate(rate)
    member, outsider = _stimulus("inside", inside), _stimulus("outside", outside)
    taught = step * member * np.where(member >= 0, 1 - p, p)
    untaught = -step * outsider * np.where(outsider >= 0, p, 1 - p)
    return (p * taught + (1 - p) * untaught)[()]


def undecided(propensity: ArrayLike, drift: ArrayLike, trials: ArrayLike) -> Floats:
    """E[p(1 − p)] after so many trials where both acts satisfy alike: p(1 − p)·(1 − (l·s)²)^t.

    Each is locked in to one act in the end, a member with probability p. Derived: one trial takes p
    to p + (1 − p)θ with probability p and to p(1 − θ) otherwise, θ = l·s, and p(1 − p) averages to
    p(1 − p)(1 − θ)(1 + θ).

    Args:
        propensity: p in [0, 1], the same for all.
        drift: θ = l·s in [0, 1].
        trials: t ≥ 0.

    Example:
        >>> float(undecided(0.5, 0.5, 2))
        0.140625
    """
    start, step = unit_interval("propensity", propensity), unit_interval("drift", drift)
    return (start * (1 - start) * (1 - step**2) ** non_negative("trials", trials))[()]


def _stimulus(name: str, value: ArrayLike) -> Floats:
    found = np.asarray(value, dtype=np.float64)
    if not np.all(np.abs(found) <= 1):
        raise ValueError(f"{name} must be in [-1, 1], got {value!r}")
    return found


def _rate(rate: ArrayLike) -> Floats:
    found = unit_interval("rate", rate)
    if not np.all(found > 0):
        raise ValueError(f"rate must be in (0, 1], got {rate!r}")
    return found
