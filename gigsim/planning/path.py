"""The way up: the loop's own recursion for many people who all hear the same, period by period.

A share a of the people is asked each period and does what is best at the success that was last
measured, so that α moves by a·(Φ(α_measured) − α); the platform is retrained every so many periods.
First movers join in period 1. A subsidy is paid to every other member in the periods in which the
published size is under the one at which it ends, as the loop does it. Who rides free by a leak is
not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigsim.planning.outlook import Outlook
from gigsim.theory.gaps import Floats

#: Periods after which a way that has not arrived is not one.
LIMIT = 2000


@dataclass(frozen=True, eq=False)
class Path:
    """A way, from nobody on.

    Attributes:
        alpha: members, shares of the people, from period 0 on, shape (T + 1,).
        paid: subsidies in each period, money per head of the population, shape (T + 1,).
        arrived: did it get where it was to go?
    """

    alpha: Floats
    paid: Floats
    arrived: bool

    @property
    def total(self) -> float:
        """All subsidies, money per head of the population."""
        return float(self.paid.sum())

    @property
    def subsidised(self) -> int:
        """Periods with a subsidy."""
        return int(np.flatnonzero(self.paid > 0).max(initial=0))


def climb(
    look: Outlook,
    goal: float,
    *,
    first_movers: float = 0.0,
    subsidy: float = 0.0,
    until: float = 1.0,
    assured: float = 0.0,
    case: int | None = None,
) -> Path:
    """The way from nobody until a size is reached without help, or nothing moves any more.

    Args:
        look: the society; its activation and the platform's rhythm set the pace.
        goal: the share at which it has arrived, in [0, 1], the subsidy being over.
        first_movers: committed, a share of the people.
        subsidy: σ, money a period to each member who is no first mover.
        until: published size at which the subsidy ends; 1: never.
        assured: a provision point with refund: people weigh what there is at this share at least.
        case: which of the drawn curves; None for the mean.
    """
    society = look.society if case is None or look.draws is None else look.draws.only(case)
    asked, every = activation_of(look), look.config.platform.retrain_every
    costs = society.costs
    alpha, measured, joined = [0.0], 0.0, 0.0
    paid = [0.0]
    quiet = 0
    for period in range(1, LIMIT + 1):
        published = alpha[-1]
        offer = subsidy if until >= 1 or published < until else 0.0
        gain = float(society.gain(max(measured, assured)))
        joined += asked * (float(costs.cdf(gain + offer)) - joined)
        share = min(1.0, first_movers + (1 - first_movers) * joined)
        alpha.append(share)
        paid.append(offer * (share - first_movers))
        if period % every == 0:
            # Under the point nobody edits, and nothing is to be measured.
            measured = share if share >= assured else 0.0
        if share >= goal and measured >= goal and (offer == 0 or until >= 1):
            return Path(np.array(alpha), np.array(paid), arrived=True)
        quiet = quiet + 1 if abs(share - published) < 1e-9 else 0
        if quiet > every:
            break
    return Path(np.array(alpha), np.array(paid), arrived=False)


def activation_of(look: Outlook) -> float:
    """The share of people who reconsider in a period; the mean where people differ in it."""
    law = look.config.society.activation
    if isinstance(law, int | float):
        return float(law)
    # Its mean, by equal parts of the people.
    parts = (np.arange(1000) + 0.5) / 1000
    return float(np.clip(law.quantile(parts), 0.0, 1.0).mean())
