"""A firm that trains with DP-SGD: logistic regression on TF-IDF, clipped and noised gradients.

Abadi et al. (2016), "Deep Learning with Differential Privacy": lots are drawn by Poisson sampling,
each resume's gradient is clipped to norm C, and noise of standard deviation σ·C is added to their
sum. It is here for one experiment, not a platform of the simulation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from gigsim.learners.ragged import Ragged


@dataclass(frozen=True)
class PrivateClassifier:
    """Weights of words, shape (V + 1, L) with an intercept in the last row, and idf, shape (V,)."""

    weights: NDArray[np.float64]
    idf: NDArray[np.float64]

    def probabilities(self, rows: sparse.csr_array) -> NDArray[np.float64]:
        """Of each label, shape (n, L)."""
        return expit(_features(rows, self.idf) @ self.weights)


@dataclass(frozen=True)
class PrivateFirm:
    """One logistic regression a label, all in one step of DP-SGD at a time.

    The idf is that of the submitted rows, and is not privatised: it is the same at every σ.

    Attributes:
        labels: L.
        sigma: noise multiplier, at least 0.
        clip: C, largest Euclidean norm of one resume's gradient.
        rate: length of a step along the mean clipped gradient of a lot.
        lot: expected resumes of a step.
        steps: of the training.
    """

    labels: int
    sigma: float
    clip: float = 1.0
    rate: float = 20.0
    lot: int = 200
    steps: int = 300

    def represent(self, texts: Ragged, vocabulary_size: int) -> sparse.csr_array:
        """Counts of each id in each text."""
        ones = np.ones(len(texts.values))
        shape = (len(texts), vocabulary_size)
        counts = sparse.csr_array((ones, texts.values, texts.offsets), shape=shape, copy=True)
        counts.sum_duplicates()
        return counts

    def fit(
        self, rows: sparse.csr_array, labels: NDArray[np.bool_], seed: int
    ) -> PrivateClassifier:
        """Train from zero.

        Args:
            rows: from :meth:`represent`, n of them.
            labels: shape (n, L).
            seed: of lots and noise, which are the same at every σ but for its scale.
        """
        count = rows.shape[0]
        frequency = np.bincount(rows.indices, minlength=rows.shape[1])
        idf = np.log((1 + count) / (1 + frequency)) + 1
        features = _features(rows, idf)
        # Every row is a unit vector and a one for the intercept.
        norm = np.sqrt(2.0)
        generator = np.random.default_rng([seed, 49])
        weights = np.zeros((features.shape[1], self.labels))
        for _ in range(self.steps):
            drawn = np.flatnonzero(generator.random(count) < self.lot / count)
            seen = features[drawn]
            residual = expit(seen @ weights) - labels[drawn]
            # The gradient of one resume is the outer product of its features and its residuals.
            lengths = norm * np.linalg.norm(residual, axis=1)
            residual *= np.minimum(1.0, self.clip / np.maximum(lengths, 1e-12))[:, None]
            noise = generator.standard_normal(weights.shape)
            step = seen.T @ residual + self.sigma * self.clip * noise
            weights -= self.rate / self.lot * step
        return PrivateClassifier(weights, idf)


def _features(rows: sparse.csr_array, idf: NDArray[np.float64]) -> sparse.csr_array:
    """Rows of TF-IDF of unit length (TF is 1 + ln count), and a column of ones."""
    weighted = rows.astype(np.float64)
    weighted.data = (1 + np.log(weighted.data)) * idf[weighted.indices]
    owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    lengths = np.sqrt(np.bincount(owner, weights=weighted.data**2, minlength=rows.shape[0]))
    weighted.data /= lengths[owner]
    return sparse.hstack([weighted, np.ones((rows.shape[0], 1))], format="csr")
