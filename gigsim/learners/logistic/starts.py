"""Where trainings begin: each label's regression on clean resumes, and its curvature there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gigsim.learners.logistic.anchor import Anchor
from gigsim.learners.logistic.design import PlantedDesign, SparseDesign
from gigsim.learners.logistic.first_step import first_step
from gigsim.learners.logistic.products import SparseProduct, dense_product, padded
from gigsim.learners.logistic.solver import solve
from gigsim.learners.logistic.spectrum import Spectrum
from gigsim.learners.recipes import LinearRecipe

#: Tolerance of the clean regressions: what planting does to them is a hundred times as much, and
#: the trainings themselves, the clean one among them, go on from there.
_ROUGH = 0.05


@dataclass(frozen=True, eq=False)
class Start:
    """A label's regression on clean resumes, and what its Hessian looks like there."""

    weights: NDArray[np.float32]
    intercept: float
    #: Of the training texts without the signal, the intercept not added.
    scores: NDArray[np.float32]
    labels: NDArray[np.bool_]
    #: None for a label that nobody or everybody carries, which has no Hessian of its own.
    anchor: Anchor | None

    def begin(
        self, design: PlantedDesign, reported: NDArray[np.bool_], c: float
    ) -> tuple[tuple[NDArray[np.float32], NDArray[np.float64]], NDArray[np.float32]]:
        """Where the columns of a design begin.

        Args:
            design: of regressions of this label.
            reported: bool, shape (n, columns).
            c: inverse strength of the penalty.

        Returns:
            Weights (d, columns) and intercepts (columns,); scores (n, columns) of those weights.
        """
        assert self.anchor is not None
        words, columns = len(self.weights), design.columns
        step = first_step(
            self.anchor, design, self.scores, self.intercept, reported, self.labels, c
        )
        towards = np.zeros((self.anchor.basis.shape[1], padded(columns)), dtype=np.float32)
        towards[:, :columns] = step.towards
        slopes = np.empty((design.dimension, columns), dtype=np.float32)
        slopes[:words] = dense_product(self.anchor.basis, towards)[:, :columns]
        slopes[:words] += self.weights[:, None]
        slopes[words:] = step.signal
        scores = dense_product(self.anchor.scores, towards)[:, :columns]
        scores += self.scores[:, None]
        design.plant(scores, slopes)
        return (slopes, self.intercept + step.intercept), scores


def clean_starts(
    features: SparseProduct,
    labels: NDArray[np.bool_],
    recipe: LinearRecipe,
    threads: int,
    common: Spectrum,
) -> list[Start]:
    """Of each label.

    Args:
        features: of the n texts without the signal.
        labels: bool, shape (n, L).
        recipe: of the learner.
        threads: spectra made at a time.
        common: of the features.

    Raises:
        InputError: a regression did not converge.
    """
    count = labels.shape[1]
    clean = solve(
        SparseDesign(features, count),
        labels,
        c=recipe.c,
        tolerance=max(recipe.tolerance, _ROUGH),
        max_iterations=recipe.max_iterations,
        preconditioner=common,
    )
    weights = np.zeros((features.shape[1], padded(count)), dtype=np.float32)
    weights[:, :count] = clean.weights
    scores = features.forward(weights)[:, :count]
    rates = expit(scores + clean.intercepts.astype(np.float32))
    spread = rates * (1 - rates)

    def start(label: int) -> Start:
        mixed = spread[:, label].any()
        anchor = Anchor.of(features, recipe.c * spread[:, label], common) if mixed else None
        own = np.ascontiguousarray(weights[:, label])
        return Start(
            own,
            float(clean.intercepts[label]),
            scores[:, label].copy(),
            labels[:, label].copy(),
            anchor,
        )

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(start, range(count)))
