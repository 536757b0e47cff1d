"""What commands share: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gigsim.errors import InputError
from gigsim.interrupts import Interrupts

stderr = Console(stderr=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress.")]


def interrupts_of(context: typer.Context) -> Interrupts:
    """What Ctrl-C means to the command of a context; ``gigsim.cli.main`` brings it."""
    found = context.find_object(Interrupts)
    if found is None:
        raise LookupError("a command was run without gigsim.cli.main")
    return found


def check_target(path: Path) -> None:
    """Refuse before long work a file that could not be written after it.

    Raises:
        InputError: ``path`` is a folder, or lies in none, or in one that is not writable.
    """
    parent = path.absolute().parent
    if path.is_dir():
        raise InputError(str(path), "is a folder", "name a file")
    if not parent.is_dir():
        raise InputError(str(path), f"there is no folder {parent}", "name a file in a folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise InputError(str(path), "cannot be written (Permission denied)", "name another place")


def print_json(content: Mapping[str, Any]) -> None:
    """A result for programs; NaN and infinities, which JSON lacks, become null."""
    sys.stdout.write(json.dumps(_plain(content), indent=2, ensure_ascii=False) + "\n")


def print_lines(lines: list[str]) -> None:
    """A result for people."""
    sys.stdout.write("\n".join(lines) + "\n")


def print_table(title: str, rows: Sequence[tuple[str, ...]], header: tuple[str, ...] = ()) -> None:
    """A small table for people."""
    table = Table(show_header=bool(header))
    width = len(rows[0])
    for column in range(width):
        name = header[column] if header else ""
        table.add_column(name, justify="left" if column == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console = Console(file=sys.stdout)
    console.print(title, highlight=False)
    console.print(table)


def count(number: int, noun: str) -> str:
    """``1 period``, ``2 periods``, ``2,000 periods``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share for people; ``-`` where there is none."""
    return "-" if value is None else f"{100 * value:.{digits}f} %"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not (abs(value) < float("inf")):
        return None
    return value
