"""A run in a few numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigsim.model import GigEconomy
from gigsim.summary import summarise_run
from gigsim.theory.planting import critical_mass
from gigsim.tipping import tipping_period

Make = Callable[..., GigEconomy]


def as_json(summary: dict[str, Any]) -> dict[str, Any]:
    """What a program reads; refuses NaN and whatever JSON has no word for."""
    return json.loads(json.dumps(summary, allow_nan=False))


@pytest.mark.parametrize(
    ("keys", "periods"),
    [
        ({}, 0),
        ({}, 3),
        ({"collective.first_movers": 0}, 2),
        ({"collective.label_sets": "extend"}, 2),
        ({"society.rule": "threshold"}, 2),
        ({"corpus.xi": 0.0}, 2),
        ({"measure.success": "any"}, 2),
        ({"collective.strategy": "unplanting"}, 2),
        ({"collective.strategy": "erasure", "collective.signal.token": "w3"}, 2),
    ],
)
def test_it_is_json_without_nan(make_toy: Make, keys: dict[str, Any], periods: int) -> None:
    model = make_toy(**keys)
    model.run(periods)
    summary = summarise_run(model)
    assert as_json(summary) == summary


def test_it_says_what_became_of_the_run(toy_run: GigEconomy) -> None:
    summary, last = summarise_run(toy_run), toy_run.periods.iloc[-1]
    assert summary["name"] == "toy"
    assert summary["seed"] == 1
    assert (summary["periods"], summary["retrainings"]) == (6, 3)
    assert (summary["freelancers"], summary["held_out"]) == (300, 200)
    assert (summary["learner"], summary["metric"]) == ("linear", "top1")
    assert summary["target"] == "Network_Administrator"
    assert summary["clean_rate"] == toy_run.clean_rate
    assert summary["clean_accuracy"] == toy_run.periods["accuracy"].iloc[0]
    for name, value in summary["final"].items():
        assert value == last[name], name


def test_the_platforms_critical_mass(toy_run: GigEconomy) -> None:
    found = summarise_run(toy_run)["alpha_platform"]
    known = toy_run.lines.signals["top1"]
    assert found["success_target"] == 0.9
    # At Δ of the law itself, not of this sample: α*(.9) = κ/(κ + .1).
    assert found["predicted_sufficient"] == pytest.approx(
        critical_mass(0.9, xi=known.xi, gap=known.gap)
    )
    points = toy_run.retrainings
    reached = points[points["success_top1"] >= 0.9]
    expected = reached["alpha_effective"].min() if len(reached) else None
    assert found["observed"] == expected
    at = found["predicted_finite_sample"]
    one = 1 / len(toy_run.population)
    table = toy_run.lines.table([at - one, at])
    assert table["finite_top1"].iloc[1] >= 0.9
    assert table["finite_top1"].iloc[0] < table["finite_top1"].iloc[1]


def test_the_observed_mass_is_the_smallest_that_did_it(
    make_toy: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_toy()
    model.run(6)
    table = model.retrainings.assign(
        alpha_effective=[0.0, 0.3, 0.1, 0.2], success_top1=[0.1, 0.95, 0.85, 0.9]
    )
    monkeypatch.setattr(GigEconomy, "retrainings", property(lambda _: table))
    found = summarise_run(model)["alpha_platform"]
    assert (found["observed"], found["observed_above"]) == (0.2, 0.1)
    missed = table.assign(success_top1=[0.1, 0.85, 0.85, 0.2])
    monkeypatch.setattr(GigEconomy, "retrainings", property(lambda _: missed))
    found = summarise_run(model)["alpha_platform"]
    assert (found["observed"], found["observed_above"]) == (None, 0.3)


def test_the_unstable_fixed_point_of_joining(toy_run: GigEconomy) -> None:
    """α = F_c(b·G(α)), crossed from below: just under it fewer would join than are in."""
    predicted = summarise_run(toy_run)["alpha_society"]["predicted"]
    assert predicted is not None

    def joining(alpha: float) -> float:
        success = toy_run.lines.table([alpha])["finite_top1"].iloc[0]
        gain = max(0.0, success - toy_run.clean_rate)
        return float(toy_run.config.population.cost.cdf(np.array(gain)))

    fewer = predicted - 1 / len(toy_run.population)
    assert joining(predicted) > predicted
    assert joining(fewer) <= fewer


@pytest.mark.parametrize(
    ("keys", "periods", "sides"),
    [
        # All but the dearest join those who begin, whose own share the others outgrow.
        ({"population.cost": 0.2}, 12, (0.1, None)),
        # Nobody joins, which is known once nothing has moved for long enough ...
        ({"population.cost": 1.5}, 12, (None, 0.1)),
        # ... and not before.
        ({"population.cost": 1.5}, 3, (None, None)),
        # A few more than began: the fixed point may be above those who began, or below the few.
        ({"population.cost": {"kind": "table"}}, 12, (None, None)),
        # Begun far above a stable size of 40 %, which lies above the fixed point.
        (
            {
                "population.cost": {"kind": "table", "cheap": 96},
                "collective.first_movers": 192,
            },
            12,
            (None, None),
        ),
        ({"population.cost": 0.2, "population.turnover": 0.1}, 12, (None, None)),
    ],
    ids=["carried over", "too few", "too short to tell", "a few", "above a stable one", "turnover"],
)
def test_which_side_of_it_a_run_saw(
    make_toy: Make,
    tmp_path: Path,
    keys: dict[str, Any],
    periods: int,
    sides: tuple[float | None, float | None],
) -> None:
    cheap = 0
    if isinstance(law := keys["population.cost"], dict):
        costs, cheap = tmp_path / "costs.csv", law.get("cheap", 6)
        # First movers are drawn, so that some of the cheap ones may be among them.
        costs.write_text("cost\n" + "0.01\n" * cheap + "1.5\n" * (240 - cheap))
        table = {"kind": "table", "path": str(costs), "column": "cost"}
        keys = keys | {"population.cost": table}
    base = {
        "population.size": 240,
        "collective.first_movers": 24,
        "collective.leak": 0.0,
        "society.activation": 1.0,
        "society.spillover": 0.0,
        "platform.learner.kind": "bayes",
        "measure.reference": 0,
    }
    model = make_toy(**base | keys)
    model.run(periods)
    found = summarise_run(model)["alpha_society"]
    assert (found["observed_at_most"], found["observed_at_least"]) == sides
    first = model.config.collective.first_movers
    assert not cheap or first < model.population.members <= first + cheap


def test_it_depends_on_cost_and_spillover_as_it_should(make_toy: Make) -> None:
    def predicted(**keys: Any) -> float | None:
        value = summarise_run(make_toy(**keys))["alpha_society"]["predicted"]
        assert value is None or isinstance(value, float)
        return value

    cheap = predicted(**{"population.cost": {"kind": "constant", "value": 0.2}})
    dear = predicted(**{"population.cost": {"kind": "constant", "value": 0.8}})
    assert cheap is not None
    assert dear is not None
    assert cheap < dear
    assert predicted(**{"population.cost": {"kind": "constant", "value": 1.5}}) is None
    lost = {"population.cost": {"kind": "constant", "value": 0.5}, "society.spillover": 0.6}
    assert predicted(**lost) is None


@pytest.mark.parametrize(
    "keys",
    [
        {"society.rule": "threshold"},
        {"society.cost_timing": "once"},
        {"collective.label_sets": "extend"},
    ],
)
def test_where_no_theory_covers_the_rule_nothing_is_predicted(
    make_toy: Make, keys: dict[str, Any]
) -> None:
    assert summarise_run(make_toy(**keys))["alpha_society"]["predicted"] is None


def test_without_a_theorem_there_is_no_prediction_and_no_gap(make_toy: Make) -> None:
    model = make_toy(**{"collective.label_sets": "extend"})
    model.run(2)
    summary = summarise_run(model)
    assert summary["theory_gap"] is None
    assert summary["alpha_platform"]["predicted_sufficient"] is None
    assert summary["alpha_platform"]["predicted_finite_sample"] is None


def test_what_is_expected_says_of_whom(make_toy: Make) -> None:
    """The finite line is a learner's on N resumes, the exact line the Bayes classifier's."""
    keys = {"measure.reference": 0, "measure.success_target": 0.6, "population.size": 60}
    word = {"collective.strategy": "erasure", "collective.signal.token": "w3", "corpus.xi": 0.0}
    for more, finite, exact in (
        ({}, True, False),
        ({"platform.learner.kind": "bayes"}, False, True),
        (word, False, True),
        ({"collective.label_sets": "extend"}, False, False),
    ):
        model = make_toy(**keys | more)
        found = summarise_run(model)["alpha_platform"]
        assert (found["predicted_finite_sample"] is not None) == finite
        assert (found["predicted_exact"] is not None) == exact
        for kind, share in (
            ("finite", found["predicted_finite_sample"]),
            ("exact", found["predicted_exact"]),
        ):
            if not share:
                continue
            # Of the shares that are looked at, it is the first that does it.
            table = model.lines.table([share - 1 / len(model.population), share])
            assert table[f"{kind}_top1"].iloc[1] >= 0.6
            assert table[f"{kind}_top1"].iloc[0] < 0.6


def test_a_level_that_no_share_reaches_is_not_expected(make_toy: Make) -> None:
    """Most members err, and y* is not what most report."""
    keys = {"platform.learner.kind": "bayes", "collective.wrong_label": 0.95}
    found = summarise_run(make_toy(**keys))["alpha_platform"]
    assert found["predicted_exact"] is None
    assert found["predicted_sufficient"] is None


def test_nobody_joins_for_what_everybody_has_anyway(make_toy: Make) -> None:
    """Of what is erased everybody has the benefit: there is no fixed point of joining."""
    word = {"collective.strategy": "erasure", "collective.signal.token": "w3", "corpus.xi": 0.0}
    # That people join before there is anything to gain would be a fixed point at 0.
    cheap = {"population.cost": {"kind": "uniform", "low": -1.0, "high": 2.0}}
    for kind in ("bayes", "linear"):
        keys = cheap | {"platform.learner.kind": kind}
        assert summarise_run(make_toy(**keys))["alpha_society"]["predicted"] == 0.0
        erased = make_toy(**keys | word)
        assert "top1" in erased.lines.signals
        assert summarise_run(erased)["alpha_society"]["predicted"] is None


def test_how_far_the_collectives_model_is(make_toy: Make) -> None:
    keys = {"collective.strategy": "gradient_cancelling", "measure.reference": 0}
    model = make_toy(**keys | {"population.size": 60, "corpus.xi": 0.0})
    # Nobody shows the token yet: no number, and JSON has a word for that.
    empty = {"distance": None, "at_most": None, "period_0_weights": None}
    found = summarise_run(model)
    assert found["target_model"] == empty
    assert as_json(found) == found
    model.run(2)
    found, last = summarise_run(model), model.retrainings.iloc[-1]
    assert found["target_model"] == {
        "distance": last["target_distance"],
        "at_most": last["target_distance_bound"],
        "period_0_weights": last["target_distance_start"],
    }
    assert as_json(found) == found
    assert summarise_run(make_toy(**{"measure.reference": 0})).get("target_model") is None


def test_the_gap_to_theory_is_the_largest_shortfall(toy_run: GigEconomy) -> None:
    points = toy_run.retrainings.iloc[1:]
    short = (points["bound_top1"].clip(lower=0) - points["success_top1"]).max()
    assert summarise_run(toy_run)["theory_gap"] == pytest.approx(max(0.0, short))


def test_it_says_how_the_run_ended(make_toy: Make, toy_run: GigEconomy) -> None:
    found = summarise_run(toy_run)
    assert (found["complete"], found["periods_done"]) == (True, 6)
    assert found["tipping_period"] == tipping_period(toy_run.retrainings, toy_run.config)
    assert found["tipped"] is (found["tipping_period"] is not None)
    assert found["grown"] is bool(toy_run.population.member.sum() > 24)
    assert found["limit_reached"] is False
    model = make_toy(**{"run.periods": 3})
    model.run(2)
    found = summarise_run(model)
    assert (found["complete"], found["periods_done"]) == (False, 2)
    assert (found["tipped"], found["tipping_period"]) == (False, None)


def test_a_run_that_came_to_rest_says_since_when(make_toy: Make) -> None:
    keys = {"collective.first_movers": 0, "run.until": "settled", "run.limit": 9}
    model = make_toy(**keys)
    model.run()
    found = summarise_run(model)
    assert (found["settled"], found["periods_done"], found["complete"]) == (6, 6, True)
    assert found["limit_reached"] is False
    short = make_toy(**keys | {"run.limit": 5})
    short.run()
    found = summarise_run(short)
    assert (found["settled"], found["limit_reached"], found["complete"]) == (None, True, True)
