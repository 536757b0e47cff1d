"""Reading resumes from Parquet: a column of texts, and one of labels (a text or a list of texts).

The file is read by a process of its own (``resumes.parquet_rows`` says why). What the footer tells
is checked before a page is read, and columns are read as dictionaries: a text that a small file
repeats a million times is in memory once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from gigsim.errors import InputError
from gigsim.resumes import limits
from gigsim.resumes.bounded import open_regular
from gigsim.resumes.source import (
    TABLE,
    RawResume,
    Source,
    plain,
    refuse_number,
    refuse_ratio,
    shown,
)
from gigsim.resumes.tables import Columns

ALLOWED = "a Parquet file is needed, with a column of texts and one of labels"
MAGIC = b"PAR1"

_SCRIPT = Path(__file__).with_name("parquet_rows.py")
# As in that script, which imports nothing of the package and is not imported.
_LENGTHS_BYTES, _END, _NULL = 16, -2, -1
#: At the end of the file: the length of its footer and the magic bytes.
_TAIL_BYTES = 8
_GRACE_SECONDS = 30.0


@contextmanager
def open_parquet(path: Path, columns: Columns) -> Iterator[Source]:
    """The file as a source of resumes.

    Raises:
        InputError: no such file, or not Parquet, or damaged; a column missing, repeated or of
            another type; a null; too many rows, or columns too large.
        RuntimeError: a bug in the reading process.
    """
    place = str(path)
    with ExitStack() as stack:
        file = stack.enter_context(os.fdopen(open_regular(path, place, ALLOWED), "rb"))
        size = os.fstat(file.fileno()).st_size
        _refuse_frame(file, size, place)
        said = stack.enter_context(tempfile.TemporaryFile())
        process = subprocess.Popen(
            [sys.executable, "-P", str(_SCRIPT), json.dumps(_order(columns))],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=said,
        )
        stack.enter_context(process)
        stack.callback(process.kill)
        assert process.stdout is not None
        reading = _Reading(process, process.stdout, said, place)
        rows = _checked(reading.header(), columns, place)
        yield Source(
            place=place,
            resumes=_resumes(reading, place, columns, size),
            allowed=ALLOWED,
            kind=TABLE,
            total=rows,
        )


def _refuse_frame(file: BinaryIO, size: int, place: str) -> None:
    """Refuse what does not begin and end as Parquet does, before a process is started for it."""
    begin = file.read(len(MAGIC))
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read()
    file.seek(0)
    footer = int.from_bytes(tail[:4], "little")
    if begin != MAGIC or tail[4:] != MAGIC or footer + _TAIL_BYTES + len(MAGIC) > size:
        raise InputError(place, "not a readable Parquet file (its frame is damaged)", ALLOWED)


def _order(columns: Columns) -> dict[str, Any]:
    """What the reading process is told."""
    return {
        "text": columns.text,
        "labels": columns.labels,
        "limits": {
            "total": limits.TOTAL_BYTES,
            "resume": limits.RESUME_BYTES,
            "ratio": limits.RATIO,
            "ratio_from": limits.RATIO_FROM,
            "labels": limits.LABELS_A_RESUME,
        },
    }


class _Reading:
    """The messages of the reading process."""

    def __init__(
        self, process: subprocess.Popen[bytes], out: IO[bytes], said: IO[bytes], place: str
    ) -> None:
        self._process = process
        self._out = out
        self._said = said
        self._place = place

    def header(self) -> dict[str, Any]:
        """What the file tells about itself.

        Raises:
            InputError: it is no Parquet file.
        """
        line = self._out.readline()
        if not line.endswith(b"\n"):
            raise self._broken_off()
        header: dict[str, Any] = json.loads(line)
        if header["columns"] is None:
            for _ in self.rows():
                pass
        return header

    def rows(self) -> Iterator[tuple[bytes | None, Any]]:
        """Text (None: null) and labels of each row.

        Raises:
            InputError: the file is damaged.
        """
        while True:
            lengths = self._out.read(_LENGTHS_BYTES)
            if len(lengths) < _LENGTHS_BYTES:
                raise self._broken_off()
            length = int.from_bytes(lengths[:8], "little", signed=True)
            text = self._out.read(max(0, length))
            cell = self._out.read(int.from_bytes(lengths[8:], "little"))
            if length == _END:
                fault = json.loads(cell)
                if fault is not None:
                    where, problem, allowed = fault
                    raise InputError(f"{self._place}{where}", plain(problem), allowed or ALLOWED)
                return
            yield None if length == _NULL else text, json.loads(cell)

    def _broken_off(self) -> Exception:
        """The error for a process that ended without a last word."""
        code = self._process.wait(_GRACE_SECONDS)
        self._said.seek(0)
        said = self._said.read(10_000).decode("utf-8", "replace")
        if code >= 0:
            return RuntimeError(f"the process that reads Parquet failed:\n{said}")
        return InputError(
            self._place, f"unreadable (the reader broke down: signal {-code})", ALLOWED
        )


def _checked(header: dict[str, Any], columns: Columns, place: str) -> int:
    """The number of rows; columns that are missing or of another type are refused."""
    columns.find(header["columns"], place)
    text, labels = header["types"]
    if not header["texts"]:
        raise InputError(
            f"{place}: column {shown(columns.text)}", f"of type {plain(text)}", "resumes are texts"
        )
    if not header["labels"]:
        raise InputError(
            f"{place}: column {shown(columns.labels)}",
            f"of type {plain(labels)}",
            f"a text with {columns.separator!r} between the labels, or a list of texts",
        )
    refuse_number(header["rows"], place)
    return int(header["rows"])


def _resumes(reading: _Reading, place: str, columns: Columns, size: int) -> Iterator[RawResume]:
    read = 0
    for row, (text, labels) in enumerate(reading.rows(), start=1):
        where = f"{place}: row {row}"
        if text is None:
            text = columns.text_bytes(None, where)
        read += len(text)
        refuse_ratio(read, size, where)
        yield RawResume(where, text, columns.label_set(labels, where))
