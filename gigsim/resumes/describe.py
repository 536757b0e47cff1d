"""What is in a corpus: the numbers behind ``gigsim corpus describe``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gigsim.resumes.corpus import Corpus
from gigsim.resumes.import_report import cluster_counts, label_shares

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def describe(corpus: Corpus) -> dict[str, Any]:
    """Sizes, labels, lengths, near-duplicates and split, as plain values ready for JSON.

    Returns:
        ``resumes``, ``words``, ``distinct_words`` (entries of the word table); ``labels``: for each
        label its ``resumes`` and ``share``; ``label_sets``: number of distinct ones, ``empty`` ones
        (resumes), and ``cardinality``: resumes by number of labels, with its mean; ``lengths`` in
        words: mean and quantiles ("0%" to "100%"), empty for an empty corpus;
        ``near_duplicates``: resumes, clusters and largest cluster; ``split``: resumes, clusters and
        label shares of each side; ``origin``.
    """
    cardinality = corpus.labels.sum(axis=1)
    duplicates, clusters, largest = cluster_counts(corpus)
    counts = corpus.labels.sum(axis=0)
    return {
        "origin": corpus.origin,
        "resumes": len(corpus),
        "words": len(corpus.tokens),
        "distinct_words": len(corpus.words),
        "labels": {
            name: {"resumes": int(count), "share": share}
            for count, (name, share) in zip(counts, label_shares(corpus).items(), strict=True)
        },
        "label_sets": {
            "distinct": len(np.unique(np.packbits(corpus.labels, axis=1), axis=0)),
            "empty": int((cardinality == 0).sum()),
            "cardinality": {k: int(n) for k, n in enumerate(np.bincount(cardinality))},
            "cardinality_mean": float(cardinality.mean()) if len(corpus) else 0.0,
        },
        "lengths": _lengths(corpus),
        "near_duplicates": {"resumes": duplicates, "clusters": clusters, "largest": largest},
        "split": {
            "training": _side(corpus, ~corpus.test_side),
            "test": _side(corpus, corpus.test_side),
        },
    }


def describe_lines(facts: Mapping[str, Any]) -> list[str]:
    """The facts of :func:`describe` as text for a person, one fact a line."""
    sets, duplicates = facts["label_sets"], facts["near_duplicates"]
    training, test = facts["split"]["training"], facts["split"]["test"]
    lines = [
        facts["origin"] or "origin not recorded",
        f"{facts['resumes']:,} resumes, {facts['words']:,} words, "
        f"{facts['distinct_words']:,} distinct",
        "words a resume: "
        + ", ".join(f"{name} {value:,.0f}" for name, value in facts["lengths"].items()),
        f"{sets['distinct']:,} label sets, {sets['cardinality_mean']:.2f} labels a resume, "
        f"{sets['empty']:,} resumes without a label",
        f"near-duplicates: {duplicates['resumes']:,} resumes in {duplicates['clusters']:,} "
        f"clusters, the largest of {duplicates['largest']:,}",
        f"split by cluster: {training['resumes']:,} resumes to train on, "
        f"{test['resumes']:,} to test on",
    ]
    return lines + [
        f"{name}: {label['resumes']:,} ({label['share']:.1%}; "
        f"training side {training['label_shares'][name]:.1%}, "
        f"test side {test['label_shares'][name]:.1%})"
        for name, label in facts["labels"].items()
    ]


def _lengths(corpus: Corpus) -> dict[str, float]:
    if not len(corpus):
        return {}
    values = np.quantile(corpus.lengths, QUANTILES)
    quantiles = {f"{q:.0%}": float(v) for q, v in zip(QUANTILES, values, strict=True)}
    return {"mean": float(corpus.lengths.mean()), **quantiles}


def _side(corpus: Corpus, rows: np.ndarray) -> dict[str, Any]:
    side = corpus.select(np.flatnonzero(rows))
    return {
        "resumes": len(side),
        "clusters": len(np.unique(side.clusters)),
        "label_shares": label_shares(side),
    }
