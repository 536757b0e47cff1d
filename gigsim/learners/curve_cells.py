"""The cells of a curve's file, CSV or Parquet, with the columns that it has to have."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from gigsim.errors import InputError

#: The columns that a curve needs, and those that it may have besides; all shares in [0, 1].
NEEDED = ("alpha", "success_any", "success_top1", "base_any", "base_top1", "accuracy")
OPTIONAL = ("flipped_any", "flipped_top1", "f1_micro")

#: Columns that say what was measured. A curve is of one thing.
IDENTITY = ("goal", "strategy", "label_sets", "target", "learner", "recipe")

#: By these two columns a file of ``gigsim curve`` is known, in which there may be several arms.
ARM = ("arm", "name")

#: Of any other file only the seed is looked at besides.
SEED = "seed"

#: The largest file, bytes, and the most rows.
LARGEST = 64 * 2**20
MOST_ROWS = 1_000_000

#: What else a file of ``gigsim curve`` says of a row.
_OF_ARMS = (*ARM, "retraining", "alpha_effective", "success_se")

_MOST_CHARACTERS = 10_000

_PARQUET = ".parquet"

#: What pyarrow raises on a damaged file (names of columns are decoded on opening).
_BROKEN = (pa.ArrowException, OSError, MemoryError, UnicodeDecodeError)


class Cells(NamedTuple):
    """What stands in a file.

    Attributes:
        columns: names, each once, :data:`NEEDED` among them; of Parquet those that are looked at.
        rows: each a value a column; text of a CSV.
        lines: where each row stands in the file.
        unit: what these numbers count: "line" or "row".
    """

    columns: list[str]
    rows: list[list[object]]
    lines: list[int]
    unit: str


def read_cells(path: Path) -> Cells:
    """The cells of a file, unchecked but for the columns.

    Raises:
        InputError: it is missing, is no CSV or Parquet table, is called .parquet and is none, is
            too large, lacks a column or has one twice.
    """
    needs = f"a CSV or Parquet file with the columns {', '.join(NEEDED)} is needed"
    if not path.is_file():
        there = "is a folder, not a file" if path.is_dir() else "is no ordinary file"
        problem = there if path.exists() else "no such file"
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
    return _parquet_cells(path, needs) if parquet else _csv_cells(path, needs)


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        raise InputError(str(path), f"column {shortened(repeated[0])} occurs twice", "each once")
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise InputError(
            str(path), f"no column {', '.join(missing)}", f"it has: {shortened(', '.join(columns))}"
        )


def _csv_cells(path: Path, needs: str) -> Cells:
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
    return Cells(header, rows, lines, "line")


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


def _parquet_cells(path: Path, needs: str) -> Cells:
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
            further = (*_OF_ARMS, SEED) if set(ARM) <= set(columns) else (SEED,)
            wanted += [
                name
                for name in columns
                if name in further and _is_plain(file.schema_arrow.field(name).type, words=True)
            ]
            cells = file.read(columns=wanted).to_pydict()
    except _BROKEN as error:
        problem = " ".join(str(error).split())
        raise InputError(str(path), f"not a Parquet table ({shortened(problem)})", needs) from error
    rows = [list(row) for row in zip(*(cells[name] for name in wanted), strict=True)]
    return Cells(wanted, rows, list(range(len(rows))), "row")


def _plain(path: Path, name: str, kind: pa.DataType) -> None:
    """Numbers, words and their dictionaries: nothing that unfolds into something large."""
    if not _is_plain(kind, words=name in IDENTITY):
        what = "words or numbers" if name in IDENTITY else "numbers"
        raise InputError(
            str(path), f"column {name} is {shortened(str(kind))}", f"{what} are needed"
        )


def _is_plain(kind: pa.DataType, *, words: bool) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_floating(inner)
        or pa.types.is_integer(inner)
        or pa.types.is_null(inner)
        or (words and (pa.types.is_string(inner) or pa.types.is_large_string(inner)))
    )


def shortened(text: str, most: int = 80) -> str:
    """Short and printable enough for a message of one line."""
    text = "".join(c if c.isprintable() else "?" for c in text[: most + 1])
    return text if len(text) <= most else text[: most - 3] + "..."
