"""Sweeps within one run: the state is history between the folds of theory."""

from __future__ import annotations

import pytest

from gigsim.dynamics.hysteresis import hysteresis, swept
from gigsim.errors import InputError
from tests.dynamics.societies import society

COST = {"kind": "normal", "mean": 0.5, "sd": 0.05}


@pytest.mark.slow
def test_participation_does_not_come_back_the_same_way() -> None:
    config = society(**{"population.cost": COST, "collective.first_movers": 25})
    values = [0.3, 0.7, 1.2, 2.4]
    found = hysteresis(config, "society.benefit_scale", values, hold=25, seeds=[1, 2])
    assert len(found.table) == 2 * 2 * len(values)
    assert found.predicted is not None
    for way in ("up", "down"):
        own = found.table[found.table["way"] == way].groupby("value")["alpha"].mean()
        foretold = found.predicted[found.predicted["way"] == way].set_index("value")["alpha"]
        # 1,000 people's costs: 4 s.e. of a share, over two worlds.
        assert (own - foretold).abs().max() < 4 * 0.5 / (2 * 1000) ** 0.5
    assert found.jumps_up is not None
    assert found.jumps_down is not None
    up, down = found.jumps_up[0].parameter, found.jumps_down[0].parameter
    assert up > down
    widths = found.widths.set_index("value")["mean"]
    assert all(widths[v] > 0.3 for v in values if down < v < up)
    assert all(widths[v] < 0.05 for v in values if not down < v < up)
    assert any(down < v < up for v in values)


def test_a_rule_without_density_is_simulated_all_the_same() -> None:
    config = society(**{"society.rule": "imitation", "population.size": 100})
    found = hysteresis(config, "society.benefit_scale", [0.5, 1.0], hold=3, seeds=[1])
    assert found.predicted is None
    assert "imitation" in found.why
    assert found.jumps_up is None


def test_the_sweep_is_a_config() -> None:
    plan = swept(society(), "collective.first_movers", [0, 10, 20], 5)
    assert plan.run.periods == 25
    assert [change.period for change in plan.at] == [1, 6, 11, 16, 21]
    assert [change.set["collective.first_movers"] for change in plan.at] == [0, 10, 20, 10, 0]


def test_bad_sweeps() -> None:
    with pytest.raises(InputError, match="ascending"):
        swept(society(), "society.benefit_scale", [1.0, 0.5], 5)
    with pytest.raises(InputError, match="does not change in time"):
        swept(society(), "population.size", [10, 20], 5)
    with pytest.raises(InputError, match=r"--values: society\.activation: 2"):
        swept(society(), "society.activation", [0.5, 2], 5)
    with pytest.raises(InputError, match=r"--key: society\.nothing"):
        swept(society(), "society.nothing", [0.5, 2], 5)
    with pytest.raises(InputError, match="hold"):
        swept(society(), "society.benefit_scale", [0.5, 1.0], 0)
    changing = society(at=[{"period": 2, "set": {"society.benefit_scale": 2.0}}])
    with pytest.raises(InputError, match="changes in time itself"):
        swept(changing, "society.benefit_scale", [0.5, 1.0], 5)
