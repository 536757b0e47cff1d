"""What members put in the label field."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.collective.strategies import LabelSets, feature_label

LABELS = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 0], [0, 1, 0]], dtype=bool)
MEMBER = np.array([True, True, True, False])


def test_replace_submits_the_target_alone() -> None:
    expected = [[0, 1, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]]
    assert feature_label(LABELS, MEMBER, 1).tolist() == np.array(expected, dtype=bool).tolist()


def test_extend_adds_the_target() -> None:
    expected = [[1, 1, 0], [0, 1, 1], [0, 1, 0], [0, 1, 0]]
    submitted = feature_label(LABELS, MEMBER, 1, "extend")
    assert submitted.tolist() == np.array(expected, dtype=bool).tolist()


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


@pytest.mark.parametrize("target", [-1, 3])
def test_the_target_is_a_column(target: int) -> None:
    with pytest.raises(ValueError, match="one of 3 columns"):
        feature_label(LABELS, MEMBER, target)


def test_unknown_label_sets_are_refused() -> None:
    with pytest.raises(ValueError, match="'replace' or 'extend', got 'add'"):
        feature_label(LABELS, MEMBER, 1, "add")  # type: ignore[arg-type]
