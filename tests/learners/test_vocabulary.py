"""Word lists and bags of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from gigsim.learners.ragged import Ragged
from gigsim.learners.vocabulary import BagOfWords, Lexicon, WordList
from tests.learners.toys import corpus_of

TEXTS = ["C++ and c# developer, Python/Java", "python python java", "c++ PYTHON &", "zebra ant"]


def test_word_list_knows_its_words_exactly() -> None:
    vocabulary = WordList(["b", "a"])
    assert (vocabulary.size, vocabulary.unknown) == (2, None)
    read = vocabulary.pieces(["a", "A", "b", "ab"])
    assert [read[i].tolist() for i in range(4)] == [[1], [], [0], []]


def test_word_list_is_distinct() -> None:
    with pytest.raises(ValueError, match="distinct"):
        WordList(["a", "a"])


def test_tokens_are_ordered_by_document_frequency_then_alphabet() -> None:
    vocabulary = BagOfWords.from_corpus(corpus_of(TEXTS))
    tokens = ["python", "c++", "java", "and", "ant", "c#", "developer", "zebra"]
    assert vocabulary.size == len(tokens)
    assert vocabulary.pieces(tokens).values.tolist() == list(range(len(tokens)))


def test_features_bound_the_vocabulary() -> None:
    vocabulary = BagOfWords.from_corpus(corpus_of(TEXTS), features=2)
    assert vocabulary.size == 2
    assert vocabulary.pieces(["Python/Java", "C++", "&"]).lengths.tolist() == [1, 1, 0]


def test_word_by_word_is_the_whole_text() -> None:
    vocabulary = BagOfWords.from_corpus(corpus_of(TEXTS))
    for text in TEXTS:
        whole = vocabulary.pieces([text]).values
        assert vocabulary.pieces(text.split()).values.tolist() == whole.tolist()


def test_same_tokens_and_document_frequencies_as_scikit_learn() -> None:
    vectorizer = TfidfVectorizer(token_pattern=r"\w+[+#]*").fit(TEXTS)
    vocabulary = BagOfWords.from_corpus(corpus_of(TEXTS))
    assert vocabulary.size == len(vectorizer.vocabulary_)
    assert (vocabulary.pieces(list(vectorizer.vocabulary_)).lengths == 1).all()


def test_an_empty_corpus_has_no_tokens() -> None:
    assert BagOfWords.from_corpus(corpus_of(["", ""])).size == 0
    assert BagOfWords.from_corpus(corpus_of(["&"])).size == 0


@pytest.mark.parametrize("features", [3, 100])
def test_words_of_its_own_corpus_are_looked_up_as_they_would_be_read(features: int) -> None:
    corpus = corpus_of(TEXTS)
    vocabulary = BagOfWords.from_corpus(corpus, features)
    numbers = np.array([4, 0, 4, 2])
    words = [corpus.words[i] for i in numbers]
    for known in (corpus.words, (*corpus.words,)):
        found = vocabulary.pieces_of(known, numbers)
        assert found.values.tolist() == vocabulary.pieces(words).values.tolist()
        assert found.lengths.tolist() == vocabulary.pieces(words).lengths.tolist()


@given(st.lists(st.text(st.sampled_from("aBΣσς'İß+#-. \n\u200b"), max_size=6), max_size=6))
def test_many_words_are_read_as_one_by_one(words: list[str]) -> None:
    """Lower case depends on neighbouring letters (a final sigma), and on those of no other word."""
    vocabulary = BagOfWords(["a", "b", "ab", "aσ", "aς", "σ", "ς", "a+", "σa", "ss", "b#"])
    together = vocabulary.pieces(words)
    alone = [vocabulary.pieces([word]).values.tolist() for word in words]
    assert [together[i].tolist() for i in range(len(words))] == alone


class Counting:
    """Reads a word as its letters' numbers, and remembers what it was asked."""

    size, unknown = 256, None

    def __init__(self) -> None:
        self.asked: list[str] = []

    def pieces(self, words: Sequence[str]) -> Ragged:
        self.asked += words
        return Ragged.from_rows([[ord(letter) for letter in word] for word in words])


def test_a_lexicon_reads_each_word_once_when_it_is_met() -> None:
    vocabulary = Counting()
    lexicon = Lexicon(vocabulary, ("ab", "c", "", "d", "c"))
    lexicon.meet(np.array([1, 0, 1], dtype=np.uint32))
    lexicon.meet(np.array([2, 1, 4], dtype=np.uint32))
    lexicon.meet(np.zeros(0, dtype=np.uint32))
    assert vocabulary.asked == ["ab", "c", "", "c"]
    read = lexicon.pieces
    assert [read[i].tolist() for i in range(5)] == [[97, 98], [99], [], [], [99]]
    assert lexicon.numbers("c") == [1, 4]
    assert lexicon.numbers("x") == []


def test_document_frequencies_do_not_depend_on_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    texts = [" ".join(f"w{i}" for i in generator.integers(0, 30, 12) ** 2 // 30) for _ in range(60)]
    corpus = corpus_of(texts)
    whole = BagOfWords.from_corpus(corpus, 20)
    monkeypatch.setattr("gigsim.learners.vocabulary._BLOCK", 50)
    parts = BagOfWords.from_corpus(replace(corpus), 20)
    words = [f"w{i}" for i in range(30)]
    assert parts.pieces(words).values.tolist() == whole.pieces(words).values.tolist()
    held = {word: sum(word in text.split() for text in texts) for word in words}
    known = sorted((word for word in words if held[word]), key=lambda word: (-held[word], word))
    assert whole.pieces(known[:20]).values.tolist() == list(range(min(20, len(known))))
