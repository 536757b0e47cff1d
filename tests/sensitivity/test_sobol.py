"""Sobol indices against integrals, with luck and without."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.sensitivity.luck import Shares
from gigsim.sensitivity.points import block_size, saltelli_points
from gigsim.sensitivity.sobol import sobol_indices
from tests.sensitivity.worlds import Floats, ishigami, ishigami_indices

NAMES = ("x", "y", "z")


def indices(
    values: Floats, *, second_order: bool = False, names: tuple[str, ...] = NAMES
) -> tuple[pd.DataFrame, Shares]:
    return sobol_indices(values, names, second_order=second_order, resamples=400, seed=3)


def check(table: pd.DataFrame, name: str, truth: Floats, pairs: bool = False) -> None:
    """Within 4 standard errors, as the intervals tell them."""
    rows = table[table["other"].notna() == pairs]
    error = (rows[f"{name}_high"] - rows[name]) / 1.96
    assert (error > 0).all()
    assert (np.abs(rows[name] - truth) <= 4 * error).all(), (name, rows[name], truth)


def test_points_are_saltellis_blocks() -> None:
    points = saltelli_points(8, 3, second_order=True, seed=5)
    size = block_size(3, second_order=True)
    assert points.shape == (8 * size, 3)
    assert ((points >= 0) & (points < 1)).all()
    for block in points.reshape(8, size, 3):
        first, last = block[0], block[-1]
        for j in range(3):
            expected = np.where(np.arange(3) == j, last, first)
            assert np.array_equal(block[1 + j], expected)
            assert np.array_equal(block[4 + j], np.where(np.arange(3) == j, first, last))
    assert np.array_equal(points, saltelli_points(8, 3, second_order=True, seed=5))
    assert not np.array_equal(points, saltelli_points(8, 3, second_order=True, seed=6))


def test_ishigami_without_luck() -> None:
    truth = ishigami_indices()
    points = saltelli_points(1024, 3, second_order=True, seed=11)
    values = ishigami(points)[:, None]
    table, shares = indices(values, second_order=True)
    for name in ("S1", "ST"):
        check(table, name, truth[name])
        own = table[table["other"].isna()]
        # Not wide intervals alone.
        assert np.abs(own[name] - truth[name]).max() < 0.1
    check(table, "S2", truth["S2"], pairs=True)
    assert shares.parameters == pytest.approx(float(truth["variance"]), rel=0.05)
    assert table.filter(like="corrected").isna().all(axis=None)
    # The same run twice is two replicates without luck: corrected is then plain.
    twice, shares = indices(np.repeat(values, 2, axis=1), second_order=True)
    assert shares.seeds == shares.share == 0
    for name in ("S1", "ST", "S2"):
        both = twice[[name, f"{name}_corrected"]].dropna()
        assert np.allclose(both[name], both[f"{name}_corrected"], rtol=1e-9, atol=1e-12)


def test_luck_is_taken_out() -> None:
    """Noise as large as the signal."""
    truth = ishigami_indices()
    points = saltelli_points(1024, 3, second_order=True, seed=12)
    sd = float(np.sqrt(truth["variance"]))
    luck = sd * np.random.default_rng(13).normal(size=(len(points), 8))
    table, shares = indices(ishigami(points)[:, None] + luck, second_order=True)
    for name in ("S1", "ST"):
        check(table, f"{name}_corrected", truth[name])
    check(table, "S2_corrected", truth["S2"], pairs=True)
    assert shares.share == pytest.approx(0.5, abs=0.05)
    # Eight seeds: a ninth of the variance of means is luck, and each ST has it.
    assert table["ST"][1] - truth["ST"][1] == pytest.approx((1 - truth["ST"][1]) / 9, abs=0.05)


def test_common_seeds_without_bias() -> None:
    """Over many studies with two common seeds each, corrected moments average to the truth."""
    points = saltelli_points(64, 2, second_order=False, seed=14)
    rng = np.random.default_rng(15)
    found = []
    for _ in range(80):
        luck = rng.normal(size=(1, 2)) * (1 + 0.3 * points[:, [1]])
        table, shares = sobol_indices(
            points[:, [0]] * np.sqrt(12) + luck,
            ("x", "y"),
            second_order=False,
            resamples=2,
            seed=1,
        )
        found.append([shares.parameters * c for c in table["ST_corrected"]] + [table["ST"][1]])
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(80)
    # The variance of x is 1, of which y has nothing; the plain index says otherwise.
    # (That of x has no luck in it, and the error of 64 points.)
    assert abs(mean[0] - 1) < 1e-3
    assert abs(mean[1]) < 4 * error[1]
    assert mean[2] > 4 * error[2]


def test_a_parameter_that_does_nothing() -> None:
    points = saltelli_points(256, 2, second_order=False, seed=16)
    luck = np.random.default_rng(17).normal(size=(len(points), 3))
    table, shares = indices(points[:, [0]] * 4 + luck, names=("x", "nothing"))
    row = table.set_index("parameter").loc["nothing"]
    # Of means of three: luck is a fifth of their variance, 1/3 over 16/12 + 1/3.
    assert row["ST"] == pytest.approx(0.2, abs=0.06)
    assert row["ST_low"] > 0
    assert row["ST_corrected_low"] < 0 < row["ST_corrected_high"]
    assert shares.in_means == pytest.approx(0.2, abs=0.06)


def test_seeds_only() -> None:
    """Nothing but luck: plain indices say that everything matters, corrected ones nothing."""
    points = saltelli_points(512, 2, second_order=False, seed=18)
    values = np.random.default_rng(19).normal(size=(len(points), 2))
    table, shares = indices(values, names=("x", "y"))
    assert (table["ST"] > 0.8).all()
    assert shares.share > 0.9
    left = table["ST_corrected"]
    # None where the variance came out below 0; else no interval that 0 is not in.
    assert (left.isna() | ~(table["ST_corrected_low"] > 0)).all()


def test_an_outcome_that_never_varies_has_no_indices() -> None:
    table, shares = indices(np.full((64 * 5, 2), 3.0))
    assert table.drop(columns=["parameter", "other"]).isna().all(axis=None)
    assert (shares.mean, shares.parameters, shares.seeds) == (3.0, 0.0, 0.0)


@settings(max_examples=8)
@given(st.floats(-1e3, 1e3), st.floats(0.01, 100).map(lambda x: -x), st.integers(1, 3))
def test_units_do_not_matter(shift: float, scale: float, replicates: int) -> None:
    points = saltelli_points(32, 3, second_order=False, seed=20)
    luck = np.random.default_rng(21).normal(size=(len(points), replicates))
    values = ishigami(points)[:, None] + luck
    first, _ = indices(values)
    second, _ = indices(shift + scale * values)
    numbers = [*first.columns.difference(["parameter", "other"])]
    assert np.allclose(first[numbers], second[numbers], atol=1e-6, equal_nan=True)


def test_the_same_seed_gives_the_same_bits() -> None:
    points = saltelli_points(32, 3, second_order=True, seed=22)
    values = ishigami(points)[:, None] + np.random.default_rng(1).normal(size=(len(points), 2))
    pd.testing.assert_frame_equal(
        indices(values, second_order=True)[0], indices(values, second_order=True)[0]
    )
