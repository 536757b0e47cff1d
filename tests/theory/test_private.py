"""Private gradient descent: platforms that really clip and add noise, and what is promised."""

import doctest
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.theory import private, private_noise
from gigsim.theory.descent_worlds import DescentWorlds, random_descent_worlds
from gigsim.theory.gaps import Floats
from gigsim.theory.gradient_learner import distance_after, gain_left
from gigsim.theory.private import (
    accumulated_noise,
    private_critical_mass,
    private_distance_bound,
    private_radius,
    private_success_bound,
)


def test_doctests() -> None:
    assert doctest.testmod(private).failed == 0
    assert doctest.testmod(private_noise).failed == 0


RUNS, STEPS, DIMENSION, BATCH, CLIP = 2000, 30, 5, 40.0, 1.0


def one_problem(seed: int, runs: int = RUNS) -> DescentWorlds:
    """One non-convex problem, as often as it is to be run."""
    world = random_descent_worlds(np.random.default_rng(seed), 1, dimension=DIMENSION)
    world = replace(world, start=world.goal + 0.3 * (world.start - world.goal))
    return DescentWorlds(*(np.repeat(part, runs, axis=0) for part in vars(world).values()))


def run(world: DescentWorlds, alpha: float, sigma: float, gain: float, draws: Floats) -> Floats:
    """Distances after STEPS of a platform that clips rows and reports and adds noise, (runs,)."""
    one = np.ones(len(world))
    noise = sigma * CLIP / BATCH * draws
    return world.drive(
        alpha * one, eta=0.5 * one, xi=gain * one, steps=STEPS, clip=CLIP * one, noise=noise
    )[-1]


def draws(seed: int) -> Floats:
    return np.random.default_rng(seed).standard_normal((STEPS, RUNS, DIMENSION))


NUMBERS: dict[str, Any] = {
    "steps": STEPS,
    "eta": 0.5,
    "clip": CLIP,
    "dimension": DIMENSION,
    "batch": BATCH,
}


@pytest.mark.parametrize("sigma", [0.5, 2.0, 5.0])
def test_a_firm_that_clips_and_adds_noise(sigma: float) -> None:
    """Mean square as predicted, mean and tail within the bounds, on 2,000 runs at 4 s.e."""
    world, alpha, delta = one_problem(3), 0.6, 0.05
    start = float(world.distance[0])
    radius = private_radius(start=start, noise=sigma, delta=1e-6, **NUMBERS)
    norm = float(world.largest_gradient(CLIP)[0])
    gain = float(gain_left(alpha, eta=0.5, base_norm=norm, reach=CLIP, distance=radius))
    assert gain > 0, "no report need be clipped"
    left = run(world, alpha, sigma, gain, draws(1))
    promised = {**NUMBERS, "xi": gain, "start": start, "noise": sigma}
    expected = private_distance_bound(alpha, **promised)
    square_error = 4 * (left**2).std() / np.sqrt(RUNS)
    assert abs((left**2).mean() - expected**2) <= square_error
    assert left.mean() <= expected + 4 * left.std() / np.sqrt(RUNS)
    beyond = (left > private_distance_bound(alpha, delta=delta, **promised)).mean()
    assert beyond <= delta + 4 * np.sqrt(delta * (1 - delta) / RUNS)
    # Without the noise term, or with that of one dimension, the firm breaks the promise.
    assert left.mean() > distance_after(STEPS, alpha, eta=0.5, xi=gain, start=start) + square_error
    single = private_distance_bound(alpha, **{**promised, "dimension": 1})
    assert left.mean() > single + 4 * left.std() / np.sqrt(RUNS)


@pytest.mark.parametrize("problem", [3, 4, 5])
def test_known_answer_v49_success_falls_with_noise(problem: int) -> None:
    """S decreasing in σ at fixed α: paired draws, each difference over 4 s.e."""
    world, luck = one_problem(problem), draws(2)
    distances = [run(world, 0.6, sigma, 0.2, luck) for sigma in (0.0, 1.0, 2.0, 4.0, 8.0)]
    for near, far in pairwise(distances):
        worse = far - near
        assert worse.mean() > 4 * worse.std() / np.sqrt(RUNS)


def test_known_answer_v49_critical_mass_grows_with_noise() -> None:
    """The least share of a grid at which the mean run comes near enough, and the promised share."""
    world, luck = one_problem(3, 400), draws(3)[:, :400]
    start, norm = float(world.distance[0]), float(world.largest_gradient(CLIP)[0])
    near, grid = 0.35 * start, np.linspace(0.3, 1.0, 15)
    least, promised = [], []
    for sigma in (0.0, 1.0, 2.0, 3.0):
        numbers = {**NUMBERS, "start": start, "noise": sigma, "base_norm": norm, "delta": 0.05}
        radius = private_radius(**{k: v for k, v in numbers.items() if k != "base_norm"})
        enough = []
        for alpha in grid:
            gain = gain_left(alpha, eta=0.5, base_norm=norm, reach=CLIP, distance=radius)
            if gain > 0 and run(world, alpha, sigma, float(gain), luck).mean() <= near:
                enough.append(alpha)
        least.append(min(enough, default=np.inf))
        promised.append(float(private_critical_mass(near, **numbers)))
    assert least == sorted(least)
    assert least[-1] > least[0]
    assert np.all(np.diff(promised) > 0)
    assert np.all(np.array(least) <= np.array(promised) + grid[1] - grid[0])


numbers = st.fixed_dictionaries(
    {
        "steps": st.integers(1, 200),
        "eta": st.floats(0.01, 1.0),
        "start": st.floats(0.01, 10.0),
        "clip": st.floats(0.05, 5.0),
        "dimension": st.integers(1, 1000),
        "batch": st.floats(1.0, 1e5),
        "delta": st.floats(1e-6, 0.5),
    }
)


@given(numbers=numbers, base=st.floats(0.0, 1.0), sigma=st.floats(0.0, 10.0))
def test_monotone_in_share_and_noise(numbers: dict[str, Any], base: float, sigma: float) -> None:
    norm = base * numbers["clip"]
    shares = np.linspace(0.0, 1.0, 11)
    success = private_success_bound(shares, noise=sigma, base_norm=norm, **numbers)
    finite = success[np.isfinite(success)]
    assert np.all(np.diff(finite) >= -1e-9)
    noisier = private_success_bound(shares, noise=sigma + 1, base_norm=norm, **numbers)
    assert np.all(noisier <= success + 1e-9)


@settings(max_examples=25)
@given(
    numbers=numbers,
    base=st.floats(0.0, 1.0),
    sigma=st.floats(0.0, 10.0),
    part=st.floats(0.01, 1.5),
)
def test_critical_mass_is_where_the_bound_gets_there(
    numbers: dict[str, Any], base: float, sigma: float, part: float
) -> None:
    given_ = {**numbers, "noise": sigma, "base_norm": base * numbers["clip"]}
    wanted = part * numbers["start"]
    mass = private_critical_mass(wanted, **given_)
    if np.isinf(mass):
        assert private_success_bound(1.0, **given_) < -wanted * (1 - 1e-9)
    else:
        just_above = min(mass * (1 + 1e-9) + 1e-12, 1.0)
        assert private_success_bound(just_above, **given_) >= -wanted * (1 + 1e-6) - 1e-12
        # Where anybody at all is enough (a wanted distance beyond the start) there is no foot.
        if part < 1:
            assert private_success_bound(mass * 0.999, **given_) <= -wanted * (1 - 1e-6)
        assert private_critical_mass(wanted, **{**given_, "noise": sigma + 1}) >= mass - 1e-9


def test_more_clipping_may_help_or_hurt() -> None:
    clips = np.geomspace(0.01, 100, 41)
    success = private_success_bound(
        0.9,
        steps=100,
        eta=0.1,
        start=1.0,
        noise=1.0,
        clip=clips,
        base_norm=np.minimum(clips, 1.0),
        dimension=10,
        batch=200,
        delta=0.05,
    )
    best = int(success.argmax())
    assert 0 < best < 40
    assert success[best] > success[0] + 0.1
    assert success[best] > success[-1] + 0.1


def test_without_noise_it_is_gradient_control() -> None:
    plain = distance_after(20, 0.4, eta=0.1, xi=1.0, start=2.0)
    numbers = {"steps": 20, "eta": 0.1, "xi": 1.0, "start": 2.0, "clip": 1.0, "dimension": 7}
    assert private_distance_bound(0.4, noise=0.0, **numbers) == pytest.approx(plain)
    assert private_distance_bound(0.4, noise=0.0, delta=0.1, **numbers) == pytest.approx(plain)


def test_noise_gathered_step_by_step() -> None:
    variance = 0.0
    for _ in range(9):
        variance = (1 - 0.2 * 1.5) ** 2 * variance + (0.2 * 3.0 * 0.5 / 4) ** 2
    found = accumulated_noise(9, eta=0.2, rate=1.5, noise=3.0, clip=0.5, batch=4.0)
    assert found == pytest.approx(np.sqrt(variance))
    still = accumulated_noise(9, eta=0.2, rate=0.0, noise=3.0, clip=0.5, batch=4.0)
    assert still == pytest.approx(3 * 0.2 * 3.0 * 0.5 / 4)


@pytest.mark.parametrize("delta", [0.0, 1.0, -0.1])
def test_delta_is_a_probability(delta: float) -> None:
    with pytest.raises(ValueError, match="delta"):
        private_distance_bound(
            0.5, steps=1, eta=0.1, xi=1, start=1, noise=1, clip=1, dimension=1, delta=delta
        )


def test_a_rate_that_overshoots_is_refused() -> None:
    with pytest.raises(ValueError, match="rate must be at most 1/eta"):
        accumulated_noise(1, eta=0.5, rate=2.1, noise=1.0, clip=1.0)


def test_noise_gathered_under_the_smallest_pull_is_that_of_none() -> None:
    numbers = {"eta": 1.0, "noise": 1.0, "clip": 1.0}
    for rate in (1e-18, 1e-12, 1e-9):
        found = accumulated_noise(4, rate=rate, **numbers)
        series = np.sqrt(((1 - rate) ** (2 * np.arange(4))).sum())
        assert found == pytest.approx(series, rel=1e-14)
    # (1 − e⁻²)/2e-17 after 1e17 steps, where 1 − q rounds to 0.
    long = accumulated_noise(1e17, rate=1e-17, **numbers)
    assert long == pytest.approx(np.sqrt((1 - np.exp(-2)) / 2e-17), rel=1e-14)


@pytest.mark.parametrize("start", [0.0, 1.0])
@pytest.mark.parametrize("base_norm", [0.0, 0.25])
def test_denormal_shares_do_not_warn(start: float, base_norm: float) -> None:
    found = private_success_bound(
        [5e-324, 1e-310, 0.9],
        steps=10,
        eta=0.1,
        start=start,
        noise=0.0,
        clip=1.0,
        base_norm=base_norm,
        dimension=4,
        batch=500,
        delta=0.05,
    )
    assert np.all(found[:2] <= -start)
    assert found[2] > -0.9
