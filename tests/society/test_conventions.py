"""The game of conventions: against a loop over people, and its edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.society.conventions import committed_minority


def by_hand(
    size: int, committed: int, memory: int, rounds: int, runs: int, seed: int
) -> np.ndarray:
    """The same game with lists, from the same draws."""
    rng = np.random.default_rng(seed)
    heard = [[[0] * memory for _ in range(size)] for _ in range(runs)]
    plays = [[int(p < committed) for p in range(size)] for _ in range(runs)]
    shares = [[0.0] for _ in range(runs)]
    for _ in range(rounds):
        luck = rng.random((runs, size))
        for run in range(runs):
            order = np.argsort(luck[run]).tolist()
            for one, two in zip(order[0:-1:2], order[1::2], strict=True):
                heard[run][one] = [*heard[run][one][1:], plays[run][two]]
                heard[run][two] = [*heard[run][two][1:], plays[run][one]]
        coins = rng.random((runs, size)) if memory % 2 == 0 else np.ones((runs, size))
        for run in range(runs):
            for person in range(committed, size):
                most = 2 * sum(heard[run][person]) - memory
                toss = most == 0 and coins[run, person] < 0.5
                plays[run][person] = int(most > 0 or toss)
            shares[run].append(float(np.mean(plays[run][committed:])))
    return np.array(shares)


@settings(max_examples=40)
@given(
    st.integers(2, 15), st.integers(0, 14), st.integers(1, 6), st.integers(0, 15), st.integers(0)
)
def test_it_is_the_game(size: int, committed: int, memory: int, rounds: int, seed: int) -> None:
    committed = min(committed, size - 1)
    rng = np.random.default_rng(seed)
    shares = committed_minority(size, committed, memory, rounds=rounds, rng=rng, runs=2)
    assert shares == pytest.approx(by_hand(size, committed, memory, rounds, 2, seed))


def test_without_a_minority_nothing_changes_and_a_tipped_convention_stays() -> None:
    rng = np.random.default_rng(1)
    assert not committed_minority(100, 0, 2, rounds=30, rng=rng).any()
    (shares,) = committed_minority(200, 100, 3, rounds=60, rng=rng)
    tipped = int(np.argmax(shares == 1.0))
    assert tipped > 0
    # Everybody plays it; three rounds later nobody remembers anything else.
    assert np.all(shares[tipped + 3 :] == 1.0)


def test_equal_seeds_equal_games() -> None:
    one, two = (
        committed_minority(51, 12, 4, rounds=20, rng=np.random.default_rng(5), runs=3)
        for _ in range(2)
    )
    assert np.array_equal(one, two)
    assert one.shape == (3, 21)
    assert not np.array_equal(one[0], one[1])


@pytest.mark.parametrize(
    "wrong",
    [{"size": 1}, {"committed": 10}, {"committed": -1}, {"memory": 0}, {"rounds": -1}, {"runs": 0}],
)
def test_senseless_arguments_are_refused(wrong: dict[str, int]) -> None:
    given = {"size": 10, "committed": 2, "memory": 3, "rounds": 4, "runs": 1} | wrong
    with pytest.raises(ValueError, match="committed < size"):
        committed_minority(**given, rng=np.random.default_rng(0))
