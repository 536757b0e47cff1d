"""A finite world: its law, its samples, its exact posterior."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from gigsim.resumes.corpus import OCCUPATIONS, Corpus
from gigsim.resumes.finite_world import RHO, FiniteWorld
from gigsim.theory.gaps import deficit_top1
from tests.learners.toys import corpus_of


def world(cells: int = 12, seed: int = 0) -> FiniteWorld:
    return FiniteWorld.draw(cells, np.random.default_rng(seed))


def chi_square_p(observed: np.ndarray, expected: np.ndarray) -> float:
    """p-value of counts against their expectations, one constraint."""
    statistic = ((observed - expected) ** 2 / expected).sum()
    return float(chi2.sf(statistic, observed.size - 1))


@given(st.integers(1, 40), st.integers(0, 5))
def test_a_drawn_law_is_a_law_with_a_floor(cells: int, seed: int) -> None:
    drawn = world(cells, seed)
    assert drawn.weights.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(drawn.label_law.sum(axis=1), 1, atol=1e-12)
    assert drawn.words == tuple(f"x{k}" for k in range(cells))
    assert drawn.label_names == OCCUPATIONS
    for label in (0, 3):
        assert drawn.floor(label) == drawn.label_law[:, label].min() >= RHO / 10 - 1e-15
        others = np.delete(drawn.label_law, label, axis=1)
        assert drawn.ceiling(label) == others.max()
    assert drawn.base_rates @ np.ones(10) == pytest.approx(1, abs=1e-12)


def test_deficits_of_every_label_spread_and_base_rates_are_about_a_tenth() -> None:
    # The medians over forty worlds, not each of them: a world of fifty cells is small.
    worlds = [world(50, seed) for seed in range(40)]
    for target in range(10):
        deficits = [deficit_top1(w.label_law, target) for w in worlds]
        spread = np.median([np.quantile(d[d > 0], [0.1, 0.5, 0.9]) for d in deficits], axis=0)
        assert spread[0] < 0.25 < spread[1] < 0.75 < spread[2]
        assert 0.05 <= np.median([(d < 0).mean() for d in deficits]) <= 0.2
        assert 0.05 <= np.median([w.base_rates[target] for w in worlds]) <= 0.2


def test_samples_follow_the_law() -> None:
    drawn, n = world(), 40_000
    corpus = drawn.sample(n, np.random.default_rng(1))
    cells = drawn.cells_of(corpus)
    assert (corpus.labels.sum(axis=1) == 1).all()
    observed = np.bincount(cells * 10 + corpus.labels.argmax(axis=1), minlength=120)
    expected = n * (drawn.weights[:, None] * drawn.label_law).ravel()
    # Cells with under five expected draws are taken together, as the test's law asks for.
    rare = expected < 5
    observed = np.append(observed[~rare], observed[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    assert chi_square_p(observed, expected) > 1e-4
    alone = drawn.sample_labels(n, np.random.default_rng(2))
    assert (alone.sum(axis=1) == 1).all()
    assert chi_square_p(alone.sum(axis=0), n * drawn.base_rates) > 1e-4


def test_a_sample_has_the_form_of_a_corpus_and_begins_with_the_smaller() -> None:
    drawn = world(5)
    few = drawn.sample(7, np.random.default_rng(3), test_side=True)
    many = drawn.sample(30, np.random.default_rng(3))
    np.testing.assert_array_equal(few.tokens, many.tokens[:7])
    np.testing.assert_array_equal(few.labels, many.labels[:7])
    assert few.test_side.all()
    assert not many.test_side.any()
    assert few.words == drawn.words
    assert (few.lengths == 1).all()
    assert len(np.unique(few.clusters)) == 7
    assert drawn.digest in few.origin
    assert len(drawn.sample(0, np.random.default_rng(0))) == 0


def test_the_posterior_is_the_table() -> None:
    drawn = world()
    corpus = drawn.sample(50, np.random.default_rng(0))
    cells = drawn.cells_of(corpus)
    np.testing.assert_array_equal(drawn.marginals(corpus), drawn.label_law[cells])
    pairs = drawn.pair_marginals(corpus, 3)
    np.testing.assert_array_equal(pairs[:, 3], drawn.label_law[cells, 3])
    assert not np.delete(pairs, 3, axis=1).any()
    # Known by its words, not by their numbers in a corpus.
    other = Corpus(
        words=("x7", "x2"),
        tokens=np.array([0, 1, 0], dtype=np.uint32),
        offsets=np.arange(4),
        labels=np.zeros((3, 10), dtype=bool),
        label_names=OCCUPATIONS,
        clusters=np.arange(3),
        test_side=np.zeros(3, dtype=bool),
    )
    assert drawn.cells_of(other).tolist() == [7, 2, 7]


@pytest.mark.parametrize("text", ["x99", "x1 x2", "server"])
def test_foreign_resumes_have_no_posterior(text: str) -> None:
    with pytest.raises(ValueError, match="exactly one of its words"):
        world().marginals(corpus_of(["x1", text], np.zeros((2, 10), dtype=bool)))


def test_equal_seeds_give_equal_worlds() -> None:
    assert world(9, 4).digest == world(9, 4).digest
    assert world(9, 4).digest != world(9, 5).digest


@pytest.mark.parametrize(
    ("weights", "law", "fault"),
    [
        ([], np.empty((0, 2)), "weights must be positive"),
        ([1.0, 0.0], [[0.5, 0.5], [0.5, 0.5]], "weights must be positive"),
        ([0.5, 0.6], [[0.5, 0.5], [0.5, 0.5]], "weights must sum to 1"),
        ([1.0], [[0.5, 0.6]], "rows must sum to 1"),
        ([1.0], [[1.5, -0.5]], "must not be negative"),
        ([1.0], [[1.0]], "L >= 2"),
        ([1.0], [[0.5, 0.5], [0.5, 0.5]], "label_law is"),
    ],
)
def test_what_is_no_law_is_refused(weights: list[float], law: list, fault: str) -> None:
    table = np.array(law, dtype=float)
    with pytest.raises(ValueError, match=fault):
        FiniteWorld(np.array(weights), table, tuple("ab"[: table.shape[1]]))
