"""What the members of a collective know: frequencies among their own rows, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigsim.theory.gaps import Floats
from gigsim.validation.sample_worlds import Counts, SampledWorlds


@dataclass(frozen=True)
class Knowledge:
    """What the members of each of B worlds know, in the words of ``theory.statistical``.

    Attributes:
        weights: ĝ or P̂, the frequencies of texts among the judges, shape (B, X).
        planted: what is planted, by text, among all members.
        deficits: Δ̂.
        judges: k, shape (B,).
        points: texts that the union of events runs over, shape (B,).
        kinds: labels that it runs over.
        events: events for each of these texts and labels.
        rivals: r̂, or None.
        cleaned_too: a text counts only where g(x) is certified as well (erasing, split).
        unchanged_agree: texts with x = g(x) count always (erasing).
    """

    weights: Floats
    planted: Floats
    deficits: Floats
    judges: Floats
    points: Floats
    kinds: int
    events: int = 2
    rivals: Floats | None = None
    cleaned_too: bool = False
    unchanged_agree: bool = False


def feature_label_knowledge(worlds: SampledWorlds) -> Knowledge:
    """Members who plant (g(x), y*)."""
    inside = worlds.worlds.in_signal_set
    pushed = worlds.pushed(_texts(worlds.members))
    behind = -worlds.lead(_labels(worlds, worlds.members), _target(worlds))
    return Knowledge(
        weights=pushed,
        planted=pushed,
        deficits=np.where(inside, behind, 0.0),
        judges=worlds.size,
        points=worlds.signal_points,
        kinds=worlds.kinds,
    )


def feature_only_knowledge(worlds: SampledWorlds, *, leave: bool) -> Knowledge:
    """Members with y* plant; the others leave X* or stay where they are."""
    known = feature_label_knowledge(worlds)
    own = _labels(worlds, worlds.members)
    rivals = np.where(worlds.is_target, 0.0, own).max(axis=2)
    return Knowledge(
        weights=known.weights,
        planted=worlds.pushed(np.where(worlds.is_target, own, 0.0).sum(axis=2)),
        deficits=known.deficits,
        judges=known.judges,
        points=known.points,
        kinds=known.kinds,
        events=2 if leave else 3,
        rivals=None if leave else np.where(worlds.worlds.in_signal_set, rivals, 0.0),
    )


def unplanting_knowledge(worlds: SampledWorlds, label: Counts, judges: Counts) -> Knowledge:
    """All members plant ``label`` of g(x), (B, X); ``judges`` are the rows of those who judge."""
    inside = worlds.worlds.in_signal_set
    by_label = _labels(worlds, judges)
    own = np.where(worlds.is_target, by_label, 0.0).sum(axis=2)
    planted = np.take_along_axis(by_label, label[:, :, None], axis=2)[:, :, 0]
    return Knowledge(
        weights=worlds.pushed(_texts(judges)),
        planted=worlds.pushed(_texts(worlds.members)),
        deficits=np.where(inside, own - planted, 0.0),
        judges=judges.sum(axis=(1, 2)).astype(np.float64),
        points=worlds.signal_points,
        kinds=2,
    )


def erasing_knowledge(
    worlds: SampledWorlds, label: Counts, judges: Counts, *, gap: bool
) -> Knowledge:
    """All members report ``label`` of x, (B, X), the one they found most frequent at g(x)."""
    texts = _texts(judges)
    return Knowledge(
        weights=texts,
        planted=_texts(worlds.members),
        deficits=-worlds.lead(_labels(worlds, judges), label),
        judges=judges.sum(axis=(1, 2)).astype(np.float64),
        points=np.full(len(texts), float(texts.shape[1])),
        kinds=worlds.kinds,
        events=3 if gap else 2,
        cleaned_too=not gap,
        unchanged_agree=True,
    )


def true_gap(worlds: SampledWorlds) -> Floats:
    """η under P0: by how much the most frequent label leads at each cleaned text, the least, (B,).

    No member can see it; that it is known is the assumption of the bound that asks for it.
    """
    ordered = np.sort(worlds.labels(worlds.worlds.base), axis=2)
    lead = ordered[:, :, -1] - ordered[:, :, -2]
    return np.where(worlds.worlds.in_signal_set, lead, np.inf).min(axis=1)


def _target(worlds: SampledWorlds) -> Counts:
    return np.broadcast_to(worlds.target[:, None], worlds.tests.shape)


def _texts(rows: Counts) -> Floats:
    """How often each text is among ``rows``, shape (B, X); 0 where there are none."""
    by_text = rows.sum(axis=2)
    return by_text / np.maximum(by_text.sum(axis=1, keepdims=True), 1)


def _labels(worlds: SampledWorlds, rows: Counts) -> Floats:
    """How often each text with each label is among ``rows``, shape (B, X, |Y|)."""
    return worlds.labels(rows) / np.maximum(rows.sum(axis=(1, 2)), 1)[:, None, None]
