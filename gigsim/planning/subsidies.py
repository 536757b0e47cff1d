"""What a subsidy has to be, for how long, and what it costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from gigsim.planning.margins import LESS, MARGIN, SAFE, enough
from gigsim.planning.outlook import Outlook, grid_of, members
from gigsim.planning.path import Path, climb
from gigsim.theory.gaps import Floats
from gigsim.theory.participation.joining_map import JoiningMap

#: Money at hand beyond what the way is expected to cost.
RESERVE = 0.25
# No law says what the costliest people take who are none of N.
_ALL = 0.999
# Sizes at most at which a budget is looked at.
_SIZES = 4096
# Sizes at which a subsidy may end: parts of the way, in logarithms, from the critical mass to where
# it grows.
_ENDS = (0.1, 0.25, 0.5, 0.75, 0.9)


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
    who are not committed. Where nobody is, the first person has what nobody brings.

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
    gain = society.gain(grid, side=-1, case=case)
    if first_movers == 0:
        rest = np.append(rest, 1 / people)
        gain = np.append(gain, society.gain(0.0, case=case))
    # Sizes at which nearly all have to join are beyond what luck is asked about.
    rest = np.maximum(rest, np.minimum(rest + luck * np.sqrt(rest * (1 - rest) / people), _ALL))
    return float(max((society.costs.quantile(rest) - gain).max(), 0.0))


def drawn_subsidies(society: JoiningMap, people: int, goals: Floats) -> list[float]:
    """:func:`subsidy_needed` of every case; what people cost is the same in all, and asked once."""
    known = goals[np.isfinite(goals)]
    if not len(known):
        return [float("inf")] * len(goals)
    grid = grid_of(society, people, 0.0, float(known.max()))
    costs, cheapest = society.costs.quantile(grid), float(society.costs.quantile(1 / people))
    found = []
    for case, goal in enumerate(goals):
        if not np.isfinite(goal):
            found.append(float("inf"))
            continue
        on_the_way = grid <= max(goal, grid[0])
        gain = society.gain(grid[on_the_way], side=-1, case=case)
        first = cheapest - float(society.gain(0.0, case=case))
        found.append(max(float((costs[on_the_way] - gain).max()), first, 0.0))
    return found


def subsidy(look: Outlook, first_movers: float | None = 0.0) -> dict[str, Any]:
    """A subsidy that carries it over: how much, to whom, until when, and what it costs.

    Beside it ``least_budget``, the most in a period were each member paid only what he lacks.

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
        "least_budget": least_budget(look.society, people, goal, first),
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


def least_budget(society: JoiningMap, people: int, goal: float, first_movers: float = 0.0) -> float:
    """The most money in a period, were each paid only what membership then lacks him.

    People join one after the other in order of cost. Where k − 1 others have, the k-th and those
    before him each lack c_i − (1−γ)·b·G((k−1)/N), as far as that is above 0, and would not stay for
    less; the largest of these sums on the way to the critical mass.

    Args:
        society: nobody committed.
        people: N.
        goal: the critical mass, a share of them.
        first_movers: committed, a share; they are paid nothing.

    Returns:
        In the unit of cost, of all people.
    """
    committed = members(first_movers, people) or 0
    last = members(goal, people)
    if last is None or last <= committed:
        return 0.0
    costs = society.costs.quantile((np.arange(last - committed) + 0.5) / (people - committed))
    added = np.append(0.0, np.cumsum(costs))
    sizes = np.unique(np.linspace(1, len(costs), _SIZES).round().astype(np.int64))
    gain = society.gain((committed + sizes - 1) / people)
    content = np.minimum(np.searchsorted(costs, gain, side="right"), sizes)
    paid = added[sizes] - added[content] - (sizes - content) * gain
    return float(paid.max())


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
