"""Small populations for tests of decisions, and the sequential decision as one loop over people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from gigsim.config.sections import Society
from gigsim.population import Population
from gigsim.society import networks, sequential
from gigsim.society.beliefs import Expectation, nothing
from gigsim.society.decision import decide
from gigsim.society.joining import gain_of_membership, surplus
from gigsim.society.networks import CompleteNetwork, Network, SparseNetwork

Draws = Callable[[str], np.ndarray]


@contextmanager
def with_loops(wanted: bool) -> Iterator[None]:
    """Compiled loops for any number of people, or none at all."""
    with pytest.MonkeyPatch.context() as patch:
        if wanted:
            pytest.importorskip("numba")
            patch.setattr(networks, "MANY", 0)
            patch.setattr(sequential, "_MANY_PEOPLE", 1)
        else:
            patch.setattr(networks, "compiled", lambda: None)
            patch.setattr(sequential, "compiled", lambda: None)
        yield


def crowd(
    member: Any,
    *,
    cost: Any = 0.0,
    threshold: Any = 0.0,
    first_mover: Any = False,
    holds_signal: Any = False,
    utility: Any = 0.0,
) -> Population:
    """People with these columns; a single value is everybody's."""
    member = np.asarray(member, dtype=bool)
    size = len(member)
    population = Population(labels=np.ones((size, 1), dtype=bool), target=0, luck={})
    population.cost = np.broadcast_to(np.asarray(cost, dtype=float), size).copy()
    population.threshold = np.broadcast_to(np.asarray(threshold, dtype=float), size).copy()
    population.first_mover = np.broadcast_to(np.asarray(first_mover, dtype=bool), size).copy()
    population.member = member.copy()
    population.holds_signal = member | holds_signal
    population.utility = np.broadcast_to(np.asarray(utility, dtype=float), size).copy()
    return population


def tied(ties: np.ndarray) -> SparseNetwork:
    """The network with this adjacency matrix."""
    return SparseNetwork(sparse.csr_array(ties.astype(np.uint8)), "any")


def round_of(
    society: Society,
    population: Population,
    network: Network | None = None,
    *,
    expectation: Expectation | None = None,
    asked: np.ndarray | None = None,
    draws: Draws | None = None,
    retention: float = 0.0,
) -> np.ndarray:
    """``decide`` where everybody is asked, nobody expects anything and all know each other."""
    size = len(population)
    return decide(
        society,
        population,
        network or CompleteNetwork(size),
        expectation or nothing(0.0),
        np.ones(size, dtype=bool) if asked is None else asked,
        draws or no_draws,
        retention=retention,
    )


def no_draws(name: str) -> np.ndarray:
    """For rules that draw nothing."""
    raise AssertionError(f"stream {name} is drawn and not needed")


def one_after_the_other(
    society: Society,
    population: Population,
    ties: np.ndarray,
    expectation: Expectation,
    asked: np.ndarray,
    draws: Draws,
    *,
    retention: float,
) -> np.ndarray:
    """What ``decide`` is to compute, said with a loop over people and numbers instead of arrays."""
    size = len(population)
    before = population.member.tolist()
    queue = [i for i in range(size) if asked[i] and not population.first_mover[i]]
    if society.order == "sequential" and society.rule not in ("best_response", "logit"):
        before = [bool(m or f) for m, f in zip(before, population.first_mover, strict=True)]
        luck = draws("order")
        queue.sort(key=lambda i: luck[i])
    now = list(before)
    spillover = None if society.spillover == "measured" else float(society.spillover)
    for i in queue:
        seen = now if society.order == "sequential" else before
        friends = np.flatnonzero(ties[i]).tolist()
        if society.rule in ("best_response", "logit"):
            gain = gain_of_membership(
                expectation,
                population.member,
                population.holds_signal,
                scale=society.benefit_scale,
                retention=retention,
                spillover=spillover,
            )
            more = surplus(
                gain,
                population.cost,
                population.member,
                timing=society.cost_timing,
                horizon=society.horizon,
            )[i]
            if society.rule == "best_response":
                wants = more >= 0
            else:
                wants = draws("decision")[i] < 1 / (1 + np.exp(-society.choice_precision * more))
        elif society.rule == "complex_contagion":
            wants = sum(seen[j] for j in friends) >= society.required_neighbours
        elif society.rule == "imitation":
            wants = before[i]
            if friends:
                j = friends[int(draws("imitation")[i] * len(friends))]
                difference = population.utility[j] - population.utility[i]
                copies = 1 / (1 + np.exp(-society.imitation_strength * difference))
                wants = seen[j] if draws("decision")[i] < copies else wants
        elif society.reference_group == "population":
            wants = sum(seen) / size >= population.threshold[i]
        else:
            share = sum(seen[j] for j in friends) / max(1, len(friends))
            wants = share >= population.threshold[i]
        now[i] = bool(wants) or (society.leaving == "never" and before[i])
    return np.array(now) | population.first_mover
