"""Which folders are ours, of which kind, and of which version: told without opening them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from gigsim.checkpoint import SUFFIX
from gigsim.curves import PLAN_FILE
from gigsim.runs import SCHEMA_VERSION
from gigsim.store import index

_NAMED = re.compile(r"\d{8}T\d{6}Z-.+-[0-9a-f]{12}(-x\d+)?(-\d+)?")
#: What is being written, with the number of the process that writes it.
PARTIAL = re.compile(r"(.+)\.partial-(\d+)")
_PROVENANCE = {"command", "config_hash", "versions"}
# The header of an SQLite file: its first bytes; where the two numbers stand, 4 bytes each.
_SQLITE, _USER_VERSION, _APPLICATION = b"SQLite format 3\0", 60, 68


def kind_of(path: Path) -> Literal["run", "replicates", "study", "curve"] | None:
    """What a folder is, by its files and its name; None where it is nothing of ours.

    One that is damaged is still what it was. One file with a name that we use, too, makes no folder
    ours: a STUDY.toml that somebody wrote, a table of another program.
    """
    ours = is_ours(path)
    if (path / PLAN_FILE).is_file() and ours:
        return "curve"
    if (path / index.FILE).is_file() and (ours or _index_version(path) is not None):
        return "study"
    if (path / "study.toml").is_file() and (ours or any(path.glob("runs/part-*.parquet"))):
        return "study"
    ours = ours or all((path / name).is_file() for name in ("config.toml", "summary.json"))
    if (path / "runs.parquet").is_file() and ours:
        return "replicates"
    if ours and any((path / f"{name}.parquet").is_file() for name in ("periods", "retrainings")):
        return "run"
    if named := _NAMED.fullmatch(path.name):
        return "replicates" if named[1] else "run"
    return None


def is_ours(path: Path) -> bool:
    """Has gigsim surely made a folder, by its name, its provenance or its index?

    What is being written is told by its name alone.
    """
    if partial := PARTIAL.fullmatch(path.name):
        name = partial[1].removeprefix(".").removesuffix(SUFFIX)
        return _NAMED.fullmatch(name) is not None
    if _NAMED.fullmatch(path.name) or _index_version(path) is not None:
        return True
    try:
        found = json.loads((path / "provenance.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not isinstance(found, dict) or not set(found) >= _PROVENANCE:
        return False
    return isinstance(found["versions"], dict) and "gigsim" in found["versions"]


def of_another_version(path: Path) -> str | None:
    """A file within a folder that says a schema version which this gigsim does not read."""
    if _index_version(path) not in (None, index.VERSION):
        return index.FILE
    for file, found in footers(path):
        version = (found.schema.to_arrow_schema().metadata or {}).get(b"schema_version")
        if version is not None and version != str(SCHEMA_VERSION).encode():
            return str(file.relative_to(path))
    return None


def footers(path: Path) -> Iterator[tuple[Path, pq.FileMetaData]]:
    """The Parquet files within a folder that can be read, and what their ends say."""
    for root, _, files in os.walk(path):
        for name in sorted(files):
            if name.endswith(".parquet"):
                file = Path(root, name)
                try:
                    yield file, pq.read_metadata(file)
                except (OSError, ValueError, pa.ArrowException):
                    # Damaged: it says nothing.
                    continue


def _index_version(path: Path) -> int | None:
    """The version of an index of ours; None where there is none."""
    try:
        with (path / index.FILE).open("rb") as file:
            header = file.read(100)
    except OSError:
        return None
    application = int.from_bytes(header[_APPLICATION : _APPLICATION + 4])
    if not header.startswith(_SQLITE) or application != index.APPLICATION:
        return None
    return int.from_bytes(header[_USER_VERSION : _USER_VERSION + 4])
