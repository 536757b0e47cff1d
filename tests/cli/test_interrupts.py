"""Ctrl-C and other mishaps, with real processes: what is left is valid, and nobody is left over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gigsim.checkpoint import load_checkpoint
from gigsim.replicates import load_replicates
from gigsim.runs import load_run

REPOSITORY = Path(__file__).resolve().parent.parent.parent

# Worker processes run this file too: what it changes is changed in them as well. Each call of a
# chosen function leaves a mark; one of them stays there until it is interrupted.
SCRIPT = """
import os, sys, time
from pathlib import Path
import gigsim.learners.linear, gigsim.model, gigsim.runs
from gigsim.cli import main

def mark(number, where, name, nth):
    honest = getattr(where, name)

    def marked(*args):
        before = len(list(Path(".").glob(f"mark-{{number}}-*")))
        Path(f"mark-{{number}}-{{before}}-{{os.getpid()}}").touch()
        if before == nth:
            Path(f"stuck-{{number}}").write_text(str(os.getpid()))
            time.sleep(300)
        return honest(*args)

    setattr(where, name, marked)

for number, (where, name, nth) in enumerate([{points}]):
    mark(number, where, name, nth)
if __name__ == "__main__":
    sys.argv = ["gigsim", *sys.argv[1:]]
    main()
"""
TRAINING = "gigsim.learners.linear.LinearLearner.fit"
PAYING = "gigsim.model.GigEconomy.pay"
DRAWING = "gigsim.runs.overview"


@dataclass
class Running:
    """A command in a session of its own, as a terminal would have it."""

    process: subprocess.Popen[str]
    folder: Path

    def until_stuck(self, number: int = 0) -> int:
        """Wait for it to be in the chosen call; the process that is."""
        file = self.folder / f"stuck-{number}"
        deadline = time.monotonic() + 120
        while not (file.exists() and file.read_text()):
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        # Let it fall asleep.
        time.sleep(0.1)
        return int(file.read_text())

    def ctrl_c(self, number: signal.Signals = signal.SIGINT) -> None:
        os.killpg(self.process.pid, number)

    def end(self) -> tuple[int, str, list[str]]:
        """Exit code, standard output, lines of standard error; nobody may be left."""
        out, err = self.process.communicate(timeout=120)
        deadline = time.monotonic() + 10
        while True:
            try:
                os.killpg(self.process.pid, 0)
            except ProcessLookupError:
                break
            assert time.monotonic() < deadline, "left over"
            time.sleep(0.05)
        return self.process.returncode, out, err.splitlines()


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path, toy_arguments: list[str]) -> Start:
    def start(points: list[tuple[str, int]], *arguments: str) -> Running:
        calls = [(*call.rsplit(".", 1), nth) for call, nth in points]
        shown = ", ".join(f"({where}, {name!r}, {nth})" for where, name, nth in calls)
        script = tmp_path / "script" / "command.py"
        script.parent.mkdir()
        script.write_text(SCRIPT.format(points=shown))
        here = tmp_path / "here"
        here.mkdir()
        process = subprocess.Popen(
            [sys.executable, script, "run", *toy_arguments, *arguments],
            cwd=here,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return Running(process, here)

    return start


LONG = ("--set", "run.periods=50", "--set", "measure.reference=0")


def written(folder: Path) -> list[str]:
    runs = folder / "runs"
    return sorted(p.name for p in runs.iterdir() if p.is_dir()) if runs.exists() else []


def left(folder: Path) -> str:
    """The checkpoint beside them, and what is said of it."""
    (file,) = (folder / "runs").glob("*.checkpoint")
    assert {p.name for p in (folder / "runs").iterdir()} == {*written(folder), file.name}
    period = load_checkpoint(file).period
    return f"; from period {period} on: gigsim run --resume runs/{file.name}"


@pytest.mark.parametrize(
    ("stuck", "nth", "workers", "number", "done"),
    [
        pytest.param(TRAINING, 2, "0", signal.SIGINT, 3, marks=pytest.mark.slow),
        (TRAINING, 2, "2", signal.SIGINT, 3),
        (PAYING, 2, "0", signal.SIGTERM, 2),
        pytest.param(TRAINING, 1, "0", signal.SIGINT, 1, marks=pytest.mark.slow),
    ],
    ids=["training here", "training in a worker", "paying, SIGTERM", "the first retraining"],
)
def test_an_interrupted_run_is_the_shorter_run(
    start: Start,
    gigsim: Callable[..., object],
    tmp_path: Path,
    toy_arguments: list[str],
    stuck: str,
    nth: int,
    workers: str,
    number: signal.Signals,
    done: int,
) -> None:
    running = start([(stuck, nth)], *LONG, "--workers", workers)
    running.until_stuck()
    running.ctrl_c(number)
    code, out, lines = running.end()
    assert code == 130
    assert out == ""
    (name,) = written(running.folder)
    going_on = left(running.folder)
    assert lines[-1] == f"interrupted: periods 0 to {done} are in runs/{name}{going_on}"
    assert all(line.startswith("period ") for line in lines[:-1])
    run = load_run(running.folder / "runs" / name)
    assert run.summary["complete"] is False
    assert (run.summary["periods_done"], run.summary["periods"]) == (done, done)
    assert run.config.run.periods == 50
    # Byte for byte what a run of so many periods leaves.
    arguments = (*LONG, "--set", f"run.periods={done}", "--workers", "0", "--quiet")
    gigsim("run", *toy_arguments, *arguments, "--out", "shorter")
    (shorter,) = (tmp_path / "shorter").iterdir()
    for table in ("periods", "retrainings", "collectives", "freelancers", "theory"):
        file = f"{table}.parquet"
        assert (run.path / file).read_bytes() == (shorter / file).read_bytes(), table
    assert load_run(shorter).summary | {"complete": False} == run.summary


def test_before_period_0_is_measured_nothing_is_written(start: Start) -> None:
    running = start([(TRAINING, 0)], *LONG, "--workers", "1")
    running.until_stuck()
    running.ctrl_c()
    code, out, lines = running.end()
    assert (code, out) == (130, "")
    assert lines == ["interrupted before period 0 was measured: nothing written"]
    assert written(running.folder) == []
    assert not (running.folder / "runs").exists()


@pytest.mark.slow
def test_a_second_ctrl_c_writes_nothing(start: Start) -> None:
    running = start([(TRAINING, 2), (DRAWING, 0)], *LONG, "--workers", "0", "-q")
    running.until_stuck(0)
    running.ctrl_c()
    running.until_stuck(1)
    running.ctrl_c()
    code, out, lines = running.end()
    said = f"interrupted: nothing written{left(running.folder)}"
    assert (code, out, lines) == (130, "", [said])
    assert written(running.folder) == []


def run_patched(
    patch: str, *arguments: str, cwd: Path
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """``gigsim run ARGUMENTS`` in a process of its own, after some lines of Python."""
    code = f"{patch}\nfrom gigsim.cli import main\nsys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", f"import os, signal, sys\n{code}", "run", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, written(cwd)


@pytest.mark.parametrize("module", ["rich", "gigsim.config", "gigsim.model", "scipy.special"])
def test_ctrl_c_during_imports_is_one_line(
    tmp_path: Path, toy_arguments: list[str], module: str
) -> None:
    """However the import would take an exception: here it would go on without the module."""
    patch = f"""
class Finder:
    def find_spec(self, name, *_):
        if name == {module!r}:
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                raise ImportError("swallowed") from None
sys.meta_path.insert(0, Finder())"""
    done, folders = run_patched(patch, *toy_arguments, "--workers", "0", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "interrupted: nothing written\n"
    assert folders == []


def test_ctrl_c_after_the_folder_is_written_says_where_it_is(
    tmp_path: Path, toy_arguments: list[str]
) -> None:
    """Also a second and a third one, and while the interpreter tidies up."""
    patch = """
import atexit, gigsim.model
def press():
    os.kill(os.getpid(), signal.SIGINT)
honest = gigsim.model.GigEconomy.close
def close(self):
    press()
    press()
    honest(self)
gigsim.model.GigEconomy.close = close
atexit.register(press)"""
    done, folders = run_patched(patch, *toy_arguments, "--workers", "0", "-q", cwd=tmp_path)
    (name,) = folders
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == f"interrupted: the whole run is in runs/{name}\n"


def test_ctrl_c_while_the_interpreter_tidies_up_changes_no_exit_code(tmp_path: Path) -> None:
    patch = "import atexit\natexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))"
    done, folders = run_patched(patch, "--set", "population.size=1", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert folders == []


@pytest.mark.slow
def test_one_ctrl_c_does_not_stop_the_writing_of_a_whole_run(start: Start) -> None:
    running = start([(DRAWING, 0)], "--workers", "0", "-q", "--json")
    running.until_stuck()
    running.ctrl_c()
    time.sleep(0.5)
    assert running.process.poll() is None
    running.ctrl_c()
    code, out, lines = running.end()
    said = f"interrupted: nothing written{left(running.folder)}"
    assert (code, out, lines) == (130, "", [said])
    assert written(running.folder) == []


def test_interrupted_replicates_leave_those_that_are_finished(start: Start) -> None:
    # Two trainings a replicate of two periods: the fifth is the third replicate's first.
    arguments = ("--replicates", "5", "--workers", "1", "--json", "--set", "measure.reference=0")
    running = start([(TRAINING, 4)], *arguments)
    running.until_stuck()
    running.ctrl_c()
    code, out, lines = running.end()
    assert code == 130
    (name,) = written(running.folder)
    assert lines == [f"interrupted: 2 of 5 replicates are in runs/{name}"]
    found = load_replicates(running.folder / "runs" / name)
    summary = found.summary
    assert json.loads(out) == {"folder": f"runs/{name}"} | summary
    assert (summary["complete"], summary["replicates_done"]) == (False, 2)
    assert summary["failed"] == []
    assert found.runs["seed"].tolist() == [1, 2]


@pytest.mark.slow
def test_replicates_interrupted_before_any_is_finished(start: Start) -> None:
    running = start([(TRAINING, 1)], *LONG, "--replicates", "2", "--workers", "2")
    running.until_stuck()
    running.ctrl_c(signal.SIGTERM)
    code, out, lines = running.end()
    assert (code, out) == (130, "")
    assert lines == ["interrupted before a replicate was finished: nothing written"]
    assert not (running.folder / "runs").exists()


@pytest.mark.slow
def test_a_killed_worker_takes_its_replicate_alone(start: Start) -> None:
    arguments = ("--replicates", "3", "--workers", "1", "--set", "measure.reference=0", "-q")
    running = start([(TRAINING, 2)], *arguments)
    os.kill(running.until_stuck(), signal.SIGKILL)
    code, out, lines = running.end()
    assert code == 1
    (name,) = written(running.folder)
    assert lines == [
        "error: replicate 1 (seed 2): its process died (SIGKILL; killed, or out of memory?)",
        f"error: 1 replicate failed: 2 of 3 replicates are in runs/{name}",
    ]
    found = load_replicates(running.folder / "runs" / name)
    assert found.runs["seed"].tolist() == [1, 3]
    assert [one["seed"] for one in found.summary["failed"]] == [2]
    assert "2 of 3 replicates" in out
