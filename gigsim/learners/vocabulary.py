"""How a learner reads words: each distinct word becomes no piece, one piece or several.

A vocabulary is fixed before the run from resumes of the training side, as a platform's would be.
Reading word by word is exact for the three kinds here, because none of them joins anything across
white space; for a foreign tokenizer that is checked when it is loaded (``wordpiece.from_folder``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.ragged import Ragged, blocks, by_value, offsets_of
from gigsim.resumes.corpus import Corpus, gather

#: Runs of letters and digits, with the plus and sharp signs of c++ and c#.
_TOKEN = r"\w+[+#]*"

#: What stands between two words where many are searched at once; it is in no token.
_BETWEEN = "\n"

_TOKEN_OR_END = re.compile(f"{_TOKEN}|{_BETWEEN}")

#: In the place of ids: a token without one, the end of a word.
_NONE, _END = -1, -2

#: Words of resumes that are expanded at a time, which bounds memory.
_BLOCK = 1_000_000


class Vocabulary(Protocol):
    """What reading needs to know of a learner's vocabulary."""

    @property
    def size(self) -> int:
        """Number of ids; ids are in [0, size)."""
        ...

    @property
    def unknown(self) -> int | None:
        """The id of whatever the vocabulary cannot express; None if such words vanish."""
        ...

    def pieces(self, words: Sequence[str]) -> Ragged:
        """The ids that each word is read as: one row a word."""
        ...


class WordList:
    """Exactly the given words, one id each; any other word vanishes. For the built-in language.

    Args:
        words: distinct words; word ``i`` has id ``i``.
    """

    unknown: int | None = None

    def __init__(self, words: Sequence[str]) -> None:
        self._ids = {word: i for i, word in enumerate(words)}
        if len(self._ids) != len(words):
            raise ValueError("the words of a word list are distinct")

    @property
    def size(self) -> int:
        """Number of words."""
        return len(self._ids)

    def pieces(self, words: Sequence[str]) -> Ragged:
        """One id for a listed word, none for another."""
        return Ragged.from_rows([[self._ids[w]] if w in self._ids else [] for w in words])


class BagOfWords:
    r"""Lower-cased tokens ``\w+[+#]*`` by document frequency; other tokens vanish.

    Args:
        tokens: distinct lower-cased tokens; token ``i`` has id ``i``.
    """

    unknown: int | None = None

    def __init__(self, tokens: Sequence[str]) -> None:
        self._ids = {token: i for i, token in enumerate(tokens)}
        #: All words of the corpus that it was made of, as it reads them.
        self._known: tuple[tuple[str, ...], Ragged] | None = None

    @classmethod
    def from_corpus(cls, training_side: Corpus, features: int = 30_000) -> BagOfWords:
        """The ``features`` tokens that occur in most resumes; ties go by the alphabet.

        Args:
            training_side: the resumes that the platform may have seen before the run.
            features: the most tokens to keep, at least 1.
        """
        split = _split(training_side.words)
        tokens = sorted(set(split) - {_BETWEEN})
        table = _numbered(split, {token: i for i, token in enumerate(tokens)})
        frequency = np.zeros(len(tokens), dtype=np.int64)
        for rows in blocks(training_side.offsets, _BLOCK):
            bounds = training_side.offsets[rows.start : rows.stop + 1]
            words = training_side.tokens[bounds[0] : bounds[-1]]
            values, ends = gather(table.values, table.offsets, words)
            block = Ragged(values, ends[bounds - bounds[0]])
            present = by_value(block, slice(0, len(block)), len(tokens))
            frequency += np.diff(present.indptr)
        # A stable sort of the alphabetical list settles ties by the token.
        order = np.argsort(-frequency, kind="stable")[:features]
        kept = order[frequency[order] > 0]
        made = cls([tokens[i] for i in kept])
        ids = np.full(len(tokens), _NONE, dtype=np.int32)
        ids[kept] = np.arange(len(kept))
        read = Ragged(ids[table.values], table.offsets)
        made._known = training_side.words, read.where(read.values >= 0)
        return made

    @property
    def size(self) -> int:
        """Number of tokens kept."""
        return len(self._ids)

    def pieces(self, words: Sequence[str]) -> Ragged:
        """The ids of the kept tokens in each word, in order."""
        return _numbered(_split(words), self._ids) if len(words) else Ragged.from_rows([])

    def pieces_of(self, words: tuple[str, ...], numbers: NDArray[np.int64]) -> Ragged:
        """:meth:`pieces` of some words of a corpus: looked up, if it was made of that corpus."""
        known, table = self._known or ((), None)
        if table is None or known is not words:
            return self.pieces([words[i] for i in numbers])
        return table.take(numbers)


class Lexicon:
    """The distinct words of a corpus as a vocabulary reads them, each read when it is first met.

    Args:
        vocabulary: who reads.
        words: n words, of a corpus.
    """

    def __init__(self, vocabulary: Vocabulary, words: tuple[str, ...]) -> None:
        self.vocabulary = vocabulary
        self.words = words
        self._met = np.zeros(len(words), dtype=bool)
        self._pieces = Ragged.from_rows([[]])
        self._row = np.zeros(len(words), dtype=np.int64)

    def meet(self, tokens: NDArray[np.uint32]) -> None:
        """Read the words with these numbers (any shape, repeats allowed), if they are new."""
        wanted = np.zeros(len(self.words), dtype=bool)
        wanted[tokens] = True
        fresh = np.flatnonzero(wanted & ~self._met)
        if not len(fresh):
            return
        if isinstance(self.vocabulary, BagOfWords):
            read = self.vocabulary.pieces_of(self.words, fresh)
        else:
            read = self.vocabulary.pieces([self.words[i] for i in fresh])
        self._row[fresh] = len(self._pieces) + np.arange(len(fresh))
        self._pieces = Ragged.concatenate([self._pieces, read])
        self._met[fresh] = True

    @property
    def pieces(self) -> Ragged:
        """The ids of each word, n rows; none of those that were not met."""
        return self._pieces.take(self._row)

    def numbers(self, word: str) -> list[int]:
        """The numbers of the words that are this one."""
        return [i for i, other in enumerate(self.words) if other == word]


def _split(words: Sequence[str]) -> list[str]:
    """The lower-cased tokens of all words, and :data:`_BETWEEN` between two words."""
    joined = _BETWEEN.join(words)
    if joined.count(_BETWEEN) >= len(words):
        joined = _BETWEEN.join(word.replace(_BETWEEN, " ") for word in words)
    # One string: what is lower case depends on neighbouring letters alone, and there are none.
    return _TOKEN_OR_END.findall(joined.lower())


def _numbered(split: Sequence[str], ids: Mapping[str, int]) -> Ragged:
    """The ids of the tokens of each word; tokens without one vanish.

    Args:
        split: of :func:`_split`, of at least one word.
        ids: by token.
    """
    number = {token: ids.get(token, _NONE) for token in set(split)} | {_BETWEEN: _END}
    found = np.fromiter(map(number.__getitem__, split), dtype=np.int32, count=len(split))
    ends = offsets_of(found >= 0)
    offsets = np.concatenate([[0], ends[:-1][found == _END], ends[-1:]])
    return Ragged(found[found >= 0], offsets)
