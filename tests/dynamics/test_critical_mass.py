"""Critical mass by simulation: exact where the world is known, monotone, paired, and timid."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from gigsim.dynamics.carried import light, run_to_rest
from gigsim.dynamics.comparison import compare
from gigsim.dynamics.comparison_table import COSTS, comparison_table
from gigsim.dynamics.comparison_table import society as row
from gigsim.dynamics.critical_mass import critical_mass, median_interval
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from tests.dynamics.societies import society

NORMAL = {"kind": "normal", "mean": 0.5, "sd": 0.15}


def test_identical_costs_exactly() -> None:
    found = critical_mass(society(), 0.5, range(1, 4), guess=20)
    # κ/(κ + 1 − c) = .03226 of 1,000 people.
    assert found.numbers.tolist() == [33.0] * 3
    assert (found.median, found.share) == (33.0, 0.033)
    assert found.restless == 0


def test_each_world_is_its_own_samples_map() -> None:
    config = light(society(**{"population.cost": NORMAL}))
    found = critical_mass(config, 0.5, range(1, 3), guess=18, probed=2)
    for world in found.worlds:
        people = GigEconomy(config, rng=world.seed).population
        order = np.argsort(people.luck["first_movers"], kind="stable")
        costs, size = people.cost[order], 1000
        share = np.arange(size + 1) / size
        with np.errstate(divide="ignore"):
            gain = np.maximum(0, 1 - 0.02 * (1 - share) / share)
        ends = []
        for first in range(60):
            after = first + np.searchsorted(np.sort(costs[first:]), gain, side="right")
            ends.append(int(((after <= np.arange(size + 1)) & (share >= first / size)).argmax()))
        assert world.critical == int(np.argmax(np.array(ends) >= 500))
    assert found.violations[0] == 0
    assert found.violations[1] >= 8


@pytest.mark.slow
def test_more_workers_change_nothing() -> None:
    config = society(**{"population.size": 300, "population.cost": NORMAL})
    alone, beside = (critical_mass(config, 0.5, range(1, 4), guess=6, workers=n) for n in (0, 1))
    assert alone == beside


@pytest.mark.parametrize("guess", [500.0, float("inf")])
def test_the_guess_only_makes_it_quick(guess: float) -> None:
    assert critical_mass(society(), 0.5, [1], guess=guess).median == 33


def test_hopeless_worlds_are_infinite() -> None:
    found = critical_mass(society(**{"population.cost": 2.0}), 0.5, range(1, 3), guess=5)
    assert np.isinf(found.numbers).all()
    assert np.isinf(found.median)


def test_resolution_spares_runs() -> None:
    config = society(**{"population.size": 2000})
    exact = critical_mass(config, 0.5, [1], guess=40)
    near = critical_mass(config, 0.5, [1], guess=40, resolution=0.1)
    assert near.runs < exact.runs
    assert exact.median <= near.median <= 1.12 * exact.median


def test_what_is_light_decides_alike() -> None:
    config = society(**{"population.cost": NORMAL, "measure.selection_draws": 999})
    assert run_to_rest(config, 25, 3) == run_to_rest(light(config), 25, 3)


def test_the_medians_interval() -> None:
    assert median_interval(np.arange(1.0, 6.0)) == (0.0, float("inf"))
    assert median_interval(np.arange(1.0, 6.0), least=-1.0) == (-1.0, float("inf"))
    for n in range(6, 60):
        low, high = median_interval(np.arange(1.0, n + 1))
        # The median lies outside if fewer than `low` or more than n - low values are under it.
        assert high == n + 1 - low
        assert 2 * binom.cdf(low - 1, n, 0.5) <= 0.05
        assert 2 * binom.cdf(low, n, 0.5) > 0.05


def test_bad_questions() -> None:
    with pytest.raises(ValueError, match="seed"):
        critical_mass(society(), 0.5, [], guess=1)
    with pytest.raises(ValueError, match="boundary"):
        critical_mass(society(), 0.0, [1], guess=1)


@pytest.mark.slow
def test_predictions_stand_beside_it() -> None:
    config = society(**{"population.cost": NORMAL, "population.size": 500})
    found, worlds = compare(config, range(1, 7), probed=0)
    assert found.map == pytest.approx(found.recursion, rel=1e-3)
    assert found.low <= found.sampled <= found.high or (
        found.sampled_low <= found.simulated <= found.sampled_high
    )
    assert worlds.runs == found.runs


def test_any_rule_with_a_boundary() -> None:
    keys = {"population.size": 60, "society.rule": "complex_contagion"}
    network = {"network": {"kind": "ring", "degree": 4}, "society.leaving": "never"}
    config = society(**keys, **network)
    with pytest.raises(InputError, match=r"society\.rule"):
        compare(config, [1])
    found, _ = compare(config, [1], boundary=0.9, probed=0)
    assert 2 <= found.simulated < 54
    assert np.isnan(found.map)


def test_a_society_without_a_gap_is_refused() -> None:
    with pytest.raises(InputError, match="over a gap"):
        compare(society(**{"population.cost": 2.0}), [1])


@pytest.mark.slow
def test_thirty_two_societies() -> None:
    table = comparison_table(2_000, 9)
    assert len(table) == 32
    assert np.isfinite(table["simulated"]).all()
    assert table["violations"].sum() == 0
    plain = table[table["leak"] == 0]
    # Worlds of N people have the spread that their costs give them: medians of nine within it.
    assert (plain["simulated"] >= plain["sampled_low"]).all()
    assert (plain["simulated"] <= plain["sampled_high"]).all()
    # With leaks the spread is that of the same society without, as many times as wide as the
    # recursion says that more are needed; a person on either side is rounding.
    key = ["cost", "spillover", "kappa"]
    both = table[table["leak"] > 0].merge(plain, on=key, suffixes=("", "_plain"))
    more = both["recursion"] / both["recursion_plain"]
    assert (more >= 1 - 1e-4).all()
    assert (both["simulated"] >= more * both["sampled_low_plain"] - 1).all()
    assert (both["simulated"] <= more * both["sampled_high_plain"] + 1).all()


def test_the_tables_societies() -> None:
    assert row(COSTS["uniform"], 0.4, 0.005, 0.0, 4000).network.kind == "complete"
    assert row(COSTS["uniform"], 0.4, 0.005, 0.05, 4000).collective.leak == 0.05
