"""``gigsim pretrain`` as a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from gigsim.cli.pretrain import pretrain_command
from gigsim.errors import InputError
from gigsim.interrupts import Interrupts
from gigsim.pretraining.pretrain import part_of
from tests.pretraining.toys import paired

SMALL = [
    *("--min-resumes", "5", "--length", "16", "--steps", "6"),
    *("--layers", "1", "--width", "32", "--feedforward", "32"),
]

Command = Callable[..., Any]


@pytest.fixture
def command() -> Command:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(pretrain_command)

    def run(*arguments: object) -> Any:
        return app(list(map(str, arguments)), standalone_mode=False, obj=Interrupts())

    return run


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    paired().save(tmp_path / "corpus.npz")
    return tmp_path / "corpus.npz"


def test_it_writes_a_folder_and_says_what_it_did(
    command: Command, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command(corpus, tmp_path / "tiny", *SMALL, "--json", "--quiet")
    out, error = capsys.readouterr()
    assert json.loads(out)["steps"] == 6
    assert error == ""
    assert (tmp_path / "tiny" / "model.safetensors").is_file()


def test_for_people(
    command: Command, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command(corpus, tmp_path / "tiny", *SMALL)
    assert "never seen" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options", [["--epochs", 1], ["--width", 33], ["--steps", 0], ["--batch-size", 9_000]]
)
def test_bad_options_leave_nothing_behind(
    command: Command, corpus: Path, tmp_path: Path, options: list[object]
) -> None:
    with pytest.raises(InputError):
        command(corpus, tmp_path / "tiny", *SMALL, *options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.npz"]


def test_interrupted_it_says_how_to_go_on(
    command: Command,
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gigsim.pretraining.pretrain.train", interrupted)
    assert command(corpus, tmp_path / "tiny", *SMALL) == 130
    assert f"goes on from {part_of(tmp_path / 'tiny')}" in capsys.readouterr().err.replace("\n", "")
