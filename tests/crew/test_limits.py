"""Limits of time and memory, and workers that are replaced between two pieces."""

from __future__ import annotations

import os
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from gigsim.processes import Limits, side_by_side
from tests.crew import slow_to_import
from tests.crew.tasks import all_of, by_word, echo, eventually, leaks, noted, notes, workers_of

MIB = 2**20


@pytest.mark.parametrize("word", ["sleeps", "spins", "stopped"])
def test_what_takes_too_long_is_killed_at_its_limit_and_not_repeated(word: str) -> None:
    limits = Limits(seconds=0.6, repetitions=5)
    took = {}
    with closing(
        side_by_side(by_word, enumerate([(word, 60), 1, 2, 3]), 2, limits=limits)
    ) as steps:
        begun = time.monotonic()
        for number, outcome in filter(None, steps):
            took[number] = time.monotonic() - begun, outcome
    assert took[0][1].kind == "time"
    assert took[0][1].attempts == 1
    assert took[0][1].reason == "not finished after 0.6 s, its limit"
    assert all(took[number][1].kind == "done" for number in (1, 2, 3))
    # From when a worker had begun the first of the others.
    assert 0.0 < took[0][0] - min(took[number][0] for number in (1, 2, 3)) < 1.6


def test_time_counts_from_the_beginning_of_the_piece(tmp_path: Path) -> None:
    # The next is sent while the one before it is worked on, and waits longer than its limit.
    found = all_of(noted, [(tmp_path, k, 0.5) for k in range(4)], 1, Limits(seconds=0.9))
    assert {outcome.kind for outcome in found.values()} == {"done"}
    found = all_of(slow_to_import.echo, [0, 1], limits=Limits(seconds=0.5))
    assert {outcome.kind for outcome in found.values()} == {"done"}


def test_pieces_that_end_at_their_limit_end_once_and_blame_nobody_else(tmp_path: Path) -> None:
    jobs = [(tmp_path, k, 0.05 + 0.002 * (k - 8) * (k % 2)) for k in range(12)]
    found = all_of(noted, jobs, limits=Limits(seconds=0.05))
    assert {outcome.kind for outcome in found.values()} <= {"done", "time"}
    found = all_of(noted, [(tmp_path, k, 0.3 * (k % 2)) for k in range(6)], 1, Limits(0.1))
    assert [found[k].kind for k in range(6)] == ["done", "time"] * 3


def test_what_takes_too_much_memory_is_killed() -> None:
    limit = 300 * MIB
    pieces = [("allocates", 2**30, 60), ("allocates", MIB, 0.6), ("allocates", MIB, 0.6)]
    began = time.monotonic()
    found = all_of(by_word, pieces, limits=Limits(memory=limit, repetitions=3))
    assert time.monotonic() - began < 15
    assert [found[k].kind for k in range(3)] == ["memory", "done", "done"]
    assert found[0].attempts == 1
    words = found[0].reason.split()
    assert " ".join([*words[:2], *words[3:]]) == "it used GB of memory, its limit is 0.314573 GB"
    assert 0.31 < float(words[2]) < 1.5


def test_memory_of_children_counts_and_they_end_too(tmp_path: Path) -> None:
    where = tmp_path / "child"
    found = all_of(by_word, [("child sleeps", 2**30, where), 1], limits=Limits(memory=300 * MIB))
    assert [found[k].kind for k in range(2)] == ["memory", "done"]
    pid = int(where.read_text())
    eventually(lambda: not psutil.pid_exists(pid), 2)


def test_children_end_with_the_time_limit_and_when_it_is_closed(tmp_path: Path) -> None:
    where = [tmp_path / "a", tmp_path / "b"]
    found = all_of(by_word, [("child sleeps", 1, where[0])], limits=Limits(seconds=0.5))
    assert found[0].kind == "time"
    pieces = enumerate([("child sleeps", 1, where[1])])
    with closing(side_by_side(by_word, pieces, 1, heartbeat=0.05)) as steps:
        while not (where[1].exists() and where[1].read_text()):
            assert next(steps) is None
    for path in where:
        pid = int(path.read_text())
        eventually(lambda pid=pid: not psutil.pid_exists(pid), 2)


def test_workers_that_grow_are_replaced_and_no_piece_is_lost(tmp_path: Path) -> None:
    size, growth = 10 * MIB, 60 * MIB
    jobs = enumerate([(tmp_path, k, size) for k in range(60)])
    most, values = 0, {}
    with closing(side_by_side(leaks, jobs, 2, limits=Limits(recycle_growth=growth))) as steps:
        for number, outcome in filter(None, steps):
            values[number] = outcome.value
            assert outcome.attempts == 1
            most = max(most, len(workers_of()))
    assert sorted(values) == list(range(60))
    assert all(len(notes(tmp_path, k)) == 1 for k in range(60))
    by_worker: dict[int, list[int]] = {}
    for pid, resident in values.values():
        by_worker.setdefault(pid, []).append(resident)
    # Twice the growth ends it; one was begun by then, and two are in it after the first.
    assert max(map(len, by_worker.values())) <= 2 * growth // size + 3
    # One successor stands ready beside two at work.
    assert most <= 3


def test_memory_of_leaking_workers_stays_bounded(tmp_path: Path) -> None:
    size, growth = 10 * MIB, 40 * MIB
    jobs = [(tmp_path, k, size) for k in range(24)]
    found = all_of(_leaks_slowly, jobs, 1, Limits(recycle_growth=growth))
    first = min(outcome.value[1] for outcome in found.values())
    # Twice the growth, the piece that passes it, and one that was begun by then.
    assert max(outcome.value[1] for outcome in found.values()) < first + 2 * growth + 3 * size
    assert len({outcome.value[0] for outcome in found.values()}) > 1


def _leaks_slowly(argument: tuple[Path, int, int], tell: object) -> tuple[int, int]:
    time.sleep(0.05)
    return leaks(argument, lambda what: None)


def test_what_earlier_pieces_left_is_not_held_against_the_next(tmp_path: Path) -> None:
    # 24 x 25 MiB in one process would pass the limit; the piece itself does not.
    limits = Limits(memory=400 * MIB)
    found = all_of(_leaks_slowly, [(tmp_path, k, 25 * MIB) for k in range(24)], 1, limits)
    assert {outcome.kind for outcome in found.values()} == {"done"}


def test_old_workers_are_replaced_and_as_many_work_as_before(tmp_path: Path) -> None:
    jobs = [(tmp_path, k, 0.05) for k in range(80)]
    found = all_of(noted, jobs, 2, Limits(recycle_seconds=0.5))
    pids = {outcome.value[1] for outcome in found.values()}
    assert len(pids) >= 4
    assert {outcome.attempts for outcome in found.values()} == {1}
    times = sorted(when for k in range(80) for _, when in notes(tmp_path, k))
    # Never more than two begin in the time that one takes.
    assert all(later - sooner > 0.04 for sooner, later in zip(times, times[2:], strict=False))
    assert all(len(notes(tmp_path, k)) == 1 for k in range(80))
    assert not workers_of()


def test_without_limits_one_worker_does_it_all() -> None:
    found = all_of(echo, range(200), 1)
    assert len({outcome.value[1] for outcome in found.values()}) == 1
    assert os.getpid() not in {outcome.value[1] for outcome in found.values()}


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": 0.0},
        {"memory": 0},
        {"repetitions": -1},
        {"recycle_seconds": -1.0},
        {"recycle_growth": 0},
        {"seconds": float("nan")},
    ],
)
def test_limits_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Limits(**wrong)  # type: ignore[arg-type]
