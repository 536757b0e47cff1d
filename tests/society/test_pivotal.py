"""Joining for the difference that one makes: beside a loop over people, and where it rests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.config.sections import Society
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.population import Population
from gigsim.society import pivotal
from gigsim.society.beliefs import nothing
from gigsim.society.decision import decide
from gigsim.society.kernels import unsigned
from gigsim.society.networks import CompleteNetwork
from gigsim.society.pivotal import GainOf, PublicGood, by_difference_made, difference_in_turn
from gigsim.society.sequential import Membership, Round, Turns
from gigsim.streams import Streams
from gigsim.theory.participation.costs import IdenticalCosts, SampleCosts
from gigsim.theory.participation.curves import BoundCurve
from gigsim.theory.participation.joining_map import JoiningMap
from gigsim.theory.participation.measured_curve import MeasuredCurve
from gigsim.theory.participation.public_goods import public_good_share
from gigsim.theory.participation.regimes import pivotal_curve
from tests.society.crowds import crowd, with_loops

Make = Callable[..., GigEconomy]

BOTH_WAYS = pytest.mark.parametrize("loops", [False, True], ids=["guesses", "compiled"])
IN_TURN = Society(rule="pivotal", order="sequential")


def ask_everybody(
    society: Society, population: Population, good: PublicGood, period: int = 1, **keys: Any
) -> Membership:
    """Membership after a round in which everybody is asked, in an order of that period's own."""
    size = len(population)
    return decide(
        society,
        population,
        CompleteNetwork(size),
        nothing(0.0),
        np.ones(size, dtype=bool),
        lambda name: Streams(3).uniform(name, period, size),
        retention=0.0,
        good=good,
        **keys,
    )


def settle(
    society: Society, population: Population, good: PublicGood, rounds: int = 40
) -> list[int]:
    """Members after each round, until nobody changes any more."""
    counts = [int(population.member.sum())]
    for period in range(1, rounds + 1):
        member = ask_everybody(society, population, good, period)
        if np.array_equal(member, population.member):
            return counts
        population.member = member
        counts.append(int(member.sum()))
    raise AssertionError(f"it has not come to rest: {counts}")


def bound(kappa: float) -> GainOf:
    """The nominal bound of Theorem 1."""
    curve = BoundCurve(kappa)
    return lambda alpha: curve.value(np.asarray(alpha, dtype=float))


# ------------------------------------------------------------------------ beside loops over people


def one_after_the_other(
    society: Society,
    population: Population,
    good: PublicGood,
    asked: Membership,
    draws: Callable[[str], np.ndarray],
    side: float,
) -> Membership:
    """The rule as it is said, with one loop over people."""
    size = len(population)
    cost, committed = population.cost, population.first_mover
    sequential = society.order == "sequential"
    before = (population.member | committed if sequential else population.member).tolist()
    queue = [i for i in range(size) if asked[i] and not (sequential and committed[i])]
    if sequential:
        luck = draws("order")
        queue.sort(key=lambda i: luck[i])
    now = list(before)

    def brought(members: int) -> float:
        return float(good.gain(members / size)) if members / size >= good.point else 0.0

    for i in queue:
        seen = now if sequential else before
        others = sum(seen) - seen[i]
        periods = society.horizon if society.cost_timing == "once" else 1
        due = 0.0 if society.cost_timing == "once" and before[i] else cost[i]
        gain = periods * society.benefit_scale * (brought(others + 1) - brought(others))
        wants = gain >= (due - periods * side if side else due)
        if good.refund and (others + 1) / size < good.point:
            wants = True
        now[i] = bool(wants) or (society.leaving == "never" and before[i])
    return np.array(now) | committed


@st.composite
def situations(draw: st.DrawFn) -> dict[str, Any]:
    """Up to 150 people, a curve of any shape, and costs that meet its steps now and then."""
    size = draw(st.one_of(st.integers(1, 8), st.integers(100, 150)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.sampled_from(["any", "rising", "bound", "flat", "one step"]))
    heights = {
        "any": rng.integers(0, 5, size + 1) / 4,
        "rising": np.sort(rng.random(size + 1)),
        "bound": np.maximum(0, 1 - 0.05 * (size / np.maximum(np.arange(size + 1), 1e-9) - 1)),
        "flat": np.full(size + 1, 0.3),
        "one step": (np.arange(size + 1) > size // 2).astype(float),
    }[shape]
    steps = np.abs(np.diff(heights))
    costs = {
        "one": np.full(size, rng.choice(steps)),
        "of the steps": rng.choice(steps, size),
        "any": rng.random(size) * steps.max() - 0.01,
    }[draw(st.sampled_from(["one", "of the steps", "any"]))]
    society = Society(
        rule="pivotal",
        order=draw(st.sampled_from(["synchronous", "sequential"])),
        leaving=draw(st.sampled_from(["allowed", "allowed", "never"])),
        cost_timing=draw(st.sampled_from(["per_period", "once"])),
        horizon=2,
    )
    population = crowd(
        rng.random(size) < draw(st.floats(0, 1)),
        cost=costs,
        first_mover=rng.random(size) < draw(st.sampled_from([0.0, 0.2])),
    )
    return {
        "society": society,
        "population": population,
        "good": PublicGood(
            lambda alpha: heights[np.rint(np.asarray(alpha) * size).astype(int)],
            point=draw(st.sampled_from([0.0, 0.0, 0.5])),
            refund=draw(st.booleans()),
        ),
        "asked": rng.random(size) < draw(st.sampled_from([0.3, 1.0])),
        "side": draw(st.sampled_from([0.0, 0.05])),
    }


@BOTH_WAYS
@settings(max_examples=120)
@given(situations())
def test_it_equals_one_loop_over_people(loops: bool, case: dict[str, Any]) -> None:
    society, population, good = case["society"], case["population"], case["good"]
    size = len(population)
    before = population.member.copy()

    def draws(name: str) -> np.ndarray:
        assert name == "order", "nothing else is drawn"
        assert society.order == "sequential", "only an order is drawn"
        return Streams(5).uniform(name, 1, size)

    with with_loops(loops):
        member = decide(
            society,
            population,
            CompleteNetwork(size),
            nothing(0.0),
            case["asked"],
            draws,
            retention=0.0,
            good=good,
            side=case["side"],
        )
    by_hand = one_after_the_other(society, population, good, case["asked"], draws, case["side"])
    assert np.array_equal(member, by_hand)
    assert np.array_equal(population.member, before), "the state is the caller's"


def test_the_loop_that_is_compiled_is_the_same_in_python() -> None:
    rng = np.random.default_rng(2)
    size = 300
    gain, price = bound(0.05), rng.random(size) * 0.1
    old, stays = rng.random(size) < 0.3, np.zeros(size, dtype=bool)
    order = rng.permutation(size)
    worth = 1.0 * PublicGood(gain).added(0, size - 1, size)
    state = old.astype(np.uint8)
    members = int(old.sum())
    difference_in_turn(unsigned(order), members, stays.view(np.uint8), worth, 0, price, state)
    this = Round(old, np.ones(size, dtype=bool), stays, Turns(order, size))
    with with_loops(False):
        guessed = by_difference_made(PublicGood(gain), price, this, scale=1.0)
    assert np.array_equal(guessed, state.view(bool))
    assert not np.array_equal(guessed, old)


@pytest.mark.parametrize("spread", [0.0, 0.5], ids=["alike", "different"])
@pytest.mark.parametrize("share", [0.0015, 0.4])
def test_both_ways_agree_in_a_crowd(spread: float, share: float) -> None:
    """About the equilibrium of people who are alike everything hangs on the last member."""
    size = 40_000
    rng = np.random.default_rng(4)
    cost = 0.005 * (1 + spread * (rng.random(size) - 0.5))
    population = crowd(rng.random(size) < share, cost=cost)
    good = PublicGood(bound(1e-3))
    with with_loops(False):
        guessed = ask_everybody(IN_TURN, population, good)
    with with_loops(True):
        walked = ask_everybody(IN_TURN, population, good)
    assert np.array_equal(guessed, walked)
    assert not np.array_equal(guessed, population.member)


def test_without_numba_it_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "gigsim.learners.logistic.kernels", raising=False)
    assert pivotal._compiled.__wrapped__() is None


@pytest.mark.parametrize(
    ("start", "cost", "most"),
    [(0.0, 0.0, 80), (0.9, 0.005, 400), (0.0016, 0.005, 100)],
    ids=["all join", "nearly all leave", "nearly nobody moves"],
)
def test_guesses_carry_far(
    start: float, cost: float, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stretch a guess, however many join: without numba it is no loop over people either."""
    size = 100_000
    asked, honest = [], pivotal._longest

    def counted(was: Membership, *rest: Any) -> Membership:
        asked.append(len(was))
        return honest(was, *rest)

    monkeypatch.setattr(pivotal, "_longest", counted)
    population = crowd(np.random.default_rng(1).random(size) < start, cost=cost)
    with with_loops(False):
        ask_everybody(IN_TURN, population, PublicGood(bound(1e-3)))
    assert len(asked) <= most, f"{len(asked)} stretches of {size} people"


# ----------------------------------------------------------------------------------- known answers


@BOTH_WAYS
@pytest.mark.parametrize("times", [0.6, 1.0, 3.0, 100.0])
@pytest.mark.parametrize(("size", "told"), [(6_250, 25), (25_000, 50)])
def test_v30_people_stop_where_one_more_is_not_worth_it(
    loops: bool, times: float, size: int, told: int
) -> None:
    """κ = .001, c/b = .01: √(bκ/(cN)) of them from either side; four times the people, half of it.

    The last of n members brings bκN/(n(n - 1)): the most that are worth it are 25 of 6,250 and 50
    of 25,000.
    """
    kappa, cost = 1e-3, 0.01
    share = float(public_good_share(cost, kappa=kappa, population=size, continuous=True))
    assert round(share * size) == told
    people = crowd(np.arange(size) < times * told, cost=cost)
    with with_loops(loops):
        counts = settle(IN_TURN, people, PublicGood(bound(kappa)))
    assert counts[-1] == told


@pytest.mark.parametrize("start", [0, 60, 101, 400])
def test_v30_under_the_foot_nobody_is_left(start: int) -> None:
    """N = 100,000: what √(bκ/(cN)) gives is the foot itself, and one more is never worth it."""
    size, kappa, cost = 100_000, 1e-3, 0.01
    assert public_good_share(cost, kappa=kappa, population=size) == 0
    people = crowd(np.arange(size) < start, cost=cost)
    assert settle(IN_TURN, people, PublicGood(bound(kappa)))[-1] == 0


def test_the_start_decides() -> None:
    """κN = 25: few begin nothing, and at the foot a single one more is enough for all others."""
    size, good = 25_000, PublicGood(bound(1e-3))
    assert settle(IN_TURN, crowd(np.arange(size) < 20, cost=0.01), good)[-1] == 0
    assert settle(IN_TURN, crowd(np.arange(size) < 26, cost=0.01), good)[-1] == 50
    # So rare a signal that one person is enough: free riding is no problem while κN < b/c.
    assert settle(IN_TURN, crowd(np.zeros(size), cost=0.5), PublicGood(bound(0.0)))[-1] == 1


@pytest.mark.parametrize("low", [0.2, 0.8])
@pytest.mark.parametrize("start", [0.01, 0.5])
def test_people_who_differ_end_at_the_fixed_point(low: float, start: float) -> None:
    """Members are everybody with a cost under what the next one adds: Φ crosses α within 1/N."""
    size, kappa = 20_000, 1e-3
    costs = 0.004 * np.random.default_rng(9).uniform(low, 2 - low, size)
    people = crowd(np.random.default_rng(1).random(size) < start, cost=costs)
    members = settle(IN_TURN, people, PublicGood(bound(kappa)), rounds=400)[-1]
    society = JoiningMap(pivotal_curve(BoundCurve(kappa), size), SampleCosts(costs))
    told = society.fixed_points().outcome(start)
    assert told > 0
    assert abs(members - told * size) <= 1
    # The dearest member is worth it, and not even the cheapest outsider would be.
    worth = PublicGood(bound(kappa)).added(0, size - 1, size)
    assert costs[people.member].max() <= worth[members - 1]
    assert costs[~people.member].min() > worth[members]


def test_it_stops_where_identical_people_of_the_theory_do() -> None:
    size, kappa, cost = 10_000, 1e-3, 0.005
    society = JoiningMap(pivotal_curve(BoundCurve(kappa), size), IdenticalCosts(cost))
    (point,) = (p for p in society.fixed_points().stable if p.alpha > 0)
    people = crowd(np.arange(size) < 1_000, cost=cost)
    members = settle(IN_TURN, people, PublicGood(bound(kappa)))[-1]
    assert abs(members - point.alpha * size) <= 1


def test_at_once_all_come_and_all_go() -> None:
    """People who are alike and decide at once overshoot for ever; in turn they do not."""
    size, good = 25_000, PublicGood(bound(1e-3))
    people = crowd(np.arange(size) < 40, cost=0.01)
    counts = []
    for period in range(1, 4):
        people.member = ask_everybody(Society(rule="pivotal"), people, good, period)
        counts.append(int(people.member.sum()))
    assert counts == [size, 0, 0]


@pytest.mark.parametrize(("refund", "pledge"), [(True, 100), (False, 0)])
@BOTH_WAYS
def test_a_contract_is_completed_by_whoever_is_pivotal(
    loops: bool, refund: bool, pledge: int
) -> None:
    """From nobody: with a refund exactly so many pledge as it takes, without it nobody does."""
    size = 10_000
    good = PublicGood(bound(1e-3), point=0.01, refund=refund)
    with with_loops(loops):
        people = crowd(np.zeros(size), cost=0.1)
        assert settle(IN_TURN, people, good)[-1] == pledge
        dear = crowd(np.zeros(size), cost=0.95)
        # Nobody completes what is not worth it: 99 have pledged, and pay nothing.
        assert settle(IN_TURN, dear, good)[-1] == (99 if refund else 0)


def test_a_cost_paid_once_is_weighed_over_the_horizon_and_sunk() -> None:
    once = Society(rule="pivotal", order="sequential", cost_timing="once", horizon=4)
    size, good = 25_000, PublicGood(bound(1e-3))
    joined = settle(once, crowd(np.arange(size) < 30, cost=0.04), good)[-1]
    assert joined == settle(IN_TURN, crowd(np.arange(size) < 30, cost=0.01), good)[-1] == 50
    # Who has paid stays while he does no harm.
    assert settle(once, crowd(np.arange(size) < 900, cost=0.04), good) == [900]


def test_it_needs_a_curve() -> None:
    with pytest.raises(TypeError, match="needs G as a function"):
        decide(
            Society(rule="pivotal"),
            crowd(np.zeros(3)),
            CompleteNetwork(3),
            nothing(0.0),
            np.ones(3, dtype=bool),
            lambda name: np.zeros(3),
            retention=0.0,
        )


# ------------------------------------------------------------------------------------- whole runs


@pytest.fixture(scope="module")
def curve(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A foot at .1, then ever flatter: lines, so that one more adds the same along each."""
    path = tmp_path_factory.mktemp("pivotal") / "curve.csv"
    lines = ["alpha,success_any,success_top1,base_any,base_top1,accuracy"]
    steps = ((0.0, 0.1), (0.1, 0.1), (0.3, 0.5), (0.6, 0.77), (1.0, 0.8))
    lines += [f"{a},{s},{s},0.1,0.1,0.8" for a, s in steps]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def public_good(curve: Path, **keys: Any) -> dict[str, Any]:
    """Costs on [0, 1]; one more adds .5 of the slope of the curve."""
    size = keys.pop("size", 4_000)
    return {
        "platform.learner.kind": "surrogate",
        "platform.learner.curve": str(curve),
        "platform.retrain_every": 1,
        "society.rule": "pivotal",
        "society.order": "sequential",
        "society.benefit_scale": 0.5 * size,
        "society.activation": 0.5,
        "society.spillover": 1.0,
        "population.size": size,
        "population.cost": {"kind": "uniform", "low": 0.0, "high": 1.0},
        "collective.first_movers": int(0.15 * size),
        "collective.leak": 0.0,
    } | keys


def test_a_run_on_a_measured_curve_ends_at_its_fixed_point(make_toy: Make, curve: Path) -> None:
    """Where the line adds .45 a member, everybody with a cost under it takes part."""
    model = make_toy(**public_good(curve))
    model.run(25)
    people, size = model.population, 4_000
    gains = np.array([0.0, 0.0, 0.4, 0.67, 0.7])
    knots = np.array([0.0, 0.1, 0.3, 0.6, 1.0])
    society = JoiningMap(
        pivotal_curve(MeasuredCurve(knots, gains, scale="linear"), size),
        SampleCosts(people.cost[~people.first_mover]),
        benefit=0.5 * size,
        first_movers=0.15,
    )
    told = society.fixed_points().outcome(0.15)
    assert told == pytest.approx(0.15 + 0.85 * 0.45, abs=4 * np.sqrt(0.45 * 0.55 / size))
    assert abs(model.alpha - told) <= 1 / size
    # A pure public good: who is not a member has the same, and no cost.
    last = model.periods.iloc[-1]
    assert last["mean_utility_outsiders"] == pytest.approx(0.5 * size * model.gain)


@pytest.mark.parametrize(
    ("point", "refund", "told"), [(0.2, True, 0.45), (0.2, False, 0.0), (0.0, True, 0.0)]
)
def test_a_refund_starts_what_nobody_starts(
    make_toy: Make, curve: Path, point: float, refund: bool, told: float
) -> None:
    """From nobody: up to the point a pledge is free, and behind it one more is worth its cost."""
    keys = {
        "collective.first_movers": 0,
        "collective.provision_point": point,
        "collective.refund": refund,
    }
    model = make_toy(**public_good(curve, **keys))
    model.run(20)
    costs = np.sort(model.population.cost)
    expected = (costs <= 0.45).sum() if told else 0
    assert abs(int(model.population.member.sum()) - expected) <= 1
    assert expected / len(costs) == pytest.approx(told, abs=0.04)


def test_those_who_abstain_make_no_difference(make_toy: Make, curve: Path) -> None:
    """Half of the members do nothing: twice as many bring as much, and one more half of it.

    Beyond .3 of followers that is .225 a member, too little for more; up to there .5 is enough.
    """
    size, alphas = 4_000, []
    for abstain in (0.5, 0.0):
        keys = {"collective.abstain": abstain, "collective.first_movers": size // 4}
        model = make_toy(**public_good(curve, **keys))
        model.run(25)
        alphas.append(model.alpha)
    assert abs(alphas[0] - 0.6) <= 1 / size
    error = 4 * np.sqrt(0.75 * 0.45 * 0.55 / size)
    assert alphas[1] == pytest.approx(0.25 + 0.75 * 0.45, abs=error)


def test_a_theorem_is_a_curve_too(make_toy: Make) -> None:
    keys = {
        "society.rule": "pivotal",
        "society.belief": "theory",
        "society.order": "sequential",
        "society.activation": 1.0,
        "population.cost": 0.002,
        "run.periods": 4,
    }
    model = make_toy(**keys)
    model.run(4)
    size = len(model.population)
    promised = [model.lines.promise(m / size, "top1") for m in range(size + 1)]
    heights = np.maximum(0.0, np.array(promised) - model.clean_rate)
    worth = np.diff(heights)
    members = int(model.population.member.sum())
    assert 12 < members < size
    assert worth[members - 1] >= 0.002 > worth[members]


@pytest.mark.parametrize("belief", ["published", "adaptive", "neighbours"])
def test_without_a_curve_a_config_is_refused(make_toy: Make, belief: str) -> None:
    keys = {"society.rule": "pivotal", "society.belief": belief}
    with pytest.raises(InputError, match=r"society\.belief.*known of a curve"):
        make_toy(**keys)
    later = {"at": [{"period": 2, "set": {"society.rule": "pivotal"}}]}
    with pytest.raises(InputError, match=r"at\[1\]\.set: society\.rule"):
        make_toy(**later)
