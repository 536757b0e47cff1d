"""Running the command line in this process, the way its entry point does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gigsim.cli import main


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


Gigsim = Callable[..., Done]


@pytest.fixture
def gigsim(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Gigsim:
    """Runs ``gigsim ARGUMENTS`` in an empty folder; only a bug escapes as an exception."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        # They would have rich take a file for a terminal.
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["gigsim", *arguments])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def toy_arguments(toy_language_path: Path) -> list[str]:
    """Settings under which ``gigsim run`` takes a second."""
    settings = {
        "corpus.language": str(toy_language_path),
        "corpus.test_size": 60,
        "platform.learner.kind": "linear",
        "platform.retrain_every": 2,
        "population.size": 100,
        "collective.first_movers": 12,
        "measure.bootstrap": 100,
        "measure.selection_draws": 99,
        "run.periods": 2,
    }
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
