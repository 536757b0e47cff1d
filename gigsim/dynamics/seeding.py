"""Whom to begin with: the critical number of first movers by where they are taken from.

``collective.seeding`` takes first movers at random, by number of acquaintances (``hubs``), ring by
ring around one person (``clusters``) or skill by skill (``skills``). Each world is searched four
times (``gigsim.dynamics.critical_mass``), with all else the same, so that a difference between two
ways is one between the same people. Differences are summed up by their median over worlds, with
order statistics that hold for any law, all three at once at 95 % (Bonferroni).

Under ``best_response`` to what is published nobody's acquaintances matter for joining, and without
a leak the four ways are as good as equal: they differ in whose costs the committed are spared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gigsim.config import Config, build
from gigsim.dynamics.carried import light, run_to_rest
from gigsim.dynamics.critical_mass import CriticalMass, critical_mass, median_interval
from gigsim.dynamics.workers import worked
from gigsim.theory.gaps import Floats

#: The ways; the first is what the others are compared with.
WAYS = ("random", "hubs", "clusters", "skills")
#: All intervals of differences hold together at this level.
LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class SeedingFound:
    """What was found.

    Attributes:
        rows: a row a way and seed: ``seeding, seed, critical`` (inf where nothing carries),
            ``alpha`` and ``free_riders`` at rest with ``first_movers`` people, shares.
        table: a row a way: ``critical`` (median) with ``critical_low``, ``critical_high`` (95 %);
            ``fewer``, the median of the differences to random, negative where it takes fewer, with
            its ends and ``fewer_surely``; ``alpha`` and ``free_riders`` (mean shares); ``more``,
            the median of the differences in final α, with its ends and ``more_surely``. The
            differences of random to itself are NaN.
        first_movers: how many began the runs of ``alpha``, the same number on every way.
        runs: of the loop, for the critical numbers.
        violations: probes that were not monotone.
        probes: in all.
        restless: runs that came to no rest.
    """

    rows: pd.DataFrame
    table: pd.DataFrame
    first_movers: int
    runs: int
    violations: int
    probes: int
    restless: int


def seeding(
    config: Config,
    boundary: float,
    seeds: Sequence[int],
    *,
    guess: float,
    first_movers: int | None = None,
    ways: Sequence[str] = WAYS,
    workers: int = 0,
    resolution: float = 0.0,
    tell: Callable[[str], None] | None = None,
) -> SeedingFound:
    """Search the critical number on every way in the same worlds.

    Args:
        config: the society.
        boundary: share that tells the two states apart, in (0, 1].
        seeds: a world each; seven or more for three differences at once.
        guess: where the search begins.
        first_movers: begin the runs that tell final α; None: as many as carry half of the worlds
            when taken at random, or half of the boundary's people where nothing does.
        ways: of ``collective.seeding``; the first is what others are compared with.
        workers: processes; changes no result.
        resolution: as of ``critical_mass``.
        tell: hears of each way that is done.

    Raises:
        InputError: the config cannot be run.
        ValueError: no seeds or no ways.
    """
    if not ways:
        raise ValueError("at least one way is needed")
    seeds = list(seeds)
    configs = {
        way: build(config.model_dump(mode="json"), {"collective.seeding": way}) for way in ways
    }
    found: dict[str, CriticalMass] = {}
    for way, one in configs.items():
        known = found[ways[0]].median if found else guess
        found[way] = critical_mass(
            one,
            boundary,
            seeds,
            guess=known if math.isfinite(known) else guess,
            workers=workers,
            resolution=resolution,
            probed=min(1, len(seeds)),
        )
        if tell is not None:
            tell(way)
    size = config.population.size
    if first_movers is None:
        middle = found[ways[0]].median
        first_movers = int(middle) if math.isfinite(middle) else round(boundary * size / 2)
    jobs = [
        (light(one).model_dump(mode="json"), first_movers, seed)
        for one in configs.values()
        for seed in seeds
    ]
    ends = iter(worked(_final, jobs, workers))
    rows = []
    for way in ways:
        for world, end in zip(found[way].worlds, ends, strict=False):
            alpha, riders = end
            rows.append(
                {
                    "seeding": way,
                    "seed": world.seed,
                    "critical": world.critical,
                    "alpha": alpha,
                    "free_riders": riders,
                }
            )
    frame = pd.DataFrame(rows)
    violations, probes = np.sum([one.violations for one in found.values()], axis=0)
    return SeedingFound(
        rows=frame,
        table=_table(frame, found, ways),
        first_movers=first_movers,
        runs=sum(one.runs for one in found.values()),
        violations=int(violations),
        probes=int(probes),
        restless=sum(world.restless for one in found.values() for world in one.worlds),
    )


def median_difference(more: Floats, less: Floats, level: float) -> tuple[float, float, float]:
    """Median of paired differences and the order statistics it lies between.

    Args:
        more: one number a world, inf among them, shape (K,).
        less: of the same worlds.
        level: at least so sure.

    Returns:
        Median, low and high; two infinities do not differ. −inf and inf where there are too few
        worlds to say.

    Example:
        >>> median_difference(np.array([3.0, np.inf]), np.array([2.0, np.inf]), 0.95)
        (0.0, -inf, inf)
    """
    same = np.asarray(more) == np.asarray(less)
    with np.errstate(invalid="ignore"):
        differences = np.sort(np.where(same, 0.0, np.asarray(more) - np.asarray(less)))
    middle = float(np.quantile(differences, 0.5, method="inverted_cdf"))
    # Differences may be negative: too few worlds bound them nowhere.
    return middle, *median_interval(differences, level, least=-math.inf)


def _final(job: tuple[dict[str, Any], int, int], _: object) -> tuple[float, float]:
    plain, number, seed = job
    end = run_to_rest(build(plain), number, seed)
    return end.alpha, end.free_riders / build(plain).population.size


def _table(
    frame: pd.DataFrame, found: dict[str, CriticalMass], ways: Sequence[str]
) -> pd.DataFrame:
    by = {way: frame[frame["seeding"] == way] for way in ways}
    # All differences of a question at once.
    level = 1 - (1 - LEVEL) / max(1, len(ways) - 1)
    base = by[ways[0]]
    rows = []
    for way in ways:
        low, high = found[way].interval
        row: dict[str, Any] = {
            "seeding": way,
            "critical": found[way].median,
            "critical_low": low,
            "critical_high": high,
            "alpha": float(by[way]["alpha"].mean()),
            "free_riders": float(by[way]["free_riders"].mean()),
        }
        for column, name in (("critical", "fewer"), ("alpha", "more")):
            ends = (math.nan, math.nan, math.nan)
            if way != ways[0]:
                own, other = (one[column].to_numpy(dtype=float) for one in (by[way], base))
                ends = median_difference(own, other, level)
            row |= {name: ends[0], f"{name}_low": ends[1], f"{name}_high": ends[2]}
            row[f"{name}_surely"] = ends[1] > 0 or ends[2] < 0
        rows.append(row)
    return pd.DataFrame(rows)
