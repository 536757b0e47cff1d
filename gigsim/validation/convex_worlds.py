"""Worlds with a convex risk minimiser in which a collective has reported what theory tells it to.

Batched; each with what the bounds of ``trials_convex`` need and with the distance at which the
platform really ended. Shares lie on both sides of the critical mass, and no more members deviate
than it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from gigsim.theory.cancelling_points import Family, cancelling_point
from gigsim.theory.cancelling_pool import best_mixture
from gigsim.theory.curvature import distance_bound_local, logistic_curvature
from gigsim.theory.gaps import Floats
from gigsim.theory.label_rules import (
    glm_label,
    linear_label,
    sampled_distance_bound,
    sampling_covariance,
)
from gigsim.theory.parametric_worlds import (
    GlmWorlds,
    MeanWorlds,
    random_glm_worlds,
    random_mean_worlds,
)
from gigsim.theory.risk_minimizer import (
    cancelling_share,
    deviating_share,
    distance_bound,
    strong_convexity,
)

_RADII = np.concatenate([[0.0], np.geomspace(1e-3, 50.0, 80)])
_POOL = 6
_PEOPLE = 40
#: Probability with which the bound for drawn members may fail.
RISK = 0.1


@dataclass(frozen=True)
class ConvexWorlds:
    """Worlds in which a collective has reported a cancelling law.

    Attributes:
        alpha: shares, shape (B,).
        t: of the cancelling law, shape (B,); NaN where there is none.
        base: ‖g_P0(θ*)‖, shape (B,).
        curvature: μ that the bound relies on, shape (B,).
        reached: ‖θ̂ − θ*‖, shape (B,).
        extra: what mutants and other forms need, by name, each of shape (B,).
    """

    alpha: Floats
    t: Floats
    base: Floats
    curvature: Floats
    reached: Floats
    extra: Mapping[str, Floats] = field(default_factory=dict)

    def promise(
        self,
        *,
        alpha: Floats | float | None = None,
        base: Floats | None = None,
        t: Floats | None = None,
        curvature: Floats | float | None = None,
    ) -> Floats:
        """Minus the distance bound, with mutations in place of what is true; −inf without a law.

        ``alpha`` is the share as it multiplies the collective's gradient only.
        """
        norm = self.base if base is None else base
        push = (self.t if t is None else t) * self.base
        if alpha is not None:
            push = push * alpha / self.alpha
        some = ~np.isnan(self.t)
        distance = distance_bound(
            self.alpha,
            base_gradient=norm,
            collective_gradient=np.where(some, push, 0.0),
            strong_convexity=self.curvature if curvature is None else curvature,
        )
        return np.where(some, -distance, -np.inf)


def _shares(generator: np.random.Generator, t: Floats) -> Floats:
    """Shares from 0 to a quarter over the critical mass."""
    critical = cancelling_share(np.where(np.isnan(t), 1.0, t))
    return np.minimum(critical * generator.uniform(0.01, 1.25, len(t)), 1.0)


def mean_worlds(generator: np.random.Generator, count: int) -> ConvexWorlds:
    """Worlds in which a mean is estimated and members report far-out points."""
    worlds: MeanWorlds = random_mean_worlds(generator, count)
    t = worlds.leverage
    alpha = _shares(generator, t)
    reached = worlds.minimiser(alpha * deviating_share(alpha, t), t) - worlds.goal
    return ConvexWorlds(
        alpha=alpha,
        t=t,
        base=np.linalg.norm(worlds.base_gradient, axis=1),
        curvature=worlds.curvature,
        reached=np.linalg.norm(reached, axis=1),
    )


def points_worlds(
    family: Family, penalty: tuple[float, float], curvature: str, dimensions: int = 3
) -> Callable[[np.random.Generator, int], ConvexWorlds]:
    """Worlds in which deviating members all report one made-up point."""

    def draw(generator: np.random.Generator, count: int) -> ConvexWorlds:
        worlds = random_glm_worlds(
            generator, count, family=family, penalty=penalty, dimensions=dimensions
        )
        base = worlds.gradient(worlds.goal)
        point = cancelling_point(
            base,
            worlds.goal,
            radius=generator.uniform(0.3, 3.0, count),
            family=family,
            label_limit=generator.uniform(1.0, 5.0, count),
            penalty_gradient=worlds.penalty_gradient(worlds.goal),
        )
        alpha = _shares(generator, point.t)
        share = alpha * deviating_share(alpha, np.nan_to_num(point.t, nan=0.0))
        features, labels = point.features[:, None, :], point.label[:, None]
        mixed = worlds.joined(share, features, labels, np.ones((count, 1)))
        extra = _curvatures(worlds, mixed, alpha)
        unpenalised = base - worlds.penalty_gradient(worlds.goal)
        extra["unpenalised"] = np.linalg.norm(unpenalised, axis=1)
        if curvature == "local":
            extra |= _local(worlds, point.t, base, alpha)
        return ConvexWorlds(
            alpha=alpha,
            t=point.t,
            base=np.linalg.norm(base, axis=1),
            curvature=worlds.penalty if curvature == "local" else extra[curvature],
            reached=np.linalg.norm(mixed.minimiser() - worlds.goal, axis=1),
            extra=extra,
        )

    return draw


def _curvatures(worlds: GlmWorlds, mixed: GlmWorlds, alpha: Floats) -> dict[str, Floats]:
    """What may be taken for μ (known beforehand, of P itself, the penalty's) and what may not."""
    eye = worlds.penalty[:, None, None] * np.eye(worlds.goal.shape[1])
    hessian = worlds.hessian(worlds.goal)
    rows = (1 - alpha)[:, None, None] * (hessian - eye)
    return {
        "beforehand": strong_convexity(rows + eye),
        "own": strong_convexity(mixed.hessian(worlds.goal)),
        "penalty": worlds.penalty,
        "clean": strong_convexity(hessian),
        "largest": _largest(mixed),
    }


def _largest(worlds: GlmWorlds) -> Floats:
    """The largest eigenvalue of the Hessian at θ*, shape (B,)."""
    return np.linalg.eigvalsh(worlds.hessian(worlds.goal))[:, -1].astype(np.float64)


def _penalty_shifts(worlds: GlmWorlds) -> Floats:
    """``label_rules.penalty_shift`` of every world, shape (B, n)."""
    weighted = worlds.features * worlds.weights[:, :, None]
    moments = np.einsum("bnd,bne->bde", weighted, worlds.features)
    pull = np.linalg.solve(moments, worlds.penalty_gradient(worlds.goal)[..., None])
    shifts: Floats = (worlds.features @ pull)[..., 0]
    return shifts


def _local(worlds: GlmWorlds, t: Floats, base: Floats, alpha: Floats) -> dict[str, Floats]:
    """The bound with the curvature that is left at each distance, and with that at θ* alone."""
    critical = cancelling_share(np.where(np.isnan(t), 0.0, t))
    norm = np.linalg.norm(base, axis=1)
    left = np.where(alpha < critical, norm * np.maximum((1 - alpha) - alpha * t, 0.0), 0.0)
    scores = worlds.scores(worlds.goal)
    bounds = np.full(len(worlds), np.inf)
    there = np.full(len(worlds), np.inf)
    for b in np.flatnonzero(~np.isnan(t)):
        curvature = logistic_curvature(
            _RADII,
            features=worlds.features[b],
            scores=scores[b],
            weights=(1 - alpha[b]) * worlds.weights[b],
            penalty=np.full(worlds.goal.shape[1], worlds.penalty[b]),
        )
        bounds[b] = distance_bound_local(left[b], _RADII, curvature)
        there[b] = left[b] / curvature[0]
    return {"local": bounds, "at θ* only": there}


def clipped_worlds(
    family: Family, penalty: tuple[float, float]
) -> Callable[[np.random.Generator, int], ConvexWorlds]:
    """Worlds in which members keep their features and report the rule's label, clipped."""

    def draw(generator: np.random.Generator, count: int) -> ConvexWorlds:
        worlds = random_glm_worlds(generator, count, family=family, penalty=penalty)
        alpha = generator.uniform(0.02, 0.98, count)
        rule = linear_label if family == "linear" else glm_label
        wanted = rule(
            worlds.means(worlds.goal), worlds.labels, alpha[:, None], _penalty_shifts(worlds)
        )
        limit = generator.uniform(1.0, 8.0, count)[:, None]
        reported = np.clip(wanted, *((-limit, limit) if family == "linear" else (0.0, 1.0)))
        mixed = worlds.relabelled(alpha, reported)
        base = worlds.gradient(worlds.goal)
        exact = family == "linear"
        curvature = strong_convexity(mixed.hessian(worlds.goal)) if exact else worlds.penalty
        left = np.linalg.norm(mixed.gradient(worlds.goal), axis=1)
        rows = np.linalg.norm(worlds.relabelled(alpha, wanted).gradient(worlds.goal), axis=1)
        return ConvexWorlds(
            alpha=alpha,
            t=np.ones(count),
            base=np.linalg.norm(base, axis=1),
            curvature=curvature,
            reached=np.linalg.norm(mixed.minimiser() - worlds.goal, axis=1),
            extra={"left": left, "unclipped": rows, "largest": _largest(mixed)},
        )

    return draw


def pools_worlds(generator: np.random.Generator, count: int) -> ConvexWorlds:
    """Worlds in which members mix a few random edits as well as can be."""
    worlds = random_glm_worlds(generator, count, family="linear", dimensions=2)
    features = generator.normal(size=(count, _POOL, 2)) * generator.uniform(0.3, 2, (count, 1, 1))
    labels = generator.normal(size=(count, _POOL)) * 3
    pool = worlds.point_gradients(features, labels)
    base = worlds.gradient(worlds.goal)
    t = ray_leverage(base, pool)
    critical = np.where(
        np.isnan(t), generator.uniform(0.05, 1.0, count), cancelling_share(np.nan_to_num(t))
    )
    alpha = np.minimum(critical * generator.uniform(0.01, 1.1, count), 1.0)
    shares, honest, left = np.zeros((count, _POOL)), np.zeros(count), np.zeros(count)
    for b in range(count):
        found = best_mixture(alpha[b], base[b], pool[b])
        shares[b], honest[b], left[b] = found.weights, found.honest, found.residual
    acting = alpha * (1 - honest)
    divided = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
    mixed = worlds.joined(acting, features, labels, divided)
    return ConvexWorlds(
        alpha=alpha,
        t=t,
        base=np.linalg.norm(base, axis=1),
        curvature=strong_convexity(mixed.hessian(worlds.goal)),
        reached=np.linalg.norm(mixed.minimiser() - worlds.goal, axis=1),
        extra={"left": left, "largest": _largest(mixed)},
    )


def ray_leverage(base: Floats, pool: Floats) -> Floats:
    """t_max of ``cancelling_pool.critical_mass_pool`` in the plane, by trying every pair of edits.

    Args:
        base: g_P0(θ*), shape (B, 2), not 0.
        pool: gradients of the edits, shape (B, K, 2).

    Returns:
        Shape (B,); NaN where no mixture of edits points against the base gradient.
    """
    across = pool @ np.stack([-base[:, 1], base[:, 0]], axis=1)[:, :, None]
    along = -(pool @ base[:, :, None])[..., 0] / (base**2).sum(axis=1, keepdims=True)
    first, second = np.triu_indices(pool.shape[1], 1)
    left, right = across[:, first, 0], across[:, second, 0]
    crosses = left * right < 0
    weight = np.where(crosses, right / np.where(crosses, right - left, 1.0), 0.0)
    t = np.where(crosses, weight * along[:, first] + (1 - weight) * along[:, second], -np.inf)
    furthest = t.max(axis=1)
    return np.where(furthest >= 0, furthest, np.nan)


def drawn_worlds(generator: np.random.Generator, count: int) -> ConvexWorlds:
    """Finite populations, members drawn at random, least squares, the unbounded label rule."""
    worlds = random_glm_worlds(generator, count, family="linear", rows=_PEOPLE, penalty=(0.0, 0.0))
    even = np.full((count, _PEOPLE), 1 / _PEOPLE)
    worlds = GlmWorlds(
        worlds.features, worlds.labels, even, worlds.penalty, worlds.goal, worlds.family
    )
    members = generator.integers(2, _PEOPLE - 1, size=count)
    alpha = members / _PEOPLE
    is_member = generator.random((count, _PEOPLE)).argsort(axis=1) < members[:, None]
    wanted = linear_label(worlds.means(worlds.goal), worlds.labels, alpha[:, None])
    submitted = worlds.relabelled(is_member, wanted)
    curvature = strong_convexity(worlds.hessian(worlds.goal))
    errors = (worlds.means(worlds.goal) - worlds.labels)[:, :, None] * worlds.features
    bounds = np.empty(count)
    for b in range(count):
        turned = -(1 - alpha[b]) / alpha[b] * errors[b]
        covariance = sampling_covariance(
            alpha[b], base_gradients=errors[b], member_gradients=turned
        )
        bounds[b] = sampled_distance_bound(0.0, covariance, float(curvature[b]), RISK)
    return ConvexWorlds(
        alpha=alpha,
        t=np.ones(count),
        base=np.linalg.norm(worlds.gradient(worlds.goal), axis=1),
        curvature=curvature,
        reached=np.linalg.norm(submitted.minimiser() - worlds.goal, axis=1),
        extra={"bound": bounds, "people": np.full(count, float(_PEOPLE))},
    )
