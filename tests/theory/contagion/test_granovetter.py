"""Granovetter's thresholds: V31–V33, closed forms, and the simulated rule."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.society.joining import threshold_rule
from gigsim.society.networks import CompleteNetwork
from gigsim.society.sequential import Turns, headcount, outcome
from gigsim.theory.contagion import granovetter
from gigsim.theory.contagion.granovetter import (
    continuum_equilibria,
    continuum_limit,
    continuum_path,
    critical_spread,
    heads_needed,
    sample_equilibria,
    sample_map,
    sample_path,
)
from gigsim.theory.contagion.threshold_laws import (
    normal_thresholds,
    sample_thresholds,
    uniform_thresholds,
)

_THETA = st.one_of(st.floats(-0.5, 1.5), st.integers(-1, 21).map(lambda k: k / 20))
_HEADS = st.lists(st.integers(0, 25), min_size=1, max_size=20)


def test_examples_run() -> None:
    assert doctest.testmod(granovetter).failed == 0


def test_v31_a_hundred_people_and_the_same_with_one_threshold_moved() -> None:
    heads = np.arange(100)
    assert sample_path(heads).tolist() == list(range(101))
    assert sample_equilibria(heads).members.tolist() == [100]
    heads[1] = 2
    assert sample_path(heads).tolist() == [0, 1]
    # The second equilibrium is one further head away.
    found = sample_equilibria(heads)
    assert found.members.tolist() == [1, 100]
    assert (found.low.tolist(), found.high.tolist()) == ([0, 2], [1, 100])


@pytest.mark.parametrize(
    ("sd", "expected"),
    [
        (0.10, 0.0077),
        (0.12, 0.0402),
        (0.122, 0.0548),
        (0.1225, 1.0),
        (0.15, 1.0),
        (0.20, 0.9999),
        (0.25, 0.9986),
    ],
)
def test_v32_normal_thresholds(sd: float, expected: float) -> None:
    law = normal_thresholds(0.25, sd)
    found = continuum_limit(law)
    assert found.high - found.low <= 1e-12
    assert round(found.value, 4) == expected
    assert continuum_equilibria(law)[0].value == pytest.approx(found.value, abs=1e-9)


def test_v32_the_critical_sd() -> None:
    sd, share = critical_spread(0.25)
    assert round(sd, 5) == 0.12222
    below, above = (continuum_limit(normal_thresholds(0.25, sd + d)).value for d in (-1e-7, 1e-7))
    assert below == pytest.approx(share, abs=1e-3)
    assert above > 0.99


@settings(max_examples=20)
@given(st.floats(0.02, 0.48))
def test_the_small_equilibrium_vanishes_at_the_critical_sd(mean: float) -> None:
    sd, share = critical_spread(mean)
    counts = [len(continuum_equilibria(normal_thresholds(mean, sd * f))) for f in (0.99, 1.01)]
    assert counts == [3, 1]
    law = normal_thresholds(mean, sd)
    assert float(law(np.array(share))) == pytest.approx(share, rel=1e-9)


def test_v33_kurans_pair() -> None:
    """Thresholds are per cent of ten people; one private change of mind of one person."""
    hidden = [0, 20, 20, 30, 40, 50, 60, 70, 80, 100]
    assert sample_path(heads_needed(np.array(hidden) / 100))[-1] == 1
    hidden[1] = 10
    assert sample_path(heads_needed(np.array(hidden) / 100))[-1] == 9


@settings(max_examples=40)
@given(st.lists(_THETA, min_size=1, max_size=40), st.integers(1, 60))
def test_heads_are_those_at_which_the_simulated_rule_says_yes(
    thresholds: list[float], size: int
) -> None:
    heads = heads_needed(thresholds, size)
    theta = np.array(thresholds)
    for members in range(size + 1):
        assert np.array_equal(heads <= members, threshold_rule(members / size, theta))
    assert np.all((heads >= 0) & (heads <= size + 1))


@given(st.integers(1, 3000))
def test_whole_heads_survive_being_written_as_shares(size: int) -> None:
    heads = np.arange(size + 1)
    assert np.array_equal(heads_needed(heads / size, size), heads)


@settings(max_examples=40)
@given(st.lists(_THETA, min_size=1, max_size=30), st.integers(0), st.integers(0, 30))
def test_paths_are_those_of_the_simulation(thresholds: list[float], seed: int, start: int) -> None:
    theta = np.array(thresholds)
    size = len(theta)
    rng = np.random.default_rng(seed)
    member = np.zeros(size, dtype=bool)
    member[rng.permutation(size)[:start]] = True
    network = CompleteNetwork(size)
    path = [int(member.sum())]
    while len(path) < 3 or path[-1] != path[-2]:
        # Everybody sees the share of all, oneself included.
        member = threshold_rule((network.count(member) + member) / size, theta)
        path.append(int(member.sum()))
    expected = sample_path(heads_needed(theta), path[0])
    assert path[: len(expected)] == expected.tolist()
    assert set(path[len(expected) - 1 :]) == {expected[-1]}


@settings(max_examples=40)
@given(st.lists(_THETA, min_size=1, max_size=30), st.integers(0))
def test_one_after_the_other_ends_where_all_at_once_do(thresholds: list[float], seed: int) -> None:
    """From nobody: more members never make anybody leave, so the order is of no matter."""
    theta = np.array(thresholds)
    size, rng = len(theta), np.random.default_rng(seed)
    member = np.zeros(size, dtype=bool)
    everybody = np.ones(size, dtype=bool)

    def period() -> np.ndarray:
        turns = Turns.one_by_one(everybody, rng.random(size))
        count = headcount(member, turns)
        return outcome(lambda new: threshold_rule(count(new) / size, theta), member, turns)

    for _ in range(size + 1):
        member = period()
    assert member.sum() == sample_path(heads_needed(theta))[-1]


@settings(max_examples=40)
@given(_HEADS)
def test_every_start_ends_where_it_is_said_to(heads: list[int]) -> None:
    found = sample_equilibria(heads)
    after = sample_map(heads)
    assert np.array_equal(found.members, np.flatnonzero(after == np.arange(len(heads) + 1)))
    assert (found.low[0], found.high[-1]) == (0, len(heads))
    assert np.array_equal(found.low[1:], found.high[:-1] + 1)
    for members, low, high in zip(found.members, found.low, found.high, strict=True):
        assert low <= members <= high
        assert all(sample_path(heads, s)[-1] == members for s in range(low, high + 1))


@settings(max_examples=40)
@given(_HEADS)
def test_a_sample_and_its_law_agree(heads: list[int]) -> None:
    """The continuum of the sample's own law stops at the same shares (k/N, exactly)."""
    size = len(heads)
    law = sample_thresholds(np.array(heads) / size)
    path = sample_path(heads)
    assert np.array_equal(continuum_path(law, rounds=len(path) - 1), path / size)
    assert continuum_limit(law).value == path[-1] / size


@given(
    st.one_of(st.floats(-0.5, -0.01), st.floats(0, 0.5)),
    st.one_of(st.floats(0.6, 0.95), st.floats(1.05, 2.0)),
)
def test_uniform_thresholds_in_closed_form(low: float, high: float) -> None:
    """Without instigators (low ≥ 0) nobody starts; with them it stops on the diagonal, or at 1."""
    smallest = continuum_limit(uniform_thresholds(low, high)).value
    expected = 0.0 if low >= 0 else 1.0 if high <= 1 else -low / (high - low - 1)
    assert smallest == pytest.approx(expected, abs=1e-9)


def test_uniform_on_the_whole_of_0_to_1_makes_every_share_an_equilibrium() -> None:
    (all_of_them,) = continuum_equilibria(uniform_thresholds(0, 1))
    assert all_of_them.stability == "neutral"


def test_a_large_sample_is_near_its_continuum() -> None:
    """A fixed point of N draws is off by sqrt(r(1−r)/N)/(1 − F'(r)), in standard errors."""
    size, mean, sd = 200_000, 0.25, 0.11
    law = normal_thresholds(mean, sd)
    low, critical, high = (p.value for p in continuum_equilibria(law))
    slope = np.exp(-(((low - mean) / sd) ** 2) / 2) / (sd * np.sqrt(2 * np.pi))
    error = np.sqrt(low * (1 - low) / size) / (1 - slope)
    ends = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        heads = heads_needed(rng.normal(mean, sd, size))
        ends.append(sample_path(heads)[-1])
        # On either side of the critical mass.
        assert sample_path(heads, round((critical - 0.01) * size))[-1] == ends[-1]
        assert sample_path(heads, round((critical + 0.01) * size))[-1] > (high - 0.01) * size
    assert abs(np.mean(ends) / size - low) <= 4 * error / np.sqrt(10)


def test_senseless_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="numbers"):
        heads_needed([0.1, np.nan])
    with pytest.raises(ValueError, match="integers"):
        sample_map([0.5, 1.0])
    with pytest.raises(ValueError, match="start is 0 to 2"):
        sample_path([0, 1], 3)
    for mean in (0.0, 0.5, np.nan):
        with pytest.raises(ValueError, match="mean must be"):
            critical_spread(mean)
