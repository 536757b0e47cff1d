"""What is said of results, for programs and for people, and what is common to all kinds."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from gigsim.cli.output import print_lines

#: Rows of a table that people are shown.
MOST = 20
#: Characters; more than any table takes.
_WIDE = 10_000


@dataclass(frozen=True)
class Shown:
    """What is said of a source.

    Attributes:
        content: for programs.
        lines: for people.
        table: for people, below the lines.
        short: names of its columns where the whole ones do not fit.
        after: for people, below the table.
    """

    content: dict[str, Any]
    lines: list[str]
    table: Table | None = None
    short: dict[str, str] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return self.content

    def print(self) -> None:
        """For people."""
        print_lines(self.lines)
        if self.table is not None:
            _print_table(self.table, self.short)
        if self.after:
            print_lines(self.after)


def grouped(failures: pd.DataFrame) -> list[dict[str, Any]]:
    """Failures of one kind and reason together, most frequent first."""
    if not len(failures):
        return []
    groups = failures.groupby(["kind", "why"], sort=False, dropna=False)
    rows = [
        {
            "kind": kind,
            "why": why,
            "count": len(group),
            "first": f"{group['case'].iloc[0]}.{group['replicate'].iloc[0]}",
        }
        for (kind, why), group in groups
    ]
    return sorted(rows, key=_how_often, reverse=True)


def _how_often(row: dict[str, Any]) -> int:
    return int(row["count"])


def cell(value: Any) -> str:
    """A value in a line or a table."""
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def plain(value: Any) -> Any:
    """A value as JSON has it; None where there is none."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def _print_table(table: Table, short: dict[str, str]) -> None:
    """With whole names where they fit, and nothing cut where not even short ones do."""
    width, unbounded = Console(file=sys.stdout).width, Console(width=_WIDE)
    if unbounded.measure(table).maximum > width:
        for column in table.columns:
            column.header = short.get(str(column.header), column.header)
        width = max(width, unbounded.measure(table).maximum)
    Console(file=sys.stdout, width=width).print(table)
