"""Runs and studies that an earlier version wrote, at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Gigsim

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.mark.parametrize("name", ["run-schema-1", "study-schema-1"])
def test_it_is_verified_shown_and_compared(gigsim: Gigsim, name: str) -> None:
    folder = str(FIXTURES / name)
    done = gigsim("runs", "verify", folder, "--workers", "0", "--quiet")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("verified: ")
    assert "  of an earlier gigsim; no difference:\n" in done.out
    assert "    config: written before these keys existed: collective.adaptive" in done.out
    assert "    retrainings: written before these columns existed: theorem_any" in done.out
    assert "DIFFERS" not in done.out
    shown = gigsim("runs", "show", folder)
    assert (shown.code, shown.err) == (0, "")
    run = () if name.startswith("run") else ("--run", "1.1")
    config = gigsim("runs", "show", folder, *run, "--config")
    assert config.code == 0
    assert "adaptive = false" in config.out
    same = gigsim("runs", "diff", folder, folder, "--json")
    assert same.code == 0
    assert json.loads(same.out)["equal"]


def test_a_study_of_old_is_drawn(gigsim: Gigsim, tmp_path: Path) -> None:
    done = gigsim("runs", "show", str(FIXTURES / "study-schema-1"), "--figure", "old.png")
    assert done.code == 0, done.err
    assert (tmp_path / "old.png").stat().st_size > 10_000
