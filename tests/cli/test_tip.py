"""``gigsim tip``: what is printed and written, and what is refused."""

from __future__ import annotations

import json
import re
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
    assert found["numbers"] == [13, 13]
    assert found["restless"] == 0
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
    for command in (("critical-mass",), ("hysteresis",), ("times",), ("seeding",)):
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
        (("hysteresis", "--values", "0.5,,1"), "--values: '0.5,,1' has an empty item"),
        (("hysteresis", "--key", "population.size"), "--key: population.size: does not change"),
        (("hysteresis", "--key", "society.nothing"), "--key: society.nothing: "),
        (
            ("hysteresis", "--key", "society.spillover", "--values", "0.5,1,2"),
            "--values: society.spillover: 2: too large",
        ),
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
    assert "1 of 1" in done.out
    club, public = json.loads(gigsim("tip", "public-good", scenario, *words, "--json").out)["path"]
    # κ/(κ + 1 − c) of a club; of a public good nobody is left.
    assert club["critical"] == pytest.approx(0.02 / 0.62, abs=1e-6)
    assert (club["held"], public["held"]) == (1, 0)
    assert public["critical"] is None
    assert public["high_simulated"] == 0


@pytest.mark.parametrize(
    "setting",
    [
        "society.cost_timing=once",
        "society.leaving=never",
        "population.turnover=0.1",
        "collective.provision_point=0.2",
    ],
)
@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_no_public_good_of_what_the_maps_do_not_know(
    gigsim: Gigsim, scenario: str, tmp_path: Path, setting: str, dry: tuple[str, ...]
) -> None:
    words = ("--gammas", "0", "--sizes", "", "--seeds", "1", *ALONE, "--out", "runs", *dry)
    done = gigsim("tip", "public-good", scenario, "--set", setting, *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert setting.split("=")[0] in done.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("question", ["free-riding", "public-good", "seeding"])
def test_runs_and_time_beforehand(
    gigsim: Gigsim, scenario: str, tmp_path: Path, question: str
) -> None:
    words = ("tip", question, scenario, "--dry-run", *ALONE, "--out", "runs")
    done = gigsim(*words)
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(r"about \d+ runs of .+ people, \d+ s with --workers 0\n", done.out)
    found = json.loads(gigsim(*words, "--json").out)
    assert found["runs"] == int(done.out.split()[1])
    assert found["seconds"] > 0
    assert not (tmp_path / "runs").exists()


def test_the_time_of_the_table_beforehand(gigsim: Gigsim) -> None:
    done = gigsim("tip", "table", "--size", "200", "--seeds", "2", "--dry-run", *ALONE)
    assert (done.code, done.err) == (0, "")
    assert "runs of 200 people, " in done.out


def test_what_is_printed_is_what_programs_get(gigsim: Gigsim, scenario: str) -> None:
    words = ("tip", "free-riding", scenario, "--leaks", "0,0.05", "--seeds", "2", *ALONE)
    (without, row) = json.loads(gigsim(*words, "--json").out)["cells"]
    said = gigsim(*words).out
    assert without["gain_all"] == 0
    assert row["gain_all"] == pytest.approx(
        row["gain_free_riders"] + row["gain_members"] + row["gain_outsiders"], abs=1e-9
    )
    assert f"{100 * row['alpha']:.1f} %" in said
    assert f"{row['each_free_rider']:.4f} ±" in said
    assert "-0.0000" not in said
    away = 100 * max(abs(one["alpha"] - one["alpha_recursion"]) for one in (without, row))
    assert f"α within {away:.1f} and" in said


@pytest.mark.slow
def test_seeding_as_a_table(gigsim: Gigsim, tmp_path: Path) -> None:
    path = tmp_path / "ring.toml"
    ring = {"population.size": 40, "network": {"kind": "ring", "degree": 4}}
    rule = {"society.rule": "complex_contagion", "society.leaving": "never"}
    path.write_text(dumps(society(**ring, **rule)), encoding="utf-8")
    words = ("tip", "seeding", str(path), "--boundary", "0.9", "--seeds", "7", *ALONE)
    found = json.loads(gigsim(*words, "--json").out)
    said = gigsim(*words).out
    ways = {way["seeding"]: way for way in found["ways"]}
    # Two neighbours on a ring of four ties each carry all of it.
    assert ways["clusters"]["critical"] == 2
    assert ways["random"]["fewer"] is None
    (line,) = (line for line in said.splitlines() if "clusters" in line)
    assert f"{ways['clusters']['fewer']:g} [" in line
    assert ("*" in line) == (ways["clusters"]["fewer_surely"] or ways["clusters"]["more_surely"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("free-riding", "--leaks", "0,2"), "--leaks: 2.0: too large"),
        (("free-riding", "--leaks", "x"), "--leaks: 'x' is no number"),
        (("free-riding", "--leaks", "0,,1"), "--leaks: '0,,1' has an empty item"),
        (("free-riding", "--leaks", "0,1,"), "--leaks: '0,1,' has an empty item"),
        (("free-riding", "--retentions", "0,3"), "--retentions: 3.0: too large"),
        (("free-riding", "--spillovers", "3"), "--spillovers: 3.0: too large"),
        (("free-riding", "--leaks", "0,0"), "says a number twice"),
        (("public-good", "--gammas", "-1"), "--gammas: -1 is no share"),
        (("public-good", "--sizes", "0"), "--sizes: 0: too small"),
        (("public-good", "--sizes", "1000,,2000"), "--sizes: '1000,,2000' has an empty item"),
        (("seeding", "--seeds", "0"), "--seeds"),
    ],
)
def test_more_bad_questions(
    gigsim: Gigsim, scenario: str, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = gigsim("tip", words[0], scenario, *words[1:], *ALONE, "--out", "runs")
    assert done.code == 2
    assert "Traceback" not in done.err
    assert said in done.err
    assert not (tmp_path / "runs").exists()
