"""Resumes as ids, the form in which a transformer reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


@dataclass(frozen=True, eq=False)
class Batch:
    """Some resumes on a device.

    Attributes:
        rows: which ones, int64, shape (batch,).
        ids: int64, shape (batch, longest); 0 on padding.
        present: bool, shape (batch, longest), False on padding; None if there is none.
    """

    rows: Tensor
    ids: Tensor
    present: Tensor | None


class TokensOn:
    """Resumes that lie on a device as they are, one after the other.

    Batches are put together there: after the first nothing is copied to the device but one list of
    rows for many batches, and nothing is asked of it.

    Args:
        rows: n resumes.
        device: where they are to lie.
    """

    def __init__(self, rows: TokenRows, device: str) -> None:
        self._lengths = rows.texts.lengths
        # A last id, for where a text of no length would begin.
        values = np.append(rows.texts.values, np.int32(0))
        self._values = torch.from_numpy(values).to(device)
        self._starts = torch.from_numpy(rows.texts.offsets[:-1].copy()).to(device)
        self._ends = torch.from_numpy(rows.texts.offsets[1:].copy()).to(device)

    def batches(self, cut: Iterable[NDArray[np.integer]]) -> Iterator[Batch]:
        """Batches of the given rows, in the given order; none of them is empty."""
        cuts = list(cut)
        if not cuts:
            return
        device = self._values.device
        order = torch.from_numpy(np.concatenate(cuts).astype(np.int64)).to(device)
        # A text without any piece is one piece of padding, which nothing attends to.
        longest = [max(int(self._lengths[rows].max()), 1) for rows in cuts]
        within = torch.arange(max(longest), device=device)
        for numbers, rows, length in zip(
            cuts, order.split([len(c) for c in cuts]), longest, strict=True
        ):
            at = self._starts[rows][:, None] + within[:length]
            present = None
            if (self._lengths[numbers] < length).any():
                present = at < self._ends[rows][:, None]
                at = at.clamp_(max=len(self._values) - 1)
            ids = self._values[at].long()
            if present is not None:
                ids = ids.where(present, 0)
            yield Batch(rows, ids, present)


def token_rows(rows: Rows) -> TokenRows:
    """Rows of whatever kind, which must be these."""
    if not isinstance(rows, TokenRows):
        raise TypeError(f"the transformer learner reads TokenRows, not {type(rows).__name__}")
    return rows
