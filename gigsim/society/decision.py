"""Who would be a member if asked: the config's joining rule applied to everybody at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigsim.config.sections import Society
from gigsim.population import Population
from gigsim.society.beliefs import Expectation
from gigsim.society.joining import best_response, gain_of_membership, threshold_rule
from gigsim.society.networks import Network


def preference(
    society: Society,
    population: Population,
    network: Network,
    expectation: Expectation,
    *,
    retention: float,
) -> NDArray[np.bool_]:
    """Everybody's answer this period, whether asked or not.

    Args:
        society: the joining rule and its parameters.
        population: N freelancers.
        network: who knows whom; a person without neighbours sees a share of 0 among them.
        expectation: what everybody believes this period.
        retention: probability that a leaver keeps the signal, in [0, 1].

    Returns:
        bool, shape (N,).
    """
    if society.rule == "threshold":
        share: NDArray[np.float64] | float = float(population.member.mean())
        if society.reference_group == "neighbours":
            share = network.count(population.member) / np.maximum(1, network.degrees())
        return threshold_rule(share, population.threshold)
    gain = gain_of_membership(
        expectation,
        population.member,
        population.holds_signal,
        scale=society.benefit_scale,
        retention=retention,
        spillover=None if society.spillover == "measured" else float(society.spillover),
    )
    return best_response(
        gain,
        population.cost,
        population.member,
        timing=society.cost_timing,
        horizon=society.horizon,
    )
