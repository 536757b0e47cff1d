import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.measures import selection as selection_module
from gigsim.measures.selection import matched_rate, selection


def test_doctests() -> None:
    assert doctest.testmod(selection_module).failed == 0


def test_a_group_of_one_kind_only() -> None:
    """Half of a half: members have TV 1/2 to a population of two equal kinds."""
    sets = np.repeat([7, -3], 500)
    member = np.zeros(1000, dtype=bool)
    member[:250] = True
    excess, p = selection(member, sets, np.random.default_rng(0))
    assert p == 1 / 1000
    # Chance: TV = |H/250 − 1/2| with H hypergeometric; E|·| = sd·sqrt(2/π) for a normal.
    sd = np.sqrt(0.25 / 250 * 750 / 999)
    noise = sd * np.sqrt(1 - 2 / np.pi) / np.sqrt(999)
    assert excess == pytest.approx(0.5 - sd * np.sqrt(2 / np.pi), abs=4 * noise + 1e-3)


def test_nobody_and_everybody_select_nothing() -> None:
    sets = np.arange(5)
    for member in (np.zeros(5, dtype=bool), np.ones(5, dtype=bool)):
        assert np.isnan(selection(member, sets, np.random.default_rng(0))).all()


def test_one_label_set_leaves_nothing_to_select() -> None:
    member = np.arange(20) < 5
    assert selection(member, np.zeros(20, dtype=int), np.random.default_rng(0)) == (0.0, 1.0)


def test_random_members_are_not_significant_more_often_than_stated() -> None:
    """Under the lottery p is uniform on its grid: P(p ≤ .1) = .1, and excess is 0 on average."""
    rng = np.random.default_rng(1)
    sets = rng.choice(12, size=300, p=rng.dirichlet(np.ones(12)))
    trials = 600
    results = np.array(
        [selection(rng.permutation(300) < 40, sets, rng, draws=99) for _ in range(trials)]
    )
    rejected = (results[:, 1] <= 0.1).mean()
    # Ties make it conservative, so the lower side is looser.
    assert rejected <= 0.1 + 4 * np.sqrt(0.1 * 0.9 / trials)
    assert rejected >= 0.04
    excess = results[:, 0]
    assert abs(excess.mean()) < 4 * excess.std(ddof=1) / np.sqrt(trials)


def test_equal_distances_count_as_equal() -> None:
    """One member of four equal kinds is always as far away: p must be 1, whatever the rounding."""
    sets = np.repeat(np.arange(4), 3)
    member = np.arange(12) == 5
    excess, p = selection(member, sets, np.random.default_rng(2))
    assert p == 1.0
    assert excess == 0.0


@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_selection_reads_names_of_sets_only_as_names(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    sets, member = rng.integers(0, 4, n), rng.random(n) < 0.5
    first = selection(member, sets, np.random.default_rng(3), draws=20)
    second = selection(member, sets * 10 - 7, np.random.default_rng(3), draws=20)
    np.testing.assert_array_equal(first, second)
    if not np.isnan(first.p):
        assert 1 / 21 <= first.p <= 1
        assert -1 < first.excess < 1


def test_selection_refuses_shapes_that_differ() -> None:
    with pytest.raises(ValueError, match=r"\(N,\) twice"):
        selection(np.ones(3, dtype=bool), np.zeros(4, dtype=int), np.random.default_rng(0))


def test_matching_weights_by_the_group() -> None:
    success = np.array([True, True, False, False, True])
    test_sets = np.array([1, 1, 1, 2, 3])
    rate, share = matched_rate(success, test_sets, np.array([1, 2, 2, 2]))
    assert rate == pytest.approx(0.25 * 2 / 3)
    assert share == 1.0


def test_sets_nobody_holds_out_are_left_out() -> None:
    rate, share = matched_rate(np.array([True, False]), np.array([0, 1]), np.array([0, 5, 5, 5]))
    assert (rate, share) == (1.0, 0.25)
    rate, share = matched_rate(np.array([True]), np.array([0]), np.array([5]))
    assert np.isnan(rate)
    assert share == 0.0
    assert np.isnan(matched_rate(np.array([True]), np.array([0]), np.array([], dtype=int))).all()
    rate, share = matched_rate(np.array([], dtype=bool), np.array([], dtype=int), np.array([1, 2]))
    assert np.isnan(rate)
    assert share == 0.0


@given(st.integers(0, 2**32 - 1))
def test_a_group_like_the_held_out_resumes_has_their_rate(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sets, success = rng.integers(0, 6, 40), rng.random(40) < 0.5
    rate, share = matched_rate(success, sets, np.tile(sets, 3))
    assert rate == pytest.approx(success.mean())
    assert share == 1.0


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_numbers_of_label_sets_do_not_matter_but_for_their_order(seed: int, kinds: int) -> None:
    rng = np.random.default_rng(seed)
    sets, member = rng.integers(0, kinds, 200), rng.random(200) < 0.2
    results = [
        selection(member, numbers, np.random.default_rng(1), draws=19)
        # Small, with gaps, too large to be counted one by one, and negative.
        for numbers in (sets, 3 * sets + 5, sets + (1 << 40), sets - 50)
    ]
    assert len({repr(result) for result in results}) == 1
