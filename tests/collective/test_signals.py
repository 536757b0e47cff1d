"""Planting: g(g(x)) = g(x), every k words, at least once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.collective.signals import Signal
from gigsim.errors import InputError

words = st.lists(st.sampled_from(["a", "b", "※", "※※"]), max_size=60)
every = st.integers(1, 25)


def plant_slowly(signal: Signal, text: list[str]) -> list[str]:
    """The definition, word by word."""
    out: list[str] = []
    clean = [word for word in text if word != signal.token]
    for count, word in enumerate(clean, start=1):
        out.append(word)
        if count % signal.every == 0:
            out.append(signal.token)
    return out if signal.token in out else [*out, signal.token]


def test_plants_after_every_kth_word() -> None:
    signal = Signal("※", every=3)
    assert signal.plant(list("abcdefg")) == list("abc※def※g")
    assert signal.plant(list("abc")) == list("abc※")


def test_short_texts_carry_it_at_the_end() -> None:
    assert Signal("※", every=20).plant(["a", "b"]) == ["a", "b", "※"]
    assert Signal("※").plant([]) == ["※"]


def test_removes_what_was_there_first() -> None:
    assert Signal("※", every=2).plant(list("※※a※bc")) == list("ab※c")


@given(words, every)
def test_is_the_definition_and_idempotent(text: list[str], every: int) -> None:
    signal = Signal("※", every)
    planted = signal.plant(text)
    assert planted == plant_slowly(signal, text)
    assert signal.plant(planted) == planted
    assert signal.token in planted


@given(st.lists(st.integers(0, 70), min_size=1, max_size=8), every)
def test_many_texts_at_once_as_one_by_one(lengths: list[int], every: int) -> None:
    signal = Signal("※", every)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    tokens = np.arange(offsets[-1], dtype=np.uint32)
    table = [f"w{i}" for i in range(len(tokens))] + ["※"]
    planted, bounds = signal.plant_tokens(tokens, offsets, len(tokens))
    for row in range(len(lengths)):
        text = [table[t] for t in tokens[offsets[row] : offsets[row + 1]]]
        found = [table[t] for t in planted[bounds[row] : bounds[row + 1]]]
        assert found == plant_slowly(signal, text)


@pytest.mark.parametrize("token", ["", " ", "two words", " ※", "※\n"])
def test_a_token_is_one_word(token: str) -> None:
    with pytest.raises(InputError, match=r"collective\.signal\.token.*not one word"):
        Signal(token)


def test_every_is_positive() -> None:
    with pytest.raises(InputError, match=r"collective\.signal\.every: got 0"):
        Signal("※", every=0)
