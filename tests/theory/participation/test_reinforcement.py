"""Closed forms of learners against the sums that they stand for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory.participation.reinforcement import expected_motion, repeated_act, undecided

unit = st.floats(0, 1)
stimuli = st.floats(-1, 1)
rates = st.floats(0, 1, exclude_min=True)


def step(p: float, s: float, rate: float) -> float:
    """Of the act that was done, by Bush and Mosteller's operators."""
    return p + rate * s * ((1 - p) if s >= 0 else p)


@given(unit, stimuli, stimuli, rates)
def test_expected_motion_is_the_mean_of_both_acts(
    p: float, s1: float, s0: float, rate: float
) -> None:
    told = p * step(p, s1, rate) + (1 - p) * (1 - step(1 - p, s0, rate)) - p
    assert expected_motion(p, s1, s0, rate=rate) == pytest.approx(told, abs=1e-15)


@given(unit, unit, rates)
def test_equal_acts_that_satisfy_draw_nobody(p: float, s: float, rate: float) -> None:
    assert expected_motion(p, s, s, rate=rate) == pytest.approx(0, abs=1e-15)
    away = expected_motion(p, -s, -s, rate=rate)
    assert away == pytest.approx(rate * s * (1 - 2 * p), abs=1e-15)


@given(stimuli, stimuli, rates)
def test_certainty_of_what_satisfies_is_a_rest_point_and_of_nothing_else(
    s1: float, s0: float, rate: float
) -> None:
    assert expected_motion(1.0, s1, s0, rate=rate) == pytest.approx(min(0.0, rate * s1))
    assert expected_motion(0.0, s1, s0, rate=rate) == pytest.approx(max(0.0, -rate * s0))


@given(unit, stimuli, rates, st.integers(0, 20))
def test_an_act_repeated(p: float, s: float, rate: float, times: int) -> None:
    path = p
    for _ in range(times):
        path = step(path, s, rate)
    assert repeated_act(p, s, times, rate=rate) == pytest.approx(path, abs=1e-13)


@given(unit, unit, st.integers(0, 6))
def test_how_many_are_undecided_by_every_way_there_is(p: float, drift: float, times: int) -> None:
    values, weights = np.array([p]), np.array([1.0])
    for _ in range(times):
        weights = np.concatenate([weights * values, weights * (1 - values)])
        values = np.concatenate([values + (1 - values) * drift, values * (1 - drift)])
    assert undecided(p, drift, times) == pytest.approx(weights @ (values * (1 - values)), abs=1e-12)


def test_they_broadcast() -> None:
    assert expected_motion([[0.1], [0.9]], [0.5, -0.5, 1.0], 0.2, rate=0.5).shape == (2, 3)
    assert repeated_act([0.1, 0.9], 0.5, [[0], [3]], rate=0.5).shape == (2, 2)
    assert undecided(0.5, [0.0, 1.0], [1, 1]).tolist() == [0.25, 0.0]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: repeated_act(1.2, 0, 1, rate=1), "propensity"),
        (lambda: repeated_act(0.2, 1.5, 1, rate=1), "satisfaction must be in"),
        (lambda: repeated_act(0.2, 0, -1, rate=1), "trials"),
        (lambda: repeated_act(0.2, 0, 1, rate=0), r"rate must be in \(0, 1\]"),
        (lambda: expected_motion(0.2, -2, 0, rate=1), "inside must be in"),
        (lambda: expected_motion(0.2, 0, float("nan"), rate=1), "outside must be in"),
        (lambda: expected_motion(0.2, 0, 0, rate=1.5), "rate"),
        (lambda: undecided(0.2, 1.1, 1), "drift"),
    ],
)
def test_numbers_out_of_range(call: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
