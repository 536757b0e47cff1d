"""How runs are worked off: what is passed on, and how soon what has ended is on the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import gigsim
from gigsim.experiments.case import Result
from gigsim.experiments.runner import work_off
from gigsim.experiments.study import load_study
from gigsim.experiments.sweep import Sweep, begin
from gigsim.processes import Limits, Outcome, side_by_side
from gigsim.store.columns import encode
from gigsim.store.store import Store, read_counts
from tests.experiments.studies import bytes_of, quick_study

SIDE_BY_SIDE = "gigsim.experiments.runner.side_by_side"


class StopHereError(Exception):
    """Raised where a test has seen enough."""


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, Limits(None, None, 2)),
        (
            {"seconds": 7.0, "memory_gb": 1.5, "repetitions": 5},
            Limits(7.0, 1_500_000_000, 5),
        ),
    ],
)
def test_limits_reach_the_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: dict[str, Any], expected: Limits
) -> None:
    def instead(*_: Any, limits: Limits, **__: Any) -> Iterator[None]:
        assert limits == expected
        raise StopHereError

    monkeypatch.setattr(SIDE_BY_SIDE, instead)
    sweep = Sweep(begin(load_study(quick_study(limits=limits)), tmp_path), 2)
    with pytest.raises(StopHereError):
        sweep.run()


def test_only_runs_whose_process_died_are_tried_again_of_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine may have been short of memory; bugs and limits would only come again."""
    failures = {
        0: Outcome(died="by SIGKILL", attempts=3),
        1: Outcome(bug="ZeroDivisionError: planted", raised="ZeroDivisionError: planted"),
        2: Outcome(exceeded="time", measured="3 s"),
    }

    def instead(
        task: Any, pieces: Iterable[tuple[int, Any]], *rest: Any, **more: Any
    ) -> Iterator[tuple[int, Outcome] | None]:
        for piece in pieces:
            if piece[0] in failures:
                yield piece[0], failures[piece[0]]
            else:
                yield from side_by_side(task, [piece], 0)

    study = quick_study(replicates=1)
    with monkeypatch.context() as patched:
        patched.setattr(SIDE_BY_SIDE, instead)
        folder = gigsim.sweep(study, out=tmp_path / "runs", workers=0)
    assert list(pd.read_parquet(folder / "failures.parquet")["kind"]) == ["died", "error", "time"]
    gigsim.sweep(resume=folder, workers=0)
    assert list(pd.read_parquet(folder / "failures.parquet")["kind"]) == ["error", "time"]
    assert list(pd.read_parquet(folder / "runs")["case"]) == [0, 3]
    Sweep(folder, 0).run(retry=None)
    assert bytes_of(folder) == bytes_of(gigsim.sweep(study, out=tmp_path / "whole", workers=0))


def tables(number: int) -> dict[str, bytes]:
    """Of a run that has computed nothing."""
    row = pd.DataFrame({"case": [number], "replicate": [0], "seed": [number]})
    return {"runs": encode(row)}


def first_at_once(job: tuple[int, str], tell: Callable[[Any], None]) -> int:
    """Run 0 ends; the others wait for a file, and give up after eight seconds."""
    number, file = job
    if number == 0:
        return 0
    for _ in range(400):
        if Path(file).exists():
            return number
        time.sleep(0.02)
    raise TimeoutError("run 0 was not on the disk while this one was under way")


def test_what_has_ended_is_on_the_disk_while_others_are_under_way(tmp_path: Path) -> None:
    folder, seen = tmp_path / "study", tmp_path / "seen"
    folder.mkdir()
    Store.create(folder, 2, 1, ("runs",))

    def look() -> None:
        """As another process would."""
        deadline = time.monotonic() + 60
        while read_counts(folder).finished == 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        seen.touch()

    looking = threading.Thread(target=look)
    looking.start()
    with Store.open(folder) as store:
        assert work_off(store, first_at_once, lambda n: (n, str(seen)), 2, tables=tables)
        counts = store.counts()
    looking.join()
    assert (counts.finished, counts.failed) == (2, 0)


def test_in_this_process_each_run_is_on_the_disk_before_the_next(tmp_path: Path) -> None:
    Store.create(tmp_path, 5, 1, ("runs",))
    before = []

    def task(number: int, _: Callable[[Any], None]) -> int:
        before.append(read_counts(tmp_path).finished)
        return number

    with Store.open(tmp_path) as store:
        assert work_off(store, task, lambda number: number, 0, tables=tables)
    assert before == [0, 1, 2, 3, 4]


def test_the_tally_tells_trainings_from_those_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def instead(*_: Any, ended: Callable[[int, Outcome], Any], **__: Any) -> bool:
        ended(0, Outcome(value=Result({}, "", trainings=3, cached=2)))
        ended(1, Outcome(bug="planted", raised="planted"))
        ended(2, Outcome(value=Result({}, "", trainings=4, cached=0)))
        return False

    monkeypatch.setattr("gigsim.experiments.stored.work_off", instead)
    sweep = Sweep(begin(load_study(quick_study()), tmp_path), 0)
    assert not sweep.run()
    assert (sweep.tally.trained, sweep.tally.cached) == (7, 2)
    assert sweep.tally.failed == {"error": 1}


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_number_that_some_config_does_not_have_stays_a_number(tmp_path: Path, place: int) -> None:
    cases: list[dict[str, Any]] = [
        {"network.kind": "ring", "network.degree": degree} for degree in (4, 10)
    ]
    cases.insert(place, {"network.kind": "complete"})
    study = quick_study(replicates=1, design={"kind": "list", "cases": cases})
    folder = gigsim.sweep(study, out=tmp_path, workers=0)
    expected: list[int | None] = [4, 10]
    expected.insert(place, None)
    found = pd.read_parquet(folder / "runs", dtype_backend="numpy_nullable")["network.degree"]
    assert found.dtype == "Int64"
    assert [None if pd.isna(value) else int(value) for value in found] == expected
    degrees = gigsim.load_runs(folder).runs["network.degree"]
    assert degrees.dtype == float
    assert (degrees > 5).sum() == 1
    assert degrees.isna().tolist() == [value is None for value in expected]
