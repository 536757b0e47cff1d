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
    trials_profiles,
    trials_samples,
)
from gigsim.validation.trial import Trial, Verdict, run_trial

#: By part of the theory, in the order of the report.
PARTS: dict[str, tuple[Trial[Any], ...]] = {
    "Planting": tuple(trials_planting.TRIALS),
    "Planting, by the best value of a sample": tuple(trials_profiles.TRIALS),
    "Unplanting, erasing, regression": tuple(trials_erasing.TRIALS),
    "Convex risk minimisers": tuple(trials_convex.TRIALS),
    "Gradient learners, privacy, performativity, re-weighting": tuple(trials_descent.TRIALS),
    "Finite samples, several collectives, coordination": tuple(trials_samples.TRIALS),
}

#: What worlds are drawn for each part, two lines or so; the modules of worlds have the rest.
DRAWN_FROM: dict[str, str] = {
    "Planting": (
        "Worlds of 6 texts, 4 labels or the 8 sets of 3 (feature-only: 3 labels or those sets): ξ"
        " from 0.1 % to 40 % (feature-only and selected members: from 10⁻⁵ on), α where the bound"
        " lies\nbetween 0 and 1 or up to 30 % lower, ε from 0.05 % to 45 % of μ (jointly in"
        " feature-only: 2 % to 90 % of p), ω up to 45 %. Of 48 worlds one has ξ = 0, one Δ = 0"
        " (Theorem 1), one α = 1; with selected members ξ = 0 only."
    ),
    "Planting, by the best value of a sample": (
        "Samples of 30 to 1,000 texts from worlds of 6 texts, 2 labels (floors; ξ from 10⁻⁴ to 10 %"
        " of αp), 4 labels or the 8 sets of 3 (slack; ξ from 0.1 % to 40 %);\nα from 5 % to 95 %"
        " (floors) or where the rest of the bound is 0.9 or more (slack), ω up to 30 %; ε = 0,"
        " δ = 5 %."
    ),
    "Unplanting, erasing, regression": (
        "Worlds of 6 texts, 4 labels or the 8 sets of 3 (regression: 3 numbers), ξ and τ as random"
        " laws have them; α from the bound's foot (10⁻⁴ at least) to 1, evenly in log α (regression"
        " from 10⁻³);\nε up to what the bound can bear, ω up to 40 %. Of 48 worlds of unplanting or"
        " erasing one has ξ = 0 (unplanting only), one Δ = 0 or τ = 0, one α = 1."
    ),
    "Convex risk minimisers": (
        "Populations of some weighted rows, 2 or 3 parameters, whose risk minimiser is computed;"
        " α from 1 % to 125 % of the critical mass (never over 1); least squares, ridge,"
        " logistic,\npools of 6 data points, clipped labels; one trial with members drawn at random"
        " from 40 people, δ = 10 %. No ε: platforms minimise exactly."
    ),
    "Gradient learners, privacy, performativity, re-weighting": (
        "Platforms that run, 3 parameters, up to 25 steps, α from 5 % to 100 %, δ = 5 % where noise"
        " is drawn; retraining up to 6 times; re-weighting: 6 texts, 4 labels, α from 0 to 1,"
        "\nξ as it falls, weights that differ by e³ and more. No ε: platforms do exactly what they"
        " are said to do."
    ),
    "Finite samples, several collectives, coordination": (
        "Worlds of 6 texts, 4 labels or the 8 sets of 3, ξ as it falls or rarer, down to a"
        " thousandth; samples of 10³ to 10⁷ members, a share of 2 % to 70 %, δ = 5 %, 32 to 32,000"
        " test points;\nthree collectives of 5 % to 100 % together; α from 1 % to 100 %, up to 90 %"
        " abstaining and up to 50 % wrong labels or noise. ε = 0."
    ),
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
