"""Coordination noise on trial: members who abstain, plant a wrong label or do anything at all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gigsim.theory.coordination import coordination_bound, noise_bound
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import Goal, LabelSets, feature_label_bound_averaged
from gigsim.theory.worlds import Worlds, random_worlds
from gigsim.validation.trial import Trial


@dataclass(frozen=True)
class NoisyWorlds:
    """B worlds in which members err.

    Attributes:
        worlds: P0, g, y*.
        alpha: share of the collective, shape (B,).
        abstaining: η of those who do nothing, shape (B,).
        wrong: rate of wrong labels among those who act, or of noise, shape (B,).
        noise: what they submit who err, shape (B, X, S).
        goal: the reading.
        label_sets: what the others do to theirs.
    """

    worlds: Worlds
    alpha: Floats
    abstaining: Floats
    wrong: Floats
    noise: Floats
    goal: Goal
    label_sets: LabelSets

    @property
    def success(self) -> Floats:
        """S exactly, member by member: who abstains submits P0."""
        wrong, idle, share = (
            value[:, None, None] for value in (self.wrong, self.abstaining, self.alpha)
        )
        acting = (1 - wrong) * self.worlds.planted(self.label_sets) + wrong * self.noise
        collective = (1 - idle) * acting + idle * self.worlds.base
        law = share * collective + (1 - share) * self.worlds.base
        won = self.worlds.deficits(self.goal, law) < 0
        return (won * self.worlds.weights).sum(axis=1)

    @property
    def conflict(self) -> Floats:
        """ρ of the noise, shape (B,)."""
        without = ~self.worlds.sets.T[self.worlds.target]
        inside = self.worlds.in_signal_set
        return np.einsum(
            "bxs,bx,bs->b", self.noise, inside.astype(np.float64), without.astype(np.float64)
        )

    def coordination(self, *, abstaining: float = 1.0, wrong: float = 1.0) -> Floats:
        """``coordination_bound``; the factors on the noise are 1 but in mutants."""
        return coordination_bound(
            self.alpha,
            xi=self.worlds.kappa(self.goal),
            gap=1.0,
            abstaining=abstaining * self.abstaining,
            wrong=wrong * self.wrong,
        )

    def any_noise(self, *, conflict: float = 1.0) -> Floats:
        """``noise_bound``; the factor on ρ is 1 but in mutants."""
        return noise_bound(
            self.alpha,
            kappa=self.worlds.kappa(self.goal),
            noise=self.wrong,
            conflict=conflict * self.conflict,
        )

    @property
    def as_if_everywhere(self) -> Floats:
        """Wrong: takes the noise to be spread as the signal is, a margin of 1 − 2ηρ."""
        margin = np.maximum(1 - 2 * self.wrong * self.conflict, -1.0)
        return feature_label_bound_averaged(
            self.alpha, kappa=self.worlds.kappa(self.goal), margin=margin
        )


def noisy_worlds(
    generator: np.random.Generator,
    count: int,
    *,
    anything: bool = False,
    goal: Goal = "top1",
    multi_label: bool = False,
    label_sets: LabelSets = "replace",
) -> NoisyWorlds:
    """Draw worlds; who errs reports one wrong label with the signal, or with ``anything`` any law.

    With sets, the wrong report is the other label alone: the worst that it can be.
    """
    labels = 3 if multi_label else 4
    worlds = random_worlds(generator, count, labels=labels, multi_label=multi_label)
    if anything:
        cells = worlds.base[0].size
        noise = generator.dirichlet(np.full(cells, 0.1), size=count).reshape(worlds.base.shape)
        idle = np.zeros(count)
    else:
        other = (worlds.target + generator.integers(1, labels, size=count)) % labels
        noise = Worlds(worlds.base, worlds.sets, worlds.signal, other).planted("replace")
        idle = generator.uniform(0, 0.9, size=count)
    return NoisyWorlds(
        worlds=worlds,
        alpha=generator.uniform(0.01, 1, size=count),
        abstaining=idle,
        wrong=generator.uniform(0, 0.5, size=count),
        noise=noise,
        goal=goal,
        label_sets=label_sets,
    )


def _coordination(name: str, **numbers: Any) -> Trial[NoisyWorlds]:
    return Trial(
        name=f"coordination noise, {name}",
        source="derived",
        worlds=partial(noisy_worlds, **numbers),
        exact=lambda drawn: drawn.success,
        bound=NoisyWorlds.coordination,
        mutants={
            "not divided by α": lambda drawn: 1 - drawn.alpha * (1 - drawn.coordination()),
            "all members act": lambda drawn: drawn.coordination(abstaining=0.0),
            "all labels are right": lambda drawn: drawn.coordination(wrong=0.0),
            "1 − ω for 1 − 2ω": lambda drawn: drawn.coordination(wrong=0.5),
        },
    )


def _any_noise(name: str, **numbers: Any) -> Trial[NoisyWorlds]:
    return Trial(
        name=f"noise of any law, {name}",
        source="derived",
        worlds=partial(noisy_worlds, anything=True, **numbers),
        exact=lambda drawn: drawn.success,
        bound=NoisyWorlds.any_noise,
        mutants={
            "not divided by α": lambda drawn: 1 - drawn.alpha * (1 - drawn.any_noise()),
            "as if they abstained": lambda drawn: drawn.any_noise(conflict=0.0),
            "half of the clash": lambda drawn: drawn.any_noise(conflict=0.5),
            "as if it did not depend on the text": lambda drawn: drawn.as_if_everywhere,
        },
    )


_TOP1: dict[str, Any] = {"multi_label": True}
_ANY: dict[str, Any] = {"multi_label": True, "goal": "any", "label_sets": "extend"}

TRIALS: tuple[Trial[Any], ...] = (
    _coordination("one label"),
    _coordination("top-1 of replaced sets", **_TOP1),
    _coordination("any, extended sets", **_ANY),
    _any_noise("one label"),
    _any_noise("any, extended sets", **_ANY),
)
