"""Random worlds in which a platform retrains on people who respond to it, thousands at a time.

The loss is ½θᵀAθ − θᵀKz: γ-strongly convex with γ the least eigenvalue of A, its gradient
β-Lipschitz in z with β = ‖K‖. People of level 1 have z of mean m + r(θ), where r is an ε-Lipschitz
response (saturating, or linear), so that retraining is G(θ) = A⁻¹K(m + r(θ)). Level k responds to
G^{k−1}(θ). Members of a collective have data of a fixed mean. All of it is iterated, not solved.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.gaps import Floats

#: The largest rate drawn, and the rounds after which it leaves 1e-15 of a distance.
_SLOWEST, _SETTLED = 0.9, 330


@dataclass(frozen=True)
class RetrainingWorlds:
    """B worlds with models and data in d dimensions.

    Attributes:
        curvature: A, symmetric positive definite, shape (B, d, d).
        coupling: K, shape (B, d, d).
        mean: m, shape (B, d).
        response: W with ‖W‖ = ε, shape (B, d, d).
        linear: bool, shape (B,): r(θ) = Wθ, else W·tanh(θ).
        levels: α_k for k = 1, ..., shape (B, K), rows sum to 1.
        collective: mean of the members' data, shape (B, d).
        alpha: share of the collective, shape (B,); 0 where there is none.
    """

    curvature: Floats
    coupling: Floats
    mean: Floats
    response: Floats
    linear: NDArray[np.bool_]
    levels: Floats
    collective: Floats
    alpha: Floats

    @property
    def strong_convexity(self) -> Floats:
        """γ, shape (B,)."""
        return np.asarray(np.linalg.eigvalsh(self.curvature)[:, 0], dtype=np.float64)

    @property
    def smoothness(self) -> Floats:
        """β, shape (B,)."""
        return np.asarray(np.linalg.norm(self.coupling, ord=2, axis=(1, 2)), dtype=np.float64)

    @property
    def sensitivity(self) -> Floats:
        """ε, shape (B,)."""
        return np.asarray(np.linalg.norm(self.response, ord=2, axis=(1, 2)), dtype=np.float64)

    def retrain(self, theta: Floats) -> Floats:
        """The model after the next round, shape (B, d)."""
        others = np.zeros_like(theta)
        faced = theta
        for k in range(self.levels.shape[1]):
            others += self.levels[:, k, None] * self._data(faced)
            faced = self._fit(self._data(faced))
        share = self.alpha[:, None]
        return self._fit(share * self.collective + (1 - share) * others)

    def stable_point(self) -> Floats:
        """Where retraining ends, from 0, shape (B, d)."""
        theta = np.zeros_like(self.mean)
        for _ in range(_SETTLED):
            theta = self.retrain(theta)
        return theta

    @cached_property
    def _solver(self) -> Floats:
        return np.asarray(np.linalg.solve(self.curvature, self.coupling), dtype=np.float64)

    def _data(self, theta: Floats) -> Floats:
        moved = np.where(self.linear[:, None], theta, np.tanh(theta))
        return self.mean + np.einsum("bij,bj->bi", self.response, moved)

    def _fit(self, data: Floats) -> Floats:
        return np.einsum("bij,bj->bi", self._solver, data)


def random_retraining_worlds(
    generator: np.random.Generator,
    count: int,
    *,
    dimension: int = 2,
    levels: int = 3,
    collective: bool = False,
) -> RetrainingWorlds:
    """Worlds with εβ/γ between 0.05 and 0.9; in half of them A, K and W are multiples of 1.

    In these the rates are not only promised but met, where the response is linear too.

    Args:
        generator: source of all randomness.
        count: B.
        dimension: d.
        levels: K, how far people think ahead; 1 for plain response.
        collective: whether a share of the population is a collective.

    Example:
        >>> worlds = random_retraining_worlds(np.random.default_rng(0), 3)
        >>> stable = worlds.stable_point()
        >>> bool(np.allclose(worlds.retrain(stable), stable))
        True
    """
    one = np.eye(dimension)
    plain = (generator.random(count) < 0.5)[:, None, None]
    raw = generator.standard_normal((3, count, dimension, dimension))
    curved = raw[0] @ np.swapaxes(raw[0], 1, 2) + 0.2 * one
    scale = generator.uniform(0.3, 3.0, size=(2, count, 1, 1))
    curvature = np.where(plain, scale[0] * one, curved)
    coupling = np.where(plain, scale[1] * one, raw[1])
    turned = np.where(plain, one, raw[2])
    rate = generator.uniform(0.05, _SLOWEST, size=count)
    wanted = rate * np.linalg.eigvalsh(curvature)[:, 0]
    wanted /= np.linalg.norm(coupling, ord=2, axis=(1, 2))
    response = turned * (wanted / np.linalg.norm(turned, ord=2, axis=(1, 2)))[:, None, None]
    return RetrainingWorlds(
        curvature=curvature,
        coupling=coupling,
        mean=generator.standard_normal((count, dimension)),
        response=response,
        linear=generator.random(count) < 0.7,
        levels=generator.dirichlet(np.full(levels, 0.7), size=count),
        collective=generator.standard_normal((count, dimension)),
        alpha=generator.random(count) if collective else np.zeros(count),
    )
