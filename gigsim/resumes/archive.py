"""Reading the published resume archive (Jiechieu and Tsopze 2020).

The archive holds ``NNNNN.txt`` (one resume) and ``NNNNN.lab`` (its labels, one a line, possibly
none) for each resume, or all resumes in one file (``resumes.one_file``). It is read in memory,
member by member; nothing is unpacked to disk, and no archive inside the archive is opened.

Everything that the zip's directory can tell is checked before anything is decompressed.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from gigsim.errors import InputError
from gigsim.resumes import limits, one_file
from gigsim.resumes.assembly import assemble
from gigsim.resumes.bounded import DAMAGED, Bounded, open_regular
from gigsim.resumes.corpus import OCCUPATIONS, Corpus
from gigsim.resumes.import_report import ImportReport
from gigsim.resumes.members import LABELS, TEXT, resume_stems
from gigsim.resumes.source import (
    PUBLISHED,
    RawResume,
    Source,
    published_labels,
    reason,
    refuse_ratio,
    refuse_size,
    refuse_total,
    shown,
)

ALLOWED = (
    "the published archive is needed: a zip of NNNNN.txt and NNNNN.lab files, or of one file with"
    f" {one_file.FORM} in each line"
)

_ENCRYPTED = 0x1
_DRIVE = re.compile(r"[A-Za-z]:")
_BROKEN_ZIP = (*DAMAGED, struct.error)
_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x07"
#: Bytes of the last record and of what may follow it, and of the record before it in zip64.
_END_BYTES, _END_64_BYTES = 22, 20
#: Bytes before a member's name and content.
_HEADER_BYTES = 30


def import_archive(
    source: Path | str,
    *,
    scrub: bool = True,
    progress: Callable[[str], object] | None = None,
) -> tuple[Corpus, ImportReport]:
    """Read the archive as published: clean, cluster and split its resumes.

    A pure function of the archive's content: neither names nor order of its members change it.

    Args:
        source: the zip file.
        scrub: remove personal data (``cleaning.PERSONAL_KINDS``).
        progress: called now and then with a line of text about what is being done.

    Returns:
        The corpus and what was done to make it.

    Raises:
        InputError: what :func:`open_archive` and :func:`~gigsim.resumes.assembly.assemble` raise.
    """
    with open_archive(Path(source)) as opened:
        return assemble(opened, scrub=scrub, progress=progress)


@contextmanager
def open_archive(path: Path) -> Iterator[Source]:
    """The zip as a source of resumes.

    Raises:
        InputError: no such file, not a zip or broken; a member too large, packed too well,
            overlapping another, encrypted, no regular file, with an unsafe or a repeated name; a
            resume without labels file or the reverse; an unknown label; no resumes.
    """
    place = str(path)
    with ExitStack() as stack:
        file = stack.enter_context(os.fdopen(open_regular(path, place, ALLOWED), "rb"))
        try:
            listed = _listed_members(file, place)
            archive = stack.enter_context(zipfile.ZipFile(file))
        except _BROKEN_ZIP as error:
            raise InputError(
                place, f"not a readable zip file ({reason(error)})", ALLOWED
            ) from error
        # A damaged length in the directory makes zipfile step over members without a word.
        found = archive.infolist()
        if listed != len(found):
            raise InputError(place, f"{len(found)} of {listed} members are listed", ALLOWED)
        files = [info for info in found if not info.filename.endswith("/")]
        _check(found, archive.start_dir, place)
        single = _single_text(files)
        if single is not None:
            inner = cast(BinaryIO, stack.enter_context(_opened(archive, place, single)))
            where = f"{place}: {shown(single.filename)}"
            stream = Bounded(inner, where, ALLOWED, single.compress_size)
            yield one_file.source(cast(BinaryIO, io.BufferedReader(stream)), where)
            return
        for info in files:
            where = f"{place}: {shown(info.filename)}"
            refuse_size(info.file_size, where)
        stems, others = resume_stems([info.filename for info in files], place, ALLOWED)
        yield Source(
            place=place,
            resumes=_resumes(archive, place, stems),
            allowed=ALLOWED,
            kind=PUBLISHED,
            label_names=OCCUPATIONS,
            total=len(stems),
            other_files=others,
        )


def _listed_members(file: BinaryIO, place: str) -> int:
    """The number of members that the last record of the zip claims (APPNOTE.TXT 4.3.14, 4.3.16).

    Its size is looked at too: zipfile reads the whole directory before it says a word.
    """
    start = max(0, file.seek(0, os.SEEK_END) - (1 << 16) - _END_BYTES - _END_64_BYTES)
    file.seek(start)
    tail = file.read()
    end = tail.rindex(_END)
    listed, size = struct.unpack_from("<HI", tail, end + 10)
    locator = end - _END_64_BYTES
    if locator >= 0 and tail[locator : locator + 4] == _END_64:
        # Zip64: as zipfile does, the larger record is expected right before its locator.
        file.seek(start + locator - 56)
        listed, size = struct.unpack_from("<QQ", file.read(56), 32)
    file.seek(0)
    if size > limits.DIRECTORY_BYTES:
        raise InputError(
            place,
            f"a directory of {size:,} bytes",
            f"at most {limits.DIRECTORY_BYTES:,} are read",
        )
    return int(listed)


def _check(infos: list[zipfile.ZipInfo], end: int, place: str) -> None:
    """Refuse what no honest archive of resumes has in its directory; ``end``: where that begins."""
    total = 0
    for info in infos:
        where = f"{place}: {shown(info.filename)}"
        name = info.orig_filename
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or _DRIVE.match(name):
            raise InputError(where, "a name that leads out of the archive", ALLOWED)
        if not name or "\0" in name:
            raise InputError(where, "a name that is cut short", ALLOWED)
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            what = "a symbolic link" if kind == stat.S_IFLNK else "neither a file nor a folder"
            raise InputError(where, what, "an archive may hold plain files only")
        if info.flag_bits & _ENCRYPTED:
            raise InputError(where, "encrypted", ALLOWED)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError(
                where,
                f"compression method {info.compress_type}",
                "members are to be stored or deflated, as published",
            )
        total += info.file_size
        refuse_total(total, place)
        refuse_ratio(info.file_size, info.compress_size, where)
    by_offset = sorted(infos, key=lambda info: info.header_offset)
    starts = [info.header_offset for info in by_offset] + [end]
    for info, (begin, following) in zip(by_offset, pairwise(starts), strict=True):
        least = _HEADER_BYTES + len(info.orig_filename) + info.compress_size
        if begin + least > following:
            raise InputError(
                f"{place}: {shown(info.filename)}", "overlaps what comes after it", ALLOWED
            )


def _single_text(files: list[zipfile.ZipInfo]) -> zipfile.ZipInfo | None:
    """The one text file of an archive that holds nothing else but what macOS adds."""
    files = [info for info in files if not info.filename.startswith("__MACOSX/")]
    return files[0] if len(files) == 1 and files[0].filename.endswith(TEXT) else None


def _resumes(archive: zipfile.ZipFile, place: str, stems: list[str]) -> Iterator[RawResume]:
    for stem in stems:
        labels = f"{place}: {shown(stem + LABELS)}"
        yield RawResume(
            where=f"{place}: {shown(stem + TEXT)}",
            text=_read(archive, place, stem + TEXT),
            labels=published_labels(_read(archive, place, stem + LABELS), labels),
        )


def _read(archive: zipfile.ZipFile, place: str, name: str) -> bytes:
    try:
        # Never more than the size that was checked: zipfile stops there and compares the CRC.
        return archive.read(name)
    except _BROKEN_ZIP as error:
        where = f"{place}: {shown(name)}"
        raise InputError(where, f"unreadable ({reason(error)})", ALLOWED) from error


def _opened(archive: zipfile.ZipFile, place: str, info: zipfile.ZipInfo) -> zipfile.ZipExtFile:
    try:
        return cast(zipfile.ZipExtFile, archive.open(info))
    except _BROKEN_ZIP as error:
        where = f"{place}: {shown(info.filename)}"
        raise InputError(where, f"unreadable ({reason(error)})", ALLOWED) from error
