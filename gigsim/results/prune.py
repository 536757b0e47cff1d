"""Deleting runs: listed first, never what a live process writes, never what is not ours."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gigsim.errors import InputError
from gigsim.results.kinds import PARTIAL, footers, is_ours, of_another_version
from gigsim.results.listing import RESULTS, Entry, is_live
from gigsim.results.source import TABLES
from gigsim.runs import SPOT_CHECKS
from gigsim.store.store import read_counts

_FILES = frozenset(
    {
        "config.toml",
        "provenance.json",
        "summary.json",
        "overview.png",
        "origin.txt",
        "study.toml",
        "cases.parquet",
        "inputs.json",
        "failures.parquet",
        "index.sqlite",
        "index.sqlite-journal",
        "runs.parquet",
        "curve.json",
        "curve.parquet",
        "summary.parquet",
        "curve.png",
        *(f"{name}.parquet" for name in (*TABLES, SPOT_CHECKS)),
    }
)
#: Tables without rows of finished runs.
_NO_RUNS = frozenset({"cases.parquet", "failures.parquet"})
#: Seconds in which somebody who made a study's folder has begun to write into it.
_YOUNG = 60.0
_SHARD = re.compile(r"(batch-\d{6}|part-\d{5})\.parquet")
_FOLDERS = frozenset({"runs", "rows", *TABLES, ".writers", ".new", ".old"})
_REPLICATE = re.compile(r"replicate-\d{3,}|\.replicate-\d{3,}(-\d+)?\.partial-\d+")


@dataclass(frozen=True)
class Pruning:
    """What would be deleted.

    Attributes:
        chosen: what goes.
        spared: what was asked for and stays, and why.
    """

    chosen: tuple[Entry, ...]
    spared: tuple[tuple[Entry, str], ...]

    @property
    def bytes(self) -> int:
        """That deleting frees."""
        return sum(entry.bytes for entry in self.chosen)


def choose(
    found: Sequence[Entry],
    *,
    failed: bool = False,
    partial: bool = False,
    older_than: float | None = None,
    keep: int | None = None,
) -> Pruning:
    """Choose what to delete; deletes nothing.

    Args:
        found: of :func:`~gigsim.results.listing.entries`.
        failed: results without one finished run: damaged ones, and studies without any. Studies and
            replicates that are damaged and still hold rows of runs are spared.
        partial: what killed processes were writing.
        older_than: seconds; only what is older. Alone, or with ``keep``, it is asked of all
            results, and of checkpoints by their last change.
        keep: so many of the newest results stay, whatever else is asked for.

    Raises:
        InputError: nothing is asked for.
    """
    if not (failed or partial) and older_than is None and keep is None:
        raise InputError(
            "gigsim runs prune",
            "nothing is asked for",
            "give --failed, --partial, --older-than or --keep",
        )
    results = [entry for entry in found if entry.kind in RESULTS]
    if failed or partial:
        wanted = [e for e in results if failed and not (e.ended and e.ended.finished)]
        wanted += [e for e in found if partial and e.kind == "partial"]
    else:
        wanted = list(results)
        wanted += [e for e in found if older_than is not None and e.kind == "checkpoint"]
    if older_than is not None:
        wanted = [entry for entry in wanted if entry.age > older_than]
    if keep is not None:
        newest = {e.path for e in sorted(results, key=lambda e: (e.made, e.path.name))[::-1][:keep]}
        wanted = [entry for entry in wanted if entry.path not in newest]
    reasons = [(entry, _why_not(entry, failed=failed)) for entry in wanted]
    return Pruning(
        chosen=tuple(entry for entry, why in reasons if why is None),
        spared=tuple((entry, why) for entry, why in reasons if why is not None),
    )


def _why_not(entry: Entry, *, failed: bool) -> str | None:
    """Also what :func:`why_not` cannot tell of a path."""
    if (why := why_not(entry.path)) is not None:
        return why
    if entry.kind == "checkpoint" and entry.problem:
        return f"no checkpoint of this version of gigsim ({entry.problem})"
    unfinished = entry.kind in ("study", "curve") and entry.ended is not None and entry.ended.open
    # Nobody holds a lock between the making of a study's folder and its first writer.
    if unfinished and min(entry.age, time.time() - entry.path.stat().st_mtime) < _YOUNG:
        return "begun less than a minute ago"
    if failed and entry.kind in RESULTS and _holds_runs(entry):
        return "damaged, but holds finished runs (--older-than or --keep choose it)"
    return None


def _holds_runs(entry: Entry) -> bool:
    """Does a study, or do replicates, hold a finished run, in whatever state the rest is?"""
    if entry.kind == "run":
        return False
    if (entry.path / "index.sqlite").is_file():
        try:
            if read_counts(entry.path).finished:
                return True
        except InputError:
            # The entry says what is wrong with it. The tables may be whole.
            pass
    return any(found.num_rows for path, found in footers(entry.path) if path.name not in _NO_RUNS)


def why_not(path: Path) -> str | None:
    """Why something of a folder of runs must not be deleted; None where it may be."""
    if path.is_symlink():
        return "a link"
    if is_live(path):
        return "a process is writing it"
    if not path.is_dir():
        return None
    if not is_ours(path):
        return "neither its name nor a file in it says that gigsim made it"
    if not PARTIAL.fullmatch(path.name) and (file := of_another_version(path)) is not None:
        return f"of another version of gigsim ({file})"
    return _foreign(path)


def delete(entry: Entry) -> None:
    """Delete it: gone at once for all readers, whatever happens then.

    Raises:
        InputError: it may not be deleted, by :func:`why_not` or by the system.
    """
    path = entry.path
    if (why := why_not(path)) is not None:
        raise InputError(str(path), f"not deleted: {why}", "delete it by hand")
    try:
        if not path.is_dir():
            path.unlink()
            return
        if entry.kind != "partial":
            path = path.rename(path.with_name(f".{path.name}.partial-{os.getpid()}"))
        shutil.rmtree(path)
    except OSError as error:
        raise InputError(
            str(entry.path), f"cannot be deleted ({error.strerror})", "look at its permissions"
        ) from error


def _foreign(path: Path) -> str | None:
    """That a file or folder within is not gigsim's, or cannot be looked at; None where none is."""
    for root, folders, files in os.walk(path):
        at = Path(root)
        if not os.access(at, os.R_OK | os.X_OK):
            return f"{at} cannot be read"
        for name in folders:
            known = name in _FOLDERS or bool(_REPLICATE.fullmatch(name))
            if not known or (at / name).is_symlink():
                return _not_ours(path, at / name)
        for name in files:
            plain = name.removeprefix(".")
            known = plain in _FILES or bool(_SHARD.fullmatch(plain)) or at.name == ".writers"
            if not known or (at / name).is_symlink():
                return _not_ours(path, at / name)
            if not os.access(at / name, os.R_OK):
                return f"{at / name} cannot be read"
    return None


def _not_ours(path: Path, inner: Path) -> str:
    return f"holds {inner.relative_to(path)}, which gigsim has not written"
