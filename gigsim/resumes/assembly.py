"""From resumes as they were found to a corpus: clean, number words, find duplicates, split.

The corpus keeps no name and no order of its source (the published one is by label): resumes are
sorted by the digest of their clean text. So the same resumes give the same bytes in whatever form
they came, and no stretch of the corpus says anything about a label.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.resumes import limits
from gigsim.resumes.cleaning import Cleaned, clean
from gigsim.resumes.corpus import OCCUPATIONS, Corpus
from gigsim.resumes.duplicates import near_duplicate_clusters
from gigsim.resumes.import_report import CleaningTally, ImportReport, import_report
from gigsim.resumes.source import RawResume, Source, refuse_number, refuse_size, refuse_total
from gigsim.resumes.split import content_digest, split_by_cluster

_TEXT_ALLOWED = "a resume is text, in UTF-8 or cp1252"
#: Control characters; tab to carriage return are whitespace.
_CONTROL = bytes({*range(0x20), 0x7F} - set(b"\t\n\v\f\r"))
#: Strange bytes that make no text binary, however short it is.
_FEW = 3


class _Row(NamedTuple):
    digest: bytes
    labels: frozenset[str]
    tokens: NDArray[np.uint32]


def assemble(
    source: Source,
    *,
    scrub: bool = True,
    progress: Callable[[str], object] | None = None,
) -> tuple[Corpus, ImportReport]:
    """Make a corpus of a source's resumes.

    Resumes without a label are kept (2.5 % of the published ones): the empty set is a label set.
    Resumes without a word left are dropped and counted. The labels of a table become the columns,
    sorted, unless all are ``OCCUPATIONS``: then these are, and the corpus is that of the published
    form.

    Args:
        source: what was opened.
        scrub: remove personal data (``cleaning.PERSONAL_KINDS``).
        progress: called now and then with a line of text about what is being done.

    Returns:
        The corpus and what was done to make it.

    Raises:
        InputError: whatever the source raises; a resume too large or no text; too much in all; too
            many labels or too few; no resume with a word.
    """
    tally = CleaningTally()
    # Words are numbered as they come and renumbered in the end, in order of the words.
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    rows: list[_Row] = []
    known: set[str] = set()
    bytes_read = 0
    for k, resume in enumerate(source.resumes, start=1):
        refuse_number(k, source.place)
        refuse_size(len(resume.text), resume.where)
        bytes_read += len(resume.text)
        refuse_total(bytes_read, source.place)
        if source.label_names is None and not resume.labels <= known:
            known |= resume.labels
            _refuse_many_labels(known, resume)
        cleaned = _cleaned(resume, scrub)
        tally.add(cleaned)
        if cleaned.text:
            tokens = map(numbers.__getitem__, cleaned.text.split())
            array = np.fromiter(tokens, dtype=np.uint32)
            rows.append(_Row(content_digest(cleaned.text), resume.labels, array))
        if progress is not None and (k % 256 == 0 or k == source.total):
            progress(f"read {k:,}{f' of {source.total:,}' if source.total else ''} resumes")
    if not rows:
        problem = "no resume has any text" if tally.read else "no resumes in it"
        raise InputError(source.place, problem, source.allowed)
    label_names = source.label_names or _label_names(known, source.place)
    if progress is not None:
        progress("looking for near-duplicates")
    kind = f"{source.kind}, {len(rows)} resumes"
    corpus = _corpus(rows, numbers, label_names, kind, scrub)
    report = import_report(corpus, tally, scrubbed=scrub, other_members=source.other_files)
    return corpus, report


def _cleaned(resume: RawResume, scrub: bool) -> Cleaned:
    """The clean resume; one that is no text is refused."""
    raw = resume.text
    if b"\0" in raw:
        raise InputError(
            resume.where, f"a NUL byte (byte {raw.index(0) + 1} of the text)", _TEXT_ALLOWED
        )
    cleaned = clean(raw, scrub=scrub, where=resume.where)
    strange = len(raw) - len(raw.translate(None, _CONTROL)) + cleaned.undefined_bytes
    if strange > max(_FEW, limits.BINARY_SHARE * len(raw)):
        raise InputError(
            resume.where,
            f"{strange:,} of {len(raw):,} bytes are control characters or undefined",
            _TEXT_ALLOWED,
        )
    return cleaned


def _refuse_many_labels(known: set[str], resume: RawResume) -> None:
    least, most = limits.LABELS
    if len(known) > most:
        raise InputError(
            resume.where,
            f"label number {len(known)}, {sorted(resume.labels)[-1][:80]!r}",
            f"a table may have {least} to {most} labels; is --separator right?",
        )


def _label_names(known: set[str], place: str) -> tuple[str, ...]:
    """The columns for the labels that a table was found to have."""
    least, most = limits.LABELS
    if known and known.issubset(OCCUPATIONS):
        return OCCUPATIONS
    if len(known) < least:
        found = f"one label, {min(known)[:80]!r}" if known else "no label"
        raise InputError(place, f"{found} in all", f"a table may have {least} to {most} labels")
    return tuple(sorted(known))


def _corpus(
    rows: list[_Row],
    numbers: dict[str, int],
    label_names: tuple[str, ...],
    kind: str,
    scrub: bool,
) -> Corpus:
    """Resumes with provisional tokens as a corpus, ordered by content."""
    words = sorted(numbers)
    renumbered = np.empty(len(words), dtype=np.uint32)
    renumbered[[numbers[word] for word in words]] = np.arange(len(words), dtype=np.uint32)
    flags = _label_rows({row.labels for row in rows}, label_names)
    rows.sort(key=lambda row: (row.digest, flags[row.labels]))
    identity = hashlib.blake2b(digest_size=8)
    if label_names != OCCUPATIONS:
        identity.update("\n".join(label_names).encode())
    for row in rows:
        identity.update(row.digest + flags[row.labels])
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row.tokens) for row in rows], out=offsets[1:])
    tokens = renumbered[np.concatenate([row.tokens for row in rows])]
    clusters = near_duplicate_clusters(words, tokens, offsets)
    return Corpus(
        words=tuple(words),
        tokens=tokens,
        offsets=offsets,
        labels=np.frombuffer(b"".join(flags[row.labels] for row in rows), dtype=np.bool_).reshape(
            len(rows), len(label_names)
        ),
        label_names=label_names,
        clusters=clusters,
        test_side=split_by_cluster([row.digest for row in rows], clusters),
        origin=(
            f"{kind}, content {identity.hexdigest()}, "
            f"personal data {'scrubbed' if scrub else 'NOT scrubbed'}"
        ),
    )


def _label_rows(
    sets: set[frozenset[str]], label_names: Sequence[str]
) -> dict[frozenset[str], bytes]:
    """The row of ``Corpus.labels`` of each label set, as bytes."""
    return {found: bytes(name in found for name in label_names) for found in sets}
