"""From the runs of a folder to indices: one table over all outcomes, and what is to be said of it.

A function of the folder's tables and settings alone, so that it can be done again at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gigsim.errors import InputError
from gigsim.sensitivity.luck import Floats, Shares
from gigsim.sensitivity.morris import morris_indices
from gigsim.sensitivity.outcomes import Outcome, Values, values_of
from gigsim.sensitivity.plan import Plan
from gigsim.sensitivity.settings import MorrisMethod, Settings
from gigsim.sensitivity.sobol import sobol_indices
from gigsim.store.store import read_counts
from gigsim.streams import Streams

#: In front of the table, in this order.
FRONT = ("outcome", "method", "parameter", "other")


@dataclass(frozen=True)
class Summary:
    """One outcome.

    Attributes:
        outcome: as the study spells it.
        runs: that it was read from.
        missing: runs that have no such number; then there are no indices.
        censored: runs in which the period had not come by their end, and that stand at the
            horizon + 1.
        horizon: that period is restricted to; None where the outcome is none.
        shares: of parameters and seeds in its variance; None without indices.
        notes: what is to be known of it, a sentence each.
    """

    outcome: str
    runs: int
    missing: int
    censored: int
    horizon: int | None
    shares: Shares | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Analysis:
    """All outcomes of a study.

    Attributes:
        plan: of which runs.
        table: ``sensitivity.parquet``: a row an outcome and parameter, and one a pair
            (docs/sensitivity.md).
        summaries: one an outcome, in order.
    """

    plan: Plan
    table: pd.DataFrame
    summaries: tuple[Summary, ...]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        study, settings = self.plan.study, self.plan.settings
        # JSON has no NaN; a bool or a text is never one.
        rows = self.table.astype(object).where(self.table.notna(), None)
        return {
            "name": study.name,
            "method": settings.method,
            "parameters": list(self.plan.parameters),
            "points": len(self.plan.case),
            "distinct": self.plan.distinct,
            "cases": len(study.cases),
            "replicates": study.replicates,
            "runs": study.runs,
            "seed": study.seed,
            "common_random_numbers": study.common_random_numbers,
            "settings": settings.model_dump(mode="json"),
            "outcomes": [_json(asdict(summary)) for summary in self.summaries],
            "indices": [
                {name: value for name, value in row.items() if value is not None}
                for row in rows.to_dict("records")
            ],
        }


def analyse(plan: Plan, folder: Path) -> Analysis:
    """The indices of every outcome.

    Args:
        plan: of the folder.
        folder: in which every run has a result.

    Raises:
        InputError: a run has failed or is still to come; the folder is damaged; SALib is not
            installed.
    """
    counts = read_counts(folder)
    if counts.finished < plan.study.runs:
        problem = f"{counts.finished:,} of {plan.study.runs:,} runs have a result"
        failed = f", {counts.failed:,} failed" if counts.failed else ""
        again = f"gigsim sensitivity --resume {folder}"
        allowed = f"indices need every one: {again}{' --retry-failed' if counts.failed else ''}"
        raise InputError(str(folder), f"{problem}{failed}", allowed)
    parts, summaries = [], []
    for which in plan.settings.read:
        found = values_of(folder, plan.study, which)
        part, summary = _of(which, found, plan)
        parts.append(part)
        summaries.append(summary)
    table = pd.concat(parts, ignore_index=True)
    table["other"] = table["other"].astype("string")
    rest = [name for name in table if name not in FRONT]
    return Analysis(plan, table[[*FRONT, *rest]], tuple(summaries))


def indices(
    values: Floats, points: Floats, parameters: tuple[str, ...], settings: Settings, seed: int
) -> tuple[pd.DataFrame, Shares]:
    """The indices of one outcome by either method; see its module.

    Args:
        values: of the runs at the points, finite, shape (points, R).
        points: in the unit cube, in the order of the method, shape (points, D).
        parameters: names of the coordinates.
        settings: the method.
        seed: of the bootstrap.
    """
    if isinstance(settings, MorrisMethod):
        return morris_indices(
            values,
            points,
            parameters,
            levels=settings.levels,
            resamples=settings.resamples,
            seed=seed,
        )
    return sobol_indices(
        values,
        parameters,
        second_order=settings.second_order,
        resamples=settings.resamples,
        seed=seed,
    )


def _of(which: Outcome, found: Values, plan: Plan) -> tuple[pd.DataFrame, Summary]:
    missing = int((~np.isfinite(found.numbers)).sum())
    # Of as many points as there are: what they are of does not matter to the columns.
    values = found.numbers[plan.case] if not missing else np.zeros((len(plan.case), 1))
    seed = Streams(plan.study.seed).seed_for(f"sensitivity.{which.text}")
    table, shares = indices(values, plan.points, plan.parameters, plan.settings, seed)
    if missing:
        numbers = table.columns.difference(["parameter", "other"])
        table[numbers] = np.nan
    table.insert(0, "outcome", which.text)
    table.insert(1, "method", plan.settings.method)
    summary = Summary(
        outcome=which.text,
        runs=found.numbers.size,
        missing=missing,
        censored=found.censored,
        horizon=found.horizon,
        shares=None if missing else shares,
        notes=tuple(_notes(found, missing, values, shares, plan)),
    )
    return table, summary


def _notes(
    found: Values, missing: int, values: Floats, shares: Shares, plan: Plan
) -> Sequence[str]:
    runs = found.numbers.size
    if missing:
        return [f"{missing:,} of {runs:,} runs have no such number: no indices"]
    notes = []
    if found.horizon is not None:
        notes.append(
            f"a period that had not come by the end counts as {found.horizon + 1:,}:"
            f" {found.censored:,} of {runs:,} runs"
        )
    if np.ptp(values.mean(-1)) == 0:
        notes.append("it is the same at all points: no indices")
    elif values.shape[-1] == 1:
        notes.append("one seed a point: what luck does is in the indices, and how much not known")
    elif not shares.parameters > 0:
        notes.append("what the parameters do cannot be told from luck: no corrected indices")
    if plan.study.common_random_numbers and values.shape[-1] > 1:
        notes.append(
            "common random numbers: intervals are over points, given these"
            f" {values.shape[-1]:,} seeds"
        )
    return notes


def _json(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, dict):
            found[name] = _json(value)
        elif isinstance(value, float) and not np.isfinite(value):
            found[name] = None
        else:
            found[name] = list(value) if isinstance(value, tuple) else value
    return found
