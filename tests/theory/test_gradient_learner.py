"""Gradient control: the algebra, its limits, and platforms that really descend."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import gradient_learner
from gigsim.theory.descent_worlds import random_descent_worlds
from gigsim.theory.gradient_learner import (
    contraction,
    control_gradient,
    distance_after,
    gain_left,
    path_condition,
    steps_needed,
)


def test_doctests() -> None:
    assert doctest.testmod(gradient_learner).failed == 0


def test_known_answer_v22() -> None:
    """Error ratio per step exactly .984, after 50 steps .4464, on any smooth non-convex loss."""
    worlds = random_descent_worlds(np.random.default_rng(0), 200)
    one = np.ones(200)
    distances = worlds.drive(0.2 * one, eta=0.1 * one, xi=0.8 * one, steps=50)
    np.testing.assert_allclose(distances[1:] / distances[:-1], 0.984, rtol=1e-11)
    np.testing.assert_allclose(distances[-1] / distances[0], 0.984**50, rtol=1e-11)
    assert round(0.984**50, 4) == 0.4464
    assert distance_after(50, 0.2, eta=0.1, xi=0.8, start=1.0) == pytest.approx(0.984**50)
    # Without the collective the same platform goes elsewhere.
    theta = worlds.start
    for _ in range(50):
        theta = theta - 0.1 * worlds.base_gradient(theta)
    assert np.median(np.linalg.norm(theta - worlds.goal, axis=1) / worlds.distance) > 0.9


shares = st.floats(0.01, 1.0)
rates = st.floats(0.01, 2.0)


@given(alpha=shares, eta=rates, part=st.floats(0.01, 1.0), start=st.floats(0.01, 100.0))
def test_one_step_is_the_platforms(alpha: float, eta: float, part: float, start: float) -> None:
    xi = part / (alpha * eta)
    base = np.array([3.0, -1.0])
    theta, goal = np.array([start, 0.0]), np.zeros(2)
    wanted = control_gradient(alpha, base_gradient=base, xi=xi, theta=theta, goal=goal)
    after = theta - eta * (alpha * wanted + (1 - alpha) * base)
    assert np.linalg.norm(after) == pytest.approx((1 - part) * start, abs=1e-9 * (1 + start + eta))


@given(alpha=shares, eta=rates, part=st.floats(0.001, 0.999), ratio=st.floats(0.001, 0.999))
def test_steps_needed_is_the_least_number(
    alpha: float, eta: float, part: float, ratio: float
) -> None:
    numbers = {"eta": eta, "xi": part / (alpha * eta), "start": 3.0}
    count = steps_needed(3.0 * ratio, alpha, **numbers)
    assert count == int(count) >= 1
    assert distance_after(count, alpha, **numbers) <= 3.0 * ratio * (1 + 1e-7)
    assert distance_after(count - 1, alpha, **numbers) > 3.0 * ratio * (1 - 1e-7)


def test_steps_needed_at_the_ends() -> None:
    numbers = {"eta": 0.1, "start": 1.0}
    assert steps_needed(2.0, 0.2, xi=0.8, **numbers) == 0
    assert steps_needed(0.0, 0.2, xi=50.0, **numbers) == 1
    assert steps_needed(0.5, 0.0, xi=0.8, **numbers) == np.inf


def test_nobody_controls_anything_at_alpha_0() -> None:
    assert distance_after(1, 0.0, eta=0.1, xi=1.0, start=1.0) == np.inf
    assert distance_after(0, 0.0, eta=0.1, xi=1.0, start=1.0) == 1.0
    assert gain_left(0.0, eta=0.1, base_norm=0.0, reach=1.0, distance=1.0) == 0.0


def test_a_gain_that_overshoots_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 1/"):
        contraction(0.5, eta=0.1, xi=20.1)
    assert contraction(0.3, eta=0.1, xi=1 / (0.1 * 0.3)) == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize(
    "call",
    [
        lambda: control_gradient(0.0, base_gradient=[1.0], xi=1.0, theta=[0.0], goal=[0.0]),
        lambda: contraction(0.5, eta=0.0, xi=1.0),
        lambda: contraction(0.5, eta=0.1, xi=-1.0),
        lambda: contraction(1.5, eta=0.1, xi=1.0),
        lambda: distance_after(-1, 0.5, eta=0.1, xi=1.0, start=1.0),
        lambda: distance_after(1, 0.5, eta=0.1, xi=1.0, start=-1.0),
        lambda: path_condition([1.0], [1.0]),
        lambda: path_condition([1.0, -1.0], [1.0]),
    ],
)
def test_numbers_out_of_range(call) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        call()


def test_shortfalls_at_their_worst_meet_the_bound() -> None:
    worlds = random_descent_worlds(np.random.default_rng(1), 50)
    one = np.ones(50)
    missing = (worlds.start - worlds.goal) / worlds.distance[:, None]
    run = worlds.drive(
        0.3 * one,
        eta=0.2 * one,
        xi=2 * one,
        steps=200,
        shortfall=np.tile(0.5 * missing, (200, 1, 1)),
    )
    start = worlds.distance
    promised = distance_after(200, 0.3, eta=0.2, xi=2.0, start=start, residual=0.5)
    np.testing.assert_allclose(run[-1], promised, rtol=1e-10)
    np.testing.assert_allclose(run[-1], 0.5 / 2.0, rtol=1e-4)


def test_the_largest_gradient_on_the_way_sets_the_size() -> None:
    """Members who can report no more than G get through above the share, and stall below it."""
    worlds = random_descent_worlds(np.random.default_rng(2), 300)
    points = 401
    norms = np.linalg.norm(worlds.base_gradient(worlds.on_line(points)), axis=-1).T
    limit = np.full(300, 0.5)
    needed = path_condition(norms, limit[:, None])
    promised = path_condition(
        norms[:, ::80], limit[:, None], smoothness=worlds.smoothness, length=worlds.distance
    )
    assert np.all(promised >= needed)
    assert np.all(np.maximum(norms[:, 0], norms[:, -1]) <= norms.max(axis=1))
    # A little above the share that the path takes; the gain is what is left at its worst place.
    alpha = needed + 0.3 * (1 - needed)
    gain = gain_left(
        alpha, eta=0.05, base_norm=norms.max(axis=1), reach=limit, distance=worlds.distance
    )
    assert np.all(gain > 0)
    # Reports are limited, not the base's rows: so drive by hand.
    theta, least = worlds.start, np.full(300, np.inf)
    for _ in range(400):
        base = worlds.base_gradient(theta)
        wanted = control_gradient(alpha, base_gradient=base, xi=gain, theta=theta, goal=worlds.goal)
        least = np.minimum(least, limit - np.linalg.norm(wanted, axis=1))
        theta = theta - 0.05 * (alpha[:, None] * wanted + (1 - alpha[:, None]) * base)
    assert np.all(least > -1e-4), "no report was longer than what members can report"
    expected = distance_after(400, alpha, eta=0.05, xi=gain, start=worlds.distance)
    np.testing.assert_allclose(np.linalg.norm(theta - worlds.goal, axis=1), expected, rtol=1e-8)
    # Below it, where the base gradient is largest, members cannot even hold the model still.
    worst = worlds.on_line(points)[norms.argmax(axis=1), np.arange(300)]
    base = np.linalg.norm(worlds.base_gradient(worst), axis=1)
    below = 0.9 * needed
    assert np.all((1 - below) * base > below * limit)


def test_gain_left_is_the_last_one_that_fits() -> None:
    """Where base gradient and way point apart, the report has exactly the norm that is allowed."""
    gain = gain_left(0.5, eta=0.1, base_norm=1.0, reach=3.0, distance=4.0)
    wanted = control_gradient(
        0.5, base_gradient=[-1.0, 0.0], xi=gain, theta=[4.0, 0.0], goal=[0.0, 0.0]
    )
    assert np.linalg.norm(wanted) == pytest.approx(3.0)


def test_path_condition_without_anything_in_the_way() -> None:
    assert path_condition([0.0, 0.0], [0.0]) == 0.0
    assert path_condition([0.0, 1.0], [0.0]) == 1.0
    assert path_condition([[0.0, 1.0], [2.0, 1.0]], [[1.0], [2.0]]).tolist() == [0.5, 0.5]
    lost = path_condition([1.0, 1.0], [1.0], reachable_smoothness=1.0, length=1.0)
    assert lost == pytest.approx(1 / 1.5)


def test_the_smallest_pulls_add_up() -> None:
    """1 − 1e-17 is 1 as a float; 1e17 such steps are e⁻¹ all the same."""
    tiny = {"eta": 1.0, "xi": 1.0, "start": 1.0}
    assert distance_after(1e17, 1e-17, **tiny) == pytest.approx(np.exp(-1), rel=1e-14)
    assert distance_after(1e15, 1e-17, **tiny) == pytest.approx(0.99004983374916805, rel=1e-15)
    gathered = distance_after(10, 1e-18, eta=1.0, xi=1.0, start=0.0, residual=1.0)
    assert gathered == pytest.approx(1e-17, rel=1e-14)
    assert steps_needed(np.exp(-1), 1e-17, **tiny) == pytest.approx(1e17, rel=1e-14)


@pytest.mark.parametrize("pull", [1e-9, 1e-6, 1e-3, 0.3])
def test_as_many_steps_as_are_needed_and_no_more(pull: float) -> None:
    """Within rounding of what was asked, also after ten thousand million steps."""
    numbers = {"eta": 1.0, "xi": pull / 0.5, "start": 2.0}
    asked = 2.0 * np.array([0.999, 0.5, 1e-3, 1e-9, 1e-30])
    count = steps_needed(asked, 0.5, **numbers)
    assert np.all(distance_after(count, 0.5, **numbers) <= asked * (1 + 1e-13))
    before = distance_after(np.maximum(count - 1, 0), 0.5, **numbers)
    assert np.all((before > asked * (1 + 1e-14)) | (count < 1))
    whole = np.array([1.0, 7.0, 1000.0])
    back = steps_needed(distance_after(whole, 0.5, **numbers), 0.5, **numbers)
    np.testing.assert_array_equal(back[whole * pull < 700], whole[whole * pull < 700])


def test_a_ratio_too_small_for_a_float_is_still_reached() -> None:
    count = steps_needed(1e-300, 0.5, eta=1.0, xi=1.0, start=1e300)
    assert count == np.ceil(600 * np.log2(10))


def test_denormal_shares_do_not_warn() -> None:
    assert gain_left(5e-324, eta=0.1, base_norm=0.0, reach=1.0, distance=0.0) > 1e300
    assert gain_left(5e-324, eta=0.1, base_norm=1.0, reach=1.0, distance=1e-320) == 0
