"""Files of a finished plan: rows, summary and the figure, readable with pandas alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gigsim.curves.columns import FRONT, ORDER
from gigsim.curves.figure import curve_figure
from gigsim.curves.plan import Plan, open_plan
from gigsim.curves.summary import critical_masses, summarise
from gigsim.errors import InputError
from gigsim.runs import read_table, write_json, write_table
from gigsim.store.index import explained
from gigsim.store.store import read_counts
from gigsim.store.store import read_table as read_stored

CURVE, SUMMARY, LINES, FIGURE = "curve.parquet", "summary.parquet", "theory.parquet", "curve.png"


@dataclass(frozen=True)
class CurveFolder:
    """Curves read back (docs/curves.md).

    Attributes:
        path: of the folder.
        plan: what was measured.
        rows: a row a cell: a training measured for one arm, α and seed.
        summary: a row for each curve and α.
        theory: the lines of theory of each curve on a grid of α.
        complete: is there a row for every cell? Not where trainings failed or are still to come.
    """

    path: Path
    plan: Plan
    rows: pd.DataFrame
    summary: pd.DataFrame
    theory: pd.DataFrame
    complete: bool


def load_curve(path: Path | str) -> CurveFolder:
    """Read the folder of curves, also one that is still being filled.

    Args:
        path: a folder that ``gigsim curve`` wrote or is writing.

    Returns:
        Its plan, rows, summary and lines of theory, and whether it is complete.

    Raises:
        InputError: no curves there, or damaged.
    """
    folder = Path(path)
    plan = open_plan(folder)
    counts = read_counts(folder)
    if (folder / CURVE).is_file() and counts.complete:
        try:
            rows, summary, lines = (read_table(folder / n) for n in (CURVE, SUMMARY, LINES))
        except (OSError, ValueError) as error:
            raise InputError(str(folder), f"is damaged ({error})", "the folder, whole") from error
        if "alpha_effective" not in summary:
            # A folder from before summaries said who follows; its rows always did.
            summary = summarise(rows)
    else:
        rows = rows_of(folder)
        summary = summarise(rows) if len(rows) else pd.DataFrame()
        lines = lines_in(folder)
    return CurveFolder(folder, plan, rows, summary, lines, counts.finished == counts.runs)


def rows_of(folder: Path) -> pd.DataFrame:
    """The rows that are in a folder's store now, by arm, α, seed and retraining."""
    stored = read_stored(folder, "rows")
    if "arm" not in stored:
        # Nothing has ended yet, and the store knows no columns.
        return pd.DataFrame(columns=[*FRONT, *ORDER])
    rows = stored.drop(columns=["case", "replicate"]).sort_values([*ORDER], kind="stable")
    rest = [name for name in rows.columns if name not in FRONT]
    return rows[[*FRONT, *rest]].reset_index(drop=True)


def lines_in(folder: Path) -> pd.DataFrame:
    """The lines of theory that are in a folder's store now, by arm and α."""
    stored = read_stored(folder, "theory")
    if "arm" not in stored:
        return pd.DataFrame(columns=["arm", "name", "alpha"])
    lines = stored.drop(columns=["case", "replicate", "seed"])
    return lines.sort_values(["arm", "alpha"], kind="stable").reset_index(drop=True)


def write_tables(folder: Path, plan: Plan) -> None:
    """Write what is made of a store that has come to its end; each file whole or not at all.

    Called again it writes the same bytes.

    Raises:
        InputError: the folder cannot be written to.
    """
    rows = rows_of(folder)
    if not len(rows):
        return
    summary, lines = summarise(rows), lines_in(folder)
    figure = curve_figure(plan.arms, rows, summary, lines)
    made: dict[str, Any] = {
        "name": plan.name,
        "cells": len(rows),
        "trainings": int(rows["training"].nunique()),
        "curves": critical_masses(rows, plan),
    }
    with explained(folder):
        for name, write in (
            (CURVE, lambda at: write_table(rows, at)),
            (SUMMARY, lambda at: write_table(summary, at)),
            (LINES, lambda at: write_table(lines, at)),
            ("summary.json", lambda at: write_json(made, at)),
            (
                FIGURE,
                lambda at: figure.savefig(at, dpi=150, format="png", metadata={"Software": None}),
            ),
        ):
            partial = folder / f".{name}.partial-{os.getpid()}"
            write(partial)
            partial.replace(folder / name)
