"""Checking everything, stage by stage, into one record."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib.metadata import version
from typing import Literal

from threadpoolctl import threadpool_limits

from gigsim import __version__
from gigsim.validation.experiments import all_experiments, default_workers, run_experiments
from gigsim.validation.known import all_known, place
from gigsim.validation.report import KnownCase, Record
from gigsim.validation.trials import DRAWN_FROM, PARTS, run_trials
from gigsim.validation.uncovered import UNCOVERED

#: What the bytes of a record depend on, beside the processor.
_LIBRARIES = {
    "NumPy": "numpy",
    "SciPy": "scipy",
    "scikit-learn": "scikit-learn",
    "torch": "torch",
}

Progressing = Literal["known answers", "bounds", "trainings"]


def validate(
    worlds: int = 20_000,
    *,
    experiments: bool = True,
    workers: int | None = None,
    tell: Callable[[Progressing, int, int], None] = lambda stage, done, of: None,
) -> Record:
    """Check every known answer and every bound.

    Args:
        worlds: informative worlds for each bound, at least 1.
        experiments: train learners too (V17, V18, V49, V50, V51)?
        workers: processes, None for one a core, 0 for this one; changes no result.
        tell: gets the stage, what is done of it, and how much there is to do.
    """
    processes = default_workers() if workers is None else workers
    known = all_known()
    rows = []
    for number, case in enumerate(known, start=1):
        with threadpool_limits(1):
            rows.append((KnownCase.of(case), case.check()))
        tell("known answers", number, len(known))
    verdicts = run_trials(worlds, processes, lambda done, of: tell("bounds", done, of))
    parts = {part: [verdicts[trial.name] for trial in trials] for part, trials in PARTS.items()}
    if experiments:
        every = all_experiments()
        found = run_experiments(every, processes, lambda done, of: tell("trainings", done, of))
        rows += [(KnownCase.of(case), found[case.name]) for case in every]
        rows.sort(key=lambda row: place(row[0].name))
    return Record(
        known=rows,
        experiments=experiments,
        parts=parts,
        drawn_from=DRAWN_FROM,
        worlds=worlds,
        uncovered=[(case, case.show()) for case in UNCOVERED],
        versions=versions(),
    )


def versions() -> dict[str, str]:
    """Of gigsim, Python and the libraries that compute."""
    own = {"gigsim": __version__, "Python": platform.python_version()}
    return own | {name: version(package) for name, package in _LIBRARIES.items()}
