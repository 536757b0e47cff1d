"""Cases from a CSV: a header of dotted keys, a row a case, values as after ``--set``."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from gigsim.config.overrides import parse_value
from gigsim.config.schema import shown
from gigsim.config.toml_files import LONGEST, read_text
from gigsim.errors import InputError

#: Bytes of a file of cases: 640 for each of the most cases.
LARGEST = 64 << 20
_ALLOWED = "a CSV file is needed: a header of dotted keys, a row a case, an empty cell for the base"


def read_csv(path: Path) -> tuple[list[dict[str, Any]], list[int]]:
    """Read cases.

    A cell is read as TOML (``0.5``, ``true``, ``{kind = "ring"}``) and otherwise as plain text. An
    empty cell sets nothing: the case has the base's value. Lines without any text are skipped.

    Args:
        path: in UTF-8, commas between cells, quotes around cells with commas (RFC 4180).

    Returns:
        What each case sets, by dotted key, and the number of the line on which it begins.

    Raises:
        InputError: no such file; a header with a name missing or repeated; a row of another number
            of cells; quotes that are not closed or in the midst of a cell; no case.
    """
    text = read_text(path, _ALLOWED, LARGEST)
    if "\0" in text:
        raise InputError(str(path), "a NUL byte", _ALLOWED)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    cases: list[dict[str, Any]] = []
    lines: list[int] = []
    begin = 1
    try:
        for row in rows:
            where = f"{path}: line {begin}"
            if row and header is None:
                header = _header(row, where)
            elif row and header is not None:
                cases.append(_case(row, header, where))
                lines.append(begin)
            begin = rows.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}: line {begin}", f"not CSV: {error}", _ALLOWED) from error
    if not cases:
        raise InputError(str(path), "no case" if header else "is empty", _ALLOWED)
    return cases, lines


def _header(row: list[str], where: str) -> list[str]:
    keys = [cell.strip() for cell in row]
    for number, key in enumerate(keys, start=1):
        if not key:
            raise InputError(f"{where}, cell {number}", "no key", "a dotted key for each column")
        if key in keys[: number - 1]:
            raise InputError(f"{where}: {key}", "given twice", "a column for each key")
    return keys


def _case(row: list[str], keys: list[str], where: str) -> dict[str, Any]:
    if len(row) != len(keys):
        raise InputError(
            where,
            f"{len(row)} cells, but the header has {len(keys)}",
            "a cell for each column; a cell with a comma is to be in quotes",
        )
    values = {}
    for key, cell in zip(keys, row, strict=True):
        if len(cell) > LONGEST:
            said = f"{shown(cell)}: {len(cell):,} characters"
            raise InputError(f"{where}: {key}", said, f"at most {LONGEST:,}")
        if cell.strip():
            values[key] = parse_value(cell)
    return values
