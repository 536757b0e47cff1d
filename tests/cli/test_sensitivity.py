"""``gigsim sensitivity``: what it prints where, what it refuses, and what is left behind."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from tests.cli.conftest import Gigsim
from tests.sensitivity.worlds import quick_sensitivity


@pytest.fixture
def study(tmp_path: Path) -> Callable[..., str]:
    """Writes the quick study, changed, and gives the file's name."""

    def write(table: dict[str, Any] | None = None, **changes: Any) -> str:
        text = tomli_w.dumps(quick_sensitivity(table, **changes))
        (tmp_path / "quick.toml").write_text(text)
        return "quick.toml"

    return write


def only_folder(path: Path) -> Path:
    (folder,) = (path / "runs").glob("2*")
    return folder


@pytest.mark.slow
def test_a_study_for_people_and_its_report_again(
    gigsim: Gigsim, tmp_path: Path, study: Callable[..., str]
) -> None:
    done = gigsim("sensitivity", study(), "--workers", "0", "--no-cache")
    assert done.code == 0, done.err
    folder = only_folder(tmp_path)
    lines = done.out.splitlines()
    assert lines[0].startswith("quick: sobol, 2 samples x 4 = 8 points")
    assert any(line.startswith("alpha: mean 0.") for line in lines)
    assert any(line.split()[:3] == ["parameter", "S1", "95"] for line in lines)
    assert any(line.startswith("  collective.leak") for line in lines)
    assert lines[-1] == f"  runs/{folder.name}/sensitivity.parquet"
    assert len(done.err.splitlines()) == 16
    again = gigsim("sensitivity", f"runs/{folder.name}", "--report-only")
    assert again.code == 0
    assert again.out.splitlines() == [line for line in lines if "trainings" not in line]
    other = gigsim(
        "sensitivity", f"runs/{folder.name}", "--report-only", "--outcome", "grown", "--json"
    )
    assert [one["outcome"] for one in json.loads(other.out)["outcomes"]] == ["grown"]
    gone_on = gigsim("sensitivity", "--resume", f"runs/{folder.name}", "--workers", "0", "--json")
    assert gone_on.code == 0
    found = json.loads(gone_on.out)
    assert found["folder"] == f"runs/{folder.name}"
    assert {one["outcome"] for one in found["outcomes"]} == {"alpha", "total_wealth", "max(joined)"}
    assert gigsim("runs", "show", f"runs/{folder.name}").code == 0


def test_a_dry_run_writes_nothing(
    gigsim: Gigsim, tmp_path: Path, study: Callable[..., str]
) -> None:
    done = gigsim("sensitivity", study(), "--dry-run")
    assert done.code == 0
    assert "2 samples x 4 = 8 points, 6 distinct; 2 seeds each" in done.out
    assert "2 of them with the values of another: runs of their own" in done.out
    assert "16 runs" in done.out
    assert "varied     collective.leak, collective.first_movers\n" in done.out
    assert [p.name for p in tmp_path.iterdir()] == ["quick.toml"]
    found = json.loads(gigsim("sensitivity", "quick.toml", "--dry-run", "--json").out)
    assert found["runs"] == 16


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.toml"], "nowhere.toml"),
        ([], "no study given"),
        (["--dry-run"], "no study given"),
        (["--report-only"], "no folder given"),
        ([".", "--report-only"], "no sensitivity study in this folder"),
        ([".", "--report-only", "--workers", "2"], "given beside --workers"),
        (["quick.toml", "--outcome", "alpha"], "given without --report-only"),
        (["--resume", "."], "no sensitivity study in this folder"),
        (["quick.toml", "--retry-failed"], "--resume DIR"),
        (["quick.toml", "--out", "quick.toml"], "cannot be written to"),
    ],
)
def test_what_is_refused(
    gigsim: Gigsim,
    tmp_path: Path,
    study: Callable[..., str],
    arguments: list[str],
    said: str,
) -> None:
    study()
    done = gigsim("sensitivity", *arguments)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("error: ")
    assert said in done.err
    assert [p.name for p in tmp_path.iterdir()] == ["quick.toml"]


def test_without_salib_it_names_the_extra(
    gigsim: Gigsim, study: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "SALib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "SALib", None)
    done = gigsim("sensitivity", study())
    assert (done.code, done.out) == (2, "")
    line = "error: gigsim sensitivity: SALib is not installed; pip install 'gigsim[sensitivity]'\n"
    assert done.err == line
