"""Known answers on secrets that leak with size, and on sweeps up and down (P17, P18).

Computed by ``theory.participation``, played out by ``GigEconomy`` on a curve: copies of the signal
really pass from hand to hand, and one run goes through all values of what is swept.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gigsim.theory.gaps import Floats
from gigsim.theory.participation.costs import LogNormalCosts
from gigsim.theory.participation.curves import FunctionCurve
from gigsim.theory.participation.folds import Fold, folds, with_parameter
from gigsim.theory.participation.hysteresis import hysteresis
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.regimes import leaking_bound_curve
from gigsim.validation.known import Known, Obtained, also, compared
from gigsim.validation.society_runs import (
    ERRORS,
    beyond_a_person,
    bound,
    play,
    share_itself,
)

_MANY = 20_000


def _leaks(members: int, kappa: float, leak: float) -> tuple[float, float]:
    """Share of non-members with a copy after one period, and what membership is worth beside it."""
    keys = {
        "population.cost": 0.0,
        "society.activation": 1e-12,
        "collective.leak": leak,
    }
    row = play(_MANY, bound(kappa), start=members, periods=1, keys=keys).iloc[-1]
    riders, others = int(row["free_riders"]), int(row["outsiders"])
    if riders + others != _MANY - members:
        raise RuntimeError("somebody else has joined")
    got = sum(
        float(row[f"mean_utility_{name}"]) * count
        for name, count in (("free_riders", riders), ("outsiders", others))
        if count
    )
    advantage = float(row["mean_utility_members"]) - got / (riders + others)
    return riders / (riders + others), advantage


def _secrecy() -> Obtained:
    kappa, leak = 0.01, 5e-4
    curve = leaking_bound_curve(kappa, leak=leak, population=_MANY)
    (turn,) = curve.points
    sizes = [round(turn * factor * _MANY) for factor in (0.3, 0.5, 1.0, 2.0, 4.0, 10.0)]
    worst, shares, worth = 0.0, [], []
    for members in sizes:
        alpha = members / _MANY
        gamma = 1 - (1 - leak) ** members
        copies, advantage = _leaks(members, kappa, leak)
        error = float(np.sqrt(gamma * (1 - gamma) / (_MANY - members)))
        worst = max(worst, abs(copies - gamma) / error)
        gain = float(bound(kappa)(np.array(alpha)))
        if gain > 0:
            miss = abs(advantage - float(curve.value(np.array(alpha)))) / (gain * error)
            worst = max(worst, miss)
        shares.append(copies)
        worth.append(advantage)
    best = int(np.argmax(worth)) == 2
    numbers = compared({"best size": (turn, "0.036799")})
    played = (
        f"of {_MANY:,} people with {', '.join(f'{n:,}' for n in sizes)} members"
        f" {', '.join(f'{100 * x:.1f}' for x in shares)} % of the others have a copy after a"
        f" period, and membership is worth {', '.join(f'{x:.3f}' for x in worth)} to each: at most"
        f" {worst:.1f} s.e. away"
    )
    return also(numbers, played, best and worst <= ERRORS)


def _benefit_error(law: JoiningMap, costs: LogNormalCosts, fold: Fold, first: float) -> float:
    """One s.e. of b at a fold of N people drawn at random: of F over F', in units of b.

    α = m + (1 − m)·F(b·α) there, and luck moves F by √(F(1 − F)/n), n those not committed.
    """
    rest = (fold.alpha - first) / (1 - first)
    luck = np.sqrt(rest * (1 - rest) / ((1 - first) * _MANY))
    step = 1e-6
    rises = float(np.diff(costs.quantile(np.array([rest - step, rest + step])))[0]) / (2 * step)
    return float(luck * rises / fold.alpha)


def _swept(
    values: Floats, hold: int, keys: dict[str, Any], seed: int
) -> tuple[Floats, Floats, bool]:
    """α at the end of each value on the way up and down, shape (K,) each; has it come to rest?"""
    steps = np.concatenate([values, values[::-1]])
    changes = tuple(
        {"period": 1 + number * hold, "set": {"society.benefit_scale": float(value)}}
        for number, value in enumerate(steps)
    )
    run = play(
        _MANY, share_itself, periods=hold * len(steps), seed=seed, at=changes, keys=keys
    ).iloc[1:]
    shares = run["alpha"].to_numpy(dtype=np.float64).reshape(len(steps), hold)
    ends, count = shares[:, -1], len(values)
    return ends[:count], ends[count:][::-1], bool(np.all(shares[:, -1] == shares[:, -2]))


def _hysteresis() -> Obtained:
    """G = α, costs log-normal with median 0.4, one in ten is committed; b goes up and down."""
    first, median, sigma, hold = 0.1, 0.4, 0.4, 100
    costs = LogNormalCosts(median, sigma)
    law = JoiningMap(FunctionCurve(share_itself), costs, first_movers=first)
    low, high = sorted(folds(law, "benefit"), key=lambda fold: fold.parameter)
    errors = [_benefit_error(law, costs, fold, first) for fold in (low, high)]
    near = [
        fold.parameter + way * ERRORS * error
        for fold, error in zip((low, high), errors, strict=True)
        for way in (-1, 1)
    ]
    between = np.linspace(near[1], near[2], 5)[1:-1]
    values = np.array([near[0] - 0.1, *near[:2], *between, *near[2:], near[3] + 0.1])
    told = hysteresis(law, "benefit", values)
    keys = {
        "population.cost": {"kind": "lognormal", "median": median, "sigma": sigma},
        "collective.first_movers": round(first * _MANY),
    }
    up, down, rests = _swept(values, hold, keys, seed=4)
    jumps = [jumps[0].parameter for jumps in (told.jumps_down, told.jumps_up) if len(jumps) == 1]

    # Near a fold a state moves by the root of what luck does to b: there only which it is counts.
    worst = 0.0
    for place, value in enumerate(values):
        if min(abs(value - low.parameter), abs(value - high.parameter)) < 0.05:
            continue
        one = with_parameter(law, "benefit", [value])
        for share, state in ((up[place], told.up[place]), (down[place], told.down[place])):
            worst = max(worst, beyond_a_person(share, state, _error(one, state, first), _MANY))
    middle = (low.alpha + high.alpha) / 2
    falls, rises = (int(np.argmax(path > middle)) for path in (down, up))
    sides = np.array_equal(up > middle, told.up > middle)
    sides &= np.array_equal(down > middle, told.down > middle)
    numbers = compared(
        {
            "falls at b": (low.parameter, "0.675141"),
            "rises at b": (high.parameter, "1.491869"),
        }
    )
    agrees = len(jumps) == 2 and bool(np.allclose(jumps, [low.parameter, high.parameter]))
    played = (
        f"{_MANY:,} people drawn at random, {len(values)} values of b up and down in one run: on"
        f" the way up from {up[rises - 1]:.3f} at {values[rises - 1]:.3f} to {up[rises]:.3f} at"
        f" {values[rises]:.3f}, on the way down from {down[falls]:.3f} at {values[falls]:.3f} to"
        f" {down[falls - 1]:.3f} at {values[falls - 1]:.3f}, 4 s.e. before and behind the folds;"
        f" further off both ways at most {worst:.1f} s.e. and a person from the states told"
    )
    return also(numbers, played, agrees and sides and worst <= ERRORS and rests)


def _error(society: JoiningMap, state: float, first: float) -> float:
    """One s.e. of a fixed point of so many people of whom all but the committed are drawn."""
    slope = float(society.next(state + 1e-6) - society.next(state - 1e-6)) / 2e-6
    rest = (state - first) / (1 - first)
    return float(np.sqrt((1 - first) * rest * (1 - rest) / _MANY) / (1 - slope))


KNOWN = (
    Known(
        "P17",
        "secrets leak with the collective's size: κ = 0.01, ℓ = 0.0005 a pair and period,"
        " N = 20,000",
        "γ = 1 − (1−ℓ)^(αN) of the others have it for nothing; membership is worth most at the"
        " root of L(1+κ)α² − Lκα − κ = 0, L = −N ln(1−ℓ)",
        "derived",
        _secrecy,
        slow=True,
    ),
    Known(
        "P18",
        "hysteresis: b swept up and down, G = α, log-normal costs (median 0.4, σ = 0.4), a tenth"
        " committed",
        "up it jumps at the upper fold, 1.491869, down at the lower one, 0.675141; between them"
        " history decides",
        "derived",
        _hysteresis,
        slow=True,
    ),
)
