"""The planted columns' preconditioner and start against Hessians and objectives written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from gigsim.learners.logistic.anchor import Anchor
from gigsim.learners.logistic.design import PlantedDesign, SparseDesign
from gigsim.learners.logistic.first_step import first_step
from gigsim.learners.logistic.products import SparseProduct
from gigsim.learners.logistic.solver import solve
from gigsim.learners.logistic.spectrum import Spectrum
from tests.learners.logistic.problems import features_of, labels_of

C = 10.0


def planted(
    generator: np.random.Generator, features: SparseProduct, columns: int, k: int
) -> tuple[PlantedDesign, NDArray[np.float64]]:
    """A design, and its rows written out with a last 1 for the intercept, (columns, n, d + 1)."""
    n, d = features.shape
    owner, row = np.nonzero(generator.random((columns, n)) < 0.2)
    shrink = (0.5 + 0.5 * generator.random(len(row))).astype(np.float32)
    shown = generator.random((k, len(row))).astype(np.float32)
    dense = np.zeros((columns, n, d + k + 1))
    dense[:, :, :d] = features.matrix.toarray()
    dense[:, :, -1] = 1
    dense[owner, row, :d] *= shrink[:, None]
    dense[owner, row, d:-1] = shown.T
    return PlantedDesign(features, owner, row, shrink, shown, columns), dense


@pytest.mark.parametrize("k", [1, 2])
def test_with_all_directions_it_is_the_inverse_of_the_hessian(k: int) -> None:
    generator = np.random.default_rng(k)
    features = SparseProduct(features_of(generator, 120, 20))
    clean = C * generator.random(120) * 0.25
    anchor = Anchor.of(features, clean, Spectrum.of(features))
    design, dense = planted(generator, features, 3, k)
    scales = np.array([0.5, 1.0, 2.0])
    bend = np.zeros((120, 16))
    bend[:, :3] = clean[:, None] * scales
    members = generator.random(len(design.row)) * C * 0.25
    bend[design.row, design.owner] = members
    bend = bend.astype(np.float32)
    due = np.arange(16) < 3
    inverse = anchor.local(
        design, bend, bend.sum(axis=0, dtype=float), design.tail(bend), due, None
    )
    vectors = generator.normal(size=(20 + k + 1, 16))
    images = np.zeros_like(vectors)
    for column, rows in enumerate(dense):
        ridge = np.diag(np.append(np.ones(20 + k), 0.0))
        hessian = (rows.T * bend[:, column].astype(float)) @ rows + ridge
        images[:, column] = hessian @ vectors[:, column]
    weights, intercepts = inverse.apply(images[:-1].astype(np.float32), images[-1])
    assert np.allclose(weights[:, :3], vectors[:-1, :3], atol=5e-3)
    assert np.allclose(intercepts[:3], vectors[-1, :3], atol=5e-3)
    # Those that are not due keep what they had, and a column does not look at the others.
    other = anchor.local(
        design.take(np.array([2])),
        np.ascontiguousarray(np.pad(bend[:, [2]], ((0, 0), (0, 15)))),
        np.append(bend[:, 2].sum(dtype=float), np.zeros(15)),
        np.zeros((k, 16)),
        np.arange(16) < 1,
        None,
    )
    gradient = np.ascontiguousarray(images[:-1].astype(np.float32)[:, [2] * 16])
    alone = other.apply(gradient, images[-1, [2] * 16])[0][:, 0]
    kept = anchor.local(
        design, 0 * bend, bend.sum(axis=0, dtype=float), design.tail(bend), ~due & due, inverse
    )
    again = kept.take(np.full(16, 2)).apply(gradient, images[-1, [2] * 16])[0][:, 0]
    assert alone.tobytes() == again.tobytes()


def objective(rows: Any, labels: Any, weights: Any, intercept: float) -> float:
    score = rows[:, :-1] @ weights + intercept
    loss = np.logaddexp(0.0, np.where(labels, -score, score)).sum()
    return float(C * loss + weights @ weights / 2)


@pytest.mark.parametrize("k", [1, 2])
def test_the_first_step_goes_most_of_the_way(k: int) -> None:
    generator = np.random.default_rng(10 + k)
    features = SparseProduct(features_of(generator, 300, 40))
    labels = labels_of(generator, features.matrix, 1, noise=2.0)
    keys: dict[str, Any] = {"c": C, "tolerance": 1e-6, "max_iterations": 500}
    common = Spectrum.of(features)
    clean = solve(SparseDesign(features, 1), labels, preconditioner=common, **keys)
    weights, intercept = clean.weights[:, 0], float(clean.intercepts[0])
    scores = features.matrix @ weights
    p = expit(scores + intercept)
    anchor = Anchor.of(features, C * p * (1 - p), common)
    design, dense = planted(generator, features, 4, k)
    reported = np.repeat(labels, 4, axis=1)
    # All members say yes, or all say no; and one column has nobody.
    reported[design.row, design.owner] = design.owner % 2 == 0
    keep = design.owner != 3
    design = PlantedDesign(
        features,
        design.owner[keep],
        design.row[keep],
        design.shrink[keep],
        design.shown[:, keep],
        4,
    )
    reported[:, 3] = labels[:, 0]
    dense[3, :, :40] = features.matrix.toarray()
    dense[3, :, 40:-1] = 0
    step = first_step(anchor, design, scores, intercept, reported, labels[:, 0], C)
    best = solve(design, reported, preconditioner=common, **keys)
    for column, rows in enumerate(dense):
        own = reported[:, column]
        before = objective(rows, own, np.append(weights, np.zeros(k)), intercept)
        moved = weights + anchor.basis @ step.towards[:, column]
        after = objective(
            rows,
            own,
            np.append(moved, step.signal[:, column]),
            intercept + step.intercept[column],
        )
        least = objective(rows, own, best.weights[:, column], best.intercepts[column])
        if column == 3:
            assert not step.signal[:, column].any()
            assert after == pytest.approx(before, rel=1e-9)
        else:
            assert least - 1e-3 <= after < least + 0.3 * (before - least)


def test_a_spectrum_is_found_from_a_near_one() -> None:
    generator = np.random.default_rng(5)
    features = SparseProduct(features_of(generator, 200, 50))
    curvature = generator.random(200)
    found = Spectrum.near(features, curvature, Spectrum.of(features, rank=30), rank=20)
    weights = curvature / curvature.sum()
    dense = features.matrix.toarray().astype(float)
    centred = dense - weights @ dense
    values = np.linalg.eigvalsh((centred.T * weights) @ centred)[::-1]
    assert np.allclose(found.mean, weights @ dense, atol=1e-6)
    assert np.allclose(found.values, values[:20], rtol=1e-3)
    assert np.allclose(found.basis.T @ found.basis, np.eye(20), atol=1e-4)
