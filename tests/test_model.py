"""What one period does: who is asked, who pays, what the platform is shown and trains on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mesa
import numpy as np
import pytest

from gigsim.config import Config
from gigsim.errors import InputError
from gigsim.learners.pool import FitJob
from gigsim.model import GigEconomy

Make = Callable[..., GigEconomy]

KEYS = {
    "default": {},
    "fixed spillover": {"society.spillover": 0.3},
    "cost once": {"society.cost_timing": "once", "society.horizon": 3},
    "threshold": {"society.rule": "threshold", "population.threshold.high": 0.4},
    "theory": {"society.belief": "theory"},
    "extend": {"collective.label_sets": "extend", "measure.success": "any"},
    "leaky club": {"collective.retention": 1.0, "collective.leak": 0.2},
    "window": {"platform.data": "window", "platform.window": 3},
    "another money": {"society.benefit_scale": 40.0, "population.cost.high": 90.0},
}


class Scripted(GigEconomy):
    """Everybody who is asked does as ``wanted`` says; nobody is asked by anything else."""

    wanted: Callable[[int], np.ndarray]

    def choose(self, asked: np.ndarray) -> np.ndarray:
        return np.where(asked, self.wanted(self.period), self.population.member)


def scripted(make: Make, script: Callable[[int], list[int]], **keys: Any) -> Scripted:
    """A world where exactly the people ``script(period)`` are members; nobody is committed."""
    keys = {"society.activation": 1.0, "collective.first_movers": 0, "collective.leak": 0} | keys
    model = make(Scripted, **keys)
    assert isinstance(model, Scripted)

    def wanted(period: int) -> np.ndarray:
        return np.isin(np.arange(len(model.population)), script(period))

    model.wanted = wanted
    return model


# ------------------------------------------------------------------------------------- pay


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS.keys())
def test_pay_identities(make_toy: Make, keys: dict[str, Any]) -> None:
    model = make_toy(**keys)
    scale = model.config.society.benefit_scale
    total = model.population.utility
    assert np.array_equal(model.population.wealth, total)
    assert abs(total.sum() - model.benefits) < 1e-9
    assert model.costs == 0, "nobody is a member at period 0"
    for _ in range(6):
        was_member = model.population.member
        model.step()
        people = model.population
        assert abs(people.utility.sum() - (model.benefits - model.costs)) < 1e-9
        total = total + people.utility
        assert np.abs(people.wealth - total).max() < 1e-9
        # And what each is paid, from the definitions: G with the signal, what spills over without.
        gain = max(0.0, model.success - model.clean_rate)
        spilled = min(max(model.base - model.clean_rate, 0.0), gain)
        if model.config.society.spillover != "measured":
            spilled = float(model.config.society.spillover) * gain
        paying = people.member
        if model.config.society.cost_timing == "once":
            paying = people.member & ~was_member
        expected = scale * np.where(people.holds_signal, gain, spilled) - people.cost * paying
        assert np.abs(people.utility - expected).max() < 1e-9
        row = model.periods.iloc[-1]
        assert row["benefits"] - row["costs"] == pytest.approx(people.utility.sum(), abs=1e-9)
        assert row["mean_utility"] == pytest.approx(people.utility.mean(), abs=1e-12)
        assert row["mean_wealth"] == pytest.approx(total.mean(), abs=1e-12)


def test_a_cost_per_period_is_paid_in_each(make_toy: Make) -> None:
    model = scripted(make_toy, lambda period: [5] if period in (1, 2, 4) else [])
    cost = model.population.cost[5]
    assert model.run(5)["costs"].tolist() == [0, cost, cost, 0, cost, 0]


def test_a_cost_paid_once_is_paid_on_joining_and_on_joining_again(make_toy: Make) -> None:
    keys = {"society.cost_timing": "once"}
    model = scripted(make_toy, lambda period: [5] if period in (1, 2, 4, 5) else [], **keys)
    cost = model.population.cost[5]
    assert model.run(6)["costs"].tolist() == [0, cost, 0, 0, cost, 0, 0]


# ---------------------------------------------------------------------- who joins, who leaves


def test_first_movers_join_in_period_one_and_never_leave(make_toy: Make) -> None:
    dear = {"population.cost.low": 50.0, "population.cost.high": 60.0}
    periods = make_toy(**dear).run(4)
    assert periods["members"].tolist() == [0, 12, 12, 12, 12]
    assert periods["joined"].tolist() == [0, 12, 0, 0, 0]
    assert periods["left"].sum() == 0


def test_only_those_who_are_asked_move(make_toy: Make) -> None:
    model = make_toy(
        **{
            "society.activation": 0.3,
            "society.rule": "threshold",
            "population.threshold.high": 1e-9,
        }
    )
    model.step()
    first = model.population.member
    model.step()
    asked = model.streams.uniform("activation", 2, 100) < 0.3
    assert np.array_equal(model.population.member, first | asked)


def test_leavers_of_a_secret_club_lose_the_signal(make_toy: Make) -> None:
    model = scripted(make_toy, lambda period: [1, 2] if period == 1 else [])
    model.step()
    assert model.population.holds_signal.sum() == 2
    model.step()
    assert model.left == 2
    assert not model.population.holds_signal.any()


def test_leavers_of_a_leaky_club_ride_free(make_toy: Make) -> None:
    script = scripted(
        make_toy, lambda period: [1, 2] if period == 1 else [], **{"collective.retention": 1.0}
    )
    periods = script.run(3)
    assert periods["free_riders"].tolist() == [0, 0, 2, 2]
    assert np.flatnonzero(script.population.free_rider).tolist() == [1, 2]


def test_a_signal_that_always_leaks_reaches_exactly_the_neighbours(make_toy: Make) -> None:
    ring = {"network.rewire": 0.0, "network.degree": 2, "collective.leak": 1.0}
    model = scripted(make_toy, lambda period: [50], **ring)
    model.step()
    assert np.flatnonzero(model.population.holds_signal).tolist() == [49, 50, 51]
    model.step()
    assert np.flatnonzero(model.population.free_rider).tolist() == [48, 49, 51, 52]


def test_without_a_leak_nobody_rides_free(make_toy: Make) -> None:
    assert make_toy(**{"collective.leak": 0.0}).run(4)["free_riders"].sum() == 0


def test_thresholds_on_the_population_tip_all_at_once(make_toy: Make) -> None:
    keys: dict[str, Any] = {"society.rule": "threshold", "society.activation": 1.0}
    low = make_toy(**keys, **{"population.threshold": {"kind": "constant", "value": 0.12}})
    assert low.run(2)["members"].tolist() == [0, 12, 100]
    high = make_toy(**keys, **{"population.threshold": {"kind": "constant", "value": 0.121}})
    assert high.run(2)["members"].tolist() == [0, 12, 12]


def test_thresholds_on_the_neighbours_spread_along_ties(make_toy: Make) -> None:
    model = make_toy(
        **{
            "society.rule": "threshold",
            "society.reference_group": "neighbours",
            "society.activation": 1.0,
            "population.threshold": {"kind": "constant", "value": 0.2},
            "collective.leak": 0.0,
        }
    )
    ties = model.stage.network.matrix().toarray().astype(bool)
    member = np.zeros(100, dtype=bool)
    grew = []
    for _ in range(5):
        share = np.array([member[mine].mean() for mine in ties])
        member = (share >= 0.2) | model.population.first_mover
        model.step()
        assert np.array_equal(model.population.member, member)
        grew.append(int(member.sum()))
    assert grew[0] == 12
    assert grew[1] > 12, "a test of spreading needs some"


def test_the_theorem_is_believed_before_success_was_seen(make_toy: Make) -> None:
    model = make_toy(
        **{
            "society.belief": "theory",
            "society.activation": 1.0,
            "society.spillover": 0.0,
            "platform.retrain_every": 100,
            "collective.leak": 0.0,
        }
    )
    model.run(2)
    assert model.success == pytest.approx(model.clean_rate, abs=0.1), "not retrained yet"
    promised = model.lines.bound(0.12, "top1") - model.clean_rate
    assert promised > 0.5
    expected = (model.population.cost <= promised) | model.population.first_mover
    assert np.array_equal(model.population.member, expected)
    doubting = make_toy(**{"platform.retrain_every": 100, "collective.leak": 0.0})
    assert doubting.run(2)["members"].tolist() == [0, 12, 12]


# --------------------------------------------------------------- what the platform is shown


def test_members_submit_the_planted_text_and_the_target_alone(make_toy: Make) -> None:
    model = make_toy(**{"collective.leak": 0.3})
    model.step()
    (shown,) = model.platform.submissions
    member, stage = model.population.member, model.stage
    assert np.array_equal(shown.texts, np.where(member, stage.planted_at[0], stage.found_at))
    rows = np.concatenate([stage.found_at, stage.planted_at[0]])
    assert np.array_equal(np.sort(rows), np.arange(200)), "each text once"
    # Nobody can tell from a number: the store is in random order.
    assert 0.3 < (stage.planted_at >= 100).mean() < 0.7
    target = np.arange(10) == model.stage.target
    expected = np.where(member[:, None], target, model.population.labels)
    assert np.array_equal(shown.labels, expected)
    assert model.population.free_rider.any(), "and free riders submit what they have"


def test_with_extended_sets_members_keep_their_labels(make_toy: Make) -> None:
    model = make_toy(**{"collective.label_sets": "extend"})
    model.run(2)
    shown = model.platform.submissions[-1]
    target = np.arange(10) == model.stage.target
    claimed = model.population.member[:, None] & target
    assert np.array_equal(shown.labels, model.population.labels | claimed)
    # No theorem covers the top label of extended sets: an empty cell, not a line.
    assert model.periods["bound_top1"].isna().all()
    assert model.retrainings["bound_top1"].isna().all()
    assert np.isfinite(model.periods["bound_any"].iloc[-1])


def test_editing_counts_only_what_really_changes(make_toy: Make) -> None:
    model = make_toy(**{"corpus.xi": 0.5})
    model.step()
    people, target = model.population, np.arange(10) == model.stage.target
    already = model.stage.in_signal_set & (people.labels == target).all(axis=1)
    assert model.edited == (people.member & ~already).sum()
    assert model.edited < 12 or not (already & people.member).any()


def test_base_carriers_are_as_many_as_the_config_says(make_toy: Make) -> None:
    few = {"population.size": 2000, "corpus.xi": 0.05, "corpus.test_size": 60}
    share = make_toy(**few).stage.in_signal_set.mean()
    assert abs(share - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 2000)
    assert not make_toy(**{"corpus.xi": 0.0}).stage.in_signal_set.any()


def jobs_of(model: GigEconomy, monkeypatch: pytest.MonkeyPatch) -> list[FitJob]:
    """The list to which every training of the model is added from now on."""
    jobs: list[FitJob] = []
    honest = model.laboratory._pool.submit

    def submit(job: FitJob) -> Any:
        jobs.append(job)
        return honest(job)

    monkeypatch.setattr(model.laboratory._pool, "submit", submit)
    return jobs


def test_a_window_holds_the_last_periods_submissions(
    make_toy: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_toy(**{"platform.data": "window", "platform.window": 3, "measure.reference": 1})
    jobs = jobs_of(model, monkeypatch)
    periods = model.run(6)
    rows = [len(job.rows) for job in jobs]
    # Retrained at 2, 4 and 6, each beside a reference; period 0's submission is in the first.
    assert rows == [300] * 6
    for period in (2, 4, 6):
        own, shown = periods["alpha"], periods.loc[period]
        assert shown["alpha_trained"] == pytest.approx(own.loc[period - 2 : period].mean())
    assert len(model.platform.submissions) == 3
    last = np.concatenate([s.labels for s in model.platform.submissions])
    assert np.array_equal(jobs[-2].labels, last)


def test_current_data_are_the_latest_submissions_alone(
    make_toy: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_toy()
    jobs = jobs_of(model, monkeypatch)
    periods = model.run(4)
    assert [len(job.rows) for job in jobs] == [100] * 4
    retrained = periods[periods["retrained"]]
    assert retrained["alpha_trained"].tolist() == retrained["alpha"].tolist()
    assert (periods.loc[3, ["alpha_trained"]] == periods.loc[2, ["alpha_trained"]]).all()


def test_a_warm_platform_starts_from_the_deployed_classifier(
    make_toy: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm, cold = (make_toy(**{"platform.retrain": how}) for how in ("warm", "scratch"))
    warm_jobs, cold_jobs = jobs_of(warm, monkeypatch), jobs_of(cold, monkeypatch)
    first = warm.platform.deployed
    warm.run(2)
    second = warm.platform.deployed
    warm.run(2)
    cold.run(4)
    # At each retraining the platform's own and then the random collective's, which has a past too.
    own, reference, own_later, reference_later = (job.start for job in warm_jobs)
    assert own is first
    assert reference is first
    assert own_later is second
    assert reference_later is not None
    assert reference_later is not second
    assert [job.start for job in cold_jobs] == [None] * 4
    # The problem is convex, so where it starts from makes no difference to where it ends.
    ends = [m.stage.learner.restore(m.platform.deployed) for m in (warm, cold)]
    a, b = (end.probabilities(m.stage.tests[0]) for end, m in zip(ends, (warm, cold), strict=True))
    assert np.abs(a - b).max() < 1e-3


def test_repeats_have_a_spread_where_the_learner_has_one(make_toy: Make) -> None:
    small = {
        "kind": "transformer",
        "layers": 1,
        "width": 16,
        "feedforward": 16,
        "max_tokens": 16,
        "learning_rate": 0.01,
        "batch_size": 5,
        "epochs": 5,
    }
    keys = {"platform.learner": small, "collective.signal.every": 5, "measure.reference": 0}
    model = make_toy(**keys, **{"platform.repeats": 2})
    model.run(2)
    zero, two = model.retrainings.iloc[0], model.retrainings.iloc[1]
    assert zero["clean_top1_sd"] > 0
    assert np.isnan(zero["success_top1_sd"]), "period 0 deploys one classifier"
    spread = [two[f"{q}_{m}_sd"] for q in ("success", "base") for m in ("any", "top1")]
    assert max(spread) > 0
    assert not np.isnan(spread).any()


def test_a_learner_without_chance_is_trained_once(
    make_toy: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    once, often = make_toy(), make_toy(**{"platform.repeats": 5})
    jobs = jobs_of(often, monkeypatch)
    assert once.run(2).equals(often.run(2))
    assert len(jobs) == 2, "the platform's and the reference's"
    assert often.clean == once.clean
    assert often.clean["top1"][1] == 0


def test_the_platform_retrains_in_its_rhythm(make_toy: Make) -> None:
    periods = make_toy(**{"platform.retrain_every": 3}).run(7)
    assert np.flatnonzero(periods["retrained"]).tolist() == [0, 3, 6]
    assert periods["success_top1"].iloc[3:6].nunique() == 1


@pytest.mark.parametrize(
    ("every", "retrain", "trained"),
    [(0, "scratch", []), (1, "scratch", [1, 2, 3]), (2, "scratch", [2]), (2, "warm", [1, 2, 3])],
)
def test_the_reference_is_trained_as_often_as_the_config_says(
    make_toy: Make, every: int, retrain: str, trained: list[int]
) -> None:
    model = make_toy(**{"measure.reference": every, "platform.retrain": retrain})
    model.run(6)
    assert np.flatnonzero(model.retrainings["reference_top1"].notna()).tolist() == trained


def test_the_reference_is_a_random_collective_of_equal_size(
    make_toy: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = scripted(make_toy, lambda period: list(range(30)))
    jobs = jobs_of(model, monkeypatch)
    model.run(2)
    own, reference = jobs
    target = np.arange(10) == model.stage.target
    changed = [(job.labels != model.population.labels).any(axis=1) for job in (own, reference)]
    carrying = (model.population.labels == target).all(axis=1)
    chosen = model.stage.reference_rank < 30
    assert np.array_equal(changed[0], (np.arange(100) < 30) & ~carrying)
    assert np.array_equal(changed[1], chosen & ~carrying)
    assert chosen.sum() == 30
    assert not np.array_equal(chosen, np.arange(100) < 30)


# ------------------------------------------------------------------------- seeds, Mesa, input


def test_equal_seeds_equal_runs_and_others_differ(make_toy: Make) -> None:
    one, same, other = (make_toy(rng=seed).run(3) for seed in (5, 5, 6))
    assert one.equals(same)
    assert not one.equals(other)


def test_the_seed_is_the_configs_wherever_it_is_given(make_toy: Make, toy_config: Config) -> None:
    by_rng, by_key = make_toy(rng=9), make_toy(**{"run.seed": 9})
    assert by_rng.config == by_key.config
    assert by_rng.config.run.seed == by_rng.streams.seed == 9
    assert make_toy().config.run.seed == toy_config.run.seed
    assert make_toy(rng=np.int64(4)).config.run.seed == 4


def test_running_in_two_stretches_is_running_in_one(make_toy: Make) -> None:
    whole, parts = make_toy(), make_toy()
    parts.run(2)
    assert whole.run(5).equals(parts.run(3))
    assert whole.period == parts.period == 5
    assert len(make_toy(**{"run.periods": 2}).run()) == 3


def test_mesa_sees_the_run(make_toy: Make) -> None:
    model = make_toy()
    periods = model.run(3)
    assert isinstance(model, mesa.Model)
    collected = model.datacollector.get_model_vars_dataframe()
    assert collected["period"].tolist() == periods["period"].tolist()
    assert collected["alpha"].tolist() == periods["alpha"].tolist()
    assert collected["success"].tolist() == periods["success_top1"].tolist()
    assert collected["gain"].tolist() == periods["gain"].tolist()


def test_mesas_batch_runs_work(toy_config: Config) -> None:
    keys = {"population.size": 100, "collective.first_movers": 12, "corpus.test_size": 60}
    rows = mesa.batch_run(
        GigEconomy,
        {"config": [toy_config], "run.seed": [1, 2], **keys},
        max_steps=2,
        display_progress=False,
    )
    assert [row["run.seed"] for row in rows] == [1, 2]
    assert all(row["alpha"] >= 0.12 for row in rows)


def test_the_observer_is_told(make_toy: Make) -> None:
    said: list[str] = []
    make_toy(observer=said.append).run(2)
    assert said[:2] == ["drawing resumes", "encoding resumes"]
    assert said[-1] == "period 2: training 2 classifiers"


@pytest.mark.parametrize(
    ("keys", "where", "problem", "allowed"),
    [
        ({"collective.target": "Plumber"}, "collective.target", "'Plumber'", "Java_Developer"),
        ({"corpus.test_size": 0}, "corpus.test_size", "0 held-out resumes", "at least 1"),
        ({"corpus.language": "nowhere.npz"}, "nowhere.npz", "no such file", "gigsim corpus fit"),
        (
            {"corpus.path": "nowhere.npz", "corpus.language": ""},
            "nowhere.npz",
            "no such file",
            "gigsim corpus import",
        ),
        ({"population.sise": 3}, "config: population.sise", "unknown key", "did you mean size?"),
        ({"rng": -1}, "config: run.seed", "-1", "the one seed"),
        ({"collective.signal.reserve": False}, "collective.signal.token", "'※'", "reserve = true"),
    ],
)
def test_what_cannot_be_run_is_refused(
    make_toy: Make, keys: dict[str, Any], where: str, problem: str, allowed: str
) -> None:
    with pytest.raises(InputError) as caught:
        make_toy(**keys)
    assert caught.value.where == where
    assert problem in caught.value.problem
    assert allowed in caught.value.allowed


def test_a_gain_within_the_noise_of_the_base_rate_has_no_quotient(make_toy: Make) -> None:
    model = make_toy()
    model.run(4)
    assert model.gain > 0
    assert 0 <= model.spillover <= 1
    assert model.spillover == pytest.approx(model.spilled / model.gain)
    model.clean["top1"] = (model.clean_rate, model.gain)
    assert np.isnan(model.spillover)
