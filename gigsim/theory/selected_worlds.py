"""Finite worlds in which members are not a random draw from the population, computed exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigsim.theory.gaps import Floats
from gigsim.theory.planting import Goal, LabelSets
from gigsim.theory.selected import membership_ratio
from gigsim.theory.worlds import Worlds


@dataclass(frozen=True)
class SelectedWorlds:
    """B worlds with their members.

    Attributes:
        population: P0, the signal map and the target.
        joins: probability that a person with feature x and label set s is a member, shape
            (B, X, S), in [0, 1]; equal entries are the random membership of Theorem 1.
    """

    population: Worlds
    joins: Floats

    def __post_init__(self) -> None:
        if self.joins.shape != self.population.base.shape:
            raise ValueError("joins must have the shape of the base distribution, (B, X, S)")
        if not np.all((self.joins >= 0) & (self.joins <= 1)):
            raise ValueError("joins must be in [0, 1]")
        if np.any((self.alpha <= 0) | (self.alpha >= 1)):
            raise ValueError("there must be members and others")

    def __len__(self) -> int:
        return len(self.population)

    @property
    def alpha(self) -> Floats:
        """Share of members, shape (B,)."""
        return (self.population.base * self.joins).sum(axis=(1, 2))

    @property
    def members(self) -> Worlds:
        """The worlds with the members' law P_C in place of P0."""
        return self._with(self.population.base * self.joins)

    @property
    def rest(self) -> Worlds:
        """The worlds with the law P_rest of all others in place of P0."""
        return self._with(self.population.base * (1 - self.joins))

    @property
    def ratio(self) -> Floats:
        """ρ = min w_C/w_0 over the signal points, shape (B,)."""
        return membership_ratio(self.members.weights, self.population.weights)

    @property
    def distance(self) -> Floats:
        """Total variation between w_C and w_0, shape (B,)."""
        return np.abs(self.members.weights - self.population.weights).sum(axis=1) / 2

    def law(self, label_sets: LabelSets = "replace") -> Floats:
        """P = αP* + (1−α)P_rest, shape (B, X, S)."""
        share = self.alpha[:, None, None]
        return share * self.members.planted(label_sets) + (1 - share) * self.rest.base

    def success(self, goal: Goal = "top1", label_sets: LabelSets = "replace") -> Floats:
        """Exact S over the whole population, shape (B,); a tie is a failure."""
        won = self.population.deficits(goal, self.law(label_sets)) < 0
        return (won * self.population.weights).sum(axis=1)

    def _with(self, mass: Floats) -> Worlds:
        whole = self.population
        total = mass.sum(axis=(1, 2), keepdims=True)
        return Worlds(mass / total, whole.sets, whole.signal, whole.target)


def random_selected_worlds(
    generator: np.random.Generator,
    population: Worlds,
    *,
    strength: ArrayLike = 1.0,
    most: ArrayLike = 0.5,
) -> SelectedWorlds:
    """Members drawn with a probability that depends on feature and label set, at random.

    Args:
        generator: source of all randomness.
        population: B worlds.
        strength: 0 for random membership, 1 for the strongest selection; a number or shape (B,).
        most: the largest probability of joining, in (0, 1]; a number or shape (B,).

    Example:
        >>> from gigsim.theory.worlds import random_worlds
        >>> generator = np.random.default_rng(0)
        >>> worlds = random_selected_worlds(generator, random_worlds(generator, 2), strength=0.0)
        >>> worlds.alpha.round(6).tolist(), worlds.ratio.round(6).tolist()
        ([0.5, 0.5], [1.0, 1.0])
    """
    count, features, sets = population.base.shape
    differs = np.broadcast_to(np.asarray(strength, dtype=np.float64), (count,))[:, None, None]
    highest = np.broadcast_to(np.asarray(most, dtype=np.float64), (count,))[:, None, None]
    eager = generator.random((count, features, 1)) ** 2 * generator.random((count, features, sets))
    return SelectedWorlds(population, highest * (1 - differs * (1 - eager)))
