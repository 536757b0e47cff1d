"""Whom the first movers are taken from, alone and in the population of a run."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.curves.recruitment import order as order_of_a_curve
from gigsim.model import GigEconomy
from gigsim.society import network_models, networks
from gigsim.society.recruitment import Recruitment, Seeding, order, skill_blocks
from gigsim.streams import Streams

Make = Callable[..., GigEconomy]
KINDS: tuple[Recruitment, ...] = ("random", "cluster", "skill", "hub")
SEEDINGS = ("random", "hubs", "clusters", "skills")


def _ring_by_ring(network: networks.Network, luck: np.ndarray) -> list[int]:
    """The order of clusters, one person after the other."""
    ties = network.matrix().toarray().astype(bool)
    found: list[int] = []
    while len(found) < len(luck):
        outside = np.setdiff1d(np.arange(len(luck)), found)
        ring = [int(outside[luck[outside].argmin()])]
        while ring:
            found += sorted(ring, key=luck.__getitem__)
            known = ties[ring].any(axis=0)
            ring = [int(i) for i in np.flatnonzero(known) if i not in found]
    return found


@given(seed=st.integers(0, 2**32), size=st.integers(2, 60), which=st.integers(0, 3))
def test_clusters_grow_ring_by_ring(seed: int, size: int, which: int) -> None:
    """The search through all components at once is the one that a person would do."""
    makers: tuple[Callable[[], networks.Network], ...] = (
        lambda: network_models.random(size, 1.0, seed),
        lambda: network_models.random(size, 0.0, seed),
        lambda: networks.CompleteNetwork(size),
        lambda: network_models.ring(max(size, 5), 2),
    )
    network = makers[which]()
    luck = np.random.default_rng(seed).random(network.size)
    labels = np.zeros((network.size, 1), dtype=bool)
    found = order("cluster", network, labels, luck, np.zeros(2))
    assert found.tolist() == _ring_by_ring(network, luck)


def test_a_long_ring_takes_no_time() -> None:
    """10,000 rings of 10: a step each through everybody would be a thousand million steps."""
    size = 100_000
    luck = np.random.default_rng(0).random(size)
    found = order(
        "cluster", network_models.ring(size, 10), np.zeros((size, 1), bool), luck, np.zeros(2)
    )
    away = np.abs(found - found[0])
    away = np.minimum(away, size - away)
    assert (np.diff((away + 4) // 5) >= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_curve_and_a_run_have_one_order(kind: Recruitment) -> None:
    labels = np.random.default_rng(3).random((80, 4)) < 0.3
    network, streams = network_models.small_world(80, 4, 0.1, 1), Streams(9)
    seeding = Seeding(kind, network, streams.uniform("members/skills", size=5))
    found = seeding.order(labels, streams.uniform("members", size=80))
    np.testing.assert_array_equal(found, order_of_a_curve(kind, network, labels, streams))


def _first_movers(make_toy: Make, count: int, seeding: str, **keys: Any) -> GigEconomy:
    return make_toy(
        **{"collective.first_movers": count, "collective.seeding": seeding, "network.rewire": 0.5},
        **keys,
    )


def test_hubs_know_the_most_people(make_toy: Make) -> None:
    model = _first_movers(make_toy, 12, "hubs")
    chosen, degrees = model.population.first_mover, model.stage.network.degrees()
    assert chosen.sum() == 12
    assert degrees[chosen].min() >= degrees[~chosen].max()
    assert degrees[chosen].mean() > degrees.mean() + 1


def test_a_cluster_is_tied_together_and_a_skill_is_one(make_toy: Make) -> None:
    cluster = _first_movers(make_toy, 12, "clusters")
    people, ties = cluster.population.first_mover, cluster.stage.network.matrix().toarray()
    inside = ties[np.ix_(people, people)].sum() / ties[people].sum()
    assert inside > 3 * 12 / 100
    skill = _first_movers(make_toy, 12, "skills")
    blocks = skill_blocks(skill.population.labels)
    found, sizes = np.unique(blocks[skill.population.first_mover], return_counts=True)
    # All of a skill before anybody of the next: at most one of them is not used up.
    assert sum(size < (blocks == block).sum() for block, size in zip(found, sizes, strict=True)) < 2


@pytest.mark.parametrize("seeding", SEEDINGS)
def test_one_more_leaves_the_others_where_they_are(make_toy: Make, seeding: str) -> None:
    groups = [
        set(np.flatnonzero(_first_movers(make_toy, n, seeding).population.first_mover))
        for n in (0, 1, 11, 12, 100)
    ]
    assert [len(group) for group in groups] == [0, 1, 11, 12, 100]
    for few, more in itertools.pairwise(groups):
        assert few < more


@pytest.mark.parametrize("seeding", SEEDINGS)
def test_newcomers_and_another_number_of_them(make_toy: Make, seeding: str) -> None:
    """Who goes is not followed by another; who is recruited later comes after those there."""
    changes = [{"period": 2, "set": {"collective.first_movers": 30}}]
    keys = {"population.turnover": 0.2, "measure.reference": 0, "at": changes}
    model = _first_movers(make_toy, 12, seeding, **keys)
    before = model.population.first_mover.copy()
    model.step()
    left = model.population.first_mover.copy()
    assert not (left & ~before).any()
    assert left.sum() < 12
    model.step()
    degrees, now = model.stage.network.degrees(), model.population.first_mover
    assert now.sum() == 30
    stayed = left & now
    # A fifth of them went in period 2 too, before the others were asked.
    assert stayed.sum() >= left.sum() - model.replaced
    if seeding == "hubs":
        assert degrees[now & ~left].min() >= degrees[~now].max()
    again = _first_movers(make_toy, 12, seeding, **keys)
    again.run(2)
    np.testing.assert_array_equal(again.population.first_mover, now)


def test_anybody_is_as_it_was_before_there_was_a_choice(make_toy: Make) -> None:
    model = _first_movers(make_toy, 12, "random")
    luck = model.population.luck["first_movers"]
    assert set(np.flatnonzero(model.population.first_mover)) == set(luck.argsort()[:12])
