"""Toy languages that the tests of resumes share."""

from __future__ import annotations

import numpy as np

from gigsim.resumes.language import Language, latent_rows


def small_language(rho: float = 0.1, concentration: float = 3.0, words: int = 6) -> Language:
    """Three labels, five label sets (the empty one among them), two topic shares."""
    rng = np.random.default_rng(5)
    sets = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 1], [1, 1, 1]], dtype=bool)
    return Language(
        words=tuple("abcdefghijklmnopqrstuvwxyz"[:words]),
        label_names=("x", "y", "z"),
        codes=rng.integers(0, 256, size=(4, words)).astype(np.uint8),
        low=np.full(4, -4.0),
        step=np.full(4, 4.0 / 255),
        label_sets=sets,
        set_counts=np.array([1, 5, 4, 3, 2], dtype=np.int64),
        shares=np.array([0.4, 0.9]),
        dominance=np.array([0.8, 0.7, 0.6]),
        row_weights=rng.random(len(latent_rows(sets, 2)[0])).astype(np.float32) + 0.1,
        concentration=concentration,
        rho=rho,
        length_counts=np.array([0, 0, 3, 0, 1, 2], dtype=np.int64),
    )
