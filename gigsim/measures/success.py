"""Success, base rate and quality of a classifier on held-out resumes (never trained on).

The predicted set of a resume holds the labels with probability over one half; it may be empty. The
top label is the most probable one. Each quantity is an average over resumes, so that intervals come
from resampling the resumes' near-duplicate clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.catalogue import Aim
from gigsim.measures.bootstrap import cluster_intervals

#: Averages over all held-out resumes, over those without the target, over those with any label.
QUANTITIES = (
    "success_any",
    "success_top1",
    "base_any",
    "base_top1",
    "flipped_any",
    "flipped_top1",
    "accuracy",
)


def per_resume(
    planted: NDArray[np.floating[Any]],
    clean: NDArray[np.floating[Any]],
    labels: NDArray[np.bool_],
    target: int,
    aim: Aim = "planted",
) -> dict[str, NDArray[np.bool_]]:
    """What happened to each held-out resume.

    Args:
        planted: probabilities with the signal planted, shape (n, L); where the signal is to be
            erased, of the resumes as people have them.
        clean: probabilities of the same resumes without it, shape (n, L).
        labels: true label sets, shape (n, L).
        target: column of y*.
        aim: what counts as success: the resume is given y* (``planted``), is not given y*
            (``unplanted``), or is given the same with and without the signal (``erased``: the same
            answer to "is y* in the set?", the same top label).

    Returns:
        bool arrays of shape (n,): ``success_any``, ``success_top1`` (signal shown), ``base_any``,
        ``base_top1`` (no signal; of an erased signal the same as success, since nobody has to show
        anything), ``accuracy`` (no signal, top label true).
    """
    top = clean.argmax(axis=1)
    held, named = planted[:, target] > 0.5, planted.argmax(axis=1)
    bare = clean[:, target] > 0.5
    if aim == "erased":
        same, alike = held == bare, named == top
        values = (same, alike, same, alike)
    elif aim == "unplanted":
        values = (~held, named != target, ~bare, top != target)
    else:
        values = (held, named == target, bare, top == target)
    names = ("success_any", "success_top1", "base_any", "base_top1")
    true_top = labels[np.arange(len(labels)), top]
    return dict(zip(names, values, strict=True)) | {"accuracy": true_top}


def summarise(
    repeats: Sequence[dict[str, NDArray[np.bool_]]],
    labels: NDArray[np.bool_],
    target: int,
    clusters: NDArray[np.int64],
    generator: np.random.Generator,
    draws: int,
    reluctant: NDArray[np.bool_] | None = None,
) -> dict[str, float]:
    """Means, 95 % intervals and spread over trainings of :data:`QUANTITIES`.

    Args:
        repeats: :func:`per_resume` of each of at least one training.
        labels: true label sets of the held-out resumes, shape (n, L).
        target: column of y*.
        clusters: near-duplicate clusters, shape (n,), the units that are resampled.
        generator: of the resampling.
        draws: number of resamplings.
        reluctant: bool, shape (n,): resumes that ``flipped_*`` averages over; None for those that
            do not carry y*.

    Returns:
        For each quantity q: ``q``, ``q_low``, ``q_high`` (95 % percentile bootstrap over clusters)
        and ``q_sd`` (sd over trainings; NaN for one training). ``flipped_*`` averages over
        ``reluctant`` resumes, ``accuracy`` over those with at least one label; NaN over none.
    """
    everybody = np.ones(len(labels), dtype=bool)
    without = ~labels[:, target] if reluctant is None else reluctant
    groups = {
        "success_any": ("success_any", everybody),
        "success_top1": ("success_top1", everybody),
        "base_any": ("base_any", everybody),
        "base_top1": ("base_top1", everybody),
        "flipped_any": ("success_any", without),
        "flipped_top1": ("success_top1", without),
        "accuracy": ("accuracy", labels.any(axis=1)),
    }
    # One column a quantity, NaN where a resume does not count: all share the same resamples.
    columns = np.full((len(repeats), len(labels), len(QUANTITIES)), np.nan)
    for index, quantity in enumerate(QUANTITIES):
        source, rows = groups[quantity]
        columns[:, rows, index] = [repeat[source][rows] for repeat in repeats]
    low, high = cluster_intervals(columns.mean(axis=0), clusters, generator, draws=draws)
    result: dict[str, float] = {}
    for index, quantity in enumerate(QUANTITIES):
        rows = groups[quantity][1]
        means = (
            columns[:, rows, index].mean(axis=1) if rows.any() else np.full(len(repeats), np.nan)
        )
        result[quantity] = float(means.mean())
        result[f"{quantity}_low"] = float(low[index])
        result[f"{quantity}_high"] = float(high[index])
        result[f"{quantity}_sd"] = float(means.std(ddof=1)) if len(means) > 1 else float("nan")
    return result


def f1_micro(clean: NDArray[np.floating[Any]], labels: NDArray[np.bool_]) -> float:
    """Micro-averaged F1 of the predicted sets, in [0, 1]; 0 where nothing is predicted."""
    predicted = clean > 0.5
    hits = float((predicted & labels).sum())
    return 2.0 * hits / max(1.0, float(predicted.sum() + labels.sum()))


def tags_mean(clean: NDArray[np.floating[Any]]) -> float:
    """Mean number of labels in a predicted set."""
    return float((clean > 0.5).sum(axis=1).mean())
