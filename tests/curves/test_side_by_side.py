"""Networks of a curve that are trained at once: jobs, outcomes, what is shared, and every end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigsim.config import Config
from gigsim.curves.api import measure
from gigsim.curves.arm import Arm
from gigsim.curves.bench import bench_for, forget_benches
from gigsim.curves.fitting import fitter_for
from gigsim.curves.jobs import curve_jobs
from gigsim.curves.plan import Plan, plan_of
from gigsim.curves.run import run_curve_job
from gigsim.curves.side_by_side import SideBySideFitter
from gigsim.curves.single import SingleFitter
from gigsim.curves.tables import CURVE
from gigsim.curves.trainings import at_once, cells_of, jobs_of, training_key, trainings_of
from gigsim.curves.work import CurveWork, begin_curves
from gigsim.errors import InputError
from gigsim.learners.cache import TrainingCache
from gigsim.store.store import read_counts
from tests.curves.plans import small_config
from tests.curves.worlds import arm, measured

TINY = {"kind": "transformer", "layers": 1, "width": 16, "heads": 2, "feedforward": 16, "epochs": 1}
SMALL: dict[str, Any] = {"population.size": 100, "corpus.test_size": 60, "platform.learner": TINY}
SIDE_BY_SIDE = SMALL | {"run.side_by_side": 3}

#: What rounding may move: a share of 60 resumes that lie on the edge, two of them.
EDGE = 2 / 60


def arms_of(config: Config, **changes: Any) -> list[Arm]:
    """Two curves of two sizes and two seeds: eight trainings with somebody there, two without."""
    return [
        arm(config, target, **SIDE_BY_SIDE | {"collective.target": target} | changes)
        for target in ("Network_Administrator", "Web_Developer")
    ]


def plan(epochs: int = 1, seeds: int = 3) -> Plan:
    """Of each seed two sizes of a collective, and none."""
    config = small_config(run__side_by_side=4)
    recipe = f"epochs={epochs}"
    return plan_of(config, alphas=(0.05, 0.2), seeds=seeds, recipes=[recipe])


def bytes_of(folder: Path) -> dict[str, bytes]:
    names = (CURVE, "summary.parquet", "theory.parquet", "summary.json", "curve.png")
    return {name: (folder / name).read_bytes() for name in names}


# ------------------------------------------------------------------------------------------- jobs


def test_jobs_hold_as_many_as_are_trained_at_once_and_clean_ones_alone(toy_config: Config) -> None:
    arms = arms_of(toy_config)
    jobs = jobs_of(arms)
    assert [len(job) for job in jobs] == [1, 1, 3, 3, 2]
    assert [training.members > 0 for job in jobs for training in job] == [False] * 2 + [True] * 8
    # Those of a seed see the resumes in one order, and need little padding beside each other.
    assert [training.seed for job in jobs[2:] for training in job] == [1] * 4 + [2] * 4
    cells = sorted((c.arm, c.alpha, c.seed) for job in jobs for t in job for c in t.cells)
    assert cells == sorted((c.arm, c.alpha, c.seed) for k in (0, 1) for c in cells_of(arms[k], k))
    # The same whenever it is asked: what is gone on with is the jobs that there were.
    assert jobs_of(arms) == jobs


def test_a_key_says_beside_which_others_a_training_is_done(toy_config: Config) -> None:
    def keys(*arms: Arm) -> dict[tuple[str, float, int], str]:
        return {
            (arms[cell.arm].config.collective.target, cell.alpha, cell.seed): t.key
            for job in jobs_of(arms)
            for t in job
            for cell in t.cells
        }

    first, second = arms_of(toy_config)
    both, alone = keys(first, second), keys(first)
    assert len(set(both.values())) == 10
    same = {cell for cell, key in alone.items() if both[cell] == key}
    # Only clean ones are what they were.
    assert {alpha for _, alpha, _ in same} == {0.0}
    # One that is left alone is done as any other, and called so.
    lonely = arm(toy_config, alphas=(0.2,), seeds=(1,), **SIDE_BY_SIDE)
    ((training,),) = jobs_of([lonely])
    assert training.key == training_key(lonely, 1, 20)


def test_how_many_at_once_is_in_the_key_of_those_that_it_concerns(toy_config: Config) -> None:
    def key(**changes: Any) -> str:
        return training_key(arm(toy_config, **changes), 1, 10)

    three = SIDE_BY_SIDE
    assert len({key(**SMALL), key(**three), key(**three | {"run.side_by_side": 2})}) == 3
    assert key(**SMALL | {"run.side_by_side": 1}) == key(**SMALL)
    # A learner that has its own ways, and a chain.
    for changes in ({"platform.learner": {"kind": "linear"}}, {"platform.retrain": "warm"}):
        one = arm(toy_config, **three | changes)
        assert at_once(one) == 1
        assert key(**three | changes) == key(**SMALL | changes)
        assert not isinstance(fitter_for(bench_for(one.config), one), SideBySideFitter)


def test_chains_and_other_learners_go_on_one_by_one(toy_config: Config) -> None:
    chain = arm(toy_config, "chain", retrainings=2, **SIDE_BY_SIDE | {"platform.retrain": "warm"})
    convex = arm(toy_config, "convex", **SIDE_BY_SIDE | {"platform.learner": {"kind": "linear"}})
    jobs = jobs_of([*arms_of(toy_config), chain, convex])
    assert [len(job) for job in jobs if job[0].kind == "linear"] == [6]
    assert {len(job) for job in jobs if job[0].retrainings} == {1}
    assert [len(job) for job in jobs if len(job) > 1 and job[0].kind == "transformer"] == [3, 3, 2]


# --------------------------------------------------------------------------------------- outcomes


@pytest.mark.parametrize(
    "changes",
    [
        {"corpus.xi": 0.05, "corpus.label_noise": 0.1},
        {"collective.strategy": "erasure", "corpus.xi": 0.2},
    ],
)
def test_each_is_as_if_trained_alone(toy_config: Config, changes: dict[str, Any]) -> None:
    arms = dict(enumerate(arms_of(toy_config, **changes)))
    bench = bench_for(arms[0].config)
    job = next(job for job in jobs_of([*arms.values()]) if len(job) > 1)
    fitter = fitter_for(bench, arms[job[0].arm])
    assert isinstance(fitter, SideBySideFitter)
    pairs = list(
        zip(fitter.fit(arms, job), SingleFitter(bench).fit(arms, job), strict=True),
    )
    assert [together.training for together, _ in pairs] == list(job)
    for together, alone in pairs:
        np.testing.assert_array_equal(together.handed_in.version, alone.handed_in.version)
        np.testing.assert_array_equal(together.handed_in.labels, alone.handed_in.labels)
        assert len(together.probabilities) == len(alone.probabilities)
        for mine, theirs in zip(together.probabilities, alone.probabilities, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-5)
        assert together.loss == pytest.approx(alone.loss, rel=1e-5)
    # An equal share each, behind the clean ones that were asked for opinions.
    shares = [timing for timing in fitter.timings if timing.training in {t.key for t in job}]
    assert [timing.training for timing in shares] == [t.key for t in job]
    assert len({timing.seconds for timing in shares}) == 1
    assert not any(timing.cached for timing in shares)


def test_rows_are_those_of_trainings_one_by_one(toy_config: Config) -> None:
    together = measured(arms_of(toy_config))
    alone = measured(arms_of(toy_config, **{"run.side_by_side": 1}))
    for name in ("arm", "alpha", "seed", "members", "edited", "alpha_effective", "xi"):
        np.testing.assert_array_equal(together[name], alone[name])
    for name in ("success_any", "success_top1", "base_any", "base_top1", "accuracy"):
        np.testing.assert_allclose(together[name], alone[name], atol=EDGE, err_msg=name)
    np.testing.assert_allclose(together["loss"], alone["loss"], rtol=1e-5)
    # Clean trainings are done alone either way, to the bit.
    clean = together["alpha"] == 0
    np.testing.assert_array_equal(together["loss"][clean], alone["loss"][clean])


def test_one_that_diverges_is_said_to(toy_config: Config) -> None:
    one = arm(toy_config, alphas=(0.1, 0.2), seeds=(1,), **SIDE_BY_SIDE)
    wild = one.config.platform.learner.model_copy(update={"learning_rate": float("inf")})
    platform = one.config.platform.model_copy(update={"learner": wild})
    one = one.model_copy(update={"config": one.config.model_copy(update={"platform": platform})})
    job = curve_jobs([one])[0]
    assert len(job.trainings) == 2
    with pytest.raises(InputError, match="the transformer diverged by epoch 1"):
        run_curve_job(job, lambda _: None)


# ------------------------------------------------------------------------------ cache and folders


def test_a_cache_has_the_clean_trainings_and_nothing_that_was_done_beside(tmp_path: Path) -> None:
    cache, wanted = TrainingCache(tmp_path / "cache", 10**9), plan(seeds=1)
    assert [len(job) for job in wanted.jobs] == [1, 2]
    found = []
    for expected in ((3, 0), (2, 1)):
        forget_benches()
        work = CurveWork(begin_curves(wanted, tmp_path), 0, cache)
        assert work.run()
        assert (work.tally.trained, work.tally.cached) == expected
        found.append(bytes_of(work.folder))
    assert found[0] == found[1]


def test_half_of_it_is_gone_on_with(tmp_path: Path) -> None:
    whole = bytes_of(measure(plan(), out=tmp_path / "whole").path)
    folder = begin_curves(plan(), tmp_path / "half")
    work = CurveWork(folder, 0)

    class EnoughError(Exception):
        pass

    def ended(job: object, outcome: object) -> None:
        if work.tally.done == 4:
            raise EnoughError

    with pytest.raises(EnoughError):
        work.run(ended=ended)
    # Of two jobs of three trainings one is done.
    assert read_counts(folder).finished == 4
    rest = CurveWork(folder, 0)
    assert rest.run()
    assert rest.tally.trained == 3
    assert bytes_of(folder) == whole


@pytest.mark.slow
def test_killed_again_and_again_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    wanted = plan(epochs=10)
    whole = bytes_of(measure(wanted, out=tmp_path / "whole").path)
    folder = begin_curves(wanted, tmp_path / "killed")
    code = f"import gigsim\ngigsim.curve(resume={str(folder)!r}, workers=0)"
    deadline = time.monotonic() + 120
    for least in (1, 4):
        process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
        while read_counts(folder).finished < least and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert read_counts(folder).finished >= least
    assert read_counts(folder).finished < len(wanted.jobs)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert done.returncode == 0
    assert bytes_of(folder) == whole


@pytest.mark.slow
def test_workers_change_no_byte(tmp_path: Path) -> None:
    one = bytes_of(measure(plan(), out=tmp_path / "one", workers=0).path)
    assert bytes_of(measure(plan(), out=tmp_path / "two", workers=2).path) == one


def test_trainings_of_a_plan_are_those_of_its_jobs(toy_config: Config) -> None:
    arms = arms_of(toy_config)
    done = [(t.cells, t.members, t.seed) for job in jobs_of(arms) for t in job]
    assert sorted(done, key=str) == sorted(
        [(t.cells, t.members, t.seed) for t in trainings_of(arms)], key=str
    )
