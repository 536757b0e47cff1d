"""Parametric worlds in which the platform's risk minimiser is computed exactly: known answers.

Batched: B worlds are arrays with a leading axis. Mean estimation, least squares (with a ridge
penalty or without) and logistic regression with an L2 penalty, each with a target model θ*, so that
the theory of ``risk_minimizer`` meets the θ̂ that really comes out. Populations are weighted rows,
not samples: what is left is the theorem, without sampling error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from gigsim.theory.cancelling_points import Family
from gigsim.theory.gaps import Floats

# A Newton step this small (in units of 1 + ‖θ‖) is rounding.
_CONVERGED = 1e-13
_NEWTON_STEPS = 200


@dataclass(frozen=True)
class MeanWorlds:
    """The platform estimates a mean: ℓ(θ; z) = (c/2)‖θ − z‖², members may report any ‖z‖ ≤ R.

    Attributes:
        mean: μ0 of the base, shape (B, d).
        goal: θ*, shape (B, d), within the ball.
        radius: R, shape (B,).
        curvature: c > 0, shape (B,): the strong convexity μ.
    """

    mean: Floats
    goal: Floats
    radius: Floats
    curvature: Floats

    @property
    def base_gradient(self) -> Floats:
        """g_P0(θ*) = c(θ* − μ0), shape (B, d)."""
        return self.curvature[:, None] * (self.goal - self.mean)

    @property
    def leverage(self) -> Floats:
        """t_max, shape (B,), of reports z = θ* + t(θ* − μ0) within the ball; inf where θ* = μ0.

        In one dimension with 0 ≤ μ0 < θ* it gives α_c = (θ* − μ0)/(R − μ0).
        """
        away = self.goal - self.mean
        square = (away**2).sum(axis=1)
        inner = (away * self.goal).sum(axis=1)
        room = np.maximum(self.radius**2 - (self.goal**2).sum(axis=1), 0.0)
        root = np.sqrt(inner**2 + square * room) - inner
        return np.where(square > 0, root / np.where(square > 0, square, 1.0), np.inf)

    def minimiser(self, alpha: ArrayLike, t: ArrayLike) -> Floats:
        """θ̂ when a share ``alpha`` reports z = θ* + t(θ* − μ0), shape (B, d)."""
        share = np.asarray(alpha, dtype=np.float64)[..., None]
        z = self.goal + np.asarray(t, dtype=np.float64)[..., None] * (self.goal - self.mean)
        return (1 - share) * self.mean + share * z


@dataclass(frozen=True)
class GlmWorlds:
    """The platform fits a generalised linear model to weighted rows, with an L2 penalty.

    The risk is Σ_i w_i ℓ_i(θ) + (λ/2)‖θ‖², ℓ half the squared error (``linear``) or the log loss
    (``logistic``, labels in [0, 1]).

    Attributes:
        features: x, shape (B, n, d).
        labels: y, shape (B, n).
        weights: w ≥ 0, shape (B, n), summing to 1 in each world.
        penalty: λ ≥ 0, shape (B,).
        goal: θ*, shape (B, d).
        family: ``linear`` or ``logistic``.
    """

    features: Floats
    labels: Floats
    weights: Floats
    penalty: Floats
    goal: Floats
    family: Family

    def __post_init__(self) -> None:
        count, rows, dimensions = self.features.shape
        if self.labels.shape != (count, rows) or self.weights.shape != (count, rows):
            raise ValueError("labels and weights must be (B, n)")
        if self.penalty.shape != (count,) or self.goal.shape != (count, dimensions):
            raise ValueError("the penalty must be (B,) and the goal (B, d)")
        if self.family not in ("linear", "logistic"):
            raise ValueError(f"family is 'linear' or 'logistic', got {self.family!r}")

    def __len__(self) -> int:
        return len(self.features)

    def scores(self, theta: Floats) -> Floats:
        """x'θ, shape (B, n)."""
        return np.einsum("bnd,bd->bn", self.features, theta)

    def means(self, theta: Floats) -> Floats:
        """m(x'θ), shape (B, n)."""
        scores = self.scores(theta)
        return expit(scores) if self.family == "logistic" else scores

    def penalty_gradient(self, theta: Floats) -> Floats:
        """λθ, shape (B, d)."""
        return self.penalty[:, None] * theta

    def gradient(self, theta: Floats) -> Floats:
        """g(θ) of the risk, penalty included, shape (B, d)."""
        residual = self.weights * (self.means(theta) - self.labels)
        return np.einsum("bn,bnd->bd", residual, self.features) + self.penalty_gradient(theta)

    def point_gradients(self, features: Floats, labels: Floats) -> Floats:
        """∇ℓ(θ*; (x, y)), penalty included, of k points a world: (B, k, d), (B, k) → (B, k, d)."""
        scores = np.einsum("bkd,bd->bk", features, self.goal)
        means = expit(scores) if self.family == "logistic" else scores
        own = (means - labels)[:, :, None] * features
        return own + self.penalty_gradient(self.goal)[:, None, :]

    def hessian(self, theta: Floats) -> Floats:
        """Of the risk, shape (B, d, d)."""
        steep = self.weights
        if self.family == "logistic":
            means = self.means(theta)
            steep = steep * means * (1 - means)
        outer = np.einsum("bn,bnd,bne->bde", steep, self.features, self.features, optimize=True)
        return outer + self.penalty[:, None, None] * np.eye(self.features.shape[2])

    def minimiser(self) -> Floats:
        """θ̂ = argmin of the risk, shape (B, d): solved, or by Newton's method to rounding.

        Raises:
            RuntimeError: Newton's method did not converge (a logistic risk without a minimum).
        """
        theta = np.zeros_like(self.goal)
        if self.family == "linear":
            return (
                theta
                - np.linalg.solve(self.hessian(theta), self.gradient(theta)[..., None])[..., 0]
            )
        value = self._risk(theta)
        for _ in range(_NEWTON_STEPS):
            gradient = self.gradient(theta)
            step = -np.linalg.solve(self.hessian(theta), gradient[..., None])[..., 0]
            size = np.linalg.norm(step, axis=1) / (1 + np.linalg.norm(theta, axis=1))
            if np.all(size <= _CONVERGED):
                return theta
            length = np.ones(len(self))
            slope = (gradient * step).sum(axis=1)
            for _ in range(40):
                new = self._risk(theta + length[:, None] * step)
                # Armijo's rule; near the minimum the risk itself is rounding.
                good = (new <= value + 1e-4 * length * slope) | (size < 1e-6)
                if np.all(good):
                    break
                length = np.where(good, length, length / 2)
            theta = theta + length[:, None] * step
            value = self._risk(theta)
            if np.all(size <= 1e-9):  # quadratic convergence: this step was the last that counts
                return theta
        raise RuntimeError("Newton's method did not converge: has the risk a minimum?")

    def _risk(self, theta: Floats) -> Floats:
        scores = self.scores(theta)
        if self.family == "logistic":
            losses = np.logaddexp(0.0, scores) - self.labels * scores
        else:
            losses = (scores - self.labels) ** 2 / 2
        return (self.weights * losses).sum(axis=1) + self.penalty / 2 * (theta**2).sum(axis=1)

    def relabelled(self, alpha: ArrayLike, labels: Floats) -> GlmWorlds:
        """P when a share α keeps its features and reports these labels (B, n).

        α is a scalar, (B,), or the share of each row (B, n), 0 or 1 where rows are people. Both
        losses are linear in the label, so a row with the mean of two labels is the two rows.
        """
        share = np.asarray(alpha, dtype=np.float64)
        share = share if share.ndim == 2 else share[..., None]
        return replace(self, labels=(1 - share) * self.labels + share * labels)

    def joined(
        self, alpha: ArrayLike, features: Floats, labels: Floats, shares: Floats
    ) -> GlmWorlds:
        """P when a share α reports k points instead of their rows: (B, k, d), (B, k), (B, k).

        Args:
            alpha: the share, scalar or (B,).
            features: of the points.
            labels: of the points.
            shares: how the members divide over the points; sums to 1 in each world.
        """
        share = np.broadcast_to(np.asarray(alpha, dtype=np.float64), (len(self),))[:, None]
        return replace(
            self,
            features=np.concatenate([self.features, features], axis=1),
            labels=np.concatenate([self.labels, labels], axis=1),
            weights=np.concatenate([(1 - share) * self.weights, share * shares], axis=1),
        )


def random_mean_worlds(
    generator: np.random.Generator, count: int, *, dimensions: int = 2
) -> MeanWorlds:
    """Means and targets within a ball of random radius, curvatures from 0.2 to 5.

    Example:
        >>> worlds = random_mean_worlds(np.random.default_rng(0), 5)
        >>> reached = worlds.minimiser(1 / (1 + worlds.leverage), worlds.leverage)
        >>> bool(np.allclose(reached, worlds.goal))
        True
    """
    radius = generator.uniform(0.5, 5.0, count)
    inside = generator.normal(size=(2, count, dimensions))
    inside *= generator.random((2, count, 1)) / np.linalg.norm(inside, axis=2, keepdims=True)
    curvature = np.exp(generator.uniform(np.log(0.2), np.log(5.0), count))
    mean, goal = inside * radius[:, None]
    return MeanWorlds(mean, goal, radius, curvature)


def random_glm_worlds(
    generator: np.random.Generator,
    count: int,
    *,
    family: Family,
    rows: int = 8,
    dimensions: int = 3,
    penalty: tuple[float, float] = (0.02, 1.0),
    reach: float = 1.0,
) -> GlmWorlds:
    """Random rows, weights, labels and targets.

    Args:
        generator: source of all randomness.
        count: B.
        family: ``linear`` (labels from a random model with noise) or ``logistic`` (0 or 1).
        rows: n, at least d.
        dimensions: d.
        penalty: λ is log-uniform between; (0, 0) for none.
        reach: the scale of θ* minus what the clean platform deploys.

    Example:
        >>> worlds = random_glm_worlds(np.random.default_rng(0), 4, family="linear")
        >>> bool(np.allclose(worlds.gradient(worlds.minimiser()), 0))
        True
    """
    features = generator.normal(size=(count, rows, dimensions))
    truth = generator.normal(size=(count, dimensions))
    scores = np.einsum("bnd,bd->bn", features, truth)
    if family == "linear":
        labels = scores + generator.normal(size=(count, rows))
    else:
        labels = (generator.random((count, rows)) < expit(scores)).astype(np.float64)
    low, high = penalty
    strength = (
        np.zeros(count)
        if high == 0
        else np.exp(generator.uniform(np.log(low), np.log(high), count))
    )
    weights = generator.dirichlet(np.full(rows, 3.0), size=count)
    worlds = GlmWorlds(features, labels, weights, strength, np.zeros_like(truth), family)
    away = generator.normal(size=(count, dimensions)) * generator.uniform(0, reach, (count, 1))
    return replace(worlds, goal=worlds.minimiser() + away)
