"""Portions of a plan's work, as worker processes are told them, and what they hand back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from gigsim.curves.arm import Arm
from gigsim.curves.trainings import Training, jobs_of

if TYPE_CHECKING:
    from gigsim.learners.cache import TrainingCache


@dataclass(frozen=True)
class CurveJob:
    """A portion of a plan's work. Picklable.

    Attributes:
        number: from 0.
        arms: those of its cells, by their number in the plan.
        trainings: what is to be done.
        cache: where trainings are shared; None trains each. Those of several at once are not:
            their last bits depend on what is trained beside them.
    """

    number: int
    arms: Mapping[int, Arm]
    trainings: tuple[Training, ...]
    cache: TrainingCache | None = None


@dataclass(frozen=True)
class CurveOutcome:
    """What a job hands back.

    Attributes:
        rows: a row a cell, columns as of ``columns.COLUMNS``, by arm, α, seed, retraining.
        theory: the lines of theory on a grid of α, of each arm of which it says anything in the
            job of its first cell:
            ``arm``, ``name``, ``alpha`` and those of ``TheoryLines.table``.
        timings: a row a fit: ``training``, ``seconds``, ``cached``.
        trained: classifiers that were trained.
        cached: classifiers that were fetched from the cache instead.
        seconds: wall-clock time of all of it.
    """

    rows: pd.DataFrame
    theory: pd.DataFrame
    timings: pd.DataFrame
    trained: int
    cached: int
    seconds: float


def curve_jobs(arms: Sequence[Arm], cache: TrainingCache | None = None) -> list[CurveJob]:
    """The jobs of a plan, in a fixed order."""
    return [
        CurveJob(
            number,
            {k: arms[k] for k in sorted({c.arm for t in trainings for c in t.cells})},
            trainings,
            cache,
        )
        for number, trainings in enumerate(jobs_of(arms))
    ]
