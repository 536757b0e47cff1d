"""Many runs in a few numbers: the share that tipped, when, and where they ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gigsim.config.sections import Config
from gigsim.summary import plain_number
from gigsim.tipping import censored_quantiles, share_of

#: Final numbers that the summary gives means and bands of.
_BANDS = ("alpha", "members", "free_riders", "outsiders", "success_any", "success_top1", "accuracy")

_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def summarise_replicates(
    config: Config, count: int, runs: pd.DataFrame, failed: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """The ``summary.json`` of replicates: plain numbers, None where there is none.

    Args:
        config: of the scenario.
        count: replicates that were asked for.
        runs: one row a finished replicate, at least one.
        failed: ``replicate``, ``seed`` and ``why`` of those that ended without a result.
    """
    tipping = [None if pd.isna(period) else int(period) for period in runs["tipping_period"]]
    return {
        "name": config.name,
        "seed": config.run.seed,
        "replicates": count,
        "replicates_done": len(runs),
        "complete": len(runs) == count,
        "failed": [dict(one) for one in failed],
        "freelancers": config.population.size,
        "learner": config.platform.learner.kind,
        "target": config.collective.target,
        "metric": config.measure.success,
        "success_target": config.measure.success_target,
        "periods": [int(runs["periods"].min()), int(runs["periods"].max())],
        "tipped": _share(runs["tipped"]),
        "grown": _share(runs["grown"]),
        "settled": _share(runs["settled"].notna()),
        "tipping_period": {
            "values": tipping,
            "never": tipping.count(None),
            "quantiles": censored_quantiles(tipping, _LEVELS),
        },
        "final": {name: _band(runs[name]) for name in _BANDS},
    }


def _share(happened: pd.Series) -> dict[str, float | int]:
    found = share_of(int(happened.sum()), len(happened))
    return {
        "count": found.count,
        "of": found.of,
        "share": found.share,
        "low": found.low,
        "high": found.high,
    }


def _band(values: pd.Series) -> dict[str, float | int | None]:
    """Mean, its standard error, and the band that holds the middle 95 % of the replicates."""
    low, median, high = (plain_number(q) for q in values.quantile([0.025, 0.5, 0.975]))
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else None
    return {
        "mean": plain_number(values.mean()),
        "mean_se": plain_number(error),
        "low": low,
        "median": median,
        "high": high,
    }
