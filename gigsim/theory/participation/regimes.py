"""Regimes of participation, as what the benefit curve is to those who decide.

========================= ==============================================================
regime                    ``participation.JoiningMap`` with
========================= ==============================================================
club good                 the curve G and γ = 0: who does not join has nothing
leaky club                the curve G and 0 < γ < 1; or :func:`leaking_bound_curve`
pure public good          :func:`pivotal_curve`: one weighs what one's own joining adds
assurance contract        :class:`AssuredCurve`: members pay only if α̂ take part
========================= ==============================================================

Selective incentives are ``side_payment``, committed people ``first_movers`` (Olson 1965). Derived,
as the mean field of each rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gigsim.theory.checks import positive
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.participation.curves import BoundCurve, Cases, Curve, FunctionCurve, StepCurve
from gigsim.theory.participation.measured_curve import MeasuredCurve


@dataclass(frozen=True, eq=False)
class PivotalCurve:
    """What one more member adds, G(α + 1/N) − G(α), of a continuous curve; see pivotal_curve.

    Above 1 − 1/N, where nobody is left to join, it stays what it was for the last one.

    Attributes:
        curve: G, continuous but at its breaks.
        population: N ≥ 1.
        points: shares inside (0, 1) at which the difference turns round or has a kink.
    """

    curve: Curve
    population: int
    points: Floats
    breaks: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        inner = self.points[(self.points > 0) & (self.points < 1)]
        last = max(1 - 1 / self.population, 0.0)
        object.__setattr__(self, "breaks", np.unique(np.concatenate([[0.0, last, 1.0], inner])))

    @property
    def cases(self) -> int:
        """Those of G."""
        return self.curve.cases

    def value(self, alpha: Floats, side: int = 0, case: Cases | int = 0) -> Floats:
        """See ``participation_curves.Curve``."""
        others = np.minimum(np.asarray(alpha, dtype=np.float64), 1 - 1 / self.population)
        more = np.minimum(others + 1 / self.population, 1.0)
        gain = self.curve.value(more, 0, case) - self.curve.value(others, 0, case)
        if side == 0:
            return gain
        # The last one's is constant from there on; elsewhere both ends of the step move.
        moving = (more < 1) & ((others > 0) | (side > 0))
        safe = np.where(moving, others, 0.5 - 0.5 / self.population)
        upper = self.curve.value(safe + 1 / self.population, side, case)
        return np.where(moving, upper - self.curve.value(safe, side, case), gain)


def pivotal_curve(curve: Curve, population: int) -> PivotalCurve | StepCurve:
    """The pure public good: join iff b·[G(α + 1/N) − G(α)] ≥ c, α the share of the others.

    Everybody has the benefit, members or not; only the difference that one makes counts (Olson
    1965). It rises up to the foot of the bound and falls behind it: free riding, and an equilibrium
    in which joiners stop where one more is not worth the cost.

    Args:
        curve: a :class:`BoundCurve`, a :class:`StepCurve`, or a ``MeasuredCurve`` of one case.
        population: N ≥ 1.

    Returns:
        A curve for ``JoiningMap`` (γ = 0).

    Raises:
        ValueError: N under 1, or a curve of another kind: build its :class:`PivotalCurve` with the
            points where the difference turns round.

    Example:
        >>> gain = pivotal_curve(BoundCurve(0.001), 25_000)
        >>> float(gain.value(np.array([0.002]))[0]) * 25_000 > 200
        True
    """
    if not population >= 1:
        raise ValueError(f"population must be at least 1, got {population!r}")
    step = 1 / population
    if isinstance(curve, StepCurve):
        steps = np.concatenate([curve.steps, curve.steps - step])
        last = 1 - step
        steps = np.unique(steps[(steps >= 0) & (steps <= last)])
        ends = np.concatenate([[0.0], steps, [last]])
        middles = (ends[:-1] + ends[1:]) / 2
        gains = curve.value(np.minimum(middles + step, 1.0)) - curve.value(middles)
        return StepCurve(steps, gains, curve.closed)
    if isinstance(curve, BoundCurve):
        kinks = curve.feet
    elif isinstance(curve, MeasuredCurve) and curve.cases == 1:
        kinks = _kinks(curve)
    else:
        raise ValueError(
            "pivotal_curve knows a bound, a staircase and a measured curve of one case, got"
            f" {type(curve).__name__} of {curve.cases}: give PivotalCurve the points where"
            " G(α + 1/N) − G(α) turns round"
        )
    points = np.concatenate([kinks, kinks - step])
    if isinstance(curve, MeasuredCurve):
        points = np.concatenate([points, _turns(curve, points, step)])
    return PivotalCurve(curve, population, points)


def _kinks(curve: MeasuredCurve) -> Floats:
    """Knots, and where a line of the curve crosses 0."""
    knots, heights = curve.knots, curve.heights[0]
    low, high = heights[:-1], heights[1:]
    at = np.flatnonzero(low * high < 0)
    part = low[at] / (low[at] - high[at])
    left, right = knots[at], knots[at + 1]
    crossing = left + part * (right - left)
    if curve.scale == "log":
        positive_left = np.where(left > 0, left, 1.0)
        crossing = np.where(left > 0, left * (right / positive_left) ** part, crossing)
    return np.unique(np.concatenate([knots, crossing]))


def _turns(curve: MeasuredCurve, points: Floats, step: float) -> Floats:
    """Where the difference of two logarithmic lines turns round: s₂/(α+h) = s₁/α."""
    ends = np.unique(np.clip(np.concatenate([[0.0], points, [1.0 - step]]), 0.0, 1.0 - step))
    middle = (ends[:-1] + ends[1:]) / 2
    flat_here, here = _slopes(curve, middle)
    _, there = _slopes(curve, middle + step)
    with np.errstate(divide="ignore", invalid="ignore"):
        both = here * step / (there - here)
        # From the first stretch, a line in α, into a logarithmic one.
        first = there / flat_here - step
    turns = np.where(np.isnan(flat_here), both, first)
    return turns[np.isfinite(turns) & (turns > ends[:-1]) & (turns < ends[1:])]


def _slopes(curve: MeasuredCurve, alpha: Floats) -> tuple[Floats, Floats]:
    """dG/dα where lines are straight in α (NaN elsewhere) and dG/d ln α where they are not."""
    knots, heights = curve.knots, curve.heights[0]
    left = np.clip(np.searchsorted(knots, alpha, side="right") - 1, 0, len(knots) - 2)
    rise = heights[left + 1] - heights[left]
    rise = np.where(curve.value(alpha) > 0, rise, 0.0)
    straight = (knots[left] == 0) | (curve.scale == "linear")
    low = np.where(straight, 1.0, knots[left])
    wide = np.where(straight, 1.0, np.log(np.where(straight, np.e, knots[left + 1] / low)))
    return (
        np.where(straight, rise / (knots[left + 1] - knots[left]), np.nan),
        np.where(straight, 0.0, rise / wide),
    )


@dataclass(frozen=True, eq=False)
class AssuredCurve:
    """A provision point with refund: G(max(α, α̂)) is what one who pledges has to reckon with.

    A pledge costs something only where at least α̂ pledge; where fewer do it is returned. So one
    weighs one's cost against the gain at α̂ or more, and the low equilibrium is gone if enough do
    at α̂: the contract works iff F((1−γ)b·G(α̂) + σ) ≥ α̂, and the smallest α̂ for which it does is
    the critical mass.

    Attributes:
        curve: G.
        provision_point: α̂ in [0, 1].
    """

    curve: Curve
    provision_point: float

    def __post_init__(self) -> None:
        unit_interval("provision_point", self.provision_point)

    @property
    def cases(self) -> int:
        """Those of G."""
        return self.curve.cases

    @property
    def breaks(self) -> Floats:
        """0, α̂, and those of G above it."""
        above = self.curve.breaks[self.curve.breaks > self.provision_point]
        return np.unique(np.concatenate([[0.0, self.provision_point, 1.0], above]))

    def value(self, alpha: Floats, side: int = 0, case: Cases | int = 0) -> Floats:
        """See ``participation_curves.Curve``."""
        share = np.asarray(alpha, dtype=np.float64)
        point = float(self.provision_point)
        assured = (share < point) | ((share == point) & (side <= 0))
        at_point = self.curve.value(np.full_like(share, point), 0, case)
        if side == 0:
            return self.curve.value(np.maximum(share, point), 0, case)
        inside = 1.0 if side < 0 else 0.0
        return np.where(
            assured, at_point, self.curve.value(np.where(assured, inside, share), side, case)
        )


def leaking_bound_curve(kappa: float, *, leak: float, population: int) -> FunctionCurve:
    """The bound of Theorem 1 where secrets leak with size: (1−ℓ)^(αN)·max(0, 1 − κ(1−α)/α).

    Each member gives the secret away to a given outsider with probability ℓ, so that a share
    γ(α) = 1 − (1−ℓ)^(αN) of the gain is to be had without joining. What membership adds rises to
    the share α with L(1+κ)α² − Lκα − κ = 0, L = −N ln(1−ℓ), and falls from there on: a large club
    cannot stay secret. Derived.

    Args:
        kappa: κ in [0, 1].
        leak: ℓ in [0, 1).
        population: N ≥ 1.

    Returns:
        A curve for ``JoiningMap`` with γ = 0.
    """
    mass = float(unit_interval("kappa", kappa))
    each = float(unit_interval("leak", leak))
    if each == 1:
        raise ValueError("leak must be under 1")
    rate = -float(positive("population", population)) * np.log1p(-each)
    bound = BoundCurve(mass)
    points: tuple[float, ...] = ()
    if rate > 0 and mass > 0:
        # Without cancellation: the positive root of a quadratic with a negative constant.
        with np.errstate(over="ignore"):
            turn = (mass + np.sqrt(mass**2 + 4 * (1 + mass) * mass / rate)) / (2 * (1 + mass))
        points = (float(turn),) if turn < 1 else ()
    return FunctionCurve(lambda alpha: np.exp(-rate * alpha) * bound.value(alpha), points=points)
