"""``gigsim reproduce``: from trainings to a report, gone on with, estimated, refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gigsim.curves import work
from tests.cli.conftest import Gigsim


def test_an_experiment_from_trainings_to_verdicts(gigsim: Gigsim, tmp_path: Path) -> None:
    arguments = ("reproduce", "feature-label", "--learners", "bayes", "--workers", "0")
    done = gigsim(*arguments)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("quick scale, N = 2,000 resumes ")
    assert lines[0].endswith(": 0.5 % is 100 of 20,000 (bayes), 125 of the paper's 25,000")
    assert lines[1].startswith("feature-label, bayes, Software_Developer: CONFIRMED (α at")
    assert lines[-1].startswith("written to runs/reproduction: reproduction.md, verdicts.json")
    into = tmp_path / "runs" / "reproduction"
    found = json.loads((into / "verdicts.json").read_text())
    assert [one["outcome"] for one in found] == ["confirmed"] * 3
    assert all(one["low"] <= one["number"] <= one["high"] for one in found)
    before = _bytes(into)
    # Again: nothing is trained, and the report is the same.
    again = gigsim(*arguments, "--quiet", "--json")
    assert json.loads(again.out)["verdicts"] == found
    assert _bytes(into) == before
    assert len([*(tmp_path / "runs").glob("2*")]) == 1


def test_a_failure_is_tried_again_when_asked_for(
    gigsim: Gigsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("out of luck")

    words = "reproduce feature-label --learners bayes --targets Web_Developer --workers 0 --quiet"
    arguments = words.split()
    with monkeypatch.context() as patched:
        patched.setattr(work, "run_curve_job", fails)
        failed = gigsim(*arguments)
    error, advice = failed.err.splitlines()
    assert (failed.code, failed.out) == (1, "")
    assert error.startswith("error: 1 job failed: see runs/")
    assert advice == f"to try them again: gigsim {words} --retry-failed"
    assert gigsim(*arguments).err == failed.err
    done = gigsim(*arguments, "--retry-failed")
    assert (done.code, done.err) == (0, "")
    assert len([*(tmp_path / "runs").glob("2*")]) == 1
    # And its report again, from the rows alone.
    into = tmp_path / "runs" / "reproduction"
    before = _bytes(into)
    for path in into.glob("*.*"):
        if path.suffix != ".parquet":
            path.unlink()
    only = gigsim("reproduce", "--report-only", "runs/reproduction")
    assert (only.code, only.out, only.err) == (0, done.out, "")
    assert _bytes(into) == before


def test_experiments_that_say_nothing_about_the_learners_are_named(gigsim: Gigsim) -> None:
    arguments = ("reproduce", "inertia", "feature-label", "--learners", "bayes", "--dry-run")
    done = gigsim(*arguments)
    assert done.code == 0
    assert done.err == "inertia: nothing for bayes; it needs transformer\n"
    assert gigsim(*arguments, "--quiet").err == ""


def test_a_report_says_what_it_is_about_and_takes_nothing_else(
    gigsim: Gigsim, tmp_path: Path
) -> None:
    arguments = ("reproduce", "feature-label", "--learners", "bayes", "--workers", "0")
    target = ("--targets", "Network_Administrator")
    assert gigsim(*arguments, *target).code == 0
    report = (tmp_path / "runs" / "reproduction" / "reproduction.md").read_text(encoding="utf-8")
    assert "**Quick scale, N = 2,000 resumes written by the built-in language" in report
    assert "Held out: 1,000 resumes" in report.split("## What this is about")[1]
    folders = [*(tmp_path / "runs").iterdir()]
    refused = gigsim(*arguments, *target, "--scale", "reference")
    assert (refused.code, refused.out) == (2, "")
    assert "--into" in refused.err
    assert len(refused.err.splitlines()) == 1
    # Nothing was begun for it.
    assert [*(tmp_path / "runs").iterdir()] == folders


def _bytes(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_dry_run_says_the_hours_and_writes_nothing(gigsim: Gigsim, tmp_path: Path) -> None:
    done = gigsim("reproduce", "feature-label", "--learners", "bayes", "--dry-run")
    assert done.code == 0, done.err
    assert "trainings, about " in done.out.splitlines()[0]
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["alchemy"], "alchemy: not known"),
        (["epochs", "--learners", "linear"], "nothing to train"),
        (["feature-label", "--learners", "oracle"], "oracle"),
        (["feature-label", "--scale", "huge"], "huge"),
        (["feature-label", "--corpus", "nowhere.npz"], "nowhere.npz"),
        (["feature-label", "--set", "population"], "not of the form"),
        (["feature-label", "--learners", "own", "--own", "os:path"], "--trust"),
        (["feature-label", "--own", "os:path"], "own is not among --learners"),
        (["feature-label", "--targets", "Web_Developer,Foo"], "no label 'Foo'"),
        (["--report-only", "runs"], "given beside --workers"),
        ([], "experiment: none"),
    ],
)
def test_bad_input_is_one_line(
    gigsim: Gigsim, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = gigsim("reproduce", *arguments, "--workers", "0")
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert not [*tmp_path.glob("runs/*")]
