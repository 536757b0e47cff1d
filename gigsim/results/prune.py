"""Deleting runs: listed first, never what a live process writes, never what is not ours."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gigsim.errors import InputError
from gigsim.results.listing import RESULTS, Entry, is_live
from gigsim.results.source import TABLES

_FILES = frozenset(
    {
        "config.toml",
        "provenance.json",
        "summary.json",
        "overview.png",
        "origin.txt",
        "study.toml",
        "cases.parquet",
        "failures.parquet",
        "index.sqlite",
        "index.sqlite-journal",
        "runs.parquet",
        *(f"{name}.parquet" for name in TABLES),
    }
)
_SHARD = re.compile(r"(batch-\d{6}|part-\d{5})\.parquet")
_FOLDERS = frozenset({"runs", *TABLES, ".writers", ".new", ".old"})
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
        failed: results of which no run is finished: damaged ones, and studies without any.
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
    reasons = [(entry, why_not(entry.path)) for entry in wanted]
    return Pruning(
        chosen=tuple(entry for entry, why in reasons if why is None),
        spared=tuple((entry, why) for entry, why in reasons if why is not None),
    )


def why_not(path: Path) -> str | None:
    """Why something of a folder of runs must not be deleted; None where it may be."""
    if path.is_symlink():
        return "a link"
    if is_live(path):
        return "a process is writing it"
    if path.is_dir() and (foreign := _foreign(path)) is not None:
        return f"holds {foreign}, which gigsim has not written"
    return None


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
    """A file or folder within, relative to it, that gigsim does not write; None where none is."""
    for root, folders, files in os.walk(path):
        at = Path(root)
        for name in folders:
            known = name in _FOLDERS or bool(_REPLICATE.fullmatch(name))
            if not known or (at / name).is_symlink():
                return str((at / name).relative_to(path))
        for name in files:
            plain = name.removeprefix(".")
            known = plain in _FILES or bool(_SHARD.fullmatch(plain)) or at.name == ".writers"
            if not known or (at / name).is_symlink():
                return str((at / name).relative_to(path))
    return None
