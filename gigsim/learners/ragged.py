"""Rows of different lengths in two flat arrays: what a learner sees of many resumes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gigsim.resumes.corpus import gather, stretches


@dataclass(frozen=True, eq=False)
class Ragged:
    """n rows of integers.

    Attributes:
        values: int32, shape (total length,): the rows one after the other.
        offsets: int64, shape (n + 1,): row ``i`` is ``values[offsets[i]:offsets[i + 1]]``.
    """

    values: NDArray[np.int32]
    offsets: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.values.dtype != np.int32 or self.offsets.dtype != np.int64:
            raise TypeError(f"int32 and int64 needed: {self.values.dtype}, {self.offsets.dtype}")
        if self.offsets[0] != 0 or self.offsets[-1] != len(self.values):
            raise ValueError("offsets do not span the values")

    @classmethod
    def from_rows(cls, rows: Sequence[Sequence[int]]) -> Ragged:
        """Rows given one by one."""
        lengths = np.fromiter((len(row) for row in rows), dtype=np.int64, count=len(rows))
        total = int(lengths.sum())
        values = np.fromiter((v for row in rows for v in row), dtype=np.int32, count=total)
        return cls(values, offsets_of(lengths))

    @staticmethod
    def concatenate(parts: Sequence[Ragged]) -> Ragged:
        """The rows of the first part, then those of the second, and so on."""
        if not parts:
            return Ragged(np.empty(0, dtype=np.int32), np.zeros(1, dtype=np.int64))
        if len(parts) == 1:
            return parts[0]
        return Ragged(
            np.concatenate([part.values for part in parts]),
            offsets_of(np.concatenate([part.lengths for part in parts])),
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> NDArray[np.int32]:
        """Row ``row`` in [0, n)."""
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Length of each row, int64, shape (n,)."""
        return np.diff(self.offsets)

    def take(self, rows: NDArray[np.integer]) -> Ragged:
        """The given rows (integers in [0, n), repeats allowed), in the given order."""
        return Ragged(*gather(self.values, self.offsets, rows))

    def truncate(self, limit: int | None) -> Ragged:
        """The first ``limit`` values of each row; None keeps all."""
        if limit is None or not len(self) or self.lengths.max() <= limit:
            return self
        kept = np.minimum(self.lengths, limit)
        return Ragged(*stretches(self.values, self.offsets[:-1], kept))

    def equal_rows(self, other: Ragged) -> NDArray[np.bool_]:
        """Whether row ``i`` of both is the same, bool, shape (n,)."""
        if len(self) != len(other):
            raise ValueError(f"{len(self)} rows against {len(other)}")
        same = self.lengths == other.lengths
        rows = np.flatnonzero(same)
        mine, theirs = self.take(rows), other.take(rows)
        same[rows] = ~mine.any_in_row(mine.values != theirs.values)
        return same

    def where(self, kept: NDArray[np.bool_]) -> Ragged:
        """Each row without what is not to be kept; bool, shape (total length,)."""
        return Ragged(self.values[kept], offsets_of(kept)[self.offsets])

    def any_in_row(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether any value of a row is flagged; ``flags`` is bool, shape (total length,)."""
        found = np.zeros(len(self), dtype=bool)
        # Empty rows begin where the next one does: the last that begins there is the one.
        found[np.searchsorted(self.offsets, np.flatnonzero(flags), side="right") - 1] = True
        return found

    def sorted_rows(self) -> Ragged:
        """Each row in increasing order: two rows are the same bag iff these are equal."""
        owner = np.repeat(np.arange(len(self)), self.lengths)
        return Ragged(self.values[np.lexsort((self.values, owner))], self.offsets)


def offsets_of(lengths: NDArray[np.integer] | NDArray[np.bool_]) -> NDArray[np.int64]:
    """Offsets, int64, shape (n + 1,), of rows with the given lengths, shape (n,)."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def blocks(offsets: NDArray[np.int64], size: int) -> list[slice]:
    """Stretches of the rows with these offsets, of about ``size`` elements each."""
    cuts = np.searchsorted(offsets, np.arange(size, offsets[-1], size))
    edges = np.unique(np.concatenate([[0], cuts, [len(offsets) - 1]]))
    return [slice(int(a), int(b)) for a, b in itertools.pairwise(edges)]


def by_value(texts: Ragged, rows: slice, size: int) -> sparse.csc_array:
    """How often each value is in each of some rows, by value: rows ascending, none of them twice.

    Values are put in order by turning a matrix over, and back, which takes time in proportion to
    their number; to sort takes its logarithm's times longer.

    Args:
        texts: rows of values in [0, size).
        rows: n neighbouring ones.
        size: number of values.

    Returns:
        CSC, int32, shape (n, size).
    """
    bounds = texts.offsets[rows.start : rows.stop + 1]
    values = texts.values[bounds[0] : bounds[-1]]
    ones = np.ones(len(values), dtype=np.int32)
    begins = (bounds - bounds[0]).astype(np.int32)
    turned = sparse.csr_array((ones, values, begins), shape=(len(begins) - 1, size)).tocsc()
    turned.has_sorted_indices = True
    turned.sum_duplicates()
    return turned
