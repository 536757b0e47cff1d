"""``--trust``: which commands take it, which never do, and what happens without it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tomli_w

from gigsim.checkpoint import save_checkpoint
from gigsim.config import load
from gigsim.model import GigEconomy
from tests.cli.conftest import Gigsim
from tests.own_modules import QUICK, Write, imported

COMMAND = "import sys; sys.argv[0] = 'gigsim'; from gigsim.cli import main; main()"


@pytest.fixture
def own_arguments(toy_arguments: list[str], write_module: Write) -> list[str]:
    """Settings of a run with a learner of one's own."""
    return [
        *toy_arguments,
        *("--set", "platform.learner.kind=own"),
        *("--set", f"platform.learner.path={write_module()}:Rates"),
        *("--set", "run.periods=0"),
    ]


def settings(arguments: list[str]) -> list[str]:
    return arguments[1::2]


def refused(error: str, said: str = "--trust (in Python: trust=True)") -> None:
    (line,) = error.splitlines()
    assert line.startswith("error: platform.learner.path: 'own_")
    assert "names code, which" in line
    assert said in line


def test_a_run(gigsim: Gigsim, own_arguments: list[str], tmp_path: Path) -> None:
    for more in ([], ["--replicates", "2"]):
        done = gigsim("run", *own_arguments, *more, "--workers", "0")
        assert (done.code, done.out) == (2, "")
        refused(done.err)
    assert not imported(tmp_path)
    assert not (tmp_path / "runs").exists()
    done = gigsim("run", *own_arguments, "--trust", "--workers", "0", "--quiet", "--json")
    assert (done.code, done.err) == (0, "")
    assert imported(tmp_path)
    folder = json.loads(done.out)["folder"]
    for command in (["runs", "verify", folder], ["app", f"{folder}/config.toml"]):
        done = gigsim(*command)
        assert done.code == 2
        refused(done.err, f"never imported by gigsim {' '.join(command[:-1])}")
    # To look at it takes no trust.
    assert gigsim("runs", "show", folder).code == 0


def test_a_resumed_run(gigsim: Gigsim, own_arguments: list[str], tmp_path: Path) -> None:
    config = load("default", [*settings(own_arguments), "run.periods=2"])
    model = GigEconomy(config, trust=True)
    save_checkpoint(model, tmp_path / "a.checkpoint")
    done = gigsim("run", "--resume", "a.checkpoint", "--workers", "0")
    assert done.code == 2
    refused(done.err)
    done = gigsim("run", "--resume", "a.checkpoint", "--workers", "0", "--trust", "--quiet")
    assert done.code == 0, done.err


def test_a_sweep(gigsim: Gigsim, own_arguments: list[str], tmp_path: Path) -> None:
    config = load("default", settings(own_arguments)).model_dump(mode="json")
    Path("study.toml").write_text(tomli_w.dumps({"name": "mine", "config": config}))
    for more in ([], ["--dry-run"]):
        done = gigsim("sweep", "study.toml", "--workers", "0", *more)
        assert (done.code, done.out) == (2, "")
        refused(done.err)
    assert not imported(tmp_path)
    assert not (tmp_path / "runs").exists()
    trusted = ("--workers", "0", "--trust", "--no-cache", "--quiet")
    assert gigsim("sweep", "study.toml", *trusted, "--dry-run").code == 0
    assert gigsim("sweep", "study.toml", *trusted).code == 0
    (folder,) = (tmp_path / "runs").iterdir()
    done = gigsim("sweep", "--resume", str(folder), "--workers", "0")
    assert done.code == 2
    refused(done.err)
    assert gigsim("sweep", "--resume", str(folder), *trusted).code == 0


def test_what_its_own_code_raises_comes_through(
    gigsim: Gigsim, own_arguments: list[str], write_module: Write, tmp_path: Path
) -> None:
    """As a bug does, with its traceback and exit code 1."""
    name = write_module(QUICK.replace("present =", "present = 1 / 0 +"))
    path = ("--set", f"platform.learner.path={name}:Rates")
    with pytest.raises(ZeroDivisionError):
        gigsim("run", *own_arguments, *path, "--trust", "--workers", "0")
    assert not [path for path in tmp_path.glob("runs/*") if path.is_dir()]


def test_a_class_that_is_no_learner(
    gigsim: Gigsim, own_arguments: list[str], write_module: Write
) -> None:
    name = write_module("class Mine:\n    pass\n")
    path = ("--set", f"platform.learner.path={name}:Mine")
    done = gigsim("run", *own_arguments, *path, "--trust", "--workers", "0")
    assert done.code == 2
    assert done.err == (
        f"error: platform.learner.path: '{name}:Mine': is no subclass of gigsim.OwnLearner; a"
        " learner is a subclass of it\n"
    )


@pytest.mark.slow
def test_in_worker_processes(own_arguments: list[str], write_module: Write, tmp_path: Path) -> None:
    """They import it from where the command was given; its exceptions come from there, too."""
    for more in (["--workers", "2"], ["--workers", "2", "--replicates", "2"]):
        done = subprocess.run(
            [sys.executable, "-P", "-c", COMMAND, "run", *own_arguments, *more, "--trust"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    name = write_module(QUICK.replace("present =", "present = 1 / 0 +"))
    path = ("--set", f"platform.learner.path={name}:Rates")
    done = subprocess.run(
        [sys.executable, "-P", "-c", COMMAND, "run", *own_arguments, *path, "--trust"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f'{name}.py", line' in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr
