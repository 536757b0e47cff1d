"""Reading resumes once: the ids of every text as it is found, cleaned of the signal and planted.

Each distinct word is read once and its pieces are copied to wherever it stands, so that twenty
million words of real resumes take seconds. Uniqueness, the signal set X* and presence are taken
here *as the learner sees the text*: after its normaliser, its tokenizer and its window.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.signals import Signal
from gigsim.errors import InputError
from gigsim.learners.ragged import Ragged, offsets_of
from gigsim.learners.vocabulary import Vocabulary
from gigsim.resumes.corpus import Corpus, ragged_index

#: Words handled at a time; the temporary arrays take about 100 bytes a word.
_BLOCK_WORDS = 1_000_000

#: The largest share of resumes whose signal may fall outside the window.
_MOST_OUTSIDE = 0.01

_REMEDY = "set collective.signal.reserve = true (an id of its own) or choose another token"


@dataclass(frozen=True, eq=False)
class Reading:
    """What one learner sees of n resumes.

    Attributes:
        found: the ids of each resume as people have it.
        clean: the ids with the signal removed.
        planted: the ids of g(x).
        in_signal_set: bool, shape (n,): the resume as found reads as g plants it, x in X*.
        contains: bool, shape (n,): the signal occurs at all in what is read of the resume.
        size: number of ids, a reserved one included.
    """

    found: Ragged
    clean: Ragged
    planted: Ragged
    in_signal_set: NDArray[np.bool_]
    contains: NDArray[np.bool_]
    size: int


def signal_pieces(signal: Signal, vocabulary: Vocabulary, learner: str) -> NDArray[np.int32]:
    """The ids that the signal itself is read as, int32, shape (k,), k >= 1.

    Raises:
        InputError: it vanishes, or reads as the unknown piece.
    """
    if signal.reserve:
        return np.array([vocabulary.size], dtype=np.int32)
    pieces = vocabulary.pieces([signal.token]).values
    where = "collective.signal.token"
    if not len(pieces):
        raise InputError(where, f"{signal.token!r} vanishes for the {learner} learner", _REMEDY)
    if vocabulary.unknown is not None and vocabulary.unknown in pieces:
        raise InputError(
            where, f"{signal.token!r} reads as the unknown piece of the {learner} learner", _REMEDY
        )
    return pieces


def read(
    corpus: Corpus,
    vocabulary: Vocabulary,
    signal: Signal,
    *,
    carriers: NDArray[np.bool_],
    limit: int | None,
    learner: str,
    ordered: bool = True,
) -> Reading:
    """Read a corpus for one learner.

    A word is the signal if it is the token itself or reads exactly like it (an uncased vocabulary
    cannot tell Python from python); with a signal of one piece, words made of that piece only too,
    and the piece is also taken out of the words that it is glued to.

    Args:
        corpus: n resumes.
        vocabulary: how the learner reads words.
        signal: what g plants.
        carriers: bool, shape (n,): resumes that carry the signal as they are, just as g plants it.
        limit: the most pieces that the learner reads of a text; None for all.
        learner: its name, for errors.
        ordered: False for a learner that sees counts only: X* then compares bags of pieces.

    Raises:
        InputError: the learner cannot see the signal, or not in over 1 % of the resumes.
    """
    if len(carriers) != len(corpus):
        raise ValueError(f"{len(carriers)} flags for {len(corpus)} resumes")
    pieces = signal_pieces(signal, vocabulary, learner)
    words = _WordTable.build(corpus, vocabulary, signal, pieces)
    blocks = [
        _read_block(words, corpus, rows, signal, carriers[rows], limit) for rows in _blocks(corpus)
    ]
    found = Ragged.concatenate([block.found for block in blocks])
    planted = Ragged.concatenate([block.planted for block in blocks])
    seen = np.concatenate([block.planted_seen for block in blocks] or [np.empty(0, dtype=bool)])
    contains = np.concatenate([block.contains for block in blocks] or [np.empty(0, dtype=bool)])
    outside = int((~seen).sum())
    if outside > _MOST_OUTSIDE * len(seen):
        raise InputError(
            "collective.signal.every",
            f"planted after every {signal.every} words, {signal.token!r} falls outside the"
            f" {limit} pieces that the {learner} learner reads in {outside / len(seen):.1%} of"
            " resumes",
            "it may in at most 1 %: plant more often or widen platform.learner.max_tokens",
        )
    return Reading(
        found=found,
        clean=Ragged.concatenate([block.clean for block in blocks]),
        planted=planted,
        in_signal_set=_same(found, planted, ordered),
        contains=contains,
        size=vocabulary.size + int(signal.reserve),
    )


@dataclass(frozen=True, eq=False)
class _WordTable:
    """The pieces of each distinct word; the signal is the last word, number ``signal``.

    ``stripped`` lacks the pieces of the signal; a word of ``is_signal`` is removed altogether.
    ``piece`` is the signal's id if it is a single one.
    """

    whole: Ragged
    stripped: Ragged
    is_signal: NDArray[np.bool_]
    signal: int
    piece: int | None

    @classmethod
    def build(
        cls, corpus: Corpus, vocabulary: Vocabulary, signal: Signal, pieces: NDArray[np.int32]
    ) -> _WordTable:
        used = np.flatnonzero(np.bincount(corpus.tokens, minlength=len(corpus.words)))
        lengths = np.zeros(len(corpus.words), dtype=np.int64)
        some = vocabulary.pieces([corpus.words[i] for i in used])
        lengths[used] = some.lengths
        # Words that no resume of this corpus holds stay without pieces: nothing looks them up.
        read = Ragged(some.values, offsets_of(lengths))
        n = len(read)
        alone = np.array([word == signal.token for word in corpus.words], dtype=bool)
        glued = np.zeros(len(read.values), dtype=bool)
        if not signal.reserve:
            alone |= read.equal_rows(Ragged(np.tile(pieces, n), len(pieces) * np.arange(n + 1)))
            if len(pieces) == 1:
                glued = read.values == pieces[0]
                alone |= read.any_in_row(glued) & ~read.any_in_row(~glued)
        owner = np.repeat(np.arange(n), read.lengths)
        rest = Ragged(read.values[~glued], offsets_of(np.bincount(owner[~glued], minlength=n)))
        own_row = Ragged(pieces, np.array([0, len(pieces)]))
        # A reserved signal reads as its own id wherever it stands; any other as it always did.
        rows = np.where(alone & signal.reserve, n, np.arange(n))
        return cls(
            whole=Ragged.concatenate([read, own_row]).take(np.append(rows, n)),
            stripped=Ragged.concatenate([rest, own_row]),
            is_signal=np.append(alone, True),
            signal=n,
            piece=int(pieces[0]) if len(pieces) == 1 else None,
        )


@dataclass(frozen=True, eq=False)
class _Block:
    found: Ragged
    clean: Ragged
    planted: Ragged
    contains: NDArray[np.bool_]
    planted_seen: NDArray[np.bool_]


def _read_block(
    table: _WordTable,
    corpus: Corpus,
    rows: slice,
    signal: Signal,
    carriers: NDArray[np.bool_],
    limit: int | None,
) -> _Block:
    bounds = corpus.offsets[rows.start : rows.stop + 1]
    tokens = corpus.tokens[bounds[0] : bounds[-1]]
    offsets = bounds - bounds[0]
    found, shown = _expand(table.whole, *_cut(table.whole, tokens, offsets, limit), limit, table)

    keep = ~table.is_signal[tokens]
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    lengths = np.bincount(owner[keep], minlength=len(offsets) - 1)
    base = _cut(table.stripped, tokens[keep], offsets_of(lengths), limit)
    clean, _ = _expand(table.stripped, *base, limit, table)
    # Cutting first is safe: planting only pushes words back, and it depends on the words before.
    planted, seen = _expand(table.stripped, *signal.plant_tokens(*base, table.signal), limit, table)
    n = len(carriers)
    order = np.arange(n) + n * carriers
    return _Block(
        found=Ragged.concatenate([found, planted]).take(order) if carriers.any() else found,
        clean=clean,
        planted=planted,
        contains=np.where(carriers, seen, shown),
        planted_seen=seen,
    )


def _cut(
    table: Ragged, tokens: NDArray[np.uint32], offsets: NDArray[np.int64], limit: int | None
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Only the words of each text that begin within its first ``limit`` pieces."""
    if limit is None:
        return tokens, offsets
    counts = table.lengths[tokens]
    before = offsets_of(counts)
    within = before[:-1] - np.repeat(before[offsets[:-1]], np.diff(offsets)) < limit
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return tokens[within], offsets_of(np.bincount(owner[within], minlength=len(offsets) - 1))


def _expand(
    table: Ragged,
    tokens: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    limit: int | None,
    words: _WordTable,
) -> tuple[Ragged, NDArray[np.bool_]]:
    """The pieces of the words of each text, and whether the signal is among them (whole)."""
    ends = offsets_of(table.lengths[tokens])
    pieces = Ragged(table.values[ragged_index(table.offsets, tokens)], ends[offsets])
    pieces = pieces.truncate(limit)
    if words.piece is not None:
        return pieces, pieces.any_in_row(pieces.values == words.piece)
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    shown = words.is_signal[tokens]
    if limit is not None:
        shown &= ends[1:] - ends[offsets[:-1]][owner] <= limit
    seen = np.zeros(len(offsets) - 1, dtype=bool)
    seen[owner[shown]] = True
    return pieces, seen


def _blocks(corpus: Corpus) -> list[slice]:
    """Stretches of resumes of about a million words each."""
    cuts = np.searchsorted(
        corpus.offsets, np.arange(_BLOCK_WORDS, corpus.offsets[-1], _BLOCK_WORDS)
    )
    edges = np.unique(np.concatenate([[0], cuts, [len(corpus)]]))
    return [slice(int(a), int(b)) for a, b in itertools.pairwise(edges)]


def _same(found: Ragged, planted: Ragged, ordered: bool) -> NDArray[np.bool_]:
    if ordered:
        return found.equal_rows(planted)
    # Sorting is the costly part, and rows of different lengths differ as bags anyhow.
    same = found.lengths == planted.lengths
    rows = np.flatnonzero(same)
    same[rows] = found.take(rows).sorted_rows().equal_rows(planted.take(rows).sorted_rows())
    return same
