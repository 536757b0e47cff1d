"""What changes while a run goes on, and members who do not comply: at, newcomers, tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gigsim.config import load
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.resumes.corpus import Corpus
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


def test_newcomers_bring_nothing(make_toy: Make) -> None:
    model = make_toy(**{"population.turnover": 1.0, "collective.leak": 1.0})
    model.run(2)
    assert model.population.first_mover.sum() == 0
    assert not model.population.holds_signal.any()
    assert np.array_equal(model.population.wealth, model.population.utility)


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
    with pytest.raises(InputError, match=r"population\.turnover.*resumes"):
        model.run(6)
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
    "collective.rotate_every": 4,
    "collective.signal.alternates": ["‡", "⁂"],
    "collective.leak": 0.1,
    "society.rule": "threshold",
    "population.threshold": 2.0,
    "platform.retrain_every": 3,
}


def test_a_leaked_signal_expires_and_the_classifier_has_to_learn_the_new_one(
    make_toy: Make,
) -> None:
    model = make_toy(**ROTATING, **{"collective.first_movers": 30})
    periods = model.run(8)
    assert periods["token"].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2]
    riders = periods["free_riders"]
    assert riders[4] < riders[3], "only what leaked in the period itself"
    # Retrained at 3 (token 0) and 6 (token 1): 4 and 5 show it token 1, which it has never seen.
    assert periods.loc[3, "success_top1"] > 0.5
    assert periods.loc[4, "success_top1"] == periods.loc[4, "base_top1"] < 0.5
    assert periods.loc[6, "success_top1"] > 0.5
    unmoved = ["base_top1", "accuracy"]
    assert (periods.loc[4, unmoved] == periods.loc[3, unmoved]).all()


def test_a_rotation_with_the_retraining_costs_nothing(make_toy: Make) -> None:
    keys = {"platform.retrain_every": 2, "collective.first_movers": 30}
    periods = make_toy(**ROTATING | keys).run(8)
    assert (periods.loc[2:, "success_top1"] > 0.5).all()


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
