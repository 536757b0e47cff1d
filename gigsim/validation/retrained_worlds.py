"""Platforms that retrain on people who respond: draws on which the rates are tried, played out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.gaps import Floats
from gigsim.theory.performative import distance_to_stable, retraining_rate
from gigsim.theory.retraining_worlds import RetrainingWorlds, random_retraining_worlds


@dataclass(frozen=True)
class Retrained:
    """Retraining: worlds, where it starts, shape (B, d), and for how many rounds, shape (B,)."""

    worlds: RetrainingWorlds
    start: Floats
    rounds: NDArray[np.int64]

    @property
    def rate(self) -> Floats:
        """εβ/γ."""
        w = self.worlds
        return retraining_rate(
            w.sensitivity, smoothness=w.smoothness, strong_convexity=w.strong_convexity
        )

    @cached_property
    def stable(self) -> Floats:
        """Stable points, shape (B, d)."""
        return self.worlds.stable_point()

    def promised(self, rate: Floats) -> Floats:
        """Minus the distance to the stable point that a rate allows."""
        begin = np.linalg.norm(self.start - self.stable, axis=-1)
        return -distance_to_stable(self.rounds, rate=rate, start=begin)

    def happens(self) -> Floats:
        """Minus the distance to the stable point after the rounds."""
        model, end = self.start, self.start
        for t in range(1, int(self.rounds.max()) + 1):
            model = self.worlds.retrain(model)
            end = np.where((self.rounds == t)[:, None], model, end)
        return -np.linalg.norm(end - self.stable, axis=-1)


def retrained(
    generator: np.random.Generator, count: int, *, levels: int = 3, collective: bool = False
) -> Retrained:
    """Draw worlds that retrain for one to six rounds."""
    worlds = random_retraining_worlds(generator, count, levels=levels, collective=collective)
    start = 2 * generator.standard_normal(worlds.mean.shape)
    return Retrained(worlds, start, generator.integers(1, 7, size=count))


def retrained_with_collective(generator: np.random.Generator, count: int) -> Retrained:
    """Draw worlds of level-1 people with a collective."""
    return retrained(generator, count, levels=1, collective=True)
