"""The collective's money: dues in, subsidies out, and what it can promise beforehand.

Dues and subsidies are selective incentives (Olson 1965): they change what membership costs and
leave what it brings alone. The fund is the only other thing that there is: no credit, no interest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gigsim.config.sections import CollectiveSection


@dataclass(frozen=True)
class Flows:
    """What moved in a period, money.

    Attributes:
        due: what each member paid.
        subsidy: what each member who is not a committed first mover was paid.
        dues: total paid in.
        subsidies: total paid out.
        fund: what is left.
    """

    due: float
    subsidy: float
    dues: float
    subsidies: float
    fund: float


def pays_subsidies(section: CollectiveSection, published: float) -> bool:
    """Is there a subsidy at this published size (a share of the population, in [0, 1])?"""
    ended = section.subsidy_until < 1 and published >= section.subsidy_until
    return section.subsidy > 0 and not ended


def offered(
    section: CollectiveSection, fund: float, published: float, payers: int, recipients: int
) -> float:
    """σ_offered: what each would be paid this period if nobody but the committed came or went.

    The subsidy itself, or an equal part of what there will be where that is not enough: the fund
    and everybody's dues. Like the size and the success that the collective publishes it is a
    statement of the present: nobody forecasts how many will come for the money. Where more come
    than can be paid, all get less (:func:`settle`), and the next offer says so.

    Args:
        section: the collective's terms.
        fund: money at hand.
        published: members over population at the announcement.
        payers: how many are to pay dues, first movers who join in this period too.
        recipients: how many of them are to be paid the subsidy. Nobody yet: one is counted.

    Returns:
        Money a person and period, in [0, ``section.subsidy``]; 0 where the fund is empty and
        nobody pays dues, or where the size from which on there is no subsidy is reached.
    """
    if not pays_subsidies(section, published):
        return 0.0
    return min(section.subsidy, (fund + section.dues * payers) / max(1, recipients))


def side_payment(
    section: CollectiveSection,
    offer: float,
    timing: Literal["per_period", "once"],
    horizon: int,
) -> float:
    """What is added to a period's gain from membership: σ_offered - dues.

    With costs paid once, a decision is about ``horizon`` periods, in each of which dues are due,
    while the subsidy is promised for this one: over the horizon they come to
    σ_offered - horizon·dues.

    Args:
        section: the collective's terms.
        offer: σ_offered, money a person and period.
        timing: of c_i (``society.cost_timing``).
        horizon: periods over which a cost paid once is weighed.
    """
    return (offer / horizon if timing == "once" else offer) - section.dues


def settle(
    section: CollectiveSection, fund: float, published: float, members: int, recipients: int
) -> Flows:
    """A period's dues and subsidies: the dues come in first.

    Args:
        section: the collective's terms.
        fund: money at hand, at least 0.
        published: members over population at this period's announcement.
        members: everybody in the collective now: who pays dues.
        recipients: those of them who are not committed first movers.

    Returns:
        What moved. Where the fund does not pay everybody in full, all get an equal part of it and
        it is empty; fund = fund before + dues - subsidies.
    """
    dues = section.dues * members
    there = fund + dues
    if not (recipients and pays_subsidies(section, published)):
        return Flows(section.dues, 0.0, dues, 0.0, there)
    whole = section.subsidy * recipients
    if whole <= there:
        return Flows(section.dues, section.subsidy, dues, whole, there - whole)
    return Flows(section.dues, there / recipients, dues, there, 0.0)
