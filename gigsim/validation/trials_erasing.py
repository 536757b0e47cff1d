"""The bounds on unplanting, erasing and planting a number, each against thousands of worlds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gigsim.theory.closeness import VALID, Closeness
from gigsim.theory.erasing import erasing_bound, erasing_bound_averaged
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import feature_label_bound
from gigsim.theory.regression import Form, regression_bound
from gigsim.theory.unplanting import unplanting_bound, unplanting_bound_averaged
from gigsim.validation.erasing_draws import Reading, erasing_worlds, unplanting_worlds
from gigsim.validation.erasing_numbers import (
    behind,
    best_other,
    deficits,
    erasing_push,
    gap_mean,
    gap_planted,
    gaps,
    kappa,
    mean_moved,
    moved,
    odds,
    reach,
    unplanting_push,
)
from gigsim.validation.erasing_worlds import Relabelled
from gigsim.validation.number_worlds import Numbers, random_numbers
from gigsim.validation.trial import Trial

Rule = Callable[[Relabelled], Floats]

_UNPLANTING = (
    Reading("top label", "top1", False),
    Reading("top label, adaptive", "top1", False, adaptive=True),
    Reading("top label of replaced sets", "top1", True),
    Reading("any label, own sets without it", "any", True, own_labels=True),
    Reading("any label, replaced sets", "any", True),
)
_ERASING = (
    Reading("top label", "top1", False),
    Reading("top label of replaced sets", "top1", True),
    Reading("any label, own sets", "any", True, own_labels=True),
)


def _without_share(bound: Rule) -> Rule:
    """The same bound, what it loses not divided by α."""
    return lambda w: 1 - w.alpha * (1 - bound(w))


def _unplanting_trials() -> list[Trial[Relabelled]]:
    trials: list[Trial[Relabelled]] = []
    for reading in _UNPLANTING:
        trials.append(
            Trial(
                name=f"unplanting, {reading.name}, largest gap",
                source="derived",
                worlds=unplanting_worlds(reading, averaged=False),
                exact=Relabelled.unplanted,
                bound=lambda w: unplanting_bound(w.alpha, xi=w.worlds.xi, gap=gaps(w).max(axis=1)),
                mutants={
                    "without 1/α": lambda w: 1 - (1 - w.alpha) * gaps(w).max(axis=1) * w.worlds.xi,
                    "unweighted mean of the gaps": lambda w: unplanting_bound(
                        w.alpha, xi=w.worlds.xi, gap=gap_mean(w)
                    ),
                    "gaps weighted by what is planted": lambda w: unplanting_bound(
                        w.alpha, xi=w.worlds.xi, gap=gap_planted(w)
                    ),
                },
            )
        )
        mutants: dict[str, Rule] = {
            "without 1/α": lambda w: 1 - (1 - w.alpha) * kappa(w),
            "deficits with their signs": lambda w: 1 - odds(w) * behind(w).sum(axis=1),
        }
        if reading.goal == "top1" and not reading.adaptive:
            mutants["gaps to the best other label"] = lambda w: (
                1 - odds(w) * np.maximum(behind(w, best_other(w)), 0.0).sum(axis=1)
            )
        trials.append(
            Trial(
                name=f"unplanting, {reading.name}, mean gap",
                source="derived",
                worlds=unplanting_worlds(reading, averaged=True),
                exact=Relabelled.unplanted,
                bound=lambda w: unplanting_bound_averaged(w.alpha, kappa=kappa(w)),
                mutants=mutants,
            )
        )
    return trials


def _unplanting_near_bayes(
    reading: Reading, closeness: Closeness, averaged: bool
) -> Trial[Relabelled]:
    def gap_of(w: Relabelled) -> Floats:
        if not averaged:
            return gaps(w).max(axis=1)
        return kappa(w) / np.where(w.worlds.xi > 0, w.worlds.xi, 1.0)

    def of(w: Relabelled, gap: Floats, scale: float = 1.0) -> Floats:
        numbers = {"xi": w.worlds.xi, "epsilon": scale * w.epsilon}
        return unplanting_bound(w.alpha, gap=gap, closeness=closeness, **numbers)

    def bound(w: Relabelled, scale: float = 1.0) -> Floats:
        return of(w, gap_of(w), scale)

    mutants: dict[str, Rule] = {
        "without 1/α": _without_share(bound),
        "without ε": lambda w: bound(w, 0.0),
        "half of ε": lambda w: bound(w, 0.5),
        "slides' ε-term": lambda w: feature_label_bound(
            w.alpha, xi=w.worlds.xi, gap=gap_of(w), epsilon=w.epsilon, closeness="slides"
        ),
    }
    if not averaged:
        mutants["unweighted mean of the gaps"] = lambda w: of(w, gap_mean(w))
        mutants["gaps weighted by what is planted"] = lambda w: of(w, gap_planted(w))
    return Trial(
        name=f"unplanting, {reading.name}, {'mean' if averaged else 'largest'} gap, {closeness}",
        source="derived",
        worlds=unplanting_worlds(reading, averaged=averaged, closeness=closeness),
        exact=lambda w: w.unplanted(closeness),
        bound=bound,
        mutants=mutants,
    )


def _unplanting_with_errors(reading: Reading) -> Trial[Relabelled]:
    return Trial(
        name=f"unplanting, {reading.name}, wrong labels",
        source="derived",
        worlds=unplanting_worlds(reading, averaged=True, wrong=True),
        exact=Relabelled.unplanted,
        bound=lambda w: unplanting_bound_averaged(
            w.alpha, kappa=kappa(w), margin=unplanting_push(w)
        ),
        mutants={
            "without 1/α": lambda w: 1 - (1 - w.alpha) * kappa(w) / unplanting_push(w),
            "no wrong labels": lambda w: unplanting_bound_averaged(w.alpha, kappa=kappa(w)),
        },
    )


def _erasing_trials(reading: Reading) -> list[Trial[Relabelled]]:
    def averaged(w: Relabelled) -> Floats:
        before, after = deficits(w)
        return erasing_bound_averaged(w.alpha, deficit=before, deficit_cleaned=after)

    return [
        Trial(
            name=f"erasing, {reading.name}",
            source="derived; goal and strategy are Theorem 5's",
            worlds=erasing_worlds(reading, averaged=False),
            exact=Relabelled.erased,
            bound=lambda w: erasing_bound(w.alpha, tau=mean_moved(w)),
            mutants={
                "without 1/α": lambda w: 1 - 2 * (1 - w.alpha) * mean_moved(w),
                "without the 2": lambda w: 1 - odds(w) * mean_moved(w),
                "unweighted mean of τ_x": lambda w: 1 - 2 * odds(w) * moved(w).mean(axis=1),
            },
        ),
        Trial(
            name=f"erasing, {reading.name}, whatever is reported",
            source="derived",
            worlds=erasing_worlds(reading, averaged=True),
            exact=Relabelled.erased,
            bound=averaged,
            mutants={
                "without 1/α": lambda w: 1 - (1 - w.alpha) * sum(deficits(w)),
                "without the cleaned text": lambda w: 1 - odds(w) * deficits(w)[0],
                "without the text": lambda w: 1 - odds(w) * deficits(w)[1],
                "as if the best were reported": lambda w: erasing_bound(w.alpha, tau=mean_moved(w)),
            },
        ),
    ]


def _erasing_near_bayes(
    reading: Reading, closeness: Closeness, averaged: bool
) -> Trial[Relabelled]:
    def bound(w: Relabelled, scale: float = 1.0, far: bool = True) -> Floats:
        numbers: dict[str, Any] = {
            "epsilon": scale * w.epsilon,
            "closeness": closeness,
            "reach": reach(w) if far else 1.0,
        }
        if averaged:
            before, after = deficits(w)
            return erasing_bound_averaged(w.alpha, deficit=before, deficit_cleaned=after, **numbers)
        return erasing_bound(w.alpha, tau=mean_moved(w), **numbers)

    mutants: dict[str, Rule] = {
        "without 1/α": _without_share(bound),
        "without ε": lambda w: bound(w, 0.0),
        "half of ε": lambda w: bound(w, 0.5),
        "slides' ε-term": lambda w: bound(w, 0.0) - w.epsilon / (1 - w.epsilon),
    }
    if closeness.startswith("joint"):
        mutants["without the reach"] = lambda w: bound(w, far=False)
    return Trial(
        name=f"erasing, {reading.name}, {'whatever is reported, ' if averaged else ''}{closeness}",
        source="derived",
        worlds=erasing_worlds(reading, averaged=averaged, closeness=closeness),
        exact=lambda w: w.erased(closeness),
        bound=bound,
        mutants=mutants,
    )


def _erasing_with_errors(reading: Reading) -> Trial[Relabelled]:
    return Trial(
        name=f"erasing, {reading.name}, wrong labels",
        source="derived",
        worlds=erasing_worlds(reading, averaged=False, wrong=True),
        exact=Relabelled.erased,
        bound=lambda w: erasing_bound(w.alpha, tau=mean_moved(w), margin=erasing_push(w)),
        mutants={
            "without 1/α": lambda w: 1 - 2 * (1 - w.alpha) * mean_moved(w) / erasing_push(w),
            "no wrong labels": lambda w: erasing_bound(w.alpha, tau=mean_moved(w)),
        },
    )


def _regression_trial(form: Form) -> Trial[Numbers]:
    """In units of the largest error without a collective, so that success lies in [0, 1]."""

    def scaled(w: Numbers, error: Floats) -> Floats:
        return 1 - error / w.largest

    def bound(w: Numbers) -> Floats:
        return scaled(w, regression_bound(w.alpha, xi=w.xi, error=w.largest, form=form))

    def of(w: Numbers, error: Floats) -> Floats:
        return scaled(w, regression_bound(w.alpha, xi=w.xi, error=error, form=form))

    return Trial(
        name=f"regression, {form} form",
        source="derived",
        worlds=random_numbers,
        exact=lambda w: scaled(w, w.error),
        bound=bound,
        mutants={
            "without 1/α": lambda w: 1 - (1 - w.alpha) * w.xi,
            "unweighted mean error": lambda w: of(w, w.unweighted),
            "error weighted by what is planted": lambda w: of(w, w.planted),
        },
    )


TRIALS: tuple[Trial[Any], ...] = (
    *_unplanting_trials(),
    *(
        _unplanting_near_bayes(r, c, averaged=True)
        for r in (_UNPLANTING[0], *_UNPLANTING[2:4])
        for c in VALID
    ),
    *(_unplanting_near_bayes(_UNPLANTING[0], c, averaged=False) for c in VALID),
    _unplanting_with_errors(_UNPLANTING[0]),
    _unplanting_with_errors(_UNPLANTING[4]),
    *(trial for reading in _ERASING for trial in _erasing_trials(reading)),
    *(_erasing_near_bayes(r, c, averaged=False) for r in _ERASING for c in VALID),
    *(_erasing_near_bayes(_ERASING[0], c, averaged=True) for c in VALID),
    _erasing_with_errors(_ERASING[0]),
    _erasing_with_errors(_ERASING[2]),
    _regression_trial("linear"),
    _regression_trial("sharp"),
)
