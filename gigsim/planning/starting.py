"""Question 3: who and what gets it going: first movers, a subsidy, or a provision point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gigsim.planning.outlook import Outlook, grid_of, members
from gigsim.planning.path import Path, climb
from gigsim.planning.working import LEVELS, count_of, interval_of, no_interval
from gigsim.theory.gaps import Floats
from gigsim.theory.participation.draws import ParticipationDraws
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.startup import startup_cost

#: A plan takes so much more than what just suffices: people are not a continuum.
MARGIN = 0.1
#: The trial beside it takes so much less than the plan, which is then short of what suffices.
LESS = 0.2
#: Money at hand beyond what the way is expected to cost.
RESERVE = 0.25
# No law says what the costliest people take who are none of N.
_ALL = 0.999
#: Standard errors by which a number of people is to be off by luck before a plan fails.
SAFE = 2.0
# Sizes at which a subsidy may end: parts of the way, in logarithms, from the critical mass to where
# it grows.
_ENDS = (0.1, 0.25, 0.5, 0.75, 0.9)


def first_movers_needed(society: JoiningMap, people: int, goal: float, case: int = 0) -> float:
    """The share of committed first movers from which participation grows past the critical mass.

    Where a share m is committed, α is short of growing as long as m + (1 − m)·F(α) < α; the largest
    m with which some α up to the critical mass is stuck is what is needed. Less than the critical
    mass, because those to whom it is cheap come along.

    Args:
        society: nobody committed.
        people: N.
        goal: the critical mass of this case; inf: never, 0: nobody is needed.
        case: which society.
    """
    return _stuck(society, people, goal, case)[0]


def _stuck(society: JoiningMap, people: int, goal: float, case: int) -> tuple[float, float]:
    """What is needed, and the share of the others who have joined where it is."""
    if not np.isfinite(goal) or goal == 0:
        return goal, 0.0
    grid = grid_of(society, people, 0.0, goal)
    joins = society.costs.cdf(society.gain(grid, side=-1, case=case))
    stuck = np.where(joins < 1, (grid - joins) / np.where(joins < 1, 1 - joins, 1.0), 0.0)
    worst = int(stuck.argmax())
    return float(np.clip(stuck[worst], 0.0, 1.0)), float(joins[worst])


def subsidy_needed(
    society: JoiningMap,
    people: int,
    goal: float,
    first_movers: float = 0.0,
    case: int = 0,
    luck: float = 0.0,
) -> float:
    """The least σ, money a period to every member, that carries from the first movers to a share.

    The largest of what the next person lacks on the way: Q(u) − (1−γ)·b·G(α), u the part of those
    who are not committed.

    Args:
        society: nobody committed.
        people: N.
        goal: the critical mass; inf: never.
        first_movers: committed, a share.
        case: which society.
        luck: by how many standard errors fewer of N people than expected may come, and it does.
    """
    if not np.isfinite(goal):
        return float("inf")
    grid = grid_of(society, people, first_movers, max(goal, first_movers))
    grid = grid[grid > first_movers] if first_movers else grid
    if not len(grid) or goal <= first_movers:
        return 0.0
    rest = (grid - first_movers) / (1 - first_movers)
    # Sizes at which nearly all have to join are beyond what luck is asked about.
    rest = np.maximum(rest, np.minimum(rest + luck * np.sqrt(rest * (1 - rest) / people), _ALL))
    lacking = society.costs.quantile(rest) - society.gain(grid, side=-1, case=case)
    return float(max(lacking.max(), 0.0))


def _drawn_subsidies(society: JoiningMap, people: int, goals: Floats) -> list[float]:
    """:func:`subsidy_needed` of every case; what people cost is the same in all, and asked once."""
    known = goals[np.isfinite(goals)]
    if not len(known):
        return [float("inf")] * len(goals)
    grid = grid_of(society, people, 0.0, float(known.max()))
    costs = society.costs.quantile(grid)
    found = []
    for case, goal in enumerate(goals):
        on_the_way = grid <= max(goal, grid[0])
        gain = society.gain(grid[on_the_way], side=-1, case=case)
        most = float((costs[on_the_way] - gain).max()) if np.isfinite(goal) else float("inf")
        found.append(max(most, 0.0))
    return found


def starting(look: Outlook, draws: ParticipationDraws | None) -> dict[str, Any]:
    """The plan's ``start``, trials apart: see docs/planning.md.

    Args:
        look: what the plan stands on.
        draws: equilibria over the curve's uncertainty; None of a promise.
    """
    people, goal = look.people, look.critical_mass
    share, along = _stuck(look.society, people, goal, 0)
    luck = SAFE * float(np.sqrt(along * (1 - along) / people))
    movers: dict[str, Any] = {
        **count_of("", share, people),
        **no_interval(),
        "margin": MARGIN,
        "less": LESS,
        "luck": luck,
        "plan": padded(share, people, luck),
        "short": short_of(share, people),
        "configured": look.config.collective.first_movers,
        "configured_suffice": bool(np.isfinite(goal) and enough(look, look.first_movers)),
        "left_with_configured": members(_left(look, look.first_movers), people),
    }
    if draws is not None and look.draws is not None:
        needed = [
            first_movers_needed(look.draws, people, float(mass), case)
            for case, mass in enumerate(draws.critical_mass)
        ]
        low, high = np.quantile(needed, LEVELS, method="inverted_cdf")
        movers |= interval_of(low, high, people)
    money = subsidy(look, 0.0)
    money |= dict.fromkeys(("least_low", "least_high"))
    money["interval"] = draws is not None and bool(money["least"])
    if money["interval"] and draws is not None and look.draws is not None:
        lacking = _drawn_subsidies(look.draws, people, draws.critical_mass)
        ends = np.quantile(lacking, LEVELS, method="inverted_cdf")
        known = (float(end) if np.isfinite(end) else None for end in ends)
        money["least_low"], money["least_high"] = known
    return {
        "first_movers": movers,
        "subsidy": money,
        "subsidy_with_configured": None if look.first_movers == 0 else subsidy(look, None),
        "provision_point": provision_point(look),
    }


def enough(look: Outlook, first_movers: float) -> bool:
    """Do so many committed first movers, a share, carry it past the critical mass?"""
    return _left(look, first_movers) > look.critical_mass or look.critical_mass == 0


def _left(look: Outlook, first_movers: float) -> float:
    """Where participation ends with so many committed and nothing else."""
    return replace(look.society, first_movers=first_movers).fixed_points().outcome(0.0)


def padded(share: float, people: int, luck: float = 0.0) -> int | None:
    """The plan's number: what suffices and the margin, at least one person more.

    Args:
        share: that just suffices.
        people: N.
        luck: by how much a share of N people may fall short by chance; a larger margin wins.
    """
    exact = members(share, people)
    if exact is None or exact == 0:
        return exact
    more = max((1 + MARGIN) * share, share + luck)
    return min(people, max(exact + 1, int(np.ceil(more * people))))


def short_of(share: float, people: int) -> int | None:
    """A number that is to be too small: LESS under the plan as it is without luck."""
    exact = members(share, people)
    if exact is None or exact == 0:
        return exact
    return min(exact - 1, int((1 - LESS) * (1 + MARGIN) * share * people))


def subsidy(look: Outlook, first_movers: float | None = 0.0) -> dict[str, Any]:
    """A subsidy that carries it over: how much, to whom, until when, and what it costs.

    Args:
        look: what the plan stands on.
        first_movers: committed beside it, a share; None for the config's own.

    Returns:
        Money in the unit of b; ``per_person`` 0 where none is needed, everything None where the
        critical mass is never.
    """
    people, goal = look.people, look.critical_mass
    first = look.first_movers if first_movers is None else first_movers
    found: dict[str, Any] = dict.fromkeys(
        (
            *("least", "per_person", "short", "until", "until_people", "periods"),
            *("most_people", "most_per_period", "total", "fund", "least_budget"),
        )
    )
    found |= {"first_movers": members(first, people), "arrives": False}
    if not np.isfinite(goal):
        return found
    if enough(look, first):
        return (
            found
            | dict.fromkeys(found, 0)
            | {"first_movers": members(first, people)}
            | {"arrives": True}
        )
    least = subsidy_needed(look.society, people, goal, first)
    safe = subsidy_needed(look.society, people, goal, first, luck=SAFE)
    each = max((1 + MARGIN) * least, safe)
    path, until = _way(look, goal, each, first)
    found |= {
        "least": least,
        "per_person": each,
        "short": (1 - LESS) * (1 + MARGIN) * least,
        "least_budget": _least_budget(look, goal, first),
        "until": until,
        "until_people": members(until, people),
        "arrives": path.arrived,
    }
    if path.arrived:
        paid = path.paid * people
        found |= {
            "periods": path.subsidised,
            "most_people": int(np.ceil(paid.max() / each)),
            "most_per_period": float(paid.max()),
            "total": float(paid.sum()),
            "fund": (1 + RESERVE) * float(paid.sum()),
        }
    return found


def _least_budget(look: Outlook, goal: float, first: float) -> float:
    return look.people * startup_cost(replace(look.society, first_movers=first), until=goal)


def _way(look: Outlook, goal: float, each: float, first: float) -> tuple[Path, float]:
    """The first size at which the subsidy may end so that it goes on by itself, and the way."""
    top = look.equilibria.high
    beyond = goal + 0.02 * (top - goal)
    # What luck may take from so many members is no way back.
    least = goal + (SAFE * np.sqrt(goal * look.people) + 1) / look.people
    for part in _ENDS:
        until = min(max(goal * (top / goal) ** part, least), (goal + 9 * top) / 10)
        path = climb(look, beyond, first_movers=first, subsidy=each, until=min(until, 0.999999))
        if path.arrived and _goes_on(look, path):
            return path, until
    return path, until


def _goes_on(look: Outlook, path: Path) -> bool:
    """Nothing is lost from where the subsidy ended."""
    return bool(path.alpha[-1] > look.critical_mass)


def provision_point(look: Outlook) -> dict[str, Any]:
    """A contract that binds only where enough pledge: the point, and whether it does the rest.

    People who pay only where the point is reached weigh what there is at the point, so that the
    least point that works is the critical mass (``theory.participation.AssuredCurve``), and any
    from there to the upper equilibrium works too.
    """
    people, goal = look.people, look.critical_mass
    found: dict[str, Any] = dict.fromkeys(
        ("share", "people", "least_people", "most_people", "pledges", "gain")
    )
    found["works"] = False
    if not np.isfinite(goal):
        return found
    top = look.equilibria.high
    point = _safe_point(look, goal, top)
    pledging = float(look.society.next(point))
    return found | {
        **count_of("", point, people),
        "least_people": members(goal, people),
        "most_people": int(np.floor(top * people + 1e-9)),
        "gain": float(look.society.gain(point)),
        "pledges": pledging,
        "works": bool(pledging >= point),
    }


def _safe_point(look: Outlook, goal: float, top: float) -> float:
    """The least point above the critical mass and its margin that luck will not keep from reach."""
    low = min((1 + MARGIN) * goal, (goal + top) / 2)
    grid = np.linspace(low, (goal + top) / 2, 513)
    pledging = look.society.next(grid)
    spread = np.sqrt(np.maximum(pledging * (1 - pledging), 1e-12) / look.people)
    room = (pledging - grid) / spread
    safe = np.flatnonzero(room >= 2 * SAFE)
    return float(grid[safe[0] if len(safe) else room.argmax()])


def planned_ways(look: Outlook, start: Mapping[str, Any]) -> dict[str, Path]:
    """The ways up from nobody by each of the means that there are, nearly to where they end.

    Args:
        look: what the plan stands on.
        start: the plan's ``start``.
    """
    top = look.equilibria.high * 0.99
    movers, subsidised, point = (
        start[name] for name in ("first_movers", "subsidy", "provision_point")
    )
    ways = {}
    if movers["plan"]:
        ways["first_movers"] = climb(look, top, first_movers=movers["plan"] / look.people)
    if subsidised["per_person"] and subsidised["arrives"]:
        ways["subsidy"] = climb(
            look, top, subsidy=subsidised["per_person"], until=subsidised["until"]
        )
    if point["works"] and point["share"]:
        ways["provision_point"] = climb(look, top, assured=point["share"])
    return ways
