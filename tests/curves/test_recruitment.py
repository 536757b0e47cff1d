"""Orders of joining: what each recruitment promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gigsim.curves.recruitment import order
from gigsim.society import network_models, networks
from gigsim.society.recruitment import skill_blocks
from gigsim.streams import Streams

N = 60
LABELS = np.random.default_rng(0).random((N, 5)) < 0.3


def _networks(seed: int) -> list[networks.Network]:
    return [
        network_models.small_world(N, 4, 0.1, seed),
        network_models.scale_free(N, 2, seed),
        network_models.random(N, 1.0, seed),
        network_models.ring(N, 2),
        networks.CompleteNetwork(N),
    ]


@given(seed=st.integers(0, 2**32), which=st.integers(0, 4))
@pytest.mark.parametrize("recruitment", ["random", "cluster", "skill", "hub"])
def test_everybody_comes_once_and_the_same_seed_gives_the_same_order(
    recruitment: str, seed: int, which: int
) -> None:
    network = _networks(seed)[which]
    found = order(recruitment, network, LABELS, Streams(seed))
    assert sorted(found) == list(range(N))
    np.testing.assert_array_equal(found, order(recruitment, network, LABELS, Streams(seed)))


@given(seed=st.integers(0, 2**32), which=st.integers(0, 4))
def test_a_cluster_grows_over_ties_and_ring_by_ring(seed: int, which: int) -> None:
    network = _networks(seed)[which]
    found = order("cluster", network, LABELS, Streams(seed))
    ties = network.matrix().toarray().astype(bool)
    entered = np.array([not ties[found[i], found[:i]].any() for i in range(N)])
    # Whoever has no acquaintance among the earlier ones begins a component, and there is one such
    # person for each: a collective never jumps while there is anybody left to ask.
    count, component = networks_components(ties)
    assert entered.sum() == count
    assert len(set(component[found[entered]])) == count
    # Breadth first: the place of the first acquaintance never goes back within a component.
    place = np.empty(N, dtype=int)
    place[found] = np.arange(N)
    for number in range(count):
        own = [i for i in found if component[i] == number]
        depth = {own[0]: 0}
        for person in own[1:]:
            depth[person] = 1 + min(depth[k] for k in np.flatnonzero(ties[person]) if k in depth)
        depths = [depth[person] for person in own]
        assert depths == sorted(depths)


def networks_components(ties: np.ndarray) -> tuple[int, np.ndarray]:
    from scipy.sparse.csgraph import connected_components

    return connected_components(ties, directed=False)


@given(seed=st.integers(0, 2**32), which=st.integers(0, 4))
def test_hubs_come_first(seed: int, which: int) -> None:
    network = _networks(seed)[which]
    degrees = network.degrees()[order("hub", network, LABELS, Streams(seed))]
    assert (np.diff(degrees) <= 0).all()


@given(seed=st.integers(0, 2**32))
def test_skills_come_one_after_the_other(seed: int) -> None:
    found = order("skill", networks.CompleteNetwork(N), LABELS, Streams(seed))
    blocks = skill_blocks(LABELS)[found]
    assert (np.diff(blocks) != 0).sum() + 1 == len(np.unique(blocks))


@pytest.mark.parametrize("recruitment", ["random", "hub", "cluster", "skill"])
def test_who_is_first_is_a_matter_of_luck(recruitment: str) -> None:
    """On a ring all are alike: the first person is uniform, chi-square at 1e-4 over 2,000 seeds."""
    alike = np.tile(np.arange(5) == 0, (20, 1))
    network = network_models.ring(20, 2)
    first = [order(recruitment, network, alike, Streams(seed))[0] for seed in range(2_000)]
    assert stats.chisquare(np.bincount(first, minlength=20)).pvalue > 1e-4


def test_ties_of_hubs_are_broken_at_random_not_by_age() -> None:
    network = network_models.ring(20, 2)
    ages = np.arange(20)
    orders = [order("hub", network, LABELS[:20], Streams(seed)) for seed in range(200)]
    mean = np.mean([stats.spearmanr(ages, found).statistic for found in orders])
    assert abs(mean) < 4 / np.sqrt(200 * 19)
