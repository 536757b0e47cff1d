"""``gigsim run``: its checkpoint, what ``--resume`` makes of it, and real kills."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gigsim.checkpoint import load_checkpoint, save_checkpoint
from gigsim.config import Config
from gigsim.model import GigEconomy
from gigsim.packing import Packed, read_packed, write_packed
from gigsim.runs import load_run
from tests.cli.conftest import Gigsim

REPOSITORY = Path(__file__).resolve().parent.parent.parent

#: What must not depend on interruptions.
SAME = ("periods", "retrainings", "collectives", "freelancers", "theory")


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a run that hold no clock and no circumstances."""
    names = [*(f"{table}.parquet" for table in SAME), "summary.json", "config.toml", "overview.png"]
    return {name: (folder / name).read_bytes() for name in names}


def only_run(out: Path) -> Path:
    (folder,) = (path for path in out.iterdir() if path.is_dir())
    return folder


@pytest.fixture
def checkpoint(make_toy: Callable[..., GigEconomy], toy_config: Config, tmp_path: Path) -> Path:
    """One of period 4 of a run of 6 periods, whose undisturbed run is in ``whole``."""
    from gigsim.runs import save_run

    model = make_toy(**{"platform.learner.kind": "bayes"})
    (tmp_path / "kept").mkdir()
    model.run(4)
    save_checkpoint(model, tmp_path / "kept" / "a run.checkpoint")
    model.run(2)
    save_run(model, tmp_path / "whole")
    return tmp_path / "kept" / "a run.checkpoint"


def test_a_run_leaves_no_checkpoint(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, toy_arguments: list[str]
) -> None:
    seen: list[list[str]] = []
    honest = GigEconomy.step

    def step(self: GigEconomy) -> None:
        seen.append(sorted(path.name for path in (tmp_path / "runs").iterdir()))
        honest(self)

    monkeypatch.setattr(GigEconomy, "step", step)
    done = gigsim("run", *toy_arguments, "--workers", "0", "-q")
    assert done.code == 0
    folder = only_run(tmp_path / "runs")
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [folder.name]
    # There was one from period 0 on, named as the run is.
    for names in seen:
        (name,) = names
        assert name.endswith(".checkpoint")
        assert name.split("-", 1)[1] == f"{folder.name.split('-', 1)[1]}.checkpoint"


def test_no_checkpoint_where_none_is_wanted(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, toy_arguments: list[str]
) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("gigsim.checkpoints.save_checkpoint", never)
    assert gigsim("run", *toy_arguments, "--workers", "0", "-q", "--no-checkpoint").code == 0
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.parametrize("place", ["kept/a run.checkpoint", "kept"])
def test_a_resumed_run_is_the_undisturbed_run(
    gigsim: Gigsim, tmp_path: Path, checkpoint: Path, place: str
) -> None:
    done = gigsim("run", "--resume", place, "--workers", "0", "--json")
    assert (done.code, done.err) == (0, "")
    folder = Path(json.loads(done.out)["folder"])
    assert folder.parent == Path("kept"), "beside the checkpoint, which is gone"
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [folder.name]
    assert contents(tmp_path / folder) == contents(only_run(tmp_path / "whole"))
    provenance = json.loads((tmp_path / folder / "provenance.json").read_text())
    assert provenance["resumed"] == [{"period": 4, "differs": []}]
    assert provenance["command"] == ["gigsim", "run", "--resume", place, "--workers", "0", "--json"]
    whole = json.loads((only_run(tmp_path / "whole") / "provenance.json").read_text())
    assert whole["resumed"] == []


def test_a_resumed_run_may_go_elsewhere(gigsim: Gigsim, tmp_path: Path, checkpoint: Path) -> None:
    arguments = ["--resume", str(checkpoint), "--out", "there", "-q", "--no-checkpoint"]
    assert gigsim("run", *arguments).code == 0
    assert contents(only_run(tmp_path / "there")) == contents(only_run(tmp_path / "whole"))
    assert checkpoint.exists(), "it wrote none, and removed none"


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["default"], "a scenario"),
        (["--set", "run.periods=3"], "--set"),
        (["--seed", "0"], "--seed"),
        (["--replicates", "2"], "--replicates"),
        (["--until", "settled"], "--until"),
    ],
)
def test_a_resumed_run_is_told_nothing_else(
    gigsim: Gigsim, checkpoint: Path, arguments: list[str], option: str
) -> None:
    done = gigsim("run", "--resume", str(checkpoint), *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"error: --resume: given beside {option}; a checkpoint says all that there is to say of its"
        " run\n"
    )
    assert checkpoint.exists()


def test_bad_checkpoints_are_one_line(gigsim: Gigsim, tmp_path: Path, checkpoint: Path) -> None:
    content = checkpoint.read_bytes()
    shutil.copy(checkpoint, tmp_path / "kept" / "other.checkpoint")
    said = {
        "nowhere": "nowhere: cannot be read (No such file or directory)",
        "kept": "kept: 2 checkpoints (a run.checkpoint, other.checkpoint); name the file",
        "whole": "whole: no checkpoint in this folder",
        "broken": "broken: no gigsim checkpoint, or damaged",
    }
    (tmp_path / "broken").write_bytes(content[: len(content) // 2])
    for place, words in said.items():
        done = gigsim("run", "--resume", place)
        assert (done.code, done.out) == (2, ""), place
        assert done.err.startswith(f"error: {words}")
        assert len(done.err.splitlines()) == 1


def test_other_libraries_are_noted(gigsim: Gigsim, tmp_path: Path, checkpoint: Path) -> None:
    found = read_packed(checkpoint, "gigsim checkpoint")
    there = found.content["environment"]
    there = there | {"versions": there["versions"] | {"scipy": "0.0.1"}}
    content = found.content | {"environment": there}
    write_packed(checkpoint, Packed(found.kind, content, found.arrays))
    done = gigsim("run", "--resume", str(checkpoint), "--workers", "0")
    assert done.code == 0
    first = done.err.splitlines()[0]
    assert first.startswith("note: not as it was, so that bits may differ: scipy 0.0.1, now ")
    provenance = json.loads((only_run(tmp_path / "kept") / "provenance.json").read_text())
    assert len(provenance["resumed"][0]["differs"]) == 1


def test_an_interrupted_run_goes_on(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, toy_arguments: list[str]
) -> None:
    """The valid partial folder stays, and so does what is needed to go on."""
    # These periods are too short for one in each.
    monkeypatch.setattr("gigsim.checkpoints.Checkpoints.SHARE", 1.0)
    arguments = [*toy_arguments, "--workers", "0", "-q"]
    longer = [*arguments, "--set", "run.periods=6"]
    assert gigsim("run", *longer, "--out", "whole").code == 0
    honest, ended = GigEconomy.pay, 3

    def pay(self: GigEconomy) -> None:
        if self.period > ended:
            os.kill(os.getpid(), signal.SIGINT)
        honest(self)

    monkeypatch.setattr(GigEconomy, "pay", pay)
    done = gigsim("run", *longer)
    assert done.code == 130
    (file,) = (tmp_path / "runs").glob("*.checkpoint")
    partial = only_run(tmp_path / "runs")
    assert done.err == (
        f"interrupted: periods 0 to 3 are in runs/{partial.name}; from period 2 on:"
        f" gigsim run --resume runs/{file.name}\n"
    )
    assert load_run(partial).summary["periods_done"] == 3
    ended = 4
    done = gigsim("run", "--resume", f"runs/{file.name}", "--workers", "0", "-q", "--out", "runs")
    assert done.code == 130
    ended = 9
    done = gigsim("run", "--resume", f"runs/{file.name}", "--workers", "0", "-q", "--out", "rest")
    assert done.code == 0
    assert not file.exists()
    assert contents(only_run(tmp_path / "rest")) == contents(only_run(tmp_path / "whole"))
    provenance = json.loads((only_run(tmp_path / "rest") / "provenance.json").read_text())
    assert [once["period"] for once in provenance["resumed"]] == [2, 4]


def test_interrupted_before_a_resumed_run_has_begun(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch, checkpoint: Path, tmp_path: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("gigsim.model.set_stage", interrupted)
    done = gigsim("run", "--resume", "kept/a run.checkpoint", "--workers", "0")
    assert (done.code, done.out) == (130, "")
    assert done.err == (
        "interrupted: nothing written; from period 4 on: gigsim run --resume"
        " 'kept/a run.checkpoint'\n"
    )
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["a run.checkpoint"]


# ------------------------------------------------------------------------------- real kills

#: Every retraining is written, so that a second holds many moments to be killed in.
EAGER = """
import sys, time
import gigsim.checkpoints, gigsim.runs
gigsim.checkpoints.Checkpoints.SHARE = 1.0
{more}
from gigsim.cli import main
sys.exit(main())
"""
#: Nobody comes too late to kill it.
ENDLESS = "gigsim.runs.save_run = lambda *_, **__: time.sleep(300)"


def begin(folder: Path, more: str, *arguments: str) -> subprocess.Popen[str]:
    """``gigsim run ARGUMENTS`` in a process group of its own."""
    code = EAGER.format(more=more)
    return subprocess.Popen(
        [sys.executable, "-c", code, "run", *arguments, "--workers", "0", "-q"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def newer(file: Path, period: int, last: int) -> bool:
    """Is the checkpoint of a later period, as far as there is one?"""
    return load_checkpoint(file).period > min(period, last - 1)


@pytest.mark.parametrize(
    "kills", [1, pytest.param(12, marks=pytest.mark.slow)], ids=["once", "twelve times"]
)
def test_killed_and_killed_again(
    gigsim: Gigsim, tmp_path: Path, toy_arguments: list[str], kills: int
) -> None:
    """SIGKILL at random moments; what is resumed in the end is what was never disturbed."""
    last = 12 * (kills + 1)
    seed = random.SystemRandom().randrange(10**6)
    moments = random.Random(seed)
    settings = {
        "run.periods": last,
        "platform.retrain_every": 1,
        "population.turnover": 0.1,
        "platform.retrain": "warm",
        "society.belief": "adaptive",
        "measure.reference": 4,
    }
    arguments = [*toy_arguments]
    arguments += [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    assert gigsim("run", *arguments, "--workers", "0", "-q", "--out", "whole").code == 0
    runs, periods = tmp_path / "runs", [-1]
    for kill in range(kills):
        resume = ["--resume", "runs"] if kill else arguments
        process = begin(tmp_path, ENDLESS, *resume)
        deadline = time.monotonic() + 120
        while not any(newer(file, periods[-1], last) for file in runs.glob("*.checkpoint")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.3))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        # Whole at any moment, and never an earlier one than before.
        (file,) = runs.glob("*.checkpoint")
        periods.append(load_checkpoint(file).period)
        assert newer(file, periods[-2], last), f"seed {seed}"
        assert not any(path.is_dir() for path in runs.iterdir())
    process = begin(tmp_path, "", "--resume", "runs")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, (out, err)
    folder = only_run(runs)
    assert [path.name for path in runs.iterdir()] == [folder.name], "partial files are gone, too"
    assert contents(folder) == contents(only_run(tmp_path / "whole")), f"seed {seed}"
    provenance = json.loads((folder / "provenance.json").read_text())
    assert [once["period"] for once in provenance["resumed"]] == periods[1:]
