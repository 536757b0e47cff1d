"""How a learner of the user's own is given resumes: counts, TF-IDF or ids in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gigsim.learners.protocol import Rows
from gigsim.learners.ragged import Ragged


@dataclass(frozen=True, eq=False)
class Texts:
    """n resumes as ids in their order; what a learner with ``reads = "tokens"`` is given.

    Attributes:
        ragged: the ids; ``ragged.values`` is int32, all resumes one after the other, and resume i
            is ``ragged[i]``.
        vocabulary_size: ids are in [0, vocabulary_size).
    """

    ragged: Ragged
    vocabulary_size: int

    def __len__(self) -> int:
        return len(self.ragged)

    def __getitem__(self, row: int) -> NDArray[np.int32]:
        """The ids of one resume."""
        return self.ragged[row]

    def padded(self, length: int | None = None, fill: int = -1) -> NDArray[np.int32]:
        """A matrix of ids, int32, shape (n, length).

        Args:
            length: ids kept of a resume, at least 1; None keeps all of the longest one's.
            fill: stands behind the end of shorter resumes.
        """
        lengths = self.ragged.lengths
        width = max(1, int(lengths.max(initial=0))) if length is None else length
        within = np.arange(width) < lengths[:, None]
        found = np.full(within.shape, fill, dtype=np.int32)
        found[within] = self.ragged.truncate(width).values
        return found

    def read_only(self) -> Texts:
        """The same in arrays that cannot be written to."""
        values, offsets = self.ragged.values.view(), self.ragged.offsets.view()
        values.flags.writeable = offsets.flags.writeable = False
        return Texts(Ragged(values, offsets), self.vocabulary_size)

    def take(self, rows: NDArray[np.integer]) -> Texts:
        """The given rows, in the given order."""
        return Texts(self.ragged.take(rows), self.vocabulary_size)

    def append(self, others: Rows) -> Texts:
        """These rows and then the others."""
        if not isinstance(others, Texts):
            raise TypeError(f"Texts and {type(others).__name__} are of two kinds")
        return Texts(Ragged.concatenate([self.ragged, others.ragged]), self.vocabulary_size)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Ids, where each resume begins, and the number of ids."""
        return {
            "values": self.ragged.values,
            "offsets": self.ragged.offsets,
            "vocabulary_size": np.array(self.vocabulary_size, dtype=np.int64),
        }


def counts(texts: Ragged, vocabulary_size: int) -> sparse.csr_array:
    """How often each id is in each text: CSR, int32, shape (n, vocabulary_size)."""
    ones = np.ones(len(texts.values), dtype=np.int32)
    shape = (len(texts), vocabulary_size)
    # A copy, because summing duplicates works in place.
    found = sparse.csr_array((ones, texts.values, texts.offsets), shape=shape, copy=True)
    found.sum_duplicates()
    if found.nnz <= np.iinfo(np.int32).max:
        # Some of scikit-learn takes no other ones.
        found.indices = found.indices.astype(np.int32)
        found.indptr = found.indptr.astype(np.int32)
    return found
