"""Committed minorities: the mean field against sums, other solvers and the game played (V39)."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gigsim.society.conventions import committed_minority
from gigsim.theory.contagion import conventions
from gigsim.theory.contagion.conventions import (
    convention_equilibria,
    convention_path,
    memory_response,
    tipping_minority,
)
from gigsim.theory.contagion.monotone_maps import limit
from tests.theory.contagion.contagion_runs import within


def test_examples_run() -> None:
    assert doctest.testmod(conventions).failed == 0


@settings(max_examples=40)
@given(st.integers(1, 200), st.floats(1e-6, 1))
def test_the_response_is_a_majority_of_the_memory(memory: int, playing: float) -> None:
    law = stats.binom(memory, playing)
    expected = law.sf(memory // 2)
    if memory % 2 == 0:
        expected += law.pmf(memory // 2) / 2
    assert memory_response(playing, memory) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("memory", [3, 4, 5, 8, 12, 31, 200])
def test_the_tipping_share_is_where_the_old_convention_loses_its_footing(memory: int) -> None:
    found = tipping_minority(memory)
    below, above = (convention_equilibria(found.share * f, memory) for f in (0.999, 1.001))
    assert [p.stability for p in below] == ["stable", "unstable", "stable"]
    assert [p.stability for p in above] == ["stable"]
    assert above[0].value == pytest.approx(1.0, abs=1e-9)
    assert below[0].value < found.others < below[1].value
    assert below[0].value == pytest.approx(found.others, rel=0.3)
    x = np.linspace(1e-6, 0.5, 100_001)
    response = memory_response(x, memory)
    assert found.share == pytest.approx(((x - response) / (1 - response)).max(), abs=1e-8)


def test_known_tipping_shares() -> None:
    """Three partners: x = ¼ in closed form. V39's twelve tip just under a quarter."""
    assert tipping_minority(3).share == pytest.approx(1 / 9, abs=1e-14)
    assert tipping_minority(3).others == pytest.approx(5 / 32, abs=1e-12)
    assert 0.20 < tipping_minority(12).share < 0.25
    assert 0.15 < tipping_minority(5).share < 0.20
    assert tipping_minority(12) == tipping_minority(11)
    # Whoever remembers one or two copies: any minority wins in the end.
    for memory in (1, 2):
        assert tipping_minority(memory).share == 0.0
        (only,) = convention_equilibria(0.05, memory)
        assert only.value == pytest.approx(1.0, abs=1e-9)
    shares = [tipping_minority(m).share for m in (3, 5, 12, 50, 1000, 100_000)]
    assert shares == sorted(shares)
    assert 0.49 < shares[-1] < 0.5


@pytest.mark.parametrize("memory", [3, 5, 12])
@pytest.mark.parametrize("committed", [0.05, 0.1, 0.15, 0.2, 0.3])
def test_the_path_ends_in_the_smallest_equilibrium(memory: int, committed: float) -> None:
    path = convention_path(committed, memory, rounds=600)
    assert np.all(np.diff(path) >= -1e-12)
    end = limit(lambda y: memory_response(committed + (1 - committed) * y, memory)).value
    assert path[-1] == pytest.approx(end, abs=1e-8)
    # For the first M/2 rounds the old convention has a majority in every memory.
    assert not path[: (memory + 1) // 2].any()


def test_one_partner_remembered_is_copied() -> None:
    """M = 1: y(t+1) = C + (1 − C)·y(t)."""
    path = convention_path(0.1, 1, rounds=30)
    assert path == pytest.approx(1 - 0.9 ** np.arange(31), abs=1e-12)


@pytest.mark.parametrize("committed", [-0.1, 1.1, np.nan])
def test_senseless_arguments_are_refused(committed: float) -> None:
    with pytest.raises(ValueError, match="committed"):
        convention_path(committed, 3, rounds=1)
    with pytest.raises(ValueError, match="memory"):
        tipping_minority(0)


# ------------------------------------------------------------------------------ simulated


@pytest.mark.parametrize(
    ("memory", "committed", "tips"), [(12, 200, 0.0), (12, 250, 1.0), (5, 150, 0.0), (5, 200, 1.0)]
)
def test_v39_a_thousand_people(memory: int, committed: int, tips: float) -> None:
    """All of six runs of 300 rounds; theory's shares are .2419 and .1651."""
    rng = np.random.default_rng(committed)
    shares = committed_minority(1000, committed, memory, rounds=300, rng=rng, runs=6)
    assert (shares[:, -1] > 0.5).mean() == tips
    # Over the edge everybody, under it the small equilibrium.
    low = convention_equilibria(committed / 1000, memory)[0].value
    late = shares[:, 150:].mean(axis=1)
    if tips:
        assert np.all(shares[:, -1] == 1.0)
    else:
        assert late.mean() == pytest.approx(low, rel=0.25)


@pytest.mark.parametrize(("memory", "share"), [(12, 0.3), (4, 0.1)])
def test_the_path_of_many_people(memory: int, share: float) -> None:
    """Ten thousand people, round by round, against the mean field."""
    size, rounds = 10_000, 25
    shares = committed_minority(
        size, round(share * size), memory, rounds=rounds, rng=np.random.default_rng(3), runs=10
    )
    path = convention_path(share, memory, rounds=rounds)
    checked = 0
    for round_ in range(rounds + 1):
        # A mean of ten runs, where they differ at all.
        if path[round_] * size < 20:
            assert shares[:, round_].mean() <= path[round_] + 4 * np.sqrt(20) / size
            continue
        checked += 1
        assert within(shares[:, round_], path[round_]), round_
    assert checked > 10


@pytest.mark.slow
@pytest.mark.parametrize(("memory", "step"), [(5, 0.012), (12, 0.012)])
def test_the_tipping_share_of_many_people(memory: int, step: float) -> None:
    """Twenty thousand people, a little under and a little over theory's share."""
    size, share = 20_000, tipping_minority(memory).share
    for sign in (-1, 1):
        committed = round((share + sign * step) * size)
        rng = np.random.default_rng(7 + sign)
        shares = committed_minority(size, committed, memory, rounds=300, rng=rng, runs=3)
        if sign < 0:
            low = convention_equilibria(committed / size, memory)[0].value
            assert shares[:, -1] == pytest.approx(low, rel=0.1)
        else:
            assert np.all(shares[:, -1] == 1.0)


def one_pair_after_the_other(
    size: int, committed: int, memory: int, rounds: int, rng: np.random.Generator
) -> float:
    """The original game, meeting by meeting: N/2 of them a round; the share in the end."""
    heard = [[0] * memory for _ in range(size)]
    firsts = rng.integers(size, size=rounds * size // 2).tolist()
    others = rng.integers(size - 1, size=rounds * size // 2).tolist()
    coins = (rng.random((rounds * size // 2, 2)) < 0.5).tolist()

    def plays(person: int, coin: bool) -> int:
        most = 2 * sum(heard[person]) - memory
        return int(person < committed or most > 0 or (most == 0 and coin))

    for one, other, coin in zip(firsts, others, coins, strict=True):
        two = other + (other >= one)
        said = plays(one, coin[0]), plays(two, coin[1])
        for person, what in ((one, said[1]), (two, said[0])):
            heard[person].append(what)
            del heard[person][0]
    return sum(plays(p, False) for p in range(committed, size)) / (size - committed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("memory", "committed", "tips"), [(12, 200, 0), (12, 270, 1), (5, 140, 0), (5, 200, 1)]
)
def test_pairs_one_after_the_other_tip_at_the_same_share(
    memory: int, committed: int, tips: int
) -> None:
    for seed in range(2):
        rng = np.random.default_rng(seed)
        end = one_pair_after_the_other(1000, committed, memory, 300, rng)
        assert (end > 0.5) == tips
