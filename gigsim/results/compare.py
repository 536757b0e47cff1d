"""Two tables side by side: where they differ first, and by how much at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

#: Columns that tell a person where a row belongs.
_PLACES = ("case", "replicate", "seed", "period", "freelancer")


@dataclass(frozen=True)
class Cell:
    """One place in which two tables differ.

    Attributes:
        row: from 0.
        column: its name.
        a: the value in the first table.
        b: the value in the second.
        place: what the row's key columns say, such as ``{"period": 3}``.
    """

    row: int
    column: str
    a: Any
    b: Any
    place: dict[str, int]

    def __str__(self) -> str:
        where = ", ".join(f"{name} {value}" for name, value in self.place.items())
        return f"row {self.row}{f' ({where})' if where else ''}, {self.column}: {self.a} | {self.b}"


@dataclass(frozen=True)
class TableDifference:
    """What is different between two tables.

    Attributes:
        rows: of the first and of the second; the values compared are those of the shorter.
        columns: that only one of them has, or that hold another kind of values.
        cells: by column, how many values differ; columns without any are left out.
        first: the first row with a difference, and the first column of it.
        largest: by column of numbers, the largest absolute difference; infinite where a number
            stands against an infinite one.
    """

    rows: tuple[int, int]
    columns: tuple[str, ...]
    cells: dict[str, int]
    first: Cell | None
    largest: dict[str, float]

    @property
    def equal(self) -> bool:
        """Same columns, same rows, all values as near as was asked?"""
        return self.rows[0] == self.rows[1] and not self.columns and not self.cells

    def words(self) -> str:
        """What is different, on one line; empty where nothing is."""
        said = []
        if self.columns:
            said.append(f"columns {', '.join(self.columns)} not in both")
        if self.rows[0] != self.rows[1]:
            said.append(f"{self.rows[0]:,} rows | {self.rows[1]:,} rows")
        if self.first is not None:
            said.append(f"first in {self.first}")
        if self.largest:
            column = max(self.largest, key=lambda name: self.largest[name])
            said.append(f"at most {self.largest[column]:.3g} ({column})")
        return "; ".join(said)


def compare(a: pd.DataFrame, b: pd.DataFrame, within: float = 0.0) -> TableDifference:
    """Compare two tables row by row.

    Args:
        a: the first.
        b: the second.
        within: numbers that differ by so much at most count as equal; 0 compares floating-point
            numbers bit by bit. Numbers are never equal to a missing one.

    Returns:
        The differences. That whole numbers are stored as floating-point ones, or a column is all
        missing in one of them, is none.
    """
    first, second = (pa.Table.from_pandas(table, preserve_index=False) for table in (a, b))
    names_a, names_b = first.column_names, second.column_names
    odd = [name for name in (*names_a, *names_b) if (name in names_a) != (name in names_b)]
    count = min(len(a), len(b))
    differs: dict[str, NDArray[np.bool_]] = {}
    largest: dict[str, float] = {}
    for name in names_a:
        if name not in names_b:
            continue
        found = _column(first[name].slice(0, count), second[name].slice(0, count), within)
        if found is None:
            odd.append(name)
            continue
        mask, gap = found
        if mask.any():
            differs[name] = mask
            if gap is not None:
                largest[name] = gap
    return TableDifference(
        rows=(len(a), len(b)),
        columns=tuple(odd),
        cells={name: int(mask.sum()) for name, mask in differs.items()},
        first=_first(a, b, differs),
        largest=largest,
    )


def _column(
    a: pa.ChunkedArray, b: pa.ChunkedArray, within: float
) -> tuple[NDArray[np.bool_], float | None] | None:
    """Where two columns differ and the largest difference of numbers; None of another kind."""
    null_a, null_b = (np.asarray(column.is_null().to_pandas(), dtype=bool) for column in (a, b))
    differs = null_a != null_b
    both = ~null_a & ~null_b
    if not both.any():
        return differs, None
    numbers = [_numeric(column.type) for column in (a, b)]
    if numbers[0] != numbers[1]:
        return None
    if not numbers[0]:
        values = [np.asarray(column.to_pylist(), dtype=object)[both] for column in (a, b)]
        differs[both] = values[0] != values[1]
        return differs, None
    x, y = (_values(column, both) for column in (a, b))
    if x.dtype != y.dtype:
        x, y = x.astype(np.float64), y.astype(np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.abs(x.astype(np.float64) - y.astype(np.float64))
    same = x.view(np.int64) == y.view(np.int64)
    # Two infinities of one sign are no distance apart.
    gap[same] = 0.0
    unequal = ~same if within == 0 else ~(gap <= within)
    differs[both] = unequal
    gaps = gap[unequal & ~np.isnan(gap)]
    return differs, float(gaps.max()) if len(gaps) else None


def _numeric(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def _values(column: pa.ChunkedArray, kept: NDArray[np.bool_]) -> NDArray[Any]:
    """The values that are there, as 64-bit numbers."""
    whole = not pa.types.is_floating(column.type)
    filled = column.cast(pa.int64() if whole else pa.float64()).fill_null(0)
    return np.ascontiguousarray(filled.to_numpy()[kept])


def _first(a: pd.DataFrame, b: pd.DataFrame, differs: dict[str, NDArray[np.bool_]]) -> Cell | None:
    if not differs:
        return None
    # The earliest row; in it the column that comes first in the table.
    column = min(differs, key=lambda name: int(differs[name].argmax()))
    row = int(differs[column].argmax())
    place = {name: int(a[name].iloc[row]) for name in _PLACES if name in a and name in b}
    return Cell(row, column, _plain(a[column].iloc[row]), _plain(b[column].iloc[row]), place)


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value
