"""What people see at their turn, and the outcome of deciding in turn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gigsim.society import sequential
from gigsim.society.kernels import compiled
from gigsim.society.network_draws import scale_free, small_world
from gigsim.society.networks import CompleteNetwork, Network
from gigsim.society.sequential import (
    Membership,
    Round,
    Rule,
    Turns,
    by_everybody,
    by_neighbours,
    by_one_person,
    headcount,
    neighbour_count,
    one_person,
    outcome,
)
from gigsim.streams import Streams
from tests.society.crowds import tied, with_loops


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
    streams = Streams(3)
    seen: dict[tuple[int, ...], int] = {}
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


# --------------------------------------------------------------------- rounds, both ways


@st.composite
def rounds(draw: st.DrawFn) -> tuple[Network, np.ndarray, Round, np.random.Generator]:
    """A round before it is done, in turn or at once, on a network with its ties."""
    network, ties, old, _, turns = draw(states())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    stays = rng.random(len(old)) < draw(st.sampled_from([0.0, 0.3]))
    deciding = turns.place < len(old)
    if draw(st.booleans()):
        deciding, turns = rng.random(len(old)) < 0.6, Turns.at_once(len(old))
    return network, ties, Round(old, deciding, stays, turns), rng


def by_hand(this: Round, wants: Callable[[int, Membership], bool]) -> Membership:
    """The outcome by a loop over those who decide: ``wants(i, state that i sees)``."""
    now, order = this.old.copy(), this.turns.order
    queue = order if len(order) else np.flatnonzero(this.deciding)
    for i in queue.tolist():
        now[i] = wants(i, now if len(order) else this.old) or this.stays[i]
    return now | this.stays


@pytest.mark.parametrize("loops", [False, True], ids=["sweeps", "compiled"])
@given(rounds())
def test_rounds_end_as_the_loop_over_people(
    loops: bool, case: tuple[Network, np.ndarray, Round, np.random.Generator]
) -> None:
    network, ties, this, rng = case
    size = len(ties)
    required, shares = int(rng.integers(1, 4)), rng.integers(-1, 10, size) / 8
    picked, copies = rng.integers(0, size, size), rng.random(size) < 0.7
    number, share = Rule.of_number(required), Rule.of_share(shares)
    degrees = np.maximum(1, ties.sum(axis=1))
    expected = [
        by_hand(this, lambda i, now: (ties[i] & now).sum() >= required),
        by_hand(this, lambda i, now: (ties[i] & now).sum() / degrees[i] >= shares[i]),
        by_hand(this, lambda i, now: now.sum() >= required),
        by_hand(this, lambda i, now: now.sum() / size >= shares[i]),
        by_hand(this, lambda i, now: now[picked[i]] if copies[i] else this.old[i]),
    ]
    with with_loops(loops):
        found = [
            by_neighbours(network, number, this),
            by_neighbours(network, share, this),
            by_everybody(number, this),
            by_everybody(share, this),
            by_one_person(picked, copies, this),
        ]
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == bool
        assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", ["small_world", "scale_free", "complete"])
def test_compiled_and_swept_rounds_are_the_same_bits_in_a_town(kind: str) -> None:
    size = 5000
    network: Network = CompleteNetwork(size)
    if kind == "small_world":
        network = small_world(size, 10, 0.1, 1)
    elif kind == "scale_free":
        network = scale_free(size, 5, 1)
    rng = np.random.default_rng(2)
    old, stays = rng.random(size) < 0.2, rng.random(size) < 0.02
    deciding = rng.random(size) < 0.8
    this = Round(old, deciding, stays, Turns.one_by_one(deciding, rng.random(size)))
    picked, copies = rng.integers(0, size, size), rng.random(size) < 0.5
    # Below a share of a fifth there is much to be swayed by, and thousands are.
    share, number = Rule.of_share(rng.random(size) * 0.5), Rule.of_number(3)
    found = []
    for loops in (False, True):
        with with_loops(loops):
            found.append(
                [
                    by_neighbours(network, share, this),
                    by_neighbours(network, number, this),
                    by_everybody(share, this),
                    by_one_person(picked, copies, this),
                ]
            )
    for swept, walked in zip(*found, strict=True):
        assert np.array_equal(swept, walked)
        assert (swept != old).sum() > 500


@given(st.integers(1, 300), st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 2, 16]))
def test_people_are_ordered_by_luck_and_equals_by_number(size: int, seed: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    luck, deciding = rng.random(size), rng.random(size) < 0.7
    if digits < 16:
        luck = np.floor(luck * 10**digits) / 10**digits
    people = np.flatnonzero(deciding)
    expected = people[np.argsort(luck[people], kind="stable")]
    assert np.array_equal(Turns.one_by_one(deciding, luck).order, expected)


@pytest.mark.parametrize("digits", [0, 1, 3, 5, 16])
def test_compiled_code_orders_many_as_the_sort_does(digits: int) -> None:
    """Of few digits so many are equal that they crowd, and the sort has to do it after all."""
    pytest.importorskip("numba")
    rng = np.random.default_rng(digits)
    luck = rng.random(20_000)
    if digits < 16:
        luck = np.floor(luck * 10**digits) / 10**digits
    luck[:2] = 0.0, np.nextafter(1.0, 0.0)
    deciding = rng.random(20_000) < 0.7
    people = np.flatnonzero(deciding)
    order = Turns.one_by_one(deciding, luck).order
    assert order.dtype == np.int64
    assert np.array_equal(order, people[np.argsort(luck[people], kind="stable")])
    ends = np.zeros(8192, dtype=np.uint32)
    loops = compiled()
    assert loops is not None
    spread = loops.by_luck(
        people.view(np.uint64), luck, ends, np.empty(20_000), np.empty_like(people)
    )
    assert spread == (digits >= 3)


def test_luck_that_differs_in_its_last_bits_alone_still_decides() -> None:
    """As many people as there can be leave room for few bits of a uniform beside the number."""
    luck = 0.25 + np.arange(40)[::-1] % 7 * 2.0**-53
    luck[5] = 0.1
    for bits in (6, 20, 40, 60):
        order = sequential._by_luck(np.arange(40), luck, bits)
        assert np.array_equal(order, np.argsort(luck, kind="stable"))
