"""A measured curve S(α) in a file: CSV or Parquet, one row a training.

What ``gigsim curve`` writes, or a table from elsewhere with the same columns. Files are checked
cell by cell, because a surrogate believes whatever it is given. Of several arms in one file one is
chosen by its name.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gigsim.errors import InputError

#: The columns that a curve needs, and those that it may have besides; all shares in [0, 1].
NEEDED = ("alpha", "success_any", "success_top1", "base_any", "base_top1", "accuracy")
OPTIONAL = ("flipped_any", "flipped_top1", "f1_micro")

#: Columns that say what was measured. A curve is of one thing.
IDENTITY = ("goal", "strategy", "label_sets", "target", "learner", "recipe")

#: By these two columns a file of ``gigsim curve`` is known, in which there may be several arms.
ARM = ("arm", "name")

#: What else such a file says of a row; of any other file only the seed is looked at.
_OF_ARMS = (*ARM, "retraining", "alpha_effective", "success_se")
_SEED = "seed"

#: The largest file, bytes, and the most rows.
LARGEST = 64 * 2**20
MOST_ROWS = 1_000_000

_MOST_CHARACTERS = 10_000

_PARQUET = ".parquet"

#: Shares of people that differ by less are the same share.
_ROUNDING = 1e-9

#: What pyarrow raises on a damaged file (names of columns are decoded on opening).
_BROKEN = (pa.ArrowException, OSError, MemoryError, UnicodeDecodeError)


class CurveRows(NamedTuple):
    """The rows of a curve file.

    Attributes:
        table: float64 columns :data:`NEEDED` and those of :data:`OPTIONAL` that the file has, a row
            a training, in the order of the file; at least one row with alpha = 0.
        turn: int64, shape (rows,): the rows by their seeds where the file has a column of that
            name, else as they stand. The k-th row of an α in this order and the k-th of another are
            taken for one training: collectives of one seed are nested.
        errors: by column of success, float64, shape (rows,): standard error of drawing the held-out
            resumes, NaN where it is not known; only of a file that ``gigsim curve`` wrote, and of
            the reading that it was for.
        about: of :data:`IDENTITY` what the file has, each the same in all rows.
    """

    table: pd.DataFrame
    turn: NDArray[np.int64]
    errors: dict[str, NDArray[np.float64]]
    about: dict[str, str]


def read_curve(path: Path | str, arm: str = "") -> pd.DataFrame:
    """The table of :func:`read_rows`."""
    return read_rows(path, arm).table


def read_rows(path: Path | str, arm: str = "") -> CurveRows:
    """Read and check a curve file.

    Args:
        path: CSV or Parquet.
        arm: which arm of a file that ``gigsim curve`` wrote, by its ``name``; empty where the file
            has one.

    Raises:
        InputError: the file is missing, is no CSV or Parquet table, is called .parquet and is none,
            is too large, lacks a column, mixes several curves (the message lists the arms), has no
            such arm, has a value that is no number in [0, 1] (a seed apart), lacks alpha = 0. The
            message names file, line (CSV) or row (Parquet), and column.
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
    if path.suffix.lower() == _PARQUET and not parquet:
        raise InputError(str(path), "not a Parquet table, which its name says it is", needs)
    columns, rows, lines = _parquet_cells(path, needs) if parquet else _csv_cells(path, needs)
    if not rows:
        raise InputError(str(path), "no rows", "one row a training, alpha = 0 among them")
    rows, lines = _of_arm(path, columns, rows, lines, arm)
    table = _checked(path, columns, rows, lines, "row" if parquet else "line")
    turn = np.arange(len(rows))
    if _SEED in columns:
        seeds = [row[columns.index(_SEED)] for row in rows]
        turn = np.array(sorted(range(len(rows)), key=lambda k: _rank(seeds[k])), dtype=np.int64)
    errors = {}
    if {*ARM, "success_se", "goal"} <= set(columns):
        name = f"success_{rows[0][columns.index('goal')]}"
        found = [_number(row[columns.index("success_se")]) for row in rows]
        errors[name] = np.array(found, dtype=np.float64)
    about = {name: str(rows[0][columns.index(name)]) for name in IDENTITY if name in columns}
    return CurveRows(table, turn, errors, about)


def _of_arm(
    path: Path,
    columns: Sequence[str],
    rows: list[list[object]],
    lines: list[int],
    arm: str,
) -> tuple[list[list[object]], list[int]]:
    """The rows of one arm, and that they are of one classifier each."""
    if not set(ARM) <= set(columns):
        if arm:
            raise InputError(
                str(path),
                f"no column {next(name for name in ARM if name not in columns)}, so no arm"
                f" {_shown(repr(arm))}",
                "platform.learner.arm is for what `gigsim curve` wrote: leave it empty",
            )
        return rows, lines
    name = columns.index("name")
    found = list(dict.fromkeys(str(row[name]) for row in rows))
    listed = _shown(", ".join(found), 300)
    if not arm and len(found) > 1:
        raise InputError(
            str(path),
            f"{len(found)} arms, and a surrogate is one curve",
            f"platform.learner.arm is one of: {listed}",
        )
    if arm and arm not in found:
        raise InputError(
            str(path), f"no arm {_shown(repr(arm))}", f"platform.learner.arm is one of: {listed}"
        )
    kept = [k for k, row in enumerate(rows) if not arm or str(row[name]) == arm]
    rows, lines = [rows[k] for k in kept], [lines[k] for k in kept]
    if "retraining" in columns:
        turns = {_number(row[columns.index("retraining")]) for row in rows}
        if len(turns) > 1:
            raise InputError(
                str(path),
                f"column retraining: {len(turns)} trainings in a row, each with an S(α) of its own",
                "keep the rows of one of them",
            )
    if "alpha_effective" in columns and "alpha" in columns:
        pair = columns.index("alpha"), columns.index("alpha_effective")
        off = [k for k, row in enumerate(rows) if _apart(*(_number(row[p]) for p in pair))]
        if off:
            raise InputError(
                str(path),
                f"alpha and alpha_effective differ (row {lines[off[0]]}): members abstained, and a"
                " surrogate is read at the share that follows",
                "a curve that was measured with collective.abstain = 0",
            )
    return rows, lines


def _apart(alpha: float, effective: float) -> bool:
    return abs(alpha - effective) > _ROUNDING


def _rank(seed: object) -> tuple[bool, float, str]:
    """Numbers first, in their order, then whatever else, in that of its text."""
    value = _number(seed)
    return (math.isnan(value), 0.0 if math.isnan(value) else value, str(seed))


def _checked(
    path: Path,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    lines: Sequence[int],
    line: str,
) -> pd.DataFrame:
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
            # Of other columns nothing is asked: who does not write arms may call them so.
            further = (*_OF_ARMS, _SEED) if set(ARM) <= set(columns) else (_SEED,)
            wanted += [
                name
                for name in columns
                if name in further and _is_plain(file.schema_arrow.field(name).type, words=True)
            ]
            cells = file.read(columns=wanted).to_pydict()
    except _BROKEN as error:
        problem = " ".join(str(error).split())
        raise InputError(str(path), f"not a Parquet table ({_shown(problem)})", needs) from error
    rows = [list(row) for row in zip(*(cells[name] for name in wanted), strict=True)]
    return wanted, rows, list(range(len(rows)))


def _plain(path: Path, name: str, kind: pa.DataType) -> None:
    """Numbers, words and their dictionaries: nothing that unfolds into something large."""
    if not _is_plain(kind, words=name in IDENTITY):
        what = "words or numbers" if name in IDENTITY else "numbers"
        raise InputError(str(path), f"column {name} is {_shown(str(kind))}", f"{what} are needed")


def _is_plain(kind: pa.DataType, *, words: bool) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_floating(inner)
        or pa.types.is_integer(inner)
        or pa.types.is_null(inner)
        or (words and (pa.types.is_string(inner) or pa.types.is_large_string(inner)))
    )


def _shown(text: str, most: int = 80) -> str:
    """Short and printable enough for a message of one line."""
    text = "".join(c if c.isprintable() else "?" for c in text[: most + 1])
    return text if len(text) <= most else text[: most - 3] + "..."
