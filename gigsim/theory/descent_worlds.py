"""Random non-convex problems, thousands at a time, on which gradient descent really runs.

The model is one neuron with a squared loss, ℓ(θ; (x, y)) = ½(y − tanh(x·θ))²: smooth, not convex,
and with a known Lipschitz constant of its gradient. The platform averages the gradients of its rows
(clipped and with noise added, if it learns privately) and steps; members report gradients to it, as
clients of federated learning do. Everything is computed row by row and step by step; nothing here
knows the theory's formulas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats
from gigsim.theory.gradient_learner import control_gradient

# sup |d²ℓ/du²| for u = x·θ, s = tanh u: (1−s²)(1 − 3s² + 2sy) ≤ 1 + |y|·max 2s(1−s²).
_CURVATURE = 4 / (3 * np.sqrt(3))


@dataclass(frozen=True)
class DescentWorlds:
    """B problems with n base rows in d dimensions.

    Attributes:
        features: shape (B, n, d).
        labels: shape (B, n).
        start: θ_0, shape (B, d).
        goal: θ*, shape (B, d).
    """

    features: Floats
    labels: Floats
    start: Floats
    goal: Floats

    def __len__(self) -> int:
        return len(self.features)

    @property
    def distance(self) -> Floats:
        """‖θ_0 − θ*‖, shape (B,)."""
        return np.linalg.norm(self.start - self.goal, axis=-1)

    @property
    def smoothness(self) -> Floats:
        """A Lipschitz constant of the base gradient, shape (B,)."""
        curved = 1 + _CURVATURE * np.abs(self.labels)
        return (curved * (self.features**2).sum(axis=-1)).mean(axis=-1)

    def largest_gradient(self, clip: ArrayLike) -> Floats:
        """No mean of gradients clipped to C is longer, at any θ, shape (B,)."""
        norms = (1 + np.abs(self.labels)) * np.linalg.norm(self.features, axis=-1)
        return np.minimum(norms, np.asarray(clip, dtype=np.float64)[..., None]).mean(axis=-1)

    def loss(self, theta: Floats) -> Floats:
        """Mean loss of the base, shape (..., B), for θ of shape (..., B, d)."""
        predicted = np.tanh(np.einsum("bnd,...bd->...bn", self.features, theta))
        return 0.5 * ((self.labels - predicted) ** 2).mean(axis=-1)

    def base_gradient(self, theta: Floats, clip: ArrayLike | None = None) -> Floats:
        """Mean gradient of the base's rows, each of norm ``clip`` at most, shape of ``theta``.

        Args:
            theta: shape (..., B, d).
            clip: C, broadcast against (..., B); None for none.
        """
        predicted = np.tanh(np.einsum("bnd,...bd->...bn", self.features, theta))
        slope = (predicted - self.labels) * (1 - predicted**2)
        if clip is not None:
            norms = np.abs(slope) * np.linalg.norm(self.features, axis=-1)
            limit = np.asarray(clip, dtype=np.float64)[..., None]
            slope = slope * np.minimum(1.0, limit / np.where(norms > 0, norms, limit))
        return np.einsum("...bn,bnd->...bd", slope, self.features) / self.labels.shape[-1]

    def on_line(self, points: int) -> Floats:
        """θ_λ at ``points`` equally spaced λ from 0 to 1, shape (points, B, d)."""
        part = np.linspace(0, 1, points)[:, None, None]
        return (1 - part) * self.start + part * self.goal

    def drive(
        self,
        alpha: Floats,
        *,
        eta: Floats,
        xi: Floats,
        steps: int,
        shortfall: Floats | None = None,
        clip: ArrayLike | None = None,
        noise: Floats | None = None,
    ) -> Floats:
        """Let the platform learn while the collective controls it.

        Args:
            alpha: shape (B,), in (0, 1].
            eta: shape (B,).
            xi: gains, shape (B,).
            steps: T.
            shortfall: the control gradient minus what is reported at each step, shape (T, B, d), or
                None for none.
            clip: C, shape (B,): base rows and reports are shortened to it; None for none.
            noise: added to the mean gradient at each step, shape (T, B, d) or None.

        Returns:
            ‖θ_t − θ*‖ for t = 0, ..., T, shape (T+1, B).
        """
        theta, share = self.start, np.asarray(alpha, dtype=np.float64)[:, None]
        distances = [self.distance]
        for t in range(steps):
            base = self.base_gradient(theta, clip)
            report = control_gradient(alpha, base_gradient=base, xi=xi, theta=theta, goal=self.goal)
            if shortfall is not None:
                report = report - shortfall[t]
            if clip is not None:
                norm = np.linalg.norm(report, axis=-1)
                limit = np.broadcast_to(np.asarray(clip, dtype=np.float64), norm.shape)
                report = report * np.minimum(1.0, limit / np.where(norm > 0, norm, limit))[:, None]
            mean = share * report + (1 - share) * base
            if noise is not None:
                mean = mean + noise[t]
            theta = theta - np.asarray(eta)[:, None] * mean
            distances.append(np.linalg.norm(theta - self.goal, axis=-1))
        return np.array(distances)


def random_descent_worlds(
    generator: np.random.Generator, count: int, *, rows: int = 6, dimension: int = 3
) -> DescentWorlds:
    """Gaussian rows, labels of a size that no θ fits, and a start and a goal some way apart.

    Args:
        generator: source of all randomness.
        count: B.
        rows: n.
        dimension: d.

    Example:
        >>> worlds = random_descent_worlds(np.random.default_rng(0), 2)
        >>> one = np.ones(2)
        >>> left = worlds.drive(0.2 * one, eta=0.1 * one, xi=0.8 * one, steps=50)
        >>> (left[-1] / left[0]).round(4).tolist()
        [0.4464, 0.4464]
    """
    scale = generator.uniform(0.5, 2.0, size=(count, 1, 1))
    return DescentWorlds(
        features=scale * generator.standard_normal((count, rows, dimension)),
        labels=1.5 * generator.standard_normal((count, rows)),
        start=generator.standard_normal((count, dimension)),
        goal=2 * generator.standard_normal((count, dimension)),
    )
