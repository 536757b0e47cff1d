"""Theorem 3 on trial: printed, sharp, evasive and quantile form, Bayes and ε-close platforms.

Members who have y* plant the signal and leave their label alone; the others stay or, evading, take
the signal out. Success is ``any``, the question whether y* is in the set; with one label a resume
the top label as well, where no rival is planted along with y*.

The mutants: ((1−pα)/(pα))(1−p)ξ; a factor dropped; the evasive form where nobody evades; ε ignored
or as the slides print it; q forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from gigsim.theory.adversary import worst_case_success
from gigsim.theory.closeness import VALID, Closeness
from gigsim.theory.feature_only import feature_only_bound, feature_only_bound_quantile
from gigsim.theory.feature_only_closeness import quantile_terms, terms
from gigsim.theory.gaps import Floats
from gigsim.theory.inverse import xi_allowed_feature_only
from gigsim.theory.planting import Goal
from gigsim.validation.feature_only_worlds import (
    away_from_signals,
    feature_only_law,
    floored_worlds,
)
from gigsim.validation.planting_worlds import (
    Planted,
    edges,
    log_uniform,
    near,
    seen,
    wanted,
    with_signal_mass,
)
from gigsim.validation.trial import Trial

Variant = Literal["printed", "sharp", "evasive", "quantile", "quantile, evasive"]
VARIANTS: tuple[Variant, ...] = ("printed", "sharp", "evasive", "quantile", "quantile, evasive")


@dataclass(frozen=True)
class Kind:
    """Which bound: its variant and what the platform is close in, None for Bayes."""

    variant: Variant
    closeness: Closeness | None = None


@dataclass(frozen=True)
class FeatureOnly:
    """Worlds with a feature-only collective in each.

    Attributes:
        planted: what the platform sees.
        p: the floor of P0(y* in Y|x), but for texts of base mass q; shape (B,).
        q: base mass of the texts under it, shape (B,).
    """

    planted: Planted
    p: Floats
    q: Floats


def draw(
    generator: np.random.Generator,
    count: int,
    *,
    multi_label: bool,
    kind: Kind,
) -> FeatureOnly:
    """Feature-only collectives; ``kind`` settles who evades and whether some texts are low."""
    closeness = kind.closeness
    under = kind.variant.startswith("quantile")
    worlds, p, low = floored_worlds(generator, count, multi_label=multi_label, some_low=under)
    evasive = "evasive" in kind.variant
    # Joint closeness costs 1/p times as much as with labels: smaller ε there, or nothing is said.
    scale = p if closeness in ("joint_tv", "joint_contamination") else np.full(count, 0.45)
    epsilon = np.zeros(count)
    if closeness is not None:
        epsilon = 0.9 * scale * log_uniform(generator, 0.02, 1.0, count)
    numbers = {"p": p, "evasive": evasive, "epsilon": epsilon, "closeness": closeness}
    form = "sharp" if kind.variant == "sharp" else "printed"
    parts = quantile_terms(**numbers) if under else terms(form=form, **numbers)  # type: ignore[arg-type]
    lost = 1 - wanted(generator, count)
    if not under:
        # In every second world ξ is such that a share drawn first, large or small, is the one.
        share = np.where(np.arange(count) % 2, 1 - generator.random(count) ** 2, 0.0)
        fitting = xi_allowed_feature_only(1 - lost, share, form=form, **numbers)  # type: ignore[arg-type]
        usable = (fitting > 1e-5) & (fitting < 0.9)
        worlds = with_signal_mass(worlds, np.where(usable, fitting, worlds.xi))
    edge = edges(count)
    worlds = with_signal_mass(worlds, np.where(edge.unseen, 0.0, worlds.xi))
    q = np.minimum((worlds.base.sum(axis=2) * low).sum(axis=1), 1.0)
    alpha = near(generator, parts.share(np.maximum(lost - q, 0.0), worlds.xi))
    alpha = np.where(edge.everybody, 1.0, alpha)
    law = feature_only_law(worlds, alpha, away_from_signals(worlds, generator) if evasive else None)
    goal: Goal = "any" if multi_label else "top1"
    nobody_errs = np.zeros(count)
    planted = seen(
        worlds, goal, alpha, law, epsilon=epsilon, wrong=nobody_errs, margin=1 - nobody_errs
    )
    return FeatureOnly(planted, p, q)


def exact(drawn: FeatureOnly, kind: Kind) -> Floats:
    """S of the Bayes classifier, or of the worst platform that is ε-close."""
    case = drawn.planted
    if kind.closeness is None:
        return case.success
    return worst_case_success(
        case.lead, case.mass, case.weights, epsilon=case.epsilon, closeness=kind.closeness
    )


def bound(drawn: FeatureOnly, kind: Kind) -> Floats:
    """The form under trial."""
    case, variant = drawn.planted, kind.variant
    numbers = {"p": drawn.p, "xi": case.worlds.xi, "evasive": "evasive" in variant}
    if kind.closeness is not None:
        numbers |= {"epsilon": case.epsilon, "closeness": kind.closeness}
    if variant.startswith("quantile"):
        return feature_only_bound_quantile(case.alpha, q=drawn.q, **numbers)  # type: ignore[arg-type]
    form = "sharp" if variant == "sharp" else "printed"
    return feature_only_bound(case.alpha, form=form, **numbers)  # type: ignore[arg-type]


# Mutants.


def one_minus_floor(drawn: FeatureOnly) -> Floats:
    """1 − ((1−pα)/(pα))·(1−p)·ξ."""
    reach = drawn.p * drawn.planted.alpha
    return 1 - (1 - reach) / reach * (1 - drawn.p) * drawn.planted.worlds.xi


def as_if_evasive(drawn: FeatureOnly, kind: Kind) -> Floats:
    """The evasive form of the same bound, though nobody evades."""
    evasive: Variant = "quantile, evasive" if kind.variant == "quantile" else "evasive"
    return bound(drawn, replace(kind, variant=evasive))


def no_share(drawn: FeatureOnly, kind: Kind) -> Floats:
    """The division by α dropped."""
    most = 1 - drawn.q
    return most - drawn.planted.alpha * (most - bound(drawn, kind))


def no_floor(drawn: FeatureOnly, kind: Kind) -> Floats:
    """The division by p dropped."""
    most = 1 - drawn.q
    return most - drawn.p * (most - bound(drawn, kind))


def no_quantile(drawn: FeatureOnly, kind: Kind) -> Floats:
    """The mass q of the texts under the floor forgotten."""
    return bound(drawn, kind) + drawn.q


def quantile_as_floor(drawn: FeatureOnly, kind: Kind) -> Floats:
    """The bound for a floor at every text."""
    full: Variant = "evasive" if "evasive" in kind.variant else "printed"
    return bound(drawn, replace(kind, variant=full))


def no_epsilon(drawn: FeatureOnly, kind: Kind) -> Floats:
    """ε ignored."""
    return bound(drawn, replace(kind, closeness=None))


def slides(drawn: FeatureOnly, kind: Kind) -> Floats:
    """The error term printed on the slides, ε/(1−ε)."""
    return bound(drawn, replace(kind, closeness="slides"))


def budget_over_share(drawn: FeatureOnly, kind: Kind) -> Floats:
    """What ε costs feature-label, 2ε/α or ε/((1−ε)α), the division by p forgotten."""
    free = no_epsilon(drawn, kind)
    return free - (free - bound(drawn, kind)) * drawn.p


def _mutants(kind: Kind) -> dict[str, Callable[[FeatureOnly], Floats]]:
    mutants: dict[str, Callable[[FeatureOnly], Floats]] = {
        "not divided by α": partial(no_share, kind=kind),
        "not divided by p": partial(no_floor, kind=kind),
    }
    if "evasive" not in kind.variant:
        mutants["the evasive form, nobody evading"] = partial(as_if_evasive, kind=kind)
    if kind.variant.startswith("quantile"):
        mutants["q forgotten"] = partial(no_quantile, kind=kind)
        mutants["the quantile taken for a floor"] = partial(quantile_as_floor, kind=kind)
    elif kind.closeness is None and kind.variant != "evasive":
        mutants["((1−pα)/(pα))(1−p)ξ"] = one_minus_floor
    if kind.closeness is not None:
        mutants["ε ignored"] = partial(no_epsilon, kind=kind)
        mutants["slides' ε-term"] = partial(slides, kind=kind)
    if kind.closeness in ("joint_tv", "joint_contamination"):
        mutants["ε not divided by p"] = partial(budget_over_share, kind=kind)
    return mutants


def _trial(kind: Kind, *, multi_label: bool) -> Trial[FeatureOnly]:
    how = "" if kind.closeness is None else f"{kind.closeness}, "
    reading = "any" if multi_label else "one label"
    return Trial(
        name=f"feature-only {kind.variant}, {how}{reading}",
        source="Theorem 3" if kind == Kind("printed") else "derived",
        worlds=partial(draw, multi_label=multi_label, kind=kind),
        exact=partial(exact, kind=kind),
        bound=partial(bound, kind=kind),
        mutants=_mutants(kind),
    )


TRIALS: tuple[Trial[FeatureOnly], ...] = (
    *(_trial(Kind(variant), multi_label=sets) for variant in VARIANTS for sets in (False, True)),
    *(
        _trial(Kind(variant, closeness), multi_label=True)
        for closeness in VALID
        for variant in VARIANTS
    ),
)
