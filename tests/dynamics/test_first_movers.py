"""The first movers that a map needs: closed forms, theory's folds, and worlds of N people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.dynamics.first_movers import first_movers, sampled_first_movers
from gigsim.theory.participation.costs import (
    IdenticalCosts,
    LogNormalCosts,
    NormalCosts,
    UniformCosts,
)
from gigsim.theory.participation.curves import BoundCurve
from gigsim.theory.participation.hysteresis import hysteresis
from gigsim.theory.participation.joining_map import JoiningMap


@given(st.floats(1e-4, 0.2), st.floats(0.01, 0.95), st.floats(0.0, 0.5))
def test_identical_costs_need_the_critical_mass(kappa: float, cost: float, gamma: float) -> None:
    found = first_movers(JoiningMap(BoundCurve(kappa), IdenticalCosts(cost), gamma=gamma))
    if cost >= 1 - gamma:
        assert found.share[0] == np.inf
    else:
        expected = kappa / (kappa + 1 - cost / (1 - gamma))
        if expected < 0.9:
            assert found.share[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "costs", [UniformCosts(0.1, 1.1), NormalCosts(0.5, 0.15), LogNormalCosts(0.45, 0.5)]
)
def test_theorys_fold(costs: UniformCosts) -> None:
    society = JoiningMap(BoundCurve(0.02), costs, gamma=0.2)
    jumps = hysteresis(society, "first_movers", np.linspace(0, 0.1, 5)).jumps_up
    found = first_movers(society)
    assert found.share[0] == pytest.approx(jumps[0].parameter, rel=1e-6)
    assert found.before[0] == pytest.approx(jumps[0].before, rel=1e-3)
    assert found.after[0] == pytest.approx(jumps[0].after, rel=1e-2)


def test_nobody_is_needed_where_costs_are_nothing() -> None:
    found = first_movers(JoiningMap(BoundCurve(0.02), IdenticalCosts(0.0)))
    assert found.share[0] == 0


def test_cases_are_solved_side_by_side() -> None:
    found = first_movers(JoiningMap(BoundCurve([0.01, 0.02]), IdenticalCosts(0.5)))
    assert found.share == pytest.approx([0.01 / 0.51, 0.02 / 0.52], rel=1e-6)
    assert np.allclose(found.boundary, (found.before + found.after) / 2)


def test_worlds_tend_to_the_map() -> None:
    society = JoiningMap(BoundCurve(0.02), NormalCosts(0.5, 0.15))
    rng = np.random.default_rng(1)
    one = first_movers(society)
    found = sampled_first_movers(society, 20_000, float(one.boundary[0]), 40, rng) / 20_000
    # Worlds differ, and the hollow is a minimum over noise: within 4 s.e. and three people.
    error = 4 * found.std() / np.sqrt(len(found)) + 3 / 20_000
    assert np.median(found) == pytest.approx(one.share[0], abs=error)


def test_worlds_without_differences() -> None:
    society = JoiningMap(BoundCurve(0.02), IdenticalCosts(0.4))
    found = sampled_first_movers(society, 1000, 0.5, 3, np.random.default_rng(1))
    assert found.tolist() == [33.0] * 3  # κ/(κ + 1 − c) = .03226


def test_a_jump_is_a_share() -> None:
    with pytest.raises(ValueError, match="least_jump"):
        first_movers(JoiningMap(BoundCurve(0.02), IdenticalCosts(0.4)), least_jump=0.0)
