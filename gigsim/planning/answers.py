"""A plan for an organiser: five answers from a config, as numbers and in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gigsim.config import Config
from gigsim.learners.recipes import SurrogateRecipe
from gigsim.planning.hinges import hinges
from gigsim.planning.outlook import Outlook, members, outlook
from gigsim.planning.secrecy import (
    first_movers_with_leak,
    knows_leaks,
    secrecy,
    where_it_ends,
    works_from,
)
from gigsim.planning.sentences import sentences
from gigsim.planning.starting import padded, short_of, starting
from gigsim.planning.sustaining import solved, sustaining
from gigsim.planning.trials import trials
from gigsim.planning.working import working
from gigsim.theory.participation.costs import SampleCosts

#: Runs of each kind that a plan is tried in.
SEEDS = 20


@dataclass(frozen=True, eq=False)
class Plan:
    """What was found.

    Attributes:
        look: what it stands on, for figures.
        content: the answers, plain numbers and None, as ``--json`` prints them; every sentence is
            in it under ``sentences`` (docs/planning.md).
    """

    look: Outlook
    content: dict[str, Any]


def plan(
    config: Config,
    *,
    curve: Path | None = None,
    arm: str = "",
    period: int | None = None,
    seeds: int = SEEDS,
    tell: Callable[[str], None] | None = None,
) -> Plan:
    """Answer an organiser's questions.

    Args:
        config: the society and its collective.
        curve: a file that stands in for the platform; None goes by the config's surrogate, or by
            what a theorem promises.
        arm: which curve of a file that has several.
        period: plan for the world as ``[[at]]`` changes have made it by this period.
        seeds: runs of each kind that the plan is tried in; 0 tries nothing.
        tell: hears what is being done.

    Raises:
        InputError: the config is not one that can be planned with (``outlook``).
    """
    say = tell or _silent
    say("reading the curve")
    look = outlook(config, curve, arm, period)
    say("looking for the critical mass")
    draws = solved(look)
    start = starting(look, draws)
    movers = start["first_movers"]
    _leaks(look, movers)
    say("trying how much may leak")
    needed = movers["plan"] / look.people if movers["plan"] else np.inf
    kept = secrecy(look, needed if look.critical_mass else look.first_movers)
    content: dict[str, Any] = {
        "name": config.name,
        "people": look.people,
        "period": period,
        "benefit": config.society.benefit_scale,
        "unit": "money a period, of which a sure target label is worth b",
        "source": {
            "measured": look.measured,
            "exact": _exact(look.config),
            "learner": look.config.platform.learner.kind,
            "what": _what(look.brings.source),
            "draws": None if look.draws is None else look.draws.cases,
        },
        "works": working(look),
        "sustains": sustaining(look, draws),
        "start": start,
        "secrecy": kept,
        "sure": {
            "hangs_on": hinges(look, kept["leak_most"]),
            "assumptions": assumptions(look, period),
        },
    }
    if seeds and np.isfinite(look.critical_mass):
        ends = _ends(look, kept)
        start["trials"] = trials(look, start, ends, seeds, say)
    else:
        start["trials"] = None
    content["sentences"] = sentences(content)
    return Plan(look, content)


def _what(source: str) -> str:
    """What S(α) is, without that it is a promise: the sentence around it says so."""
    bound = "a bound and no measurement ("
    if source.startswith(bound):
        return source.removeprefix(bound).removesuffix(")")
    return source.removeprefix("promise of ")


def _exact(config: Config) -> bool:
    """Is the platform the one that a promise is of, or does it learn from what it has?"""
    return isinstance(config.platform.learner, SurrogateRecipe) or (
        config.platform.learner.kind == "bayes"
    )


def assumptions(look: Outlook, period: int | None = None) -> list[str]:
    """What the answers take for granted, in words.

    Args:
        look: what the plan stands on.
        period: from which on the world is taken to stay as it is; None of one that does not change.
    """
    config = look.config
    costs = config.population.cost
    law = ", ".join(f"{k} {v:g}" for k, v in costs.model_dump().items() if isinstance(v, float))
    kind = "a table" if isinstance(look.society.costs, SampleCosts) else f"{costs.kind} ({law})"
    said = [
        f"what membership costs people is {kind}",
        "everybody hears of the success and nobody's acquaintances are special (well-mixed)",
        "members are a random draw of the people, as those were whom the curve was measured with"
        if look.measured
        else "members are a random draw of the people",
    ]
    if look.measured:
        said.append("the platform goes on as the one that was measured, on resumes like those")
    else:
        said.append("the platform does what the theorem promises, and no better")
        if config.society.spillover == "measured":
            said.append("outsiders are given the target label as often as before")
    if period is not None:
        said.append(f"everything stays as it is from period {period:,} on")
    if config.society.leaving == "never":
        said.append("nobody ever leaves")
    elif config.collective.retention > 0:
        kept = config.collective.retention
        said.append(
            f"leavers, who keep the signal with probability {kept:g}, are counted as gone for good"
        )
    # What leaks is in the answer to question 4, and in the plan's number of first movers.
    others = (what for what in look.leaves_out if not what.startswith(("leak", "retention")))
    return [*said, *(f"not in it is {what}" for what in others)]


def _leaks(look: Outlook, movers: dict[str, Any]) -> None:
    """What the config's leak adds to the first movers that it takes."""
    share = movers["share"]
    movers["with_leak"], movers["people_with_leak"] = share, movers["people"]
    if not share:
        return
    needed = first_movers_with_leak(look, share)
    known = bool(np.isfinite(needed))
    movers["with_leak"] = needed if known else None
    movers["people_with_leak"] = members(needed, look.people)
    leak = look.config.collective.leak
    if leak > 0 and movers["configured"] and knows_leaks(look):
        ends = where_it_ends(look, look.first_movers, leak)[0]
        movers["configured_suffice"] = bool(ends >= works_from(look))
        movers["left_with_configured"] = members(ends, look.people)
    if known and needed > share:
        movers["plan"] = padded(needed, look.people, movers["luck"])
        movers["short"] = short_of(needed, look.people)


def _ends(look: Outlook, kept: dict[str, Any]) -> float:
    """The share at which the plan is expected to end, its leak included where that is known."""
    with_leak = kept["grows_to_with_leak"]
    return look.equilibria.high if with_leak is None else float(with_leak)


def _silent(_: str) -> None:
    """Nobody listens."""
