"""What many trainings on the same resumes are asked, and what each answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


@dataclass(frozen=True, eq=False)
class PlantedTexts:
    """Texts free of the signal, and what planting adds to each: the signal and nothing else.

    Attributes:
        counts: of words, CSR, int32, shape (n, words); the signal is no word, or in none.
        planted: int32, shape (n, k): how often each of the signal's k >= 1 ids stands in the
            planted text.
    """

    counts: sparse.csr_array
    planted: NDArray[np.int32]

    def __len__(self) -> int:
        return int(self.counts.shape[0])


@dataclass(frozen=True, eq=False)
class Replica:
    """One training.

    Attributes:
        shows: bool, shape (n,): who hands in the planted version.
        labels: bool, shape (n, L): what is reported.
    """

    shows: NDArray[np.bool_]
    labels: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a training gives.

    Attributes:
        planted: probabilities of the held-out texts with the signal, float32, shape (t, L).
        clean: without it.
        loss: binary cross-entropy on the training rows, mean over rows and labels; labels that
            nobody or everybody reports contribute nothing.
    """

    planted: NDArray[np.float32]
    clean: NDArray[np.float32]
    loss: float
