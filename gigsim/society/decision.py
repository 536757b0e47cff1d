"""One round of decisions: the config's joining rule, applied to those who are asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gigsim.config.sections import Society
from gigsim.population import Population
from gigsim.society.beliefs import Expectation
from gigsim.society.imitation import fermi_copies, pick_neighbour
from gigsim.society.joining import best_response, gain_of_membership, logit_rule, surplus
from gigsim.society.networks import Network
from gigsim.society.pivotal import PublicGood, by_difference_made
from gigsim.society.reinforcement import takes_part
from gigsim.society.sequential import (
    Membership,
    Round,
    Rule,
    Turns,
    by_everybody,
    by_neighbours,
    by_one_person,
)

#: Gives one indexed uniform a person, shape (N,), for a stream's name.
Draws = Callable[[str], NDArray[np.float64]]

#: Some of the people by number, int64, shape (k,), or everybody.
People = NDArray[np.int64] | slice

#: Rules that look at beliefs, or at what one has learned oneself, alone. Both are settled before
#: anybody decides, so that nobody's answer depends on another's of the same period.
ORDER_FREE = ("best_response", "logit", "reinforcement")


def decide(
    society: Society,
    population: Population,
    network: Network,
    expectation: Expectation,
    asked: NDArray[np.bool_],
    draws: Draws,
    *,
    retention: float,
    good: PublicGood | None = None,
    side: float = 0.0,
    paid: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Who is a member after those asked have decided.

    ``order = synchronous``: all see the state before the period. ``sequential``: they decide one
    after the other in a random order, each seeing what those before him have decided; first movers
    have joined before anybody is asked. First movers are members afterwards, whatever the rule
    says; with ``leaving = never`` so is everybody who was.

    Args:
        society: the joining rule and its parameters.
        population: N freelancers, before the decision; left as it is.
        network: who knows whom; a person without neighbours sees a share of 0 among them, and
            imitates nobody.
        expectation: what people believe this period.
        asked: who reconsiders, bool, shape (N,).
        draws: called for the streams that the rule needs and for no others: ``decision`` (logit,
            imitation, reinforcement), ``imitation`` (whom one looks at), ``order`` (sequential).
        retention: probability that a leaver keeps the signal, in [0, 1].
        good: what a collective of any size achieves (:mod:`gigsim.promise`); only ``pivotal`` asks.
        side: what the collective pays a member a period less what it takes, money
            (``treasury.side_payment``); for rules that set a gain against a cost.
        paid: whose cost is sunk where it is paid once, bool, shape (N,); None: the members'.

    Returns:
        bool, shape (N,): a new array.
    """
    old, committed, turns = population.member, population.first_mover, Turns.at_once(len(asked))
    deciding = asked
    if society.order == "sequential" and society.rule not in ORDER_FREE:
        old, deciding = old | committed, asked & ~committed
        turns = Turns.one_by_one(deciding, draws("order"))
    stays = committed | old if society.leaving == "never" else committed
    if society.rule in ORDER_FREE:
        people = _those(asked)
        wants = _weigh(society, population, expectation, draws, retention, side, paid, people)
        if isinstance(people, slice):
            return np.where(asked, wants, old) | stays
        member = old.copy()
        member[people] = wants
        return member | stays
    this = Round(old, deciding, stays, turns)
    if society.rule == "pivotal":
        return _make_a_difference(society, population, good, this, side, paid)
    return _look_around(society, population, network, draws, this)


def _those(asked: NDArray[np.bool_]) -> People:
    """Who is asked by number, or everybody where it is most of them: picking out takes longer."""
    few = 2 * np.count_nonzero(asked) < len(asked)
    return np.flatnonzero(asked) if few else slice(None)


def _weigh(
    society: Society,
    population: Population,
    expectation: Expectation,
    draws: Draws,
    retention: float,
    side: float,
    paid: NDArray[np.bool_] | None,
    people: People,
) -> Membership:
    """Answers of k people by a rule that sets a gain against a cost, or one learned, bool, (k,)."""
    if society.rule == "reinforcement":
        return takes_part(population.propensity[people], draws("decision")[people])
    member = population.member[people]
    gain = gain_of_membership(
        expectation.of(people),
        member,
        population.holds_signal[people],
        scale=society.benefit_scale,
        retention=retention,
        spillover=None if society.spillover == "measured" else float(society.spillover),
    )
    if side:
        gain = gain + side
    timing, horizon = society.cost_timing, society.horizon
    cost, sunk = population.cost[people], member if paid is None else paid[people]
    if society.rule == "best_response":
        return best_response(gain, cost, sunk, timing=timing, horizon=horizon)
    difference = surplus(gain, cost, sunk, timing=timing, horizon=horizon)
    return logit_rule(difference, society.choice_precision, draws("decision")[people])


def _make_a_difference(
    society: Society,
    population: Population,
    good: PublicGood | None,
    this: Round,
    side: float,
    paid: NDArray[np.bool_] | None,
) -> Membership:
    """The outcome of a round in which people weigh what they themselves add, bool, (N,).

    A cost that is paid once is weighed over the horizon, and is sunk for those who have paid it:
    they stay while they do no harm.
    """
    if good is None:
        raise TypeError("the rule pivotal needs G as a function of α")
    periods, price = 1, population.cost
    if society.cost_timing == "once":
        sunk = this.old if paid is None else paid
        periods, price = society.horizon, np.where(sunk, 0.0, price)
    if side:
        price = price - periods * side
    return by_difference_made(good, price, this, scale=periods * society.benefit_scale)


def _look_around(
    society: Society, population: Population, network: Network, draws: Draws, this: Round
) -> Membership:
    """The outcome of a round by a rule that looks at others, bool, (N,)."""
    if society.rule == "imitation":
        people, utility = np.flatnonzero(this.deciding), population.utility
        looks_at = pick_neighbour(network, draws("imitation")[people], people)
        strength, luck = society.imitation_strength, draws("decision")[people]
        # Whom the others would have looked at does not matter: themselves.
        picked, copies = np.arange(network.size), np.zeros(network.size, dtype=bool)
        picked[people] = looks_at
        copies[people] = fermi_copies(utility[people], utility[looks_at], strength, luck)
        return by_one_person(picked, copies, this)
    if society.rule == "complex_contagion":
        return by_neighbours(network, Rule.of_number(society.required_neighbours), this)
    rule = Rule.of_share(population.threshold)
    if society.reference_group == "population":
        return by_everybody(rule, this)
    return by_neighbours(network, rule, this)
