"""Free riding: nothing without a leak, sums that add up, and the ways to a public good."""

from __future__ import annotations

import numpy as np
import pytest

from gigsim.config import Config, build
from gigsim.dynamics.carried import light
from gigsim.dynamics.exclusion import contributors, exclusion, public_good
from gigsim.dynamics.free_riding import cells, free_riding
from gigsim.dynamics.intervals import mean_of
from gigsim.dynamics.riding_figures import exclusion_figure, riding_figure
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.theory.participation.public_goods import public_good_share
from tests.dynamics.societies import society

UNIFORM = {"kind": "uniform", "low": 0.0, "high": 1.0}


def leaky(**overrides: object) -> Config:
    """300 people of costs up to 1.2, ten acquaintances each, 20 of them committed."""
    keys = {
        "population.size": 300,
        "population.cost": {"kind": "uniform", "low": 0.0, "high": 1.2},
        "network": {"kind": "random", "degree": 10.0},
        "collective.first_movers": 20,
        "society.spillover": 0.2,
        "run.periods": 25,
    }
    return society(**(keys | overrides))


def test_no_leak_no_free_riders_no_differences() -> None:
    rows = free_riding(cells(leaky(), [0.0], spillovers=[0.0, 0.3]), [1, 2]).rows
    assert len(rows) == 4
    assert (rows["free_riders"] == 0).all()
    changed = [name for name in rows if name.startswith(("gain_", "each_")) or "_lost" in name]
    assert len(changed) == 10
    assert (rows[changed].fillna(0) == 0).all(axis=None)


def test_groups_add_up_and_people_are_paired() -> None:
    config = leaky()
    (row,) = free_riding(cells(config, [0.02]), [3]).rows.to_dict("records")
    parts = sum(row[f"gain_{group}"] for group in ("free_riders", "members", "outsiders"))
    assert parts == pytest.approx(row["gain_all"], abs=1e-9)
    ends = []
    for leak in (0.02, 0.0):
        one = build(config.model_dump(mode="json"), {"collective.leak": leak})
        model = GigEconomy(one, rng=3)
        model.run()
        ends.append(model.population)
    assert np.array_equal(ends[0].cost, ends[1].cost)
    gained = ends[0].utility - ends[1].utility
    riding = ends[0].free_rider
    assert riding.sum() > 10
    assert row["each_free_rider"] == pytest.approx(gained[riding].mean(), abs=1e-12)
    assert row["gain_all"] == pytest.approx(gained.mean(), abs=1e-12)
    assert row["converts"] == (riding & ends[1].member).mean()
    assert row["members_lost"] == pytest.approx((ends[1].members - ends[0].members) / 300)
    assert row["alpha"] + row["free_riders"] + row["outsiders"] == pytest.approx(1)


def test_everybody_hears_of_it_at_once() -> None:
    # Complete network, leak 1: everybody holds the signal in period 1 and has no reason to pay.
    config = leaky(**{"network": {"kind": "complete"}})
    found = free_riding(cells(config, [0.0, 1.0]), [1])
    without, row = found.rows.to_dict("records")
    assert row["alpha"] == 20 / 300
    assert row["free_riders"] == pytest.approx(280 / 300)
    assert row["converts"] == pytest.approx(without["alpha"] - 20 / 300)
    assert found.means["alpha_recursion"].iloc[1] == pytest.approx(20 / 300, abs=1e-9)
    # Each first mover loses what the gain loses, b = 1, and nothing else.
    assert row["each_member"] == pytest.approx(-row["success_lost"], abs=1e-12)
    assert np.isnan(row["each_outsider"])


def test_rotation_and_retention_are_cells() -> None:
    alternates = {"collective.signal.alternates": ["Ꝑ"], "collective.rotate_every": 2}
    grid = cells(leaky(**alternates), [0.0, 0.05], [0.0, 1.0], [0, 2])
    found = free_riding(grid, [1])
    assert len(found.means) == 8
    assert riding_figure(found).axes
    riders = found.rows.set_index(["leak", "retention", "rotate_every"])["free_riders"]
    # What leaked is worth nothing after a change of token.
    assert riders[0.05, 0.0, 2] < riders[0.05, 0.0, 0]


@pytest.mark.slow
def test_more_workers_change_nothing() -> None:
    grid = cells(leaky(**{"run.periods": 5}), [0.02])
    alone = free_riding(grid, [1, 2])
    assert alone.rows.equals(free_riding(grid, [1, 2], workers=1).rows)
    assert len(riding_figure(alone).axes) == 2


def test_bad_questions() -> None:
    with pytest.raises(InputError, match="--leaks"):
        cells(leaky(), [])
    with pytest.raises(InputError, match=r"--leaks: 1\.5"):
        cells(leaky(), [1.5])
    with pytest.raises(InputError, match="alternates"):
        cells(leaky(), [0.1], rotations=[2])
    changing = leaky(at=[{"period": 3, "set": {"collective.leak": 0.1}}])
    with pytest.raises(InputError, match=r"collective\.leak"):
        free_riding(cells(changing, [0.1]), [1])
    with pytest.raises(InputError, match=r"society\.rule"):
        exclusion(society(**{"society.rule": "threshold"}))


@pytest.mark.slow
def test_the_leaky_club_ends_at_gamma_one_minus_cost() -> None:
    # V27: c/b = .2, κ = .01: α_c = κ/(κ + 1 − c/(1−γ)), .016393 at γ = .5; never from .8 on.
    config = society(**{"population.cost": 0.2, "platform.learner.bound_xi": 0.01})
    found = exclusion(config, [0.5, 0.9, 1.0], [], [1])
    path = found.path.set_index("gamma")
    assert path.loc[0.5, "critical"] == pytest.approx(0.016393, abs=1e-6)
    assert path.loc[0.5, "critical_simulated"] == 0.017
    assert path.loc[0.5, "high_simulated"] == 1
    assert np.isinf(path.loc[[0.9, 1.0], "critical"]).all()
    assert (path.loc[[0.9, 1.0], ["high", "high_simulated"]] == 0).all(axis=None)
    assert path.loc[[0.9, 1.0], "critical_simulated"].isna().all()


@pytest.mark.slow
def test_uniform_costs_by_gamma() -> None:
    # V28: r = 1 − γ = .5: α_c = .010103, equilibrium .494897.
    keys = {"population.cost": UNIFORM, "population.size": 4000}
    config = society(**keys, **{"platform.learner.bound_xi": 0.01})
    (row,) = exclusion(config, [0.5], [], [1]).path.to_dict("records")
    assert (row["critical"], row["high"]) == pytest.approx((0.010103, 0.494897), abs=1e-6)
    # 4 s.e. of the fixed point of people drawn at random; the slope rκ/α² is .02 there.
    error = np.sqrt(0.494897 * 0.505103 / 4000) / 0.98
    assert abs(row["high_simulated"] - row["high"]) <= 4 * error + 1 / 4000


@pytest.mark.slow
def test_pure_public_good_by_size() -> None:
    # V30: κ = .001, c/b = .01: √(bκ/(cN)) is .002 at 25,000; at 400,000 it is under the foot.
    config = society(**{"population.cost": 0.01, "platform.learner.bound_xi": 0.001})
    found = exclusion(config, [], [25_000, 400_000], [1])
    few, many = found.goods.to_dict("records")
    assert few["olson"] == 25
    assert few["formula"] == pytest.approx(0.002)
    exact = float(public_good_share(0.01, kappa=0.001, population=25_000))
    assert few["high"] == pytest.approx(exact, abs=1e-9)
    assert abs(few["simulated"] - exact) <= 1 / 25_000
    assert (many["olson"], many["formula"], many["high"], many["simulated"]) == (400, 0, 0, 0)
    assert len(exclusion_figure(found).axes) == 1


def test_a_difference_is_weighed_at_the_foot() -> None:
    one = light(public_good(society(**{"population.cost": 0.01}), 1000))
    assert one.society.rule == "pivotal"
    gains = contributors(one).gain(np.arange(1000) / 1000)
    bound = np.maximum(0, 1 - 0.02 * (1 - np.arange(1, 1001) / 1000) / (np.arange(1, 1001) / 1000))
    assert np.allclose(gains, np.diff(np.concatenate([[0.0], bound])), atol=1e-12)


def test_means_over_seeds() -> None:
    assert mean_of([1.0, np.nan, 3.0]).count == 2
    assert np.isnan(mean_of([]).mean)
    assert np.isnan(mean_of([1.0]).low)
    assert mean_of([1.0, 1.1, 0.9]).surely
    assert not mean_of([1.0, -1.0]).surely
