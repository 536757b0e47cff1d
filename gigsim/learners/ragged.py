"""Rows of different lengths in two flat arrays: what a learner sees of many resumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.resumes.corpus import ragged_index


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
        rows = np.asarray(rows)
        index = ragged_index(self.offsets, rows)
        return Ragged(self.values[index], offsets_of(self.lengths[rows]))

    def truncate(self, limit: int | None) -> Ragged:
        """The first ``limit`` values of each row; None keeps all."""
        if limit is None or not len(self) or self.lengths.max() <= limit:
            return self
        kept = np.minimum(self.lengths, limit)
        bounds = offsets_of(kept)
        shift = np.repeat(self.offsets[:-1] - bounds[:-1], kept)
        return Ragged(self.values[np.arange(bounds[-1]) + shift], bounds)

    def equal_rows(self, other: Ragged) -> NDArray[np.bool_]:
        """Whether row ``i`` of both is the same, bool, shape (n,)."""
        if len(self) != len(other):
            raise ValueError(f"{len(self)} rows against {len(other)}")
        same = self.lengths == other.lengths
        rows = np.flatnonzero(same)
        differ = self.take(rows).values != other.take(rows).values
        owner = np.repeat(rows, self.lengths[rows])
        same[owner[differ]] = False
        return same

    def any_in_row(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether any value of a row is flagged; ``flags`` is bool, shape (total length,)."""
        owner = np.repeat(np.arange(len(self)), self.lengths)
        found = np.zeros(len(self), dtype=bool)
        found[owner[flags]] = True
        return found

    def sorted_rows(self) -> Ragged:
        """Each row in increasing order: two rows are the same bag iff these are equal."""
        owner = np.repeat(np.arange(len(self)), self.lengths)
        return Ragged(self.values[np.lexsort((self.values, owner))], self.offsets)


def offsets_of(lengths: NDArray[np.integer]) -> NDArray[np.int64]:
    """Offsets, int64, shape (n + 1,), of rows with the given lengths, shape (n,)."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets
