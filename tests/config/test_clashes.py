"""Which strategies go with which platforms, options and readings, and why others do not."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from gigsim.collective.catalogue import OFFERS, REASONS, STRATEGIES, StrategyName
from gigsim.config import build
from gigsim.errors import InputError

#: Strategies that any platform will do for.
EVERYWHERE = {"feature_label", "feature_only", "unplanting", "erasure"}


def settings(strategy: str, kind: str, **keys: Any) -> dict[str, Any]:
    found = {"collective.strategy": strategy, "platform.learner.kind": kind}
    if kind == "surrogate":
        found["platform.learner.curve"] = "curve.csv"
    if kind == "own":
        found["platform.learner.path"] = "package.module:Class"
    return found | {"measure.success": "any"} | {k.replace("__", "."): v for k, v in keys.items()}


def test_every_kind_of_learner_says_what_it_offers() -> None:
    kinds = {"bayes", "table", "linear", "frozen", "transformer", "surrogate", "own"}
    assert set(OFFERS) == kinds
    for kind in kinds:
        build({}, settings("feature_label", kind))


@pytest.mark.parametrize("kind", sorted(OFFERS))
@pytest.mark.parametrize("strategy", get_args(StrategyName))
def test_every_strategy_with_every_learner(strategy: StrategyName, kind: str) -> None:
    keys = settings(strategy, kind)
    if strategy in EVERYWHERE or (strategy != "gradient_control" and kind == "linear"):
        assert build({}, keys).collective.strategy == strategy
        return
    with pytest.raises(InputError) as refused:
        build({}, keys)
    message = str(refused.value)
    assert "collective.strategy" in message
    need = "every step" if strategy == "gradient_control" else "convex loss"
    with_kind = f'collective.strategy = "{strategy}" with platform.learner.kind = "{kind}"'
    if need == "every step":
        # No learner grants it: to name the one that is set would sound as if another did.
        assert f'collective.strategy = "{strategy}": ' in message
        assert "platform.learner.kind" not in message
    else:
        assert with_kind in message
    assert need in STRATEGIES[strategy].needs
    for words in REASONS[need]:
        assert words in message


@pytest.mark.parametrize(
    ("option", "value", "having"),
    [
        ("evasive", True, {"feature_only"}),
        ("adaptive", True, {"unplanting"}),
        ("wrong_label", 0.2, {"feature_label"}),
        ("label_sets", "extend", {"feature_label", "unplanting", "erasure"}),
    ],
)
@pytest.mark.parametrize("strategy", [n for n in STRATEGIES if n != "gradient_control"])
def test_options_are_those_of_some_strategies(
    strategy: str, option: str, value: Any, having: set[str]
) -> None:
    keys = settings(strategy, "linear") | {f"collective.{option}": value}
    if strategy in having:
        assert getattr(build({}, keys).collective, option) == value
        return
    with pytest.raises(InputError) as refused:
        build({}, keys)
    message = str(refused.value)
    assert f"collective.{option} = " in message
    assert all(name in message for name in having)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("encoder", "gigsim-tiny", "a published encoder's network is not ours"),
        ("encoder", "some/folder", "a published encoder's network is not ours"),
        ("dropout", 0.1, "the masks would not be each network's own"),
    ],
)
def test_what_cannot_be_trained_side_by_side_is_refused(key: str, value: Any, said: str) -> None:
    keys = {f"platform.learner.{key}": value, "run.side_by_side": 8}
    with pytest.raises(InputError) as refused:
        build({}, keys)
    assert said in refused.value.problem
    assert "run.side_by_side = 8" in refused.value.problem
    assert "run.side_by_side = 1, or platform.learner" in refused.value.allowed
    assert build({}, keys | {"run.side_by_side": 1})
    # Whom it is not for it does not hinder: of other learners it says nothing.
    assert build({}, {"platform.learner.kind": "linear", "run.side_by_side": 8})


@pytest.mark.parametrize("kind", ["linear", "bayes"])
def test_who_keeps_his_other_labels_has_none_to_adapt(kind: str) -> None:
    keys = settings("unplanting", kind) | {"collective.adaptive": True}
    assert build({}, keys).collective.adaptive
    with pytest.raises(InputError, match="and no other") as refused:
        build({}, keys | {"collective.label_sets": "extend"})
    message = str(refused.value)
    assert "collective.adaptive = true" in message
    assert 'collective.label_sets = "replace"' in message
    build({}, keys | {"collective.label_sets": "extend", "collective.adaptive": False})


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_a_rotation_needs_tokens_that_are_planted(strategy: str) -> None:
    kind = "linear"
    keys = settings(strategy, kind) | {
        "collective.rotate_every": 2,
        "collective.signal.alternates": ["‡"],
    }
    if strategy in {"feature_label", "feature_only", "unplanting"}:
        assert build({}, keys).collective.rotate_every == 2
        return
    with pytest.raises(InputError, match=r"collective\.(rotate_every|strategy)"):
        build({}, keys)


@pytest.mark.parametrize("strategy", ["gradient_cancelling", "label_only"])
def test_what_is_submitted_now_cancels_no_window(strategy: str) -> None:
    keys = settings(strategy, "linear") | {"platform.data": "window"}
    with pytest.raises(InputError, match="which chooses what is submitted now"):
        build({}, keys)
    for other in EVERYWHERE:
        build({}, keys | {"collective.strategy": other})


@pytest.mark.parametrize("metric", ["any", "top1"])
@pytest.mark.parametrize("sets", ["replace", "extend"])
@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_a_belief_in_theory_needs_a_theorem(strategy: str, sets: str, metric: str) -> None:
    facts = STRATEGIES[strategy]  # type: ignore[index]
    if sets == "extend" and "label_sets" not in facts.options:
        return
    keys = settings(strategy, "linear") | {
        "collective.label_sets": sets,
        "measure.success": metric,
        "society.belief": "theory",
    }
    if facts.theorem_for(metric, sets) is not None:  # type: ignore[arg-type]
        assert build({}, keys).society.belief == "theory"
        return
    with pytest.raises(InputError) as refused:
        build({}, keys)
    if strategy != "gradient_control":
        assert "needs a theorem" in str(refused.value)
    # What it says would do does.
    for goal, other in facts.covered:
        if goal == metric or other == sets:
            build({}, keys | {"collective.label_sets": other, "measure.success": goal})
