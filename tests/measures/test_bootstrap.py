import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.measures import bootstrap
from gigsim.measures.bootstrap import cluster_intervals


def test_doctests() -> None:
    assert doctest.testmod(bootstrap).failed == 0


def test_single_rows_give_the_binomial_interval() -> None:
    """Width against 2·1.96·sqrt(p(1−p)/n); a bootstrap quantile of 4,000 draws is good to 4 %."""
    rng = np.random.default_rng(1)
    values = np.zeros((1000, 1), dtype=bool)
    values[:300] = True
    low, high = cluster_intervals(values, np.arange(1000), rng, draws=4000)
    expected = 1.96 * np.sqrt(0.3 * 0.7 / 1000)
    np.testing.assert_allclose([0.3 - low[0], high[0] - 0.3], expected, rtol=0.08)


def test_copies_in_one_cluster_add_no_certainty() -> None:
    rng = np.random.default_rng(2)
    values = rng.random((200, 2))
    once = cluster_intervals(values, np.arange(200), np.random.default_rng(3))
    copied = cluster_intervals(
        np.repeat(values, 4, axis=0), np.repeat(np.arange(200), 4), np.random.default_rng(3)
    )
    np.testing.assert_allclose(once, copied)


def test_coverage_with_unequal_clusters() -> None:
    """Coverage of a true mean within 4 s.e. of 95 %, with 2 points for the percentile method."""
    rng = np.random.default_rng(4)
    trials, covered = 400, 0
    for _ in range(trials):
        sizes = rng.integers(1, 6, size=150)
        chance = np.repeat(rng.random(150), sizes)  # rows of a cluster resemble each other
        values = rng.random(len(chance)) < chance
        clusters = np.repeat(rng.permutation(150), sizes)
        low, high = cluster_intervals(values[:, None], clusters, rng, draws=400)
        covered += low[0] <= 0.5 <= high[0]
    assert abs(covered / trials - 0.95) < 4 * np.sqrt(0.95 * 0.05 / trials) + 0.02


def test_means_are_ratios_of_sums() -> None:
    """Two clusters of sizes 1 and 3: a resample's mean is 0, 3/4 or 1, never 1/2."""
    rng = np.random.default_rng(5)
    values = np.array([[0.0], [1.0], [1.0], [1.0]])
    clusters = np.array([5, 9, 9, 9])
    for level, expected in ((0.4, 0.75), (0.9, 0.0)):
        low, _ = cluster_intervals(values, clusters, rng, level=level)
        assert low[0] == expected


def test_nan_leaves_a_row_out_of_its_column() -> None:
    rng = np.random.default_rng(6)
    values = rng.random((300, 1))
    clusters = rng.integers(0, 60, 300)
    gone = rng.random(300) < 0.4
    both = np.concatenate([values, np.where(gone[:, None], np.nan, values)], axis=1)
    both = np.concatenate([both, np.full((300, 1), np.nan)], axis=1)
    low, high = cluster_intervals(both, clusters, np.random.default_rng(7))
    kept = values[~gone, 0].mean()
    assert low[1] < kept < high[1]
    assert high[1] - low[1] > high[0] - low[0]
    assert np.isnan(low[2])
    assert np.isnan(high[2])


@settings(max_examples=25)
@given(st.integers(1, 30), st.integers(1, 3), st.integers(0, 1000))
def test_intervals_stay_within_the_data(n: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, clusters = rng.random((n, k)), rng.integers(0, 5, n)
    low, high = cluster_intervals(values, clusters, rng, draws=50)
    assert low.shape == high.shape == (k,)
    assert np.all(values.min(axis=0) - 1e-12 <= low)
    assert np.all(low <= high)
    assert np.all(high <= values.max(axis=0) + 1e-12)


def test_same_seed_same_bits_whatever_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(8).random((50, 2))
    whole = cluster_intervals(values, np.arange(50), np.random.default_rng(9), draws=100)
    monkeypatch.setattr(bootstrap, "_BLOCK", 700)
    blocks = cluster_intervals(values, np.arange(50), np.random.default_rng(9), draws=100)
    np.testing.assert_array_equal(whole, blocks)


def test_edges() -> None:
    rng = np.random.default_rng(10)
    low, high = cluster_intervals(np.zeros((0, 2)), np.zeros(0, dtype=int), rng)
    assert np.isnan(low).all()
    assert np.isnan(high).all()
    low, high = cluster_intervals(np.ones((20, 1), dtype=bool), np.arange(20), rng)
    assert low[0] == high[0] == 1.0
    with pytest.raises(ValueError, match=r"need \(n, k\) and \(n,\)"):
        cluster_intervals(np.zeros(3), np.arange(3), rng)
    with pytest.raises(ValueError, match="draws"):
        cluster_intervals(np.zeros((3, 1)), np.arange(3), rng, draws=0)
