import doctest

import numpy as np
import pytest

from gigsim.theory import curvature
from gigsim.theory.curvature import distance_bound_local, logistic_curvature
from gigsim.theory.parametric_worlds import random_glm_worlds
from gigsim.theory.risk_minimizer import strong_convexity


def test_doctests() -> None:
    assert doctest.testmod(curvature).failed == 0


def test_curvature_is_below_every_hessian_at_that_distance() -> None:
    rng = np.random.default_rng(0)
    worlds = random_glm_worlds(rng, 50, family="logistic")
    scores = worlds.scores(worlds.goal)
    for radius in (0.0, 0.3, 2.0):
        claimed = [
            logistic_curvature(
                [radius],
                features=worlds.features[b],
                scores=scores[b],
                weights=worlds.weights[b],
                penalty=np.full(3, worlds.penalty[b]),
            )[0]
            for b in range(50)
        ]
        for _ in range(20):
            away = rng.normal(size=(50, 3))
            there = worlds.goal + radius * away / np.linalg.norm(away, axis=1, keepdims=True)
            assert np.all(strong_convexity(worlds.hessian(there)) >= np.array(claimed) - 1e-12)


def test_a_constant_curvature_gives_the_plain_bound() -> None:
    radii = np.linspace(0, 10, 101)
    assert distance_bound_local(0.7, radii, np.full(101, 0.2)) == pytest.approx(3.5)
    assert distance_bound_local(0.0, radii, np.zeros(101)) == 0.0
    assert distance_bound_local(2.1, radii, np.full(101, 0.2)) == np.inf


def test_a_finer_grid_is_sharper_and_converges() -> None:
    """μ(r) = 1/(1+r)²: its integral is r/(1+r), so a gradient of 0.5 is reached at 1."""
    bounds = []
    for steps in (5, 50, 500, 5000):
        radii = np.linspace(0, 4, steps + 1)
        bounds.append(distance_bound_local(0.5, radii, 1 / (1 + radii) ** 2))
    assert np.all(np.diff(bounds) < 0)
    assert bounds[-1] == pytest.approx(1.0, abs=0.005)
    assert bounds[-1] >= 1.0


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="increase from 0"):
        distance_bound_local(0.1, np.array([0.1, 1.0]), np.array([1.0, 1.0]))
    with pytest.raises(ValueError, match="must not rise"):
        distance_bound_local(0.1, np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="at least 0"):
        distance_bound_local(-0.1, np.array([0.0, 1.0]), np.array([1.0, 1.0]))
