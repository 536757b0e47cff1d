"""Networks drawn in whole arrays: what is exact of them, and their laws beside networkx's."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.sparse import csgraph

from gigsim.society import network_draws
from gigsim.society.network_draws import _Batch, scale_free, small_world
from gigsim.society.network_models import ring
from gigsim.society.networks import SparseNetwork

# ------------------------------------------------------------------------------------- exact


def check(network: SparseNetwork, ties: int) -> None:
    """Ties are mutual, single and never with oneself, neighbours ascend, and their number is so."""
    size = network.size
    rows = np.repeat(np.arange(size), network.degrees())
    keys = rows * size + network.indices
    assert (np.diff(keys) > 0).all()
    assert (rows != network.indices).all()
    assert np.array_equal(np.sort(network.indices.astype(np.int64) * size + rows), keys)
    assert len(keys) == 2 * ties


@given(st.integers(3, 150), st.data())
def test_a_small_world_has_exactly_its_ties(size: int, data: st.DataObject) -> None:
    half = data.draw(st.integers(1, min(6, (size - 1) // 2)))
    rewire, seed = data.draw(st.floats(0, 1)), data.draw(st.integers(0, 2**63 - 1))
    network = small_world(size, 2 * half, rewire, seed)
    assert network.kind == "small_world"
    check(network, half * size)
    assert network.degrees().min() >= half


@given(st.integers(2, 150), st.data())
def test_a_scale_free_network_has_exactly_its_ties(size: int, data: st.DataObject) -> None:
    ties, seed = data.draw(st.integers(1, min(9, size - 1))), data.draw(st.integers(0, 2**63 - 1))
    network = scale_free(size, ties, seed)
    assert network.kind == "scale_free"
    check(network, ties * (size - ties))
    assert (network.degrees()[ties + 1 :] >= ties).all()


@pytest.mark.parametrize(
    "draw", [lambda s: small_world(300, 6, 0.3, s), lambda s: scale_free(99, 3, s)]
)
def test_equal_seeds_equal_networks(draw: Callable[[int], SparseNetwork]) -> None:
    one, same, other = (draw(seed).matrix().toarray() for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_nobody_rewired_is_a_ring_and_a_complete_ring_stays() -> None:
    for size, degree in [(50, 10), (7, 6), (900, 4)]:
        drawn = small_world(size, degree, 0.0, 1).matrix()
        assert (drawn != ring(size, degree).matrix()).nnz == 0
    assert (small_world(7, 6, 1.0, 1).degrees() == 6).all()


def test_the_least_scale_free_network_is_a_star() -> None:
    network = scale_free(5, 4, 3)
    assert network.degrees().tolist() == [4, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("start", "rows", "ties"), [(1, 40, 1), (1, 60, 4), (30, 30, 9), (64, 300, 3)]
)
def test_a_batch_of_newcomers_ends_as_if_they_had_come_in_turn(
    start: int, rows: int, ties: int
) -> None:
    """The same draws, gone through by a loop over newcomers."""
    rng = np.random.default_rng(start + ties)
    found = np.zeros((start + rows, ties), dtype=np.int32)
    for row in range(1, start):
        found[row] = rng.choice(ties + row, ties, replace=False)
    batch = _Batch(found, start, rows, rng)
    settled = batch.settle()
    people, again = found.copy(), 0
    for row in range(rows):
        whom: list[int] = []
        for before, entry in zip(batch._row[row], batch._entry[row], strict=True):
            if entry < ties:
                person = int(people[before, entry])
            else:
                person = int(ties + before if before else entry - ties + 1)
            again += person in whom and len(whom) < ties
            if person not in whom and len(whom) < ties:
                whom.append(person)
        people[start + row] = whom
    assert np.array_equal(settled, people[start:])
    assert ties == 1 or again > 0, "nobody has drawn one person twice"


# --------------------------------------------------------------------------------------- law


def codes(draw: Callable[[int], SparseNetwork | nx.Graph], draws: int) -> np.ndarray:
    """Adjacency of many drawn graphs, bool, shape (draws, pairs)."""
    rows = []
    for seed in range(draws):
        drawn = draw(seed)
        if isinstance(drawn, SparseNetwork):
            full = drawn.matrix().toarray()
        else:
            full = nx.to_numpy_array(drawn, nodelist=range(len(drawn)))
        rows.append(full[np.triu_indices(len(full), 1)] > 0)
    return np.array(rows)


def same_law(one: np.ndarray, other: np.ndarray) -> float:
    """p of the chi-square test that two samples of outcomes (rows) come from one law.

    Outcomes with fewer than ten occurrences are pooled.
    """
    _, kind = np.unique(np.concatenate([one, other]), axis=0, return_inverse=True)
    table = np.stack(
        [
            np.bincount(part, minlength=kind.max() + 1)
            for part in (kind[: len(one)], kind[len(one) :])
        ]
    )
    rare = table.sum(axis=0) < 20
    cells = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    return float(stats.chi2_contingency(cells[:, cells.sum(axis=0) > 0], correction=False).pvalue)


@pytest.mark.parametrize(("size", "degree"), [(5, 2), (5, 4), (6, 4)])
def test_every_graph_of_a_small_dense_world_is_as_likely_as_networkxs(
    size: int, degree: int
) -> None:
    """Some know everybody and cannot rewire."""
    ours = codes(lambda seed: small_world(size, degree, 0.6, seed), 1500)
    theirs = codes(lambda seed: nx.watts_strogatz_graph(size, degree, 0.6, seed=seed), 1500)
    assert same_law(ours, theirs) > 1e-4


@pytest.mark.parametrize(("size", "degree", "rewire"), [(9, 2, 0.7), (12, 4, 0.5)])
def test_proposals_have_the_law_of_rewiring_one_by_one(
    size: int, degree: int, rewire: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In worlds so small that most proposals clash: ties, degrees, triangles beside networkx."""
    monkeypatch.setattr(network_draws, "_SPARSE", 0)
    monkeypatch.setattr(network_draws, "_MORE", 0)
    draws = 2000
    ours = codes(lambda seed: small_world(size, degree, rewire, seed), draws)
    theirs = codes(lambda seed: nx.watts_strogatz_graph(size, degree, rewire, seed=seed), draws)
    shares = ours.mean(axis=0), theirs.mean(axis=0)
    error = np.sqrt((shares[0] * (1 - shares[0]) + shares[1] * (1 - shares[1])) / draws)
    # Bonferroni over the pairs.
    limit = stats.norm.isf(1e-4 / 2 / len(error))
    assert (np.abs(shares[0] - shares[1]) < limit * error).all()
    outcomes = []
    for sample in (ours, theirs):
        full = np.zeros((draws, size, size), dtype=np.int64)
        full[:, *np.triu_indices(size, 1)] = sample
        full += full.transpose(0, 2, 1)
        degrees = full.sum(axis=1)
        triangles = np.einsum("aij,ajk,aki->a", full, full, full) // 6
        outcomes.append((np.sort(degrees, axis=1), triangles[:, None], degrees[:, [0, -1]]))
    for ours_, theirs_ in zip(*outcomes, strict=True):
        assert same_law(ours_, theirs_) > 1e-4


def likelihood(whom: tuple[tuple[int, ...], ...]) -> float:
    """The probability that newcomers 3, 4, ... tie to these pairs, each ascending (m = 2)."""
    weights = [2, 1, 1]
    probability = 1.0
    for a, b in whom:
        total = sum(weights)
        one, other = weights[a] / total, weights[b] / total
        probability *= one * other / (1 - one) + other * one / (1 - other)
        weights[a] += 1
        weights[b] += 1
        weights.append(2)
    return probability


def test_every_scale_free_graph_of_six_has_its_exact_probability() -> None:
    """A star of three, then pairs without repetition, in proportion to ties: 180 histories."""
    draws = 3000
    histories = [
        (a, b, c)
        for a in combinations(range(3), 2)
        for b in combinations(range(4), 2)
        for c in combinations(range(5), 2)
    ]
    law = np.array([likelihood(history) for history in histories])
    assert law.sum() == pytest.approx(1.0)
    place = {history: number for number, history in enumerate(histories)}
    observed = np.zeros(len(law))
    for seed in range(draws):
        network = scale_free(6, 2, seed)
        rows = np.split(network.indices, network.indptr[1:-1])
        whom = tuple(tuple(int(j) for j in rows[i] if j < i) for i in (3, 4, 5))
        observed[place[whom]] += 1  # type: ignore[index]
    expected = draws * law
    rare = expected < 15
    cells = [np.append(c[~rare], c[rare].sum()) for c in (observed, expected)]
    assert stats.chisquare(*cells).pvalue > 1e-4


@pytest.mark.parametrize("rewire", [0.1, 0.5, 1.0])
def test_degrees_follow_the_law_of_barrat_and_weigt(rewire: float) -> None:
    """k/2 of the ties stay or are rewired at the other end; what arrives is Poisson (2000)."""
    size, half = 50_000, 5
    degrees = small_world(size, 2 * half, rewire, seed=5).degrees()
    kept = stats.binom(half, 1 - rewire).pmf(np.arange(half + 1))
    law = np.convolve(kept, stats.poisson(half * rewire).pmf(np.arange(40)))
    observed = np.bincount(degrees - half, minlength=len(law))[: len(law)]
    likely = law * size >= 20
    error = np.sqrt(law[likely] * (1 - law[likely]) / size)
    assert (np.abs(observed[likely] / size - law[likely]) < 4 * error).all()


def test_degrees_of_newcomers_follow_the_law_of_bollobas() -> None:
    m, size, draws = 5, 50_000, 4
    degrees = [scale_free(size, m, seed).degrees() for seed in range(draws)]
    shares = np.mean([np.bincount(d, minlength=size)[m:41] / size for d in degrees], axis=0)
    k = np.arange(m, 41)
    law = 2 * m * (m + 1) / (k * (k + 1) * (k + 2))
    error = np.sqrt(law * (1 - law) / (size * draws)) + m / size / 4
    assert (np.abs(shares - law) < 4 * error).all()
    # The tail: P(degree >= k) = m(m + 1)/(k(k + 1)).
    for least in (20, 50, 100, 200):
        tail = m * (m + 1) / (least * (least + 1))
        found = np.mean([(d >= least).mean() for d in degrees])
        assert abs(found - tail) < 4 * np.sqrt(tail / (size * draws)) + m / size


def shape(ties: np.ndarray) -> tuple[float, float, float]:
    """Mean clustering, mean path length between people who are connected, largest degree."""
    degrees = ties.sum(axis=1)
    closed = np.diag(ties @ ties @ ties) / np.maximum(1, degrees * (degrees - 1))
    lengths = csgraph.shortest_path(ties, directed=False, unweighted=True)
    away = np.isfinite(lengths) & (lengths > 0)
    return closed.mean(), lengths[away].mean(), degrees.max()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            lambda seed: small_world(120, 6, 0.1, seed),
            lambda seed: nx.watts_strogatz_graph(120, 6, 0.1, seed=seed),
        ),
        (
            lambda seed: scale_free(120, 3, seed),
            lambda seed: nx.barabasi_albert_graph(120, 3, seed=seed),
        ),
    ],
    ids=["small_world", "scale_free"],
)
def test_clustering_paths_and_hubs_are_networkxs(
    ours: Callable[[int], SparseNetwork], theirs: Callable[[int], nx.Graph]
) -> None:
    """Means over 60 graphs each, at most 4 standard errors apart."""
    one = np.array([shape(ours(seed).matrix().toarray().astype(int)) for seed in range(60)])
    graphs = (nx.to_numpy_array(theirs(seed), nodelist=range(120)) for seed in range(60))
    other = np.array([shape(graph) for graph in graphs])
    error = np.sqrt((one.var(axis=0, ddof=1) + other.var(axis=0, ddof=1)) / 60)
    assert (np.abs(one.mean(axis=0) - other.mean(axis=0)) < 4 * error).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "draw", [lambda n: small_world(n, 10, 0.1, 1), lambda n: scale_free(n, 5, 1)]
)
def test_a_million_people_take_44_bytes_each(draw: Callable[[int], SparseNetwork]) -> None:
    size = 1_000_000
    network = draw(size)
    check(network, 5 * size if network.kind == "small_world" else 5 * (size - 5))
    assert network.bytes <= 44 * size + 4
