"""The text of pretraining: windows over whole resumes, each near-duplicate cluster once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.ragged import Ragged
from gigsim.pretraining.vocabulary import CLS, SEP, UNK, Pieces
from gigsim.pretraining.words import Parts
from gigsim.resumes.corpus import Corpus
from gigsim.streams import Streams

#: Resumes read at once: bounds memory, changes nothing.
_CHUNK = 1000


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of one length, without padding.

    Attributes:
        ids: uint16, shape (windows, length), ``[CLS]`` first and ``[SEP]`` last.
        resumes: read, one of each cluster of near-duplicates.
        too_short: of those, how many are shorter than a window and left out.
        pieces: read, in all.
        unknown: share of the pieces that are ``[UNK]``.
    """

    ids: NDArray[np.uint16]
    resumes: int
    too_short: int
    pieces: int
    unknown: float


def representatives(corpus: Corpus) -> NDArray[np.int64]:
    """The first resume of each near-duplicate cluster, ascending.

    What is trained on fifty times is learned by heart; near-duplicates are the same text.
    """
    return np.sort(np.unique(corpus.clusters, return_index=True)[1])


def cut_windows(
    corpus: Corpus, parts: Parts, pieces: Pieces, *, length: int, split: float, streams: Streams
) -> Windows:
    """Cut resumes into windows, the last one flush with the resume's end.

    Args:
        corpus: the training side.
        parts: of this corpus.
        pieces: the vocabulary.
        length: of a window, the two special pieces included.
        split: share of the words that can be split that are (``Pieces.read``).
        streams: gives the draws for that.
    """
    rows = representatives(corpus)
    body = length - 2
    cut: list[NDArray[np.uint16]] = [np.empty((0, length), dtype=np.uint16)]
    read_pieces = unknown = too_short = 0
    for chunk, start in enumerate(range(0, len(rows), _CHUNK)):
        read = parts.read(corpus, rows[start : start + _CHUNK])
        draw = streams.uniform("pretraining/split", chunk, len(read.values))
        texts = pieces.read(parts, read, split, draw)
        read_pieces += len(texts.values)
        unknown += int((texts.values == UNK).sum())
        too_short += int((texts.lengths < body).sum())
        starts = window_starts(texts, body)
        inner = texts.values[starts[:, None] + np.arange(body)]
        block = np.empty((len(starts), length), dtype=np.uint16)
        block[:, 0], block[:, 1:-1], block[:, -1] = CLS, inner, SEP
        cut.append(block)
    return Windows(
        ids=np.concatenate(cut),
        resumes=len(rows),
        too_short=too_short,
        pieces=read_pieces,
        unknown=unknown / max(read_pieces, 1),
    )


def window_starts(texts: Ragged, body: int) -> NDArray[np.int64]:
    """Where in ``texts.values`` windows of ``body`` pieces start; texts that are shorter have none.

    Windows of a text follow each other; the last one is moved back so that it ends with the text.
    """
    lengths = texts.lengths
    count = np.where(lengths >= body, -(-lengths // body), 0)
    owner = np.repeat(np.arange(len(texts)), count)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    return texts.offsets[owner] + np.minimum(within * body, lengths[owner] - body)
