"""Where people end who are put in and let go: what sustains itself in the loop, and from how many.

A map of participation says what becomes of a society that begins at a share α whose gain everybody
knows. The loop has to be brought there first: so many people are committed, nobody else is asked,
and both lasts until the platform has learned from them alone and people expect what is published.
Let go earlier they would be judged by a gain that is not yet theirs; were others asked meanwhile,
they would follow those who cannot leave, and the number would be that of ``critical_mass``.
"""

from __future__ import annotations

import math
from typing import Any

from gigsim.config import Config, build
from gigsim.dynamics.carried import run_to_rest
from gigsim.errors import InputError

# As a share of the people it has to be above 0; as a law of each one's own it may be 0.
_NOBODY_ASKED = {"kind": "constant", "value": 0.0}


def rests_at(config: Config, start: int, seed: int) -> float:
    """α at rest of a run that so many begin, committed until the platform has learned from them.

    Args:
        config: nobody committed, no changes in time.
        start: 0 to N random people.
        seed: of the run.

    Returns:
        A share of the population, in [0, 1].

    Raises:
        InputError: it comes to no rest by ``run.limit``.
    """
    plain = config.model_dump(mode="json")
    end = run_to_rest(build(plain, _held(plain, free_from(config)) if start else {}), start, seed)
    if end.restless:
        raise InputError(
            "run.limit",
            f"{start} first movers of {config.population.size} people come to no rest in"
            f" {config.run.limit} periods",
            "more periods, or a society that settles",
        )
    return end.alpha


def least_that_holds(config: Config, high: float, seed: int) -> int:
    """The least number that does not fall back to under half of the high equilibrium.

    Args:
        config: as of :func:`rests_at`.
        high: where everybody put in comes to rest, a share of the population.
        seed: of the run.

    Raises:
        InputError: as of :func:`rests_at`.
    """
    low, top = -1, config.population.size
    while top - low > 1:
        # By ratios: critical masses are often a few people in a thousand.
        middle = round(math.sqrt(low * top)) if low > 0 else top // 4
        middle = min(max(middle, low + 1), top - 1)
        if rests_at(config, middle, seed) >= high / 2:
            top = middle
        else:
            low = middle
    return top


def free_from(config: Config) -> int:
    """The period in which those put in are let go, one after their gain is known.

    The first retraining after a whole ``window`` of theirs tells it. Slow beliefs take it as it is
    (``published``) in the period after and are themselves again in the next: an average of what has
    been believed and what is published then begins at what is published.
    """
    platform = config.platform
    span = platform.window if platform.data == "window" else 1
    learned = platform.retrain_every * math.ceil(span / platform.retrain_every)
    return learned + (2 if config.society.belief == "adaptive" else 1)


def _held(plain: dict[str, Any], free: int) -> dict[str, Any]:
    """Overrides of a config's table by which nobody decides anything before a period."""
    meanwhile: dict[str, Any] = {"activation": _NOBODY_ASKED}
    if plain["society"]["belief"] == "adaptive":
        meanwhile["belief"] = "published"
    release = {f"society.{name}": plain["society"][name] for name in meanwhile}
    at = [{"period": free, "set": {"collective.first_movers": 0} | release}]
    return {f"society.{name}": value for name, value in meanwhile.items()} | {"at": at}
