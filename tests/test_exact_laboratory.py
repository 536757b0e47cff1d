"""The loop around a measured curve: no resumes, no trainings, a million people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.runs import load_run, save_run

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
