"""A measured curve S(α) in a file: CSV or Parquet, one row a training.

What ``gigsim curve`` writes, or a table from elsewhere with the same columns. Files are checked
cell by cell, because a surrogate believes whatever it is given.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gigsim.errors import InputError

#: The columns that a curve needs, and those that it may have besides; all shares in [0, 1].
NEEDED = ("alpha", "success_any", "success_top1", "base_any", "base_top1", "accuracy")
OPTIONAL = ("flipped_any", "flipped_top1", "f1_micro")

#: Columns that say what was measured. A curve is of one thing.
IDENTITY = ("goal", "strategy", "label_sets", "target", "learner", "recipe")

#: The largest file, bytes, and the most rows.
LARGEST = 64 * 2**20
MOST_ROWS = 1_000_000

_MOST_CHARACTERS = 10_000

#: What pyarrow raises on a damaged file (names of columns are decoded on opening).
_BROKEN = (pa.ArrowException, OSError, MemoryError, UnicodeDecodeError)


def read_curve(path: Path | str) -> pd.DataFrame:
    """Read and check a curve file.

    Returns:
        float64 columns :data:`NEEDED` and those of :data:`OPTIONAL` that the file has, a row a
        training, in the order of the file; at least one row with alpha = 0.

    Raises:
        InputError: the file is missing, is no CSV or Parquet table, is too large, lacks a column,
            mixes several curves, has a value that is no number in [0, 1] (a seed apart), lacks
            alpha = 0. The message names file, line (CSV) or row (Parquet), and column.
    """
    path = Path(path)
    needs = f"a CSV or Parquet file with the columns {', '.join(NEEDED)} is needed"
    if not path.is_file():
        problem = "is a folder, not a file" if path.is_dir() else "no such file"
        raise InputError(str(path), problem, needs)
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", needs) from error
    if size > LARGEST:
        raise InputError(str(path), f"{size:,} bytes", f"at most {LARGEST:,} bytes are read")
    parquet = start == b"PAR1"
    columns, rows, lines = _parquet_cells(path, needs) if parquet else _csv_cells(path, needs)
    return _checked(path, columns, rows, lines, "row" if parquet else "line")


def _checked(
    path: Path,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    lines: Sequence[int],
    line: str,
) -> pd.DataFrame:
    if not rows:
        raise InputError(str(path), "no rows", "one row a training, alpha = 0 among them")
    for name in IDENTITY:
        if name in columns:
            place = columns.index(name)
            found = sorted({str(row[place]) for row in rows})
            if len(found) > 1:
                raise InputError(
                    str(path),
                    f"column {name} has {len(found)} values ({_shown(', '.join(found))})",
                    "a surrogate is one curve: keep the rows of one of them",
                )
    kept = [*NEEDED, *(name for name in OPTIONAL if name in columns)]
    places = [columns.index(name) for name in kept]
    table = np.empty((len(rows), len(kept)))
    for number, row in enumerate(rows):
        for slot, (name, place) in enumerate(zip(kept, places, strict=True)):
            value = _number(row[place])
            if not 0 <= value <= 1:
                raise InputError(
                    str(path),
                    f"{line} {lines[number]}, column {name}: {_shown(repr(row[place]))}",
                    "a number in [0, 1] is needed",
                )
            table[number, slot] = value
    if not (table[:, 0] == 0).any():
        raise InputError(
            str(path),
            f"column alpha: no row has alpha = 0 (the least is {table[:, 0].min():g})",
            "U(0), the world without a collective, is measured there: add it",
        )
    return pd.DataFrame(table, columns=kept)


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        raise InputError(str(path), f"column {_shown(repeated[0])} occurs twice", "each once")
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise InputError(
            str(path), f"no column {', '.join(missing)}", f"it has: {_shown(', '.join(columns))}"
        )


def _number(cell: object) -> float:
    """The cell as a number, NaN if it is none."""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return math.nan
    try:
        return float(cell)
    except (ValueError, OverflowError):
        return math.nan


def _csv_cells(path: Path, needs: str) -> tuple[list[str], list[list[object]], list[int]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(str(path), f"not text in UTF-8 (byte {error.start})", needs) from error
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", needs) from error
    rows: list[list[object]] = []
    lines: list[int] = []
    header: list[str] = []
    for number, cells in _csv_rows(path, text, needs):
        if not header:
            header = [cell.strip() for cell in cells]
            _check_columns(path, header)
        elif len(cells) != len(header):
            raise InputError(
                str(path),
                f"line {number}: {len(cells)} cells",
                f"{len(header)} are needed, as in the first line",
            )
        else:
            rows.append(list(cells))
            lines.append(number)
        if len(rows) > MOST_ROWS:
            raise InputError(str(path), f"over {MOST_ROWS:,} rows", "fewer are read")
    if not header:
        raise InputError(str(path), "the file is empty", needs)
    return header, rows, lines


def _csv_rows(path: Path, text: str, needs: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not blank, with their numbers."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            if any(len(cell) > _MOST_CHARACTERS for cell in cells):
                raise InputError(
                    str(path),
                    f"line {reader.line_num}: a cell of over {_MOST_CHARACTERS:,} characters",
                    needs,
                )
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise InputError(str(path), f"line {reader.line_num}: {error}", needs) from error


def _parquet_cells(path: Path, needs: str) -> tuple[list[str], list[list[object]], list[int]]:
    try:
        with pq.ParquetFile(path) as file:
            columns = list(file.schema_arrow.names)
            count = file.metadata.num_rows
            _check_columns(path, columns)
            if not 0 <= count <= MOST_ROWS:
                raise InputError(str(path), f"{count:,} rows", f"at most {MOST_ROWS:,} are read")
            wanted = [name for name in columns if name in (*NEEDED, *OPTIONAL, *IDENTITY)]
            for name in wanted:
                _plain(path, name, file.schema_arrow.field(name).type)
            cells = file.read(columns=wanted).to_pydict()
    except _BROKEN as error:
        problem = " ".join(str(error).split())
        raise InputError(str(path), f"not a Parquet table ({_shown(problem)})", needs) from error
    rows = [list(row) for row in zip(*(cells[name] for name in wanted), strict=True)]
    return wanted, rows, list(range(len(rows)))


def _plain(path: Path, name: str, kind: pa.DataType) -> None:
    """Numbers, words and their dictionaries: nothing that unfolds into something large."""
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    allowed = (
        pa.types.is_floating(inner)
        or pa.types.is_integer(inner)
        or pa.types.is_null(inner)
        or (name in IDENTITY and (pa.types.is_string(inner) or pa.types.is_large_string(inner)))
    )
    if not allowed:
        what = "words or numbers" if name in IDENTITY else "numbers"
        raise InputError(str(path), f"column {name} is {_shown(str(kind))}", f"{what} are needed")


def _shown(text: str) -> str:
    """Short and printable enough for a message of one line."""
    text = "".join(c if c.isprintable() else "?" for c in text[:81])
    return text if len(text) <= 80 else text[:77] + "..."
