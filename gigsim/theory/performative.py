"""Performative prediction: people respond to the model, and the platform retrains on the response.

In each round the platform fits θ_{t+1} = argmin_θ E_{z~D(θ_t)} ℓ(θ; z). The loss is γ-strongly
convex in θ, its gradient β-Lipschitz in z, and D is ε-sensitive: moving θ by one moves the law of
the data by ε at most (Wasserstein-1). If ε < γ/β, retraining contracts at εβ/γ to one *stable
point*, a model that is optimal for the data it brings about (Perdomo et al. 2020).

Level-k thinkers (Zhu, Zrnic and Mendler-Dünner 2025): level 1 responds to θ_t; level k expects that
the others are of level k−1, and responds to the model that retraining on *them* would give. Shares
α_k of level k = 1, 2, ... lead to the same stable point, at the rate Σ_k α_k(εβ/γ)^k. A collective
of share α with a fixed strategy that answers to no model leaves the others' response: (1−α)εβ/γ.

Source: the theorem of Perdomo et al. and the sensitivity Σ_k α_k ε(εβ/γ)^{k−1} as restated in Zhu
et al.; the rates are *derived* from it (a map that is the mixture of the maps' contractions), and
so is the slope of utility, whose sign is Zhu et al.'s. Performative power: Hardt, Jagadeesan and
Mendler-Dünner (2022).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.checks import non_negative, positive
from gigsim.theory.gaps import Floats, unit_interval

# Shares sum to 1, and Hessians are symmetric, up to this.
_ROUNDING = 1e-9


def retraining_rate(
    sensitivity: ArrayLike, *, smoothness: ArrayLike = 1.0, strong_convexity: ArrayLike = 1.0
) -> Floats:
    """ρ = εβ/γ: the factor by which a round of retraining shortens the way to the stable point.

    A promise only below 1; from 1 on retraining may cycle or diverge. (A theorem of Perdomo et al.)

    Args:
        sensitivity: ε ≥ 0 of the data's law in θ.
        smoothness: β > 0, Lipschitz constant of ∇_θ ℓ in z.
        strong_convexity: γ > 0 of ℓ in θ.

    Example:
        >>> float(retraining_rate(0.5))
        0.5
    """
    slope = non_negative("sensitivity", sensitivity) * positive("smoothness", smoothness)
    return (slope / positive("strong_convexity", strong_convexity))[()]


def level_rate(shares: ArrayLike, rate: ArrayLike) -> Floats:
    """Σ_k α_k ρ^k: the rate of retraining when a share α_k thinks k levels ahead, k = 1, 2, ...

    Derived. With G(θ) the model that retraining on level 1 gives, level k brings about the law
    D(G^{k−1}(θ)), which is ε·ρ^{k−1}-sensitive; the mixture's sensitivity is the shares' mean of
    these. The fixed point of G is the fixed point of each, hence of every mixture. Thinking ahead
    makes retraining settle sooner, and changes nothing about where.

    Args:
        shares: α_1, ..., α_K, shape (..., K), non-negative, summing to 1.
        rate: ρ of :func:`retraining_rate`, in [0, 1), shape (...).

    Raises:
        ValueError: shares that do not sum to 1, or a rate of 1 or more, for which the levels'
            forecasts need not converge and no such rate holds.

    Example:
        >>> level_rate([[1, 0], [0, 1], [0.5, 0.5]], 0.5).tolist()
        [0.5, 0.25, 0.375]
    """
    parts, base = unit_interval("shares", shares), non_negative("rate", rate)
    if parts.ndim == 0 or np.any(np.abs(parts.sum(axis=-1) - 1) > _ROUNDING):
        raise ValueError(f"shares of the levels must sum to 1, got {shares!r}")
    if np.any(base >= 1):
        raise ValueError(f"rate must be less than 1, got {rate!r}")
    powers = base[..., None] ** np.arange(1, parts.shape[-1] + 1)
    return (parts * powers).sum(axis=-1)[()]


def collective_rate(alpha: ArrayLike, rate: ArrayLike) -> Floats:
    """(1−α)ρ: the rate of retraining when a share α follows a fixed strategy.

    Derived: only the others' data move with θ. Larger collectives steady the platform, also one
    that would not settle by itself (ρ ≥ 1 is allowed here). The stable point is another one for
    every α. For selfish thinkers of several levels put :func:`level_rate` in place of ρ if they
    forecast as if there were no collective.

    Args:
        alpha: in [0, 1].
        rate: ρ ≥ 0.

    Example:
        >>> collective_rate([0.0, 0.2, 1.0], 0.5).tolist()
        [0.5, 0.4, 0.0]
    """
    return ((1 - unit_interval("alpha", alpha)) * non_negative("rate", rate))[()]


def stable_mean(mean: ArrayLike, sensitivity: ArrayLike) -> Floats:
    """μ/(1−ε): the stable point of estimating a mean that follows the estimate, z ~ N(μ + εθ, ·).

    ℓ = ½(θ − z)², so that β = γ = 1 and retraining is θ ↦ μ + εθ.

    Args:
        mean: μ.
        sensitivity: ε in [0, 1).

    Raises:
        ValueError: ε is not in [0, 1): no stable point that retraining finds.

    Example:
        >>> float(stable_mean(1.0, 0.5))
        2.0
    """
    slope = unit_interval("sensitivity", sensitivity)
    if np.any(slope >= 1):
        raise ValueError(f"sensitivity must be less than 1, got {sensitivity!r}")
    return (np.asarray(mean, dtype=np.float64) / (1 - slope))[()]


def distance_to_stable(rounds: ArrayLike, *, rate: ArrayLike, start: ArrayLike) -> Floats:
    """How far from the stable point the model is at most after T rounds: rateᵀ·‖θ_0 − θ_s‖.

    Equality for the mean of :func:`stable_mean`. Vacuous (it does not shrink) where rate ≥ 1.

    Args:
        rounds: T ≥ 0.
        rate: one of the rates above.
        start: ‖θ_0 − θ_s‖ ≥ 0.

    Example:
        >>> float(distance_to_stable(3, rate=0.5, start=2.0))
        0.25
    """
    left = non_negative("rate", rate) ** non_negative("rounds", rounds)
    return (left * non_negative("start", start))[()]


def participation_psi(
    *, utility_gradient: ArrayLike, collective_gradient: ArrayLike, hessian: ArrayLike
) -> Floats:
    """Ψ = ⟨E_h ∇u(θ_α), E_h ∇ℓ(θ_α)⟩ in the metric of H⁻¹: utility grows in α iff Ψ < 0.

    E_h is over the data that the collective's strategy h submits, u its utility of the deployed
    model, ∇ is with respect to θ. If pulling θ_α further to what h's data want lowers u, then
    more members do harm: utility peaks where the target is hit and falls beyond.

    Args:
        utility_gradient: E_h ∇u at θ_α, shape (..., d).
        collective_gradient: E_h ∇ℓ at θ_α, shape (..., d).
        hessian: H, of the platform's whole risk at θ_α, shape (..., d, d), positive definite.

    Returns:
        Shape (...).

    Raises:
        ValueError: a Hessian that is not symmetric positive definite.

    Example:
        >>> one = [1.0, 0.0]
        >>> float(participation_psi(
        ...     utility_gradient=one, collective_gradient=[-2.0, 5.0], hessian=[[4.0, 0], [0, 1]]
        ... ))
        -0.5
    """
    wants = np.asarray(utility_gradient, dtype=np.float64)
    return (wants * _newton(hessian, collective_gradient)).sum(axis=-1)[()]


def participation_slope(alpha: ArrayLike, *, psi: ArrayLike) -> Floats:
    """dU/dα = −Ψ/(1−α): how a fixed strategy's utility changes with the share that follows it.

    Derived, for a base that does not respond: with θ_α the optimum of αD_h + (1−α)D_0, the implicit
    function theorem gives dθ/dα = −H⁻¹(g_h − g_0), and αg_h + (1−α)g_0 = 0 makes this
    −H⁻¹g_h/(1−α). Its sign is what Zhu et al. state. At α = 1 use :func:`participation_slope_any`.

    Args:
        alpha: in [0, 1).
        psi: Ψ at this α.

    Raises:
        ValueError: ``alpha`` is not in [0, 1).

    Example:
        >>> float(participation_slope(0.5, psi=-0.5))
        1.0
    """
    share = unit_interval("alpha", alpha)
    if np.any(share >= 1):
        raise ValueError(f"alpha must be less than 1, got {alpha!r}")
    return (-np.asarray(psi, dtype=np.float64) / (1 - share))[()]


def participation_slope_any(
    *,
    utility_gradient: ArrayLike,
    collective_gradient: ArrayLike,
    base_gradient: ArrayLike,
    hessian: ArrayLike,
) -> Floats:
    """dU/dα = −⟨E_h ∇u, g_h − g_0⟩ in the metric of H⁻¹, at any α from 0 to 1.

    The same slope before the first-order condition is put in; needs the base's gradient too.

    Args:
        utility_gradient: E_h ∇u at θ_α, shape (..., d).
        collective_gradient: g_h = E_h ∇ℓ at θ_α, shape (..., d).
        base_gradient: g_0 = E_0 ∇ℓ at θ_α, shape (..., d).
        hessian: as for :func:`participation_psi`.

    Example:
        >>> float(participation_slope_any(
        ...     utility_gradient=[1.0], collective_gradient=[0.0], base_gradient=[2.0],
        ...     hessian=[[4.0]],
        ... ))
        0.5
    """
    own = np.asarray(collective_gradient, dtype=np.float64)
    apart = own - np.asarray(base_gradient, dtype=np.float64)
    return -participation_psi(
        utility_gradient=utility_gradient, collective_gradient=apart, hessian=hessian
    )


def performative_power(distances: ArrayLike) -> float:
    """sup_f (1/|U|)·Σ_u E dist(z(u), z_f(u)): how far a platform can move people at all.

    Largest for a monopoly, less with competition or a way out; where it is small, plain supervised
    learning is nearly optimal for the platform.

    Args:
        distances: shape (F, U): by how much each of F models that the platform might deploy would
            move each of U people, in expectation, ≥ 0. A maximum over the models given: a lower
            estimate of the supremum if there are others.

    Example:
        >>> performative_power([[0.0, 0.2], [0.3, 0.5]])
        0.4
    """
    moved = non_negative("distances", distances)
    if moved.ndim != 2 or moved.size == 0:
        raise ValueError(f"distances must be (models, people), got {moved.shape}")
    return float(moved.mean(axis=1).max())


def _newton(hessian: ArrayLike, gradient: ArrayLike) -> Floats:
    """H⁻¹g, shape (..., d)."""
    matrix, vector = (np.asarray(a, dtype=np.float64) for a in (hessian, gradient))
    lopsided = np.abs(matrix - np.swapaxes(matrix, -1, -2))
    # Each by its own size: a large matrix of the stack says nothing about a small one.
    size = np.abs(matrix).max(axis=(-2, -1), keepdims=True)
    if np.any(lopsided > _ROUNDING * size):
        raise ValueError("the Hessian must be symmetric")
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        raise ValueError("the Hessian must be positive definite") from None
    step = np.linalg.solve(matrix, vector[..., None])[..., 0]
    return np.asarray(step, dtype=np.float64)
