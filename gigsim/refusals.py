"""Configs that are valid and that this world, once drawn, cannot run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gigsim.config.changes import timeline
from gigsim.config.load import build
from gigsim.errors import InputError
from gigsim.learners.foreign import ForeignLearner
from gigsim.scene import leavers
from gigsim.stage import Stage, asks_opinions

if TYPE_CHECKING:
    from gigsim.model import GigEconomy


def check_learner(model: GigEconomy) -> None:
    """Refuse a learner of the user's own that cannot do what will be asked of it.

    Raises:
        InputError: it cannot go on from weights, or gives no probabilities.
    """
    learner = model.stage.learner if isinstance(model.stage, Stage) else None
    if isinstance(learner, ForeignLearner):
        asks = asks_opinions(model.config.collective)
        learner.require(warm=model.ever_warm, opinions=asks)


def check_beliefs(model: GigEconomy) -> None:
    """Refuse a run that will ask for a theorem where none gives a number.

    Raises:
        InputError: some period's belief is ``theory``, and no theorem covers the metric.
    """
    metric = model.config.measure.success
    believes = any(config.society.belief == "theory" for config in model.configs)
    if believes and metric not in model.lines.signals:
        raise InputError(
            "society.belief",
            f"no theorem covers {metric} here: its numbers are not known for these resumes,"
            " this strategy and this learner",
            "published, adaptive or neighbours; or the built-in language with a token of its own",
        )


def check_newcomers(model: GigEconomy, periods: int) -> None:
    """Refuse so many more periods where the corpus has not so many resumes that nobody had.

    Who goes is drawn from the seed alone, so that it is known before the first of them begins.

    Raises:
        InputError: newcomers need more than there are, and ``population.replacement`` is off.
    """
    spare = model.stage.supply.spare if isinstance(model.stage, Stage) else None
    if spare is None:
        return
    changes, now, needed = timeline(model.config, build), model.now, 0
    for period in range(model.period + 1, model.period + periods + 1):
        now = changes.get(period, now)
        if now.population.turnover:
            needed += int(leavers(now, model.streams, period).sum())
        if needed > len(spare):
            raise InputError(
                "population.turnover",
                f"{needed:,} newcomers by period {period} of {model.period + periods} but"
                f" {len(spare):,} resumes of the corpus that nobody had",
                "fewer periods, less turnover, or population.replacement = true",
            )
