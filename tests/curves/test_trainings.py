"""Which cells share a training, and how trainings are cut into jobs."""

from __future__ import annotations

import pickle
from collections import Counter
from typing import Any

import pytest

from gigsim.config import Config
from gigsim.curves.arm import Arm
from gigsim.curves.bench import bench_key
from gigsim.curves.jobs import curve_jobs
from gigsim.curves.trainings import cells_of, jobs_of, training_key, trainings_of
from tests.curves.worlds import arm

TARGETS = ("Network_Administrator", "Web_Developer", "Database_Administrator")
STRATEGIES = ("feature_label", "feature_only", "unplanting", "erasure")


def test_with_nobody_there_all_targets_and_strategies_share_a_training(toy_config: Config) -> None:
    arms = [
        arm(
            toy_config,
            f"{t} {s}",
            **{"collective.target": t, "collective.strategy": s},  # type: ignore[arg-type]
        )
        for t in TARGETS
        for s in STRATEGIES
    ]
    trainings = trainings_of(arms)
    clean = [t for t in trainings if t.members == 0]
    # Base carriers differ between the two seeds.
    assert [t.seed for t in clean] == [1, 2]
    assert all(len(t.cells) == 12 for t in clean)
    assert len(trainings) == 2 + 12 * 2 * 2


def test_where_nothing_is_drawn_one_clean_training_serves_all_seeds(toy_config: Config) -> None:
    def clean(**changes: Any) -> int:
        wanted = arm(toy_config, seeds=(1, 2, 3), **changes)
        return sum(t.members == 0 for t in trainings_of([wanted]))

    assert clean(**{"corpus.xi": 0.0}) == 1
    assert clean() == 3
    assert clean(**{"corpus.xi": 0.0, "corpus.label_noise": 0.2}) == 3
    assert clean(**{"corpus.xi": 0.0, "platform.learner": {"kind": "transformer"}}) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"collective.target": "Web_Developer"},
        {"collective.strategy": "feature_only"},
        {"collective.label_sets": "extend"},
        {"collective.wrong_label": 0.1},
        {"collective.abstain": 0.1},
        {"collective.signal.every": 5},
        {"corpus.xi": 0.02},
        {"corpus.label_noise": 0.1},
        {"corpus.test_size": 100},
        {"platform.learner.c": 1.0},
        {"platform.retrain": "warm"},
        {"population.size": 200},
        {"network.degree": 4},
        {"run.seed": 2},
        {"run.threads": 2},
        {"recruitment": "hub"},
    ],
)
def test_what_moves_the_outcome_is_in_the_key(toy_config: Config, changes: dict[str, Any]) -> None:
    first, second = arm(toy_config), arm(toy_config, **changes)
    assert training_key(first, 1, 10) != training_key(second, 1, 10)


def test_seeds_and_sizes_are_in_the_key_and_names_and_people_are_not(toy_config: Config) -> None:
    one = arm(toy_config)
    assert len({training_key(one, seed, m) for seed in (1, 2) for m in (0, 1, 2)}) == 6
    other = arm(
        toy_config,
        "another name",
        recipe="says so",
        alphas=(0.5,),
        **{"society.rule": "threshold", "population.turnover": 0.1, "measure.success": "any"},
    )
    assert training_key(one, 1, 10) == training_key(other, 1, 10)


def test_options_of_other_strategies_and_everybodys_recruitment_do_not_count(
    toy_config: Config,
) -> None:
    one, other = arm(toy_config), arm(toy_config, recruitment="cluster")
    assert training_key(one, 1, 300) == training_key(other, 1, 300)
    assert training_key(one, 1, 299) != training_key(other, 1, 299)


def test_an_exact_classifier_is_given_shares_and_no_seed(toy_config: Config) -> None:
    def keys(**changes: Any) -> int:
        exact = arm(toy_config, **{"platform.learner": {"kind": "bayes"}, **changes})
        return len(trainings_of([exact]))

    assert keys() == 3
    # Who abstains is drawn, and moves α_effective.
    assert keys(**{"collective.abstain": 0.2}) == 1 + 2 * 2


def test_a_bench_is_shared_by_what_reads_alike(toy_config: Config) -> None:
    def key(**changes: Any) -> str:
        return bench_key(arm(toy_config, **changes).config)

    same = key()
    assert same == key(**{"collective.target": "Web_Developer", "platform.learner.c": 1.0})
    assert same == key(**{"corpus.xi": 0.3, "corpus.label_noise": 0.2, "platform.retrain": "warm"})
    others = [
        key(**{"platform.learner.features": 100}),
        key(**{"collective.signal.every": 3}),
        key(**{"corpus.test_size": 50}),
        key(**{"run.seed": 9}),
        key(**{"platform.learner": {"kind": "table"}}),
    ]
    assert len({same, *others}) == 6
    epochs = [key(**{"platform.learner": {"kind": "transformer", "epochs": k}}) for k in (1, 2)]
    assert epochs[0] == epochs[1]


def test_jobs_hold_each_training_once_and_each_cell_once(toy_config: Config) -> None:
    arms = [
        arm(
            toy_config,
            t,
            alphas=(0.0, 0.01, 0.02),
            seeds=tuple(range(1, 62)),
            **{"collective.target": t},
        )
        for t in TARGETS
    ]
    arms.append(arm(toy_config, "warm", retrainings=2, **{"platform.retrain": "warm"}))
    arms.append(arm(toy_config, "slow", **{"platform.learner": {"kind": "transformer"}}))
    jobs = jobs_of(arms)
    done = [training for job in jobs for training in job]
    assert Counter(t.key for t in done) == Counter(t.key for t in trainings_of(arms))
    cells = [cell for training in done for cell in training.cells]
    assert Counter(cells) == Counter(c for k, a in enumerate(arms) for c in cells_of(a, k))
    assert all(len({t.group for t in job}) == 1 for job in jobs)
    # Quick ones by the dozen, slow ones and chains by themselves, those that others ask first.
    together = [job for job in jobs if job[0].kind == "linear" and not job[0].retrainings]
    assert [len(job) for job in together] == [214, 213]
    alone = [job[0] for job in jobs if len(job) == 1]
    assert len(alone) == 6 + 6
    assert [t.members > 0 for t in alone] == sorted(t.members > 0 for t in alone)


def test_a_chain_is_one_training_with_a_row_a_retraining(toy_config: Config) -> None:
    warm = arm(toy_config, retrainings=3, **{"platform.retrain": "warm"})
    chains = trainings_of([warm])
    assert [len(t.cells) for t in chains] == [3] * 6
    assert len({t.row_key(k) for t in chains for k in (1, 2, 3)}) == 18


def test_the_recipe_of_a_clean_start_is_in_the_key_of_its_chain(toy_config: Config) -> None:
    def chain(**clean: Any) -> Arm:
        learner = {"kind": "transformer", "epochs": 1}
        changes = {"platform.retrain": "warm", "platform.learner": learner, **clean}
        return arm(toy_config, retrainings=2, **changes)

    careful = {"kind": "transformer", "epochs": 3}
    same, other = chain(), chain(clean_learner=careful)
    assert training_key(same, 1, 10) != training_key(other, 1, 10)
    assert training_key(same, 1, 0) != training_key(other, 1, 0)
    # Its own recipe, said in so many words, is nothing else.
    assert training_key(chain(clean_learner=same.config.platform.learner), 1, 10) == training_key(
        same, 1, 10
    )
    # The start is the same training as that of a curve of this recipe with nobody there, which
    # comes first.
    scratch = arm(toy_config, **{"platform.learner": careful})
    assert training_key(other.cold, 1, 0) == training_key(scratch, 1, 0)
    assert training_key(same.cold, 1, 0) != training_key(scratch, 1, 0)
    first, second, *rest = [job[0] for job in jobs_of([other, scratch])]
    assert {first.key, second.key} == {training_key(other.cold, seed, 0) for seed in (1, 2)}
    assert all(t.retrainings or t.members for t in rest)


def test_jobs_can_be_sent_to_a_worker(toy_config: Config) -> None:
    jobs = curve_jobs([arm(toy_config)])
    assert pickle.loads(pickle.dumps(jobs)) == jobs
