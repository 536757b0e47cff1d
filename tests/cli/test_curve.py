"""``gigsim curve``: what it prints where, what it refuses, and what `gigsim runs` says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gigsim.curves import PLAN_FILE
from tests.cli.conftest import Gigsim

SETTINGS = [
    *("--set", "platform.learner.kind=linear"),
    *("--set", "population.size=100"),
    *("--set", "collective.first_movers=0"),
    *("--set", "corpus.test_size=60"),
    *("--set", "corpus.xi=0"),
    *("--seeds", "2"),
    *("--alphas", "5%,0.2"),
    *("--workers", "0"),
]


def only_folder(path: Path) -> Path:
    (folder,) = (path / "runs").glob("2*")
    return folder


def test_a_curve_for_people_and_what_runs_says_of_it(gigsim: Gigsim, tmp_path: Path) -> None:
    done = gigsim("curve", *SETTINGS, "--name", "small")
    assert done.code == 0, done.err
    folder = only_folder(tmp_path)
    lines = done.out.splitlines()
    assert lines[0] == "small: 1 curve, 6 points"
    assert lines[1].startswith("  trainings  5 done, 0 fetched")
    assert lines[2].startswith("  linear Network_Administrator (S_top1 at α_effective): 0.00 % ")
    # The next step that it names is one.
    shown = gigsim(*lines[-1].split()[1:], "--figure", "again.pdf")
    assert shown.code == 0
    assert "half-way with α_effective " in shown.out
    assert (tmp_path / "again.pdf").is_file()
    listed = json.loads(gigsim("runs", "list", "--json").out)["entries"]
    assert [(e["kind"], e["name"], e["complete"]) for e in listed] == [("curve", "small", True)]
    content = json.loads(gigsim("runs", "show", str(folder), "--json").out)
    assert (content["points"], content["curves"][0]["seeds"]) == (6, 2)
    verified = gigsim("runs", "verify", str(folder), "--workers", "0")
    assert verified.code == 0
    assert verified.out.startswith("verified: 1 of 1 run done again")
    assert gigsim("runs", "diff", str(folder), str(folder)).code == 0
    assert "[platform" in gigsim("runs", "show", str(folder), "--run", "0.0", "--config").out


def test_an_altered_row_is_found(gigsim: Gigsim, tmp_path: Path) -> None:
    assert gigsim("curve", *SETTINGS, "--quiet").code == 0
    folder = only_folder(tmp_path)
    plan = folder / PLAN_FILE
    plan.write_text(plan.read_text().replace('"recipe": "default"', '"recipe": "other"'))
    done = gigsim("runs", "verify", str(folder), "--workers", "0", "--quiet")
    assert done.code == 1
    assert "curve.json is not what was run" in done.out
    assert "recipe" in done.out


def test_going_on_with_what_is_complete_trains_nothing(gigsim: Gigsim, tmp_path: Path) -> None:
    assert gigsim("curve", *SETTINGS, "--quiet").code == 0
    folder = only_folder(tmp_path)
    done = gigsim("curve", "--resume", str(folder), "--workers", "0", "--json")
    content = json.loads(done.out)
    assert (content["trainings"], content["finished_before"], content["complete"]) == (0, 1, True)


def test_a_dry_run_writes_nothing(gigsim: Gigsim, tmp_path: Path) -> None:
    done = gigsim("curve", *SETTINGS, "--dry-run")
    assert done.code == 0, done.err
    assert done.out.splitlines()[0] == "6 points, 5 trainings:"
    assert done.out.splitlines()[-1].startswith("about ")
    assert not (tmp_path / "runs").exists()
    content = json.loads(gigsim("curve", *SETTINGS, "--dry-run", "--json").out)
    assert (content["trainings"], content["cells"]) == (5, 6)
    assert content["seconds"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere"),
        (["--alphas", "a lot"], "'a lot' is no number"),
        (["--alphas", ","], "',' has an empty item"),
        (["--alphas", ""], "no share"),
        (["--learners", "linear,,frozen"], "--learners: 'linear,,frozen' has an empty item"),
        (["--alphas", "0"], "no share above 0"),
        (["--recipe", "c=1,c=2"], "is set twice"),
        (["--alphas", "120%"], "shares of the population"),
        (["--learners", "oracle"], "oracle"),
        (["--retry-failed"], "nothing to retry"),
        (["--resume", "nowhere"], "no such folder"),
        (["--recruitment", "lottery"], "lottery"),
        (["--targets", "Astronaut", "--set", "platform.learner.kind=linear"], "Astronaut"),
    ],
)
def test_bad_input_is_one_line(
    gigsim: Gigsim, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = gigsim("curve", *arguments, "--workers", "0")
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert not [*(tmp_path.glob("runs/*"))]


def test_what_a_folder_says_is_not_said_again(gigsim: Gigsim, tmp_path: Path) -> None:
    assert gigsim("curve", *SETTINGS, "--quiet").code == 0
    folder = str(only_folder(tmp_path))
    for words, option in ((["--seeds", "9"], "--seeds"), (["default"], "a scenario")):
        done = gigsim("curve", *words, "--resume", folder, "--workers", "0")
        assert done.code == 2
        assert f"given beside {option}" in done.err


def test_an_altered_plan_is_not_gone_on_with(gigsim: Gigsim, tmp_path: Path) -> None:
    assert gigsim("curve", *SETTINGS, "--quiet").code == 0
    plan = only_folder(tmp_path) / PLAN_FILE
    plan.write_text(plan.read_text().replace('"c": 10.0', '"c": 3.0'))
    done = gigsim("curve", "--resume", str(plan.parent), "--workers", "0")
    assert (done.code, done.out) == (2, "")
    assert "was changed since" in done.err


def test_a_cache_that_cannot_be_leaves_nothing_behind(gigsim: Gigsim, tmp_path: Path) -> None:
    (tmp_path / "afile").write_text("x")
    done = gigsim("curve", *SETTINGS, "--cache", "afile")
    assert done.code == 2
    assert not (tmp_path / "runs").exists()
