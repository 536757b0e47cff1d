"""``gigsim reproduce``: from trainings to a report, gone on with, estimated, refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Gigsim


def test_an_experiment_from_trainings_to_verdicts(gigsim: Gigsim, tmp_path: Path) -> None:
    arguments = ("reproduce", "feature-label", "--learners", "bayes", "--workers", "0")
    done = gigsim(*arguments)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("feature-label, bayes, Software_Developer: CONFIRMED. ")
    assert lines[-1].startswith("written to runs/reproduction: reproduction.md, verdicts.json")
    into = tmp_path / "runs" / "reproduction"
    found = json.loads((into / "verdicts.json").read_text())
    assert [one["outcome"] for one in found] == ["confirmed"] * 3
    assert all(one["low"] <= one["number"] <= one["high"] for one in found)
    before = {path.name: path.read_bytes() for path in into.iterdir()}
    # Again: nothing is trained, and the report is the same.
    again = gigsim(*arguments, "--quiet", "--json")
    assert json.loads(again.out)["verdicts"] == found
    assert {path.name: path.read_bytes() for path in into.iterdir()} == before
    assert len([*(tmp_path / "runs").glob("2*")]) == 1


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
