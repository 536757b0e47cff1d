"""Known answers on who joins where people weigh a gain against a cost (V26-V29, P1).

What is expected is in the reference on the theory; it is computed by ``theory.participation`` and
played out by ``GigEconomy`` on a curve. Where people are drawn at random the tolerance is four
standard errors of what is compared, by the law of the draw; where nothing is random there is none
but the size of one person.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gigsim.theory.participation.closed_forms import (
    identical_costs_critical_mass,
    uniform_costs_equilibria,
    uniform_costs_fold,
    uniform_costs_slope,
)
from gigsim.theory.participation.costs import IdenticalCosts, SampleCosts, UniformCosts
from gigsim.theory.participation.curves import BoundCurve
from gigsim.theory.participation.folds import folds, with_parameter
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.validation.known import Known, Obtained, also, compared, listed
from gigsim.validation.society_runs import (
    ERRORS,
    beyond_a_person,
    bound,
    evenly,
    fixed_point_error,
    play,
    settled,
)

_KAPPA = 0.01
_PEOPLE = 10_000
_MANY = 20_000
#: To which numbers agree that are computed in two ways.
_EXACT = 1e-9


def _ends(mass: float, **keys: Any) -> tuple[float, float]:
    """Where people end who start with one more than the critical mass, and with one less."""
    least = int(np.ceil(mass * _PEOPLE))
    above, below = (settled(_PEOPLE, bound(_KAPPA), start=k, keys=keys) for k in (least, least - 1))
    return above, below


def _identical_costs() -> Obtained:
    printed = {0.2: "0.012346", 0.5: "0.019608", 0.8: "0.047619"}
    found, ends, agrees = {}, [], True
    for cost, number in printed.items():
        mass = float(identical_costs_critical_mass(cost, kappa=_KAPPA))
        solved = JoiningMap(BoundCurve(_KAPPA), IdenticalCosts(cost)).fixed_points()
        agrees &= abs(solved.critical_mass() - mass) < _EXACT
        found[f"α_c({cost:g})"] = (mass, number)
        ends.append(_ends(mass, **{"population.cost": cost}))
    told = ", ".join(f"{above:g} and {below:g}" for above, below in ends)
    played = (
        f"{_PEOPLE:,} people, the first number at or above α_c and the last below end at {told}"
    )
    return also(compared(found), played, agrees and set(ends) == {(1.0, 0.0)})


def _leaky_club() -> Obtained:
    gamma = 0.5
    mass, never = identical_costs_critical_mass([0.2, 0.5], kappa=_KAPPA, gamma=gamma)
    above, below = _ends(float(mass), **{"population.cost": 0.2, "society.spillover": gamma})
    ends = [
        settled(
            _PEOPLE,
            bound(_KAPPA),
            start=_PEOPLE - 1,
            keys={"population.cost": cost, "society.spillover": gamma},
        )
        for cost in (0.5, 0.6)
    ]
    numbers = compared({"α_c": (float(mass), "0.016393")}, f"c/b = 0.5: {float(never):g}")
    played = (
        f"{_PEOPLE:,} people end at {above:g} from above α_c, at {below:g} from below; all but one,"
        f" c/b = 0.5 and 0.6: {ends[0]:g}, {ends[1]:g}"
    )
    return also(numbers, played, np.isinf(never) and (above, below, *ends) == (1.0, 0.0, 0.0, 0.0))


def _uniform_costs() -> Obtained:
    printed = {
        1.0: ("0.01", "1"),
        0.5: ("0.010103", "0.494897"),
        0.1: ("0.011127", "0.089873"),
        0.05: ("0.013521", "0.036979"),
    }
    found, worst, agrees = {}, 0.0, True
    for ratio, numbers in printed.items():
        low, high = (float(x) for x in uniform_costs_equilibria(ratio, kappa=_KAPPA))
        found[f"r = {ratio:g}"] = [(low, numbers[0]), (high, numbers[1])]
        slopes = [float(uniform_costs_slope(a, ratio=ratio, kappa=_KAPPA)) for a in (low, high)]
        error_low = fixed_point_error(low, slopes[0], _MANY)
        error_high = fixed_point_error(high, slopes[1], _MANY)
        keys = {
            "population.cost": {"kind": "uniform", "low": 0.0, "high": 1.0},
            "society.benefit_scale": ratio,
        }
        step = ERRORS * error_low + 1 / _MANY
        above, below, everybody = (
            settled(_MANY, bound(_KAPPA), start=round(share * _MANY), keys=keys)
            for share in (low + step, low - step, 1.0)
        )
        misses = [beyond_a_person(end, high, error_high, _MANY) for end in (above, everybody)]
        agrees &= below == 0.0
        worst = max(worst, *misses)
    played = (
        f"{_MANY:,} people with costs of their own: from 4 s.e. above the lower root, and from"
        f" everybody, to the upper one, at most {worst:.1f} s.e. and a person from it; from 4 s.e."
        " below the lower one to nobody"
    )
    return also(listed(found), played, agrees and worst <= ERRORS)


def _fold() -> Obtained:
    """Costs evenly spaced, so that N people are the law but for half a person."""
    people = 20_000
    fold = uniform_costs_fold(_KAPPA)
    ratio, share = float(fold.ratio), float(fold.alpha)
    (found,) = folds(JoiningMap(BoundCurve(_KAPPA), UniformCosts(0.0, 1.0)), "benefit")
    half = 0.5 / people / float(bound(_KAPPA)(np.array(share)))
    costs = evenly(lambda u: u, people)
    values = (ratio, ratio - 1.2 * half)
    crowd = JoiningMap(BoundCurve(_KAPPA), SampleCosts(costs))
    told = [with_parameter(crowd, "benefit", [r]).fixed_points().outcome(1.0) for r in values]
    stays, falls = (
        settled(
            people,
            bound(_KAPPA),
            start=people,
            traits={"cost": costs},
            keys={"society.benefit_scale": value},
        )
        for value in values
    )
    numbers = compared({"r": (ratio, "0.0392118"), "α there": (share, "0.0198")})
    same = abs(found.parameter - ratio) < _EXACT and abs(found.alpha - share) < 1e-6
    played = (
        f"{people:,} people come down from everybody to {stays:.4f} at r, and to {falls:g} at"
        f" {values[1]:.6f}, 1.2 times what half a person is worth below it; both to the person as"
        " the map of these people has it"
    )
    near = share <= stays < share + 0.002 and [stays, falls] == told
    return also(numbers, played, same and near and falls == 0.0)


def _smallest_coalition() -> Obtained:
    """K people are committed, one more each period; nobody else is asked."""
    cost, gamma, first, last = 0.5, 0.3, 150, 380
    told = [float(identical_costs_critical_mass(cost, kappa=_KAPPA, gamma=g)) for g in (0.0, gamma)]
    grows = tuple(
        {"period": t, "set": {"collective.first_movers": first + t - 1}}
        for t in range(1, last - first + 2)
    )
    run = play(
        _PEOPLE,
        bound(_KAPPA),
        periods=len(grows),
        at=grows,
        keys={
            "population.cost": cost,
            "society.spillover": gamma,
            "society.activation": 1e-12,
        },
    ).iloc[1:]
    members = run["members"].to_numpy()
    joined, stayed = (run[f"mean_utility_{who}"].to_numpy() for who in ("members", "outsiders"))
    viable, critical = int(members[joined >= 0].min()), int(members[joined >= stayed].min())
    numbers = compared({"b·S(α) = c": (told[0], "0.019608"), "α_c": (told[1], "0.033816")})
    played = (
        f"of {_PEOPLE:,} people, {viable} are the fewest members who do not lose, and {critical}"
        " the fewest who do as well as those who stay away"
    )
    wanted = tuple(int(np.ceil(share * _PEOPLE)) for share in told)
    return also(numbers, played, (viable, critical) == wanted)


KNOWN = (
    Known(
        "V26",
        "club good, identical costs, κ = 0.01: critical mass at c/b = 0.2, 0.5, 0.8",
        "α_c = 0.012346, 0.019608, 0.047619; from above it everybody, from below nobody",
        "Hardt et al. 2023, section 6; derived",
        _identical_costs,
        slow=True,
    ),
    Known(
        "V27",
        "leaky club, γ = 0.5, identical costs, κ = 0.01",
        "α_c = 0.016393 at c/b = 0.2; never from c/b = 0.5 on",
        "Hardt et al. 2023, section 6; derived",
        _leaky_club,
        slow=True,
    ),
    Known(
        "V28",
        "uniform costs on [0, c̄], κ = 0.01, r = (1−γ)b/c̄ = 1, 0.5, 0.1, 0.05",
        "roots 0.01, 1; 0.010103, 0.494897; 0.011127, 0.089873; 0.013521, 0.036979",
        "derived",
        _uniform_costs,
        slow=True,
    ),
    Known(
        "V29",
        "the fold of V28: the least r with which anybody stays",
        "r = 4κ/(1+κ)² = 0.0392118, at α = √(rκ) = 0.0198",
        "derived",
        _fold,
        slow=True,
    ),
    Known(
        "P1",
        "Schelling: smallest viable coalition, and critical mass, κ = 0.01, c/b = 0.5, γ = 0.3",
        "b·S(k/N) = c, 1.9608 % of the people; (1−γ)·b·S(k/N) = c, 3.3816 %",
        "Schelling 1978; derived",
        _smallest_coalition,
        slow=True,
    ),
)
