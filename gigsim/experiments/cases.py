"""The cases of a study: what each sets, and the table of them that its folder keeps.

A key whose values are all truth values, all whole numbers, all numbers or all texts has a column of
that type. Values of several types, tables and lists are written as JSON text, one column for the
key all the same. What a case does not set is missing in ``cases.parquet``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from gigsim.config.schema import shown
from gigsim.errors import InputError
from gigsim.experiments.seeds import canonical

#: Version of the table's layout, in its metadata.
CASES_SCHEMA = 1

Kind = Literal["flag", "whole", "number", "text", "json"]

_ARROW: dict[Kind, pa.DataType] = {
    "flag": pa.bool_(),
    "whole": pa.int64(),
    "number": pa.float64(),
    "text": pa.string(),
    "json": pa.string(),
}
_ALLOWED = "the cases.parquet of a study's folder, as gigsim sweep wrote it, is needed"


@dataclass(frozen=True)
class Case:
    """One set of values of the varied keys.

    Attributes:
        number: from 0.
        values: by dotted key; a key that is not there has the base's value.
    """

    number: int
    values: Mapping[str, Any]

    def __str__(self) -> str:
        """For people: ``a.b = 1, c.d = "x"``."""
        return ", ".join(f"{key} = {_in_words(value)}" for key, value in self.values.items())


def varied_keys(cases: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """All keys that some case sets, in the order in which they are first set."""
    return tuple(dict.fromkeys(key for values in cases for key in values))


def kind_of_column(values: Iterable[Any]) -> Kind:
    """The kind of a column that holds all of the values exactly."""
    kinds = {_kind(value) for value in values}
    return kinds.pop() if len(kinds) == 1 else "json"


def kind_in_runs(values: Iterable[Any]) -> Kind:
    """The kind of a column of tables of runs: whole and real numbers are both numbers there.

    None, where a config has no such key, is a missing value and no kind.
    """
    found = [value for value in values if value is not None]
    numbers = {_kind(value) for value in found} == {"whole", "number"}
    return "number" if numbers else kind_of_column(found)


def cell(value: Any, kind: Kind) -> Any:
    """A value as a column of its kind has it; None, which is missing, as None."""
    if value is None:
        return None
    if kind == "json":
        return canonical(value)
    return float(value) if kind == "number" else value


def write_cases(cases: Sequence[Case], keys: Sequence[str], path: Path) -> None:
    """Write the table of cases, durably: ``case`` and a column a varied key.

    Args:
        cases: numbered from 0.
        keys: that they set.
        path: the file.
    """
    columns: dict[str, pa.Array] = {"case": pa.array([c.number for c in cases], pa.int64())}
    fields = [pa.field("case", pa.int64(), nullable=False)]
    for key in keys:
        kind = kind_of_column(case.values[key] for case in cases if key in case.values)
        found = [cell(c.values[key], kind) if key in c.values else None for c in cases]
        columns[key] = pa.array(found, _ARROW[kind])
        fields.append(pa.field(key, _ARROW[kind], metadata={"gigsim.kind": kind}))
    schema = pa.schema(fields, metadata={"schema_version": str(CASES_SCHEMA)})
    with path.open("wb") as file:
        pq.write_table(pa.table(list(columns.values()), schema=schema), file)
        file.flush()
        os.fsync(file.fileno())


def read_cases(path: Path) -> tuple[Case, ...]:
    """Read a table of cases.

    Raises:
        InputError: no such file, damaged, or not written by :func:`write_cases`.
    """
    if not path.is_file():
        raise InputError(str(path), "no such file", _ALLOWED)
    try:
        return _cases(pq.read_table(path))
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise InputError(str(path), f"cannot be read ({reason})", _ALLOWED) from error


def _cases(table: pa.Table) -> tuple[Case, ...]:
    version = (table.schema.metadata or {}).get(b"schema_version", b"none").decode()
    if version != str(CASES_SCHEMA):
        raise ValueError(f"schema {version}, this version reads {CASES_SCHEMA}")
    if table.column("case").to_pylist() != list(range(len(table))):
        raise ValueError("cases are not numbered from 0")
    rows: list[dict[str, Any]] = [{} for _ in range(len(table))]
    for field in table.schema:
        if field.name == "case":
            continue
        kind = (field.metadata or {})[b"gigsim.kind"].decode()
        for row, value in zip(rows, table.column(field.name).to_pylist(), strict=True):
            if value is not None:
                row[field.name] = json.loads(value) if kind == "json" else value
    return tuple(Case(number, values) for number, values in enumerate(rows))


def _kind(value: Any) -> Kind:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int):
        # Parquet has no longer ones.
        return "whole" if -(2**63) <= value < 2**63 else "json"
    if isinstance(value, float):
        return "number"
    return "text" if isinstance(value, str) else "json"


def _in_words(value: Any) -> str:
    return shown(value) or canonical(value)
