"""One row of a curve: what a classifier does to the held-out resumes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.catalogue import STRATEGIES, Aim
from gigsim.config.sections import CollectiveSection
from gigsim.curves.arm import Arm
from gigsim.curves.bench import Bench
from gigsim.curves.draws import Draw, Submitted
from gigsim.curves.trainings import Cell
from gigsim.measures.success import f1_micro, per_resume, tags_mean

Probabilities = NDArray[np.floating[Any]]


def row(
    cell: Cell,
    arm: Arm,
    drawn: Draw,
    handed_in: Submitted,
    probabilities: tuple[Probabilities, ...],
    loss: float,
    training: str,
) -> dict[str, Any]:
    """The row of a cell, without what theory says.

    Args:
        cell: which.
        arm: its arm.
        drawn: its people.
        handed_in: what was trained on.
        probabilities: of the held-out texts of ``Bench.tests``: planted, clean and, where that is
            another one, as found; each (n, L).
        loss: at the end of training.
        training: key of the training.
    """
    config, bench = arm.config, drawn.bench
    section = config.collective
    measured = outcomes(
        bench,
        probabilities,
        target=bench.target(section),
        aim=STRATEGIES[section.strategy].aim,
        bearing=drawn.bearing,
        goal=config.measure.success,
    )
    return {
        "arm": cell.arm,
        "name": arm.name,
        "goal": config.measure.success,
        "strategy": section.strategy,
        "label_sets": section.label_sets,
        "target": section.target,
        "learner": config.platform.learner.kind,
        "recipe": arm.recipe,
        "recruitment": arm.recruitment,
        "variant": variant_of(section),
        "retraining": cell.retraining,
        "alpha": handed_in.members / bench.size,
        "members": handed_in.members,
        "edited": handed_in.edited,
        "alpha_effective": handed_in.followers,
        "xi": drawn.xi,
        "seed": cell.seed,
        **measured,
        "loss": loss,
        "training": training[:16],
    }


def variant_of(section: CollectiveSection) -> str:
    """What of a strategy its name and its label sets do not say: ``evasive``, ``adaptive``."""
    return ", ".join(name for name in ("evasive", "adaptive") if getattr(section, name))


def outcomes(
    bench: Bench,
    probabilities: tuple[Probabilities, ...],
    *,
    target: int,
    aim: Aim,
    bearing: NDArray[np.bool_],
    goal: str,
) -> dict[str, float]:
    """Success, base rate and quality on the held-out resumes.

    Args:
        bench: the held-out resumes.
        probabilities: as for :func:`row`.
        target: column of y*.
        aim: what counts as success.
        bearing: held-out resumes into which the signal was put, shape (n,).
        goal: the reading of success of the column ``success``.

    Returns:
        ``success``, its standard error, ``success_*``, ``flipped_*``, ``base_*``, ``accuracy``,
        ``f1_micro`` and ``tags_mean``; averages over no resume are NaN.
    """
    stage, labels = bench.stage, bench.stage.test_labels
    clean = probabilities[1]
    found = _found(bench, probabilities, target, aim)
    reluctant: NDArray[np.bool_] = labels[:, target] == (aim == "unplanted")
    if aim == "erased":
        reluctant = bench.holding(bearing)
    values = {
        name: float(found[name].mean())
        for name in ("success_any", "success_top1", "base_any", "base_top1")
    }
    for metric in ("any", "top1"):
        values[f"flipped_{metric}"] = _mean(found[f"success_{metric}"], reluctant)
    values["accuracy"] = _mean(found["accuracy"], labels.sum(axis=1) > 0)
    values["f1_micro"] = f1_micro(clean, labels)
    values["tags_mean"] = tags_mean(clean)
    values["success"] = values[f"success_{goal}"]
    values["success_se"] = standard_error(found[f"success_{goal}"], stage.test_clusters)
    return values


def of_each(
    bench: Bench, arm: Arm, probabilities: tuple[Probabilities, ...], bearing: NDArray[np.bool_]
) -> dict[str, NDArray[np.float64]]:
    """What :func:`outcomes` averages, resume by resume.

    Args:
        bench: the held-out resumes.
        arm: whose target and aim count.
        probabilities: as for :func:`row`.
        bearing: as for :func:`outcomes`.

    Returns:
        float64, shape (n,), 0 or 1, and NaN where a resume does not count: ``success_*``,
        ``base_*``, ``flipped_*``, ``accuracy``.
    """
    section, labels = arm.config.collective, bench.stage.test_labels
    target, aim = bench.target(section), STRATEGIES[section.strategy].aim
    found = _found(bench, probabilities, target, aim)
    reluctant: NDArray[np.bool_] = labels[:, target] == (aim == "unplanted")
    if aim == "erased":
        reluctant = bench.holding(bearing)
    values = {name: each.astype(np.float64) for name, each in found.items()}
    for metric in ("any", "top1"):
        flipped = np.where(reluctant, values[f"success_{metric}"], np.nan)
        values[f"flipped_{metric}"] = flipped
    values["accuracy"] = np.where(labels.any(axis=1), values["accuracy"], np.nan)
    return values


def _found(
    bench: Bench, probabilities: tuple[Probabilities, ...], target: int, aim: Aim
) -> dict[str, NDArray[np.bool_]]:
    planted, clean = probabilities[:2]
    shown = probabilities[-1] if aim == "erased" and len(probabilities) > 2 else planted
    if aim == "erased" and len(probabilities) == 2:
        shown = clean
    return per_resume(shown, clean, bench.stage.test_labels, target, aim)


def standard_error(
    success: NDArray[np.bool_] | NDArray[np.floating[Any]], clusters: NDArray[np.int64]
) -> float:
    """The standard error of a mean over resumes of which near-duplicates come in clusters.

    The mean is a ratio, summed values over summed rows of clusters that are independent draws; its
    variance is that of its linearisation, G/(G - 1) Σ_g (Σ_{i in g} (y_i - S))² / n².

    Source: Cochran (1977), *Sampling Techniques*, section 6.3, the ratio estimator of clusters.

    Args:
        success: shape (n,), n at least 1.
        clusters: shape (n,).

    Returns:
        At least 0; 0 where all resumes agree; NaN where all are of one cluster, which says nothing.
    """
    values = np.asarray(success, dtype=np.float64)
    own = np.unique(clusters, return_inverse=True)[1]
    away = np.bincount(own, weights=values - values.mean())
    count = len(away)
    if count == 1:
        return float("nan")
    scale = count / (count - 1)
    return float(np.sqrt(scale * (away**2).sum()) / len(values))


def _mean(values: NDArray[np.bool_], which: NDArray[np.bool_]) -> float:
    return float(values[which].mean()) if which.any() else float("nan")
