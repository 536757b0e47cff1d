"""What a map of participation comes to: its equilibria, the critical mass, where a start leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gigsim.theory.gaps import unit_interval

Stability = Literal["stable", "unstable", "half_stable", "neutral"]


@dataclass(frozen=True)
class Equilibrium:
    """A place where Φ meets the diagonal or jumps across it.

    Attributes:
        alpha: the share; of a jump upwards the smallest one that is carried on.
        until: the same, but for a whole stretch of equilibria its upper end.
        stability: where few reconsider at a time. ``half_stable`` attracts from one side (a fold);
            ``neutral`` is a stretch of equilibria (Φ(α) = α all along).
        under_best_response: is it also stable when all reconsider at once?
        attained: is Φ(α) = α? Not where Φ jumps across the diagonal: upwards that is a threshold
            at which nobody rests, downwards a share around which people join and leave.
        below: sign of Φ − α just below; 0 where there is nothing below (α = 0).
        above: likewise above (0 at α = 1).
        slope_below: Φ' from below, a difference over 10⁻⁶·α; ±inf at a jump, NaN at α = 0.
        slope_above: likewise from above; NaN at α = 1.
    """

    alpha: float
    until: float
    stability: Stability
    under_best_response: bool
    attained: bool
    below: int
    above: int
    slope_below: float
    slope_above: float


@dataclass(frozen=True)
class Unresolved:
    """A stretch in which Φ stays close to the diagonal and no meeting was found.

    Attributes:
        low: where it begins.
        high: where it ends.
        gap: the smallest |Φ(α) − α| seen there.
    """

    low: float
    high: float
    gap: float


@dataclass(frozen=True)
class FixedPoints:
    """Every equilibrium of one map, ascending.

    Attributes:
        points: all of them; between two neighbours the sign of Φ − α is known.
        unresolved: where a pair of equilibria closer than ``resolution`` may hide; mostly empty.
        resolution: equilibria further apart than this are told apart.
    """

    points: tuple[Equilibrium, ...]
    unresolved: tuple[Unresolved, ...]
    resolution: float

    @property
    def stable(self) -> tuple[Equilibrium, ...]:
        """The stable ones (where few reconsider at a time)."""
        return tuple(point for point in self.points if point.stability == "stable")

    @property
    def high(self) -> float:
        """The largest share that sustains itself: the top stable (or neutral) equilibrium."""
        lasting = [p.until for p in self.points if p.stability in ("stable", "neutral")]
        return max(lasting, default=float("nan"))

    @property
    def low(self) -> float:
        """Where a society ends that begins with nobody (or with the first movers alone)."""
        return self.outcome(0.0)

    def critical_mass(self, level: float | None = None) -> float:
        """The infimum of the shares from which participation ends at ``level`` or above.

        The high equilibrium need not be high: first movers who stay alone are one too, and with a
        sample of costs there may be several side by side. Then say what is wanted.

        Args:
            level: in [0, 1]; by default the high equilibrium.

        Returns:
            0 where every start leads there; inf where none does, or where the high equilibrium is
            that nobody takes part.

        Raises:
            ValueError: a level that is not in [0, 1].
        """
        if level is None:
            goal = self.high
            if not goal > 0:
                return float("inf")
        else:
            goal = float(unit_interval("level", level))
        at = next((i for i, point in enumerate(self.points) if point.until >= goal), None)
        if at is None:
            return float("inf")
        point = self.points[at]
        if point.alpha < goal:
            return goal
        if point.below != 1:
            return point.alpha
        return self.points[at - 1].until if at else 0.0

    def outcome(self, start: float) -> float:
        """Where participation ends that begins at ``start`` and moves in small steps.

        Under best response of all at once too, as long as Φ does not fall.

        Args:
            start: share in [0, 1].

        Raises:
            ValueError: a start that is not in [0, 1].
        """
        share = float(unit_interval("start", start))
        for i, point in enumerate(self.points):
            if share > point.until:
                continue
            if share < point.alpha:
                return point.alpha if point.below > 0 else self.points[i - 1].until
            # A threshold that nobody rests at carries on whoever gets there.
            rests = point.attained or point.above < 0
            return share if rests else self.points[i + 1].alpha
        return self.points[-1].until
