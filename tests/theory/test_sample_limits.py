"""Limits of means and quantiles: known numbers, and coverage in repeated samples."""

from __future__ import annotations

import doctest
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom

from gigsim.theory import sample_limits
from gigsim.theory.sample_limits import bernstein_mean_upper, upper_order_statistic


def test_examples_run() -> None:
    assert doctest.testmod(sample_limits).failed == 0


@pytest.mark.parametrize(("n", "q", "level"), [(50, 0.2, 0.95), (59, 0.05, 0.95), (700, 0.01, 0.9)])
def test_the_order_statistic_is_the_binomial_s(n: int, q: float, level: float) -> None:
    values = np.random.default_rng(0).permutation(n).astype(float)
    got = upper_order_statistic(values, q, level, None, worst=1e9)
    exceeding = int((values > got).sum())
    assert binom.cdf(exceeding, n, q) <= 1 - level < binom.cdf(exceeding + 1, n, q)


def test_clusters_of_one_are_hoeffding_s() -> None:
    values = np.arange(1000.0)
    got = upper_order_statistic(values, 0.2, 0.95, np.arange(1000), worst=1e9)
    allowed = int(200 - np.sqrt(np.log(20) * 1000 / 2))
    assert (values > got).sum() == allowed
    assert got > upper_order_statistic(values, 0.2, 0.95, None, worst=1e9)


@pytest.mark.parametrize("rate", [0.005, 0.5])
def test_the_mean_s_limit_covers(rate: float) -> None:
    generator = np.random.default_rng(1)
    samples = (generator.random((1500, 400)) < rate) * generator.random((1500, 400))
    misses = sum(bernstein_mean_upper(row, 0.9) < rate / 2 for row in samples)
    assert misses <= 150 + 4 * np.sqrt(1500 * 0.1 * 0.9)


def test_the_mean_s_limit_in_numbers() -> None:
    values = np.random.default_rng(2).random(300)
    risk = np.log(2 / 0.05)
    expected = values.mean() + np.sqrt(2 * values.var(ddof=1) * risk / 300) + 7 * risk / (3 * 299)
    assert bernstein_mean_upper(values, 0.95) == pytest.approx(expected)
    assert bernstein_mean_upper(values[:1], 0.95) == 1.0
    assert bernstein_mean_upper(np.ones(10), 0.95) == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bernstein_mean_upper(np.zeros(3), 1.0), "level must be"),
        (lambda: upper_order_statistic(np.zeros(3), 0.0, 0.9, None, worst=1.0), "q must be"),
        (lambda: upper_order_statistic(np.zeros(3), 0.1, 0.0, None, worst=1.0), "level must be"),
        (
            lambda: upper_order_statistic(np.zeros(3), 0.1, 0.9, np.arange(2), worst=1.0),
            "clusters must have",
        ),
    ],
)
def test_bad_numbers_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
