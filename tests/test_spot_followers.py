"""Quotas of label sets: who follows in a spot check."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gigsim.spot_followers import alike


@given(
    data=st.data(),
    n=st.integers(1, 60),
    kinds=st.integers(1, 6),
    turn=st.floats(0, 1, exclude_max=True),
)
def test_quotas(data: st.DataObject, n: int, kinds: int, turn: float) -> None:
    members = data.draw(st.integers(0, n))
    luck = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    sets, order = luck.integers(kinds, size=n), luck.permutation(n)
    counts = luck.integers(1, 50, size=kinds)
    shares = counts / counts.sum()
    found = alike(sets, order, np.arange(kinds), shares, members, turn)
    assert sorted(found) == list(range(n))
    first = np.bincount(sets[found[:members]], minlength=kinds)
    there = np.bincount(sets, minlength=kinds)
    wanted = members * shares
    # At least the rounded quota of each, or all who have that label set.
    assert (first >= np.minimum(np.floor(wanted - 1e-9), there)).all()
    if (there >= np.ceil(wanted + 1e-9)).all():
        assert (np.abs(first - wanted) <= 1 + 1e-9).all()


def test_quotas_are_met_on_average() -> None:
    sets = np.repeat([4, 7, 9], 20)
    shares = np.array([0.55, 0.31, 0.14])
    turns = (np.arange(1000) + 0.5) / 1000
    order = np.arange(60)
    chosen = [alike(sets, order, np.array([4, 7, 9]), shares, 7, turn)[:7] for turn in turns]
    counts = [np.bincount(sets[some], minlength=10)[[4, 7, 9]] for some in chosen]
    np.testing.assert_allclose(np.mean(counts, axis=0), 7 * shares, atol=2e-3)


def test_label_sets_that_nobody_has_are_replaced() -> None:
    sets = np.zeros(10, dtype=np.int64)
    found = alike(sets, np.arange(10), np.array([0, 5]), np.array([0.5, 0.5]), 6, 0.5)
    assert found.tolist() == list(range(10))
