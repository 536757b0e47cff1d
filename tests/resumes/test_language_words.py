from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.resumes.corpus import Corpus
from gigsim.resumes.language_words import (
    choose_words,
    heads,
    is_plain_word,
    plain_words,
    read_names,
)


def corpus_of(texts: list[str], clusters: list[int] | None = None) -> Corpus:
    """Resumes of white-space words; no labels."""
    words = tuple(sorted({word for text in texts for word in text.split()}))
    number = {word: index for index, word in enumerate(words)}
    tokens = [[number[word] for word in text.split()] for text in texts]
    return Corpus(
        words=words,
        tokens=np.array([t for row in tokens for t in row], dtype=np.uint32),
        offsets=np.concatenate([[0], np.cumsum([len(row) for row in tokens])]).astype(np.int64),
        labels=np.zeros((len(texts), 1), dtype=bool),
        label_names=("label",),
        clusters=np.array(range(len(texts)) if clusters is None else clusters, dtype=np.int64),
        test_side=np.zeros(len(texts), dtype=bool),
    )


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("Python,", ["python"]),
        ("(HTML/CSS)", ["html", "css"]),
        ("front-end", ["front", "end"]),
        ("C++,", ["c++"]),
        ("C#/F#.", ["c#", "f#"]),
        ("C/C++", ["c", "c++"]),
        (".NET", ["net"]),
        ("node.js", ["node", "js"]),
        ("Notepad++", ["notepad"]),
        ("Company's", ["company"]),
        ("Company’s", ["company"]),
        ("don't", []),
        ("HTML5", []),
        ("2016", []),
        ("snake_case", ["snake", "case"]),
        ("J.", []),
        ("A", ["a"]),
        ("•", []),
        ("résumé", []),
        ("jane@example.com", []),
        ("https://example.com/jane", []),
        ("www.example.com", []),
    ],
)
def test_plain_words(token: str, words: list[str]) -> None:
    assert plain_words(token) == words


@given(st.text(max_size=30))
def test_every_word_read_is_plain_and_reads_as_itself(token: str) -> None:
    for word in plain_words(token):
        assert is_plain_word(word)
        assert plain_words(word) == [word]


def test_words_are_the_most_widespread_with_ties_in_order() -> None:
    corpus = corpus_of(["beta alpha gamma", "alpha beta", "alpha beta delta delta delta", "delta"])
    choice = choose_words(corpus, words=3, min_resumes=1, forbidden=())
    assert choice.words == ("alpha", "beta", "delta")
    assert choice.least_resumes == 2
    assert choice.candidates == 4
    assert choice.coverage == pytest.approx(10 / 11)


def test_a_rare_or_forbidden_word_is_not_chosen() -> None:
    corpus = corpus_of(["alpha jane beta", "alpha jane beta", "alpha once jane"])
    choice = choose_words(corpus, words=9, min_resumes=2, forbidden={"jane", "absent"})
    assert choice.words == ("alpha", "beta")
    assert choice.left_out == ("jane",)
    assert choice.candidates == 3


def test_near_duplicates_count_once() -> None:
    texts = ["alpha copied"] * 5 + ["alpha"] * 2 + ["beta"]
    clusters = [7] * 5 + [1, 2, 3]
    choice = choose_words(corpus_of(texts, clusters), words=9, min_resumes=2, forbidden=())
    assert choice.words == ("alpha",)
    assert choice.least_resumes == 3


def test_nothing_left_is_no_error_here() -> None:
    choice = choose_words(corpus_of(["2016 •", ""]), words=9, min_resumes=1, forbidden=())
    assert choice.words == ()
    assert choice.coverage == 0


tokens = st.sampled_from(["alpha", "Beta,", "alpha/gamma", "12", "c++", "beta-beta", "jane"])


@given(st.lists(st.lists(tokens, max_size=8), min_size=1, max_size=6), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_heads_and_counts_equal_reading_one_by_one(texts: list[list[str]], head: int) -> None:
    corpus = corpus_of([" ".join(text) for text in texts])
    words = ("beta", "alpha", "c++")
    short = heads(corpus, words, head)
    read = [[word for token in text for word in plain_words(token)] for text in texts]
    assert short.words == words
    for row, plain in enumerate(read):
        assert short.text(row).split() == [word for word in plain if word in words][:head]
    spread = Counter(word for plain in read for word in set(plain))
    choice = choose_words(corpus, words=2, min_resumes=1, forbidden=("jane",))
    spread.pop("jane", None)
    expected = sorted(spread, key=lambda word: (-spread[word], word))[:2]
    assert list(choice.words) == expected


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"alpha beta word{'abcdefgh'[i % 8]} gamma" for i in range(20)]
    corpus = corpus_of(texts, clusters=[i // 3 for i in range(20)])
    choice = choose_words(corpus, words=6, min_resumes=2, forbidden=())
    short = heads(corpus, choice.words, 3)
    monkeypatch.setattr("gigsim.resumes.language_words._CHUNK", 3)
    assert choose_words(corpus, words=6, min_resumes=2, forbidden=()) == choice
    assert heads(corpus, choice.words, 3).tokens.tobytes() == short.tokens.tobytes()


def test_names_are_words_of_a_text_with_comments(tmp_path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("# Anna is a comment\nJane doe\n\nmüller\n", encoding="utf-8")
    assert read_names(path) == {"jane", "doe", "müller"}
    with pytest.raises(InputError, match="unreadable"):
        read_names(tmp_path / "none.txt")
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InputError, match="unreadable"):
        read_names(path)


def test_the_names_that_ship() -> None:
    names = read_names()
    assert len(names) > 2000
    assert {"john", "maria", "smith", "garcia", "patel", "nguyen"} <= names
    # Ordinary words, tools and places of the same spelling are not names here.
    assert not names & {"may", "will", "mark", "grant", "jenkins", "ruby", "oracle", "dallas"}
