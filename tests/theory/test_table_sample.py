"""What a frequency table of N rows is expected to do, against counting."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, multinomial, poisson, skellam

from gigsim.resumes.finite_world import FiniteWorld
from gigsim.theory import table_sample
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
    base = weights @ law
    # What is said where no row is: all labels are counted, whatever their text.
    prior = 0.0
    for b, a in itertools.product(range(population - planted + 1), repeat=2):
        c = population - planted - a - b
        if b + planted > a and (b + planted >= c if ties == "first" else b + planted > c):
            prior += multinomial.pmf([a, b, c], population - planted, base) if c >= 0 else 0.0
    assert 0.03 < prior < 0.1
    expected = 0.0
    for weight, labels in zip(weights, law, strict=True):
        nobody = (population - planted) * xi * weight
        expected += weight * (1 - weight) ** planted * np.exp(-nobody) * prior
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


def check_against_tables(
    world: FiniteWorld, size: int, xi: float, planted: tuple[int, ...], seed: int, runs: int = 400
) -> None:
    """Mean and variance of S over so many populations of one world, within 4 s.e."""
    target, cells = 3, len(world.weights)
    won = np.empty((runs, len(planted), 2, cells), dtype=bool)
    for run in range(runs):
        census = Census(world, size, xi, seed=10_000 * seed + run)
        for column, members in enumerate(planted):
            said = census.predicted(members, target)[cells:]
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


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_simulated_tables(seed: int) -> None:
    """400 populations of 500 people, 8 texts."""
    world = FiniteWorld.draw(8, np.random.default_rng(seed))
    check_against_tables(world, 500, 0.04, (0, 1, 4, 12, 40), seed)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))]
)
def test_where_most_texts_are_unseen_the_prior_is_luck(seed: int) -> None:
    """1000 populations of 200 people, 40 texts: S is near 0 or near 1, as y* leads overall."""
    world = FiniteWorld.draw(40, np.random.default_rng(seed))
    check_against_tables(world, 200, 0.01, (0, 2, 4, 8, 12, 20), seed, runs=1000)
    curve = table_success(0.04, world.weights, world.label_law, 3, population=200, xi=0.01)
    assert 0.2 < float(curve.sd) < 0.4


@pytest.mark.parametrize("goal", ["top1", "any"])
def test_no_member_turns_the_prior(goal: str) -> None:
    """Where some texts are unseen S climbs in small steps as y* comes to lead among all rows."""
    world = FiniteWorld.draw(50, np.random.default_rng(0))
    alphas = np.arange(20, 200) / 2000
    curve = table_success(
        alphas, world.weights, world.label_law, 3, population=2000, xi=0.01, goal=goal
    )
    assert np.diff(curve.mean).max() < 0.02


@pytest.mark.parametrize(
    ("population", "base"),
    [
        (200, [0.08, 0.15, 0.14, 0.1, 0.12, 0.09, 0.08, 0.1, 0.08, 0.06]),
        (20_000, [0.1, 0.1, 0.09, 0.09, 0.11, 0.11, 0.1, 0.1, 0.1, 0.1]),
        (20_000, [0.02, 0.001, 0.001, 0.02, 0.9, 0.02, 0.01, 0.01, 0.01, 0.008]),
        (20_000, [0.05, 0.0, 0.0, 0.05, 0.45, 0.45, 0.0, 0.0, 0.0, 0.0]),
    ],
)
@pytest.mark.parametrize("goal", ["top1", "any"])
def test_the_prior_is_what_most_of_all_labels_say(
    population: int, base: list[float], goal: str
) -> None:
    """P(y* leads among all rows), as members bring it to the top, within 4 s.e. of 20,000 draws."""
    target, runs = 3, 20_000
    ahead = max(base) if goal == "top1" else 1 - base[target]
    middle = max(population * (ahead - base[target]) / (1 + ahead - base[target]), 0)
    grid = np.rint(middle + np.sqrt(population) * np.array([-1.0, -0.5, 0.0, 0.5, 1.0]))
    planted = np.unique(np.clip(grid, 0, population)).astype(int)
    found = prior(planted, population, base, target, goal)
    rng = np.random.default_rng(7)
    for members, chance in zip(planted, found, strict=True):
        counts = rng.multinomial(population - members, base, size=runs)
        counts[:, target] += members
        if goal == "top1":
            hits = counts.argmax(axis=1) == target
        else:
            hits = counts[:, target] > population / 2
        error = np.sqrt(max(chance * (1 - chance), 1e-4) / runs)
        assert abs(hits.mean() - chance) <= 4 * error
    assert ((found > 0.02) & (found < 0.98)).any()


def prior(
    planted: np.ndarray, population: int, base: list[float], target: int, goal: str
) -> np.ndarray:
    """P(the prior says y*), which S is on texts that are too rare to be carried by anybody."""
    law = np.array(base)
    if goal == "any":
        rivals, before = np.array([1 - law[target]]), np.array([True])
    else:
        rivals = np.delete(law, target)
        before = np.delete(np.arange(len(law)), target) < target
    return table_sample._prior(
        planted.astype(float), population, float(law[target]), rivals, before
    )


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
