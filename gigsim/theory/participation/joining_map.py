"""Participation as a fixed point: α ↦ F((1−γ)·b·G(α)), all its equilibria, and the critical mass.

In the mean field a person joins if what membership adds, (1−γ)·b·G(α) + σ, is at least her cost, so
that the share who would join when a share α has joined is

    Φ(α) = m + (1 − m)·F((1−γ)·b·G(α) + σ)

with F the law of costs, γ the share of the gain that she keeps without joining (0 in the secret
club, between 0 and 1 in a leaky one), σ a side payment to members (or a penalty for others; a cost
that members bear besides is a negative one) and m a share of committed first movers. Equilibria are
the places where Φ(α) = α. An *unstable* one, or a jump of Φ across the diagonal from below, is a
critical mass: beneath it participation shrinks, above it it grows by itself (Schelling 1978).

Two dynamics have these equilibria. Where few reconsider at a time (asynchronous or damped), only
signs matter: an equilibrium is stable iff Φ > α below and Φ < α above it. Where all best respond at
once (the map itself) it must not overshoot either: a slope of −1 or less makes it unstable. For
rising G and F both agree. Source: the mean field of each rule; derived.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.checks import non_negative
from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.participation.costs import Costs
from gigsim.theory.participation.curves import Cases, Curve, OneOf
from gigsim.theory.participation.diagonal import MOST, Meetings, meetings
from gigsim.theory.participation.equilibria import Equilibrium, FixedPoints, Stability, Unresolved

#: Slopes are differences over this part of α.
_STEP = 1e-6
_NUMBERS = ("benefit", "gamma", "side_payment", "first_movers")


@dataclass(frozen=True, eq=False)
class JoiningMap:
    """Φ(α) = m + (1 − m)·F((1−γ)·b·G(α) + σ) of one society, or of several side by side.

    Attributes:
        curve: G.
        costs: F.
        benefit: b ≥ 0, what a sure gain is worth, in the unit of cost; number or shape (K,).
        gamma: γ in [0, 1], the share of the gain kept without joining; likewise.
        side_payment: σ, paid to members, or φ, spared by them; minus q·φ if the platform fines
            them φ with probability q; likewise, finite.
        first_movers: m in [0, 1], share that joins whatever it brings; likewise.

    Raises:
        ValueError: a number out of its range, or arrays of different lengths.

    Example:
        >>> from gigsim.theory.participation.costs import UniformCosts
        >>> from gigsim.theory.participation.curves import BoundCurve
        >>> society = JoiningMap(BoundCurve(0.01), UniformCosts(0.0, 1.0), benefit=0.5)
        >>> [(round(p.alpha, 6), p.stability) for p in society.fixed_points().points]
        [(0.0, 'stable'), (0.010103, 'unstable'), (0.494897, 'stable')]
    """

    curve: Curve
    costs: Costs
    benefit: ArrayLike = 1.0
    gamma: ArrayLike = 0.0
    side_payment: ArrayLike = 0.0
    first_movers: ArrayLike = 0.0
    cases: int = field(init=False)

    def __post_init__(self) -> None:
        paid = np.asarray(self.side_payment, dtype=np.float64)
        if not np.all(np.isfinite(paid)):
            raise ValueError(f"side_payment must be finite, got {self.side_payment!r}")
        parts = (
            non_negative("benefit", self.benefit),
            unit_interval("gamma", self.gamma),
            paid,
            unit_interval("first_movers", self.first_movers),
        )
        lengths = {self.curve.cases, *(part.size for part in parts)} - {1}
        if len(lengths) > 1 or 0 in lengths or any(part.ndim > 1 for part in parts):
            raise ValueError(
                "benefit, gamma, side_payment and first_movers must be numbers or arrays of one"
                f" length, that of the curve's cases, got {sorted(lengths)}"
            )
        object.__setattr__(self, "cases", lengths.pop() if lengths else 1)
        for name, part in zip(_NUMBERS, parts, strict=True):
            object.__setattr__(self, name, np.broadcast_to(part, (self.cases,)))

    def only(self, case: int) -> JoiningMap:
        """One of the societies, by itself.

        Raises:
            ValueError: there is no such one.
        """
        if not 0 <= case < self.cases:
            raise ValueError(f"case must be in 0..{self.cases - 1}, got {case}")
        curve = OneOf(self.curve, case) if self.curve.cases > 1 else self.curve
        return replace(self, curve=curve, **{name: getattr(self, name)[case] for name in _NUMBERS})

    def gain(self, alpha: ArrayLike, side: int = 0, case: Cases | int = 0) -> Floats:
        """(1−γ)·b·G(α) + σ: what membership adds, before its cost. Arguments as :meth:`next`."""
        return self._gain(unit_interval("alpha", alpha), side, case)

    def next(self, alpha: ArrayLike, side: int = 0, case: Cases | int = 0) -> Floats:
        """Φ(α), or its limit from one side.

        Args:
            alpha: in [0, 1], any shape.
            side: 0, or −1 and 1 for the limits from below and above.
            case: which society, from 0; broadcast with ``alpha``.

        Returns:
            In [0, 1], shape of ``alpha``.
        """
        return self._next(unit_interval("alpha", alpha), side, case)

    def fixed_points(self, case: int = 0, *, most: int = MOST) -> FixedPoints:
        """All equilibria of one society; :meth:`all_fixed_points` for all of them at once."""
        return self.only(case).all_fixed_points(most=most)[0]

    def all_fixed_points(self, *, most: int = MOST) -> tuple[FixedPoints, ...]:
        """All equilibria of every society.

        Between breaks of the curve Φ is monotone, so that intervals without an equilibrium are
        excluded by bounds and none is lost between points of a grid (``theory.diagonal``).

        Args:
            most: intervals that may stay around one place; with more, folds are resolved further.

        Returns:
            One element a case.
        """
        found = meetings(self._next, self.curve.breaks, self.cases, most=most)
        below, above = self._slopes(found)
        cuts = np.searchsorted(found.case, np.arange(self.cases + 1))
        holes = np.searchsorted(found.open_case, np.arange(self.cases + 1))
        points = [
            _equilibrium(found, i, float(below[i]), float(above[i])) for i in range(len(found.low))
        ]
        blurs = [
            Unresolved(float(low), float(high), float(gap))
            for low, high, gap in zip(found.open_low, found.open_high, found.open_gap, strict=True)
        ]
        return tuple(
            FixedPoints(
                tuple(points[cuts[k] : cuts[k + 1]]),
                tuple(blurs[holes[k] : holes[k + 1]]),
                float(found.resolution[k]),
            )
            for k in range(self.cases)
        )

    def _gain(self, alpha: Floats, side: int, case: Cases | int) -> Floats:
        value = self.curve.value(alpha, side, case)
        worth = (1 - self._at("gamma", case)) * self._at("benefit", case)
        return worth * value + self._at("side_payment", case)

    def _next(self, alpha: Floats, side: int, case: Cases | int) -> Floats:
        first = self._at("first_movers", case)
        joins = self.costs.cdf(self._gain(alpha, side, case))
        return np.minimum(first + (1 - first) * joins, 1.0)

    def _at(self, name: str, case: Cases | int) -> Floats:
        values: Floats = getattr(self, name)
        return values[0] if self.cases == 1 else values[case]

    def _slopes(self, found: Meetings) -> tuple[Floats, Floats]:
        """Φ' from below and from above at each meeting point."""
        step = np.maximum(found.low, _STEP) * _STEP
        down, up = np.maximum(found.low - step, 0.0), np.minimum(found.high + step, 1.0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            below = (found.low - self._next(down, 0, found.case)) / (found.low - down)
            above = (self._next(up, 0, found.case) - found.high) / (up - found.high)
        jump = np.where(found.below < 0, np.inf, -np.inf)
        below, above = np.where(found.met, below, jump), np.where(found.met, above, jump)
        return np.where(found.low > 0, below, np.nan), np.where(found.high < 1, above, np.nan)


def _equilibrium(found: Meetings, i: int, slope_below: float, slope_above: float) -> Equilibrium:
    below, above, met = int(found.below[i]), int(found.above[i]), bool(found.met[i])
    low, high = float(found.low[i]), float(found.high[i])
    stability: Stability
    if high > low:
        stability = "neutral"
    elif below >= 0 and above <= 0:
        stability = "stable"
    elif below <= 0 and above >= 0:
        stability = "unstable"
    else:
        stability = "half_stable"
    # Only a map that falls on both sides can overshoot back and forth for ever.
    turns = slope_below < 0 and slope_above < 0
    calm = met and (not turns or slope_below * slope_above < 1)
    return Equilibrium(
        low,
        high,
        stability,
        stability == "stable" and calm,
        met,
        below,
        above,
        slope_below,
        slope_above,
    )
