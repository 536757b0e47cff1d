from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from gigsim.society.layout import _kernels, _repulsion, layout
from gigsim.society.network_blocks import blocks
from gigsim.society.network_models import (
    random,
    ring,
    scale_free,
    small_world,
    torus,
)
from gigsim.society.networks import (
    CompleteNetwork,
    Network,
    SparseNetwork,
)


@pytest.mark.parametrize(
    "network",
    [
        small_world(300, 10, 0.1, seed=1),
        ring(300, 10),
        CompleteNetwork(300),
        scale_free(300, 5, seed=1),
        random(300, 1.5, seed=1),
        blocks(np.arange(300) % 10, 10.0, 0.7, seed=1),
        torus(15, 20, diagonal=True),
    ],
    ids=lambda network: network.kind,
)
def test_everybody_has_a_place_of_his_own_the_same_each_time(network: Network) -> None:
    places = layout(network, seed=3)
    assert places.shape == (300, 2)
    assert places.dtype == np.float64
    assert np.isfinite(places).all()
    assert np.abs(places).max() <= 1.0
    # The picture fills its frame.
    assert (places.max(axis=0) - places.min(axis=0) > 1.4).all()
    assert len(np.unique(places.round(6), axis=0)) == 300
    assert np.array_equal(places, layout(network, seed=3))


def test_a_circle_is_in_the_order_of_numbers_also_in_tracks() -> None:
    for size in (300, 2000):
        places = layout(ring(size, 2), seed=0)
        angle = np.arctan2(places[:, 0], places[:, 1]) % (2.0 * math.pi)
        assert (np.diff(angle) > 0).all()
    assert np.hypot(*layout(ring(300, 2), seed=0).T) == pytest.approx(1.0)


def test_neighbours_on_the_torus_are_neighbours_in_the_picture() -> None:
    places = layout(torus(6, 9, diagonal=False), seed=0).reshape(6, 9, 2)
    step = 2.0 / 8.0
    assert np.diff(places[..., 0], axis=1) == pytest.approx(step)
    assert np.diff(places[..., 1], axis=0) == pytest.approx(-step)
    assert (places[..., 0].min(), places[..., 0].max()) == (-1.0, 1.0)


def test_forces_bring_acquaintances_together_and_blocks_apart() -> None:
    groups = np.arange(400) % 4
    network = blocks(groups, 10.0, 0.9, seed=2)
    places = layout(network, seed=1)
    centres = np.stack([places[groups == g].mean(axis=0) for g in range(4)])
    nearest = np.hypot(*(places[:, None] - centres).T).argmin(axis=0)
    # By chance a quarter.
    assert (nearest == groups).mean() > 0.95
    first, second = network.matrix().nonzero()
    tied = np.hypot(*(places[first] - places[second]).T).mean()
    anybody = np.random.default_rng(0).permutation(400)
    assert tied < 0.5 * np.hypot(*(places - places[anybody]).T).mean()


def test_hubs_are_in_the_middle() -> None:
    network = scale_free(1000, 5, seed=1)
    radius = np.hypot(*layout(network, seed=1).T)
    hubs = network.degrees() > 50
    assert radius[hubs].mean() < 0.6 * radius[~hubs].mean()


def test_the_mesh_repels_as_the_sum_over_all_pairs() -> None:
    rng = np.random.default_rng(1)
    places, mass = rng.random((400, 2)), rng.integers(1, 20, 400).astype(float)
    apart = places[:, None] - places
    squared = (apart**2).sum(axis=2)
    np.fill_diagonal(squared, 1.0)
    exact = (apart / squared[..., None] * mass[None, :, None]).sum(axis=1)
    mesh = _repulsion(places, mass, _kernels())
    # Within a cell the mesh is blind: pairs nearer than a 128th of the picture repel less.
    assert np.corrcoef(mesh.ravel(), exact.ravel())[0, 1] > 0.99
    assert np.abs(mesh - exact).mean() < 0.03 * np.abs(exact).mean()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 8), st.floats(0, 1), st.integers(0, 100))
def test_a_few_people_with_few_ties_are_drawn_too(size: int, chance: float, seed: int) -> None:
    upper = np.triu(np.random.default_rng(seed).random((size, size)) < chance, 1)
    ties = sparse.csr_array((upper | upper.T).astype(np.uint8))
    places = layout(SparseNetwork(ties, "edge_list"), seed)
    assert places.shape == (size, 2)
    assert np.isfinite(places).all()
    assert np.abs(places).max() <= 1.0
