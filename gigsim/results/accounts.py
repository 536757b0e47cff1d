"""Do a folder's tables hold rows of the runs that it is to hold, under their own seeds and values?

What a run's numbers are, only doing it again tells (:mod:`gigsim.results.rerun`). Which runs there
are, with which seeds, and what a study varied in them follows from config, study and index alone,
and is looked up in every row, of runs that are not done again too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from gigsim.errors import InputError
from gigsim.results.compare import compare
from gigsim.results.source import KEYS, Source, damaged
from gigsim.results.sources import ReplicatesSource, StudySource
from gigsim.store.ledger import Ledger, read_ledger
from gigsim.store.store import read_table

#: A run as (case, replicate).
Number = tuple[int, int]

#: Tables that a run may have no rows in: of what was trained, of what a theory says.
_MAYBE_EMPTY = ("timings", "theory", "spot_checks")
#: Runs that a line names.
_NAMED = 5


def runs_of(source: Source, ledger: Ledger | None) -> list[Number]:
    """Which runs a folder's tables are to hold, in order.

    Args:
        source: the folder.
        ledger: what a study's index says; None where there is none.

    Raises:
        InputError: what tells it cannot be read.
    """
    if isinstance(source, StudySource):
        replicates = source.study.replicates
        if ledger is not None:
            finished = ledger.finished
        else:
            # Compacted: every run has ended.
            failed = source.failures()[["case", "replicate"]].to_numpy().tolist()
            # A table of something else is told of by gigsim.results.layout.
            known = [run for run in failed if all(isinstance(key, int) for key in run)]
            without = {case * replicates + replicate for case, replicate in known}
            finished = frozenset(range(source.study.runs)) - without
        return [divmod(number, replicates) for number in sorted(finished)]
    found = source.runs()
    if gone := [key for key in KEYS if key not in found]:
        raise damaged(source.path, f"runs.parquet has no column {gone[0]}")
    return sorted({(int(c), int(r)) for c, r in found[["case", "replicate"]].to_numpy()})


def wrong_rows(source: Source, runs: Sequence[Number]) -> list[str]:
    """What is wrong with the runs that the tables hold and with their seeds, a line each.

    Args:
        source: the folder.
        runs: that have to be in it.
    """
    wrong = []
    tables = {}
    for name in ("runs", *source.tables):
        try:
            tables[name] = _keys(source, name)
        except InputError as error:
            wrong.append(str(error))
    allowed = set(runs)
    if isinstance(source, StudySource) and (now := read_ledger(source.path)) is not None:
        # Others may have ended meanwhile.
        allowed |= set(runs_of(source, now))
    seed_of = _seeds(source)
    for name, keys in tables.items():
        wrong += [f"{name}: {what}" for what in _wrong_keys(keys, name, runs, allowed, seed_of)]
    if isinstance(source, ReplicatesSource):
        wrong += _wrong_count(source, runs)
    return wrong


def wrong_values(source: Source) -> list[str]:
    """Where ``runs`` of a study has other values of the varied keys than the study, a line each."""
    if not isinstance(source, StudySource) or not source.study.keys:
        return []
    study, runs = source.study, source.runs()
    runs = runs[runs["case"].between(0, len(study.cases) - 1)].reset_index(drop=True)
    keys = [key for key in study.keys if key in runs]
    wrong = [f"runs: no column {key}" for key in study.keys if key not in runs]
    if runs.empty:
        return wrong
    cases, place = np.unique(runs["case"].to_numpy(), return_inverse=True)
    columns = [study.columns(int(case)) for case in cases]
    # By way of Arrow, as the table was: missing values choose other types in pandas.
    values = pa.table({key: [found[key] for found in columns] for key in keys}).take(place)
    values = values.to_pandas()
    for key in keys:
        if runs[key].dtype != values[key].dtype:
            wrong.append(f"runs: {key} is {runs[key].dtype}, the study has {values[key].dtype}")
    front = ["case", "replicate"]
    found = compare(runs[front + keys], pd.concat([runs[front], values], axis=1))
    if not found.equal:
        wrong.append(f"runs: other values than the study's: {found.words()}")
    return wrong


def _seeds(source: Source) -> Callable[[Number], int]:
    if isinstance(source, StudySource):
        return lambda run: source.study.seed_of(*run)
    first = source.config(0, 0).run.seed
    # Neighbouring seeds: gigsim.replicates.
    return lambda run: first + run[1]


def _keys(source: Source, name: str) -> pd.DataFrame:
    if isinstance(source, StudySource):
        return read_table(source.path, name, columns=KEYS)
    table = source.runs() if name == "runs" else source.table(name)
    return table.reindex(columns=list(KEYS))


def _wrong_keys(
    keys: pd.DataFrame,
    name: str,
    runs: Sequence[Number],
    allowed: Collection[Number],
    seed_of: Callable[[Number], int],
) -> list[str]:
    if other := [key for key in KEYS if keys[key].dtype != np.int64]:
        return [f"{other[0]} is {keys[other[0]].dtype}, not int64"]
    found = keys.groupby(["case", "replicate"])["seed"].agg(["min", "max", "size"])
    here = [(int(case), int(replicate)) for case, replicate in found.index]
    wrong = []
    if extra := [run for run in here if run not in allowed]:
        wrong.append(f"rows of {_runs(extra)}, which should not be there")
    if name not in _MAYBE_EMPTY and (gone := set(runs).difference(here)):
        wrong.append(f"no rows of {_runs(sorted(gone))}")
    if name == "runs":
        twice = [run for run, size in zip(here, found["size"], strict=True) if size > 1]
        wrong += [f"several rows of {_runs(twice)}"] if twice else []
    own = {
        run: (int(low), int(high))
        for run, low, high in zip(here, found["min"], found["max"], strict=True)
        if run in allowed and not low == high == seed_of(run)
    }
    if own:
        run = min(own)
        seed = next(seed for seed in own[run] if seed != seed_of(run))
        wrong.append(
            f"other seeds than their own in {_runs(sorted(own))}"
            f" ({seed} instead of {seed_of(run)} in the first)"
        )
    return wrong


def _wrong_count(source: ReplicatesSource, runs: Sequence[Number]) -> list[str]:
    asked, done = source.summary["replicates"], source.summary["replicates_done"]
    wrong = []
    if len(runs) != done:
        wrong.append(f"runs: {len(runs)} replicates, {done} by summary.json")
    failed = {one["replicate"] for one in source.summary["failed"]}
    odd = [run for run in runs if not 0 <= run[1] < asked or run[1] in failed]
    return wrong + ([f"runs: by summary.json there is no {_runs(odd)}"] if odd else [])


def _runs(runs: Iterable[Number]) -> str:
    names = [f"{case}.{replicate}" for case, replicate in runs]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"run {', '.join(names[:_NAMED])}{more}"
