"""The memory of processes together with what they started, and their end."""

from __future__ import annotations

from collections.abc import Iterable

import psutil


def of(pid: int) -> list[psutil.Process]:
    """That process; nothing where it is gone."""
    try:
        return [psutil.Process(pid)]
    except psutil.NoSuchProcess:
        return []


def descendants(roots: Iterable[int]) -> dict[int, list[psutil.Process]]:
    """Children, their children and so on, of several processes, in one look at all processes.

    Args:
        roots: process ids.
    """
    children: dict[int, list[psutil.Process]] = {}
    for process in psutil.process_iter(["ppid"]):
        children.setdefault(process.info["ppid"], []).append(process)
    return {root: _below(root, children) for root in roots}


def _below(root: int, children: dict[int, list[psutil.Process]]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    ahead = [root]
    while ahead:
        # A process id that was used again could make a circle: each is followed once.
        direct = children.pop(ahead.pop(), [])
        found += direct
        ahead += [process.pid for process in direct]
    return found


def resident(processes: Iterable[psutil.Process]) -> int:
    """Resident bytes of processes together; those that are gone, or not ours, count nothing."""
    total = 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total


def kill(processes: Iterable[psutil.Process]) -> None:
    """End them at once; those that are gone, or not ours, are left."""
    for process in processes:
        try:
            process.kill()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
