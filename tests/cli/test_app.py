"""Help with an example everywhere; what becomes of bad input and of bugs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from gigsim.cli.app import app
from gigsim.cli.bounds.app import COMMANDS as BOUNDS
from tests.cli.conftest import Gigsim

#: Typer's groups ask for a context and do nothing with it.
CONTEXT: Any = None


def inner_of(command: Any, name: str) -> Any:
    """A command of a group, which may be imported on request."""
    return command.get_command(CONTEXT, name)


def commands() -> Iterator[tuple[str, ...]]:
    """Every command and group, as the words that follow ``gigsim``."""

    def walk(
        command: TyperCommand | TyperGroup, path: tuple[str, ...]
    ) -> Iterator[tuple[str, ...]]:
        yield path
        if isinstance(command, TyperGroup):
            for name in command.list_commands(CONTEXT):
                yield from walk(inner_of(command, name), (*path, name))

    yield from walk(typer.main.get_command(app), ())


ALL = list(commands())

#: Groups of commands, and the page, which prints an address.
NO_RESULT = ("bounds", "corpus", "runs", "tip", "app")


def test_the_commands_are_those_that_work_today() -> None:
    assert set(ALL) == {
        (),
        ("run",),
        ("app",),
        ("bounds",),
        *(("bounds", name) for name in BOUNDS),
        ("corpus",),
        ("corpus", "import"),
        ("corpus", "describe"),
        ("corpus", "fit"),
        ("curve",),
        ("plan",),
        ("pretrain",),
        ("reproduce",),
        ("sensitivity",),
        ("sweep",),
        ("tip",),
        *(("tip", name) for name in ("critical-mass", "hysteresis", "times", "table")),
        *(("tip", name) for name in ("free-riding", "public-good", "seeding")),
        ("validate",),
        ("runs",),
        ("runs", "list"),
        ("runs", "show"),
        ("runs", "diff"),
        ("runs", "verify"),
        ("runs", "prune"),
    }


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_has_an_example(gigsim: Gigsim, path: tuple[str, ...]) -> None:
    done = gigsim(*path, "--help")
    assert done.code == 0
    assert done.err == ""
    example = " ".join(done.out.split("Example: ", 1)[1].split())
    assert example.startswith(" ".join(("gigsim", *path)))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_option_says_what_it_is_for(path: tuple[str, ...]) -> None:
    command = typer.main.get_command(app)
    for name in path:
        command = inner_of(command, name)
    for parameter in command.params:
        assert getattr(parameter, "help", None) or parameter.name == "help", parameter.name


@pytest.mark.parametrize("path", [p for p in ALL if p and p[-1] not in NO_RESULT])
def test_results_come_as_json_too(gigsim: Gigsim, path: tuple[str, ...]) -> None:
    assert "--json" in gigsim(*path, "--help").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["run", "--nonsense"],
        ["run", "one", "two"],
        ["run", "--seed", "-1"],
        ["run", "--seed", "x"],
        ["run", "--workers", "-1"],
        ["run", "--set"],
        ["bounds", "feature-label"],
        ["bounds", "feature-label", "--alpha", "0.1", "--xi", "2"],
        ["bounds", "feature-label", "--alpha", "0.1", "--xi", "nan"],
        ["corpus", "import", "only-one"],
        ["corpus", "fit", "a", "b", "--words", "1"],
    ],
    ids=" ".join,
)
def test_a_misused_option_is_two(gigsim: Gigsim, tmp_path: Path, arguments: list[str]) -> None:
    done = gigsim(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("error: gigsim")
    assert done.err.endswith(" --help\n")
    assert len(done.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_version(gigsim: Gigsim) -> None:
    done = gigsim("--version")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"gigsim {version('gigsim')}\n"


@pytest.mark.parametrize("path", [(), ("corpus",), ("bounds",)], ids=" ".join)
def test_a_group_alone_shows_its_help(gigsim: Gigsim, path: tuple[str, ...]) -> None:
    done = gigsim(*path)
    assert done.code == 2
    assert "Example: gigsim" in done.out + done.err


def test_help_imports_nothing_large() -> None:
    code = (
        "import sys\nfrom gigsim.cli import main\n"
        "large = {'numpy', 'scipy', 'pandas', 'torch', 'matplotlib', 'mesa', 'pydantic'}\n"
        "assert not large & set(sys.modules)\n"
        "sys.argv = ['gigsim', '--help']\nmain()\n"
        "assert not large & set(sys.modules), large & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Example: gigsim" in done.stdout


def test_a_bad_config_imports_no_learner_and_no_figures(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom gigsim.cli import main\n"
        "sys.argv = ['gigsim', 'run', '--set', 'population.size=1']\n"
        "try:\n    main()\nfinally:\n"
        "    large = {'torch', 'sklearn', 'pandas', 'matplotlib', 'mesa', 'scipy.stats'}\n"
        "    assert not large & set(sys.modules), large & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr


def run_patched(patch: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """``gigsim ARGUMENTS`` in a process of its own, after some lines of Python."""
    code = f"{patch}\nfrom gigsim.cli import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_bug_keeps_its_traceback_and_leaves_no_run(
    tmp_path: Path, toy_arguments: list[str]
) -> None:
    patch = """
from gigsim.model import GigEconomy
def pay(self):
    1 / 0
GigEconomy.pay = pay"""
    done = run_patched(patch, "run", *toy_arguments, "--quiet", "--workers", "0", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert done.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"
    # What was finished before it is not lost: mended, the run goes on from there.
    assert {path.suffix for path in (tmp_path / "runs").iterdir()} == {".checkpoint"}


def test_a_bug_is_not_caught_on_the_way(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, toy_arguments: list[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("gigsim.runs.overview", fail)
    with pytest.raises(ZeroDivisionError, match="planted"):
        gigsim("run", *toy_arguments, "--quiet", "--workers", "0")
    assert {path.suffix for path in (tmp_path / "runs").iterdir()} == {".checkpoint"}


def test_the_installed_command_is_this_one(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("gigsim")
    if not command.exists():
        pytest.skip("gigsim is not installed beside this Python")
    arguments = ["bounds", "feature-label", "--alpha", "2"]
    done = subprocess.run(
        [command, *arguments], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        "error: --alpha: '2' is out of range;"
        " numbers in (0, 1], separated by commas, e.g. 0.001,0.01,0.1\n"
    )
