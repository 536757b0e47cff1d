"""Which words the built-in resume language may use, and how a resume reads in them.

A whitespace token is taken apart into plain lower-case words: ``HTML/CSS,`` reads as *html css*,
``Company's`` as *company*; parts with digits, addresses and single letters read as nothing. Words
that few resumes share, personal names and what is left of links never become words of a language,
because the language is published and resumes are personal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.resumes.corpus import Corpus, ragged_index

#: Personal names that ship; the file says where they come from.
SHIPPED_NAMES = Path(__file__).parent.parent / "data" / "names.txt"

#: Words with a sign or of one letter that count as words of the trade or of plain English.
UNUSUAL_WORDS = frozenset({"c++", "c#", "f#", "a", "c", "i", "r"})

#: What is left of links and addresses when they are taken apart.
DEBRIS = frozenset({"com", "gmail", "hotmail", "https", "indeed", "linkedin", "www", "yahoo"})

_PART = re.compile(r"[^\W_]+(?:'[^\W_]+)*(?:\+\+|#)?")
_ADDRESS = re.compile(r"@|://|^www\.", re.IGNORECASE)

#: Resumes read at once: bounds memory, changes nothing.
_CHUNK = 2000


def plain_words(token: str) -> list[str]:
    """The plain words in one whitespace-delimited token, in order.

    >>> plain_words("HTML5/CSS,"), plain_words("C++/C#"), plain_words("Company's")
    (['css'], ['c++', 'c#'], ['company'])
    """
    if _ADDRESS.search(token):
        return []
    parts = (part.removesuffix("'s") for part in _PART.findall(token.lower().replace("’", "'")))
    bare = (part if part in UNUSUAL_WORDS else part.rstrip("+#") for part in parts)
    return [word for word in bare if is_plain_word(word)]


def is_plain_word(word: str) -> bool:
    """Two or more letters a to z, or one of :data:`UNUSUAL_WORDS`."""
    return word in UNUSUAL_WORDS or (
        len(word) > 1 and word.isascii() and word.isalpha() and word.islower()
    )


def read_names(path: Path | str = SHIPPED_NAMES) -> frozenset[str]:
    """Names in a text file: words between white space, ``#`` starts a comment line.

    Raises:
        InputError: the file is missing or not UTF-8 text.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"unreadable ({error})", "a UTF-8 text of names") from error
    return frozenset(
        word.lower() for line in lines if not line.startswith("#") for word in line.split()
    )


@dataclass(frozen=True)
class WordChoice:
    """The words of a language and how they were chosen.

    Attributes:
        words: most widespread first, ties in alphabetical order.
        least_resumes: how many resumes the last of them is in.
        candidates: how many plain words are in enough resumes, names and debris included.
        left_out: of those, the names and the debris, most widespread first.
        coverage: share of all plain words read that are among ``words``.
    """

    words: tuple[str, ...]
    least_resumes: int
    candidates: int
    left_out: tuple[str, ...]
    coverage: float


def choose_words(
    corpus: Corpus, *, words: int, min_resumes: int, forbidden: Collection[str]
) -> WordChoice:
    """The most widespread plain words of a corpus.

    Args:
        corpus: the resumes to read, all of them: pass the training side.
        words: at most so many.
        min_resumes: a word must be in so many resumes, near-duplicates (clusters) counted once.
        forbidden: words never to be chosen.
    """
    number: dict[str, int] = {}
    reading = _Reading.of(corpus, lambda word: number.setdefault(word, len(number)))
    names = np.array(list(number), dtype=str)
    spoken = np.zeros(len(names), dtype=np.int64)
    pairs = [np.empty(0, dtype=np.int64)]
    for rows in _chunks(corpus):
        read, lengths = reading.read(corpus, rows)
        spoken += np.bincount(read, minlength=len(names))
        pairs.append(_distinct(np.repeat(corpus.clusters[rows], lengths) * len(names) + read))
    spread = np.bincount(
        _distinct(np.concatenate(pairs)) % max(len(names), 1), minlength=len(names)
    )
    order = np.lexsort((names, -spread))
    order = order[spread[order] >= min_resumes]
    refused = np.isin(names[order], list(forbidden))
    chosen = order[~refused][:words]
    return WordChoice(
        words=tuple(names[chosen].tolist()),
        least_resumes=int(spread[chosen[-1]]) if len(chosen) else 0,
        candidates=len(order),
        left_out=tuple(names[order[refused]].tolist()),
        coverage=float(spoken[chosen].sum() / max(spoken.sum(), 1)),
    )


def heads(corpus: Corpus, words: Sequence[str], head: int) -> Corpus:
    """The same resumes, each cut to the first ``head`` of its plain words that are in ``words``.

    Returns:
        A corpus over ``words`` (so that it has the form of what a language writes); a resume may
        be left without a word.
    """
    number = {word: index for index, word in enumerate(words)}
    reading = _Reading.of(corpus, number.get)
    tokens, lengths = [np.empty(0, dtype=np.uint32)], [np.empty(0, dtype=np.int64)]
    for rows in _chunks(corpus):
        read, counts = reading.read(corpus, rows)
        place = np.arange(len(read)) - np.repeat(np.cumsum(counts) - counts, counts)
        tokens.append(read[place < head].astype(np.uint32))
        lengths.append(np.minimum(counts, head))
    return replace(
        corpus,
        words=tuple(words),
        tokens=np.concatenate(tokens),
        offsets=np.concatenate([[0], np.cumsum(np.concatenate(lengths))]),
    )


@dataclass(frozen=True)
class _Reading:
    """How each distinct token reads: as ``pieces[offsets[t]:offsets[t + 1]]``, word numbers."""

    pieces: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, corpus: Corpus, number: Callable[[str], int | None]) -> _Reading:
        """Tokens that no resume of the corpus has read as nothing; so do words without a number."""
        used = np.zeros(len(corpus.words), dtype=bool)
        used[corpus.tokens] = True
        pieces: list[int] = []
        counts = np.zeros(len(corpus.words), dtype=np.int64)
        for token in np.flatnonzero(used).tolist():
            numbers = [number(word) for word in plain_words(corpus.words[token])]
            known = [n for n in numbers if n is not None]
            counts[token] = len(known)
            pieces.extend(known)
        return cls(np.array(pieces, dtype=np.int64), np.concatenate([[0], np.cumsum(counts)]))

    def read(
        self, corpus: Corpus, rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(word numbers of the resumes at ``rows``, one after the other; how many each has)."""
        tokens = corpus.tokens[ragged_index(corpus.offsets, rows)].astype(np.int64)
        before = np.concatenate([[0], np.cumsum(np.diff(self.offsets)[tokens])])
        ends = np.cumsum(corpus.lengths[rows])
        return self.pieces[ragged_index(self.offsets, tokens)], np.diff(before[ends], prepend=0)


def _chunks(corpus: Corpus) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(corpus), _CHUNK):
        yield np.arange(start, min(start + _CHUNK, len(corpus)))


def _distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The distinct values in ascending order; ``np.unique`` hashes, ten times slower here."""
    ordered = np.sort(values)
    return ordered[np.diff(ordered, prepend=ordered[:1] - 1) != 0]
