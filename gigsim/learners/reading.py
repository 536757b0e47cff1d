"""Reading resumes once: the ids of every text as it is found, cleaned of the signal and planted.

Each distinct word is read once and its pieces are copied to wherever it stands, so that twenty
million words of real resumes take seconds. Uniqueness, the signal set X* and presence are taken
here *as the learner sees the text*: after its normaliser, its tokenizer and its window.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
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
    words = _WordTable.build(corpus, vocabulary, signal, parts)
    blocks = [
        _read_block(words, corpus, rows, signal, carriers[rows], drawn[rows], limit)
        for rows in _blocks(corpus)
    ]
    found = Ragged.concatenate([block.found for block in blocks])
    planted = Ragged.concatenate([block.planted for block in blocks])
    seen = np.concatenate([block.planted_seen for block in blocks] or [np.empty(0, dtype=bool)])
    contains = np.concatenate([block.contains for block in blocks] or [np.empty(0, dtype=bool)])
    outside = int((~seen).sum())
    if outside > _MOST_OUTSIDE * len(seen):
        spread = signal.position == "spread"
        place = f"after every {signal.every} words" if spread else _WHERE[signal.position]
        remedy = "plant more often" if spread else "choose another position"
        raise InputError(
            f"collective.signal.{'every' if spread else 'position'}",
            f"planted {place}, {' '.join(signal.words)!r} falls outside the"
            f" {limit} pieces that the {learner} learner reads in {outside / len(seen):.1%} of"
            " resumes",
            f"it may in at most 1 %: {remedy} or widen platform.learner.max_tokens",
        )
    return Reading(
        found=found,
        clean=Ragged.concatenate([block.clean for block in blocks]),
        planted=planted,
        in_signal_set=_same(found, planted, ordered),
        contains=contains,
        size=vocabulary.size + (len(signal.words) if signal.reserve else 0),
    )


@dataclass(frozen=True, eq=False)
class _WordTable:
    """The pieces of each distinct word; those of the signal are the last, from ``signal`` on.

    ``stripped`` lacks the pieces of the signal; a word of ``is_signal`` is removed altogether.
    ``part`` says which of the signal's words a word is read as, -1 for none; ``pieces`` has the id
    of each of them if it is a single one.
    """

    whole: Ragged
    stripped: Ragged
    is_signal: NDArray[np.bool_]
    part: NDArray[np.int64]
    signal: int
    pieces: tuple[int | None, ...]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the signal's words."""
        return list(range(self.signal, self.signal + len(self.pieces)))

    @classmethod
    def build(
        cls,
        corpus: Corpus,
        vocabulary: Vocabulary,
        signal: Signal,
        parts: Sequence[NDArray[np.int32]],
    ) -> _WordTable:
        used = np.flatnonzero(np.bincount(corpus.tokens, minlength=len(corpus.words)))
        lengths = np.zeros(len(corpus.words), dtype=np.int64)
        some = vocabulary.pieces([corpus.words[i] for i in used])
        lengths[used] = some.lengths
        # Words that no resume of this corpus holds stay without pieces: nothing looks them up.
        read = Ragged(some.values, offsets_of(lengths))
        n = len(read)
        part = np.full(n, -1, dtype=np.int64)
        glued = np.zeros(len(read.values), dtype=bool)
        for number, (word, pieces) in enumerate(zip(signal.words, parts, strict=True)):
            like = np.array([other == word for other in corpus.words], dtype=bool)
            if not signal.reserve:
                like |= read.equal_rows(Ragged(np.tile(pieces, n), len(pieces) * np.arange(n + 1)))
                if len(pieces) == 1:
                    glued |= read.values == pieces[0]
            part[like] = number
        alone = part >= 0
        alone |= read.any_in_row(glued) & ~read.any_in_row(~glued)
        owner = np.repeat(np.arange(n), read.lengths)
        rest = Ragged(read.values[~glued], offsets_of(np.bincount(owner[~glued], minlength=n)))
        own_rows = Ragged(np.concatenate(parts), offsets_of(np.array([len(p) for p in parts])))
        # A reserved signal reads as its own ids wherever it stands; any other as it always did.
        rows = np.where((part >= 0) & signal.reserve, n + part, np.arange(n))
        own = n + np.arange(len(parts))
        return cls(
            whole=Ragged.concatenate([read, own_rows]).take(np.append(rows, own)),
            stripped=Ragged.concatenate([rest, own_rows]),
            is_signal=np.append(alone, np.ones(len(parts), dtype=bool)),
            part=np.append(part, np.arange(len(parts))),
            signal=n,
            pieces=tuple(int(p[0]) if len(p) == 1 else None for p in parts),
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
    drawn: NDArray[np.float64],
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
    # Cutting first is safe: planting only pushes words back, and where depends on the words before,
    # or is said beforehand for the whole text. What comes after the cut is out of sight anyhow.
    places = signal.places(lengths, drawn)
    if places is not None:
        places = np.minimum(places, np.diff(base[1]))
    shows = signal.plant_tokens(*base, table.numbers, places)
    planted, seen = _expand(table.stripped, *shows, limit, table)
    n = len(carriers)
    held: NDArray[np.bool_] = np.where(carriers, seen, shown)
    order = np.arange(n) + n * carriers
    return _Block(
        found=Ragged.concatenate([found, planted]).take(order) if carriers.any() else found,
        clean=clean,
        planted=planted,
        contains=np.logical_or.reduce(held, axis=0),
        planted_seen=np.logical_and.reduce(seen, axis=0),
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
    """The pieces of the words of each text, and which of the signal's words are among them.

    The latter bool, shape (words of the signal, n): whole, within the limit.
    """
    ends = offsets_of(table.lengths[tokens])
    pieces = Ragged(table.values[ragged_index(table.offsets, tokens)], ends[offsets])
    pieces = pieces.truncate(limit)
    seen = np.zeros((len(words.pieces), len(offsets) - 1), dtype=bool)
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    for number, piece in enumerate(words.pieces):
        if piece is not None:
            seen[number] = pieces.any_in_row(pieces.values == piece)
            continue
        shown = words.part[tokens] == number
        if limit is not None:
            shown &= ends[1:] - ends[offsets[:-1]][owner] <= limit
        seen[number, owner[shown]] = True
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
