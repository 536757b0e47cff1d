"""Pieces of work for the tests, and ways to drive them. Light to import: workers do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil

from gigsim.errors import InputError
from gigsim.processes import NO_LIMITS, Limits, Outcome, side_by_side

Tell = Callable[[Any], None]

#: What leaky tasks leave behind.
left_behind: list[bytes] = []


def all_of(
    task: Callable[[Any, Tell], Any],
    arguments: Iterable[Any],
    workers: int = 2,
    limits: Limits = NO_LIMITS,
) -> dict[int, Outcome]:
    """Outcomes by number; each ends once."""
    found: dict[int, Outcome] = {}
    with closing(side_by_side(task, enumerate(arguments), workers, limits=limits)) as steps:
        for number, outcome in filter(None, steps):
            assert number not in found
            found[number] = outcome
    return found


def eventually(what: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait until it is true."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return found


def workers_of(owner: int | None = None) -> list[psutil.Process]:
    """Worker processes of this process; multiprocessing's resource tracker is not one."""
    found = []
    for child in psutil.Process(owner).children():
        try:
            line = child.cmdline()
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        if any("spawn_main" in word for word in line):
            found.append(child)
    return found


def note(folder: Path, name: object) -> None:
    """Leave a line: this process began that."""
    with (folder / str(name)).open("a") as file:
        file.write(f"{os.getpid()} {time.monotonic()}\n")


def notes(folder: Path, name: object) -> list[tuple[int, float]]:
    """Who began that, and when."""
    path = folder / str(name)
    lines = path.read_text().splitlines() if path.exists() else []
    return [(int(pid), float(when)) for pid, when in (line.split() for line in lines)]


def echo(argument: Any, tell: Tell) -> Any:
    return argument, os.getpid()


def noted(argument: tuple[Path, int, float], tell: Tell) -> tuple[int, int]:
    folder, name, seconds = argument
    note(folder, name)
    time.sleep(seconds)
    return name, os.getpid()


def by_word(argument: Any, tell: Tell) -> Any:
    """What the word says."""
    word, *rest = argument if isinstance(argument, tuple) else (argument,)
    tell(word)
    match word:
        case "refused":
            raise InputError("here", "is wrong", "do better")
        case "bug":
            raise ZeroDivisionError("planted")
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "signalled":
            os.kill(os.getpid(), rest[0])
        case "gone":
            os._exit(3)
        case "exits":
            sys.exit(4)
        case "unpicklable":
            return threading.Lock()
        case "unreadable":
            return Unreadable()
        case "untellable":
            tell(threading.Lock())
        case "sleeps":
            time.sleep(rest[0])
        case "spins":
            end = time.monotonic() + rest[0]
            while time.monotonic() < end:
                pass
        case "stopped":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "orphan":
            # Keeps this process's pipes open beyond its end.
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(5)"], close_fds=False)
            os._exit(5)
        case "allocates":
            hoard = bytearray(rest[0])
            time.sleep(rest[1])
            del hoard
        case "tells later":
            threading.Timer(rest[0], tell, ("late",)).start()
        case "child sleeps":
            code = f"hoard = bytearray({rest[0]}); import time; time.sleep(30)"
            child = subprocess.Popen([sys.executable, "-c", code])
            rest[1].write_text(str(child.pid))
            child.wait()
    return word


class Unreadable:
    """Can be pickled, not unpickled."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return int, ("not a number",)


def leaks(argument: tuple[Path, int, int], tell: Tell) -> tuple[int, int]:
    """Keep so many bytes for ever; own resident memory thereafter."""
    folder, name, size = argument
    note(folder, name)
    left_behind.append(bytes(bytearray(b"x") * size))
    return os.getpid(), psutil.Process().memory_info().rss


def returns_much(argument: bytes, tell: Tell) -> bytes:
    return argument[::-1]


def waits_for(argument: tuple[Path, int], tell: Tell) -> int:
    """Until the file is there."""
    path, name = argument
    note(path.parent, f"begun-{name}")
    eventually(path.exists, 60)
    return name
