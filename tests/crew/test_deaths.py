"""Workers that die, at any moment: one repetition of what they worked on, nothing else."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gigsim.crew import foreman
from gigsim.crew.outcome import attempt
from gigsim.errors import InputError
from gigsim.processes import Limits, Outcome, side_by_side
from tests.crew.tasks import (
    all_of,
    by_word,
    echo,
    eventually,
    noted,
    notes,
    returns_much,
    waits_for,
    workers_of,
)

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_piece_is_begun_again_as_often_as_limits_say() -> None:
    found = all_of(by_word, [1, "killed", 2, "gone", 3, "exits", 4], limits=Limits(repetitions=2))
    assert [found[k].kind for k in range(7)] == ["done", "died"] * 3 + ["done"]
    assert [found[k].attempts for k in range(7)] == [1, 3, 1, 3, 1, 3, 1]
    assert "SIGKILL" in found[1].reason
    assert "exit code 3" in found[3].reason
    assert "exit code 4" in found[5].reason


def test_signals_without_a_name_kill_too() -> None:
    found = all_of(by_word, [("signalled", 40), ("signalled", signal.SIGTERM)], workers=1)
    assert "(signal 40;" in found[0].reason
    assert "(SIGTERM;" in found[1].reason


def test_what_was_sent_ahead_goes_back_at_no_cost() -> None:
    # One worker: behind each piece that kills it, the next has been sent.
    found = all_of(by_word, ["killed", 1, "killed", "killed", 2], workers=1)
    assert [found[k].kind for k in range(5)] == ["died", "done", "died", "died", "done"]
    assert {found[k].attempts for k in range(5)} == {1}


def test_a_worker_killed_once_costs_one_repetition(tmp_path: Path) -> None:
    go = tmp_path / "go"
    jobs = enumerate([(go, 0), (go, 1), (go, 2)])
    steps = side_by_side(waits_for, jobs, 2, limits=Limits(repetitions=1), heartbeat=0.05)
    with closing(steps):
        while not (begun := notes(tmp_path, "begun-0")):
            assert next(steps) is None
        os.kill(begun[0][0], signal.SIGKILL)
        while len(notes(tmp_path, "begun-0")) < 2:
            assert next(steps) is None
        go.touch()
        found = dict(filter(None, steps))
    assert {k: (o.value, o.attempts) for k, o in found.items()} == {0: (0, 2), 1: (1, 1), 2: (2, 1)}


def test_a_worker_killed_while_idle_or_starting_costs_nothing() -> None:
    killed: set[int] = set()

    def kill_all() -> None:
        for child in workers_of():
            killed.add(child.pid)
            child.kill()

    def pieces() -> Iterator[tuple[int, int]]:
        for number in range(6):
            yield number, number
            # The piece is with a worker that starts, works, or is done and waits for the next.
            time.sleep(0.02 if number % 2 else 0.6)
            kill_all()

    with closing(side_by_side(echo, pieces(), 1)) as steps:
        found = dict(filter(None, steps))
    assert killed
    assert sorted(found) == list(range(6))
    # Killed between two pieces, or before its first: no attempt was lost.
    assert {o.kind for o in found.values()} == {"done"}
    assert {o.attempts for o in found.values()} == {1}


def test_a_worker_killed_while_its_argument_is_sent(tmp_path: Path) -> None:
    # Longer than any pipe: a stopped worker is in the middle of it when it is killed.
    argument = bytes(range(256)) * 40_000
    stopped = []

    def meddle() -> None:
        child = eventually(workers_of)[0]
        child.suspend()
        stopped.append(child.pid)
        time.sleep(1.0)
        child.kill()

    thread = threading.Thread(target=meddle)
    thread.start()
    found = all_of(returns_much, [argument] * 3, workers=1, limits=Limits(repetitions=1))
    thread.join()
    assert stopped
    assert all(outcome.value == argument[::-1] for outcome in found.values())


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_random_kills_lose_nothing_and_repeat_only_what_was_begun(
    seed: int, tmp_path: Path
) -> None:
    draw = random.Random(seed)
    jobs = [(tmp_path, number, draw.choice([0.0, 0.005, 0.1])) for number in range(80)]
    kills, over = 0, threading.Event()

    def meddle() -> None:
        nonlocal kills
        while not over.wait(draw.uniform(0.0, 0.8)):
            if family := workers_of():
                draw.choice(family).kill()
                kills += 1

    thread = threading.Thread(target=meddle)
    thread.start()
    try:
        found = all_of(noted, jobs, limits=Limits(repetitions=1000))
    finally:
        over.set()
        thread.join()
    assert kills > 2
    assert {number: outcome.value[0] for number, outcome in found.items()} == {
        number: number for number in range(80)
    }
    for number, outcome in found.items():
        begun = len(notes(tmp_path, number))
        # One may be killed after it took a piece and before it could note that.
        assert 1 <= begun <= outcome.attempts
    assert sum(outcome.attempts - 1 for outcome in found.values()) <= kills


def test_a_death_that_no_pipe_tells_is_noticed() -> None:
    began = time.monotonic()
    found = all_of(by_word, ["orphan", 1])
    assert "exit code 5" in found[0].reason
    assert found[1].value == 1
    assert time.monotonic() - began < 4.5


def test_workers_that_die_as_they_start_end_it(tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(
        "from gigsim.processes import side_by_side\n"
        "from tests.crew.tasks import echo\n"
        "list(side_by_side(echo, enumerate(range(80)), 2))\n"
    )
    shown = subprocess.run(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert shown.returncode == 1
    assert shown.stderr.splitlines()[-1].startswith(
        "gigsim.crew.spawning.StillbornError: worker processes: 3 in a row died as they started"
    )
    assert "__main__" in shown.stderr.splitlines()[-1]


def test_workers_killed_as_they_start_for_ever_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreman, "_STILLBORN_KILLED", 10)
    over = threading.Event()

    def meddle() -> None:
        while not over.wait(0.005):
            for child in workers_of():
                child.kill()

    thread = threading.Thread(target=meddle)
    thread.start()
    try:
        with pytest.raises(InputError, match=r"10 in a row died as they started .*SIGKILL"):
            all_of(echo, range(3), workers=1)
    finally:
        over.set()
        thread.join()


def test_a_task_that_workers_cannot_load() -> None:
    def local(argument: Any, tell: Any) -> Any:
        return argument

    with pytest.raises(AttributeError, match="local"):
        all_of(local, [1])
    assert not workers_of()
    code = (
        "import pickle, sys\n"
        "from gigsim.processes import side_by_side\n"
        "class Task:\n"
        "    def __reduce__(self): return __import__, ('no_such_module_of_ours',)\n"
        "if __name__ == '__main__':\n"
        "    list(side_by_side(Task(), [(0, 0)], 1))\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "RuntimeError: a worker cannot load the task" in shown.stderr
    assert "No module named 'no_such_module_of_ours'" in shown.stderr


def test_a_bug_is_told_from_the_task_on_and_its_reason_is_one_line() -> None:
    error: Exception
    for error, reason in (
        (ValueError("one\ntwo\nthree"), "ValueError: one"),
        (SyntaxError("bad", ("file", 1, 1, "x x", 1, 2)), "SyntaxError: bad"),
        (KeyError(), "KeyError"),
        (InputError("a", "b", "c"), "a: b; c"),
    ):

        def task(raised: Exception, _: Any) -> None:
            raise raised

        outcome = attempt(task, error, print)
        assert outcome.reason == reason
        if not isinstance(error, InputError):
            first, frame, *_ = (outcome.bug or "").splitlines()
            assert first == "Traceback (most recent call last):"
            assert frame.endswith(" in task")
    # What is raised before a task is reached keeps all of it.
    assert "in attempt" in (attempt(None, 0, print).bug or "")  # type: ignore[arg-type]


def test_kinds_and_reasons() -> None:
    assert [
        outcome.kind
        for outcome in (
            Outcome(value=1),
            Outcome(refused=InputError("a", "b", "c")),
            Outcome(bug="x"),
            Outcome(died="it died"),
            Outcome(exceeded="time", measured="too long"),
            Outcome(exceeded="memory", measured="too much"),
        )
    ] == ["done", "refused", "error", "died", "time", "memory"]
    assert Outcome(exceeded="time", measured="too long").reason == "too long"
    assert Outcome(exceeded="time").failed
