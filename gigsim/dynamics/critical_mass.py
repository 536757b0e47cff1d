"""Society's critical mass by simulation: the first movers from which half of the worlds grow.

A seed is a world: its people's costs, its network, who is asked when, and an order in which people
become first movers, so that those of a smaller number are among those of a larger one and all other
luck is the same (common random numbers). In one world more first movers never hurt where the rule
is monotone, so that there is a number K from which the world is carried over
(``gigsim.dynamics.carried``), found by bisection: exactly, or to a resolution. The median of K over
worlds is then the number from which half of them are carried over. Its interval is that of a median
from order statistics, which holds for every law of K (Thompson 1936); worlds that nothing carries
count as infinite. :attr:`CriticalMass.violations` says how often a world was not monotone where it
was asked: with leaks more first movers also mean more free riders.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom

from gigsim.config import Config, build
from gigsim.dynamics.carried import light, run_to_rest
from gigsim.dynamics.workers import worked
from gigsim.theory.gaps import Floats

#: Where a found K is tried again, as parts of it.
PROBES = (0.5, 0.8, 0.95, 1.05, 1.25, 2.0)
_STRIDE = 1.25


@dataclass(frozen=True)
class World:
    """What one seed needs.

    Attributes:
        seed: of the run.
        critical: K, the least number of first movers found to carry it over; inf where all people
            but none fewer, or nobody, would.
        below: the largest number that was found not to; −1 where none was tried below K = 0.
        runs: of the loop, that it took.
        restless: of them, how many came to no rest.
        violations: probes below K that were carried over or above that were not.
        probes: how many were asked.
    """

    seed: int
    critical: float
    below: int
    runs: int
    restless: int
    violations: int
    probes: int


@dataclass(frozen=True)
class CriticalMass:
    """What was found over all worlds.

    Attributes:
        worlds: one element a seed.
        population: N.
        boundary: the share that tells the two states apart.
    """

    worlds: tuple[World, ...]
    population: int
    boundary: float

    @property
    def numbers(self) -> Floats:
        """K of each world, ascending, inf last."""
        return np.sort([world.critical for world in self.worlds])

    @property
    def median(self) -> float:
        """Median of K: of an even number of worlds the lower of the middle two."""
        return float(np.quantile(self.numbers, 0.5, method="inverted_cdf"))

    @property
    def interval(self) -> tuple[float, float]:
        """Order statistics between which the median lies at 95 %; (0, inf) of under six worlds."""
        return median_interval(self.numbers)

    @property
    def share(self) -> float:
        """The median as a share of the population."""
        return self.median / self.population

    @property
    def violations(self) -> tuple[int, int]:
        """Probes that were not as monotone worlds have them, and probes in all."""
        return sum(w.violations for w in self.worlds), sum(w.probes for w in self.worlds)

    @property
    def runs(self) -> int:
        """Of the loop."""
        return sum(world.runs for world in self.worlds)

    @property
    def restless(self) -> int:
        """Runs that came to no rest."""
        return sum(world.restless for world in self.worlds)


def median_interval(
    values: Floats, level: float = 0.95, *, least: float = 0.0
) -> tuple[float, float]:
    """Distribution-free interval of a median: the narrowest symmetric pair of order statistics.

    Args:
        values: independent, ascending, shape (n,); inf may be among them.
        level: at least so sure.
        least: what the values cannot be below.

    Returns:
        (``least``, inf) where so few values allow no such pair.

    Example:
        >>> median_interval(np.arange(1.0, 12.0))
        (2.0, 10.0)
    """
    n = len(values)
    # P(fewer than j of n lie under the median) at j = low; the other tail is the same.
    low = int(binom.ppf((1 - level) / 2, n, 0.5))
    if binom.cdf(low - 1, n, 0.5) > (1 - level) / 2:
        low -= 1
    if low < 1:
        return least, math.inf
    return float(values[low - 1]), float(values[n - low])


def critical_mass(
    config: Config,
    boundary: float,
    seeds: Sequence[int],
    *,
    guess: float,
    workers: int = 0,
    resolution: float = 0.0,
    probed: int = 0,
    tell: Callable[[World], None] | None = None,
) -> CriticalMass:
    """Search the critical number of first movers in each of many worlds.

    Args:
        config: the society; its own number of first movers and its seed do not count.
        boundary: who settles at this share or above has been carried over, in (0, 1].
        seeds: one world each.
        guess: where to begin, a number of people; a prediction makes it quick, no more.
        workers: processes, one world each at a time; 0 works in this one. Changes no result.
        resolution: a part of K that is near enough, in [0, 1); 0 finds it exactly.
        probed: so many of the worlds, the first ones, are asked whether they are monotone.
        tell: hears of every world as it is done.

    Raises:
        InputError: the config cannot be run.
        ValueError: no seeds, or a boundary that is no share.
    """
    seeds = list(seeds)
    if not seeds:
        raise ValueError("at least one seed is needed")
    if not 0 < boundary <= 1:
        raise ValueError(f"boundary must be in (0, 1], got {boundary!r}")
    plain = light(config).model_dump(mode="json")
    first = max(1, round(guess)) if math.isfinite(guess) else 1
    jobs = [(plain, seed, boundary, first, resolution, i < probed) for i, seed in enumerate(seeds)]
    worlds = worked(_search, jobs, workers, None if tell is None else lambda _, one: tell(one))
    return CriticalMass(tuple(worlds), config.population.size, boundary)


def _search(job: tuple[dict[str, Any], int, float, int, float, bool], _: object) -> World:
    plain, seed, boundary, guess, resolution, probing = job
    config = build(plain)
    size = config.population.size
    runs: dict[int, bool] = {}
    restless = 0

    def carried(number: int) -> bool:
        nonlocal restless
        if number not in runs:
            end = run_to_rest(config, number, seed)
            runs[number] = end.alpha >= boundary
            restless += end.restless
        return runs[number]

    low, high = _bracket(carried, min(guess, size), size, boundary)
    while high is not None and high - low > max(1.0, resolution * high):
        middle = (low + high) // 2
        low, high = (low, middle) if carried(middle) else (middle, high)
    violations = probes = 0
    if probing and high is not None:
        for number in _probes(low, high, size):
            probes += 1
            violations += carried(number) != (number >= high)
    critical = math.inf if high is None else float(high)
    return World(seed, critical, low, len(runs), restless, violations, probes)


def _bracket(
    carried: Callable[[int], bool], guess: int, size: int, boundary: float
) -> tuple[int, int | None]:
    """A number that does not carry and one that does, the search widening from the guess."""
    low, high, stride = -1, None, _STRIDE
    at = guess
    # As many first movers as the boundary is are above it without anybody following.
    most = min(size, math.ceil(boundary * size)) - 1
    at = min(at, most)
    while True:
        if carried(at):
            high = at
            if at == 0 or low >= 0:
                return low, high
            at = max(0, min(at - 1, int(at / stride)))
        else:
            low = at
            if high is not None:
                return low, high
            if at >= most:
                return low, None
            at = min(most, max(at + 1, math.ceil(at * stride)))
        stride *= stride


def _probes(low: int, high: int, size: int) -> Iterator[int]:
    """Numbers on either side of what was found, each once."""
    for part in PROBES:
        number = round(part * high)
        if 0 <= number <= size and not low < number < high:
            yield number
