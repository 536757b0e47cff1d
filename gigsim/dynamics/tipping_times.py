"""How long it takes to tip: the law of tipping periods over seeds, those that never tip included.

*Tipped* and *tipping period* are ``gigsim.tipping``'s: S of the published metric at or above
``measure.success_target`` from some retraining on to the last. Runs that have not tipped are
censored: later than all others, never left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gigsim.config import Config, build
from gigsim.dynamics.benefit import Benefit, benefit
from gigsim.dynamics.carried import light
from gigsim.dynamics.mean_field import MeanField
from gigsim.dynamics.workers import worked
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.tipping import Share, censored_quantiles, grown, share_of, tipping_period

#: Quantiles that are reported.
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Time:
    """One run.

    Attributes:
        seed: of the run.
        period: its tipping period, None where it has not tipped.
        grown: more members at the end than first movers?
        alpha: members over population at the end.
    """

    seed: int
    period: int | None
    grown: bool
    alpha: float


@dataclass(frozen=True)
class TippingTimes:
    """What was found.

    Attributes:
        times: one element a seed.
        periods: how long each run was.
        predicted: the recursion's tipping period, None where it does not tip by then.
        why: why there is no recursion; empty where there is one.
    """

    times: tuple[Time, ...]
    periods: int
    predicted: int | None
    why: str

    @property
    def tipped(self) -> Share:
        """How many tipped, with the 95 % interval."""
        return share_of(sum(time.period is not None for time in self.times), len(self.times))

    @property
    def grown(self) -> Share:
        """How many grew."""
        return share_of(sum(time.grown for time in self.times), len(self.times))

    @property
    def quantiles(self) -> dict[str, int | None]:
        """By level; None where so large a share of all runs had not tipped by the end."""
        return censored_quantiles([time.period for time in self.times], LEVELS)


def tipping_times(
    config: Config,
    seeds: Sequence[int],
    *,
    periods: int | None = None,
    workers: int = 0,
    tell: Callable[[Time], None] | None = None,
) -> TippingTimes:
    """Run a config from many seeds, and say when each tipped.

    Args:
        config: what to run.
        seeds: one run each.
        periods: how long; None is ``run.periods``.
        workers: processes; changes no result.
        tell: hears of each run.

    Raises:
        InputError: the config cannot be run.
    """
    length = config.run.periods if periods is None else periods
    plain = light(config).model_dump(mode="json")
    jobs = [(plain, seed, length) for seed in seeds]
    times = worked(_run, jobs, workers, None if tell is None else lambda _, one: tell(one))
    predicted, why = predicted_period(config, length)
    return TippingTimes(tuple(times), length, predicted, why)


def predicted_period(
    config: Config, periods: int, known: Benefit | None = None
) -> tuple[int | None, str]:
    """The recursion's tipping period by then, None if it has none; and why there is no recursion.

    Args:
        config: what is to be run.
        periods: how long.
        known: its benefit.
    """
    try:
        known = known or benefit(config)
        path = MeanField(config, known=known).run(periods)
    except InputError as error:
        return None, f"{error.where}: {error.problem}"
    every = config.platform.retrain_every
    if config.at or config.platform.data == "window" or config.collective.rotate_every:
        return None, "S between retrainings is not α's alone: at, a window or rotation"
    at = np.arange(every, periods + 1, every)
    above = known.success_at(path.alpha[at, 0]) >= config.measure.success_target
    if not len(at) or not above[-1]:
        return None, ""
    fell = np.flatnonzero(~above)
    return int(at[fell[-1] + 1 if len(fell) else 0]), ""


def _run(job: tuple[dict[str, Any], int, int], _: object) -> Time:
    plain, seed, periods = job
    config = build(plain, {"run.seed": seed})
    model = GigEconomy(config)
    model.run(periods)
    period = tipping_period(model.retrainings, config)
    found = Time(seed, period, grown(model.periods, config), model.alpha)
    model.close()
    return found
