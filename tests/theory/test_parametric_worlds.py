import doctest
from dataclasses import replace

import numpy as np
import pytest

from gigsim.theory import parametric_worlds
from gigsim.theory.cancelling_points import Family
from gigsim.theory.parametric_worlds import (
    GlmWorlds,
    MeanWorlds,
    random_glm_worlds,
    random_mean_worlds,
)
from gigsim.theory.risk_minimizer import cancelling_share, distance_bound


def test_doctests() -> None:
    assert doctest.testmod(parametric_worlds).failed == 0


def test_mean_estimation_known_answer() -> None:
    """μ0 = 0, θ* = 1, |z| ≤ 10: α_c = 0.1, and there a report of 10 gives a mean of exactly 1."""
    world = MeanWorlds(np.array([[0.0]]), np.array([[1.0]]), np.array([10.0]), np.array([1.0]))
    critical = cancelling_share(world.leverage)
    np.testing.assert_allclose(critical, [0.1], atol=1e-15)
    assert world.goal + world.leverage[:, None] * (world.goal - world.mean) == pytest.approx(10.0)
    assert world.minimiser(0.1, world.leverage)[0, 0] == 1.0
    # (θ* − μ0)/(B − μ0) for other means too, of either sign.
    other = replace(world, mean=np.array([[-2.0]]))
    np.testing.assert_allclose(cancelling_share(other.leverage), [3 / 12])


def test_mean_estimation_misses_by_exactly_what_is_predicted() -> None:
    worlds = random_mean_worlds(np.random.default_rng(0), 1000, dimensions=3)
    t = worlds.leverage
    alpha = cancelling_share(t) * np.random.default_rng(1).random(1000)
    base = np.linalg.norm(worlds.base_gradient, axis=1)
    predicted = distance_bound(
        alpha, base_gradient=base, collective_gradient=t * base, strong_convexity=worlds.curvature
    )
    reached = np.linalg.norm(worlds.minimiser(alpha, t) - worlds.goal, axis=1)
    np.testing.assert_allclose(reached, predicted, atol=1e-12)
    reports = worlds.goal + t[:, None] * (worlds.goal - worlds.mean)
    np.testing.assert_allclose(np.linalg.norm(reports, axis=1), worlds.radius)


def test_a_target_that_is_deployed_already_needs_nobody() -> None:
    world = MeanWorlds(np.array([[1.0]]), np.array([[1.0]]), np.array([2.0]), np.array([1.0]))
    assert world.leverage[0] == np.inf
    assert cancelling_share(world.leverage)[0] == 0.0


@pytest.mark.parametrize("family", ["linear", "logistic"])
def test_the_minimiser_has_no_gradient_and_no_better_neighbour(family: Family) -> None:
    rng = np.random.default_rng(2)
    worlds = random_glm_worlds(rng, 500, family=family)
    theta = worlds.minimiser()
    assert np.abs(worlds.gradient(theta)).max() < 1e-12
    for _ in range(5):
        away = theta + 0.01 * rng.normal(size=theta.shape)
        assert np.all(worlds._risk(away) > worlds._risk(theta))


@pytest.mark.parametrize("family", ["linear", "logistic"])
def test_gradient_and_hessian_are_derivatives(family: Family) -> None:
    rng = np.random.default_rng(3)
    worlds = random_glm_worlds(rng, 50, family=family)
    theta, step = rng.normal(size=(50, 3)), 1e-6
    for k in range(3):
        move = step * np.eye(3)[k]
        slope = (worlds._risk(theta + move) - worlds._risk(theta - move)) / (2 * step)
        np.testing.assert_allclose(slope, worlds.gradient(theta)[:, k], atol=1e-7)
        bend = (worlds.gradient(theta + move) - worlds.gradient(theta - move)) / (2 * step)
        np.testing.assert_allclose(bend, worlds.hessian(theta)[:, k], atol=1e-7)


def test_mixtures_are_mixtures() -> None:
    rng = np.random.default_rng(4)
    worlds = random_glm_worlds(rng, 40, family="logistic")
    labels = rng.random(worlds.labels.shape)
    theta = rng.normal(size=worlds.goal.shape)
    mixed = worlds.relabelled(0.3, labels).gradient(theta)
    apart = 0.7 * worlds.gradient(theta) + 0.3 * replace(worlds, labels=labels).gradient(theta)
    np.testing.assert_allclose(mixed, apart, atol=1e-14)
    points, own = rng.normal(size=(40, 2, 3)), rng.random((40, 2))
    shares = rng.dirichlet(np.ones(2), size=40)
    joined = worlds.joined(0.3, points, own, shares)
    np.testing.assert_allclose(joined.weights.sum(axis=1), 1)
    pulled = np.einsum("bk,bkd->bd", shares, worlds.point_gradients(points, own))
    np.testing.assert_allclose(
        joined.gradient(worlds.goal), 0.7 * worlds.gradient(worlds.goal) + 0.3 * pulled, atol=1e-14
    )


def test_a_logistic_risk_without_a_minimum_is_an_error() -> None:
    separable = GlmWorlds(
        np.array([[[1.0], [-1.0]]]),
        np.array([[1.0, 0.0]]),
        np.array([[0.5, 0.5]]),
        np.zeros(1),
        np.zeros((1, 1)),
        "logistic",
    )
    with pytest.raises((RuntimeError, np.linalg.LinAlgError)):
        separable.minimiser()


def test_bad_shapes_are_refused() -> None:
    worlds = random_glm_worlds(np.random.default_rng(5), 3, family="linear")
    with pytest.raises(ValueError, match="labels and weights"):
        replace(worlds, labels=worlds.labels[:, :2])
    with pytest.raises(ValueError, match="the penalty must be"):
        replace(worlds, penalty=np.zeros(2))
    with pytest.raises(ValueError, match="family is"):
        replace(worlds, family="poisson")  # type: ignore[arg-type]
