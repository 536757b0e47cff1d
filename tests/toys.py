"""Small worlds that tests share."""

from __future__ import annotations

import numpy as np

from gigsim.resumes.corpus import OCCUPATIONS
from gigsim.resumes.language import Language, latent_rows


def toy_language(words: int = 200, longest: int = 40, sharpness: float = 1.5) -> Language:
    """A language of ten labels that is learned in a second; every resume has ``longest`` words."""
    rng = np.random.default_rng(0)
    labels = len(OCCUPATIONS)
    pairs = [(0, 8), (1, 7), (2, 7), (3, 8), (5, 7), (7, 9)]
    sets = np.zeros((labels + len(pairs), labels), dtype=bool)
    sets[np.arange(labels), np.arange(labels)] = True
    for row, pair in enumerate(pairs, start=labels):
        sets[row, list(pair)] = True
    codes = rng.integers(0, 100, size=(labels + 1, words)).astype(np.uint8)
    for label in range(labels):
        codes[label + 1, label::labels] += 120
    levels = 3
    language_rows = len(latent_rows(sets, levels)[0])
    return Language(
        words=tuple(f"w{i}" for i in range(words)),
        label_names=OCCUPATIONS,
        codes=codes,
        low=np.full(labels + 1, -8.0),
        step=np.full(labels + 1, sharpness / 50),
        label_sets=sets,
        set_counts=np.array([4, 3, 3, 10, 5, 4, 5, 30, 6, 6] + [3] * len(pairs), dtype=np.int64),
        shares=np.array([0.2, 0.4, 0.6]),
        dominance=np.array([0.8, 0.7, 0.6]),
        row_weights=np.ones(language_rows, dtype=np.float32),
        concentration=80.0,
        rho=0.03,
        length_counts=np.array([0] * longest + [1], dtype=np.int64),
    )
