"""Members who are not a random draw, on trial: the bounds of ``theory.selected``.

Success is over the whole population, the platform sees the members' texts planted and the others'
labels against them. The mutants are Theorem 1 as it stands, and half-way houses to the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from gigsim.theory.adversary import worst_case_success
from gigsim.theory.closeness import VALID, Closeness
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import feature_label_bound
from gigsim.theory.selected import (
    feature_label_bound_selected,
    feature_label_bound_selected_distance,
)
from gigsim.theory.selected_worlds import SelectedWorlds, random_selected_worlds
from gigsim.theory.worlds import Worlds
from gigsim.theory.wrong_labels import wrong_label_margin
from gigsim.validation.planting_worlds import (
    AVERAGES,
    READINGS,
    SINGLE,
    Average,
    Planted,
    Reading,
    average,
    base_worlds,
    conditional_gaps,
    edges,
    erring_planted,
    log_uniform,
    seen,
    wanted,
    with_signal_mass,
)
from gigsim.validation.trial import Trial

Form = Literal["ratio", "distance"]


@dataclass(frozen=True)
class Selected:
    """Worlds with their members and what the platform sees.

    Attributes:
        who: population, members and the rest.
        planted: the collective as the platform sees it.
    """

    who: SelectedWorlds
    planted: Planted


def draw(
    generator: np.random.Generator,
    count: int,
    *,
    reading: Reading,
    form: Form,
    closeness: Closeness | None = None,
) -> Selected:
    """Collectives that a random rule selected, half of them with members who err."""
    population = base_worlds(generator, count, multi_label=reading.multi_label)
    wrong = np.where(np.arange(count) % 4 < 2, 0.0, generator.uniform(0.01, 0.4, count))
    margin = np.asarray(wrong_label_margin(wrong, reading.goal, population.sets.shape[1]))
    epsilon = np.zeros(count)
    if closeness is not None:
        epsilon = 0.45 * margin * log_uniform(generator, 1e-3, 1.0, count)
    strength = np.where(generator.random(count) < 0.5, 1.0, generator.random(count) ** 2)
    most = log_uniform(generator, 0.02, 0.98, count)
    who = random_selected_worlds(generator, population, strength=strength, most=most)
    # All cannot be members here, and ties among others would not stay ties.
    unseen = edges(count).unseen

    # What a bound loses is all but proportional to the base mass of the signal: settle that last.
    scale = (1 - wanted(generator, count)) / generator.uniform(0.7, 1.0, count)
    scale = np.where(np.arange(count) % 3 == 0, scale, 1 - wanted(generator, count))
    for _ in range(2):
        now = _bound(who, form, who.rest, reading, margin)
        xi = np.clip(who.population.xi * scale / np.maximum(1 - now, 1e-9), 1e-5, 0.6)
        xi[unseen] = 1e-5
        who = SelectedWorlds(with_signal_mass(who.population, xi), who.joins)

    who = SelectedWorlds(
        with_signal_mass(who.population, np.where(unseen, 0.0, who.population.xi)), who.joins
    )
    alpha = who.alpha
    law = alpha[:, None, None] * erring_planted(who.members, wrong, reading.label_sets)
    law += (1 - alpha)[:, None, None] * who.rest.base
    numbers = {"epsilon": epsilon, "wrong": wrong, "margin": margin}
    return Selected(who, seen(who.population, reading.goal, alpha, law, **numbers))


def _bound(
    who: SelectedWorlds,
    form: Form,
    against: Worlds,
    reading: Reading | Planted,
    margin: Floats,
    epsilon: Floats | float = 0.0,
    closeness: Closeness | None = None,
    gap: Floats | None = None,
) -> Floats:
    """The bound with ξ and Δ of these worlds, or another gap."""
    numbers = {
        "xi": np.minimum(against.xi, 1.0),
        "gap": against.gap(reading.goal) if gap is None else gap,
        "margin": margin,
        "epsilon": epsilon,
        "closeness": closeness,
    }
    if form == "ratio":
        return feature_label_bound_selected(who.alpha, ratio=who.ratio, **numbers)  # type: ignore[arg-type]
    return feature_label_bound_selected_distance(who.alpha, distance=who.distance, **numbers)  # type: ignore[arg-type]


def exact(drawn: Selected, closeness: Closeness | None) -> Floats:
    """S over the population, of the Bayes classifier or the worst that is ε-close."""
    case = drawn.planted
    if closeness is None:
        return case.success
    return worst_case_success(
        case.lead, case.mass, case.weights, epsilon=case.epsilon, closeness=closeness
    )


def bound(drawn: Selected, form: Form, closeness: Closeness | None) -> Floats:
    """The form under trial."""
    case = drawn.planted
    return _bound(drawn.who, form, drawn.who.rest, case, case.margin, case.epsilon, closeness)


# Mutants.


def theorem_1(drawn: Selected, closeness: Closeness | None, whose: str) -> Floats:
    """Theorem 1 as if members were drawn at random, with ξ and Δ of P0 or of the rest."""
    case = drawn.planted
    against = drawn.who.rest if whose == "rest" else drawn.who.population
    return feature_label_bound(
        case.alpha,
        xi=against.xi,
        gap=against.gap(case.goal),
        margin=case.margin,
        epsilon=case.epsilon,
        closeness=closeness,
    )


def population_for_rest(drawn: Selected, form: Form, closeness: Closeness | None) -> Floats:
    """ξ and Δ of everybody in place of those who did not join."""
    case, who = drawn.planted, drawn.who
    return _bound(who, form, who.population, case, case.margin, case.epsilon, closeness)


def no_epsilon(drawn: Selected, form: Form) -> Floats:
    """ε ignored."""
    return _bound(drawn.who, form, drawn.who.rest, drawn.planted, drawn.planted.margin)


def no_share(drawn: Selected, form: Form, closeness: Closeness | None) -> Floats:
    """The division by α dropped."""
    most = 1.0 if form == "ratio" else 1 - drawn.who.distance
    return most - drawn.planted.alpha * (most - bound(drawn, form, closeness))


def mean_gap(drawn: Selected, form: Form, closeness: Closeness | None, how: Average) -> Floats:
    """ξ of the rest times a mean of its gaps over X* that does not weigh them by base mass."""
    case, who = drawn.planted, drawn.who
    gap = average(conditional_gaps(who.rest, case.goal), who.population, how)
    return _bound(who, form, who.rest, case, case.margin, case.epsilon, closeness, gap)


def _trial(reading: Reading, form: Form, closeness: Closeness | None = None) -> Trial[Selected]:
    kind = "" if closeness is None else f"{closeness}, "
    mutants: dict[str, Callable[[Selected], Floats]] = {
        "Theorem 1 for random members": partial(theorem_1, closeness=closeness, whose="everybody"),
        f"{form} forgotten": partial(theorem_1, closeness=closeness, whose="rest"),
        "ξ and Δ of everybody": partial(population_for_rest, form=form, closeness=closeness),
        "not divided by α": partial(no_share, form=form, closeness=closeness),
        **{
            f"ξ times the {name}": partial(mean_gap, form=form, closeness=closeness, how=how)
            for how, name in AVERAGES.items()
        },
    }
    if closeness is not None:
        mutants["ε ignored"] = partial(no_epsilon, form=form)
    return Trial(
        name=f"feature-label, selected members, {form}, {kind}{reading.name}",
        source="derived",
        worlds=partial(draw, reading=reading, form=form, closeness=closeness),
        exact=partial(exact, closeness=closeness),
        bound=partial(bound, form=form, closeness=closeness),
        mutants=mutants,
    )


_FORMS: tuple[Form, ...] = ("ratio", "distance")

TRIALS: tuple[Trial[Selected], ...] = (
    *(_trial(reading, form) for form in _FORMS for reading in READINGS),
    *(_trial(SINGLE, form, closeness) for form in _FORMS for closeness in VALID),
)
