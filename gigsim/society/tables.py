"""A column of numbers from a user's CSV or Parquet file, or one line on what is wrong with it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gigsim.errors import InputError

_FORMATS = "a .csv file (commas, a first line of column names, UTF-8) or a .parquet file"


def read_column(path: str | Path, column: str) -> NDArray[np.float64]:
    """Read one column.

    CSV: commas between columns, a first line of names, UTF-8 with or without a byte-order mark;
    empty lines at the end are nothing. Which of the two it is, the file's name says.

    Args:
        path: relative to the working directory, or absolute.
        column: name of a numeric column.

    Returns:
        float64, shape (rows,), all finite, at least one row.

    Raises:
        InputError: no such file or column, another format, a value that is no finite number (with
            its line), no rows.
    """
    path = Path(path)
    if not path.is_file():
        problem = "is not a file" if path.exists() else "no such file"
        raise InputError(f"{path}", problem, f"give {_FORMATS}")
    readers = {".csv": _from_csv, ".parquet": _from_parquet}
    if path.suffix.lower() not in readers:
        raise InputError(f"{path}", f"unknown kind of file {path.suffix!r}", f"give {_FORMATS}")
    try:
        values = readers[path.suffix.lower()](path, column)
    except (OSError, UnicodeError, csv.Error, pa.ArrowException) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}", f"cannot be read ({problem})", f"give {_FORMATS}") from error
    if not len(values):
        raise InputError(f"{path}", f"column {column!r} has no rows", "give one row or more")
    return values


def _from_csv(path: Path, column: str) -> NDArray[np.float64]:
    values: list[float] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, strict=True)
        place = _place(path, next(rows, []), column)
        empty: int | None = None
        for row in rows:
            if not row:
                empty = empty or rows.line_num
                continue
            if empty is not None:
                raise _bad(path, column, f"line {empty}", "is empty")
            text = row[place] if place < len(row) else ""
            value = _number(text)
            if value is None:
                raise _bad(path, column, f"line {rows.line_num}", f"{text!r}")
            values.append(value)
    return np.array(values, dtype=float)


def _from_parquet(path: Path, column: str) -> NDArray[np.float64]:
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        place = _place(path, schema.names, column)
        kind = schema.field(place).type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            raise InputError(f"{path}", f"column {column!r} holds {kind}", "give numbers")
        values = file.read(columns=[schema.names[place]]).column(0).to_numpy().astype(float)
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        # Parquet has no lines; missing values arrive as nan.
        raise _bad(path, column, f"row {wrong[0] + 1}", f"{values[wrong[0]]}")
    return values


def _place(path: Path, names: list[str], column: str) -> int:
    """Where the column is among the names."""
    found = [place for place, name in enumerate(names) if name.strip() == column.strip()]
    if len(found) != 1:
        problem = (
            f"{len(found)} columns are called {column!r}" if found else f"no column {column!r}"
        )
        there = ", ".join(repr(name) for name in names[:20]) or "none"
        more = ", ..." if len(names) > 20 else ""
        raise InputError(f"{path}", problem, f"columns there: {there}{more}")
    return found[0]


def _number(text: str) -> float | None:
    """The finite number that the text writes, None if it does not; 1_000 is Python, not a table."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) and "_" not in text else None


def _bad(path: Path, column: str, place: str, value: str) -> InputError:
    return InputError(f"{path}, {place}", f"column {column!r}: {value}", "give a finite number")
