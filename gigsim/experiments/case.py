"""One run of a study: what a worker is told, and the tables that it hands back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gigsim.config import Config
from gigsim.learners.cache import TrainingCache
from gigsim.model import GigEconomy
from gigsim.run_rows import runs_table
from gigsim.runs import tables_of
from gigsim.store.columns import encode
from gigsim.summary import summarise_run


@dataclass(frozen=True)
class Job:
    """One run of a study.

    Attributes:
        case: its number, from 0.
        replicate: from 0.
        config: resolved, with the run's own seed.
        values: of the varied keys, by column of ``runs``.
        record: the tables to hand back beside ``runs`` and ``timings``.
        cache: where trainings are shared; None trains each.
        trust: as of :class:`~gigsim.model.GigEconomy`.
    """

    case: int
    replicate: int
    config: Config
    values: Mapping[str, Any]
    record: tuple[str, ...]
    cache: TrainingCache | None = None
    trust: bool = False


@dataclass(frozen=True)
class Result:
    """What one run hands back.

    Attributes:
        tables: for each table the stream of bytes that ``columns.encode`` makes.
        brief: a few of its numbers, for the display of progress.
        trainings: classifiers that were trained.
        cached: classifiers that were fetched from the cache instead.
    """

    tables: dict[str, bytes]
    brief: str
    trainings: int
    cached: int


def run_case(job: Job, tell: Callable[[Any], None]) -> Result:
    """Run it to its end, telling each finished period.

    Raises:
        InputError: setting up shows that the config cannot be run.
    """
    model = GigEconomy(job.config, cache=job.cache, trust=job.trust)
    try:
        tell(0)
        while not model.finished:
            model.step()
            tell(model.period)
        return _result(job, model)
    finally:
        model.close()


def _result(job: Job, model: GigEconomy) -> Result:
    summary = summarise_run(model)
    keys = {"case": job.case, "replicate": job.replicate, "seed": job.config.run.seed}
    found = tables_of(model)
    tables = {name: keyed(found[name], keys) for name in job.record}
    tables["timings"] = keyed(model.ledger.timings(), keys)
    tables["runs"] = runs_table([keys | dict(job.values)], [summary])
    final = summary["final"]
    return Result(
        tables={name: encode(table) for name, table in tables.items()},
        brief=f"α {final['alpha']:.1%}, S {final['success_' + summary['metric']]:.1%}",
        trainings=model.ledger.trainings,
        cached=model.ledger.trainings_cached,
    )


def keyed(table: pd.DataFrame, keys: Mapping[str, int]) -> pd.DataFrame:
    """The table with constant columns in front, whole numbers even where it has no rows."""
    columns = pd.DataFrame({k: np.full(len(table), v, dtype=np.int64) for k, v in keys.items()})
    return pd.concat([columns, table.reset_index(drop=True)], axis=1)
