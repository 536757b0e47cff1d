"""Curves from end to end on toy worlds: the same rows however they are come by."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gigsim.config import Config
from gigsim.curves.arm import Arm
from gigsim.curves.batched import BatchedFitter
from gigsim.curves.bench import bench_for
from gigsim.curves.columns import COLUMNS
from gigsim.curves.draws import draw, submitted
from gigsim.curves.exact import ExactFitter
from gigsim.curves.fitting import fitter_for
from gigsim.curves.jobs import curve_jobs
from gigsim.curves.run import run_curve_job
from gigsim.curves.single import SingleFitter, learner_of
from gigsim.curves.trainings import trainings_of
from gigsim.errors import InputError
from gigsim.learners.cache import TrainingCache
from gigsim.learners.embedding_cache import VARIABLE
from gigsim.model import GigEconomy
from tests.curves.worlds import arm, measured
from tests.learners.toys import tiny_bert

#: What a solver's tolerance may move: a share of 200 resumes that lie on the edge, one each.
EDGE = 2 / 200
STRATEGIES: tuple[dict[str, Any], ...] = (
    {},
    {"collective.label_sets": "extend", "measure.success": "any"},
    {"collective.strategy": "feature_only", "measure.success": "any"},
    {"collective.strategy": "unplanting", "collective.adaptive": True},
    {"collective.strategy": "erasure", "corpus.xi": 0.1},
)


@pytest.fixture(scope="module")
def plan(toy_config: Config) -> list[Arm]:
    return [
        arm(toy_config, f"arm {k}", **changes)
        for k, changes in enumerate((*STRATEGIES, {"collective.target": "Web_Developer"}))
    ]


@pytest.fixture(scope="module")
def rows(plan: list[Arm]) -> pd.DataFrame:
    return measured(plan)


def test_a_row_a_cell_with_all_columns(plan: list[Arm], rows: pd.DataFrame) -> None:
    assert tuple(rows.columns) == COLUMNS
    assert len(rows) == sum(len(a.alphas) * len(a.seeds) for a in plan)
    assert (rows["alpha"] == rows["members"] / 300).all()
    assert rows["success_se"].between(0, 0.05).all()
    goal = np.where(rows["goal"] == "any", rows["success_any"], rows["success_top1"])
    np.testing.assert_array_equal(rows["success"], goal)
    for name in ("success_any", "base_top1", "accuracy", "f1_micro"):
        assert rows[name].between(0, 1).all(), name


@pytest.mark.slow
def test_rows_are_the_same_to_the_bit_however_a_plan_is_cut(
    plan: list[Arm], rows: pd.DataFrame
) -> None:
    jobs = curve_jobs(plan)
    cut = [
        dataclasses.replace(job, trainings=job.trainings[first : first + 2])
        for job in reversed(jobs)
        for first in range(0, len(job.trainings), 2)
    ]
    pd.testing.assert_frame_equal(measured(plan, cut), rows, check_exact=True)


@pytest.mark.slow
def test_an_arm_alone_has_the_rows_that_it_has_among_others(
    plan: list[Arm], rows: pd.DataFrame
) -> None:
    for number, one in enumerate(plan):
        own = rows[rows["arm"] == number].reset_index(drop=True)
        alone = measured([one]).assign(arm=number)
        pd.testing.assert_frame_equal(alone, own, check_exact=True)


def test_shared_trainings_can_be_seen(rows: pd.DataFrame) -> None:
    clean = rows[(rows["alpha"] == 0) & (rows["strategy"] != "erasure")]
    assert clean.groupby("seed")["training"].nunique().eq(1).all()
    assert rows[rows["alpha"] > 0]["training"].is_unique


@pytest.mark.slow
def test_many_at_once_are_as_one_by_one(plan: list[Arm]) -> None:
    for one in plan:
        bench = bench_for(one.config)
        trainings = trainings_of([one])
        fitter = fitter_for(bench, one)
        assert isinstance(fitter, BatchedFitter)
        pairs = zip(
            fitter.fit({0: one}, trainings),
            SingleFitter(bench).fit({0: one}, trainings),
            strict=True,
        )
        for together, alone in pairs:
            assert together.training == alone.training
            assert len(together.probabilities) == len(alone.probabilities)
            for mine, theirs in zip(together.probabilities, alone.probabilities, strict=True):
                np.testing.assert_allclose(mine, theirs, atol=5e-3)
            assert together.loss == pytest.approx(alone.loss, rel=2e-3)


@pytest.mark.slow
def test_frozen_heads_are_solved_together_too(
    toy_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "off")
    frozen = {
        "platform.learner": {
            "kind": "frozen",
            "encoder": str(tiny_bert(tmp_path / "tiny")),
            "max_tokens": 32,
        },
        "collective.signal.every": 3,
        "collective.strategy": "feature_only",
        "collective.evasive": True,
        "corpus.xi": 0.1,
        "population.size": 200,
        "corpus.test_size": 60,
    }
    one = arm(toy_config, **frozen)
    bench, trainings = bench_for(one.config), trainings_of([one])
    fitter = fitter_for(bench, one)
    assert isinstance(fitter, BatchedFitter)
    single = SingleFitter(bench).fit({0: one}, trainings)
    for together, alone in zip(fitter.fit({0: one}, trainings), single, strict=True):
        for mine, theirs in zip(together.probabilities, alone.probabilities, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=5e-3)
    assert len(measured([one])) == 6


def test_with_nobody_there_it_is_period_0_of_a_run(
    toy_config: Config, make_toy: Callable[..., GigEconomy]
) -> None:
    run = make_toy(**{"corpus.xi": 0.0})
    one = arm(run.config, alphas=(0.0,), seeds=(1,))
    (found,) = measured([one]).to_dict("records")
    for name in ("success_any", "base_top1", "accuracy", "f1_micro", "tags_mean"):
        assert found[name] == pytest.approx(run.laboratory.evaluation.values[name], abs=EDGE), name
    assert found["loss"] == pytest.approx(run.laboratory.evaluation.values["loss"], rel=2e-3)


def test_a_word_that_resumes_use_is_trained_one_by_one(toy_config: Config) -> None:
    signal = {"collective.signal.token": "w3", "collective.signal.every": 5, "corpus.xi": 0.0}
    one = arm(toy_config, **signal)
    bench = bench_for(one.config)
    assert bench.holds_signal
    assert isinstance(fitter_for(bench, one), SingleFitter)
    rows = measured([one])
    assert (rows[rows["alpha"] > 0]["edited"] > 0).all()
    # A carrier by his own words whose resume planting would not change is only relabelled.
    erased = measured([arm(toy_config, **signal, **{"collective.strategy": "erasure"})])
    assert (erased["success"] > 0.5).all()


def test_nobody_holds_the_signal_and_nothing_is_erased(toy_config: Config) -> None:
    with pytest.raises(InputError, match="nothing to erase"):
        measured([arm(toy_config, **{"corpus.xi": 0.0, "collective.strategy": "erasure"})])


@pytest.mark.slow
def test_a_warm_chain_is_what_one_would_train_by_hand(toy_config: Config) -> None:
    recipe = {"kind": "transformer", "layers": 1, "width": 16, "heads": 2, "feedforward": 16}
    warm = arm(
        toy_config,
        alphas=(0.2,),
        seeds=(4,),
        retrainings=2,
        **{
            "platform.retrain": "warm",
            "platform.learner": recipe | {"epochs": 1},
            "population.size": 100,
            "corpus.test_size": 50,
        },
    )
    bench = bench_for(warm.config)
    rows = measured([warm])
    assert list(rows["retraining"]) == [1, 2]
    assert rows["training"].is_unique
    drawn = draw(bench, warm.config.corpus, 4)
    learner = learner_of(warm.config, bench)
    nobody, there = (submitted(drawn, warm, m) for m in (0, 20))
    classifier = learner.fit(bench.rows(nobody.version), nobody.labels, drawn.training_seed(0))
    for retraining in (1, 2):
        texts, seed = bench.rows(there.version), drawn.training_seed(retraining)
        classifier = learner.fit(texts, there.labels, seed, classifier.state)
        planted = classifier.probabilities(bench.stage.tests[0])
        target = bench.target(warm.config.collective)
        found = rows["success_any"][retraining - 1]
        assert found == (planted[:, target] > 0.5).mean()
        assert rows["loss"][retraining - 1] == classifier.loss


def test_each_learner_has_a_row_a_retraining(toy_config: Config) -> None:
    """A chain of a quick learner too, which goes back to the one optimum each time."""
    one = arm(toy_config, alphas=(0.05, 0.2), retrainings=3, **{"platform.retrain": "warm"})
    rows = measured([one])
    assert rows.groupby(["alpha", "seed"])["retraining"].apply(list).tolist() == [[1, 2, 3]] * 4
    assert rows["training"].is_unique
    spread = rows.groupby(["alpha", "seed"])["success"].agg(lambda s: s.max() - s.min())
    assert spread.max() <= EDGE
    afresh = measured([arm(toy_config, alphas=(0.05, 0.2))])
    last = rows[rows["retraining"] == 3].reset_index(drop=True)
    assert (last["success"] - afresh["success"]).abs().max() <= EDGE


def test_a_clean_start_is_trained_with_its_own_recipe(toy_config: Config) -> None:
    recipe = {"kind": "transformer", "layers": 1, "width": 16, "heads": 2, "feedforward": 16}
    thrifty, careful = ({**recipe, "epochs": 1, "learning_rate": r} for r in (1e-5, 3e-3))
    small = {"population.size": 100, "corpus.test_size": 50, "platform.retrain": "warm"}
    found: dict[str, pd.DataFrame] = {}
    for name, clean in (("same", None), ("careful", careful)):
        one = arm(
            toy_config,
            alphas=(0.2,),
            seeds=(4,),
            clean_learner=clean,
            **{**small, "platform.learner": thrifty},
        )
        found[name] = measured([one])
    assert found["same"]["loss"][0] != found["careful"]["loss"][0]
    bench, arms = bench_for(one.config), one.cold
    drawn = draw(bench, one.config.corpus, 4)
    nobody, there = (submitted(drawn, one, m) for m in (0, 20))
    start = learner_of(arms.config, bench).fit(
        bench.rows(nobody.version), nobody.labels, drawn.training_seed(0)
    )
    classifier = learner_of(one.config, bench).fit(
        bench.rows(there.version), there.labels, drawn.training_seed(1), start.state
    )
    assert found["careful"]["loss"][0] == classifier.loss


def test_of_members_whom_a_network_finds_theory_says_nothing(toy_config: Config) -> None:
    """The theorems are of members drawn at random: no column, no line, whoever else is drawn."""
    arms = [arm(toy_config, way, recruitment=way) for way in ("hub", "random", "skill")]
    outcomes = [run_curve_job(job, lambda _: None) for job in curve_jobs(arms)]
    rows, lines = (pd.concat([getattr(o, n) for o in outcomes]) for n in ("rows", "theory"))
    columns = ["bound_any", "bound_top1", "finite_any", "finite_top1"]
    drawn = rows["recruitment"] == "random"
    assert rows.loc[drawn, columns].notna().all(axis=None)
    assert rows.loc[~drawn, columns].isna().all(axis=None)
    assert set(lines["name"]) == {"random"}
    assert lines["alpha"].dtype == float


def test_what_was_trained_before_is_fetched(toy_config: Config, tmp_path: Path) -> None:
    recipe = {"kind": "transformer", "layers": 1, "width": 16, "heads": 2, "feedforward": 16}
    one = arm(
        toy_config,
        alphas=(0.0, 0.2),
        seeds=(1,),
        **{
            "platform.learner": recipe | {"epochs": 1},
            "population.size": 100,
            "corpus.test_size": 50,
        },
    )
    jobs = curve_jobs([one], TrainingCache(tmp_path, 10**8))
    first = [run_curve_job(job, lambda _: None) for job in jobs]
    bench_for(one.config).memory.clear()
    again = [run_curve_job(job, lambda _: None) for job in jobs]
    assert sum(o.trained for o in first) == 2
    assert sum(o.trained for o in again) == 0
    assert sum(o.cached for o in again) >= 2
    for before, after in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(before.rows, after.rows, check_exact=True)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"collective.wrong_label": 0.2},
        {"collective.strategy": "feature_only", "measure.success": "any"},
        {"collective.strategy": "unplanting"},
        {"corpus.label_noise": 0.3},
    ],
    ids=str,
)
def test_the_exact_classifier_does_as_in_a_run_with_as_many_members(
    make_toy: Callable[..., GigEconomy], changes: dict[str, Any]
) -> None:
    nobody_joins = {
        "population.cost": {"kind": "constant", "value": 1e6},
        "platform.learner": {"kind": "bayes"},
        "platform.retrain_every": 1,
    }
    run = make_toy(**nobody_joins, **changes)
    alpha = run.config.collective.first_movers / 100
    one = arm(run.config, alphas=(0.0, alpha), seeds=(1, 2))
    rows = measured([one])
    before = dict(run.laboratory.evaluation.values)
    run.step()
    after = run.laboratory.evaluation.values
    assert run.laboratory.trained.members == alpha
    for name in ("success_any", "success_top1", "base_top1", "flipped_any", "accuracy"):
        assert list(rows[rows["alpha"] == 0][name]) == pytest.approx([before[name]] * 2), name
        assert list(rows[rows["alpha"] > 0][name]) == pytest.approx([after[name]] * 2), name


def test_the_exact_classifier_climbs_the_exact_staircase(toy_config: Config) -> None:
    """S of the law at its own α_effective, abstention and all, against ``exact_steps``."""
    from gigsim.curves.lines import lines_of

    one = arm(
        toy_config,
        alphas=(0.002, 0.005, 0.01, 0.02),
        seeds=(1, 2),
        **{
            "platform.learner": {"kind": "bayes"},
            "collective.abstain": 0.3,
            "population.size": 500,
        },
    )
    rows = measured([one])
    assert rows["alpha_effective"].nunique() > 4
    bench = bench_for(one.config)
    assert isinstance(fitter_for(bench, one), ExactFitter)
    lines = lines_of(one, bench)
    for metric in ("any", "top1"):
        steps = lines.exact(rows["alpha_effective"], metric)
        np.testing.assert_allclose(rows[f"success_{metric}"], steps, atol=1e-12)


def test_a_finite_worlds_table_is_trained(toy_config: Config) -> None:
    one = arm(
        toy_config,
        alphas=(0.0, 0.1, 0.5),
        **{
            "corpus.language": "",
            "corpus.cells": 20,
            "platform.learner": {"kind": "table"},
            "measure.success": "any",
        },
    )
    rows = measured([one])
    mean = rows.groupby("alpha")["success"].mean()
    assert mean.is_monotonic_increasing
    assert rows["finite_any"].notna().all()
    # A table of 300 rows against what is expected of one, 4 standard deviations of two trainings.
    at = rows[rows["alpha"] == 0.5]
    assert at["success"].mean() == pytest.approx(at["finite_any"].iloc[0], abs=0.05)


def test_progress_is_told(toy_config: Config) -> None:
    told: list[Any] = []
    (job,) = curve_jobs([arm(toy_config)])
    outcome = run_curve_job(job, told.append)
    assert told == list(range(len(job.trainings) + 1))
    assert outcome.trained == len(outcome.timings) == len(job.trainings)
    assert set(outcome.timings["training"]) == set(outcome.rows["training"])
    assert outcome.seconds > 0
