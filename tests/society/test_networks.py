from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse, stats

from gigsim.society.networks import CompleteNetwork, Network, SparseNetwork, small_world


@st.composite
def networks(draw: st.DrawFn) -> tuple[Network, np.ndarray]:
    """A network with its adjacency matrix, complete or with any ties."""
    size = draw(st.integers(1, 12))
    if draw(st.booleans()):
        return CompleteNetwork(size), ~np.eye(size, dtype=bool)
    bits = draw(st.lists(st.booleans(), min_size=size * size, max_size=size * size))
    upper = np.triu(np.array(bits).reshape(size, size), 1)
    ties = upper | upper.T
    return SparseNetwork(sparse.csr_array(ties.astype(np.uint8)), "any"), ties


@given(networks(), st.data())
def test_counting_equals_brute_force(pair: tuple[Network, np.ndarray], data: st.DataObject) -> None:
    network, ties = pair
    size = len(ties)
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), dtype=bool)
    expected = [sum(bool(ties[i, j] and chosen[j]) for j in range(size)) for i in range(size)]
    count = network.count(chosen)
    assert count.tolist() == expected
    assert count.dtype == network.degrees().dtype == np.int64
    assert network.degrees().tolist() == ties.sum(axis=1).tolist()
    assert network.size == size
    matrix = network.matrix()
    assert matrix.dtype == np.uint8
    assert np.array_equal(matrix.toarray(), ties.astype(np.uint8))


@pytest.mark.parametrize("size", [255, 256, 257, 600])
def test_people_with_many_neighbours_are_counted_right(size: int) -> None:
    """One byte would do for the ties, not for their sum."""
    star = np.zeros((size + 1, size + 1), dtype=np.uint8)
    star[0, 1:] = star[1:, 0] = 1
    network = SparseNetwork(sparse.csr_array(star), "star")
    everybody = np.ones(size + 1, dtype=bool)
    assert network.count(everybody)[0] == network.degrees()[0] == size
    assert CompleteNetwork(size + 1).count(everybody)[0] == size


@pytest.mark.parametrize("rewire", [0.0, 0.1, 1.0])
def test_a_small_world_is_networkxs(rewire: float) -> None:
    network = small_world(200, 6, rewire, seed=11)
    graph = nx.watts_strogatz_graph(200, 6, rewire, seed=11)
    assert np.array_equal(network.matrix().toarray(), nx.to_numpy_array(graph, nodelist=range(200)))
    assert network.kind == "small_world"


@given(st.integers(5, 60), st.integers(1, 2), st.floats(0, 1), st.integers(0, 2**63 - 1))
def test_ties_are_mutual_single_and_never_with_oneself(
    size: int, half: int, rewire: float, seed: int
) -> None:
    network = small_world(size, 2 * half, rewire, seed)
    matrix = network.matrix().toarray()
    assert np.array_equal(matrix, matrix.T)
    assert set(np.unique(matrix)) <= {0, 1}
    assert not matrix.diagonal().any()
    # Rewiring moves ties and removes none; everybody keeps the half that he was given.
    assert network.degrees().sum() == 2 * half * size
    assert network.degrees().min() >= half


def test_without_rewiring_it_is_a_ring_with_its_clustering() -> None:
    network = small_world(50, 10, 0.0, seed=1)
    distance = np.abs(np.arange(50)[:, None] - np.arange(50))
    ring = np.minimum(distance, 50 - distance)
    assert np.array_equal(network.matrix().toarray(), (ring >= 1) & (ring <= 5))
    graph = nx.from_numpy_array(network.matrix().toarray())
    # Watts and Strogatz (1998): C(0) = 3(k - 2)/(4(k - 1)).
    assert nx.average_clustering(graph) == pytest.approx(3 * 8 / (4 * 9))


@pytest.mark.parametrize("rewire", [0.1, 0.5, 1.0])
def test_degrees_follow_the_law_of_barrat_and_weigt(rewire: float) -> None:
    """k/2 of the ties stay or are rewired at the other end; what arrives is Poisson (2000)."""
    size, half = 20_000, 5
    degrees = small_world(size, 2 * half, rewire, seed=5).degrees()
    kept = stats.binom(half, 1 - rewire)
    arrived = stats.poisson(half * rewire)
    assert degrees.mean() == 2 * half
    law = np.convolve(kept.pmf(np.arange(half + 1)), arrived.pmf(np.arange(40)))
    observed = np.bincount(degrees - half, minlength=len(law))[: len(law)]
    likely = law * size >= 20
    error = np.sqrt(law[likely] * (1 - law[likely]) / size)
    assert (np.abs(observed[likely] / size - law[likely]) < 4 * error).all()


def test_equal_seeds_equal_networks() -> None:
    one, same, other = (small_world(300, 6, 0.3, seed=s).matrix().toarray() for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_complete_network_of_many_is_asked_without_being_written_out() -> None:
    network = CompleteNetwork(1_000_000)
    chosen = np.arange(1_000_000) < 10
    assert network.count(chosen)[[0, 9, 10]].tolist() == [9, 9, 10]
