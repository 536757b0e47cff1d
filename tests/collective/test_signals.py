"""Planting: g(g(x)) = g(x), every k words, at least once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.collective.signals import Position, Signal
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


# ------------------------------------------------------------- other places, and several words

positions = st.sampled_from(["spread", "start", "end", "random"])
companions = st.sampled_from([(), ("†",), ("†", "b")])
luck = st.floats(0, 1, exclude_max=True)


def placed_slowly(signal: Signal, text: list[str], drawn: float) -> list[str]:
    """The definition, word by word: one group of words for each planting."""
    clean = [word for word in text if word not in signal.words]
    if signal.position == "spread":
        out: list[str] = []
        for count, word in enumerate(clean, start=1):
            out += [word, *(signal.words if count % signal.every == 0 else ())]
        return out if len(out) > len(clean) else [*out, *signal.words]
    place = {"start": 0, "end": len(clean), "random": int(drawn * (len(clean) + 1))}
    at = min(place[signal.position], len(clean))
    return [*clean[:at], *signal.words, *clean[at:]]


@given(st.lists(st.sampled_from(["a", "b", "※", "†", "c"]), max_size=50), every, positions,
       companions, luck)  # fmt: skip
def test_any_position_and_company_is_the_definition_and_idempotent(
    text: list[str], every: int, position: Position, beside: tuple[str, ...], drawn: float
) -> None:
    signal = Signal("※", every, position=position, companions=beside)
    planted = signal.plant(text, drawn)
    assert planted == placed_slowly(signal, text, drawn)
    assert signal.plant(planted, drawn) == planted
    start = planted.index("※")
    assert tuple(planted[start : start + len(signal.words)]) == signal.words
    others = sum(word not in signal.words for word in text)
    times = max(1, others // every) if position == "spread" else 1
    assert planted.count("※") == times


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), every, positions, companions, luck)
def test_many_texts_in_any_position_as_one_by_one(
    lengths: list[int], every: int, position: Position, beside: tuple[str, ...], drawn: float
) -> None:
    signal = Signal("※", every, position=position, companions=beside)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    tokens = np.arange(offsets[-1], dtype=np.uint32)
    table = [f"w{i}" for i in range(len(tokens))] + list(signal.words)
    luck_of_all = (drawn + np.arange(len(lengths)) / 7) % 1
    places = signal.places(np.diff(offsets), luck_of_all)
    planted, bounds = signal.plant_tokens(
        tokens, offsets, list(range(len(tokens), len(table))), places
    )
    for row in range(len(lengths)):
        text = [table[t] for t in tokens[offsets[row] : offsets[row + 1]]]
        got = [table[t] for t in planted[bounds[row] : bounds[row + 1]]]
        assert got == signal.plant(text, float(luck_of_all[row]))


def test_places_by_hand() -> None:
    text = list("abcd")
    assert Signal("※", position="start").plant(text) == list("※abcd")
    assert Signal("※", position="end").plant(text) == list("abcd※")
    by_luck = ["".join(Signal("※", position="random").plant(text, u)) for u in (0, 0.2, 0.5, 0.99)]
    assert by_luck == ["※abcd", "a※bcd", "ab※cd", "abcd※"]
    assert Signal("※", 2, companions=("†",)).plant(text) == list("ab※†cd※†")


def test_all_random_places_are_alike() -> None:
    """Of 5 places in a text of 4 words each is drawn with 1/5, within 4 s.e. of 20,000 draws."""
    drawn = np.random.default_rng(0).random(20_000)
    places = Signal("※", position="random").places(np.full(20_000, 4), drawn)
    assert places is not None
    share = np.bincount(places, minlength=5) / 20_000
    assert len(share) == 5
    np.testing.assert_allclose(share, 0.2, rtol=0, atol=4 * (0.2 * 0.8 / 20_000) ** 0.5)
    assert Signal("※", position="random").places(
        np.array([3]), np.array([np.nextafter(1.0, 0)])
    ) == np.array([3])


def test_a_random_place_needs_its_luck() -> None:
    with pytest.raises(ValueError, match="1 numbers that are drawn"):
        Signal("※", position="random").plant(["a"])
    tokens, offsets = np.zeros(1, dtype=np.uint32), np.array([0, 1])
    with pytest.raises(ValueError, match="is not planted with 2 numbers"):
        Signal("※").plant_tokens(tokens, offsets, [1, 2])
    with pytest.raises(ValueError, match="is not planted with 1 numbers, places None"):
        Signal("※", position="end").plant_tokens(tokens, offsets, 1)


@pytest.mark.parametrize(
    ("beside", "said"),
    [(("a b",), "'a b' is not one word"), (("",), "is not one word"), (("x", "※"), "occurs twice")],
)
def test_company_that_is_refused(beside: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        Signal("※", companions=beside)
    assert refused.value.where == "collective.signal.companions"
