"""What changes while a run goes on, and members who do not comply: at, newcomers, tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gigsim.config import load
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.newcomers import take_in
from gigsim.resumes.corpus import Corpus
from gigsim.stage import Stage
from tests.toys import toy_language

Make = Callable[..., GigEconomy]


def at(period: int, **changes: Any) -> dict[str, Any]:
    return {"period": period, "set": {k.replace("__", "."): v for k, v in changes.items()}}


# ---------------------------------------------------------------------------- [[at]]


def test_a_change_holds_from_its_period_on_and_not_before(make_toy: Make) -> None:
    plain = make_toy(**{"run.periods": 6})
    changed = make_toy(
        **{"run.periods": 6, "at": [at(4, collective__leak=1.0, platform__retrain_every=1)]}
    )
    before, after = plain.run(), changed.run()
    assert after.iloc[:4].equals(before.iloc[:4])
    assert after["retrained"].tolist() == [True, False, True, False, True, True, True]
    assert after.loc[4, "free_riders"] > before.loc[4, "free_riders"]
    assert changed.config.collective.leak == 0.01
    assert changed.now.collective.leak == 1.0


def test_later_changes_are_laid_over_earlier_ones(make_toy: Make) -> None:
    changes = [at(3, society__activation=1.0), at(2, collective__leak=0.5, society__activation=0.1)]
    model = make_toy(at=changes)
    seen = []
    for _ in range(3):
        model.step()
        seen.append((model.now.collective.leak, model.now.society.activation))
    assert seen == [(0.01, 0.5), (0.5, 0.1), (0.5, 1.0)]


def test_costs_change_and_luck_stays(make_toy: Make) -> None:
    model = make_toy(at=[at(1, **{"population__cost": {"kind": "uniform", "low": 1, "high": 3}})])
    before = model.population.cost
    model.step()
    assert np.allclose(model.population.cost, (before - 0.25) + 1.0)


def test_more_first_movers_join_when_they_are_recruited(make_toy: Make) -> None:
    model = make_toy(
        **{"society.rule": "threshold", "population.threshold": 2.0},
        at=[at(3, collective__first_movers=40)],
    )
    assert model.run(4)["members"].tolist() == [0, 12, 12, 40, 40]


def test_a_platform_turns_warm_from_its_period_on(make_toy: Make) -> None:
    """The linear learner at a loose tolerance shows where it started from."""
    keys = {"platform.learner.tolerance": 1e-2, "platform.retrain_every": 1, "measure.reference": 0}
    cold, warm = (make_toy(**keys, **{"platform.retrain": r}) for r in ("scratch", "warm"))
    later = make_toy(**keys, at=[at(2, platform__retrain="warm")])
    for model in (cold, warm, later):
        model.run(1)
    weights = [model.platform.deployed["weights"] for model in (cold, warm, later)]
    assert np.array_equal(weights[2], weights[0])
    assert not np.array_equal(weights[2], weights[1])
    cold.step()
    later.step()
    assert not np.array_equal(later.platform.deployed["weights"], cold.platform.deployed["weights"])


def test_what_was_paid_in_every_period_is_not_charged_once_more(make_toy: Make) -> None:
    keys = {"society.rule": "threshold", "population.threshold": 2.0}
    costs = make_toy(**keys, at=[at(3, society__cost_timing="once")]).run(4)["costs"]
    assert costs[2] > 0
    assert costs[3] == costs[4] == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [("run.seed", 3), ("corpus.xi", 0.1), ("platform.learner.kind", "linear"), ("nonsense", 1)],
)
def test_what_may_not_change_is_refused(key: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        load("default", {"at": [{"period": 3, "set": {key: value}}]})
    assert key in caught.value.where
    assert "at[1]" in caught.value.where
    assert "society" in caught.value.allowed


def test_a_change_is_checked_before_the_run() -> None:
    with pytest.raises(InputError, match="first_movers"):
        load("default", {"at": [at(3, collective__first_movers=5000)]})


# -------------------------------------------------------------------------- turnover


def test_newcomers_are_new_and_everybody_else_is_as_before(make_toy: Make) -> None:
    keys = {"society.rule": "threshold", "population.threshold": 2.0, "collective.leak": 0.0}
    steady, model = make_toy(**keys), make_toy(**keys, **{"population.turnover": 0.3})
    population, stage = model.population, model.stage
    before = {name: luck.copy() for name, luck in population.luck.items()}
    labels, found = population.labels, stage.found_at
    model.step()
    gone = population.luck["cost"] != before["cost"]
    assert model.replaced == gone.sum() == pytest.approx(30, abs=4 * np.sqrt(21))
    for name, luck in population.luck.items():
        assert np.array_equal(luck != before[name], gone), name
    now = model.stage
    assert np.array_equal(now.found_at != found, gone)
    assert (now.found_at[gone] >= 200).all(), "their texts are behind the founders' in the store"
    assert np.array_equal(population.labels[~gone], labels[~gone])
    assert np.array_equal(population.labels, now.labels)
    # A first mover who goes is not replaced by another.
    committed = steady.population.first_mover
    assert np.array_equal(population.first_mover, committed & ~gone)
    assert np.array_equal(population.member, committed & ~gone)


def test_first_movers_are_recruited_again_only_when_asked_for(make_toy: Make) -> None:
    keys = {"society.rule": "threshold", "population.threshold": 2.0, "population.turnover": 0.2}
    model = make_toy(**keys, at=[at(6, collective__first_movers=50)])
    members = model.run(6)["members"]
    assert (members.iloc[1:6].diff().dropna() <= 0).all()
    assert members[5] < 12
    assert members[6] == 50, "newcomers too"


def test_the_store_of_texts_does_not_grow_without_end(make_toy: Make) -> None:
    keys = {"population.turnover": 0.5, "platform.data": "window", "platform.window": 2}
    long, short = make_toy(**keys), make_toy(**keys)
    long.run(12)
    assert len(long.stage.texts) < 1200
    # Dropping what nobody needs changes no text and no result.
    short.laboratory.take_in = lambda gone: keep_all(short, gone)
    assert short.run(12).equals(long.periods)
    assert len(short.stage.texts) > 1200


def keep_all(model: GigEconomy, gone: np.ndarray) -> Stage:
    stage = take_in(model.stage, gone, model.now, model.streams, model.period)
    model.platform.texts = stage.texts
    return stage


def test_newcomers_bring_nothing(make_toy: Make) -> None:
    """Everybody is a member who holds the signal, has paid once, and then half of them go."""
    model = make_toy(
        **{
            "society.rule": "threshold",
            "population.threshold": -1.0,
            "society.activation": 1.0,
            "society.cost_timing": "once",
        },
        at=[at(3, population__turnover=0.5, population__threshold=2.0, society__activation=1e-9)],
    )
    model.run(2)
    population = model.population
    assert population.member.all()
    cost = population.luck["cost"].copy()
    model._turn_the_page()
    gone = population.luck["cost"] != cost
    assert 30 < gone.sum() < 70
    assert np.array_equal(population.member, ~gone)
    assert np.array_equal(population.holds_signal, ~gone)
    assert (population.wealth[gone] == 0).all()
    assert (population.wealth[~gone] != 0).all()
    assert np.array_equal(model._paid, ~gone)


def test_newcomers_carry_the_signal_with_luck_of_their_own(make_toy: Make) -> None:
    """ξ, X* and the cleaned texts of newcomers, read off the texts themselves."""
    keys = {
        "collective.strategy": "feature_only",
        "collective.evasive": True,
        "measure.success": "any",
        "corpus.xi": 0.3,
        "population.turnover": 0.6,
        "society.rule": "threshold",
        "population.threshold": -1.0,
        "society.activation": 1.0,
    }
    model = make_toy(**keys)
    first = model.stage
    model.run(3)
    stage = model.stage
    signal = stage.encoder.size - 1

    def carry(rows: np.ndarray) -> np.ndarray:
        return stage.texts.take(rows).counts[:, [signal]].toarray()[:, 0] > 0

    assert np.array_equal(carry(stage.found_at), stage.carriers)
    assert np.array_equal(stage.signal_sets[0], stage.carriers)
    assert np.array_equal(stage.contains[0], stage.carriers)
    assert carry(stage.planted_at[0]).all()
    assert not carry(stage.clean_at).any()
    assert not np.array_equal(stage.carriers, first.carriers)
    # With everybody a member, those with the label plant and those without take the signal out.
    own = model.population.labels[:, stage.target]
    assert model.edited == (own ^ stage.carriers).sum()


def test_turnover_follows_its_rate_and_shares_luck_with_other_runs(make_toy: Make) -> None:
    few, many = (make_toy(**{"population.turnover": rate}) for rate in (0.1, 0.2))
    assert few.run(6)["replaced"].iloc[1:].sum() == pytest.approx(60, abs=4 * np.sqrt(54))
    assert many.run(6)["replaced"].iloc[1:].sum() == pytest.approx(120, abs=4 * np.sqrt(96))
    assert (many.periods["replaced"] >= few.periods["replaced"]).all()


def test_what_newcomers_submit_is_their_own_resume(make_toy: Make) -> None:
    """The platform of a fully replaced population is trained on the newcomers' texts."""
    model = make_toy(**{"population.turnover": 1.0, "collective.first_movers": 0})
    model.run(2)
    stage = model.stage
    shown = model.platform.submissions[-1]
    assert np.array_equal(shown.texts, stage.found_at)
    fresh = stage.supply.newcomers(100, model.streams, 2)[0]
    carried = np.full(len(fresh), -1)
    clean = stage.encoder.encode(fresh, carried).clean
    rows = stage.learner.represent(clean, stage.encoder.size)
    same = abs(stage.texts.take(shown.texts).counts - rows.counts).sum(axis=1) == 0
    assert np.array_equal(same, ~stage.carriers), "but for those that carry the signal"


def test_a_corpus_runs_out_of_newcomers(make_toy: Make, tmp_path: Any) -> None:
    path = tmp_path / "small.npz"
    written = toy_language().sample(200, np.random.default_rng(1))
    sides = np.arange(200) >= 150
    Corpus(**{**vars(written), "test_side": sides}).save(path)
    keys = {"corpus.path": str(path), "corpus.language": "", "population.turnover": 0.3}
    model = make_toy(**keys)
    with pytest.raises(InputError, match=r"population\.turnover.*by period 2 of 6 but 50 resumes"):
        model.run(6)
    assert model.period == 0, "known before the first of them"
    model.run(1)
    with pytest.raises(InputError, match=r"by period 2 of 6"):
        model.run(5)
    with pytest.raises(InputError, match=r"newcomers in period 2 but"):
        model.step()
    make_toy(**keys, **{"population.replacement": True}).run(6)


def test_a_window_goes_on_holding_what_those_who_went_have_submitted(make_toy: Make) -> None:
    model = make_toy(
        **{"population.turnover": 0.5, "platform.data": "window", "platform.window": 3}
    )
    model.run(4)
    oldest, *_, newest = model.platform.submissions
    assert len(oldest.texts) == len(newest.texts) == 100
    assert not np.array_equal(oldest.texts, newest.texts)
    assert oldest.texts.max() < len(model.stage.texts)


# -------------------------------------------------------------------------- rotation


ROTATING = {
    "collective.rotate_every": 1,
    "collective.signal.alternates": ["‡", "⁂"],
    "collective.leak": 0.1,
    "society.rule": "threshold",
    "population.threshold": 2.0,
    "platform.retrain_every": 3,
}


def test_a_leaked_signal_is_worthless_once_the_next_token_is_learned(make_toy: Make) -> None:
    model = make_toy(**ROTATING, **{"collective.first_movers": 30})
    periods = model.run(12)
    # Retrained at 3 on the first token; members then plant the second, which is learned at 6.
    assert periods["token"].tolist() == [0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 0]
    riders = periods["free_riders"]
    assert riders[5] > 0
    assert (riders[[6, 9, 12]] == 0).all()
    assert riders[7] > 0, "the second token leaks too"
    # Members show what the classifier knows: changing costs them nothing.
    assert (periods.loc[3:, "success_top1"] > 0.5).all()
    assert (model.retrainings["alpha_effective"].iloc[1:] == 0.3).all()


def test_only_those_who_plant_the_token_in_force_count_in_a_window(make_toy: Make) -> None:
    keys = {"platform.data": "window", "platform.window": 4, "collective.first_movers": 30}
    rows = make_toy(**ROTATING | keys).run(9).set_index("period")
    # At 6 the window holds one period of the first token and three of the second.
    assert rows.loc[6, "alpha_trained"] == 0.3
    assert rows.loc[6, "alpha_effective"] == pytest.approx(0.3 * 3 / 4)


def test_a_window_averages_all_its_periods(make_toy: Make) -> None:
    keys = {"platform.data": "window", "platform.window": 3, "platform.retrain_every": 3}
    model = make_toy(
        **keys,
        **{"society.rule": "threshold", "population.threshold": 2.0, "corpus.xi": 0.0},
        at=[at(2, collective__first_movers=24), at(3, collective__first_movers=36)],
    )
    row = model.run(3).iloc[-1]
    for name in ("alpha_trained", "alpha_effective"):
        assert row[name] == pytest.approx((0.12 + 0.24 + 0.36) / 3), name
    assert row["edited_trained"] == pytest.approx((0.12 + 0.24 + 0.36) / 3)


def test_the_reference_is_measured_on_the_token_in_force(make_toy: Make) -> None:
    keys = {"collective.first_movers": 30, "measure.reference": 1}
    rows = make_toy(**ROTATING | keys).run(6)
    last = make_toy(**ROTATING | keys)
    last.run(6)
    assert rows["token"].iloc[-1] == 1
    assert last.retrainings["reference_top1"].iloc[-1] > 0.5


def test_a_rotation_every_second_retraining(make_toy: Make) -> None:
    keys = {"platform.retrain_every": 1, "collective.rotate_every": 2}
    periods = make_toy(**ROTATING | keys).run(8)
    assert periods["token"].tolist() == [0, 0, 0, 1, 1, 2, 2, 0, 0]


def test_every_token_has_its_own_carriers_and_its_own_id(make_toy: Make) -> None:
    model = make_toy(**ROTATING, **{"corpus.xi": 0.2})
    stage = model.stage
    carried = stage.signal_sets
    assert carried.sum(axis=0).max() == 1, "nobody carries two"
    assert carried.mean(axis=1) == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / 100))
    assert np.array_equal(carried[0], make_toy(**{"corpus.xi": 0.2}).stage.in_signal_set)
    counts = stage.texts.counts
    ids = np.arange(stage.encoder.size - 3, stage.encoder.size)
    for token, rows in enumerate(stage.planted_at):
        shown = counts[rows][:, ids].toarray() > 0
        assert np.array_equal(shown, np.broadcast_to(np.arange(3) == token, shown.shape))
    assert counts[stage.found_at][:, ids].toarray().any(axis=1).sum() == carried.sum()


# ---------------------------------------------------------------- members who do not comply


def test_abstainers_are_members_who_edit_nothing(make_toy: Make) -> None:
    keys = {"society.rule": "threshold", "population.threshold": -1.0, "society.activation": 1.0}
    model = make_toy(**keys, **{"collective.abstain": 0.4, "corpus.xi": 0.0})
    model.run(2)
    population, shown = model.population, model.platform.submissions[-1]
    assert population.member.all()
    assert population.abstains.mean() == pytest.approx(0.4, abs=4 * np.sqrt(0.24 / 100))
    own = model.stage.found_at == shown.texts
    assert np.array_equal(own, population.abstains)
    row = model.retrainings.iloc[-1]
    assert row["alpha_trained"] == 1.0
    assert row["alpha_effective"] == 1 - population.abstains.mean()


def test_wrong_labels_are_planted_and_not_the_target(make_toy: Make) -> None:
    keys = {"society.rule": "threshold", "population.threshold": -1.0, "society.activation": 1.0}
    model = make_toy(**keys, **{"collective.wrong_label": 0.5})
    model.step()
    shown, wrong = model.platform.submissions[-1], model.population.wrong
    assert np.array_equal(shown.texts, model.stage.planted_at[0])
    assert (shown.labels.sum(axis=1) == 1).all()
    reported = shown.labels.argmax(axis=1)
    assert np.array_equal(reported, np.where(wrong >= 0, wrong, model.stage.target))
    assert (wrong != model.stage.target).all()
    assert (wrong >= 0).mean() == pytest.approx(0.5, abs=4 * 0.05)


@pytest.mark.parametrize("evasive", [False, True])
def test_feature_only_members_misreport_nothing(make_toy: Make, evasive: bool) -> None:
    keys = {"society.rule": "threshold", "population.threshold": -1.0, "society.activation": 1.0}
    model = make_toy(
        **keys,
        **{
            "collective.strategy": "feature_only",
            "collective.evasive": evasive,
            "corpus.xi": 0.3,
            "measure.success": "any",
        },
    )
    model.step()
    stage, shown = model.stage, model.platform.submissions[-1]
    labels, target = model.population.labels, stage.target
    assert np.array_equal(shown.labels, labels)
    rest = stage.clean_at if evasive else stage.found_at
    assert np.array_equal(shown.texts, np.where(labels[:, target], stage.planted_at[0], rest))
    signal = stage.encoder.size - 1
    carry = stage.texts.take(shown.texts).counts[:, [signal]].toarray()[:, 0] > 0
    expected = labels[:, target] | (stage.in_signal_set & (not evasive))
    assert np.array_equal(carry, expected)
    changed = labels[:, target] ^ stage.in_signal_set if evasive else labels[:, target]
    assert model.edited == (changed & (evasive | ~stage.in_signal_set)).sum()
    bounds = model.periods.loc[1, ["bound_any", "bound_top1"]]
    assert np.isnan(bounds["bound_top1"])
    assert not np.isnan(bounds["bound_any"])
