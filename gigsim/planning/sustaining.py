"""Question 2: how many members until it sustains itself, and what it then grows to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gigsim.planning.outlook import Outlook, grid_of, of_people
from gigsim.planning.working import LEVELS, count_of, interval_of, no_interval, works_at
from gigsim.theory.participation.draws import ParticipationDraws, participation_draws
from gigsim.theory.participation.folds import Parameter, parameter_at
from gigsim.theory.participation.joining_map import JoiningMap


def sustaining(look: Outlook, draws: ParticipationDraws | None) -> dict[str, Any]:
    """The plan's ``sustains``: see docs/planning.md.

    Args:
        look: what the plan stands on.
        draws: equilibria over the curve's uncertainty; None of a promise.
    """
    share, people = look.critical_mass, look.people
    never = not np.isfinite(share)
    top = 0.0 if never else look.equilibria.high
    found: dict[str, Any] = {
        **count_of("", share, people),
        **no_interval(),
        "possible": not never,
        "possible_share": None,
        "by_itself": share == 0,
        "withers": look.config.society.leaving != "never",
        "interpolated": bool(0 < share < look.smallest),
        "grows_to": {
            **count_of("", top, people),
            **no_interval(),
            "success": look.success(top),
            "works": bool(look.success(top) >= look.config.measure.success_target),
            "extrapolated": bool(top > look.largest),
        },
        "with_everybody": with_everybody(look.society),
        "needs": needs(look, 0.0),
        "needs_to_work": needs(look, works_at(look)),
    }
    if draws is not None:
        low, high = draws.quantiles("critical_mass", LEVELS)
        found |= interval_of(low, high, people)
        found["possible_share"] = draws.possible
        # Where none sustains itself nobody is left.
        tops = np.where(np.isfinite(draws.critical_mass), draws.high, 0.0)
        ends = np.quantile(tops, LEVELS, method="inverted_cdf")
        found["grows_to"] |= interval_of(float(ends[0]), float(ends[1]), people)
    return found


def solved(look: Outlook) -> ParticipationDraws | None:
    """Equilibria of every drawn curve, their critical masses of whole people."""
    if look.draws is None:
        return None
    found = participation_draws(look.draws)
    masses = [
        of_people(float(mass), look.draws, look.people, case)
        for case, mass in enumerate(found.critical_mass)
    ]
    return replace(found, critical_mass=np.array(masses))


def with_everybody(society: JoiningMap) -> dict[str, float]:
    """What membership brings where everybody is a member, and to whom that is worth its cost."""
    return {
        "gain": float(society.gain(1.0)),
        "would_stay": float(society.next(1.0)),
    }


def needs(look: Outlook, above: float) -> dict[str, float | None]:
    """The least benefit, or subsidy without an end, or largest scale of costs that sustains it.

    Args:
        look: what the plan stands on.
        above: at a share of at least this, in [0, 1]; at none if it is infinite.

    Returns:
        The other numbers as they are; None where not even the best value does.
    """
    if not np.isfinite(above):
        return dict.fromkeys(("benefit", "subsidy", "cost_scale"))
    least = extreme(look.society, "benefit", look.people, above)
    scale = extreme(look.society, "cost_scale", look.people, above)
    paid = extreme(look.society, "side_payment", look.people, above) + look.config.collective.dues
    return {
        "benefit": least if np.isfinite(least) else None,
        "subsidy": paid if np.isfinite(paid) else None,
        "cost_scale": scale if scale > 0 else None,
    }


def extreme(society: JoiningMap, name: Parameter, people: int, above: float = 0.0) -> float:
    """The parameter's value at which a collective of at least some size can just last.

    For each size there is one value at which it is an equilibrium (``theory.participation.folds``);
    the least demanding of them over all sizes from ``above`` on is the answer: the smallest benefit
    (or side payment), the largest γ (or scale of costs).

    Args:
        society: a single one.
        name: the parameter.
        people: N: a collective has at least one member.
        above: the smallest size that counts, in [0, 1].

    Returns:
        The value; for a benefit inf where none is enough, for γ −inf, for a scale of costs 0.
    """
    falling = name in ("gamma", "cost_scale")
    sign = -1.0 if falling else 1.0
    grid = grid_of(society, people, max(above, 1 / people), 1.0)
    for _ in range(3):
        values = sign * np.asarray(parameter_at(society, name, grid))
        values = np.where(np.isnan(values), np.inf, values)
        best = int(values.argmin())
        if not np.isfinite(values[best]):
            break
        # Twice nearer: a smooth turning point is then known to about ten digits.
        left, right = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        grid = np.unique(np.append(np.linspace(left, right, 513), grid[best]))
    value = sign * float(values.min())
    if name == "gamma":
        return value
    # Neither is ever negative.
    return max(value, 0.0)
