"""People who repeat what satisfied them: one step, known paths, the motion of many, whole runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.checkpoint import restore, save_checkpoint
from gigsim.config.sections import Society
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.population import Population
from gigsim.record import freelancers
from gigsim.society.reinforcement import (
    habituated,
    learn,
    payoffs,
    reinforced,
    stimulus,
    takes_part,
    trials,
)
from gigsim.streams import Streams
from gigsim.theory.participation.reinforcement import expected_motion, repeated_act, undecided
from tests.society.crowds import crowd, round_of

Make = Callable[..., GigEconomy]

unit = st.floats(0, 1)
stimuli = st.floats(-1, 1)
rates = st.floats(0, 1, exclude_min=True)
money = st.floats(-100, 100)


# ---------------------------------------------------------------------------------------- one step


@given(unit, stimuli, st.booleans(), rates)
def test_the_act_is_reinforced_as_in_the_literature(
    propensity: float, satisfaction: float, member: bool, rate: float
) -> None:
    """Macy and Flache (2002) for the act a that was done, p_a; the other has 1 - p_a."""
    done = propensity if member else 1 - propensity
    if satisfaction >= 0:
        after = done + (1 - done) * rate * satisfaction
    else:
        after = done + done * rate * satisfaction
    found = reinforced(
        np.array([propensity]), np.array([member]), np.array([satisfaction]), rate
    ).item()
    assert 0 <= found <= 1
    assert found == pytest.approx(after if member else 1 - after, abs=1e-15)


@given(unit, stimuli, rates)
def test_joining_and_staying_out_are_mirror_images(p: float, s: float, rate: float) -> None:
    acts = np.array([True, False])
    inside, outside = reinforced(np.array([p, 1 - p]), acts, np.array([s, s]), rate)
    assert inside == pytest.approx(1 - outside, abs=1e-15)


@given(st.floats(0, 100), st.floats(0.01, 100), st.floats(0, 10), st.floats(0, 10), money, unit)
def test_a_stimulus_is_between_the_extremes_and_reaches_one_of_them(
    cost: float, scale: float, dues: float, subsidy: float, aspiration: float, part: float
) -> None:
    can_be = payoffs(np.array([cost]), scale, dues=dues, subsidy=subsidy)
    assert can_be.low.item() == pytest.approx(-cost - dues)
    assert can_be.high.item() == pytest.approx(max(scale, scale - cost - dues + subsidy))
    aspires = np.array([aspiration])
    ends = [stimulus(pay, aspires, can_be).item() for pay in can_be]
    assert max(map(abs, ends)) == 1
    pay = can_be.low + part * (can_be.high - can_be.low)
    found = stimulus(pay, aspires, can_be).item()
    assert ends[0] - 1e-12 <= found <= ends[1] + 1e-12
    assert found == 0 or (found > 0) == (pay.item() > aspiration)


@pytest.mark.parametrize("timing", ["per_period", "once"])
def test_what_people_can_be_paid_is_what_they_are(
    make_toy: Make, surrogate: dict[str, Any], timing: str
) -> None:
    """Members, free riders and others, with every kind of payment, are paid within the limits."""
    model = make_toy(
        **surrogate
        | {
            "society.spillover": "measured",
            "society.cost_timing": timing,
            "collective.leak": 0.1,
            "collective.dues": 0.05,
            "collective.fund": 20.0,
            "collective.subsidy": 0.3,
            "population.cost": {"kind": "normal", "mean": 0.2, "sd": 0.4},
        }
    )
    for _ in range(6):
        model.step()
        low, high = payoffs(
            model.population.cost, 1.0, dues=0.05, subsidy=0.3, once=timing == "once"
        )
        assert (model.population.utility >= low - 1e-12).all()
        assert (model.population.utility <= high + 1e-12).all()


# ------------------------------------------------------------------------------------- known paths


@given(unit, stimuli, rates, st.integers(0, 30))
def test_one_act_that_always_brings_the_same(p: float, s: float, rate: float, times: int) -> None:
    path = np.array([p])
    for _ in range(times):
        path = reinforced(path, np.array([True]), np.array([s]), rate)
    told = repeated_act(p, s, times, rate=rate)
    assert path.item() == pytest.approx(told, abs=1e-13)


@given(money, money, unit, st.integers(0, 30))
def test_an_aspiration_gets_used_to_what_it_gets(
    aspiration: float, payoff: float, habituation: float, times: int
) -> None:
    found = np.array([aspiration])
    for _ in range(times):
        found = habituated(found, np.array([payoff]), habituation)
    told = payoff + (aspiration - payoff) * (1 - habituation) ** times
    assert found.item() == pytest.approx(told, abs=1e-10)


def live(
    people: Population,
    society: Society,
    pay: Callable[[np.ndarray], np.ndarray],
    periods: int,
) -> list[np.ndarray]:
    """Propensities after each period in which everybody chooses, is paid, and learns."""
    size = len(people)
    everybody, found = np.ones(size, dtype=bool), [people.propensity]
    for period in range(1, periods + 1):

        def draws(name: str, period: int = period) -> np.ndarray:
            return Streams(8).uniform(name, period, size)

        chose = trials(society, people, everybody)
        people.member = round_of(society, people, draws=draws)
        people.utility = pay(people.member)
        learn(society, people, chose)
        found.append(people.propensity)
    return found


def learners(size: int, propensity: Any, aspiration: Any = 0.0, cost: Any = 0.0) -> Population:
    people = crowd(np.zeros(size), cost=cost)
    people.propensity = np.broadcast_to(np.asarray(propensity, dtype=float), size).copy()
    people.aspiration = np.broadcast_to(np.asarray(aspiration, dtype=float), size).copy()
    return people


def test_where_both_acts_satisfy_alike_everybody_locks_in_to_either() -> None:
    """The mean of p stays, E[p(1-p)] shrinks by 1 - (ls)² a trial, and p of them end as members."""
    size, p, rate, periods = 100_000, 0.3, 0.5, 60
    society = Society(rule="reinforcement", learning_rate=rate)
    people = learners(size, p)
    path = live(people, society, lambda member: np.full(size, 0.4), periods)
    for trial, found in enumerate(path):
        assert abs(found.mean() - p) <= 4 * found.std() / np.sqrt(size) + 1e-12
        open_minded = found * (1 - found)
        told = undecided(p, rate * 0.4, trial)
        assert abs(open_minded.mean() - told) <= 4 * open_minded.std() / np.sqrt(size) + 1e-12
    assert undecided(p, rate * 0.4, periods) < 0.02
    # How far a share of so many is from p, and how many have not made up their minds.
    slack = 4 * np.sqrt(p * (1 - p) / size) + 2 * undecided(p, rate * 0.4, periods)
    assert abs((path[-1] > 0.5).mean() - p) <= slack


def test_a_satisfying_act_absorbs() -> None:
    """A self-reinforcing equilibrium: nobody who is sure of what satisfies him ever does else."""
    size = 1_000
    sure = np.arange(size) < 300
    people = learners(size, sure.astype(float))
    people.member = sure.copy()
    society = Society(rule="reinforcement", learning_rate=0.7)
    path = live(people, society, lambda member: np.where(member, 0.6, 0.1), 50)
    assert np.array_equal(people.member, sure)
    assert all(np.array_equal(p, path[0]) for p in path)
    # With aspirations above what they get the same people come off it.
    discontent = learners(size, sure.astype(float), aspiration=0.8)
    live(discontent, society, lambda member: np.where(member, 0.6, 0.1), 1)
    assert (discontent.propensity[sure] < 1).all()
    assert (discontent.propensity[~sure] > 0).all()


def test_used_to_it_one_is_no_longer_moved() -> None:
    """With h = 1 the same pay as last time is a stimulus of 0, whatever it is."""
    size = 500
    society = Society(rule="reinforcement", habituation=1.0)
    people = learners(size, 0.5)
    path = live(people, society, lambda m: np.full(size, 0.9), 4)
    assert not np.array_equal(path[1], path[0])
    assert all(np.array_equal(p, path[1]) for p in path[2:])


# ---------------------------------------------------------------------------------- many at a time


def tree(p: float, inside: float, outside: float, rate: float, periods: int) -> list[np.ndarray]:
    """Every propensity that one can have after each period, and with what probability: (2, 2^t)."""
    values, weights = np.array([p]), np.array([1.0])
    found = [np.stack([values, weights])]
    for _ in range(periods):
        acts = np.ones(len(values), dtype=bool)
        joined = reinforced(values, acts, np.full(len(values), inside), rate)
        stayed = reinforced(values, ~acts, np.full(len(values), outside), rate)
        weights = np.concatenate([weights * values, weights * (1 - values)])
        values = np.concatenate([joined, stayed])
        found.append(np.stack([values, weights]))
    return found


@pytest.mark.parametrize("aspiration", [0.0, 0.25, 0.5])
def test_constant_payoffs_have_an_exact_law(aspiration: float) -> None:
    """Costs of .3: members get .5, others .2. Mean and spread of 100,000 people within 4 s.e."""
    size, cost, rate, periods = 100_000, 0.3, 0.6, 8
    society = Society(rule="reinforcement", learning_rate=rate)
    people = learners(size, 0.4, aspiration, cost)
    furthest = max(1.0 - aspiration, cost + aspiration)
    told = tree(0.4, (0.5 - aspiration) / furthest, (0.2 - aspiration) / furthest, rate, periods)
    path = live(people, society, lambda m: np.where(m, 0.5, 0.2), periods)
    for found, (values, weights) in zip(path, told, strict=True):
        assert weights.sum() == pytest.approx(1)
        for power in (1, 2):
            moment = weights @ values**power
            error = np.sqrt(max(0.0, weights @ values ** (2 * power) - moment**2) / size)
            assert abs((found**power).mean() - moment) <= 4 * error + 1e-12


@pytest.mark.parametrize("aspiration", [0.0, 0.3])
def test_a_crowd_follows_expected_motion(aspiration: float) -> None:
    """N = 100,000 with costs of their own, whose pay depends on how many take part, as b·B(α).

    Given everybody's propensity, the mean of the next ones is p + E[Δp] of each, within 4 s.e. of
    independent choices. The pay goes by the share that came, which differs from the mean of p by
    1/√N, and its product with choices by 1/N.
    """
    size, rate, kappa = 100_000, 0.4, 0.02
    rng = np.random.default_rng(6)
    costs = rng.uniform(0.0, 0.8, size)
    people = learners(size, rng.uniform(0.02, 0.3, size), aspiration, costs)
    society = Society(rule="reinforcement", learning_rate=rate, habituation=0.1)
    can_be = payoffs(costs, 1.0)
    shares = []
    for period in range(1, 16):

        def paid(member: np.ndarray) -> np.ndarray:
            alpha = member.mean()
            shares.append(alpha)
            gain = max(0.0, 1 - kappa * (1 - alpha) / alpha)
            return np.where(member, gain - costs, 0.2 * gain)

        before, aspired = people.propensity, people.aspiration
        after = _one_period(people, society, paid, period)
        gain = max(0.0, 1 - kappa * (1 - shares[-1]) / shares[-1])
        inside = stimulus(gain - costs, aspired, can_be)
        outside = stimulus(np.full(size, 0.2 * gain), aspired, can_be)
        motion = expected_motion(before, inside, outside, rate=rate)
        everybody = np.ones(size, dtype=bool)
        gap = reinforced(before, everybody, inside, rate) - reinforced(
            before, ~everybody, outside, rate
        )
        error = np.sqrt((before * (1 - before) * gap**2).sum()) / size
        assert abs((after - before - motion).mean()) <= 4 * error, f"period {period}"
    # It was no standstill.
    assert max(shares) - min(shares) > 0.05


def _one_period(
    people: Population,
    society: Society,
    pay: Callable[[np.ndarray], np.ndarray],
    period: int,
) -> np.ndarray:
    size = len(people)
    chose = trials(society, people, np.ones(size, dtype=bool))
    people.member = takes_part(people.propensity, Streams(8).uniform("decision", period, size))
    people.utility = pay(people.member)
    learn(society, people, chose)
    return people.propensity


# ------------------------------------------------------------------------------------ who has a say


def test_only_a_free_choice_is_a_trial() -> None:
    people = crowd([1, 1, 0, 0], first_mover=[True, False, False, False])
    asked = np.array([True, True, True, False])
    assert trials(Society(), people, asked).tolist() == [False, True, True, False]
    kept = Society(leaving="never")
    assert trials(kept, people, asked).tolist() == [False, False, True, False]


def test_who_made_no_choice_learns_nothing() -> None:
    people = learners(4, [0.2, 0.4, 0.6, 0.8], aspiration=0.1)
    people.member = np.array([True, False, True, False])
    people.utility = np.array([1.0, 0.5, -0.5, 0.0])
    before, aspired = people.propensity, people.aspiration
    chose = np.array([True, True, False, False])
    learn(Society(habituation=0.5), people, chose)
    assert people.propensity[2:].tolist() == [0.6, 0.8]
    assert people.aspiration[2:].tolist() == [0.1, 0.1]
    assert (people.propensity[:2] != before[:2]).all()
    assert people.aspiration[:2].tolist() == pytest.approx([0.55, 0.3])
    # Whoever holds the old arrays keeps them.
    assert before.tolist() == [0.2, 0.4, 0.6, 0.8]
    assert aspired.tolist() == [0.1] * 4


@pytest.mark.parametrize("order", ["synchronous", "sequential"])
def test_one_draws_ones_own_choice_whatever_the_order(order: str) -> None:
    size, drawn = 5_000, []
    people = learners(size, np.linspace(0, 1, size))

    def draws(name: str) -> np.ndarray:
        drawn.append(name)
        return Streams(2).uniform(name, 1, size)

    member = round_of(Society(rule="reinforcement", order=order), people, draws=draws)
    assert drawn == ["decision"]
    luck = Streams(2).uniform("decision", 1, size)
    assert np.array_equal(member, luck < people.propensity)
    assert not member[0]
    assert member[-1]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("learning_rate", 0.0),
        ("learning_rate", 1.1),
        ("initial_propensity", -0.1),
        ("initial_propensity", 1.1),
        ("habituation", 1.5),
        ("aspiration", 1e7),
    ],
)
def test_numbers_that_are_refused(make_toy: Make, key: str, value: float) -> None:
    """Who learns nothing, l = 0, would be no learner."""
    with pytest.raises(InputError, match=f"society.{key}"):
        make_toy(**{"society.rule": "reinforcement", f"society.{key}": value})


# -------------------------------------------------------------------------------------- whole runs

RUN = {
    "society.rule": "reinforcement",
    "society.initial_propensity": 0.2,
    "society.activation": 0.5,
    "society.habituation": 0.2,
    "platform.retrain_every": 1,
    "measure.reference": 0,
}


@pytest.fixture(scope="module")
def surrogate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A platform on which any collective has everything, and everybody has it with them."""
    path = tmp_path_factory.mktemp("reinforcement") / "curve.csv"
    lines = ["alpha,success_any,success_top1,base_any,base_top1,accuracy"]
    lines += [f"{a},{s},{s},0.1,0.1,0.8" for a, s in ((0, 0.1), (0.001, 0.6), (1, 0.6))]
    path.write_text("\n".join(lines), encoding="utf-8")
    return {
        "platform.learner.kind": "surrogate",
        "platform.learner.curve": str(path),
        "society.spillover": 1.0,
        "population.cost": 0.0,
        "population.size": 5_000,
    }


def test_people_learn_at_the_end_of_a_period(make_toy: Make, surrogate: dict[str, Any]) -> None:
    model = make_toy(**(RUN | surrogate | {"society.habituation": 0.0}))
    people = model.population
    assert (people.propensity == 0.2).all()
    for period in range(1, 5):
        before = people.propensity
        model.step()
        asked = model.streams.uniform("activation", period, len(people)) < 0.5
        luck = model.streams.uniform("decision", period, len(people))
        free = asked & ~people.first_mover
        assert np.array_equal(people.member[free], luck[free] < before[free])
        assert np.array_equal(people.propensity[~free], before[~free])
        # Everybody is paid .5 and aspires to nothing: s = .5, l·s = .25 of the way.
        assert np.allclose(people.utility, 0.5, rtol=0, atol=1e-12)
        moved = np.where(people.member, before + (1 - before) * 0.25, before * 0.75)
        assert np.allclose(people.propensity[free], moved[free], rtol=0, atol=1e-12)
    assert (people.aspiration == 0).all()


def test_costless_and_useless_the_mean_propensity_stays(
    make_toy: Make, surrogate: dict[str, Any]
) -> None:
    """Members and others have the same: nothing draws anybody in or out, but all lock in."""
    model = make_toy(**(RUN | surrogate | {"society.habituation": 0.0}))
    model.run(60)
    free = ~model.population.first_mover
    found = model.population.propensity[free]
    assert abs(found.mean() - 0.2) <= 4 * found.std() / np.sqrt(free.sum())
    # One was asked in half of the periods: E[(1 - θ²)^n], n ~ Bin(60, 1/2), is (1 - θ²/2)^60.
    told = 0.2 * 0.8 * (1 - 0.25**2 / 2) ** 60
    open_minded = found * (1 - found)
    error = open_minded.std() / np.sqrt(free.sum())
    assert abs(open_minded.mean() - told) <= 4 * error


def test_the_table_of_freelancers_has_what_they_learned(
    make_toy: Make, surrogate: dict[str, Any]
) -> None:
    model = make_toy(**RUN | surrogate)
    model.run(3)
    table = freelancers(model)
    assert np.array_equal(table["propensity"], model.population.propensity)
    assert np.array_equal(table["aspiration"], model.population.aspiration)
    assert table["propensity"].between(0, 1).all()
    assert table["propensity"].nunique() > 5
    other = make_toy(**surrogate)
    other.run(1)
    assert freelancers(other)[["propensity", "aspiration"]].isna().all(axis=None)


def test_a_run_is_a_function_of_its_seed_and_of_no_order(
    make_toy: Make, surrogate: dict[str, Any]
) -> None:
    run = RUN | surrogate
    one, other = (make_toy(**run | {"society.order": o}) for o in ("synchronous", "sequential"))
    assert one.run(4).equals(other.run(4))
    assert np.array_equal(one.population.propensity, other.population.propensity)
    again = make_toy(**run | {"run.seed": 7})
    assert not again.run(4)["members"].equals(one.periods["members"])


def test_newcomers_have_learned_nothing(make_toy: Make, surrogate: dict[str, Any]) -> None:
    later = {"period": 4, "set": {"society.initial_propensity": 0.9, "society.aspiration": -1.0}}
    model = make_toy(**RUN | surrogate | {"population.turnover": 0.3, "at": [later]})
    people = model.population
    model.run(3)
    old = people.propensity
    model._turn_the_page()
    fresh = people.propensity == 0.9
    assert fresh.sum() == model.replaced > 10
    assert (people.aspiration[fresh] == -1.0).all()
    assert np.array_equal(people.propensity[~fresh], old[~fresh])


def test_a_society_that_begins_to_learn_later(make_toy: Make, surrogate: dict[str, Any]) -> None:
    change = {"period": 3, "set": {"society.rule": "reinforcement"}}
    back = {"period": 5, "set": {"society.rule": "best_response"}}
    model = make_toy(**surrogate | {"society.initial_propensity": 0.4, "at": [change, back]})
    model.run(2)
    assert not len(model.population.propensity)
    model.run(2)
    learned = model.population.propensity
    assert len(learned) == len(model.population)
    assert (learned != 0.4).any()
    model.run(1)
    assert model.population.propensity is learned, "kept for when it is asked for again"


def test_free_riding_is_learned(make_toy: Make, surrogate: dict[str, Any]) -> None:
    """Members pay .3 of the .5 that all have: staying out satisfies more, and fewer take part."""
    dear = make_toy(**(RUN | surrogate | {"population.cost": 0.3, "society.aspiration": 0.3}))
    dear.run(30)
    cheap = make_toy(**(RUN | surrogate | {"population.cost": 0.0, "society.aspiration": 0.3}))
    cheap.run(30)
    assert dear.population.propensity.mean() < 0.1 < 0.15 < cheap.population.propensity.mean()


def test_what_people_learned_survives_a_checkpoint(
    make_toy: Make, surrogate: dict[str, Any], tmp_path: Path
) -> None:
    model = make_toy(**RUN | surrogate | {"population.turnover": 0.1, "population.cost": 0.3})
    model.run(3)
    save_checkpoint(model, tmp_path / "file")
    again = restore(tmp_path / "file")
    assert model.run(3).equals(again.run(3))
    assert freelancers(model).equals(freelancers(again))
