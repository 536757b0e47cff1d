"""What a study's index says of the folder around it: to hold the folder's files against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from gigsim.store import index
from gigsim.store.columns import united
from gigsim.store.results import shards
from gigsim.store.snapshots import schema_in, snapshot, study


@dataclass(frozen=True)
class Ledger:
    """The index at one moment.

    Attributes:
        runs: of the study.
        replicates: of a case.
        tables: their names.
        phase: open, swapping (files are being replaced) or complete.
        finished: numbers of the runs with a result.
        failed: numbers of those without one.
        files: that a table consists of, by its name; while swapping, those that go.
        schemas: of the tables, without metadata, by name.
    """

    runs: int
    replicates: int
    tables: tuple[str, ...]
    phase: str
    finished: frozenset[int]
    failed: frozenset[int]
    files: dict[str, frozenset[str]]
    schemas: dict[str, pa.Schema]


def read_ledger(folder: Path) -> Ledger | None:
    """What the index says; None where there is no index any more.

    Raises:
        InputError: it is not ours, of another version, damaged.
    """
    if not (folder / index.FILE).exists():
        return None
    with snapshot(folder) as sql:
        runs, replicates, tables = study(sql)
        return Ledger(
            runs=runs,
            replicates=replicates,
            tables=tables,
            phase=sql.execute("SELECT phase FROM study").fetchone()[0],
            finished=frozenset(n for (n,) in sql.execute("SELECT number FROM finished")),
            failed=frozenset(n for (n,) in sql.execute("SELECT number FROM failed")),
            files={name: frozenset(shards(sql, name)) for name in tables},
            schemas={name: schema_in(sql, name) or united([]) for name in tables},
        )
