"""Success and quality against sums done by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.measures.success import QUANTITIES, f1_micro, per_resume, summarise, tags_mean

TARGET = 2

# Four resumes, three labels, the target last. Without and with the signal:
CLEAN = np.array(
    [
        [0.9, 0.2, 0.1],  # predicted {0}, top 0
        [0.6, 0.7, 0.55],  # predicted {0, 1, 2}, top 1
        [0.1, 0.2, 0.8],  # predicted {2}, top 2
        [0.3, 0.4, 0.1],  # predicted {}, top 1
    ],
    dtype=np.float32,
)
PLANTED = np.array(
    [
        [0.9, 0.2, 0.6],  # in the set, not on top
        [0.1, 0.2, 0.9],  # both
        [0.1, 0.2, 0.8],  # both
        [0.3, 0.1, 0.4],  # on top, not in the set
    ],
    dtype=np.float32,
)
LABELS = np.array([[1, 0, 0], [1, 0, 1], [0, 0, 1], [0, 0, 0]], dtype=bool)


def outcome() -> dict[str, np.ndarray]:
    return per_resume(PLANTED, CLEAN, LABELS, TARGET)


def summary(
    *outcomes: dict[str, np.ndarray], clusters: np.ndarray | None = None
) -> dict[str, float]:
    own = np.arange(len(LABELS)) if clusters is None else clusters
    return summarise(outcomes, LABELS, TARGET, own, np.random.default_rng(0), draws=200)


def test_each_resume() -> None:
    found = {name: values.tolist() for name, values in outcome().items()}
    assert found == {
        "success_any": [True, True, True, False],
        "success_top1": [False, True, True, True],
        "base_any": [False, True, True, False],
        "base_top1": [False, False, True, False],
        "accuracy": [True, False, True, False],
    }


def test_a_probability_of_one_half_predicts_nothing() -> None:
    half = np.full((1, 3), 0.5, dtype=np.float32)
    assert not per_resume(half, half, LABELS[:1], TARGET)["success_any"][0]
    assert tags_mean(half) == 0


def test_averages() -> None:
    values = summary(outcome())
    assert values["success_any"] == 3 / 4
    assert values["success_top1"] == 3 / 4
    assert values["base_any"] == 2 / 4
    assert values["base_top1"] == 1 / 4
    # Resumes 0 and 3 do not carry the target.
    assert values["flipped_any"] == 1 / 2
    assert values["flipped_top1"] == 1 / 2
    # Resume 3 has no label that could be true.
    assert values["accuracy"] == 2 / 3
    # Hits 1 + 2 + 1 + 0, predicted 1 + 3 + 1 + 0, true 1 + 2 + 1 + 0: 2·4/(5 + 4).
    assert f1_micro(CLEAN, LABELS) == pytest.approx(8 / 9)
    assert tags_mean(CLEAN) == 5 / 4


def test_f1_is_zero_where_nothing_is_predicted_and_nothing_is_true() -> None:
    nothing = np.zeros((2, 3), dtype=np.float32)
    assert f1_micro(nothing, LABELS[:2]) == 0
    assert f1_micro(nothing, np.zeros((2, 3), dtype=bool)) == 0
    assert f1_micro(LABELS.astype(np.float32), LABELS) == 1


def test_one_training_has_no_spread() -> None:
    values = summary(outcome())
    assert set(values) == {q + s for q in QUANTITIES for s in ("", "_low", "_high", "_sd")}
    assert all(math.isnan(values[f"{q}_sd"]) for q in QUANTITIES)


def test_two_trainings_are_averaged_and_their_spread_is_told() -> None:
    worse = per_resume(CLEAN, CLEAN, LABELS, TARGET)
    values = summary(outcome(), worse)
    # Means 3/4 and 2/4: average 5/8, sd |3/4 - 2/4|/sqrt(2).
    assert values["success_any"] == 5 / 8
    assert values["success_any_sd"] == pytest.approx(0.25 / math.sqrt(2))
    # Of two resumes without the target one and none: average 1/4, sd (1/2)/sqrt(2).
    assert values["flipped_any"] == 1 / 4
    assert values["flipped_any_sd"] == pytest.approx(0.5 / math.sqrt(2))
    assert values["base_any"] == 1 / 2
    assert values["base_any_sd"] == 0


def test_intervals_hold_the_average_and_equal_values_leave_no_doubt() -> None:
    values = summary(outcome())
    for q in QUANTITIES:
        assert 0 <= values[f"{q}_low"] <= values[q] <= values[f"{q}_high"] <= 1
    everybody = np.tile(np.float32([0.1, 0.2, 0.9]), (4, 1))
    sure = summary(per_resume(everybody, everybody, LABELS, TARGET))
    assert sure["success_any_low"] == sure["success_any_high"] == sure["success_any"] == 1


def test_near_duplicates_widen_the_interval() -> None:
    rng = np.random.default_rng(1)
    labels = np.zeros((400, 3), dtype=bool)
    labels[:, 0] = True
    group = np.repeat(np.arange(20), 20)
    won = (rng.random(20) < 0.5)[group]
    planted = np.where(won[:, None], [0.1, 0.1, 0.9], [0.9, 0.1, 0.1]).astype(np.float32)
    each = per_resume(planted, planted, labels, TARGET)
    width = {}
    for name, clusters in (("alone", np.arange(400)), ("grouped", group)):
        values = summarise([each], labels, TARGET, clusters, np.random.default_rng(2), draws=400)
        width[name] = values["success_any_high"] - values["success_any_low"]
    # Twenty of a kind: sqrt(20) = 4.5 times as wide, give or take the bootstrap's own noise.
    assert 3 < width["grouped"] / width["alone"] < 6


@given(st.integers(0, 2**32), st.integers(1, 4))
def test_order_of_resumes_and_unseen_columns_do_not_matter(seed: int, repeats: int) -> None:
    rng = np.random.default_rng(seed)
    n = 12
    labels = rng.random((n, 3)) < 0.4
    tables = [rng.random((2, n, 3)).astype(np.float32) for _ in range(repeats)]
    shuffled = rng.permutation(n)

    def means(order: np.ndarray) -> list[float]:
        outcomes = [per_resume(p[order], c[order], labels[order], TARGET) for p, c in tables]
        values = summarise(
            outcomes, labels[order], TARGET, np.arange(n), np.random.default_rng(0), draws=1
        )
        return [values[q] for q in QUANTITIES]

    np.testing.assert_allclose(means(np.arange(n)), means(shuffled), equal_nan=True)
