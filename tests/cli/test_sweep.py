"""``gigsim sweep``: what it prints where, what it refuses, and what is left when it is stopped."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import tomli_w

from gigsim.store.store import read_counts
from tests.cli.conftest import Gigsim
from tests.experiments.studies import bytes_of, quick_study
from tests.permissions import bound_by_permissions

COMMAND = "import sys; sys.argv[0] = 'gigsim'; from gigsim.cli import main; main()"


@pytest.fixture
def study(tmp_path: Path) -> Callable[..., str]:
    """Writes the quick study, changed, and gives the file's name."""

    def write(**changes: Any) -> str:
        (tmp_path / "quick.toml").write_text(tomli_w.dumps(quick_study(**changes)))
        return "quick.toml"

    return write


def only_folder(path: Path) -> Path:
    (folder,) = (path / "runs").glob("2*")
    return folder


def finished(path: Path) -> int:
    """Runs that are safe in the study below ``path``, which may not have been begun."""
    return sum(read_counts(folder).finished for folder in (path / "runs").glob("2*"))


def start(tmp_path: Path, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "sweep", *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_a_study_for_people(gigsim: Gigsim, tmp_path: Path, study: Callable[..., str]) -> None:
    done = gigsim("sweep", study(), "--workers", "0")
    assert done.code == 0
    folder = only_folder(tmp_path)
    lines = done.out.splitlines()
    assert lines[0] == "quick: 4 cases x 3 replicates, 12 of 12 runs done"
    assert re.fullmatch(rf"  written in [0-9]+ s to runs/{folder.name}", lines[2])
    # One line a run, on the other stream.
    assert len(done.err.splitlines()) == 12
    assert done.err.startswith("case 0.0 (collective.leak = 0.0, society.activation = 0.2): α ")
    # The next step that it names is one.
    shown = gigsim(*lines[3].split()[1:])
    assert shown.code == 0
    assert "quick" in shown.out


def test_quiet_and_json(gigsim: Gigsim, tmp_path: Path, study: Callable[..., str]) -> None:
    done = gigsim("sweep", study(replicates=1), "--workers", "0", "--quiet", "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert found.pop("seconds") > 0
    assert found == {
        "folder": f"runs/{only_folder(tmp_path).name}",
        "complete": True,
        "runs": 4,
        "finished": 4,
        "finished_before": 0,
        "failed_before": 0,
        "failed": {},
        # The exact Bayes classifier is not trained.
        "trainings": 0,
        "trainings_cached": 0,
    }


def test_a_dry_run_writes_nothing(
    gigsim: Gigsim, tmp_path: Path, study: Callable[..., str]
) -> None:
    done = gigsim("sweep", study(), "--dry-run", "--workers", "2")
    assert done.code == 0
    assert "4 cases" in done.out
    assert "12 runs" in done.out
    assert [p.name for p in tmp_path.iterdir()] == ["quick.toml"]
    assert gigsim("sweep", "quick.toml", "--dry-run", "--json").out.startswith("{")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.toml"], "nowhere.toml"),
        ([], "no study given"),
        (["--dry-run"], "no study given"),
        (["--resume", "."], "no study in this folder"),
        (["--resume", "nowhere"], "no such folder"),
        (["quick.toml", "--retry-failed"], "--resume DIR"),
        (["quick.toml", "--workers", "-1"], "--workers"),
        (["quick.toml", "--cache-gb", "0"], "--cache-gb"),
        (["quick.toml", "--out", "quick.toml"], "cannot be written to"),
        (["quick.toml", "--cache", "quick.toml"], "quick.toml"),
    ],
)
def test_what_is_refused(
    gigsim: Gigsim,
    tmp_path: Path,
    study: Callable[..., str],
    arguments: list[str],
    said: str,
) -> None:
    study()
    done = gigsim("sweep", *arguments)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("error: ")
    assert said in done.err
    assert [p.name for p in tmp_path.iterdir()] == ["quick.toml"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_how_to_go_on(
    gigsim: Gigsim, tmp_path: Path, study: Callable[..., str], number: signal.Signals
) -> None:
    process = start(tmp_path, study(replicates=300), "--workers", "2")
    deadline = time.monotonic() + 120
    while finished(tmp_path) < 5:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    folder = only_folder(tmp_path)
    *_, what, how = err.splitlines()
    found = re.fullmatch(r"interrupted: ([0-9,]+) of 1,200 runs done in (\S+)", what)
    assert found is not None
    assert int(found[1]) == read_counts(folder).finished == len(pd.read_parquet(folder / "runs"))
    assert how == f"gigsim sweep --resume {found[2]}"


@pytest.mark.slow
def test_a_full_disk_loses_nothing(
    gigsim: Gigsim, tmp_path: Path, study: Callable[..., str]
) -> None:
    """A limit on the size of files stands for the disk: the system's answer comes the same way."""
    name = study(replicates=20, record=["periods", "retrainings", "theory"])
    limit = 120_000
    process = start(
        tmp_path,
        name,
        "--workers",
        "1",
        "--no-cache",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, "")
    *told, line = err.splitlines()
    assert "the disk is full" in line
    folder = only_folder(tmp_path)
    assert f"gigsim sweep --resume runs/{folder.name}" in line
    before = read_counts(folder).finished
    assert before < 80
    # What the last line says: no run was told of that is not safe.
    assert len([line for line in told if line.startswith("case ")]) <= before
    assert gigsim("sweep", "--resume", str(folder), "--workers", "2", "--quiet").code == 0
    assert read_counts(folder).finished == 80
    whole = gigsim("sweep", name, "--out", "whole", "--workers", "0", "--quiet")
    assert whole.code == 0
    (other,) = (tmp_path / "whole").iterdir()
    assert bytes_of(folder) == bytes_of(other)


def test_a_disk_too_full_to_begin(tmp_path: Path, study: Callable[..., str]) -> None:
    process = start(
        tmp_path,
        study(),
        "--no-cache",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)),
    )
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, "")
    said = "the disk is full; nothing written; free some space, or another --out"
    assert err == f"error: runs: {said}\n"
    assert not list((tmp_path / "runs").iterdir())


@pytest.mark.parametrize("option", ["--quiet", "--json"])
def test_standard_output_that_is_full(
    tmp_path: Path, study: Callable[..., str], option: str
) -> None:
    command = [sys.executable, "-c", COMMAND, "sweep", study(replicates=1), "--no-cache"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*command, "--workers", "0", option],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    what = f"the study is complete: 4 of 4 runs done in runs/{only_folder(tmp_path).name}"
    said = "standard output cannot be written to (No space left on device)"
    assert done.stderr == f"error: {said}; {what}\n"


@pytest.mark.parametrize("full", [False, True])
def test_progress_that_cannot_be_written_stops_no_study(
    tmp_path: Path, study: Callable[..., str], full: bool
) -> None:
    command = [sys.executable, "-c", COMMAND, "sweep", study(replicates=1), "--no-cache"]
    if full:
        stderr = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, stderr = os.pipe()
        os.close(reader)
    done = subprocess.run(
        [*command, "--workers", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        check=False,
    )
    os.close(stderr)
    assert done.returncode == 0
    assert done.stdout.startswith("quick: 4 cases x 1 replicate, 4 of 4 runs done\n")


@pytest.mark.parametrize(
    "apart",
    [
        0.05,
        *(pytest.param(apart, marks=pytest.mark.slow) for apart in (0.0, 0.005, 0.02, 0.1, 0.3)),
    ],
)
def test_a_second_ctrl_c_does_not_disturb_the_first(
    tmp_path: Path, study: Callable[..., str], apart: float
) -> None:
    process = start(tmp_path, study(replicates=300), "--workers", "2", "--no-cache")
    deadline = time.monotonic() + 120
    while finished(tmp_path) < 5:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(apart)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    *told, what, how = err.splitlines()
    assert all(line.startswith("case ") for line in told)
    safe = read_counts(only_folder(tmp_path)).finished
    assert what.startswith(f"interrupted: {safe:,} of 1,200 runs done in ")
    assert len(told) == safe
    assert how.startswith("gigsim sweep --resume ")


def test_a_read_only_folder_is_left_as_it_is(
    gigsim: Gigsim, tmp_path: Path, study: Callable[..., str]
) -> None:
    assert gigsim("sweep", study(replicates=1), "--workers", "0", "--quiet").code == 0
    folder = only_folder(tmp_path)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    writable = [p for p in [tmp_path, *tmp_path.rglob("*")] if p.is_dir()]
    for path in writable:
        path.chmod(0o555)
    # Root owns the file and may write it whatever its folder says.
    (folder / "index.sqlite").chmod(0o444)
    try:
        for arguments in (
            ["sweep", "--resume", f"runs/{folder.name}", "--no-cache", "--retry-failed"],
            ["sweep", "quick.toml", "--out", "new", "--no-cache"],
            ["sweep", "quick.toml", "--cache", "new"],
        ):
            command = bound_by_permissions(sys.executable, "-c", COMMAND, *arguments)
            done = subprocess.run(
                command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
            )
            assert (done.returncode, done.stdout) == (2, ""), done.stderr
            assert len(done.stderr.splitlines()) == 1
            assert "ermission denied" in done.stderr or "read-only" in done.stderr
        command = bound_by_permissions(
            sys.executable, "-c", COMMAND, "runs", "show", f"runs/{folder.name}"
        )
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    finally:
        for path in writable:
            path.chmod(0o755)
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_failures_are_told_and_the_exit_code_says_so(
    gigsim: Gigsim, tmp_path: Path, study: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = __import__("gigsim.model").model.GigEconomy.pay

    def pay(model: Any) -> None:
        if model.config.collective.leak > 0:
            raise ZeroDivisionError("planted")
        honest(model)

    monkeypatch.setattr("gigsim.model.GigEconomy.pay", pay)
    done = gigsim("sweep", study(replicates=1), "--workers", "0")
    assert done.code == 1
    folder = only_folder(tmp_path)
    assert "failed: ZeroDivisionError: planted" in done.err
    assert done.err.splitlines()[-2:] == [
        f"error: 2 runs failed: see runs/{folder.name}/failures.parquet",
        f"gigsim sweep --resume runs/{folder.name} --retry-failed",
    ]
    monkeypatch.setattr("gigsim.model.GigEconomy.pay", honest)
    # Of itself, going on does not try again what would only fail again.
    again = gigsim("sweep", "--resume", str(folder), "--workers", "0")
    assert again.code == 1
    assert "2 runs failed" in again.err
    mended = gigsim("sweep", "--resume", str(folder), "--retry-failed", "--workers", "0")
    assert mended.code == 0
    assert len(pd.read_parquet(folder / "runs")) == 4
    assert len(pd.read_parquet(folder / "failures.parquet")) == 0


def test_fail_fast(
    gigsim: Gigsim, tmp_path: Path, study: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pay(model: Any) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("gigsim.model.GigEconomy.pay", pay)
    done = gigsim("sweep", study(), "--workers", "0", "--fail-fast")
    assert done.code == 1
    folder = only_folder(tmp_path)
    assert done.err.splitlines()[-2:] == [
        f"error: stopped at the first failure: 0 of 12 runs done in runs/{folder.name}",
        f"gigsim sweep --resume runs/{folder.name} --retry-failed",
    ]
