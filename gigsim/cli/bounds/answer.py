"""What a command answers: for programs, for scripts, for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from gigsim.cli.output import print_json, print_lines, print_table

if TYPE_CHECKING:
    from gigsim.theory.gaps import Floats


class Sheet(NamedTuple):
    """A table for people."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Column(NamedTuple):
    """A bound at each share: its key in JSON, its heading, its values."""

    key: str
    heading: str
    values: Floats


@dataclass(frozen=True)
class Answer:
    """An answer before it is written down.

    Attributes:
        result: as JSON, in this order.
        sheets: as tables.
        lines: as ``--quiet`` prints it.
        notes: sentences under the tables.
    """

    result: Mapping[str, Any]
    sheets: Sequence[Sheet]
    lines: Sequence[str]
    notes: Sequence[str] = field(default=())

    def show(self, as_json: bool, quiet: bool) -> None:
        """Write it to standard output in one of its three forms."""
        if as_json:
            print_json(self.result)
        elif quiet:
            print_lines(list(self.lines))
        else:
            for sheet in self.sheets:
                print_table(sheet.title, sheet.rows, sheet.header)
            if self.notes:
                print_lines(list(self.notes))


def answer(
    head: Mapping[str, Any],
    said: str,
    alphas: Floats,
    columns: Sequence[Column],
    sizes: Mapping[str, Any],
    *,
    promise: str = "S(α) is at least",
    sizes_title: str = "Share that suffices (ε = 0)",
    needed: Sequence[Mapping[str, Any]] = (),
    sheets: Sequence[Sheet] = (),
    tail: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> Answer:
    """An answer that is one table over α and, mostly, one of sizes.

    Args:
        head: strategy, theorem and the numbers put in, for JSON.
        said: the numbers put in, for people.
        alphas: shape (k,).
        columns: the bound first; more of them where there are several.
        sizes: ``foot`` and ``critical_mass`` (by success), as :func:`sizes_of` gives them; or {}.
        promise: what the values of the first table are.
        sizes_title: title of the second.
        needed: answers to inverse questions, ``solving.limits_of``.
        sheets: more tables.
        tail: more for JSON.
        notes: sentences for people.
    """
    result: dict[str, Any] = {**head, "alpha": alphas.tolist()}
    result |= {column.key: _plain(column.values) for column in columns}
    result |= sizes
    shown = [columns[0]]
    for column in columns[1:]:
        if result[column.key] != result[columns[0].key]:
            shown.append(column)
    rows = [
        (share_of(a), *(number(value) for value in row))
        for a, *row in zip(result["alpha"], *(result[column.key] for column in shown), strict=True)
    ]
    tables = [Sheet(f"{promise} ({said})", ("α", *(c.heading for c in shown)), rows)]
    if sizes:
        tables.append(sizes_sheet(sizes_title, sizes["critical_mass"], sizes.get("foot")))
    tables += sheets
    if needed:
        result["needed"] = list(needed)
        tables.append(_needs_sheet(needed))
    result |= tail or {}
    lines = [number(value) for value in result[columns[0].key]]
    return Answer(result, tables, lines, notes)


def sizes_sheet(title: str, masses: Mapping[str, float], foot: float | None = None) -> Sheet:
    """Shares that suffice, as a table."""
    rows = [] if foot is None else [("bound above 0", size(foot))]
    rows += [(f"S ≥ {goal}", size(mass)) for goal, mass in masses.items()]
    return Sheet(title, ("goal", "α"), rows)


def sizes_of(
    goals: Sequence[float], mass: Callable[[float], Any], foot: float | None = None
) -> dict[str, Any]:
    """The shares that suffice for some successes, as JSON has them; over 1 there is none."""
    found: dict[str, Any] = {} if foot is None else {"foot": possible(foot)}
    found["critical_mass"] = {f"{goal:g}": possible(mass(goal)) for goal in goals}
    return found


def possible(share: Any) -> float:
    """A share that suffices; inf, JSON's null, where it would be more than everybody."""
    return float(share) if share <= 1 else float("inf")


def size(share: float) -> str:
    """A share that suffices, for people."""
    return f"{100 * share:.4f} %" if share <= 1 else "none"


def share_of(alpha: float) -> str:
    """α for people."""
    return f"{100 * alpha:g} %"


def number(value: float) -> str:
    """A bound, for people."""
    return "-" if value != value else f"{value:.6f}"


#: How a limit reads; what is not here reads as its own name.
_LIMITS = {
    "xi": "ξ at most",
    "gap": "Δ at most",
    "kappa": "κ at most",
    "p": "p at least",
    "tau": "τ at most",
    "deficit": "mean deficit at most",
    "error": "D at most",
    "slack": "mean slack at most",
    "part": "part of the others against us",
}


def _needs_sheet(needed: Sequence[Mapping[str, Any]]) -> Sheet:
    keys = [key for key in needed[0] if key not in ("success", "alpha")]
    header = ("S ≥", "α", *(_LIMITS.get(key, key) for key in keys))
    rows = [
        (
            f"{row['success']:g}",
            share_of(row["alpha"]),
            *("none" if row[key] != row[key] else f"{row[key]:.6g}" for key in keys),
        )
        for row in needed
    ]
    return Sheet("What it takes (each with the other numbers as given)", header, rows)


def _plain(values: Floats) -> Any:
    import numpy as np

    return np.asarray(values).tolist()
