"""Reading resumes from CSV: commas, quotes and line ends as in RFC 4180, columns by name.

Neither pandas nor the csv module is used: the one fills rows that are too short, the other takes a
stray quote for text and has one limit of size for the whole process. Here each is an error with its
line. Cells are decoded one by one, so UTF-8 and cp1252 may be mixed as in the published corpus.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gigsim.errors import InputError
from gigsim.resumes import limits
from gigsim.resumes.bounded import lines, opened
from gigsim.resumes.cleaning import decode
from gigsim.resumes.source import TABLE, RawResume, Source
from gigsim.resumes.tables import Columns

ALLOWED = "CSV is needed: a header, commas between cells, cells with commas or quotes in quotes"

#: A cell, quoted or not, and what ends it. Possessive: a cell is looked through once.
_CELL = re.compile(rb'(?:"((?:[^"]|"")*+)"|([^",\r\n]*+))(,|\r?\n?\Z)')
_MAX_COLUMNS = 1000


@contextmanager
def open_csv(path: Path, columns: Columns) -> Iterator[Source]:
    """The file as a source of resumes.

    Raises:
        InputError: no such file; a header with a name missing or repeated; a row of another number
            of cells, too long, or with quotes that are not closed or in the midst of a cell; a NUL.
    """
    place = str(path)
    with opened(path, ALLOWED) as stream:
        yield Source(
            place=place,
            resumes=_resumes(stream, place, columns),
            allowed=ALLOWED,
            kind=TABLE,
        )


def _resumes(stream: BinaryIO, place: str, columns: Columns) -> Iterator[RawResume]:
    records = _records(stream, place)
    first = next(records, None)
    if first is None:
        raise InputError(place, "is empty", ALLOWED)
    where = f"{place}: line {first[0]}"
    header = [decode(cell)[0].strip() for cell in first[1]]
    text, labels = columns.find(header, where)
    for number, cells in records:
        where = f"{place}: line {number}"
        if len(cells) != len(header):
            raise InputError(
                where,
                f"{len(cells)} cells, but the header has {len(header)}",
                "a cell for each column; a cell with a comma is to be in quotes",
            )
        yield RawResume(where, cells[text], columns.label_set(decode(cells[labels])[0], where))


def _records(stream: BinaryIO, place: str) -> Iterator[tuple[int, list[bytes]]]:
    """Rows with the number of the line that each begins in."""
    pending: list[bytes] = []
    begin = size = quotes = 0
    for number, line in lines(stream, place):
        begin = begin if pending else number
        pending.append(line)
        size += len(line)
        quotes += line.count(b'"')
        where = f"{place}: line {begin}"
        if size > limits.RECORD_BYTES:
            raise InputError(
                where,
                f"a row of more than {limits.RECORD_BYTES:,} bytes",
                f"a row may have {limits.RECORD_BYTES:,}; is a quote left open?",
            )
        # With an odd number of quotes a cell is still open, and the row goes on.
        if quotes % 2 == 0:
            yield begin, _cells(b"".join(pending), where)
            pending, size, quotes = [], 0, 0
    if pending:
        yield begin, _cells(b"".join(pending), f"{place}: line {begin}")


def _cells(record: bytes, where: str) -> list[bytes]:
    if b"\0" in record:
        raise InputError(where, f"a NUL byte (byte {record.index(0) + 1} of the row)", ALLOWED)
    cells: list[bytes] = []
    at = 0
    while True:
        match = _CELL.match(record, at)
        if match is None:
            raise InputError(f"{where}, cell {len(cells) + 1}", _fault(record, at), ALLOWED)
        quoted, bare, end = match.groups()
        cells.append(bare if quoted is None else quoted.replace(b'""', b'"'))
        if len(cells) > _MAX_COLUMNS:
            raise InputError(
                where, f"more than {_MAX_COLUMNS:,} cells", f"a row may have {_MAX_COLUMNS:,}"
            )
        if end != b",":
            return cells
        at = match.end()


def _fault(record: bytes, at: int) -> str:
    """Why no cell begins at this byte of the row."""
    if record[at : at + 1] == b'"':
        closed = re.compile(rb'"(?:[^"]|"")*+"').match(record, at)
        return "text after the closing quote" if closed else "a quote that is never closed"
    end = re.compile(rb'[^",\r\n]*+').match(record, at)
    assert end is not None
    stray = record[end.end() : end.end() + 1]
    return "a quote in the midst of a cell" if stray == b'"' else "a line end in the midst of it"
