"""One deployed classifier, measured: the mean of its trainings, on the stage's held-out resumes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gigsim.learners.pool import FitResult
from gigsim.measures.evaluation import evaluate, outcome_of
from gigsim.measures.success import QUANTITIES
from gigsim.model import GigEconomy

LABELS = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=bool)


def stage(aim: str = "planted") -> Any:
    # As in a run; of the erased, the first two hold the signal.
    reluctant = {
        "planted": ~LABELS[:, 1],
        "unplanted": LABELS[:, 1],
        "erased": np.array([True, True, False, False]),
    }
    return SimpleNamespace(
        test_labels=LABELS,
        target=1,
        test_clusters=np.arange(4),
        aim=aim,
        reluctant=reluctant[aim],
    )


STAGE = stage()


def result(planted: list[float], clean: list[float], loss: float) -> FitResult:
    """A training that gives the target these probabilities, and the other label 0.4."""
    tables = (np.column_stack([np.full(4, 0.4), p]).astype(np.float32) for p in (planted, clean))
    return FitResult(state={}, loss=loss, probabilities=tuple(tables), seconds=1.0)


ONE = result([0.9, 0.9, 0.9, 0.1], [0.1, 0.9, 0.1, 0.1], loss=0.2)
TWO = result([0.9, 0.9, 0.1, 0.1], [0.1, 0.9, 0.9, 0.9], loss=0.4)


def test_one_training() -> None:
    found = evaluate([ONE], None, STAGE, np.random.default_rng(0), draws=50)
    assert found.values["success_any"] == 0.75
    assert found.values["base_any"] == 0.25
    assert found.values["loss"] == 0.2
    # Predicted: the target of resume 1, truly; four labels are true in all.
    assert found.values["f1_micro"] == pytest.approx(2 / 5)
    assert found.values["tags_mean"] == 0.25
    assert math.isnan(found.values["reference_any"])
    assert math.isnan(found.values["reference_top1"])
    assert found.outcome["success_any"].tolist() == [1, 1, 1, 0]


def test_trainings_are_averaged_resume_by_resume() -> None:
    found = evaluate([ONE, TWO], None, STAGE, np.random.default_rng(0), draws=50)
    assert found.outcome["success_any"].tolist() == [1, 1, 0.5, 0]
    assert found.outcome["base_any"].tolist() == [0, 1, 0.5, 0.5]
    assert found.values["success_any"] == 0.625
    assert found.values["success_any_sd"] == pytest.approx(0.25 / math.sqrt(2))
    assert found.values["loss"] == pytest.approx(0.3)
    # F1 of the second: 2 hits among 3 predicted and 4 true.
    assert found.values["f1_micro"] == pytest.approx((2 / 5 + 4 / 7) / 2)
    assert found.values["tags_mean"] == 0.5


def test_the_reference_is_reported_beside_and_changes_nothing() -> None:
    reference = outcome_of(TWO, STAGE)
    alone = evaluate([ONE], None, STAGE, np.random.default_rng(0), draws=50)
    beside = evaluate([ONE], reference, STAGE, np.random.default_rng(0), draws=50)
    assert beside.values["reference_any"] == beside.values["reference_top1"] == 0.5
    for name, value in alone.values.items():
        if not name.startswith("reference"):
            np.testing.assert_equal(beside.values[name], value)


@pytest.mark.parametrize(
    ("aim", "success", "base"),
    [
        ("planted", [1, 1, 1, 0], [0, 1, 0, 0]),
        ("unplanted", [0, 0, 0, 1], [1, 0, 1, 1]),
        # The same with and without the signal: nobody has to show anything.
        ("erased", [0, 1, 0, 1], [0, 1, 0, 1]),
    ],
)
def test_what_counts_as_success_is_the_strategys_aim(
    aim: str, success: list[int], base: list[int]
) -> None:
    found = outcome_of(ONE, stage(aim))
    for metric in ("any", "top1"):
        assert found[f"success_{metric}"].astype(int).tolist() == success
        assert found[f"base_{metric}"].astype(int).tolist() == base
    # Accuracy is that of the resumes without the signal, whatever the collective is after.
    assert found["accuracy"].tolist() == outcome_of(ONE, STAGE)["accuracy"].tolist()


@pytest.mark.parametrize(
    ("aim", "flipped"), [("planted", 0.5), ("unplanted", 0.0), ("erased", 0.5)]
)
def test_flipped_is_success_where_it_is_not_there_from_the_start(aim: str, flipped: float) -> None:
    found = evaluate([ONE], None, stage(aim), np.random.default_rng(0), draws=50)
    for metric in ("any", "top1"):
        assert found.values[f"flipped_{metric}"] == flipped


def test_flipped_over_no_resume_is_no_number() -> None:
    nobody = stage()
    nobody.reluctant = np.zeros(4, dtype=bool)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = evaluate([ONE, TWO], None, nobody, np.random.default_rng(0), draws=50).values
    assert math.isnan(values["flipped_any"])
    assert math.isnan(values["flipped_top1"])
    assert values["success_any"] == 0.625


@pytest.mark.parametrize("strategy", ["feature_label", "feature_only", "unplanting", "erasure"])
def test_a_stage_says_on_whom_success_is_not_there_from_the_start(
    make_toy: Callable[..., GigEconomy], strategy: str
) -> None:
    keys = {"collective.strategy": strategy, "corpus.xi": 0.1, "measure.reference": 0}
    model = make_toy(**keys | {"population.size": 60})
    stage = model.stage
    own = stage.test_labels[:, stage.target]
    found, clean = (rows.counts.toarray() for rows in stage.tests)
    differ = (found != clean).any(axis=1)
    expected = {"unplanting": own, "erasure": differ}.get(strategy, ~own)
    assert np.array_equal(stage.reluctant, expected)
    assert 0 < expected.sum() < len(own)
    first = stage.learner.restore(model.platform.deployed)
    top, without = (first.probabilities(rows).argmax(axis=1) for rows in stage.tests)
    success = {"unplanting": top != stage.target, "erasure": top == without}
    flipped = success.get(strategy, top == stage.target)[expected].mean()
    assert model.evaluation.values["flipped_top1"] == pytest.approx(flipped, abs=1e-12)


def test_a_runs_evaluation_is_its_classifiers_on_its_held_out_resumes(toy_run: GigEconomy) -> None:
    stage = toy_run.stage
    classifier = stage.learner.restore(toy_run.platform.deployed)
    planted, clean = (classifier.probabilities(rows) for rows in stage.tests)
    values = toy_run.evaluation.values
    assert values["success_top1"] == (planted.argmax(axis=1) == stage.target).mean()
    assert values["success_any"] == (planted[:, stage.target] > 0.5).mean()
    assert values["base_top1"] == (clean.argmax(axis=1) == stage.target).mean()
    last = toy_run.retrainings.iloc[-1]
    for quantity in QUANTITIES:
        assert last[quantity] == values[quantity]
        assert last[f"{quantity}_low"] <= last[quantity] <= last[f"{quantity}_high"]
