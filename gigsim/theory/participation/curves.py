"""What participation brings: the gain G(α) as a bound, any formula, a staircase or a measurement.

G(α) = max(0, S(α) − U(0)) is what a carrier of the signal has over a world without a collective.
A curve knows the shares between which it is continuous and monotone (its ``breaks``), and its limit
from either side of them; from that ``joining_map`` finds every fixed point of participation, none
lost between the points of a grid.

Several curves may stand in one object (``cases``: other κ, or draws of a measured curve), so that
they are solved side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.planting import critical_mass, foot, staircase

Cases = NDArray[np.intp]
#: Points a piece at which a formula said to be monotone is asked whether it is.
_PROBES = 257
_ROUNDING = 1e-12


class Curve(Protocol):
    """G(α), of one case or of several."""

    @property
    def cases(self) -> int:
        """How many curves there are; one of them serves any number of other things that vary."""

    @property
    def breaks(self) -> Floats:
        """Ascending from 0 to 1: between two neighbours every case is continuous and monotone."""

    def value(self, alpha: Floats, side: int = 0, case: Cases | int = 0) -> Floats:
        """G at α (``side`` 0) or its limit from below (−1) or above (1), shape of ``alpha``.

        Args:
            alpha: in [0, 1]; not 0 from below, not 1 from above.
            side: −1, 0 or 1.
            case: which curve, broadcast with ``alpha``.
        """


@dataclass(frozen=True, eq=False)
class FunctionCurve:
    """A formula: max(0, f(α)), continuous and monotone between its breaks.

    Attributes:
        function: f, vectorised over α in [0, 1]; −inf where nothing is promised.
        inverse: smallest share with f(α) ≥ gain, vectorised, inf where there is none; if known.
        points: shares inside (0, 1) at which f may jump or turn round.

    Raises:
        ValueError: f is NaN or not monotone between the breaks at 257 points of each; or points
            outside (0, 1).

    Example:
        >>> FunctionCurve(np.sqrt).value(np.array([0.0, 0.25])).tolist()
        [0.0, 0.5]
    """

    function: Callable[[Floats], Floats]
    inverse: Callable[[Floats], Floats] | None = None
    points: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        inner = np.asarray(self.points, dtype=np.float64)
        if not np.all((inner > 0) & (inner < 1)):
            raise ValueError(f"points must be inside (0, 1), got {self.points!r}")
        for low, high in zip(self.breaks[:-1], self.breaks[1:], strict=True):
            probes = np.linspace(np.nextafter(low, 1.0), np.nextafter(high, 0.0), _PROBES)
            values = self.value(probes)
            steps = np.diff(values)
            if not (np.all(steps >= -_ROUNDING) or np.all(steps <= _ROUNDING)):
                raise ValueError(
                    f"the function must be monotone between {low:g} and {high:g}: give as points"
                    " the shares at which it turns round"
                )

    @property
    def cases(self) -> int:
        """One."""
        return 1

    @property
    def breaks(self) -> Floats:
        """0, the points, 1."""
        return np.unique([0.0, *self.points, 1.0])

    def value(self, alpha: Floats, side: int = 0, case: Cases | int = 0) -> Floats:
        """See :class:`Curve`; a limit is the value one rounding step aside."""
        there = np.nextafter(alpha, side) if side > 0 else alpha
        there = np.nextafter(there, -1.0) if side < 0 else there
        values = np.maximum(self.function(np.asarray(there, dtype=np.float64)), 0.0)
        if np.isnan(values).any():
            raise ValueError("the function must be a number at every share in [0, 1], got nan")
        return np.broadcast_to(values, np.shape(alpha))


@dataclass(frozen=True, eq=False)
class BoundCurve:
    """Theorem 1 with U(0) = 0: max(0, 1 − κ(1−α)/α), for one κ = Δ·ξ or for several.

    With κ = 0 it jumps from 0 to 1 at α = 0: a signal that nobody carries needs one participant.

    Attributes:
        kappa: in [0, 1], a number or shape (K,).

    Example:
        >>> BoundCurve(0.01).value(np.array([0.005, 0.02, 1.0])).round(6).tolist()
        [0.0, 0.51, 1.0]
    """

    kappa: ArrayLike
    _kappas: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        kappas = np.atleast_1d(unit_interval("kappa", self.kappa))
        if kappas.ndim > 1 or not kappas.size:
            raise ValueError(f"kappa must be a number or one array of them, got {self.kappa!r}")
        object.__setattr__(self, "_kappas", kappas)

    @property
    def cases(self) -> int:
        """As many as there are κ."""
        return len(self._kappas)

    @property
    def breaks(self) -> Floats:
        """0, the foot if there is one for all, 1."""
        feet = self.feet if self.cases == 1 else np.zeros(0)
        return np.unique(np.concatenate([[0.0], feet, [1.0]]))

    @property
    def feet(self) -> Floats:
        """κ/(1 + κ), where the bound leaves 0, shape (K,)."""
        return np.asarray(foot(xi=self._kappas, gap=1.0))

    def value(self, alpha: Floats, side: int = 0, case: Cases | int = 0) -> Floats:
        """See :class:`Curve`."""
        share = np.asarray(alpha, dtype=np.float64)
        if side > 0:
            share = np.nextafter(share, 1.0)
        # Asked for thousands of times: the formula of ``planting``, without its checks.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            bound = 1 - (1 - share) * self._of_case(case) / share
        return np.where(share > 0, np.maximum(bound, 0.0), 0.0)

    def inverse(self, gain: ArrayLike, case: Cases | int = 0) -> Floats:
        """Smallest share with G ≥ gain, gain in [0, 1]: κ/(κ + 1 − gain); 0 for a gain of 0."""
        wanted = unit_interval("gain", gain)
        needed = critical_mass(wanted, xi=self._of_case(case), gap=1.0)
        return np.where(wanted > 0, needed, 0.0)[()]

    def _of_case(self, case: Cases | int) -> Floats:
        kappas = self._kappas
        return kappas[0] if len(kappas) == 1 else kappas[case]


@dataclass(frozen=True, eq=False)
class StepCurve:
    """A staircase.

    Attributes:
        steps: shares at which G changes, ascending, in [0, 1], shape (M,).
        gains: G before, between and after the steps, shape (M + 1,); rising or not.
        closed: at a step, does G have the new value already (``"right"``, a right-continuous
            staircase) or only above it (``"left"``, a tie at a signal point is a failure)?

    Example:
        >>> stairs = StepCurve(np.array([0.1, 0.2]), np.array([0.0, 0.5, 1.0]))
        >>> stairs.value(np.array([0.05, 0.1, 0.3])).tolist()
        [0.0, 0.5, 1.0]
    """

    steps: Floats
    gains: Floats
    closed: Literal["right", "left"] = "right"

    def __post_init__(self) -> None:
        steps, gains = unit_interval("steps", self.steps), np.asarray(self.gains, np.float64)
        if steps.ndim != 1 or gains.shape != (len(steps) + 1,) or np.any(np.diff(steps) <= 0):
            raise ValueError(
                f"need ascending steps and one gain more, got {steps.shape} and {gains.shape}"
            )
        if not np.all(np.isfinite(gains)):
            raise ValueError("gains must be finite")
        if self.closed not in ("right", "left"):
            raise ValueError(f"closed is right or left, got {self.closed!r}")

    @classmethod
    def of_points(
        cls, resistance: ArrayLike, weights: ArrayLike | None = None, *, base: float = 0.0
    ) -> StepCurve:
        """The Bayes classifier's staircase max(0, S(α) − U(0)) of ``planting.staircase``.

        Args:
            resistance: α_x of the signal points, shape (n,), in [0, 1]; 1 is never.
            weights: as there.
            base: U(0) in [0, 1].

        Example:
            >>> StepCurve.of_points([0.1, 0.2, 0.2, 1.0]).gains.tolist()
            [0.0, 0.25, 0.75]
        """
        points = unit_interval("resistance", resistance)
        steps = np.unique(points[points < 1])
        heights = staircase(np.append(steps, 1.0), weights, points)
        return cls(steps, np.maximum(heights - float(unit_interval("base", base)), 0.0), "left")

    @property
    def cases(self) -> int:
        """One."""
        return 1

    @property
    def breaks(self) -> Floats:
        """0, the steps, 1."""
        return np.unique(np.concatenate([[0.0], self.steps, [1.0]]))

    def value(self, alpha: Floats, side: int = 0, case: Cases | int = 0) -> Floats:
        """See :class:`Curve`."""
        new = side > 0 or (side == 0 and self.closed == "right")
        climbed = np.searchsorted(self.steps, alpha, side="right" if new else "left")
        return np.asarray(self.gains, dtype=np.float64)[climbed]


@dataclass(frozen=True, eq=False)
class OneOf:
    """One of a curve's cases, as a curve of its own.

    Attributes:
        curve: of several cases.
        number: which, from 0.
    """

    curve: Curve
    number: int

    @property
    def cases(self) -> int:
        """One."""
        return 1

    @property
    def breaks(self) -> Floats:
        """Those of all cases."""
        return self.curve.breaks

    def value(self, alpha: Floats, side: int = 0, case: Cases | int = 0) -> Floats:
        """See :class:`Curve`."""
        at = np.full(np.shape(alpha), self.number, dtype=np.intp)
        return self.curve.value(alpha, side, at)
