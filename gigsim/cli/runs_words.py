"""What ``gigsim runs`` says, for people and for programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gigsim.cli.output import count, print_lines
from gigsim.results.diff import Difference, TableVerdict
from gigsim.results.listing import RESULTS, Entry
from gigsim.results.prune import Pruning
from gigsim.results.verdicts import Verdict, Verification

_UNITS = (("d", 86_400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))
#: Lines on differences of one thing that people are shown.
_MOST = 10
#: Characters; more than any table takes.
_WIDE = 1000


def print_entries(path: Path, found: Sequence[Entry]) -> None:
    """The table of what a folder of runs holds."""
    if not found:
        print_lines([f"{path}: no runs"])
        return
    table = Table(show_header=True)
    for name in ("folder", "kind", "name", "seeds", "learner", "periods"):
        table.add_column(name, no_wrap=True)
    for name in ("finished", "size", "age"):
        table.add_column(name, justify="right", no_wrap=True)
    for entry in found:
        table.add_row(
            entry.path.name,
            entry.kind,
            entry.name,
            entry.seeds,
            entry.learner,
            entry.periods,
            _finished(entry),
            size_words(entry.bytes),
            age_words(entry.age),
        )
    # Folders are there to be copied: a table that does not fit is printed as wide as it is.
    Console(file=sys.stdout, width=_WIDE).print(table)
    if notes := _notes(found):
        print_lines(notes)


def entry_as_dict(entry: Entry) -> dict[str, Any]:
    """An entry for programs."""
    ended = entry.ended
    return {
        "path": str(entry.path),
        "kind": entry.kind,
        "name": entry.name,
        "seeds": entry.seeds,
        "learner": entry.learner,
        "periods": entry.periods,
        "runs": None if ended is None else ended.runs,
        "finished": None if ended is None else ended.finished,
        "failed": None if ended is None else ended.failed,
        "open": None if ended is None else ended.open,
        "complete": entry.complete,
        "live": entry.live,
        "bytes": entry.bytes,
        "made": entry.made.isoformat(),
        "problem": entry.problem,
        "resume": _resume(entry),
    }


def difference_lines(found: Difference) -> list[str]:
    """In what two sources differ."""
    lines = [f"{'equal' if found.equal else 'different'} ({found.kind})"]
    for title, keys in (("config", found.config), ("summary", found.summary)):
        lines += [f"  {title}: {_keys(keys)}"] if keys else [f"  {title}: equal"]
        lines += [f"    {key}: {a!r} | {b!r}" for key, (a, b) in [*keys.items()][:_MOST]]
        lines += [f"    and {len(keys) - _MOST} more"] if len(keys) > _MOST else []
    for which, runs in (("first", found.only_a), ("second", found.only_b)):
        if runs:
            more = ", ..." if len(runs) > _MOST else ""
            some = ", ".join(runs[:_MOST]) + more
            lines.append(f"  only the {which} has {count(len(runs), 'run')}: {some}")
    return lines + [f"  {table.table}: {_table_words(table)}" for table in found.tables]


def verdict_line(verdict: Verdict) -> str:
    """What became of one run that was done again."""
    said = {
        "bytes": "same bytes",
        "values": "same values, bit for bit",
        "tolerances": "within the tolerances",
        "differs": "DIFFERS",
        "failed": "could not be done again",
    }[verdict.level]
    lines = "".join(f"\n    {line}" for line in verdict.lines[:_MOST])
    return f"run {verdict.case}.{verdict.replicate}: {said}{lines}"


def verification_lines(found: Verification) -> list[str]:
    """What became of all that were asked for."""
    good = sum(verdict.verified for verdict in found.verdicts)
    lines = [
        f"{'verified' if found.verified else 'NOT verified'}: {good} of"
        f" {count(len(found.verdicts), 'run')} done again, {found.runs} in the folder"
    ]
    if found.elsewhere:
        lines.append("  made elsewhere, so within tolerances (docs/runs.md):")
        lines += [f"    {what}" for what in found.elsewhere[:_MOST]]
    if found.notes:
        lines.append("  of an earlier gigsim; no difference:")
        lines += [f"    {note}" for note in found.notes]
    if found.problems:
        lines += ["  files:", *(f"    {problem}" for problem in found.problems)]
    bad = [verdict for verdict in found.verdicts if not verdict.verified]
    lines += [f"  {verdict_line(verdict)}" for verdict in bad[:_MOST]]
    return lines + ([f"  and {len(bad) - _MOST} more"] if len(bad) > _MOST else [])


def pruning_lines(found: Pruning, *, deleted: bool) -> list[str]:
    """What goes, what stays, and what that frees."""
    verb = "deleted" if deleted else "to delete"
    lines = [
        f"{verb}: {entry.path.name} ({entry.kind}, {size_words(entry.bytes)},"
        f" {age_words(entry.age)} old{f', {entry.problem}' if entry.problem else ''})"
        for entry in found.chosen
    ]
    lines += [f"stays: {entry.path.name}: {why}" for entry, why in found.spared]
    return [*lines, f"{verb} in all: {len(found.chosen)}, {size_words(found.bytes)}"]


def size_words(size: float) -> str:
    """Bytes for people, in powers of 1000."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def age_words(seconds: float) -> str:
    """A time for people, in the largest unit of which there is one."""
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return "now"


def _finished(entry: Entry) -> str:
    if entry.problem:
        return "other version" if entry.other else "damaged"
    if entry.ended is None:
        return "being written" if entry.live else "-"
    found = entry.ended
    words = f"{found.finished:,} of {found.runs:,}"
    words += f", {found.failed:,} failed" if found.failed else ""
    words += f", {found.open:,} open" if found.open else ""
    return words if entry.complete or found.runs > 1 else "interrupted"


def _notes(found: Sequence[Entry]) -> list[str]:
    lines = []
    for entry in found:
        if entry.problem:
            lines.append(f"{entry.path.name}: {entry.problem}")
        elif entry.live and entry.kind in RESULTS:
            lines.append(f"{entry.path.name}: being run")
        elif resume := _resume(entry):
            lines.append(f"{entry.path.name}: goes on with {resume}")
        elif entry.kind == "partial" and not entry.live:
            lines.append(f"{entry.path.name}: left by a killed process (gigsim runs prune)")
    return lines


def _resume(entry: Entry) -> str | None:
    """The command that goes on with what was left in the middle."""
    if entry.problem or entry.live:
        return None
    if entry.kind == "checkpoint":
        return f"gigsim run --resume {entry.path}"
    if entry.ended is None or not entry.ended.open:
        return None
    commands = {"study": "sweep", "curve": "curve"}
    command = commands.get(entry.kind)
    return f"gigsim {command} --resume {entry.path}" if command else None


def _keys(keys: dict[str, Any]) -> str:
    return f"{len(keys)} {'key differs' if len(keys) == 1 else 'keys differ'}"


def _table_words(table: TableVerdict) -> str:
    if table.absent is not None:
        return f"not in the {'first' if table.absent == 'a' else 'second'}"
    if table.bytes_equal:
        return "same bytes"
    assert table.difference is not None
    return table.difference.words() or "equal values"
