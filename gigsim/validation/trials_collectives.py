"""Several collectives on trial: what one of them is promised, against the exact winner rule."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.collectives import clashes, collective_bound, collectives_success
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import Goal, LabelSets
from gigsim.theory.worlds import Worlds, random_worlds
from gigsim.validation.trial import Trial

_COLLECTIVES = 3


@dataclass(frozen=True)
class CollectiveWorlds:
    """B worlds with M collectives each, of which the first is looked at.

    Attributes:
        worlds: as the first collective sees them: P0, its signal and its label.
        alphas: shape (B, M).
        planted: P*_i, shape (B, M, X, S).
        weights: G_i, shape (B, M, X).
        signal_sets: X_i*, shape (B, M, X).
        targets: y_i*, shape (B, M).
        goal: the reading.
    """

    worlds: Worlds
    alphas: Floats
    planted: Floats
    weights: Floats
    signal_sets: NDArray[np.bool_]
    targets: NDArray[np.int64]
    goal: Goal

    @property
    def success(self) -> Floats:
        """S_1 exactly, shape (B,)."""
        return collectives_success(
            self.alphas,
            planted=self.planted,
            base=self.worlds.base,
            weights=self.weights,
            targets=self.targets,
            sets=self.worlds.sets,
            goal=self.goal,
        )[:, 0]

    @property
    def others(self) -> Floats:
        """Σ α_i over the others, shape (B,)."""
        return self.alphas[:, 1:].sum(axis=1)

    @property
    def conflict(self) -> Floats:
        """Σ α_i ρ_i1, shape (B,)."""
        found = clashes(
            planted=self.planted,
            signal_sets=self.signal_sets,
            targets=self.targets,
            sets=self.worlds.sets,
        )
        return (self.alphas * found[:, :, 0]).sum(axis=1)

    def bound(self, *, kappa: float = 1.0, conflict: float = 1.0, pooled: bool = False) -> Floats:
        """What the first is promised; the factors are 1 but in mutants, ``pooled`` takes Σ α_i."""
        return collective_bound(
            self.alphas.sum(axis=1) if pooled else self.alphas[:, 0],
            kappa=kappa * self.worlds.kappa(self.goal),
            others=0.0 if pooled else self.others,
            conflict=0.0 if pooled else conflict * self.conflict,
        )

    @property
    def bound_of_base_mass(self) -> Floats:
        """Wrong: counts P0(X_1*) where the rivals' submissions are meant."""
        inside = self.worlds.xi * self.others
        return collective_bound(
            self.alphas[:, 0],
            kappa=self.worlds.kappa(self.goal),
            others=self.others,
            conflict=inside,
        )


def collective_worlds(
    generator: np.random.Generator,
    count: int,
    *,
    goal: Goal = "top1",
    multi_label: bool = False,
    label_sets: LabelSets = "replace",
    free_rivals: bool = False,
) -> CollectiveWorlds:
    """Draw worlds; ``free_rivals`` submit whatever they like in place of planting.

    Some rivals share the first collective's signal or its label, others neither.
    """
    labels = 3 if multi_label else 4
    numbers: dict[str, Any] = {"labels": labels, "multi_label": multi_label}
    first = random_worlds(generator, count, **numbers)
    # With little base mass on the signal it is the rivals who matter.
    scarce = 10.0 ** generator.uniform(-3, 0, size=(count, 1, 1))
    base = first.base * np.where(first.in_signal_set[:, :, None], scarce, 1.0)
    base /= base.sum(axis=(1, 2), keepdims=True)
    first = Worlds(base, first.sets, first.signal, first.target)
    each = [first]
    for _ in range(_COLLECTIVES - 1):
        drawn = random_worlds(generator, count, **numbers)
        same_signal = generator.random(count) < 1 / 2
        signal = np.where(same_signal[:, None], first.signal, drawn.signal)
        each.append(Worlds(first.base, first.sets, signal, drawn.target))
    # Rivals report their label alone, which clashes most; so does the first unless told otherwise.
    planted = np.stack([worlds.planted() for worlds in each], axis=1)
    planted[:, 0] = first.planted(label_sets)
    if free_rivals:
        cells = planted[0, 0].size
        anything = generator.dirichlet(np.full(cells, 0.1), size=(count, _COLLECTIVES - 1))
        planted[:, 1:] = anything.reshape(planted[:, 1:].shape)
    shares = generator.dirichlet([2.0] + [1.0] * (_COLLECTIVES - 1), size=count)
    shares *= generator.uniform(0.05, 1.0, size=(count, 1))
    return CollectiveWorlds(
        worlds=first,
        alphas=shares,
        planted=planted,
        weights=np.stack([worlds.weights for worlds in each], axis=1),
        signal_sets=np.stack([worlds.in_signal_set for worlds in each], axis=1),
        targets=np.stack([worlds.target for worlds in each], axis=1),
        goal=goal,
    )


def _collectives(name: str, **numbers: Any) -> Trial[CollectiveWorlds]:
    return Trial(
        name=f"several collectives, {name}",
        source="derived",
        worlds=partial(collective_worlds, **numbers),
        exact=lambda drawn: drawn.success,
        bound=CollectiveWorlds.bound,
        mutants={
            "not divided by α₁": lambda drawn: 1 - drawn.alphas[:, 0] * (1 - drawn.bound()),
            "rivals dropped": lambda drawn: drawn.bound(conflict=0.0),
            "half of the rivals' clash": lambda drawn: drawn.bound(conflict=0.5),
            "base dropped": lambda drawn: drawn.bound(kappa=0.0),
            "all sizes pooled": lambda drawn: drawn.bound(pooled=True),
            "base mass for the rivals' submissions": lambda drawn: drawn.bound_of_base_mass,
        },
    )


_TOP1: dict[str, Any] = {"multi_label": True}
_ANY: dict[str, Any] = {"multi_label": True, "goal": "any", "label_sets": "extend"}

TRIALS: tuple[Trial[Any], ...] = (
    _collectives("one label"),
    _collectives("top-1 of replaced sets", **_TOP1),
    _collectives("any, extended sets", **_ANY),
    _collectives("rivals of any kind, one label", free_rivals=True),
    _collectives("rivals of any kind, any", free_rivals=True, **_ANY),
)
