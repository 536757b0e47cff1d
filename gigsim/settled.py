"""When nothing moves any more: the rule behind ``run.until = "settled"``.

A run has *settled* when over a window of its last W periods

1. the ranges of α and of the share of free riders are at most ``run.settled_tolerance``;
2. the range of S over the retrainings in the window, two at least, is at most two standard errors
   of S on the held-out resumes;
3. the collective's fund has not fallen: subsidies out of one that does come to an end;
4. every change in ``at`` is in force from the window's start on, and period 0, the world before the
   collective, is outside of it;

with W = max(2·retrain_every + 1, ⌈1 / mean activation⌉, ⌈log .05 / log(1 − δ)⌉ for adaptive
beliefs): long enough to see two retrainings and the answer to the first, for everybody to be asked
once on average (a share 1/e of the people is not), and for beliefs to come 95 % of the way to what
is measured. The ranges are over both ends of the window, W + 1 rows, so that α drifting by more
than tolerance / W a period never counts as settled.

Why two standard errors: S is known from n held-out resumes to ±2 sqrt(S(1 - S)/n). Differences
inside of that are within the error with which this world's S is known at all; asking for less
would wait for the trainings' own noise to be quiet by chance. The standard error is that of
Agresti and Coull (1998), two successes and two failures added, so that it is not zero at S = 1.

It is a rule about what was seen, not a proof: a collective may sit still below its critical mass
for longer than any window, and then tip.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim.config.changes import timeline
from gigsim.config.load import build
from gigsim.config.sections import Config

#: Part of the way to what is measured that adaptive beliefs may still have before them.
_STILL_TO_LEARN = 0.05
#: Share of a fund by which rounding may make it smaller.
_ROUNDING = 1e-12


def settled(periods: pd.DataFrame, config: Config, held_out: int | None = None) -> bool:
    """Has the run settled at the end of its history?

    Args:
        periods: one row a period from 0 on: ``period, alpha, free_riders, fund, retrained,
            success_<metric>``.
        config: of the run.
        held_out: n, held-out resumes that S was measured on; None takes ``corpus.test_size``.

    Raises:
        ValueError: ``held_out`` is None where the config does not say how many there are.
    """
    window, first = _window(config)
    if len(periods) < max(first, 1) + window + 1:
        return False
    return bool(_settled_rows(periods.iloc[-window - 1 :], config, held_out, window, first)[-1])


def settled_since(periods: pd.DataFrame, config: Config, held_out: int | None = None) -> int | None:
    """The period since which the run has counted as settled up to its end; None if it does not.

    Under ``run.until = "settled"`` this is its last period.
    """
    window, first = _window(config)
    moving = np.flatnonzero(~_settled_rows(periods, config, held_out, window, first))
    since = moving[-1] + 1 if len(moving) else 0
    return int(periods["period"].iloc[since]) if since < len(periods) else None


def _window(config: Config) -> tuple[int, int]:
    """W and the first period in which all changes are in force."""
    changes = timeline(config, build)
    first = max(changes, default=0)
    last = changes.get(first, config)
    activation = _mean_activation(last.society.activation, config.population.size)
    patience = math.ceil(1 / activation) if activation > 0 else 1
    return max(2 * last.platform.retrain_every + 1, patience, _learning(last)), first


def _learning(config: Config) -> int:
    """Periods in which beliefs come 95 % of the way to what is measured."""
    society = config.society
    if society.belief != "adaptive" or society.adaptation >= 1 - _STILL_TO_LEARN:
        return 1
    return math.ceil(math.log(_STILL_TO_LEARN) / math.log(1 - society.adaptation))


def _mean_activation(activation: Any, size: int) -> float:
    """Mean probability of reconsidering: of a number, or of a distribution by its quantiles."""
    if isinstance(activation, int | float):
        return float(activation)
    # As many as there are people: a table may have one row a person.
    return float(np.mean(activation.quantile((np.arange(size) + 0.5) / size)))


def _settled_rows(
    periods: pd.DataFrame, config: Config, held_out: int | None, window: int, first: int
) -> NDArray[np.bool_]:
    """For each row, whether the window that ends there is settled; bool, shape (T,)."""
    count = config.corpus.test_size if held_out is None else held_out
    if count < 1:
        raise ValueError("corpus.test_size does not say how many resumes are held out: pass it")
    size = window + 1
    people, fund = config.population.size, periods["fund"]
    shares = (periods["alpha"], periods["free_riders"] / people)
    fitted = periods["retrained"].astype(bool)
    seen = periods[f"success_{config.measure.success}"].where(fitted)
    # Elsewhere S is the last retraining's; only what was measured counts.
    success = seen.rolling(size, min_periods=2)
    middle = (success.max() + success.min()) / 2
    mean = (middle * count + 2) / (count + 4)
    error = np.sqrt(mean * (1 - mean) / (count + 4))
    still = np.logical_and.reduce(
        [
            share.rolling(size).max() - share.rolling(size).min() <= config.run.settled_tolerance
            for share in shares
        ]
    )
    lasts = fund >= fund.shift(window) * (1 - _ROUNDING)
    same = success.max() - success.min() <= 2 * error
    inside = periods["period"] - window >= max(first, 1)
    return (still & same & lasts & inside).to_numpy()
