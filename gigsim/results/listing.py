"""What lies in a folder of runs: results, checkpoints, and what killed processes left."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import psutil

from gigsim.checkpoint import SUFFIX, load_checkpoint
from gigsim.errors import InputError
from gigsim.results.kinds import PARTIAL, kind_of, of_another_version
from gigsim.results.source import NEEDED, Ended, Source
from gigsim.results.sources import ReplicatesSource, RunSource, StudySource, open_source
from gigsim.store.writers import is_alive

Kind = Literal["run", "replicates", "study", "curve", "checkpoint", "partial"]

#: Kinds that hold results.
RESULTS: tuple[Kind, ...] = ("run", "replicates", "study", "curve")

_STAMP = re.compile(r"\d{8}T\d{6}Z")
#: What says how many periods a run has.
_LENGTH = ("run.periods", "run.until", "run.limit")


@dataclass(frozen=True)
class Entry:
    """One thing in a folder of runs.

    Attributes:
        path: the folder, or the file of a checkpoint.
        kind: what it is; ``partial`` is what a process writes, or wrote when it was killed.
        name: of the scenario or study.
        seeds: of its runs, in words.
        learner: kind of the platform's.
        periods: of its runs, in words; of a checkpoint those that are done.
        ended: how far its runs are; None where that cannot be told.
        complete: has everything that was asked for ended with a result?
        bytes: on the disk.
        made: when it was begun, by its name, or last changed.
        live: is a process writing it?
        problem: why it cannot be read; empty where it can.
        other: is that because another version of gigsim wrote it?
    """

    path: Path
    kind: Kind
    made: datetime
    bytes: int
    name: str = ""
    seeds: str = ""
    learner: str = ""
    periods: str = ""
    ended: Ended | None = None
    complete: bool = False
    live: bool = False
    problem: str = ""
    other: bool = False

    @property
    def age(self) -> float:
        """Seconds since it was made."""
        return (datetime.now(UTC) - self.made).total_seconds()


def entries(path: Path | str) -> list[Entry]:
    """What is in a folder of runs, or the one thing that a path is, oldest first.

    What is damaged is there with its problem; what is nothing of ours is not there.

    Raises:
        InputError: there is no such folder.
    """
    path = Path(path)
    if path.is_file() and path.name.endswith(SUFFIX):
        return [_checkpoint(path)]
    if not path.is_dir():
        raise InputError(str(path), "no such folder", "name a folder that holds runs")
    if kind_of(path) is not None:
        return [_result(path)]
    found = [entry for child in path.iterdir() if (entry := _entry(child)) is not None]
    return sorted(found, key=lambda entry: (entry.made, entry.path.name))


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; links are not followed."""
    if not path.is_dir() or path.is_symlink():
        return path.lstat().st_size
    total = 0
    for folder, _, files in os.walk(path):
        for file in files:
            try:
                total += os.lstat(Path(folder, file)).st_size
            except FileNotFoundError:
                # A study that is being run: its files come and go.
                continue
    return total


def is_live(path: Path) -> bool:
    """Is a process at work on it: a writer of a study, or who writes what is ``partial``?"""
    if partial := PARTIAL.fullmatch(path.name):
        return psutil.pid_exists(int(partial[2]))
    writers = path / ".writers"
    if not writers.is_dir():
        return False
    return any(is_alive(path, writer.name) for writer in writers.iterdir())


def _entry(path: Path) -> Entry | None:
    if PARTIAL.fullmatch(path.name) and _STAMP.match(path.name.lstrip(".")):
        return Entry(path, "partial", _made(path), size_of(path), live=is_live(path))
    if path.name.startswith("."):
        return None
    if path.name.endswith(SUFFIX) and path.is_file():
        return _checkpoint(path)
    return _result(path) if path.is_dir() and kind_of(path) is not None else None


def _result(path: Path) -> Entry:
    kind = kind_of(path)
    if kind is None:
        raise LookupError(f"{path} is none of ours")
    live = is_live(path)
    try:
        source = open_source(path)
        return Entry(
            path,
            kind,
            _made(path),
            size_of(path),
            name=source.name,
            seeds=_seeds(source),
            learner=source.learner,
            periods=_periods(source),
            ended=source.ended,
            complete=source.complete,
            live=live,
        )
    except InputError as error:
        return Entry(
            path,
            kind,
            _made(path),
            size_of(path),
            live=live,
            problem=_said(path, error),
            other=of_another_version(path) is not None,
        )


def _checkpoint(path: Path) -> Entry:
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    try:
        found = load_checkpoint(path)
    except InputError as error:
        return Entry(path, "checkpoint", changed, size_of(path), problem=_said(path, error))
    return Entry(
        path,
        "checkpoint",
        changed,
        size_of(path),
        name=found.config.name,
        seeds=str(found.config.run.seed),
        learner=found.config.platform.learner.kind,
        periods=str(found.period),
    )


def _said(path: Path, error: InputError) -> str:
    """All of a refusal, without the folder or file that the entry names anyway."""
    words = str(error).removesuffix(f"; {NEEDED}")
    return words.removeprefix(f"{path}: ").removeprefix(f"{path}/")


def _seeds(source: Source) -> str:
    if source.kind == "curve":
        return "on each curve"
    if isinstance(source, StudySource):
        # Those of its runs are drawn from it, all over the range.
        return f"study seed {source.study.seed}"
    first, count = _summary(source)["seed"], source.ended.runs
    return str(first) if count == 1 else f"{first} to {first + count - 1}"


def _periods(source: Source) -> str:
    if source.kind == "curve":
        return "none"
    if isinstance(source, StudySource):
        if set(_LENGTH) & set(source.varied):
            return "varied"
        run = source.config(0, 0).run
        return str(run.periods) if run.until == "periods" else f"settled, at most {run.limit}"
    found = _summary(source)["periods"]
    low, high = found if isinstance(found, list) else (found, found)
    return str(low) if low == high else f"{low} to {high}"


def _summary(source: Source) -> dict[str, Any]:
    if isinstance(source, RunSource | ReplicatesSource):
        return source.summary
    raise LookupError(f"a {source.kind} has no summary")


def _made(path: Path) -> datetime:
    if stamp := _STAMP.match(path.name.lstrip(".")):
        try:
            return datetime.strptime(stamp[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            # Digits that are no time: somebody else's name.
            pass
    return datetime.fromtimestamp(path.lstat().st_mtime, UTC)
