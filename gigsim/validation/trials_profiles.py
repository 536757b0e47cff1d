"""The bounds that take the best floor or the best slack of a sample, on trial.

They may fail with probability δ, when the sample is too kind at the point they pick. Worlds are
drawn so that without its confidence band either bound fails far more often than that
(``profile_worlds``). Mutants are the bounds written out once more, with a switch at the band.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from gigsim.theory.floors import feature_only_bound_profile
from gigsim.theory.gaps import Floats
from gigsim.theory.slack_profile import feature_label_bound_slack_profile
from gigsim.validation.planting_worlds import ANY, SINGLE, Reading
from gigsim.validation.profile_worlds import Profiled, floors_seen, slacks_seen
from gigsim.validation.trial import Trial

#: The probability that the bounds allow themselves to fail with.
DELTA = 0.05

Radius = Callable[[Floats], Floats]


def band(rows: Floats) -> Floats:
    """sqrt(ln(1/δ)/(2n))."""
    return np.sqrt(np.log(1 / DELTA) / (2 * rows))


def floor_bound(drawn: Profiled, *, evasive: bool) -> Floats:
    """The bound under trial, sample by sample."""
    found = [
        feature_only_bound_profile(
            drawn.alpha[b],
            np.repeat(drawn.values[b], drawn.counts[b]),
            xi=float(drawn.xi[b]),
            level=1 - DELTA,
            evasive=evasive,
        )
        for b in range(len(drawn))
    ]
    return np.array(found, dtype=np.float64)


def slack_bound(drawn: Profiled) -> Floats:
    """The bound under trial, sample by sample."""
    found = [
        feature_label_bound_slack_profile(
            drawn.alpha[b],
            np.repeat(drawn.values[b], drawn.counts[b]),
            xi=float(drawn.xi[b]),
            gap=float(drawn.gap[b]),
            level=1 - DELTA,
            margin=float(drawn.margin[b]),
        )
        for b in range(len(drawn))
    ]
    return np.array(found, dtype=np.float64)


def floors_written_out(
    drawn: Profiled, *, evasive: bool, radius: Radius = band, below: float = 1.0
) -> Floats:
    """Max over t of 1 − (F̂(t) + r) − ξ/(αt), ``below`` a factor on F̂."""
    odds = (1 - drawn.alpha if evasive else 1.0) / drawn.alpha
    cost = (odds * drawn.xi)[:, None] / drawn.values
    return _best(drawn, cost, np.less, radius, below)


def slack_written_out(drawn: Profiled, *, radius: Radius = band, above: float = 1.0) -> Floats:
    """Max over ε of 1 − (q̂(ε) + r) − bξ(Δ+ε)/(μ−ε), ``above`` a factor on q̂."""
    push = drawn.margin[:, None] - drawn.values
    odds = (1 - drawn.alpha) / drawn.alpha
    cost = (odds * drawn.xi)[:, None] * (drawn.gap[:, None] + drawn.values)
    cost = np.where(push > 0, cost / np.where(push > 0, push, 1.0), np.inf)
    return _best(drawn, cost, np.greater, radius, above)


def _best(drawn: Profiled, cost: Floats, worse: np.ufunc, radius: Radius, factor: float) -> Floats:
    """The best over the values of the sample; a text is given up where its value is ``worse``."""
    rows = drawn.counts.sum(axis=1)
    given_up = worse(drawn.values[:, None, :], drawn.values[:, :, None])
    share = (given_up * drawn.counts[:, None, :]).sum(axis=2) / rows[:, None]
    excluded = np.minimum(factor * share + radius(rows.astype(np.float64))[:, None], 1.0)
    return np.where(drawn.counts > 0, 1 - excluded - cost, -np.inf).max(axis=1)


def no_band(rows: Floats) -> Floats:
    """The sample taken for the population."""
    return np.zeros_like(rows)


def no_root(rows: Floats) -> Floats:
    """ln(1/δ)/(2n)."""
    return band(rows) ** 2


def mean_floor(drawn: Profiled, *, evasive: bool) -> Floats:
    """The mean of the sample taken for a floor."""
    mean = (drawn.values * drawn.counts).sum(axis=1) / drawn.counts.sum(axis=1)
    return 1 - (1 - drawn.alpha if evasive else 1.0) * drawn.xi / (drawn.alpha * mean)


def mean_slack(drawn: Profiled) -> Floats:
    """The mean slack of the sample taken for the largest."""
    mean = (drawn.values * drawn.counts).sum(axis=1) / drawn.counts.sum(axis=1)
    push = drawn.margin - mean
    lost = (1 - drawn.alpha) / drawn.alpha * drawn.xi * (drawn.gap + mean)
    return np.where(push > 0, 1 - lost / np.where(push > 0, push, 1.0), -np.inf)


def _floors(*, evasive: bool) -> Trial[Profiled]:
    again = partial(floors_written_out, evasive=evasive)
    return Trial(
        name=f"feature-only{' evasive' if evasive else ''}, best floor of a sample",
        source="derived; Dvoretzky, Kiefer and Wolfowitz; Massart (1990)",
        worlds=partial(floors_seen, evasive=evasive),
        exact=lambda drawn: drawn.success,
        bound=partial(floor_bound, evasive=evasive),
        mutants={
            "no confidence band": partial(again, radius=no_band),
            "the band without its square root": partial(again, radius=no_root),
            "no text is under the floor": partial(again, below=0.0),
            "the mean for a floor": partial(mean_floor, evasive=evasive),
        },
        risk=DELTA,
    )


def _slack(reading: Reading) -> Trial[Profiled]:
    return Trial(
        name=f"feature-label, best slack of a sample, {reading.name}",
        source="derived; Dvoretzky, Kiefer and Wolfowitz; Massart (1990)",
        worlds=partial(slacks_seen, reading=reading),
        exact=lambda drawn: drawn.success,
        bound=slack_bound,
        mutants={
            "no confidence band": partial(slack_written_out, radius=no_band),
            "the band without its square root": partial(slack_written_out, radius=no_root),
            "no slack is over the level": partial(slack_written_out, above=0.0),
            "the mean slack for the largest": mean_slack,
        },
        risk=DELTA,
    )


TRIALS: tuple[Trial[Profiled], ...] = (
    _floors(evasive=False),
    _floors(evasive=True),
    _slack(SINGLE),
    _slack(ANY),
)
