"""The WordPiece vocabulary of the encoder that ships: whole words, and endings of such words.

Entries that begin a word are the chosen words themselves, entries that continue one (``##ing``) are
what is left of at least ``min_words`` chosen words behind another chosen word. So no entry is, or
begins with, a word that few resumes share; a word outside the list is read as such a word and
endings of such words, or else as ``[UNK]``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from gigsim.learners.ragged import Ragged
from gigsim.pretraining.words import Parts, Words

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, UNK, CLS, SEP, MASK = range(len(SPECIAL))

#: Letters of the shortest word that another may be made of with an ending.
_SHORTEST_STEM = 3


@dataclass(frozen=True)
class Pieces:
    """The vocabulary.

    Attributes:
        entries: by id: the special ones, words, marks, endings with ``##`` in front.
        split: for words that are also a shorter word and an ending: the ids of these two.
    """

    entries: tuple[str, ...]
    split: dict[str, tuple[int, int]]

    @classmethod
    def of(cls, words: Words, *, min_words: int, forbidden: Collection[str]) -> Pieces:
        """Build it from the chosen words.

        Args:
            words: the list, and the marks.
            min_words: an ending must be one of so many words of the list.
            forbidden: endings never to be taken, such as names.
        """
        known = frozenset(words.words)
        stems = {word: stem for word in words.words if (stem := _stem(word, known))}
        found = Counter(word[len(stem) :] for word, stem in stems.items())
        endings = sorted(
            ending
            for ending, times in found.items()
            if times >= min_words and ending.isalpha() and ending not in forbidden
        )
        entries = (*SPECIAL, *words.words, *words.marks, *(f"##{e}" for e in endings))
        number = {entry: i for i, entry in enumerate(entries)}
        return cls(
            entries,
            {
                word: (number[stem], number[ending])
                for word, stem in stems.items()
                if (ending := f"##{word[len(stem) :]}") in number
            },
        )

    def tokenizer(self) -> Tokenizer:
        """As the ``tokenizers`` library reads it, with BERT's special pieces around a text."""
        tokenizer = Tokenizer(
            models.WordPiece({entry: i for i, entry in enumerate(self.entries)}, unk_token="[UNK]")
        )
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", SEP), ("[CLS]", CLS))
        tokenizer.add_special_tokens(list(SPECIAL))
        return tokenizer

    def read(self, parts: Parts, read: Ragged, share: float, draw: NDArray[np.float64]) -> Ragged:
        """Ids of resumes for pretraining: every part outside the list is ``[UNK]``.

        Not even endings of such parts are read, so that nothing of a rare word is trained on. A
        share of the words that can be is read as shorter word and ending, or endings would never
        be trained (sub-word regularisation, Kudo 2018).

        Args:
            parts: the parts by number.
            read: parts of resumes.
            share: of the words that can be split, in [0, 1].
            draw: uniforms on [0, 1), one for each value of ``read``.
        """
        whole = {entry: i for i, entry in enumerate(self.entries) if not entry.startswith("##")}
        # A part that spells a special entry is none.
        for special in SPECIAL:
            del whole[special]
        first = np.array([whole.get(name, UNK) for name in parts.names], dtype=np.int32)
        stem, ending = (
            np.array([self.split.get(name, (0, 0))[k] for name in parts.names], dtype=np.int32)
            for k in (0, 1)
        )
        cut = (ending[read.values] > 0) & (draw < share)
        pieces = np.where(cut, stem[read.values], first[read.values])
        bounds = np.concatenate([[0], np.cumsum(1 + cut)])
        values = np.empty(int(bounds[-1]), dtype=np.int32)
        values[bounds[:-1]] = pieces
        values[bounds[1:][cut] - 1] = ending[read.values[cut]]
        return Ragged(values, bounds[read.offsets])


def _stem(word: str, known: Collection[str]) -> str:
    """The longest other word of the list that this one begins with; empty if there is none."""
    if not word.isalpha():
        return ""
    return next(
        (word[:k] for k in range(len(word) - 1, _SHORTEST_STEM - 1, -1) if word[:k] in known), ""
    )
