"""Curves in their folder: what is written, gone on with, refused; and that kills lose nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import gigsim
from gigsim.curves.api import measure
from gigsim.curves.bench import forget_benches
from gigsim.curves.plan import Plan
from gigsim.curves.tables import CURVE, load_curve
from gigsim.curves.work import CurveWork, begin_curves
from gigsim.errors import InputError
from gigsim.learners.cache import TrainingCache
from gigsim.store.store import read_counts
from tests.curves.plans import small_config, small_plan

#: The promise to users, in this order (docs/curves.md).
PROMISED = [
    *("goal", "strategy", "label_sets", "target", "learner", "recipe", "alpha", "members"),
    *("edited", "seed", "success", "success_any", "success_top1", "flipped_any", "flipped_top1"),
    *("base_any", "base_top1", "accuracy", "bound_any", "bound_top1"),
]


def bytes_of(folder: Path) -> dict[str, bytes]:
    """The results in a folder, without clocks."""
    names = (CURVE, "summary.parquet", "theory.parquet", "summary.json", "curve.json", "curve.png")
    return {name: (folder / name).read_bytes() for name in names}


def test_a_plan_is_measured_and_read_back(tmp_path: Path) -> None:
    plan = small_plan(targets=["Network_Administrator", "Python_Developer"])
    found = measure(plan, out=tmp_path)
    assert found.complete
    assert [*found.rows.columns[: len(PROMISED)]] == PROMISED
    assert len(found.rows) == 2 * 3 * 3
    assert not found.rows[["success", "base_top1", "accuracy", "success_se"]].isna().any().any()
    # Without a collective the linear learner is trained once for all targets and seeds.
    clean = found.rows[found.rows["alpha"] == 0]
    assert clean["training"].nunique() == 1
    assert len(found.summary) == 2 * 3
    means = found.rows.groupby(["target", "alpha"])["success"].mean()
    assert (found.summary.set_index(["target", "alpha"])["success"] - means).abs().max() < 1e-12
    assert (found.summary["success_low"] <= found.summary["success"]).all()
    assert (found.summary["success_high"] >= found.summary["success"]).all()
    assert set(found.theory["name"]) == {arm.name for arm in plan.arms}
    again = gigsim.load_curve(found.path)
    pd.testing.assert_frame_equal(again.rows, found.rows)
    pd.testing.assert_frame_equal(again.theory, found.theory)
    assert again.plan == plan
    with pytest.raises(InputError, match=r"gigsim.load_curve reads them"):
        gigsim.load_runs(found.path)


def test_gigsim_curve_takes_lists(tmp_path: Path) -> None:
    found = gigsim.curve(
        small_config(), alphas=[0.1], seeds=2, learners=["linear"], out=tmp_path, workers=0
    )
    assert len(found.rows) == 4
    assert gigsim.curve(resume=found.path, workers=0).rows.equals(found.rows)
    with pytest.raises(InputError, match="a number of processes"):
        gigsim.curve(small_config(), out=tmp_path, workers=-1)


def test_half_of_it_can_be_read_and_the_rest_is_gone_on_with(tmp_path: Path) -> None:
    plan = small_plan(learners=["transformer"], seeds=2)
    whole = bytes_of(measure(plan, out=tmp_path / "whole").path)
    folder = begin_curves(plan, tmp_path / "half")
    work = CurveWork(folder, 0)

    class EnoughError(Exception):
        pass

    def ended(job: object, outcome: object) -> None:
        if work.tally.done == 2:
            raise EnoughError

    assert load_curve(folder).rows.empty
    with pytest.raises(EnoughError):
        work.run(ended=ended)
    half = load_curve(folder)
    assert 0 < len(half.rows) < 6
    assert not half.complete
    rest = CurveWork(folder, 0)
    assert rest.run()
    assert rest.tally.finished_before >= 2
    assert rest.tally.trained == 6 - rest.tally.finished_before
    assert bytes_of(folder) == whole


def test_trainings_are_shared_through_a_cache(tmp_path: Path) -> None:
    plan = small_plan(learners=["transformer"], seeds=1)
    cache = TrainingCache(tmp_path / "cache", 10**9)
    # A clean training that this process remembers is not trained, and goes into no cache.
    forget_benches()
    first = measure(plan, out=tmp_path, cache=cache)
    forget_benches()
    work = CurveWork(begin_curves(plan, tmp_path / "again"), 0, cache)
    assert work.run()
    assert (work.tally.trained, work.tally.cached) == (0, 3)
    assert bytes_of(work.folder) == bytes_of(first.path)


def test_what_fails_is_a_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    # One of two recipes cannot converge.
    plan = small_plan(recipes=["max_iterations=10,c=1e6,tolerance=1e-9", "c=10"], seeds=1)
    work = CurveWork(begin_curves(plan, tmp_path), 0)
    assert work.run()
    failures = pd.read_parquet(work.folder / "failures.parquet")
    assert failures["kind"].unique().tolist() == ["refused"]
    assert "max_iterations" in failures["why"].iloc[0]
    found = load_curve(work.folder)
    assert set(found.rows["recipe"]) == {"c=10"}
    assert not found.complete


def test_other_files_than_it_was_begun_with_are_refused(tmp_path: Path) -> None:
    plan = small_plan()
    folder = begin_curves(plan, tmp_path)
    provenance = folder / "provenance.json"
    provenance.write_text(provenance.read_text().replace('"gigsim": "0', '"gigsim": "9'))
    with pytest.raises(InputError, match="begun by gigsim 9"):
        CurveWork(folder, 0)
    with pytest.raises(InputError, match="no curves in this folder"):
        CurveWork(tmp_path, 0)


@pytest.mark.slow
def test_killed_again_and_again_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    plan = small_plan(learners=["transformer"], recipes=["epochs=40"], seeds=3)
    whole = bytes_of(measure(plan, out=tmp_path / "whole").path)
    folder = begin_curves(plan, tmp_path / "killed")
    code = f"import gigsim\ngigsim.curve(resume={str(folder)!r}, workers=0)"
    deadline = time.monotonic() + 120
    for wanted in (1, 4):
        process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
        while read_counts(folder).finished < wanted and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert read_counts(folder).finished >= wanted
    assert read_counts(folder).finished < len(Plan.jobs.func(plan))
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert done.returncode == 0
    assert bytes_of(folder) == whole


@pytest.mark.slow
def test_workers_change_no_byte(tmp_path: Path) -> None:
    plan = small_plan(learners=["linear", "transformer"], seeds=2)
    one = bytes_of(measure(plan, out=tmp_path / "one", workers=0).path)
    assert bytes_of(measure(plan, out=tmp_path / "two", workers=2).path) == one
