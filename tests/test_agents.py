"""Mesa's side: views over columns, and an economy that goes when nobody needs it any more."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import mesa
import numpy as np
import pytest

from gigsim import enrolment
from gigsim.agents import Collective, Freelancer, Platform
from gigsim.learners.protocol import Rows
from gigsim.model import GigEconomy
from gigsim.population import Population, draw_luck, label_set_numbers
from gigsim.streams import Streams

Make = Callable[..., GigEconomy]


def test_views_agree_with_the_columns(toy_run: GigEconomy) -> None:
    people, views = toy_run.population, toy_run.agents_by_type[Freelancer]
    assert len(views) == len(people) == 300
    for name in ("member", "holds_signal", "cost", "threshold", "utility", "wealth"):
        assert views.get(name) == getattr(people, name).tolist(), name
    assert views.get("index") == list(range(300))
    states = np.array(views.get("state"))
    assert np.array_equal(states == "member", people.member)
    assert np.array_equal(states == "free_rider", people.free_rider)
    assert np.array_equal(states == "outsider", people.outsider)
    assert len(set(states)) == 3, "a run with all three"


def test_a_view_is_live(make_toy: Make) -> None:
    model = make_toy()
    first = int(np.flatnonzero(model.population.first_mover)[0])
    (view,) = model.agents.select(lambda a: getattr(a, "index", None) == first)
    assert (view.state, view.wealth) == ("outsider", model.population.wealth[first])
    model.step()
    assert (view.state, view.member, view.holds_signal) == ("member", True, True)
    assert view.wealth == model.population.wealth[first]


def test_every_number_is_one_agents(toy_run: GigEconomy) -> None:
    numbers = toy_run.agents.get("unique_id")
    assert sorted(numbers) == list(range(1, 303))
    assert {type(agent) for agent in toy_run.agents} == {Freelancer, Collective, Platform}
    assert toy_run.collective in toy_run.agents
    assert toy_run.platform in toy_run.agents
    assert all(agent.model is toy_run for agent in toy_run.agents)


def test_mesas_sets_and_aggregates_work(toy_run: GigEconomy) -> None:
    members = toy_run.agents_by_type[Freelancer].select(lambda a: a.member)
    assert len(members) == toy_run.population.member.sum()
    assert members.agg("cost", np.mean) == pytest.approx(
        toy_run.population.cost[toy_run.population.member].mean()
    )


@pytest.mark.parametrize("retrained", [False, True])
def test_a_model_nobody_holds_is_collected(make_toy: Make, retrained: bool) -> None:
    model = make_toy(**{"run.periods": 2})
    if retrained:
        model.run()
    alive = weakref.ref(model)
    del model
    gc.collect()
    assert alive() is None


def test_a_large_population_has_views_when_they_are_asked_for(
    make_toy: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrolment, "VIEWS_UP_TO", 99)
    model = make_toy()
    assert set(model.agents) == {model.collective, model.platform}
    model.step()
    model.make_views()
    assert len(model.agents) == 102
    assert sorted(model.agents.get("unique_id")) == list(range(1, 103))
    model.make_views()
    assert len(model.agents) == 102, "asked for twice, made once"
    members = model.agents_by_type[Freelancer].get("member")
    assert members == model.population.member.tolist()
    alive = weakref.ref(model)
    del model
    gc.collect()
    assert alive() is None


def test_views_up_to_the_limit_are_there_from_the_start(
    make_toy: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrolment, "VIEWS_UP_TO", 100)
    assert len(make_toy().agents_by_type[Freelancer]) == 100


def test_views_change_nothing(make_toy: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with_views = make_toy().run(3)
    monkeypatch.setattr(enrolment, "VIEWS_UP_TO", 0)
    assert make_toy().run(3).equals(with_views)


def test_other_models_agents_are_not_counted_along(make_toy: Make) -> None:
    """Mesa 3.3 counts agents in a class attribute."""
    make_toy()

    class Other(mesa.Model):
        pass

    other = Other()
    assert [mesa.Agent(other).unique_id, mesa.Agent(other).unique_id] == [1, 2]
    again = make_toy()
    assert mesa.Agent(other).unique_id == 3
    assert sorted(again.agents.get("unique_id")) == list(range(1, 103))


def test_the_collective_publishes_its_size(make_toy: Make) -> None:
    model = make_toy()
    assert model.collective.published_size == 0
    model.step()
    assert model.collective.published_size == 0, "of before this period's decisions"
    model.step()
    assert model.collective.published_size == 12


def test_the_platform_holds_texts_and_labels_and_no_people(toy_run: GigEconomy) -> None:
    """By what it holds; that it never asks is shown in test_loop."""
    held = {k: v for k, v in vars(toy_run.platform).items() if k not in ("model", "pos")}
    assert set(held) == {
        "unique_id",
        "learner",
        "texts",
        "warm",
        "deployed",
        "_submissions",
    }
    assert not any(isinstance(value, Population) for value in held.values())
    texts: Rows = held["texts"]
    assert len(texts) == 600, "everybody's text as found and planted"
    for submission in toy_run.platform.submissions:
        assert set(vars(submission)) == {"texts", "labels"}


def test_three_states_are_exhaustive_and_disjoint(toy_run: GigEconomy) -> None:
    people = toy_run.population
    states = np.stack([people.member, people.free_rider, people.outsider])
    assert (states.sum(axis=0) == 1).all()


def test_label_set_numbers_name_sets_whoever_else_is_there() -> None:
    labels = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 0], [1, 0, 0]], dtype=bool)
    assert label_set_numbers(labels).tolist() == [1, 6, 0, 1]
    assert label_set_numbers(labels[1:2]).tolist() == [6]
    people = Population(labels=labels, target=0, luck=draw_luck(Streams(1), 4))
    assert people.label_set.tolist() == [1, 6, 0, 1]
    assert len(people) == 4
    assert people.outsider.all()
