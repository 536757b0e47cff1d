"""Worlds of which a collective has a sample of floors, or of slacks, and picks the best of them.

Made so that bounds by a confidence band are all but tight: what the signal costs apart from the
texts that are given up is little, and those texts are really lost. Then the band alone keeps the
bound from failing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigsim.theory.gaps import Floats
from gigsim.theory.planting import critical_mass
from gigsim.theory.worlds import Worlds, random_worlds
from gigsim.theory.wrong_labels import wrong_label_margin
from gigsim.validation.feature_only_worlds import away_from_signals, feature_only_law
from gigsim.validation.planting_worlds import (
    Planted,
    Reading,
    erring_law,
    log_uniform,
    near,
    seen,
    with_signal_mass,
)

_TEXTS = 3


@dataclass(frozen=True)
class Profiled:
    """Worlds, what happens in them, and how often each value was seen in a sample.

    Attributes:
        success: S, shape (B,).
        alpha: shape (B,).
        xi: shape (B,).
        gap: Δ, shape (B,); 0 where there is none to know (feature-only).
        margin: μ, shape (B,).
        values: P0(y*|x), or the slack at x, shape (B, X).
        counts: int64, texts of the sample at x, shape (B, X).
    """

    success: Floats
    alpha: Floats
    xi: Floats
    gap: Floats
    margin: Floats
    values: Floats
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.alpha)


def floors_seen(generator: np.random.Generator, count: int, *, evasive: bool) -> Profiled:
    """Feature-only collectives on texts of which the first two hardly ever have y*.

    Three texts, each with its own signal point, one label a resume; base carriers of the signal
    mostly at those two, so that both are lost while the third is won at little cost.
    """
    shape = (count, _TEXTS)
    texts = generator.dirichlet(np.ones(_TEXTS), size=count)
    alpha = generator.uniform(0.05, 0.95, count)
    high = generator.uniform(0.3, 0.95, count)
    xi = alpha * high * log_uniform(generator, 1e-4, 0.1, count)
    spread = np.array([0.48, 0.48, 0.04])
    carried = xi[:, None] * spread
    chance = np.repeat(high[:, None], _TEXTS, axis=1)
    stay = (1 - alpha if evasive else np.ones(count))[:, None]
    lost = generator.uniform(0.1, 0.9, shape) * stay * carried / (alpha[:, None] * texts + carried)
    chance[:, :2] = np.minimum(lost, chance)[:, :2]
    mass = np.concatenate([(1 - xi)[:, None] * texts, carried], axis=1)
    own = np.concatenate([chance, chance], axis=1)
    worlds = Worlds(
        np.stack([mass * own, mass * (1 - own)], axis=2),
        np.eye(2, dtype=np.bool_),
        np.tile(np.tile(np.arange(_TEXTS, 2 * _TEXTS), 2), (count, 1)),
        np.zeros(count, dtype=np.int64),
    )
    away = away_from_signals(worlds, generator) if evasive else None
    won = worlds.deficits(law=feature_only_law(worlds, alpha, away)) < 0
    success = (won * worlds.weights).sum(axis=1)
    counts = generator.multinomial(_sizes(generator, count), mass)
    return Profiled(success, alpha, xi, np.zeros(count), np.ones(count), own, counts)


def slacks_seen(generator: np.random.Generator, count: int, *, reading: Reading) -> Profiled:
    """Feature-label collectives, half of them with members who err, and a classifier for each.

    The classifier is wrong at signal points drawn at random, or where the lead of y* is small.
    """
    labels = 3 if reading.multi_label else 4
    worlds = random_worlds(generator, count, labels=labels, multi_label=reading.multi_label)
    worlds = with_signal_mass(worlds, log_uniform(generator, 1e-3, 0.4, count))
    wrong = np.where(np.arange(count) % 2, generator.uniform(0.01, 0.3, count), 0.0)
    margin = np.asarray(wrong_label_margin(wrong, reading.goal, worlds.sets.shape[1]))
    gap = worlds.gap(reading.goal)
    wanted = 1 - log_uniform(generator, 1e-4, 0.1, count)
    alpha = near(generator, critical_mass(wanted, xi=worlds.xi, gap=gap, margin=margin))
    law = erring_law(worlds, alpha, wrong, reading.label_sets)
    numbers = {"epsilon": np.zeros(count), "wrong": wrong, "margin": margin}
    planted: Planted = seen(worlds, reading.goal, alpha, law, **numbers)
    lead = planted.lead / np.where(planted.mass > 0, planted.mass, 1.0)
    handicap = log_uniform(generator, 0.1, 1.0, count)[:, None] > lead
    careless = generator.random(lead.shape) < 0.5
    answers = ~np.where(generator.random((count, 1)) < 0.1, handicap, careless)
    slack = np.clip(np.where(answers, -lead, lead), 0.0, 1.0)
    weights = planted.weights / planted.weights.sum(axis=1, keepdims=True)
    counts = generator.multinomial(_sizes(generator, count), weights)
    success = (weights * answers).sum(axis=1)
    return Profiled(success, alpha, worlds.xi, gap, margin, slack, counts)


def _sizes(generator: np.random.Generator, count: int) -> np.ndarray:
    """Texts in a sample, from 30 to 1,000."""
    return log_uniform(generator, 30, 1000, count).astype(np.int64)
