"""Thousands of frozen trainings on the same resumes: who plants and what is reported differ.

The counterpart of ``logistic.many`` for vectors of a frozen encoder. Each text is there in all its
versions, a regression shows one of them of each person, and regressions that show the same versions
and report the same of everybody are solved once: under ``replace`` all targets share the ten in
which a label is not the target. The outcome is what ``FrozenLearner.fit`` gives on the same rows,
to the solver's tolerance, and no bit of it depends on which other trainings are asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from threadpoolctl import threadpool_limits

from gigsim.learners.embedding_design import VersionsDesign
from gigsim.learners.embedding_gram import Axes, Gram
from gigsim.learners.embedding_rows import EmbeddingRows
from gigsim.learners.logistic.many import Outcome, Replica
from gigsim.learners.logistic.products import dense_product, padded
from gigsim.learners.logistic.solver import solve
from gigsim.learners.recipes import FrozenRecipe

#: Regressions solved side by side.
BATCH = 64


@dataclass(frozen=True, eq=False)
class FrozenFoundation:
    """What all trainings on the same resumes share. Made once, by :meth:`of`.

    Attributes:
        versions: vectors of the n texts in each version, along the principal axes of the first,
            float32, each of shape (n, d).
        planted, clean: those of the t held-out texts, float32, shape (t, d).
        labels: bool, shape (n, L): what is reported without a collective.
        recipe: of the learner.
        threads: batches of regressions solved at a time.
    """

    versions: tuple[NDArray[np.float32], ...]
    planted: NDArray[np.float32]
    clean: NDArray[np.float32]
    labels: NDArray[np.bool_]
    recipe: FrozenRecipe
    threads: int
    _grams: tuple[Gram, ...]
    _start: tuple[NDArray[np.floating[Any]], NDArray[np.float64]]

    @classmethod
    def of(
        cls,
        train: Sequence[EmbeddingRows],
        planted: EmbeddingRows,
        clean: EmbeddingRows,
        labels: NDArray[np.bool_],
        recipe: FrozenRecipe,
        threads: int = 1,
    ) -> FrozenFoundation:
        """The vectors, the optimum without a collective and the curvature there.

        All trainings begin at that optimum, and the solver takes its curvature for theirs.

        Args:
            train: the n texts as found, planted, and in whatever further versions.
            planted: t held-out texts with the signal.
            clean: the same without it.
            labels: bool, shape (n, L): what people report without a collective, noise apart; it
                decides how fast trainings are solved, not what comes out.
            recipe: of the learner.
            threads: batches of regressions solved at a time.
        """
        if not train or len({len(rows) for rows in train}) > 1 or not len(train[0]):
            raise ValueError("versions of the same texts are needed, and at least one text")
        if len({rows.encoder for rows in (*train, planted, clean)}) > 1:
            raise ValueError("vectors of two encoders do not go together")
        if len(labels) != len(train[0]):
            raise ValueError(f"{len(labels)} label sets of {len(train[0])} texts")
        with threadpool_limits(1):
            axes = Axes.of(train[0].vectors)
            versions = tuple(axes.turned(rows.vectors) for rows in train)
            design = VersionsDesign.of(versions[0], labels.shape[1])
            found = solve(
                design,
                labels,
                c=recipe.c,
                tolerance=recipe.tolerance,
                max_iterations=recipe.max_iterations,
                preconditioner=Gram.of(versions[0]),
            )
            # A label that nobody or everybody carries says nothing yet.
            start = found.weights, np.nan_to_num(found.intercepts, posinf=0.0, neginf=0.0)
            said = expit(versions[0] @ start[0].astype(np.float32) + start[1])
            grams = tuple(Gram.of(versions[0], p * (1 - p)) for p in said.T)
        return cls(
            versions=versions,
            planted=axes.turned(planted.vectors),
            clean=axes.turned(clean.vectors),
            labels=labels,
            recipe=recipe,
            threads=threads,
            _grams=grams,
            _start=start,
        )

    def solve(self, replicas: Sequence[Replica]) -> list[Outcome]:
        """The outcome of each training, in order; see :meth:`each`."""
        return list(self.each(replicas))

    def each(self, replicas: Sequence[Replica]) -> Iterator[Outcome]:
        """The outcomes one by one: all is solved at the first, each is put together when asked for.

        Args:
            replicas: ``shows`` is bool, the second version or the first, or integers: the number of
                the version.

        Raises:
            InputError: a regression did not converge.
            ValueError: shapes that do not go together, or a version that is not there.
        """
        n = len(self.versions[0])
        for replica in replicas:
            if replica.shows.shape != (n,) or len(replica.labels) != n:
                raise ValueError(f"a replica is about {len(replica.shows)} rows, not {n}")
            if int(replica.shows.max()) >= len(self.versions):
                raise ValueError(f"there are {len(self.versions)} versions of each text")
        distinct, uses = _distinct(replicas, self.labels.shape[1])
        batches = [
            (label, numbers[first : first + BATCH])
            for label, numbers in enumerate(distinct)
            for first in range(0, len(numbers), BATCH)
        ]
        # Where the regressions of a label begin in the list of batches.
        begins = np.cumsum([0, *(-(-len(numbers) // BATCH) for numbers in distinct)])

        def run(batch: tuple[int, Sequence[int]]) -> _Solved:
            return self._solve(batch[0], [replicas[number] for number in batch[1]])

        # More threads of one product would be rounded differently by some libraries of BLAS.
        with threadpool_limits(1):
            if self.threads == 1 or len(batches) < 2:
                solved = [run(batch) for batch in batches]
            else:
                with ThreadPoolExecutor(self.threads) as pool:
                    solved = list(pool.map(run, batches))
        for own in uses:
            at = [
                (solved[begins[label] + column // BATCH], column % BATCH)
                for label, column in enumerate(own)
            ]
            yield Outcome(
                np.stack([part.planted[:, j] for part, j in at], axis=1),
                np.stack([part.clean[:, j] for part, j in at], axis=1),
                float(sum(part.losses[j] for part, j in at) / max(n * len(own), 1)),
            )

    def _solve(self, label: int, replicas: Sequence[Replica]) -> _Solved:
        """The regression of one label in each replica."""
        columns, recipe = len(replicas), self.recipe
        shown = np.stack([replica.shows.astype(np.uint8) for replica in replicas], axis=1)
        solution = solve(
            VersionsDesign(self.versions, shown),
            np.stack([replica.labels[:, label] for replica in replicas], axis=1),
            c=recipe.c,
            tolerance=recipe.tolerance,
            max_iterations=recipe.max_iterations,
            preconditioner=self._grams[label],
            start=(
                np.repeat(self._start[0][:, [label]], columns, axis=1),
                np.repeat(self._start[1][[label]], columns),
            ),
        )
        weights = np.zeros((len(solution.weights), padded(columns)))
        weights[:, :columns] = solution.weights

        def probabilities(features: NDArray[np.float32]) -> NDArray[np.float32]:
            scores = dense_product(features.astype(np.float64), weights)[:, :columns]
            return np.asfortranarray(expit(scores + solution.intercepts).astype(np.float32))

        return _Solved(probabilities(self.planted), probabilities(self.clean), solution.losses)


@dataclass(frozen=True, eq=False)
class _Solved:
    planted: NDArray[np.float32]
    clean: NDArray[np.float32]
    losses: NDArray[np.float64]


def _distinct(replicas: Sequence[Replica], labels: int) -> tuple[list[list[int]], list[list[int]]]:
    """The regressions that differ.

    Returns:
        For each label the numbers of replicas that are the first to show and report it so; for each
        replica and label, the place of its regression among those.
    """
    first: list[list[int]] = [[] for _ in range(labels)]
    known: list[dict[tuple[bytes, bytes], int]] = [{} for _ in range(labels)]
    uses = []
    for number, replica in enumerate(replicas):
        # Digests: the bytes of thousands of replicas would be hundreds of megabytes.
        shows = _digest(replica.shows.astype(np.uint8))
        own = []
        for label, reported in enumerate(replica.labels.T):
            place = known[label].setdefault(
                (shows, _digest(np.packbits(reported))), len(first[label])
            )
            if place == len(first[label]):
                first[label].append(number)
            own.append(place)
        uses.append(own)
    return first, uses


def _digest(values: NDArray[np.uint8]) -> bytes:
    return hashlib.blake2b(values.tobytes(), digest_size=16).digest()
