"""Fixed points of maps that never fall: maps whose fixed points are known, and searches."""

from __future__ import annotations

import doctest
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from gigsim.theory.contagion import monotone_maps
from gigsim.theory.contagion.monotone_maps import FixedPoint, fixed_points, iterates, limit

_UNIT = st.floats(0, 1)
Map = Callable[[np.ndarray], np.ndarray]


def test_examples_run() -> None:
    assert doctest.testmod(monotone_maps).failed == 0


@st.composite
def maps(draw: st.DrawFn) -> Map:
    """Broken lines and stairs that never fall."""
    places = np.unique([0.0, *draw(st.lists(_UNIT, max_size=6)), 1.0])
    values = np.sort(draw(st.lists(_UNIT, min_size=len(places), max_size=len(places))))
    if draw(st.booleans()):
        return lambda r: np.interp(r, places, values)
    return lambda r: values[np.searchsorted(places, r, side="right") - 1]


def _lands(points: tuple[FixedPoint, ...], share: float) -> bool:
    # Where a stretch on the diagonal begins is known less well.
    near = [1e-4 if p.stability == "neutral" else 1e-9 for p in points]
    return any(p.low - d <= share <= p.high + d for p, d in zip(points, near, strict=True))


@settings(max_examples=50)
@given(maps())
def test_no_crossing_is_missed_and_none_is_made_up(step: Map) -> None:
    found = fixed_points(step)
    assert found
    grid = np.linspace(0, 1, 5001)
    above = np.sign(step(grid) - grid)
    for i in np.flatnonzero((above[1:] != above[:-1]) | (above[:-1] == 0)):
        assert any(p.low <= grid[i + 1] and p.high >= grid[i] for p in found)
    for point in found:
        ends = np.array([point.low, point.high])
        if point.stability != "half_stable" and not point.jump:
            assert step(ends) == pytest.approx(ends, abs=1e-8)
        elif point.jump:
            assert step(ends)[0] > point.value
            assert step(np.nextafter(ends, -1))[0] < point.value


@settings(max_examples=50)
@given(maps(), _UNIT)
def test_iterating_leads_to_a_fixed_point_that_is_found(step: Map, start: float) -> None:
    end = limit(step, start, tolerance=1e-9, most=2000)
    assert end.low <= end.value <= end.high
    assert end.high - end.low <= 1e-9
    points = fixed_points(step)
    assert _lands(points, end.value)
    path = iterates(step, start, rounds=300)
    # It never steps over the end, and goes one way.
    going_up = path[1] >= path[0]
    assert np.all(np.diff(path) >= 0) if going_up else np.all(np.diff(path) <= 0)
    assert np.all(path <= end.high + 1e-15) if going_up else np.all(path >= end.low - 1e-15)


@settings(max_examples=40)
@given(st.floats(0.05, 0.45), st.floats(0.05, 0.6), _UNIT)
def test_starts_on_either_side_of_a_critical_mass_end_apart(
    mean: float, sd: float, start: float
) -> None:
    def step(r: np.ndarray) -> np.ndarray:
        return ndtr((np.asarray(r) - mean) / sd)

    points = fixed_points(step)
    if any(p.stability == "half_stable" for p in points):
        return
    # Between two that attract lies one that does not.
    assert [p.stability for p in points] in (["stable"], ["stable", "unstable", "stable"])
    if min(abs(start - p.value) for p in points) < 1e-4:
        return
    end = limit(step, start, tolerance=1e-10).value
    below = sum(p.value < start for p in points if p.stability == "unstable")
    stable = [p.value for p in points if p.stability == "stable"]
    assert end == pytest.approx(stable[below], abs=1e-9)


def test_ends_of_the_interval() -> None:
    """r², r^½ and constants: fixed at 0 and 1 or there alone."""
    kinds = [
        [(p.value, p.stability) for p in fixed_points(step)]
        for step in (np.square, np.sqrt, np.zeros_like, np.ones_like)
    ]
    assert [[(round(v, 9), s) for v, s in kind] for kind in kinds] == [
        [(0.0, "stable"), (1.0, "unstable")],
        [(0.0, "unstable"), (1.0, "stable")],
        [(0.0, "stable")],
        [(1.0, "stable")],
    ]


def test_a_step_over_the_diagonal_is_a_critical_mass_and_no_fixed_point() -> None:
    low, over, high = fixed_points(lambda r: np.where(np.asarray(r) >= 0.5, 0.8, 0.2))
    assert (low.stability, over.stability, high.stability) == ("stable", "unstable", "stable")
    assert (low.jump, over.jump, high.jump) == (False, True, False)
    assert [round(p.value, 9) for p in (low, over, high)] == [0.2, 0.5, 0.8]
    assert over.high - over.low < 1e-11


def test_where_every_share_is_fixed() -> None:
    (everywhere,) = fixed_points(lambda r: np.asarray(r, dtype=float))
    assert (everywhere.low, everywhere.high, everywhere.stability) == (0.0, 1.0, "neutral")

    # Fixed from .25 to .5, drawn to there from both sides.
    (part,) = fixed_points(lambda r: np.clip(r, 0.25, 0.5))
    assert part.stability == "neutral"
    assert (part.low, part.high) == pytest.approx((0.25, 0.5), abs=1e-4)


def test_a_map_that_touches_the_diagonal_is_half_stable() -> None:
    """r + (r − ½)²/2 touches at ½ and is above it elsewhere, up to a top where it is cut."""
    points = fixed_points(lambda r: np.minimum(r + (np.asarray(r) - 0.5) ** 2 / 2, 0.9))
    assert [p.stability for p in points] == ["half_stable", "stable"]
    assert points[0].low <= 0.5 <= points[0].high
    assert points[0].high - points[0].low < 1e-3

    # From below it ends there, though slower than anybody would wait for; well above it goes on.
    def raised(by: float) -> Map:
        return lambda r: np.minimum(r + (np.asarray(r) - 0.5) ** 2 / 2 + by, 0.9)

    assert limit(raised(0.0), most=1000).value == pytest.approx(0.5, abs=1e-3)
    assert limit(raised(1e-6), most=1000).value == pytest.approx(0.9, abs=1e-9)
    with pytest.raises(RuntimeError, match="too near to the diagonal"):
        limit(raised(1e-9), most=1000)


@pytest.mark.parametrize("nearer", [1e-3, 1e-5, 1e-7, 1e-9])
def test_near_a_fold_the_end_is_still_found(nearer: float) -> None:
    """r² + ¼ − δ stops at ½ − √δ."""
    end = limit(lambda r: np.asarray(r) ** 2 + 0.25 - nearer)
    assert end.value == pytest.approx(0.5 - np.sqrt(nearer), abs=1e-11 + 1e-15 / np.sqrt(nearer))
    # From above, in the mirror; the unstable one in between is ½ + √δ.
    down = limit(lambda r: np.asarray(r) ** 2 + 0.25 - nearer, 0.5)
    assert down.value == pytest.approx(0.5 - np.sqrt(nearer), abs=1e-11 + 1e-15 / np.sqrt(nearer))
