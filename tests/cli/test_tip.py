"""``gigsim tip``: what is printed and written, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from gigsim.config import dumps
from tests.cli.conftest import Gigsim
from tests.dynamics.societies import society


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    path = tmp_path / "society.toml"
    path.write_text(
        dumps(society(**{"population.size": 400, "collective.first_movers": 20})), encoding="utf-8"
    )
    return str(path)


ALONE = ("--workers", "0", "--quiet")


def test_critical_mass(gigsim: Gigsim, scenario: str, tmp_path: Path) -> None:
    done = gigsim(
        "tip", "critical-mass", scenario, "--seeds", "2", *ALONE, "--out", "runs", "--json"
    )
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert found["simulated"] == 13  # κ/(κ + 1 − c) of 400 is 12.9
    assert found["map"] == pytest.approx(12.903, abs=1e-3)
    assert found["high"] is None  # two worlds bound no median
    (folder,) = (tmp_path / "runs").iterdir()
    assert sorted(file.name for file in folder.iterdir()) == [
        "config.toml",
        "critical-mass.png",
        "provenance.json",
        "summary.json",
        "worlds.csv",
        "worlds.parquet",
    ]
    assert pd.read_parquet(folder / "worlds.parquet")["critical"].tolist() == [13.0, 13.0]
    assert json.loads((folder / "summary.json").read_text())["simulated"] == 13


def test_critical_mass_as_a_table(gigsim: Gigsim, scenario: str) -> None:
    done = gigsim("tip", "critical-mass", scenario, "--seeds", "1", *ALONE)
    assert done.code == 0
    for words in ("simulated", "map of participation", "recursion", "not monotone", "a bound"):
        assert words in done.out


def test_dry_runs_write_nothing(gigsim: Gigsim, scenario: str, tmp_path: Path) -> None:
    for command in (("critical-mass",), ("hysteresis",), ("times",)):
        done = gigsim("tip", *command, scenario, "--dry-run", *ALONE, "--out", "runs")
        assert (done.code, done.err) == (0, "")
        assert "run" in done.out
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_hysteresis(gigsim: Gigsim, scenario: str, tmp_path: Path) -> None:
    words = ("--values", "0.3,1.0", "--hold", "10", "--seeds", "1", *ALONE)
    done = gigsim("tip", "hysteresis", scenario, *words, "--out", "runs", "--json")
    found = json.loads(done.out)
    assert found["up"] == pytest.approx([0.05, 1.0], abs=0.05)
    assert found["predicted_up"] == pytest.approx(found["up"], abs=0.05)
    assert found["predicted_down"] == pytest.approx(found["down"], abs=0.05)
    (folder,) = (tmp_path / "runs").iterdir()
    assert {"sweep.parquet", "recursion.csv", "hysteresis.png"} <= {
        file.name for file in folder.iterdir()
    }


def test_times(gigsim: Gigsim, scenario: str, tmp_path: Path) -> None:
    words = ("--seeds", "3", "--periods", "20", *ALONE)
    done = gigsim("tip", "times", scenario, *words, "--out", "runs")
    assert done.code == 0
    assert "3 of 3" in done.out
    assert "the recursion tips in period" in done.out
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / "times.png").is_file()
    found = json.loads(gigsim("tip", "times", scenario, *words, "--json").out)
    assert found["tipped"]["count"] == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("critical-mass", "--set", "society.benefit_scale=0.1"), "over a gap"),
        (("critical-mass", "--set", "society.rule=imitation"), "society.rule"),
        (("hysteresis", "--values", "2,1"), "ascending"),
        (("hysteresis", "--values", "a,b"), "not all numbers"),
        (("hysteresis", "--key", "population.size"), "does not change in time"),
        (("times", "--set", "society.nothing=1"), "society.nothing"),
    ],
)
def test_bad_input_is_one_line(
    gigsim: Gigsim, scenario: str, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = gigsim("tip", words[0], scenario, *words[1:], *ALONE, "--out", "runs")
    assert done.code == 2
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert said in done.err
    assert not (tmp_path / "runs").exists()


def test_free_riding(gigsim: Gigsim, scenario: str, tmp_path: Path) -> None:
    words = ("--leaks", "0,0.05", "--seeds", "2", *ALONE)
    done = gigsim("tip", "free-riding", scenario, *words, "--out", "runs", "--json")
    assert (done.code, done.err) == (0, "")
    json.loads(done.out)
    (folder,) = (tmp_path / "runs").iterdir()
    tables = [pd.read_parquet(file) for file in folder.glob("*.parquet")]
    leaks = [table for table in tables if "leak" in table]
    assert leaks
    assert all(set(table["leak"]) == {0.0, 0.05} for table in leaks)


@pytest.mark.slow
def test_public_good(gigsim: Gigsim, scenario: str) -> None:
    words = ("--gammas", "0,1", "--sizes", "500", "--seeds", "1", *ALONE)
    done = gigsim("tip", "public-good", scenario, *words)
    assert (done.code, done.err) == (0, "")


def test_seeding_counts_runs_beforehand(gigsim: Gigsim, scenario: str, tmp_path: Path) -> None:
    done = gigsim("tip", "seeding", scenario, "--dry-run", *ALONE, "--out", "runs")
    assert (done.code, done.err) == (0, "")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("free-riding", "--leaks", "2"),
        ("free-riding", "--leaks", "x"),
        ("public-good", "--gammas", "-1"),
        ("public-good", "--sizes", "0"),
        ("seeding", "--seeds", "0"),
    ],
)
def test_more_bad_questions(
    gigsim: Gigsim, scenario: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = gigsim("tip", words[0], scenario, *words[1:], *ALONE, "--out", "runs")
    assert done.code == 2
    assert "Traceback" not in done.err
    assert not (tmp_path / "runs").exists()
