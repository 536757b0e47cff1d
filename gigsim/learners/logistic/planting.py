"""What planting makes of TF-IDF rows: x_i becomes a_i x_i + s_i."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gigsim.learners.tfidf import tfidf_and_lengths


@dataclass(frozen=True, eq=False)
class Planting:
    """One way of planting: the signal's idf and the rows with it, as ``PlantedDesign`` has them."""

    idf: NDArray[np.float64]
    rows: NDArray[np.int64]
    shrink: NDArray[np.float32]
    shown: NDArray[np.float32]


def unit_rows(
    counts: sparse.csr_array, idf: NDArray[np.float64]
) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """TF-IDF rows of unit length, float32, and the lengths that they had, shape (n,)."""
    features, lengths = tfidf_and_lengths(counts, idf)
    return features.astype(np.float32), lengths


def with_signal(
    planted: NDArray[np.int32], idf: NDArray[np.float64], lengths: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What is left of rows that show the signal, shape (n,), and its features, shape (k, n)."""
    signal = np.where(planted > 0, 1 + np.log(np.maximum(planted, 1)), 0.0) * idf
    whole = np.sqrt(lengths**2 + (signal**2).sum(axis=1))
    whole[whole == 0] = 1.0
    shrink = np.where(lengths > 0, lengths / whole, 0.0)
    return shrink.astype(np.float32), (signal / whole[:, None]).T.astype(np.float32)
