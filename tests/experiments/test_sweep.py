"""Studies from beginning to end: the same bytes whoever does them, and failures as data."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import gigsim
from gigsim.errors import InputError
from gigsim.experiments.study import load_study, open_study
from gigsim.experiments.sweep import Sweep, begin
from gigsim.learners.cache import TrainingCache
from gigsim.model import GigEconomy
from gigsim.store.store import Store, StoreFull, read_counts
from tests.experiments.studies import QUICK, bytes_of, quick_study


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quick study, done in one process."""
    return gigsim.sweep(quick_study(), out=tmp_path_factory.mktemp("alone"), workers=0)


def test_a_study_holds_the_runs_that_it_names(alone: Path) -> None:
    study = open_study(alone)
    runs = pd.read_parquet(alone / "runs")
    assert list(zip(runs["case"], runs["replicate"], strict=True)) == [
        (case, replicate) for case in range(4) for replicate in range(3)
    ]
    assert list(runs.columns[:5]) == [
        "case",
        "replicate",
        "seed",
        "collective.leak",
        "society.activation",
    ]
    assert runs["seed"].nunique() == 12
    periods = pd.read_parquet(alone / "periods")
    assert len(periods) == 12 * 4
    # Each is the run that its config and seed say, and no other.
    for number in (0, 7, 11):
        row = runs.iloc[number]
        model = GigEconomy(study.config(number))
        model.run()
        own = periods[(periods["case"] == row["case"]) & (periods["replicate"] == row["replicate"])]
        expected = model.periods.reset_index(drop=True)
        found = own.drop(columns=["case", "replicate", "seed"]).reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)
        assert row["seed"] == model.config.run.seed
        assert row["collective.leak"] == model.config.collective.leak
        assert row["alpha"] == model.alpha


@pytest.mark.parametrize(
    "workers",
    [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(3, marks=pytest.mark.slow)],
)
def test_workers_change_no_byte(alone: Path, tmp_path: Path, workers: int) -> None:
    folder = gigsim.sweep(quick_study(), out=tmp_path, workers=workers)
    assert bytes_of(folder) == bytes_of(alone)
    assert "runs/part-00000.parquet" in bytes_of(alone)


@pytest.mark.slow
def test_two_processes_share_a_study(alone: Path, tmp_path: Path) -> None:
    folder = begin(load_study(quick_study()), tmp_path)
    code = f"import gigsim; gigsim.sweep(resume={str(folder)!r}, workers=0)"
    others = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [other.wait(120) for other in others] == [0, 0]
    assert bytes_of(folder) == bytes_of(alone)


def test_common_random_numbers_are_common(tmp_path: Path) -> None:
    folder = gigsim.sweep(quick_study(common_random_numbers=True), out=tmp_path, workers=0)
    runs = pd.read_parquet(folder / "runs")
    assert runs.groupby("replicate")["seed"].nunique().tolist() == [1, 1, 1]
    assert runs["seed"].nunique() == 3


@pytest.mark.slow
def test_what_is_killed_is_gone_on_with(alone: Path, tmp_path: Path) -> None:
    """SIGKILL of the parent, three times, each time with something done and something left."""
    study = quick_study(replicates=30)
    whole = gigsim.sweep(study, out=tmp_path / "whole", workers=0)
    folder = begin(load_study(study), tmp_path / "killed")
    code = (
        "import gigsim\n"
        "if __name__ == '__main__':\n"
        f"    gigsim.sweep(resume={str(folder)!r}, workers=2)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    for least in (1, 20, 50):
        process = subprocess.Popen([sys.executable, str(script)])
        deadline = time.monotonic() + 120
        while read_counts(folder).finished < least:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        acknowledged = read_counts(folder).finished
        assert least <= acknowledged < 120
        # What is there can be read, with pandas alone, before anybody goes on.
        runs = gigsim.load_runs(folder).runs
        assert len(runs) == acknowledged
        assert not runs.duplicated(["case", "replicate"]).any()
    gigsim.sweep(resume=folder, workers=2)
    assert bytes_of(folder) == bytes_of(whole)


CROOKED = """
import sys
from pathlib import Path
import gigsim, gigsim.model

honest = gigsim.model.GigEconomy.pay

def pay(model):
    if model.config.collective.leak > 0:
        {what}
    honest(model)

gigsim.model.GigEconomy.pay = pay
if __name__ == "__main__":
    gigsim.sweep(*eval(sys.argv[1])[:1], **eval(sys.argv[1])[1])
"""


def crooked(tmp_path: Path, what: str, study: dict[str, Any], **options: Any) -> Path:
    """The folder of a study of which runs with a leak do ``what`` in their first period."""
    script = tmp_path / "crooked.py"
    script.write_text(CROOKED.format(what=what))
    arguments = repr((study, {"out": str(tmp_path / "runs"), **options}))
    subprocess.run([sys.executable, str(script), arguments], check=True, timeout=300)
    (folder,) = Path(options.get("out", tmp_path / "runs")).iterdir()
    return folder


def test_a_bug_is_a_row_and_the_rest_goes_on(alone: Path, tmp_path: Path) -> None:
    folder = crooked(tmp_path, "1 / 0", quick_study(), workers=0)
    other = crooked(tmp_path, "1 / 0", quick_study(), workers=2, out=str(tmp_path / "other"))
    assert bytes_of(other) == bytes_of(folder)
    assert "failures.parquet" in bytes_of(folder)
    failures = pd.read_parquet(folder / "failures.parquet")
    assert list(failures["case"]) == [2, 2, 2, 3, 3, 3]
    assert set(failures["kind"]) == {"error"}
    assert set(failures["why"]) == {"ZeroDivisionError: division by zero"}
    assert failures["traceback"].str.contains("crooked.py").all()
    assert failures["seed"].tolist() == [
        open_study(folder).config(n).run.seed for n in range(6, 12)
    ]
    whole = pd.read_parquet(alone / "periods")
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "periods"), whole[whole["case"] < 2])
    # Mended, and tried again: as if nothing had ever failed.
    Sweep(folder, 0).run(retry=None)
    assert bytes_of(folder) == bytes_of(alone)


def test_fail_fast_stops_and_can_be_gone_on_with(alone: Path, tmp_path: Path) -> None:
    folder = crooked(tmp_path, "1 / 0", quick_study(), workers=0, fail_fast=True)
    counts = read_counts(folder)
    assert (counts.finished, counts.failed) == (6, 1)
    assert not (folder / "failures.parquet").exists()
    assert len(gigsim.load_runs(folder).runs) == 6
    Sweep(folder, 0).run(retry=None)
    assert bytes_of(folder) == bytes_of(alone)


def test_a_run_that_takes_too_long_is_ended(alone: Path, tmp_path: Path) -> None:
    study = quick_study(replicates=1, limits={"seconds": 3.0})
    folder = crooked(tmp_path, "import time; time.sleep(600)", study, workers=2)
    failures = pd.read_parquet(folder / "failures.parquet")
    assert failures[["case", "kind"]].to_numpy().tolist() == [[2, "time"], [3, "time"]]
    assert len(pd.read_parquet(folder / "runs")) == 2


@pytest.mark.slow
def test_a_run_that_takes_too_much_memory_is_ended(tmp_path: Path) -> None:
    study = quick_study(replicates=1, limits={"memory_gb": 1.5})
    what = "import numpy, time; hold = numpy.ones(2 * 10**8); time.sleep(600)"
    folder = crooked(tmp_path, what, study, workers=1)
    failures = pd.read_parquet(folder / "failures.parquet")
    assert failures[["case", "kind"]].to_numpy().tolist() == [[2, "memory"], [3, "memory"]]
    assert len(pd.read_parquet(folder / "runs")) == 2


@pytest.mark.slow
def test_a_run_whose_process_dies_is_repeated_as_often_as_asked(tmp_path: Path) -> None:
    study = quick_study(replicates=1, limits={"repetitions": 1})
    what = f"Path({str(tmp_path)!r}, f'died-{{model.config.run.seed}}').open('a').write('x')"
    what += "; import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    folder = crooked(tmp_path, what, study, workers=2)
    failures = pd.read_parquet(folder / "failures.parquet")
    assert failures[["case", "kind"]].to_numpy().tolist() == [[2, "died"], [3, "died"]]
    assert failures["why"].str.contains("SIGKILL").all()
    for seed in failures["seed"]:
        assert (tmp_path / f"died-{seed}").read_text() == "xx"


def trained_study(high: list[float]) -> dict[str, Any]:
    """Equal seeds and resumes: the classifiers before the collective do not know the cost."""
    learner = QUICK | {
        "platform.learner.kind": "linear",
        "population.size": 150,
        "measure.reference": 0,
        "platform.retrain_every": 3,
    }
    del learner["corpus.cells"]
    return quick_study(
        set=learner,
        replicates=1,
        common_random_numbers=True,
        design={"kind": "grid", "values": {"population.cost.high": high}},
    )


def test_trainings_that_cases_share_are_done_once(tmp_path: Path) -> None:
    study = load_study(trained_study([1.0, 3.0, 9.0]))
    cache = TrainingCache(tmp_path / "cache", 10**9)
    found = {}
    for name, used, workers in (("none", None, 0), ("cold", cache, 2), ("warm", cache, 2)):
        sweep = Sweep(begin(study, tmp_path / name), workers, used)
        assert sweep.run()
        found[name] = (bytes_of(sweep.folder), sweep.tally.trained, sweep.tally.cached)
    assert found["none"][0] == found["cold"][0] == found["warm"][0]
    # Period 0 once for all three, and a retraining each, where who joined was not the same.
    assert found["none"][1:] == (6, 0)
    assert found["cold"][1] + found["cold"][2] == 6
    assert found["cold"][2] >= 2
    assert found["warm"][1:] == (0, 6)


@pytest.mark.slow
def test_two_studies_at_once_share_trainings(tmp_path: Path) -> None:
    """They have two of three cases in common, and no training is done twice."""
    studies = [trained_study([1.0, 3.0, 9.0]), trained_study([9.0, 3.0, 0.5])]
    cache = TrainingCache(tmp_path / "cache", 10**9)
    code = (
        "import json, sys\nfrom pathlib import Path\n"
        "from gigsim.experiments.sweep import Sweep\n"
        "from gigsim.learners.cache import TrainingCache\n"
        "if __name__ == '__main__':\n"
        f"    cache = TrainingCache(Path({str(cache.folder)!r}), {cache.limit})\n"
        "    sweep = Sweep(Path(sys.argv[1]), 2, cache)\n"
        "    assert sweep.run()\n"
        "    print(sweep.tally.trained, sweep.tally.cached)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    folders = [begin(load_study(study), tmp_path / f"study-{k}") for k, study in enumerate(studies)]
    running = [
        subprocess.Popen([sys.executable, str(script), str(folder)], stdout=subprocess.PIPE)
        for folder in folders
    ]
    told = [process.communicate(timeout=240)[0].split() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    trainings = sum(int(trained) for trained, _ in told)
    assert trainings + sum(int(cached) for _, cached in told) == 12
    assert trainings == len(list(cache.folder.glob("*.safetensors")))
    for folder, study in zip(folders, studies, strict=True):
        alone = gigsim.sweep(study, out=tmp_path / "alone", workers=0)
        assert bytes_of(folder) == bytes_of(alone)


@pytest.mark.parametrize("stdin", [False, True])
def test_a_script_that_workers_cannot_import(tmp_path: Path, stdin: bool) -> None:
    """Without a guard, or without a file: a line that says so, and nothing is left."""
    script = tmp_path / "script.py"
    script.write_text(f"import gigsim\ngigsim.sweep({quick_study()!r}, workers=1)\n")
    with script.open() as file:
        done = subprocess.run(
            [sys.executable, *([] if stdin else [str(script)])],
            stdin=file if stdin else None,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 1
    # Those of the workers would bury it.
    assert done.stderr.count("Traceback") == 1
    said = "give workers=0, or save the script" if stdin else 'needs `if __name__ == "__main__":`'
    assert said in done.stderr.splitlines()[-1]
    assert "Error: worker processes: " in done.stderr.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["script.py"]


def test_a_number_of_workers_is_no_less_than_0(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="workers: -1"):
        gigsim.sweep(quick_study(), out=tmp_path / "runs", workers=-1)
    assert not list(tmp_path.iterdir())


def test_what_is_told_is_safe(tmp_path: Path) -> None:
    sweep = Sweep(begin(load_study(quick_study()), tmp_path), 0)
    safe = []
    assert sweep.run(ended=lambda *_: safe.append(read_counts(sweep.folder).finished))
    assert safe == list(range(1, 13))


def test_what_is_not_committed_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = Sweep(begin(load_study(quick_study()), tmp_path), 0)
    honest = Store.commit
    told: list[int] = []

    def commit(store: Store, *arguments: Any) -> list[int]:
        if len(told) == 3:
            raise StoreFull(store.folder, "planted")
        return honest(store, *arguments)

    monkeypatch.setattr(Store, "commit", commit)
    with pytest.raises(StoreFull):
        sweep.run(ended=lambda number, _: told.append(number))
    assert told == [0, 1, 2]
    assert sweep.tally.finished == 3 == read_counts(sweep.folder).finished


def test_interrupted_it_keeps_what_had_ended(alone: Path, tmp_path: Path) -> None:
    sweep = Sweep(begin(load_study(quick_study()), tmp_path), 0)
    seen = 0

    def ended(number: int, outcome: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep.run(ended=ended)
    assert read_counts(sweep.folder).finished == 5
    assert Sweep(sweep.folder, 0).run()
    assert bytes_of(sweep.folder) == bytes_of(alone)


def test_what_another_process_holds_is_waited_for(alone: Path, tmp_path: Path) -> None:
    """And done here, when that process ends without having done it."""
    folder = begin(load_study(quick_study()), tmp_path)
    code = (
        "import sys, time\nfrom gigsim.store.store import Store\n"
        f"store = Store.open({str(folder)!r})\nstore.claim(4)\nprint('held', flush=True)\n"
        "time.sleep(600)"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    threading.Timer(2.0, other.kill).start()
    sweep = Sweep(folder, 0)
    assert sweep.run()
    other.wait()
    assert sweep.tally.done == 12
    assert bytes_of(folder) == bytes_of(alone)


def test_a_folder_holds_one_study(alone: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds another study"):
        gigsim.sweep(quick_study(replicates=2), resume=alone, workers=0)
    with pytest.raises(InputError, match="no study in this folder"):
        gigsim.sweep(resume=tmp_path, workers=0)
    with pytest.raises(InputError, match="no study given"):
        gigsim.sweep()


def test_going_on_with_what_is_complete_changes_nothing(alone: Path) -> None:
    before = bytes_of(alone)
    times = {f: f.stat().st_mtime_ns for f in alone.rglob("*.parquet")}
    gigsim.sweep(quick_study(), resume=alone, workers=0)
    assert bytes_of(alone) == before
    assert {f: f.stat().st_mtime_ns for f in alone.rglob("*.parquet")} == times


def test_where_nothing_can_be_written_nothing_is_begun(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written to"):
        gigsim.sweep(quick_study(), out=tmp_path / "file" / "runs", workers=0)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_store_is_all_that_the_end_needs(alone: Path, tmp_path: Path) -> None:
    """Killed between the last run and the end: the end is made up for."""
    sweep = Sweep(begin(load_study(quick_study()), tmp_path), 0)
    honest = Store.finish
    try:
        Store.finish = lambda *_: None  # type: ignore[method-assign]
        sweep.run()
    finally:
        Store.finish = honest  # type: ignore[method-assign]
    assert not (sweep.folder / "failures.parquet").exists()
    assert Sweep(sweep.folder, 0).run()
    assert bytes_of(sweep.folder) == bytes_of(alone)
