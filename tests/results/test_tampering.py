"""Folders whose files are as gigsim writes them, and hold what it has not put there."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from gigsim.experiments.case import Job, Result, run_case
from gigsim.experiments.cases import Case, write_cases
from gigsim.experiments.study import open_study
from gigsim.experiments.sweep import Sweep
from gigsim.results.verify import verify
from gigsim.runs import read_table, write_table
from gigsim.store.shards import parquet_writer
from gigsim.store.store import Store
from tests.experiments.studies import quick_study
from tests.results.folders import write_replicates, write_run, write_study

SMALL = quick_study()["set"] | {"run.periods": 1}
# Text, whole and real numbers.
DESIGN = {
    "kind": "zip",
    "values": {
        "network.kind": ["ring", "random", "ring", "complete"],
        "collective.first_movers": [6, 7, 8, 9],
        "collective.leak": [0.0, 0.1, 0.2, 0.3],
    },
}
RUNS, PERIODS = "runs/part-00000.parquet", "periods/part-00000.parquet"


def crooked(job: Job, tell: Callable[[Any], None]) -> Result:
    """The last case fails."""
    if job.case == 3:
        raise ZeroDivisionError("rain")
    return run_case(job, tell)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One of each kind: look, do not touch."""
    out = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gigsim.experiments.sweep.run_case", crooked)
        study = write_study(out, replicates=1, set=SMALL, record=["periods"], design=DESIGN)
    return {
        "study": study,
        "replicates": write_replicates(out, 2, **SMALL),
        "run": write_run(out, **SMALL),
    }


@pytest.fixture
def study(whole: dict[str, Path], tmp_path: Path) -> Path:
    """A copy, to be tampered with."""
    return copy(whole["study"], tmp_path)


def copy(path: Path, out: Path) -> Path:
    return Path(shutil.copytree(path, out / path.name))


def edit(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Write a study's table again, as gigsim does."""
    table = change(pq.read_table(path).replace_schema_metadata(None))
    with parquet_writer(path, table.schema, 1) as writer:
        writer.write_table(table.combine_chunks())


def column(name: str, change: Callable[[list[Any]], list[Any]]) -> Callable[[pa.Table], pa.Table]:
    def changed(table: pa.Table) -> pa.Table:
        at = table.schema.get_field_index(name)
        values = pa.array(change(table[name].to_pylist()), table.schema.field(at).type)
        return table.set_column(at, table.schema.field(at), values)

    return changed


def rotated(values: list[Any]) -> list[Any]:
    return values[1:] + values[:1]


def real(name: str) -> Callable[[pa.Table], pa.Table]:
    """A column of whole numbers as real ones."""

    def changed(table: pa.Table) -> pa.Table:
        at = table.schema.get_field_index(name)
        return table.set_column(at, name, table[name].cast(pa.float64()))

    return changed


def without_case_0(table: pa.Table) -> pa.Table:
    return table.filter(pc.greater(table["case"], 0))


def drop_run(folder: Path) -> None:
    for name in ("runs", "periods", "timings"):
        edit(folder / name / "part-00000.parquet", without_case_0)


def of_case(case: int) -> Callable[[pa.Table], pa.Table]:
    """Rows of a case that the study has not are added."""

    def changed(table: pa.Table) -> pa.Table:
        more = column("case", lambda values: [case] * len(values))(table.slice(len(table) - 1))
        return pa.concat_tables([table, more])

    return changed


def recased(folder: Path) -> None:
    """Cases that all the rest does not go with, also by name."""
    known = open_study(folder)
    cases = [Case(c.number, {**c.values, "collective.leak": 0.5}) for c in known.cases]
    write_cases(cases, known.keys, folder / "cases.parquet")
    provenance = json.loads((folder / "provenance.json").read_text())
    provenance["config_hash"] = open_study(folder).digest()
    (folder / "provenance.json").write_text(json.dumps(provenance))


def prepend(text: str) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        path = folder / "study.toml"
        path.write_bytes(text.encode() + path.read_bytes())

    return changed


def redesign(folder: Path) -> None:
    path = folder / "study.toml"
    path.write_text(path.read_text().replace("0.3", "0.4", 1).replace("    0.3", "    0.4"))


TAMPERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "varied text": (
        lambda f: edit(f / RUNS, column("network.kind", rotated)),
        "runs: other values than the study's: first in row 0 (case 0, replicate 0), network.kind",
    ),
    "varied number": (
        lambda f: edit(f / RUNS, column("collective.first_movers", rotated)),
        "runs: other values than the study's",
    ),
    "type of a varied number": (
        lambda f: edit(f / RUNS, real("collective.first_movers")),
        "runs/part-00000.parquet: other columns or types than index.sqlite says",
    ),
    "another column": (
        lambda f: edit(f / RUNS, lambda t: t.append_column("luck", t["alpha"])),
        "runs/part-00000.parquet: other columns or types than index.sqlite says",
    ),
    "seeds of runs": (
        lambda f: edit(f / RUNS, column("seed", lambda values: [7] * len(values))),
        "runs: other seeds than their own in run 0.0, 1.0, 2.0 (7 instead of",
    ),
    "a seed of periods": (
        lambda f: edit(f / PERIODS, column("seed", lambda values: [*values[:-1], 7])),
        "periods: other seeds than their own in run 2.0 (7 instead of",
    ),
    "a row of runs": (
        lambda f: edit(f / RUNS, without_case_0),
        "runs: no rows of run 0.0",
    ),
    "a run": (drop_run, "periods: no rows of run 0.0"),
    "a run twice": (
        lambda f: edit(f / RUNS, lambda t: pa.concat_tables([t, t.slice(2)])),
        "runs: several rows of run 2.0",
    ),
    "rows of another case": (
        lambda f: edit(f / PERIODS, of_case(9)),
        "periods: rows of run 9.0, which should not be there",
    ),
    "rows of a failed run": (
        lambda f: edit(f / PERIODS, of_case(3)),
        "periods: rows of run 3.0, which should not be there",
    ),
    "order of runs": (
        lambda f: edit(f / RUNS, lambda t: t.take([1, 0, 2])),
        "runs/part-00000.parquet is not what gigsim writes for its values",
    ),
    "another part": (
        lambda f: shutil.copy(f / PERIODS, f / "periods/part-00001.parquet"),
        "periods/part-00001.parquet: index.sqlite knows of no such file",
    ),
    "other failures": (
        lambda f: shutil.copy(f / "cases.parquet", f / "failures.parquet"),
        "failures.parquet is no table of failures",
    ),
    "another reason": (
        lambda f: edit(f / "failures.parquet", column("why", lambda values: ["sun"])),
        "failures.parquet is not what index.sqlite says",
    ),
    "no failures": (
        lambda f: (f / "failures.parquet").unlink(),
        "failures.parquet is missing",
    ),
    "a comment": (prepend("# mine\n"), "study.toml is not as gigsim wrote it"),
    "line ends": (
        lambda f: (f / "study.toml").write_bytes(
            (f / "study.toml").read_bytes().replace(b"\n", b"\r\n")
        ),
        "study.toml is not as gigsim wrote it",
    ),
    "cases": (recased, "cases.parquet has other cases than the design in study.toml"),
    "a design": (redesign, "cases.parquet has other cases than the design in study.toml"),
}

#: What is found out of compacted tables whose index was left behind.
WITHOUT_INDEX = {
    "varied number": "runs: other values than the study's",
    "type of a varied number": "runs: collective.first_movers is float64, the study has int64",
    "seeds of runs": "runs: other seeds than their own in run 0.0",
    "a run": "runs: no rows of run 0.0",
    "rows of a failed run": "periods: rows of run 3.0, which should not be there",
    "other failures": "failures.parquet",
    "no failures": "failures.parquet is missing",
    "another column": "runs: columns luck not in both",
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_study_that_was_tampered_with(study: Path, what: str) -> None:
    tamper, said = TAMPERED[what]
    tamper(study)
    found = verify(study, sample=1)
    assert not found.verified
    assert said in "\n".join(found.problems)


@pytest.mark.parametrize("what", WITHOUT_INDEX)
def test_a_study_without_its_index_that_was_tampered_with(study: Path, what: str) -> None:
    (study / "index.sqlite").unlink()
    TAMPERED[what][0](study)
    found = verify(study)
    assert not found.verified
    assert WITHOUT_INDEX[what] in str(found)


def test_without_its_index_a_study_is_as_good(study: Path) -> None:
    (study / "index.sqlite").unlink()
    found = verify(study)
    assert found.verified, found
    assert found.runs == 3
    drop_run(study)
    assert not verify(study, sample=1).verified
    shutil.copy(study / PERIODS, study / "periods/part-00002.parquet")
    problems = "\n".join(verify(study, sample=1).problems)
    assert "periods: holds part-00000.parquet, part-00002.parquet, not 2 parts" in problems


def test_the_hash_in_the_folders_name(study: Path) -> None:
    recased(study)
    problems = "\n".join(verify(study, sample=1).problems)
    assert f"the folder's name has {study.name[-12:]}" in problems
    assert "runs: other seeds than their own in run 0.0, 1.0, 2.0" in problems


def test_a_renamed_folder(study: Path) -> None:
    assert verify(study.rename(study.parent / "mine"), sample=1).verified


def test_an_index_of_another_run_more(study: Path) -> None:
    with sqlite3.connect(study / "index.sqlite") as sql:
        sql.execute("DELETE FROM finished WHERE number = 1")
    problems = "\n".join(verify(study, sample=1).problems)
    assert "index.sqlite: complete, but not every run has ended" in problems
    assert "runs: rows of run 1.0, which should not be there" in problems


@pytest.mark.parametrize("file", [RUNS, PERIODS])
def test_what_the_index_says_of_a_damaged_study(study: Path, file: str) -> None:
    (study / file).write_bytes((study / file).read_bytes()[:500])
    found = verify(study)
    assert not found.verified
    assert found.runs == 3
    said = "\n".join(found.problems)
    assert f"{file} cannot be read" in said
    assert "index.sqlite says: 3 of 4 runs finished, 1 failed; none of them was done again" in said


@pytest.mark.parametrize("file", ["study.toml", "cases.parquet"])
def test_a_study_without_its_design(study: Path, file: str) -> None:
    (study / file).unlink()
    found = verify(study)
    assert not found.verified
    assert found.runs == 3


def test_an_index_that_is_none(study: Path) -> None:
    (study / "index.sqlite").write_text("hello")
    found = verify(study)
    assert not found.verified
    assert found.runs == 0
    assert "index.sqlite cannot be read" in "\n".join(found.problems)


def test_a_study_that_is_not_finished(
    whole: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = open_study(whole["study"])
    known.write(tmp_path)
    for name in ("inputs.json", "provenance.json"):
        if (whole["study"] / name).exists():
            shutil.copy(whole["study"] / name, tmp_path)
    Store.create(tmp_path, known.runs, known.replicates, ("runs", "periods", "timings"))

    monkeypatch.setattr("gigsim.experiments.sweep.run_case", crooked)
    assert not Sweep(tmp_path, 0).run(fail_fast=True)
    found = verify(tmp_path)
    assert found.verified, found
    assert found.runs == 3
    (tmp_path / "failures.parquet").touch()
    (tmp_path / "periods" / "part-00000.parquet").touch()
    problems = "\n".join(verify(tmp_path, sample=1).problems)
    assert "failures.parquet" in problems


@pytest.mark.parametrize(
    ("name", "seed", "said"),
    [("runs", 7, "runs: other seeds"), ("periods", 7, "periods: other seeds")],
)
def test_replicates_under_another_seed(
    whole: dict[str, Path], tmp_path: Path, name: str, seed: int, said: str
) -> None:
    folder = copy(whole["replicates"], tmp_path)
    table = read_table(folder / f"{name}.parquet")
    table.loc[len(table) - 1, "seed"] = seed
    write_table(table, folder / f"{name}.parquet")
    problems = "\n".join(verify(folder, sample=1).problems)
    assert f"{said} than their own in run 0.1 (7 instead of" in problems


def test_replicates_too_few_and_too_many(whole: dict[str, Path], tmp_path: Path) -> None:
    folder = copy(whole["replicates"], tmp_path)
    (folder / "provenance.json").unlink()
    assert verify(folder).verified
    periods = read_table(folder / "periods.parquet")
    write_table(periods[periods["replicate"] == 0], folder / "periods.parquet")
    assert "periods: no rows of run 0.1" in verify(folder, sample=1).problems
    periods.loc[len(periods) - 1, "replicate"] = 5
    write_table(periods, folder / "periods.parquet")
    problems = verify(folder, sample=1).problems
    assert "periods: rows of run 0.5, which should not be there" in problems
    runs = read_table(folder / "runs.parquet")
    write_table(runs[runs["replicate"] == 0], folder / "runs.parquet")
    assert "runs: 1 replicates, 2 by summary.json" in verify(folder, sample=1).problems


def test_the_seed_of_a_run_made_elsewhere(whole: dict[str, Path], tmp_path: Path) -> None:
    folder = copy(whole["run"], tmp_path)
    (folder / "provenance.json").unlink()
    summary = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps(summary | {"seed": 7}))
    problems = "\n".join(verify(folder).problems)
    assert "runs: other seeds than their own in run 0.0 (7 instead of" in problems
