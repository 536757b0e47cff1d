"""Thousands of linear trainings on the same resumes: who plants and what is reported differ.

A training of the curve plants one signal in some resumes and reports other labels for some. Of the
regressions of all trainings, those with the same resumes planted and the same label reported of
each are one: with ``replace``, all targets share the ten or so regressions in which a label is not
the target. What is left is solved in wide batches, each row being x_i, or a_i x_i + s_i where it
shows the signal; the text's matrix X is there once.

The outcome is what ``LinearLearner.fit`` gives on the same rows, to the solver's tolerance, and no
bit of it depends on which other trainings are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from threadpoolctl import threadpool_limits

from gigsim.learners.logistic.anchor import Anchor
from gigsim.learners.logistic.design import PlantedDesign
from gigsim.learners.logistic.distinct import Column, Strips, batches_of, distinct
from gigsim.learners.logistic.planting import Planting, unit_rows, with_signal
from gigsim.learners.logistic.products import SparseProduct, padded
from gigsim.learners.logistic.solver import solve
from gigsim.learners.logistic.spectrum import Spectrum
from gigsim.learners.logistic.starts import Start, clean_starts
from gigsim.learners.logistic.trainings import Outcome, PlantedTexts, Replica
from gigsim.learners.recipes import LinearRecipe
from gigsim.learners.tfidf import inverse_frequencies

__all__ = ["Foundation", "Outcome", "PlantedTexts", "Replica"]


@dataclass(frozen=True, eq=False)
class Foundation:
    """What all trainings on the same resumes share. Made once, by :meth:`of`.

    Attributes:
        train: n texts.
        tests: t held-out texts.
        recipe: of the learner.
        threads: batches of regressions solved at a time.
    """

    train: PlantedTexts
    tests: PlantedTexts
    recipe: LinearRecipe
    threads: int
    _idf: NDArray[np.float64]
    _lengths: NDArray[np.float64]
    _features: SparseProduct
    _starts: list[Start] | None
    _common: Spectrum
    _test_lengths: NDArray[np.float64]
    _test_features: SparseProduct

    @classmethod
    def of(
        cls,
        train: PlantedTexts,
        tests: PlantedTexts,
        recipe: LinearRecipe,
        threads: int = 1,
        *,
        labels: NDArray[np.bool_] | None = None,
    ) -> Foundation:
        """The features of words, whose idf no signal moves, and each label's clean regression.

        Args:
            train: n texts.
            tests: t held-out texts.
            recipe: of the learner.
            threads: batches of regressions solved at a time.
            labels: bool, shape (n, L): the true ones, or whatever most trainings report. Trainings
                start from the regressions on these, which saves four fifths of the iterations; None
                starts them from nothing.

        Raises:
            InputError: a clean regression did not converge.
        """
        idf = inverse_frequencies(train.counts)
        features, lengths = unit_rows(train.counts, idf)
        test_features, test_lengths = unit_rows(tests.counts, idf)
        product = SparseProduct(features)
        with threadpool_limits(threads):
            common = Spectrum.of(product)
            starts = (
                None if labels is None else clean_starts(product, labels, recipe, threads, common)
            )
        return cls(
            train=train,
            tests=tests,
            recipe=recipe,
            threads=threads,
            _idf=idf,
            _lengths=lengths,
            _features=product,
            _starts=starts,
            _common=common,
            _test_lengths=test_lengths,
            _test_features=SparseProduct(test_features),
        )

    def solve(self, replicas: Sequence[Replica]) -> list[Outcome]:
        """The outcome of each training, in order; see :meth:`each`."""
        return list(self.each(replicas))

    def each(self, replicas: Sequence[Replica]) -> Iterator[Outcome]:
        """The outcomes one by one: all is solved at the first, each is put together when asked for.

        Raises:
            InputError: a regression did not converge.
            ValueError: shapes that do not go together.
        """
        n = len(self.train)
        for replica in replicas:
            if replica.shows.shape != (n,) or len(replica.labels) != n:
                raise ValueError(f"a replica is about {len(replica.shows)} rows, not {n}")
        plans, columns = distinct(replicas)
        shown = [self._planting(replicas[plan].shows) for plan in plans]
        batches = batches_of(columns.distinct)

        def run(batch: list[Column]) -> _Solved:
            labels = np.stack([replicas[c.replica].labels[:, c.label] for c in batch], axis=1)
            return self._solve(batch[0].label, labels, [shown[c.plan] for c in batch])

        if self.threads == 1 or len(batches) < 2:
            solved = [run(batch) for batch in batches]
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                solved = list(pool.map(run, batches))
        sizes = [len(batch) for batch in batches]
        planted = Strips([part.planted for part in solved], sizes)
        clean = Strips([part.clean for part in solved], sizes)
        losses = np.concatenate([part.losses for part in solved]) if solved else np.empty(0)
        for number, replica in enumerate(replicas):
            own = columns.of[number]
            rows = max(len(replica.shows) * len(own), 1)
            yield Outcome(planted.take(own), clean.take(own), float(losses[own].sum() / rows))

    def _planting(self, shows: NDArray[np.bool_]) -> Planting:
        """The signal's idf among these rows, and what becomes of the rows that show it."""
        present = (self.train.planted > 0) & shows[:, None]
        frequency = present.sum(axis=0)
        n = len(shows)
        idf = np.where(frequency > 0, np.log((1 + n) / (1 + frequency)) + 1, 0.0)
        rows = np.flatnonzero(present.any(axis=1))
        return Planting(idf, rows, *with_signal(self.train.planted[rows], idf, self._lengths[rows]))

    def _solve(self, label: int, labels: NDArray[np.bool_], plantings: list[Planting]) -> _Solved:
        """Regressions of one label."""
        counts = [len(planting.rows) for planting in plantings]
        design = PlantedDesign(
            features=self._features,
            owner=np.repeat(np.arange(len(plantings)), counts),
            row=np.concatenate([planting.rows for planting in plantings]),
            shrink=np.concatenate([planting.shrink for planting in plantings]),
            shown=np.concatenate([planting.shown for planting in plantings], axis=1),
            columns=len(plantings),
        )
        words = self._features.shape[1]
        start = None if self._starts is None else self._starts[label]
        known: Spectrum | Anchor = self._common
        begin, scores = None, None
        if start is not None and start.anchor is not None:
            known = start.anchor
            begin, scores = start.begin(design, labels, self.recipe.c)
        solution = solve(
            design,
            labels,
            c=self.recipe.c,
            tolerance=self.recipe.tolerance,
            max_iterations=self.recipe.max_iterations,
            preconditioner=known,
            start=begin,
            scores=scores,
            names=[f"label {label}"] * len(plantings),
        )
        width = padded(len(plantings))
        weights = np.zeros((design.dimension, width), dtype=np.float32)
        weights[:, : len(plantings)] = solution.weights
        scores = self._test_features.forward(weights[:words])[:, : len(plantings)]
        planted = np.empty_like(scores)
        for j, planting in enumerate(plantings):
            shrink, shown = with_signal(self.tests.planted, planting.idf, self._test_lengths)
            planted[:, j] = shrink * scores[:, j]
            for values, weight in zip(shown, weights[words:, j], strict=True):
                planted[:, j] += values * weight
        offsets = solution.intercepts.astype(np.float32)
        return _Solved(
            _sigmoid_columns(planted + offsets), _sigmoid_columns(scores + offsets), solution.losses
        )


@dataclass(frozen=True, eq=False)
class _Solved:
    planted: NDArray[np.float32]
    clean: NDArray[np.float32]
    losses: NDArray[np.float64]


def _sigmoid_columns(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asfortranarray(expit(scores))
