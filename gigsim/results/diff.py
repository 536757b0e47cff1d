"""What is different between two runs, two sets of replicates, two studies."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gigsim.curves import PLAN_FILE
from gigsim.errors import InputError
from gigsim.results.compare import TableDifference, compare
from gigsim.results.source import Source
from gigsim.results.sources import StudySource, open_source

#: What no two runs agree on.
_APART = ("timings",)


@dataclass(frozen=True)
class TableVerdict:
    """One table of the two.

    Attributes:
        table: its name.
        bytes_equal: are its files the same, byte for byte?
        absent: ``a`` or ``b``, where that one does not have it.
        difference: of its values; None where the bytes are equal or one does not have it.
    """

    table: str
    bytes_equal: bool = False
    absent: str | None = None
    difference: TableDifference | None = None

    @property
    def equal(self) -> bool:
        """No difference, as near as was asked?"""
        return self.bytes_equal or (self.difference is not None and self.difference.equal)


@dataclass(frozen=True)
class Difference:
    """Two sources side by side.

    Attributes:
        kind: of both.
        config: keys that differ, with both values; of a study the keys of its study.toml.
        summary: likewise, of summary.json.
        only_a: finished runs, as ``case.replicate``, that only the first has.
        only_b: that only the second has. The tables are compared over the runs of both.
        tables: one a table, that of the clock apart.
    """

    kind: str
    config: dict[str, tuple[Any, Any]]
    summary: dict[str, tuple[Any, Any]]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    tables: tuple[TableVerdict, ...]

    @property
    def equal(self) -> bool:
        """Same config, same runs, same tables?"""
        return not (self.config or self.only_a or self.only_b) and all(
            table.equal for table in self.tables
        )

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {"equal": self.equal, **asdict(self)}


def diff(a: Path | str, b: Path | str, within: float = 0.0) -> Difference:
    """Compare two folders of the same kind: configs, summaries, tables.

    Args:
        a: a folder of a run, of replicates or of a study.
        b: another.
        within: numbers in tables that differ by so much at most count as equal.

    Raises:
        InputError: one of them is no such folder or is damaged, or they are of different kinds.
    """
    sources = open_source(Path(a)), open_source(Path(b))
    first, second = sources
    if first.kind != second.kind:
        raise InputError(
            str(b), f"a {second.kind}, not a {first.kind} like {a}", "give two of one kind"
        )
    runs = [_numbers(source) for source in sources]
    both = runs[0] & runs[1]
    names = dict.fromkeys(("runs", *first.tables, *second.tables))
    return Difference(
        kind=first.kind,
        config=_unequal(*(_config(source) for source in sources)),
        summary=_unequal(*(_summary(source) for source in sources)),
        only_a=tuple(f"{case}.{replicate}" for case, replicate in sorted(runs[0] - both)),
        only_b=tuple(f"{case}.{replicate}" for case, replicate in sorted(runs[1] - both)),
        tables=tuple(_table(sources, n, both, within) for n in names if n not in _APART),
    )


def flattened(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as one, with dotted keys; lists stay whole."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        dotted = f"{prefix}{key}"
        flat |= flattened(value, f"{dotted}.") if isinstance(value, Mapping) else {dotted: value}
    return flat


def _numbers(source: Source) -> set[tuple[int, int]]:
    runs = source.runs()
    return set(zip(runs["case"], runs["replicate"], strict=True)) if len(runs) else set()


def _config(source: Source) -> dict[str, Any]:
    if isinstance(source, StudySource):
        # Resolved as that of a run is: a key that there was not yet has its default.
        return flattened(tomllib.loads(source.study.dumps()))
    if source.kind == "curve":
        found = json.loads((source.path / PLAN_FILE).read_text(encoding="utf-8"))
        return flattened({arm["name"]: arm for arm in found["arms"]})
    return flattened(source.config(0, 0).model_dump(mode="json"))


def _summary(source: Source) -> dict[str, Any]:
    path = source.path / "summary.json"
    # Only a study that is not done yet has none.
    return flattened(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _unequal(a: dict[str, Any], b: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    keys = dict.fromkeys((*a, *b))
    return {key: (a.get(key), b.get(key)) for key in keys if a.get(key) != b.get(key)}


def _table(
    sources: tuple[Source, Source], name: str, both: set[tuple[int, int]], within: float
) -> TableVerdict:
    held = [name == "runs" or name in source.tables for source in sources]
    if not all(held):
        return TableVerdict(name, absent="b" if held[0] else "a")
    files = [_files(source, name) for source in sources]
    if files[0] and files[0] == files[1]:
        return TableVerdict(name, bytes_equal=True)
    tables = [_of(_read(source, name), both) for source in sources]
    return TableVerdict(name, difference=compare(tables[0], tables[1], within))


def _read(source: Source, name: str) -> pd.DataFrame:
    return source.runs() if name == "runs" else source.table(name)


def _of(table: pd.DataFrame, runs: set[tuple[int, int]]) -> pd.DataFrame:
    if not len(table):
        return table
    kept = pd.MultiIndex.from_frame(table[["case", "replicate"]]).isin(runs)
    return table[kept].reset_index(drop=True)


def _files(source: Source, name: str) -> dict[str, str]:
    """Digests of a table's files by name; none where it has no files of its own."""
    if source.kind in ("study", "curve"):
        paths = sorted((source.path / name).glob("[!._]*.parquet"))
    else:
        paths = [path for path in [source.path / f"{name}.parquet"] if path.is_file()]
    found = {}
    for path in paths:
        with path.open("rb") as file:
            found[path.name] = hashlib.file_digest(file, "blake2b").hexdigest()
    return found
