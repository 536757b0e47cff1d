"""The two laws through one protocol."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from gigsim.resumes.finite_world import FiniteWorld
from gigsim.resumes.language_file import load_language
from gigsim.resumes.law import LanguageLaw, Law
from tests.resumes.toys import small_language

LAWS = [
    pytest.param(LanguageLaw(small_language(rho=0.3)), id="language"),
    pytest.param(FiniteWorld.draw(8, np.random.default_rng(0)), id="finite world"),
]


@pytest.mark.parametrize("law", LAWS)
def test_floor_ceiling_and_marginals_agree(law: Law) -> None:
    corpus = law.sample(300, np.random.default_rng(0))
    marginals = law.marginals(corpus)
    assert marginals.shape == corpus.labels.shape
    assert corpus.words == law.words
    assert corpus.label_names == law.label_names
    assert law.origin in corpus.origin
    for label in range(len(law.label_names)):
        assert marginals[:, label].min() >= law.floor(label) - 1e-12 > 0
        assert np.delete(marginals, label, axis=1).max() <= law.ceiling(label) + 1e-12
        pairs = law.pair_marginals(corpus, label)
        np.testing.assert_allclose(pairs[:, label], marginals[:, label], atol=1e-12)
        assert (pairs <= marginals + 1e-12).all()


@pytest.mark.parametrize("law", LAWS)
def test_marginals_are_calibrated(law: Law) -> None:
    n = 20_000
    corpus = law.sample(n, np.random.default_rng(1))
    gap = corpus.labels - law.marginals(corpus)
    assert (np.abs(gap.mean(axis=0)) <= 4 * gap.std(axis=0) / np.sqrt(n)).all()
    rates = corpus.labels.mean(axis=0)
    sd = np.sqrt(law.base_rates * (1 - law.base_rates) / n)
    assert (np.abs(rates - law.base_rates) <= 4 * sd).all()


@pytest.mark.parametrize(
    "law",
    [
        *LAWS,
        pytest.param(LanguageLaw(load_language()), id="shipped language"),
    ],
)
def test_label_sets_alone_have_the_law_of_those_of_resumes(law: Law) -> None:
    n = 100_000
    few = law.sample_labels(10, np.random.default_rng(2))
    alone = law.sample_labels(n, np.random.default_rng(2))
    np.testing.assert_array_equal(few, alone[:10])
    bits = 1 << np.arange(len(law.label_names))
    if isinstance(law, LanguageLaw):
        sets, prior = law.language.label_sets, law.language.set_prior
    else:
        sets, prior = np.eye(10, dtype=bool), law.base_rates
    order = np.argsort(sets @ bits)
    found, counts = np.unique(alone @ bits, return_counts=True)
    known = (sets @ bits)[order]
    assert set(found) <= set(known)
    observed = np.zeros(len(known))
    observed[np.searchsorted(known, found)] = counts
    expected = n * prior[order]
    rare = expected < 5
    statistic = ((observed - expected)[~rare] ** 2 / expected[~rare]).sum()
    assert chi2.sf(statistic, (~rare).sum() - 1) > 1e-4


def test_label_sets_alone_agree_with_written_resumes() -> None:
    law, n = LanguageLaw(small_language(rho=0.3)), 40_000
    bits = 1 << np.arange(3)
    written = np.bincount(law.sample(n, np.random.default_rng(3)).labels @ bits, minlength=8)
    alone = np.bincount(law.sample_labels(n, np.random.default_rng(4)) @ bits, minlength=8)
    kinds = written + alone > 0
    # Two samples of one multinomial: the two-sample chi-square.
    statistic = ((written - alone)[kinds] ** 2 / (written + alone)[kinds]).sum()
    assert chi2.sf(statistic, kinds.sum() - 1) > 1e-4
