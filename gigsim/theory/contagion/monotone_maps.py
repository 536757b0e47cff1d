"""Fixed points of maps of [0, 1] that never fall: all of them, and where iterating leads.

A share of members that brings about the next share is such a map wherever more members never make
anybody leave. From below, iterating then never steps over a fixed point (Knaster and Tarski), and
:func:`limit` certifies where it ends; :func:`fixed_points` finds them all
(``diagonal.meetings``). Certain up to the rounding of the map.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gigsim.theory.gaps import Floats, unit_interval
from gigsim.theory.participation.diagonal import meetings
from gigsim.theory.participation.equilibria import Stability
from gigsim.theory.participation.exclusion import Cases

#: A map of [0, 1] into itself that never falls, element by element.
Map = Callable[[Floats], Floats]

# What F may be off by rounding.
_ROUNDING = 1e-15
# How far what it does may be off where it runs along the diagonal.
_NEAR = 1e-9


@dataclass(frozen=True)
class Limit:
    """Where iterating leads.

    Attributes:
        value: the last iterate, in [0, 1].
        low: the limit is at least this
        high: and at most this, in [0, 1].
        steps: how often the map was applied.
    """

    value: float
    low: float
    high: float
    steps: int


@dataclass(frozen=True)
class FixedPoint:
    """One place where a map meets the diagonal.

    Attributes:
        value: the share, in [0, 1]; the middle of ``low`` and ``high``.
        low: the same, but where it is not one share the lower end
        high: and the upper.
        stability: ``stable``, nearby shares come back; ``unstable``, they leave on both sides (in
            [0, 1]), which is a critical mass; ``half_stable``, they come back on one side: a fold,
            or, from ``low`` to ``high``, a map nearer to the diagonal than can be told;
            ``neutral``, every share from ``low`` to ``high`` is fixed.
        jump: the map jumps over the diagonal there: a critical mass and no fixed point.
    """

    value: float
    low: float
    high: float
    stability: Stability
    jump: bool


def iterates(step: Map, start: float = 0.0, *, rounds: int) -> Floats:
    """The path r(t+1) = F(r(t)), float64, shape (rounds + 1,), from r(0) = ``start``.

    Example:
        >>> iterates(lambda r: 0.25 + r / 2, rounds=2).tolist()
        [0.0, 0.25, 0.375]
    """
    path = np.empty(rounds + 1)
    path[0] = unit_interval("start", start)
    for round_ in range(rounds):
        path[round_ + 1] = float(step(path[round_]))
    return path


def limit(step: Map, start: float = 0.0, *, tolerance: float = 1e-12, most: int = 20_000) -> Limit:
    """The fixed point that iterating from ``start`` leads to, with a certificate.

    From below (F(start) ≥ start) it is the smallest that is not under ``start``, from above the
    largest that is not over it. The iterates are the one limit; the other is a point guessed ahead
    of them that the map does not carry further ahead. Where that takes too long, near a fold, it is
    the first of all :func:`fixed_points` on the way.

    Args:
        step: F, never falling.
        start: in [0, 1].
        tolerance: largest width of the certified interval, positive.
        most: applications of F after which all fixed points are looked for.

    Raises:
        RuntimeError: the map is so near to the diagonal on the way that it cannot be told whether
            it stops there.

    Example:
        >>> found = limit(lambda r: 0.25 + r / 2)
        >>> round(found.value, 9), found.high - found.low <= 1e-12
        (0.5, True)
    """
    place = float(unit_interval("start", start))
    if float(step(np.asarray(place))) < place:
        mirrored = limit(lambda r: 1.0 - step(1.0 - r), 1.0 - place, tolerance=tolerance, most=most)
        return Limit(
            1.0 - mirrored.value, 1.0 - mirrored.high, 1.0 - mirrored.low, mirrored.steps + 1
        )
    before = np.inf
    for steps in range(1, most + 1):
        after = float(step(np.asarray(place)))
        gap = after - place
        if gap <= 0.0:
            return Limit(place, place, place, steps)
        # Geometric from here on, what is left is gap·s/(1 − s); twice that lies ahead of it.
        slope = min(gap / before, 1.0)
        if 2.0 * gap * slope <= (1.0 - slope) * tolerance / 2.0:
            ahead = min(1.0, after + max(2.0 * gap * slope / (1.0 - slope), _ROUNDING))
            back = float(step(np.asarray(ahead)))
            if back <= ahead:
                return Limit(after, after, max(after, back), steps + 1)
        place, before = after, gap
    # None was passed over: what is found just below is this one, but for rounding.
    first = next(point for point in fixed_points(step) if point.high >= place - _NEAR)
    if first.low < first.high and not (first.stability == "neutral" and place >= first.low):
        raise RuntimeError(
            f"from {first.low!r} to {first.high!r} the map is too near to the diagonal to tell"
            " whether it stops there"
        )
    end = max(first.low, place)
    return Limit(end, end, end, most)


def fixed_points(step: Map) -> tuple[FixedPoint, ...]:
    """All fixed points in [0, 1], ascending, and all jumps over the diagonal.

    Args:
        step: F, never falling, right-continuous where it jumps, for arrays of shape (n,).

    Example:
        >>> [(round(p.value, 9), p.stability) for p in fixed_points(lambda r: r * r * (3 - 2 * r))]
        [(0.0, 'stable'), (0.5, 'unstable'), (1.0, 'stable')]
    """

    def phi(alpha: Floats, side: int, case: Cases) -> Floats:
        return step(np.nextafter(alpha, -1.0) if side < 0 else alpha)

    found = meetings(phi, np.array([0.0, 1.0]), 1)
    points = [
        FixedPoint((low + high) / 2, low, high, _stability(low < high, below, above), not met)
        for low, high, below, above, met in zip(
            found.low.tolist(),
            found.high.tolist(),
            found.below.tolist(),
            found.above.tolist(),
            found.met.tolist(),
            strict=True,
        )
    ]
    points += [
        FixedPoint((low + high) / 2, low, high, "half_stable", False)
        for low, high in zip(found.open_low.tolist(), found.open_high.tolist(), strict=True)
    ]
    return tuple(sorted(points, key=lambda point: point.value))


def _stability(stretch: bool, below: int, above: int) -> Stability:
    """By the sign of F(r) − r on either side, 0 beyond the ends of [0, 1]."""
    if stretch or below == above == 0:
        return "neutral"
    if below >= 0 >= above:
        return "stable"
    return "unstable" if below <= 0 <= above else "half_stable"
