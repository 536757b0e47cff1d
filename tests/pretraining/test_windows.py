"""Windows over whole resumes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gigsim.learners.ragged import Ragged
from gigsim.pretraining.vocabulary import CLS, SEP, UNK, Pieces
from gigsim.pretraining.windows import cut_windows, representatives, window_starts
from gigsim.pretraining.words import Parts, choose
from gigsim.streams import Streams
from tests.pretraining.toys import paired


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(1, 12))
def test_windows_cover_every_text_that_fills_one(lengths: list[int], body: int) -> None:
    texts = Ragged.from_rows([[row] * n for row, n in enumerate(lengths)])
    starts = window_starts(texts, body)
    covered = np.zeros(len(texts.values), dtype=bool)
    for start in starts:
        inside = texts.values[start : start + body]
        assert len(inside) == body
        assert len(set(inside.tolist())) == 1, "a window holds one text"
        covered[start : start + body] = True
    long_enough = np.repeat(np.array(lengths) >= body, lengths)
    np.testing.assert_array_equal(covered, long_enough)


def test_one_resume_of_each_cluster_is_read() -> None:
    corpus = replace(paired(4, test=0), clusters=np.array([7, 3, 7, 3]))
    assert representatives(corpus).tolist() == [0, 1]


def test_rare_words_and_names_are_unknown_and_texts_keep_their_order() -> None:
    corpus = paired(30, test=0)
    parts = Parts.of(corpus)
    words = choose(corpus, parts, words=100, min_resumes=5, forbidden={"smith"})
    pieces = Pieces.of(words, min_words=2, forbidden={"smith"})
    cut = cut_windows(corpus, parts, pieces, length=44, split=0.0, streams=Streams(0))
    assert not {"smith", "secreta"} & set(pieces.entries)
    assert (cut.ids[:, 0] == CLS).all()
    assert (cut.ids[:, -1] == SEP).all()
    spelled = [pieces.entries[i] for i in cut.ids[0, 1:-1]]
    said = corpus.text(0).lower().replace(".", " .").split()
    expected = [w if w in words.words or w == "." else "[UNK]" for w in said]
    assert spelled == expected[: len(spelled)]
    assert cut.unknown == 2 * 30 / cut.pieces
    assert (cut.ids == UNK).any(axis=1).all()


def test_resumes_shorter_than_a_window_are_counted() -> None:
    corpus = paired(6, test=0)
    parts = Parts.of(corpus)
    words = choose(corpus, parts, words=100, min_resumes=1, forbidden=())
    pieces = Pieces.of(words, min_words=2, forbidden=())
    cut = cut_windows(corpus, parts, pieces, length=100, split=0.0, streams=Streams(0))
    assert (cut.too_short, len(cut.ids)) == (6, 0)
