"""What people see at their turn, and the outcome of deciding in turn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gigsim.society.networks import CompleteNetwork, Network
from gigsim.society.sequential import Turns, headcount, neighbour_count, one_person, outcome
from gigsim.streams import Streams
from tests.society.crowds import tied


@st.composite
def states(draw: st.DrawFn) -> tuple[Network, np.ndarray, np.ndarray, np.ndarray, Turns]:
    """A network with its ties, two states that differ among the people deciding, their turns."""
    size = draw(st.integers(1, 15))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    upper = np.triu(rng.random((size, size)) < draw(st.sampled_from([0.2, 0.6])), 1)
    complete = draw(st.booleans())
    ties = ~np.eye(size, dtype=bool) if complete else upper | upper.T
    deciding = rng.random(size) < draw(st.sampled_from([0.0, 0.5, 1.0]))
    old = rng.random(size) < 0.5
    new = np.where(deciding, rng.random(size) < 0.5, old)
    turns = Turns.one_by_one(deciding, rng.random(size))
    return CompleteNetwork(size) if complete else tied(ties), ties, old, new, turns


@given(states(), st.integers(0, 2**32 - 1))
def test_each_sees_the_new_state_of_who_came_before_and_the_old_of_all_others(
    case: tuple[Network, np.ndarray, np.ndarray, np.ndarray, Turns], seed: int
) -> None:
    network, ties, old, new, turns = case
    picked = np.random.default_rng(seed).integers(0, len(old), len(old))
    members = headcount(old, turns)(new)
    friends = neighbour_count(network, old, turns)(new)
    one = one_person(picked, old, turns)(new)
    state = old.copy()
    for i in turns.order.tolist():
        assert members[i] == state.sum()
        assert friends[i] == (ties[i] & state).sum()
        assert one[i] == state[picked[i]]
        state[i] = new[i]
    assert np.array_equal(state, new)
    assert friends.dtype == members.dtype == np.int64


@given(states())
def test_at_once_everybody_sees_the_old_state(
    case: tuple[Network, np.ndarray, np.ndarray, np.ndarray, Turns],
) -> None:
    network, ties, old, new, _ = case
    turns, everybody = Turns.at_once(len(old)), np.arange(len(old))
    assert (headcount(old, turns)(new) == old.sum()).all()
    assert np.array_equal(neighbour_count(network, old, turns)(new), ties @ old.astype(int))
    assert np.array_equal(one_person(everybody, old, turns)(new), old)


def test_a_view_can_be_asked_twice() -> None:
    ties = ~np.eye(4, dtype=bool)
    old, new = np.zeros(4, dtype=bool), np.ones(4, dtype=bool)
    see = neighbour_count(tied(ties), old, Turns.one_by_one(new, np.arange(4) / 4))
    assert see(new).tolist() == see(new).tolist() == [0, 1, 2, 3]
    assert see(old).tolist() == [0, 0, 0, 0]


def test_every_order_is_equally_likely() -> None:
    deciding = np.array([True, False, True, True])
    streams, seen = Streams(3), {}
    for draw in range(3000):
        order = tuple(Turns.one_by_one(deciding, streams.uniform("order", draw, 4)).order.tolist())
        seen[order] = seen.get(order, 0) + 1
    assert len(seen) == 6
    assert stats.chisquare(list(seen.values())).pvalue > 1e-3


def test_places_are_those_in_the_order() -> None:
    turns = Turns.one_by_one(np.array([True, False, True, True]), np.array([0.5, 0.0, 0.1, 0.9]))
    assert turns.order.tolist() == [2, 0, 3]
    assert turns.place.tolist() == [1, 4, 0, 2]


def test_a_chain_takes_as_many_sweeps_as_it_is_long() -> None:
    """Each joins iff the one before him has: the worst case, and it ends where it must."""
    size, sweeps = 50, 0
    old = np.zeros(size, dtype=bool)
    turns = Turns.one_by_one(~old, np.arange(size) / size)
    sees = one_person(np.maximum(np.arange(size) - 1, 0), old, turns)

    def sweep(new: np.ndarray) -> np.ndarray:
        nonlocal sweeps
        sweeps += 1
        after = sees(new)
        after[0] = True
        return after

    assert outcome(sweep, old, turns).all()
    assert sweeps == size + 1


def test_who_looks_ahead_is_a_bug() -> None:
    old = np.zeros(6, dtype=bool)
    turns = Turns.one_by_one(~old, np.arange(6) / 6)
    with pytest.raises(RuntimeError, match="7 sweeps"):
        outcome(lambda new: ~new, old, turns)
    assert outcome(lambda new: ~new, old, Turns.at_once(6)).all(), "at once, once"
