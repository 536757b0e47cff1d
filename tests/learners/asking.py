"""A process that wants a training of a cache: ``python -m tests.learners.asking``."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from gigsim.learners.cache import TrainingCache
from gigsim.learners.pool import FitJob, FitResult, train
from gigsim.learners.protocol import Learner
from gigsim.learners.recipes import TableRecipe
from gigsim.learners.table import TableLearner
from tests.learners.toys import separable


def job_of(learner: Learner, **others: Any) -> FitJob:
    """A training of milliseconds."""
    texts, labels = separable(60, 0)
    more, _ = separable(20, 1)
    rows, evaluate = learner.represent(texts, 40), learner.represent(more, 40)
    return dataclasses.replace(FitJob(learner, rows, labels, 1, evaluate=(evaluate,)), **others)


def full_job(learner: Learner, **others: Any) -> FitJob:
    """One with everything that a training may have, to be named and not to be trained."""
    texts, labels = separable(30, 0)
    more, _ = separable(10, 1)
    rows, evaluate = learner.represent(texts, 40), (learner.represent(more, 40),)
    state = {"w": np.linspace(0, 1, 6).reshape(2, 3), "b": np.zeros(3, dtype=np.float32)}
    job = FitJob(learner, rows, labels, 1, start=state, evaluate=(*evaluate, rows))
    return dataclasses.replace(job, **others)


def shared_job(number: int = 0) -> FitJob:
    """One that the cache takes, of the learner that is imported most quickly."""
    TableLearner.quick = False
    job = job_of(TableLearner(TableRecipe(), 3))
    return dataclasses.replace(job, labels=np.roll(job.labels, number, axis=0))


def ask(folder: Path, log: Path, go: Path, number: int) -> None:
    """Fetch or train; a training is noted in the log, and waits for the file ``go``."""

    def noted(job: FitJob) -> FitResult:
        with log.open("a") as file:
            file.write(f"{os.getpid()}\n")
        while not go.exists():
            time.sleep(0.01)
        return train(job)

    job = shared_job(number)
    tell("asks")
    result = TrainingCache(folder, 10**8).fetch_or_train(job, noted)
    tell(json.dumps([result.cached, result.loss, result.state["counts"].tobytes().hex()]))


def tell(line: str) -> None:
    """To whoever started this process."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    ask(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
