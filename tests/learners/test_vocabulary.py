"""Word lists and bags of words."""

from __future__ import annotations

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from gigsim.learners.vocabulary import BagOfWords, WordList
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
