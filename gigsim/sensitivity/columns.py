"""The numbers that a run writes down: asked of a run, so that no list of them is out of date."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pandas as pd

from gigsim.config import build
from gigsim.model import GigEconomy
from gigsim.run_rows import runs_table
from gigsim.summary import summarise_run

#: A run of some hundredths of a second; the tables of all runs have the same columns.
_SMALLEST = {
    "platform.learner.kind": "bayes",
    "corpus.cells": 20,
    "corpus.test_size": 50,
    "population.size": 60,
    "collective.first_movers": 6,
    "measure.bootstrap": 100,
    "measure.selection_draws": 99,
    "measure.reference": 0,
    "run.periods": 1,
}


@dataclass(frozen=True)
class Columns:
    """Columns that are numbers, in the tables' order (docs/tables.md).

    Attributes:
        runs: of one row a run.
        periods: of one row a period, without its number.
    """

    runs: tuple[str, ...]
    periods: tuple[str, ...]


@cache
def columns() -> Columns:
    """The columns that this version of gigsim writes."""
    model = GigEconomy(build({}, _SMALLEST))
    try:
        model.run()
        runs = runs_table([{}], [summarise_run(model)])
        periods = model.periods.drop(columns="period")
    finally:
        model.close()
    return Columns(_numbers(runs), _numbers(periods))


def _numbers(table: pd.DataFrame) -> tuple[str, ...]:
    kinds = pd.api.types
    return tuple(
        str(name)
        for name in table
        if kinds.is_numeric_dtype(table[name]) or kinds.is_bool_dtype(table[name])
    )
