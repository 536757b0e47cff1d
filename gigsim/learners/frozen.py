"""The frozen learner: vectors of an encoder that is never trained, and one regression a label.

A platform that does not fine-tune. What a text's vector is does not depend on what people submit,
so it is computed once; a retraining solves ten convex problems in as many dimensions as the encoder
is wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from threadpoolctl import threadpool_limits

from gigsim.learners.embedding import TextEncoder, check_device
from gigsim.learners.embedding_cache import EmbeddingCache
from gigsim.learners.embedding_design import VersionsDesign
from gigsim.learners.embedding_gram import Axes, Gram
from gigsim.learners.embedding_rows import EmbeddingRows, embedding_rows
from gigsim.learners.logistic.solver import solve
from gigsim.learners.protocol import Device, Precision, Rows, State
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import FrozenRecipe
from gigsim.learners.vocabulary import Vocabulary
from gigsim.learners.wordpiece import WordPiece, load_tokenizer
from gigsim.resumes.corpus import Corpus


@dataclass(frozen=True)
class FrozenLearner:
    """Multi-label logistic regression on the vectors of a frozen encoder.

    The vectors are taken as they are: standardised ones were no more accurate on 20,000 real
    resumes and moved S by .01, as a penalty a hundred times weaker did.

    Attributes:
        recipe: encoder, window, pooling; penalty and tolerance.
        labels: number of labels L.
        precision: of the encoder's matrix products.
        threads: of the encoder, and of the linear algebra in one fit.
        device: where the encoder reads; the regressions are solved on the CPU.

    Raises:
        InputError: the device is not there.
    """

    recipe: FrozenRecipe
    labels: int
    precision: Precision = "float32"
    threads: int = 1
    device: Device = "cpu"

    name = "frozen"
    ordered = True
    stochastic = False
    quick = True
    libraries = ("numpy", "scipy")

    def __post_init__(self) -> None:
        check_device(self.device)

    @property
    def limit(self) -> int:
        """Pieces of a resume that fit beside the two special ones."""
        return self.recipe.max_tokens - 2

    @property
    def encoder(self) -> TextEncoder:
        """What makes the vectors."""
        recipe = self.recipe
        return TextEncoder(
            recipe.encoder,
            recipe.max_tokens,
            recipe.pooling,
            self.precision,
            self.threads,
            self.device,
        )

    def vocabulary(self, training_side: Corpus, word_list: Sequence[str] | None) -> Vocabulary:
        """The encoder's own."""
        return WordPiece.from_folder(self.recipe.encoder, training_side)

    def represent(self, texts: Ragged, vocabulary_size: int) -> EmbeddingRows:
        """Their vectors: computed, or fetched from the folder of ``GIGSIM_EMBEDDINGS``."""
        enclosed = load_tokenizer(self.recipe.encoder).enclose(texts.truncate(self.limit))
        cache = EmbeddingCache.from_environment()
        return self.encoder.embed(enclosed, vocabulary_size, cache)

    def material(self) -> State:
        """Nothing: what the encoder makes of the texts is in the rows."""
        return {}

    def fit(
        self, rows: Rows, labels: NDArray[np.bool_], seed: int, start: State | None = None
    ) -> FrozenClassifier:
        """Solve the convex problems; ``seed`` plays no part and ``start`` saves iterations.

        Raises:
            InputError: the solver ran out of iterations.
        """
        features = embedding_rows(rows).vectors
        if labels.shape != (len(features), self.labels) or not len(features):
            raise ValueError(f"labels are {labels.shape}, not {(len(features), self.labels)}")
        recipe = self.recipe
        with threadpool_limits(self.threads):
            axes = Axes.of(features)
            turned = axes.turned(features)
            solution = solve(
                VersionsDesign.of(turned, self.labels),
                labels,
                c=recipe.c,
                tolerance=recipe.tolerance,
                max_iterations=recipe.max_iterations,
                preconditioner=Gram.of(turned),
                start=None if start is None else axes.there(*_started(start)),
            )
            weights, intercepts = axes.back(solution.weights, solution.intercepts)
        classifier = FrozenClassifier({"weights": weights.T.copy(), "intercepts": intercepts})
        classifier.loss = _cross_entropy(classifier.decisions(features), labels)
        return classifier

    def restore(self, state: State) -> FrozenClassifier:
        """The classifier with the given weights."""
        return FrozenClassifier(state)


class FrozenClassifier:
    """Weights of shape (L, d) and intercepts (L,)."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.loss = float("nan")

    def decisions(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log-odds of each label, shape (n, L)."""
        return features.astype(np.float64) @ self.state["weights"].T + self.state["intercepts"]

    def probabilities(self, rows: Rows) -> NDArray[np.float32]:
        """The probability of each label, float32, shape (n, L)."""
        return expit(self.decisions(embedding_rows(rows).vectors)).astype(np.float32)


def _started(state: State) -> tuple[NDArray[np.floating[Any]], NDArray[np.float64]]:
    """Weights (d, L) and intercepts (L,) to go on from; from 0 where a label said nothing."""
    intercepts = np.nan_to_num(state["intercepts"], posinf=0.0, neginf=0.0)
    return state["weights"].T.copy(), intercepts


def _cross_entropy(decisions: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Mean over rows and labels; labels with constant probabilities contribute nothing."""
    signed = np.where(labels, decisions, -decisions)
    return float(np.logaddexp(0.0, -signed).mean())
