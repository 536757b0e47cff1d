"""Does a study's folder hold the files that its index names, and the failures that it lists?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gigsim.errors import InputError
from gigsim.experiments.sweep import failures_table
from gigsim.results.sources import StudySource
from gigsim.store.columns import numbers_of
from gigsim.store.ending import FAILURES
from gigsim.store.index import FILE
from gigsim.store.ledger import Ledger, read_ledger
from gigsim.store.shards import part_name
from gigsim.store.store import read_failures

_UNREADABLE = (OSError, ValueError, KeyError, pa.ArrowException)


@dataclass(frozen=True)
class Listing:
    """The files of a study's folder at one moment.

    Attributes:
        tables: by the names of folders of tables, the files in them; hidden ones, which nobody
            reads as a part of the table, are left out.
        failures: is there a table of failures?
    """

    tables: dict[str, frozenset[str]]
    failures: bool


def listing(folder: Path) -> Listing:
    """What is in a study's folder."""
    tables = [path for path in folder.iterdir() if path.is_dir() and path.name[:1] != "."]
    return Listing(
        {
            table.name: frozenset(p.name for p in table.iterdir() if p.name[:1] != ".")
            for table in tables
        },
        (folder / FAILURES).exists(),
    )


def wrong_files(source: StudySource, found: Listing, before: Ledger | None) -> list[str]:
    """Files that are too many, missing or of another schema than the index says, a line each.

    Args:
        source: the study.
        found: its files.
        before: what the index said before they were listed.
    """
    study, after = source.study, read_ledger(source.path)
    tables = ("runs", *study.record, "timings")
    if before is None or after is None:
        return _wrong_parts(found, tables) + _wrong_failures(source, found)
    if (after.runs, after.replicates, after.tables) != (study.runs, study.replicates, tables):
        return [f"{FILE} is of another study"]
    # Files are on the move.
    if before.phase != after.phase or after.phase == "swapping":
        return []
    wrong = _wrong_tables(found, tables)
    for name in tables:
        here = found.tables.get(name, frozenset())
        surely = before.files[name] & after.files[name]
        wrong += [
            f"{name}/{file}: {FILE} knows of no such file"
            for file in sorted(here - before.files[name] - after.files[name])
        ]
        hidden = {file for file in surely if (source.path / name / f".{file}").exists()}
        wrong += [f"{name}/{file} is missing" for file in sorted(surely - here - hidden)]
        if after.phase == "complete":
            files = sorted(surely & here)
            wrong += _wrong_schemas(source.path / name, files, after.schemas[name])
    if after.phase == "complete":
        if len(after.finished) + len(after.failed) != after.runs:
            wrong.append(f"{FILE}: complete, but not every run has ended")
        wrong += _wrong_failures(source, found)
    elif found.failures:
        wrong.append(f"{FAILURES} is there before the study has ended")
    return wrong


def what_is_left(folder: Path) -> tuple[int, list[str]]:
    """Of a damaged study: how many runs are finished by its index, and what is damaged.

    Returns:
        The number, 0 where the index does not tell; and lines.
    """
    lines = []
    for path in sorted([*folder.glob("[a-z]*/*.parquet"), *folder.glob("*.parquet")]):
        try:
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    file.read_row_group(group)
        except _UNREADABLE as error:
            name = path.relative_to(folder)
            lines.append(f"{name} cannot be read ({' '.join(str(error).split())})")
    try:
        ledger = read_ledger(folder)
    except (InputError, json.JSONDecodeError, pa.ArrowException) as error:
        return 0, [*lines, f"{FILE} cannot be read ({' '.join(str(error).split())})"]
    if ledger is None:
        return 0, lines
    said = (
        f"{len(ledger.finished):,} of {ledger.runs:,} runs finished, {len(ledger.failed):,} failed"
    )
    return len(ledger.finished), [*lines, f"{FILE} says: {said}; none of them was done again"]


def _wrong_tables(found: Listing, tables: tuple[str, ...]) -> list[str]:
    gone = [name for name in tables if name not in found.tables]
    return [f"{name}: there is no such folder" for name in gone]


def _wrong_parts(found: Listing, tables: tuple[str, ...]) -> list[str]:
    """Without an index: compacted tables are numbered parts."""
    wrong = _wrong_tables(found, tables)
    for name, files in found.tables.items():
        parts = {part_name(number) for number in range(len(files))}
        if name in tables and files != parts:
            wrong.append(f"{name}: holds {', '.join(sorted(files))}, not {len(parts)} parts")
    return wrong


def _wrong_schemas(folder: Path, files: list[str], schema: pa.Schema) -> list[str]:
    wrong = []
    for file in files:
        try:
            same = pq.read_schema(folder / file).remove_metadata().equals(schema)
        except _UNREADABLE as error:
            wrong.append(f"{folder.name}/{file} cannot be read ({' '.join(str(error).split())})")
            continue
        if not same:
            wrong.append(f"{folder.name}/{file}: other columns or types than {FILE} says")
    return wrong


def _wrong_failures(source: StudySource, found: Listing) -> list[str]:
    """Is ``failures.parquet`` of a study that has ended what the index says?"""
    if not found.failures:
        return [f"{FAILURES} is missing"]
    try:
        table = pq.read_table(source.path / FAILURES).replace_schema_metadata(None)
    except _UNREADABLE as error:
        return [f"{FAILURES} cannot be read ({' '.join(str(error).split())})"]
    study = source.study
    if not table.schema.equals(failures_table([], study).schema):
        return [f"{FAILURES} is no table of failures"]
    if (source.path / FILE).exists():
        same = table.equals(failures_table(read_failures(source.path), study))
        return [] if same else [f"{FAILURES} is not what {FILE} says"]
    numbers = numbers_of(table, study.replicates).tolist()
    runs = [divmod(number, study.replicates) for number in numbers]
    listed = zip(table["case"].to_pylist(), table["replicate"].to_pylist(), strict=True)
    if [*listed] != runs or numbers != sorted({*numbers} & {*range(study.runs)}):
        return [f"{FAILURES} lists runs that the study does not have, or in another order"]
    if table["seed"].to_pylist() != [study.seed_of(*run) for run in runs]:
        return [f"{FAILURES} has other seeds than the study"]
    return []
