"""``gigsim runs``: what its commands say, to people and to programs, and their exit codes."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from gigsim.cli.show_study import _short
from gigsim.config import load
from gigsim.experiments.study import load_study
from gigsim.runs import load_run, read_table, write_table
from gigsim.store.store import Failure, Store
from tests.cli.conftest import Done, Gigsim
from tests.experiments.studies import quick_study
from tests.results.folders import write_replicates, write_run, write_study


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of each kind: look, do not touch."""
    out = tmp_path_factory.mktemp("made")
    write_run(out / "one").rename(out / "run")
    write_replicates(out / "many", 2).rename(out / "replicates")
    design = {"kind": "grid", "values": {"collective.leak": [0.0, 0.1]}}
    write_study(out / "study one", replicates=2, design=design).rename(out / "study")
    for name in ("one", "many", "study one"):
        (out / name).rmdir()
    return out


@pytest.fixture
def runs(made: Path, tmp_path: Path) -> Path:
    """A copy, as ``runs`` in the folder where commands are run."""
    return Path(shutil.copytree(made, tmp_path / "runs"))


def test_list(gigsim: Gigsim, runs: Path) -> None:
    done = gigsim("runs", "list")
    assert (done.code, done.err) == (0, "")
    for name in ("run", "replicates", "study"):
        assert f"│ {name} " in done.out
    assert "2 of 2" in done.out
    assert "4 of 4" in done.out
    found = json.loads(gigsim("runs", "list", "runs", "--json").out)["entries"]
    assert {entry["kind"] for entry in found} == {"run", "replicates", "study"}
    assert {entry["runs"] for entry in found} == {1, 2, 4}
    assert all(entry["complete"] and entry["bytes"] > 1000 for entry in found)
    assert all(entry["learner"] == "bayes" for entry in found)


def test_list_of_what_is_not_well(gigsim: Gigsim, runs: Path) -> None:
    (runs / "run" / "summary.json").unlink()
    unfinished(runs / "left")
    done = gigsim("runs", "list")
    assert "damaged" in done.out
    assert "run: not a complete run (summary.json" in done.out
    assert "left: goes on with gigsim sweep --resume runs/left" in done.out
    found = json.loads(gigsim("runs", "list", "--json").out)["entries"]
    resume = {Path(entry["path"]).name: entry["resume"] for entry in found}
    assert resume["left"] == "gigsim sweep --resume runs/left"
    assert resume["study"] is None


def test_list_of_what_a_newer_gigsim_wrote(gigsim: Gigsim, runs: Path) -> None:
    with closing(sqlite3.connect(runs / "study" / "index.sqlite")) as index:
        index.execute("PRAGMA user_version = 2")
    done = gigsim("runs", "list")
    assert "other version" in done.out
    assert (
        "study: index.sqlite: has schema 2; this version of gigsim reads 1: a newer one wrote it,"
        " update\n"
    ) in done.out
    done = gigsim("runs", "prune", "--failed", "--yes")
    assert "stays: study: of another version of gigsim (index.sqlite)\n" in done.out
    assert (runs / "study" / "index.sqlite").is_file()


def test_an_empty_list(gigsim: Gigsim, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    assert gigsim("runs", "list") == Done(0, "runs: no runs\n", "")


def unfinished(folder: Path) -> None:
    """A study of which three runs failed, two in one place, and nine are open."""
    folder.mkdir()
    study = load_study(quick_study())
    study.write(folder)
    Store.create(folder, study.runs, study.replicates, ("runs", "periods", "timings"))
    with Store.open(folder) as store:
        store.claim(3)
        same = [Failure(n, "error", "ValueError: [no]", "Traceback\n  [here]", 1) for n in (0, 2)]
        store.commit([], [*same, Failure(1, "time", "took too long", "", 1)])


def test_show_a_run(gigsim: Gigsim, runs: Path) -> None:
    done = gigsim("runs", "show", "runs/run")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("quick, seed 1: 120 freelancers, 3 periods")
    assert "success S (top1)" in done.out
    found = json.loads(gigsim("runs", "show", "runs/run", "--json").out)
    assert found.pop("folder") == "runs/run"
    assert found == load_run(runs / "run").summary


def test_show_replicates(gigsim: Gigsim, runs: Path) -> None:
    done = gigsim("runs", "show", "runs/replicates")
    assert done.out.startswith("quick: 2 of 2 replicates, seeds 1 to 2")
    done = gigsim("runs", "show", "runs/replicates", "--run", "0.1")
    assert done.out.startswith("quick: run 0.1, seed 2\n")


def test_show_a_study(gigsim: Gigsim, runs: Path) -> None:
    done = gigsim("runs", "show", "runs/study")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("quick: 4 runs, 2 cases x 2 replicates, study seed 1, bayes\n")
    assert "  finished 4, failed 0, open 0\n" in done.out
    assert "  varied: collective.leak = 0, 0.1\n" in done.out
    found = json.loads(gigsim("runs", "show", "runs/study", "--json").out)
    table = pd.read_parquet(runs / "study" / "runs")
    means = table.groupby("case")[["alpha", "success_top1"]].mean()
    assert [row["alpha"] for row in found["final"]] == pytest.approx(means["alpha"].tolist())
    assert [row["success"] for row in found["final"]] == pytest.approx(
        means["success_top1"].tolist()
    )
    assert found["varied"] == {"collective.leak": [0.0, 0.1]}


def test_show_many_cases(gigsim: Gigsim, tmp_path: Path) -> None:
    values = [value / 100 for value in range(30)]
    design = {"kind": "grid", "values": {"collective.leak": values}}
    study = load_study(quick_study(design=design))
    study.write(tmp_path)
    Store.create(tmp_path, study.runs, study.replicates, ("runs", "timings"))
    done = gigsim("runs", "show", ".")
    assert done.out.splitlines()[-1] == "and 10 cases more: --json has them all"
    assert "0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, ... (30 values)" in done.out
    assert len(json.loads(gigsim("runs", "show", ".", "--json").out)["final"]) == 30


def test_a_narrow_terminal_gets_short_names(
    gigsim: Gigsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {
        "collective.leak": [0.0, 0.1],
        "collective.first_movers": [4, 6],
        "network.kind": ["complete", "ring"],
        "run.periods": [2, 3],
    }
    study = load_study(quick_study(design={"kind": "grid", "values": values}))
    study.write(tmp_path)
    Store.create(tmp_path, study.runs, study.replicates, ("runs", "timings"))
    monkeypatch.setenv("COLUMNS", "200")
    header = gigsim("runs", "show", ".").out.split("┃")[1:-1]
    assert [name.strip() for name in header] == ["case", *values, "runs", "α", "S"]
    for width in ("70", "20"):
        monkeypatch.setenv("COLUMNS", width)
        done = gigsim("runs", "show", ".")
        header = [name.strip() for name in done.out.split("┃")[1:-1]]
        short = ["leak", "first_movers", "kind", "periods"]
        assert header == ["case", *short, "runs", "α", "S"]
        assert "…" not in done.out


def test_short_names_are_told_apart() -> None:
    keys = ["platform.learner.kind", "network.kind", "collective.leak", "a.runs", "name"]
    assert _short(keys) == {"collective.leak": "leak", "name": "name"}


def test_show_failures(gigsim: Gigsim, tmp_path: Path) -> None:
    unfinished(tmp_path / "left")
    done = gigsim("runs", "show", "left")
    assert "  finished 0, failed 3, open 9" in done.out
    assert "  failed: 2 x error: ValueError: [no] (0.0)" in done.out
    assert "  failed: 1 x time: took too long (0.1)" in done.out
    done = gigsim("runs", "show", "left", "--run", "0.2")
    assert done.out.splitlines()[-2:] == ["Traceback", "  [here]"]
    assert "failed (error): ValueError: [no]" in done.out
    assert gigsim("runs", "show", "left", "--run", "1.0").out.endswith("not finished yet\n")
    found = json.loads(gigsim("runs", "show", "left", "--run", "1.0", "--json").out)
    assert found["became"] == "open"


@pytest.mark.parametrize(
    ("folder", "run", "seed"), [("run", "0.0", 1), ("replicates", "0.1", 2), ("study", "1.1", None)]
)
def test_a_config_to_run_again(
    gigsim: Gigsim, runs: Path, tmp_path: Path, folder: str, run: str, seed: int | None
) -> None:
    done = gigsim("runs", "show", f"runs/{folder}", "--run", run, "--config")
    assert done.code == 0
    assert tomllib.loads(done.out)["name"]
    (tmp_path / "again.toml").write_text(done.out)
    config = load(tmp_path / "again.toml")
    assert seed is None or config.run.seed == seed
    assert gigsim("run", "again.toml", "-q", "--out", "again", "--workers", "0").code == 0
    (again,) = (tmp_path / "again").iterdir()
    stored = runs / folder / ("periods" if folder == "study" else "periods.parquet")
    table = pd.read_parquet(stored)
    if folder != "run":
        case, replicate = map(int, run.split("."))
        table = table[table["replicate"] == replicate]
        table = table[table["case"] == case].drop(columns="case") if folder == "study" else table
        table = table.drop(columns=["replicate", "seed"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(table, load_run(again).periods, check_dtype=False)


@pytest.mark.parametrize(
    "arguments", [["run"], ["replicates"], ["replicates", "--run", "0.1"], ["study"]], ids=str
)
def test_figures_only_on_demand(
    gigsim: Gigsim, runs: Path, tmp_path: Path, arguments: list[str]
) -> None:
    folder, *rest = arguments
    before = set(tmp_path.rglob("*.png"))
    gigsim("runs", "show", f"runs/{folder}", *rest)
    assert set(tmp_path.rglob("*.png")) == before
    done = gigsim("runs", "show", f"runs/{folder}", *rest, "--figure", "it.png")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "it.png").read_bytes().startswith(b"\x89PNG")
    assert done.out.splitlines()[-1] == "  drawn to it.png"
    if arguments == ["run"]:
        # The very figure that the run's folder has.
        assert (tmp_path / "it.png").read_bytes() == (runs / "run" / "overview.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "nowhere"], "nowhere: no such folder"),
        (["show", "nowhere"], "nowhere: no such folder"),
        (["show", "runs"], "runs: holds no run, no replicates, no study and no curves"),
        (["show", "runs/study", "--run", "7"], "--run: '7'; CASE.REPLICATE"),
        (["show", "runs/study", "--run", "7.0"], "has no run 7.0; 0.0 to 1.1"),
        (["show", "runs/run", "--run", "0.1"], "has no run 0.1; a single run is 0.0"),
        (["show", "runs/study", "--config"], "--config: a study has many; say which: --run"),
        (["show", "runs/run", "--config", "--json"], "--config: given beside --json"),
        (["show", "runs/study", "--run", "0.0", "--figure", "a.png"], "needs theory, which"),
        (["show", "runs/run", "--figure", "a.painting"], "a.painting: Format 'painting'"),
        (["show", "runs/run", "--figure", "no/a.png"], "no/a.png: there is no folder"),
        (["diff", "runs/run", "runs/study"], "runs/study: a study, not a run like runs/run"),
        (["diff", "runs/run", "nowhere"], "nowhere: no such folder"),
        (["diff", "runs/run"], "Missing argument"),
        (["verify", "nowhere"], "nowhere: no such folder"),
        (["verify", "runs"], "runs: holds no run"),
        (["verify", "runs/study", "nowhere"], "nowhere: no such folder"),
        (["verify"], "Missing argument"),
        (["prune"], "gigsim runs prune: nothing is asked for"),
        (["prune", "nowhere", "--failed"], "nowhere: no such folder"),
        (["prune", "--older-than", "soon"], "--older-than: 'soon'; a number and s, m, h, d or w"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_two(
    gigsim: Gigsim, runs: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    before = set(tmp_path.rglob("*"))
    done = gigsim("runs", *arguments)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("error: ")
    assert said in done.err
    assert set(tmp_path.rglob("*")) == before


def test_diff(gigsim: Gigsim, runs: Path, made: Path) -> None:
    done = gigsim("runs", "diff", "runs/study", str(made / "study"))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("equal (study)\n")
    periods = read_table(runs / "run" / "periods.parquet")
    periods.loc[1, "alpha"] += 1e-6
    write_table(periods, runs / "run" / "periods.parquet")
    done = gigsim("runs", "diff", "runs/run", str(made / "run"))
    assert done.code == 1
    assert done.out.startswith("different (run)\n")
    assert "  periods: first in row 1 (case 0, replicate 0, seed 1, period 1), alpha: " in done.out
    assert "  retrainings: same bytes\n" in done.out
    found = json.loads(gigsim("runs", "diff", "runs/run", str(made / "run"), "--json").out)
    assert found["equal"] is False
    assert gigsim("runs", "diff", "runs/run", str(made / "run"), "--within", "1e-5").code == 0


def test_verify(gigsim: Gigsim, runs: Path) -> None:
    done = gigsim("runs", "verify", "runs/study", "--workers", "0")
    assert done.code == 0
    assert done.out == "verified: 4 of 4 runs done again, 4 in the folder\n"
    assert done.err.splitlines()[0] == "run 0.0: same values, bit for bit"
    done = gigsim("runs", "verify", "runs/study", "--workers", "0", "--sample", "1", "--json")
    found: dict[str, Any] = json.loads(done.out)
    assert (done.err, found["verified"], len(found["verdicts"])) == ("", True, 1)


def test_verify_several(gigsim: Gigsim, runs: Path) -> None:
    both = ("runs", "verify", "runs/run", "runs/replicates", "--workers", "0")
    done = gigsim(*both)
    assert done.code == 0
    told = done.out.splitlines()
    assert told[0::2] == [f"{Path('runs/run')}:", f"{Path('runs/replicates')}:"]
    assert [line.split(":")[0] for line in told[1::2]] == ["verified"] * 2
    assert done.err.splitlines()[0] == told[0]
    periods = read_table(runs / "run" / "periods.parquet")
    periods.loc[3, "members"] += 1
    write_table(periods, runs / "run" / "periods.parquet")
    done = gigsim(*both, "--json")
    found: dict[str, Any] = json.loads(done.out)
    assert (done.code, done.err, found["verified"]) == (1, "", False)
    assert [one["verified"] for one in found["folders"]] == [False, True]
    assert [one["folder"] for one in found["folders"]] == [line[:-1] for line in told[0::2]]


def test_not_verified(gigsim: Gigsim, runs: Path) -> None:
    periods = read_table(runs / "run" / "periods.parquet")
    periods.loc[3, "members"] += 1
    write_table(periods, runs / "run" / "periods.parquet")
    done = gigsim("runs", "verify", "runs/run", "--workers", "0", "--quiet")
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("NOT verified: 0 of 1 run done again, 1 in the folder\n")
    assert "period 3), members: 7 | 6; at most 1 (members)" in done.out
    (runs / "run" / "periods.parquet").write_bytes(b"noise")
    done = gigsim("runs", "verify", "runs/run", "--workers", "0", "--quiet")
    assert done.code == 1
    assert "not a complete run" in done.out
    table = pq.read_table(runs / "study" / "runs")
    assert len(table) == 4


def test_prune(gigsim: Gigsim, runs: Path) -> None:
    (runs / "run" / "summary.json").unlink()
    (runs / "replicates" / "mine.txt").write_text("keep me")
    done = gigsim("runs", "prune", "--failed")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("to delete: run (run, ")
    assert lines[-1] == "nothing deleted: add --yes"
    assert (runs / "run").is_dir()
    done = gigsim("runs", "prune", "--failed", "--yes", "--json")
    found = json.loads(done.out)
    assert (found["deleted"], [one["path"] for one in found["chosen"]]) == (True, ["runs/run"])
    assert not (runs / "run").exists()
    done = gigsim("runs", "prune", "--keep", "0", "--yes")
    assert "stays: replicates: holds mine.txt, which gigsim has not written" in done.out
    assert {path.name for path in runs.iterdir()} == {"replicates"}
    assert gigsim("runs", "prune", "--older-than", "1d").out == "to delete in all: 0, 0 B\n"


def test_a_run_that_was_recorded_by_an_earlier_version_is_shown_and_drawn(
    gigsim: Gigsim, tmp_path: Path
) -> None:
    """What was not written down then is not said, and is no error."""
    kept = Path(__file__).parent.parent / "fixtures" / "run-schema-1"
    old = tmp_path / "old"
    shutil.copytree(kept, old)
    assert "target_model" not in json.loads((old / "summary.json").read_text())
    done = gigsim("runs", "show", str(old), "--figure", "old.png")
    assert done.code == 0, done.err
    assert "the collective's model" not in done.out
    assert (tmp_path / "old.png").stat().st_size > 10_000
