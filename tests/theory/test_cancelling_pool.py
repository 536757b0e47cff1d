import doctest
from itertools import product

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import nnls

from gigsim.theory import cancelling_pool, member_choices
from gigsim.theory.cancelling_pool import (
    best_mixture,
    critical_mass_labels,
    critical_mass_pool,
    frank_wolfe_members,
)
from gigsim.theory.label_rules import glm_label_critical_mass, penalty_shift
from gigsim.theory.parametric_worlds import random_glm_worlds
from gigsim.theory.risk_minimizer import distance_bound
from gigsim.validation.convex_worlds import ray_leverage


def test_doctests() -> None:
    assert doctest.testmod(cancelling_pool).failed == 0
    assert doctest.testmod(member_choices).failed == 0


def _pools(count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    sizes = np.stack([rng.integers(1, 6, count), rng.integers(1, 25, count)], axis=1)
    return [
        (rng.normal(size=d), rng.normal(size=(n, d)) * rng.uniform(0.2, 5) + rng.normal(size=d))
        for d, n in sizes
    ]


def test_the_linear_program_finds_the_furthest_point_of_the_ray() -> None:
    rng = np.random.default_rng(0)
    base, pool = rng.normal(size=(60, 2)), rng.normal(size=(60, 6, 2)) * 2
    expected = ray_leverage(base, pool)
    found = [critical_mass_pool(base[b], pool[b]) for b in range(60)]
    np.testing.assert_allclose([f.t for f in found], expected, rtol=1e-7)
    assert 0 < np.isnan(expected).sum() < 30
    for b, one in enumerate(found):
        assert (one.critical_mass == np.inf) == np.isnan(one.t)
        if one.weights.size:
            np.testing.assert_allclose(one.weights @ pool[b], -one.t * base[b], atol=1e-7)
            assert one.weights.sum() == pytest.approx(1)


def test_sparse_and_dense_pools_are_the_same() -> None:
    for base, pool in _pools(10, 1):
        thin = critical_mass_pool(base, sparse.csr_array(pool))
        dense = critical_mass_pool(base, pool)
        assert dense.t == pytest.approx(thin.t, nan_ok=True)
        one, other = best_mixture(0.3, base, pool), best_mixture(0.3, base, sparse.csr_array(pool))
        assert one.residual == pytest.approx(other.residual, abs=1e-9)


def test_nothing_to_cancel_and_nothing_to_cancel_with() -> None:
    none = critical_mass_pool([0.0, 0.0], [[1.0, 0.0]])
    assert (none.t, none.critical_mass) == (np.inf, 0.0)
    never = critical_mass_pool([1.0, 0.0], [[1.0, 0.0], [0.0, 1.0]])
    assert np.isnan(never.t)
    assert never.critical_mass == np.inf
    alone = critical_mass_pool([1.0, 0.0], [[0.0, 1.0], [0.0, -1.0]])
    assert (alone.t, alone.critical_mass) == (0.0, 1.0)


def test_best_mixture_is_the_nearest_point_of_the_hull() -> None:
    """Against non-negative least squares with a heavy row for the sum of the weights."""
    rng = np.random.default_rng(2)
    for base, pool in _pools(150, 2):
        alpha = rng.uniform(0.02, 1)
        found = best_mixture(alpha, base, pool)
        points = np.vstack([(1 - alpha) * base + alpha * pool, base])
        heavy = np.vstack([points.T, np.full(len(points), 1e5)])
        weights = nnls(heavy, np.append(np.zeros(len(base)), 1e5))[0]
        expected = np.linalg.norm(weights / weights.sum() @ points)
        assert found.residual <= expected + 1e-8
        assert found.residual - found.lower_bound <= 1e-8
        mixture = np.append(found.weights, found.honest)
        assert np.all(mixture >= 0)
        assert mixture.sum() == pytest.approx(1)
        assert np.linalg.norm(mixture @ points) == pytest.approx(found.residual, abs=1e-9)


def test_best_mixture_hits_from_the_critical_mass_on_and_only_then() -> None:
    compared = 0
    for base, pool in _pools(60, 3):
        program = critical_mass_pool(base, pool)
        if not np.isfinite(program.critical_mass):
            assert best_mixture(0.9, base, pool).residual > 1e-9
            continue
        compared += 1
        critical = program.critical_mass
        for factor in (1.0, 1.2, 1 / critical):
            assert best_mixture(min(critical * factor, 1.0), base, pool).residual < 1e-8
        short = 0.9 * critical
        left = best_mixture(short, base, pool).residual
        length = float(np.linalg.norm(base))
        promised = distance_bound(
            short,
            base_gradient=length,
            collective_gradient=program.t * length,
            strong_convexity=1.0,
        )
        assert 1e-9 < left <= promised + 1e-9
    assert compared > 20


def test_a_large_sparse_pool() -> None:
    rng = np.random.default_rng(4)
    pool = sparse.random_array((1500, 5000), density=0.01, rng=rng, format="csr")
    pool.data = rng.normal(size=len(pool.data))
    base = -0.05 * np.asarray(pool[:40].sum(axis=0)) + 0.01 * rng.normal(size=5000)
    found = best_mixture(0.6, base, pool, tolerance=1e-3)
    assert found.lower_bound >= 0.998 * found.residual
    assert found.residual < 0.9 * np.linalg.norm(base)
    assert (found.weights > 0).sum() > 30


def test_labels_chosen_together_need_no_more_members_than_one_by_one() -> None:
    worlds = random_glm_worlds(np.random.default_rng(5), 80, family="logistic")
    mean, base = worlds.means(worlds.goal), worlds.gradient(worlds.goal)
    pull = worlds.penalty_gradient(worlds.goal)
    fewer = 0
    for b in range(80):
        joint = critical_mass_labels(
            base[b], mean[b], worlds.features[b], worlds.weights[b], penalty_gradient=pull[b]
        )
        shift = penalty_shift(worlds.features[b], pull[b], worlds.weights[b])
        alone = glm_label_critical_mass(mean[b], worlds.labels[b], shift).max()
        if alone <= 1:
            assert joint.critical_mass <= alone + 1e-9
        fewer += joint.critical_mass < 0.9 * min(alone, 1)
        if np.isfinite(joint.critical_mass):
            assert np.all((joint.weights >= -1e-12) & (joint.weights <= 1 + 1e-12))
    assert fewer > 10


def test_bad_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="n > 0"):
        critical_mass_pool([1.0], np.empty((0, 1)))
    with pytest.raises(ValueError, match=r"need \(d,\) and \(n, d\)"):
        best_mixture(0.1, [1.0, 2.0], [[1.0]])
    with pytest.raises(ValueError, match="1 to 127 options"):
        frank_wolfe_members([1.0], [], generator=np.random.default_rng(0))
    one = sparse.csr_array([[1.0]])
    with pytest.raises(ValueError, match=r"need \(m, d\) options"):
        frank_wolfe_members([1.0, 2.0], [one], generator=np.random.default_rng(0))


def _options(
    members: int, kinds: int, dimensions: int, seed: int
) -> tuple[np.ndarray, list[sparse.csr_array]]:
    """Members with random sparse options, and others that even shares of them cancel."""
    rng = np.random.default_rng(seed)
    options = []
    for _ in range(kinds):
        option = sparse.random_array((members, dimensions), density=0.2, rng=rng, format="csr")
        option.data = rng.normal(size=len(option.data))
        options.append(option)
    shares = rng.dirichlet(np.ones(kinds), size=members)
    others = -sum(o.T @ shares[:, k] for k, o in enumerate(options))
    return np.asarray(others), options


def test_members_choices_against_trying_all() -> None:
    """Eight members with three options: the local optimum is near the best of all 6,561."""
    ratios = []
    for seed in range(8):
        others, options = _options(8, 3, 4, seed)
        found = frank_wolfe_members(others, options, generator=np.random.default_rng(seed))
        dense = np.stack([o.toarray() for o in options], axis=1)
        every = np.array(list(product(range(3), repeat=8)))
        sums = others + dense[np.arange(8), every].sum(axis=1)
        best = np.linalg.norm(sums, axis=1).min()
        assert found.integral >= best - 1e-12
        assert found.lower_bound <= found.fractional + 1e-12
        assert found.lower_bound <= best + 1e-12
        chosen = others + dense[np.arange(8), found.choices].sum(axis=0)
        assert np.linalg.norm(chosen) == pytest.approx(found.integral)
        ratios.append(found.integral / best)
    assert np.median(ratios) < 1.2
    assert np.mean(ratios) < 2


def test_fractional_choices_reach_the_optimum() -> None:
    """Where it is not 0 it is certified, and where it can be 0 it is."""
    others, options = _options(300, 3, 40, 0)
    within = frank_wolfe_members(
        others, options, generator=np.random.default_rng(0), iterations=3000, kicks=0
    )
    assert within.fractional <= 1e-3 * within.start
    np.testing.assert_allclose(within.shares.sum(axis=1), 1)
    assert np.all(within.shares >= 0)
    beyond = frank_wolfe_members(
        9 * others, options, generator=np.random.default_rng(0), iterations=3000, kicks=0
    )
    assert beyond.lower_bound > 0
    assert beyond.fractional <= 1.002 * beyond.lower_bound
    assert beyond.integral <= 1.1 * beyond.fractional


def test_rounding_by_switches_beats_drawing_and_is_reproducible() -> None:
    others, options = _options(300, 3, 200, 1)
    found = frank_wolfe_members(others, options, generator=np.random.default_rng(7))
    again = frank_wolfe_members(others, options, generator=np.random.default_rng(7))
    assert found.choices.dtype == np.int8
    assert np.array_equal(found.choices, again.choices)
    assert found.integral == again.integral
    rng = np.random.default_rng(8)
    drawn = []
    for _ in range(20):
        picks = (found.shares.cumsum(axis=1)[:, :-1] < rng.random((300, 1))).sum(axis=1)
        total = others + sum(o.T @ (picks == k).astype(float) for k, o in enumerate(options))
        drawn.append(np.linalg.norm(total))
    assert found.integral < 0.7 * min(drawn)
    assert found.fractional <= found.integral


def test_one_option_is_no_choice() -> None:
    option = sparse.csr_array(np.eye(3))
    found = frank_wolfe_members(np.ones(3), [option], generator=np.random.default_rng(0))
    assert found.choices.tolist() == [0, 0, 0]
    assert found.integral == pytest.approx(2 * np.sqrt(3))
    assert found.lower_bound == pytest.approx(2 * np.sqrt(3))
