"""Reading resumes from JSON lines: one object a line, in UTF-8, with the columns as its keys."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from gigsim.errors import InputError
from gigsim.resumes.bounded import lines, opened
from gigsim.resumes.source import TABLE, RawResume, Source, shown
from gigsim.resumes.tables import Columns

ALLOWED = "JSON lines are needed: one object a line, in UTF-8, with the text and its labels"


class _RepeatedKeyError(ValueError):
    """An object has a key twice, and JSON leaves open which of them counts."""


@contextmanager
def open_jsonl(path: Path, columns: Columns) -> Iterator[Source]:
    """The file as a source of resumes.

    Raises:
        InputError: no such file; a line that is no JSON object, not UTF-8, nested too deep, with a
            key missing or repeated, or with a value of another type.
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
    for number, line in lines(stream, place):
        where = f"{place}: line {number}"
        row = _parsed(line, where)
        if not isinstance(row, dict):
            what = "a list" if isinstance(row, list) else "a single value"
            raise InputError(where, f"{what} instead of an object", ALLOWED)
        columns.find(list(row), where)
        yield RawResume(
            where,
            columns.text_bytes(row[columns.text], where),
            columns.label_set(row[columns.labels], where),
        )


def _parsed(line: bytes, where: str) -> Any:
    try:
        return json.loads(line.decode(), object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise InputError(where, f"byte {error.start + 1} is not UTF-8", ALLOWED) from error
    except json.JSONDecodeError as error:
        raise InputError(
            f"{where}, column {error.colno}", f"no JSON ({error.msg})", ALLOWED
        ) from error
    except RecursionError as error:
        raise InputError(where, "nested too deep", ALLOWED) from error
    # Repeated keys, and numbers of more digits than Python reads.
    except ValueError as error:
        raise InputError(where, str(error), ALLOWED) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = Counter(keys).most_common(1)[0][0]
        raise _RepeatedKeyError(f"key {shown(repeated)} twice")
    return found
