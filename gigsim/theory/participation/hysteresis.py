"""Hysteresis: a parameter is swept up and down, and participation does not come back the same way.

The state stays on its equilibrium as long as there is one, moves along with it, and jumps to the
next where it vanishes (``folds``). Up and down it does so at different values: between them both
states are possible, and which of them holds is history.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats
from gigsim.theory.participation.equilibria import FixedPoints
from gigsim.theory.participation.folds import FALLING, Parameter, with_parameter
from gigsim.theory.participation.joining_map import JoiningMap

#: A change of state that stays as large however small the change of the parameter.
LEAST_JUMP = 0.01
# Bisection stands next to a fold most of the time, where solving finely is slow.
_MOST = 2**9


@dataclass(frozen=True)
class Jump:
    """A sudden change of participation.

    Attributes:
        parameter: where, to about 10⁻¹⁰ of the sweep's range.
        before: share just before.
        after: share just after.
    """

    parameter: float
    before: float
    after: float


@dataclass(frozen=True)
class Hysteresis:
    """Both sweeps.

    Attributes:
        values: of the parameter, ascending, shape (K,).
        up: share at each value when the parameter rises, shape (K,).
        down: share at each value when it falls, shape (K,).
        jumps_up: where participation jumps as the parameter rises, in that order.
        jumps_down: likewise as it falls, in that order.
    """

    values: Floats
    up: Floats
    down: Floats
    jumps_up: tuple[Jump, ...]
    jumps_down: tuple[Jump, ...]


def hysteresis(
    society: JoiningMap,
    name: Parameter,
    values: ArrayLike,
    *,
    least_jump: float = LEAST_JUMP,
) -> Hysteresis:
    """Participation along a sweep of one parameter up and down, in small steps of the dynamics.

    Every value is solved for all of its equilibria; a jump is searched between two values by
    bisection, as the change of state that does not shrink.

    Args:
        society: a single one; its own value of the parameter does not count.
        name: which parameter is swept.
        values: shape (K,), K ≥ 2, ascending.
        least_jump: smaller jumps are taken for gradual, in (0, 1].

    Returns:
        Each sweep begins in the state that the parameter's first value favours: with nobody (but
        the first movers) where joining is worth least, with everybody where it is worth most.

    Raises:
        ValueError: values that do not ascend, or what ``folds.with_parameter`` refuses.
    """
    grid = np.asarray(values, dtype=np.float64)
    if grid.ndim != 1 or len(grid) < 2 or not np.all(np.diff(grid) > 0):
        raise ValueError("values must be ascending and at least two")
    if not 0 < least_jump <= 1:
        raise ValueError(f"least_jump must be in (0, 1], got {least_jump!r}")
    solved = with_parameter(society, name, grid).all_fixed_points(most=_MOST)
    start = 1.0 if name in FALLING else 0.0
    up = _path(solved, start)
    down = _path(solved[::-1], 1.0 - start)
    return Hysteresis(
        grid,
        up,
        down[::-1],
        _jumps(society, name, grid, up, least_jump),
        _jumps(society, name, grid[::-1], down, least_jump),
    )


def _path(solved: tuple[FixedPoints, ...], start: float) -> Floats:
    states = [start]
    for points in solved:
        states.append(points.outcome(states[-1]))
    return np.array(states[1:])


def _jumps(
    society: JoiningMap, name: Parameter, values: Floats, states: Floats, least: float
) -> tuple[Jump, ...]:
    """Where the state changes by so much however finely one looks, in the order of the values."""
    low, high, before, after = values[:-1], values[1:], states[:-1], states[1:]
    reach = 1e-12 * abs(values[-1] - values[0])
    found: list[tuple[Floats, Floats, Floats]] = []
    while len(low):
        large = np.abs(after - before) >= least
        low, high, before, after = low[large], high[large], before[large], after[large]
        middle = low + (high - low) / 2
        ends = (np.abs(high - low) <= reach) | (middle == low) | (middle == high)
        found.append((high[ends], before[ends], after[ends]))
        low, high, before, after = low[~ends], high[~ends], before[~ends], after[~ends]
        if not len(low):
            break
        middle = middle[~ends]
        solved = with_parameter(society, name, middle).all_fixed_points(most=_MOST)
        there = np.array(
            [points.outcome(start) for points, start in zip(solved, before, strict=True)]
        )
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        before, after = np.concatenate([before, there]), np.concatenate([there, after])
    jumps = [
        Jump(float(value), float(start), float(end))
        for part in found
        for value, start, end in zip(*part, strict=True)
    ]
    return tuple(
        sorted(jumps, key=lambda jump: jump.parameter, reverse=bool(values[0] > values[-1]))
    )
