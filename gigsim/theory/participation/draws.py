"""How sure is a critical mass? Equilibria of every draw of a measured curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.participation.joining_map import JoiningMap

Quantity = Literal["low", "critical_mass", "high"]


@dataclass(frozen=True, eq=False)
class ParticipationDraws:
    """Equilibria of K societies, one for each draw.

    Attributes:
        low: where each ends that begins with nobody, shape (K,).
        critical_mass: share from which each goes to its high equilibrium (or to the level asked
            for); 0 where any start does, inf where none does, shape (K,).
        high: the largest share that sustains itself, shape (K,).
        stable: number of stable equilibria, int, shape (K,).
        unresolved: where a pair of equilibria may have been missed, bool, shape (K,).
    """

    low: Floats
    critical_mass: Floats
    high: Floats
    stable: np.ndarray
    unresolved: np.ndarray

    @property
    def possible(self) -> float:
        """Share of draws in which enough members bring it about: a finite critical mass."""
        return float(np.isfinite(self.critical_mass).mean())

    @property
    def tipping(self) -> float:
        """Share of draws with a threshold: a finite critical mass that is above 0."""
        return float((np.isfinite(self.critical_mass) & (self.critical_mass > 0)).mean())

    def quantiles(self, of: Quantity, levels: Sequence[float] = (0.025, 0.5, 0.975)) -> Floats:
        """Quantiles over *all* draws; an infinite critical mass is one that is never reached.

        Args:
            of: which quantity.
            levels: in [0, 1].

        Returns:
            Values of draws (none in between), shape of ``levels``; inf is one of them.
        """
        if of not in ("low", "critical_mass", "high"):
            raise ValueError(f"of is low, critical_mass or high, got {of!r}")
        values: Floats = getattr(self, of)
        found = np.quantile(values, unit_interval("levels", levels), method="inverted_cdf")
        return np.asarray(found, dtype=np.float64)


def participation_draws(society: JoiningMap, *, level: float | None = None) -> ParticipationDraws:
    """Solve every case of a map and say how its equilibria vary.

    Args:
        society: with a curve of K draws (``measured_curve.MeasuredCurve``), or K of its numbers
            drawn from what is believed of them.
        level: critical mass of ending at this share or above; by default at the high equilibrium.
    """
    solved = society.all_fixed_points()
    return ParticipationDraws(
        low=np.array([points.low for points in solved]),
        critical_mass=np.array([points.critical_mass(level) for points in solved]),
        high=np.array([points.high for points in solved]),
        stable=np.array([len(points.stable) for points in solved]),
        unresolved=np.array([bool(points.unresolved) for points in solved]),
    )
