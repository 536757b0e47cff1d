"""When a collective has tipped, and when it has grown: the two words, defined once.

*Tipped*: the measured S of the published metric (``measure.success``) is at or above
``measure.success_target`` at the last retraining. Its *tipping period* is the first retraining
from which on S never falls below the target again. Period 0, the world before the collective, is
no retraining in this sense, and one without a single member reaches nothing: where S is at the
target without a collective, it is not the collective that tipped.

A run that has not tipped is *censored*: had it gone on, it might have. Its tipping period is
missing, and counts as later than every other in quantiles; it is never left out.

*Grown*: more members at the end than first movers, whatever S is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from gigsim.config.changes import timeline
from gigsim.config.load import build
from gigsim.config.sections import Config


@dataclass(frozen=True)
class Share:
    """A share of independent runs.

    Attributes:
        count: runs that did.
        of: runs.
        low: lower end of the 95 % interval.
        high: upper end.
    """

    count: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Count / of; NaN of no runs."""
        return self.count / self.of if self.of else math.nan


def tipping_period(retrainings: pd.DataFrame, config: Config) -> int | None:
    """The tipping period of a run, None where it has not tipped.

    Args:
        retrainings: one row a deployed classifier, period 0 first.
        config: for the metric and its target.
    """
    rows = retrainings[retrainings["period"] > 0]
    high = rows[f"success_{config.measure.success}"] >= config.measure.success_target
    reached = (high & (rows["alpha_trained"] > 0)).to_numpy()
    if not len(rows) or not reached[-1]:
        return None
    fell = np.flatnonzero(~reached)
    return int(rows["period"].iloc[fell[-1] + 1 if len(fell) else 0])


def grown(periods: pd.DataFrame, config: Config) -> bool:
    """More members at the end than were ever asked to be first movers?"""
    last = len(periods) - 1
    changes = timeline(config, build)
    asked = [c.collective.first_movers for period, c in changes.items() if period <= last]
    return int(periods["members"].iloc[-1]) > max([config.collective.first_movers, *asked])


def share_of(count: int, of: int) -> Share:
    """A share with its 95 % Wilson interval.

    Wilson (1927): unlike the textbook interval it keeps near its coverage at shares near 0 and 1
    and few runs, where simulations live. No runs: [0, 1].

    Args:
        count: runs that did, 0 to ``of``.
        of: independent runs.
    """
    if of == 0:
        return Share(0, 0, 0.0, 1.0)
    interval = binomtest(count, of).proportion_ci(0.95, method="wilson")
    return Share(count, of, float(interval.low), float(interval.high))


def censored_quantiles(
    values: Sequence[int | None], levels: Sequence[float]
) -> dict[str, int | None]:
    """Quantiles of tipping periods in which a run that has not tipped is later than all others.

    Args:
        values: a period a run, None where it has not tipped.
        levels: in [0, 1].

    Returns:
        By level, the smallest observed period that so large a share of *all* runs tipped by; None
        where fewer ever did, or there are no runs.
    """
    found: dict[str, Any] = {}
    late = np.array([math.inf if value is None else value for value in values], dtype=float)
    for level in levels:
        value = np.quantile(late, level, method="inverted_cdf") if len(late) else math.inf
        found[f"{level:g}"] = int(value) if math.isfinite(value) else None
    return found
