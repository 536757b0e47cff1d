"""Which words the built-in resume language may use, and how a resume reads in them.

A whitespace token is taken apart into plain lower-case words: ``HTML/CSS,`` reads as *html css*,
``Company's`` as *company*; parts with digits, addresses and single letters read as nothing. Words
that few resumes share, personal names and what is left of links never become words of a language,
because the language is published and resumes are personal.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
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
class WordTable:
    """The words of a language and how each distinct token of a corpus reads in them.

    Attributes:
        words: V words, most widespread first, ties in alphabetical order.
        pieces: int64, numbers of words, all tokens' one after the other.
        piece_offsets: int64, shape (distinct tokens + 1,): token ``t`` reads as
            ``pieces[piece_offsets[t]:piece_offsets[t + 1]]``.
        least_resumes: how many resumes the last of the words is in.
        candidates: how many words are in enough resumes, names and debris included.
        left_out: of those, the names and the debris, most widespread first.
        coverage: share of all plain words read that are among ``words``.
    """

    words: tuple[str, ...]
    pieces: NDArray[np.int64]
    piece_offsets: NDArray[np.int64]
    least_resumes: int
    candidates: int
    left_out: tuple[str, ...]
    coverage: float

    def heads(self, corpus: Corpus, head: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first ``head`` words of each resume, in order.

        Args:
            corpus: n resumes over the tokens that the table was made for.
            head: at most so many words a resume.

        Returns:
            (word numbers, resume after resume; words a resume, shape (n,)), both int64.
        """
        tokens, lengths = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
        for rows in _chunks(len(corpus)):
            words, counts = _read(corpus, rows, self.pieces, self.piece_offsets)
            starts = np.cumsum(counts) - counts
            place = np.arange(len(words)) - np.repeat(starts, counts)
            tokens.append(words[place < head])
            lengths.append(np.minimum(counts, head))
        return np.concatenate(tokens), np.concatenate(lengths)


def choose_words(
    corpus: Corpus, *, words: int, min_resumes: int, forbidden: Collection[str]
) -> WordTable:
    """The most widespread plain words of a corpus.

    Args:
        corpus: the resumes to read, all of them: pass the training side.
        words: at most so many.
        min_resumes: a word must be in so many resumes, near-duplicates (clusters) counted once.
        forbidden: words never to be chosen.
    """
    spoken = np.zeros(len(corpus.words), dtype=bool)
    spoken[corpus.tokens] = True
    number: dict[str, int] = {}
    pieces: list[int] = []
    counts = np.zeros(len(corpus.words), dtype=np.int64)
    for token in np.flatnonzero(spoken).tolist():
        parts = plain_words(corpus.words[token])
        counts[token] = len(parts)
        pieces.extend(number.setdefault(part, len(number)) for part in parts)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    numbered = np.array(pieces, dtype=np.int64)
    names = np.array(list(number), dtype=object)

    total = np.zeros(len(number), dtype=np.int64)
    pairs = [np.empty(0, dtype=np.int64)]
    for rows in _chunks(len(corpus)):
        read, lengths = _read(corpus, rows, numbered, offsets)
        total += np.bincount(read, minlength=len(number))
        pairs.append(_distinct(np.repeat(corpus.clusters[rows], lengths) * len(number) + read))
    spread = np.bincount(
        _distinct(np.concatenate(pairs)) % max(len(number), 1), minlength=len(number)
    )
    order = np.lexsort((names.astype(str), -spread))
    order = order[spread[order] >= min_resumes]
    refused = np.array([names[i] in forbidden for i in order], dtype=bool)
    chosen = order[~refused][:words]

    new_number = np.full(len(number), -1, dtype=np.int64)
    new_number[chosen] = np.arange(len(chosen))
    known = new_number[numbered] >= 0
    token_of_piece = np.repeat(np.arange(len(counts)), counts)
    kept = np.bincount(token_of_piece[known], minlength=len(counts))
    return WordTable(
        words=tuple(names[chosen].tolist()),
        pieces=new_number[numbered[known]],
        piece_offsets=np.concatenate([[0], np.cumsum(kept)]),
        least_resumes=int(spread[chosen[-1]]) if len(chosen) else 0,
        candidates=len(order),
        left_out=tuple(names[order[refused]].tolist()),
        coverage=float(total[chosen].sum() / max(total.sum(), 1)),
    )


def _chunks(n: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, n, _CHUNK):
        yield np.arange(start, min(start + _CHUNK, n))


def _distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The distinct values in ascending order; ``np.unique`` hashes, ten times slower here."""
    ordered = np.sort(values)
    return ordered[np.diff(ordered, prepend=ordered[:1] - 1) != 0]


def _read(
    corpus: Corpus,
    rows: NDArray[np.int64],
    pieces: NDArray[np.int64],
    piece_offsets: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(pieces of the resumes at ``rows``, how many each has)."""
    tokens = corpus.tokens[ragged_index(corpus.offsets, rows)].astype(np.int64)
    read = pieces[ragged_index(piece_offsets, tokens)]
    per_token = np.concatenate([[0], np.cumsum(np.diff(piece_offsets)[tokens])])
    ends = np.cumsum(corpus.lengths[rows])
    return read, np.diff(per_token[ends], prepend=0)
