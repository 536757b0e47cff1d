"""Small regressions that look like TF-IDF, and what float64 makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

Floats = NDArray[np.floating[Any]]


def features_of(
    generator: np.random.Generator, n: int, d: int, density: float = 0.3
) -> sparse.csr_array:
    """Non-negative rows of unit length, some of them empty, float32."""
    dense = generator.exponential(size=(n, d)) * (generator.random((n, d)) < density)
    lengths = np.linalg.norm(dense, axis=1, keepdims=True)
    return sparse.csr_array((dense / np.where(lengths > 0, lengths, 1)).astype(np.float32))


def labels_of(
    generator: np.random.Generator, features: sparse.csr_array, columns: int, noise: float = 1.0
) -> NDArray[np.bool_]:
    """Labels that the features say something of."""
    slopes = generator.normal(size=(features.shape[1], columns)) * 4
    return np.asarray(features @ slopes + generator.logistic(size=columns) * noise > 0)


def gradient(
    features: Floats,
    labels: NDArray[np.bool_],
    weights: Floats,
    intercept: float,
    c: float,
    row_weights: Floats | None = None,
) -> NDArray[np.float64]:
    """Of C Σ ω log-loss + |w|²/2, weights first, float64."""
    x = np.asarray(features, dtype=np.float64)
    pull = c * (expit(x @ weights + intercept) - labels)
    if row_weights is not None:
        pull = pull * row_weights
    return np.append(x.T @ pull + weights, pull.sum())


def optimum(
    features: Floats, labels: NDArray[np.bool_], c: float, row_weights: Floats | None = None
) -> NDArray[np.float64]:
    """By SciPy's trust-region Newton in float64: weights and the intercept."""
    x = np.hstack([np.asarray(features, dtype=np.float64), np.ones((len(features), 1))])
    omega = np.ones(len(x)) if row_weights is None else row_weights
    ridge = np.append(np.ones(x.shape[1] - 1), 0.0)

    def value(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        score = x @ w
        loss = np.logaddexp(0, np.where(labels, -score, score))
        pull = c * omega * (expit(score) - labels)
        return float(c * (omega * loss).sum() + ridge @ w**2 / 2), x.T @ pull + ridge * w

    def hessian(w: NDArray[np.float64]) -> NDArray[np.float64]:
        p = expit(x @ w)
        return (x.T * (c * omega * p * (1 - p))) @ x + np.diag(ridge)

    start = np.zeros(x.shape[1])
    found = minimize(
        value, start, jac=True, hess=hessian, method="trust-exact", options={"gtol": 1e-10}
    )
    return np.asarray(found.x)
