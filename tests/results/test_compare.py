"""Two tables side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.results.compare import compare

TABLE = pd.DataFrame(
    {
        "period": [0, 1, 2, 3],
        "alpha": [0.0, 0.1, 0.2, np.nan],
        "members": [0, 5, 6, 7],
        "retrained": [True, False, True, False],
        "target": ["a", "b", "b", None],
        "settled": pd.array([None, 1, 2, 3], dtype="Int64"),
    }
)


def test_equal_tables() -> None:
    found = compare(TABLE, TABLE.copy())
    assert found.equal
    assert (found.words(), found.first, found.largest) == ("", None, {})


@pytest.mark.parametrize(
    ("column", "row", "value", "largest"),
    [
        ("alpha", 1, 0.1 + 1e-16, 0.0),
        ("alpha", 2, 0.25, 0.05),
        ("alpha", 2, np.nan, None),
        ("alpha", 3, 0.25, None),
        ("alpha", 0, -0.0, 0.0),
        ("alpha", 0, np.inf, np.inf),
        ("members", 3, 9, 2.0),
        ("retrained", 1, True, 1.0),
        ("target", 0, "c", None),
        ("target", 3, "c", None),
        ("settled", 0, 4, None),
        ("settled", 3, 4, 1.0),
    ],
)
def test_one_value(column: str, row: int, value: object, largest: float | None) -> None:
    other = TABLE.copy()
    other.loc[row, column] = value
    found = compare(TABLE, other)
    assert not found.equal or value == 0.1
    if found.equal:
        return
    assert found.cells == {column: 1}
    assert found.first is not None
    assert (found.first.row, found.first.column) == (row, column)
    assert found.first.place == {"period": row}
    assert found.largest.get(column) == (None if largest is None else pytest.approx(largest))
    assert f"row {row} (period {row}), {column}: " in found.words()


def test_the_first_row_and_in_it_the_first_column() -> None:
    other = TABLE.copy()
    other.loc[3, "members"] = 0
    other.loc[2, "target"] = "z"
    other.loc[2, "members"] = 0
    found = compare(TABLE, other)
    assert found.first is not None
    assert (found.first.row, found.first.column) == (2, "members")
    assert (found.first.a, found.first.b) == (6, 0)
    assert found.cells == {"members": 2, "target": 1}
    assert found.words().endswith("at most 7 (members)")


def test_near_enough() -> None:
    other = TABLE.assign(alpha=TABLE["alpha"] + 1e-9)
    assert not compare(TABLE, other).equal
    assert compare(TABLE, other, within=1e-8).equal
    assert not compare(TABLE, other, within=1e-10).equal
    other.loc[3, "alpha"] = 0.0
    assert not compare(TABLE, other, within=100).equal


def test_other_rows_and_columns() -> None:
    found = compare(TABLE, TABLE.iloc[:3])
    assert (found.equal, found.rows, found.cells) == (False, (4, 3), {})
    assert found.words() == "4 rows | 3 rows"
    found = compare(TABLE, TABLE.drop(columns="alpha").assign(new=1))
    assert found.columns == ("alpha", "new")
    assert not found.equal


def test_a_type_that_holds_the_same_values_is_no_difference() -> None:
    assert compare(TABLE, TABLE.astype({"members": float, "settled": float})).equal
    nothing = pd.DataFrame({"x": [None, None]})
    assert compare(nothing, nothing.astype(float)).equal
    found = compare(TABLE, TABLE.astype({"members": str}))
    assert found.columns == ("members",)


def test_whole_numbers_that_no_float_can_tell_apart() -> None:
    a, b = (pd.DataFrame({"seed": [2**62 + extra]}) for extra in (0, 1))
    assert compare(a, a).equal
    assert not compare(a, b).equal


def test_empty_tables() -> None:
    assert compare(TABLE.iloc[:0], TABLE.iloc[:0]).equal
    assert compare(pd.DataFrame(), pd.DataFrame()).equal


@given(st.lists(st.floats(), min_size=1, max_size=8), st.integers(0, 7), st.integers(0, 63))
def test_any_flipped_bit_of_a_number_is_seen(values: list[float], at: int, bit: int) -> None:
    a = pd.DataFrame({"x": values})
    flipped = a["x"].to_numpy().copy()
    flipped.view(np.uint64)[at % len(values)] ^= np.uint64(1 << bit)
    b = pd.DataFrame({"x": flipped})
    # Which NaN it is says nothing.
    assert compare(a, b).equal == (
        np.isnan(values[at % len(values)]) and b["x"].isna()[at % len(values)]
    )
    assert compare(a, a).equal
