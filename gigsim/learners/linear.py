"""The linear learner: TF-IDF of single words, one logistic regression a label, solved out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit
from threadpoolctl import threadpool_limits

from gigsim.learners.logistic.design import SparseDesign
from gigsim.learners.logistic.preconditioner import Subspace
from gigsim.learners.logistic.solver import solve
from gigsim.learners.protocol import Rows, State
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import LinearRecipe
from gigsim.learners.tfidf import CountRows, counted, counts_of, inverse_frequencies, tfidf
from gigsim.learners.vocabulary import BagOfWords, Vocabulary, WordList
from gigsim.resumes.corpus import Corpus


@dataclass(frozen=True)
class LinearLearner:
    """Multi-label logistic regression on TF-IDF.

    Term frequencies are 1 + ln(count); idf is ln((1 + n)/(1 + df)) + 1 over the n submitted rows
    and 0 for words that none of them holds (they are no feature); rows have unit length: what
    scikit-learn's ``TfidfVectorizer(sublinear_tf=True)`` fitted on the same rows computes.

    Attributes:
        recipe: penalty, tolerance, size of the vocabulary.
        labels: number of labels L.
        threads: of the linear algebra in one fit.
    """

    recipe: LinearRecipe
    labels: int
    threads: int = 1

    name = "linear"
    limit = None
    ordered = False
    stochastic = False
    quick = False
    libraries = ("numpy", "scipy")

    def vocabulary(self, training_side: Corpus, word_list: Sequence[str] | None) -> Vocabulary:
        """The given words, or the most frequent tokens of the training side."""
        if word_list is not None:
            return WordList(word_list)
        return BagOfWords.from_corpus(training_side, self.recipe.features)

    def represent(self, texts: Ragged, vocabulary_size: int) -> CountRows:
        """Counts of each id in each text; the order is lost."""
        return CountRows(counted(texts, vocabulary_size))

    def material(self) -> State:
        """Nothing."""
        return {}

    def fit(
        self, rows: Rows, labels: NDArray[np.bool_], seed: int, start: State | None = None
    ) -> LinearClassifier:
        """Solve the ten convex problems; ``seed`` plays no part and ``start`` saves iterations.

        A label that nobody or everybody carries has a constant probability of 0 or 1.

        Raises:
            InputError: a label did not converge in ``max_iterations``.
        """
        counts = counts_of(rows)
        if labels.shape != (len(rows), self.labels):
            raise ValueError(f"labels are {labels.shape}, not {(len(rows), self.labels)}")
        idf = inverse_frequencies(counts)
        features = tfidf(counts, idf).astype(np.float32)
        design = SparseDesign.of(features, self.labels, self.threads)
        with threadpool_limits(self.threads, "blas"):
            solution = solve(
                design,
                labels,
                c=self.recipe.c,
                tolerance=self.recipe.tolerance,
                max_iterations=self.recipe.max_iterations,
                preconditioner=Subspace.of(design.features),
                start=None if start is None else (start["weights"].T, start["intercepts"]),
            )
        classifier = LinearClassifier(
            {
                "idf": idf,
                "weights": np.ascontiguousarray(solution.weights.T, dtype=np.float64),
                "intercepts": solution.intercepts,
            }
        )
        # Labels with constant probabilities contribute nothing.
        classifier.loss = float(solution.losses.sum() / max(labels.size, 1))
        return classifier

    def restore(self, state: State) -> LinearClassifier:
        """The classifier with the given weights."""
        return LinearClassifier(state)


class LinearClassifier:
    """Weights of shape (L, words), intercepts (L,) and idf (words,)."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.loss = float("nan")

    def decisions(self, features: sparse.csr_array) -> NDArray[np.float64]:
        """Log-odds of each label for TF-IDF rows, float64, shape (n, L)."""
        return features @ self.state["weights"].T + self.state["intercepts"]

    def probabilities(self, rows: Rows) -> NDArray[np.float32]:
        """The probability of each label, float32, shape (n, L)."""
        features = tfidf(counts_of(rows), self.state["idf"])
        return expit(self.decisions(features)).astype(np.float32)
