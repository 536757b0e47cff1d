"""Rounds of decisions against one loop over people, and against Mesa's own random activation."""

from __future__ import annotations

from typing import Any

import mesa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats

from gigsim.config.sections import Society
from gigsim.society.beliefs import Expectation, published
from gigsim.society.network_models import small_world
from gigsim.society.networks import CompleteNetwork, SparseNetwork
from gigsim.streams import Streams
from tests.society.crowds import (
    crowd,
    no_draws,
    one_after_the_other,
    round_of,
    tied,
    with_loops,
)

share = st.floats(0, 1)
RULES = ["threshold", "complex_contagion", "imitation", "best_response", "logit"]


@st.composite
def situations(draw: st.DrawFn) -> dict[str, Any]:
    """A society of one to twelve people before a round of decisions."""
    size = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    society = Society(
        rule=draw(st.sampled_from(RULES)),
        reference_group=draw(st.sampled_from(["population", "neighbours"])),
        order=draw(st.sampled_from(["synchronous", "sequential"])),
        leaving=draw(st.sampled_from(["allowed", "never"])),
        required_neighbours=draw(st.integers(1, 4)),
        choice_precision=draw(st.floats(0.1, 30)),
        imitation_strength=draw(st.floats(0, 30)),
        cost_timing=draw(st.sampled_from(["per_period", "once"])),
        spillover=draw(st.one_of(st.just("measured"), share)),
    )
    complete = draw(st.booleans())
    density = draw(st.sampled_from([0.1, 0.3, 0.7]))
    upper = np.triu(rng.random((size, size)) < density, 1)
    ties = ~np.eye(size, dtype=bool) if complete else upper | upper.T
    # Multiples of 1/8 and of 1/N: shares and thresholds meet exactly now and then.
    grid = draw(st.sampled_from([8, size]))
    population = crowd(
        rng.random(size) < draw(share),
        cost=rng.random(size) * 2 - 0.2,
        threshold=rng.integers(0, grid + 1, size) / grid,
        first_mover=rng.random(size) < draw(st.sampled_from([0.0, 0.2])),
        holds_signal=rng.random(size) < 0.3,
        utility=rng.normal(size=size),
    )
    per_person = draw(st.booleans())
    success, base = (rng.random((2, size)) if per_person else rng.random(2)).tolist()
    return {
        "society": society,
        "population": population,
        "network": CompleteNetwork(size) if complete else tied(ties),
        "ties": ties,
        "expectation": Expectation(np.array(success), np.array(base), 0.1),
        "asked": rng.random(size) < draw(st.sampled_from([0.3, 1.0])),
        "draws": Streams(draw(st.integers(0, 1000))),
        "retention": draw(share),
    }


@pytest.mark.parametrize("loops", [False, True], ids=["sweeps", "compiled"])
@settings(max_examples=300)
@given(situations())
def test_every_rule_and_order_equals_one_loop_over_people(
    loops: bool, case: dict[str, Any]
) -> None:
    population, network, ties = case["population"], case.pop("network"), case.pop("ties")
    streams = case.pop("draws")
    before = population.member.copy()

    def draws(name: str) -> np.ndarray:
        return streams.uniform(name, 1, len(population))

    with with_loops(loops):
        member = round_of(network=network, draws=draws, **case)
    assert member.dtype == bool
    assert np.array_equal(member, one_after_the_other(ties=ties, draws=draws, **case))
    assert np.array_equal(population.member, before), "the state is the caller's"
    idle = ~case["asked"] & ~population.first_mover
    assert np.array_equal(member[idle], before[idle])
    assert member[population.first_mover].all()
    if case["society"].leaving == "never":
        assert member[before].all()


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("rule", ["threshold", "complex_contagion", "imitation"])
def test_it_equals_the_loop_in_a_crowd(rule: str, complete: bool) -> None:
    """Long chains of influence, where one sweep is not enough."""
    size = 400
    rng = np.random.default_rng(7)
    network = CompleteNetwork(size) if complete else small_world(size, 6, 0.1, seed=3)
    society = Society(rule=rule, order="sequential", required_neighbours=2)
    population = crowd(
        rng.random(size) < 0.1, threshold=rng.random(size), utility=rng.normal(size=size)
    )
    everybody = np.ones(size, dtype=bool)
    ties = network.matrix().toarray().astype(bool)

    def draws(name: str) -> np.ndarray:
        return Streams(5).uniform(name, 1, size)

    with with_loops(False):
        member = round_of(society, population, network, draws=draws)
    with with_loops(True):
        assert np.array_equal(member, round_of(society, population, network, draws=draws))
    nobody = Expectation(0.0, 0.0, 0.0)
    by_hand = one_after_the_other(
        society, population, ties, nobody, everybody, draws, retention=0.0
    )
    assert np.array_equal(member, by_hand)
    if rule == "complex_contagion" and complete:
        return  # everybody joins at once in any order
    at_once = society.model_copy(update={"order": "synchronous"})
    assert not np.array_equal(member, round_of(at_once, population, network, draws=draws))


# ------------------------------------------------------------------------------------ draws


@pytest.mark.parametrize(
    ("keys", "streams"),
    [
        ({"rule": "best_response", "order": "sequential"}, set()),
        ({"rule": "logit", "order": "sequential"}, {"decision"}),
        ({"rule": "reinforcement", "order": "sequential"}, {"decision"}),
        ({"rule": "threshold"}, set()),
        ({"rule": "threshold", "order": "sequential"}, {"order"}),
        ({"rule": "complex_contagion", "order": "sequential"}, {"order"}),
        ({"rule": "imitation"}, {"decision", "imitation"}),
        ({"rule": "imitation", "order": "sequential"}, {"decision", "imitation", "order"}),
    ],
)
def test_a_rule_draws_what_it_needs_and_nothing_else(
    keys: dict[str, Any], streams: set[str]
) -> None:
    drawn = set()

    def draws(name: str) -> np.ndarray:
        drawn.add(name)
        return Streams(1).uniform(name, 1, 20)

    population = crowd(np.arange(20) < 5)
    population.propensity = np.full(20, 0.5)
    round_of(Society(**keys), population, draws=draws)
    assert drawn == streams


@pytest.mark.parametrize("rule", ["best_response", "logit", "reinforcement"])
def test_weighing_ones_own_gain_is_free_of_order(rule: str) -> None:
    rng = np.random.default_rng(1)
    population = crowd(rng.random(50) < 0.3, cost=rng.random(50), first_mover=rng.random(50) < 0.1)
    population.propensity = rng.random(50)
    asked, expectation = rng.random(50) < 0.5, published(0.6, 0.1, 0.1)

    def draws(name: str) -> np.ndarray:
        return Streams(1).uniform(name, 1, 50)

    one, other = (
        round_of(
            Society(rule=rule, order=order),
            population,
            asked=asked,
            expectation=expectation,
            draws=draws,
        )
        for order in ("synchronous", "sequential")
    )
    assert np.array_equal(one, other)


def test_an_order_of_people_who_are_not_asked_changes_nothing() -> None:
    """One's place among those who decide is by one's own uniform alone (common random numbers)."""
    size = 60
    rng = np.random.default_rng(3)
    network = small_world(size, 6, 0.2, seed=1)
    society = Society(rule="complex_contagion", order="sequential")
    population = crowd(rng.random(size) < 0.2)
    asked, luck = rng.random(size) < 0.6, rng.random(size)
    one = round_of(society, population, network, asked=asked, draws=lambda _: luck)
    elsewhere = np.where(asked, luck, rng.random(size))
    other = round_of(society, population, network, asked=asked, draws=lambda _: elsewhere)
    assert np.array_equal(one, other)


# ----------------------------------------------------------------------------- known answers


@pytest.mark.parametrize(("moved", "reached"), [(False, 100), (True, 1)])
def test_v31_the_domino_falls_in_one_period_in_turn_and_in_a_hundred_at_once(
    moved: bool, reached: int
) -> None:
    thresholds = np.arange(100) / 100
    if moved:
        thresholds[1] = 0.02
    in_turn = Society(rule="threshold", order="sequential")

    def after(society: Society, luck: np.ndarray, periods: int) -> list[int]:
        population, counts = crowd(np.zeros(100), threshold=thresholds), []
        for _ in range(periods):
            population.member = round_of(society, population, draws=lambda _: luck)
            counts.append(int(population.member.sum()))
        return counts

    rising = np.arange(100) / 100
    assert after(in_turn, rising, 1) == [reached]
    # The other way round everybody is asked just before him whom he waits for.
    falling = after(in_turn, rising[::-1], 100)
    at_once = after(Society(rule="threshold"), rising, 100)
    assert falling == at_once == np.minimum(np.arange(1, 101), reached).tolist()
    shuffled = after(in_turn, Streams(1).uniform("order", 1, 100), 100)
    assert shuffled[-1] == reached
    assert moved or at_once[0] < shuffled[0] < 100


@pytest.mark.parametrize("order", ["synchronous", "sequential"])
def test_first_movers_never_leave_and_in_turn_are_seen_from_the_start(order: str) -> None:
    population = crowd(np.zeros(10), threshold=0.2, first_mover=np.arange(10) < 2)
    society = Society(rule="threshold", order=order)
    luck = np.arange(10) / 10
    population.member = round_of(society, population, draws=lambda _: luck)
    assert population.member.sum() == (10 if order == "sequential" else 2)
    stubborn = crowd(np.arange(10) < 2, threshold=2.0, first_mover=np.arange(10) < 2)
    assert round_of(society, stubborn, draws=lambda _: luck).sum() == 2


@pytest.mark.parametrize("order", ["synchronous", "sequential"])
def test_members_leave_unless_nobody_may(order: str) -> None:
    """Two friends hold each other in; who has one friend inside alone goes."""
    network = small_world(8, 2, 0.0, seed=1)
    for leaving, stay in (("allowed", 0), ("never", 2)):
        society = Society(rule="complex_contagion", order=order, leaving=leaving)
        population = crowd(np.arange(8) < 2)
        luck = np.arange(8) / 8
        assert round_of(society, population, network, draws=lambda _: luck).sum() == stay  # noqa: B023


# ------------------------------------------------------ the law of Mesa's random activation


class Person(mesa.Agent):
    """Decides at his turn by what he sees then, as a reader of the rule would write it."""

    model: Crowd

    def __init__(self, model: Crowd, index: int) -> None:
        super().__init__(model)
        self.index = index
        self.member = False

    def decide(self) -> None:
        if self.model.random.random() >= self.model.activation:
            return
        people, friends = self.model.people, self.model.friends[self.index]
        if self.model.rule == "threshold":
            inside = sum(person.member for person in people) / len(people)
            self.member = inside >= self.model.thresholds[self.index]
        elif self.model.rule == "threshold_neighbours":
            inside = sum(people[j].member for j in friends) / len(friends)
            self.member = inside >= self.model.thresholds[self.index]
        elif self.model.rule == "complex_contagion":
            self.member = sum(people[j].member for j in friends) >= 2
        else:
            j = self.model.random.choice(friends)
            difference = self.model.utility[j] - self.model.utility[self.index]
            if self.model.random.random() < 1 / (1 + np.exp(-difference)):
                self.member = people[j].member


class Crowd(mesa.Model):
    """A population of Mesa agents, asked by ``shuffle_do``."""

    def __init__(
        self, rule: str, ties: np.ndarray, columns: dict[str, np.ndarray], activation: float
    ) -> None:
        super().__init__(rng=11)
        self.rule, self.activation = rule, activation
        self.friends = [np.flatnonzero(row).tolist() for row in ties]
        self.thresholds = columns["threshold"].tolist()
        self.utility = columns["utility"].tolist()
        size = len(ties)
        self.people = list(Person.create_agents(self, size, list(range(size))))

    def run(self, start: np.ndarray, periods: int) -> list[int]:
        """Number of members after each period."""
        for person, member in zip(self.people, start.tolist(), strict=True):
            person.member = member
        counts = []
        for _ in range(periods):
            self.agents.shuffle_do("decide")
            counts.append(sum(person.member for person in self.people))
        return counts


def replicas(
    rule: str,
    order: str,
    ties: np.ndarray,
    start: np.ndarray,
    columns: dict[str, np.ndarray],
    activation: float,
    runs: int,
) -> np.ndarray:
    """Numbers of members after periods 1 to 3, int64, shape (runs, 3), by the vectorised rule.

    Rules that look at neighbours decide all runs in one round: a network of separate components. A
    random order of everybody is a random order within each.
    """
    size, streams = len(ties), Streams(23)
    group = "neighbours" if rule == "threshold_neighbours" else "population"
    name = "threshold" if rule == "threshold_neighbours" else rule
    society = Society(rule=name, order=order, reference_group=group, imitation_strength=1.0)
    copies = 1 if rule == "threshold" else runs
    network = SparseNetwork(
        sparse.csr_array(sparse.kron(sparse.eye_array(copies), ties.astype(np.uint8))), "copies"
    )
    counts = np.empty((runs, 3), dtype=np.int64)
    for run in range(runs // copies):
        population = crowd(
            np.tile(start, copies), **{key: np.tile(col, copies) for key, col in columns.items()}
        )
        for period in range(3):

            def draws(name: str, key: int = 3 * run + period) -> np.ndarray:
                return streams.uniform(name, key, copies * size)

            population.member = round_of(
                society, population, network, asked=draws("activation") < activation, draws=draws
            )
            inside = population.member.reshape(copies, size).sum(axis=1)
            counts[run * copies : (run + 1) * copies, period] = inside
    return counts


def two_samples(one: np.ndarray, other: np.ndarray) -> tuple[float, int, float]:
    """Pearson's chi-square of two samples of counts: statistic, degrees of freedom, p.

    Neighbouring values are pooled until each cell expects at least five.
    """
    size = int(max(one.max(), other.max())) + 1
    table = np.stack([np.bincount(sample, minlength=size) for sample in (one, other)])
    cells: list[np.ndarray] = []
    waiting = np.zeros(2, dtype=np.int64)
    for column in table.T:
        waiting = waiting + column
        if waiting.sum() * min(len(one), len(other)) / (len(one) + len(other)) >= 5:
            cells.append(waiting)
            waiting = np.zeros(2, dtype=np.int64)
    cells[-1] = cells[-1] + waiting
    if len(cells) == 1:
        return 0.0, 0, 1.0
    test = stats.chi2_contingency(np.array(cells).T, correction=False)
    return float(test.statistic), int(test.dof), float(test.pvalue)


def against_mesa(rule: str, activation: float) -> list[tuple[int, str, float, int, float]]:
    """Period, order, chi-square, degrees of freedom, p: 4,000 runs by Mesa and by each order."""
    size, runs = 20, 4000
    ties = small_world(size, 4, 0.2, seed=2).matrix().toarray().astype(bool)
    rng = np.random.default_rng(8)
    start = np.isin(np.arange(size), [3, 4, 10, 11, 12])
    columns = {
        "threshold": rng.uniform(0.1, 0.7, size),
        "utility": np.where(start, 1.0, 0.0) + rng.normal(size=size),
    }
    by_mesa = Crowd(rule, ties, columns, activation)
    mesas = np.array([by_mesa.run(start, 3) for _ in range(runs)])
    found = []
    for order in ("sequential", "synchronous"):
        ours = replicas(rule, order, ties, start, columns, activation, runs)
        for period in (1, 3):
            found.append((period, order, *two_samples(mesas[:, period - 1], ours[:, period - 1])))
    return found


@pytest.mark.parametrize(
    ("rule", "activation"),
    [
        ("complex_contagion", 1.0),
        ("threshold_neighbours", 0.6),
        ("threshold", 1.0),
        ("imitation", 0.8),
    ],
)
def test_sequential_has_the_law_of_shuffle_do_and_synchronous_has_not(
    rule: str, activation: float
) -> None:
    for period, order, statistic, dof, p in against_mesa(rule, activation):
        found = (
            f"{rule}, period {period}, {order}: chi-square {statistic:.1f} on {dof}, p = {p:.3g}"
        )
        assert dof >= 3, f"{found}: the order hardly matters"
        assert p > 1e-3 if order == "sequential" else p < 1e-6, found


def test_no_draws_are_made_for_a_deterministic_rule() -> None:
    assert round_of(Society(rule="threshold"), crowd([True, False]), draws=no_draws).all()
