"""The loop around a measured curve: no resumes, no trainings, a million people."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gigsim.checkpoint_state import fingerprints
from gigsim.cli.single import run_lines
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.runs import load_run, save_run
from gigsim.theory.planting import feature_label_bound

Make = Callable[..., GigEconomy]

NEEDED = ["alpha", "success_any", "success_top1", "base_any", "base_top1", "accuracy"]


#: Threshold people, so that the collective passes through many sizes.
GROWING = {
    "society.rule": "threshold",
    "society.activation": 0.2,
    "population.threshold.high": 0.5,
    "population.threshold.low": -0.1,
    "platform.retrain_every": 1,
}


@pytest.fixture(scope="module")
def curve(make_toy: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A curve that real runs measured."""
    points = []
    for seed in (1, 2):
        model = make_toy(**GROWING, **{"measure.reference": 0, "run.seed": seed})
        model.run(8)
        points.append(model.retrainings.rename(columns={"alpha_effective": "alpha"})[NEEDED])
    path = tmp_path_factory.mktemp("curve") / "curve.csv"
    pd.concat(points).to_csv(path, index=False)
    return path


def surrogate(make_toy: Make, curve: Path, **keys: object) -> GigEconomy:
    return make_toy(
        **{"platform.learner.kind": "surrogate", "platform.learner.curve": str(curve)} | keys
    )


def test_every_retraining_lies_on_the_curve(make_toy: Make, curve: Path) -> None:
    model = surrogate(make_toy, curve, **GROWING, **{"population.size": 5000})
    model.run(8)
    table = pd.read_csv(curve).groupby("alpha").mean()
    rows = model.retrainings
    assert len(rows) == 9
    assert rows["alpha_effective"].nunique() > 5
    for name in NEEDED[1:]:
        expected = np.interp(rows["alpha_effective"], table.index, table[name])
        assert np.allclose(rows[name], expected, rtol=0, atol=1e-12), name
    assert model.clean_rate == table["base_top1"].iloc[0]


def test_no_theorem_no_reference_and_no_resumes(make_toy: Make, curve: Path) -> None:
    model = surrogate(make_toy, curve)
    model.run(4)
    rows = model.retrainings
    nothing = ["bound_any", "bound_top1", "xi", "gap", "p", "reference_top1", "xi_measured"]
    assert rows[nothing].isna().all(axis=None)
    assert model.platform.learner is None
    assert model.platform.deployed is None


def test_it_is_written_and_read_like_any_other_run(
    make_toy: Make, curve: Path, tmp_path: Path
) -> None:
    model = surrogate(make_toy, curve)
    model.run(4)
    run = load_run(save_run(model, tmp_path))
    assert run.periods["period"].tolist() == [0, 1, 2, 3, 4]
    assert run.theory.columns.tolist() == ["alpha"]
    assert run.summary["alpha_platform"]["predicted_sufficient"] is None
    assert run.summary["held_out"] is None


def test_abstainers_do_not_move_it_and_newcomers_come_without_resumes(
    make_toy: Make, curve: Path
) -> None:
    model = surrogate(make_toy, curve, **{"collective.abstain": 0.5, "population.turnover": 0.2})
    model.run(4)
    rows = model.retrainings.iloc[1:]
    assert (rows["alpha_effective"] < rows["alpha_trained"]).all()
    assert model.periods["replaced"].iloc[1:].gt(0).all()


def test_a_curve_that_is_not_there(make_toy: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv"):
        surrogate(make_toy, tmp_path / "nowhere.csv")


def test_one_training_at_a_time_is_reproducible_and_on_the_curve(
    make_toy: Make, tmp_path: Path
) -> None:
    rows = [
        {"alpha": alpha, "seed": seed} | dict.fromkeys(NEEDED[1:], alpha / 2 + seed / 10)
        for alpha in (0.0, 0.5, 1.0)
        for seed in range(4)
    ]
    path = tmp_path / "curve.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    keys = GROWING | {"platform.learner.draw": "training"}
    first, again, other = (
        surrogate(make_toy, path, **keys, **{"run.seed": seed}) for seed in (1, 1, 2)
    )
    for model in (first, again, other):
        model.run(8)
    pd.testing.assert_frame_equal(first.retrainings, again.retrainings)
    drawn = [
        (m.retrainings["success_top1"] - m.retrainings["alpha_effective"] / 2) * 10
        for m in (first, other)
    ]
    for one in drawn:
        assert np.allclose(one, one.round(), atol=1e-9)
        assert one.round().nunique() > 1
    assert not np.allclose(*drawn)
    # U(0) is that of all of them, and the figure's limits hold the point.
    assert first.clean_rate == pytest.approx(0.15)
    rows = first.retrainings
    assert (rows["success_top1_low"] <= rows["success_top1"]).all()
    assert (rows["success_top1"] <= rows["success_top1_high"]).all()
    # A checkpoint is not gone on from with other trainings behind the same means.
    steady = surrogate(make_toy, path, **GROWING)
    assert fingerprints(first)["curve"] != fingerprints(steady)["curve"]


def test_a_bound_is_read_and_said_to_be_one(make_toy: Make, tmp_path: Path) -> None:
    keys = {"platform.learner.kind": "surrogate", "platform.learner.source": "bound"}
    numbers = {"platform.learner.bound_xi": 0.02, "platform.learner.bound_base_rate": 0.1}
    model = make_toy(**keys, **numbers, **GROWING)
    model.run(4)
    rows = model.retrainings
    promised = feature_label_bound(rows["alpha_effective"].to_numpy(), xi=0.02, gap=1.0)
    assert rows["success_top1"].tolist() == np.maximum(promised, 0.1).tolist()
    assert (rows["base_top1"] == 0.1).all()
    assert rows[["success_any", "accuracy", "success_top1_sd"]].isna().all(axis=None)
    path = save_run(model, tmp_path)
    text = (path / "summary.json").read_text(encoding="utf-8")
    summary = json.loads(text, parse_constant=pytest.fail)
    assert summary["surrogate"]["source"] == "bound"
    assert "no measurement" in summary["surrogate"]["words"]
    assert summary["clean_accuracy"] is None
    assert any("no measurement" in line for line in run_lines(summary, model.config))
