from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from gigsim.errors import InputError
from gigsim.society import network_draws, network_models
from gigsim.society.joining import threshold_rule
from gigsim.society.network_laws import (
    NETWORKX_UP_TO,
    Blocks,
    Complete,
    EdgeList,
    GraphML,
    NetworkLaw,
    Random,
    Ring,
    ScaleFree,
    SmallWorld,
    Torus,
)
from gigsim.society.network_models import random, small_world
from gigsim.society.networks import Network, SparseNetwork, from_ties

LAW: TypeAdapter[NetworkLaw] = TypeAdapter(NetworkLaw)
KINDS = {
    "small_world": SmallWorld,
    "ring": Ring,
    "complete": Complete,
    "scale_free": ScaleFree,
    "random": Random,
    "blocks": Blocks,
    "torus": Torus,
}
GROUPS = np.random.default_rng(0).choice(5, 2000, p=[0.1, 0.15, 0.2, 0.25, 0.3])


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_drawn_with_its_defaults(kind: str) -> None:
    law = LAW.validate_python({"kind": kind})
    assert type(law) is KINDS[kind]
    network = law.draw(2000, GROUPS, seed=5)
    assert network.kind == kind
    assert network.size == 2000
    matrix = network.matrix()
    assert (matrix != matrix.T).nnz == 0
    assert not matrix.diagonal().any()
    assert matrix.max() == 1
    same = law.draw(2000, GROUPS, seed=5).matrix()
    assert (matrix != same).nnz == 0
    differs = (matrix != law.draw(2000, GROUPS, seed=6).matrix()).nnz > 0
    assert differs == (kind in {"small_world", "scale_free", "random", "blocks"})
    # Every number has its reason, every table its source.
    assert all(f.description for name, f in type(law).model_fields.items() if name != "kind")
    assert LAW.validate_python(law.model_dump()) == law


@pytest.mark.parametrize("kind", ["small_world", "ring", "scale_free", "random", "blocks"])
def test_a_study_may_change_the_kind_and_keep_the_degree(kind: str) -> None:
    law = LAW.validate_python({"kind": kind, "degree": 8})
    degrees = law.draw(2000, GROUPS, seed=1).degrees()
    # Ties are at most Poisson: variance 4 of 2 x 8 a person over N; newcomers lack m(m + 1)/N.
    assert abs(degrees.mean() - 8) < 4 * np.sqrt(2 * 8 / 2000) + 2 * 4 * 4 / 2000


def test_a_small_world_keeps_its_bits() -> None:
    law = SmallWorld(degree=6, rewire=0.2)
    drawn = law.draw(500, GROUPS[:500], seed=11).matrix().toarray()
    graph = nx.watts_strogatz_graph(500, 6, 0.2, seed=11)
    assert np.array_equal(drawn, nx.to_numpy_array(graph, nodelist=range(500)))


def test_larger_networks_are_drawn_in_whole_arrays() -> None:
    for size, home in ((NETWORKX_UP_TO, network_models), (NETWORKX_UP_TO + 2, network_draws)):
        drawn = SmallWorld(degree=2).draw(size, GROUPS, 3)
        assert (drawn.matrix() != home.small_world(size, 2, 0.1, 3).matrix()).nnz == 0
        drawn = ScaleFree(degree=2).draw(size, GROUPS, 3)
        assert (drawn.matrix() != home.scale_free(size, 1, 3).matrix()).nnz == 0


def test_the_laws_of_files_read_them(tmp_path: Path) -> None:
    (tmp_path / "ties.txt").write_text("0 1\n1 2\n")
    nx.write_graphml(nx.path_graph(3), tmp_path / "ties.graphml")
    expected = nx.to_numpy_array(nx.path_graph(3))
    for law in (
        EdgeList(path=str(tmp_path / "ties.txt")),
        GraphML(path=str(tmp_path / "ties.graphml")),
    ):
        network = law.draw(3, GROUPS[:3], seed=0)
        assert network.kind == law.kind
        assert np.array_equal(network.matrix().toarray(), expected)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"kind": "small_world", "degree": 7}, "degree must be even, got 7"),
        ({"kind": "ring", "degree": 3}, "degree must be even"),
        ({"kind": "scale_free", "degree": 5}, "degree must be even"),
        ({"kind": "ring", "degree": 0}, "greater than or equal to 2"),
        ({"kind": "ring", "degree": 10.5}, "valid integer"),
        ({"kind": "random", "degree": 0}, "greater than 0"),
        ({"kind": "random", "degree": float("nan")}, "finite number"),
        ({"kind": "random", "degree": 20_000}, "less than or equal to 10000"),
        ({"kind": "random", "rewire": 0.1}, "Extra inputs"),
        ({"kind": "complete", "degree": 10}, "Extra inputs"),
        ({"kind": "torus", "degree": 8}, "Extra inputs"),
        ({"kind": "torus", "neighbourhood": "hex"}, "'von_neumann' or 'moore'"),
        ({"kind": "blocks", "within": 1.1}, "less than or equal to 1"),
        ({"kind": "edge_list"}, "Field required"),
        ({"kind": "graphml", "path": ""}, "at least 1 character"),
        ({"kind": "ringg"}, "'ring'"),
        ({}, "discriminator"),
    ],
)
def test_a_bad_table_is_refused(table: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        LAW.validate_python(table)


@pytest.mark.parametrize("kind", ["small_world", "ring", "scale_free", "random", "blocks"])
def test_nobody_knows_more_than_all_the_others(kind: str) -> None:
    law = LAW.validate_python({"kind": kind, "degree": 20})
    expected = r"network\.degree: 20 neighbours among 20 people; at most .* = 19 are possible"
    with pytest.raises(InputError, match=expected):
        law.check(20)
    with pytest.raises(InputError, match=expected):
        law.draw(20, GROUPS[:20], seed=1)
    LAW.validate_python({"kind": kind, "degree": 18}).check(20)


def test_everybody_knows_everybody_at_the_largest_degrees() -> None:
    everybody = ~np.eye(9, dtype=bool)
    for law in (Ring(degree=8), SmallWorld(degree=8), Random(degree=8), Complete()):
        assert np.array_equal(law.draw(9, GROUPS[:9], seed=1).matrix().toarray(), everybody)


@pytest.mark.parametrize(
    ("size", "nearest"),
    [(2003, "2002 or 2004"), (10, "9 or 12"), (1, "9"), (14, "12 or 15"), (9973, "9972 or 9975")],
)
def test_a_torus_that_does_not_close_names_those_that_do(size: int, nearest: str) -> None:
    with pytest.raises(InputError, match=rf"no torus has {size} people .* = {nearest}$"):
        Torus().check(size)
    for number in nearest.split(" or "):
        Torus().check(int(number))


def test_blocks_want_everybodys_block() -> None:
    with pytest.raises(ValueError, match="groups of 3 people for a network of 20"):
        Blocks().draw(20, GROUPS[:3], seed=1)


def _spread(network: Network, share: float, start: np.ndarray) -> float:
    """Share joined in the end if all who have at least that share of neighbours in join."""
    degrees = np.maximum(network.degrees(), 1)
    thresholds = np.full(network.size, share)
    joined = start.copy()
    while True:
        joins = joined | threshold_rule(network.count(joined) / degrees, thresholds)
        if (joins == joined).all():
            return float(joined.mean())
        joined = joins


@pytest.mark.parametrize(
    ("neighbourhood", "spreads", "stays"), [("von_neumann", 0.25, 0.26), ("moore", 0.375, 0.376)]
)
def test_contagion_threshold_of_the_torus(neighbourhood: str, spreads: float, stays: float) -> None:
    """Morris (2000): 1/4 and 3/8 are the largest shares that spread from a solid block."""
    network = Torus.model_validate({"neighbourhood": neighbourhood}).draw(1600, GROUPS, seed=0)
    row, column = np.divmod(np.arange(1600), 40)
    block = (row >= 10) & (row < 16) & (column >= 20) & (column < 26)
    assert _spread(network, spreads, block) == 1.0
    assert _spread(network, stays, block) < 0.05


@pytest.mark.parametrize(("degree", "spreads", "stays"), [(4, 0.5, 0.51), (10, 0.5, 0.51)])
def test_contagion_threshold_of_the_ring(degree: int, spreads: float, stays: float) -> None:
    """Morris (2000): never above 1/2, which a line attains whatever its range."""
    network = Ring(degree=degree).draw(500, GROUPS, seed=0)
    start = np.arange(500) < 2 * degree
    assert _spread(network, spreads, start) == 1.0
    assert _spread(network, stays, start) == start.mean()


def _shuffled(network: Network, seed: int) -> SparseNetwork:
    """Ten swaps of two ties' ends for each tie: the same degrees, nothing else."""
    graph = nx.from_scipy_sparse_array(network.matrix())
    ties = graph.number_of_edges()
    nx.double_edge_swap(graph, nswap=10 * ties, max_tries=100 * ties, seed=seed)
    ends = np.array(graph.edges(), dtype=np.int64)
    return from_ties(network.size, ends[:, 0], ends[:, 1], "shuffled")


def test_rewiring_kills_complex_contagion_and_not_simple() -> None:
    """Centola and Macy (2007): wide bridges carry what needs two neighbours."""
    ring = Ring(degree=4).draw(2000, GROUPS, seed=0)
    start = np.isin(np.arange(2000), [998, 999, 1000, 1001, 1002])
    assert _spread(ring, 2 / 4, start) == 1.0
    assert _spread(ring, 1 / 4, start) == 1.0
    shares = []
    for seed in range(4):
        shuffled = _shuffled(ring, seed)
        assert (shuffled.degrees() == 4).all()
        # The seed is somebody and his neighbours, now that these are others.
        centre = np.arange(2000) == 1000
        around = centre | (shuffled.count(centre) > 0)
        assert around.sum() == 5
        shares.append(_spread(shuffled, 2 / 4, around))
        assert _spread(shuffled, 1 / 4, around) == 1.0
    # The seed is .25 %; now and then somebody knows two of it.
    assert 0.0025 <= np.mean(shares) < 0.005


def test_windows_of_global_cascades() -> None:
    """Watts (2002) on Poisson networks: phi = .18 has z in (1.02, 5.77), above 1/4 there is none.

    Finite seeds (10 of 20,000) widen the window a little, so its edges are not probed.
    """
    size = 20_000
    start = np.zeros(size, dtype=bool)
    start[np.random.default_rng(0).choice(size, 10, replace=False)] = True
    for degree in (1.5, 3.0, 5.0):
        # Nearly all of the giant component, which has the share 1 - exp(-z share).
        giant = 0.5
        for _ in range(200):
            giant = 1 - np.exp(-degree * giant)
        assert _spread(random(size, degree, seed=3), 0.18, start) > 0.85 * giant
    for degree in (0.8, 7.5, 10.0):
        assert _spread(random(size, degree, seed=3), 0.18, start) < 0.02
    for degree in (1.5, 2.0, 3.0, 5.0):
        assert _spread(random(size, degree, seed=3), 0.26, start) < 0.02


def test_rewired_a_small_world_stops_complex_contagion_as_well() -> None:
    """At rewire = 1 half the degree stays everybody's own: the law is not the shuffled ring's."""
    start = np.isin(np.arange(2000), [998, 999, 1000, 1001, 1002])
    shares = [_spread(small_world(2000, 4, 1.0, seed), 0.5, start) for seed in range(4)]
    assert max(shares) < 0.02
