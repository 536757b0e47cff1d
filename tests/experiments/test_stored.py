"""Work that a folder's store keeps, on jobs that only count: begun, gone on with, counted, told."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from gigsim.checkpoint import OtherMachine
from gigsim.config import Config
from gigsim.errors import InputError
from gigsim.experiments.case import Result
from gigsim.experiments.laying import lay_out
from gigsim.experiments.stored import StoredWork, processes_of, with_reasons
from gigsim.processes import Limits, Task
from gigsim.store.columns import encode
from gigsim.store.store import Failure, Finished, Store, StoreFull, read_table

JOBS = 5


@dataclass(frozen=True)
class Numbers:
    """A plan: to say each number below :data:`JOBS`."""

    name: str = "numbers"

    def telling(self) -> Sequence[tuple[str, Config]]:
        return [("", Config())]

    def digest(self) -> str:
        return "0123456789ab"

    def write(self, folder: Path) -> None:
        (folder / "numbers.txt").touch()


def says(number: int, tell: Callable[[Any], None]) -> Result:
    if number < 0:
        raise ValueError("planted")
    tell(number)
    row = pd.DataFrame({"case": [number], "replicate": [0], "seed": [number]})
    return Result({"runs": encode(row)}, str(number), trainings=number, cached=1)


class Counting(StoredWork):
    """Job 3 fails for as long as a file is there."""

    completed = 0

    def _open(self) -> tuple[Numbers, int]:
        if not (self.folder / "numbers.txt").is_file():
            raise InputError(str(self.folder), "no numbers", "a folder of numbers")
        return Numbers(), JOBS

    def _task(self) -> Task:
        return says

    def _job(self, number: int) -> int:
        if number == 3 and (self.folder / "broken").exists():
            return -1
        return number

    def _limits(self) -> Limits:
        return Limits()

    def _failures(self, failures: Sequence[Failure]) -> pa.Table:
        numbers = [failure.number for failure in failures]
        return with_reasons({"case": pa.array(numbers, pa.int64())}, failures)

    def _complete(self) -> None:
        self.completed += 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay_out(
        Numbers(),
        tmp_path / "runs",
        ["count"],
        config=Config(),
        resumes="none",
        jobs=JOBS,
        replicates=1,
        tables=("runs",),
    )


def provenance(folder: Path) -> Any:
    return json.loads((folder / "provenance.json").read_text(encoding="utf-8"))


def test_a_folder_says_what_it_was_begun_with(folder: Path) -> None:
    assert folder.name.endswith("-numbers-0123456789ab")
    made = provenance(folder)
    assert (made["command"], made["resumes"], made["resumed"]) == (["count"], "none", [])
    assert made["config_hash"] == "0123456789ab"
    assert json.loads((folder / "inputs.json").read_text(encoding="utf-8")) == {"files": {}}


def test_a_disk_that_is_full_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(folder: Path, *_: object) -> None:
        raise StoreFull(folder, "planted")

    monkeypatch.setattr(Store, "create", create)
    with pytest.raises(InputError, match="the disk is full; nothing written"):
        lay_out(
            Numbers(),
            tmp_path,
            [],
            config=Config(),
            resumes="",
            jobs=JOBS,
            replicates=1,
            tables=("runs",),
        )
    assert not list(tmp_path.iterdir())


def test_jobs_are_counted_told_and_kept(folder: Path) -> None:
    work, told, ended = Counting(folder, 0), [], []
    assert work.run(
        tell=lambda number, what: told.append((number, what)),
        ended=lambda number, outcome: ended.append((number, outcome.value.brief)),
    )
    assert told == [(number, number) for number in range(JOBS)]
    assert ended == [(number, str(number)) for number in range(JOBS)]
    tally = work.tally
    assert (tally.jobs, tally.done, tally.finished, tally.failures) == (JOBS, JOBS, JOBS, 0)
    assert (tally.trained, tally.cached) == (0 + 1 + 2 + 3 + 4, JOBS)
    assert read_table(folder, "runs")["case"].tolist() == [*range(JOBS)]
    assert work.completed == 1
    # Once more there is nothing to do, and nobody went on with anything.
    again = Counting(folder, 0)
    assert again.run(tell=lambda *_: pytest.fail("done again"))
    assert (again.tally.finished_before, again.tally.done, again.tally.trained) == (JOBS, 0, 0)
    assert provenance(folder)["resumed"] == []


def test_a_failure_is_kept_tried_again_when_asked_for_and_remembered(folder: Path) -> None:
    (folder / "broken").touch()
    work = Counting(folder, 0)
    assert work.run()
    assert (work.tally.failed, work.tally.failures) == ({"error": 1}, 1)
    failures = pd.read_parquet(folder / "failures.parquet")
    assert [*failures.columns] == ["case", "kind", "why", "traceback"]
    assert failures[["case", "kind"]].to_numpy().tolist() == [[3, "error"]]
    (folder / "broken").unlink()
    for retry in ((), ("died",)):
        still = Counting(folder, 0)
        assert still.run(retry=retry)
        assert (still.tally.failed_before, still.tally.failures) == (1, 1)
    mended = Counting(folder, 0)
    assert mended.run(retry=None)
    assert (mended.tally.finished_before, mended.tally.done) == (JOBS - 1, 1)
    assert (mended.tally.failures, mended.tally.trained) == (0, 3)
    assert provenance(folder)["resumed"] == [{"differs": [], "finished": JOBS - 1}]


def test_stopped_at_the_first_failure_nothing_is_put_together(folder: Path) -> None:
    (folder / "broken").touch()
    work = Counting(folder, 0)
    assert not work.run(fail_fast=True)
    assert (work.tally.done, work.tally.failures, work.completed) == (3, 1, 0)
    assert not (folder / "failures.parquet").exists()


def test_what_another_process_has_done_counts_as_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def instead(store: Store, *_: object, **__: object) -> bool:
        """Works off nothing while another process does job 0."""
        with Store.open(folder) as other:
            other.claim(1)
            other.commit([Finished(0, says(0, lambda _: None).tables)])
        return False

    monkeypatch.setattr("gigsim.experiments.stored.work_off", instead)
    work = Counting(folder, 0)
    assert not work.run()
    assert (work.tally.done, work.tally.finished, work.tally.cached) == (1, 1, 0)


def test_another_machine_is_warned_of_where_the_caller_stands(folder: Path) -> None:
    work = Counting(folder, 0)
    work.differs = ("CPU", "numpy")
    with pytest.warns(OtherMachine) as caught:
        work.warn(stacklevel=1)
    said = [str(warning.message).partition("bits may differ: ")[2] for warning in caught]
    assert said == ["CPU", "numpy"]
    assert [warning.filename for warning in caught] == [__file__] * 2


def test_what_is_no_folder_of_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no numbers"):
        Counting(tmp_path, 0)


def test_a_number_of_processes() -> None:
    assert processes_of(0) == 0
    assert processes_of(3) == 3
    assert processes_of(None) >= 1
    with pytest.raises(InputError, match="workers: -1; a number of processes is needed"):
        processes_of(-1)
