"""Reading the published resume archive (Jiechieu and Tsopze 2020) as a corpus.

The archive holds ``NNNNN.txt`` (one resume) and ``NNNNN.lab`` (its labels, one a line, possibly
none) for each resume. It is read in memory, member by member; nothing is unpacked to disk.

The corpus keeps no file name and does not keep the archive's order, which is by label: resumes are
sorted by the digest of their clean text. So the same resumes give the same bytes however the
archive was packed, and no stretch of the corpus says anything about a label.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.resumes.cleaning import Cleaned, clean
from gigsim.resumes.corpus import OCCUPATIONS, Corpus
from gigsim.resumes.duplicates import near_duplicate_clusters
from gigsim.resumes.import_report import CleaningTally, ImportReport, import_report
from gigsim.resumes.split import content_digest, split_by_cluster

#: Uncompressed sizes beyond which an archive is not the published one (171 MB in all, 88 kB the
#: largest member) but a mistake or a bomb.
MAX_MEMBER_BYTES = 4 << 20
MAX_TOTAL_BYTES = 2 << 30

_ALLOWED = "the published archive is needed: a zip of NNNNN.txt and NNNNN.lab files"
_ENCRYPTED = 0x1
#: The count of members that says "more than 65,534, look elsewhere".
_ZIP64 = 0xFFFF
_DRIVE = re.compile(r"[A-Za-z]:")
#: What zipfile raises on damaged files (NotImplementedError: features that a flipped bit claims).
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)


def import_archive(
    source: Path | str,
    *,
    scrub: bool = True,
    progress: Callable[[str], object] | None = None,
) -> tuple[Corpus, ImportReport]:
    """Read the archive as published: clean, cluster and split its resumes.

    Resumes without a label are kept (2.5 % of the published ones): the empty set is a label set.
    Resumes without a word left are dropped and counted. A pure function of the archive's content:
    neither names nor order of its members change the result.

    Args:
        source: the zip file.
        scrub: remove personal data (``cleaning.PERSONAL_KINDS``).
        progress: called now and then with a line of text about what is being done.

    Returns:
        The corpus and what was done to make it.

    Raises:
        InputError: no such file, not a zip or broken; a member too large, encrypted, with an
            unsafe or a repeated name; a resume without labels file or the reverse; an unknown
            label; no resumes.
    """
    source = Path(source)
    tally = CleaningTally()
    # Words are numbered as they come and renumbered in the end, in order of the words.
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    rows: list[tuple[bytes, bytes, NDArray[np.uint32]]] = []
    with _open(source) as archive:
        stems, others = _members(archive, source)
        for k, stem in enumerate(stems):
            cleaned, labels = _resume(archive, source, stem, scrub)
            tally.add(cleaned)
            if cleaned.text:
                tokens = map(numbers.__getitem__, cleaned.text.split())
                array = np.fromiter(tokens, dtype=np.uint32)
                rows.append((content_digest(cleaned.text), labels.tobytes(), array))
            if progress is not None and (k % 256 == 255 or k + 1 == len(stems)):
                progress(f"read {k + 1:,} of {len(stems):,} resumes")
    if not rows:
        raise InputError(str(source), "no resume has any text", _ALLOWED)
    if progress is not None:
        progress("looking for near-duplicates")
    corpus = _corpus(rows, numbers, scrub)
    return corpus, import_report(corpus, tally, scrubbed=scrub, other_members=others)


def _open(source: Path) -> zipfile.ZipFile:
    if not source.exists():
        raise InputError(str(source), "no such file", _ALLOWED)
    if not source.is_file():
        raise InputError(str(source), "not a file", _ALLOWED)
    try:
        archive = zipfile.ZipFile(source)
        listed = _listed_members(source)
    except _BROKEN_ZIP as error:
        raise InputError(str(source), f"not a readable zip file ({error})", _ALLOWED) from error
    # A damaged length in the directory makes zipfile step over members without a word.
    if listed not in (len(archive.infolist()), _ZIP64):
        archive.close()
        raise InputError(
            str(source), f"{len(archive.infolist())} of {listed} members are listed", _ALLOWED
        )
    return archive


def _listed_members(source: Path) -> int:
    """The number of members that the last record of the zip claims (APPNOTE.TXT 4.3.16)."""
    with source.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - (1 << 16) - 22))
        tail = stream.read()
    return int(struct.unpack_from("<H", tail, tail.rindex(b"PK\x05\x06") + 10)[0])


def _members(archive: zipfile.ZipFile, source: Path) -> tuple[list[str], int]:
    """Names of the resumes without their suffix, sorted, and the number of other files.

    Everything the directory of the zip can tell is checked before anything is decompressed.
    """
    infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
    total = 0
    for info in infos:
        where = f"{source}: {info.filename!r}"
        name = info.orig_filename
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or _DRIVE.match(name):
            raise InputError(where, "a name that leads out of the archive", _ALLOWED)
        if not name or "\0" in name:
            raise InputError(where, "a name that is cut short", _ALLOWED)
        if info.flag_bits & _ENCRYPTED:
            raise InputError(where, "encrypted", _ALLOWED)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError(
                where,
                f"compression method {info.compress_type}",
                "members are to be stored or deflated, as published",
            )
        if info.file_size > MAX_MEMBER_BYTES:
            raise InputError(
                where, f"{info.file_size} bytes", f"a member may have {MAX_MEMBER_BYTES}"
            )
        total += info.file_size
    if total > MAX_TOTAL_BYTES:
        raise InputError(
            str(source), f"{total} bytes uncompressed", f"at most {MAX_TOTAL_BYTES} are read"
        )
    repeated = [name for name, k in Counter(info.filename for info in infos).items() if k > 1]
    if repeated:
        raise InputError(f"{source}: {repeated[0]!r}", "the name occurs twice", _ALLOWED)
    texts = {info.filename[:-4] for info in infos if info.filename.endswith(".txt")}
    labels = {info.filename[:-4] for info in infos if info.filename.endswith(".lab")}
    for stem in sorted(texts ^ labels):
        found, missing = (".txt", ".lab") if stem in texts else (".lab", ".txt")
        raise InputError(f"{source}: {stem + found!r}", f"has no {missing} beside it", _ALLOWED)
    if not texts:
        raise InputError(str(source), "no resumes in it", _ALLOWED)
    return sorted(texts), len(infos) - 2 * len(texts)


def _resume(
    archive: zipfile.ZipFile, source: Path, stem: str, scrub: bool
) -> tuple[Cleaned, NDArray[np.bool_]]:
    """One clean resume and its labels, bool, shape (10,)."""
    raw = _read(archive, source, stem + ".txt")
    cleaned = clean(raw, scrub=scrub, where=f"{source}: {stem + '.txt'!r}")
    labels = np.zeros(len(OCCUPATIONS), dtype=np.bool_)
    for line in _read(archive, source, stem + ".lab").decode("utf-8", "replace").splitlines():
        name = line.strip()
        if name and name not in OCCUPATIONS:
            raise InputError(
                f"{source}: {stem + '.lab'!r}",
                f"unknown label {name[:80]!r}",
                f"labels are {', '.join(OCCUPATIONS)}, one a line",
            )
        if name:
            labels[OCCUPATIONS.index(name)] = True
    return cleaned, labels


def _read(archive: zipfile.ZipFile, source: Path, name: str) -> bytes:
    try:
        # Never more than the size that was checked: zipfile stops there and compares the CRC.
        return archive.read(name)
    except _BROKEN_ZIP as error:
        reason = str(error) or type(error).__name__
        raise InputError(f"{source}: {name!r}", f"unreadable ({reason})", _ALLOWED) from error


def _corpus(
    rows: list[tuple[bytes, bytes, NDArray[np.uint32]]], numbers: dict[str, int], scrub: bool
) -> Corpus:
    """Resumes (digest, label row, provisional tokens) as a corpus, ordered by content."""
    words = sorted(numbers)
    renumbered = np.empty(len(words), dtype=np.uint32)
    renumbered[[numbers[word] for word in words]] = np.arange(len(words), dtype=np.uint32)
    rows.sort(key=lambda row: row[:2])
    digests = [digest for digest, _, _ in rows]
    identity = hashlib.blake2b(digest_size=8)
    for digest, labels, _ in rows:
        identity.update(digest + labels)
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(tokens) for _, _, tokens in rows], out=offsets[1:])
    tokens = renumbered[np.concatenate([tokens for _, _, tokens in rows])]
    clusters = near_duplicate_clusters(words, tokens, offsets)
    return Corpus(
        words=tuple(words),
        tokens=tokens,
        offsets=offsets,
        labels=np.frombuffer(b"".join(labels for _, labels, _ in rows), dtype=np.bool_).reshape(
            len(rows), len(OCCUPATIONS)
        ),
        label_names=OCCUPATIONS,
        clusters=clusters,
        test_side=split_by_cluster(digests, clusters),
        origin=(
            f"published resume archive, {len(rows)} resumes, content {identity.hexdigest()}, "
            f"personal data {'scrubbed' if scrub else 'NOT scrubbed'}"
        ),
    )
