"""Folders of runs, replicates and studies that take next to no time to make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gigsim.config import Config, build
from gigsim.experiments.sweep import sweep
from gigsim.model import GigEconomy
from gigsim.replicates import Replicates
from gigsim.runs import save_run
from tests.experiments.studies import QUICK, quick_study


def quick_config(**overrides: Any) -> Config:
    """The world of :data:`tests.experiments.studies.QUICK`."""
    return build({"name": "quick"}, QUICK | overrides)


def write_run(out: Path, periods: int | None = None, **overrides: Any) -> Path:
    """The folder of one run, of so many periods or finished."""
    model = GigEconomy(quick_config(**overrides))
    model.run(periods)
    return save_run(model, out, ["gigsim", "run", "quick"])


def write_replicates(out: Path, count: int, **overrides: Any) -> Path:
    """The folder of replicates."""
    replicates = Replicates(quick_config(**overrides), count, out)
    for _ in replicates.run(0):
        pass
    folder = replicates.save(["gigsim", "run", "quick"])
    assert folder is not None
    return folder


def write_study(out: Path, **changes: Any) -> Path:
    """The folder of a finished study: four cases of three replicates, unless changed."""
    return sweep(quick_study(**changes), out=out, workers=0)


def flip(path: Path, bit: int) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(bytes(content))
