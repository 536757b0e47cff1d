"""The linear learner against scikit-learn, and its edges."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info

from gigsim.collective.signals import Signal
from gigsim.errors import InputError
from gigsim.learners.linear import CountRows, LinearLearner
from gigsim.learners.protocol import make_learner
from gigsim.learners.ragged import Ragged
from gigsim.learners.reading import read
from gigsim.learners.recipes import LinearRecipe, TransformerRecipe
from gigsim.learners.tfidf import counted
from gigsim.learners.vocabulary import BagOfWords
from tests.learners.toys import corpus_of, separable


def toy(n: int = 200, seed: int = 0) -> tuple[list[str], NDArray[np.bool_]]:
    """Texts of words w0 to w39; label l is likelier with word l, and nothing is certain."""
    generator = np.random.default_rng(seed)
    labels = generator.random((n, 3)) < 0.4
    law = np.full((n, 40), 1.0)
    law[:, :3] += 8 * labels
    law /= law.sum(axis=1, keepdims=True)
    return [" ".join(f"w{i}" for i in generator.choice(40, 25, p=p)) for p in law], labels


def represented(learner: LinearLearner, seed: int = 0) -> tuple[CountRows, NDArray[np.bool_]]:
    texts, labels = separable(120, seed)
    return learner.represent(texts, 40), labels


def test_equals_scikit_learn_on_texts() -> None:
    texts, labels = toy()
    tests, _ = toy(50, seed=1)
    tests[0] += " neverseen w1"
    vectorizer = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\w+[+#]*")
    features = vectorizer.fit_transform(texts)
    expected = np.stack(
        [
            LogisticRegression(C=10.0, tol=1e-10, max_iter=10_000)
            .fit(features, labels[:, label])
            .predict_proba(vectorizer.transform(tests))[:, 1]
            for label in range(3)
        ],
        axis=1,
    )
    learner = LinearLearner(LinearRecipe(tolerance=1e-10), labels=3)
    # The vocabulary knows words that nobody submitted: they must count for nothing.
    vocabulary = BagOfWords.from_corpus(corpus_of([*texts, "neverseen"]))
    rows, others = (
        learner.represent(
            read(
                corpus_of(some),
                vocabulary,
                Signal("※"),
                carriers=np.zeros(len(some), dtype=bool),
                limit=learner.limit,
                learner=learner.name,
                ordered=learner.ordered,
            ).found,
            vocabulary.size + 1,
        )
        for some in (texts, tests)
    )
    classifier = learner.fit(rows, labels, seed=0)
    assert np.allclose(classifier.probabilities(others), expected, atol=1e-6)


def test_loss_is_the_mean_cross_entropy() -> None:
    learner = LinearLearner(LinearRecipe(), labels=3)
    rows, labels = represented(learner)
    classifier = learner.fit(rows, labels, seed=0)
    p = classifier.probabilities(rows).astype(float)
    expected = -np.where(labels, np.log(p), np.log1p(-p)).mean()
    assert classifier.loss == pytest.approx(expected, rel=1e-5)


def test_counts_are_made_from_a_copy() -> None:
    texts, _ = separable(20, 0)
    values, offsets = texts.values.copy(), texts.offsets.copy()
    counts = LinearLearner(LinearRecipe(), labels=3).represent(texts, 40).counts
    assert np.array_equal(texts.values, values)
    assert np.array_equal(texts.offsets, offsets)
    expected = np.array([np.bincount(texts[i], minlength=40) for i in range(20)])
    assert np.array_equal(counts.toarray(), expected)


def test_rows_are_picked_not_counted_again() -> None:
    learner = LinearLearner(LinearRecipe(), labels=3)
    texts, _ = separable(30, 0)
    index = np.array([3, 3, 29, 0])
    picked = learner.represent(texts, 40).take(index)
    assert len(picked) == 4
    direct = learner.represent(texts.take(index), 40)
    assert (picked.counts != direct.counts).nnz == 0


def test_labels_that_nobody_or_everybody_carries_are_constant() -> None:
    learner = LinearLearner(LinearRecipe(), labels=3)
    rows, labels = represented(learner)
    labels = labels.copy()
    labels[:, 0] = False
    labels[:, 2] = True
    classifier = learner.fit(rows, labels, seed=0)
    probabilities = classifier.probabilities(rows)
    assert (probabilities[:, 0] == 0).all()
    assert (probabilities[:, 2] == 1).all()
    assert 0 < probabilities[:, 1].min() < probabilities[:, 1].max() < 1
    assert np.isfinite(classifier.loss)
    again = learner.fit(rows, represented(learner)[1], seed=0, start=classifier.state)
    assert np.isfinite(again.probabilities(rows)).all()


def test_a_text_without_features_gets_the_intercepts() -> None:
    learner = LinearLearner(LinearRecipe(), labels=3)
    rows, labels = represented(learner)
    classifier = learner.fit(rows, labels, seed=0)
    empty = learner.represent(Ragged.from_rows([[]]), 40)
    expected = 1 / (1 + np.exp(-classifier.state["intercepts"]))
    assert np.allclose(classifier.probabilities(empty)[0], expected)


def test_running_out_of_iterations_is_an_error() -> None:
    texts, labels = toy()
    learner = LinearLearner(LinearRecipe(tolerance=1e-300, max_iterations=10), labels=3)
    vocabulary = BagOfWords.from_corpus(corpus_of(texts))
    rows = learner.represent(vocabulary.pieces(texts), vocabulary.size)
    with pytest.raises(InputError, match="has not converged on label 0"):
        learner.fit(rows, labels, seed=0)


def test_a_warm_start_reaches_the_same_optimum() -> None:
    learner = LinearLearner(LinearRecipe(tolerance=1e-8), labels=3)
    rows, labels = represented(learner)
    cold = learner.fit(rows, labels, seed=0)
    other = learner.fit(*represented(learner, seed=9), seed=0)
    warm = learner.fit(rows, labels, seed=0, start=other.state)
    assert np.allclose(warm.probabilities(rows), cold.probabilities(rows), atol=1e-5)


def test_same_bits_again_and_restored_and_whatever_the_seed() -> None:
    learner = LinearLearner(LinearRecipe(), labels=3)
    rows, labels = represented(learner)
    first, second = (learner.fit(rows, labels, seed=seed) for seed in (0, 1))
    assert np.array_equal(first.probabilities(rows), second.probabilities(rows))
    restored = learner.restore(first.state)
    assert np.array_equal(first.probabilities(rows), restored.probabilities(rows))
    assert first.probabilities(rows).dtype == np.float32


def test_threads_are_put_back() -> None:
    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info()]

    learner = LinearLearner(LinearRecipe(), labels=3, threads=1)
    before = threads()
    learner.fit(*represented(learner), seed=0)
    assert threads()[: len(before)] == before


def test_what_it_cannot_read_is_refused() -> None:
    learner = LinearLearner(LinearRecipe(), labels=3)
    rows, labels = represented(learner)
    with pytest.raises(ValueError, match=r"labels are \(120, 2\), not \(120, 3\)"):
        learner.fit(rows, labels[:, :2], seed=0)
    foreign = make_learner(TransformerRecipe(), labels=3).represent(separable(5, 0)[0], 40)
    with pytest.raises(TypeError, match="reads CountRows, not TokenRows"):
        learner.fit(foreign, labels, seed=0)


def test_make_learner_reads_the_kind() -> None:
    learner = make_learner(LinearRecipe(), labels=3, threads=2)
    assert (learner.name, learner.limit, learner.ordered) == ("linear", None, False)
    assert learner.vocabulary(corpus_of(["a b"]), ["x", "y", "z"]).size == 3
    assert learner.vocabulary(corpus_of(["a b"]), None).size == 2


@given(st.lists(st.lists(st.integers(0, 6), max_size=9), max_size=9), st.integers(1, 20))
def test_counts_are_in_order_and_do_not_depend_on_blocks(
    texts: list[list[int]], block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gigsim.learners.tfidf._BLOCK", block)
        counts = counted(Ragged.from_rows(texts), 8)
    assert counts.dtype == counts.indices.dtype == counts.indptr.dtype == np.int32
    assert counts.toarray().tolist() == [[text.count(i) for i in range(8)] for text in texts]
    for text, (begin, end) in zip(texts, itertools.pairwise(counts.indptr), strict=True):
        assert counts.indices[begin:end].tolist() == sorted(set(text))
