"""``gigsim validate``: what it writes, says and refuses; all of it in a slow test."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from gigsim.cli.validate import validate_command
from gigsim.errors import InputError
from gigsim.interrupts import Interrupts
from gigsim.validation import record
from gigsim.validation.known import all_known
from gigsim.validation.report import Record
from tests.validation.test_report import HELD, RECORD

Validate = Callable[..., Result]


@pytest.fixture
def validate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Validate:
    """Runs the command in an empty folder; exceptions come through."""
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(validate_command)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), obj=Interrupts(), catch_exceptions=False)

    return run


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What was asked of the validation, which here finds what it is told under ``record``."""
    heard: dict[str, Any] = {"record": RECORD}

    def instead(worlds: int, **options: Any) -> Record:
        options.pop("tell")("bounds", 2, 2)
        heard.update(options, worlds=worlds)
        return heard["record"]

    monkeypatch.setattr(record, "validate", instead)
    return heard


def test_the_record_is_written(validate: Validate, asked: dict[str, Any]) -> None:
    Path("docs").mkdir()
    done = validate("--workers", "2")
    assert done.exit_code == 0
    assert Path("docs/validation.md").read_text(encoding="utf-8") == RECORD.markdown()
    assert (asked["worlds"], asked["experiments"], asked["workers"]) == (20_000, True, 2)
    assert "known answers: 1 of 2 passed, 1 contrary" in done.stdout
    assert "written to docs/validation.md" in done.stdout
    assert "bounds: 2 done" in done.stderr


def test_quick_writes_only_where_it_is_told_to(validate: Validate, asked: dict[str, Any]) -> None:
    done = validate("--quick", "--json", "--quiet", "--worlds", "300")
    assert done.exit_code == 0
    assert (asked["worlds"], asked["experiments"]) == (300, False)
    assert json.loads(done.stdout) == json.loads(json.dumps(RECORD.plain()))
    assert done.stderr == ""
    assert not list(Path().iterdir())
    validate("--quick", "--out", "here.md")
    assert Path("here.md").exists()


def test_a_fault_is_exit_code_1_and_on_the_record(
    validate: Validate, asked: dict[str, Any]
) -> None:
    asked["record"] = replace(RECORD, parts={"Planting": [replace(HELD, violations=1)]})
    done = validate("--out", "record.md")
    assert done.exit_code == 1
    assert "error: a bound: 1 violations in 30000 worlds" in done.stderr
    assert "FAILS" in Path("record.md").read_text(encoding="utf-8")


def test_a_place_that_cannot_be_written_is_refused_first(
    validate: Validate, asked: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="no folder"):
        validate()
    assert "worlds" not in asked


@pytest.mark.slow
def test_the_number_of_processes_changes_no_byte(
    validate: Validate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few worlds: 20,000 a bound are in the tests of the trials, trainings in test_experiments.

    Simulations of thousands of people are in test_known; they are all this process's.
    """
    quick = tuple(known for known in all_known() if not known.slow)
    monkeypatch.setattr(record, "all_known", lambda: quick)
    for name, workers in (("record.md", "2"), ("again.md", "1")):
        done = validate("--quick", "--worlds", "500", "--workers", workers, "--out", name, "-q")
        assert done.exit_code == 0, done.stderr
    text = Path("record.md").read_text(encoding="utf-8")
    assert text == Path("again.md").read_text(encoding="utf-8")
    assert "FAILS" not in text
