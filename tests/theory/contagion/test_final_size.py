"""Gleeson and Cahalane's final size: closed forms, its critical seed, and simulations."""

from __future__ import annotations

import doctest
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc, lambertw

from gigsim.society import network_models
from gigsim.society.networks import SparseNetwork
from gigsim.theory.contagion import final_size as module
from gigsim.theory.contagion.degree_laws import (
    observed_degrees,
    poisson_degrees,
    power_law_degrees,
    regular_degrees,
)
from gigsim.theory.contagion.final_size import (
    cascade_path,
    cascade_size,
    critical_seed,
    vanishing_cascade_size,
)
from gigsim.theory.contagion.granovetter import continuum_limit
from gigsim.theory.contagion.responses import Response, count_response, share_response
from gigsim.theory.contagion.threshold_laws import fixed_threshold, normal_thresholds
from tests.theory.contagion.contagion_runs import (
    Answer,
    by_count,
    by_share,
    play,
    random_seed,
    settle,
    swapped,
    within,
)

#: From a size and a run's number.
Draw = Callable[[int, int], SparseNetwork]
WATTS = share_response(fixed_threshold(0.18))


def test_examples_run() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(("degree", "required"), [(3, 2), (4, 2), (10, 3), (10, 6), (100, 20)])
@pytest.mark.parametrize("seed", [0.0, 0.02, 0.3])
def test_one_degree_and_a_number_needed_by_incomplete_beta_functions(
    degree: int, required: int, seed: float
) -> None:
    """P(Bin(n, q) ≥ a) = I_q(a, n − a + 1), iterated by hand."""
    q = seed
    for _ in range(20_000):
        q = seed + (1 - seed) * betainc(required, degree - required, q)
    share = seed + (1 - seed) * betainc(required, degree - required + 1, q)
    found = cascade_size(regular_degrees(degree), count_response(required), seed)
    assert found.share == pytest.approx(share, abs=1e-9)
    assert found.low <= found.share <= found.high
    assert found.high - found.low < 1e-9


@pytest.mark.parametrize("q", [0.25, 0.3])
def test_a_thousand_neighbours_are_summed_without_loss(q: float) -> None:
    """One round from neighbours of whom a share q has joined, relative to 1e-12."""
    rule = count_response(300)
    path = cascade_path(regular_degrees(1000), rule, q, rounds=1)
    assert path[1] == pytest.approx(q + (1 - q) * betainc(300, 701, q), rel=1e-12)
    everywhere = share_response(lambda share: share)
    # Bin(n, q)/n has the mean q.
    path = cascade_path(power_law_degrees(2.0, 1, 1000), everywhere, q, rounds=1)
    assert path[1] == pytest.approx(q + (1 - q) * q, rel=1e-12)


def test_a_simple_contagion_fills_the_components_that_it_starts_in() -> None:
    """From a random share ρ0: S = 1 − (1 − ρ0)·e^(−zS)."""
    z, seed = 1.5, 0.05
    closed = 1 + lambertw(-z * (1 - seed) * np.exp(-z)).real / z
    found = cascade_size(poisson_degrees(z), count_response(1), seed)
    assert found.share == pytest.approx(closed, abs=1e-10)


def test_many_neighbours_are_the_mean_field() -> None:
    """Degree 3,000: a share of neighbours is a share of all, as in Granovetter's population."""
    mean, sd, degree = 0.3, 0.08, 3000
    law = normal_thresholds(mean, sd)
    sparse = cascade_size(regular_degrees(degree), share_response(law), 0.0).share
    assert sparse == pytest.approx(continuum_limit(law).value, abs=5 / degree)


@pytest.mark.parametrize(("degree", "required"), [(3, 2), (4, 2), (6, 4), (10, 3)])
def test_the_critical_seed_of_regular_networks(degree: int, required: int) -> None:
    """Balogh and Pittel (2007): 1 − inf over y of y/P(Bin(d − 1, 1 − y) ≤ a − 1)."""
    y = np.linspace(1e-5, 1, 200_001)
    # Bin(d − 1, 1 − y) ≤ a − 1, as a probability of y's, without a difference.
    few = betainc(degree - required, required, y)
    expected = 1 - (y[few > 0] / few[few > 0]).min()
    found = critical_seed(regular_degrees(degree), count_response(required))
    if required == degree - 1:
        # All but one: members grow to everybody continuously, 1/(d − 1) being where they do.
        assert found is None
        assert expected == pytest.approx(1 - 1 / (degree - 1), abs=1e-4)
        return
    assert found is not None
    assert found.seed == pytest.approx(expected, abs=1e-8)
    assert found.after == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("law", "rule"),
    [
        (poisson_degrees(6.5), WATTS),
        (poisson_degrees(6.0), share_response(normal_thresholds(0.38, 0.15))),
        (poisson_degrees(10.0), count_response(4)),
        (power_law_degrees(2.5, 3, 100), share_response(fixed_threshold(0.3))),
    ],
)
def test_the_end_jumps_at_the_critical_seed(law: np.ndarray, rule: Response) -> None:
    jump = critical_seed(law, rule)
    assert jump is not None
    below, above = (cascade_size(law, rule, jump.seed * f).share for f in (0.9999, 1.0001))
    assert above == pytest.approx(jump.after, abs=1e-3)
    # Below, it closes in on the fold like a square root.
    assert below <= jump.before + 1e-9
    assert below == pytest.approx(jump.before, rel=0.05)


def test_inside_the_window_any_seed_is_enough() -> None:
    law = poisson_degrees(3.0)
    jump = critical_seed(law, WATTS)
    assert jump is not None
    assert (jump.seed, jump.before) == (0.0, 0.0)
    assert jump.after == pytest.approx(vanishing_cascade_size(law, WATTS), abs=1e-9)
    assert cascade_size(law, WATTS, 1e-6).share == pytest.approx(jump.after, abs=1e-5)


def test_who_always_follows_has_no_jump() -> None:
    assert critical_seed(poisson_degrees(0.8), count_response(1)) is None


@settings(max_examples=15)
@given(st.floats(0.5, 9), st.floats(0.05, 0.6), st.floats(0.01, 0.3), st.floats(0, 0.5))
def test_more_first_movers_lead_to_more_members(
    z: float, mean: float, sd: float, seed: float
) -> None:
    rule = share_response(normal_thresholds(mean, sd))
    law = poisson_degrees(z)
    fewer, more = (cascade_size(law, rule, s).share for s in (seed, seed + 0.1))
    assert seed - 1e-12 <= fewer <= more <= 1
    path = cascade_path(law, rule, seed, rounds=30)
    assert np.all(np.diff(path) >= -1e-12)
    assert path[0] == pytest.approx(seed)
    assert path[-1] <= fewer + 1e-9


def test_a_seed_by_degree() -> None:
    """The same share of every degree is a random seed; the hubs alone go further."""
    law = poisson_degrees(6.5)
    random = cascade_size(law, WATTS, 0.001)
    assert cascade_size(law, WATTS, np.full(len(law) + 5, 0.001)).share == random.share
    hubs = np.where(np.arange(len(law)) >= 15, 1.0, 0.0)
    assert float(hubs @ law) == pytest.approx(0.0036, abs=1e-3)
    assert cascade_path(law, WATTS, hubs, rounds=0)[0] == pytest.approx(float(hubs @ law))


def test_senseless_arguments_are_refused() -> None:
    law = regular_degrees(4)
    with pytest.raises(ValueError, match="never falls"):
        cascade_size(law, share_response(lambda share: np.where(share > 0.5, 0.0, 1.0)), 0.1)
    with pytest.raises(ValueError, match="response"):
        cascade_size(law, lambda members, degrees: members + 1.0, 0.1)
    with pytest.raises(ValueError, match="seed_share"):
        cascade_size(law, WATTS, -0.1)
    with pytest.raises(ValueError, match="one a degree"):
        cascade_size(law, WATTS, [0.1, 0.1])


# ------------------------------------------------------------------------------ simulated


def normal(network: SparseNetwork, rng: np.random.Generator) -> Answer:
    return by_share(network, rng.normal(0.38, 0.15, network.size))


def check(
    law: np.ndarray,
    rule: Response,
    seed_share: float,
    size: int,
    runs: int,
    draw: Draw,
    answer: Callable[[SparseNetwork, np.random.Generator], Answer],
    *,
    in_order: bool = False,
) -> None:
    """Final sizes, and the path when all decide at once, against prediction."""
    predicted = cascade_size(law, rule, seed_share).share
    rounds = 8
    path = cascade_path(law, rule, seed_share, rounds=rounds)
    ends, paths = [], []
    for run in range(runs):
        rng = np.random.default_rng(1000 + run)
        network = draw(size, run)
        seed = random_seed(size, round(seed_share * size), rng)
        theirs = answer(network, rng)
        walked, member = play(network, theirs, seed)
        ends.append(member.mean())
        paths.append(np.pad(walked, (0, rounds), mode="edge")[1 : rounds + 1])
        if in_order:
            # The order of deciding changes the way and not the end.
            assert np.array_equal(settle(network, theirs, seed, rng), member)
    assert within(ends, predicted), (np.mean(ends), predicted)
    for round_, values in enumerate(np.array(paths).T, start=1):
        assert within(values, path[round_]), (round_, values.mean(), path[round_])


def gilbert(mean: float) -> Draw:
    return lambda size, run: network_models.random(size, mean, run)


def regular(degree: int) -> Draw:
    def draw(size: int, run: int) -> SparseNetwork:
        return swapped(network_models.ring(size, degree), 10, np.random.default_rng(500 + run))

    return draw


@pytest.mark.parametrize("seed_share", [0.01, 0.04])
def test_simulated_final_size_and_path(seed_share: float) -> None:
    rule = share_response(normal_thresholds(0.38, 0.15))
    check(poisson_degrees(6.0), rule, seed_share, 10_000, 8, gilbert(6.0), normal)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mean", "seed_share"),
    [(6.0, 0.01), (6.0, 0.04), (6.0, 0.08), (3.0, 0.02), (12.0, 0.05)],
)
def test_simulated_normal_thresholds(mean: float, seed_share: float) -> None:
    rule = share_response(normal_thresholds(0.38, 0.15))
    check(poisson_degrees(mean), rule, seed_share, 50_000, 10, gilbert(mean), normal, in_order=True)


@pytest.mark.slow
@pytest.mark.parametrize(("mean", "seed_share"), [(3.0, 0.005), (5.0, 0.01), (8.0, 0.02)])
def test_simulated_equal_thresholds(mean: float, seed_share: float) -> None:
    check(
        poisson_degrees(mean),
        WATTS,
        seed_share,
        50_000,
        10,
        gilbert(mean),
        lambda network, rng: by_share(network, 0.18),
        in_order=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed_share", [0.08, 0.14])
def test_simulated_complex_contagion_on_a_random_regular_network(seed_share: float) -> None:
    """Degree 4, two sources: the critical seed is 1/9."""
    check(
        regular_degrees(4),
        count_response(2),
        seed_share,
        10_000,
        10,
        regular(4),
        lambda network, rng: by_count(2),
        in_order=True,
    )


@pytest.mark.slow
def test_simulated_seeding_of_hubs() -> None:
    """Everybody of a degree of at least 13, on networks of mean degree 7.5 outside the window."""
    mean, least, size = 7.5, 13, 50_000
    law = poisson_degrees(mean)
    hubs = np.where(np.arange(len(law)) >= least, 1.0, 0.0)
    predicted = cascade_size(law, WATTS, hubs).share
    ends = []
    for run in range(10):
        network = network_models.random(size, mean, 80 + run)
        ends.append(settle(network, by_share(network, 0.18), network.degrees() >= least).mean())
    assert within(ends, predicted), (np.mean(ends), predicted)


@pytest.mark.slow
def test_simulated_on_one_network_with_its_own_degrees() -> None:
    """Between the seeds alone: the observed law in place of the limit's."""
    network = network_models.random(50_000, 6.0, 3)
    rule = share_response(normal_thresholds(0.38, 0.15))
    predicted = cascade_size(observed_degrees(network.degrees()), rule, 0.02).share
    ends = []
    for run in range(10):
        rng = np.random.default_rng(run)
        ends.append(settle(network, normal(network, rng), random_seed(50_000, 1000, rng)).mean())
    # One network's own deviation from its degree law stays: a few of a run's standard errors.
    assert np.mean(ends) == pytest.approx(predicted, abs=4 * np.std(ends, ddof=1))
