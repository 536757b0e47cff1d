"""A bound on trial: thousands of worlds in which what really happens is known exactly.

A trial draws worlds, asks the bound what it promises and the world what it does, and counts where
less happens than was promised. Only worlds in which the bound lies strictly within its span count
towards the number asked for: a bound on a share that is at most 0 holds whatever happens. One that
promises 1 or more is held to 1, and counts as violated where less happens, but not as informative.
Each trial names *mutants* as well, the bound with a factor dropped or an error term that is known
not to hold: a trial that a mutant survives proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from gigsim.theory.gaps import Floats

W = TypeVar("W")

#: A promise may exceed what happens by rounding; worlds are sums of some dozens of float64.
ROUNDING = 1e-9

_BATCH = 4096
#: A trial whose worlds are hardly ever informative is a mistake, not a matter of patience.
_MOST_BATCHES = 400


@dataclass(frozen=True)
class Trial(Generic[W]):
    """One bound, the worlds it is tried on, and the mutants that must fail.

    Attributes:
        name: which bound in which form, unique, such as ``feature-label, top-1, joint_tv``.
        source: the theorem, or ``derived``.
        worlds: draws so many worlds (shares, ε and all other parameters in them).
        exact: what really happens in each world, shape (n,): a success, or minus a distance.
        bound: what the bound under trial promises, shape (n,).
        mutants: by name, wrong bounds that the trial must catch.
        span: (low, high): a world counts where the bound lies strictly between.
        risk: the probability with which the bound may fail (finite samples); 0 where it is certain.
    """

    name: str
    source: str
    worlds: Callable[[np.random.Generator, int], W]
    exact: Callable[[W], Floats]
    bound: Callable[[W], Floats]
    mutants: Mapping[str, Callable[[W], Floats]] = field(default_factory=dict)
    span: tuple[float, float] = (0.0, 1.0)
    risk: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """What became of a trial.

    Attributes:
        name: of the trial.
        source: of the bound.
        drawn: worlds drawn.
        informative: worlds in which the bound lay in its span; at least as many as asked for.
        violations: worlds, of all that were drawn, in which less happened than was promised.
        risk: the probability with which it may.
        slack: exact minus bound over the informative worlds: least, 5 %, 50 %, 95 % quantile, mean.
        caught: for each mutant, the worlds in which it promised too much, likewise.
    """

    name: str
    source: str
    drawn: int
    informative: int
    violations: int
    risk: float
    slack: tuple[float, float, float, float, float]
    caught: Mapping[str, int]

    @property
    def holds(self) -> bool:
        """No more violations than the bound allows itself, and every mutant caught by more."""
        enough = self.violations <= self.risk * self.drawn
        return enough and all(count > self.risk * self.drawn for count in self.caught.values())


def run_trial(trial: Trial[W], count: int, seed: int, *, batch: int = _BATCH) -> Verdict:
    """Try a bound on worlds until it was informative in ``count`` of them.

    Args:
        trial: the bound.
        count: informative worlds, at least 1.
        seed: of the worlds; equal seeds and batches give equal worlds.
        batch: worlds drawn at once.

    Raises:
        RuntimeError: the bound is informative in too few of the worlds that the trial draws.
    """
    generator = np.random.default_rng(seed)
    drawn = informative = violations = 0
    slacks: list[Floats] = []
    caught = dict.fromkeys(trial.mutants, 0)
    low, high = trial.span
    for _ in range(_MOST_BATCHES):
        worlds = trial.worlds(generator, batch)
        happens, promised = trial.exact(worlds), trial.bound(worlds)
        says = (promised > low) & (promised < high)
        slack = happens[says] - promised[says]
        slacks.append(slack)
        drawn += len(happens)
        informative += len(slack)
        violations += _broken(promised, happens, low, high)
        for name, wrong in trial.mutants.items():
            caught[name] += _broken(wrong(worlds), happens, low, high)
        if informative >= count:
            break
    else:
        raise RuntimeError(f"{trial.name}: informative in {informative} of {drawn} worlds only")
    every = np.concatenate(slacks)
    least, low_end, middle, high_end = np.quantile(every, [0.0, 0.05, 0.5, 0.95])
    return Verdict(
        name=trial.name,
        source=trial.source,
        drawn=drawn,
        informative=informative,
        violations=violations,
        risk=trial.risk,
        slack=(float(least), float(low_end), float(middle), float(high_end), float(every.mean())),
        caught=caught,
    )


def _broken(promised: Floats, happens: Floats, low: float, high: float) -> int:
    """Worlds in which more than ``low`` was promised and less happened, up to ``high``."""
    return int(((promised > low) & (happens < np.minimum(promised, high) - ROUNDING)).sum())
