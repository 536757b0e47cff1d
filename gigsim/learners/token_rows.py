"""Resumes as ids, the form in which a transformer reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gigsim.learners.protocol import Rows
from gigsim.learners.ragged import Ragged


@dataclass(frozen=True, eq=False)
class TokenRows:
    """Resumes as ids in [0, size)."""

    texts: Ragged
    size: int

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: NDArray[np.integer]) -> TokenRows:
        """The given rows, in the given order."""
        return TokenRows(self.texts.take(rows), self.size)

    def append(self, others: Rows) -> TokenRows:
        """These rows and then the others."""
        return TokenRows(Ragged.concatenate([self.texts, token_rows(others).texts]), self.size)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Ids one after the other, where each text begins, and the number of ids."""
        return {
            "values": self.texts.values,
            "offsets": self.texts.offsets,
            "size": np.array(self.size, dtype=np.int64),
        }

    def batch(self, rows: NDArray[np.integer]) -> tuple[Tensor, Tensor | None]:
        """Ids, int64, shape (batch, longest), and where they are not padding; None if nowhere."""
        texts = self.texts
        lengths = texts.lengths[rows]
        # A text without any piece is one piece of padding, which nothing attends to.
        within = np.arange(max(int(lengths.max()), 1))
        present = within < lengths[:, None]
        ids = np.zeros(present.shape, dtype=np.int64)
        ids[present] = texts.values[(texts.offsets[rows][:, None] + within)[present]]
        return torch.from_numpy(ids), None if present.all() else torch.from_numpy(present)


def token_rows(rows: Rows) -> TokenRows:
    """Rows of whatever kind, which must be these."""
    if not isinstance(rows, TokenRows):
        raise TypeError(f"the transformer learner reads TokenRows, not {type(rows).__name__}")
    return rows
