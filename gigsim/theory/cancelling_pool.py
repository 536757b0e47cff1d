"""The critical mass for a pool of feasible edits, and the nearest miss below it.

A collective whose members can hand in any z of a pool reaches, by mixing, every mean gradient in
conv{∇ℓ(θ*; z)}. So a target θ* is reached exactly from α_c = 1/(1 + t_max) on, with

    t_max = max{t : −t·g_P0(θ*) in conv{∇ℓ(θ*; z): z in the pool}},

a linear program (derived; for strictly convex risks). For a pool that is a sample of what is
feasible t_max is a lower limit, hence α_c a conservative one. Below it the mixture that leaves the
least gradient is the nearest point of a polytope to 0 (:func:`best_mixture`), and the distance left
is at most that over μ (``risk_minimizer.distance_from_gradient``). Where each member has options of
his own, rather than all of them the same pool, see :func:`frank_wolfe_members`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.optimize import linprog

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.member_choices import MemberChoices, frank_wolfe_members
from gigsim.theory.risk_minimizer import cancelling_share

__all__ = [
    "BestMixture",
    "MemberChoices",
    "PoolCriticalMass",
    "best_mixture",
    "critical_mass_labels",
    "critical_mass_pool",
    "frank_wolfe_members",
]


# With more points than this one pass over them is what a step costs.
_MANY = 100


@dataclass(frozen=True)
class PoolCriticalMass:
    """The result of the linear program.

    Attributes:
        t: t_max; inf where the base gradient is 0, NaN where no mixture points exactly against it.
        critical_mass: α_c in [0, 1]; inf where no share cancels (then a pool may still come near,
            see :func:`best_mixture`).
        weights: the mixture, shape (n,), summing to 1; or the labels, for
            :func:`critical_mass_labels`. Empty where there is none or none is needed.
    """

    t: float
    critical_mass: float
    weights: Floats


def critical_mass_pool(
    base_gradient: ArrayLike, pool_gradients: ArrayLike | sparse.sparray
) -> PoolCriticalMass:
    """t_max and α_c = 1/(1 + t_max) for a pool of edits, exactly, by linear programming.

    Derived; see the module. Over α_c only ``risk_minimizer.deviating_share`` of the members take
    part. In many dimensions hardly any finite pool has a mixture that points *exactly* against the
    base gradient; then α_c is inf.

    Args:
        base_gradient: g_P0(θ*), penalty included, shape (d,).
        pool_gradients: ∇ℓ(θ*; z), penalty included, shape (n, d), an array or a sparse matrix.

    Raises:
        ValueError: shapes that differ, or an empty pool.
        RuntimeError: the solver gave up.

    Example:
        >>> found = critical_mass_pool([1.0], [[-9.0], [3.0]])
        >>> round(found.t, 6), round(found.critical_mass, 6), found.weights.round(6).tolist()
        (9.0, 0.1, [1.0, 0.0])
    """
    base, pool = _gradients(base_gradient, pool_gradients)
    count = pool.shape[0]
    length = float(np.linalg.norm(base))
    if length == 0:
        return PoolCriticalMass(np.inf, 0.0, np.empty(0))
    equal = sparse.block_array([[pool.T, (base / length)[:, None]], [np.ones((1, count)), None]])
    right = np.append(np.zeros(len(base)), 1.0)
    return _furthest(equal, right, np.zeros(count), np.full(count, np.inf), length)


def critical_mass_labels(
    base_gradient: ArrayLike,
    means: ArrayLike,
    features: ArrayLike,
    weights: ArrayLike,
    *,
    penalty_gradient: ArrayLike | None = None,
    low: float = 0.0,
    high: float = 1.0,
) -> PoolCriticalMass:
    """t_max where members keep their features and choose labels in [low, high], jointly.

    The gradients in reach are Σ_i w_i (m_i − y'_i) x_i + ∇r(θ*), a zonotope. Derived; never above
    the critical mass of the pointwise rule (``label_rules.glm_label_critical_mass``), which asks
    each member to turn his own residual round.

    Args:
        base_gradient: g_P0(θ*), penalty included, shape (d,).
        means: m(x_i'θ*), shape (n,).
        features: x_i with a 1 for the intercept, shape (n, d), of the members.
        weights: of their rows, shape (n,), summing to 1.
        penalty_gradient: ∇r(θ*) per unit of mass, shape (d,); None for no penalty.
        low: the least label allowed.
        high: the largest; finite.

    Returns:
        With the labels in ``weights``.

    Example:
        >>> found = critical_mass_labels([0.25], [0.5, 0.5], [[1.0], [1.0]], [0.5, 0.5])
        >>> round(found.t, 6), found.weights.round(6).tolist()
        (2.0, [1.0, 1.0])
    """
    rows = np.asarray(features, dtype=np.float64)
    base, mass = np.asarray(base_gradient, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if rows.ndim != 2 or base.shape != rows.shape[1:] or mass.shape != rows.shape[:1]:
        raise ValueError(f"need (d,), (n, d) and (n,), got {base.shape}, {rows.shape}")
    length = float(np.linalg.norm(base))
    if length == 0:
        return PoolCriticalMass(np.inf, 0.0, np.empty(0))
    penalty = np.zeros_like(base) if penalty_gradient is None else np.asarray(penalty_gradient)
    pull = rows * mass[:, None]
    equal = np.hstack([-pull.T, (base / length)[:, None]])
    count = len(rows)
    right = -(pull.T @ np.asarray(means, dtype=np.float64)) - penalty
    return _furthest(equal, right, np.full(count, low), np.full(count, high), length)


def _furthest(
    equal: Floats | sparse.sparray, right: Floats, low: Floats, high: Floats, length: float
) -> PoolCriticalMass:
    """Maximise the last variable, t‖g‖ ≥ 0, under the equations; the others lie in [low, high]."""
    bounds = np.stack([np.append(low, 0.0), np.append(high, np.inf)], axis=1)
    cost = np.append(np.zeros(len(low)), -1.0)
    found = linprog(cost, A_eq=sparse.csc_array(equal), b_eq=right, bounds=bounds, method="highs")
    if found.status == 2:  # infeasible: no mixture points against the base gradient
        return PoolCriticalMass(np.nan, np.inf, np.empty(0))
    if found.status != 0:
        raise RuntimeError(f"the linear program was not solved: {found.message}")
    t = max(0.0, float(found.x[-1])) / length
    return PoolCriticalMass(t, float(cancelling_share(t)), found.x[:-1])


@dataclass(frozen=True)
class BestMixture:
    """What a collective of some size reports to leave as little gradient at θ* as it can.

    Attributes:
        weights: of the pool's edits, shape (n,), at least 0.
        honest: weight of reporting truly; with ``weights`` it sums to 1.
        residual: ‖(1−α)g_P0 + αg_P'‖, the gradient that is left.
        lower_bound: no mixture leaves less than this (duality gap).
    """

    weights: Floats
    honest: float
    residual: float
    lower_bound: float


def best_mixture(
    alpha: float,
    base_gradient: ArrayLike,
    pool_gradients: ArrayLike | sparse.sparray,
    *,
    tolerance: float = 1e-9,
    iterations: int = 2000,
) -> BestMixture:
    """The mixture of edits and honest reports that leaves the least gradient at θ*.

    The nearest point to 0 of conv{(1−α)g_P0 + α∇ℓ(θ*; z)} ∪ {g_P0} by Wolfe's (1976) algorithm: a
    conditional gradient that re-optimises all weights it holds, and so ends after finitely many
    steps; a step costs one product with the pool, which may be sparse. The residual is 0 from α_c
    on. Below, it is at most (1−α)‖g_P0‖ − α·t_max‖g_P0‖, what the mixture of the linear program
    leaves, and exists where that does not.

    Args:
        alpha: share of the collective, in [0, 1].
        base_gradient: g_P0(θ*), penalty included, shape (d,).
        pool_gradients: ∇ℓ(θ*; z), penalty included, shape (n, d), an array or a sparse matrix.
        tolerance: part of the residual (or of ‖g_P0‖, where there is none) that may be left over.
        iterations: at most so many steps; ``lower_bound`` says how much was left.

    Raises:
        ValueError: shapes that differ, an empty pool, α out of range.

    Example:
        >>> found = best_mixture(0.05, [1.0], [[-9.0], [3.0]])
        >>> round(found.residual, 6), found.weights.tolist()
        (0.5, [1.0, 0.0])
        >>> round(best_mixture(0.2, [1.0], [[-9.0], [3.0]]).residual, 6)
        0.0
    """
    base, pool = _gradients(base_gradient, pool_gradients)
    share = float(unit_interval("alpha", alpha))
    count = pool.shape[0]
    start = (1 - share) * base
    corral = _Corral(base, count)
    nearest, lower = base, 0.0
    scale = float(np.linalg.norm(base))
    for _ in range(iterations):
        norm = float(np.linalg.norm(nearest))
        if norm <= tolerance * scale:
            break
        along = np.append(start @ nearest + share * (pool @ nearest), base @ nearest)
        best = int(along.argmin())
        # Everything in the hull is at least this far out in the direction of the nearest point.
        lower = max(lower, float(along[best]) / norm)
        if lower >= (1 - tolerance) * norm or best in corral.held:
            break
        corral.add(start + share * _row(pool, best) if best < count else base, best)
        nearest = corral.nearest()
    mixture = np.zeros(count + 1)
    mixture[corral.held] = corral.weights
    norm = float(np.linalg.norm(nearest))
    return BestMixture(mixture[:-1], float(mixture[-1]), norm, min(lower, norm))


class _Corral:
    """The points that the mixture holds, with their weights and inner products."""

    def __init__(self, point: Floats, name: int) -> None:
        self.points = point[None, :]
        self.gram = self.points @ self.points.T
        self.held = [name]
        self.weights = np.ones(1)

    def add(self, point: Floats, name: int) -> None:
        """Take in a point, with no weight as yet."""
        products = self.points @ point
        self.gram = np.block([[self.gram, products[:, None]], [products, point @ point]])
        self.points = np.vstack([self.points, point])
        self.held.append(name)
        self.weights = np.append(self.weights, 0.0)

    def nearest(self) -> Floats:
        """Move to the nearest point of the affine hull, dropping points until it is in the hull."""
        while True:
            wanted = self._affine()
            falling = wanted <= 1e-13
            if not falling.any():
                self.weights = wanted / wanted.sum()
                return self.weights @ self.points
            room = self.weights - wanted
            gone = np.where(room > 0, self.weights / np.where(room > 0, room, 1.0), 0.0)
            gone = np.where(falling, gone, np.inf)
            length = min(1.0, float(gone.min()))
            weights = length * wanted + (1 - length) * self.weights
            weights[int(gone.argmin())] = 0.0
            keep = np.flatnonzero(weights > 0)
            self.points, self.gram = self.points[keep], self.gram[np.ix_(keep, keep)]
            self.held = [self.held[k] for k in keep]
            self.weights = weights[keep] / weights[keep].sum()

    def _affine(self) -> Floats:
        """Weights, summing to 1 and of any sign, of the point of the affine hull nearest to 0."""
        if len(self.points) == 1:
            return np.ones(1)
        gram = self.gram
        across = gram[1:, 1:] - gram[1:, :1] - gram[:1, 1:] + gram[0, 0]
        weights = np.zeros(len(gram))
        weights[0] = 1.0
        try:
            factor = scipy.linalg.cho_factor(across)
        except scipy.linalg.LinAlgError:
            solved = np.linalg.lstsq((self.points[1:] - self.points[0]).T, -self.points[0])[0]
            return np.concatenate([[1 - solved.sum()], solved])
        # Normal equations, and the remainder solved again: as exact as an orthogonal factorisation.
        for _ in range(2 if len(gram) > _MANY else 4):
            slope = self.points @ (weights @ self.points)
            step = scipy.linalg.cho_solve(factor, slope[1:] - slope[0])
            weights[1:] -= step
            weights[0] += step.sum()
        return weights


def _gradients(
    base_gradient: ArrayLike, pool_gradients: ArrayLike | sparse.sparray
) -> tuple[Floats, Floats | sparse.csr_array]:
    base = np.asarray(base_gradient, dtype=np.float64)
    pool = (
        sparse.csr_array(pool_gradients, dtype=np.float64)
        if sparse.issparse(pool_gradients)
        else np.asarray(pool_gradients, dtype=np.float64)
    )
    if base.ndim != 1 or pool.ndim != 2 or pool.shape[0] == 0 or pool.shape[1:] != base.shape:
        raise ValueError(f"need (d,) and (n, d) with n > 0, got {base.shape} and {pool.shape}")
    return base, pool


def _row(pool: Floats | sparse.csr_array, row: int) -> Floats:
    if isinstance(pool, np.ndarray):
        return pool[row]
    dense: Floats = pool[[row]].toarray()[0]
    return dense
