"""Pairs tied with one probability: their numbers, and the trials that choose them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gigsim.society.network_draws_pairs import pairs, successes


@given(st.lists(st.integers(0, 2**52), min_size=1))
def test_pairs_are_numbered_without_gaps(numbers: list[int]) -> None:
    first, second = pairs(np.array(numbers))
    assert (first >= 0).all()
    assert (first < second).all()
    assert [int(j) * (int(j) - 1) // 2 + int(i) for i, j in zip(first, second, strict=True)] == (
        numbers
    )


def test_the_first_pairs() -> None:
    first, second = pairs(np.arange(6))
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [
        (0, 1),
        (0, 2),
        (1, 2),
        (0, 3),
        (1, 3),
        (2, 3),
    ]


@pytest.mark.parametrize("probability", [0.2, 0.5, 0.9])
def test_trials_succeed_independently(probability: float) -> None:
    """All 2^7 outcomes of seven trials, against their exact probabilities."""
    rng = np.random.default_rng(8)
    codes = [(1 << successes(7, probability, rng)).sum() for _ in range(20_000)]
    observed = np.bincount(codes, minlength=128)
    ones = np.array([code.bit_count() for code in range(128)])
    expected = 20_000 * probability**ones * (1 - probability) ** (7 - ones)
    rare = expected < 10
    if rare.any():
        observed = np.append(observed[~rare], observed[rare].sum())
        expected = np.append(expected[~rare], expected[rare].sum())
    assert stats.chisquare(observed, expected).pvalue > 1e-4


def test_certain_and_impossible_trials() -> None:
    rng = np.random.default_rng(0)
    assert successes(50, 1.0, rng).tolist() == list(range(50))
    assert successes(50, 0.0, rng).size == successes(0, 0.5, rng).size == 0
    # The gaps are as long as an int64; none of them may wrap around.
    assert successes(2**52, 1e-300, rng).size == 0
    found = successes(2**52, 2.0**-40, rng)
    assert abs(len(found) - 4096) < 4 * 64
    assert (np.diff(found) > 0).all()
