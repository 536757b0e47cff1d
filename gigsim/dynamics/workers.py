"""Worlds side by side: one piece of work each, in order, whatever the number of workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from gigsim.crew.outcome import Outcome, Task
from gigsim.processes import side_by_side


def worked(
    task: Task,
    jobs: Sequence[Any],
    workers: int,
    tell: Callable[[int, Any], None] | None = None,
) -> list[Any]:
    """Do all jobs and return what each came to, in the order of the jobs.

    Args:
        task: called as ``task(job, tell)``; importable in a worker.
        jobs: what there is to do.
        workers: processes; 0 works in this one. Changes no result.
        tell: hears of a job's number and value as it is done.

    Raises:
        InputError: a job was refused.
        RuntimeError: one failed otherwise, with its traceback.
    """
    found: dict[int, Any] = {}
    with closing(side_by_side(task, enumerate(jobs), workers)) as ended:
        for done in ended:
            if done is None:
                continue
            number, outcome = done
            found[number] = _value(outcome)
            if tell is not None:
                tell(number, found[number])
    return [found[number] for number in range(len(jobs))]


def _value(outcome: Outcome) -> Any:
    if outcome.refused is not None:
        raise outcome.refused
    if outcome.failed:
        raise RuntimeError(outcome.bug or outcome.reason)
    return outcome.value
