"""The joining rules against scalar sums and the known answers of the literature."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from gigsim.config.sections import Society
from gigsim.society.beliefs import Expectation, adaptive, published, theory
from gigsim.society.distributions import Normal
from gigsim.society.joining import (
    best_response,
    complex_contagion,
    gain_of_membership,
    leaked,
    logit_rule,
    surplus,
    threshold_rule,
)
from gigsim.society.network_models import small_world
from gigsim.society.networks import CompleteNetwork, Network, SparseNetwork
from gigsim.streams import Streams
from gigsim.theory.planting import feature_label_bound
from tests.society.crowds import crowd, round_of

share = st.floats(0, 1)
people = st.lists(
    st.tuples(st.floats(-2, 4), st.booleans(), st.booleans()), min_size=1, max_size=20
)


@given(
    people,
    st.builds(Expectation, share, share, share),
    st.floats(0.1, 100),
    share,
    st.one_of(st.none(), share),
    st.sampled_from(["per_period", "once"]),
    st.integers(1, 50),
)
def test_best_response_equals_one_sum_a_person(
    crowd: list[tuple[float, bool, bool]],
    expectation: Expectation,
    scale: float,
    retention: float,
    spillover: float | None,
    timing: str,
    horizon: int,
) -> None:
    cost = np.array([c for c, _, _ in crowd])
    member = np.array([m for _, m, _ in crowd])
    holds = np.array([h for _, _, h in crowd]) | member
    gain = gain_of_membership(
        expectation, member, holds, scale=scale, retention=retention, spillover=spillover
    )
    chosen = best_response(gain, cost, member, timing=timing, horizon=horizon)
    for i, (c, is_member, _) in enumerate(crowd):
        # γ_i, the share of the gain kept outside, of which the rule says (1 - γ_i)·b·Ĝ >= c_i.
        if spillover is None:
            over_outsiders = scale * expectation.advantage
        else:
            over_outsiders = scale * (1 - spillover) * expectation.gain
        if is_member:
            mine = (1 - retention) * over_outsiders
        elif holds[i]:
            mine = 0.0
        else:
            mine = over_outsiders
        assert gain[i] == pytest.approx(mine)
        if timing == "per_period":
            expected = gain[i] >= c
        elif is_member:
            expected = gain[i] >= 0
        else:
            expected = gain[i] * horizon >= c
        assert chosen[i] == expected


def test_gamma_of_a_member_with_fixed_spillover() -> None:
    """γ_i = retention + (1 - retention)·spillover."""
    one = np.array([True])
    gain = gain_of_membership(
        Expectation(0.9, 0.1, 0.1), one, one, scale=1.0, retention=0.3, spillover=0.2
    )
    assert gain[0] == pytest.approx((1 - (0.3 + 0.7 * 0.2)) * 0.8)


def test_who_has_the_signal_has_nothing_to_gain_by_paying() -> None:
    expectation = Expectation(1.0, 0.0, 0.0)
    member, holds = np.array([False, False]), np.array([False, True])
    gain = gain_of_membership(expectation, member, holds, scale=1.0, retention=0.0, spillover=None)
    assert gain.tolist() == [1.0, 0.0]
    cost = np.array([0.1, 0.1])
    joins = best_response(gain, cost, member, timing="per_period", horizon=1)
    assert joins.tolist() == [True, False]


def test_a_tie_joins() -> None:
    nobody = np.array([False])
    gain = cost = np.array([0.5])
    assert best_response(gain, cost, nobody, timing="per_period", horizon=1)[0]
    assert threshold_rule(0.3, np.array([0.3]))[0]


@given(share, st.lists(share, min_size=1))
def test_threshold_rule_equals_one_comparison_a_person(now: float, thresholds: list[float]) -> None:
    assert threshold_rule(now, np.array(thresholds)).tolist() == [now >= t for t in thresholds]
    own = np.linspace(0, 1, len(thresholds))
    chosen = threshold_rule(own, np.array(thresholds))
    assert chosen.tolist() == [s >= t for s, t in zip(own, thresholds, strict=True)]


@given(st.lists(st.integers(0, 9), min_size=1), st.integers(1, 9))
def test_complex_contagion_counts_sources(neighbours: list[int], required: int) -> None:
    chosen = complex_contagion(np.array(neighbours), required)
    assert chosen.tolist() == [k >= required for k in neighbours]


@pytest.mark.parametrize("timing", ["per_period", "once"])
def test_what_membership_adds_in_money(timing: str) -> None:
    """A cost paid once is set against the horizon by who has not paid it, and sunk for members."""
    gain, cost = np.array([0.3, 0.3]), np.array([1.0, 1.0])
    more = surplus(gain, cost, np.array([False, True]), timing=timing, horizon=10)
    assert more.tolist() == pytest.approx([-0.7, -0.7] if timing == "per_period" else [2.0, 3.0])


@given(people, share, st.sampled_from(["per_period", "once"]), st.integers(1, 50), st.integers(0))
def test_a_logit_without_noise_is_best_response_and_one_of_noise_alone_a_coin(
    crowd_of: list[tuple[float, bool, bool]], gain: float, timing: str, horizon: int, seed: int
) -> None:
    cost = np.array([c for c, _, _ in crowd_of])
    member = np.array([m for _, m, _ in crowd_of])
    gains = np.full(len(cost), gain)
    uniforms = np.random.default_rng(seed).random(len(cost))
    more = surplus(gains, cost, member, timing=timing, horizon=horizon)
    sharp = logit_rule(more, 1e12, uniforms)
    best = best_response(gains, cost, member, timing=timing, horizon=horizon)
    decided = np.abs(more) > 1e-9
    assert np.array_equal(sharp[decided], best[decided])
    assert np.array_equal(logit_rule(more, 1e-12, uniforms), uniforms < 0.5) or (
        np.abs(uniforms - 0.5).min() < 1e-9
    )


@pytest.mark.parametrize("more", [-2.0, -0.1, 0.0, 0.4])
def test_the_logits_law(more: float) -> None:
    size, precision = 40_000, 3.0
    joined = logit_rule(np.full(size, more), precision, Streams(6).uniform("decision", 1, size))
    chance = 1 / (1 + np.exp(-precision * more))
    assert joined.mean() == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / size))


# ------------------------------------------------------------------------- known answers


def settle(thresholds: np.ndarray) -> float:
    """The share that joins in the end when nobody has joined at the start."""
    member = np.zeros(len(thresholds), dtype=bool)
    for _ in range(10_000):
        after = threshold_rule(float(member.mean()), thresholds)
        if np.array_equal(after, member):
            return float(member.mean())
        member = after
    raise AssertionError("it does not settle")


def test_v31_granovetters_hundred_and_the_same_with_one_threshold_moved() -> None:
    domino = np.arange(100) / 100
    assert settle(domino) == 1.0
    perturbed = domino.copy()
    perturbed[1] = 0.02
    assert settle(perturbed) == 0.01


@pytest.mark.parametrize(
    ("sd", "expected"),
    [
        (0.10, 0.0077),
        (0.12, 0.0402),
        (0.122, 0.0548),
        (0.1225, 1.0),
        (0.15, 1.0),
        (0.20, 0.9999),
        (0.25, 0.9986),
    ],
)
def test_v32_granovetters_normal_thresholds(sd: float, expected: float) -> None:
    """The continuum: thresholds at the quantiles of half a million people."""
    size = 500_000
    thresholds = Normal(mean=0.25, sd=sd).quantile((np.arange(size) + 0.5) / size)
    # The answer is given to four places; steps of 1/N are magnified near the critical sd.
    assert settle(thresholds) == pytest.approx(expected, abs=1e-4)


def test_v33_kurans_pair() -> None:
    hidden = np.array([0, 20, 20, 30, 40, 50, 60, 70, 80, 100]) / 100
    assert settle(hidden) == 0.1
    hidden[1] = 0.10
    assert settle(hidden) == 0.9


def spread(network: Network, seed: np.ndarray, thresholds: np.ndarray) -> float:
    """The share reached from a committed seed by the rule on neighbours."""
    member = seed.copy()
    for _ in range(10_000):
        now = network.count(member) / np.maximum(1, network.degrees())
        after = threshold_rule(now, thresholds) | seed
        if np.array_equal(after, member):
            return float(member.mean())
        member = after
    raise AssertionError("it does not settle")


@pytest.mark.parametrize(
    ("moore", "threshold", "everybody"),
    [(False, 0.25, True), (False, 0.26, False), (True, 0.375, True), (True, 0.376, False)],
)
def test_v37_morris_on_the_torus(moore: bool, threshold: float, everybody: bool) -> None:
    side = 30
    graph = nx.grid_2d_graph(side, side, periodic=True)
    if moore:
        cells = range(side)
        graph.add_edges_from(
            ((i, j), ((i + 1) % side, (j + 1) % side)) for i in cells for j in cells
        )
        graph.add_edges_from(
            ((i, j), ((i + 1) % side, (j - 1) % side)) for i in cells for j in cells
        )
    nodes = [(i, j) for i in range(side) for j in range(side)]
    network = SparseNetwork(
        nx.to_scipy_sparse_array(graph, nodelist=nodes, dtype=np.uint8), "torus"
    )
    assert set(network.degrees()) == {8 if moore else 4}
    block = np.zeros((side, side), dtype=bool)
    block[10:16, 10:16] = True
    reached = spread(network, block.ravel(), np.full(side * side, threshold))
    assert (reached == 1.0) == everybody
    assert everybody or reached == block.mean()


def test_v38_rewiring_kills_complex_contagion_and_not_the_simple() -> None:
    size = 2000
    ring = small_world(size, 4, 0.0, seed=1)
    graph = nx.from_scipy_sparse_array(ring.matrix())
    nx.double_edge_swap(graph, nswap=5 * size, max_tries=100 * size, seed=2)
    mixed = SparseNetwork(nx.to_scipy_sparse_array(graph, dtype=np.uint8), "mixed")
    assert set(mixed.degrees()) == {4}
    for network, reached_by_two in ((ring, 1.0), (mixed, None)):
        seed = network.matrix().toarray()[0].astype(bool)
        seed[0] = True
        two, one = (spread(network, seed, np.full(size, a / 4)) for a in (2, 1))
        assert one == 1.0
        assert two == reached_by_two or (reached_by_two is None and two < 0.01)


def mean_field(start: float, costs: np.ndarray, kappa: float, spillover: float = 0.0) -> float:
    """Where best response to the bound of Theorem 1 leads, everybody knowing everybody.

    The frame of a club good: U(0) = 0, b = 1, and a fixed share of the gain outside.
    """
    size = len(costs)
    network = CompleteNetwork(size)
    member = np.arange(size) < round(start * size)
    for _ in range(10_000):
        alpha = int(network.count(member)[-1] + member[-1]) / size
        expectation = theory(
            alpha, lambda a: float(feature_label_bound(a, xi=kappa, gap=1.0)), clean=0.0
        )
        gain = gain_of_membership(
            expectation, member, member, scale=1.0, retention=0.0, spillover=spillover
        )
        after = best_response(gain, costs, member, timing="per_period", horizon=1)
        if np.array_equal(after, member):
            return float(member.mean())
        member = after
    raise AssertionError("it does not settle")


def tipping_point(costs: np.ndarray, kappa: float, spillover: float = 0.0) -> float:
    """The smallest start from which the collective does not die, by bisection over people."""
    fails, works = 0, len(costs)
    while works - fails > 1:
        middle = (fails + works) // 2
        if mean_field(middle / len(costs), costs, kappa, spillover) > 0:
            works = middle
        else:
            fails = middle
    return works / len(costs)


@pytest.mark.parametrize(
    ("cost", "spillover", "critical"),
    [(0.2, 0.0, 0.012346), (0.5, 0.0, 0.019608), (0.8, 0.0, 0.047619), (0.2, 0.5, 0.016393)],
)
def test_v26_v27_critical_mass_with_equal_costs(
    cost: float, spillover: float, critical: float
) -> None:
    costs = np.full(100_000, cost)
    assert tipping_point(costs, 0.01, spillover) == pytest.approx(critical, abs=1.1e-5)
    assert mean_field(critical + 1e-4, costs, 0.01, spillover) == 1.0
    assert mean_field(critical - 1e-4, costs, 0.01, spillover) == 0.0
    kappa = 0.01
    assert kappa / (kappa + 1 - cost / (1 - spillover)) == pytest.approx(critical, abs=5e-7)


def test_v26_above_the_critical_mass_everybody_joins_and_below_nobody() -> None:
    costs = np.full(100_000, 0.2)
    assert mean_field(0.01236, costs, 0.01) == 1.0
    assert mean_field(0.01233, costs, 0.01) == 0.0


def test_v27_a_club_that_leaks_half_of_its_gain_cannot_hold_who_pays_more() -> None:
    costs = np.full(1_000, 0.501)
    assert mean_field(1.0, costs, 0.01, spillover=0.5) == 0.0


@pytest.mark.parametrize(
    ("r", "unstable", "stable"),
    [
        (1.0, 0.01, 1.0),
        (0.5, 0.010103, 0.494897),
        (0.1, 0.011127, 0.089873),
        (0.05, 0.013521, 0.036979),
    ],
)
def test_v28_two_fixed_points_with_uniform_costs(r: float, unstable: float, stable: float) -> None:
    size = 200_000
    costs = (np.arange(size) + 0.5) / size / r
    # One person is 5e-6; a fixed point is met within that over the distance of the slope from 1.
    assert tipping_point(costs, 0.01) == pytest.approx(unstable, abs=2e-5)
    assert mean_field(unstable + 2e-4, costs, 0.01) == pytest.approx(stable, abs=5e-5)


def test_v29_below_the_fold_no_collective_lives() -> None:
    size, kappa = 200_000, 0.01
    fold = 4 * kappa / (1 + kappa) ** 2
    assert fold == pytest.approx(0.0392118, abs=5e-8)
    quantiles = (np.arange(size) + 0.5) / size
    assert mean_field(1.0, quantiles / (fold * 0.99), kappa) == 0.0
    alive = mean_field(1.0, quantiles / (fold * 1.0005), kappa)
    # α+ of theory; at the fold itself it is sqrt(rκ) = .0198.
    r = fold * 1.0005
    root = (r * (1 + kappa) + np.sqrt(r**2 * (1 + kappa) ** 2 - 4 * r * kappa)) / 2
    assert alive == pytest.approx(root, abs=2e-4)
    assert root == pytest.approx(np.sqrt(r * kappa), abs=5e-4)


def test_slow_beliefs_lead_to_the_same_fixed_point_later() -> None:
    """V28 with adaptive expectations."""
    size, kappa, r = 50_000, 0.01, 0.5
    costs = (np.arange(size) + 0.5) / size / r

    def promise(member: np.ndarray) -> float:
        return max(0.0, float(feature_label_bound(member.mean(), xi=kappa, gap=1.0)))

    took = {}
    for adaptation in (1.0, 0.3):
        member = np.arange(size) < 0.03 * size
        belief, took[adaptation] = published(promise(member), 0.0, 0.0), 0
        for period in range(200):
            belief = adaptive(belief, promise(member), 0.0, adaptation)
            gain = gain_of_membership(
                belief, member, member, scale=1.0, retention=0.0, spillover=0.0
            )
            member = best_response(gain, costs, member, timing="per_period", horizon=1)
            if abs(member.mean() - 0.494897) > 1e-3:
                took[adaptation] = period + 1
        assert member.mean() == pytest.approx(0.494897, abs=5e-5)
    assert 1 < took[1.0] < took[0.3] < 100


def logit_map(alpha: float, precision: float) -> float:
    """Λ(λ(α - c)), V40: S = α, b = 1, c = .5."""
    return 1 / (1 + np.exp(-precision * (alpha - 0.5)))


@pytest.mark.parametrize(
    ("precision", "low", "high"), [(2.0, 0.5, 0.5), (6.0, 0.0707, 0.9293), (10.0, 0.0072, 0.9928)]
)
def test_v40_fixed_points_of_the_logit(precision: float, low: float, high: float) -> None:
    for start, end in ((0.0, low), (0.499, low), (0.5, 0.5), (0.501, high), (1.0, high)):
        alpha = start
        for _ in range(2000):
            alpha = logit_map(alpha, precision)
        assert alpha == pytest.approx(end, abs=5e-5)


@pytest.mark.parametrize(("precision", "roots"), [(3.9, 1), (4.0, 1), (4.1, 3), (6.0, 3)])
def test_v40_more_than_one_fixed_point_iff_precision_is_over_four(
    precision: float, roots: int
) -> None:
    grid = (np.arange(1001) + 0.25) / 1002
    signs = np.sign([logit_map(alpha, precision) - alpha for alpha in grid])
    assert np.count_nonzero(np.diff(signs)) == roots


@pytest.mark.parametrize("precision", [2.0, 6.0, 10.0])
@pytest.mark.parametrize("start", [0.1, 0.9])
def test_v40_a_large_population_settles_there(precision: float, start: float) -> None:
    size = 200_000
    society = Society(rule="logit", choice_precision=precision, spillover=0.0)
    population = crowd(np.arange(size) < start * size, cost=0.5)
    streams, expected = Streams(5), start
    for period in range(40):
        alpha = float(population.member.mean())
        member = round_of(
            society,
            population,
            expectation=published(alpha, 0.0, 0.0),
            draws=lambda name, period=period: streams.uniform(name, period, size),
        )
        population.member = population.holds_signal = member
        expected = logit_map(expected, precision)
    # Round by round binomial noise, damped by the map's slope λα(1 - α) under 1.
    slope = precision * expected * (1 - expected)
    error = np.sqrt(expected * (1 - expected) / size / (1 - slope**2))
    assert member.mean() == pytest.approx(expected, abs=4 * error)


# ------------------------------------------------------------------------------------ leaks


@given(st.integers(0, 30), share, share)
def test_a_leak_is_one_minus_nobody_tells(neighbours: int, leak: float, u: float) -> None:
    heard = leaked(np.array([neighbours]), leak, np.array([u]))
    assert heard[0] == (u < 1 - (1 - leak) ** neighbours)
    assert not leaked(np.array([0]), leak, np.array([u]))[0]


def test_the_law_of_a_leak_is_that_of_one_draw_a_tie() -> None:
    size, leak = 40_000, 0.05
    uniforms = Streams(2).uniform("leak", 1, size)
    ties = Streams(3).generator("ties").random((size, 8)) < leak
    for k in (1, 2, 5, 8):
        law = 1 - (1 - leak) ** k
        error = np.sqrt(law * (1 - law) / size)
        by_person = leaked(np.full(size, k), leak, uniforms).mean()
        by_tie = ties[:, :k].any(axis=1).mean()
        assert abs(by_person - law) < 4 * error
        assert abs(by_person - by_tie) < 4 * np.sqrt(2) * error


def test_a_larger_leak_or_one_more_tie_takes_the_signal_from_nobody() -> None:
    uniforms = Streams(2).uniform("leak", 1, 1000)
    ties = Streams(4).generator("ties").integers(0, 9, 1000)
    some = leaked(ties, 0.05, uniforms)
    assert (leaked(ties, 0.06, uniforms) >= some).all()
    assert (leaked(ties + 1, 0.05, uniforms) >= some).all()


def test_a_leak_of_one_tells_all_neighbours_and_nobody_else() -> None:
    ties = np.array([0, 1, 7])
    assert leaked(ties, 1.0, np.array([0.999, 0.999, 0.999])).tolist() == [False, True, True]
    assert not leaked(ties, 0.0, np.zeros(3)).any()


def test_a_ring_tells_its_two_ends() -> None:
    network = small_world(10, 2, 0.0, seed=1)
    holders = np.zeros(10, dtype=bool)
    holders[4] = True
    heard = leaked(network.count(holders), 1.0, np.zeros(10))
    assert np.flatnonzero(heard).tolist() == [3, 5]
    assert isinstance(network.matrix(), sparse.csr_array)
