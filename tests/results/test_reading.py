"""``gigsim.load_runs``: one run, a study, many; and folders of earlier versions."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from gigsim.config import Config
from gigsim.errors import InputError
from gigsim.experiments.study import load_study
from gigsim.replicates import load_replicates
from gigsim.results.reading import load_runs
from gigsim.runs import load_run
from gigsim.store.store import Failure, Finished, Store, encode
from tests.experiments.studies import quick_study
from tests.permissions import bound_by_permissions
from tests.results.folders import write_replicates, write_run, write_study

FIXTURES = Path(__file__).parents[1] / "fixtures"
FRONT = ["source", "case", "replicate", "seed"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, three replicates, a study of twelve runs: look, do not touch."""
    out = tmp_path_factory.mktemp("runs")
    write_run(out)
    write_replicates(out, 3)
    write_study(out)
    return out


def one(results: Path, kind: str) -> Path:
    pattern = {"run": "*-quick-[0-9a-f]*[0-9a-f]", "replicates": "*-x3", "study": "*"}[kind]
    (found,) = (
        path
        for path in results.glob(pattern)
        if (path / "study.toml").exists() == (kind == "study")
        and path.name.endswith("-x3") == (kind == "replicates")
    )
    return found


@pytest.fixture
def mine(results: Path, tmp_path: Path) -> Path:
    """A copy, to be damaged."""
    return Path(shutil.copytree(results, tmp_path / "runs"))


def refused(call: Callable[[], object]) -> InputError:
    with pytest.raises(InputError) as caught:
        call()
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


def test_one_run(results: Path) -> None:
    path = one(results, "run")
    runs, known = load_runs(path), load_run(path)
    assert list(runs.sources) == [path.name]
    (row,) = runs.runs.to_dict("records")
    assert [*runs.runs][:4] == FRONT
    assert (row["source"], row["case"], row["replicate"], row["seed"]) == (path.name, 0, 0, 1)
    assert row["alpha"] == known.summary["final"]["alpha"]
    assert row["clean_rate"] == known.summary["clean_rate"]
    for name in ("periods", "retrainings", "collectives", "theory", "freelancers", "timings"):
        table = getattr(runs, name)
        assert [*table][:4] == FRONT
        assert set(table["source"]) <= {path.name}
        if len(table):
            pd.testing.assert_frame_equal(table.drop(columns=FRONT), getattr(known, name))
    assert runs.complete
    assert runs.missing == {}
    assert len(runs.failures) == 0
    assert runs.config(path.name) == known.config


def test_replicates(results: Path) -> None:
    path = one(results, "replicates")
    runs, known = load_runs(path), load_replicates(path)
    pd.testing.assert_frame_equal(runs.runs.drop(columns=["source", "case"]), known.runs)
    pd.testing.assert_frame_equal(runs.periods.drop(columns=["source", "case"]), known.periods)
    assert runs.missing == {"freelancers": (path.name,)}
    assert len(runs.freelancers) == 0
    assert [runs.config(path.name, 0, r).run.seed for r in range(3)] == [1, 2, 3]
    assert runs.config(path.name) == known.config


def test_a_study(results: Path) -> None:
    path = one(results, "study")
    runs = load_runs(path)
    keys = ["collective.leak", "society.activation"]
    assert [*runs.runs][:6] == FRONT + keys
    assert runs.runs[["case", "replicate"]].to_numpy().tolist() == [
        [case, replicate] for case in range(4) for replicate in range(3)
    ]
    assert runs.runs["collective.leak"].tolist() == [0.0] * 6 + [0.1] * 6
    assert set(runs.missing) == {"collectives", "theory", "freelancers"}
    assert runs.complete
    for row in runs.runs.to_dict("records"):
        config = runs.config(path.name, row["case"], row["replicate"])
        assert config.run.seed == row["seed"]
        assert config.collective.leak == row["collective.leak"]
    last = runs.periods.groupby(["case", "replicate"])["alpha"].last()
    assert (last.to_numpy() == runs.runs["alpha"].to_numpy()).all()


def test_a_replicate_of_a_study_is_the_run_of_its_config(results: Path) -> None:
    from gigsim.model import GigEconomy

    path = one(results, "study")
    runs = load_runs(path)
    model = GigEconomy(runs.config(path.name, 2, 1))
    model.run()
    rows = runs.periods.query("case == 2 and replicate == 1").drop(columns=FRONT)
    pd.testing.assert_frame_equal(rows.reset_index(drop=True), model.periods, check_dtype=False)


def test_a_folder_of_many(results: Path) -> None:
    runs = load_runs(results)
    assert list(runs.sources) == sorted(path.name for path in results.iterdir())
    assert len(runs.runs) == 1 + 3 + 12
    assert [*runs.runs][:6] == [*FRONT, "collective.leak", "society.activation"]
    alone = runs.runs["source"] == one(results, "run").name
    assert runs.runs.loc[alone, "collective.leak"].isna().all()
    assert runs.runs["tipping_period"].dtype == "Int64"
    assert len(runs.periods) == 4 * 16
    assert len(runs.theory) > 0
    assert len(runs.missing["theory"]) == 1
    # The same numbers, whichever way they came.
    first = runs.periods[runs.periods["source"] == one(results, "run").name]
    again = runs.periods[runs.periods["source"] == one(results, "replicates").name]
    again = again[again["replicate"] == 0]
    pd.testing.assert_series_equal(
        first["success_top1"].reset_index(drop=True), again["success_top1"].reset_index(drop=True)
    )


def test_a_list_of_folders(results: Path) -> None:
    paths = [one(results, "study"), str(one(results, "run"))]
    runs = load_runs(paths)
    assert list(runs.sources) == [Path(path).name for path in paths]
    # Named twice, also through its parent, it is there once.
    assert len(load_runs([*paths, results]).runs) == 16


def test_two_of_one_name(results: Path, mine: Path) -> None:
    path = one(results, "run")
    runs = load_runs([path, mine / path.name])
    assert list(runs.sources) == [str(path), str(mine / path.name)]
    assert len(runs.runs) == 2


def test_what_is_none_of_ours_is_left_out(mine: Path) -> None:
    (mine / "README.md").write_text("notes")
    (mine / "old pictures").mkdir()
    (mine / "old pictures" / "config.toml").write_text("not ours")
    (mine / ".20230723T120005Z-quick-0123456789ab.partial-1").mkdir()
    assert len(load_runs(mine).runs) == 16


def test_no_folder_no_runs(tmp_path: Path) -> None:
    assert "no such folder" in refused(lambda: load_runs(tmp_path / "nowhere")).problem
    assert "holds no runs" in refused(lambda: load_runs(tmp_path)).problem
    assert "an empty list" in refused(lambda: load_runs([])).problem
    (tmp_path / "file").write_text("")
    assert "no such folder" in refused(lambda: load_runs(tmp_path / "file")).problem


@pytest.mark.parametrize("kind", ["run", "replicates", "study"])
@pytest.mark.parametrize("damage", ["cut", "noise", "gone"])
def test_damaged_ones_are_named(
    mine: Path, kind: str, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How long to wait for a file that may be about to appear.
    monkeypatch.setattr("gigsim.store.snapshots._PATIENCE", 0.1)
    folder = one(mine, kind)
    file = folder / ("periods/part-00000.parquet" if kind == "study" else "periods.parquet")
    content = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(content[: len(content) // 2] if damage == "cut" else b"\xff" * 99)

    def read() -> object:
        # Of a study's files it is the reading that tells.
        return load_runs(mine).periods

    assert folder.name in str(refused(read))


def test_several_damaged_ones(mine: Path) -> None:
    for kind in ("run", "replicates"):
        (one(mine, kind) / "summary.json").write_text("{")
    error = refused(lambda: load_runs(mine))
    assert one(mine, "run").name in error.where
    assert one(mine, "replicates").name in error.where
    assert error.problem.startswith("2 damaged; the first: ")
    assert len(load_runs([one(mine, "study")]).runs) == 12


def test_a_summary_that_lacks_something(mine: Path) -> None:
    path = one(mine, "run")
    summary = json.loads((path / "summary.json").read_text())
    del summary["clean_rate"]
    (path / "summary.json").write_text(json.dumps(summary))
    assert "clean_rate" in refused(lambda: load_runs(path)).problem


def test_another_schema(mine: Path) -> None:
    for path in (
        one(mine, "run") / "periods.parquet",
        one(mine, "study") / "runs/part-00000.parquet",
    ):
        table = pq.read_table(path)
        metadata = table.schema.metadata | {b"schema_version": b"2"}
        pq.write_table(table.replace_schema_metadata(metadata), path)
        folder = path.parent if path.parent.parent == mine else path.parent.parent
        problem = refused(lambda folder=folder: load_runs(folder)).problem  # type: ignore[misc]
        assert "has schema 2, this version reads 1: a newer gigsim wrote it, update" in problem


def test_an_index_of_another_version(mine: Path) -> None:
    path = one(mine, "study")
    with sqlite3.connect(path / "index.sqlite") as index:
        index.execute("PRAGMA user_version = 99")
    index.close()
    assert "99" in refused(lambda: load_runs(path)).problem


def test_runs_that_are_not_there(results: Path) -> None:
    runs = load_runs(results)
    assert "no such source" in refused(lambda: runs.config("nowhere")).problem
    for kind, number in (("run", (0, 1)), ("replicates", (0, 3)), ("study", (4, 0))):
        name = one(results, kind).name
        error = refused(lambda name=name, number=number: runs.config(name, *number))  # type: ignore[misc]
        assert f"has no run {number[0]}.{number[1]}" in error.problem


@pytest.fixture
def interrupted(tmp_path: Path, results: Path) -> Path:
    """A study that was left in the middle: seven runs finished, one failed, four open."""
    done = one(results, "study")
    folder = tmp_path / "interrupted"
    folder.mkdir()
    study = load_study(quick_study())
    study.write(folder)
    names = ("runs", "periods", "retrainings", "timings")
    Store.create(folder, study.runs, study.replicates, names)
    tables = {name: pd.read_parquet(done / name) for name in names}

    def of(table: pd.DataFrame) -> pd.Series:
        return table["case"] * study.replicates + table["replicate"]

    with Store.open(folder) as store:
        finished = []
        for number in store.claim(8)[:7]:
            rows = {n: table[of(table) == number] for n, table in tables.items()}
            finished.append(Finished(number, {n: encode(r) for n, r in rows.items() if len(r)}))
        store.commit(finished[:5])
        store.commit(finished[5:], [Failure(7, "error", "ZeroDivisionError", "Traceback ...", 1)])
    return folder


def test_a_study_that_was_interrupted(interrupted: Path, results: Path) -> None:
    runs, whole = load_runs(interrupted), load_runs(one(results, "study"))
    assert not runs.complete
    assert len(runs.runs) == 7
    columns = [name for name in runs.runs if name != "source"]
    pd.testing.assert_frame_equal(
        runs.runs[columns], whole.runs[columns].iloc[:7], check_dtype=False
    )
    (failure,) = runs.failures.to_dict("records")
    assert (failure["case"], failure["replicate"], failure["kind"]) == (2, 1, "error")
    assert failure["seed"] == whole.runs["seed"].iloc[7]
    assert (failure["why"], failure["attempts"]) == ("ZeroDivisionError", 1)


def test_a_study_of_which_nothing_is_finished(tmp_path: Path) -> None:
    study = load_study(quick_study())
    study.write(tmp_path)
    Store.create(tmp_path, study.runs, study.replicates, ("runs", "periods", "timings"))
    runs = load_runs(tmp_path)
    assert (len(runs.runs), len(runs.periods), runs.complete) == (0, 0, False)
    assert [*runs.runs] == FRONT


def test_compacted_tables_need_no_index(mine: Path) -> None:
    path = one(mine, "study")
    before = load_runs(path)
    (path / "index.sqlite").unlink()
    runs = load_runs(path)
    pd.testing.assert_frame_equal(runs.runs, before.runs)
    assert (runs.complete, len(runs.failures)) == (True, 0)


def test_a_folder_that_is_read_only(mine: Path) -> None:
    """Also root, whom no mode keeps out unless its capabilities are taken away."""
    for path in [mine, *mine.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    code = f"import gigsim.results.reading as r; runs = r.load_runs({str(mine)!r}); runs.periods; "
    code += "assert len(runs.runs) == 16"
    command = bound_by_permissions(sys.executable, "-c", code)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for path in [mine, *mine.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert done.returncode == 0, done.stderr


# What `python -m tests.fixtures.make` wrote with version 0.1.0: the world of
# tests/experiments/studies.py, seed 7, as a run and as a study of two cases of two replicates.
# The numbers below are those of that day; when they or the folders' layout no longer fit, the
# schema version has to change.


def test_a_run_of_schema_1_keeps_loading() -> None:
    run = load_run(FIXTURES / "run-schema-1")
    assert run.config.run.seed == 7
    assert isinstance(run.config, Config)
    runs = load_runs(FIXTURES / "run-schema-1")
    assert_known(runs.runs, runs.periods, "run")
    assert len(run.freelancers) == 120


def test_a_study_of_schema_1_keeps_loading() -> None:
    runs = load_runs(FIXTURES / "study-schema-1")
    assert_known(runs.runs, runs.periods, "study")
    assert runs.complete
    assert runs.config("study-schema-1", 1, 1).run.seed == runs.runs["seed"].iloc[3]


def assert_known(runs: pd.DataFrame, periods: pd.DataFrame, kind: str) -> None:
    known = json.loads((FIXTURES / f"{kind}-schema-1.json").read_text())
    assert [*runs] == known["runs_columns"]
    assert [*periods] == known["periods_columns"]
    for name, values in known["runs"].items():
        found = [None if pd.isna(value) else value for value in runs[name]]
        assert found == values, name
    for name, total in known["periods_sums"].items():
        assert np.nansum(periods[name].to_numpy(dtype=float)) == total, name
