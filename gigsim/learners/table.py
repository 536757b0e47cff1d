"""The table learner: how often each label was submitted with exactly this text.

A platform that believes nothing but its counts. On a finite world it is what finite-sample theory
speaks of (``theory.table_sample``); on texts that are all different it knows only what it saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from gigsim.learners.protocol import Rows, State
from gigsim.learners.ragged import Ragged, blocks
from gigsim.learners.recipes import TableRecipe
from gigsim.learners.vocabulary import BagOfWords, Vocabulary, WordList
from gigsim.resumes.corpus import Corpus

#: Pieces that are hashed at a time; bounds memory at about 100 MB.
_BLOCK = 2_000_000

Keys = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class TableRows:
    """Resumes by the text that they read as: who reads alike shares a cell.

    Attributes:
        keys: uint64, shape (U, 2): 128 bits of each distinct text, a function of its pieces in
            their order and of nothing else, so that cells of two sets of rows can be compared.
        cells: int64, shape (n,): the distinct text of each resume, in [0, U).
    """

    keys: Keys
    cells: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.cells)

    def take(self, rows: NDArray[np.integer]) -> TableRows:
        """The given rows, in the given order."""
        return TableRows(self.keys, self.cells[np.asarray(rows)])

    def append(self, others: Rows) -> TableRows:
        """These rows and then the others; texts that both have share their cells."""
        more = _table(others)
        first, number = _distinct(np.concatenate([self.keys, more.keys]))
        keys = np.concatenate([self.keys, more.keys])[first]
        mine, theirs = number[: len(self.keys)], number[len(self.keys) :]
        return TableRows(keys, np.concatenate([mine[self.cells], theirs[more.cells]]))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Keys and cells."""
        return {"keys": self.keys, "cells": self.cells}


@dataclass(frozen=True)
class TableLearner:
    """Label frequencies in the cells of the submitted sample.

    P(label | text) is the share of the submitted resumes with exactly that text, all pieces in
    order, that report the label; of a text that nobody submitted, the share of all resumes
    (``unseen = "prior"``). Nothing is drawn and nothing is remembered: a platform that retrains
    warm has the same table as one that starts afresh.

    Attributes:
        recipe: what is done with unseen texts, and with ties.
        labels: number of labels L.
    """

    recipe: TableRecipe
    labels: int

    name = "table"
    limit = None
    ordered = True
    stochastic = False
    # Measured: 3 ms for 2,000 resumes, and 15 ms to fetch them.
    quick = True
    libraries = ("numpy", "scipy")

    def vocabulary(self, training_side: Corpus, word_list: Sequence[str] | None) -> Vocabulary:
        """The given words, or every token of the training side."""
        if word_list is not None:
            return WordList(word_list)
        return BagOfWords.from_corpus(training_side, max(1, int(training_side.lengths.sum())))

    def represent(self, texts: Ragged, vocabulary_size: int) -> TableRows:
        """The cell of each text.

        Raises:
            RuntimeError: two different texts have the same 128 bits. Below 1e-24 a run, and
                checked here all the same.
        """
        keys = _keys(texts)
        first, cells = _distinct(keys)
        if not texts.equal_rows(texts.take(first[cells])).all():
            raise RuntimeError("two different texts have the same 128-bit key")
        return TableRows(keys[first], cells)

    def material(self) -> State:
        """Nothing."""
        return {}

    def fit(
        self, rows: Rows, labels: NDArray[np.bool_], seed: int, start: State | None = None
    ) -> TableClassifier:
        """Count; ``seed`` and ``start`` play no part.

        Args:
            rows: n rows, n at least 1.
            labels: bool, shape (n, L).
            seed: not used: nothing is drawn.
            start: not used: a table of the submitted sample has no past.
        """
        table = _table(rows)
        n = len(table)
        if labels.shape != (n, self.labels) or not n:
            raise ValueError(f"labels are {labels.shape}, not {(n, self.labels)} with n > 0")
        seen, cells = np.unique(table.cells, return_inverse=True)
        counts = np.stack(
            [np.bincount(cells[column], minlength=len(seen)) for column in labels.T], axis=1
        )
        size = np.bincount(cells, minlength=len(seen))
        classifier = TableClassifier(
            {"keys": table.keys[seen], "counts": counts, "size": size, "prior": labels.mean(axis=0)}
        )
        classifier.loss = _cross_entropy(counts, size[:, None])
        return classifier

    def restore(self, state: State) -> TableClassifier:
        """The classifier with the given counts."""
        return TableClassifier(state)


class TableClassifier:
    """Keys of the texts seen, shape (U, 2), label counts (U, L), rows (U,) and prior (L,)."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.loss = float("nan")

    def probabilities(self, rows: Rows) -> NDArray[np.float32]:
        """Label frequencies, float32, shape (n, L).

        Counts that differ give numbers that differ up to 2²³ resumes a text, and equal counts
        equal ones: of tied labels the first, in the order of the columns, is the top one
        (``ties = "first"``), and a label with exactly half of the resumes is not in the set.
        """
        table, state = _table(rows), self.state
        known = len(state["keys"])
        first, number = _distinct(np.concatenate([state["keys"], table.keys]))
        # The first of equal keys is the known one, if there is one: its row, else the prior's.
        row = np.minimum(first[number[known:]], known)[table.cells]
        frequencies = np.vstack([state["counts"] / state["size"][:, None], state["prior"]])
        return frequencies[row].astype(np.float32)


def _table(rows: Rows) -> TableRows:
    if not isinstance(rows, TableRows):
        raise TypeError(f"the table learner reads TableRows, not {type(rows).__name__}")
    return rows


def _distinct(keys: Keys) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the distinct keys.

    Returns:
        (the first row of each distinct key, the number of each row's key), int64, (U,) and (n,).
    """
    order = np.lexsort((keys[:, 1], keys[:, 0]))
    ordered = keys[order]
    new = np.ones(len(keys), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    number = np.empty(len(keys), dtype=np.int64)
    number[order] = np.cumsum(new) - 1
    # lexsort is stable: the first of a stretch is the first there is.
    return order[new], number


def _keys(texts: Ragged) -> Keys:
    """128 bits of each text: two sums over its pieces of 64 scrambled bits of (piece, place)."""
    keys = np.empty((len(texts), 2), dtype=np.uint64)
    for rows in blocks(texts.offsets, _BLOCK):
        bounds = texts.offsets[rows.start : rows.stop + 1]
        pieces = texts.values[bounds[0] : bounds[-1]].astype(np.uint64)
        lengths = np.diff(bounds)
        place = np.arange(len(pieces)) - np.repeat(bounds[:-1] - bounds[0], lengths)
        for half, salt in enumerate(_SALTS):
            terms = _scramble(_scramble(pieces + salt) + place.astype(np.uint64))
            sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(terms)])
            total = sums[bounds[1:] - bounds[0]] - sums[bounds[:-1] - bounds[0]]
            keys[rows, half] = _scramble(total + lengths.astype(np.uint64) + salt)
    return keys


_SALTS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03))


def _scramble(bits: Keys) -> Keys:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijection of 64 bits."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _cross_entropy(counts: NDArray[np.int64], size: NDArray[np.int64]) -> float:
    """Of the frequencies on the resumes that they were counted on, mean over rows and labels."""
    rest = size - counts
    nats = -(xlogy(counts, counts / size) + xlogy(rest, rest / size)).sum()
    return float(nats / (size.sum() * counts.shape[1]))
