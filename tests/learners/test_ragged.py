"""Ragged arrays against lists of lists."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.learners.ragged import Ragged, blocks, by_value

rows = st.lists(st.lists(st.integers(0, 3), max_size=5), max_size=8)


def lists(ragged: Ragged) -> list[list[int]]:
    return [ragged[i].tolist() for i in range(len(ragged))]


@given(rows)
def test_round_trip(some: list[list[int]]) -> None:
    ragged = Ragged.from_rows(some)
    assert lists(ragged) == some
    assert ragged.lengths.tolist() == [len(row) for row in some]


@given(rows, st.data())
def test_take(some: list[list[int]], data: st.DataObject) -> None:
    index = data.draw(st.lists(st.integers(0, len(some) - 1), max_size=9)) if some else []
    taken = Ragged.from_rows(some).take(np.array(index, dtype=np.int64))
    assert lists(taken) == [some[i] for i in index]


@given(st.lists(rows, max_size=4))
def test_concatenate(parts: list[list[list[int]]]) -> None:
    joined = Ragged.concatenate([Ragged.from_rows(part) for part in parts])
    assert lists(joined) == [row for part in parts for row in part]


@given(rows, st.none() | st.integers(0, 6))
def test_truncate(some: list[list[int]], limit: int | None) -> None:
    assert lists(Ragged.from_rows(some).truncate(limit)) == [row[:limit] for row in some]


@given(st.lists(st.tuples(*[st.lists(st.integers(0, 1), max_size=3)] * 2), max_size=8))
def test_equal_rows(pairs: list[tuple[list[int], list[int]]]) -> None:
    left, right = (Ragged.from_rows([pair[side] for pair in pairs]) for side in (0, 1))
    assert left.equal_rows(right).tolist() == [a == b for a, b in pairs]


@given(rows)
def test_sorted_rows_and_any_in_row(some: list[list[int]]) -> None:
    ragged = Ragged.from_rows(some)
    assert lists(ragged.sorted_rows()) == [sorted(row) for row in some]
    assert ragged.any_in_row(ragged.values == 2).tolist() == [2 in row for row in some]


@given(rows, st.integers(1, 7))
def test_blocks_are_all_rows_in_order(some: list[list[int]], size: int) -> None:
    ragged = Ragged.from_rows(some)
    parts = blocks(ragged.offsets, size)
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(len(some)))
    # A block is as long as asked for, or one row longer.
    assert all(ragged.lengths[part][:-1].sum() <= size for part in parts)


@given(rows, st.data())
def test_kept_values_of_each_row(some: list[list[int]], data: st.DataObject) -> None:
    ragged = Ragged.from_rows(some)
    total = len(ragged.values)
    kept = data.draw(st.lists(st.booleans(), min_size=total, max_size=total))
    place = iter(kept)
    assert lists(ragged.where(np.array(kept, dtype=bool))) == [
        [value for value in row if next(place)] for row in some
    ]


@given(rows, st.data())
def test_values_are_counted_by_value(some: list[list[int]], data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(some)))
    end = data.draw(st.integers(begin, len(some)))
    counts = by_value(Ragged.from_rows(some), slice(begin, end), 5)
    assert counts.has_canonical_format
    assert counts.toarray().tolist() == [
        [row.count(v) for v in range(5)] for row in some[begin:end]
    ]


def test_malformed_arrays_are_refused() -> None:
    with pytest.raises(TypeError, match="int32 and int64"):
        Ragged(np.zeros(2, dtype=np.int64), np.array([0, 2]))
    with pytest.raises(ValueError, match="do not span"):
        Ragged(np.zeros(2, dtype=np.int32), np.array([0, 1]))
    with pytest.raises(ValueError, match="1 rows against 2"):
        Ragged.from_rows([[1]]).equal_rows(Ragged.from_rows([[1], [2]]))
