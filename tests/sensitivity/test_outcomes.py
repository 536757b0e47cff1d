"""Outcomes: how they are spelt, what a run's number is, and periods that never came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gigsim
from gigsim.errors import InputError
from gigsim.experiments.study import Study, open_study
from gigsim.sensitivity.columns import columns
from gigsim.sensitivity.outcomes import (
    Outcome,
    outcome,
    values_of,
)
from tests.experiments.studies import QUICK, quick_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four cases of three replicates; half of the cases have one period less."""
    values = {"run.periods": [2, 3], "collective.first_movers": [1, 6]}
    study = quick_study(design={"kind": "grid", "values": values})
    return gigsim.sweep(study, out=tmp_path_factory.mktemp("runs"), workers=0)


def read(folder: Path, text: str) -> Any:
    return values_of(folder, open_study(folder), outcome(text))


@pytest.mark.slow
def test_every_number_of_the_tables_is_an_outcome(folder: Path) -> None:
    front = {"case", "replicate", "seed", "run.periods", "collective.first_movers"}
    assert {*columns().runs} == set(pd.read_parquet(folder / "runs").columns) - front
    periods = pd.read_parquet(folder / "periods")
    numbers = {name for name in periods if periods[name].dtype != object}
    assert {*columns().periods} == numbers - front - {"period"}


@pytest.mark.parametrize(
    ("text", "column", "how"),
    [
        ("alpha", "alpha", ""),
        ("total_wealth", "total_wealth", ""),
        ("max(alpha)", "alpha", "max"),
        (" last( mean_wealth ) ", "mean_wealth", "last"),
    ],
)
def test_spelling(text: str, column: str, how: str) -> None:
    found = outcome(text)
    assert (found.column, found.how) == (column, how)
    assert found.text == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no outcome"),
        ("alhpa", "did you mean alpha?"),
        ("median(alpha)", "is no outcome"),
        ("max(tipped)", "periods has no such number"),
        ("max(alpah)", "did you mean alpha?"),
        ("mean_wealth", "last(mean_wealth)"),
        ("max(alpha", "is no outcome"),
        ("case", "runs has no such number"),
        ("max(period)", "periods has no such number"),
    ],
)
def test_what_is_none(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        outcome(text)
    assert said in str(caught.value)


@pytest.mark.parametrize("how", ["last", "mean", "max", "min", "sum"])
@pytest.mark.parametrize("column", ["alpha", "joined", "retrained"])
def test_numbers_of_periods(folder: Path, how: str, column: str) -> None:
    periods = pd.read_parquet(folder / "periods")
    later = periods[periods["period"] > 0].astype({column: float})
    expected = later.groupby(["case", "replicate"])[column].agg(how)
    found = read(folder, f"{how}({column})").numbers
    assert found.shape == (4, 3)
    assert np.allclose(found.ravel(), expected, rtol=1e-15)


def test_the_wealth_of_all(folder: Path) -> None:
    found = read(folder, "total_wealth").numbers
    assert np.allclose(found, 120 * read(folder, "last(mean_wealth)").numbers)
    # What was paid and what it cost, all along.
    earned = read(folder, "sum(benefits)").numbers - read(folder, "sum(costs)").numbers
    assert np.allclose(found, earned, atol=1e-6)


def test_a_number_that_one_period_lacks_is_no_number(folder: Path) -> None:
    assert np.isnan(read(folder, "mean(matched_share_free_riders)").numbers).any()
    assert np.isnan(read(folder, "max(matched_share_free_riders)").numbers).any()


def test_truth_values_count(folder: Path) -> None:
    runs = pd.read_parquet(folder / "runs")
    found = read(folder, "grown").numbers
    assert np.array_equal(found.ravel(), runs["grown"].astype(float))


class TestCensoring:
    """min(T, H + 1), with H what every run may reach."""

    @pytest.fixture
    def runs(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
        """Tipping in period 1, 3, and never."""
        table = pd.read_parquet(folder / "runs")[["case", "replicate", "tipping_period"]]
        table["tipping_period"] = pd.array([1, 3, None] * 4, dtype="Int64")
        monkeypatch.setattr("gigsim.sensitivity.outcomes.read_table", lambda *_, **__: table.copy())
        return open_study(folder)

    def test_never_is_later_than_all_and_is_counted(self, folder: Path, runs: Study) -> None:
        found = values_of(folder, runs, Outcome("tipping_period", "tipping_period"))
        # The shortest runs have two periods: a third is beyond what all could reach.
        assert found.horizon == 2
        assert found.numbers.tolist() == [[1.0, 3.0, 3.0]] * 4
        assert found.censored == 8

    def test_a_settled_run_may_go_on_to_its_limit(self, folder: Path, tmp_path: Path) -> None:
        changes = {"run.until": "settled", "run.limit": 6, "population.cost": 1e6}
        study = {"name": "x", "base": "default", "set": QUICK | changes}
        made = gigsim.sweep(study, out=tmp_path, workers=0)
        found = read(made, "settled")
        assert found.horizon == 6
        assert found.numbers.max() <= 7
