"""What a plan will take, measured on the spot: a few resumes of each recipe, and proportion."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.curves.arm import Arm
from gigsim.curves.bench import Bench, bench_for
from gigsim.curves.draws import asks
from gigsim.curves.jobs import CurveJob, curve_jobs
from gigsim.curves.plan import Plan
from gigsim.curves.run import run_curve_job
from gigsim.curves.single import learner_of
from gigsim.curves.trainings import QUICK, Training, at_once, group_of, training_key
from gigsim.learners.protocol import Classifier

#: Resumes that a slow learner is timed on, and held-out ones.
_SAMPLE = 1_000
#: Trainings that a quick one is timed on, of one job: as wide a batch as its solver wants.
_TIMED = 64


@dataclass(frozen=True)
class Recipe:
    """What the trainings of one recipe take.

    Attributes:
        name: of the first arm that has it; of clean trainings for others ``NAME, clean``, of
            networks that are trained side by side ``NAME, 8 at once``.
        trainings: fits of it.
        seconds: of one, its held-out resumes included, on one core.
    """

    name: str
    trainings: int
    seconds: float


@dataclass(frozen=True)
class Estimate:
    """What a plan will take on this machine, as busy as it is now.

    Attributes:
        cells: rows of ``curve.parquet``.
        recipes: what is trained.
        reading: seconds until the resumes are read, in each worker.
        workers: processes, 0 for this one.
    """

    cells: int
    recipes: tuple[Recipe, ...]
    reading: float
    workers: int

    @property
    def trainings(self) -> int:
        """Fits in all."""
        return sum(recipe.trainings for recipe in self.recipes)

    @property
    def seconds(self) -> float:
        """Wall-clock time, should the workers have a core each."""
        work = sum(recipe.trainings * recipe.seconds for recipe in self.recipes)
        return self.reading + work / max(1, self.workers)

    def lines(self) -> list[str]:
        """For people."""
        lines = [f"{self.cells:,} points, {self.trainings:,} trainings:"]
        for recipe in self.recipes:
            lines.append(f"  {recipe.name}: {recipe.trainings:,} of {recipe.seconds:.2g} s")
        hours = self.seconds / 3600
        span = f"{hours:.1f} hours" if hours >= 1 else f"{self.seconds / 60:.1f} minutes"
        cores = max(1, self.workers)
        return [
            *lines,
            f"about {span} on {cores} core{'s' if cores > 1 else ''}; nothing is written",
        ]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "cells": self.cells,
            "trainings": self.trainings,
            "seconds": self.seconds,
            "workers": self.workers,
            "recipes": [vars(recipe) for recipe in self.recipes],
        }


def estimate(plan: Plan, workers: int) -> Estimate:
    """Time each recipe of a plan, and multiply.

    A slow learner is trained on a thousand of the people and on all of them it is said to take in
    proportion, several networks at once where that is how they are trained; of a quick one a few
    trainings are really done. Clean trainings that chains go on from, or that members ask for
    opinions, count once, as where processes share a cache.

    Args:
        plan: what would be measured.
        workers: processes that would work at once.

    Raises:
        InputError: a config that cannot be run.
    """
    jobs = curve_jobs(plan.arms)
    fits: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], Callable[[Bench], float]] = {}
    arms: dict[tuple[str, str], Arm] = {}

    def count(
        arm: Arm, number: int, group: str, how: str, time_it: Callable[[Bench], float]
    ) -> None:
        # What is done many at once takes another time than the same recipe's one by one.
        key = group, how
        fits[key] += number
        arms.setdefault(key, arm)
        first.setdefault(key, time_it)

    for job in jobs:
        for training in job.trainings:
            arm = plan.arms[training.arm]
            if training.kind in QUICK and not training.retrainings:
                count(arm, 1, training.group, "solved", partial(_quick, job))
            elif len(job.trainings) > 1:
                named = arm.model_copy(update={"name": f"{arm.name}, {at_once(arm)} at once"})
                count(named, 1, training.group, "side by side", partial(_together, job))
            else:
                times = max(1, training.retrainings)
                count(arm, times, training.group, "alone", partial(_slow, arm))
    for clean in clean_fits(plan.arms, [t for job in jobs for t in job.trainings]):
        count(clean, 1, group_of(clean), "alone", partial(_slow, clean))
    recipes, reading = [], 0.0
    for key, time_it in first.items():
        began = time.perf_counter()
        bench = bench_for(arms[key].config)
        # Arms that read alike share it; each worker reads for itself, at the same time.
        reading += time.perf_counter() - began
        recipes.append(Recipe(arms[key].name, fits[key], time_it(bench)))
    cells = sum(len(t.cells) for job in jobs for t in job.trainings)
    return Estimate(cells, tuple(recipes), reading, workers)


def clean_fits(arms: Sequence[Arm], trainings: Sequence[Training]) -> list[Arm]:
    """The clean trainings that others need and that are none of a curve's own.

    A chain goes on from one, and members may ask one for opinions; where a curve has the same
    training at α = 0, it is not done twice.

    Args:
        arms: of a plan.
        trainings: of these arms (:func:`gigsim.curves.trainings.trainings_of`).

    Returns:
        For each fit the arm that says how (``Arm.cold``), under the name ``NAME, clean``.
    """
    # Of quick learners those are solved with others, and no weights are kept of them.
    known = {t.key for t in trainings if t.kind not in QUICK}
    found: dict[str, Arm] = {}
    for training in trainings:
        arm = arms[training.arm]
        asked = training.members > 0 and asks(arm.config.collective)
        if training.retrainings or (asked and training.kind != "bayes"):
            cold = arm.cold
            key = training_key(cold, training.seed, 0)
            if key not in known and key not in found:
                found[key] = cold.model_copy(update={"name": f"{arm.name}, clean"})
    return list(found.values())


def _quick(job: CurveJob, _: Bench) -> float:
    """Seconds a training of a batch, what is done once for all of them not counted."""
    begin, rest = job.trainings[:1], job.trainings[1 :: -(-len(job.trainings) // _TIMED)]
    done = [run_curve_job(_part(job, part), lambda _: None) for part in (begin, rest) if part]
    return done[-1].seconds / max(1, len(rest))


def _part(job: CurveJob, trainings: tuple[Any, ...]) -> CurveJob:
    return CurveJob(job.number, job.arms, trainings)


def _slow(arm: Arm, bench: Bench) -> float:
    """Seconds of a training, from one on a sample of the people."""
    learner, stage = learner_of(arm.config, bench), bench.stage
    places, labels = _people(bench)
    rows = stage.texts.take(places)
    return _seconds(arm, bench, lambda: learner.fit(rows, labels, 0))


def _together(job: CurveJob, bench: Bench) -> float:
    """Seconds of a training of a job of networks, from as many side by side on a sample."""
    # They load torch.
    from gigsim.curves.side_by_side import transformer_of
    from gigsim.learners.replicas import Replica, fit_replicas
    from gigsim.learners.token_rows import token_rows

    arm = job.arms[job.trainings[0].arm]
    learner, texts = transformer_of(arm, bench), token_rows(bench.stage.texts)
    # Those of one seed see the people in one order.
    replicas = [Replica(*_people(bench), training.seed) for training in job.trainings]
    return _seconds(arm, bench, lambda: fit_replicas(learner, texts, replicas)[0], len(replicas))


def _people(bench: Bench) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """A sample of the people: the rows of their texts and their labels."""
    people = np.arange(min(_SAMPLE, bench.size))
    return bench.stage.found_at[people], bench.stage.labels[people]


def _seconds(arm: Arm, bench: Bench, train: Callable[[], Classifier], count: int = 1) -> float:
    """Seconds of a training and its evaluation, from ``count`` at once on a sample."""
    stage = bench.stage
    held_out = np.arange(min(_SAMPLE, len(stage.test_labels)))
    # A processor is busy with other things, too; of another device it only knows that it waits.
    clock = time.process_time if arm.config.run.device == "cpu" else time.perf_counter
    began = clock()
    classifier = train()
    trained = clock()
    classifier.probabilities(stage.tests[0].take(held_out))
    done = clock()
    share = bench.size / min(_SAMPLE, bench.size) / count
    twice = 2 * len(stage.test_labels) / len(held_out)
    return (trained - began) * share + (done - trained) * twice
