"""Reinforcement: people repeat what satisfied them and avoid what did not; nobody forecasts.

The stochastic learning model of Bush and Mosteller (1955) with aspirations, as Macy (1991) and Macy
and Flache (2002) use it for social dilemmas; its dynamics are analysed by Izquierdo, Izquierdo,
Gotts and Polhill (2007). Everybody has a propensity p_i to be a member and an aspiration A_i, the
money a period that satisfies him:

1. Who is asked is a member with probability p_i.
2. Once paid π_i, his stimulus is s_i = (π_i - A_i) / sup|π - A_i|, in [-1, 1].
3. What he did becomes likelier if s_i >= 0, by l·s_i of the way to certainty, and else less likely
   by the part l·|s_i|.
4. His aspiration habituates to what he gets: A_i moves to π_i by the part h.

*Who learns.* In the literature every round is a trial: one choice, one payoff, one step. Here a
trial is a period in which one was asked and free to choose. People who were not asked are paid for
what they chose earlier and have learned from that already, so that the learning rate is per choice
and ``society.activation`` sets how often one chooses. First movers are committed and make no
choice; nor do members where nobody may leave.

*The supremum* is over the payoffs that one can have: from nothing to b as an outsider (the gain of
others leaks or spills over), and from -c_i to b - c_i as a member, less dues and with the subsidy
where there are any; a cost that is paid once need not be paid in this period. Costs are each one's
own and known to him, so that it is finite whatever the law of costs is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigsim.config.sections import Society
from gigsim.population import Population


class Payoffs(NamedTuple):
    """The least and the most that a person can be paid in a period, money, shape (N,) each."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]


def takes_part(propensity: NDArray[np.float64], uniforms: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Who chooses to be a member: with probability p_i each.

    Args:
        propensity: p_i in [0, 1], shape (N,); 0 never does, 1 always.
        uniforms: one indexed uniform a person, in [0, 1), shape (N,).

    Returns:
        bool, shape (N,).
    """
    return uniforms < propensity


def trials(society: Society, population: Population, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Who makes a choice this period, bool, shape (N,): those asked who are free to choose.

    Args:
        society: may members leave?
        population: N freelancers, before the decision.
        asked: who reconsiders, bool, shape (N,).
    """
    bound = population.first_mover
    if society.leaving == "never":
        bound = bound | population.member
    return asked & ~bound


def payoffs(
    cost: NDArray[np.float64],
    scale: float,
    *,
    dues: float = 0.0,
    subsidy: float = 0.0,
    once: bool = False,
) -> Payoffs:
    """What can be paid to each in a period: from a gain of 0 to one of 1, less a member's cost.

    Args:
        cost: c_i, money, shape (N,).
        scale: b, what a sure target label is worth.
        dues: what members pay besides, >= 0.
        subsidy: what they may be paid besides, >= 0.
        once: is the cost paid on joining alone? A member may then have it behind him.
    """
    most, least = (np.maximum(cost, 0.0), np.minimum(cost, 0.0)) if once else (cost, cost)
    high = np.maximum(scale, scale - least - dues + subsidy)
    return Payoffs(np.minimum(0.0, -most - dues), high)


def stimulus(
    payoff: NDArray[np.float64], aspiration: NDArray[np.float64], can_be: Payoffs
) -> NDArray[np.float64]:
    """s_i = (π_i - A_i) / sup|π - A_i|: how satisfied one is, in [-1, 1].

    Macy and Flache (2002): the supremum is over the payoffs of the game, for the aspiration as it
    is now.

    Args:
        payoff: π_i, money, shape (N,), within ``can_be``.
        aspiration: A_i, money, shape (N,), any number.
        can_be: the payoffs that one can have, ``low`` < ``high``.

    Returns:
        float64, shape (N,).
    """
    low, high = can_be
    furthest = np.maximum(np.abs(high - aspiration), np.abs(low - aspiration))
    # Sums of money in another order may differ in the last bit.
    return np.clip((payoff - aspiration) / furthest, -1.0, 1.0)


def reinforced(
    propensity: NDArray[np.float64],
    member: NDArray[np.bool_],
    satisfaction: NDArray[np.float64],
    rate: float,
) -> NDArray[np.float64]:
    """p_i after a trial: members p + (1 - p)·l·s if s >= 0, p + p·l·s if not; others mirrored.

    Bush and Mosteller (1955); in this form Macy and Flache (2002). Staying out is the other act,
    with probability 1 - p: satisfied, one gives p·l·s of joining away; dissatisfied, one takes
    (1 - p)·l·|s| of staying out over.

    Args:
        propensity: p_i in [0, 1], shape (N,).
        member: what he did, bool, shape (N,).
        satisfaction: s_i in [-1, 1], shape (N,) (:func:`stimulus`).
        rate: l, in (0, 1].

    Returns:
        float64, shape (N,), in [0, 1].
    """
    towards = rate * np.where(member, satisfaction, -satisfaction)
    room = np.where(towards >= 0.0, 1.0 - propensity, propensity)
    return propensity + room * towards


def habituated(
    aspiration: NDArray[np.float64], payoff: NDArray[np.float64], habituation: float
) -> NDArray[np.float64]:
    """A_i after a trial: (1 - h)·A + h·π. Macy and Flache (2002); h = 0 keeps it.

    Args:
        aspiration: A_i, money, shape (N,).
        payoff: π_i, money, shape (N,).
        habituation: h, in [0, 1].

    Returns:
        float64, shape (N,).
    """
    return (1.0 - habituation) * aspiration + habituation * payoff


def learn(
    society: Society,
    population: Population,
    chose: NDArray[np.bool_],
    *,
    dues: float = 0.0,
    subsidy: float = 0.0,
) -> None:
    """Everybody who made a choice learns from what he was paid; new arrays in the population.

    Args:
        society: b, the learning rate and the habituation.
        population: N freelancers, paid for this period: cost, membership, utility, propensity and
            aspiration are read, the latter two are set.
        chose: whose choice it was (:func:`trials`), bool, shape (N,).
        dues: what members may have to pay besides (:func:`payoffs`).
        subsidy: what they may be paid besides.
    """
    people = np.flatnonzero(chose)
    can_be = payoffs(
        population.cost[people],
        society.benefit_scale,
        dues=dues,
        subsidy=subsidy,
        once=society.cost_timing == "once",
    )
    payoff, aspires = population.utility[people], population.aspiration[people]
    satisfaction = stimulus(payoff, aspires, can_be)
    propensity, aspiration = population.propensity.copy(), population.aspiration.copy()
    propensity[people] = reinforced(
        propensity[people], population.member[people], satisfaction, society.learning_rate
    )
    aspiration[people] = habituated(aspires, payoff, society.habituation)
    population.propensity, population.aspiration = propensity, aspiration
