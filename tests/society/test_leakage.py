from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.society import network_draws, network_models
from gigsim.society.joining import leaked
from gigsim.society.leakage import overheard
from gigsim.society.networks import CompleteNetwork, Network, SparseNetwork
from gigsim.streams import Streams

LEAKS = st.sampled_from([1e-9, 0.002, 0.05, 0.5, 1.0]) | st.floats(1e-6, 1.0)

#: Small worlds, one with hubs, one in which some know nobody, and everybody with everybody; the
#: last has more ties than compiled code is asked for.
DRAWS: dict[str, Callable[[], Network]] = {
    "small_world": lambda: network_draws.small_world(300, 6, 0.1, 1),
    "scale_free": lambda: network_draws.scale_free(300, 3, 1),
    "random": lambda: network_models.random(300, 1, 1),
    "complete": lambda: CompleteNetwork(300),
    "of one": lambda: CompleteNetwork(1),
    "nobody knows anybody": lambda: SparseNetwork.of_rows(
        np.zeros(21, dtype=np.int64), np.empty(0, dtype=np.int32), "none"
    ),
    "large": lambda: network_draws.scale_free(11_000, 5, 1),
}
NETWORKS = {name: draw() for name, draw in DRAWS.items()}


@pytest.mark.parametrize("name", NETWORKS)
@given(st.data())
def test_the_same_people_hear_as_if_everybodys_acquaintances_were_counted(
    name: str, data: st.DataObject
) -> None:
    network, leak = NETWORKS[name], data.draw(LEAKS)
    seed, share = data.draw(st.integers(0, 2**32)), data.draw(st.sampled_from([0.0, 0.1, 0.9, 1.0]))
    holds = np.random.default_rng(seed).random(network.size) < share
    streams = Streams(seed)
    uniforms = streams.uniform("leak", 3, network.size)
    expected = leaked(network.count(holds), leak, uniforms) & ~holds
    heard = overheard(network, holds, leak, streams.pieces("leak", 3, network.size))
    assert heard.dtype == np.bool_
    assert np.array_equal(heard, expected)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_tie_that_always_leaks_tells_all_neighbours(name: str) -> None:
    network = NETWORKS[name]
    holds = np.arange(network.size) % 7 == 3
    heard = overheard(network, holds, 1.0, Streams(0).pieces("leak", 1, network.size))
    assert np.array_equal(heard, (network.count(holds) > 0) & ~holds)


@pytest.mark.parametrize("name", ["small_world", "scale_free", "random", "large"])
@given(st.data())
def test_counting_for_some_is_counting_for_all_and_picking(name: str, data: st.DataObject) -> None:
    network = NETWORKS[name]
    assert isinstance(network, SparseNetwork)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    people = rng.integers(0, network.size, data.draw(st.sampled_from([0, 1, 5, 400])))
    chosen = rng.random(network.size) < 0.3
    found = network.count_among(people, chosen)
    assert found.dtype == np.int64
    assert np.array_equal(found, network.count(chosen)[people])
    assert network.most == network.degrees().max()
