"""Where resumes come from, newcomers' too, and label sets without resumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gigsim.config.sections import CorpusSection
from gigsim.errors import InputError
from gigsim.resumes.finite_world import FiniteWorld
from gigsim.resumes.law import LanguageLaw
from gigsim.resumes.supply import labels_only, law_of, supply
from gigsim.streams import Streams
from tests.learners.toys import corpus_of


@pytest.fixture
def corpus_path(tmp_path: Path) -> str:
    """Thirty resumes of one word each, the last ten on the test side."""
    labels = np.zeros((30, 3), dtype=bool)
    labels[np.arange(30), np.arange(30) % 3] = True
    corpus = corpus_of([f"w{i:02d}" for i in range(30)], labels)
    corpus.test_side[20:] = True
    corpus.save(tmp_path / "corpus.npz")
    return str(tmp_path / "corpus.npz")


def test_a_finite_world_supplies_disjoint_draws_of_one_law() -> None:
    section, streams = CorpusSection(cells=6, test_size=50), Streams(3)
    drawn = supply(section, 200, False, streams)
    assert isinstance(drawn.law, FiniteWorld)
    assert len(drawn.population) == 200
    assert len(drawn.held_out) == 50
    assert drawn.held_out.test_side.all()
    assert drawn.marginals is not None
    np.testing.assert_array_equal(drawn.marginals, drawn.law.marginals(drawn.held_out))
    again = law_of(section, streams)
    assert isinstance(again, FiniteWorld)
    assert again.digest == drawn.law.digest
    # The world is the seed's; how many people live in it is not its affair.
    larger = supply(section, 300, False, streams).population
    np.testing.assert_array_equal(larger.tokens[:200], drawn.population.tokens)
    other = law_of(section, Streams(4))
    assert isinstance(other, FiniteWorld)
    assert other.digest != drawn.law.digest


def test_the_language_is_a_law(toy_language_path: Path) -> None:
    section = CorpusSection(language=str(toy_language_path), test_size=20)
    drawn = supply(section, 30, False, Streams(0))
    assert isinstance(drawn.law, LanguageLaw)
    fresh, after = drawn.newcomers(5, Streams(0), 2)
    assert len(fresh) == 5
    assert after is drawn
    later, _ = drawn.newcomers(5, Streams(0), 3)
    assert fresh.tokens.tolist() != later.tokens.tolist()
    again, _ = drawn.newcomers(7, Streams(0), 2)
    np.testing.assert_array_equal(again.select(np.arange(5)).tokens, fresh.tokens)


def test_no_held_out_resume_is_an_error() -> None:
    with pytest.raises(InputError, match="test_size"):
        supply(CorpusSection(cells=3, test_size=0), 20, False, Streams(0))


def test_newcomers_of_a_corpus_have_what_nobody_had(corpus_path: str) -> None:
    section, streams = CorpusSection(path=corpus_path), Streams(0)
    drawn = supply(section, 12, False, streams)
    assert drawn.law is None
    assert drawn.marginals is None
    seen = set(drawn.population.tokens.tolist())
    for period in (1, 2):
        fresh, drawn = drawn.newcomers(4, streams, period)
        assert not seen & set(fresh.tokens.tolist())
        assert not fresh.test_side.any()
        seen |= set(fresh.tokens.tolist())
    assert len(seen) == 20
    nobody, drawn = drawn.newcomers(0, streams, 3)
    assert len(nobody) == 0
    with pytest.raises(InputError, match=r"population.turnover: 1 newcomers in period 3 but 0"):
        drawn.newcomers(1, streams, 3)


def test_with_replacement_a_corpus_never_runs_out(corpus_path: str) -> None:
    section, streams = CorpusSection(path=corpus_path), Streams(0)
    with pytest.raises(InputError, match="50 freelancers but 20 resumes on the training side"):
        supply(section, 50, False, streams)
    drawn = supply(section, 50, True, streams)
    assert len(drawn.population) == 50
    fresh, after = drawn.newcomers(40, streams, 1)
    assert len(fresh) == 40
    assert after is drawn
    assert not fresh.test_side.any()


def test_the_choice_of_founders_is_the_permutation_it_always_was(corpus_path: str) -> None:
    drawn = supply(CorpusSection(path=corpus_path), 12, False, Streams(7))
    expected = Streams(7).generator("resumes/population").permutation(np.arange(20))[:12]
    np.testing.assert_array_equal(drawn.population.tokens, expected)


def test_label_sets_without_resumes(corpus_path: str, toy_language_path: Path) -> None:
    for section in (
        CorpusSection(cells=4),
        CorpusSection(language=str(toy_language_path)),
        CorpusSection(path=corpus_path),
    ):
        labels, names, origin = labels_only(section, 500, Streams(1))
        assert labels.dtype == bool
        assert labels.shape == (500, len(names))
        assert origin.startswith("label sets alone, no resumes")
        more, _, _ = labels_only(section, 600, Streams(1))
        newcomers, _, _ = labels_only(section, 500, Streams(1), period=2)
        np.testing.assert_array_equal(more[:500], labels)
        assert (newcomers != labels).any()


def test_a_corpus_without_a_training_side_is_an_error(tmp_path: Path) -> None:
    corpus = corpus_of(["a", "b"])
    corpus.test_side[:] = True
    corpus.save(tmp_path / "one_side.npz")
    section = CorpusSection(path=str(tmp_path / "one_side.npz"))
    for draw in (
        lambda: supply(section, 10, True, Streams(0)),
        lambda: labels_only(section, 10, Streams(0)),
    ):
        with pytest.raises(InputError, match="no resume on the training side"):
            draw()
