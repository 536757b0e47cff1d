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

#: Rules that look at beliefs alone. Beliefs are formed before anybody decides, so that nobody's
#: answer depends on another's of the same period.
ORDER_FREE = ("best_response", "logit")


def decide(
    society: Society,
    population: Population,
    network: Network,
    expectation: Expectation,
    asked: NDArray[np.bool_],
    draws: Draws,
    *,
    retention: float,
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
            imitation), ``imitation`` (whom one looks at), ``order`` (sequential).
        retention: probability that a leaver keeps the signal, in [0, 1].

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
        wants = _weigh(society, population, expectation, draws, retention)
        return np.where(asked, wants, old) | stays
    return _look_around(society, population, network, draws, Round(old, deciding, stays, turns))


def _weigh(
    society: Society,
    population: Population,
    expectation: Expectation,
    draws: Draws,
    retention: float,
) -> Membership:
    """Everybody's answer by a rule that sets an expected gain against a cost, bool, (N,)."""
    gain = gain_of_membership(
        expectation,
        population.member,
        population.holds_signal,
        scale=society.benefit_scale,
        retention=retention,
        spillover=None if society.spillover == "measured" else float(society.spillover),
    )
    timing, horizon = society.cost_timing, society.horizon
    cost, member = population.cost, population.member
    if society.rule == "best_response":
        return best_response(gain, cost, member, timing=timing, horizon=horizon)
    difference = surplus(gain, cost, member, timing=timing, horizon=horizon)
    return logit_rule(difference, society.choice_precision, draws("decision"))


def _look_around(
    society: Society, population: Population, network: Network, draws: Draws, this: Round
) -> Membership:
    """The outcome of a round by a rule that looks at others, bool, (N,)."""
    if society.rule == "imitation":
        picked, luck = pick_neighbour(network, draws("imitation")), draws("decision")
        copies = fermi_copies(population.utility, picked, society.imitation_strength, luck)
        return by_one_person(picked, copies, this)
    if society.rule == "complex_contagion":
        return by_neighbours(network, Rule.of_number(society.required_neighbours), this)
    rule = Rule.of_share(population.threshold)
    if society.reference_group == "population":
        return by_everybody(rule, this)
    return by_neighbours(network, rule, this)
