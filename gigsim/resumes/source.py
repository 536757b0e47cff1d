"""What every form of corpus is read into: resumes one by one, each with the place it came from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from gigsim.errors import InputError
from gigsim.resumes import limits
from gigsim.resumes.corpus import OCCUPATIONS

#: What the published forms call themselves in ``Corpus.origin``, and what tables do.
PUBLISHED = "published resume archive"
TABLE = "table of resumes"

_SEPARATED = re.compile(r"[;\r\n]")


@dataclass(frozen=True)
class RawResume:
    """One resume as it was found.

    Attributes:
        where: the file and the member, line or row in it, for errors.
        text: the bytes of its text, UTF-8 or cp1252.
        labels: its labels, checked; empty is a label set too.
    """

    where: str
    text: bytes
    labels: frozenset[str]


@dataclass(frozen=True)
class Source:
    """An opened source, whose resumes are read as they are asked for.

    Attributes:
        place: the file or folder, for errors.
        resumes: to be gone through once, while the source is open; raises InputError.
        allowed: what a source of this form looks like, for errors.
        kind: ``PUBLISHED`` or ``TABLE``: the first words of the corpus's origin.
        label_names: the labels of this form, or None where they are those found.
        total: number of resumes, where it is known beforehand.
        other_files: files that are none of the form's, not read.
    """

    place: str
    resumes: Iterable[RawResume]
    allowed: str
    kind: str
    label_names: tuple[str, ...] | None = None
    total: int | None = None
    other_files: int = 0


def published_labels(raw: bytes, where: str) -> frozenset[str]:
    """The labels of the published forms, separated by newlines or semicolons.

    Raises:
        InputError: a label that is not one of ``OCCUPATIONS``.
    """
    names = {name.strip() for name in _SEPARATED.split(raw.decode("utf-8", "replace"))} - {""}
    for name in sorted(names.difference(OCCUPATIONS)):
        raise InputError(
            where, f"unknown label {name[:80]!r}", f"labels are {', '.join(OCCUPATIONS)}"
        )
    return frozenset(names)


def shown(name: str) -> str:
    """A name from a foreign source, fit for an error: quoted, on one line, not endless."""
    return repr(name if len(name) <= 120 else f"{name[:117]}...")


def reason(error: BaseException) -> str:
    """What a library said of damaged bytes, which it may quote, fit for an error."""
    return plain(str(error) or type(error).__name__)


def plain(text: str) -> str:
    """Foreign text without what cannot be printed, and not endless."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable if len(printable) <= 200 else f"{printable[:197]}..."


def is_plain(name: str) -> bool:
    """Whether a name can be printed as it is: no control, format or half characters, no breaks."""
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in name)


def refuse_size(size: int, where: str) -> None:
    """Refuse a resume, or its labels, of more than ``limits.RESUME_BYTES``."""
    if size > limits.RESUME_BYTES:
        raise InputError(where, f"{size:,} bytes", f"a resume may have {limits.RESUME_BYTES:,}")


def refuse_total(size: int, where: str) -> None:
    """Refuse a source of more than ``limits.TOTAL_BYTES``, uncompressed."""
    if size > limits.TOTAL_BYTES:
        raise InputError(
            where,
            f"more than {limits.TOTAL_BYTES:,} bytes uncompressed",
            f"at most {limits.TOTAL_BYTES:,} are read",
        )


def refuse_number(number: int, where: str) -> None:
    """Refuse a source of more than ``limits.RESUMES`` resumes."""
    if number > limits.RESUMES:
        raise InputError(
            where,
            f"more than {limits.RESUMES:,} resumes",
            f"at most {limits.RESUMES:,} are read",
        )


def refuse_ratio(size: int, packed: int, where: str) -> None:
    """Refuse what grows more than ``limits.RATIO`` times when it is uncompressed."""
    if size > max(limits.RATIO_FROM, limits.RATIO * packed):
        raise InputError(
            where,
            f"{packed:,} bytes that unpack to {size:,} or more",
            f"at most {limits.RATIO} times as many are read: text packs no better",
        )
