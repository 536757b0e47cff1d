"""Outcomes: numbers of a run that indices are of, and what is done where a run has none.

*A period that never came.* ``tipping_period`` and ``settled`` are missing where a run has not
tipped or settled by its end: the run is censored, not short of a number. The outcome is then the
restricted period min(T, H + 1), H the periods that a run may have: one more than the number of
periods up to H in which it had not tipped yet. That is a number of every run, its mean is what
survival analysis calls the restricted mean, and how many runs are at H + 1 is reported with it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim.config.schema import shown
from gigsim.errors import InputError
from gigsim.experiments.study import Study
from gigsim.sensitivity.columns import columns
from gigsim.store.store import read_table

#: Columns of ``runs`` that are periods, which may not have come by a run's end.
CENSORED = ("tipping_period", "settled")
#: Wealth of all people at the end: the mean of the last period times how many they are.
WEALTH = "total_wealth"
_PEOPLE = ("members", "free_riders", "outsiders")

_SPELLED = re.compile(r"(?:(?P<how>[a-z]+)\((?P<column>\w+)\)|(?P<run>\w+))")
_REDUCE: dict[str, Callable[..., NDArray[np.float64]]] = {
    "mean": np.add.reduceat,
    "max": np.maximum.reduceat,
    "min": np.minimum.reduceat,
    "sum": np.add.reduceat,
}
HOW = ("last", *_REDUCE)


@dataclass(frozen=True)
class Outcome:
    """A number of a run.

    Attributes:
        text: as the study spells it.
        column: of ``runs``, or of ``periods``, or ``total_wealth``.
        how: what is made of the column of ``periods``: the last period's value, or the mean, most,
            least or sum of periods 1 and later; empty for ``runs``.
    """

    text: str
    column: str
    how: str = ""

    @property
    def table(self) -> str:
        """The table that it is read from."""
        return "periods" if self.how or self.column == WEALTH else "runs"

    @property
    def censored(self) -> bool:
        """Is it a period that may not have come by a run's end?"""
        return not self.how and self.column in CENSORED


@dataclass(frozen=True)
class Values:
    """An outcome of every run.

    Attributes:
        numbers: shape (cases, R), NaN where a run has no such number.
        censored: runs that stand at the horizon + 1, since the period had not come by their end.
        horizon: H, of an outcome that may be censored; else None.
    """

    numbers: NDArray[np.float64]
    censored: int = 0
    horizon: int | None = None


def outcome(text: str, refusal: Callable[[str, str], InputError] | None = None) -> Outcome:
    """The outcome that a text spells.

    Args:
        text: ``tipped``, or ``max(alpha)``.
        refusal: makes the error from what is wrong and what is allowed.

    Raises:
        InputError: it spells none.
    """
    refusal = refusal or (lambda said, allowed: InputError("outcomes", said, allowed))
    text = text.replace(" ", "")
    found = _SPELLED.fullmatch(text)
    ways = ", ".join(f"{how}(...)" for how in HOW)
    if not found or (found["how"] and found["how"] not in HOW):
        allowed = f"a column of runs, or of periods in one of {ways}"
        raise refusal(f"{shown(text)} is no outcome", allowed)
    if found["how"]:
        _check(text, found["column"], columns().periods, "periods", refusal)
        return Outcome(text, found["column"], found["how"])
    name = found["run"]
    if name in columns().periods and name not in columns().runs:
        said = f"{shown(text)} is a column of periods, of which a run has many"
        raise refusal(said, f"one of {ways}, e.g. last({name})")
    _check(text, name, (*columns().runs, WEALTH), "runs", refusal)
    return Outcome(text, name)


def values_of(folder: Path, study: Study, which: Outcome) -> Values:
    """An outcome of every run of a folder.

    Args:
        folder: of a study of which every run has a result.
        study: of the folder.
        which: the outcome.

    Raises:
        InputError: the folder is damaged, or lacks the table.
    """
    shape = (len(study.cases), study.replicates)
    if which.table == "runs":
        found = read_table(folder, "runs", columns=["case", "replicate", which.column])
        numbers = _numbers(found[which.column]).reshape(shape)
        if not which.censored:
            return Values(numbers)
        horizon = _horizon(study)
        late = ~(numbers <= horizon)
        numbers = np.where(late, horizon + 1.0, numbers)
        return Values(numbers, int(late.sum()), horizon)
    if which.column == WEALTH:
        people = sum(_last(folder, name) for name in _PEOPLE)
        return Values((_last(folder, "mean_wealth") * people).reshape(shape))
    if which.how == "last":
        return Values(_last(folder, which.column).reshape(shape))
    return Values(_reduced(folder, which, shape))


def _reduced(folder: Path, which: Outcome, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Over periods 1 and later, NaN where one of them has no such number, or there is none."""
    found = _periods(folder, which.column)
    later = found[found["period"] > 0]
    keys = later["case"].to_numpy() * shape[1] + later["replicate"].to_numpy()
    numbers = _numbers(later[which.column])
    runs, starts, lengths = np.unique(keys, return_index=True, return_counts=True)
    reduced = _REDUCE[which.how](numbers, starts) if len(starts) else np.zeros(0)
    if which.how == "mean":
        reduced = reduced / lengths
    every = np.full(shape[0] * shape[1], np.nan)
    every[runs] = reduced
    return every.reshape(shape)


def _last(folder: Path, column: str) -> NDArray[np.float64]:
    """Of the last period of every run, in the order of runs."""
    found = _periods(folder, column)
    last = found.drop_duplicates(["case", "replicate"], keep="last")
    return _numbers(last[column])


def _periods(folder: Path, column: str) -> pd.DataFrame:
    return read_table(folder, "periods", columns=["case", "replicate", "period", column])


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    return column.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)


def _horizon(study: Study) -> int:
    """Periods that every run may have: what T is restricted to where cases differ in it."""
    names = ("run.periods", "run.limit", "run.until")
    varied = bool(set(names) & set(study.keys))
    cases = range(len(study.cases) if varied else 1)
    runs = [study.case_config(case).run for case in cases]
    return min(run.limit if run.until == "settled" else run.periods for run in runs)


def _check(
    text: str,
    name: str,
    known: tuple[str, ...],
    table: str,
    refusal: Callable[[str, str], InputError],
) -> None:
    if name in known:
        return
    near = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise refusal(f"{shown(text)}: {table} has no such number", f"{hint}{', '.join(known)}")
