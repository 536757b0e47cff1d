"""``gigsim run``: its options, what it prints where, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gigsim.config import Config, dumps, load
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.replicates import load_replicates
from gigsim.runs import load_run
from tests.cli.conftest import Gigsim


def run_folders(path: Path) -> list[Path]:
    return sorted(path.iterdir())


def test_a_run_for_people(gigsim: Gigsim, tmp_path: Path, toy_arguments: list[str]) -> None:
    done = gigsim("run", *toy_arguments, "--workers", "0")
    assert done.code == 0
    (folder,) = run_folders(tmp_path / "runs")
    assert done.out.splitlines()[0].startswith("default, seed 1: 100 freelancers, 2 periods")
    last = done.out.splitlines()[-1]
    assert re.fullmatch(rf"  written in [0-9]+ s to runs/{folder.name}", last)
    assert "success S (top1)" in done.out
    # One line a retraining, on the other stream, and no remains of a progress bar.
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("period   2  α")
    run = load_run(folder)
    assert len(run.periods) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["runs"]


def test_quiet_prints_the_result_alone(gigsim: Gigsim, toy_arguments: list[str]) -> None:
    done = gigsim("run", *toy_arguments, "--workers", "0", "-q")
    assert (done.code, done.err) == (0, "")
    assert "  written in" in done.out


def test_a_run_for_programs(gigsim: Gigsim, tmp_path: Path, toy_arguments: list[str]) -> None:
    arguments = ["--json", "--out", "elsewhere/deep", "--seed", "7", "--workers", "0"]
    done = gigsim("run", *toy_arguments, *arguments)
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    folder = tmp_path / found.pop("folder")
    assert folder.parent == tmp_path / "elsewhere" / "deep"
    assert found["seed"] == 7
    run = load_run(folder)
    assert run.summary == found
    assert run.config.run.seed == 7
    provenance = json.loads((folder / "provenance.json").read_text())
    assert provenance["command"] == ["gigsim", "run", *toy_arguments, *arguments]


def test_the_seed_option_wins_over_the_setting(gigsim: Gigsim, toy_arguments: list[str]) -> None:
    arguments = ["--seed", "7", "--set", "run.seed=3", "--workers", "0", "--json"]
    assert json.loads(gigsim("run", *toy_arguments, *arguments).out)["seed"] == 7


def test_a_scenario_from_a_file(gigsim: Gigsim, tmp_path: Path, toy_config: Config) -> None:
    (tmp_path / "mine.toml").write_text(dumps(toy_config), encoding="utf-8")
    arguments = ["--set", "run.periods=1", "--workers", "0", "--json"]
    found = json.loads(gigsim("run", "mine.toml", *arguments).out)
    assert found["name"] == "toy"
    assert found["periods"] == 1
    again = load(tmp_path / found["folder"] / "config.toml")
    assert again == load(tmp_path / "mine.toml", ["run.periods=1"])


def test_settings_are_laid_over_the_scenario_in_order(
    gigsim: Gigsim, toy_arguments: list[str]
) -> None:
    arguments = ["--set", "run.periods=9", "--set", "run.periods=1", "--workers", "0", "--json"]
    assert json.loads(gigsim("run", "default", *toy_arguments, *arguments).out)["periods"] == 1


def test_the_number_of_workers_is_handed_on(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch, toy_arguments: list[str]
) -> None:
    asked: list[int] = []

    class Counted(GigEconomy):
        def __init__(self, *args: Any, workers: int, **kwargs: Any) -> None:
            asked.append(workers)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr("gigsim.model.GigEconomy", Counted)
    for chosen in (["--workers", "0"], ["--workers", "3"], []):
        assert gigsim("run", *toy_arguments, *chosen, "--quiet").code == 0
    assert asked[:2] == [0, 3]
    assert asked[2] in (1, 2), "side by side unless told otherwise"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "scenario 'nowhere': no such scenario; give a TOML file or one of: "),
        (["nowhere.toml"], "nowhere.toml: cannot be read (No such file or directory)"),
        (["--set", "population.sise=3"], "--set: population.sise: unknown key; did you mean size?"),
        (["--set", "population.size=1"], "--set: population.size: 1: "),
        (["--set", "population.size"], "--set population.size: not of the form a.b=c"),
        (["--set", "network.degree=7"], "degree must be even, got 7"),
        (["--set", "collective.target=Plumber"], "collective.target: no label 'Plumber'; one of: "),
        (
            ["--set", "corpus.path=nowhere.npz", "--set", "corpus.language="],
            "nowhere.npz: no such file; a file written by",
        ),
        (["--set", "corpus.language=nowhere"], "nowhere: no such file; a file written by"),
        (["--set", "collective.signal.reserve=false"], "collective.signal.token: '※'"),
        (["--until", "doomsday"], "--until: 'doomsday'; one of: periods, settled"),
        (
            ["--replicates", "2", "--set", "collective.target=Plumber"],
            "no label 'Plumber'; one of:",
        ),
        (["--replicates", "2", "--out", "/dev/null"], "/dev/null: cannot be written to"),
        (["--out", "/dev/null"], "/dev/null: cannot be written to"),
        (["--out", "/dev/null/runs"], "/dev/null/runs: cannot be written to"),
    ],
)
def test_bad_input_is_one_line_and_two(
    gigsim: Gigsim, tmp_path: Path, toy_arguments: list[str], arguments: list[str], said: str
) -> None:
    scenario, options = ([], arguments) if arguments[0].startswith("--") else (arguments, [])
    done = gigsim("run", *scenario, *toy_arguments, "--workers", "0", *options)
    assert done.code == 2
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("error: ")
    assert said in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_for_runs_is_looked_at_before_the_run(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch, toy_arguments: list[str]
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("hours of work, and nowhere to put it")

    monkeypatch.setattr("gigsim.model.GigEconomy.__init__", never)
    assert gigsim("run", *toy_arguments, "--out", "/dev/null").code == 2


def test_a_bad_scenario_is_told_before_anything_large_is_loaded(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("drew resumes for a config that is refused")

    monkeypatch.setattr("gigsim.stage.supply", never)
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    done = gigsim("run", "bad.toml")
    assert done.code == 2
    assert done.err.startswith("error: bad.toml: cannot be read")


def test_replicates_for_people(gigsim: Gigsim, tmp_path: Path, toy_arguments: list[str]) -> None:
    done = gigsim("run", *toy_arguments, "--replicates", "2", "--seed", "4", "--workers", "0")
    assert done.code == 0
    (folder,) = run_folders(tmp_path / "runs")
    assert folder.name.endswith("-x2")
    lines = done.out.splitlines()
    assert lines[0].startswith("default: 2 of 2 replicates, seeds 4 to 5, 100 freelancers")
    assert re.search(r"tipped \(S at 90 % to the end\)  \d of 2, .* \(95 % interval ", done.out)
    assert re.search(r"tipping period     median \S+, quartiles .*; \d never", done.out)
    assert re.fullmatch(rf"  written in [0-9]+ s to runs/{folder.name}", lines[-1])
    assert re.match(r"replicate 0 \(seed 4\): (not )?tipped", done.err.splitlines()[0])
    assert len(done.err.splitlines()) == 2
    provenance = json.loads((folder / "provenance.json").read_text())
    assert provenance["seeds"] == [4, 5]


def test_replicates_for_programs(gigsim: Gigsim, tmp_path: Path, toy_arguments: list[str]) -> None:
    done = gigsim("run", *toy_arguments, "--replicates", "2", "--workers", "0", "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert load_replicates(tmp_path / found.pop("folder")).summary == found


def test_a_bug_in_a_replicate_shows_its_traceback(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, toy_arguments: list[str]
) -> None:
    honest = GigEconomy.step

    def step(self: GigEconomy) -> None:
        if self.config.run.seed == 2:
            raise ZeroDivisionError("planted")
        honest(self)

    monkeypatch.setattr(GigEconomy, "step", step)
    done = gigsim("run", *toy_arguments, "--replicates", "3", "--workers", "0", "-q")
    assert done.code == 1
    (folder,) = run_folders(tmp_path / "runs")
    assert "Traceback (most recent call last):" in done.err
    assert "error: replicate 1 (seed 2): ZeroDivisionError: planted" in done.err.splitlines()
    last = f"error: 1 replicate failed: 2 of 3 replicates are in runs/{folder.name}"
    assert done.err.splitlines()[-1] == last
    assert load_replicates(folder).summary["complete"] is False


def test_when_all_replicates_fail_nothing_is_written(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, toy_arguments: list[str]
) -> None:
    def step(self: GigEconomy) -> None:
        raise kind

    monkeypatch.setattr(GigEconomy, "step", step)
    kind: Exception = ZeroDivisionError("planted")
    done = gigsim("run", *toy_arguments, "--replicates", "2", "--workers", "0", "-q")
    assert done.code == 1
    assert done.err.splitlines()[-1] == "error: all 2 replicates failed: nothing written"
    kind = InputError("the learner", "has not converged", "give it more iterations")
    done = gigsim("run", *toy_arguments, "--replicates", "2", "--workers", "0", "-q")
    assert done.code == 2
    assert list(tmp_path.iterdir()) == []


def test_until_settled(gigsim: Gigsim, tmp_path: Path, toy_arguments: list[str]) -> None:
    arguments = ["--until", "settled", "--workers", "0", "-q", "--set", "collective.first_movers=0"]
    arguments += ["--set", "society.activation=0.5"]
    done = gigsim("run", *toy_arguments, *arguments)
    assert done.code == 0
    # retrain_every 2: a window of five periods, and period 0 is outside of it.
    assert "  settled in period 6" in done.out.splitlines()
    (folder,) = run_folders(tmp_path / "runs")
    run = load_run(folder)
    assert (run.summary["settled"], run.summary["limit_reached"]) == (6, False)
    assert run.summary["complete"] is True
    assert len(run.periods) == 7
    assert run.config.run.until == "settled"


def test_a_run_that_does_not_settle_says_so_and_is_written(
    gigsim: Gigsim, tmp_path: Path, toy_arguments: list[str]
) -> None:
    arguments = ["--until", "settled", "--set", "run.limit=3", "--workers", "0", "-q"]
    done = gigsim("run", *toy_arguments, *arguments)
    assert done.code == 0
    assert "  not settled within 3 periods (run.limit)" in done.out.splitlines()
    (folder,) = run_folders(tmp_path / "runs")
    summary = load_run(folder).summary
    assert (summary["settled"], summary["limit_reached"]) == (None, True)
    assert summary["complete"] is True


def test_one_is_not_many(gigsim: Gigsim, toy_arguments: list[str]) -> None:
    arguments = ["--workers", "0", "-q", "--set", "run.periods=1"]
    arguments += ["--set", "platform.retrain_every=1"]
    first = gigsim("run", *toy_arguments, *arguments).out.splitlines()[0]
    assert first.endswith("100 freelancers, 1 period, 1 retraining of linear")
    first = gigsim("run", *toy_arguments, *arguments, "--replicates", "1").out.splitlines()[0]
    assert first.startswith("default: 1 of 1 replicate, seed 1, 100 freelancers")
    arguments += ["--until", "settled", "--set", "run.limit=1"]
    assert (
        "not settled within 1 period (run.limit)" in gigsim("run", *toy_arguments, *arguments).out
    )


def test_without_base_carriers_anybody_suffices(gigsim: Gigsim, toy_arguments: list[str]) -> None:
    arguments = ["--workers", "0", "-q", "--set", "corpus.xi=0"]
    done = gigsim("run", *toy_arguments, *arguments)
    assert "; any α > 0 suffices by Theorem 1" in done.out
    assert "0.00 % suffices" not in done.out


CHANGE = "{{period={}, set={{society={{order='sequential'}}}}}}"
LATE = ["--set", f"at=[{CHANGE.format(2)}, {CHANGE.format(50)}]"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], ["note: at[2] (period 50) is after the last period, 2, and never happens"]),
        (["--set", "run.periods=50"], []),
        (["--until", "settled", "--set", "run.limit=50"], []),
        (
            ["--until", "settled", "--set", "run.limit=3"],
            ["note: at[2] (period 50) is after the last period, 3, and never happens"],
        ),
        (["--quiet"], []),
        (["--quiet", "--replicates", "1"], []),
        (
            ["--replicates", "1"],
            ["note: at[2] (period 50) is after the last period, 2, and never happens"],
        ),
    ],
    ids=" ".join,
)
def test_a_change_after_the_last_period_is_noted(
    gigsim: Gigsim,
    monkeypatch: pytest.MonkeyPatch,
    toy_arguments: list[str],
    options: list[str],
    said: list[str],
) -> None:
    # What is said of the config is said before the run.
    monkeypatch.setattr("gigsim.cli.single.run_single", lambda *_, **__: None)
    monkeypatch.setattr("gigsim.cli.replicates.run_many", lambda *_, **__: None)
    done = gigsim("run", *toy_arguments, *LATE, *options)
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines() == said


def test_interrupted_while_it_starts(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, toy_arguments: list[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gigsim.runs.check_out", interrupted)
    done = gigsim("run", *toy_arguments)
    assert (done.code, done.out, done.err) == (130, "", "interrupted: nothing written\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("strategy", "kind", "why"),
    [
        ("gradient_cancelling", "bayes", "minimises no such loss"),
        ("label_only", "table", "minimises no such loss"),
        ("gradient_control", "linear", "people submit once a retraining"),
    ],
)
def test_a_strategy_that_the_platform_cannot_have_is_refused_before_anything_runs(
    gigsim: Gigsim, tmp_path: Path, strategy: str, kind: str, why: str
) -> None:
    done = gigsim(
        "run",
        "--set",
        f"collective.strategy={strategy}",
        "--set",
        f"platform.learner.kind={kind}",
    )
    assert done.code == 2
    said = " ".join(done.err.split())
    assert "collective.strategy" in said
    assert why in said
    assert "Traceback" not in done.err
    assert not list(tmp_path.iterdir())
