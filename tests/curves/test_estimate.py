"""What a plan will take: all fits are counted, each once, of the recipe that it has."""

from __future__ import annotations

import itertools
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from gigsim.config import Config
from gigsim.curves import estimate as module
from gigsim.curves.arm import Arm
from gigsim.curves.bench import bench_for
from gigsim.curves.estimate import clean_fits, estimate
from gigsim.curves.jobs import curve_jobs
from gigsim.curves.plan import Plan
from gigsim.curves.run import run_curve_job
from gigsim.curves.trainings import trainings_of
from tests.curves.worlds import arm

TINY = {"kind": "transformer", "layers": 1, "width": 16, "heads": 2, "feedforward": 16, "epochs": 1}
CAREFUL = TINY | {"epochs": 2}
SMALL: dict[str, Any] = {"population.size": 100, "corpus.test_size": 50, "platform.learner": TINY}
#: What the fixture below puts aside.
SLOW, TOGETHER = module._slow, module._together
WARM = SMALL | {"platform.retrain": "warm"}


@pytest.fixture(autouse=True)
def _no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is timed right is another matter."""
    monkeypatch.setattr(module, "_slow", lambda arm, bench: 2.0)
    monkeypatch.setattr(module, "_quick", lambda job, bench: 1.0)
    monkeypatch.setattr(module, "_together", lambda job, bench: 0.5)


def counts(*arms: Arm) -> dict[str, int]:
    return {recipe.name: recipe.trainings for recipe in estimate(Plan("p", arms), 0).recipes}


def chain(config: Config, name: str = "chain", **changes: Any) -> Arm:
    return arm(config, name, alphas=(0.05, 0.2), retrainings=3, **WARM, **changes)


def test_a_chain_needs_a_clean_start_a_seed(toy_config: Config) -> None:
    # Of the same recipe they are counted with the others: two sizes, two seeds, three each.
    assert counts(chain(toy_config)) == {"chain": 12 + 2}
    assert counts(chain(toy_config, clean_learner=CAREFUL)) == {"chain": 12, "chain, clean": 2}


def test_a_start_that_a_curve_has_already_is_not_counted_again(toy_config: Config) -> None:
    scratch = arm(toy_config, "scratch", alphas=(0.0, 0.2), **SMALL | {"platform.learner": CAREFUL})
    both = counts(scratch, chain(toy_config, clean_learner=CAREFUL))
    assert both == {"scratch": 4, "chain": 12}
    # Chains that start alike share it.
    other = chain(
        toy_config, "other", clean_learner=CAREFUL, **{"collective.target": "Java_Developer"}
    )
    assert counts(chain(toy_config, clean_learner=CAREFUL), other) == {
        "chain": 24,
        "chain, clean": 2,
    }


def test_members_ask_a_clean_training_for_opinions(toy_config: Config) -> None:
    erasing = {"collective.strategy": "erasure", "corpus.xi": 0.1}
    with_clean = arm(toy_config, "a", alphas=(0.0, 0.2), **SMALL, **erasing)
    without = arm(toy_config, "a", alphas=(0.2,), **SMALL, **erasing)
    assert counts(with_clean) == {"a": 4}
    assert counts(without) == {"a": 2 + 2}
    # A quick learner solves its curve at once, and keeps no weights to be asked.
    quick = arm(toy_config, "a", alphas=(0.0, 0.2), **erasing)
    assert counts(quick) == {"a": 4, "a, clean": 2}
    assert counts(arm(toy_config, "a", alphas=(0.0, 0.2))) == {"a": 4}


def test_a_quick_learners_chains_are_timed_one_by_one(toy_config: Config) -> None:
    afresh = arm(toy_config, "afresh", alphas=(0.0, 0.2))
    warm = arm(toy_config, "warm", alphas=(0.2,), retrainings=2, **{"platform.retrain": "warm"})
    found = estimate(Plan("p", (afresh, warm)), 0).recipes
    assert [(r.name, r.trainings, r.seconds) for r in found] == [
        ("afresh", 4, 1.0),
        ("warm", 6, 2.0),
    ]


def test_networks_side_by_side_are_timed_so_and_clean_ones_alone(toy_config: Config) -> None:
    beside = {"run.side_by_side": 3}
    one = arm(toy_config, "one", **SMALL, **beside)
    assert {r.name: (r.trainings, r.seconds) for r in estimate(Plan("p", (one,)), 0).recipes} == {
        "one": (2, 2.0),
        "one, 3 at once": (4, 0.5),
    }
    # One that is left over is trained alone, and so are chains and what they start from.
    lonely = arm(toy_config, "one", alphas=(0.2,), seeds=(1,), **SMALL, **beside)
    assert counts(lonely) == {"one": 1}
    assert counts(chain(toy_config, **beside)) == {"chain": 12, "chain, clean": 2}


def test_so_many_are_trained(toy_config: Config) -> None:
    """A process that does all jobs fits as often as was said."""
    arms = (
        arm(toy_config, "scratch", alphas=(0.0, 0.2), **SMALL),
        chain(toy_config),
        chain(toy_config, "thrifty", clean_learner=CAREFUL),
    )
    said = sum(counts(*arms).values())
    assert said == len(clean_fits(arms, trainings_of(arms))) + 4 + 12 + 12
    done = [run_curve_job(job, lambda _: None) for job in curve_jobs(arms)]
    assert sum(outcome.trained for outcome in done) == said


def test_of_a_batch_each_training_takes_its_share(
    toy_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = arm(toy_config, alphas=(0.05, 0.2), **SMALL, **{"run.side_by_side": 3})
    (job, *_) = curve_jobs([one])
    assert len(job.trainings) == 2
    bench = bench_for(one.config)
    # A second between any two looks at the clock: one to train, one to classify what is held out,
    # which is done with the signal and without.
    ticks = SimpleNamespace(process_time=partial(next, itertools.count()))
    monkeypatch.setattr(module, "time", ticks)
    assert SLOW(one, bench) == 1 + 2
    assert TOGETHER(job, bench) == 1 / 2 + 2
