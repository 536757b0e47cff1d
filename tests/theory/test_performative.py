"""Retraining on people who respond: rates, stable points, and the slope of utility."""

import doctest
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import root

from gigsim.theory import performative
from gigsim.theory.gaps import Floats
from gigsim.theory.performative import (
    collective_rate,
    distance_to_stable,
    level_rate,
    participation_psi,
    participation_slope,
    participation_slope_any,
    performative_power,
    retraining_rate,
    stable_mean,
)
from gigsim.theory.retraining_worlds import RetrainingWorlds, random_retraining_worlds


def test_doctests() -> None:
    assert doctest.testmod(performative).failed == 0


def estimating_a_mean(levels: list[float], alpha: float = 0.0, reports: float = 0.0):
    """z ~ N(1 + θ/2, ·), ℓ = ½(θ − z)²: known answer V23's world."""
    one = np.ones((1, 1, 1))
    return RetrainingWorlds(
        curvature=one,
        coupling=one,
        mean=np.ones((1, 1)),
        response=0.5 * one,
        linear=np.array([True]),
        levels=np.array([levels]),
        collective=np.full((1, 1), reports),
        alpha=np.array([alpha]),
    )


@pytest.mark.parametrize(
    ("levels", "rate"), [([1.0], 0.5), ([0.0, 1.0], 0.25), ([0.5, 0.5], 0.375)]
)
def test_known_answer_v23(levels: list[float], rate: float) -> None:
    """Fixed point 2; rates .5 (level 1), .25 (level 2), .375 (half and half)."""
    world = estimating_a_mean(levels)
    theta, errors = np.zeros((1, 1)), []
    for _ in range(10):
        errors.append(abs(theta[0, 0] - stable_mean(1.0, 0.5)))
        theta = world.retrain(theta)
    np.testing.assert_allclose(np.array(errors[1:]) / errors[:-1], rate, rtol=1e-9)
    assert level_rate(levels, retraining_rate(0.5)) == rate
    assert world.stable_point()[0, 0] == pytest.approx(2.0)
    np.testing.assert_allclose(
        errors, distance_to_stable(np.arange(10), rate=rate, start=2.0), rtol=1e-9
    )


def test_sampled_retraining_settles_where_theory_says() -> None:
    """Half level 1, half level 2, a fresh sample of 20,000 a round: at 4 s.e. of the last round."""
    rng, theta = np.random.default_rng(0), 0.0
    size = 20_000
    for _ in range(40):
        ahead = 1 + 0.5 * theta
        faced = np.where(np.arange(size) % 2 == 0, theta, ahead)
        theta = float((1 + 0.5 * faced + rng.standard_normal(size)).mean())
    # An autoregression with coefficient .375.
    spread = 1 / np.sqrt(size * (1 - 0.375**2))
    assert abs(theta - 2.0) <= 4 * spread


def test_a_collective_steadies_the_platform() -> None:
    for alpha in (0.0, 0.3, 0.9):
        world = estimating_a_mean([1.0], alpha, reports=-5.0)
        stable = world.stable_point()
        one = world.retrain(np.zeros((1, 1)))
        ratio = np.abs(one - stable) / np.abs(stable)
        assert ratio[0, 0] == pytest.approx(float(collective_rate(alpha, 0.5)))
    # ρ = 1.5 diverges; with half of the people in a collective it settles.
    wild = replace(estimating_a_mean([1.0], 0.5), response=np.full((1, 1, 1), 1.5))
    stable = wild.stable_point()
    np.testing.assert_allclose(wild.retrain(stable), stable)


def test_thinking_ahead_changes_how_soon_not_where() -> None:
    worlds = random_retraining_worlds(np.random.default_rng(1), 200, levels=3)
    plain = replace(worlds, levels=np.ones((200, 1)))
    np.testing.assert_allclose(worlds.stable_point(), plain.stable_point(), atol=1e-9)


@given(shares=st.lists(st.floats(0.01, 1.0), min_size=1, max_size=6), rate=st.floats(0.0, 0.99))
def test_level_rate_lies_between_its_levels(shares: list[float], rate: float) -> None:
    parts = np.array(shares) / sum(shares)
    mixed = level_rate(parts, rate)
    assert rate ** len(parts) - 1e-12 <= mixed <= rate + 1e-12


@pytest.mark.parametrize(
    "call",
    [
        lambda: level_rate([0.5, 0.4], 0.5),
        lambda: level_rate([1.0], 1.0),
        lambda: stable_mean(1.0, 1.0),
        lambda: retraining_rate(-0.1),
        lambda: retraining_rate(0.5, strong_convexity=0.0),
        lambda: collective_rate(1.1, 0.5),
        lambda: participation_slope(1.0, psi=0.0),
        lambda: performative_power([0.1, 0.2]),
        lambda: participation_psi(
            utility_gradient=[1.0, 0], collective_gradient=[1.0, 0], hessian=[[1.0, 1], [0, 1]]
        ),
        lambda: participation_psi(
            utility_gradient=[1.0, 0], collective_gradient=[1.0, 0], hessian=[[1.0, 2], [2, 1]]
        ),
    ],
)
def test_numbers_out_of_range(call) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        call()


class LogisticCollective:
    """A logistic regression with a small penalty; base and collective are samples."""

    def __init__(self, seed: int, dimension: int = 3, rows: int = 60) -> None:
        rng = np.random.default_rng(seed)
        self.base = rng.standard_normal((rows, dimension))
        self.base_labels = (rng.random(rows) < 0.5).astype(float)
        self.own = rng.standard_normal((rows, dimension)) + rng.standard_normal(dimension)
        self.own_labels = (rng.random(rows) < 0.8).astype(float)
        self.goal = rng.standard_normal(dimension)
        self.ridge = 0.1

    def gradient(self, theta: Floats, rows: Floats, labels: Floats) -> Floats:
        return rows.T @ (1 / (1 + np.exp(-rows @ theta)) - labels) / len(rows) + self.ridge * theta

    def curvature(self, theta: Floats, rows: Floats) -> Floats:
        mean = 1 / (1 + np.exp(-rows @ theta))
        weighted = rows * (mean * (1 - mean))[:, None]
        return weighted.T @ rows / len(rows) + self.ridge * np.eye(rows.shape[1])

    def model(self, alpha: float) -> Floats:
        def whole(theta: Floats) -> Floats:
            own = self.gradient(theta, self.own, self.own_labels)
            return alpha * own + (1 - alpha) * self.gradient(theta, self.base, self.base_labels)

        found = root(whole, np.zeros(self.base.shape[1]), tol=1e-13)
        assert np.linalg.norm(whole(found.x)) < 1e-10
        return found.x

    def utility(self, theta: Floats) -> float:
        """Members want high scores on their own rows, but not too far from a model of theirs."""
        return float(np.tanh(self.own @ theta).mean() - 0.2 * ((theta - self.goal) ** 2).sum())

    def utility_gradient(self, theta: Floats) -> Floats:
        rise = (1 - np.tanh(self.own @ theta) ** 2)[:, None] * self.own
        return rise.mean(axis=0) - 0.4 * (theta - self.goal)


@pytest.mark.parametrize("seed", range(8))
def test_psi_against_finite_differences(seed: int) -> None:
    case, step = LogisticCollective(seed), 1e-4
    for alpha in (0.05, 0.3, 0.6, 0.9):
        theta = case.model(alpha)
        numeric = case.utility(case.model(alpha + step)) - case.utility(case.model(alpha - step))
        numeric /= 2 * step
        hessian = alpha * case.curvature(theta, case.own)
        hessian = hessian + (1 - alpha) * case.curvature(theta, case.base)
        own = case.gradient(theta, case.own, case.own_labels)
        wants = case.utility_gradient(theta)
        psi = participation_psi(utility_gradient=wants, collective_gradient=own, hessian=hessian)
        slope = participation_slope(alpha, psi=psi)
        assert slope == pytest.approx(numeric, rel=1e-5, abs=1e-7)
        assert np.sign(numeric) == -np.sign(psi) or abs(numeric) < 1e-6
        other = participation_slope_any(
            utility_gradient=wants,
            collective_gradient=own,
            base_gradient=case.gradient(theta, case.base, case.base_labels),
            hessian=hessian,
        )
        assert other == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_slope_at_both_ends() -> None:
    case, step = LogisticCollective(0), 1e-4
    for alpha, other in ((0.0, step), (1.0, 1 - step)):
        theta = case.model(alpha)
        rows = case.own if alpha else case.base
        slope = participation_slope_any(
            utility_gradient=case.utility_gradient(theta),
            collective_gradient=case.gradient(theta, case.own, case.own_labels),
            base_gradient=case.gradient(theta, case.base, case.base_labels),
            hessian=case.curvature(theta, rows),
        )
        numeric = (case.utility(case.model(other)) - case.utility(theta)) / (other - alpha)
        assert slope == pytest.approx(numeric, rel=1e-3)


def test_bigger_is_not_always_better() -> None:
    """Mean estimation, everybody at 0, members report 10, and want the estimate to be 3."""
    shares = np.linspace(0.05, 0.95, 19)
    utility = -((10 * shares - 3) ** 2) / 2
    psi = participation_psi(
        utility_gradient=-(10 * shares - 3)[:, None],
        collective_gradient=(10 * shares - 10)[:, None],
        hessian=np.ones((19, 1, 1)),
    )
    slope = participation_slope(shares, psi=psi)
    np.testing.assert_allclose(slope, np.gradient(utility, shares, edge_order=2), atol=1e-9)
    assert shares[utility.argmax()] == pytest.approx(0.3)
    assert np.all((psi < -1e-9) == (shares < 0.3 - 1e-9))


def test_power_is_that_of_the_most_powerful_model() -> None:
    moved = np.random.default_rng(0).random((4, 50))
    assert performative_power(moved) == pytest.approx(max(row.mean() for row in moved))
    assert performative_power(np.zeros((2, 3))) == 0.0


def test_each_hessian_of_a_stack_is_symmetric_by_its_own_size() -> None:
    large, lopsided = 1e12 * np.eye(2), np.array([[1.0, 0.5], [0.4, 1.0]])
    one = np.ones(2)
    with pytest.raises(ValueError, match="symmetric"):
        participation_psi(
            utility_gradient=one, collective_gradient=one, hessian=np.stack([large, lopsided])
        )
    small = np.stack([large, 1e-12 * np.eye(2)])
    found = participation_psi(utility_gradient=one, collective_gradient=one, hessian=small)
    np.testing.assert_allclose(found, [2e-12, 2e12])
