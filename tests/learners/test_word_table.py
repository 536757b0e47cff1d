"""What each word has of the signal, and texts put together from words."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gigsim.collective.signals import Signal
from gigsim.learners.ragged import Ragged
from gigsim.learners.vocabulary import BagOfWords, Lexicon
from gigsim.learners.word_table import WordTable

#: As a bag of words reads them: x is 0, y is 1, z is 2.
WORDS = ("x", "y", "x-y", "X", "x/x", "z", "&")


def table(signal: Signal, *own: list[int]) -> WordTable:
    lexicon = Lexicon(BagOfWords(["x", "y", "z"]), WORDS)
    lexicon.meet(np.arange(len(WORDS), dtype=np.uint32))
    return WordTable.of(lexicon, signal, [np.array(ids, dtype=np.int32) for ids in own])


def lists(ragged: Ragged) -> list[list[int]]:
    return [ragged[i].tolist() for i in range(len(ragged))]


def texts(*rows: str) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    numbers = [[WORDS.index(word) for word in row.split()] for row in rows]
    offsets = np.cumsum([0, *map(len, numbers)]).astype(np.int64)
    return np.array([i for row in numbers for i in row], dtype=np.uint32), offsets


def test_a_word_that_reads_like_the_signal_is_it_and_one_glued_to_it_is_stripped() -> None:
    words = table(Signal("x", reserve=False), [0])
    assert words.is_signal.tolist() == [True, False, False, True, True, False, False]
    assert words.touched.tolist() == [True, False, True, True, True, False, False]
    assert words.part.tolist() == [0, -1, -1, 0, -1, -1, -1]
    assert lists(words.whole) == [[0], [1], [0, 1], [0], [0, 0], [2], []]
    assert lists(words.stripped)[1:3] == [[1], [1]]


def test_a_reserved_signal_is_its_own_word_alone() -> None:
    words = table(Signal("x", companions=("z",)), [3], [4])
    assert words.is_signal.tolist() == words.touched.tolist()
    assert words.part.tolist() == [0, -1, -1, -1, -1, 1, -1]
    assert lists(words.whole) == [[3], [1], [0, 1], [0], [0, 0], [4], []]
    pieces, seen = words.found(*texts("x y", "z & z", "X"), None)
    assert lists(pieces) == [[3, 1], [4, 4], [0]]
    assert seen.tolist() == [[True, False, False], [False, True, False]]


def test_texts_without_the_signal() -> None:
    words = table(Signal("x", reserve=False), [0])
    clean, begins, left = words.clean(*texts("y x x-y z", "", "x/x", "& z"))
    assert lists(clean) == [[1, 1, 2], [], [], [2]]
    assert left.tolist() == [0, 3, 3, 3, 5]
    assert begins.tolist() == [0, 1, 2, 3, 3, 4]
    assert words.holding(*texts("y x x-y z", "", "x/x", "& z")).tolist() == [0, 2]
    assert words.words_left(*texts("y x x-y z", "", "x/x", "& z")).tolist() == [3, 0, 0, 2]


@pytest.mark.parametrize(
    ("every", "places", "planted", "first"),
    [
        (2, None, [[1, 2, 9, 1, 2, 9, 2], [9], [2, 9]], [2, 0, 1]),
        (5, None, [[1, 2, 1, 2, 2, 9], [9], [2, 9]], [5, 0, 1]),
        (2, [0, 0, 1], [[9, 1, 2, 1, 2, 2], [9], [9, 2]], [0, 0, 0]),
        (2, [3, 0, 2], [[1, 2, 1, 9, 2, 2], [9], [2, 9]], [3, 0, 1]),
    ],
)
def test_planting_goes_by_words_and_not_by_pieces(
    every: int, places: list[int] | None, planted: list[list[int]], first: list[int]
) -> None:
    words = table(Signal("†", every=every), [9])
    clean, begins, left = words.clean(*texts("y z y z z", "", "& z"))
    at = None if places is None else np.array(places)
    got, before = words.planted(clean.values, begins, left, every, at)
    assert lists(got) == planted
    assert before.tolist() == first


def test_which_words_of_a_planted_signal_are_read() -> None:
    words = table(Signal("†", reserve=False, companions=("§",)), [7, 8], [8])
    first = np.array([0, 1, 2, 3])
    assert words.shown(first, None).all()
    # The companion's piece shows in the token already.
    assert words.shown(first, 4).tolist() == [[True, True, True, False]] * 2
    apart = table(Signal("†", reserve=False, companions=("§",)), [7], [8])
    assert apart.shown(first, 3).tolist() == [[True, True, True, False], [True, True, False, False]]
