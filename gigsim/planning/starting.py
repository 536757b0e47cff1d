"""Question 3: who and what gets it going: first movers, a subsidy, or a provision point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gigsim.planning.margins import LESS, MARGIN, SAFE, enough, left_with
from gigsim.planning.outlook import Outlook, grid_of, members
from gigsim.planning.path import Path, climb
from gigsim.planning.subsidies import drawn_subsidies, subsidy
from gigsim.planning.working import LEVELS, count_of, interval_of, no_interval
from gigsim.theory.participation.draws import ParticipationDraws
from gigsim.theory.participation.joining_map import JoiningMap


def first_movers_needed(society: JoiningMap, people: int, goal: float, case: int = 0) -> float:
    """The share of committed first movers from which participation grows past the critical mass.

    At least one person, where it is not nobody. Where a share m is committed, α is short of growing
    as long as m + (1 − m)·F(α) < α; the largest m with which some α up to the critical mass is
    stuck is what is needed. Less than the critical mass, because those to whom it is cheap come
    along.

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
    if stuck[worst] <= 1 / people:
        # One is enough, and nobody has to come along before the others are ready to.
        return 1 / people, 0.0
    return float(min(stuck[worst], 1.0)), float(joins[worst])


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
        "left_with_configured": members(left_with(look, look.first_movers), people),
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
        lacking = drawn_subsidies(look.draws, people, draws.critical_mass)
        ends = np.quantile(lacking, LEVELS, method="inverted_cdf")
        known = (float(end) if np.isfinite(end) else None for end in ends)
        money["least_low"], money["least_high"] = known
    return {
        "first_movers": movers,
        "subsidy": money,
        "subsidy_with_configured": None if look.first_movers == 0 else subsidy(look, None),
        "provision_point": provision_point(look),
    }


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
