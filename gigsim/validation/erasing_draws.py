"""Random worlds of collectives that unplant or erase, hard ones, and shares at which bounds speak.

Shares are drawn above the foot of the bound, and ε so that it leaves something: otherwise most
worlds would be wasted on promises of nothing. A few worlds lie on edges
(``planting_worlds.edges``): ξ = 0 (unplanting; erasing needs to have seen what texts are cleaned
into), Δ = 0 or τ = 0, α = 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gigsim.theory.closeness import Closeness
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import Goal
from gigsim.theory.worlds import Worlds, random_worlds
from gigsim.validation.erasing_numbers import (
    deficits,
    erasing_push,
    gaps,
    kappa,
    mean_moved,
    reach,
    unplanting_push,
)
from gigsim.validation.erasing_worlds import Ints, Relabelled
from gigsim.validation.planting_worlds import edges, with_signal_mass

Draw = Callable[[np.random.Generator, int], Relabelled]


class Reading(NamedTuple):
    """What success is about and what members report."""

    name: str
    goal: Goal
    sets: bool
    own_labels: bool = False
    adaptive: bool = False


def _spent(allowed: Floats, closeness: Closeness) -> Floats:
    """The ε whose cost is ``allowed`` of lead."""
    if closeness.endswith("contamination"):
        return allowed / (1 + allowed)
    return allowed / 2 if closeness.endswith("tv") else allowed


def _above_the_foot(against: Floats, chance: Floats) -> Floats:
    """α between the foot of 1 − bκ and 1, even in log α: small collectives are the hard ones."""
    foot = np.maximum(against / (1 + against), 1e-4)
    return np.where(edges(len(foot)).everybody, 1.0, foot ** (1 - chance))


def unplanting_worlds(
    reading: Reading, *, averaged: bool, closeness: Closeness | None = None, wrong: bool = False
) -> Draw:
    """Worlds in which the bound lies in (0, 1), or nearly always."""

    def draw(generator: np.random.Generator, count: int) -> Relabelled:
        w = _signed_worlds(
            generator,
            count,
            goal=reading.goal,
            label_sets=reading.sets,
            own_labels=reading.own_labels,
            adaptive=reading.adaptive,
        )
        chance = generator.random((3, count))
        if wrong:
            w = replace(w, wrong_label=0.4 * chance[2])
        against = kappa(w) if averaged else gaps(w).max(axis=1) * w.worlds.xi
        against = against / unplanting_push(w)
        alpha = _above_the_foot(against, chance[0])
        if closeness is None:
            return replace(w, alpha=alpha)
        room = alpha - (1 - alpha) * against
        if not closeness.startswith("joint"):
            room = room / (alpha + (1 - alpha) * w.worlds.xi)
        return replace(w, alpha=alpha, epsilon=_spent(chance[1] * room, closeness))

    return draw


def erasing_worlds(
    reading: Reading, *, averaged: bool, closeness: Closeness | None = None, wrong: bool = False
) -> Draw:
    """The same for erasing; ``averaged`` lets members report any label now and then."""

    def draw(generator: np.random.Generator, count: int) -> Relabelled:
        w = _cleanable_worlds(
            generator,
            count,
            goal=reading.goal,
            label_sets=reading.sets,
            own_labels=reading.own_labels,
            any_label=averaged,
        )
        chance = generator.random((3, count))
        if wrong:
            w = replace(w, wrong_label=0.4 * chance[2])
        push = erasing_push(w)
        against = (sum(deficits(w)) if averaged else 2 * mean_moved(w)) / push
        alpha = _above_the_foot(against, chance[0])
        if closeness is None:
            return replace(w, alpha=alpha)
        room = alpha - (1 - alpha) * against
        if closeness.startswith("joint"):
            room = room / np.maximum(1, reach(w))
        return replace(w, alpha=alpha, epsilon=_spent(chance[1] * room, closeness))

    return draw


def _signed_worlds(
    generator: np.random.Generator,
    count: int,
    *,
    goal: Goal,
    label_sets: bool,
    own_labels: bool,
    adaptive: bool,
) -> Relabelled:
    """Worlds for unplanting: y* is what most signal-bearing texts have, or any label.

    ŷ is a random other label for all texts, or the best one at each signal point (``adaptive``).
    """
    worlds = random_worlds(generator, count, labels=3 if label_sets else 4, multi_label=label_sets)
    labels = worlds.sets.shape[1]
    marginals = worlds.base @ worlds.sets.astype(np.float64)
    leading = (marginals * worlds.in_signal_set[..., None]).sum(axis=1).argmax(axis=1)
    target = np.where(generator.random(count) < 0.8, leading, worlds.target)
    worlds = replace(worlds, target=target)
    step = generator.integers(1, labels, size=(count, 1))
    reported = np.broadcast_to((target[:, None] + step) % labels, worlds.signal.shape)
    if adaptive:
        mine = np.arange(labels) == target[:, None, None]
        best = np.where(mine, -1.0, marginals).argmax(axis=2)
        reported = np.take_along_axis(best, worlds.signal, axis=1)
    if own_labels:
        reported = np.zeros_like(worlds.signal)
    zero = np.zeros(count)
    worlds = _unopposed(worlds, goal, reported)
    worlds = with_signal_mass(worlds, np.where(edges(count).unseen, 0.0, worlds.xi))
    return Relabelled(worlds, goal, reported, own_labels, True, zero, zero, zero)


def _unopposed(worlds: Worlds, goal: Goal, reported: Ints) -> Worlds:
    """The same worlds, in some of which y* is tied with ŷ at every signal point.

    Half has y* alone; the other half ŷ alone, or where the question is y* any other label.
    """
    labels = np.arange(worlds.sets.shape[1])
    told = reported if goal == "top1" else (worlds.target[:, None] + 1) % len(labels)
    told = np.broadcast_to(told, reported.shape)
    alone = np.array([(worlds.sets == (labels == label)).all(axis=1) for label in labels])
    tied = (alone[worlds.target][:, None] + alone[told].astype(np.float64)) / 2
    tied = worlds.base.sum(axis=2, keepdims=True) * tied
    changed = edges(len(worlds)).unopposed[:, None, None] & worlds.in_signal_set[:, :, None]
    return replace(worlds, base=np.where(changed, tied, worlds.base))


def _cleanable_worlds(
    generator: np.random.Generator,
    count: int,
    *,
    goal: Goal,
    label_sets: bool,
    own_labels: bool,
    any_label: bool,
) -> Relabelled:
    """Worlds for erasing: labels at x are those at g(x), more or less changed by the signal.

    ŷ is the most likely label of the cleaned text, or now and then any label (``any_label``). Many
    worlds have nearly equal labels, where the factor 2 of the theorem comes from.
    """
    plain = random_worlds(generator, count, labels=3 if label_sets else 4, multi_label=label_sets)
    texts = generator.gamma(0.4, size=plain.signal.shape) + 1e-6
    texts /= texts.sum(axis=1, keepdims=True)
    # In every other world there are only two answers: one loses what the other gains.
    numbers = np.arange(len(plain.sets))
    one = generator.integers(0, len(numbers), size=(count, 1, 1))
    step = generator.integers(1, len(numbers), size=(count, 1, 1))
    two = len(numbers) - 1 - one if label_sets else (one + step) % len(numbers)
    possible = (numbers == one) | (numbers == two) | (generator.random((count, 1, 1)) < 0.5)
    law = generator.gamma(0.5, size=(*texts.shape, len(plain.sets))) * possible + 1e-12 * possible
    law /= law.sum(axis=2, keepdims=True)
    scale = 10 ** (-2 * generator.random((count, 1, 1)))
    # Leads of cleaned texts no larger than what the signal changes, or nothing would ever fail.
    level = 1 - scale * generator.random((count, 1, 1)) ** 2
    even = level * possible / possible.sum(axis=2, keepdims=True) + (1 - level) * law
    cleaned = np.take_along_axis(even, plain.signal[..., None], axis=1)
    change = scale * generator.random((*texts.shape, 1)) ** 2
    # In every other world the signal says the same wherever it is, so that all fail together.
    alike = generator.random((count, 1, 1)) < 0.5
    change, law = np.where(alike, change[:, :1], change), np.where(alike, law[:, :1], law)
    change = np.where(edges(count).unopposed[:, None, None], 0.0, change)
    mixed = np.where(plain.in_signal_set[..., None], cleaned, (1 - change) * cleaned + change * law)
    worlds = replace(plain, base=texts[..., None] * mixed)
    told = Relabelled(worlds, goal, plain.signal, own_labels, False, *(np.zeros((3, count))))
    best = (told.base_scores / texts[..., None]).argmax(axis=2)
    if any_label:
        stray = generator.random(best.shape) < generator.random((count, 1))
        best = np.where(stray, generator.integers(0, told.base_scores.shape[2], best.shape), best)
    return replace(told, reported=np.take_along_axis(best, worlds.signal, axis=1))
