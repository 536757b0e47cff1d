"""Every bound on trial, and how they are tried side by side.

A trial's worlds come from a seed that is a function of its name, so that neither the other trials
nor the number of processes changes a bit of its verdict.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from threadpoolctl import threadpool_limits

from gigsim.processes import side_by_side
from gigsim.validation import (
    trials_convex,
    trials_descent,
    trials_erasing,
    trials_planting,
    trials_samples,
)
from gigsim.validation.trial import Trial, Verdict, run_trial

#: By part of the theory, in the order of the report.
PARTS: dict[str, tuple[Trial[Any], ...]] = {
    "Planting": tuple(trials_planting.TRIALS),
    "Unplanting, erasing, regression": tuple(trials_erasing.TRIALS),
    "Convex risk minimisers": tuple(trials_convex.TRIALS),
    "Gradient learners, privacy, performativity, re-weighting": tuple(trials_descent.TRIALS),
    "Finite samples, several collectives, coordination": tuple(trials_samples.TRIALS),
}

ALL_TRIALS: tuple[Trial[Any], ...] = tuple(trial for part in PARTS.values() for trial in part)


def by_name() -> dict[str, Trial[Any]]:
    """The trials by name.

    Raises:
        ValueError: two share a name.
    """
    found = {trial.name: trial for trial in ALL_TRIALS}
    if len(found) < len(ALL_TRIALS):
        raise ValueError("two trials share a name")
    return found


def seed_of(name: str) -> int:
    """The seed of a trial's worlds."""
    return zlib.crc32(name.encode())


def try_one(argument: tuple[str, int], tell: Callable[[object], None] | None = None) -> Verdict:
    """Try the bound of a name on so many informative worlds; a task of ``side_by_side``."""
    name, count = argument
    # They work side by side, and no sum is to depend on how many cores there are.
    with threadpool_limits(1):
        return run_trial(by_name()[name], count, seed_of(name))


def run_trials(
    count: int,
    workers: int,
    tell: Callable[[int, int], None] = lambda done, of: None,
    names: Sequence[str] | None = None,
) -> dict[str, Verdict]:
    """Try all bounds, side by side.

    Args:
        count: informative worlds for each, at least 1.
        workers: processes; 0 tries them in this one. Changes no result.
        tell: gets the number of trials done and of all, as they end.
        names: of the trials; None for all.

    Returns:
        By name, in the order of the trials.

    Raises:
        RuntimeError: a trial could not be held; its traceback is in the message.
    """
    every = list(by_name()) if names is None else list(names)
    pieces = ((number, (name, count)) for number, name in enumerate(every))
    done: dict[str, Verdict] = {}
    with closing(side_by_side(try_one, pieces, min(workers, len(every)))) as outcomes:
        for ended in outcomes:
            if ended is None:
                continue
            number, outcome = ended
            if outcome.failed:
                raise RuntimeError(f"{every[number]}: {outcome.bug or outcome.reason}")
            done[every[number]] = outcome.value
            tell(len(done), len(every))
    return {name: done[name] for name in every}
