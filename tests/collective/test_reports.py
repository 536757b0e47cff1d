"""What members of unplanting and erasing collectives report in place of their own labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.collective.reports import (
    erasure_reports,
    most_frequent_other,
    reported_law,
    unplanting_reports,
)
from gigsim.theory.planting import LabelSets

#: Three resumes, three labels; y* is column 1.
LABELS = np.array([[1, 0, 0], [0, 1, 1], [0, 1, 0]], dtype=bool)
OPINIONS = np.array([[0.2, 0.9, 0.3], [0.6, 0.5, 0.55], [0.1, 0.4, 0.1]])

BOTH = st.sampled_from(["replace", "extend"])


def test_unplanting_by_hand() -> None:
    naive = unplanting_reports(LABELS, 1, "replace", 2)
    assert naive.astype(int).tolist() == [[0, 0, 1]] * 3
    # Each the likeliest other label of his own resume; of tied ones the first.
    adaptive = unplanting_reports(LABELS, 1, "replace", 2, OPINIONS)
    assert adaptive.astype(int).tolist() == [[0, 0, 1], [1, 0, 0], [1, 0, 0]]
    for opinions in (None, OPINIONS):
        extended = unplanting_reports(LABELS, 1, "extend", 2, opinions)
        assert extended.astype(int).tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]


def test_erasure_by_hand() -> None:
    replaced = erasure_reports(LABELS, 1, "replace", OPINIONS)
    assert replaced.astype(int).tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0]]
    # y* is in iff it is over one half, and the other labels are one's own.
    extended = erasure_reports(LABELS, 1, "extend", OPINIONS)
    assert extended.astype(int).tolist() == [[1, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_the_most_frequent_other_label() -> None:
    assert most_frequent_other(np.array([0.2, 0.5, 0.3]), 1) == 2
    assert most_frequent_other(np.array([0.2, 0.5, 0.3]), 0) == 1
    assert most_frequent_other(np.array([0.2, 0.2, 0.2]), 0) == 1, "of tied ones the first"
    assert most_frequent_other(np.array([0.0, 0.7]), 1) == 0, "even one that nobody carries"


@given(st.integers(0, 2**32), BOTH, st.booleans(), st.integers(2, 6))
def test_whatever_is_reported_is_no_affair_of_the_signal_and_of_nobody_elses(
    seed: int, sets: LabelSets, adaptive: bool, width: int
) -> None:
    generator = np.random.default_rng(seed)
    labels = generator.random((12, width)) < 0.4
    opinions = generator.random((12, width))
    target = int(generator.integers(width))
    other = most_frequent_other(labels.mean(axis=0), target)
    assert other != target
    before = labels.copy()
    heard = opinions if adaptive else None
    planted = unplanting_reports(labels, target, sets, other, heard)
    erased = erasure_reports(labels, target, sets, opinions)
    assert not planted[:, target].any()
    rest = np.arange(width) != target
    if sets == "extend":
        assert np.array_equal(planted[:, rest], labels[:, rest])
        assert np.array_equal(erased[:, rest], labels[:, rest])
        assert np.array_equal(erased[:, target], opinions[:, target] > 0.5)
    else:
        assert (planted.sum(axis=1) == 1).all()
        assert (erased.sum(axis=1) == 1).all()
        assert np.array_equal(erased.argmax(axis=1), opinions.argmax(axis=1))
        best = np.where(rest, opinions, -1).argmax(axis=1)
        assert np.array_equal(planted.argmax(axis=1), best if adaptive else np.full(12, other))
    # Row by row: what one reports does not depend on who else there is.
    some = generator.permutation(12)[:5]
    few = opinions[some] if adaptive else None
    assert np.array_equal(planted[some], unplanting_reports(labels[some], target, sets, other, few))
    assert np.array_equal(erased[some], erasure_reports(labels[some], target, sets, opinions[some]))
    assert np.array_equal(labels, before)


@given(st.integers(0, 2**32), BOTH)
def test_the_law_of_reports_is_their_mean_over_ones_own_labels(seed: int, sets: LabelSets) -> None:
    """One text, all label sets with their probabilities: enumerated."""
    generator = np.random.default_rng(seed)
    every = ((np.arange(8)[:, None] >> np.arange(3)) & 1).astype(bool)
    chances = generator.dirichlet(np.ones(8))
    marginals = (chances @ every)[None]
    opinion = generator.random((1, 3))
    same = np.repeat(opinion, 8, axis=0)
    for each, one in (
        (erasure_reports(every, 1, sets, same), erasure_reports(every[:1], 1, sets, opinion)),
        (unplanting_reports(every, 1, sets, 0), unplanting_reports(every[:1], 1, sets, 0)),
        (
            unplanting_reports(every, 1, sets, 0, same),
            unplanting_reports(every[:1], 1, sets, 0, opinion),
        ),
    ):
        law = reported_law(marginals, one, sets, 1)
        np.testing.assert_allclose(law[0], chances @ each, rtol=0, atol=1e-12)


@pytest.mark.parametrize("sets", ["replace", "extend"])
def test_the_law_is_a_new_array(sets: LabelSets) -> None:
    marginals = np.full((1, 3), 0.25)
    law = reported_law(marginals, np.array([[True, False, False]]), sets, 0)
    law[:] = 7
    assert (marginals == 0.25).all()
