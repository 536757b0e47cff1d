"""Who follows in a spot check: people with the label sets of those who follow now, or anybody.

A spot check draws people of its own, far fewer perhaps than the run has, and who joined there is
told by their label sets alone: a million people whose resumes nobody has are sampled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gigsim.population import label_set_numbers

if TYPE_CHECKING:
    from gigsim.curves.bench import Bench
    from gigsim.curves.draws import Draw
    from gigsim.model import GigEconomy


def choose_followers(model: GigEconomy, bench: Bench, drawn: Draw, members: int) -> float:
    """Have so many of the drawn people follow, as ``measure.spot_composition`` says.

    Args:
        model: the run, whose followers of this moment are to be met.
        bench: of the spot check.
        drawn: its people; who joins is kept with the bench.
        members: how many follow, in [0, n].

    Returns:
        Total variation, in [0, 1], between their label sets and those of the people who follow now;
        NaN where nobody follows, here or there.
    """
    from gigsim.curves.draws import appoint, joining

    population, measure = model.population, model.config.measure
    follows = model.collective.follows(population, population.member)
    if not members or not follows.any():
        return float("nan")
    sets = label_set_numbers(bench.stage.labels)
    wanted, counts = np.unique(population.label_set[follows], return_counts=True)
    shares = counts / counts.sum()
    order = joining(drawn, "random")
    if measure.spot_composition == "emergent":
        turn = float(drawn.streams.uniform("spot/label_sets", size=1)[0])
        order = alike(sets, order, wanted, shares, members, turn)
        appoint(drawn, order)
    return _apart(sets[order[:members]], wanted, shares)


def alike(
    sets: NDArray[np.int64],
    order: NDArray[np.int64],
    wanted: NDArray[np.int64],
    shares: NDArray[np.float64],
    members: int,
    turn: float,
) -> NDArray[np.int64]:
    """An order of people whose first ``members`` have label sets in the wanted shares.

    Of label set s it takes members·share(s) people, rounded up or down by a systematic sample, so
    that each is expected as often as wanted; where fewer have it than that, people with other sets
    take their places, the earliest of ``order``.

    Args:
        sets: number of each one's label set, shape (n,).
        order: everybody, in random order, shape (n,).
        wanted: numbers of label sets, ascending, shape (k,).
        shares: of each, positive, with sum 1, shape (k,).
        members: in [0, n].
        turn: uniform in [0, 1): which are rounded up.

    Returns:
        int64, shape (n,): the chosen first, each part in the order of ``order``.
    """
    ends = np.floor(np.append(0.0, np.cumsum(shares)) * members + turn)
    # The shares sum to 1 up to their last bits, and a turn just under 1 is rounded up in a sum.
    ends = np.minimum(ends, members)
    ends[-1] = members
    quota = np.diff(ends).astype(np.int64)
    own = sets[order]
    place = np.minimum(np.searchsorted(wanted, own), len(wanted) - 1)
    has = wanted[place] == own
    by_set = np.argsort(np.where(has, place, len(wanted)), kind="stable")
    sizes = np.bincount(place[has], minlength=len(wanted))
    starts = np.cumsum(sizes) - sizes
    rank = np.empty(len(order), dtype=np.int64)
    rank[by_set[: sizes.sum()]] = np.arange(sizes.sum()) - np.repeat(starts, sizes)
    chosen = has.copy()
    chosen[has] = rank[has] < quota[place[has]]
    missing = members - int(chosen.sum())
    if missing:
        chosen[np.flatnonzero(~chosen)[:missing]] = True
    return np.concatenate([order[chosen], order[~chosen]])


def _apart(
    sets: NDArray[np.int64], wanted: NDArray[np.int64], shares: NDArray[np.float64]
) -> float:
    """Total variation between the label sets of some people and shares of label sets."""
    own, counts = np.unique(sets, return_counts=True)
    both = np.union1d(own, wanted)
    gap = np.zeros(len(both))
    gap[np.searchsorted(both, own)] += counts / counts.sum()
    gap[np.searchsorted(both, wanted)] -= shares
    return float(np.abs(gap).sum() / 2)
