from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.society.network_blocks import blocks, tie_ends
from gigsim.society.network_models import random


@example([1, 4, 5], 0.8205874821537509, 0.0)
@given(
    st.lists(st.integers(1, 5000), min_size=1, max_size=12),
    st.floats(0.1, 50),
    st.floats(0, 1),
)
def test_everybody_has_the_same_expected_degree(
    counts: list[int], degree: float, within: float
) -> None:
    sizes = np.array(counts)
    assume(degree <= sizes.sum() - 1)
    ends = tie_ends(sizes, degree, within)
    assert (ends >= 0).all()
    assert np.array_equal(ends, ends.T)
    assert ends.sum(axis=1) == pytest.approx(sizes * degree, rel=1e-8)


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=12),
    st.sampled_from([0.1, 0.5, 1.0, 2.0, 5.0]),
    st.sampled_from([0.0, 0.3, 0.7, 1.0]),
    st.integers(0, 2**63 - 1),
)
def test_any_few_blocks_are_drawn_or_refused(
    groups: list[int], degree: float, within: float, seed: int
) -> None:
    try:
        matrix = blocks(np.array(groups), degree, within, seed).matrix().toarray()
    except InputError:
        # Two blocks may be asked for more than one tie a pair, but not by people of few ties.
        assert degree >= 1.0
        return
    assert np.array_equal(matrix, matrix.T)
    assert matrix.max() <= 1
    assert not matrix.diagonal().any()


@given(st.lists(st.integers(200, 300), min_size=3, max_size=10), st.floats(0, 1))
def test_where_it_can_be_the_share_within_is_everybodys(counts: list[int], within: float) -> None:
    sizes = np.array(counts)
    inside = np.diag(tie_ends(sizes, 10.0, within)) / sizes
    assert inside == pytest.approx(10.0 * within)


def test_blocks_of_equal_size_mix_evenly() -> None:
    ends = tie_ends(np.full(5, 100), 10.0, 0.6)
    expected = np.full((5, 5), 100 * 4.0 / 4)
    np.fill_diagonal(expected, 600.0)
    assert ends == pytest.approx(expected)


def test_small_blocks_are_filled_and_the_rest_goes_outside() -> None:
    """Three people have two colleagues at most, a single one none."""
    sizes = np.array([1, 3, 50, 50])
    ends = tie_ends(sizes, 8.0, 0.5)
    assert np.diag(ends) == pytest.approx([0.0, 3 * 2.0, 200.0, 200.0])
    assert ends.sum(axis=1) == pytest.approx(8.0 * sizes)


def test_a_majority_takes_all_that_the_others_have_to_give() -> None:
    sizes = np.array([600, 300, 100])
    ends = tie_ends(sizes, 10.0, 0.7)
    # 400 others x 3 ties outside; the majority has two a person, and eight inside.
    expected = [[4800.0, 900.0, 300.0], [900.0, 2100.0, 0.0], [300.0, 0.0, 700.0]]
    assert ends == pytest.approx(np.array(expected))


def test_the_few_find_their_ties_though_the_others_keep_to_themselves() -> None:
    """Three people of degree 10 have two inside; 24 ties must come from the others' own."""
    sizes = np.array([3, 500, 1500])
    ends = tie_ends(sizes, 10.0, 1.0)
    assert ends[0] == pytest.approx([6.0, 6.0, 18.0])
    assert ends.sum(axis=1) == pytest.approx(10.0 * sizes)
    degrees = blocks(np.repeat([0, 1, 2], sizes), 10.0, 1.0, seed=1).degrees()
    assert abs(degrees.mean() - 10.0) < 4 * np.sqrt(2 * 10.0 / 2003)


def test_the_law_does_not_jump_where_a_block_becomes_the_majority() -> None:
    just_not, just = (
        tie_ends(np.array([largest, 60_000, 40_000]), 10.0, 0.7) for largest in (99_999, 100_001)
    )
    assert just_not[0] == pytest.approx(just[0], rel=0.01)
    # The others' ties with each other vanish with the square root of the distance.
    assert just_not[1, 2] < 0.01 * just_not[1, 0]
    assert just[1, 2] == 0


def test_one_block_alone_is_a_random_network() -> None:
    one = blocks(np.zeros(300, dtype=np.int64), 6.0, 0.2, seed=3).matrix().toarray()
    assert np.array_equal(one, random(300, 6.0, seed=3).matrix().toarray())


def test_ties_of_two_blocks_are_binomial_with_their_probability() -> None:
    """Counts over 100 networks, each a binomial of all their pairs: within 4 s.e. each."""
    sizes, draws = np.array([12, 40, 58, 90]), 100
    groups = np.random.default_rng(0).permutation(np.repeat([7, 3, 11, 5], sizes))
    order = np.argsort([7, 3, 11, 5])
    sizes = sizes[order]
    member = groups[:, None] == np.array([7, 3, 11, 5])[order]
    ends = np.zeros((draws, 4, 4))
    for seed in range(draws):
        matrix = blocks(groups, 8.0, 0.6, seed).matrix().astype(np.int64)
        assert (matrix != matrix.T).nnz == 0
        assert not matrix.diagonal().any()
        assert matrix.max() == 1
        ends[seed] = member.T @ (matrix @ member)
    expected = tie_ends(sizes, 8.0, 0.6)
    possible = np.outer(sizes, sizes) - np.diag(sizes)
    probability = expected / possible
    # A tie within a block has both its ends there.
    variance = possible * probability * (1 - probability) * (1 + np.eye(4))
    assert (np.abs(ends.mean(axis=0) - expected) < 4 * np.sqrt(variance / draws)).all()
    assert ends.var(axis=0, ddof=1) == pytest.approx(variance, rel=4 * np.sqrt(2 / draws))


def test_degree_and_share_of_a_large_network() -> None:
    size = 50_000
    groups = np.random.default_rng(1).choice(10, size, p=np.arange(1, 11) / 55)
    network = blocks(groups, 10.0, 0.7, seed=1)
    degrees = network.degrees()
    for group in range(10):
        own = groups == group
        # A tie within the block counts twice: at most double variance.
        error = np.sqrt(2 * 10.0 / own.sum())
        assert abs(degrees[own].mean() - 10.0) < 4 * error
        share = network.count(own)[own].sum() / degrees[own].sum()
        assert abs(share - 0.7) < 4 * np.sqrt(2 * 0.7 * 0.3 / (10.0 * own.sum()))
    # Poisson: variance 10, fourth central moment 310.
    assert abs(degrees.var() - 10.0) < 4 * np.sqrt(2 * (310.0 - 100.0) / size)


def test_equal_seeds_equal_networks() -> None:
    groups = np.arange(200) % 3
    one, same, other = (blocks(groups, 6.0, 0.5, s).matrix().toarray() for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_more_ties_than_pairs_are_refused() -> None:
    with pytest.raises(InputError, match=r"network\.degree: 18 .* than they have pairs"):
        blocks(np.arange(20) // 10, 18.0, 0.0, seed=1)
