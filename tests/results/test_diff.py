"""In what two folders differ."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gigsim.errors import InputError
from gigsim.results.diff import diff, flattened
from gigsim.runs import read_table, write_table
from tests.results.folders import write_replicates, write_run, write_study


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("study"), replicates=2)


@pytest.fixture
def mine(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "mine"))


def test_the_same_run_again(run: Path, tmp_path: Path) -> None:
    found = diff(run, write_run(tmp_path))
    assert found.equal
    assert (found.kind, found.config, found.summary) == ("run", {}, {})
    files = {table.table: table.bytes_equal for table in found.tables}
    # A single run has no file of runs, and the clock's is left out.
    assert not files.pop("runs")
    assert all(files.values())
    assert "timings" not in files
    assert len(files) == 5


def test_other_bytes_of_the_same_values(run: Path, mine: Path) -> None:
    table = read_table(mine / "periods.parquet")
    table.to_parquet(mine / "periods.parquet", compression="gzip")
    write_table(table.assign(alpha=table["alpha"].astype(float)), mine / "periods.parquet")
    content = (mine / "periods.parquet").read_bytes()
    assert content == (run / "periods.parquet").read_bytes()
    write_table(table.astype({"members": "int32"}), mine / "periods.parquet")
    (periods,) = (t for t in diff(run, mine).tables if t.table == "periods")
    assert (periods.bytes_equal, periods.equal) == (False, True)
    assert diff(run, mine).equal


def test_one_value(run: Path, mine: Path) -> None:
    table = read_table(mine / "periods.parquet")
    table.loc[2, "alpha"] += 1e-6
    write_table(table, mine / "periods.parquet")
    found = diff(run, mine)
    assert not found.equal
    (periods,) = (t for t in found.tables if not t.equal)
    assert periods.table == "periods"
    assert periods.difference is not None
    assert periods.difference.first is not None
    assert periods.difference.first.place["period"] == 2
    assert periods.difference.largest["alpha"] == pytest.approx(1e-6)
    assert diff(run, mine, within=1e-5).equal


def test_another_config(run: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path, **{"run.seed": 2, "collective.leak": 0.25})
    found = diff(run, other)
    assert set(found.config) == {"run.seed", "collective.leak"}
    assert found.config["run.seed"] == (1, 2)
    assert found.summary["seed"] == (1, 2)
    assert not found.equal
    assert json.loads(json.dumps(found.as_dict(), default=str))["equal"] is False


def test_replicates_of_which_some_are_shared(tmp_path: Path) -> None:
    a, b = write_replicates(tmp_path / "a", 2), write_replicates(tmp_path / "b", 3)
    found = diff(a, b)
    assert (found.only_a, found.only_b) == ((), ("0.2",))
    assert found.summary["replicates"] == (2, 3)
    assert all(table.equal for table in found.tables)
    assert not found.equal


def test_studies(study: Path, tmp_path: Path) -> None:
    found = diff(study, write_study(tmp_path / "again", replicates=2))
    assert found.equal
    assert all(table.bytes_equal for table in found.tables)
    other = write_study(tmp_path / "other", replicates=2, record=["periods"], seed=2)
    found = diff(study, other)
    assert found.config["seed"] == (1, 2)
    assert "record" in found.config
    absent = {table.table: table.absent for table in found.tables}
    assert absent == {"runs": None, "periods": None, "retrainings": "b"}
    assert not found.equal


def test_a_study_that_is_half_done(study: Path, tmp_path: Path) -> None:
    from gigsim.experiments.study import open_study
    from gigsim.store.store import Store

    half = tmp_path / "half"
    half.mkdir()
    known = open_study(study)
    known.write(half)
    Store.create(half, known.runs, known.replicates, ("runs", "periods", "retrainings", "timings"))
    found = diff(study, half)
    assert len(found.only_a) == 8
    assert not found.equal


def test_two_kinds(run: Path, study: Path) -> None:
    with pytest.raises(InputError, match="a study, not a run like"):
        diff(run, study)


def test_nowhere(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        diff(run, tmp_path / "nowhere")


def test_dotted_keys() -> None:
    assert flattened({"a": {"b": {"c": 1}}, "d": [{"e": 2}]}) == {"a.b.c": 1, "d": [{"e": 2}]}
