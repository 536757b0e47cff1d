"""The organiser's levers in one period of an economy: what is promised, and who is counted.

The terms are the config's (``collective.dues`` and so on), sums of money are
:mod:`gigsim.society.treasury`'s; this is who counts in them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gigsim.config import Config
from gigsim.config.clashes import PLEDGING
from gigsim.errors import InputError
from gigsim.society import treasury

if TYPE_CHECKING:
    from gigsim.model import GigEconomy


def require_money(configs: Sequence[Config]) -> None:
    """Refuse a run whose collective promises subsidies and never has anything to pay them from.

    Args:
        configs: of period 0 and of each change.

    Raises:
        InputError: there is a subsidy, and in no period dues or a fund.
    """
    subsidy = max(config.collective.subsidy for config in configs)
    dues = max(config.collective.dues for config in configs)
    if subsidy and not dues and not configs[0].collective.fund:
        raise InputError(
            "collective.subsidy",
            f"{subsidy:g} a period for each member, and the collective has no money:"
            " collective.fund = 0 and collective.dues = 0",
            "collective.fund or collective.dues above 0",
        )


def is_assured(model: GigEconomy) -> bool:
    """Do people decide about a contract that returns what they pay if too few pledge?

    A provision point with refund (an assurance contract; Bagnoli and Lipman 1989), under a rule
    that sets a gain against a cost: other rules look at neither.
    """
    section = model.now.collective
    return bool(section.provision_point) and section.refund and model.now.society.rule in PLEDGING


def is_binding(model: GigEconomy) -> bool:
    """Do members pay for this period? Not for a contract with refund that is not in force."""
    return model.collective.in_force or not model.now.collective.refund


def subsidy_offered(model: GigEconomy) -> float:
    """What the collective promises each of its members for this period (``treasury.offered``).

    First movers who join in this period pay dues like members. Under a contract with refund it is
    paid if as many pledge as it takes, and not otherwise: so many are counted.
    """
    section, population = model.now.collective, model.population
    published = model.collective.published_size / len(population)
    if not treasury.pays_subsidies(section, published):
        return 0.0
    committed = int(np.count_nonzero(population.first_mover))
    payers = int(np.count_nonzero(population.member | population.first_mover))
    if section.refund:
        payers = max(payers, _fewest(section.provision_point, len(population)))
    return treasury.offered(section, model.fund, published, payers, payers - committed)


def _fewest(point: float, size: int) -> int:
    """The least number of people that is a share of at least ``point``, as ``decide`` counts it."""
    number = math.ceil(point * size)
    # The product may lie a last bit above a whole number: .07 · 100 > 7, and yet 7 / 100 >= .07.
    return number - 1 if (number - 1) / size >= point else number
