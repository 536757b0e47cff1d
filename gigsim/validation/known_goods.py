"""Known answers on free riding, side payments and contracts with refund (V30, P9-P11).

Computed by ``theory.participation``, played out by ``GigEconomy`` on a curve.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gigsim.theory.participation.costs import IdenticalCosts, UniformCosts
from gigsim.theory.participation.curves import BoundCurve
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.public_goods import (
    olson_parameter,
    public_good_share,
)
from gigsim.theory.participation.regimes import AssuredCurve, pivotal_curve
from gigsim.validation.known import Known, Obtained, also, compared, listed
from gigsim.validation.society_runs import (
    ERRORS,
    beyond_a_person,
    bound,
    fixed_point_error,
    settled,
)

_PIVOTAL: dict[str, Any] = {"society.rule": "pivotal", "society.order": "sequential"}


def _rests(people: int, kappa: float, cost: float, start: float) -> float:
    """Where a pure public good is left alone by everybody, asked in turn."""
    keys = _PIVOTAL | {"population.cost": cost}
    return settled(people, bound(kappa), start=round(start * people), keys=keys)


def _public_good() -> Obtained:
    kappa, cost = 1e-3, 0.01
    found = {}
    for people, number in ((25_000, "0.002"), (100_000, "0.001"), (400_000, "0")):
        share = public_good_share(cost, kappa=kappa, population=people, continuous=True)
        found[f"N = {people:,}"] = [(float(share), number)]
    agrees, ends = True, []
    for people in (10_000, 25_000, 40_000):
        told = float(public_good_share(cost, kappa=kappa, population=people))
        solved = JoiningMap(pivotal_curve(BoundCurve(kappa), people), IdenticalCosts(cost))
        agrees &= abs(solved.fixed_points().high - told) < 1e-9
        above, below = (_rests(people, kappa, cost, told * factor) for factor in (3.0, 0.9))
        agrees &= abs(above - told) <= 1 / people and abs(below - told) <= 1 / people
        ends.append(above)
    # The derivative's root is above the foot there, 0.000999, the difference's 0.000995.
    agrees &= float(public_good_share(cost, kappa=kappa, population=100_000)) == 0.0
    none = _rests(100_000, kappa, cost, 0.003), _rests(25_000, kappa, cost, 0.0009)
    agrees &= none == (0.0, 0.0)
    played = (
        "10,000, 25,000 and 40,000 people asked in turn come from above and from below to"
        f" {', '.join(f'{100 * end:.4g} %' for end in ends)}, the root of the difference that one"
        f" makes within a person; 100,000, for whom that is under the foot, to {none[0]:g}; a start"
        f" under the foot to {none[1]:g}"
    )
    return also(listed(found), played, agrees)


def _olson() -> Obtained:
    people, cost = 20_000, 0.01
    goes_on, told, clubs = [], [], []
    numbers = (10, 50, 90, 120, 400)
    for number in numbers:
        kappa = number / people
        agrees = abs(float(olson_parameter(kappa, people)) - number) < 1e-9
        told.append(bool(public_good_share(cost, kappa=kappa, population=people) > 0) and agrees)
        start = 3 * float(np.sqrt(kappa / (cost * people)))
        goes_on.append(_rests(people, kappa, cost, start))
        clubs.append(
            settled(
                people,
                bound(kappa),
                start=round(start * people),
                keys={"population.cost": cost},
            )
        )
    text = ", ".join("goes on" if on else "dies" for on in told)
    played = (
        f"{people:,} people keep {', '.join(f'{100 * end:.3g} %' for end in goes_on)} as members of"
        f" a public good, {', '.join(f'{100 * end:g} %' for end in clubs)} of a club"
    )
    expected = [number < 0.99 / cost for number in numbers]
    right = told == expected and [end > 0 for end in goes_on] == expected
    return also(Obtained(text, True), played, right and clubs == [1.0] * len(numbers))


def _side_payment() -> Obtained:
    people, kappa, cost, paid = 10_000, 0.01, 0.5, 0.2
    society = JoiningMap(BoundCurve(kappa), IdenticalCosts(cost), side_payment=paid)
    mass = society.fixed_points().critical_mass()
    keys = {"population.cost": cost, "collective.subsidy": paid, "collective.fund": 1e9}
    least = int(np.ceil(mass * people))
    ends = [settled(people, bound(kappa), start=k, keys=keys) for k in (least, least - 1)]
    played = (
        f"{people:,} people with a subsidy of σ end at {ends[0]:g} from {least} members, at"
        f" {ends[1]:g} from {least - 1}"
    )
    return also(compared({"α_c": (mass, "0.014085")}), played, ends == [1.0, 0.0])


def _assurance() -> Obtained:
    people, kappa, benefit = 20_000, 0.01, 0.5
    plain = JoiningMap(BoundCurve(kappa), UniformCosts(0.0, 1.0), benefit=benefit)
    mass, high = plain.fixed_points().critical_mass(), plain.fixed_points().high

    def end(point: float, refund: bool) -> float:
        keys = {
            "population.cost": {"kind": "uniform", "low": 0.0, "high": 1.0},
            "society.benefit_scale": benefit,
            "collective.provision_point": point,
            "collective.refund": refund,
        }
        return settled(people, bound(kappa), keys=keys)

    ends, worst, told = [], 0.0, []
    for point in (0.1, 0.6, 0.9 * mass):
        assured = JoiningMap(AssuredCurve(plain.curve, point), plain.costs, benefit=benefit)
        low = assured.fixed_points().low
        told.append(low)
        ends.append(end(point, refund=True))
        slope = (float(assured.next(low + 1e-6)) - low) / 1e-6
        error = fixed_point_error(low, slope, people)
        worst = max(worst, beyond_a_person(ends[-1], low, error, people))
    without = end(0.1, refund=False)
    numbers = listed(
        {
            "α̂ = 0.1": [(told[0], "0.494897")],
            "0.6": [(told[1], f"{benefit * (1 - kappa * 0.4 / 0.6):.6f}")],
        },
        f"a point under α_c = {mass:.4f}: {told[2]:.6f}",
    )
    played = (
        f"of {people:,} people, nobody committed, {', '.join(f'{x:.4f}' for x in ends)} pledge, at"
        f" most {worst:.1f} s.e. away; without refund {without:g}"
    )
    starts = abs(told[0] - high) < 1e-9 and told[2] < mass
    return also(numbers, played, starts and worst <= ERRORS and without == 0.0)


KNOWN = (
    Known(
        "V30",
        "pure public good, κ = 0.001, c/b = 0.01, N = 25,000: where contributors stop",
        "α = √(bκ/(cN)) = 0.002; half of it with four times as many people, nobody under the foot",
        "Olson 1965; derived",
        _public_good,
        slow=True,
    ),
    Known(
        "P9",
        "Olson's parameter κN of a public good, c/b = 0.01: κN = 10, 50, 90, 120, 400",
        "free riding ends it where κN is above b/c = 100, and not where it is below",
        "Olson 1965; derived",
        _olson,
        slow=True,
    ),
    Known(
        "P10",
        "Olson's selective incentives: a side payment σ = 0.2, club good, κ = 0.01, c/b = 0.5",
        "α_c = κ/(κ + 1 − (c − σ)/b) = 0.014085",
        "Olson 1965; derived",
        _side_payment,
        slow=True,
    ),
    Known(
        "P11",
        "provision point α̂ with refund, uniform costs, r = 0.5, κ = 0.01: from nobody",
        "α̂ = 0.1: the upper equilibrium, 0.494897; 0.6: too few pledge, 0.496667; below α_c: none",
        "Bagnoli and Lipman 1989; derived",
        _assurance,
        slow=True,
    ),
)
