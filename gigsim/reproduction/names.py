"""Names of arms: the one place where a row of ``curve.parquet`` says which curve it is of.

``experiment: variant / learner / target``, and behind it `` / more seeds`` for cells that were
added after a first look at the curve.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

_MORE = "more seeds"


class Parts(NamedTuple):
    """What a name says."""

    experiment: str
    variant: str
    learner: str
    target: str
    more: bool = False


def name_of(experiment: str, variant: str, learner: str, target: str, *, more: bool = False) -> str:
    """The name of an arm."""
    parts = [f"{experiment}: {variant}", learner, target]
    return " / ".join([*parts, _MORE] if more else parts)


def parts_of(name: str) -> Parts:
    """What a name that :func:`name_of` made says.

    Raises:
        ValueError: it did not make it.
    """
    experiment, colon, rest = name.partition(": ")
    parts = rest.split(" / ")
    more = parts[-1] == _MORE
    if not colon or len(parts) != 3 + more:
        raise ValueError(f"{name!r} is not the name of an arm of an experiment")
    return Parts(experiment, parts[0], parts[1], parts[2], more)


def with_parts(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with columns ``experiment`` and ``variant`` from their names; of experiments only."""
    rows = rows[rows["name"].str.contains(": ", regex=False)]
    named = {name: parts_of(name) for name in rows["name"].unique()}
    return rows.assign(
        experiment=rows["name"].map({name: parts.experiment for name, parts in named.items()}),
        variant=rows["name"].map({name: parts.variant for name, parts in named.items()}),
    )
