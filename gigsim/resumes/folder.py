"""Reading the published archive from the folder that it was extracted to.

No symbolic link is followed below the folder itself, and pipes, sockets and devices are refused
before they are opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gigsim.errors import InputError
from gigsim.resumes import limits
from gigsim.resumes.bounded import open_regular
from gigsim.resumes.corpus import OCCUPATIONS
from gigsim.resumes.members import LABELS, TEXT, resume_stems
from gigsim.resumes.source import (
    PUBLISHED,
    RawResume,
    Source,
    published_labels,
    refuse_size,
    refuse_total,
    shown,
)

ALLOWED = "the extracted archive is needed: a folder of NNNNN.txt and NNNNN.lab files"


@contextmanager
def open_folder(path: Path) -> Iterator[Source]:
    """The folder and all folders in it as a source of resumes.

    Raises:
        InputError: no such folder; one that cannot be read, or lies too deep; anything that is
            neither file nor folder; a file too large, or with a name that is no text or occurs
            twice; a resume without labels file or the reverse; an unknown label; no resumes.
    """
    place = str(path)
    if not os.path.isdir(path):  # noqa: PTH112 - no exceptions for names that are too long
        found = os.path.lexists(path)
        raise InputError(place, "not a folder" if found else "no such folder", ALLOWED)
    names = _names(path)
    stems, others = resume_stems(names, place, ALLOWED)
    yield Source(
        place=place,
        resumes=_resumes(place, stems),
        allowed=ALLOWED,
        kind=PUBLISHED,
        label_names=OCCUPATIONS,
        total=len(stems),
        other_files=others,
    )


def _names(root: Path) -> list[str]:
    """All files, by their paths from the root, with ``/`` between the parts; sizes are checked."""
    place = str(root)
    names: list[str] = []
    entries = total = 0
    pending = [""]
    while pending:
        inner = pending.pop()
        if inner.count("/") > limits.DEPTH:
            raise InputError(
                f"{place}: {shown(inner)}",
                f"lies more than {limits.DEPTH} folders deep",
                ALLOWED,
            )
        for entry in _scanned(place, inner):
            name = inner + entry.name
            where = f"{place}: {shown(name)}"
            entries += 1
            if entries > limits.ENTRIES:
                raise InputError(
                    place,
                    f"more than {limits.ENTRIES:,} files and folders",
                    f"at most {limits.ENTRIES:,} are looked at",
                )
            if entry.is_symlink():
                raise InputError(
                    where, "a symbolic link", "a folder of resumes may hold plain files only"
                )
            if entry.is_dir(follow_symlinks=False):
                pending.append(name + "/")
            elif not entry.is_file(follow_symlinks=False):
                raise InputError(
                    where,
                    "neither a file nor a folder",
                    "a folder of resumes may hold plain files only",
                )
            else:
                names.append(name)
                if name.endswith((TEXT, LABELS)):
                    total += _size(entry, where)
                    refuse_total(total, place)
    return names


def _scanned(place: str, inner: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(os.path.join(place, inner)) as entries:  # noqa: PTH118 - any name at all
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        where = f"{place}: {shown(inner)}" if inner else place
        raise InputError(where, f"cannot be read ({error.strerror})", ALLOWED) from error


def _size(entry: os.DirEntry[str], where: str) -> int:
    try:
        size = entry.stat(follow_symlinks=False).st_size
    except OSError as error:
        raise InputError(where, f"cannot be read ({error.strerror})", ALLOWED) from error
    refuse_size(size, where)
    return size


def _resumes(place: str, stems: list[str]) -> Iterator[RawResume]:
    for stem in stems:
        text, labels = (f"{place}: {shown(stem + ending)}" for ending in (TEXT, LABELS))
        yield RawResume(
            where=text,
            text=_read(place, stem + TEXT, text),
            labels=published_labels(_read(place, stem + LABELS, labels), labels),
        )


def _read(place: str, name: str, where: str) -> bytes:
    # What was a plain file when it was looked at may be a link or a pipe by now.
    descriptor = open_regular(os.path.join(place, name), where, ALLOWED, follow=False)  # noqa: PTH118
    with os.fdopen(descriptor, "rb") as file:
        try:
            raw = file.read(limits.RESUME_BYTES + 1)
        except OSError as error:
            raise InputError(where, f"cannot be read ({error.strerror})", ALLOWED) from error
    refuse_size(len(raw), where)
    return raw
