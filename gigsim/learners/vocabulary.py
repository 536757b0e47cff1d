"""How a learner reads words: each distinct word becomes no piece, one piece or several.

A vocabulary is fixed before the run from resumes of the training side, as a platform's would be.
Reading word by word is exact for the three kinds here, because none of them joins anything across
white space; for a foreign tokenizer that is checked when it is loaded (``wordpiece.from_folder``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from scipy import sparse

from gigsim.learners.ragged import Ragged, offsets_of
from gigsim.resumes.corpus import Corpus, ragged_index

#: Runs of letters and digits, with the plus and sharp signs of c++ and c#.
_TOKEN = re.compile(r"\w+[+#]*")

#: Resumes whose words are expanded at a time, which bounds memory.
_BLOCK = 2_000


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

    @classmethod
    def from_corpus(cls, training_side: Corpus, features: int = 30_000) -> BagOfWords:
        """The ``features`` tokens that occur in most resumes; ties go by the alphabet.

        Args:
            training_side: the resumes that the platform may have seen before the run.
            features: the most tokens to keep, at least 1.
        """
        found = [_TOKEN.findall(word.lower()) for word in training_side.words]
        tokens = sorted({token for row in found for token in row})
        number = {token: i for i, token in enumerate(tokens)}
        table = Ragged.from_rows([[number[t] for t in row] for row in found])
        frequency = np.zeros(len(tokens), dtype=np.int64)
        for start in range(0, len(training_side), _BLOCK):
            bounds = training_side.offsets[start : start + _BLOCK + 1]
            words = training_side.tokens[bounds[0] : bounds[-1]]
            values = table.values[ragged_index(table.offsets, words)]
            offsets = offsets_of(table.lengths[words])[bounds - bounds[0]]
            ones = np.ones(len(values), dtype=np.int32)
            shape = (len(offsets) - 1, len(tokens))
            present = sparse.csr_array((ones, values, offsets), shape=shape)
            present.sum_duplicates()
            frequency += np.bincount(present.indices, minlength=len(tokens))
        # A stable sort of the alphabetical list settles ties by the token.
        kept = np.argsort(-frequency, kind="stable")[:features]
        return cls([tokens[i] for i in kept if frequency[i] > 0])

    @property
    def size(self) -> int:
        """Number of tokens kept."""
        return len(self._ids)

    def pieces(self, words: Sequence[str]) -> Ragged:
        """The ids of the kept tokens in each word, in order."""
        ids = self._ids
        return Ragged.from_rows(
            [[ids[t] for t in _TOKEN.findall(word.lower()) if t in ids] for word in words]
        )
