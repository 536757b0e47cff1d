"""The finite-sample bounds as formulas; on samples they are tried in ``tests.validation``."""

import doctest
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.theory import statistical
from gigsim.theory.planting import feature_label_bound
from gigsim.theory.statistical import (
    deviation,
    estimating_members,
    statistical_bound_feature_label,
    statistical_bound_feature_only,
    statistical_bound_unplanting,
)
from gigsim.theory.worlds import random_worlds


def test_doctests() -> None:
    assert doctest.testmod(statistical).failed == 0


def test_one_signal_point_by_hand() -> None:
    """δ̃ = 0.05/24 with one signal point and ten labels."""
    numbers = {"planted": [1.0], "deficits": [0.01], "labels": 10, "test": 400}
    n, total = 3000, 20_000
    mine, others = (np.sqrt(np.log(24 / 0.05) / (2 * k)) for k in (n, total - n))
    tests = np.sqrt(np.log(24 / 0.05) / 800)
    margin = 0.15 * (1 - 2 * mine) - 0.85 * (0.01 + 2 * mine + 2 * others)
    assert margin > 0
    found = statistical_bound_feature_label(n / total, population=total, **numbers)
    assert found == pytest.approx(1 - mine - tests)
    # Half of the members, and the point is not certified any more.
    less = statistical_bound_feature_label(n / total / 2, population=total, **numbers)
    assert less == pytest.approx(-np.sqrt(np.log(480) / 3000) - tests)


def test_with_endless_data_it_is_the_exact_staircase() -> None:
    """... and so never below Theorem 1, whose shape it leaves."""
    worlds = random_worlds(np.random.default_rng(0), 2000)
    alpha = np.random.default_rng(1).uniform(0.01, 0.99, len(worlds))
    inside = worlds.in_signal_set
    bound = statistical_bound_feature_label(
        alpha,
        planted=worlds.weights,
        deficits=np.where(inside, worlds.deficits(), 0.0),
        labels=4,
        population=1e18,
        test=1e18,
        points=inside.sum(axis=1),
    )
    np.testing.assert_allclose(bound, worlds.success(alpha), atol=1e-6)
    assert np.all(bound >= feature_label_bound(alpha, xi=worlds.xi, gap=worlds.gap()) - 1e-6)


@given(st.floats(0.02, 0.9), st.floats(0.0, 0.2), st.integers(1000, 10**6), st.floats(1, 50))
def test_a_larger_platform_is_more_exposed_at_equal_share(
    alpha: float, deficit: float, population: int, times: float
) -> None:
    sizes = np.array([population, population * round(times)])
    small, large = statistical_bound_feature_label(
        np.rint(alpha * population) / population,
        planted=[0.5, 0.5],
        deficits=[deficit, 0.1],
        labels=4,
        population=sizes,
        test=1000,
    )
    assert large >= small


@given(
    st.floats(0.0, 1.0),
    st.floats(0.0, 0.5),
    st.integers(100, 10**7),
    st.sampled_from([10, 1000, 10**6]),
)
def test_the_forms_of_planting_in_order(
    alpha: float, rivals: float, population: int, test: int
) -> None:
    """Labels changed, labels kept and the others gone, labels kept and the others still there."""
    common = {"deficits": [0.0], "population": population, "test": test}
    label = statistical_bound_feature_label(alpha, planted=[1.0], labels=3, **common)
    leave = statistical_bound_feature_only(alpha, weights=[1.0], planted=[0.5], labels=3, **common)
    stay = statistical_bound_feature_only(
        alpha, weights=[1.0], planted=[0.5], rivals=[rivals], labels=3, **common
    )
    assert label >= leave >= stay
    same = statistical_bound_feature_only(alpha, weights=[1.0], planted=[1.0], labels=3, **common)
    assert same == label


def test_unplanting_with_nobody_estimating_is_planting_with_two_labels() -> None:
    common = {"deficits": [0.2, -0.1], "population": 10**6, "test": 1000}
    alpha = np.linspace(0, 1, 21)
    planting = statistical_bound_feature_label(alpha, planted=[0.3, 0.7], labels=2, **common)
    unplanting = statistical_bound_unplanting(
        alpha, weights=[0.3, 0.7], planted=[0.3, 0.7], **common
    )
    np.testing.assert_array_equal(planting, unplanting)
    split = statistical_bound_unplanting(
        alpha, weights=[0.3, 0.7], planted=[0.3, 0.7], estimating=1000, **common
    )
    assert np.all(split <= unplanting)
    too_many = statistical_bound_unplanting(
        0.1, weights=[0.3, 0.7], planted=[0.3, 0.7], estimating=100_000, **common
    )
    assert too_many == -np.inf


def test_padding_changes_nothing_if_the_points_are_counted() -> None:
    common = {"labels": 3, "population": 50_000, "test": 1000}
    alpha = [0.0, 0.2, 0.6]
    short = statistical_bound_feature_label(
        alpha, planted=[0.4, 0.6], deficits=[0.1, 0.2], **common
    )
    padded = statistical_bound_feature_label(
        alpha, planted=[0.4, 0.6, 0, 0], deficits=[0.1, 0.2, 0, 0], points=2, **common
    )
    np.testing.assert_array_equal(short, padded)
    uncounted = statistical_bound_feature_label(
        alpha, planted=[0.4, 0.6, 0, 0], deficits=[0.1, 0.2, 0, 0], **common
    )
    assert np.all(uncounted[1:] < short[1:])


def test_without_members_nothing_is_promised() -> None:
    for alpha, population in product([0.0, 1e-9], [10, 1000]):
        bound = statistical_bound_feature_label(
            alpha, planted=[1.0], deficits=[-1.0], labels=2, population=population, test=10
        )
        assert bound == -np.inf


def test_everybody_a_member_is_certain_up_to_the_samples() -> None:
    bound = statistical_bound_feature_label(
        1.0, planted=[1.0], deficits=[1.0], labels=2, population=10_000, test=1e12
    )
    assert bound == pytest.approx(1 - np.sqrt(np.log(8 / 0.05) / 20_000), abs=1e-5)


def test_the_best_split_is_the_best() -> None:
    """Against every split of 2,000 members."""
    for points, labels in ((1, 2), (4, 5), (30, 3)):
        n = 2000
        splits = np.arange(1, n)
        chosen, judged = (
            deviation(0.05 / count, k)
            for count, k in ((points * (labels - 1), splits), (2 + 6 * points, n - splits))
        )
        best = splits[np.argmin(2 * chosen + 2 * judged)]
        found = estimating_members(0.1, points=points, labels=labels, population=10 * n)
        assert abs(float(found) - best) <= 1


def test_what_is_out_of_range_is_refused() -> None:
    good = {"planted": [1.0], "deficits": [0.1], "labels": 2, "population": 100, "test": 10}
    for name, wrong in {
        "planted": [1.1],
        "deficits": [1.5],
        "labels": 1,
        "population": 0,
        "test": 0,
        "points": 0,
        "delta": 0.0,
    }.items():
        with pytest.raises(ValueError, match=name):
            statistical_bound_feature_label(0.1, **(good | {name: wrong}))
    with pytest.raises(ValueError, match="alpha"):
        statistical_bound_feature_label(1.1, **good)
    with pytest.raises(ValueError, match="estimating"):
        statistical_bound_unplanting(
            0.1,
            weights=[1.0],
            planted=[1.0],
            deficits=[0],
            population=100,
            test=10,
            estimating=-1,
        )
    with pytest.raises(ValueError, match="delta"):
        estimating_members(0.1, points=1, labels=2, population=10, delta=1.0)


def test_frequencies_that_cannot_be_are_refused_in_each_world() -> None:
    common = {"deficits": [0.0, 0.0], "population": 1000, "test": 100}
    good, bad = [[0.4, 0.6], [0.1, 0.2]], [[0.1, 0.2], [0.7, 0.4]]
    with pytest.raises(ValueError, match="planted must sum to at most 1"):
        statistical_bound_feature_label(0.1, planted=bad, labels=2, **common)
    for weights, planted, name in ((bad, good, "weights"), (good, bad, "planted")):
        with pytest.raises(ValueError, match=f"{name} must sum to at most 1"):
            statistical_bound_unplanting(0.1, weights=weights, planted=planted, **common)
    with pytest.raises(ValueError, match="weights must sum to at most 1"):
        statistical_bound_feature_only(0.1, weights=bad, planted=[0, 0], labels=2, **common)
    with pytest.raises(ValueError, match="planted must be at most weights"):
        statistical_bound_feature_only(
            0.1, weights=good, planted=[[0.4, 0.6], [0.1, 0.21]], labels=2, **common
        )
    # Rounding is no mistake.
    hair = np.array([0.4, 0.6 + 1e-12])
    statistical_bound_feature_only(0.1, weights=good[0], planted=hair, labels=2, **common)


def test_worlds_and_shares_broadcast() -> None:
    """Each share and each world by itself is what they are together."""
    generator = np.random.default_rng(2)
    alphas = np.array([0.05, 0.2, 0.6])[:, None]
    planted = generator.dirichlet(np.ones(3), 4)
    deficits = generator.uniform(-0.1, 0.1, (4, 3))
    common = {"labels": 3, "population": 10**5, "test": 1000}
    whole = statistical_bound_feature_label(alphas, planted=planted, deficits=deficits, **common)
    assert whole.shape == (3, 4)
    for (i, j), found in np.ndenumerate(whole):
        alone = statistical_bound_feature_label(
            alphas[i, 0], planted=planted[j], deficits=deficits[j], **common
        )
        assert alone == pytest.approx(found, abs=1e-15)
