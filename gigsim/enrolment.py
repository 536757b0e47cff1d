"""An economy's Mesa agents are made: views of its people, the collective, the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gigsim._mesa import forget_agent_counter
from gigsim.agents import Collective, Freelancer, Platform
from gigsim.stage import Stage

if TYPE_CHECKING:
    from gigsim.model import GigEconomy

#: Up to this many freelancers have their Mesa view from the start: 100,000 views take about half a
#: second and 40 MB. Above it ``GigEconomy.make_views`` creates them on request.
VIEWS_UP_TO = 100_000


def make_views(model: GigEconomy) -> None:
    """Create the freelancers' Mesa views if they are not there yet (see VIEWS_UP_TO)."""
    if Freelancer not in model.agents_by_type:
        size = len(model.population)
        Freelancer.create_agents(model, size, list(range(size)))
        forget_agent_counter(model)


def enrol(model: GigEconomy) -> tuple[Collective, Platform]:
    """Make the collective and the platform, and views of the people if they are few."""
    section, size = model.config.platform, len(model.population)
    if size <= VIEWS_UP_TO:
        make_views(model)
    collective = Collective(model, size + 1, model.stage.target)
    # A measured curve reads nothing.
    reads = model.stage if isinstance(model.stage, Stage) else None
    platform = Platform(
        model,
        size + 2,
        reads.learner if reads else None,
        reads.texts if reads else None,
        warm=section.retrain == "warm",
        window=section.window if section.data == "window" else 1,
    )
    forget_agent_counter(model)
    return collective, platform
