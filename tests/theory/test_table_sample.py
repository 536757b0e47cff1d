"""What a frequency table of N rows is expected to do, against counting."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, poisson, skellam

from gigsim.resumes.finite_world import FiniteWorld
from gigsim.theory.planting import flip_point, staircase
from gigsim.theory.table_sample import table_success
from tests.learners.tables import Census


@pytest.mark.parametrize("population", [500, 20_000])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_two_labels_and_one_text_are_skellam(population: int, share: float) -> None:
    """V13: with m planted rows, P{Skellam(λ_other, λ_target) < m}."""
    xi, planted = 0.02, np.arange(1, 40)
    alpha = planted / population
    found = table_success(
        alpha, [1.0], [[share, 1 - share]], 0, population=population, xi=xi, ties="strict"
    )
    carried = (population - planted) * xi
    expected = skellam.cdf(planted - 1, carried * (1 - share), carried * share)
    np.testing.assert_allclose(found.mean, expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(found.sd, np.sqrt(expected * (1 - expected)), rtol=0, atol=1e-6)
    # Of the two labels the target comes first, so with the table's own ties it wins those too.
    first = table_success(alpha, [1.0], [[share, 1 - share]], 0, population=population, xi=xi)
    expected = skellam.cdf(planted, carried * (1 - share), carried * share)
    np.testing.assert_allclose(first.mean, expected, rtol=0, atol=1e-11)
    last = table_success(alpha, [1.0], [[1 - share, share]], 1, population=population, xi=xi)
    strict = table_success(
        alpha, [1.0], [[1 - share, share]], 1, population=population, xi=xi, ties="strict"
    )
    np.testing.assert_array_equal(last.mean, strict.mean)


@pytest.mark.parametrize("ties", ["first", "strict"])
def test_three_labels_by_enumeration(ties: str) -> None:
    population, xi, target = 60, 0.05, 1
    weights, law = np.array([0.3, 0.7]), np.array([[0.5, 0.2, 0.3], [0.1, 0.3, 0.6]])
    planted = 3
    counts = np.arange(25)
    expected = 0.0
    for weight, labels in zip(weights, law, strict=True):
        mass = [poisson.pmf(counts, (population - planted) * xi * weight * p) for p in labels]
        for m, (a, b, c) in itertools.product(
            range(planted + 1), itertools.product(range(12), repeat=3)
        ):
            own = b + m
            ahead = own > a and (own >= c if ties == "first" else own > c) and own > 0
            chance = binom.pmf(m, planted, weight) * mass[0][a] * mass[1][b] * mass[2][c]
            expected += weight * chance * ahead
    found = table_success(
        planted / population, weights, law, target, population=population, xi=xi, ties=ties
    )
    assert float(found.mean) == pytest.approx(expected, abs=1e-8)


def test_one_participant_suffices_for_a_unique_signal() -> None:
    """V12, and the limit α = 0, where the prior speaks."""
    law = np.array([[0.2, 0.8]])
    curve = table_success([0.0, 0.001, 1.0], [1.0], law, 0, population=1000, xi=0.0)
    np.testing.assert_allclose(curve.mean, [0.0, 1.0, 1.0], atol=1e-12)
    leading = table_success(0.0, [1.0], law, 1, population=1000, xi=0.0)
    assert float(leading.mean) == 1.0


@given(st.integers(0, 10_000), st.sampled_from(["top1", "any"]))
def test_it_never_falls_as_alpha_grows(seed: int, goal: str) -> None:
    """V15."""
    world = FiniteWorld.draw(5, np.random.default_rng(seed))
    alphas = np.arange(0, 61) / 300
    curve = table_success(
        alphas, world.weights, world.label_law, 3, population=300, xi=0.02, goal=goal
    )
    assert (np.diff(curve.mean) >= -1e-9).all()
    assert ((curve.mean >= 0) & (curve.mean <= 1)).all()


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_simulated_tables(seed: int) -> None:
    """400 populations of 500 people, 8 texts: mean and variance within 4 s.e."""
    world, size, xi, target = FiniteWorld.draw(8, np.random.default_rng(seed)), 500, 0.04, 3
    runs, planted = 400, (0, 1, 4, 12, 40)
    won = np.empty((runs, len(planted), 2, 8), dtype=bool)
    for run in range(runs):
        census = Census(world, size, xi, seed=10_000 * seed + run)
        for column, members in enumerate(planted):
            said = census.predicted(members, target)[8:]
            won[run, column] = [said.argmax(axis=1) == target, said[:, target] > 0.5]
    alphas = np.array(planted) / size
    for number, goal in enumerate(("top1", "any")):
        measured = won[:, :, number] @ world.weights
        curve = table_success(
            alphas, world.weights, world.label_law, target, population=size, xi=xi, goal=goal
        )
        sd = measured.std(axis=0, ddof=1)
        assert (np.abs(measured.mean(axis=0) - curve.mean) <= 4 * sd / np.sqrt(runs) + 1e-9).all()
        # The fourth moment gives the standard error of a sample variance.
        squares = (measured - measured.mean(axis=0)) ** 2
        error = 4 * squares.std(axis=0, ddof=1) / np.sqrt(runs)
        assert (np.abs(sd**2 - curve.sd**2) <= error + 1e-9).all()


def test_a_large_population_climbs_the_staircase() -> None:
    world, xi, target = FiniteWorld.draw(8, np.random.default_rng(1)), 0.01, 3
    deficits = np.delete(world.label_law, target, axis=1).max(axis=1) - world.label_law[:, target]
    flips = flip_point(xi, deficits)
    # Halfway between steps, away from the luck that is left at twenty million rows.
    steps = np.unique(np.append(flips, [0.0, 0.02]))
    alphas = (steps[1:] + steps[:-1])[np.diff(steps) > 1e-3] / 2
    assert len(alphas) >= 4
    curve = table_success(
        alphas, world.weights, world.label_law, target, population=20_000_000, xi=xi
    )
    exact = staircase(alphas, world.weights, flips, held=deficits < 0)
    np.testing.assert_allclose(curve.mean, exact, atol=1e-6)


def test_shapes_follow_alpha() -> None:
    law = [[0.2, 0.8]]
    scalar = table_success(0.01, [1.0], law, 0, population=100, xi=0.1)
    assert np.shape(scalar.mean) == ()
    grid = table_success(np.full((2, 3), 0.01), [1.0], law, 0, population=100, xi=0.1)
    assert grid.mean.shape == grid.sd.shape == (2, 3)
    assert float(grid.mean[1, 2]) == float(scalar.mean)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"weights": [0.5]}, "must sum to 1"),
        ({"label_law": [[0.2, 0.7]]}, "must sum to 1"),
        ({"label_law": [[1.0]]}, "L >= 2"),
        ({"label_law": [0.2, 0.8]}, "L >= 2"),
        ({"target": 2}, "target"),
        ({"population": 0}, "population"),
        ({"xi": 1.5}, "xi"),
        ({"alpha": -0.1}, "alpha"),
    ],
)
def test_numbers_out_of_range_are_refused(change: dict, fault: str) -> None:
    arguments = {
        "alpha": 0.1,
        "weights": [1.0],
        "label_law": [[0.2, 0.8]],
        "target": 0,
        "population": 10,
        "xi": 0.1,
    }
    with pytest.raises(ValueError, match=fault):
        table_success(**(arguments | change))
