"""Sensitivity studies from beginning to end: their folders, kills, and indices made again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gigsim
from gigsim.errors import InputError
from gigsim.experiments.case import Job, Result, run_case
from gigsim.model import GigEconomy
from gigsim.sensitivity.analysis import analyse, indices
from gigsim.sensitivity.plan import load_plan, open_plan, with_outcomes
from gigsim.sensitivity.report import CSV_FILE, FIGURE_FILE, JSON_FILE, TABLE_FILE, write_report
from gigsim.sensitivity.work import begin, run_sensitivity
from gigsim.store.store import read_counts
from tests.experiments.studies import bytes_of
from tests.sensitivity.worlds import quick_sensitivity

FILES = (TABLE_FILE, CSV_FILE, JSON_FILE, FIGURE_FILE)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quick study, done in one process."""
    return run_sensitivity(quick_sensitivity(), out=tmp_path_factory.mktemp("alone"), workers=0)


def test_indices_are_those_of_the_runs_at_the_points(alone: Path) -> None:
    plan = open_plan(alone)
    table = pd.read_parquet(alone / TABLE_FILE)
    assert [*table.columns[:6]] == ["outcome", "method", "parameter", "other", "S1", "S1_low"]
    assert table["outcome"].unique().tolist() == [*plan.settings.outcomes]
    values = np.empty((*plan.case.shape, 2))
    for row, case in enumerate(plan.case):
        for replicate in range(2):
            model = GigEconomy(plan.study.config(case * 2 + replicate))
            model.run()
            values[row, replicate] = model.alpha
    mine, _ = indices(values, plan.points, plan.parameters, plan.settings, seed=1)
    own = table[table["outcome"] == "alpha"]
    for name in ("S1", "ST", "S1_corrected", "ST_corrected"):
        assert np.allclose(own[name], mine[name], rtol=1e-12, equal_nan=True)
    found = analyse(plan, alone).summaries[0]
    assert found.shares is not None
    assert found.shares.mean == pytest.approx(values[np.r_[0:8:4, 3:8:4]].mean())


def test_the_files_say_the_same(alone: Path) -> None:
    table, again = pd.read_parquet(alone / TABLE_FILE), pd.read_csv(alone / CSV_FILE)
    assert table.pop("other").isna().all()
    assert again.pop("other").isna().all()
    pd.testing.assert_frame_equal(table, again, check_dtype=False, check_exact=True)
    found = json.loads((alone / JSON_FILE).read_text())
    assert (found["method"], found["points"], found["replicates"]) == ("sobol", 8, 2)
    assert (found["distinct"], found["cases"], found["runs"]) == (6, 8, 16)
    assert {one["shares"]["over"] for one in found["outcomes"]} == {"laws"}
    assert [one["outcome"] for one in found["outcomes"]] == found["settings"]["outcomes"]
    assert len(found["indices"]) == len(table)
    assert found["indices"][0]["S1"] == table["S1"][0]
    assert (alone / FIGURE_FILE).stat().st_size > 10_000


def test_the_report_is_a_function_of_the_folder(alone: Path) -> None:
    before = bytes_of(alone)
    for name in FILES:
        (alone / name).unlink()
    write_report(alone, open_plan(alone))
    assert bytes_of(alone) == before
    # Others of the same runs.
    other = analyse(with_outcomes(open_plan(alone), ("last(gain)",)), alone)
    assert other.table["outcome"].unique().tolist() == ["last(gain)"]


def test_it_is_a_study_like_any_other(alone: Path) -> None:
    runs = gigsim.load_runs(alone)
    assert runs.complete
    assert len(runs.runs) == open_plan(alone).study.runs
    from gigsim.results.verify import verify

    found = verify(alone, sample=2)
    assert found.problems == ()
    assert found.verified


@pytest.mark.slow
def test_nothing_is_run_twice_and_no_run_is_missing(alone: Path, tmp_path: Path) -> None:
    plan = load_plan(quick_sensitivity())
    folder = begin(plan, tmp_path)
    with pytest.raises(InputError, match="0 of 16 runs have a result"):
        analyse(plan, folder)
    assert run_sensitivity(resume=folder, workers=0) == folder
    assert bytes_of(folder) == bytes_of(alone)
    stamps = {path: path.stat().st_mtime_ns for path in (folder / "runs").iterdir()}
    run_sensitivity(quick_sensitivity(), resume=folder, workers=0)
    assert {path: path.stat().st_mtime_ns for path in (folder / "runs").iterdir()} == stamps
    assert bytes_of(folder) == bytes_of(alone)
    other = quick_sensitivity({"outcomes": ["alpha"]}, record=["periods"])
    with pytest.raises(InputError, match="holds another study"):
        run_sensitivity(other, resume=folder, workers=0)


@pytest.mark.slow
def test_a_run_that_fails_leaves_no_indices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = begin(load_plan(quick_sensitivity()), tmp_path)

    def run(job: Job, tell: Callable[[Any], None]) -> Result:
        if (job.case, job.replicate) == (2, 1):
            raise RuntimeError("a bug")
        return run_case(job, tell)

    monkeypatch.setattr("gigsim.experiments.sweep.run_case", run)
    with pytest.raises(InputError, match="1 of 16 runs failed; indices need every one"):
        run_sensitivity(resume=folder, workers=0)
    assert not any((folder / name).exists() for name in FILES)
    with pytest.raises(InputError, match=r"15 of 16 runs have a result, 1 failed; .*retry-failed"):
        analyse(open_plan(folder), folder)


@pytest.mark.slow
def test_morris_and_common_seeds(tmp_path: Path) -> None:
    table: dict[str, Any] = {
        **quick_sensitivity()["sensitivity"],
        "method": "morris",
        "trajectories": 2,
        "outcomes": ["alpha", "tipping_period", "mean(matched_share_free_riders)"],
    }
    del table["samples"]
    study = quick_sensitivity() | {"sensitivity": table, "common_random_numbers": True}
    folder = run_sensitivity(study, out=tmp_path, workers=0)
    found = analyse(open_plan(folder), folder)
    by_name = found.table.set_index(["outcome", "parameter"])
    assert by_name.loc[("alpha", "collective.first_movers"), "mu_star"] > 0
    alpha, tipping, missing = found.summaries
    assert "common random numbers" in alpha.notes[-1]
    assert "counts as 4" in tipping.notes[0]
    assert missing.missing > 0
    assert missing.shares is None
    assert by_name.loc["mean(matched_share_free_riders)", "mu_star"].isna().all()
    assert (folder / FIGURE_FILE).exists()


def test_without_salib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "SALib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "SALib", None)
    with pytest.raises(InputError) as caught:
        run_sensitivity(quick_sensitivity(), out=tmp_path / "runs", workers=0)
    assert "SALib is not installed; pip install 'gigsim[sensitivity]'" in str(caught.value)
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_what_is_killed_is_gone_on_with(tmp_path: Path) -> None:
    """SIGKILL of the parent, twice, each time with something done and something left."""
    study = quick_sensitivity({"samples": 16}, replicates=6)
    whole = run_sensitivity(study, out=tmp_path / "whole", workers=0)
    folder = begin(load_plan(study), tmp_path / "killed")
    script = tmp_path / "script.py"
    script.write_text(
        "from gigsim.sensitivity.work import run_sensitivity\n"
        "if __name__ == '__main__':\n"
        f"    run_sensitivity(resume={str(folder)!r}, workers=1)\n"
    )
    for _ in range(2):
        before = read_counts(folder).finished
        process = subprocess.Popen([sys.executable, script], start_new_session=True)
        deadline = time.monotonic() + 120
        while read_counts(folder).finished < before + 30:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert read_counts(folder).finished < open_plan(folder).study.runs
        assert not (folder / TABLE_FILE).exists()
    run_sensitivity(resume=folder, workers=0)
    assert bytes_of(folder) == bytes_of(whole)
