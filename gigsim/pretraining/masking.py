"""Which pieces of a batch are to be guessed, and what stands in their place (15 %, 80/10/10)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.pretraining.vocabulary import MASK, SPECIAL

#: Shares of the chosen pieces that are replaced by [MASK], and by a random piece; the rest stays.
HIDDEN, SWAPPED = 0.8, 0.1


@dataclass(frozen=True, eq=False)
class Masked:
    """A batch with pieces to guess.

    Attributes:
        ids: int64, shape (batch, length): what the network reads.
        chosen: int64, shape (m,): positions in the flattened batch that it has to guess.
        answers: int64, shape (m,): the pieces that stood there.
    """

    ids: NDArray[np.int64]
    chosen: NDArray[np.int64]
    answers: NDArray[np.int64]


def mask(
    ids: NDArray[np.integer], share: float, size: int, generator: np.random.Generator
) -> Masked:
    """Choose pieces and replace them; special ones, ``[UNK]`` among them, are never chosen.

    So nothing is ever learned about what an ``[UNK]`` was.

    Args:
        ids: shape (batch, length).
        share: of the pieces to choose, each by itself.
        size: of the vocabulary; random pieces are uniform over those that are not special.
        generator: of all draws.
    """
    flat = ids.astype(np.int64).ravel()
    drawn = generator.random((2, len(flat)))
    chosen = np.flatnonzero((flat >= len(SPECIAL)) & (drawn[0] < share))
    answers = flat[chosen]
    fate = drawn[1, chosen]
    swapped = (fate >= HIDDEN) & (fate < HIDDEN + SWAPPED)
    flat[chosen[fate < HIDDEN]] = MASK
    flat[chosen[swapped]] = generator.integers(len(SPECIAL), size, int(swapped.sum()))
    return Masked(flat.reshape(ids.shape), chosen, answers)
