"""The first movers that carry the recursion to its upper state, leaks or no leaks."""

from __future__ import annotations

import numpy as np

from gigsim.config import Config
from gigsim.dynamics.benefit import Benefit, benefit
from gigsim.dynamics.first_movers import LEAST_JUMP, FirstMovers
from gigsim.dynamics.mean_field import MeanField
from gigsim.theory.gaps import Floats


def predicted_first_movers(
    config: Config,
    *,
    known: Benefit | None = None,
    least_jump: float = LEAST_JUMP,
    limit: int = 3000,
) -> FirstMovers:
    """The first movers that carry the recursion half-way to its upper state.

    The *upper state* is where the number of first movers leads that is followed by most people. In
    a society without leaks participation jumps there at one number, or from there on it is rounded
    off by what people of low cost do by themselves; with leaks it is a race of joining against
    hearing of the signal, and the way up may be gradual. Half-way is then still a number, and
    ``before`` and ``after`` show how steep it is.

    Args:
        config: as of :class:`MeanField`; its own number of first movers does not count.
        known: its benefit.
        least_jump: fewer followers at most, a share of the population, are nobody.
        limit: periods, at most.

    Returns:
        Of one society, to about one in 10⁵ of the number; ``boundary`` is half-way. ``inf`` where
        nobody follows, whatever the number.
    """
    if known is None and config.society.rule != "threshold":
        known = benefit(config)
    grid = np.concatenate([[0.0], np.geomspace(1 / config.population.size, 0.98, 20)])
    ends = _ends(config, grid, known, limit)
    followed = int((ends - grid).argmax())
    nobody = np.full(1, np.nan)
    if ends[followed] - grid[followed] < least_jump:
        return FirstMovers(np.full(1, np.inf), nobody, nobody, nobody)
    half = (float(ends[0]) + float(ends[followed])) / 2
    first = int((ends >= half).argmax())
    if first == 0:
        return FirstMovers(np.zeros(1), np.zeros(1), ends[:1], np.array([half]))
    low, high = float(grid[first - 1]), float(grid[first])
    before, after = float(ends[first - 1]), float(ends[first])
    while high - low > 1e-5 * high:
        inner = np.linspace(low, high, 10)
        ends = np.concatenate([[before], _ends(config, inner[1:-1], known, limit), [after]])
        first = int((ends >= half).argmax())
        low, high = float(inner[first - 1]), float(inner[first])
        before, after = float(ends[first - 1]), float(ends[first])
    return FirstMovers(np.array([high]), np.array([before]), np.array([after]), np.array([half]))


def _ends(config: Config, shares: Floats, known: Benefit | None, limit: int) -> Floats:
    return MeanField(config, shares, known).settle(limit).alpha[-1]
