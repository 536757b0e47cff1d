"""Work side by side: outcomes, failures, deaths, and workers that end with their owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gigsim.errors import InputError
from gigsim.processes import Outcome, deaf_children, side_by_side

REPOSITORY = Path(__file__).resolve().parent.parent


def task(argument: Any, tell: Callable[[Any], None]) -> Any:
    tell(("at", argument))
    match argument:
        case "refused":
            raise InputError("here", "is wrong", "do better")
        case "bug":
            raise ZeroDivisionError("planted")
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "gone":
            os._exit(3)
        case Path():
            argument.with_suffix(".begun").touch()
            time.sleep(60)
    return (argument, os.getpid())


def work(arguments: list[Any], workers: int) -> tuple[dict[int, Outcome], list[tuple[int, Any]]]:
    heard: list[tuple[int, Any]] = []
    with closing(
        side_by_side(task, enumerate(arguments), workers, lambda n, what: heard.append((n, what)))
    ) as steps:
        return dict(filter(None, steps)), heard


def test_in_this_process() -> None:
    found, heard = work([1, "refused", "bug", 4], 0)
    assert [found[k].value for k in (0, 3)] == [(1, os.getpid()), (4, os.getpid())]
    assert heard == [(0, ("at", 1)), (1, ("at", "refused")), (2, ("at", "bug")), (3, ("at", 4))]
    assert found[1].reason == "here: is wrong; do better"
    assert found[2].reason == "ZeroDivisionError: planted"
    assert "raise ZeroDivisionError" in (found[2].bug or "")
    assert [found[k].failed for k in range(4)] == [False, True, True, False]


def test_one_that_fails_or_dies_takes_nobody_along() -> None:
    found, heard = work([1, "killed", "refused", 2, "bug", "gone", 3], 2)
    assert sorted(found) == list(range(7))
    assert sorted(what for _, (_, what) in heard if isinstance(what, int)) == [1, 2, 3]
    assert [found[k].value[0] for k in (0, 3, 6)] == [1, 2, 3]
    assert os.getpid() not in {found[k].value[1] for k in (0, 3, 6)}
    assert "SIGKILL" in found[1].reason
    assert "exit code 3" in found[5].reason
    assert isinstance(found[2].refused, InputError)
    assert found[4].reason == "ZeroDivisionError: planted"


def test_closing_ends_the_workers_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    steps = side_by_side(task, enumerate([tmp_path / "a", 1]), 2)
    with closing(steps) as outcomes:
        number, outcome = next(outcomes) or (-1, Outcome())
        assert (number, outcome.value[0]) == (1, 1)
    assert time.monotonic() - began < 40
    with pytest.raises(ProcessLookupError):
        os.kill(outcome.value[1], 0)


def test_children_do_not_hear_ctrl_c_and_the_owner_does() -> None:
    with deaf_children():
        code = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert shown.stdout == "True\n"
    assert signal.SIGINT in before
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with pytest.raises(KeyboardInterrupt), deaf_children():
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.slow
def test_workers_end_when_their_owner_is_killed(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from gigsim.processes import side_by_side\n"
        "from tests.test_processes import task\n"
        "if __name__ == '__main__':\n"
        f"    list(side_by_side(task, [(0, Path({str(tmp_path / 'a')!r}))], 1))\n"
    )
    script = tmp_path / "owner.py"
    script.write_text(code)
    owner = subprocess.Popen(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "a.begun").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    owner.kill()
    owner.wait()
    while True:
        try:
            os.killpg(owner.pid, 0)
        except ProcessLookupError:
            break
        assert time.monotonic() < deadline, "a worker outlived its owner"
        time.sleep(0.05)


def test_an_interrupted_end_is_an_end(tmp_path: Path) -> None:
    """Of workers that take their time, and interrupts that come meanwhile."""
    script = tmp_path / "script.py"
    script.write_text(
        "import os, signal, threading, time\n"
        "from contextlib import closing\n"
        "from gigsim.crew.foreman import Foreman\n"
        "from gigsim.processes import side_by_side\n"
        "from tests.crew.tasks import echo, workers_of\n"
        "honest = Foreman._end\n"
        "def end(self, members):\n"
        "    if self._stopping:\n"
        "        for _ in range(3):\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "            time.sleep(0.1)\n"
        "    honest(self, members)\n"
        "Foreman._end = end\n"
        "if __name__ == '__main__':\n"
        "    try:\n"
        "        with closing(side_by_side(echo, enumerate(range(1000)), 1)) as steps:\n"
        "            next(steps)\n"
        "    except KeyboardInterrupt:\n"
        "        print(len(workers_of()), threading.active_count())\n"
    )
    done = subprocess.run(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0 1\n", "")
