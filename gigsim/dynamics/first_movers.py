"""How many committed first movers carry a society over its gap, by its map of participation.

With a share m of committed first movers participation ends at the least α with
m + (1 − m)·F((1−γ)·b·G(α) + σ) ≤ α, that is at the first α at which

    needed(α) = (α − F)/(1 − F),   F = F((1−γ)·b·G(α) + σ),

reaches m. As m rises this place moves up gradually where ``needed`` rises, and jumps over every
hollow behind one of its peaks. The height of the peak is the number of first movers that it takes:
less than the critical mass itself, because people of low cost have joined by then. The largest of
the jumps is what is meant by *the* gap. Derived; a fold in ``first_movers`` of
``gigsim.theory.participation.folds``, here for many societies side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigsim.theory.gaps import Floats
from gigsim.theory.participation.joining_map import JoiningMap

#: Rises of participation smaller than this, a share of the population, are gradual.
LEAST_JUMP = 0.05
_POINTS, _SMALLEST, _ZOOMS, _INNER = 4096, 1e-9, 4, 64


@dataclass(frozen=True, eq=False)
class FirstMovers:
    """What it takes, of K societies.

    Attributes:
        share: first movers over population from which participation ends above the gap; 0 where
            nobody is needed (or just anybody), inf where there is no gap: participation is gradual
            in the number of first movers, or none ever follows. Shape (K,).
        before: share that has joined just below, NaN without a gap, shape (K,).
        after: just above, likewise.
        boundary: who settles at or above it has been carried over: the middle of the gap, or what
            the maker says; likewise.
    """

    share: Floats
    before: Floats
    after: Floats
    boundary: Floats

    def quantiles(self, levels: tuple[float, ...] = (0.025, 0.5, 0.975)) -> Floats:
        """Of ``share`` over the societies; inf is one of its values."""
        return np.quantile(self.share, levels, method="inverted_cdf")


def first_movers(society: JoiningMap, *, least_jump: float = LEAST_JUMP) -> FirstMovers:
    """The first movers that it takes, for every case of a map.

    Args:
        society: Φ; its own share of first movers does not count.
        least_jump: in (0, 1]; smaller jumps are gradual.

    Returns:
        To about 10⁻⁹ where ``needed`` peaks at a kink or a jump, better where it is smooth.

    Example:
        >>> from gigsim.theory.participation.costs import IdenticalCosts
        >>> from gigsim.theory.participation.curves import BoundCurve
        >>> float(first_movers(JoiningMap(BoundCurve(0.01), IdenticalCosts(0.5))).share[0].round(6))
        0.019608
    """
    if not 0 < least_jump <= 1:
        raise ValueError(f"least_jump must be in (0, 1], got {least_jump!r}")
    breaks = society.curve.breaks
    around = np.concatenate([breaks, np.nextafter(breaks, -1), np.nextafter(breaks, 2)])
    even = np.linspace(0.0, 1.0, _POINTS + 1)
    grid = np.unique(np.concatenate([even, np.geomspace(_SMALLEST, 1.0, _POINTS), around]))
    grid = grid[(grid >= 0) & (grid <= 1)]
    found = [_of_one(society, case, grid, least_jump) for case in range(society.cases)]
    share, before, after = (np.array(column) for column in zip(*found, strict=True))
    return FirstMovers(share, before, after, (before + after) / 2)


def sampled_first_movers(
    society: JoiningMap, size: int, boundary: float, draws: int, rng: np.random.Generator
) -> Floats:
    """The same number in worlds of N people whose costs are drawn: what is to be expected at N.

    Of a world without leaks or ways back only its costs and the order of its first movers matter,
    not who is asked when: it ends at the least n with k + #{others: c_i ≤ gain(n/N)} ≤ n.

    Args:
        society: Φ of one case.
        size: N.
        boundary: share that has to be reached, in (0, 1].
        draws: worlds.
        rng: for the costs.

    Returns:
        Numbers of people, shape (draws,); inf where only as many as the boundary are carry it.
    """
    one = society.only(0)
    worth = np.asarray(one.gain(np.arange(size + 1) / size))
    places = np.arange(size + 1)
    top = int(np.ceil(boundary * size))

    def carried(costs: Floats, number: int) -> bool:
        others = np.sort(costs[number:])
        after = number + np.searchsorted(others, worth, side="right")
        rests = (after <= places) & (places >= number)
        return bool(rests.argmax() >= top)

    found = np.empty(draws)
    for draw in range(draws):
        # In the order in which they would become first movers.
        costs = np.asarray(one.costs.quantile(rng.random(size)))
        low, high = -1, top
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if carried(costs, middle) else (middle, high)
        found[draw] = high if high < top else np.inf
    return found


def _of_one(
    society: JoiningMap, case: int, grid: Floats, least_jump: float
) -> tuple[float, float, float]:
    needed = np.maximum(_needed(society, case, grid), 0.0)
    top = np.maximum.accumulate(needed)
    # A stretch at one level of the running maximum is a jump from its peak to where it is passed.
    starts = np.flatnonzero(np.concatenate([[True], np.diff(top) > 0]))
    ends = np.concatenate([starts[1:], [len(grid) - 1]])
    wide = grid[ends] - grid[starts]
    best = int(wide.argmax())
    if wide[best] < least_jump:
        return np.inf, np.nan, np.nan
    peak, until = int(starts[best]), int(ends[best])
    low, high = grid[max(peak - 1, 0)], grid[min(peak + 1, len(grid) - 1)]
    height, where = float(top[peak]), float(grid[peak])
    for _ in range(_ZOOMS):
        inner = np.linspace(low, high, _INNER + 1)
        values = np.maximum(_needed(society, case, inner), 0.0)
        at = int(values.argmax())
        if values[at] > height:
            height, where = float(values[at]), float(inner[at])
        low, high = inner[max(at - 1, 0)], inner[min(at + 1, _INNER)]
    return height, where, float(grid[until])


def _needed(society: JoiningMap, case: int, alpha: Floats) -> Floats:
    joins = society.costs.cdf(society.gain(alpha, case=case))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(joins < 1, (alpha - joins) / (1 - joins), -np.inf)
