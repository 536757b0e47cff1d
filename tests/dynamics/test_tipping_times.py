"""When runs tip, and how long a small society stays in a state by chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gigsim.config import Config
from gigsim.dynamics.switching import (
    joining_probabilities,
    mean_switching_time,
    switching_times,
    transition,
)
from gigsim.dynamics.tipping_times import predicted_period, tipping_times
from gigsim.errors import InputError
from tests.dynamics.societies import curve_file, on_curve, society


def test_well_above_the_gap_all_tip_when_the_recursion_does() -> None:
    config = society(**{"collective.first_movers": 60, "platform.retrain_every": 2})
    found = tipping_times(config, range(1, 5))
    assert found.tipped.count == found.grown.count == 4
    assert set(found.quantiles.values()) == {found.predicted}


def test_below_it_none_does_and_none_is_left_out() -> None:
    found = tipping_times(society(**{"collective.first_movers": 20}), range(1, 4), periods=15)
    assert (found.tipped.count, found.tipped.of) == (0, 3)
    assert set(found.quantiles.values()) == {None}
    assert (found.predicted, found.why) == (None, "")


def test_why_there_is_no_recursion() -> None:
    assert "imitation" in predicted_period(society(**{"society.rule": "imitation"}), 5)[1]
    changing = society(at=[{"period": 2, "set": {"society.benefit_scale": 2.0}}])
    assert "at" in predicted_period(changing, 5)[1]


def _logit(path: Path, size: int) -> Config:
    line = on_curve(curve_file(path / "line.csv", [(0, 0), (1, 1)]))
    keys = {"population.size": size, "population.cost": 0.5}
    rule = {"society.rule": "logit", "society.choice_precision": 5.0}
    return society(**line, **keys, **rule)


def test_the_chain_is_a_law() -> None:
    rows = transition(np.linspace(0.1, 0.9, 31), 0.4)
    assert np.allclose(rows.sum(axis=1), 1)
    # Mean of the next number of members: n + a(Np − n).
    counts = np.arange(31)
    expected = counts + 0.4 * (30 * np.linspace(0.1, 0.9, 31) - counts)
    assert np.allclose(rows @ counts, expected)


def test_up_and_down_are_alike_where_the_rule_is(tmp_path: Path) -> None:
    joins = joining_probabilities(_logit(tmp_path, 30))
    up = mean_switching_time(joins, 0.5, boundary=16, start=0)
    down = mean_switching_time(joins, 0.5, boundary=15, start=30)
    assert up == pytest.approx(down, rel=1e-9)


def test_switching_takes_exponentially_long_in_n(tmp_path: Path) -> None:
    sizes = np.array([40, 60, 80, 100, 120])
    times = []
    for size in sizes:
        joins = joining_probabilities(_logit(tmp_path, int(size)))
        times.append(mean_switching_time(joins, 0.5, boundary=int(size) // 2, start=0))
    rates = np.diff(np.log(times)) / np.diff(sizes)
    assert rates.min() > 0.02
    # A straight line in N: the rate settles.
    assert abs(rates[-1] - rates[-2]) < 0.1 * rates[-1]


@pytest.mark.parametrize("size", [10, pytest.param(24, marks=pytest.mark.slow)])
def test_the_loop_switches_as_the_chain_says(tmp_path: Path, size: int) -> None:
    config = _logit(tmp_path, size)
    joins = joining_probabilities(config)
    mean = mean_switching_time(joins, 0.5, boundary=size // 2, start=0)
    found = switching_times(config, size // 2, range(40), periods=round(40 * mean))
    times = np.array([one.period for one in found], dtype=float)
    assert np.isfinite(times).all()
    # Waiting times are nearly exponential: sd and mean are alike.
    assert times.mean() == pytest.approx(mean, abs=4 * mean / np.sqrt(len(times)))


def test_where_the_chain_is_not_exact(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"society\.rule"):
        joining_probabilities(society())
    with pytest.raises(ValueError, match="boundary"):
        mean_switching_time(np.full(3, 0.5), 0.5, boundary=0, start=0)
    del tmp_path
