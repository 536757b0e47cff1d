"""How pieces come and go: lazily, kept at hand, of any size, until it is closed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest

from gigsim.processes import side_by_side
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


class Pulled:
    """Counts how many were pulled."""

    def __init__(self, pieces: Iterator[Any]) -> None:
        self._pieces = pieces
        self.count = 0

    def __iter__(self) -> Iterator[Any]:
        for piece in self._pieces:
            self.count += 1
            yield piece


def test_pieces_are_pulled_as_there_is_room() -> None:
    source = Pulled((k, k) for k in count())
    ended = 0
    with closing(side_by_side(echo, source, 2)) as steps:
        for _, outcome in filter(None, steps):
            assert outcome.kind == "done"
            ended += 1
            assert source.count - ended <= 2 * 64
            if ended == 1000:
                break
    assert source.count <= 1000 + 2 * 64


def test_of_long_pieces_no_more_than_two_a_worker_are_pulled(tmp_path: Path) -> None:
    source = Pulled((k, (tmp_path, k, 0.3)) for k in count())
    with closing(side_by_side(noted, source, 2)) as steps:
        for ended in range(1, 7):
            assert next(steps) is not None
            assert source.count - ended < 4
    assert sum(bool(notes(tmp_path, k)) for k in range(source.count)) <= 8


def test_nothing_to_do_starts_nothing() -> None:
    assert list(side_by_side(echo, [], 2)) == []
    assert all_of(echo, [7], 8)[0].value[0] == 7


def test_no_more_workers_than_pieces() -> None:
    with closing(side_by_side(by_word, [(0, ("sleeps", 1))], 4, heartbeat=0.2)) as steps:
        seen = [len(workers_of()) for _ in steps]
    assert set(seen) <= {0, 1}


def test_what_the_iterator_raises_comes_out_after_all_workers_ended() -> None:
    def pieces() -> Iterator[tuple[int, Any]]:
        yield 0, 1
        yield 1, ("sleeps", 60)
        eventually(workers_of)
        raise LookupError("out of pieces")

    with pytest.raises(LookupError, match="out of pieces"):
        list(side_by_side(by_word, pieces(), 2))
    assert not workers_of()


def test_workers_go_on_while_the_iterator_or_the_caller_is_busy(tmp_path: Path) -> None:
    def pieces() -> Iterator[tuple[int, Any]]:
        for k in range(4):
            yield k, (tmp_path, k, 0.05)
        eventually(lambda: all(notes(tmp_path, k) for k in range(4)))
        yield 4, (tmp_path, 4, 0.05)

    with closing(side_by_side(noted, pieces(), 2)) as steps:
        assert next(steps) is not None
        eventually(lambda: notes(tmp_path, 3))
        assert len(list(steps)) == 4


def test_an_idle_worker_takes_what_was_sent_ahead_to_a_busy_one(tmp_path: Path) -> None:
    # 0 keeps its worker; what was sent ahead to it must not wait for it.
    go = tmp_path / "go"
    jobs = enumerate([(go, 0), *((None, k) for k in range(1, 10))])
    with closing(side_by_side(_waits_or_not, jobs, 2)) as steps:
        numbers = [next(steps)[0] for _ in range(9)]  # type: ignore[index]
        go.touch()
        assert next(steps)[0] == 0  # type: ignore[index]
    assert sorted(numbers) == list(range(1, 10))


def _waits_or_not(argument: tuple[Path | None, int], tell: Any) -> int:
    path, name = argument
    return name if path is None else waits_for((path, name), tell)


def test_heartbeat() -> None:
    began = time.monotonic()
    with closing(side_by_side(by_word, [(0, ("sleeps", 1.2))], 1, heartbeat=0.1)) as steps:
        found = list(steps)
    assert found[:-1] == [None] * (len(found) - 1)
    assert 1.0 / 0.1 - 2 <= len(found) <= (time.monotonic() - began) / 0.1 + 2
    assert found[-1] is not None
    assert None not in list(side_by_side(by_word, [(0, ("sleeps", 0.3))], 1))


@pytest.mark.parametrize("length", [100, 200_000, 10_000_000])
def test_long_arguments_and_long_results_pass_each_other(length: int) -> None:
    argument = os.urandom(length)
    found = all_of(returns_much, [argument] * 8)
    assert all(outcome.value == argument[::-1] for outcome in found.values())


def test_what_cannot_be_pickled_is_a_bug_of_its_piece() -> None:
    pieces = [1, "unpicklable", threading.Lock(), "unreadable", "untellable", 2]
    found = all_of(by_word, pieces)
    assert [found[k].kind for k in range(6)] == ["done", *["error"] * 4, "done"]
    for number in (1, 2, 4):
        assert "cannot pickle '_thread.lock' object" in found[number].reason
    assert "invalid literal for int()" in found[3].reason


def test_what_is_told_after_the_end_is_heard_by_nobody() -> None:
    heard: list[tuple[int, str]] = []
    pieces = enumerate([("tells later", 0.1), ("sleeps", 0.4), ("tells later", 0.0)])
    steps = side_by_side(by_word, pieces, 1, lambda number, what: heard.append((number, what)))
    with closing(steps):
        assert [found[1].value for found in filter(None, steps)] == [
            "tells later",
            "sleeps",
            "tells later",
        ]
    assert [(n, what) for n, what in heard if what != "late"] == [
        (0, "tells later"),
        (1, "sleeps"),
        (2, "tells later"),
    ]
    assert (1, "late") not in heard


def test_closing_leaves_no_process_no_descriptor_and_no_thread(tmp_path: Path) -> None:
    list(side_by_side(echo, [(0, 0)], 1))  # what is started once
    me = psutil.Process()

    def have() -> tuple[int, int, int]:
        return me.num_fds(), len(me.children()), threading.active_count()

    before = have()
    for _ in range(3):
        steps = side_by_side(noted, ((k, (tmp_path, k, 0.0)) for k in count()), 3)
        with closing(steps):
            for _ in range(20):
                next(steps)
        assert have() == before
    all_of(by_word, ["killed", "gone", 1, "bug"])
    assert have() == before
    # Closed while its workers start, and without having begun.
    steps = side_by_side(echo, [(0, 0)], 1, heartbeat=0.001)
    assert next(steps) is None
    began = time.monotonic()
    steps.close()
    side_by_side(echo, [(0, 0)], 1).close()
    assert time.monotonic() - began < 1.0
    assert have() == before


def test_ctrl_c_reaches_the_caller_at_once_and_no_worker() -> None:
    threading.Timer(0.6, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with (
        pytest.raises(KeyboardInterrupt),
        closing(side_by_side(by_word, [(0, ("sleeps", 30))], 1)) as steps,
    ):
        list(steps)
    assert time.monotonic() - began < 5.0
    assert not workers_of()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_a_slow_caller_starves_nobody(tmp_path: Path) -> None:
    """While the caller is away for 0.3 s, workers do what takes 5 ms all the time."""
    jobs = ((k, (tmp_path, k, 0.005)) for k in count())
    with closing(side_by_side(noted, jobs, 2)) as steps:
        for _ in range(400):  # what is at hand has grown
            next(steps)
        seen = len(os.listdir(tmp_path))  # noqa: PTH208 - fast
        time.sleep(0.3)
        assert len(os.listdir(tmp_path)) - seen >= 30  # noqa: PTH208 - of 120 at most
