"""A measured curve S(α) in a file: CSV or Parquet, one row a training.

What ``gigsim curve`` writes, or a table from elsewhere with the same columns. Files are checked
cell by cell, because a surrogate believes whatever it is given. Of several arms in one file one is
chosen by its name.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.learners.curve_cells import (
    ARM,
    IDENTITY,
    NEEDED,
    OPTIONAL,
    SEED,
    Cells,
    read_cells,
    shortened,
)

#: Shares of people that differ by less are the same share.
_ROUNDING = 1e-9


class CurveRows(NamedTuple):
    """The rows of a curve file.

    Attributes:
        table: float64 columns :data:`NEEDED` and those of :data:`OPTIONAL` that the file has, a row
            a training, in the order of the file; at least one row with alpha = 0.
        turn: int64, shape (rows,): the rows by their seeds where the file has a column of that
            name, else as they stand. The k-th row of an α in this order and the k-th of another are
            taken for one training: collectives of one seed are nested.
        errors: by column of success, float64, shape (rows,): standard error of drawing the held-out
            resumes, NaN where it is not known; only of a file that ``gigsim curve`` wrote, and of
            the reading that it was for.
        about: of :data:`IDENTITY` what the file has, each the same in all rows.
    """

    table: pd.DataFrame
    turn: NDArray[np.int64]
    errors: dict[str, NDArray[np.float64]]
    about: dict[str, str]


def read_curve(path: Path | str, arm: str = "") -> pd.DataFrame:
    """The table of :func:`read_rows`."""
    return read_rows(path, arm).table


def read_rows(path: Path | str, arm: str = "") -> CurveRows:
    """Read and check a curve file.

    Args:
        path: CSV or Parquet.
        arm: which arm of a file that ``gigsim curve`` wrote, by its ``name``; empty where the file
            has one.

    Raises:
        InputError: the file is missing, is no CSV or Parquet table, is called .parquet and is none,
            is too large, lacks a column, mixes several curves (the message lists the arms), has no
            such arm, has a value that is no number in [0, 1] (a seed apart), lacks alpha = 0. The
            message names file, line (CSV) or row (Parquet), and column.
    """
    path = Path(path)
    cells = read_cells(path)
    if not cells.rows:
        raise InputError(str(path), "no rows", "one row a training, alpha = 0 among them")
    columns, rows, *_ = cells = _of_arm(path, cells, arm)
    table = _checked(path, cells)
    turn = np.arange(len(rows))
    if SEED in columns:
        seeds = [row[columns.index(SEED)] for row in rows]
        turn = np.array(sorted(range(len(rows)), key=lambda k: _rank(seeds[k])), dtype=np.int64)
    errors = {}
    if {*ARM, "success_se", "goal"} <= set(columns):
        name = f"success_{rows[0][columns.index('goal')]}"
        found = [_number(row[columns.index("success_se")]) for row in rows]
        errors[name] = np.array(found, dtype=np.float64)
    about = {name: str(rows[0][columns.index(name)]) for name in IDENTITY if name in columns}
    return CurveRows(table, turn, errors, about)


def _of_arm(path: Path, cells: Cells, arm: str) -> Cells:
    """The rows of one arm, and that they are of one classifier each."""
    columns, rows, lines, unit = cells
    if not set(ARM) <= set(columns):
        if arm:
            raise InputError(
                str(path),
                f"no column {next(name for name in ARM if name not in columns)}, so no arm"
                f" {shortened(repr(arm))}",
                "platform.learner.arm is for what `gigsim curve` wrote: leave it empty",
            )
        return cells
    name = columns.index("name")
    found = list(dict.fromkeys(str(row[name]) for row in rows))
    listed = shortened(", ".join(found), 300)
    if not arm and len(found) > 1:
        raise InputError(
            str(path),
            f"{len(found)} arms, and a surrogate is one curve",
            f"platform.learner.arm is one of: {listed}",
        )
    if arm and arm not in found:
        raise InputError(
            str(path), f"no arm {shortened(repr(arm))}", f"platform.learner.arm is one of: {listed}"
        )
    kept = [k for k, row in enumerate(rows) if not arm or str(row[name]) == arm]
    rows, lines = [rows[k] for k in kept], [lines[k] for k in kept]
    if "retraining" in columns:
        turns = {_number(row[columns.index("retraining")]) for row in rows}
        if len(turns) > 1:
            raise InputError(
                str(path),
                f"column retraining: {len(turns)} trainings in a row, each with an S(α) of its own",
                "keep the rows of one of them",
            )
    if "alpha_effective" in columns and "alpha" in columns:
        pair = columns.index("alpha"), columns.index("alpha_effective")
        off = [k for k, row in enumerate(rows) if _apart(*(_number(row[p]) for p in pair))]
        if off:
            raise InputError(
                str(path),
                f"alpha and alpha_effective differ ({unit} {lines[off[0]]}): members abstained,"
                " and a surrogate is read at the share that follows",
                "a curve that was measured with collective.abstain = 0",
            )
    return Cells(columns, rows, lines, unit)


def _apart(alpha: float, effective: float) -> bool:
    return abs(alpha - effective) > _ROUNDING


def _rank(seed: object) -> tuple[bool, float, str]:
    """Numbers first, in their order, then whatever else, in that of its text."""
    value = _number(seed)
    return (math.isnan(value), 0.0 if math.isnan(value) else value, str(seed))


def _checked(path: Path, cells: Cells) -> pd.DataFrame:
    columns, rows, lines, unit = cells
    for name in IDENTITY:
        if name in columns:
            place = columns.index(name)
            found = sorted({str(row[place]) for row in rows})
            if len(found) > 1:
                raise InputError(
                    str(path),
                    f"column {name} has {len(found)} values ({shortened(', '.join(found))})",
                    "a surrogate is one curve: keep the rows of one of them",
                )
    kept = [*NEEDED, *(name for name in OPTIONAL if name in columns)]
    places = [columns.index(name) for name in kept]
    table = np.empty((len(rows), len(kept)))
    for number, row in enumerate(rows):
        for slot, (name, place) in enumerate(zip(kept, places, strict=True)):
            value = _number(row[place])
            if not 0 <= value <= 1:
                raise InputError(
                    str(path),
                    f"{unit} {lines[number]}, column {name}: {shortened(repr(row[place]))}",
                    "a number in [0, 1] is needed",
                )
            table[number, slot] = value
    if not (table[:, 0] == 0).any():
        raise InputError(
            str(path),
            f"column alpha: no row has alpha = 0 (the least is {table[:, 0].min():g})",
            "U(0), the world without a collective, is measured there: add it",
        )
    return pd.DataFrame(table, columns=kept)


def _number(cell: object) -> float:
    """The cell as a number, NaN if it is none."""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return math.nan
    try:
        return float(cell)
    except (ValueError, OverflowError):
        return math.nan
