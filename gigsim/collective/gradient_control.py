"""Gradient control of a real network: driving it along a straight line to a model of one's choice.

The platform trains a torch network by full gradient descent on N = n + m rows, m of them members',
with a loss that is not convex in the network's parameters (``gradient_platform``). The collective
sees the parameters at every step and chooses anew what its members hand in, so that it comes near
the control gradient (``theory.gradient_learner``). Three ways:

* :class:`Gradients`: each member reports a gradient, as a client of federated learning does. Exact,
  unless the platform limits its norm.
* :class:`Labels`: members keep their features and choose their labels, jointly, so that the mean
  gradient of their *rows* is the control gradient. Exact with real-valued labels and no fewer
  members than parameters; with bounded labels the nearest there is.
* :class:`Pool`: members hand in copies of rows from a pool of feasible ones
  (``theory.cancelling_pool``): the nearest mixture, rounded to whole members.

What is missing from the control gradient is measured at every step, and what theory allows for it
is handed back beside what happened. A platform that learns privately clips members' reports too,
and its noise comes on top (``theory.private``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import lsq_linear

from gigsim.collective.gradient_platform import Gradient, Platform, Rows
from gigsim.theory.cancelling_pool import best_mixture, critical_mass_pool
from gigsim.theory.gaps import Floats
from gigsim.theory.gradient_learner import contraction, control_gradient


class Reports(Protocol):
    """What members are able to hand in."""

    def report(
        self, platform: Platform, theta: Floats, wanted: Floats, members: int
    ) -> Rows | Gradient:
        """Choose what the members hand in at θ.

        Args:
            platform: what members know of it is all there is, its base rows included.
            theta: its parameters now, shape (d,).
            wanted: the control gradient, shape (d,).
            members: m; as many rows, or clients.
        """


@dataclass(frozen=True)
class Gradients:
    """Members report the gradient itself; only ``Platform.clip`` can limit it."""

    def report(
        self, platform: Platform, theta: Floats, wanted: Floats, members: int
    ) -> Rows | Gradient:
        """See :class:`Reports`."""
        return Gradient(wanted, members)


@dataclass(frozen=True)
class Labels:
    """Members keep their features and choose labels.

    Attributes:
        features: of the members, one row each, shape (m, p).
        low: the least label allowed; −inf for none.
        high: the largest.
    """

    features: Floats
    low: float = -np.inf
    high: float = np.inf

    def report(
        self, platform: Platform, theta: Floats, wanted: Floats, members: int
    ) -> Rows | Gradient:
        """See :class:`Reports`. Least squares in the labels; of many that do, the least change.

        Raises:
            ValueError: not as many features as members.
        """
        if len(self.features) != members:
            raise ValueError(f"{members} members, but features of {len(self.features)}")
        means, slopes = platform.outputs(theta, self.features)
        pull = slopes.T / members
        if np.isinf(self.low) and np.isinf(self.high):
            residuals = np.linalg.lstsq(pull, wanted, rcond=None)[0]
        else:
            limits = (means - self.high, means - self.low)
            residuals = lsq_linear(pull, wanted, bounds=limits).x
        return Rows(self.features, np.clip(means - residuals, self.low, self.high))


@dataclass(frozen=True)
class Pool:
    """Members hand in copies of rows that are feasible.

    Attributes:
        rows: k of them.
    """

    rows: Rows

    def report(
        self, platform: Platform, theta: Floats, wanted: Floats, members: int
    ) -> Rows | Gradient:
        """See :class:`Reports`. The nearest mixture, in whole members by largest remainders."""
        apart = platform.row_gradients(theta, self.rows) - wanted
        # All that is mixed is the pool's: the way out that the mixture has is the pool's mean.
        found = best_mixture(1.0, apart.mean(axis=0), apart)
        mixture = (found.weights + found.honest / len(apart)) * members
        copies = np.floor(mixture).astype(np.int64)
        order = np.argsort(copies - mixture, kind="stable")
        copies[order[: members - copies.sum()]] += 1
        chosen = np.repeat(np.arange(len(copies)), copies)
        return Rows(self.rows.features[chosen], self.rows.labels[chosen])

    def critical_masses(
        self, platform: Platform, start: Floats, goal: Floats, points: int
    ) -> Floats:
        """The share that cancels g0 with this pool at points of the line; inf where none does."""
        found = []
        for part in np.linspace(0, 1, points):
            theta = (1 - part) * start + part * goal
            pool = platform.row_gradients(theta, self.rows)
            base = platform.mean_gradient(theta, platform.base)
            found.append(critical_mass_pool(base, pool).critical_mass)
        return np.array(found)


@dataclass(frozen=True)
class Drive:
    """What became of a network under control.

    Attributes:
        alpha: m/N.
        models: θ_t, shape (T+1, d).
        distances: ‖θ_t − θ*‖, shape (T+1,); success is minus the last.
        ideal: what exact reports would give, (1 − ηαξ)ᵗ‖θ_0 − θ*‖, shape (T+1,).
        allowed: the most that theory allows for the residuals, shape (T+1,); without noise.
        residuals: ‖control gradient − what the platform took for it‖ at each step, shape (T,).
        largest: norm of the gradient reported, or largest label in absolute value, shape (T,).
        base_norms: ‖g0(θ_t)‖, shape (T,).
        astray: distance of θ_t from the line through θ_0 and θ*, shape (T+1,).
    """

    alpha: float
    models: Floats
    distances: Floats
    ideal: Floats
    allowed: Floats
    residuals: Floats
    largest: Floats
    base_norms: Floats
    astray: Floats


def drive(
    platform: Platform,
    reports: Reports,
    *,
    members: int,
    start: ArrayLike,
    goal: ArrayLike,
    xi: float,
    steps: int,
    generator: np.random.Generator | None = None,
) -> Drive:
    """Let a platform train for T steps while a collective drives it from θ_0 towards θ*.

    Args:
        platform: with n rows of its own.
        reports: what members can hand in.
        members: m ≥ 1; α = m/(n + m).
        start: θ_0, shape (d,).
        goal: θ*, shape (d,), any parameters at all.
        xi: gain ξ in (0, 1/(αη)].
        steps: T ≥ 0.
        generator: of the platform's noise; needed where it adds any.

    Raises:
        ValueError: shapes that differ, a gain out of its range, noise without a generator.
    """
    theta, aim = np.array(start, dtype=np.float64), np.array(goal, dtype=np.float64)
    if theta.shape != (platform.size,) or aim.shape != theta.shape or members < 1:
        raise ValueError(f"need two models of {platform.size} parameters and 1 member or more")
    alpha = members / (members + len(platform.base.labels))
    left = float(contraction(alpha, eta=platform.eta, xi=xi))
    models, allowed = [theta], [float(np.linalg.norm(theta - aim))]
    measured = np.empty((3, steps))
    for t in range(steps):
        base = platform.mean_gradient(theta, platform.base)
        wanted = control_gradient(alpha, base_gradient=base, xi=xi, theta=theta, goal=aim)
        handed_in = reports.report(platform, theta, wanted, members)
        if isinstance(handed_in, Rows):
            taken = platform.mean_gradient(theta, handed_in)
            largest = np.abs(handed_in.labels).max()
        else:
            taken = platform.shorten(handed_in.value)
            largest = np.linalg.norm(handed_in.value)
        measured[:, t] = np.linalg.norm(wanted - taken), largest, np.linalg.norm(base)
        theta = platform.learn(theta, handed_in, generator)
        models.append(theta)
        allowed.append(left * allowed[-1] + platform.eta * alpha * float(measured[0, t]))
    way = np.array(models) - aim
    distances = np.linalg.norm(way, axis=1)
    along = way[0] / distances[0] if distances[0] > 0 else np.zeros_like(aim)
    return Drive(
        alpha=alpha,
        models=np.array(models),
        distances=distances,
        ideal=distances[0] * left ** np.arange(steps + 1),
        allowed=np.array(allowed),
        residuals=measured[0],
        largest=measured[1],
        base_norms=measured[2],
        astray=np.linalg.norm(way - (way @ along)[:, None] * along, axis=1),
    )
