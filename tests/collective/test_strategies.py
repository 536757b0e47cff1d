"""Which version of a resume members submit, and with which labels."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from gigsim.collective.catalogue import OFFERS, REASONS, STRATEGIES, StrategyName
from gigsim.collective.strategies import (
    CLEAN,
    FOUND,
    PLANTED,
    feature_label,
    feature_only,
    instruct,
    nothing,
    wrong_labels,
)
from gigsim.theory.planting import LabelSets

LABELS = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 0], [0, 1, 0]], dtype=bool)
MEMBER = np.array([True, True, True, False])

#: Strategies that tell each member the same at every retraining.
TOLD: tuple[StrategyName, ...] = ("feature_label", "feature_only", "unplanting", "erasure")


def test_replace_submits_the_target_alone() -> None:
    expected = [[0, 1, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]]
    assert feature_label(LABELS, MEMBER, 1).tolist() == np.array(expected, dtype=bool).tolist()


def test_extend_adds_the_target() -> None:
    expected = [[1, 1, 0], [0, 1, 1], [0, 1, 0], [0, 1, 0]]
    submitted = feature_label(LABELS, MEMBER, 1, "extend")
    assert submitted.tolist() == np.array(expected, dtype=bool).tolist()


@pytest.mark.parametrize(
    ("label_sets", "expected"),
    [
        ("replace", [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 1, 0]]),
        # The second has y* of his own and keeps it; the first does not get it.
        ("extend", [[1, 0, 1], [1, 1, 1], [0, 1, 0], [0, 1, 0]]),
    ],
)
def test_a_wrong_label_stands_in_for_the_target(
    label_sets: LabelSets, expected: list[list[int]]
) -> None:
    wrong = np.array([2, 0, -1, 2])
    submitted = feature_label(LABELS, MEMBER, 1, label_sets, wrong)
    assert submitted.astype(int).tolist() == expected
    edits = instruct(LABELS, MEMBER, 1, label_sets=label_sets, wrong=wrong)
    assert edits.labels.astype(int).tolist() == expected
    # Who errs plants the signal all the same.
    assert edits.version.tolist() == [PLANTED, PLANTED, PLANTED, FOUND]


@given(st.integers(0, 2**32), st.sampled_from(["replace", "extend"]))
def test_members_carry_the_target_and_others_are_left_alone(seed: int, sets: LabelSets) -> None:
    generator = np.random.default_rng(seed)
    labels = generator.random((20, 5)) < 0.3
    member = generator.random(20) < 0.5
    before = labels.copy()
    submitted = feature_label(labels, member, 2, sets)
    assert submitted[member, 2].all()
    assert np.array_equal(submitted[~member], labels[~member])
    assert np.array_equal(labels, before)
    kept = submitted | labels if sets == "extend" else submitted
    assert np.array_equal(submitted, kept)
    assert sets == "extend" or (submitted[member].sum(axis=1) == 1).all()


def test_feature_only_plants_where_the_target_is() -> None:
    assert feature_only(LABELS, MEMBER, 1).tolist() == [FOUND, PLANTED, FOUND, FOUND]
    evading = feature_only(LABELS, MEMBER, 1, evasive=True)
    assert evading.tolist() == [CLEAN, PLANTED, CLEAN, FOUND]
    assert evading.dtype == np.int8


@given(st.integers(0, 2**32), st.booleans())
def test_feature_only_never_touches_a_label(seed: int, evasive: bool) -> None:
    generator = np.random.default_rng(seed)
    labels = generator.random((20, 5)) < 0.3
    follows = generator.random(20) < 0.5
    edits = instruct(
        labels, follows, 2, strategy="feature_only", evasive=evasive, wrong=np.full(20, -1)
    )
    assert np.array_equal(edits.labels, labels)
    assert edits.labels is not labels
    assert np.array_equal(edits.version == PLANTED, follows & labels[:, 2])
    assert np.array_equal(edits.version == CLEAN, follows & ~labels[:, 2] & evasive)


@given(st.integers(0, 2**32), st.sampled_from(TOLD))
def test_who_does_not_follow_edits_nothing(seed: int, strategy: StrategyName) -> None:
    generator = np.random.default_rng(seed)
    labels = generator.random((20, 5)) < 0.3
    reports = generator.random((20, 5)) < 0.5
    follows = generator.random(20) < 0.5
    before = labels.copy()
    edits = instruct(labels, follows, 2, strategy=strategy, reports=reports)
    assert edits.version.dtype == np.int8
    assert (edits.version[~follows] == FOUND).all()
    assert np.array_equal(edits.labels[~follows], labels[~follows])
    assert np.array_equal(labels, before)
    nobody = instruct(labels, np.zeros(20, dtype=bool), 2, strategy=strategy, reports=reports)
    for left in (nobody, nothing(labels)):
        assert (left.version == FOUND).all()
        assert np.array_equal(left.labels, labels)
        assert left.labels is not labels


@pytest.mark.parametrize(("strategy", "shown"), [("unplanting", PLANTED), ("erasure", FOUND)])
def test_members_report_what_they_are_given_to_report(strategy: StrategyName, shown: int) -> None:
    reports = np.eye(4, 3, dtype=bool)
    edits = instruct(LABELS, MEMBER, 1, strategy=strategy, reports=reports)
    assert edits.version.tolist() == [shown, shown, shown, FOUND]
    assert np.array_equal(edits.labels[MEMBER], reports[MEMBER])
    assert np.array_equal(edits.labels[~MEMBER], LABELS[~MEMBER])


def test_strategies_declare_what_they_are() -> None:
    assert set(STRATEGIES) == set(get_args(StrategyName))
    label, only = STRATEGIES["feature_label"], STRATEGIES["feature_only"]
    assert label.edits == {"features", "labels"}
    assert only.edits == {"features"}
    assert not label.needs | only.needs
    assert label.theorem_for("top1", "replace") == label.theorem_for("any", "extend") == "Theorem 1"
    assert label.theorem_for("top1", "extend") is None
    assert only.theorem_for("any", "replace") == only.theorem_for("any", "extend") == "Theorem 3"
    assert only.theorem_for("top1", "replace") is only.theorem_for("top1", "extend") is None
    unplanting, erasure = STRATEGIES["unplanting"], STRATEGIES["erasure"]
    assert unplanting.edits == {"features", "labels"}
    assert erasure.edits == STRATEGIES["label_only"].edits == {"labels"}
    assert unplanting.covered == label.covered
    assert erasure.covered == {("any", "extend"), ("top1", "replace")}
    for name in ("gradient_cancelling", "label_only", "gradient_control"):
        assert not STRATEGIES[name].covered, "their theorems do not speak of S"
    aims = {name: facts.aim for name, facts in STRATEGIES.items() if facts.aim != "planted"}
    assert aims == {"unplanting": "unplanted", "erasure": "erased"}
    for name, facts in STRATEGIES.items():
        assert facts.name == name
        assert facts.sentence
        assert facts.edits <= {"features", "labels"}
        # Whatever is needed can be had somewhere or it is said why not.
        assert facts.needs <= set(REASONS)
    offered = frozenset[str]().union(*OFFERS.values())
    assert offered < set(REASONS)
    assert set(REASONS) - offered == {"every step"}


def test_who_errs_and_how() -> None:
    n, p, target, labels = 200_000, 0.3, 4, 10
    uniforms = np.random.default_rng(2).random(n)
    wrong = wrong_labels(uniforms, p, target, labels)
    errs = wrong >= 0
    assert np.array_equal(errs, uniforms < p)
    assert abs(errs.mean() - p) < 4 * np.sqrt(p * (1 - p) / n)
    counts = np.bincount(wrong[errs], minlength=labels)
    assert counts[target] == 0
    assert chisquare(np.delete(counts, target)).pvalue > 1e-4
    # A person's draw is his own, whatever the number of people.
    assert np.array_equal(wrong_labels(uniforms[:50], p, target, labels), wrong[:50])


@given(st.floats(0.0, 1.0), st.integers(2, 12), st.data())
def test_wrong_labels_are_columns_other_than_the_target(
    p: float, labels: int, data: st.DataObject
) -> None:
    target = data.draw(st.integers(0, labels - 1))
    below = np.nextafter([p, 1.0], 0)
    uniforms = np.array([0.0, 0.25, 0.5, *np.clip(below, 0, None)])
    wrong = wrong_labels(uniforms, p, target, labels)
    assert np.array_equal(wrong >= 0, uniforms < p)
    assert np.all((wrong >= -1) & (wrong < labels) & (wrong != target))


def test_nobody_errs_at_probability_0_and_everybody_at_1() -> None:
    uniforms = np.random.default_rng(3).random(100)
    assert (wrong_labels(uniforms, 0.0, 0, 2) == -1).all()
    assert (wrong_labels(uniforms, 1.0, 0, 2) == 1).all()
    # More likely to err: those who erred still do.
    few, more = (wrong_labels(uniforms, p, 0, 5) >= 0 for p in (0.2, 0.4))
    assert (few <= more).all()


@pytest.mark.parametrize("target", [-1, 3])
def test_the_target_is_a_column(target: int) -> None:
    with pytest.raises(ValueError, match="one of 3 columns"):
        feature_label(LABELS, MEMBER, target)
    with pytest.raises(ValueError, match="one of 3 columns"):
        feature_only(LABELS, MEMBER, target)
    with pytest.raises(ValueError, match="target among 2 labels"):
        wrong_labels(np.zeros(3), 0.1, target, 3)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="'replace' or 'extend', got 'add'"):
        feature_label(LABELS, MEMBER, 1, "add")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="4 people but"):
        instruct(LABELS, MEMBER[:3], 1, strategy="feature_only")
    with pytest.raises(ValueError, match="evasive is a form of feature_only"):
        instruct(LABELS, MEMBER, 1, evasive=True)
    with pytest.raises(ValueError, match="reports true labels"):
        instruct(LABELS, MEMBER, 1, strategy="feature_only", wrong=np.array([2, -1, -1, -1]))
    for strategy in ("unplanting", "erasure"):
        for reports in (None, LABELS[:, :2], LABELS[:3]):
            with pytest.raises(ValueError, match=f"{strategy} needs the label set"):
                instruct(LABELS, MEMBER, 1, strategy=strategy, reports=reports)
        with pytest.raises(ValueError, match="4 people but"):
            instruct(LABELS, MEMBER[:3], 1, strategy=strategy, reports=LABELS)
    # Theirs are plans for all at once, which no rule for one member gives.
    for strategy in get_args(StrategyName):
        if strategy not in TOLD:
            with pytest.raises(ValueError, match=f"'{strategy}' is not one of feature_label"):
                instruct(LABELS, MEMBER, 1, strategy=strategy)
    for wrong in (np.array([3, -1, -1, -1]), np.array([-2, 0, 0, 0]), np.array([0])):
        with pytest.raises(ValueError, match=r"wrong must be 4 of -1\.\.2"):
            feature_label(LABELS, MEMBER, 1, wrong=wrong)
    with pytest.raises(ValueError, match="probability must be in"):
        wrong_labels(np.zeros(3), 1.1, 0, 3)
