"""The loops that numba compiles, as Python and compiled, beside loops written for reading."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.society import kernels
from gigsim.society.kernels import Kernels, compiled, unsigned
from tests.society.crowds import tied

PLAIN = Kernels(
    kernels.count,
    kernels.at_once,
    kernels.in_turn,
    kernels.heads_in_turn,
    kernels.copies_in_turn,
    kernels.by_luck,
)


@pytest.fixture(params=["python", "compiled"], scope="module")
def loops(request: pytest.FixtureRequest) -> Kernels:
    """The loops; compiled ones where numba is installed."""
    if request.param == "python":
        return PLAIN
    pytest.importorskip("numba")
    found = compiled()
    assert found is not None
    return found


def state(seed: int, size: int) -> tuple[np.ndarray, ...]:
    """Ties (bool), their unsigned rows, and byte columns of people: two sets, who stays."""
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((size, size)) < rng.random(), 1)
    ties = upper | upper.T
    network = tied(ties)
    one, other, stays = (rng.random((3, size)) < [[0.5], [0.5], [0.1]]).astype(np.uint8)
    return ties, *network.unsigned_rows(), one, other, stays


Seeds = st.integers(0, 2**32 - 1)
Sizes = st.integers(1, 40)


@settings(max_examples=50)
@given(Seeds, Sizes)
def test_counts(loops: Kernels, seed: int, size: int) -> None:
    ties, indptr, indices, chosen, *_ = state(seed, size)
    found = np.empty(size, dtype=np.int64)
    loops.count(indptr, indices, chosen, found)
    assert found.tolist() == (ties @ chosen.astype(int)).tolist()


def test_many_neighbours_are_counted_right(loops: Kernels) -> None:
    """One byte would do for a person, not for their sum."""
    size = 700
    star = np.zeros((size, size), dtype=bool)
    star[0, 1:] = star[1:, 0] = True
    everybody = np.ones(size, dtype=np.uint8)
    found = np.empty(size, dtype=np.int64)
    loops.count(*tied(star).unsigned_rows(), everybody, found)
    assert found[0] == size - 1
    assert (found[1:] == 1).all()


@settings(max_examples=50)
@given(Seeds, Sizes, st.sampled_from([-1, 1, 3]))
def test_deciding_at_once(loops: Kernels, seed: int, size: int, required: int) -> None:
    ties, indptr, indices, old, asked, stays = state(seed, size)
    # Multiples of 1/8: shares and thresholds meet exactly now and then.
    shares = np.random.default_rng(seed).integers(0, 9, size) / 8
    out = np.empty(size, dtype=np.uint8)
    loops.at_once(indptr, indices, old, asked, stays, required, shares, out)
    for i in range(size):
        inside, known = int(old[ties[i]].sum()), int(ties[i].sum())
        wants = inside >= required if required >= 0 else inside / max(1, known) >= shares[i]
        assert out[i] == bool(stays[i] or (wants if asked[i] else old[i]))


@settings(max_examples=50)
@given(Seeds, st.integers(1, 90), st.sampled_from([-1, 1, 3]))
def test_deciding_in_turn(loops: Kernels, seed: int, size: int, required: int) -> None:
    """By neighbours, by everybody, by everybody but oneself; more people than one window holds."""
    ties, indptr, indices, old, deciding, stays = state(seed, size)
    rng = np.random.default_rng(seed)
    shares = rng.integers(0, 9, size) / 8
    order = rng.permutation(np.flatnonzero(deciding))
    everybody = np.ones((size, size), dtype=bool)

    def by_hand(known: np.ndarray) -> np.ndarray:
        now = old.astype(bool)
        for i in order.tolist():
            inside, total = int(now[known[i]].sum()), max(1, int(known[i].sum()))
            wants = inside >= required if required >= 0 else inside / total >= shares[i]
            now[i] = wants or bool(stays[i])
        return now

    def walked(loop: Callable[..., None], *before: object) -> np.ndarray:
        now = old.copy()
        loop(unsigned(order), *before, stays, required, shares, now)
        return now.astype(bool)

    members = int(old.sum())
    assert np.array_equal(walked(loops.in_turn, indptr, indices), by_hand(ties))
    assert np.array_equal(walked(loops.heads_in_turn, members, 0), by_hand(everybody))
    others = everybody & ~np.eye(size, dtype=bool)
    assert np.array_equal(walked(loops.heads_in_turn, members, 1), by_hand(others))


@settings(max_examples=50)
@given(Seeds, Sizes)
def test_copying_in_turn(loops: Kernels, seed: int, size: int) -> None:
    _, _, _, old, copies, stays = state(seed, size)
    rng = np.random.default_rng(seed)
    picked, order = rng.integers(0, size, size), rng.permutation(size)[: size // 2 + 1]
    now, expected = old.copy(), old.copy()
    loops.copies_in_turn(unsigned(order), unsigned(picked), copies, stays, now)
    for i in order.tolist():
        expected[i] = stays[i] or (expected[picked[i]] if copies[i] else expected[i])
    assert np.array_equal(now, expected)


def test_without_numba_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "gigsim.learners.logistic.kernels", raising=False)
    assert compiled.__wrapped__() is None


def test_unsigned_numbers_are_the_same_bytes() -> None:
    for kind in (np.int32, np.int64):
        whole = np.arange(5, dtype=kind)
        same = unsigned(whole)
        assert same.dtype.kind == "u"
        assert same.tolist() == whole.tolist()
        assert np.shares_memory(same, whole)
