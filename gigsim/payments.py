"""What a period brings: benefits and costs, dues into the fund and subsidies out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gigsim.levers import is_binding
from gigsim.society import treasury

if TYPE_CHECKING:
    from gigsim.model import GigEconomy


def pay(model: GigEconomy, paid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pay and charge everybody for one period.

    Args:
        model: the economy, this period's success measured.
        paid: who has paid a cost that is paid once, bool, shape (N,).

    Returns:
        Who has now, bool, shape (N,).
    """
    population, society = model.population, model.now.society
    binding = is_binding(model)
    inside, outside = model.gain, model.spilled
    scale = society.benefit_scale
    benefit = np.where(population.holds_signal, scale * inside, scale * outside)
    paying = population.member if binding else np.zeros_like(population.member)
    if society.cost_timing == "once":
        paying = paying & ~paid
    charged = np.where(paying, population.cost, 0.0)
    model.benefits, model.costs = float(benefit.sum()), float(charged.sum())
    # Columns are replaced, never changed: who keeps one (``LastFinished``) keeps what it was.
    population.utility = np.subtract(benefit, charged, out=benefit)
    _settle(model)
    population.wealth = np.add(population.wealth, population.utility, out=charged)
    return population.member if binding else paid & population.member


def _settle(model: GigEconomy) -> None:
    """Dues into the fund, subsidies out of it, and both into utilities, if members pay at all."""
    section, population = model.now.collective, model.population
    model.dues = model.subsidies = 0.0
    if not (section.dues or section.subsidy) or not is_binding(model):
        return
    supported = population.member & ~population.first_mover
    published = model.collective.published_size / len(population)
    members = int(np.count_nonzero(population.member))
    recipients = int(np.count_nonzero(supported))
    flows = treasury.settle(section, model.fund, published, members, recipients)
    model.dues, model.subsidies, model.fund = flows.dues, flows.subsidies, flows.fund
    # Outsiders, first movers in the collective, everybody else in it.
    received = np.array([0.0, -flows.due, flows.subsidy - flows.due])
    kind = population.member.view(np.uint8) + supported.view(np.uint8)
    population.utility = population.utility + received.take(kind)
