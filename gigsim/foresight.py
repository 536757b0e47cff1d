"""What people expect of the signal in one period of an economy, and what they choose by it.

The rules themselves are :mod:`gigsim.society`'s; this is what of an economy they are given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gigsim import levers
from gigsim.promise import promise, promised
from gigsim.society import beliefs, treasury
from gigsim.society.decision import decide
from gigsim.society.pivotal import PublicGood

if TYPE_CHECKING:
    from gigsim.model import GigEconomy


def expectation(model: GigEconomy) -> beliefs.Expectation:
    """S and U as people expect them, from what was published last (``society.belief``).

    Under a contract with refund it is what the signal brings if enough people pledge: where too few
    do, nobody pays.
    """
    collective = model.now.collective
    if levers.is_assured(model):
        return promised(model, max(model.alpha, collective.provision_point))
    return beliefs.form(
        model.now.society,
        beliefs.published(model.success, model.base, model.clean_rate),
        model.expectation,
        # The theorem's α: those who abstain do nothing for it.
        model.alpha * (1 - collective.abstain),
        lambda alpha: model.lines.promise(alpha, model.config.measure.success),
        model.stage.network,
        model.population.holds_signal,
    )


def choice(
    model: GigEconomy, asked: NDArray[np.bool_], paid: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Who is a member once those who are asked have decided.

    Args:
        model: the economy, its expectation formed.
        asked: who reconsiders, bool, shape (N,).
        paid: who has paid a cost that is paid once, bool, shape (N,).

    Returns:
        bool, shape (N,).
    """
    society, collective = model.now.society, model.now.collective
    good = None
    if society.rule == "pivotal":
        # What the collective could achieve at any size, under its contract.
        good = PublicGood(promise(model), collective.provision_point, collective.refund)
    return decide(
        society,
        model.population,
        model.stage.network,
        model.expectation,
        asked,
        lambda name: model.streams.uniform(name, model.period, len(model.population)),
        retention=collective.retention,
        good=good,
        side=treasury.side_payment(collective, model.offer, society.cost_timing, society.horizon),
        paid=paid,
    )
