"""Facts of a corpus: counted by hand, out of fold, and against a language of which all is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gigsim.collective.signals import Signal
from gigsim.errors import InputError
from gigsim.learners.recipes import LinearRecipe
from gigsim.measures.corpus_facts import ENOUGH, CorpusFacts, corpus_facts
from gigsim.resumes.corpus import OCCUPATIONS, Corpus
from gigsim.resumes.law import LanguageLaw
from gigsim.theory.estimates import clopper_pearson, mean_gap
from gigsim.theory.feature_only import feature_only_bound_quantile
from gigsim.theory.gaps import deficit_any, deficit_top1
from tests.toys import toy_language

TARGET = OCCUPATIONS[7]


@pytest.fixture(scope="module")
def law() -> LanguageLaw:
    return LanguageLaw(toy_language())


@pytest.fixture(scope="module")
def corpus(law: LanguageLaw) -> Corpus:
    return law.sample(800, np.random.default_rng(0))


def planted(corpus: Corpus, rows: np.ndarray, signal: Signal) -> Corpus:
    """The corpus with the signal in the given resumes, just as g plants it."""
    texts = [corpus.text(i).split() for i in range(len(corpus))]
    for row in rows:
        texts[row] = signal.plant(texts[row])
    words = (*corpus.words, signal.token)
    number = {word: i for i, word in enumerate(words)}
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in texts])])
    tokens = np.array([number[word] for text in texts for word in text], dtype=np.uint32)
    return replace(corpus, words=words, tokens=tokens, offsets=offsets.astype(np.int64))


@pytest.fixture(scope="module")
def few(corpus: Corpus) -> CorpusFacts:
    """Four resumes in three clusters carry the signal; 100 clusters of two."""
    signal = Signal("zzz", every=10)
    paired = replace(corpus, clusters=np.concatenate([np.arange(100), np.arange(700)]))
    carried = planted(paired, np.array([0, 100, 50, 600]), signal)
    return corpus_facts(carried, TARGET, signal, goal="any", folds=2)


def test_xi_counts_clusters(few: CorpusFacts) -> None:
    assert np.flatnonzero(few.carrier).tolist() == [0, 50, 100, 600]
    assert (few.carrier == few.contains).all()
    assert few.known.xi == 3 / 700
    assert few.known.xi_upper == float(clopper_pearson(3, 700).high)
    assert (few.known.gap, few.known.gap_kind, few.known.xi_known) == (1.0, "worst", False)


def test_few_carriers_leave_the_deficits_to_all(few: CorpusFacts) -> None:
    assert few.kappa_from == "planted"
    deficits = deficit_any(few.planted[:, few.column])
    every = mean_gap(deficits, few.clusters, level=0.975)
    assert few.known.kappa_mean == few.known.xi * every.mean
    limit = float(clopper_pearson(3, 700, 0.975).high)
    assert few.known.kappa_mean_upper == limit * every.upper


def test_many_carriers_speak_for_themselves(corpus: Corpus) -> None:
    signal = Signal("zzz", every=10)
    carried = planted(corpus, np.arange(40), signal)
    got = corpus_facts(carried, TARGET, signal, folds=2)
    assert len(np.unique(got.clusters[got.carrier])) >= ENOUGH
    assert got.kappa_from == "carriers"
    deficits = deficit_top1(got.found[:40], got.column)
    assert got.known.kappa_mean == pytest.approx(40 / 800 * mean_gap(deficits).mean)
    # Here the text of a carrier is g(x) already.
    np.testing.assert_array_equal(got.found[:40], got.planted[:40])
    assert (got.cleaned[:40] != got.found[:40]).any()


def test_a_deficit_of_ones_own(few: CorpusFacts) -> None:
    own = few.estimate(lambda m: 2 * m[:, few.column] - 1)
    assert own.xi == few.known.xi
    expected = mean_gap(2 * few.planted[:, few.column] - 1, few.clusters).mean
    assert own.kappa_mean == few.known.xi * expected


def test_probabilities_are_out_of_fold(corpus: Corpus) -> None:
    """Labels that go with nothing cannot be predicted, unless a near-duplicate gave them away."""
    generator = np.random.default_rng(1)
    labels = np.zeros((150, 10), dtype=bool)
    labels[:, 7] = generator.random(150) < 0.5
    twice = replace(corpus.select(np.tile(np.arange(150), 2)), labels=np.tile(labels, (2, 1)))
    recipe = LinearRecipe(c=1000.0)
    right = {}
    for name, clusters in (("cluster", np.tile(np.arange(150), 2)), ("apart", np.arange(300))):
        got = corpus_facts(
            replace(twice, clusters=clusters), TARGET, Signal("zzz"), folds=3, recipe=recipe
        )
        right[name] = ((got.found[:150, 7] > 0.5) == labels[:, 7]).mean()
    # 4 s.e. of a fair coin, thrown 150 times.
    assert abs(right["cluster"] - 0.5) <= 4 * 0.5 / np.sqrt(150)
    assert right["apart"] > 0.8


def test_estimates_are_near_what_the_language_knows(law: LanguageLaw, corpus: Corpus) -> None:
    """A classifier is no posterior: its own error comes on top of sampling, .05 is seen here."""
    word = "w7"
    got = corpus_facts(corpus, TARGET, Signal(word, reserve=False), goal="any", folds=3)
    exact = law.marginals(corpus)[:, 7]
    assert np.abs(got.found[:, 7] - exact).mean() < 0.1
    assert got.base_rate == corpus.labels[:, 7].mean()
    assert got.miscalibration < 0.05
    assert got.contains.sum() == sum(word in corpus.text(i).split() for i in range(len(corpus)))
    shorter = law.marginals(corpus.without([word]))[:, 7]
    change = np.abs(exact - shorter)
    assert got.tau.mean == pytest.approx(change.mean(), abs=0.02)
    assert got.tau.mean < got.tau.upper
    assert (got.found[~got.contains] == got.cleaned[~got.contains]).all()


def test_the_top_label_has_a_tau_of_all_labels(corpus: Corpus) -> None:
    got = corpus_facts(corpus, TARGET, Signal("w7", reserve=False), folds=2)
    expected = np.abs(got.found - got.cleaned).max(axis=1).mean()
    assert got.tau.mean == pytest.approx(expected)
    assert expected > np.abs(got.found - got.cleaned)[:, 7].mean()


def test_a_signal_that_nobody_has(corpus: Corpus) -> None:
    got = corpus_facts(corpus, TARGET, Signal("※"), folds=2)
    assert (got.known.xi, got.known.kappa_mean) == (0.0, 0.0)
    assert got.known.xi_upper == float(clopper_pearson(0, 800).high)
    assert 0 < got.known.kappa_mean_upper < got.known.xi_upper * 1.4
    assert got.tau == (0.0, 0.0)
    np.testing.assert_array_equal(got.found, got.planted)


def test_the_floor_and_theorem_3(few: CorpusFacts) -> None:
    sample = few.target_probabilities
    assert sample.shape == (700,)
    assert (sample[:100] == few.found[:100, few.column]).all()
    assert few.floor(0.05) < few.floor(0.2)
    assert (sample < few.floor(0.2)).mean() <= 0.2
    alphas = np.array([0.01, 0.1, 0.5])
    plain = few.feature_only_bound(alphas)
    evasive = few.feature_only_bound(alphas, evasive=True)
    assert (plain < evasive).all()
    # The best of all quantiles at once is no better than the best with q free of charge.
    xi = float(clopper_pearson(3, 700, 0.975).high)
    free = [
        feature_only_bound_quantile(alphas, p=t, q=(sample < t).mean(), xi=xi)
        for t in np.unique(sample)
    ]
    assert (plain < np.max(free, axis=0)).all()
    reach = np.sqrt(np.log(40) / 1400)
    np.testing.assert_allclose(plain[-1] + reach, np.max(free, axis=0)[-1], atol=1e-9)


def test_equal_seeds_give_equal_bits(corpus: Corpus) -> None:
    some = corpus.select(np.arange(120))
    one, two, other = (
        corpus_facts(some, TARGET, Signal("w7", reserve=False), folds=2, seed=seed)
        for seed in (1, 1, 2)
    )
    assert (one.found == two.found).all()
    assert (one.found != other.found).any()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda c: corpus_facts(c, "Plumber", Signal("x")), InputError, "no label 'Plumber'"),
        (lambda c: corpus_facts(c, TARGET, Signal("x"), folds=1), ValueError, "folds must be"),
        (lambda c: corpus_facts(c, TARGET, Signal("x"), goal="most"), ValueError, "goal is"),
        (
            lambda c: corpus_facts(c.select(np.arange(3)), TARGET, Signal("x")),
            InputError,
            "3 clusters",
        ),
        (lambda c: corpus_facts(c, TARGET, Signal("※", reserve=False)), InputError, "vanishes"),
    ],
)
def test_what_cannot_be_done_is_refused(
    corpus: Corpus, call: Callable[[Corpus], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call(corpus)


@pytest.mark.corpus
@pytest.mark.slow
def test_the_real_corpus(real_corpus: Corpus) -> None:
    """A sample of it: rates at 4 s.e., and facts that hold whichever resumes are drawn."""
    rows = np.random.default_rng(0).permutation(len(real_corpus))[:4000]
    some = real_corpus.select(rows)
    got = corpus_facts(some, "Python_Developer", Signal("python", reserve=False), goal="any")
    assert got.contains.mean() > 0.1
    assert got.known.xi_upper < 0.01
    assert got.tau.mean > 0.005
    rate = real_corpus.labels[:, got.column].mean()
    assert abs(got.base_rate - rate) <= 4 * np.sqrt(rate * (1 - rate) / 4000)
    assert got.miscalibration < 0.05
