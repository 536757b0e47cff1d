"""What free riders gain and what they cost: the same world with a leak and without.

A seed is a world. Its draws are indexed by person and period, so that freelancer i of the run with
a leak is the same person, with the same cost, acquaintances and luck, as freelancer i of the run
without, and what the leak does to him is one difference of utilities. Everybody is counted by what
he is at the end of the run *with* the leak: member, free rider or outsider (whom only spillover
reaches). The three sums of differences add up to the difference in welfare, because everybody is in
one of the groups.

Two kinds of free riders are told apart, by their shares of the population. *Converts* would be
members without the leak: they are spared the cost of membership, and the collective lacks them. The
others would be outsiders and get a gain that they never would have paid for. What free riders gain
is one sum over both.

Only ``collective.leak`` differs within a pair. Retention, rotation and spillover are those of the
cell in both runs: rows of the table compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim.config import Config, build
from gigsim.dynamics.benefit import benefit
from gigsim.dynamics.carried import light
from gigsim.dynamics.intervals import means_of
from gigsim.dynamics.mean_field import MeanField
from gigsim.dynamics.options import blaming
from gigsim.dynamics.workers import worked
from gigsim.errors import InputError
from gigsim.model import GigEconomy

#: What tells a cell from another.
CELL = ("leak", "retention", "rotate_every", "spillover")
#: Columns that are averaged over seeds.
OUTCOMES = (
    *("alpha", "success", "free_riders", "outsiders", "converts", "welfare"),
    *("members_lost", "success_lost", "gain_free_riders", "gain_members", "gain_outsiders"),
    *("each_free_rider", "each_member", "each_outsider", "gain_all", "gain_whole_run"),
)


@dataclass(frozen=True, eq=False)
class FreeRiding:
    """What was found.

    Attributes:
        rows: one a cell and seed. ``leak, retention, rotate_every, spillover, seed, periods``;
            ``alpha``; ``success`` (S by ``measure.success``); ``free_riders``, ``outsiders``,
            ``converts`` (shares of the population); ``welfare`` (sum of utilities of the last
            period, over N); against the same seed without leak: ``members_lost`` (share of the
            population), ``success_lost``, and in money of the last period ``gain_free_riders``,
            ``gain_members``, ``gain_outsiders`` (sums over those who are so with the leak, over N)
            and ``gain_all``, their sum; ``each_*`` the mean over that group, NaN where it is empty;
            ``gain_whole_run``, as ``gain_all`` over all periods, a period.
        means: one a cell: mean and 95 % interval of each over seeds.
        why: why there is no recursion beside it; empty where there is one.
    """

    rows: pd.DataFrame
    means: pd.DataFrame
    why: str


@dataclass(frozen=True, eq=False)
class _End:
    """The last period of a run; arrays of shape (N,)."""

    periods: int
    alpha: float
    success: float
    member: NDArray[np.bool_]
    free_rider: NDArray[np.bool_]
    utility: NDArray[np.float64]
    wealth: NDArray[np.float64]


def cells(
    config: Config,
    leaks: Sequence[float],
    retentions: Sequence[float] = (),
    rotations: Sequence[int] = (),
    spillovers: Sequence[float] = (),
) -> list[Config]:
    """The config at every point of the grid, leaks fastest.

    Args:
        config: what is not varied, and the value of each empty list.
        leaks: probabilities per tie and period.
        retentions: probabilities.
        rotations: retrainings between two tokens; 0 never rotates.
        spillovers: shares of the gain.

    Raises:
        InputError: no leaks, or one of the configs cannot be; rotation without alternates, say.
    """
    if not leaks:
        raise InputError("--leaks", "there are none", "such as 0,0.002,0.01")
    own = config.collective
    outside: list[Any] = list(spillovers) or [config.society.spillover]
    grid = product(
        outside,
        rotations or [own.rotate_every],
        retentions or [own.retention],
        leaks,
    )
    asked = {"collective.leak": "--leaks"}
    for key, option, given in (
        ("collective.retention", "--retentions", retentions),
        ("collective.rotate_every", "--rotations", rotations),
        ("society.spillover", "--spillovers", spillovers),
    ):
        if given:
            asked[key] = option
    found = []
    for spillover, rotation, retention, leak in grid:
        changes: dict[str, Any] = {
            "collective.leak": leak,
            "collective.retention": retention,
            "collective.rotate_every": rotation,
            "society.spillover": spillover,
        }
        if not rotation:
            # Tokens that nobody would change to are refused.
            changes["collective.signal.alternates"] = []
        with blaming(asked):
            found.append(build(config.model_dump(mode="json"), changes))
    return found


def free_riding(
    grid: Sequence[Config],
    seeds: Sequence[int],
    *,
    workers: int = 0,
    tell: Callable[[int], None] | None = None,
) -> FreeRiding:
    """Run every cell and its like without leak from every seed.

    Args:
        grid: of :func:`cells`; as long as their ``run`` section says.
        seeds: one world each, at least one.
        workers: processes, a world each at a time; changes no result.
        tell: hears of each seed that is done.

    Raises:
        InputError: a config cannot be run, or changes its leak in time (then none is without).
    """
    for config in grid:
        if any("collective.leak" in change.set for change in config.at):
            raise InputError(
                "at", "changes collective.leak, which is compared here", "a leak that stays"
            )
    plain = [light(config).model_dump(mode="json") for config in grid]
    jobs = [(plain, seed) for seed in seeds]
    told = None if tell is None else lambda number, _: tell(seeds[number])
    rows = pd.DataFrame([row for world in worked(_world, jobs, workers, told) for row in world])
    means = means_of(rows, CELL, OUTCOMES)
    recursion, why = _recursion(grid)
    means = means.assign(**recursion)
    return FreeRiding(rows, means, why)


def _world(job: tuple[list[dict[str, Any]], int], _: object) -> list[dict[str, Any]]:
    plain, seed = job
    without: dict[tuple[Any, ...], _End] = {}
    rows = []
    for table in plain:
        config = build(table, {"run.seed": seed})
        own = config.collective
        key = (own.retention, own.rotate_every, config.society.spillover)
        if key not in without:
            without[key] = _end(build(table, {"run.seed": seed, "collective.leak": 0.0}))
        base = without[key]
        end = base if own.leak == 0 else _end(config)
        cell: dict[str, Any] = dict(zip(CELL, (own.leak, *key), strict=True))
        rows.append(cell | {"seed": seed} | compared(end, base))
    return rows


def _end(config: Config) -> _End:
    model = GigEconomy(config)
    model.run()
    people = model.population
    found = _End(
        periods=model.period,
        alpha=model.alpha,
        success=model.success,
        member=people.member.copy(),
        free_rider=people.free_rider,
        utility=people.utility,
        wealth=people.wealth,
    )
    model.close()
    return found


def compared(end: _End, base: _End) -> dict[str, float]:
    """One run against the same seed without leak; see :attr:`FreeRiding.rows`."""
    size = len(end.member)
    gained = end.utility - base.utility
    groups = {
        "free_rider": end.free_rider,
        "member": end.member,
        "outsider": ~end.member & ~end.free_rider,
    }
    found = {
        "periods": end.periods,
        "alpha": end.alpha,
        "success": end.success,
        "free_riders": float(groups["free_rider"].mean()),
        "outsiders": float(groups["outsider"].mean()),
        "converts": float((end.free_rider & base.member).mean()),
        "welfare": float(end.utility.sum()) / size,
        "members_lost": base.alpha - end.alpha,
        "success_lost": base.success - end.success,
    }
    for name, who in groups.items():
        own = gained[who]
        found[f"gain_{name}s"] = float(own.sum()) / size
        found[f"each_{name}"] = float(own.mean()) if len(own) else float("nan")
    found["gain_all"] = float(gained.sum()) / size
    whole = end.wealth.sum() / end.periods - base.wealth.sum() / base.periods
    found["gain_whole_run"] = float(whole) / size
    return found


def _recursion(grid: Sequence[Config]) -> tuple[dict[str, list[float]], str]:
    """α and free riders that the recursion of the loop comes to, a cell each; NaN without one."""
    nan = [float("nan")] * len(grid)
    try:
        known = benefit(grid[0]) if grid[0].society.rule != "threshold" else None
        ends = []
        for config in grid:
            # Where spillover is measured it is in the benefit; elsewhere it is not.
            same = config.society.spillover == grid[0].society.spillover
            path = MeanField(config, known=known if same else benefit(config))
            length = config.run.periods
            settles = config.run.until == "settled"
            done = path.settle(config.run.limit) if settles else path.run(length)
            ends.append((float(done.alpha[-1, 0]), float(done.free_riders[-1, 0])))
    except InputError as error:
        why = f"{error.where}: {error.problem}"
        return {"alpha_recursion": nan, "free_riders_recursion": nan}, why
    alphas, riders = zip(*ends, strict=True)
    return {"alpha_recursion": list(alphas), "free_riders_recursion": list(riders)}, ""
