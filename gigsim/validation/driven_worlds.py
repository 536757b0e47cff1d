"""Platforms that descend under control: draws on which their bounds are tried, and what happens.

Descent runs step by step on non-convex losses, rows and reports are clipped, noise is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, hyp1f1

from gigsim.theory.descent_worlds import DescentWorlds, random_descent_worlds
from gigsim.theory.gaps import Floats
from gigsim.theory.gradient_learner import contraction, gain_left, path_condition
from gigsim.theory.private import private_radius

#: The most steps that are taken.
STEPS = 25
#: δ of what holds with high probability.
DELTA = 0.05
# Points of the path that stand for all of it.
_EVERYWHERE = 201


@dataclass(frozen=True)
class Driven:
    """Descent under control: problems, and all numbers of platform and collective, shape (B,).

    Attributes:
        problems: B of them, in d dimensions.
        alpha: share of the collective.
        eta: step size.
        xi: gain.
        steps: T, at most ``STEPS``.
        residual: r, by how much reports fall short.
        shortfall: control gradient minus report, shape (T, B, d), of norm r.
        noise: σ.
        clip: C, the norm of clipped rows and the largest that members can report.
        batch: n.
        draws: standard normal, shape (T, B, d).
    """

    problems: DescentWorlds
    alpha: Floats
    eta: Floats
    xi: Floats
    steps: NDArray[np.int64]
    residual: Floats
    shortfall: Floats
    noise: Floats
    clip: Floats
    batch: Floats
    draws: Floats

    @property
    def rate(self) -> Floats:
        """What is left of the distance after a step, q."""
        return contraction(self.alpha, eta=self.eta, xi=self.xi)

    @property
    def step(self) -> dict[str, Any]:
        """The arguments of ``distance_after``, the steps apart."""
        return {"eta": self.eta, "xi": self.xi, "start": self.problems.distance}

    @property
    def privacy(self) -> dict[str, Any]:
        """σ, C, n and η."""
        return {"noise": self.noise, "clip": self.clip, "batch": self.batch, "eta": self.eta}

    @property
    def dimension(self) -> int:
        """Number of parameters, d."""
        return self.problems.start.shape[1]

    def after(self, distances: Floats) -> Floats:
        """Minus the distance after each problem's own number of steps, from (T+1, B)."""
        return -np.take_along_axis(distances, self.steps[None], axis=0)[0]


def driven(generator: np.random.Generator, count: int, *, dimension: int = 3) -> Driven:
    """Draw problems, platforms and collectives."""
    problems = random_descent_worlds(generator, count, dimension=dimension)
    alpha = generator.uniform(0.05, 1.0, size=count)
    eta = generator.uniform(0.02, 0.5, size=count)
    # In half of the worlds all that is missing lies along the path, where it costs most.
    missing = generator.standard_normal((STEPS, count, dimension))
    missing[:, ::2] = (problems.start - problems.goal)[::2]
    residual = generator.exponential(0.5, size=count)
    return Driven(
        problems=problems,
        alpha=alpha,
        eta=eta,
        xi=generator.uniform(0.02, 0.95, size=count) / (alpha * eta),
        steps=generator.integers(1, STEPS + 1, size=count),
        residual=residual,
        shortfall=missing * (residual[:, None] / np.linalg.norm(missing, axis=-1, keepdims=True)),
        noise=generator.exponential(1.0, size=count),
        clip=generator.uniform(0.2, 3.0, size=count),
        batch=generator.uniform(1.0, 20.0, size=count),
        draws=generator.standard_normal((STEPS, count, dimension)),
    )


def driven_noisily(generator: np.random.Generator, count: int) -> Driven:
    """More dimensions, and starts so near that noise decides where the model ends, or not so near.

    Far from the goal noise goes mostly sideways and hardly matters.
    """
    drawn = driven(generator, count, dimension=12)
    problems, near = drawn.problems, generator.random((count, 1)) ** 4
    start = problems.goal + near * (problems.start - problems.goal)
    return replace(drawn, problems=replace(problems, start=start))


def driven_exactly(d: Driven) -> Floats:
    """Minus the distance after exact reports."""
    return d.after(d.problems.drive(d.alpha, eta=d.eta, xi=d.xi, steps=STEPS))


def driven_short(d: Driven) -> Floats:
    """Minus the distance after reports that fall short."""
    run = d.problems.drive(d.alpha, eta=d.eta, xi=d.xi, steps=STEPS, shortfall=d.shortfall)
    return d.after(run)


def base_norms(d: Driven, points: int) -> Floats:
    """‖g0‖ on the line, shape (B, points)."""
    on_line = d.problems.base_gradient(d.problems.on_line(points))
    return np.linalg.norm(on_line, axis=-1).T


def share_spared(d: Driven) -> Floats:
    """1 − the share that the path needs, reports being limited to C."""
    return 1 - path_condition(base_norms(d, _EVERYWHERE), d.clip[:, None])


def expected_distance(d: Driven) -> Floats:
    """−E‖θ_T − θ*‖: the mean of a non-central χ about where the model gets without noise."""
    centre = d.after(d.problems.drive(d.alpha, eta=d.eta, xi=d.xi, steps=STEPS))
    variances = [np.zeros(len(centre))]
    for _ in range(STEPS):
        kept = (1 - d.eta * d.alpha * d.xi) ** 2 * variances[-1]
        variances.append(kept + (d.eta * d.noise * d.clip / d.batch) ** 2)
    spread = np.sqrt(-d.after(np.array(variances)))
    half = d.dimension / 2
    scale = np.sqrt(2) * np.exp(gammaln(half + 0.5) - gammaln(half))
    return -spread * scale * hyp1f1(-0.5, half, -((centre / spread) ** 2) / 2)


def private_gain(d: Driven) -> Floats:
    """The gain of ``private_success_bound``; 0 where the collective is too small."""
    radius = private_radius(
        d.steps,
        start=d.problems.distance,
        dimension=d.dimension,
        delta=DELTA / 2,
        **d.privacy,
    )
    norm = d.problems.largest_gradient(d.clip)
    return gain_left(d.alpha, eta=d.eta, base_norm=norm, reach=d.clip, distance=radius)


def driven_privately(d: Driven) -> Floats:
    """One run each of a platform that clips every row and adds noise."""
    gain = np.maximum(private_gain(d), 1e-12)
    added = d.draws * (d.noise * d.clip / d.batch)[:, None]
    run = d.problems.drive(d.alpha, eta=d.eta, xi=gain, steps=STEPS, clip=d.clip, noise=added)
    return d.after(run)
