"""What a study was begun with is what it goes on with, or it says so."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import tomli_w

import gigsim
from gigsim.checkpoint import OtherMachine
from gigsim.cli import main
from gigsim.environment import differences, environment
from gigsim.errors import InputError
from gigsim.experiments import origin
from gigsim.experiments.study import load_study
from gigsim.experiments.sweep import Sweep, begin
from gigsim.store.store import read_counts
from tests.experiments.studies import QUICK, bytes_of, quick_study
from tests.test_inputs import table, write

#: Runs ``gigsim ARGUMENTS``; gives its exit code and what it said on standard error.
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line in this process."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["gigsim", *arguments])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        return code, capsys.readouterr().err

    return run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a table of costs."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    write(home / "cost.csv", 0.5)
    return home


def costs(**changes: Any) -> dict[str, Any]:
    study = {"set": QUICK | {"population.cost": table("cost.csv")}, "replicates": 2, "design": None}
    return {k: v for k, v in quick_study(**study, **changes).items() if v is not None}


def half_done(study: dict[str, Any], out: Path) -> Path:
    """A study's folder after its first run."""
    folder = begin(load_study(study), out)

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Sweep(folder, 0).run(ended=ended)
    assert read_counts(folder).finished == 1
    return folder


def refused(folder: Path) -> str:
    """What is said in one line; nothing is changed."""
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    with pytest.raises(InputError) as caught:
        gigsim.sweep(resume=folder, workers=0)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_that_changed_is_refused(home: Path) -> None:
    folder = half_done(costs(), home / "out")
    write(home / "cost.csv", 2.0)
    assert refused(folder).startswith(f"cost.csv: the study in {folder} was begun with another")
    write(home / "cost.csv", 0.5)
    gigsim.sweep(resume=folder, workers=0)
    whole = gigsim.sweep(costs(), out=home / "whole", workers=0)
    assert bytes_of(folder) == bytes_of(whole)


def test_another_directory_is_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = half_done(costs(), home / "out")
    monkeypatch.chdir(tmp_path)
    assert "cost.csv: no such file, and the study in" in refused(folder)
    assert read_counts(folder).failed == 0
    # Not where it is, but what is in it counts.
    shutil.copy(home / "cost.csv", tmp_path / "cost.csv")
    gigsim.sweep(resume=folder, workers=0)
    assert read_counts(folder).failed == 0


@pytest.mark.parametrize("dry", [True, False])
@pytest.mark.parametrize(
    "missing", [{"population.cost": table("gone.csv")}, {"corpus.path": "gone.csv"}]
)
def test_a_missing_file_is_refused_at_once(
    home: Path, command: Command, missing: dict[str, Any], dry: bool
) -> None:
    Path("s.toml").write_text(tomli_w.dumps({"name": "s", "replicates": 2, "set": missing}))
    code, err = command("sweep", "s.toml", "--no-cache", *["--dry-run"] * dry)
    assert code == 2
    assert "gone.csv: no such file" in err
    assert len(err.strip().splitlines()) == 1
    assert not Path("runs").exists()


def test_every_case_is_asked_and_none_in_vain(home: Path) -> None:
    values = [0.5, 0.75, 1.0, table("cost.csv"), table("other.csv"), table("cost.csv", "row")]
    grid = {"population.cost": values, "collective.leak": [0.0, 0.1]}
    study = load_study(quick_study(design={"kind": "grid", "values": grid}))
    with pytest.raises(InputError, match=r"other\.csv: no such file; .* of case 8 names"):
        origin.inputs_now(study)
    write(home / "other.csv", 0.5)
    assert sorted(origin.inputs_now(study)) == ["cost.csv", "other.csv"]
    # Numbers are alike, and so is what says nothing of files.
    assert len(study.telling()) == 4


def test_inputs_hold_names_and_digests_only(home: Path) -> None:
    folder = begin(load_study(costs()), home / "out")
    content = json.loads((folder / "inputs.json").read_text(encoding="utf-8"))
    assert list(content) == ["files"]
    assert list(content["files"]) == ["cost.csv"]
    assert str(home) not in (folder / "inputs.json").read_text(encoding="utf-8")
    assert "inputs.json" in bytes_of(folder)
    (folder / "inputs.json").write_text("{", encoding="utf-8")
    assert "inputs.json: is damaged" in refused(folder)
    (folder / "inputs.json").unlink()
    assert "inputs.json: cannot be read" in refused(folder)


def test_a_folder_that_takes_the_place_of_a_hub_encoder(home: Path) -> None:
    learner = {"kind": "transformer", "encoder": "some-encoder"}
    study = load_study({"name": "s", "replicates": 1, "set": {"platform.learner": learner}})
    folder = home / "out"
    folder.mkdir()
    origin.write_inputs(origin.inputs_now(study), folder)
    origin.check_inputs(study, folder)
    Path("some-encoder").mkdir()
    with pytest.raises(InputError, match="some-encoder: was not there when"):
        origin.check_inputs(study, folder)


def begun_elsewhere(folder: Path, package: str) -> None:
    path = folder / "provenance.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["versions"][package] = "0.0.1"
    path.write_text(json.dumps(content), encoding="utf-8")


def test_other_libraries_are_said_and_remembered(home: Path, command: Command) -> None:
    folder = half_done(costs(), home / "out")
    begun_elsewhere(folder, "scipy")
    code, err = command("sweep", "--resume", str(folder), "--workers", "0", "--no-cache")
    assert code == 0
    note = "note: not as it was, so that bits may differ: scipy 0.0.1, now "
    assert note in err
    content = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    (entry,) = content["resumed"]
    assert entry["finished"] == 1
    assert [phrase[:12] for phrase in entry["differs"]] == ["scipy 0.0.1,"]
    # Nothing was left to do: nothing to remember.
    with pytest.warns(OtherMachine, match=r"scipy 0\.0\.1"):
        gigsim.sweep(resume=folder, workers=0)
    assert json.loads((folder / "provenance.json").read_text(encoding="utf-8")) == content


def test_a_study_that_was_never_left_remembers_nothing(home: Path) -> None:
    folder = gigsim.sweep(costs(), out=home / "out", workers=0)
    content = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert content["resumed"] == []


@pytest.mark.slow
def test_another_cpu_is_said(home: Path) -> None:
    folder = half_done(costs(), home / "out")
    simd = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))["cpu"]["simd"]
    if not simd:
        pytest.skip("NumPy knows no instruction set of this machine to go without")
    lacking = {"NPY_DISABLE_CPU_FEATURES": " ".join(simd)}
    done = subprocess.run(
        [sys.executable, "-c", f"import gigsim; gigsim.sweep(resume={str(folder)!r}, workers=0)"],
        env=os.environ | lacking,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    content = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    (entry,) = content["resumed"]
    assert any(phrase.startswith("CPU as simd sees it") for phrase in entry["differs"])


def test_another_gigsim_is_refused(home: Path) -> None:
    folder = half_done(costs(), home / "out")
    begun_elsewhere(folder, "gigsim")
    assert f"{folder}: begun by gigsim 0.0.1, this is {gigsim.__version__}" in refused(folder)
    (folder / "provenance.json").unlink()
    assert "provenance.json: cannot be read" in refused(folder)


def test_many_at_once_lose_no_word(home: Path) -> None:
    folder = begin(load_study(costs()), home / "out")
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda n: origin.remember(folder, ["x"], n), range(40)):
            pass
    content = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert sorted(entry["finished"] for entry in content["resumed"]) == list(range(40))
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".prov")]


def test_a_cpu_without_any_instruction_set_is_another_one() -> None:
    now = environment()
    then = now | {"cpu": now["cpu"] | {"simd": ["X86_V3"]}}
    bare = now | {"cpu": now["cpu"] | {"simd": []}}
    assert differences(then, bare) == ["CPU as simd sees it X86_V3, now nothing"]
