"""The checkpoint of a run that is under way: where it is, and when it is written anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from glob import escape
from pathlib import Path

import psutil

from gigsim.checkpoint import SUFFIX, save_checkpoint
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.packing import sync


def new_place(out: Path, name: str) -> Path:
    """Where a run of this name keeps its checkpoint: with a number where two began at once."""
    path, number = out / f"{name}{SUFFIX}", 1
    while path.exists():
        number += 1
        path = out / f"{name}-{number}{SUFFIX}"
    return path


def find_checkpoint(place: Path | str) -> Path:
    """The checkpoint that is meant by a file, or by a folder that holds one.

    Raises:
        InputError: there is no such place, no checkpoint in it, or more than one.
    """
    place = Path(place)
    if not place.is_dir():
        return place
    found = sorted(path for path in place.glob(f"*{SUFFIX}") if path.is_file())
    if len(found) == 1:
        return found[0]
    names = ", ".join(path.name for path in found[:5]) + (", ..." if len(found) > 5 else "")
    raise InputError(
        str(place),
        f"{len(found)} checkpoints ({names})" if found else "no checkpoint in this folder",
        "name the file",
    )


class Checkpoints:
    """The checkpoints of a run as it goes on: one file, at a bounded share of the run's time.

    One is written at every retraining, period 0 included, unless writing the last one took more
    than :attr:`SHARE` of the time since it was begun: then it waits for a later retraining.

    Args:
        path: the file; its folder is made if it is not there.
        tell: gets a line when one cannot be written: the run goes on without.
        period: of the one that is there already, which the run goes on from; None for none.

    Attributes:
        period: that of the last one there is; None before the first.
    """

    SHARE = 0.05

    def __init__(self, path: Path, tell: Callable[[str], None], period: int | None = None) -> None:
        self.path = path
        self.period = period
        self._tell = tell
        self._due = 0.0
        self._told = ""
        self._tidy()

    def offer(self, model: GigEconomy) -> None:
        """A period is over: write one if it is time."""
        began = time.perf_counter()
        if not model.retrained or began < self._due:
            return
        try:
            self._write(model)
        except InputError as error:
            if str(error) != self._told:
                self._told = str(error)
                self._tell(f"note: period {model.period}: {error}")
        self._due = began + (time.perf_counter() - began) / self.SHARE

    def drop(self, written: Path) -> None:
        """The run is over and its folder ``written``: once that is on the disk, this goes."""
        for path in written.iterdir():
            sync(path)
        sync(written)
        sync(written.parent)
        self.path.unlink(missing_ok=True)
        self._tidy()

    def _tidy(self) -> None:
        """Remove what killed processes left of checkpoints that they were writing."""
        for partial in self.path.parent.glob(f".{escape(self.path.name)}.partial-*"):
            process = partial.name.rpartition("-")[2]
            if process.isdecimal() and not psutil.pid_exists(int(process)):
                partial.unlink(missing_ok=True)

    def _write(self, model: GigEconomy) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                str(self.path.parent), f"cannot be made ({error.strerror})", "name another place"
            ) from error
        save_checkpoint(model, self.path)
        self.period = model.period
