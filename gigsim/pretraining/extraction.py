"""Can text of a resume be read out of an encoder? Completing n-grams that only one resume holds.

Take runs of words that are in exactly one near-duplicate cluster of the *whole* corpus. Clusters
were put on the training or the test side at random, so such runs of both sides are draws from one
law; they differ in nothing but that the encoder was trained on one side. Hide the tail of each run,
have the encoder complete it from the head (greedily, or by the best of several beams), and compare
how often it does so word for word. What it completes on the test side, it cannot have read there:
it is what plain English allows. A rate on the training side above that of the test side, by more
than chance, is text learned by heart (Carlini et al. 2021).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gigsim.learners.ragged import Ragged
from gigsim.learners.threads import torch_settings
from gigsim.pretraining.vocabulary import CLS, MASK, SEP, SPECIAL, UNK
from gigsim.pretraining.words import Parts
from gigsim.resumes.corpus import Corpus
from gigsim.streams import Streams

#: Runs completed at a time.
_BATCH = 256

#: Resumes read at once: bounds memory, changes nothing.
_CHUNK = 1000


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs of pieces, each in exactly one cluster of the corpus, at most one a cluster.

    Attributes:
        ids: int64, shape (runs, words).
        trained: bool, shape (runs,): of the training side.
    """

    ids: NDArray[np.int64]
    trained: NDArray[np.bool_]


@dataclass(frozen=True)
class Extraction:
    """How often hidden tails are completed word for word.

    Attributes:
        head, tail: words shown, and words to complete.
        beams: kept while completing; 1 is greedy.
        trained_on, never_seen: runs of each side.
        reproduced_trained, reproduced_unseen: runs completed word for word.
        z: difference of the two rates over its standard error under equal rates (pooled two-sample
            z of proportions; runs are independent: one a cluster). 0 if nothing is completed.
    """

    head: int
    tail: int
    beams: int
    trained_on: int
    never_seen: int
    reproduced_trained: int
    reproduced_unseen: int
    z: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def unique_runs(
    corpus: Corpus, vocabulary: dict[str, int], *, words: int, tail: int, streams: Streams
) -> Runs:
    """One run of each cluster that has one which no other cluster holds.

    A candidate is drawn from each cluster, uniformly over its resumes' runs of known parts whose
    last ``tail`` parts are words; it is kept if no other cluster holds it.

    Args:
        corpus: the whole corpus, both sides.
        vocabulary: ids by entry.
        words: parts of a run.
        tail: of them, how many will be hidden.
        streams: gives the draws.
    """
    parts = Parts.of(corpus)
    ids = np.array([vocabulary.get(name, UNK) for name in parts.names], dtype=np.int64)
    is_word = np.array([name.isalpha() for name in parts.names], dtype=bool)
    codes = streams.generator("extraction/codes").integers(2**63, size=len(parts.names))
    draws = streams.generator("extraction/candidates")
    keys = np.full(len(corpus), -1.0)
    runs = np.zeros((len(corpus), words), dtype=np.int64)
    hashes = np.zeros(len(corpus), dtype=np.uint64)
    for rows, read, starts, owner in _starts(corpus, parts, words):
        missing = (ids == UNK)[read.values]
        unfit = (~is_word)[read.values]
        known = _none_of(missing, starts, words) & _none_of(unfit, starts + words - tail, tail)
        place, starts = owner[known], starts[known]
        best, first = _largest(draws.random(len(starts)), place, len(rows))
        there = first >= 0
        found = read.values[starts[first[there]][:, None] + np.arange(words)]
        keys[rows[there]] = best[there]
        runs[rows[there]] = found
        hashes[rows[there]] = _hashed(codes[found].ravel(), words)[::words]
    best, row = _largest(keys, corpus.clusters, int(corpus.clusters.max()) + 1)
    candidates = row[best >= 0]
    alone = _clusters_with(corpus, parts, codes, hashes[candidates], words) == 1
    kept = candidates[alone]
    return Runs(ids[runs[kept]], ~corpus.test_side[kept])


def extract(network: Any, runs: Runs, *, tail: int, beams: int = 1, threads: int = 1) -> Extraction:
    """Complete the tail of each run and compare the two sides.

    The tail is filled from left to right; what is not filled yet is ``[MASK]``, and special pieces
    are never filled in.

    Args:
        network: a ``BertForMaskedLM``.
        runs: of both sides.
        tail: pieces to hide.
        beams: likeliest beginnings that are kept.
        threads: of one operation.
    """
    done = []
    with torch_settings(threads, "cpu"), torch.inference_mode():
        for start in range(0, len(runs.ids), _BATCH):
            ids = runs.ids[start : start + _BATCH]
            done.append((_completed(network, ids[:, :-tail], tail, beams) == ids).all(axis=1))
    right = np.concatenate(done) if done else np.empty(0, dtype=bool)
    trained, unseen = right[runs.trained], right[~runs.trained]
    return Extraction(
        head=runs.ids.shape[1] - tail,
        tail=tail,
        beams=beams,
        trained_on=len(trained),
        never_seen=len(unseen),
        reproduced_trained=int(trained.sum()),
        reproduced_unseen=int(unseen.sum()),
        z=z_of(int(trained.sum()), len(trained), int(unseen.sum()), len(unseen)),
    )


def z_of(one: int, of_one: int, two: int, of_two: int) -> float:
    """Pooled two-sample z of ``one / of_one`` above ``two / of_two``; 0 without any variation."""
    if not of_one or not of_two:
        return 0.0
    rate = (one + two) / (of_one + of_two)
    error = math.sqrt(rate * (1 - rate) * (1 / of_one + 1 / of_two))
    return (one / of_one - two / of_two) / error if error else 0.0


def _completed(network: Any, heads: NDArray[np.int64], tail: int, beams: int) -> NDArray[np.int64]:
    """Each head with its likeliest tail, shape (runs, words)."""
    n, head = heads.shape
    texts = torch.full((n, 1, head + tail + 2), MASK)
    texts[:, :, 0], texts[:, :, -1] = CLS, SEP
    texts[:, 0, 1 : head + 1] = torch.from_numpy(heads)
    scores = torch.zeros(n, 1)
    for position in range(head + 1, head + tail + 1):
        flat = texts.flatten(0, 1)
        hidden = network.bert(input_ids=flat).last_hidden_state[:, position]
        logs = network.cls(hidden).float()
        logs[:, : len(SPECIAL)] = -math.inf
        logs = logs.log_softmax(dim=1).view(n, texts.shape[1], -1)
        size = logs.shape[2]
        scores, best = (scores[:, :, None] + logs).flatten(1).topk(beams, dim=1)
        texts = texts.gather(1, (best // size)[:, :, None].expand(-1, -1, texts.shape[2])).clone()
        texts[:, :, position] = best % size
    return texts[:, 0, 1:-1].numpy()


def _starts(
    corpus: Corpus, parts: Parts, words: int
) -> Iterator[tuple[NDArray[np.int64], Ragged, NDArray[np.int64], NDArray[np.int64]]]:
    """(rows, their parts, where each run of ``words`` parts starts, its place among the rows)."""
    for first in range(0, len(corpus), _CHUNK):
        rows = np.arange(first, min(first + _CHUNK, len(corpus)))
        read = parts.read(corpus, rows)
        count = np.maximum(read.lengths - words + 1, 0)
        owner = np.repeat(np.arange(len(rows)), count)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        yield rows, read, read.offsets[owner] + within, owner


def _largest(
    keys: NDArray[np.float64], groups: NDArray[np.integer], size: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(largest key of each group, -1 without any; which element that is, -1 without any)."""
    order = np.lexsort((keys, groups))
    last = np.flatnonzero(np.append(np.diff(groups[order]), 1)) if len(order) else order
    best, which = np.full(size, -1.0), np.full(size, -1, dtype=np.int64)
    best[groups[order[last]]] = keys[order[last]]
    which[groups[order[last]]] = order[last]
    return best, which


def _none_of(flags: NDArray[np.bool_], starts: NDArray[np.int64], length: int) -> NDArray[np.bool_]:
    """Whether no flag is set in the ``length`` places from each start on."""
    before = np.concatenate([[0], np.cumsum(flags)])
    return before[starts + length] == before[starts]


def _hashed(codes: NDArray[np.int64], length: int) -> NDArray[np.uint64]:
    """A 64-bit number of the ``length`` codes from each place on; equal runs, equal numbers.

    Unequal runs have equal numbers once in about 2**64 pairs.
    """
    places = max(len(codes) - length + 1, 0)
    found = np.zeros(places, dtype=np.uint64)
    for k in range(length):
        found = found * np.uint64(0x9E3779B97F4A7C15) + codes[k : k + places].astype(np.uint64)
        found ^= found >> np.uint64(29)
    return found


def _clusters_with(
    corpus: Corpus,
    parts: Parts,
    codes: NDArray[np.int64],
    wanted: NDArray[np.uint64],
    words: int,
) -> NDArray[np.int64]:
    """How many clusters hold each of the wanted runs."""
    order = np.argsort(wanted, kind="stable")
    ordered = wanted[order]
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for rows, read, starts, owner in _starts(corpus, parts, words):
        hashes = _hashed(codes[read.values], words)[starts]
        at = np.searchsorted(ordered, hashes)
        at[at == len(ordered)] = 0
        hit = np.flatnonzero(ordered[at] == hashes) if len(ordered) else at[:0]
        pairs.append(np.stack([at[hit], corpus.clusters[rows[owner[hit]]]], axis=1))
    distinct = np.unique(np.concatenate(pairs), axis=0)
    counts = np.bincount(distinct[:, 0], minlength=len(wanted))
    # Equal runs of two clusters are found under the first of them.
    first = np.searchsorted(ordered, ordered)
    found = np.empty(len(wanted), dtype=np.int64)
    found[order] = counts[first]
    return found
