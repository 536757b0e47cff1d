"""Reading resumes once: the ids of every text as it is found, cleaned of the signal and planted.

Each distinct word is read once and its pieces are copied to wherever it stands, so that twenty
million words of real resumes take seconds. Uniqueness, the signal set X* and presence are taken
here *as the learner sees the text*: after its normaliser, its tokenizer and its window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.signals import Signal
from gigsim.errors import InputError
from gigsim.learners.ragged import Ragged, blocks
from gigsim.learners.vocabulary import Lexicon, Vocabulary
from gigsim.learners.word_table import WordTable
from gigsim.resumes.corpus import Corpus, gather, stretches

#: Words handled at a time; the temporary arrays take about 100 bytes a word.
_BLOCK_WORDS = 1_000_000

#: The largest share of resumes whose signal may fall outside the window.
_MOST_OUTSIDE = 0.01

_WHERE = {
    "start": "before the first word",
    "end": "after the last word",
    "random": "at a random place",
}

_REMEDY = "set collective.signal.reserve = true (an id of its own) or choose another token"


@dataclass(frozen=True, eq=False)
class Reading:
    """What one learner sees of n resumes.

    Attributes:
        found: the ids of each resume as people have it.
        clean: the ids with the signal removed.
        planted: the ids of g(x).
        in_signal_set: bool, shape (n,): the resume as found reads as g plants it, x in X*.
        contains: bool, shape (n,): a word of the signal occurs in what is read of the resume.
        size: number of ids, reserved ones included.
    """

    found: Ragged
    clean: Ragged
    planted: Ragged
    in_signal_set: NDArray[np.bool_]
    contains: NDArray[np.bool_]
    size: int


def signal_pieces(
    signal: Signal, vocabulary: Vocabulary, learner: str, part: int = 0
) -> NDArray[np.int32]:
    """The ids that a word of the signal itself is read as, int32, shape (k,), k >= 1.

    Args:
        signal: whose.
        vocabulary: how the learner reads words.
        learner: its name, for errors.
        part: 0 for the token, then its companions.

    Raises:
        InputError: it vanishes, or reads as the unknown piece.
    """
    if signal.reserve:
        return np.array([vocabulary.size + part], dtype=np.int32)
    word = signal.words[part]
    pieces = vocabulary.pieces([word]).values
    where = "collective.signal.companions" if part else "collective.signal.token"
    if not len(pieces):
        raise InputError(where, f"{word!r} vanishes for the {learner} learner", _REMEDY)
    if vocabulary.unknown is not None and vocabulary.unknown in pieces:
        raise InputError(
            where, f"{word!r} reads as the unknown piece of the {learner} learner", _REMEDY
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
    drawn: NDArray[np.float64] | None = None,
    lexicon: Lexicon | None = None,
) -> Reading:
    """Read a corpus for one learner.

    A word is of the signal if it is one of its words or reads exactly like one (an uncased
    vocabulary cannot tell Python from python); where those are read as one piece, words made of
    such pieces only too, and the piece is also taken out of the words that it is glued to.

    Args:
        corpus: n resumes.
        vocabulary: how the learner reads words.
        signal: what g plants.
        carriers: bool, shape (n,): resumes that carry the signal as they are, just as g plants it.
        limit: the most pieces that the learner reads of a text; None for all.
        learner: its name, for errors.
        ordered: False for a learner that sees counts only: X* then compares bags of pieces.
        drawn: float64 in [0, 1), shape (n,): each resume's own luck, for a signal whose position is
            random (``Signal.places``).
        lexicon: of the vocabulary and the corpus's words, where several readings share them.

    Raises:
        InputError: the learner cannot see the signal, or not all of it in over 1 % of the resumes,
            or cannot tell two of its words apart.
    """
    if len(carriers) != len(corpus):
        raise ValueError(f"{len(carriers)} flags for {len(corpus)} resumes")
    if drawn is None:
        drawn = np.zeros(len(corpus))
        if signal.position == "random":
            raise ValueError("a random position needs a number drawn for each resume")
    parts = [signal_pieces(signal, vocabulary, learner, k) for k in range(len(signal.words))]
    for k, one in enumerate(parts):
        if any(np.array_equal(one, other) for other in parts[:k]):
            raise InputError(
                "collective.signal.companions",
                f"{signal.words[k]!r} reads like another word of the signal to the {learner}"
                " learner",
                _REMEDY,
            )
    lexicon = lexicon or Lexicon(vocabulary, corpus.words)
    if lexicon.vocabulary is not vocabulary or lexicon.words is not corpus.words:
        raise ValueError("a lexicon of other words, or of another vocabulary")
    words, looked_at = _words_to_read(corpus, lexicon, signal, parts, limit)
    read_rows = [
        _read_rows(words, corpus, rows, looked_at[rows], signal, drawn[rows], limit)
        for rows in blocks(corpus.offsets, _BLOCK_WORDS)
    ]
    clean = Ragged.concatenate([block.clean for block in read_rows])
    planted = Ragged.concatenate([block.planted for block in read_rows])
    own = Ragged.concatenate([block.own for block in read_rows])
    none = np.zeros((len(parts), 0), dtype=bool)
    seen = np.concatenate([none, *(block.planted_shows for block in read_rows)], axis=1)
    shown = np.concatenate([none, *(block.shows for block in read_rows)], axis=1)
    # A resume without the signal is its own clean copy.
    row = np.arange(len(corpus))
    holding = np.concatenate([row[:0], *(block.holding for block in read_rows)])
    source = row.copy()
    source[holding] = 2 * len(row) + np.arange(len(holding))
    source[carriers] = len(row) + row[carriers]
    found = clean
    if (source != row).any():
        found = Ragged.concatenate([clean, planted, own]).take(source)
    outside = int((~seen.all(axis=0)).sum())
    if outside > _MOST_OUTSIDE * len(corpus):
        spread = signal.position == "spread"
        place = f"after every {signal.every} words" if spread else _WHERE[signal.position]
        remedy = "plant more often" if spread else "choose another position"
        raise InputError(
            f"collective.signal.{'every' if spread else 'position'}",
            f"planted {place}, {' '.join(signal.words)!r} falls outside the"
            f" {limit} pieces that the {learner} learner reads in {outside / len(corpus):.1%} of"
            " resumes",
            f"it may in at most 1 %: {remedy} or widen platform.learner.max_tokens",
        )
    held: NDArray[np.bool_] = np.where(carriers, seen, shown)
    return Reading(
        found=found,
        clean=clean,
        planted=planted,
        in_signal_set=_same(found, planted, ordered),
        contains=np.logical_or.reduce(held, axis=0),
        size=vocabulary.size + (len(signal.words) if signal.reserve else 0),
    )


def _words_to_read(
    corpus: Corpus,
    lexicon: Lexicon,
    signal: Signal,
    own: Sequence[NDArray[np.int32]],
    limit: int | None,
) -> tuple[WordTable, NDArray[np.int64]]:
    """The words that are read, and how many of each resume: int64, shape (n,).

    What is out of a learner's sight is not even read: of most resumes it is most of them.
    """
    if limit is None:
        lexicon.meet(corpus.tokens)
        return WordTable.of(lexicon, signal, own), corpus.lengths
    if signal.position in ("end", "random") and not signal.reserve:
        # Where the signal stands goes by the number of all words that do not read like it.
        lexicon.meet(corpus.tokens)
    looked_at = np.minimum(corpus.lengths, limit)
    rows = np.arange(len(corpus))
    while True:
        tokens, offsets = stretches(corpus.tokens, corpus.offsets[rows], looked_at[rows])
        lexicon.meet(tokens)
        words = WordTable.of(lexicon, signal, own)
        # Some words are no piece at all.
        short = words.clean(tokens, offsets)[0].lengths < limit
        rows = rows[short & (looked_at[rows] < corpus.lengths[rows])]
        if not len(rows):
            return words, looked_at
        looked_at[rows] = np.minimum(2 * looked_at[rows], corpus.lengths[rows])


@dataclass(frozen=True, eq=False)
class _Rows:
    """Some resumes: clean, planted, and those that hold anything of the signal as they are.

    ``holding``, int64, says which the last ones are, by their numbers in the corpus; ``shows`` and
    ``planted_shows``, bool, shape (words of the signal, n), which words of the signal are read of
    each resume without carriers, and of each planted one.
    """

    clean: Ragged
    planted: Ragged
    own: Ragged
    holding: NDArray[np.int64]
    shows: NDArray[np.bool_]
    planted_shows: NDArray[np.bool_]


def _read_rows(
    words: WordTable,
    corpus: Corpus,
    rows: slice,
    looked_at: NDArray[np.int64],
    signal: Signal,
    drawn: NDArray[np.float64],
    limit: int | None,
) -> _Rows:
    bounds = corpus.offsets[rows.start : rows.stop + 1]
    tokens, offsets = corpus.tokens[bounds[0] : bounds[-1]], bounds - bounds[0]
    lengths = np.diff(offsets)
    if signal.position in ("end", "random"):
        lengths = words.words_left(tokens, offsets)
    if limit is not None:
        tokens, offsets = stretches(tokens, offsets[:-1], looked_at)
    clean, begins, left = words.clean(tokens, offsets)
    holding = words.holding(tokens, offsets)
    shows = np.zeros((len(words.own), len(lengths)), dtype=bool)
    own, shows[:, holding] = words.found(*gather(tokens, offsets, holding), limit)
    places = signal.places(lengths, drawn)
    if places is not None:
        # What comes after the cut is out of sight anyhow.
        places = np.minimum(places, np.diff(left))
    planted, first = words.planted(clean.values, begins, left, signal.every, places)
    return _Rows(
        clean=clean.truncate(limit),
        planted=planted.truncate(limit),
        own=own,
        holding=rows.start + holding,
        shows=shows,
        planted_shows=words.shown(first, limit),
    )


def _same(found: Ragged, planted: Ragged, ordered: bool) -> NDArray[np.bool_]:
    if ordered:
        return found.equal_rows(planted)
    # Sorting is the costly part, and rows of different lengths differ as bags anyhow.
    same = found.lengths == planted.lengths
    rows = np.flatnonzero(same)
    same[rows] = found.take(rows).sorted_rows().equal_rows(planted.take(rows).sorted_rows())
    return same
