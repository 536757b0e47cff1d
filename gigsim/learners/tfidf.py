"""Resumes as counts of words, and their TF-IDF: how a linear platform sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gigsim.learners.protocol import Rows
from gigsim.learners.ragged import Ragged, blocks, by_value, offsets_of

#: Pieces that are sorted at a time: that many lie in a processor's cache.
_BLOCK = 1_000_000


@dataclass(frozen=True, eq=False)
class CountRows:
    """Resumes as counts of words: CSR, int32, shape (n, words)."""

    counts: sparse.csr_array

    def __len__(self) -> int:
        return int(self.counts.shape[0])

    def take(self, rows: NDArray[np.integer]) -> CountRows:
        """The given rows, in the given order."""
        return CountRows(self.counts[np.asarray(rows)])

    def append(self, others: Rows) -> CountRows:
        """These rows and then the others."""
        return CountRows(sparse.vstack([self.counts, counts_of(others)], format="csr"))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The three arrays of the matrix, and its shape."""
        counts = self.counts
        return {
            "data": counts.data,
            "indices": counts.indices,
            "indptr": counts.indptr,
            "shape": np.array(counts.shape, dtype=np.int64),
        }


def counted(texts: Ragged, size: int) -> sparse.csr_array:
    """How often each id is in each text.

    Args:
        texts: n texts as ids in [0, size).
        size: number of ids.

    Returns:
        CSR, int32, shape (n, size), ids ascending in each row and none of them twice.
    """
    parts = [by_value(texts, rows, size).tocsr() for rows in blocks(texts.offsets, _BLOCK)]
    filled = [np.diff(part.indptr) for part in parts]
    bounds = offsets_of(np.concatenate([np.zeros(0, dtype=np.int64), *filled]))
    data, indices = (
        np.concatenate([np.zeros(0, dtype=np.int32), *arrays])
        for arrays in ([part.data for part in parts], [part.indices for part in parts])
    )
    if bounds[-1] <= np.iinfo(np.int32).max:
        # Half the memory traffic of a solver's every pass.
        bounds = bounds.astype(np.int32)
    counts = sparse.csr_array((data, indices, bounds), shape=(len(texts), size))
    counts.has_canonical_format = True
    return counts


def counts_of(rows: Rows) -> sparse.csr_array:
    """The matrix of counts.

    Raises:
        TypeError: rows of another learner.
    """
    if not isinstance(rows, CountRows):
        raise TypeError(f"the linear learner reads CountRows, not {type(rows).__name__}")
    return rows.counts


def inverse_frequencies(counts: sparse.csr_array) -> NDArray[np.float64]:
    """Each word's idf over these rows, float64, shape (words,); 0 for words that none holds."""
    n, words = counts.shape
    frequency = np.bincount(counts.indices, minlength=words)
    return np.where(frequency > 0, np.log((1 + n) / (1 + frequency)) + 1, 0.0)


def tfidf(counts: sparse.csr_array, idf: NDArray[np.float64]) -> sparse.csr_array:
    """Rows of unit length, or of zeros where a resume holds no feature; float64."""
    return tfidf_and_lengths(counts, idf)[0]


def tfidf_and_lengths(
    counts: sparse.csr_array, idf: NDArray[np.float64]
) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """Rows of :func:`tfidf`, and the length of each before it was divided by it, shape (n,)."""
    values = (1.0 + np.log(counts.data)) * idf[counts.indices]
    n = counts.shape[0]
    owner = np.repeat(np.arange(n), np.diff(counts.indptr))
    lengths = np.sqrt(np.bincount(owner, weights=values**2, minlength=n))
    values /= np.where(lengths > 0, lengths, 1.0)[owner]
    return sparse.csr_array((values, counts.indices, counts.indptr), counts.shape), lengths
