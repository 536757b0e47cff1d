"""When a run's checkpoint is written, which one is meant, and what is tidied away."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gigsim.checkpoints as module
from gigsim.checkpoint import save_checkpoint
from gigsim.checkpoints import Checkpoints, find_checkpoint, new_place
from gigsim.errors import InputError
from gigsim.model import GigEconomy

Make = Callable[..., GigEconomy]
BAYES = {"platform.learner.kind": "bayes"}


@pytest.fixture
def saved(make_toy: Make, tmp_path: Path) -> Path:
    model = make_toy(**BAYES)
    model.run(2)
    save_checkpoint(model, tmp_path / "run.checkpoint")
    return tmp_path / "run.checkpoint"


def test_two_that_begin_at_once_have_places_of_their_own(tmp_path: Path) -> None:
    places = []
    for _ in range(3):
        places.append(new_place(tmp_path, "a-run"))
        places[-1].touch()
    assert [p.name for p in places] == [f"a-run{end}.checkpoint" for end in ("", "-2", "-3")]


def test_which_one_is_meant(tmp_path: Path, saved: Path) -> None:
    assert find_checkpoint(saved) == saved
    assert find_checkpoint(tmp_path) == saved
    assert find_checkpoint(tmp_path / "none") == tmp_path / "none"
    (tmp_path / "other.checkpoint").touch()
    with pytest.raises(InputError, match=r"2 checkpoints \(other.checkpoint, run.checkpoint\)"):
        find_checkpoint(tmp_path)
    (tmp_path / "deep").mkdir()
    with pytest.raises(InputError, match="no checkpoint in this folder; name the file"):
        find_checkpoint(tmp_path / "deep")


class Clock:
    """Seconds pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.mark.parametrize(("cost", "written"), [(0.0, 10), (0.049, 10), (0.1, 5), (0.24, 2), (9, 1)])
def test_checkpoints_take_a_bounded_share_of_the_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cost: float, written: int
) -> None:
    """Ten retrainings, one a second: at most a twentieth of the time goes into checkpoints."""
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)

    def save(model: Any, path: Path) -> None:
        path.write_text(str(model.period))
        clock.now += cost

    monkeypatch.setattr(module, "save_checkpoint", save)

    class Retrained:
        retrained = True
        period = 0

    keeper = Checkpoints(tmp_path / "new" / "file", lambda _: None)
    assert keeper.period is None
    periods = set()
    for period in range(10):
        clock.now = max(clock.now, float(period))
        Retrained.period = period
        keeper.offer(Retrained)
        periods.add(keeper.period)
        Retrained.retrained = False
        keeper.offer(Retrained)
        Retrained.retrained = True
    assert len(periods) == written


def test_a_run_goes_on_without_a_checkpoint(make_toy: Make, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    lines: list[str] = []
    keeper = Checkpoints(tmp_path / "file" / "run.checkpoint", lines.append)
    model = make_toy(**BAYES)
    keeper.offer(model)
    model.run(2)
    keeper.offer(model)
    assert len(lines) == 1, "said once, not at every retraining"
    assert lines[0].startswith("note: period 0: ")
    assert "cannot be made" in lines[0]
    assert keeper.period is None


def test_what_killed_processes_left_is_tidied(saved: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    dead = tmp_path / f".{saved.name}.partial-{done.stdout.strip()}"
    alive = tmp_path / f".{saved.name}.partial-{os.getpid()}"
    foreign = tmp_path / f".other.checkpoint.partial-{done.stdout.strip()}"
    for path in (dead, alive, foreign):
        path.touch()
    keeper = Checkpoints(saved, lambda _: None, 2)
    assert keeper.period == 2
    assert not dead.exists()
    (tmp_path / "folder").mkdir()
    keeper.drop(tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["folder", alive.name, foreign.name]
    )
