"""Watts's cascade condition, its windows (V34, V35), the vulnerable cluster, and simulations."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components
from scipy.special import lambertw

from gigsim.society import network_models, networks
from gigsim.theory.contagion import cascades
from gigsim.theory.contagion.cascades import (
    branching,
    cascade_condition,
    largest_vulnerable_degree,
    poisson_window,
    vulnerability,
    vulnerable_cluster,
)
from gigsim.theory.contagion.degree_laws import (
    degree_law,
    poisson_degrees,
    power_law_degrees,
    regular_degrees,
)
from gigsim.theory.contagion.final_size import vanishing_cascade_size
from gigsim.theory.contagion.responses import count_response, share_response
from gigsim.theory.contagion.threshold_laws import (
    fixed_threshold,
    normal_thresholds,
    uniform_thresholds,
)
from tests.theory.contagion.contagion_runs import by_share, settle, within


def test_examples_run() -> None:
    assert doctest.testmod(cascades).failed == 0


@pytest.mark.parametrize(
    ("threshold", "low", "high"),
    [
        (0.10, 1.000, 13.66),
        (0.12, 1.000, 10.66),
        (0.15, 1.004, 7.477),
        (0.18, 1.021, 5.765),
        (0.20, 1.021, 5.765),
        (0.22, 1.114, 3.863),
        (0.25, 1.114, 3.863),
    ],
)
def test_v34_windows_of_poisson_networks(threshold: float, low: float, high: float) -> None:
    window = poisson_window(threshold)
    assert window is not None
    assert window == pytest.approx((low, high), abs=5e-4 if high < 10 else 5e-3)
    rule = share_response(fixed_threshold(threshold))
    for edge in window:
        assert branching(poisson_degrees(edge), rule) == pytest.approx(1.0, abs=1e-9)
    # Open at both ends, and nothing but the window.
    grid = np.linspace(0.5, 15.0, 59)
    inside = [cascade_condition(poisson_degrees(z), rule) for z in grid]
    assert inside == [window[0] < z < window[1] for z in grid]


@pytest.mark.parametrize("threshold", [0.2501, 0.26, 0.33, 0.5, 0.51, 1.0, 1.5])
def test_v35_above_a_quarter_no_poisson_network_tips(threshold: float) -> None:
    assert poisson_window(threshold) is None
    rule = share_response(fixed_threshold(threshold))
    most = max(branching(poisson_degrees(z), rule) for z in np.linspace(0.2, 6, 59))
    assert most < 1
    if largest_vulnerable_degree(threshold) == 3:
        # z·e^-z·(1 + z) is largest where z² = 1 + z.
        assert most == pytest.approx(0.840, abs=1e-3)


def test_a_threshold_of_nothing_has_no_upper_edge() -> None:
    assert poisson_window(0.0) == (1.0, np.inf)
    low, high = poisson_window(1e-4) or (0.0, 0.0)
    assert (low, high) == pytest.approx((1.0, 1e4), rel=0.05)


@given(st.floats(1e-3, 1.2))
def test_the_largest_vulnerable_degree_is_where_one_of_so_many_is_still_enough(phi: float) -> None:
    most = largest_vulnerable_degree(phi)
    assert most == 0 or 1 / most >= phi
    assert 1 / (most + 1) < phi


def test_the_condition_term_by_term() -> None:
    law = degree_law([0.1, 0.2, 0.3, 0.1, 0.3])
    response = share_response(uniform_thresholds(0, 1))
    assert vulnerability(law, response).tolist() == [0.0, 1.0, 0.5, 1 / 3, 0.25]
    mean = 0.2 + 0.6 + 0.3 + 1.2
    expected = (2 * 0.5 * 0.3 + 6 / 3 * 0.1 + 12 / 4 * 0.3) / mean
    assert branching(law, response) == pytest.approx(expected, rel=1e-14)


@given(st.integers(2, 40), st.floats(0.01, 1.0))
def test_regular_networks_tip_iff_one_neighbour_is_enough(degree: int, threshold: float) -> None:
    """Morris: the threshold of the tree is 1/degree."""
    rule = share_response(fixed_threshold(threshold))
    enough = threshold <= 1 / degree
    assert branching(regular_degrees(degree), rule) == (degree - 1) * enough


def test_a_simple_contagion_tips_what_has_a_giant_component() -> None:
    """Everybody is vulnerable: the cluster is the giant component, 1 − e^(−zS) of all people."""
    for z in (1.2, 2.0, 4.0):
        found = vulnerable_cluster(poisson_degrees(z), count_response(1))
        giant = 1 + lambertw(-z * np.exp(-z)).real / z
        assert (found.share, found.branching) == pytest.approx((1 - np.exp(-z), z))
        assert found.giant == pytest.approx(giant, abs=1e-9)
        assert found.trigger == pytest.approx(giant, abs=1e-9)
        assert vanishing_cascade_size(poisson_degrees(z), count_response(1)) == pytest.approx(
            giant, abs=1e-9
        )
    # Below it, components of mean size 1/(1 − z); people who know nobody are not vulnerable.
    found = vulnerable_cluster(poisson_degrees(0.5), count_response(1))
    assert (found.giant, found.trigger) == (0.0, 0.0)
    assert found.mean_size == pytest.approx(1 / (1 - 0.5) - np.exp(-0.5), rel=1e-12)


@settings(max_examples=30)
@given(st.floats(0.5, 8), st.floats(0.05, 0.5))
def test_a_cluster_exists_iff_the_condition_holds(z: float, threshold: float) -> None:
    law, rule = poisson_degrees(z), share_response(fixed_threshold(threshold))
    if abs(branching(law, rule) - 1) < 1e-3:
        return
    found = vulnerable_cluster(law, rule)
    assert (found.giant > 0) == cascade_condition(law, rule) == (found.mean_size == np.inf)
    assert 0 <= found.giant <= min(found.share, found.trigger + 1e-12)
    assert (vanishing_cascade_size(law, rule) > 0) == cascade_condition(law, rule)
    assert vanishing_cascade_size(law, rule) >= found.trigger - 1e-9


def clusters(network: networks.SparseNetwork, vulnerable: np.ndarray) -> tuple[float, float, float]:
    """Share in the largest cluster of vulnerable people, of who knows it, and mean cluster size."""
    people = np.flatnonzero(vulnerable)
    _, label = connected_components(network.matrix()[people][:, people], directed=False)
    sizes = np.bincount(label)
    largest = np.zeros(network.size, dtype=bool)
    largest[people] = label == np.argmax(sizes)
    near = largest | (network.count(largest) > 0)
    return largest.mean(), near.mean(), float((sizes.astype(float) ** 2).sum() / network.size)


@pytest.mark.parametrize(
    ("mean", "spread"), [(3.0, None), (5.0, None), (1.5, None), (4.0, (0.2, 0.05))]
)
def test_the_giant_cluster_by_percolation(mean: float, spread: tuple[float, float] | None) -> None:
    size = 10_000
    law = normal_thresholds(*spread) if spread else fixed_threshold(0.18)
    found = vulnerable_cluster(poisson_degrees(mean), share_response(law))
    giants, triggers = [], []
    for seed in range(6):
        network = network_models.random(size, mean, seed)
        rng = np.random.default_rng(100 + seed)
        theta = rng.normal(*spread, size) if spread else np.full(size, 0.18)
        degrees = network.degrees()
        weak = (degrees > 0) & (1 / np.maximum(degrees, 1) >= theta)
        giant, near, _ = clusters(network, weak)
        giants.append(giant)
        triggers.append(near)
    assert within(giants, found.giant)
    assert within(triggers, found.trigger)


def test_the_mean_cluster_below_the_transition() -> None:
    found = vulnerable_cluster(poisson_degrees(7.5), share_response(fixed_threshold(0.18)))
    sizes = []
    for seed in range(6):
        network = network_models.random(10_000, 7.5, seed)
        degrees = network.degrees()
        sizes.append(clusters(network, (degrees > 0) & (degrees <= 5))[2])
    assert within(sizes, found.mean_size)


def test_a_power_law_is_tipped_although_its_hubs_are_stable() -> None:
    law = power_law_degrees(3.5, 2, 1000)
    rule = share_response(fixed_threshold(0.18))
    k = np.arange(2, 6)
    expected = (k * (k - 1.0) * law[2:6]).sum() / (np.arange(1001) @ law)
    assert branching(law, rule) == pytest.approx(expected)
    assert cascade_condition(law, rule)
    # With more and larger hubs too many ties lead to them.
    assert not cascade_condition(power_law_degrees(2.5, 2, 1000), rule)


def global_cascades(
    mean: float, seeds: int, *, size: int, number: int, threshold: float = 0.18
) -> float:
    """Share of single first movers who bring more than a tenth of one network in."""
    network = network_models.random(size, mean, number)
    answer = by_share(network, threshold)
    rng = np.random.default_rng(number)
    hits = 0
    for person in rng.choice(size, seeds, replace=False):
        seed = np.arange(size) == person
        hits += settle(network, answer, seed).mean() > 0.1
    return hits / seeds


@pytest.mark.slow
@pytest.mark.parametrize("mean", [1.5, 3.0, 4.5, 5.3])
def test_v34_single_first_movers_tip_as_often_as_percolation_says(mean: float) -> None:
    found = vulnerable_cluster(poisson_degrees(mean), share_response(fixed_threshold(0.18)))
    shares = [global_cascades(mean, 30, size=10_000, number=i) for i in range(10)]
    assert within(shares, found.trigger)


@pytest.mark.slow
@pytest.mark.parametrize(("mean", "tips"), [(0.9, False), (1.2, True), (5.5, True), (6.6, False)])
def test_v34_inside_the_window_a_few_tip_it_and_outside_none(mean: float, tips: bool) -> None:
    """The edges are 1.021 and 5.765; a finite network blurs the upper one (V34)."""
    window = poisson_window(0.18)
    assert window is not None
    assert (window[0] < mean < window[1]) == tips
    shares = [global_cascades(mean, 40, size=10_000, number=50 + i) for i in range(4)]
    assert (np.mean(shares) > 0.05) == tips
    assert tips or not any(shares)


@pytest.mark.slow
def test_v35_above_a_quarter_no_single_person_tips_anything() -> None:
    """Ten thousand people; at a quarter exactly there is a window, at .26 there is none."""
    for mean in (1.2, 1.6, 2.5, 4.0):
        for threshold, tips in ((0.25, mean < 3.8), (0.26, False)):
            share = global_cascades(mean, 40, size=10_000, number=9, threshold=threshold)
            assert (share > 0.02) == tips
            assert tips or share == 0.0
