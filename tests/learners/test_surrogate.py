"""A measured curve in the place of a classifier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from gigsim.learners.surrogate import Curve, load_curve
from tests.learners.tables import measured_curve

COLUMNS = ["success_any", "success_top1", "base_any", "base_top1", "accuracy"]


@pytest.fixture(scope="module")
def curve_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """A curve that a real run measured."""
    path = tmp_path_factory.mktemp("curve") / "curve.parquet"
    return path, measured_curve(path)


def test_points_are_means_over_trainings(curve_file: tuple[Path, pd.DataFrame]) -> None:
    path, table = curve_file
    curve = load_curve(path)
    assert curve.alphas.tolist() == [0.0, 0.005, 0.02, 0.05, 0.2]
    assert curve.trainings.tolist() == [4] * 5
    groups = table.groupby("alpha")
    reach = student.ppf(0.975, 3) / 2
    for name in (*COLUMNS, "flipped_any", "flipped_top1"):
        mean, sd = groups[name].mean().to_numpy(), groups[name].std(ddof=1).to_numpy()
        np.testing.assert_allclose(curve.columns[name], mean, atol=1e-12)
        np.testing.assert_allclose(curve.columns[f"{name}_sd"], sd, atol=1e-12)
        low = np.maximum(mean - reach * sd, 0)
        np.testing.assert_allclose(curve.columns[f"{name}_low"], low, atol=1e-12)
    assert "f1_micro" not in curve.columns
    for alpha in curve.alphas:
        point = curve.at(float(alpha))
        expected = table[table["alpha"] == alpha]["success_top1"].mean()
        assert point["success_top1"] == pytest.approx(expected, abs=1e-12)


def test_csv_and_parquet_say_the_same(
    curve_file: tuple[Path, pd.DataFrame], tmp_path: Path
) -> None:
    path, table = curve_file
    shuffled = table.sample(frac=1, random_state=0)
    shuffled.to_csv(tmp_path / "curve.csv", index=False)
    one, two = load_curve(path), load_curve(tmp_path / "curve.csv")
    np.testing.assert_array_equal(one.alphas, two.alphas)
    for name, values in one.columns.items():
        np.testing.assert_allclose(two.columns[name], values, atol=1e-12)


def test_between_points_a_straight_line_and_constant_beyond() -> None:
    curve = Curve(
        alphas=np.array([0.0, 0.1, 0.3]),
        columns={"success_any": np.array([0.1, 0.5, 0.9])},
        trainings=np.array([1, 1, 1]),
    )
    assert curve.at(0.05) == {"success_any": pytest.approx(0.3)}
    assert curve.at(0.2) == {"success_any": pytest.approx(0.7)}
    assert curve.at(0.3) == curve.at(1.0) == {"success_any": 0.9}
    for outside in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="alpha must be in"):
            curve.at(outside)


@given(
    points=st.dictionaries(st.integers(1, 1000), st.floats(0, 1), min_size=1, max_size=8),
    asked=st.floats(0, 1),
)
def test_it_stays_between_its_neighbours(points: dict[int, float], asked: float) -> None:
    values = {0: 0.2} | points
    order = sorted(values)
    alphas = np.array(order) / 1000
    curve = Curve(alphas, {"s": np.array([values[k] for k in order])}, np.ones(len(order), int))
    found = curve.at(asked)["s"]
    after = int(np.searchsorted(alphas, asked))
    near = curve.columns["s"][max(after - 1, 0) : after + 1]
    assert near.min() - 1e-12 <= found <= near.max() + 1e-12


def test_one_training_has_no_spread(tmp_path: Path) -> None:
    rows = [{"alpha": a} | dict.fromkeys(COLUMNS, 0.5) for a in (0.1, 0.0)]
    path = tmp_path / "one.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    point = load_curve(path).at(0.05)
    assert point["success_any"] == 0.5
    assert np.isnan(point["success_any_sd"])
    assert np.isnan(point["success_any_low"])
