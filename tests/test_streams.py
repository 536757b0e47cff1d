from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gigsim.streams import Streams

SEEDS = st.integers(0, 2**64)
NAMES = st.text(max_size=20)
PERIODS = st.integers(0, 10_000)


@given(SEEDS, NAMES, PERIODS, st.integers(0, 300), st.integers(0, 300))
def test_a_person_keeps_his_draw_whatever_the_number_of_people(
    seed: int, name: str, period: int, few: int, more: int
) -> None:
    streams = Streams(seed)
    for law in (streams.uniform, streams.normal):
        short, long = law(name, period, min(few, more)), law(name, period, max(few, more))
        assert np.array_equal(short, long[: len(short)])


@given(SEEDS, NAMES, PERIODS)
def test_a_draw_is_indexed_not_consumed(seed: int, name: str, period: int) -> None:
    streams = Streams(seed)
    first = streams.uniform(name, period, 5)
    streams.uniform("something else", period, 1000)
    streams.generator(name, period).normal(size=100)
    assert np.array_equal(streams.uniform(name, period, 5), first)
    assert np.array_equal(Streams(seed).uniform(name, period, 5), first)
    assert np.array_equal(streams.generator(name, period).random(5), first)


@given(st.sets(st.tuples(SEEDS, NAMES, PERIODS), min_size=2, max_size=8))
def test_other_seed_name_or_period_other_draws(keys: set[tuple[int, str, int]]) -> None:
    draws = [Streams(seed).uniform(name, period, 3) for seed, name, period in keys]
    for one, other in itertools.combinations(draws, 2):
        assert not np.any(one == other)
    seeds = {Streams(seed).seed_for(name, period) for seed, name, period in keys}
    assert len(seeds) == len(keys)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, "activation", 1), (1, "activation", 2)),
        ((1, "activation", 1), (1, "leak", 1)),
        ((1, "activation", 1), (2, "activation", 1)),
        # Keys that would be one and the same if they were simply glued together.
        ((1, "a/1", 0), (1, "a", 10)),
    ],
)
def test_streams_are_independent(one: tuple[int, str, int], other: tuple[int, str, int]) -> None:
    size = 20_000
    x, y = (Streams(seed).uniform(name, period, size) for seed, name, period in (one, other))
    # The correlation of independent draws has a standard error of 1/sqrt(n).
    assert abs(np.corrcoef(x, y)[0, 1]) < 4 / np.sqrt(size)
    assert abs(np.corrcoef(x[1:], y[:-1])[0, 1]) < 4 / np.sqrt(size)


def test_the_laws_are_right() -> None:
    streams = Streams(20)
    assert stats.kstest(streams.uniform("law", size=50_000), "uniform").pvalue > 1e-4
    assert stats.kstest(streams.normal("law", size=50_000), "norm").pvalue > 1e-4
    # And across periods for one person, which is how a person lives through a run.
    own = [streams.uniform("law", period, 7)[6] for period in range(2_000)]
    assert stats.kstest(own, "uniform").pvalue > 1e-4


def test_normals_are_finite_even_where_the_uniform_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Streams, "uniform", lambda *_: np.array([0.0, 0.5]))
    low, middle = Streams(1).normal("x", size=2)
    assert np.isfinite(low)
    assert low < -30
    assert middle == 0


@given(SEEDS, NAMES, PERIODS)
def test_seeds_for_other_libraries_fit_them(seed: int, name: str, period: int) -> None:
    value = Streams(seed).seed_for(name, period)
    assert isinstance(value, int)
    assert 0 <= value < 2**63
    random.Random(value)


def test_draws_are_the_same_in_every_process_and_on_every_machine() -> None:
    """Python's own ``hash`` of a name would not be: it is salted per process."""
    assert Streams(7).uniform("cost", 3, 2).tolist() == [0.8168377068260135, 0.4263819186217661]
    assert Streams(7).seed_for("network") == 1060702096567328207


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        Streams(-1)


@given(SEEDS, PERIODS, st.sampled_from([0, 1, 5, 16_384, 16_385, 40_000]))
def test_pieces_are_the_same_draws(seed: int, period: int, size: int) -> None:
    streams, found = Streams(seed), np.full(size, np.nan)
    for whose, piece in streams.pieces("leak", period, size):
        found[whose] = piece
    assert np.array_equal(found, streams.uniform("leak", period, size))


@given(SEEDS, st.sampled_from([1, 300, 20_000]), st.floats(-0.5, 1.5) | st.sampled_from([0.0, 1.0]))
def test_below_is_the_comparison(seed: int, size: int, chance: float) -> None:
    streams = Streams(seed)
    uniforms = streams.uniform("activation", 2, size)
    found = streams.below("activation", 2, chance, size)
    assert found.dtype == np.bool_
    assert np.array_equal(found, uniforms < chance)
    own = chance * np.random.default_rng(0).random(size)
    assert np.array_equal(streams.below("activation", 2, own, size), uniforms < own)
