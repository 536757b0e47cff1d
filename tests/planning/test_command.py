"""``gigsim plan``: what it prints where, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Gigsim
from tests.cli.conftest import gigsim as gigsim  # a fixture

SCENARIO = """
name = "quick"
[population]
size = 300
cost = { kind = "constant", value = COST }
[network]
kind = "complete"
[society]
activation = 0.5
[collective]
first_movers = 0
leak = 0.0
[platform]
retrain_every = 1
learner = { kind = "surrogate", source = "bound" }
"""


def scenario(path: Path, cost: float = 0.5) -> str:
    file = path / "quick.toml"
    file.write_text(SCENARIO.replace("COST", str(cost)))
    return str(file)


def test_a_plan_for_people(gigsim: Gigsim, tmp_path: Path) -> None:
    done = gigsim("plan", scenario(tmp_path), "--no-simulate", "--out", "plans", "--quiet")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "quick: 300 people"
    for number in range(1, 6):
        assert any(line.startswith(f"{number}. ") for line in lines)
    assert "it sustains itself from 6 members on (1.96 % of the people)" in done.out
    assert "works from" in done.out
    (folder,) = (tmp_path / "plans").iterdir()
    assert (folder / "plan.png").stat().st_size > 10_000
    assert lines[-1].endswith(folder.name)


@pytest.mark.slow
def test_json_alone_and_runs_in_it(gigsim: Gigsim, tmp_path: Path) -> None:
    done = gigsim("plan", scenario(tmp_path), "--seeds", "1", "--json")
    assert (done.code, done.err) == (0, "")
    content = json.loads(done.out)
    assert content["sustains"]["people"] == 6
    assert content["start"]["trials"]["kinds"]["first_movers"]["of"] == 1
    assert not (tmp_path / "plans").exists()


def test_progress_goes_elsewhere(gigsim: Gigsim, tmp_path: Path) -> None:
    done = gigsim("plan", scenario(tmp_path), "--no-simulate")
    assert done.code == 0
    assert "looking for the critical mass ..." in done.err
    assert "looking for" not in done.out


def test_hopeless_is_an_answer(gigsim: Gigsim, tmp_path: Path) -> None:
    done = gigsim("plan", scenario(tmp_path, 3.0), "--quiet")
    assert done.code == 0
    assert "Never: no number of members sustains itself." in done.out


def test_a_world_that_changes_needs_a_period(gigsim: Gigsim, tmp_path: Path) -> None:
    file = Path(scenario(tmp_path))
    change = '[[at]]\nperiod = 3\nset = { "population.cost.value" = 3.0 }\n'
    file.write_text(file.read_text() + change)
    refused = gigsim("plan", str(file), "--no-simulate", "--quiet")
    assert (refused.code, refused.out) == (2, "")
    assert "--at PERIOD" in refused.err
    assert len(refused.err.splitlines()) == 1
    before = gigsim("plan", str(file), "--at", "2", "--no-simulate", "--quiet")
    assert "it sustains itself from 6 members on" in before.out
    after = gigsim("plan", str(file), "--at", "3", "--no-simulate", "--json")
    content = json.loads(after.out)
    assert (content["period"], content["sustains"]["possible"]) == (3, False)
    assert "everything stays as it is from period 3 on" in after.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere"),
        (["default", "--curve", "nowhere.csv"], "nowhere.csv"),
        (["default", "--arm", "x"], "--curve"),
        (["default", "--seeds", "0"], "--seeds"),
        (["default", "--set", "society.rule=complex_contagion"], "complex_contagion"),
        (["default", "--set", "society.cost_timing=once"], "cost_timing"),
        (["default", "--set", "no.such=1"], "no"),
        (["gradient_cancelling"], "platform.learner.kind"),
        (["default", "--out", "quick.toml/x"], "no folder"),
    ],
)
def test_bad_input_is_one_line(
    gigsim: Gigsim, tmp_path: Path, arguments: list[str], said: str
) -> None:
    scenario(tmp_path)
    done = gigsim("plan", *arguments, "--no-simulate", "--quiet")
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    "content",
    ["", "alpha\n0\n", "alpha,success_any,success_top1,base_any,base_top1,accuracy\n0,2,0,0,0,0\n"],
)
def test_a_file_that_is_no_curve(gigsim: Gigsim, tmp_path: Path, content: str) -> None:
    (tmp_path / "curve.csv").write_text(content)
    done = gigsim("plan", scenario(tmp_path), "--curve", "curve.csv", "--quiet", "--out", "plans")
    assert (done.code, done.out) == (2, "")
    assert "curve.csv" in done.err
    assert not (tmp_path / "plans").exists()
