"""Moments without luck: unbiased with seeds shared or not, and the law of total variance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gigsim.sensitivity.luck import Shares, crossed, shares, weights


@given(arrays(float, (2, 3, 4), elements=st.floats(-10, 10)))
def test_crossed_is_the_mean_over_pairs_of_different_replicates(both: np.ndarray) -> None:
    a, b = both
    pairs = [(r, s) for r in range(4) for s in range(4) if r != s]
    expected = np.mean([a[:, r] * b[:, s] for r, s in pairs], axis=0)
    assert np.allclose(crossed(a, b), expected, rtol=1e-9, atol=1e-9)


def test_one_replicate_cannot_tell() -> None:
    assert np.isnan(crossed(np.ones((5, 1)), np.ones((5, 1)))).all()


@pytest.mark.parametrize("shared", [True, False])
def test_products_of_means_without_the_product_of_their_luck(shared: bool) -> None:
    rng = np.random.default_rng(1)
    luck = rng.normal(size=(50_000, 3))
    other = luck if shared else rng.normal(size=luck.shape)
    found = crossed(2.0 + luck, 3.0 + other)
    error = found.std() / np.sqrt(len(found))
    assert abs(found.mean() - 6.0) < 4 * error
    if shared:
        # What it is that is taken out.
        assert ((2 + luck).mean(1) * (3 + luck).mean(1)).mean() - 6 > 20 * error


def test_weights_are_those_of_resamples() -> None:
    found = np.concatenate([*weights(7, 250, np.random.default_rng(1))])
    assert found.shape == (250, 7)
    assert np.allclose(found.sum(1), 1)
    assert np.allclose(found * 7, np.round(found * 7))


def _shares(values: np.ndarray) -> Shares:
    blocks = values[:, None, :]
    return shares(blocks, blocks, over="laws", resamples=400, rng=np.random.default_rng(2))


@pytest.mark.parametrize("seeds", [0.0, 0.5, 2.0])
def test_the_law_of_total_variance(seeds: float) -> None:
    """Var E[Y | x] = 1/12 of a uniform, and luck that varies with x: E Var = seeds²·E[x²]."""
    rng = np.random.default_rng(3)
    x = rng.random(4000)
    values = x[:, None] + seeds * x[:, None] * rng.normal(size=(4000, 3))
    found = _shares(values)
    within = seeds**2 / 3
    share = within / (within + 1 / 12)
    error = (found.share_high - found.share_low) / 3.92
    assert abs(found.share - share) <= 4 * error + 1e-12
    assert found.seeds == pytest.approx(within, rel=0.1)
    assert found.parameters == pytest.approx(1 / 12, rel=0.25)
    # Of the means over three: a third of the luck.
    expected = within / 3 / (within / 3 + 1 / 12)
    assert found.in_means == pytest.approx(expected, abs=0.05)


def test_seeds_alone() -> None:
    found = _shares(np.random.default_rng(4).normal(size=(3000, 2)))
    assert found.share_high == 1.0
    assert found.share > 0.9
    assert abs(found.parameters) < 4 * np.sqrt(2 / 3000)


def test_common_random_numbers_are_no_noise_between_points() -> None:
    """A luck that all points share is a seed's, though means of all points move by it together."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(200):
        values = rng.random((64, 1)) + rng.normal(size=(1, 3))
        found.append(_parts(values))
    between, within = np.mean(found, axis=0)
    error = np.std(found, axis=0) / np.sqrt(200)
    assert abs(between - 1 / 12) < 4 * error[0]
    assert abs(within - 1.0) < 4 * error[1]


def _parts(values: np.ndarray) -> tuple[float, float]:
    blocks = values[:, None, :]
    found = shares(blocks, blocks, over="laws", resamples=100, rng=np.random.default_rng(0))
    # Over 64 points the variance has the divisor n.
    return found.parameters * 64 / 63, found.seeds


def test_one_seed_a_point_tells_no_share() -> None:
    found = _shares(np.random.default_rng(6).random((500, 1)))
    assert np.isnan([found.share, found.seeds, found.in_means]).all()
    assert found.parameters == pytest.approx(1 / 12, rel=0.2)
