"""The texts of a run as its learner sees them: words are read once for all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gigsim.config.sections import SignalSection
from gigsim.encoding import Encoder
from gigsim.learners.linear import LinearLearner
from gigsim.learners.ragged import Ragged
from gigsim.learners.recipes import LinearRecipe
from gigsim.learners.vocabulary import WordList
from tests.learners.toys import corpus_of


class Asked(WordList):
    """A word list that remembers what it was asked."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(words)
        self.asked: list[str] = []

    def pieces(self, words: Sequence[str]) -> Ragged:
        self.asked += words
        return super().pieces(words)


@pytest.mark.parametrize("alternates", [(), ("c",)])
def test_words_of_a_corpus_are_read_once_and_those_of_another_anew(
    alternates: tuple[str, ...],
) -> None:
    vocabulary = Asked(["a", "b", "c"])
    section = SignalSection(token="†", alternates=list(alternates))
    encoder = Encoder(LinearLearner(LinearRecipe(), labels=1), vocabulary, section)
    corpus = corpus_of(["a b", "b c", "a a c"])
    nobody = np.full(2, -1)
    people = encoder.encode(corpus.select(np.array([0, 1])), nobody)
    encoder.encode(corpus.select(np.array([2, 2])), nobody)
    assert sorted(set(vocabulary.asked)) == sorted(vocabulary.asked)
    again = Encoder(LinearLearner(LinearRecipe(), labels=1), vocabulary, section)
    same = again.encode(corpus.select(np.array([0, 1])), nobody)
    assert people.found.values.tolist() == same.found.values.tolist()
    # Equal words of another corpus have other numbers.
    other = encoder.encode(corpus_of(["c b", "b"]), nobody)
    assert [other.clean[i].tolist() for i in range(2)] == (
        [[1], [1]] if alternates else [[2, 1], [1]]
    )
