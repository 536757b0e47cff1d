"""Which words a vocabulary may hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gigsim.pretraining.words import Parts, choose, spread_of
from tests.learners.toys import corpus_of


def test_a_resume_comes_apart_as_bert_reads_it() -> None:
    corpus = corpus_of(["C++/Java, Résumé"])
    parts = Parts.of(corpus)
    read = parts.read(corpus, np.array([0]))
    assert [parts.names[i] for i in read[0]] == ["c", "+", "+", "/", "java", ",", "resume"]


def test_rows_are_read_in_the_order_asked_for() -> None:
    corpus = corpus_of(["a, b", "", "c"])
    parts = Parts.of(corpus)
    read = parts.read(corpus, np.array([2, 1, 0]))
    assert [[parts.names[i] for i in read[row]] for row in range(3)] == [["c"], [], ["a", ",", "b"]]


def test_near_duplicates_count_once() -> None:
    corpus = replace(
        corpus_of(["java java web", "java web", "java sql"]), clusters=np.array([4, 4, 7])
    )
    parts = Parts.of(corpus)
    spread, spoken = spread_of(corpus, parts)
    by_name = dict(
        zip(parts.names, zip(spread.tolist(), spoken.tolist(), strict=True), strict=True)
    )
    assert by_name == {"java": (2, 4), "web": (1, 2), "sql": (1, 1)}


def test_spread_does_not_depend_on_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    texts = [" ".join(generator.choice(list("abcdefgh"), 6)) for _ in range(50)]
    corpus = replace(corpus_of(texts), clusters=generator.integers(0, 9, 50))
    parts = Parts.of(corpus)
    whole = spread_of(corpus, parts)
    monkeypatch.setattr("gigsim.pretraining.words._CHUNK", 3)
    for one, other in zip(whole, spread_of(corpus, parts), strict=True):
        np.testing.assert_array_equal(one, other)


def test_rare_words_names_debris_and_long_numbers_are_refused() -> None:
    text = "java , smith linkedin 2008 90210 ec2 наука"
    corpus = corpus_of([text, text, text + " rare"])
    parts = Parts.of(corpus)
    words = choose(corpus, parts, words=9, min_resumes=2, forbidden={"smith", "linkedin"})
    assert words.words == ("2008", "ec2", "java")
    assert words.marks == (",",)
    assert set(words.left_out) == {"smith", "linkedin", "90210", "наука"}
    assert words.coverage == 12 / 25


def test_the_most_widespread_words_come_first() -> None:
    corpus = corpus_of(["b a", "b a", "b c"])
    chosen = choose(corpus, Parts.of(corpus), words=2, min_resumes=1, forbidden=())
    assert chosen.words == ("b", "a")
    assert chosen.resumes.tolist() == [3, 2]
