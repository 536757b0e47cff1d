"""Money that does not add up is found, in runs that are not done again too."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gigsim.results.money import wrong_money
from gigsim.results.sources import open_source
from gigsim.results.verify import verify
from gigsim.runs import read_table, write_table
from gigsim.store.shards import parquet_writer
from tests.experiments.studies import quick_study
from tests.results.folders import write_run, write_study

MONEY = {"collective.dues": 0.05, "collective.fund": 3.0, "collective.subsidy": 0.1}
SMALL = quick_study()["set"] | {"run.periods": 2}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Look, do not touch."""
    return write_run(tmp_path_factory.mktemp("runs"), **(SMALL | MONEY))


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    """A copy, to be tampered with."""
    return Path(shutil.copytree(whole, tmp_path / whole.name))


def edited(path: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    write_table(change(read_table(path / "periods.parquet")), path / "periods.parquet")


def raised(name: str, by: float, row: int = -1) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[table.index[row], name] += by
        return table

    return change


def test_what_gigsim_writes_adds_up(run: Path) -> None:
    table = read_table(run / "periods.parquet")
    assert table["fund"].iloc[0] == 3.0
    assert (table["dues"].iloc[1:] > 0).all()
    assert wrong_money(open_source(run), [(0, 0)]) == []
    assert verify(run).verified


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("fund", -1, ("fund is not",)),
        ("fund", 0, ("fund is not",)),
        ("dues", -1, ("fund is not", "utilities are not")),
        ("subsidies", 1, ("fund is not", "utilities are not")),
        ("costs", -1, ("utilities are not",)),
        ("mean_utility", 1, ("utilities are not",)),
    ],
)
def test_what_was_altered_does_not(run: Path, name: str, row: int, said: tuple[str, ...]) -> None:
    edited(run, raised(name, 1e-6, row))
    found = wrong_money(open_source(run), [(0, 0)])
    assert len(found) == len(said)
    for line, words in zip(found, said, strict=True):
        assert line.startswith(f"periods: {words}")
        assert line.endswith("in run 0.0")
    assert not verify(run).verified
    assert set(found) <= set(verify(run).problems)


def test_runs_from_before_there_was_money_are_let_be(run: Path) -> None:
    edited(run, lambda table: raised("costs", 1.0)(table).drop(columns=["fund", "dues"]))
    assert wrong_money(open_source(run), [(0, 0)]) == []


def test_the_one_run_of_a_study_that_does_not(tmp_path: Path) -> None:
    """Each begins with the fund of its own case."""
    grid = {"kind": "grid", "values": {"collective.fund": [0.5, 2.0]}}
    study = write_study(tmp_path, replicates=2, set=SMALL | MONEY, record=["periods"], design=grid)
    numbers = [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert wrong_money(open_source(study), numbers) == []
    path = study / "periods" / "part-00000.parquet"
    table = pq.read_table(path).replace_schema_metadata(None)
    values: dict[str, list[Any]] = table.to_pydict()
    place = next(
        i
        for i, key in enumerate(zip(values["case"], values["replicate"], strict=True))
        if key == (1, 0)
    )
    values["fund"][place] += 0.25
    with parquet_writer(path, table.schema, 1) as writer:
        writer.write_table(pa.table(values, schema=table.schema))
    assert wrong_money(open_source(study), numbers) == [
        "periods: fund is not what was there, plus dues, less subsidies, in run 1.0"
    ]
