"""The finite-sample bounds on trial: real samples, a real table, and what the members could know.

These bounds may fail with probability δ. Made of many worst cases they hardly ever do, so a trial
says less here than for a bound that is certain; what it does show is that the parts are needed, by
mutants that fail in far more than δ of the worlds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gigsim.theory.gaps import Floats
from gigsim.theory.statistical import (
    statistical_bound_erasing,
    statistical_bound_feature_label,
    statistical_bound_feature_only,
    statistical_bound_unplanting,
)
from gigsim.validation import trials_collectives, trials_coordination
from gigsim.validation.knowledge import (
    Knowledge,
    erasing_knowledge,
    feature_label_knowledge,
    feature_only_knowledge,
    true_gap,
    unplanting_knowledge,
)
from gigsim.validation.sample_worlds import Counts, SampledWorlds, sampled_worlds
from gigsim.validation.trial import Trial

#: The probability that each bound allows itself to fail with.
DELTA = 0.05


def written_out(
    worlds: SampledWorlds,
    known: Knowledge,
    *,
    luck: float = 1.0,
    own: bool = True,
    gap: float = 1.0,
    rivals: float = 1.0,
    members: float = 1.0,
    test: float = 1.0,
    rows_of_all: bool = False,
) -> Floats:
    """The bounds of ``theory.statistical`` once more, with a switch at each part of them.

    Args:
        worlds: the samples.
        known: what the members know.
        luck: factor on the deviations in the condition.
        own: is the members' side multiplied by n/N?
        gap: factor on Δ̂.
        rivals: factor on r̂, and on its deviation.
        members: factor on the last R(k).
        test: factor on the last R(N_test).
        rows_of_all: put N for every sample's size.
    """
    share = (worlds.size / worlds.population)[:, None]
    each = worlds.delta / (2 + 2 * known.points + known.events * known.points * known.kinds)

    def deviation(rows: Floats) -> Floats:
        size = worlds.population if rows_of_all else rows
        with np.errstate(divide="ignore"):
            return np.sqrt(np.log(1 / each) / (2 * size))[:, None]

    mine, judged = deviation(worlds.size), deviation(known.judges)
    other = deviation(worlds.population - worlds.size)
    push = known.planted - 2 * luck * mine
    if known.rivals is not None:
        push = push - rivals * (known.rivals + 2 * luck * mine)
    against = gap * known.deficits + luck * (2 * judged + 2 * other)
    wins = (share if own else 1.0) * push > (1 - share) * against
    if known.cleaned_too:
        wins &= worlds.at_clean(wins)
    if known.unchanged_agree:
        wins |= worlds.worlds.in_signal_set
    found = (known.weights * wins).sum(axis=1)
    tests = worlds.tests.sum(axis=1).astype(np.float64)
    return found - members * judged[:, 0] - test * deviation(tests)[:, 0]


#: What is left out or mistaken, and how; each mutant fails in more than δ of the worlds.
MISTAKES: dict[str, dict[str, Any]] = {
    "nothing deviates": {"luck": 0.0, "members": 0.0, "test": 0.0},
    "members' and tests' frequencies are exact": {"members": 0.0, "test": 0.0},
    "R with N rows for all samples": {"rows_of_all": True},
    "n/N dropped": {"own": False},
    "gap dropped": {"gap": 0.0},
    "rivals who stay dropped": {"rivals": 0.0},
}


@dataclass(frozen=True)
class _Case:
    """A strategy: what happens, what is known, and the bound from that."""

    happens: Callable[[SampledWorlds], Floats]
    knows: Callable[[SampledWorlds], Knowledge]
    promises: Callable[[SampledWorlds, Knowledge], Floats]

    def bound(self, worlds: SampledWorlds) -> Floats:
        return self.promises(worlds, self.knows(worlds))

    def mutant(self, worlds: SampledWorlds, switches: dict[str, Any]) -> Floats:
        return written_out(worlds, self.knows(worlds), **switches)


def _common(worlds: SampledWorlds) -> dict[str, Floats]:
    return {
        "population": worlds.population,
        "test": worlds.tests.sum(axis=1).astype(np.float64),
        "delta": worlds.delta,
    }


def _feature_label(worlds: SampledWorlds, known: Knowledge) -> Floats:
    return statistical_bound_feature_label(
        worlds.size / worlds.population,
        planted=known.planted,
        deficits=known.deficits,
        labels=worlds.kinds,
        points=known.points,
        **_common(worlds),
    )


def _feature_only(worlds: SampledWorlds, known: Knowledge) -> Floats:
    return statistical_bound_feature_only(
        worlds.size / worlds.population,
        weights=known.weights,
        planted=known.planted,
        deficits=known.deficits,
        rivals=known.rivals,
        labels=worlds.kinds,
        points=known.points,
        **_common(worlds),
    )


def _unplanting(worlds: SampledWorlds, known: Knowledge) -> Floats:
    return statistical_bound_unplanting(
        worlds.size / worlds.population,
        weights=known.weights,
        planted=known.planted,
        deficits=known.deficits,
        points=known.points,
        estimating=worlds.size - known.judges,
        **_common(worlds),
    )


def _erasing(worlds: SampledWorlds, known: Knowledge) -> Floats:
    return statistical_bound_erasing(
        worlds.size / worlds.population,
        weights=known.weights,
        planted=known.planted,
        deficits=known.deficits,
        cleaned=worlds.worlds.signal,
        labels=worlds.kinds,
        gap=None if known.cleaned_too else true_gap(worlds),
        estimating=worlds.size - known.judges,
        **_common(worlds),
    )


def _fixed_label(worlds: SampledWorlds) -> Counts:
    """One label but y*, whatever the data are, by text: naive unplanting."""
    label = (worlds.target + 1) % worlds.kinds
    return np.broadcast_to(label[:, None], worlds.tests.shape)


_FEATURE_LABEL = _Case(lambda w: w.planting, feature_label_knowledge, _feature_label)
_LEAVING = _Case(
    lambda w: w.planting_features(leave=True),
    partial(feature_only_knowledge, leave=True),
    _feature_only,
)
_STAYING = _Case(
    lambda w: w.planting_features(leave=False),
    partial(feature_only_knowledge, leave=False),
    _feature_only,
)
_NAIVE = _Case(
    lambda w: w.unplanting(_fixed_label(w)),
    lambda w: unplanting_knowledge(w, _fixed_label(w), w.members),
    _unplanting,
)
_ADAPTIVE = _Case(
    lambda w: w.unplanting(w.best_other),
    lambda w: unplanting_knowledge(w, w.best_other, w.judging),
    _unplanting,
)
_GAP = _Case(
    lambda w: w.erasing(w.best(w.members)),
    lambda w: erasing_knowledge(w, w.best(w.members), w.members, gap=True),
    _erasing,
)
_SPLIT = _Case(
    lambda w: w.erasing(w.best(w.choosing)),
    lambda w: erasing_knowledge(w, w.best(w.choosing), w.judging, gap=False),
    _erasing,
)

#: What the worlds are drawn with: in each kind some signal points are won and others are not.
_AGAINST: dict[str, Any] = {"rarity": (-2.5, 1.5), "tilt": (-1.0, 0.0), "shares": (0.05, 0.5)}
_SCARCE: dict[str, Any] = {"rarity": (-3.0, 1.0)}
_DOMINANT: dict[str, Any] = {"rarity": (-2.0, 2.0), "tilt": (0.5, 2.0), "shares": (0.05, 0.5)}
_STRONGER: dict[str, Any] = {"rarity": (-1.5, 2.0), "tilt": (1.0, 3.0), "shares": (0.02, 0.35)}
_PLAIN: dict[str, Any] = {"shares": (0.05, 0.6)}

_SETS: dict[str, Any] = {"multi_label": True, "labels": 3}
_READINGS: dict[str, dict[str, Any]] = {
    "one label": {},
    "top-1 of replaced sets": _SETS,
    "any": _SETS | {"goal": "any"},
}

_ALWAYS = (
    "nothing deviates",
    "members' and tests' frequencies are exact",
    "R with N rows for all samples",
)


def _trial(
    name: str,
    reading: str,
    case: _Case,
    source: str,
    drawn: dict[str, Any],
    mistakes: tuple[str, ...],
) -> Trial[SampledWorlds]:
    numbers = drawn | _READINGS[reading]
    return Trial(
        name=f"finite samples: {name}, {reading}",
        source=source,
        worlds=partial(sampled_worlds, delta=DELTA, **numbers),
        exact=case.happens,
        bound=case.bound,
        mutants={
            mistake: partial(case.mutant, switches=MISTAKES[mistake])
            for mistake in _ALWAYS + mistakes
        },
        risk=DELTA,
    )


_PLANTING = ("n/N dropped", "gap dropped")
_GAUTHIER = "Gauthier, Bach and Jordan (2025), Theorem {}, as restated"
_SPLIT_DERIVED = _GAUTHIER.format("3.7") + "; who judges is derived"
_ONE, _TOP1, _ANY = _READINGS
_ROWS: tuple[tuple[str, str, _Case, str, dict[str, Any], tuple[str, ...]], ...] = (
    ("feature-label", _ONE, _FEATURE_LABEL, _GAUTHIER.format("3.3"), _AGAINST, _PLANTING),
    ("feature-label", _TOP1, _FEATURE_LABEL, "derived", _AGAINST, _PLANTING),
    ("feature-label", _ANY, _FEATURE_LABEL, "derived", _AGAINST, _PLANTING),
    ("feature-only, leaving", _ONE, _LEAVING, _GAUTHIER.format("3.5"), _SCARCE, ("gap dropped",)),
    ("feature-only, leaving", _ANY, _LEAVING, "derived", _SCARCE, ("gap dropped",)),
    ("feature-only, staying", _ONE, _STAYING, "derived", _SCARCE, ("rivals who stay dropped",)),
    ("feature-only, staying", _ANY, _STAYING, "derived", _SCARCE, ("rivals who stay dropped",)),
    ("unplanting, naive", _ONE, _NAIVE, _GAUTHIER.format("3.7"), _DOMINANT, _PLANTING),
    ("unplanting, adaptive", _ONE, _ADAPTIVE, _SPLIT_DERIVED, _DOMINANT, _PLANTING),
    ("unplanting, adaptive", _TOP1, _ADAPTIVE, "derived", _STRONGER, _PLANTING),
    ("unplanting, adaptive", _ANY, _ADAPTIVE, "derived", _DOMINANT, _PLANTING),
    *(("erasing, known gap", reading, _GAP, "derived", _PLAIN, _PLANTING) for reading in _READINGS),
    *(("erasing, split", reading, _SPLIT, "derived", _PLAIN, _PLANTING) for reading in _READINGS),
)

#: The finite-sample bounds.
SAMPLES: tuple[Trial[Any], ...] = tuple(_trial(*row) for row in _ROWS)

#: With several collectives and coordination noise.
TRIALS: tuple[Trial[Any], ...] = SAMPLES + trials_collectives.TRIALS + trials_coordination.TRIALS
