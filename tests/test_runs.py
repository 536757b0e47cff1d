"""The folder of a run: whole or not there, the same bytes for the same run, readable again."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import gigsim.runs
from gigsim.config import Config, digest, load
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.runs import SCHEMA_VERSION, check_out, load_run, read_table, save_run, write_table
from gigsim.summary import summarise_run
from tests.permissions import bound_by_permissions

Make = Callable[..., GigEconomy]

TABLES = ("periods", "retrainings", "collectives", "freelancers", "theory", "timings")
FILES = {
    "config.toml",
    "provenance.json",
    "summary.json",
    "overview.png",
    *(f"{name}.parquet" for name in TABLES),
}


@pytest.fixture(scope="module")
def folder(toy_run: GigEconomy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy run's folder: look, do not touch."""
    return save_run(toy_run, tmp_path_factory.mktemp("runs"), ["gigsim", "run", "toy"])


@pytest.fixture
def mine(folder: Path, tmp_path: Path) -> Path:
    """A copy of the toy run's folder, to be damaged."""
    return Path(shutil.copytree(folder, tmp_path / "run"))


def contents(path: Path) -> dict[str, str]:
    """Digests of what must be the same for the same run."""
    apart = {"timings.parquet", "provenance.json"}
    return {
        f.name: hashlib.sha256(f.read_bytes()).hexdigest()
        for f in path.iterdir()
        if f.name not in apart
    }


def test_what_is_in_it(folder: Path, toy_config: Config) -> None:
    assert {f.name for f in folder.iterdir()} == FILES
    assert all(f.stat().st_size > 0 for f in folder.iterdir())
    assert re.fullmatch(rf"\d{{8}}T\d{{6}}Z-toy-{digest(toy_config)}(-\d+)?", folder.name)
    assert (folder / "overview.png").read_bytes().startswith(b"\x89PNG")


def test_tables_say_their_schema_and_are_plain_parquet(folder: Path) -> None:
    for name in TABLES:
        path = folder / f"{name}.parquet"
        assert pq.read_schema(path).metadata[b"schema_version"] == str(SCHEMA_VERSION).encode()
        assert len(pd.read_parquet(path)) > 0


def test_provenance(folder: Path, toy_config: Config) -> None:
    found = json.loads((folder / "provenance.json").read_text())
    assert found["command"] == ["gigsim", "run", "toy"]
    assert found["config_hash"] == digest(toy_config)
    assert found["seed"] == 1
    assert (found["device"], found["precision"], found["threads"]) == ("cpu", "float32", 1)
    assert re.fullmatch("written by the resume language [0-9a-f]{12}", found["resumes"])
    assert found["python"] == sys.version.split()[0]
    assert set(found["versions"]) >= {"gigsim", "mesa", "numpy", "torch", "scikit-learn", "pandas"}
    assert all(re.match(r"\d", number) for number in found["versions"].values())
    if found["commit"] is not None:
        assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?", found["commit"])


def test_an_installed_package_has_no_commit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(gigsim.runs, "__file__", str(tmp_path / "gigsim" / "runs.py"))
    assert gigsim.runs._commit() is None


def test_it_can_be_read_back(folder: Path, toy_run: GigEconomy) -> None:
    run = load_run(folder)
    assert run.path == folder
    assert run.config == toy_run.config
    assert run.summary == json.loads(json.dumps(summarise_run(toy_run)))
    pd.testing.assert_frame_equal(run.periods, toy_run.periods, check_dtype=False)
    pd.testing.assert_frame_equal(run.retrainings, toy_run.retrainings, check_dtype=False)
    for name, table in gigsim.runs.tables_of(toy_run).items():
        pd.testing.assert_frame_equal(getattr(run, name), table, check_dtype=False)
    pd.testing.assert_frame_equal(run.timings, toy_run.ledger.timings())
    assert np.isneginf(run.periods["bound_top1"].iloc[0])
    assert load_run(str(folder)).config == run.config


def test_its_config_runs_again_to_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = GigEconomy(load(folder / "config.toml"))
    again.run()
    assert contents(save_run(again, tmp_path)) == contents(folder)


def test_workers_change_no_bit(toy_config: Config, folder: Path, tmp_path: Path) -> None:
    model = GigEconomy(toy_config, workers=2)
    model.run()
    side_by_side = save_run(model, tmp_path)
    model.close()
    assert contents(side_by_side) == contents(folder)


def test_another_seed_another_folder(make_toy: Make, folder: Path, tmp_path: Path) -> None:
    model = make_toy(rng=2)
    model.run(1)
    other = contents(save_run(model, tmp_path))
    assert not set(other.values()) & set(contents(folder).values())


def test_no_word_of_a_resume_is_in_it(folder: Path, toy_run: GigEconomy) -> None:
    written = b"".join(
        pd.read_parquet(folder / f"{name}.parquet").to_csv().encode() for name in TABLES
    )
    written += (folder / "summary.json").read_bytes() + (folder / "provenance.json").read_bytes()
    words = toy_run.stage.supply.population.words
    assert len(words) == 200
    assert not [w for w in words if re.search(rf"\b{w}\b".encode(), written)]


def test_two_runs_that_end_in_the_same_second(
    make_toy: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(2023, 7, 23, 12, 0, 5, tzinfo=tz)

    monkeypatch.setattr(gigsim.runs, "datetime", Stopped)
    model = make_toy()
    name = f"20230723T120005Z-toy-{digest(model.config)}"
    assert [save_run(model, tmp_path).name for _ in range(3)] == [name, f"{name}-2", f"{name}-3"]
    assert datetime.now(UTC).year > 2023


@pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt, OSError])
@pytest.mark.parametrize("step", ["overview", "summarise_run", "write_table"])
def test_it_appears_whole_or_not_at_all(
    make_toy: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[BaseException],
    step: str,
) -> None:
    def fail(*_: object) -> None:
        raise kind("in the middle")

    monkeypatch.setattr(gigsim.runs, step, fail)
    with pytest.raises(kind):
        save_run(make_toy(), tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


def test_nobody_sees_it_half_written(
    make_toy: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    honest = gigsim.runs.overview

    def look(*args: Any) -> Any:
        seen.append([p.name for p in tmp_path.iterdir()])
        return honest(*args)

    monkeypatch.setattr(gigsim.runs, "overview", look)
    save_run(make_toy(), tmp_path)
    (names,) = seen
    assert all(name.startswith(".") for name in names)
    assert len(list(tmp_path.iterdir())) == 1


def test_it_is_on_the_disk_before_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, rename = os.fsync, Path.rename

    def note_sync(descriptor: int) -> None:
        done.append(os.path.relpath(Path(f"/proc/self/fd/{descriptor}").readlink(), tmp_path))
        sync(descriptor)

    def note_rename(path: Path, to: Path) -> Path:
        done.append("rename")
        return rename(path, to)

    def write(folder: Path) -> None:
        (folder / "below").mkdir()
        (folder / "below" / "file").write_text("some")
        (folder / "provenance.json").write_text("{}")

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "rename", note_rename)
    gigsim.runs.write_whole(tmp_path / "new" / "runs", "name", write)
    partial = f"new/runs/.name.partial-{os.getpid()}"
    named = done.index("rename")
    assert set(done[:named]) == {
        "new",
        ".",
        partial,
        *(f"{partial}/{name}" for name in ("below", "below/file", "provenance.json")),
    }
    assert done[named + 1 :] == ["new/runs"]


def refused(call: Callable[[], object]) -> InputError:
    with pytest.raises(InputError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("below", ["", "deeper", "deeper/still"])
def test_a_file_where_a_folder_should_be(make_toy: Make, tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("here first")
    out = tmp_path / "file" / below
    for error in (refused(lambda: save_run(make_toy(), out)), refused(lambda: check_out(out))):
        assert error.where == str(out)
        assert "cannot be written to" in error.problem
        assert error.allowed == "give a writable folder: --out DIR"
    assert (tmp_path / "file").read_text() == "here first"


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_folder_that_is_read_only(tmp_path: Path, below: str) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    out = tmp_path / "locked" / below
    code = (
        "from pathlib import Path\nfrom gigsim.errors import InputError\n"
        "from gigsim.runs import check_out, write_whole\n"
        f"out = Path({str(out)!r})\n"
        "for work in (lambda: check_out(out), lambda: write_whole(out, 'name', print)):\n"
        "    try:\n        work()\n"
        "    except InputError as error:\n        print(error)\n"
    )
    done = subprocess.run(
        bound_by_permissions(sys.executable, "-c", code), capture_output=True, text=True, check=True
    )
    refused = f"{out}: cannot be written to (Permission denied); give a writable folder: --out DIR"
    assert done.stdout.splitlines() == [refused, refused]


def test_a_system_that_refuses(
    make_toy: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for root, whom no mode keeps out: the system says no as it would to others."""
    model = make_toy()

    def no(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", no)
        error = refused(lambda: save_run(model, tmp_path / "runs"))
    assert error.problem == "cannot be written to (Permission denied)"
    with monkeypatch.context() as patch:
        patch.setattr(gigsim.runs.os, "access", lambda _, mode: mode == os.F_OK)
        assert "Permission denied" in refused(lambda: check_out(tmp_path)).problem
    assert list(tmp_path.iterdir()) == []


def test_looking_ahead_writes_nothing(tmp_path: Path) -> None:
    check_out(tmp_path / "not" / "yet" / "there")
    check_out(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_such_run(tmp_path: Path) -> None:
    error = refused(lambda: load_run(tmp_path / "nowhere"))
    assert error.where == str(tmp_path / "nowhere")
    assert error.problem == "no such run folder"
    assert "gigsim run" in error.allowed


@pytest.mark.parametrize("name", sorted(FILES - {"provenance.json", "overview.png"}))
def test_a_file_is_missing(mine: Path, name: str) -> None:
    (mine / name).unlink()
    error = refused(lambda: load_run(mine))
    assert str(mine) in error.where
    assert name in str(error)


@pytest.mark.parametrize("name", sorted(FILES - {"provenance.json", "overview.png"}))
@pytest.mark.parametrize("damage", ["cut", "noise"])
def test_a_file_is_damaged(mine: Path, name: str, damage: str) -> None:
    whole = (mine / name).read_bytes()
    cut, noise = whole[: len(whole) // 2] + b"[", b"\xff\x00" * 50
    (mine / name).write_bytes(cut if damage == "cut" else noise)
    error = refused(lambda: load_run(mine))
    assert str(mine) in error.where
    assert len(str(error).splitlines()) == 1


@pytest.mark.parametrize(("word", "other"), [('"name"', '"nbme"'), ('"columns"', '"cxlumns"')])
def test_what_pandas_notes_is_damaged(tmp_path: Path, word: str, other: str) -> None:
    """One byte of the notes that no page's checksum covers."""
    path = tmp_path / "table.parquet"
    write_table(pd.DataFrame({"a": [1, 2]}), path)
    table = pq.read_table(path)
    notes = dict(table.schema.metadata)
    notes[b"pandas"] = notes[b"pandas"].replace(word.encode(), other.encode())
    pq.write_table(table.replace_schema_metadata(notes), path)
    with pytest.raises(ValueError, match=r"table\.parquet is damaged"):
        read_table(path)


def test_another_schema(mine: Path) -> None:
    path = mine / "periods.parquet"
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({"schema_version": "999"}), path)
    assert "periods.parquet has schema 999" in refused(lambda: load_run(mine)).problem
    pq.write_table(table.replace_schema_metadata(None), path)
    assert "periods.parquet has schema none" in refused(lambda: load_run(mine)).problem
