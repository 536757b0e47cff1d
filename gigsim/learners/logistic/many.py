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

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit
from threadpoolctl import threadpool_limits

from gigsim.learners.logistic.design import PlantedDesign, SparseDesign
from gigsim.learners.logistic.preconditioner import Spectrum
from gigsim.learners.logistic.products import SparseProduct, padded
from gigsim.learners.logistic.solver import solve
from gigsim.learners.recipes import LinearRecipe
from gigsim.learners.tfidf import inverse_frequencies, tfidf_and_lengths

#: Regressions of a label that one solve is given; it does some of them at a time.
BATCH = 256


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
    _starts: list[_Start] | None
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
                start from the regressions on these, which saves two thirds of the iterations; None
                starts them from nothing.

        Raises:
            InputError: a clean regression did not converge.
        """
        idf = inverse_frequencies(train.counts)
        features, lengths = _unit_rows(train.counts, idf)
        test_features, test_lengths = _unit_rows(tests.counts, idf)
        product = SparseProduct(features)
        with threadpool_limits(threads):
            common = Spectrum.of(product)
            starts = (
                None if labels is None else _clean_starts(product, labels, recipe, threads, common)
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
        plans, columns = _distinct(replicas)
        shown = [self._planting(replicas[plan].shows) for plan in plans]
        batches = _batches(columns.distinct)

        def run(batch: list[_Column]) -> _Solved:
            labels = np.stack([replicas[c.replica].labels[:, c.label] for c in batch], axis=1)
            return self._solve(batch[0].label, labels, [shown[c.plan] for c in batch])

        if self.threads == 1 or len(batches) < 2:
            solved = [run(batch) for batch in batches]
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                solved = list(pool.map(run, batches))
        sizes = [len(batch) for batch in batches]
        planted = _Strips([part.planted for part in solved], sizes)
        clean = _Strips([part.clean for part in solved], sizes)
        losses = np.concatenate([part.losses for part in solved]) if solved else np.empty(0)
        for number, replica in enumerate(replicas):
            own = columns.of[number]
            rows = max(len(replica.shows) * len(own), 1)
            yield Outcome(planted.take(own), clean.take(own), float(losses[own].sum() / rows))

    def _planting(self, shows: NDArray[np.bool_]) -> _Planting:
        """The signal's idf among these rows, and what becomes of the rows that show it."""
        present = (self.train.planted > 0) & shows[:, None]
        frequency = present.sum(axis=0)
        n = len(shows)
        idf = np.where(frequency > 0, np.log((1 + n) / (1 + frequency)) + 1, 0.0)
        rows = np.flatnonzero(present.any(axis=1))
        return _Planting(
            idf, rows, *_with_signal(self.train.planted[rows], idf, self._lengths[rows])
        )

    def _solve(self, label: int, labels: NDArray[np.bool_], plantings: list[_Planting]) -> _Solved:
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
        spectrum, begin, scores = self._common, None, None
        if self._starts is not None:
            start = self._starts[label]
            slopes = np.zeros((design.dimension, len(plantings)), dtype=np.float32)
            slopes[:words] = start.weights[:, None]
            spectrum, begin = start.spectrum, (slopes, np.full(len(plantings), start.intercept))
            scores = np.repeat(start.scores[:, None], len(plantings), axis=1)
            design.plant(scores, slopes)
        solution = solve(
            design,
            labels,
            c=self.recipe.c,
            tolerance=self.recipe.tolerance,
            max_iterations=self.recipe.max_iterations,
            preconditioner=spectrum,
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
            shrink, shown = _with_signal(self.tests.planted, planting.idf, self._test_lengths)
            planted[:, j] = shrink * scores[:, j]
            for values, weight in zip(shown, weights[words:, j], strict=True):
                planted[:, j] += values * weight
        offsets = solution.intercepts.astype(np.float32)
        return _Solved(
            _sigmoid_columns(planted + offsets), _sigmoid_columns(scores + offsets), solution.losses
        )


@dataclass(frozen=True, eq=False)
class _Start:
    """A label's regression on clean resumes, and what its Hessian looks like there."""

    weights: NDArray[np.float32]
    intercept: float
    #: Of the training texts without the signal, the intercept not added.
    scores: NDArray[np.float32]
    spectrum: Spectrum


def _clean_starts(
    features: SparseProduct,
    labels: NDArray[np.bool_],
    recipe: LinearRecipe,
    threads: int,
    common: Spectrum,
) -> list[_Start]:
    count = labels.shape[1]
    clean = solve(
        SparseDesign(features, count),
        labels,
        c=recipe.c,
        tolerance=recipe.tolerance,
        max_iterations=recipe.max_iterations,
        preconditioner=common,
    )
    weights = np.zeros((features.shape[1], padded(count)), dtype=np.float32)
    weights[:, :count] = clean.weights
    scores = features.forward(weights)[:, :count]
    rates = expit(scores + clean.intercepts.astype(np.float32))
    spread = rates * (1 - rates)

    def start(label: int) -> _Start:
        # A label that nobody or everybody carries has no Hessian of its own.
        constant = not spread[:, label].any()
        spectrum = common if constant else Spectrum.of(features, spread[:, label], near=common)
        own = np.ascontiguousarray(weights[:, label])
        return _Start(own, float(clean.intercepts[label]), scores[:, label].copy(), spectrum)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(start, range(count)))


def _batches(columns: list[_Column]) -> list[list[_Column]]:
    """Of one label each, in order."""
    batches: list[list[_Column]] = []
    for _, group in itertools.groupby(columns, key=lambda column: column.label):
        own = list(group)
        batches += [own[first : first + BATCH] for first in range(0, len(own), BATCH)]
    return batches


@dataclass(frozen=True, eq=False)
class _Planting:
    """One way of planting: the signal's idf and the rows with it, as ``PlantedDesign`` has them."""

    idf: NDArray[np.float64]
    rows: NDArray[np.int64]
    shrink: NDArray[np.float32]
    shown: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Solved:
    planted: NDArray[np.float32]
    clean: NDArray[np.float32]
    losses: NDArray[np.float64]


@dataclass(frozen=True)
class _Column:
    """A regression: a label as one replica reports it, under a plan of planting."""

    plan: int
    label: int
    replica: int


@dataclass(frozen=True, eq=False)
class _Columns:
    """The distinct regressions, and for each replica which of them are its labels'."""

    distinct: list[_Column]
    of: list[NDArray[np.int64]]


def _distinct(replicas: Sequence[Replica]) -> tuple[list[int], _Columns]:
    """Numbers of replicas that plant differently, and the regressions that differ.

    They stand label by label, those of the largest collectives first, which take longest.
    """
    plans: dict[bytes, int] = {}
    first: list[int] = []
    known: dict[tuple[int, int, bytes], int] = {}
    columns: list[_Column] = []
    uses = []
    for number, replica in enumerate(replicas):
        shows = np.packbits(replica.shows).tobytes()
        if shows not in plans:
            plans[shows] = len(first)
            first.append(number)
        plan = plans[shows]
        own = []
        for label, reported in enumerate(replica.labels.T):
            key = (plan, label, np.packbits(reported).tobytes())
            if key not in known:
                known[key] = len(columns)
                columns.append(_Column(plan, label, number))
            own.append(known[key])
        uses.append(np.array(own, dtype=np.int64))
    sizes = [int(replicas[number].shows.sum()) for number in first]
    order = sorted(
        range(len(columns)), key=lambda i: (columns[i].label, -sizes[columns[i].plan], i)
    )
    place = np.empty(len(columns), dtype=np.int64)
    place[order] = np.arange(len(columns))
    return first, _Columns([columns[i] for i in order], [place[own] for own in uses])


class _Strips:
    """Columns (t, ·) of all batches, without a copy of all of them."""

    def __init__(self, strips: list[NDArray[np.float32]], sizes: list[int]) -> None:
        self._strips = strips
        self._strip = np.repeat(np.arange(len(sizes)), sizes)
        self._within = np.concatenate([np.arange(size) for size in sizes] or [np.empty(0, int)])

    def take(self, columns: NDArray[np.int64]) -> NDArray[np.float32]:
        parts = [self._strips[self._strip[c]][:, self._within[c]] for c in columns]
        return np.stack(parts, axis=1)


def _unit_rows(
    counts: sparse.csr_array, idf: NDArray[np.float64]
) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """TF-IDF rows of unit length, float32, and the lengths that they had, shape (n,)."""
    features, lengths = tfidf_and_lengths(counts, idf)
    return features.astype(np.float32), lengths


def _with_signal(
    planted: NDArray[np.int32], idf: NDArray[np.float64], lengths: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What is left of rows that show the signal, shape (n,), and its features, shape (k, n)."""
    signal = np.where(planted > 0, 1 + np.log(np.maximum(planted, 1)), 0.0) * idf
    whole = np.sqrt(lengths**2 + (signal**2).sum(axis=1))
    whole[whole == 0] = 1.0
    shrink = np.where(lengths > 0, lengths / whole, 0.0)
    return shrink.astype(np.float32), (signal / whole[:, None]).T.astype(np.float32)


def _sigmoid_columns(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asfortranarray(expit(scores))
