"""Question 4: how much secrecy it takes, and what a rotating signal does for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gigsim.config import build
from gigsim.dynamics.mean_field import MeanField
from gigsim.errors import InputError
from gigsim.planning.outlook import Outlook, members
from gigsim.planning.sustaining import extreme
from gigsim.planning.working import works_at

#: Networks that can be drawn for any number of people, and are alike for all.
SIZED = ("small_world", "ring", "scale_free", "random")
#: Retrainings after which a rotating collective changes its signal.
ROTATIONS = (1, 2, 5)
# Ties are drawn for at most so many people: the recursion only asks how many each has.
_DRAWN = 20_000
_HALVINGS, _PERIODS = 12, 400
_FINEST = 1e-6
#: A leak as large as this is as good as certain: an acquaintance knows within a period.
CERTAIN = 0.99


def secrecy(look: Outlook, first_movers: float) -> dict[str, Any]:
    """The plan's ``secrecy``: see docs/planning.md.

    Args:
        look: what the plan stands on.
        first_movers: with which the leaks are tried, a share of the people; inf where it is never.
    """
    section = look.config.collective
    spill = _spillover(look)
    found: dict[str, Any] = {
        "gamma": float(np.asarray(look.society.gamma)[0]),
        "gamma_works": None,
        "gamma_sustains": None,
        "spillover_most": None,
        "retention_most": None,
        "left_out": _left_out(look),
        "leak": section.leak,
        "leak_most": None,
        "leak_limit": False,
        "carried_with_leak": None,
        "grows_to_with_leak": None,
        "people_with_leak": None,
        "free_riders_with_leak": None,
        "rotations": [],
        "why_no_leak": None,
    }
    found |= _gammas(look, spill)
    if not np.isfinite(look.critical_mass) or not np.isfinite(first_movers):
        return found
    if not knows_leaks(look):
        found["why_no_leak"] = (
            "beliefs or activation differ between people, and the recursion knows no such"
        )
        return found
    alpha, riders = where_it_ends(look, first_movers, section.leak)
    found["grows_to_with_leak"] = alpha
    found["people_with_leak"] = members(alpha, look.people)
    found["free_riders_with_leak"] = members(riders, look.people)
    found["carried_with_leak"] = bool(alpha >= works_from(look))
    most = largest_leak(look, first_movers)
    found["leak_most"], found["leak_limit"] = most, most >= 1
    found["rotations"] = [
        {"every": every, "leak_most": largest_leak(look, first_movers, rotate_every=every)}
        for every in ROTATIONS
        if look.config.collective.signal.reserve and not look.config.collective.signal.companions
    ]
    return found


def _left_out(look: Outlook) -> str | None:
    """What the recursion knows and the map does not, in words; None where there is nothing."""
    config = look.config
    said = []
    if config.collective.leak > 0:
        said.append(f"the leak of {config.collective.leak:g}")
    if config.population.turnover > 0:
        said.append(f"newcomers ({100 * config.population.turnover:g} % a period)")
    if config.collective.retention > 0 and config.society.leaving != "never":
        said.append("leavers who keep the signal")
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said) or None


def works_from(look: Outlook) -> float:
    """The share from which it works; where it never does, or nobody stays, the critical mass."""
    share = works_at(look)
    return share if share <= look.equilibria.high else look.critical_mass


def where_it_ends(
    look: Outlook, first_movers: float, leak: float, rotate_every: int | None = None
) -> tuple[float, float]:
    """Members and free riders, shares of the people, where the loop's recursion comes to rest.

    Args:
        look: what the plan stands on.
        first_movers: a share of the people.
        leak: probability per tie and period.
        rotate_every: retrainings; None as the config has it.
    """
    society = _mean_field(look, np.array([first_movers]), leak, rotate_every)
    path = society.settle(_PERIODS)
    return float(path.alpha[-1, 0]), float(path.free_riders[-1, 0])


def first_movers_with_leak(look: Outlook, least: float) -> float:
    """The first movers that carry it in spite of the config's leak, a share; inf: no number does.

    Args:
        look: what the plan stands on.
        least: what is needed without a leak, above 0.
    """
    leak = look.config.collective.leak
    if leak == 0 or not np.isfinite(least) or not knows_leaks(look):
        return least
    # As many first movers as it takes to work are no test of whether others follow.
    goal = max(works_from(look), look.critical_mass)
    top = max(goal, least * 1.01)
    low, high = least, np.inf
    shares = np.geomspace(least, top, 17)
    for _ in range(2):
        ends = _mean_field(look, shares, leak, None).settle(_PERIODS).alpha[-1]
        carried = np.flatnonzero(ends >= np.maximum(goal, shares))
        if not len(carried):
            break
        at = int(carried[0])
        high = float(shares[at])
        low = float(shares[at - 1]) if at else low
        shares = np.linspace(low, high, 17)
    return high


def largest_leak(look: Outlook, first_movers: float, *, rotate_every: int | None = None) -> float:
    """The largest leak with which so many first movers still carry it to where it works.

    By bisection of the recursion, to about 3 %; 0 where it does not even without a leak, 1 where
    not even one of :data:`CERTAIN` keeps it down.
    """
    goal = works_from(look)

    def carried(leak: float) -> bool:
        return where_it_ends(look, first_movers, leak, rotate_every)[0] >= goal

    if not carried(0.0):
        return 0.0
    if carried(CERTAIN):
        return 1.0
    low, high = _FINEST, CERTAIN
    if not carried(low):
        return 0.0
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if carried(middle) else (low, middle)
        if high <= 1.03 * low:
            break
    return low


def _gammas(look: Outlook, spill: float) -> dict[str, float | None]:
    """The largest γ that members may have outside, and which spillover and retention that is."""
    sustains = extreme(look.society, "gamma", look.people)
    if sustains < 0:
        # Not even with nothing for outsiders.
        none = ("gamma_works", "gamma_sustains", "spillover_most", "retention_most")
        return dict.fromkeys(none)
    share = works_from(look)
    # Where nothing lasts now, it is asked of those who would.
    share = share if np.isfinite(share) else works_at(look)
    works = extreme(look.society, "gamma", look.people, above=share) if share <= 1 else -np.inf
    room = min(max(works, 0.0), 1.0)
    fixed = look.config.society.spillover != "measured"
    kept = look.config.collective.retention
    retention = (room - spill) / (1 - spill) if spill < 1 else 0.0
    spillover = (room - kept) / (1 - kept) if kept < 1 else 0.0
    return {
        "gamma_works": room,
        "gamma_sustains": min(max(sustains, 0.0), 1.0),
        # A measured spillover is what it is.
        "spillover_most": max(spillover, 0.0) if fixed else None,
        # Who never leaves has nothing to keep.
        "retention_most": max(retention, 0.0) if look.config.society.leaving != "never" else None,
    }


def _mean_field(
    look: Outlook, shares: np.ndarray, leak: float, rotate_every: int | None
) -> MeanField:
    changes: dict[str, Any] = {"collective.leak": leak, "collective.first_movers": 0}
    if look.config.network.kind in SIZED:
        changes["population.size"] = min(look.people, _DRAWN)
    if rotate_every is not None:
        changes["collective.rotate_every"] = rotate_every
        if not look.config.collective.signal.alternates:
            changes["collective.signal.alternates"] = [
                "‡" if look.config.collective.signal.token != "‡" else "†"
            ]
    config = build(look.config.model_dump(mode="json"), changes)
    return MeanField(config, shares, look.weighed)


def knows_leaks(look: Outlook) -> bool:
    """Has the recursion densities for these people?"""
    try:
        MeanField(look.config, np.array([0.0]), look.weighed)
    except InputError:
        return False
    return True


def _spillover(look: Outlook) -> float:
    spillover = look.config.society.spillover
    return 0.0 if spillover == "measured" else float(spillover)
