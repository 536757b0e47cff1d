"""Does the money of a folder's runs add up, period by period?

Two identities (design of the payments: benefits, costs, dues, subsidies) that hold whatever a run
does, and are looked up in every run, of those that are not done again too:

* fund = fund of the period before + dues - subsidies, from ``collective.fund`` on;
* the sum of utilities = benefits - costs - dues + subsidies.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.results.source import Source

#: To this part of what moved, or of one unit of money where less did.
_TO = 1e-9
#: Runs whose periods are held in memory at a time, and those that a line names.
_AT_ONCE, _NAMED = 500, 5
_KEYS = ["case", "replicate"]
_MOVED = ["benefits", "costs", "dues", "subsidies"]
_PEOPLE = ["members", "free_riders", "outsiders"]
_NEEDED = [*_KEYS, "period", "mean_utility", "fund", *_MOVED, *_PEOPLE]


def wrong_money(source: Source, runs: Sequence[tuple[int, int]]) -> list[str]:
    """What does not add up, a line an identity; runs from before there was a fund are let be.

    Args:
        source: the folder. What is wrong with its tables as such, others say.
        runs: as (case, replicate), those that it is to hold.
    """
    if "periods" not in source.tables:
        return []
    funds: list[tuple[int, int]] = []
    utilities: list[tuple[int, int]] = []
    for some in (runs[at : at + _AT_ONCE] for at in range(0, len(runs), _AT_ONCE)):
        try:
            table = source.table("periods", list(some))
            begin = _begin(source, some)
        except (InputError, KeyError):
            continue
        if not {*_NEEDED} <= {*table} or not _numbers(table):
            continue
        # A run of a study may be older than others.
        table = table[table["fund"].notna()].sort_values([*_KEYS, "period"], kind="stable")
        started = pd.MultiIndex.from_frame(table[_KEYS]).map(begin).to_numpy(dtype=float)
        funds += _runs_of(table, ~_fund_holds(table, started))
        utilities += _runs_of(table, ~_utility_holds(table))
    return [
        *_said("fund is not what was there, plus dues, less subsidies, in", funds),
        *_said("utilities are not benefits less costs and dues, plus subsidies, in", utilities),
    ]


def _fund_holds(table: pd.DataFrame, started: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Row by row; period 0 has what the config says."""
    before = table.groupby(_KEYS)["fund"].shift().to_numpy()
    before = np.where(np.isnan(before), started, before)
    fund, dues, subsidies = (table[name].to_numpy() for name in ("fund", "dues", "subsidies"))
    return _equal(fund, before + dues - subsidies, before + dues + subsidies)


def _utility_holds(table: pd.DataFrame) -> NDArray[np.bool_]:
    benefits, costs, dues, subsidies = (table[name].to_numpy() for name in _MOVED)
    total = table["mean_utility"].to_numpy() * table[_PEOPLE].sum(axis=1).to_numpy()
    moved = np.abs(benefits) + np.abs(costs) + dues + subsidies
    return _equal(total, benefits - costs - dues + subsidies, moved)


def _equal(
    one: NDArray[np.float64], other: NDArray[np.float64], size: NDArray[np.float64]
) -> NDArray[np.bool_]:
    # What is no number is not equal.
    return np.abs(one - other) <= _TO * np.maximum(1.0, size)


def _begin(source: Source, runs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], float]:
    """What each run begins with."""
    if "collective.fund" not in source.varied:
        first = source.config(*runs[0]).collective.fund
        return dict.fromkeys(runs, first)
    return {run: source.config(*run).collective.fund for run in runs}


def _numbers(table: pd.DataFrame) -> bool:
    return all(pd.api.types.is_numeric_dtype(table[name]) for name in _NEEDED)


def _runs_of(table: pd.DataFrame, wrong: NDArray[np.bool_]) -> list[tuple[int, int]]:
    found = table.loc[wrong, _KEYS].drop_duplicates().to_numpy()
    return [(int(case), int(replicate)) for case, replicate in found]


def _said(what: str, runs: list[tuple[int, int]]) -> list[str]:
    if not runs:
        return []
    names = [f"{case}.{replicate}" for case, replicate in runs]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return [f"periods: {what} run {', '.join(names[:_NAMED])}{more}"]
