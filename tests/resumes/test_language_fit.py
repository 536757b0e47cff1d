from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.resumes.corpus import Corpus
from gigsim.resumes.language import Language, latent_rows
from gigsim.resumes.language_file import load_language
from gigsim.resumes.language_fit import fit_language
from gigsim.resumes.language_words import heads
from gigsim.resumes.posterior import Repetitions, label_marginals, posterior_label_sets


@cache
def truth() -> Language:
    """Three labels over 120 made-up words, each label with 30 words of its own."""
    rng = np.random.default_rng(2)
    sets = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]], dtype=bool)
    codes = rng.integers(100, 200, size=(4, 120)).astype(np.uint8)
    codes[1:] = 0
    for label in range(3):
        codes[label + 1, 30 * label : 30 * label + 30] = rng.integers(150, 256, size=30)
    return Language(
        words=tuple("".join(letters) for letters in product("bdkz", "aeiou", "glnrst")),
        label_names=("x", "y", "z"),
        codes=codes,
        low=np.full(4, -12.0),
        step=np.full(4, 12.0 / 255),
        label_sets=sets,
        set_counts=np.array([1, 4, 3, 4, 2, 2], dtype=np.int64),
        shares=np.array([0.2, 0.6]),
        dominance=np.array([0.8, 0.7, 0.6]),
        row_weights=np.ones(len(latent_rows(sets, 2)[0]), dtype=np.float32),
        concentration=60.0,
        rho=0.0,
        length_counts=np.bincount([20, 30, 40, 40, 40]).astype(np.int64),
    )


@cache
def sample() -> Corpus:
    return truth().sample(3000, np.random.default_rng(9))


def fit(corpus: Corpus, **changes: object) -> Language:
    options = {"min_resumes": 5, "head": 40, "levels": 2, "rho": 0.0, "names": ()} | changes
    return fit_language(corpus, **options)[0]  # type: ignore[arg-type]


def log_score(language: Language, corpus: Corpus) -> NDArray[np.float64]:
    """log P(reported label set | words) of each resume, nats."""
    reported = (corpus.labels[:, None] == language.label_sets).all(axis=2)
    assert reported.any(axis=1).all()
    return np.log(posterior_label_sets(language, corpus)[reported])


def test_a_fit_recovers_the_law_that_wrote_the_resumes() -> None:
    language, report = fit_language(sample(), min_resumes=5, head=40, levels=2, rho=0.0, names=())
    assert set(language.words) == set(truth().words)
    assert report.used == report.resumes == 3000
    assert sorted(language.set_counts.tolist()) == sorted(
        np.unique(sample().labels, axis=0, return_counts=True)[1].tolist()
    )
    np.testing.assert_array_equal(
        language.length_counts, np.bincount(sample().lengths, minlength=41)
    )
    for label in range(3):
        own = truth().words[30 * label : 30 * label + 30]
        top = np.argsort(-language.topics[label + 1])[:12]
        assert {language.words[word] for word in top} <= set(own)
    # Tolerances of one fit to 3,000 resumes. How much background a topic holds is only weakly
    # determined, so that shares and topics are compared through what they predict.
    assert language.concentration == pytest.approx(truth().concentration, rel=0.05)
    fresh = truth().sample(3000, np.random.default_rng(10))
    lost = log_score(truth(), fresh) - log_score(language, fresh)
    # No estimate beats the truth, and the fit loses under 5 % of the truth's own doubt.
    assert -4 * lost.std() / np.sqrt(3000) < lost.mean()
    assert lost.mean() < -0.05 * log_score(truth(), fresh).mean()


def test_concentration_is_where_the_likelihood_is_largest() -> None:
    language = fit(sample())
    read = heads(sample(), language.words, 40)
    words = Repetitions.of(read.tokens.astype(np.int64), read.lengths)
    sets = (sample().labels[:, None] == language.label_sets).all(axis=2).argmax(axis=1)
    own = language.row_sets == sets[:, None]

    def likelihood(concentration: float) -> float:
        joint = np.exp(words.log_likelihood(language.row_words, concentration))
        return float(np.log((joint * own * language.row_prior).sum(axis=1)).sum())

    A = language.concentration
    assert likelihood(A) > max(likelihood(A * 0.97), likelihood(A * 1.03))


def test_a_fit_is_deterministic_to_the_byte(tmp_path) -> None:
    for name in ("one", "two"):
        fit(sample()).save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_only_the_training_side_is_read(tmp_path) -> None:
    strange = truth().sample(500, np.random.default_rng(77), test_side=True)
    words = (*truth().words, "stranger")
    tokens = np.where(np.arange(len(strange.tokens)) % 2 == 0, 120, strange.tokens)
    both = Corpus(
        words=words,
        tokens=np.concatenate([tokens.astype(np.uint32), sample().tokens]),
        offsets=np.concatenate([strange.offsets, strange.offsets[-1] + sample().offsets[1:]]),
        labels=np.concatenate([strange.labels, sample().labels]),
        label_names=strange.label_names,
        clusters=np.arange(3500),
        test_side=np.arange(3500) < 500,
    )
    fit(sample()).save(tmp_path / "one")
    fit(both).save(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_parameters_do_what_they_say() -> None:
    language = fit(sample(), words=50, head=25, levels=3, rho=0.25, min_words=15, names=["bag"])
    assert len(language.words) == 50
    assert "bag" in sample().words
    assert "bag" not in language.words
    assert len(language.length_counts) == 26
    assert np.flatnonzero(language.length_counts).min() >= 15
    assert len(language.shares) == 3
    assert language.rho == 0.25
    most = np.unique(sample().labels, axis=0, return_counts=True)[1].max()
    assert len(fit(sample(), min_set=int(most)).label_sets) == 1


def test_a_label_that_nobody_has_and_a_set_that_is_rare() -> None:
    labels = np.concatenate([sample().labels, np.zeros((3000, 1), dtype=bool)], axis=1)
    labels[0] = True
    corpus = replace(sample(), labels=labels, label_names=("x", "y", "z", "nobody"))
    language, report = fit_language(corpus, min_resumes=5, head=40, levels=2, names=(), min_set=2)
    assert report.rare_set == 1
    assert report.used == 2999
    assert not language.label_sets[:, 3].any()
    assert language.base_rates[3] == language.floor(3) == 0


def test_a_set_is_rare_if_few_of_its_resumes_are_long_enough() -> None:
    """What is published of a label set rests on at least ``min_set`` resumes."""
    labels = np.concatenate([sample().labels, np.zeros((3000, 1), dtype=bool)], axis=1)
    short, long = (np.flatnonzero(sample().lengths == n)[:2] for n in (20, 40))
    labels[np.concatenate([short, long])] = True
    corpus = replace(sample(), labels=labels, label_names=("x", "y", "z", "nobody"))
    for min_set, known in ((2, True), (3, False)):
        language = fit(corpus, min_set=min_set, min_words=30)
        assert language.label_sets.all(axis=1).any() == known


def test_report_says_what_was_done() -> None:
    _, report = fit_language(sample(), min_resumes=5, head=40, names=("bag", "absent"))
    assert report.left_out == ("bag",)
    assert report.candidates == 120
    assert report.words == 119
    assert report.as_dict()["words"] == 119
    assert 0.95 < report.coverage < 1
    text = "\n".join(report.lines())
    assert "3000" in text
    assert "bag" not in text


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"words": 1}, "words"),
        ({"head": 0}, "head"),
        ({"min_words": 0}, "min_words"),
        ({"min_resumes": 0}, "min_resumes"),
        ({"min_set": 0}, "min_set"),
        ({"levels": 0}, "levels"),
        ({"rho": 1.01}, "rho"),
        ({"rho": float("nan")}, "rho"),
        ({"min_resumes": 10**6}, "left to fit"),
        ({"min_set": 10**6}, "left to fit"),
        ({"min_words": 41}, "left to fit"),
    ],
)
def test_what_cannot_be_fitted_is_an_input_error(changes: dict[str, float], where: str) -> None:
    with pytest.raises(InputError, match=where):
        fit(sample(), **changes)


def test_a_corpus_without_a_labelled_training_resume_is_an_input_error() -> None:
    for corpus in (
        replace(sample(), labels=np.zeros((3000, 3), dtype=bool)),
        replace(sample(), test_side=np.ones(3000, dtype=bool)),
    ):
        with pytest.raises(InputError, match="left to fit"):
            fit(corpus)


def scores_of_a_linear_classifier(train: Corpus, test: Corpus) -> tuple[float, float]:
    """(micro-F1 at ½, top-1 accuracy) of TF-IDF unigrams + L2 logistic regression, C = 10."""
    import scipy.sparse as sp
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score

    counts = [
        sp.csr_array(
            (np.ones(len(c.tokens)), c.tokens.copy(), c.offsets.copy()),
            shape=(len(c), len(c.words)),
        )
        for c in (train, test)
    ]
    for matrix in counts:
        matrix.sum_duplicates()
    scale = TfidfTransformer().fit(counts[0])
    x, held_out = (scale.transform(matrix) for matrix in counts)
    probability = np.stack(
        [
            LogisticRegression(C=10, tol=1e-4, max_iter=2000)
            .fit(x, y)
            .predict_proba(held_out)[:, 1]
            for y in train.labels.T
        ],
        axis=1,
    )
    top = test.labels[np.arange(len(test)), probability.argmax(axis=1)].mean()
    return f1_score(test.labels, probability > 0.5, average="micro"), float(top)


@pytest.mark.corpus
@pytest.mark.slow
def test_the_language_is_as_hard_as_the_real_corpus(real_corpus: Corpus) -> None:
    """The same classifier at the same size and length: micro-F1 within 5 points."""
    language = load_language()
    short = heads(real_corpus, language.words, 120)
    short = short.select(np.flatnonzero(short.lengths >= 20))
    training, test = short.training_side(), short.select(np.flatnonzero(short.test_side))
    rng = np.random.default_rng(0)
    written_test = language.sample(len(test), rng, test_side=True)
    for n in (500, 2000):
        drawn = training.select(rng.permutation(len(training))[:n])
        on_real, real_top = scores_of_a_linear_classifier(drawn, test)
        on_language, language_top = scores_of_a_linear_classifier(
            language.sample(n, rng), written_test
        )
        assert abs(on_language - on_real) < 0.05
        assert abs(language_top - real_top) < 0.05
        # The classifier leaves room below the exact posterior.
        marginals = label_marginals(language, written_test)
        best = written_test.labels[np.arange(len(test)), marginals.argmax(axis=1)].mean()
        assert language_top < best


@pytest.mark.corpus
@pytest.mark.slow
def test_the_shipped_language_is_a_fit_of_the_published_corpus(real_corpus: Corpus) -> None:
    language, report = fit_language(real_corpus)
    shipped = load_language()
    assert language.words == shipped.words
    np.testing.assert_array_equal(language.label_sets, shipped.label_sets)
    np.testing.assert_array_equal(language.set_counts, shipped.set_counts)
    assert language.concentration == pytest.approx(shipped.concentration, rel=1e-6)
    assert np.abs(language.codes.astype(int) - shipped.codes).max() <= 1
    assert report.types_per_token == pytest.approx(0.634, abs=0.01)
