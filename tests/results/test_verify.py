"""Runs done again: what is found out, here and as if on another machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigsim.errors import InputError
from gigsim.results.verify import Verdict, verify
from gigsim.runs import read_table, write_table
from tests.results.folders import flip, write_replicates, write_run, write_study

TWO = {"kind": "grid", "values": {"collective.leak": [0.0, 0.1]}}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One of each kind: look, do not touch."""
    out = tmp_path_factory.mktemp("runs")
    return {
        "run": write_run(out),
        "replicates": write_replicates(out, 2),
        "study": write_study(out, replicates=2, record=["periods", "theory"], design=TWO),
    }


@pytest.fixture
def mine(folders: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """Copies, to be tampered with."""
    return {
        kind: Path(shutil.copytree(path, tmp_path / kind / path.name))
        for kind, path in folders.items()
    }


def levels(found: Any) -> list[str]:
    return [verdict.level for verdict in found.verdicts]


def test_all_is_well(folders: dict[str, Path]) -> None:
    for kind, runs, level in (
        ("run", 1, "bytes"),
        ("replicates", 2, "values"),
        ("study", 4, "values"),
    ):
        found = verify(folders[kind])
        assert found.verified, found
        assert found.runs == runs
        assert levels(found) == [level] * runs
        assert (found.elsewhere, found.problems) == ((), ())


def test_a_run_that_was_interrupted(tmp_path: Path) -> None:
    found = verify(write_run(tmp_path, periods=2))
    assert found.verified
    assert levels(found) == ["bytes"]


def test_a_learner_that_trains(tmp_path: Path) -> None:
    settings = {"platform.learner.kind": "linear", "corpus.cells": 0, "measure.reference": 0}
    found = verify(write_run(tmp_path, **settings))
    assert found.verified, found
    assert levels(found) == ["bytes"]


@pytest.mark.slow
def test_processes_change_nothing(folders: dict[str, Path]) -> None:
    told: list[Verdict] = []
    found = verify(folders["study"], sample=3, workers=2, tell=told.append)
    assert found.verified
    assert sorted(told, key=lambda one: (one.case, one.replicate)) == list(found.verdicts)
    assert found == verify(folders["study"], sample=3)


def test_samples(folders: dict[str, Path]) -> None:
    drawn = {
        seed: [
            (one.case, one.replicate)
            for one in verify(folders["study"], sample=2, seed=seed).verdicts
        ]
        for seed in range(1, 6)
    }
    assert all(len(set(runs)) == 2 for runs in drawn.values())
    assert all(runs == sorted(runs) for runs in drawn.values())
    assert len({tuple(runs) for runs in drawn.values()}) > 1
    assert len(verify(folders["study"], sample=99).verdicts) == 4


SLOWER = [pytest.param(n, marks=pytest.mark.slow) for n in ("retrainings", "collectives", "theory")]


@pytest.mark.parametrize("name", ["periods", "freelancers", *SLOWER])
@pytest.mark.parametrize("kind", ["run", "replicates", "study"])
def test_any_flipped_bit_of_a_table_is_found(mine: dict[str, Path], name: str, kind: str) -> None:
    folder = mine[kind]
    file = folder / (f"{name}/part-00000.parquet" if kind == "study" else f"{name}.parquet")
    if not file.is_file():
        return
    whole = file.read_bytes()
    draws = np.random.default_rng(len(name)).integers(len(whole) * 8, size=3)
    # The magic number in front, the first page, the statistics at the end. What is in the rows of
    # one run, only doing that run again can tell.
    for bit in [9, *draws[: 1 if kind == "study" else 3], len(whole) * 8 - 900]:
        flip(file, int(bit))
        found = verify(folder)
        assert not found.verified, f"bit {bit} of {name}"
        file.write_bytes(whole)
    assert verify(folder, sample=1).verified


@pytest.mark.parametrize("kind", ["run", "replicates", "study"])
def test_a_value_that_was_written_as_gigsim_writes(mine: dict[str, Path], kind: str) -> None:
    """Files that are well-formed: only doing it again tells."""
    folder = mine[kind]
    if kind == "study":
        import pyarrow as pa

        from gigsim.store.shards import parquet_writer

        file = folder / "periods" / "part-00000.parquet"
        import pyarrow.parquet as pq

        table = pq.read_table(file)
        columns = table.to_pydict()
        columns["members"][-1] += 1
        forged = pa.table(columns, schema=table.schema)
        with parquet_writer(file, table.schema, 2) as writer:
            writer.write_table(forged)
    else:
        periods = read_table(folder / "periods.parquet")
        periods.loc[len(periods) - 1, "members"] += 1
        write_table(periods, folder / "periods.parquet")
    found = verify(folder)
    assert not found.verified
    bad = [one for one in found.verdicts if not one.verified]
    assert len(bad) == 1
    assert bad[0].level == "differs"
    assert "period 3), members: 7 | 6; at most 1 (members)" in bad[0].lines[0]


def test_a_summary_that_was_edited(mine: dict[str, Path]) -> None:
    for kind, said in (
        ("run", "summary.json: other numbers"),
        ("replicates", "summary.json is not"),
    ):
        path = mine[kind] / "summary.json"
        path.write_text(path.read_text().replace('"freelancers": 120', '"freelancers": 121'))
        found = verify(mine[kind])
        assert not found.verified
        assert said in str(found)


def test_a_config_that_was_edited(mine: dict[str, Path]) -> None:
    for kind, file in (
        ("run", "config.toml"),
        ("replicates", "config.toml"),
        ("study", "study.toml"),
    ):
        path = mine[kind] / file
        path.write_text(path.read_text().replace("leak = 0.", "leak = 0.1", 1))
        found = verify(mine[kind], sample=1)
        assert not found.verified
        assert f"{file}" in found.problems[0]


def elsewhere(folder: Path) -> None:
    """As if another version of NumPy had made it."""
    path = folder / "provenance.json"
    found = json.loads(path.read_text())
    found["versions"]["numpy"] = "1.0"
    path.write_text(json.dumps(found))


def edit(folder: Path, table: str, row: int, column: str, by: float) -> None:
    found = read_table(folder / f"{table}.parquet")
    found.loc[row, column] += by
    write_table(found, folder / f"{table}.parquet")


def test_elsewhere_period_0_is_held_to_tolerances(mine: dict[str, Path]) -> None:
    folder = mine["run"]
    elsewhere(folder)
    found = verify(folder)
    assert levels(found) == ["bytes"]
    assert found.elsewhere[0].startswith("numpy 1.0, now ")
    edit(folder, "periods", 0, "accuracy", 5e-4)
    edit(folder, "retrainings", 0, "success_top1", -5e-4)
    found = verify(folder)
    assert found.verified
    (verdict,) = found.verdicts
    assert verdict.level == "tolerances"
    assert verdict.lines[0] == "all periods are within 0.001"
    edit(folder, "periods", 2, "joined", 1)
    (verdict,) = verify(folder).verdicts
    assert verdict.level == "tolerances"
    assert verdict.lines[0].endswith("more than 0.001 apart from period 2 on")
    edit(folder, "retrainings", 0, "success_top1", 0.01)
    found = verify(folder)
    assert not found.verified
    assert found.verdicts[0].lines[0].startswith("retrainings, period 0, success_top1: ")


def test_elsewhere_people_of_period_0_are_the_same(mine: dict[str, Path]) -> None:
    elsewhere(mine["run"])
    edit(mine["run"], "periods", 0, "members", 1)
    assert not verify(mine["run"]).verified


def test_without_provenance_it_is_elsewhere(mine: dict[str, Path]) -> None:
    (mine["study"] / "provenance.json").unlink()
    found = verify(mine["study"], sample=1)
    assert found.verified
    assert found.elsewhere == ("no provenance.json",)


def test_what_its_config_names_is_gone(tmp_path: Path, toy_language_path: Path) -> None:
    language = shutil.copy(toy_language_path, tmp_path / "language.npz")
    settings = {"corpus.language": str(language), "corpus.cells": 0, "run.periods": 1}
    folder = write_run(tmp_path / "runs", **{**settings, "platform.learner.kind": "linear"})
    Path(language).unlink()
    found = verify(folder)
    assert levels(found) == ["failed"]
    assert "no such file" in found.verdicts[0].lines[0]
    assert not found.verified


def test_nothing_finished_is_not_verified(folders: dict[str, Path], tmp_path: Path) -> None:
    from gigsim.experiments.study import open_study
    from gigsim.store.store import Store

    known = open_study(folders["study"])
    known.write(tmp_path)
    Store.create(tmp_path, known.runs, known.replicates, ("runs", "periods", "timings"))
    assert not verify(tmp_path).verified


def test_none_of_ours(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no run"):
        verify(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        verify(tmp_path / "nowhere")
