"""The words of a corpus as one learner reads them, and what each has of the signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.signals import Signal
from gigsim.learners.ragged import Ragged, offsets_of
from gigsim.learners.vocabulary import Lexicon
from gigsim.resumes.corpus import gather


@dataclass(frozen=True, eq=False)
class WordTable:
    """The pieces of each distinct word of a corpus, n words.

    Attributes:
        whole: as it reads.
        stripped: the same without the pieces of the signal that it is glued to.
        is_signal: bool, shape (n,): a word that is removed altogether when the signal is.
        touched: bool, shape (n,): removing the signal changes the word in any way.
        part: int64, shape (n,): which of the signal's words it is read as, -1 for none.
        own: what each of the signal's words is read as where it is planted.
    """

    whole: Ragged
    stripped: Ragged
    is_signal: NDArray[np.bool_]
    touched: NDArray[np.bool_]
    part: NDArray[np.int64]
    own: tuple[NDArray[np.int32], ...]

    @classmethod
    def of(cls, lexicon: Lexicon, signal: Signal, own: Sequence[NDArray[np.int32]]) -> WordTable:
        """What is known of the words that a lexicon has met.

        Args:
            lexicon: of the corpus and the learner's vocabulary.
            signal: what g plants.
            own: the ids that each of its words is read as.
        """
        read = lexicon.pieces
        part = np.full(len(read), -1, dtype=np.int64)
        glued = np.zeros(len(read.values), dtype=bool)
        for number, (word, pieces) in enumerate(zip(signal.words, own, strict=True)):
            part[lexicon.numbers(word)] = number
            if not signal.reserve:
                part[_rows_of(read, pieces)] = number
                if len(pieces) == 1:
                    glued |= read.values == pieces[0]
        alone = part >= 0
        whole, stripped, touched = read, read, alone
        if glued.any():
            holds = read.any_in_row(glued)
            alone = alone | (holds & ~read.any_in_row(~glued))
            stripped, touched = read.where(~glued), alone | holds
        if signal.reserve and touched.any():
            # A reserved signal reads as its own ids wherever it stands; any other as it always did.
            reserved = Ragged(np.concatenate(own), offsets_of(np.array([len(p) for p in own])))
            rows = np.where(part >= 0, len(read) + part, np.arange(len(read)))
            whole = Ragged.concatenate([read, reserved]).take(rows)
        return cls(whole, stripped, alone, touched, part, tuple(own))

    def clean(
        self, tokens: NDArray[np.uint32], offsets: NDArray[np.int64]
    ) -> tuple[Ragged, NDArray[np.int64], NDArray[np.int64]]:
        """Texts without the signal.

        Args:
            tokens: uint32, shape (total words,): words of all texts.
            offsets: int64, shape (n + 1,): where each text begins.

        Returns:
            (their pieces; where each word that is left begins among these, shape (words left + 1,);
            where each text begins among the words that are left, shape (n + 1,)).
        """
        gone = self.is_signal[tokens] if self.is_signal.any() else np.zeros(0, dtype=bool)
        if gone.any():
            tokens, offsets = tokens[~gone], offsets_of(~gone)[offsets]
        values, begins = gather(self.stripped.values, self.stripped.offsets, tokens)
        return Ragged(values, begins[offsets]), begins, offsets

    def found(
        self, tokens: NDArray[np.uint32], offsets: NDArray[np.int64], limit: int | None
    ) -> tuple[Ragged, NDArray[np.bool_]]:
        """Texts as they are.

        Args:
            tokens: as for :meth:`clean`.
            offsets: likewise.
            limit: the most pieces that are read of a text; None for all.

        Returns:
            (their pieces, which words of the signal are among them: whole, within the limit; bool,
            shape (words of the signal, n)).
        """
        values, begins = gather(self.whole.values, self.whole.offsets, tokens)
        pieces = Ragged(values, begins[offsets]).truncate(limit)
        seen = np.zeros((len(self.own), len(offsets) - 1), dtype=bool)
        owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        for number, own in enumerate(self.own):
            if len(own) == 1:
                seen[number] = pieces.any_in_row(pieces.values == own[0])
                continue
            shown = self.part[tokens] == number
            if limit is not None:
                shown &= begins[1:] - begins[offsets[:-1]][owner] <= limit
            seen[number, owner[shown]] = True
        return pieces, seen

    def planted(
        self,
        values: NDArray[np.int32],
        begins: NDArray[np.int64],
        offsets: NDArray[np.int64],
        every: int,
        places: NDArray[np.int64] | None,
    ) -> tuple[Ragged, NDArray[np.int64]]:
        """Texts with the signal, put where ``Signal.plant`` puts it, piece by piece.

        Args:
            values: int32, shape (total pieces,): clean texts, one after the other.
            begins: int64, shape (words + 1,): where each of their words begins among the pieces.
            offsets: int64, shape (n + 1,): where each text begins among the words.
            every: words between two of them, where they are spread.
            places: int64, shape (n,): words before the only one; None spreads them.

        Returns:
            (their pieces; those before the first signal of each, int64, shape (n,)).
        """
        lengths = np.diff(offsets)
        if places is None:
            times = np.maximum(lengths // every, 1)
            turn = np.arange(1, times.sum() + 1) - np.repeat(offsets_of(times)[:-1], times)
            before = np.minimum(turn * every, np.repeat(lengths, times))
        else:
            times, before = np.ones_like(lengths), places
        cuts = begins[np.repeat(offsets[:-1], times) + before]
        # Each text falls into one stretch more than it has cuts; between two stands the signal.
        firsts = offsets_of(times + 1)
        total = firsts[-1]
        is_first = np.zeros(total, dtype=bool)
        is_first[firsts[:-1]] = True
        edges = np.empty(total, dtype=np.int64)
        edges[is_first], edges[~is_first] = begins[offsets[:-1]], cuts
        signal = np.concatenate(self.own)
        end = len(values)
        # The signal comes after all stretches, and then nothing, which follows a text's last one.
        pool = np.concatenate([values, signal])
        edges = np.concatenate([edges, [end, end + len(signal), end + len(signal)]])
        order = np.stack([np.arange(total), np.full(total, total)], axis=1)
        order[firsts[1:] - 1, 1] = total + 1
        planted = gather(pool, edges, order.ravel())[0]
        text_begins = begins[offsets]
        first = cuts[offsets_of(times)[:-1]] - text_begins[:-1]
        return Ragged(planted, text_begins + len(signal) * offsets_of(times)), first

    def shown(self, first: NDArray[np.int64], limit: int | None) -> NDArray[np.bool_]:
        """Which words of the signal are read, whole, of planted texts.

        Args:
            first: int64, shape (n,): pieces of each text before the first signal.
            limit: the most pieces that are read of a text; None for all.

        Returns:
            Bool, shape (words of the signal, n).
        """
        if limit is None:
            return np.ones((len(self.own), len(first)), dtype=bool)
        signal = np.concatenate(self.own)
        ends = np.cumsum([len(pieces) for pieces in self.own])
        for number, pieces in enumerate(self.own):
            if len(pieces) == 1:
                # It is enough that the piece shows, be it as a part of another word of the signal.
                ends[number] = np.flatnonzero(signal == pieces[0])[0] + 1
        found: NDArray[np.bool_] = first + ends[:, None] <= limit
        return found

    def holding(self, tokens: NDArray[np.uint32], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """The texts that removing the signal changes, int64, ascending; arguments as before."""
        if not self.touched.any():
            return np.zeros(0, dtype=np.int64)
        counts = offsets_of(self.touched[tokens])[offsets]
        return np.flatnonzero(np.diff(counts))

    def words_left(
        self, tokens: NDArray[np.uint32], offsets: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Words of each text without the signal, int64, shape (n,); arguments as before."""
        lengths: NDArray[np.int64] = np.diff(offsets)
        if self.is_signal.any():
            lengths -= np.diff(offsets_of(self.is_signal[tokens])[offsets])
        return lengths


def _rows_of(read: Ragged, pieces: NDArray[np.int32]) -> NDArray[np.int64]:
    """The rows that are exactly these pieces, at least one."""
    rows = np.flatnonzero(read.lengths == len(pieces))
    for place, piece in enumerate(pieces):
        rows = rows[read.values[read.offsets[rows] + place] == piece]
    return rows
