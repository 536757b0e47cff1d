"""Adaptive expectations and imitation: the same places, and how they are come to."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.theory.participation import dynamics as module
from gigsim.theory.participation.costs import IdenticalCosts, UniformCosts
from gigsim.theory.participation.curves import BoundCurve, FunctionCurve
from gigsim.theory.participation.dynamics import (
    adaptive_path,
    adaptive_stable,
    adaptive_step,
    replicator_step,
)
from gigsim.theory.participation.joining_map import JoiningMap


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


def test_small_steps_end_where_best_response_does() -> None:
    society = JoiningMap(BoundCurve(0.01), UniformCosts(0, 1), benefit=0.5)
    found = society.fixed_points()
    starts = np.array([0.0101, 0.0102, 0.2, 1.0])
    for weight in (1.0, 0.3, 0.05):
        path = adaptive_path(society, starts, 600, weight)
        assert path.shape == (601, 4)
        told = [found.outcome(start) for start in starts]
        np.testing.assert_allclose(path[-1], told, atol=1e-9)


def test_best_response_overshoots_where_small_steps_do_not() -> None:
    """Φ falls with slope −2: best response moves off from next to it, small steps do not."""
    society = JoiningMap(FunctionCurve(lambda alpha: 1 - alpha), UniformCosts(0.25, 0.75))
    (point,) = society.fixed_points().points
    assert not adaptive_stable(point.slope_below, 1.0)
    assert adaptive_stable(point.slope_below, 0.3)
    assert abs(adaptive_path(society, 0.501, 50, 1.0)[-1] - 0.5) > 0.4
    assert adaptive_path(society, 0.6, 200, 0.3)[-1] == pytest.approx(0.5, abs=1e-12)


@settings(max_examples=40)
@given(st.floats(-20, 3), st.floats(0.01, 1.0))
def test_stability_in_steps(slope: float, weight: float) -> None:
    """A linear map, iterated: it comes in if it is stable."""
    off = 1.0
    for _ in range(60):
        off = off + weight * (slope * off - off)
    rate = abs(1 - weight * (1 - slope))
    if abs(rate - 1) > 1e-6:
        assert (abs(off) < 1) == bool(adaptive_stable(slope, weight))


@settings(max_examples=40)
@given(st.floats(0.0, 1.0), st.floats(-5, 5), st.floats(0.01, 500))
def test_the_replicator_flow(alpha: float, advantage: float, step: float) -> None:
    after = float(replicator_step(alpha, advantage, step))
    assert 0 <= after <= 1
    assert (after - alpha) * advantage >= -1e-15
    half = replicator_step(replicator_step(alpha, advantage, step / 2), advantage, step / 2)
    assert float(half) == pytest.approx(after, abs=1e-12)


def test_imitation_tips_at_the_same_critical_mass() -> None:
    """With identical costs the replicator rests inside exactly where Φ jumps the diagonal."""
    society = JoiningMap(BoundCurve(0.01), IdenticalCosts(0.5))
    mass = society.fixed_points().critical_mass()
    for begin, end in ((mass * 0.999, 0.0), (mass * 1.001, 1.0)):
        state = begin
        for _ in range(300):
            state = float(replicator_step(state, society.gain(state) - 0.5, 3.0))
        assert state == pytest.approx(end, abs=1e-6)


def test_what_is_refused() -> None:
    society = JoiningMap(BoundCurve(0.01), IdenticalCosts(0.5))
    with pytest.raises(ValueError, match="weight"):
        adaptive_step(society, 0.1, 0.0)
    with pytest.raises(ValueError, match="steps"):
        adaptive_path(society, 0.1, -1)
    with pytest.raises(ValueError, match="step"):
        replicator_step(0.1, 0.1, 0.0)
