"""What an import did: counts only, no text and no file names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from gigsim.resumes.cleaning import PERSONAL_KINDS, Cleaned
from gigsim.resumes.corpus import Corpus


@dataclass
class CleaningTally:
    """Running sums over cleaned resumes: how many were touched (``resumes``), how often (``hits``).

    Keys are the encodings, ``tags``, ``entities``, ``undefined_bytes``, ``empty`` and
    ``PERSONAL_KINDS``.
    """

    read: int = 0
    resumes: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)

    def add(self, cleaned: Cleaned) -> None:
        """Count one resume."""
        self.read += 1
        counts = {
            cleaned.encoding: 1,
            "tags": cleaned.tags,
            "entities": cleaned.entities,
            "undefined_bytes": cleaned.undefined_bytes,
            "empty": int(not cleaned.text),
            **cleaned.personal,
        }
        self.hits.update(counts)
        self.resumes.update(kind for kind, count in counts.items() if count)


@dataclass(frozen=True)
class ImportReport:
    """Counts of one import; in resumes unless the name says otherwise.

    Attributes:
        read: in the source.
        other_members: files of an archive or folder that are neither texts nor labels, not read.
        utf8, cp1252: decoded as such.
        undefined_bytes: bytes that cp1252 does not define, kept as U+FFFD.
        with_markup, tags: resumes that held tags, tags removed.
        with_entities, entities: the same of HTML entities.
        scrubbed: whether personal data was looked for.
        personal: for each kind, (resumes touched, hits removed).
        empty_dropped: without a word after cleaning.
        kept: in the corpus.
        empty_label_sets: kept, without a label.
        near_duplicates, near_duplicate_clusters, largest_cluster: resumes in clusters of two and
            more, number of those clusters, resumes in the largest.
        training_side, test_side: resumes on each side of the split.
        words, distinct_words: whitespace-delimited.
        label_shares: share of kept resumes that carry each label.
    """

    read: int
    other_members: int
    utf8: int
    cp1252: int
    undefined_bytes: int
    with_markup: int
    tags: int
    with_entities: int
    entities: int
    scrubbed: bool
    personal: dict[str, tuple[int, int]]
    empty_dropped: int
    kept: int
    empty_label_sets: int
    near_duplicates: int
    near_duplicate_clusters: int
    largest_cluster: int
    training_side: int
    test_side: int
    words: int
    distinct_words: int
    label_shares: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """The counts as plain values, ready for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The counts as text for a person, one fact a line."""
        share = _share_of(self.kept)
        lines = [
            f"read {self.read:,} resumes: {self.utf8:,} as UTF-8, {self.cp1252:,} as cp1252"
            f" ({self.undefined_bytes:,} undefined bytes)",
            f"markup removed from {self.with_markup:,} resumes ({self.tags:,} tags),"
            f" entities unescaped in {self.with_entities:,} ({self.entities:,})",
        ]
        if self.other_members:
            lines.append(f"{self.other_members:,} other files beside the resumes were not read")
        if self.scrubbed:
            lines += [
                f"scrubbed {kind.replace('_', ' ')}: {hits:,} in {resumes:,} resumes"
                for kind, (resumes, hits) in self.personal.items()
            ]
        else:
            lines.append("personal data was NOT scrubbed: do not share this corpus")
        lines += [
            f"kept {self.kept:,} resumes ({self.empty_dropped:,} without a word dropped),"
            f" {self.empty_label_sets:,} of them without a label{share(self.empty_label_sets)}",
            f"near-duplicates: {self.near_duplicates:,} resumes{share(self.near_duplicates)} in"
            f" {self.near_duplicate_clusters:,} clusters, the largest of {self.largest_cluster:,}",
            f"split by cluster: {self.training_side:,} resumes to train on,"
            f" {self.test_side:,} to test on",
            f"{self.words:,} words, {self.distinct_words:,} distinct",
        ]
        return lines + [f"{name}: {value:.1%}" for name, value in self.label_shares.items()]


def import_report(
    corpus: Corpus, tally: CleaningTally, *, scrubbed: bool, other_members: int
) -> ImportReport:
    """The report on this corpus, made from resumes that were tallied as they were cleaned."""
    near_duplicates, clusters, largest = cluster_counts(corpus)
    test_side = int(corpus.test_side.sum())
    return ImportReport(
        read=tally.read,
        other_members=other_members,
        utf8=tally.resumes["utf-8"],
        cp1252=tally.resumes["cp1252"],
        undefined_bytes=tally.hits["undefined_bytes"],
        with_markup=tally.resumes["tags"],
        tags=tally.hits["tags"],
        with_entities=tally.resumes["entities"],
        entities=tally.hits["entities"],
        scrubbed=scrubbed,
        personal={kind: (tally.resumes[kind], tally.hits[kind]) for kind in PERSONAL_KINDS},
        empty_dropped=tally.resumes["empty"],
        kept=len(corpus),
        empty_label_sets=int((~corpus.labels.any(axis=1)).sum()),
        near_duplicates=near_duplicates,
        near_duplicate_clusters=clusters,
        largest_cluster=largest,
        training_side=len(corpus) - test_side,
        test_side=test_side,
        words=len(corpus.tokens),
        distinct_words=len(corpus.words),
        label_shares=label_shares(corpus),
    )


def cluster_counts(corpus: Corpus) -> tuple[int, int, int]:
    """Resumes in clusters of two and more, number of those clusters, size of the largest."""
    sizes = np.unique(corpus.clusters, return_counts=True)[1]
    several = sizes[sizes > 1]
    return int(several.sum()), len(several), int(several.max(initial=0))


def label_shares(corpus: Corpus) -> dict[str, float]:
    """Share of the resumes that carry each label, in [0, 1]; zero in an empty corpus."""
    counts = corpus.labels.sum(axis=0)
    return {
        name: int(count) / max(1, len(corpus))
        for name, count in zip(corpus.label_names, counts, strict=True)
    }


def _share_of(total: int) -> Callable[[int], str]:
    return lambda part: f" ({part / max(1, total):.1%})"
