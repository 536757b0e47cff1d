"""Which words the encoder that ships may know: those that many resumes share, and no names.

A resume is read as BERT reads: lower case, no accents, punctuation apart. What lies between is a
*part*: ``C++/Java,`` has the parts *c + + / java ,*. The vocabulary ships, so a part gets into it
only if it is in many resumes (near-duplicates counted once), is no personal name, no remainder of a
link, and no number long enough to tell one person from another.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import normalizers, pre_tokenizers

from gigsim.learners.ragged import Ragged, offsets_of
from gigsim.resumes.corpus import Corpus, ragged_index

#: Digits of the longest number that is a word: a year, a port, a version; ZIP codes have five.
LONGEST_NUMBER = 4

#: Resumes read at once: bounds memory, changes nothing.
_CHUNK = 1000


@dataclass(frozen=True, eq=False)
class Parts:
    """How the words of a corpus come apart.

    Attributes:
        names: the distinct parts, in the order of their first appearance.
        of_word: row ``w`` holds the numbers of the parts of the corpus's word ``w``.
    """

    names: tuple[str, ...]
    of_word: Ragged

    @classmethod
    def of(cls, corpus: Corpus) -> Parts:
        """Of the words that the corpus's resumes use; unused words have no part."""
        normalizer = normalizers.BertNormalizer()
        splitter = pre_tokenizers.BertPreTokenizer()
        used = np.zeros(len(corpus.words), dtype=bool)
        used[corpus.tokens] = True
        number: dict[str, int] = {}
        values: list[int] = []
        lengths = np.zeros(len(corpus.words), dtype=np.int64)
        for word in np.flatnonzero(used).tolist():
            split = splitter.pre_tokenize_str(normalizer.normalize_str(corpus.words[word]))
            lengths[word] = len(split)
            values += [number.setdefault(part, len(number)) for part, _ in split]
        return cls(tuple(number), Ragged(np.array(values, dtype=np.int32), offsets_of(lengths)))

    def read(self, corpus: Corpus, rows: NDArray[np.integer]) -> Ragged:
        """The parts of the given resumes, by number."""
        words = corpus.tokens[ragged_index(corpus.offsets, rows)].astype(np.int64)
        parts = self.of_word.take(words)
        bounds = offsets_of(corpus.lengths[rows])
        return Ragged(parts.values, parts.offsets[bounds])


@dataclass(frozen=True)
class Words:
    """The parts that a vocabulary is made from.

    Attributes:
        words: letters and digits, most widespread first, ties in alphabetical order.
        marks: punctuation and other single characters, in the same order.
        resumes: in how many resumes (clusters of near-duplicates) each word is, int64.
        left_out: parts in enough resumes that were refused: names, debris, long numbers.
        coverage: share of all parts read that are among ``words`` and ``marks``.
    """

    words: tuple[str, ...]
    marks: tuple[str, ...]
    resumes: NDArray[np.int64]
    left_out: tuple[str, ...]
    coverage: float


def choose(
    corpus: Corpus, parts: Parts, *, words: int, min_resumes: int, forbidden: Collection[str]
) -> Words:
    """The most widespread parts of the resumes.

    Args:
        corpus: the resumes to read, all of them: pass the training side.
        parts: of this corpus.
        words: so many words at most, marks apart.
        min_resumes: a part must be in so many resumes, near-duplicates (clusters) counted once.
        forbidden: parts never to be chosen.
    """
    spread, spoken = spread_of(corpus, parts)
    names = np.array(parts.names, dtype=str)
    order = np.lexsort((names, -spread))
    order = order[spread[order] >= min_resumes]
    forbidden = frozenset(forbidden)
    kind = [_kind(name, forbidden) for name in names[order].tolist()]
    chosen = order[[k == "word" for k in kind]][:words]
    marks = order[[k == "mark" for k in kind]]
    refused = order[[k == "refused" for k in kind]]
    return Words(
        words=tuple(names[chosen].tolist()),
        marks=tuple(names[marks].tolist()),
        resumes=spread[chosen],
        left_out=tuple(names[refused].tolist()),
        coverage=float((spoken[chosen].sum() + spoken[marks].sum()) / max(spoken.sum(), 1)),
    )


def spread_of(corpus: Corpus, parts: Parts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(clusters of near-duplicates that hold each part, times that it occurs); shape (parts,)."""
    size = max(len(parts.names), 1)
    spoken = np.zeros(size, dtype=np.int64)
    pairs = [np.empty(0, dtype=np.int64)]
    # Ordered by cluster, so that a chunk's pairs can be made distinct on their own, but for one.
    rows = np.argsort(corpus.clusters, kind="stable")
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        read = parts.read(corpus, chunk)
        spoken += np.bincount(read.values, minlength=size)
        owner = np.repeat(corpus.clusters[chunk], read.lengths)
        pairs.append(np.unique(owner * size + read.values))
    return np.bincount(np.unique(np.concatenate(pairs)) % size, minlength=size), spoken


def _kind(part: str, forbidden: Collection[str]) -> str:
    """``word``, ``mark`` or ``refused``."""
    if len(part) == 1 and not part.isalnum():
        return "mark"
    number_too_long = part.isdigit() and len(part) > LONGEST_NUMBER
    plain = part.isascii() and part.isalnum()
    return "word" if plain and not number_too_long and part not in forbidden else "refused"
