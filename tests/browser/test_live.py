"""The economy that a page plays: its settings, its frames, and what becomes of bad ones."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

from gigsim.app import live as module
from gigsim.app.live import FREE_RIDER, MEMBER, OUTSIDER, LiveEconomy, Settings, quick_config
from gigsim.config import Config, build
from gigsim.model import GigEconomy


@pytest.fixture(scope="session")
def start(toy_config: Config) -> Config:
    table = toy_config.model_dump(mode="json")
    return build(
        table,
        {"population.size": 100, "collective.first_movers": 12, "corpus.test_size": 60},
    )


def test_an_untouched_page_runs_the_config_itself(start: Config) -> None:
    live = LiveEconomy(Settings(start))
    assert live.overrides == {}
    assert live.frame is not None
    assert live.frame.config == start
    alone = GigEconomy(start)
    for _ in range(3):
        live.step()
        alone.step()
    assert live.steps == live.time == 3
    assert live.frame.periods.equals(alone.periods)
    assert live.frame.alpha == alone.alpha
    assert live.frame.success == alone.success
    assert live.frame.trained == 2
    counts = [live.frame.count(state) for state in (OUTSIDER, FREE_RIDER, MEMBER)]
    last = alone.periods.iloc[-1]
    assert counts == [last["outsiders"], last["free_riders"], last["members"]]


def test_the_theory_reaches_from_one_member_to_everybody(start: Config) -> None:
    live = LiveEconomy(Settings(start))
    assert live.theory is not None
    assert live.theory["alpha"].iloc[0] == 0.01
    assert live.theory["alpha"].iloc[-1] == 1


def test_settings_take_effect_at_the_next_reset(start: Config) -> None:
    settings = Settings(start)
    settings.choose("population.size", 150)
    settings.choose("population.cost.kind", "constant")
    settings.choose("population.cost.high", 9.0)
    # The constant law has no upper end; its value has no default and is handed on untouched.
    assert settings.overrides() == {
        "population.size": 150,
        "population.cost.kind": "constant",
        "population.cost.value": 1.0,
    }
    live = LiveEconomy(settings, **{"run.seed": "7"})
    assert live.problem == ""
    assert live.frame is not None
    assert live.frame.config.population.size == 150
    assert live.frame.config.run.seed == 7
    assert np.all(live.economy.population.cost == 1.0)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("collective.first_movers", 101, "collective.first_movers = 101"),
        ("collective.target", "Astronaut", "Astronaut"),
        ("society.spillover", "much", "society.spillover"),
        ("collective.signal.token", "two words", "collective.signal.token"),
        ("collective.strategy", "gradient_control", "at every gradient step"),
        ("collective.subsidy", 0.3, "the collective has no money"),
        ("collective.provision_point", 0.2, "needs to know what a collective of that size"),
        ("society.rule", "pivotal", 'platform.learner.kind = "surrogate"'),
        ("platform.learner.kind", "surrogate", "has no curve"),
    ],
)
def test_what_cannot_run_is_a_sentence(start: Config, key: str, value: object, word: str) -> None:
    settings = Settings(start)
    settings.choose(key, value)
    live = LiveEconomy(settings)
    assert word in live.problem
    assert "\n" not in live.problem
    assert not live.running
    assert live.frame is None
    live.step()
    assert live.steps == 0


def test_a_strategy_is_refused_where_the_learner_does_not_offer_it(start: Config) -> None:
    settings = Settings(start)
    settings.choose("collective.strategy", "gradient_cancelling")
    settings.choose("platform.learner.kind", "transformer")
    problem = LiveEconomy(settings).problem
    assert 'collective.strategy = "gradient_cancelling" with' in problem
    assert 'platform.learner.kind = "linear"' in problem


def test_a_word_is_erased_from_the_page(start: Config) -> None:
    settings = Settings(start)
    for key, value in {
        "collective.adaptive": True,
        "collective.strategy": "erasure",
        "collective.label_sets": "extend",
        "collective.signal.token": "w7",
        "collective.signal.reserve": False,
        "corpus.xi": 0.0,
        "measure.success": "any",
    }.items():
        settings.choose(key, value)
    # Unplanting's option, chosen before, is gone with it.
    assert "collective.adaptive" not in settings.overrides()
    live = LiveEconomy(settings)
    assert live.problem == ""
    live.step()
    assert live.frame is not None
    assert live.frame.theorem.startswith("Theorem 5")
    assert live.frame.promise == live.frame.promise
    row = live.frame.periods.iloc[-1]
    assert row["success_any"] == row["base_any"] == live.frame.success


def test_money_is_what_the_economy_has(start: Config) -> None:
    settings = Settings(start)
    live = LiveEconomy(settings)
    assert live.frame is not None
    assert not live.frame.has_money
    for key, value in {
        "collective.fund": 9.0,
        "collective.subsidy": 0.4,
        "collective.dues": 0.01,
    }.items():
        settings.choose(key, value)
    live = LiveEconomy(settings)
    for _ in range(3):
        live.step()
    frame = live.frame
    assert frame is not None
    assert frame.has_money
    last, paid = frame.periods.iloc[-1], frame.periods[["dues", "subsidies"]].sum()
    assert paid["dues"] > 0
    assert paid["subsidies"] > 0
    assert last["fund"] == pytest.approx(9 + paid["dues"] - paid["subsidies"], abs=1e-9)


def test_a_contract_is_open_then_met_and_may_lapse(start: Config) -> None:
    settings = Settings(start)
    settings.choose("collective.refund", False)
    assert LiveEconomy(settings).frame.contract is None  # type: ignore[union-attr]
    # Twelve of a hundred are first movers, who join in period 1.
    settings.choose("collective.provision_point", 0.12)
    live, found = LiveEconomy(settings), []
    for _ in range(2):
        assert live.frame is not None
        found.append(live.frame.contract)
        live.step()
    assert found == ["open", "met"]
    raised = {"period": 2, "set": {"collective.provision_point": 0.9}}
    table = start.model_dump(mode="json") | {"at": [raised]}
    live = LiveEconomy(
        Settings(
            build(table, {"collective.provision_point": 0.12, "collective.refund": False}),
        )
    )
    live.step()
    live.step()
    assert live.frame is not None
    assert live.frame.contract == "lapsed"
    assert live.frame.now.collective.provision_point == 0.9
    assert live.frame.config.collective.provision_point == 0.12


def test_another_scenario_forgets_what_was_set(start: Config) -> None:
    settings = Settings(start)
    settings.choose("population.size", 150)
    other = build(start.model_dump(mode="json"), {"name": "other", "collective.leak": 0.5})
    settings.begin(other)
    assert settings.overrides() == {}
    live = LiveEconomy(settings)
    assert live.frame is not None
    assert live.frame.config == other


def test_a_seed_that_is_no_number_is_a_sentence(start: Config) -> None:
    live = LiveEconomy(Settings(start), **{"run.seed": "seven"})
    assert live.problem.startswith("page: run.seed")
    assert "'seven'" in live.problem


def test_a_bug_stays_a_bug(start: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveEconomy(Settings(start))
    monkeypatch.setattr(GigEconomy, "decide", lambda _: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        live.step()


def test_a_late_step_of_the_last_model_is_left_out(start: Config) -> None:
    """Mesa's thread that plays may wake up after a Reset and step the new model once."""
    settings = Settings(start)
    old = LiveEconomy(settings)
    played, made = threading.Event(), threading.Event()
    new: list[LiveEconomy] = []

    def play() -> None:
        old.step()
        played.set()
        made.wait(60)
        new[0].step()

    thread = threading.Thread(target=play)
    thread.start()
    played.wait(60)
    new.append(LiveEconomy(settings))
    made.set()
    thread.join(60)
    assert old.steps == 1
    assert new[0].steps == 0
    new[0].step()
    assert new[0].steps == 1


def test_a_step_waits_for_the_page_to_be_drawn(start: Config) -> None:
    live = LiveEconomy(Settings(start))
    live.shown.clear()
    thread = threading.Thread(target=live.step)
    thread.start()
    thread.join(0.5)
    assert (thread.is_alive(), live.steps) == (True, 0)
    live.shown.set()
    thread.join(60)
    assert live.steps == 1


def test_a_page_that_never_draws_is_not_waited_for(
    start: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.2)
    live = LiveEconomy(Settings(start))
    live.shown.clear()
    live.step()
    assert live.steps == 1


def test_a_closed_page_and_a_closed_server_stop(
    start: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(start)
    live = LiveEconomy(settings)
    assert live.running
    monkeypatch.setattr(module, "_closing", threading.Event())
    module.close_all()
    assert not live.running
    monkeypatch.undo()
    assert live.running
    settings.closed = True
    live.step()
    assert (live.running, live.steps) == (False, 0)


def test_the_observer_hears_of_work_and_of_its_end(start: Config) -> None:
    heard: list[str] = []
    live = LiveEconomy(Settings(start, heard.append))
    live.step()
    assert any("training" in what for what in heard)
    assert heard[-1] == ""


def test_a_model_that_was_reset_goes_away(start: Config) -> None:
    settings = Settings(start)
    live = LiveEconomy(settings)
    live.step()
    economy = weakref.ref(live.economy)
    live = LiveEconomy(settings)
    gc.collect()
    assert economy() is None


def test_the_quick_config_yields_to_the_user() -> None:
    config = quick_config(["population.size=700"])
    assert config.population.size == 700
    assert config.platform.learner.kind == "linear"
    assert config.collective.first_movers == 12
