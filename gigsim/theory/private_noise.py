"""How the noise of private gradient descent (``theory.private``) gathers in a controlled model."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.checks import non_negative, positive
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.gradient_learner import log_left

# A rate at its limit 1/η may exceed it by rounding.
_ROUNDING = 1e-9


def accumulated_noise(
    steps: ArrayLike,
    *,
    eta: ArrayLike,
    rate: ArrayLike,
    noise: ArrayLike,
    clip: ArrayLike,
    batch: ArrayLike = 1.0,
) -> Floats:
    """v_T = η(σC/n)·√(1 + q² + ... + q^{2(T−1)}), q = 1 − ηB: noise of the model, per coordinate.

    Args:
        steps: T ≥ 0.
        eta: step size η > 0.
        rate: B = αξ in [0, 1/η].
        noise: σ ≥ 0, the noise multiplier.
        clip: C > 0.
        batch: n > 0, the rows over which the platform averages; 1 where σC is the noise itself.

    Raises:
        ValueError: a number out of its range.

    Example:
        >>> round(float(accumulated_noise(2, eta=0.5, rate=1.0, noise=2.0, clip=1.0)), 6)
        1.118034
    """
    step, count = positive("eta", eta), non_negative("steps", steps)
    taken = step * non_negative("rate", rate)
    if np.any(taken > 1 + _ROUNDING):
        raise ValueError(f"rate must be at most 1/eta, got {rate!r}")
    taken = np.minimum(taken, 1.0)
    moves = taken > 0
    # (1 − q²ᵀ)/(1 − q²), of which a small pull would leave rounding alone.
    once = np.where(moves, taken * (2 - taken), 1.0)
    squares = np.where(moves, -np.expm1(log_left(2 * count, taken)) / once, count)
    return (step * _scale(noise, clip, batch) * np.sqrt(squares))[()]


def private_radius(
    steps: ArrayLike,
    *,
    eta: ArrayLike,
    start: ArrayLike,
    noise: ArrayLike,
    clip: ArrayLike,
    dimension: ArrayLike,
    batch: ArrayLike = 1.0,
    delta: ArrayLike,
) -> Floats:
    """A ball about θ* that a controlled model does not leave in T steps, with probability ≥ 1 − δ.

        R = ‖θ_0−θ*‖ + ηs√T·(√d + √(2 log(T/δ)))

    Derived: v_t ≤ ηs√T in every step, and there are T of them (union bound). For any pull, because
    pulling only shrinks what noise has been gathered.

    Args:
        steps: T ≥ 0.
        eta: step size η > 0.
        start: ‖θ_0 − θ*‖ ≥ 0.
        noise: σ ≥ 0, the noise multiplier.
        clip: C > 0.
        dimension: d ≥ 1.
        batch: n, rows averaged over.
        delta: δ in (0, 1).

    Example:
        >>> numbers = dict(eta=0.1, start=1.0, clip=1.0, dimension=4, batch=100, delta=0.1)
        >>> private_radius(50, noise=[0.0, 1.0], **numbers).round(4).tolist()
        [1.0, 1.0391]
    """
    count = non_negative("steps", steps)
    spread = accumulated_noise(count, eta=eta, rate=0.0, noise=noise, clip=clip, batch=batch)
    share = np.minimum(probability(delta) / np.maximum(count, 1.0), 1.0)
    away = np.sqrt(positive("dimension", dimension)) + np.sqrt(-2 * np.log(share))
    return (non_negative("start", start) + spread * away)[()]


def _scale(noise: ArrayLike, clip: ArrayLike, batch: ArrayLike) -> Floats:
    """Standard deviation of the noise in one coordinate of the mean gradient, σC/n."""
    return non_negative("noise", noise) * positive("clip", clip) / positive("batch", batch)


def probability(delta: ArrayLike) -> Floats:
    """δ as float64.

    Raises:
        ValueError: an element is not in (0, 1).
    """
    value = unit_interval("delta", delta)
    if not np.all((value > 0) & (value < 1)):
        raise ValueError(f"delta must be in (0, 1), got {delta!r}")
    return value


def tail(delta: ArrayLike) -> Floats:
    """√(2 log(1/δ))."""
    return np.sqrt(-2 * np.log(probability(delta)))
