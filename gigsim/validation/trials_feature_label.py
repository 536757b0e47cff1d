"""Theorem 1 on trial: nominal, averaged, with wrong labels, and against the worst ε-close platform.

The mutants are the mistakes that one makes: the slides' error term where ε > 0, a mean of the gaps
with the wrong weights where the theorem has their maximum, the gap of the other reading, the share
of the collective forgotten, ε or the wrong labels ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from gigsim.theory.adversary import worst_case_success
from gigsim.theory.closeness import VALID, Closeness
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import feature_label_bound, feature_label_bound_averaged
from gigsim.validation.planting_worlds import (
    AVERAGES,
    READINGS,
    SINGLE,
    Average,
    Planted,
    Reading,
    average,
    draw_planted,
)
from gigsim.validation.trial import Trial

Mutants = Mapping[str, Callable[[Planted], Floats]]


def success(drawn: Planted) -> Floats:
    """S of the Bayes classifier."""
    return drawn.success


def worst(drawn: Planted, closeness: Closeness) -> Floats:
    """S of the worst platform that is ε-close."""
    return worst_case_success(
        drawn.lead, drawn.mass, drawn.weights, epsilon=drawn.epsilon, closeness=closeness
    )


def nominal(drawn: Planted) -> Floats:
    """Theorem 1 with the largest gap."""
    return _bound(drawn, _largest(drawn))


def averaged(drawn: Planted) -> Floats:
    """The averaged-gap form."""
    kappa = drawn.worlds.kappa(drawn.goal)
    return feature_label_bound_averaged(drawn.alpha, kappa=kappa, margin=drawn.margin)


def close(drawn: Planted, closeness: Closeness | None) -> Floats:
    """Theorem 1 for a platform that is ε-close."""
    return _bound(drawn, _largest(drawn), epsilon=drawn.epsilon, closeness=closeness)


def _bound(drawn: Planted, gap: Floats, **numbers: object) -> Floats:
    settings = {"margin": drawn.margin} | numbers
    return feature_label_bound(drawn.alpha, xi=drawn.worlds.xi, gap=gap, **settings)  # type: ignore[arg-type]


def _largest(drawn: Planted) -> Floats:
    return drawn.worlds.gap(drawn.goal)


def _odds(drawn: Planted) -> Floats:
    """B = (1−α)/α."""
    return (1 - drawn.alpha) / drawn.alpha


# Mutants. Each is an upper hand that nobody has.


def mean_gap(drawn: Planted, how: Average, closeness: Closeness | None = None) -> Floats:
    """ξ times a mean of the gaps over X* that does not weigh them by base mass."""
    gap = average(drawn.gaps(), drawn.worlds, how)
    return _bound(drawn, gap, epsilon=drawn.epsilon, closeness=closeness)


def no_share(drawn: Planted, closeness: Closeness | None = None) -> Floats:
    """The division by α dropped: 1 − (1−α)·Δ·ξ/μ for Bayes."""
    return 1 - drawn.alpha * (1 - close(drawn, closeness))


def other_reading(drawn: Planted) -> Floats:
    """The gap of the top label where ``any`` is asked for, and the other way round."""
    return _bound(drawn, drawn.worlds.gap("top1" if drawn.goal == "any" else "any"))


def no_wrong_labels(drawn: Planted) -> Floats:
    """All members taken to report y*."""
    return _bound(drawn, _largest(drawn), margin=1.0)


def half_the_wrong_labels(drawn: Planted) -> Floats:
    """μ = 1 − ω: what errs is missing, but not counted for a rival."""
    return _bound(drawn, _largest(drawn), margin=1 - drawn.wrong)


def slides(drawn: Planted) -> Floats:
    """The error term printed on the slides, ε/(1−ε)."""
    return _bound(drawn, _largest(drawn), epsilon=drawn.epsilon, closeness="slides")


def no_epsilon(drawn: Planted) -> Floats:
    """ε ignored."""
    return nominal(drawn)


def half_the_budget(drawn: Planted) -> Floats:
    """``joint_tv`` with ε/α in place of 2ε/α."""
    half = drawn.epsilon / 2
    return _bound(drawn, _largest(drawn), epsilon=half, closeness="joint_tv")


def budget_not_divided(drawn: Planted) -> Floats:
    """``joint_contamination`` with ε/α in place of ε/((1−ε)α)."""
    return nominal(drawn) - drawn.epsilon / (drawn.alpha * drawn.margin)


def push_untouched(drawn: Planted) -> Floats:
    """b·((1−ε)Δ + 2ε)·ξ, without the 1/(1−2ε) (μ = 1)."""
    gap = (1 - drawn.epsilon) * _largest(drawn) + 2 * drawn.epsilon
    return 1 - _odds(drawn) * gap * drawn.worlds.xi / drawn.margin


def rate_above_only(drawn: Planted, rate: Callable[[Floats], Floats]) -> Floats:
    """bξ(Δ + r)/μ in place of bξ(Δ + r)/(μ − r)."""
    gap = _largest(drawn) + rate(drawn.epsilon)
    return 1 - _odds(drawn) * gap * drawn.worlds.xi / drawn.margin


def rate_below_only(drawn: Planted, rate: Callable[[Floats], Floats]) -> Floats:
    """bξΔ/(μ − r) in place of bξ(Δ + r)/(μ − r)."""
    push = drawn.margin - rate(drawn.epsilon)
    return 1 - _odds(drawn) * _largest(drawn) * drawn.worlds.xi / push


def _means(closeness: Closeness | None = None) -> Mutants:
    return {
        f"ξ times the {name}": partial(mean_gap, how=how, closeness=closeness)
        for how, name in AVERAGES.items()
    }


_RATES: dict[Closeness, Callable[[Floats], Floats]] = {
    "conditional_tv": lambda epsilon: 2 * epsilon,
    "conditional_contamination": lambda epsilon: epsilon / (1 - epsilon),
    "additive_slack": lambda epsilon: epsilon,
}


def _of_reading(reading: Reading) -> Mutants:
    return {"gap of the other reading": other_reading} if reading.multi_label else {}


def _of_closeness(closeness: Closeness) -> Mutants:
    mutants: dict[str, Callable[[Planted], Floats]] = {
        "not divided by α": partial(no_share, closeness=closeness),
        **_means(closeness),
        "slides' ε-term": slides,
        "ε ignored": no_epsilon,
        "wrong labels ignored": partial(_careless, closeness=closeness),
    }
    if closeness == "joint_tv":
        mutants["ε/α for 2ε/α"] = half_the_budget
    elif closeness == "joint_contamination":
        mutants["ε/α for ε/((1−ε)α)"] = budget_not_divided
    else:
        mutants["ε not taken from what is planted"] = partial(
            rate_above_only, rate=_RATES[closeness]
        )
        mutants["ε not added to the gap"] = partial(rate_below_only, rate=_RATES[closeness])
    if closeness in ("conditional_tv", "conditional_contamination"):
        mutants["((1−ε)Δ + 2ε)ξ without 1/(1−2ε)"] = push_untouched
    return mutants


def _careless(drawn: Planted, closeness: Closeness) -> Floats:
    """Wrong labels ignored, ε not."""
    epsilon, gap = drawn.epsilon, _largest(drawn)
    return _bound(drawn, gap, margin=1.0, epsilon=epsilon, closeness=closeness)


def _nominal(reading: Reading) -> Trial[Planted]:
    return Trial(
        name=f"feature-label, {reading.name}",
        source="Theorem 1" if reading == SINGLE else "Theorem 1, on the question or the marginals",
        worlds=partial(draw_planted, reading=reading),
        exact=success,
        bound=nominal,
        mutants={"not divided by α": no_share, **_means(), **_of_reading(reading)},
    )


def _averaged(reading: Reading) -> Trial[Planted]:
    return Trial(
        name=f"feature-label averaged, {reading.name}",
        source="derived",
        worlds=partial(draw_planted, reading=reading, averaged=True),
        exact=success,
        bound=averaged,
        mutants={"not divided by α": no_share, **_means()},
    )


def _erring(reading: Reading) -> Trial[Planted]:
    return Trial(
        name=f"feature-label, wrong labels, {reading.name}",
        source="derived",
        worlds=partial(draw_planted, reading=reading, erring=True),
        exact=success,
        bound=nominal,
        mutants={
            "not divided by α": no_share,
            "wrong labels ignored": no_wrong_labels,
            "μ = 1 − ω": half_the_wrong_labels,
            **_means(),
        },
    )


def _close(reading: Reading, closeness: Closeness) -> Trial[Planted]:
    return Trial(
        name=f"feature-label, {closeness}, {reading.name}",
        source="derived",
        worlds=partial(draw_planted, reading=reading, closeness=closeness, erring=True),
        exact=partial(worst, closeness=closeness),
        bound=partial(close, closeness=closeness),
        mutants=_of_closeness(closeness),
    )


TRIALS: tuple[Trial[Planted], ...] = (
    *(_nominal(reading) for reading in READINGS),
    *(_averaged(reading) for reading in READINGS),
    *(_erring(reading) for reading in READINGS),
    *(_close(reading, closeness) for closeness in VALID for reading in READINGS),
)
