"""Known answers on goods that need so many contributors: games of n players (V42, P12, P13).

They have a mixed equilibrium. Groups drawn at random from a large population play them, whose
members imitate, by the simulation's own rule, those who do better: that ends where contributing
pays as much as not, and tells which of two such shares is stable. Means of batches of periods are
within four standard errors.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import binom

from gigsim.society.imitation import fermi_rule, pick_neighbour
from gigsim.society.networks import CompleteNetwork
from gigsim.theory.gaps import Floats
from gigsim.theory.participation.public_goods import (
    assured_good,
    threshold_good,
    volunteers,
)
from gigsim.validation.known import Known, Obtained, also, compared, listed
from gigsim.validation.society_runs import (
    ERRORS,
    away,
)

#: Imitation's strength in games, per unit of V.
_STRENGTH = 5.0
_WARM, _BATCHES, _BATCH = 100, 20, 15


class _Game(NamedTuple):
    """A good that w of n players have to contribute to; c in units of what it is worth to each."""

    cost: float
    players: int
    needed: int
    refund: bool


class _Played(NamedTuple):
    """After the start: shares that contribute and of groups without anybody, means of batches."""

    contributes: Floats
    nobody: Floats


def _imitated(game: _Game, groups: int, start: float, seed: int) -> _Played:
    """People in random groups; each looks at one other and takes after who does better on average.

    Args:
        game: what is played.
        groups: of n players each.
        start: share that contributes at first.
        seed: of the groups and of what people copy.
    """
    rng = np.random.default_rng(seed)
    people = groups * game.players
    everybody = CompleteNetwork(people)
    gives = np.arange(people) < round(start * people)
    shares, nobody = [], []
    for _ in range(_WARM + _BATCHES * _BATCH):
        order = rng.permutation(people).reshape(groups, game.players)
        givers = gives[order].sum(axis=1)
        shares.append(gives.mean())
        nobody.append((givers == 0).mean())
        provided = np.empty(people, dtype=np.bool_)
        provided[order] = (givers >= game.needed)[:, None]
        paid = gives & (provided | (not game.refund))
        worth = provided - game.cost * paid
        if gives.all() or not gives.any():
            utility = worth
        else:
            utility = np.where(gives, worth[gives].mean(), worth[~gives].mean())
        picked = pick_neighbour(everybody, rng.random(people))
        luck = rng.random(people)
        gives = fermi_rule(gives[picked], gives, utility, picked, _STRENGTH, luck)
    late = [np.array(x[_WARM:]).reshape(_BATCHES, _BATCH).mean(axis=1) for x in (shares, nobody)]
    return _Played(*late)


def _volunteers() -> Obtained:
    cost, sizes = 0.5, {2: 10_000, 5: 4000, 10: 2000, 100: 1000}
    printed = {
        2: ("0.5", "0.25"),
        5: ("0.1591", "0.4204"),
        10: ("0.0741", "0.4629"),
        100: ("0.00698", "0.4965"),
    }
    found, worst, agrees = {}, 0.0, True
    for players, numbers in printed.items():
        told = volunteers(cost, players=players)
        pair = float(told.contributes), float(told.nobody)
        found[f"n = {players}"] = list(zip(pair, numbers, strict=True))
        agrees &= abs(threshold_good(cost, players=players, needed=1).stable - pair[0]) < 1e-9
        played = _imitated(_Game(cost, players, 1, False), sizes[players], 1.5 * pair[0], players)
        worst = max(worst, away(played.contributes, pair[0]), away(played.nobody, pair[1]))
    text = (
        "groups of n out of 20,000 people (n = 100: 100,000) who imitate those who do better, means"
        f" of {_BATCHES * _BATCH} periods: at most {worst:.1f} s.e. away"
    )
    return also(listed(found), text, agrees and worst <= ERRORS)


def _threshold_good() -> Obtained:
    game = _Game(0.2, 10, 5, False)
    low, high = threshold_good(game.cost, players=game.players, needed=game.needed)
    ends = [_imitated(game, 2000, low + step, 10).contributes for step in (-0.03, 0.03)]
    worst = away(ends[1], high)
    # Two roots up to the chance to be pivotal at (w − 1)/(n − 1), where that is largest.
    most = float(binom.pmf(game.needed - 1, game.players - 1, 4 / 9))
    roots = [threshold_good(most * part, players=10, needed=5) for part in (0.999, 1.001)]
    dear = _imitated(game._replace(cost=1.1 * most), 2000, high, 12).contributes
    text = (
        f"2,000 groups, imitation: from 0.03 under the lower root to {ends[0].mean():g}, from 0.03"
        f" over it to the upper one, {worst:.1f} s.e. away; with c a tenth above the largest, from"
        f" the upper one to {dear.mean():g}"
    )
    numbers = compared(
        {
            "unstable": (low, "0.3282"),
            "stable": (high, "0.5650"),
            "largest c/V": (most, "0.2602"),
        }
    )
    agrees = not np.isnan(roots[0].stable) and bool(np.isnan(roots[1].stable))
    agrees &= ends[0].max() == 0.0 and dear.max() == 0.0
    return also(numbers, text, agrees and worst <= ERRORS)


def _refunded_good() -> Obtained:
    game = _Game(0.2, 10, 5, True)
    root = assured_good(game.cost, players=game.players, needed=game.needed)
    start = 0.2
    path = _imitated(game, 2000, start, 11).contributes
    without = _imitated(game._replace(refund=False), 2000, start, 11).contributes
    worst = away(path, root)
    text = (
        f"2,000 groups, imitation: from {start:g}, where without refund it goes to"
        f" {without.mean():g}, to the root, {worst:.1f} s.e. away"
    )
    numbers = compared({"p": (root, "0.5892")})
    return also(numbers, text, without.max() == 0.0 and worst <= ERRORS)


KNOWN = (
    Known(
        "V42",
        "volunteer's dilemma, c/V = 0.5, n = 2, 5, 10, 100: chances that one and that nobody does",
        "0.5, 0.25; 0.1591, 0.4204; 0.0741, 0.4629; 0.00698, 0.4965",
        "Diekmann 1985",
        _volunteers,
        slow=True,
    ),
    Known(
        "P12",
        "threshold public good without refund, n = 10, w = 5, c/V = 0.2",
        "C(n−1, w−1)·p^(w−1)·(1−p)^(n−w) = c/V: 0.3282, unstable, and 0.5650, stable; none with c/V"
        " above its largest value, at p = (w−1)/(n−1)",
        "Palfrey and Rosenthal 1984",
        _threshold_good,
        slow=True,
    ),
    Known(
        "P13",
        "the same with refund",
        "V·Pr(w − 1 others) = c·Pr(at least w − 1): one root, 0.5892, reached from below 0.3282",
        "Palfrey and Rosenthal 1984; derived",
        _refunded_good,
        slow=True,
    ),
)
