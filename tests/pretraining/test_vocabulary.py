"""The WordPiece vocabulary: words of the list, endings of words of the list."""

from __future__ import annotations

import numpy as np
import pytest

from gigsim.pretraining.vocabulary import SPECIAL, UNK, Pieces
from gigsim.pretraining.words import Parts, Words
from gigsim.resumes.corpus import Corpus
from tests.learners.toys import corpus_of

LIST = ("work", "test", "plan", "working", "testing", "plans", "tests", "planson", "testson", "a")


@pytest.fixture
def pieces() -> Pieces:
    words = Words(LIST, (",",), np.full(len(LIST), 9), (), 1.0)
    return Pieces.of(words, min_words=2, forbidden={"on"})


def read(pieces: Pieces, text: str, share: float) -> list[str]:
    corpus: Corpus = corpus_of([text])
    parts = Parts.of(corpus)
    parted = parts.read(corpus, np.array([0]))
    ids = pieces.read(parts, parted, share, np.full(len(parted.values), 0.5))
    return [pieces.entries[i] for i in ids[0]]


def test_entries_are_words_marks_and_common_endings(pieces: Pieces) -> None:
    # "planson" and "testson" are "plans", "tests" and "on", which is forbidden.
    assert pieces.entries == (*SPECIAL, *LIST, ",", "##ing", "##s")


def test_the_tokenizer_reads_whole_words_first(pieces: Pieces) -> None:
    tokenizer = pieces.tokenizer()
    tokens = tokenizer.encode("Working plan, worked TESTS plansing").tokens
    assert tokens[0] == "[CLS]"
    assert tokens[-1] == "[SEP]"
    assert tokens[1:-1] == ["working", "plan", ",", "[UNK]", "tests", "plans", "##ing"]


def test_special_pieces_keep_their_ids(pieces: Pieces) -> None:
    tokenizer = pieces.tokenizer()
    assert [tokenizer.token_to_id(name) for name in SPECIAL] == list(range(len(SPECIAL)))
    assert tokenizer.get_vocab_size() == len(pieces.entries)


def test_pretraining_reads_other_words_as_unknown_even_if_they_have_pieces(pieces: Pieces) -> None:
    assert read(pieces, "plansing a , [MASK]", 0.0)[:3] == ["[UNK]", "a", ","]
    assert "[MASK]" not in read(pieces, "[MASK]", 0.0)


def test_words_are_split_in_two_where_they_can_be(pieces: Pieces) -> None:
    assert read(pieces, "working a tests", 0.0) == ["working", "a", "tests"]
    assert read(pieces, "working a tests", 1.0) == ["work", "##ing", "a", "test", "##s"]


def test_splitting_keeps_texts_apart(pieces: Pieces) -> None:
    corpus = corpus_of(["working", "", "a tests"])
    parts = Parts.of(corpus)
    parted = parts.read(corpus, np.arange(3))
    texts = pieces.read(parts, parted, 1.0, np.zeros(len(parted.values)))
    assert texts.lengths.tolist() == [2, 0, 3]
    assert UNK not in texts.values
