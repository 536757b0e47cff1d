"""Reading resumes from one file, a resume a line: ``id:::label;label:::text``.

The published repository has its resumes in this form too. The id is not kept. Each line is decoded
by itself, so UTF-8 and cp1252 may be mixed; a text may hold ``:::``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gigsim.errors import InputError
from gigsim.resumes.bounded import lines, opened
from gigsim.resumes.corpus import OCCUPATIONS
from gigsim.resumes.source import PUBLISHED, RawResume, Source, published_labels

FORM = "id:::label;label:::text"
ALLOWED = f"one resume a line is needed, as {FORM}"

_SEPARATOR = b":::"


@contextmanager
def open_one_file(path: Path) -> Iterator[Source]:
    """The file as a source of resumes.

    Raises:
        InputError: no such file; a line without two ``:::``, too long, or with an unknown label.
    """
    with opened(path, ALLOWED) as stream:
        yield source(stream, str(path))


def source(stream: BinaryIO, place: str) -> Source:
    """Lines of an open stream as a source of resumes; ``place`` is for errors."""
    return Source(
        place=place,
        resumes=_resumes(stream, place),
        allowed=ALLOWED,
        kind=PUBLISHED,
        label_names=OCCUPATIONS,
    )


def looks_like(first_line: bytes) -> bool:
    """Whether a file that begins like this is of this form."""
    return first_line.count(_SEPARATOR) >= 2


def _resumes(stream: BinaryIO, place: str) -> Iterator[RawResume]:
    for number, line in lines(stream, place):
        where = f"{place}: line {number}"
        parts = line.split(_SEPARATOR, 2)
        if len(parts) < 3:
            raise InputError(where, f"{len(parts) - 1} of two ':::'", ALLOWED)
        yield RawResume(where, parts[2], published_labels(parts[1], where))
