from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations_with_replacement, pairwise, product
from math import factorial, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from gigsim.resumes.corpus import Corpus
from gigsim.resumes.language import Language
from gigsim.resumes.language_file import load_language
from gigsim.resumes.posterior import (
    Repetitions,
    label_marginals,
    pair_marginals,
    posterior_label_sets,
)
from tests.resumes.toys import small_language


def corpus_of(documents: list[list[int]], language: Language) -> Corpus:
    lengths = [len(document) for document in documents]
    return Corpus(
        words=language.words,
        tokens=np.array([t for d in documents for t in d], dtype=np.uint32),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        labels=np.zeros((len(documents), len(language.label_names)), dtype=bool),
        label_names=language.label_names,
        clusters=np.arange(len(documents)),
        test_side=np.zeros(len(documents), dtype=bool),
    )


def urn(document: list[int], p: NDArray[np.float64], concentration: float) -> float:
    """P(sequence | p) as a product of Pólya's urn draws."""
    return prod(
        (concentration * p[word] + document[:i].count(word)) / (concentration + i)
        for i, word in enumerate(document)
    )


def brute_force(document: list[int], language: Language) -> NDArray[np.float64]:
    """P0(Y | x) from the definition."""
    joint = np.zeros(len(language.label_sets))
    for row, label_set in enumerate(language.row_sets):
        joint[label_set] += language.row_prior[row] * urn(
            document, language.row_words[row], language.concentration
        )
    return (1 - language.rho) * joint / joint.sum() + language.rho * language.set_prior


@given(
    documents=st.lists(st.lists(st.integers(0, 5), max_size=12), max_size=6),
    rho=st.sampled_from([0.0, 0.1, 1.0]),
    concentration=st.sampled_from([0.3, 3.0, 500.0]),
)
@settings(max_examples=60, deadline=None)
def test_posterior_is_bayes_rule(
    documents: list[list[int]], rho: float, concentration: float
) -> None:
    language = small_language(rho=rho, concentration=concentration)
    corpus = corpus_of(documents, language)
    expected = np.array([brute_force(d, language) for d in documents]).reshape(-1, 5)
    posterior = posterior_label_sets(language, corpus)
    np.testing.assert_allclose(posterior, expected, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(
        label_marginals(language, corpus), expected @ language.label_sets, rtol=1e-9, atol=1e-15
    )


@pytest.mark.parametrize("label", [0, 1, 2])
def test_pairs_are_summed_over_the_sets_that_hold_both(label: int) -> None:
    language = small_language()
    corpus = corpus_of([[0, 1, 1], [], [5, 5, 2, 0]], language)
    pairs = pair_marginals(language, corpus, label)
    for i, posterior in enumerate(posterior_label_sets(language, corpus)):
        for other in range(3):
            both = [
                p
                for p, held in zip(posterior, language.label_sets, strict=True)
                if held[label] and held[other]
            ]
            assert pairs[i, other] == pytest.approx(sum(both), rel=1e-12)
    marginals = label_marginals(language, corpus)
    np.testing.assert_allclose(pairs[:, label], marginals[:, label], rtol=1e-12)
    assert (pairs <= marginals + 1e-15).all()
    # Bonferroni: what two labels share is at least what they overlap by.
    assert (pairs >= marginals + marginals[:, [label]] - 1 - 1e-12).all()


def test_pairs_of_a_label_that_there_is_not() -> None:
    language = small_language()
    with pytest.raises(ValueError, match="one of 3 columns, got 3"):
        pair_marginals(language, corpus_of([[0]], language), 3)


def test_probabilities_of_all_count_vectors_sum_to_1() -> None:
    language, n = small_language(words=4), 5
    vectors = list(combinations_with_replacement(range(4), n))
    orders = [
        factorial(n) // prod(factorial(times) for times in Counter(vector).values())
        for vector in vectors
    ]
    assert sum(orders) == 4**n
    words = Repetitions.of(np.array(vectors).ravel(), np.full(len(vectors), n))
    for concentration in (0.2, 3.0, 1e6):
        log_likelihood = words.log_likelihood(language.row_words, concentration)
        np.testing.assert_allclose(orders @ np.exp(log_likelihood), 1, rtol=1e-12)


def test_every_order_of_the_words_has_the_same_probability() -> None:
    language = small_language(words=3)
    orders = [list(order) for order in product(range(3), repeat=4) if sorted(order) == [0, 0, 1, 2]]
    posterior = posterior_label_sets(language, corpus_of(orders, language))
    assert len(orders) == 12
    assert (posterior == posterior[0]).all()


def test_the_sparse_form_equals_gamma_functions_on_the_shipped_language() -> None:
    language = load_language()
    corpus = language.sample(40, np.random.default_rng(4))
    a = language.concentration * language.row_words
    posterior = np.empty((40, len(language.label_sets)))
    for i in range(40):
        tokens = corpus.tokens[corpus.offsets[i] : corpus.offsets[i + 1]]
        words, times = np.unique(tokens, return_counts=True)
        joint = np.log(language.row_prior) + (
            gammaln(a[:, words] + times) - gammaln(a[:, words])
        ).sum(axis=1)
        joint = np.exp(joint - logsumexp(joint))
        posterior[i] = np.bincount(language.row_sets, joint)
    posterior = (1 - language.rho) * posterior + language.rho * language.set_prior
    np.testing.assert_allclose(posterior_label_sets(language, corpus), posterior, rtol=1e-9)


@pytest.mark.parametrize("most", [120, 25])
def test_posterior_is_calibrated_on_what_the_language_writes(most: int) -> None:
    """Given x the reported set is Y with probability P0(Y | x): statistics within 4 s.e.

    A statistic f(x, Y) has conditional mean and variance under the posterior, so that the sum of
    f − mean over independent resumes has a known standard error. ``most`` = 25 takes prefixes.
    """
    language, n = load_language(), 4_000
    whole = language.sample(n, np.random.default_rng(11))
    corpus = first_words(whole, most)
    posterior, marginals = posterior_label_sets(language, corpus), label_marginals(language, corpus)
    reported = (corpus.labels[:, None] == language.label_sets).all(axis=2).argmax(axis=1)
    assert (language.label_sets[reported] == corpus.labels).all()

    top = np.eye(marginals.shape[1], dtype=bool)[marginals.argmax(axis=1)]
    edges = (0, 0.01, 0.1, 0.5, 0.9, 0.99, 1)
    claims = [(marginals >= a) & (marginals < b) for a, b in pairwise(edges)]
    statistics = [claim.astype(float) @ language.label_sets.T for claim in (top, *claims)]
    statistics.append(np.eye(posterior.shape[1])[posterior.argmax(axis=1)])
    for f in statistics:
        mean = (posterior * f).sum(axis=1)
        variance = (posterior * f**2).sum(axis=1) - mean**2
        error = (f[np.arange(n), reported] - mean).sum()
        assert abs(error) <= 4 * np.sqrt(variance.sum())


def first_words(corpus: Corpus, most: int) -> Corpus:
    place = np.arange(len(corpus.tokens)) - np.repeat(corpus.offsets[:-1], corpus.lengths)
    return replace(
        corpus,
        tokens=corpus.tokens[place < most],
        offsets=np.concatenate([[0], np.cumsum(np.minimum(corpus.lengths, most))]),
    )


def test_fewer_words_leave_more_doubt() -> None:
    language = load_language()
    corpus = language.sample(500, np.random.default_rng(3))
    doubt = [
        1 - label_marginals(language, first_words(corpus, most)).max(axis=1).mean()
        for most in (0, 5, 25, 120)
    ]
    assert doubt == sorted(doubt, reverse=True)
    assert doubt[0] == pytest.approx(1 - language.base_rates.max())


def test_rows_sum_to_1_and_stay_above_the_floor() -> None:
    language = load_language()
    corpus = language.sample(500, np.random.default_rng(8))
    posterior = posterior_label_sets(language, corpus)
    np.testing.assert_allclose(posterior.sum(axis=1), 1, rtol=1e-12)
    assert (posterior >= language.rho * language.set_prior).all()
    marginals = label_marginals(language, corpus)
    for label in range(marginals.shape[1]):
        assert marginals[:, label].min() >= language.floor(label) * (1 - 1e-12)
    # The floor is nearly reached: some resume rules the label out.
    assert marginals[:, 6].min() <= 1.01 * language.floor(6)


def test_chunks_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    language = small_language()
    corpus = language.sample(50, np.random.default_rng(0))
    whole = posterior_label_sets(language, corpus)
    monkeypatch.setattr("gigsim.resumes.posterior._CHUNK", 7)
    monkeypatch.setattr("gigsim.resumes.posterior._BLOCK", 3)
    np.testing.assert_allclose(posterior_label_sets(language, corpus), whole, rtol=1e-12)


def test_word_numbers_are_looked_up_by_word() -> None:
    language = small_language()
    corpus = language.sample(30, np.random.default_rng(0))
    backwards = replace(corpus, words=corpus.words[::-1], tokens=(5 - corpus.tokens))
    np.testing.assert_array_equal(
        posterior_label_sets(language, corpus), posterior_label_sets(language, backwards)
    )


def test_a_word_that_the_language_does_not_know_is_refused() -> None:
    language = small_language()
    corpus = language.sample(30, np.random.default_rng(0))
    # Unknown words that no resume has are no harm: a corpus may be a selection of a larger one.
    more = replace(corpus, words=(*corpus.words, "stranger"))
    assert posterior_label_sets(language, more).shape == (30, 5)
    tokens = corpus.tokens.copy()
    tokens[corpus.offsets[17]] = 6
    with pytest.raises(ValueError, match="resume 17"):
        posterior_label_sets(language, replace(more, tokens=tokens))


def test_no_burstiness_is_the_multinomial() -> None:
    language = small_language(concentration=1e12, rho=0.0)
    corpus = language.sample(30, np.random.default_rng(0))
    for i, posterior in enumerate(posterior_label_sets(language, corpus)):
        tokens = corpus.tokens[corpus.offsets[i] : corpus.offsets[i + 1]]
        joint = language.row_prior * language.row_words[:, tokens].prod(axis=1)
        expected = np.bincount(language.row_sets, joint) / joint.sum()
        np.testing.assert_allclose(posterior, expected, rtol=1e-6)
