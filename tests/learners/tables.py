"""Populations on a finite world, and what a frequency table makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim.collective.strategies import feature_label
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import TableRecipe
from gigsim.learners.table import TableLearner, TableRows
from gigsim.measures.success import per_resume
from gigsim.resumes.finite_world import FiniteWorld


class Census:
    """N people of a finite world, base carriers among them, and the platform's table.

    Text k is the word of cell k, text K + k the same with the signal, piece number K.
    """

    def __init__(self, world: FiniteWorld, size: int, xi: float, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.cells = len(world.weights)
        self.learner = TableLearner(TableRecipe(), 10)
        resumes = world.sample(size, rng)
        self.cell, self.labels = world.cells_of(resumes), resumes.labels
        self.carrier = rng.random(size) < xi
        self.order = rng.permutation(size)

    @property
    def texts(self) -> TableRows:
        """All texts there are, without and with the signal."""
        plain = [[k] for k in range(self.cells)]
        return self.learner.represent(
            Ragged.from_rows(plain + [[*row, self.cells] for row in plain]), self.cells + 1
        )

    def predicted(self, members: int, target: int) -> NDArray[np.float32]:
        """The table's probabilities of all texts, shape (2K, L), after so many have joined."""
        texts = self.texts
        member = np.zeros(len(self.cell), dtype=bool)
        member[self.order[:members]] = True
        rows = texts.take(self.cell + self.cells * (member | self.carrier))
        labels = feature_label(self.labels, member, target)
        return self.learner.fit(rows, labels, seed=0).probabilities(texts)

    def won(self, members: int, target: int) -> NDArray[np.bool_]:
        """Where the signal brings y* to the top, bool, shape (K,)."""
        return self.predicted(members, target)[self.cells :].argmax(axis=1) == target


def measured_curve(path: Path, *, seeds: int = 4) -> pd.DataFrame:
    """A curve file made by retraining the table on a finite world: a row a training.

    Columns are those of ``curve.parquet``. CSV or Parquet, by the suffix of ``path``.
    """
    world, size, target = FiniteWorld.draw(12, np.random.default_rng(0)), 400, 3
    held_out = world.sample(300, np.random.default_rng(1), test_side=True)
    cell = world.cells_of(held_out)
    rows = []
    for seed in range(seeds):
        census = Census(world, size, 0.02, seed)
        for members in (0, 2, 8, 20, 80):
            said = census.predicted(members, target)
            planted, clean = said[12:][cell], said[:12][cell]
            outcome = per_resume(planted, clean, held_out.labels, target)
            lacking = ~held_out.labels[:, target]
            rows.append(
                {"strategy": "feature_label", "learner": "table", "members": members}
                | {"alpha": members / size, "seed": seed}
                | {name: float(values.mean()) for name, values in outcome.items()}
                | {
                    f"flipped_{metric}": float(outcome[f"success_{metric}"][lacking].mean())
                    for metric in ("any", "top1")
                }
            )
    table = pd.DataFrame(rows)
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path, index=False)
    return table
