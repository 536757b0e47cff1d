from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse, stats

from gigsim.society.network_models import (
    random,
    ring,
    scale_free,
    small_world,
    torus,
    torus_shape,
)
from gigsim.society.networks import (
    CompleteNetwork,
    Network,
    SparseNetwork,
    from_ties,
)
from tests.society.crowds import with_loops


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


@pytest.mark.parametrize("loops", [False, True], ids=["products", "compiled"])
@given(networks(), st.data())
def test_counting_equals_brute_force(
    loops: bool, pair: tuple[Network, np.ndarray], data: st.DataObject
) -> None:
    network, ties = pair
    size = len(ties)
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), dtype=bool)
    expected = [sum(bool(ties[i, j] and chosen[j]) for j in range(size)) for i in range(size)]
    with with_loops(loops):
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
    for loops in (False, True):
        with with_loops(loops):
            assert network.count(everybody)[0] == network.degrees()[0] == size
    assert CompleteNetwork(size + 1).count(everybody)[0] == size


def test_products_of_some_rows_at_a_time_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows without ties, rows longer than a stretch, and the same by compiled code."""
    monkeypatch.setattr("gigsim.society.networks._STRETCH", 10)
    size = 300
    ties = np.zeros((size, size), dtype=bool)
    upper = np.triu(np.random.default_rng(1).random((size, size)) < 0.03, 1)
    ties[100:200] = upper[100:200]
    ties[0, 50:150] = True
    ties |= ties.T
    network = SparseNetwork(sparse.csr_array(ties), "any")
    chosen = np.random.default_rng(2).random(size) < 0.5
    assert (network.degrees() == 0).any()
    for loops in (False, True):
        with with_loops(loops):
            assert np.array_equal(network.count(chosen), ties @ chosen.astype(int))
    nobody = SparseNetwork(sparse.csr_array((4, 4), dtype=np.uint8), "nobody")
    assert nobody.count(np.ones(4, dtype=bool)).tolist() == [0] * 4


def test_what_is_zero_is_no_tie_and_rows_are_put_in_order() -> None:
    rows = np.array([0, 0, 0, 1, 2, 3]), np.array([3, 1, 2, 0, 0, 0])
    written = sparse.csr_array(
        (np.array([5, 1, 0, 1, 0, 2]), rows[1], np.array([0, 3, 4, 5, 6])), (4, 4)
    )
    network = SparseNetwork(written, "any")
    assert network.degrees().tolist() == [2, 1, 0, 1]
    assert network.indices.tolist() == [1, 3, 0, 0]
    assert network.matrix().max() == 1
    assert written.nnz == 6, "the matrix is the caller's"


def test_a_network_is_its_arrays_and_nobody_changes_them() -> None:
    network = ring(1000, 10)
    assert network.bytes == 1001 * 4 + 10_000 * 4
    assert network.indptr.dtype == network.indices.dtype == np.int32
    with pytest.raises(ValueError, match="read-only"):
        network.indices[0] = 5
    matrix = network.matrix()
    matrix.indices[:] = 0
    assert network.indices.any()


@given(st.integers(2, 40), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_ties_in_any_order_and_direction_are_the_same_network(
    size: int, seed: int, density: float
) -> None:
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((size, size)) < density, 1)
    first, second = upper.nonzero()
    order, turned = rng.permutation(len(first)), rng.random(len(first)) < 0.5
    one, other = first[order], second[order]
    network = from_ties(size, np.where(turned, other, one), np.where(turned, one, other), "any")
    assert np.array_equal(network.matrix().toarray(), upper | upper.T)


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


def test_a_ring_is_a_small_world_without_rewiring() -> None:
    for size, degree in [(50, 10), (7, 6), (8, 6), (3, 2)]:
        lattice = ring(size, degree)
        expected = small_world(size, degree, 0.0, seed=1).matrix().toarray()
        assert np.array_equal(lattice.matrix().toarray(), expected)
        assert (lattice.degrees() == degree).all()


@pytest.mark.parametrize("rewire", [0.1, 0.3])
def test_clustering_falls_with_the_cube_of_the_ties_that_stay(rewire: float) -> None:
    """Barrat and Weigt (2000): C(p) = C(0)(1 - p)^3, up to 1/N."""
    shares = []
    for seed in range(20):
        matrix = small_world(2000, 10, rewire, seed).matrix().astype(np.int64)
        degrees = matrix.sum(axis=1)
        closed = (matrix @ matrix).multiply(matrix).sum()
        shares.append(closed / (degrees * (degrees - 1)).sum())
    # Theirs divides by the k(k - 1) of the ring instead of the mean of it after rewiring.
    moment = 10 * 9 + 5 * (1 - rewire) * rewire + 5 * rewire
    expected = 3 * 8 / (4 * 9) * (1 - rewire) ** 3 * 90 / moment
    error = np.std(shares, ddof=1) / np.sqrt(20)
    assert abs(np.mean(shares) - expected) < 4 * error + 10 / 2000


@pytest.mark.parametrize(("rows", "columns"), [(3, 3), (3, 5), (4, 4), (6, 9), (20, 30)])
@pytest.mark.parametrize("diagonal", [False, True])
def test_a_torus_ties_those_one_step_away(rows: int, columns: int, diagonal: bool) -> None:
    network = torus(rows, columns, diagonal=diagonal)
    row, column = np.divmod(np.arange(rows * columns), columns)
    down, right = np.abs(row[:, None] - row), np.abs(column[:, None] - column)
    down, right = np.minimum(down, rows - down), np.minimum(right, columns - right)
    near = np.maximum(down, right) == 1 if diagonal else down + right == 1
    assert np.array_equal(network.matrix().toarray(), near)
    assert (network.degrees() == (8 if diagonal else 4)).all()


def test_paths_on_the_torus_are_city_blocks_or_kings_moves() -> None:
    for diagonal, farthest in [(False, 5 + 4), (True, 5)]:
        matrix = torus(8, 10, diagonal=diagonal).matrix()
        lengths = nx.single_source_shortest_path_length(nx.from_scipy_sparse_array(matrix), 0)
        assert max(lengths.values()) == farthest
    grid = nx.grid_2d_graph(8, 10, periodic=True)
    nodes = [(row, column) for row in range(8) for column in range(10)]
    expected = nx.to_numpy_array(grid, nodelist=nodes)
    assert np.array_equal(torus(8, 10, diagonal=False).matrix().toarray(), expected)


@given(st.integers(1, 3000))
def test_the_most_square_torus_is_found_if_there_is_one(size: int) -> None:
    shapes = [(r, size // r) for r in range(3, size // 3 + 1) if size % r == 0]
    squarest = min(shapes, key=lambda shape: abs(shape[1] - shape[0]), default=None)
    assert torus_shape(size) == (squarest and (min(squarest), max(squarest)))


def test_every_graph_of_four_people_is_as_likely_as_in_gilberts_law() -> None:
    """G(N, p) is p^ties (1 - p)^(pairs - ties) for each of the 64 graphs."""
    codes = np.zeros(10_000, dtype=int)
    upper = np.triu_indices(4, 1)
    for seed in range(len(codes)):
        ties = random(4, 1.2, seed).matrix().toarray()[upper]
        codes[seed] = (ties << np.arange(6)).sum()
    ones = np.array([code.bit_count() for code in range(64)])
    expected = len(codes) * 0.4**ones * 0.6 ** (6 - ones)
    assert stats.chisquare(np.bincount(codes, minlength=64), expected).pvalue > 1e-4


def test_degrees_of_a_random_network_are_binomial_as_networkxs() -> None:
    """One person of each of many networks, so that the degrees are independent."""
    size, draws, degree = 60, 4000, 6.0
    law = stats.binom(size - 1, degree / (size - 1))
    # One or fewer, 2, …, 13, 14 or more.
    expected = draws * np.array([law.cdf(1), *law.pmf(np.arange(2, 14)), law.sf(13)])
    ours = [random(size, degree, seed).degrees()[seed % size] for seed in range(draws)]
    graphs = (nx.fast_gnp_random_graph(size, degree / (size - 1), seed=s) for s in range(draws))
    theirs = [graph.degree(seed % size) for seed, graph in enumerate(graphs)]
    for degrees in (ours, theirs):
        observed = np.bincount(np.clip(degrees, 1, 14), minlength=15)[1:]
        assert stats.chisquare(observed, expected).pvalue > 1e-4


@pytest.mark.parametrize("degree", [0.5, 3.7, 10.0, 40.0])
def test_degrees_of_a_large_random_network_are_poisson(degree: float) -> None:
    size = 20_000
    degrees = random(size, degree, seed=4).degrees()
    # Each tie counts for two people: the variance of the mean is twice that of independent ones.
    assert abs(degrees.mean() - degree) < 4 * np.sqrt(2 * degree / size)
    assert abs((degrees == 0).mean() - np.exp(-degree)) < 4 * np.sqrt(2 * np.exp(-degree) / size)
    fourth = degree + 3 * degree**2
    assert abs(degrees.var() - degree) < 4 * np.sqrt(2 * (fourth - degree**2) / size)


def test_a_tree_of_newcomers_has_the_expected_degrees_exactly() -> None:
    """With one tie each, E[people of degree k] obeys a recursion in N, solved here."""
    size, draws = 200, 400
    counts = np.array(
        [np.bincount(scale_free(size, 1, s).degrees(), minlength=size)[:40] for s in range(draws)]
    )
    expected = np.zeros(size + 1)
    expected[1] = 2.0
    degree = np.arange(size + 1)
    for people in range(2, size):
        gained = degree * expected / (2 * (people - 1))
        expected -= gained
        expected[1:] += gained[:-1]
        expected[1] += 1.0
    assert expected.sum() == pytest.approx(size)
    error = counts.std(axis=0, ddof=1) / np.sqrt(draws)
    common = expected[:40] * draws >= 100
    assert common.sum() >= 10
    assert (np.abs(counts.mean(axis=0) - expected[:40])[common] < 4 * error[common]).all()


def test_degrees_of_newcomers_follow_the_law_of_bollobas() -> None:
    m, size, draws = 5, 10_000, 10
    networks = [scale_free(size, m, seed) for seed in range(draws)]
    for network in networks:
        # A star of m + 1, then m ties for each of the others.
        assert network.degrees().sum() == 2 * m * (size - m)
        assert (network.degrees()[m + 1 :] >= m).all()
    shares = np.array([np.bincount(n.degrees(), minlength=size)[m:31] / size for n in networks])
    k = np.arange(m, 31)
    law = 2 * m * (m + 1) / (k * (k + 1) * (k + 2))
    # Multinomial errors, beside which the finite size counts little, about m/N.
    error = np.sqrt(law * (1 - law) / (size * draws)) + m / size / 4
    assert (np.abs(shares.mean(axis=0) - law) < 4 * error).all()
    # The tail: P(degree >= k) = m(m + 1)/(k(k + 1)).
    for least in (20, 50, 100):
        tail = m * (m + 1) / (least * (least + 1))
        found = np.mean([(n.degrees() >= least).mean() for n in networks])
        assert abs(found - tail) < 4 * np.sqrt(tail / (size * draws)) + m / size


def test_scale_free_is_networkxs() -> None:
    graph = nx.barabasi_albert_graph(200, 3, seed=11)
    expected = nx.to_numpy_array(graph, nodelist=range(200))
    network = scale_free(200, 3, seed=11)
    assert np.array_equal(network.matrix().toarray(), expected)
    assert network.kind == "scale_free"
