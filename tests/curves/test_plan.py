"""Plans: what is laid over a scenario, what is refused, and that a folder gives it back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gigsim.curves import PLAN_FILE
from gigsim.curves.plan import Plan, open_plan, plan_of
from gigsim.errors import InputError
from tests.curves.plans import small_config, small_plan


def test_every_combination_is_a_curve() -> None:
    plan = small_plan(
        learners=["linear", "transformer"],
        targets=["Network_Administrator", "Python_Developer"],
        strategies=["feature_label/extend", "feature-only/evasive"],
        recruitment=["random", "hub"],
    )
    assert len(plan.arms) == len({arm.name for arm in plan.arms}) == 16
    found = {
        (
            arm.config.platform.learner.kind,
            arm.config.collective.target,
            arm.config.collective.strategy,
            arm.config.collective.label_sets,
            arm.config.collective.evasive,
            arm.recruitment,
        )
        for arm in plan.arms
    }
    assert len(found) == 16
    assert ("linear", "Python_Developer", "feature_only", "replace", True, "hub") in found
    assert {arm.alphas for arm in plan.arms} == {(0.0, 0.05, 0.2)}
    assert {arm.seeds for arm in plan.arms} == {(1, 2, 3)}


def test_a_recipe_is_a_curve_of_its_name() -> None:
    plan = small_plan(
        learners=["transformer"],
        recipes=["epochs=3,learning_rate=5e-4", 'collective.signal.every=5,pooling="mean"'],
    )
    first, second = plan.arms
    assert (first.recipe, second.recipe) == (
        "epochs=3,learning_rate=5e-4",
        'collective.signal.every=5,pooling="mean"',
    )
    learner: Any = first.config.platform.learner
    assert (learner.epochs, learner.learning_rate, learner.width) == (3, 5e-4, 16)
    assert second.config.collective.signal.every == 5
    assert second.config.platform.learner.pooling == "mean"  # type: ignore[union-attr]


def test_another_learner_has_its_own_defaults() -> None:
    base = small_config(run__precision="bfloat16")
    plan = plan_of(base, learners=["linear", "transformer"], alphas=[0.1], seeds=[7])
    assert [arm.config.run.precision for arm in plan.arms] == ["float32", "bfloat16"]
    assert plan.arms[0].seeds == (7,)


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ({"alphas": [0.101, 0.102]}, "both 12 members"),
        ({"alphas": [1.2]}, "shares of the population"),
        ({"alphas": [float("nan")]}, "shares of the population"),
        ({"strategies": ["feature_label/sideways"]}, "no variant 'sideways'"),
        ({"strategies": ["planting"]}, "collective.strategy"),
        ({"strategies": ["gradient_cancelling"]}, "plans against a classifier"),
        ({"learners": ["oracle"]}, "oracle"),
        ({"learners": ["surrogate"]}, "surrogate"),
        ({"recipes": ["epochs"]}, "sets nothing"),
        ({"recipes": ["epochs=3"]}, "epochs"),
        ({"recruitment": ["lottery"]}, "no 'lottery'"),
        ({"retrainings": 3}, "one and the same"),
        ({"seeds": 0}, "no seed"),
        ({"name": "a b"}, "no name for a folder"),
    ],
)
def test_what_cannot_be_measured_is_refused(lists: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as refused:
        small_plan(**lists)
    assert said in str(refused.value)


def test_two_curves_of_one_name_are_refused() -> None:
    arm = small_plan().arms[0]
    with pytest.raises(InputError, match="2 curves are called"):
        Plan("x", (arm, arm))


def test_a_folder_gives_the_plan_back(tmp_path: Path) -> None:
    plan = small_plan(strategies=["unplanting/adaptive"], recipes=["c=3"])
    plan.write(tmp_path)
    again = open_plan(tmp_path)
    assert again == plan
    assert again.digest() == plan.digest() != small_plan().digest()


@pytest.mark.parametrize("damage", ["{", "[]", '{"format": 1}', '{"format": 1, "name": "x"}'])
def test_a_damaged_plan_is_one_line(tmp_path: Path, damage: str) -> None:
    (tmp_path / PLAN_FILE).write_text(damage)
    with pytest.raises(InputError, match="is damaged"):
        open_plan(tmp_path)


def test_an_altered_arm_is_one_line(tmp_path: Path) -> None:
    small_plan().write(tmp_path)
    content = json.loads((tmp_path / PLAN_FILE).read_text())
    content["arms"][0]["config"]["population"]["size"] = -1
    (tmp_path / PLAN_FILE).write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"population.size"):
        open_plan(tmp_path)
    with pytest.raises(InputError, match="no curves in this folder"):
        open_plan(tmp_path.parent)
