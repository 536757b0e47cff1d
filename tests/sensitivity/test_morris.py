"""Elementary effects of functions whose effects are known, with luck and without."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from gigsim.sensitivity.morris import elementary_effects, morris_indices
from gigsim.sensitivity.points import morris_points, on_whole
from tests.sensitivity.worlds import Floats, ishigami

NAMES = ("x", "y", "z")
LEVELS = 4
STEP = LEVELS / (2 * (LEVELS - 1))


def effects(values: Floats, points: Floats) -> pd.DataFrame:
    return morris_indices(values, points, NAMES, levels=LEVELS, resamples=200, seed=3)[0]


def test_trajectories_move_one_coordinate_at_a_time() -> None:
    points = morris_points(30, LEVELS, 3, seed=4)
    assert points.shape == (120, 3)
    assert np.allclose(points * (LEVELS - 1), np.round(points * (LEVELS - 1)))
    steps = np.diff(points.reshape(30, 4, 3), axis=1)
    assert np.allclose(np.abs(steps).sum(-1), STEP)
    assert np.allclose(np.abs(steps).sum(1), STEP)
    assert np.array_equal(points, morris_points(30, LEVELS, 3, seed=4))


def test_a_line_has_its_slopes_and_no_spread() -> None:
    points = morris_points(10, LEVELS, 3, seed=5)
    found = effects((points @ [2.0, -3.0, 0.0])[:, None], points)
    assert np.allclose(found["mu"], [2, -3, 0])
    assert np.allclose(found["mu_star"], [2, 3, 0])
    assert np.allclose(found["sigma"], 0, atol=1e-12)
    assert found[["luck", "mu_star_luck", "sigma_corrected"]].isna().all(axis=None)


def test_effects_are_differences_over_steps() -> None:
    points = morris_points(25, LEVELS, 3, seed=6)
    values = ishigami(points)[:, None] * [1.0, 2.0]
    own = elementary_effects(values, points)
    assert own.shape == (25, 3, 2)
    assert np.allclose(own[..., 1], 2 * own[..., 0])
    # SALib's, of the means.
    found = effects(values, points)
    assert np.allclose(own.mean((0, 2)), found["mu"])
    assert np.allclose(np.abs(own.mean(2)).mean(0), found["mu_star"])
    assert np.allclose(own.mean(2).std(0, ddof=1), found["sigma"])
    # Replicates that are multiples of each other: between them 1·2 in the place of 1.5².
    assert np.allclose(found["sigma_corrected"], found["sigma"] * math.sqrt(2) / 1.5)


def test_ranks() -> None:
    """What matters most comes first, and μ alone would miss what goes up and down."""
    points = morris_points(60, LEVELS, 3, seed=7)
    values = 10 * points[:, 0] + 8 * np.cos(2 * np.pi * points[:, 1]) + points[:, 2]
    found = effects(values[:, None], points).set_index("parameter")
    assert [*found["mu_star"].sort_values(ascending=False).index] == ["y", "x", "z"]
    assert found.loc["y", "mu_low"] < 0 < found.loc["y", "mu_high"]
    assert found.loc["y", "sigma"] > 1
    assert found.loc["x", "sigma"] < 1e-9


@pytest.mark.parametrize("common", [False, True])
def test_luck_is_measured(common: bool) -> None:
    """Effects of 2 and 0 and luck of sd 1 in a run: of means of R, √(2/R)/Δ in an effect."""
    rng, count, replicates = np.random.default_rng(8), 400, 4
    points = morris_points(count, LEVELS, 3, seed=8)
    luck = rng.normal(size=(len(points), replicates))
    if common:
        # The same shift everywhere: no effect has any luck.
        luck = np.broadcast_to(luck[:1], luck.shape)
    values = (points @ [2.0, 0.0, 0.0])[:, None] + luck
    found = effects(values, points).set_index("parameter")
    if common:
        assert np.allclose(found["luck"], 0, atol=1e-9)
        return
    expected = math.sqrt(2 / replicates) / STEP
    assert np.allclose(found["luck"], expected, rtol=0.1)
    # What does nothing looks as the line of luck says: a mean of 400 folded normals.
    error = expected * math.sqrt((1 - 2 / math.pi) / count)
    assert np.allclose(found["mu_star"][1:], found["mu_star_luck"][1:], atol=4 * error)
    assert np.allclose(found["sigma"], expected, rtol=0.2)
    assert (found["sigma_corrected"] < 0.5 * found["sigma"]).all()
    assert abs(found["mu"]["x"] - 2) < 4 * expected / math.sqrt(count)


@pytest.mark.parametrize("high", [2, 3, 5, 6, 60])
@pytest.mark.parametrize("log", [False, True])
def test_a_line_over_whole_numbers_has_its_slope(high: int, log: bool) -> None:
    """Steps between whole numbers are not the grid's: 1 to 2 is all of the range and no 2/3."""
    points = morris_points(20, LEVELS, 3, seed=9)
    points[:, 0] = on_whole(points[:, 0], 1, high, log=log)
    numbers = high ** points[:, 0] if log else 1 + (high - 1) * points[:, 0]
    assert np.allclose(numbers, np.rint(numbers))
    found = effects((points @ [5.0, -3.0, 0.0])[:, None], points)
    assert np.allclose(found["mu"], [5, -3, 0])
    assert np.allclose(found["mu_star"], [5, 3, 0])
    assert np.allclose(found["sigma"], 0, atol=1e-12)


@pytest.mark.parametrize("levels", [2, 4, 6, 10])
def test_no_step_between_whole_numbers_is_lost(levels: int) -> None:
    for high in range(2, 40):
        for log in (False, True):
            points = morris_points(8, levels, 1, seed=10)
            moved = on_whole(points, 1, high, log=log)
            assert moved.min() >= 0
            assert moved.max() <= 1
            assert (np.diff(moved.reshape(8, 2), axis=1) != 0).all()
