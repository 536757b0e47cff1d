"""A cancelling collective and a platform that was fitted: what was predicted, what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigsim.collective.regressions import Problem, Rows
from gigsim.theory.gaps import Floats

# What float64 leaves of a distance of 0, in units of 1 + ‖θ*‖.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Demonstration:
    """What was predicted and what came of it.

    Attributes:
        alpha: share of the collective, as it really is (members/n).
        critical_mass: α_c of the strategy; 0 where any share is enough, inf where none is.
        members: how many were drawn; None for an exact population.
        deviating: λ, the part of the members that does not report truly.
        expected_gradient: ‖g_P(θ*)‖ that theory expects at this share, in an exact population.
        expected: the bound on the distance that goes with it.
        gradient_left: ‖g_P(θ*)‖ of what was really submitted.
        predicted: the bound on the distance for that gradient.
        sampling_error: root mean square of the distance that drawing members adds, to first order;
            0 in an exact population, NaN where members coordinate against it.
        solver_error: how far from the exact minimiser the platform's solver may have stopped.
        rounding: what float64 leaves of a distance of 0.
        reached: ‖θ̂ − θ*‖ of the platform that was fitted.
        clean: ‖θ̂ − θ*‖ without a collective.
    """

    alpha: float
    critical_mass: float
    members: int | None
    deviating: float
    expected_gradient: float
    expected: float
    gradient_left: float
    predicted: float
    sampling_error: float
    solver_error: float
    rounding: float
    reached: float
    clean: float

    @property
    def holds(self) -> bool:
        """Whether the platform ended no further from θ* than predicted."""
        return self.reached <= self.predicted + self.solver_error + self.rounding


def demonstrate(
    problem: Problem,
    share: float,
    critical: float,
    deviating: float,
    expected: Rows,
    submitted: Rows,
    members: int | None = None,
    covariance: Floats | None = None,
) -> Demonstration:
    """Fit the platform to what was submitted, and put its distance from θ* beside the bounds.

    Args:
        problem: the platform, the people and θ*.
        share: α as it really is, in (0, 1].
        critical: α_c of the strategy.
        deviating: λ, in [0, 1].
        expected: the rows of an exact population at this share.
        submitted: the rows that the platform is fitted to.
        members: how many were drawn; None for an exact population.
        covariance: of the gradient at θ* that drawing adds, shape (d, d); None where there is
            none, or none that is known.
    """
    platform, target = problem.platform, problem.target
    theta = platform.fit(submitted)
    wished = float(np.linalg.norm(platform.gradient(target, expected)))
    left = float(np.linalg.norm(platform.gradient(target, submitted)))
    stopped = float(np.linalg.norm(platform.gradient(theta, submitted)))
    sampling = 0.0 if members is None else np.nan
    if covariance is not None:
        inverse = np.linalg.inv(platform.hessian(target, expected))
        sampling = float(np.sqrt(np.trace(inverse @ covariance @ inverse)))
    return Demonstration(
        alpha=share,
        critical_mass=critical,
        members=members,
        deviating=deviating,
        expected_gradient=wished,
        expected=platform.distance(wished, target, expected),
        gradient_left=left,
        predicted=platform.distance(left, target, submitted),
        sampling_error=sampling,
        solver_error=platform.distance(stopped, theta, submitted),
        rounding=_ROUNDING * (1 + float(np.linalg.norm(target))),
        reached=float(np.linalg.norm(theta - target)),
        clean=float(np.linalg.norm(platform.fit(problem.rows) - target)),
    )
