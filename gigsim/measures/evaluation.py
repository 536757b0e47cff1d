"""Everything that is known of one deployed classifier, until the next one is deployed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gigsim.learners.pool import FitResult
from gigsim.measures.success import f1_micro, per_resume, summarise, tags_mean
from gigsim.stage import Stage

Outcome = dict[str, NDArray[np.bool_]]


def outcome_of(result: FitResult, stage: Stage, token: int = 0) -> Outcome:
    """What one training does to each held-out resume (:func:`success.per_resume`).

    Args:
        result: with probabilities for ``stage.tests``.
        stage: the held-out resumes.
        token: number of the token that is planted.
    """
    clean = result.probabilities[1]
    planted = result.probabilities[0 if token == 0 else token + 1]
    return per_resume(planted, clean, stage.test_labels, stage.target, stage.aim)


@dataclass(frozen=True)
class Evaluation:
    """A deployed classifier, measured on held-out resumes.

    Attributes:
        values: means, 95 % intervals (``_low``, ``_high``) and sd over repeats (``_sd``) of
            ``success_any``, ``success_top1``, ``base_*``, ``flipped_*``, ``accuracy``; and
            ``f1_micro``, ``tags_mean``, ``loss``, ``reference_any``, ``reference_top1``.
        outcome: for each quantity, its mean over repeats for each held-out resume, shape (n,).
    """

    values: dict[str, float]
    outcome: dict[str, NDArray[np.float64]] = field(repr=False)


def evaluate(
    results: Sequence[FitResult],
    reference: Outcome | None,
    stage: Stage,
    generator: np.random.Generator,
    draws: int,
    token: int = 0,
) -> Evaluation:
    """Measure a classifier that was trained ``len(results)`` times.

    Args:
        results: the trainings; the first is the deployed one.
        reference: the outcome of the same platform with a random collective of equal size, if it
            was trained.
        stage: the held-out resumes.
        generator: of the bootstrap.
        draws: resamplings of the held-out resumes' clusters.
        token: number of the token that is planted.
    """
    outcomes = [outcome_of(result, stage, token) for result in results]
    values = summarise(
        outcomes,
        stage.test_labels,
        stage.target,
        stage.test_clusters,
        generator,
        draws,
        stage.reluctant,
    )
    clean = [result.probabilities[1] for result in results]
    values["f1_micro"] = float(np.mean([f1_micro(p, stage.test_labels) for p in clean]))
    values["tags_mean"] = float(np.mean([tags_mean(p) for p in clean]))
    values["loss"] = float(np.mean([result.loss for result in results]))
    for metric in ("any", "top1"):
        values[f"reference_{metric}"] = (
            float("nan") if reference is None else float(reference[f"success_{metric}"].mean())
        )
    mean = {name: np.mean([o[name] for o in outcomes], axis=0) for name in outcomes[0]}
    return Evaluation(values, mean)
