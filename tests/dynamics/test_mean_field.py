"""The recursion: the loop's own path for large N, its limits, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gigsim.dynamics.first_movers import first_movers
from gigsim.dynamics.mean_field import MeanField, mean_field
from gigsim.dynamics.prediction import joining_map
from gigsim.dynamics.way_up import predicted_first_movers
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from tests.dynamics.societies import society

LOGNORMAL = {"kind": "lognormal", "median": 0.45, "sigma": 0.5}
#: One that exercises each part; leaks are per tie, of which everybody has N - 1.
WORLDS: dict[str, dict[str, Any]] = {
    "plain": {"platform.retrain_every": 3},
    "leak": {"collective.leak": 0.2},
    "retention and turnover": {
        "collective.leak": 0.1,
        "collective.retention": 0.4,
        "population.turnover": 0.03,
        "society.spillover": 0.3,
    },
    "rotation": {
        "collective.leak": 0.3,
        "collective.rotate_every": 2,
        "collective.signal.alternates": ["†"],
        "platform.retrain_every": 2,
    },
    "logit": {"society.rule": "logit", "society.choice_precision": 8.0},
    "adaptive, once": {
        "society.belief": "adaptive",
        "society.adaptation": 0.3,
        "society.cost_timing": "once",
        "society.horizon": 2,
        "collective.leak": 0.1,
        "collective.retention": 0.5,
    },
    "window": {"platform.data": "window", "platform.window": 4},
    "threshold": {
        "society.rule": "threshold",
        "population.threshold": {"kind": "normal", "mean": 0.25, "sd": 0.15},
    },
    "changes in time": {
        "collective.dues": 0.02,
        "at": [
            {"period": 8, "set": {"society.benefit_scale": 0.5}},
            {"period": 15, "set": {"collective.first_movers": 400}},
        ],
    },
}


def _config(size: int, keys: dict[str, Any]) -> Any:
    leak = keys.get("collective.leak", 0.0) / size
    first = {"collective.first_movers": size // 20, "collective.leak": leak}
    if "at" in keys:
        at = [dict(change) for change in keys["at"]]
        at[1] = {"period": 15, "set": {"collective.first_movers": size // 4}}
        first["at"] = at
    return society(**({"population.cost": LOGNORMAL} | keys | first | {"population.size": size}))


def _against_the_loop(size: int, runs: int, keys: dict[str, Any]) -> None:
    config = _config(size, keys)
    predicted = mean_field(config, 25)
    alphas, riders = [], []
    for seed in range(1, runs + 1):
        model = GigEconomy(config, rng=seed)
        model.run(25)
        alphas.append(model.periods["alpha"].to_numpy())
        riders.append(model.periods["free_riders"].to_numpy() / size)
    for found, expected in ((alphas, predicted.alpha), (riders, predicted.free_riders)):
        error = np.std(found, axis=0, ddof=1) / np.sqrt(runs)
        # 4 s.e. of the mean over worlds; and classes of cost, and curvature: orders 1/bins, 1/N.
        assert np.all(np.abs(np.mean(found, axis=0) - expected[:, 0]) <= 4 * error + 3e-3)


@pytest.mark.parametrize("name", ["changes in time", "leak", "retention and turnover"])
def test_the_loops_own_path(name: str) -> None:
    _against_the_loop(1_500, 6, WORLDS[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(WORLDS))
def test_the_loops_own_path_at_a_hundred_thousand(name: str) -> None:
    _against_the_loop(100_000, 4, WORLDS[name])


@pytest.mark.slow
def test_random_networks_are_nearly_annealed() -> None:
    keys = {"population.cost": LOGNORMAL, "population.size": 50_000, "collective.leak": 0.01}
    config = society(
        **keys, **{"network": {"kind": "random", "degree": 10.0}, "collective.first_movers": 2500}
    )
    predicted, model = mean_field(config, 30), GigEconomy(config)
    model.run(30)
    found = model.periods["free_riders"].to_numpy() / 50_000
    # What one hears of comes in clusters, which the recursion does not know: within 1 %.
    assert np.abs(found - predicted.free_riders[:, 0]).max() < 0.01


def test_it_ends_where_the_map_says() -> None:
    config = society(**{"population.cost": LOGNORMAL, "collective.first_movers": 60})
    path = MeanField(config).settle()
    assert path.settled
    # A class of cost is at most 1/128 of the people wide, and filled by its share: to rounding.
    assert path.alpha[-1, 0] == pytest.approx(joining_map(config).fixed_points().low, abs=1e-6)


@pytest.mark.parametrize("cost", [0.4, LOGNORMAL, {"kind": "uniform", "low": 0.1, "high": 1.1}])
def test_first_movers_without_leaks_are_the_maps(cost: Any) -> None:
    config = society(**{"population.cost": cost})
    stepped, on_map = predicted_first_movers(config), first_movers(joining_map(config))
    assert stepped.share[0] == pytest.approx(on_map.share[0], rel=1e-4)


def test_hopeless_societies_need_infinitely_many() -> None:
    assert predicted_first_movers(society(**{"population.cost": 2.0})).share[0] == np.inf


def test_leaks_cost_members() -> None:
    plain = {"population.cost": LOGNORMAL, "collective.first_movers": 60}
    paths = [
        MeanField(society(**plain, **{"collective.leak": leak})).settle().alpha[-1, 0]
        for leak in (0.0, 1e-4, 1e-3)
    ]
    assert paths[0] > paths[1] > paths[2]


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ("society.rule", {"society.rule": "imitation"}),
        ("society.belief", {"society.belief": "neighbours"}),
        ("society.activation", {"society.activation": {"kind": "uniform", "low": 0, "high": 1}}),
        ("collective.provision_point", {"collective.provision_point": 0.1}),
        ("collective.subsidy", {"collective.subsidy": 0.1, "collective.fund": 5.0}),
    ],
)
def test_what_has_no_density_is_refused(where: str, keys: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refused:
        MeanField(society(**keys))
    assert refused.value.where == where
