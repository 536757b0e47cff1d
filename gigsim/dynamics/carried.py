"""Is a society carried over its gap? One run of the loop, from so many first movers, to its rest.

*Carried over*: the run comes to rest with a share of members at or above the ``boundary``, the
middle of the gap between the two states that it may end in. (``gigsim.tipping`` has two other
words: *tipped* is about S and its target, *grown* about a single member more than first movers.)

*At rest*: for rules in which nothing is drawn when people decide, nobody has joined, left or heard
of the signal for so long that somebody who wanted to would have been asked but for one time in a
thousand, and the platform has answered twice. Where decisions are drawn, or people are replaced,
there is no such rest, and the rule of ``run.until = "settled"`` stands for it. A run that goes on
until ``run.limit`` counts by where it is then, as *restless*.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gigsim.config import Config, build
from gigsim.config.changes import timeline
from gigsim.model import GigEconomy
from gigsim.settled import settled

#: Rules in which a decision follows from what is known, without a draw.
DRAWLESS = ("best_response", "threshold", "complex_contagion", "pivotal")
# Who wants to move and is asked with a fixed probability is missed by then but so often.
_MISSED = 1e-3


@dataclass(frozen=True)
class End:
    """Where a run ended.

    Attributes:
        alpha: members over population.
        members: how many.
        free_riders: non-members who hold the signal.
        periods: after how many periods.
        restless: did it reach ``run.limit`` without coming to rest?
    """

    alpha: float
    members: int
    free_riders: int
    periods: int
    restless: bool


def light(config: Config) -> Config:
    """The same society with as little measured beside it as may be.

    What is left out, the reference collective and most of the draws of the selection test, is of
    streams of its own: nobody decides otherwise.
    """
    return build(
        config.model_dump(mode="json"),
        {"measure.reference": 0, "measure.selection_draws": 99, "measure.bootstrap": 100},
    )


def run_to_rest(config: Config, first_movers: int, seed: int) -> End:
    """Run a society until nothing moves.

    Args:
        config: made :func:`light` by the caller if it is to be quick.
        first_movers: how many, 0 to N; nested: one more leaves the others as they are.
        seed: of the run.
    """
    begun = build(
        config.model_dump(mode="json"),
        {"collective.first_movers": first_movers, "run.seed": seed},
    )
    model = GigEconomy(begun)
    changes = timeline(begun, build)
    last = max(changes, default=0)
    # Nothing is at rest before the last change: what comes after it says how long rest takes.
    still, patience = 0, _patience(changes.get(last, begun))
    held = -1
    at_rest = False
    while model.period < begun.run.limit and not at_rest:
        model.step()
        if patience is None:
            at_rest = model.retrained and settled(model.periods, begun, model.laboratory.held_out)
            continue
        now = int(model.population.holds_signal.sum())
        moved = model.joined or model.left or now != held or model.period <= last
        held = now
        still = 0 if moved else still + 1
        at_rest = still >= patience
    members = int(model.population.member.sum())
    model.close()
    return End(
        alpha=members / begun.population.size,
        members=members,
        free_riders=int(model.population.free_rider.sum()),
        periods=model.period,
        restless=not at_rest,
    )


def _patience(config: Config) -> int | None:
    """Periods without a move after which nobody wants to; None where there is no such number."""
    society, section = config.society, config.platform
    noisy = society.rule not in DRAWLESS or config.population.turnover > 0
    if noisy or not isinstance(society.activation, int | float):
        return None
    answer = 2 * section.retrain_every + (section.window if section.data == "window" else 1)
    if society.belief == "adaptive":
        answer += math.ceil(math.log(_MISSED) / math.log(max(1 - society.adaptation, _MISSED)))
    if society.activation == 1:
        return answer
    return answer + math.ceil(math.log(_MISSED) / math.log(1 - society.activation))
