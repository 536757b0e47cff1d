"""Random worlds with a collective that plants, and everything that bounds and adversaries ask.

Worlds are drawn where a bound has something to say: base mass on the signal set over several orders
of magnitude, and a share at which the bound under trial is U², U uniform, so that its foot, where
it is tightest, is visited most. In every third world the share lies just *under* the foot: the
bound says nothing there, but a mutant that promises more may, and with a single signal point it is
wrong at once. Where no share gives the success wanted, α is uniform. A world in sixteen lies on an
edge (:func:`edges`): nobody carries the signal, nothing stands against y*, or all are members.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.closeness import Closeness
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import Goal, LabelSets, critical_mass
from gigsim.theory.worlds import Worlds, random_worlds
from gigsim.theory.wrong_labels import wrong_label_margin

FEATURES = 6
#: One world in so many is on each of the three edges.
_EDGE = 48


class Reading(NamedTuple):
    """One label a resume or sets of them, what success is, what members do to their set."""

    multi_label: bool
    goal: Goal
    label_sets: LabelSets

    @property
    def name(self) -> str:
        """For the names of trials."""
        if not self.multi_label:
            return "one label"
        how = "replaced" if self.label_sets == "replace" else "extended"
        return f"{'top-1' if self.goal == 'top1' else 'any'}, {how} sets"


SINGLE = Reading(False, "top1", "replace")
ANY = Reading(True, "any", "replace")
#: Whatever Theorem 1 covers.
READINGS = (SINGLE, Reading(True, "top1", "replace"), ANY, Reading(True, "any", "extend"))


@dataclass(frozen=True)
class Planted:
    """Worlds, a collective in each, and what the platform sees of it.

    Attributes:
        worlds: P0, the signal map and the target; B worlds with X features.
        goal: the reading of success.
        alpha: shape (B,).
        epsilon: how far the platform may be from Bayes, shape (B,).
        wrong: ω, shape (B,).
        margin: μ, shape (B,).
        lead: M(x), by how much mass y* leads under P, shape (B, X).
        mass: P(x), shape (B, X).
    """

    worlds: Worlds
    goal: Goal
    alpha: Floats
    epsilon: Floats
    wrong: Floats
    margin: Floats
    lead: Floats
    mass: Floats

    @property
    def weights(self) -> Floats:
        """G(x), shape (B, X)."""
        return self.worlds.weights

    @property
    def success(self) -> Floats:
        """S of the Bayes classifier, shape (B,)."""
        return (self.weights * (self.lead > 0)).sum(axis=1)

    def gaps(self, goal: Goal | None = None) -> Floats:
        """Δ_x⁺ under P0, 0 off X*, shape (B, X); for the reading under trial or another one."""
        return conditional_gaps(self.worlds, goal or self.goal)


def conditional_gaps(worlds: Worlds, goal: Goal) -> Floats:
    """Δ_x⁺ at each signal point with base mass, 0 elsewhere, shape (B, X)."""
    mass = worlds.base.sum(axis=2)
    known = worlds.in_signal_set & (mass > 0)
    deficits = np.maximum(worlds.deficits(goal), 0.0)
    return np.where(known, deficits / np.where(known, mass, 1.0), 0.0)


Average = Literal["unweighted", "by planted mass"]
AVERAGES: dict[Average, str] = {
    "unweighted": "unweighted mean gap",
    "by planted mass": "mean gap by planted mass",
}


def average(gaps: Floats, worlds: Worlds, how: Average) -> Floats:
    """A mean of the gaps over X* that does not weigh them by base mass, shape (B,)."""
    points = worlds.in_signal_set.astype(np.float64)
    weights = points if how == "unweighted" else worlds.weights
    return np.minimum((weights * gaps).sum(axis=1) / weights.sum(axis=1), 1.0)


def log_uniform(generator: np.random.Generator, low: float, high: float, count: int) -> Floats:
    """Numbers whose logarithms are uniform, shape (count,)."""
    return np.asarray(np.exp(generator.uniform(np.log(low), np.log(high), count)))


def base_worlds(generator: np.random.Generator, count: int, *, multi_label: bool) -> Worlds:
    """Random worlds whose signal set has a base mass between 0.1 % and 40 %.

    In half of those with label sets y* is rarer, down to a thousandth: where members keep their own
    labels, only one in whose set y* is not can be said to plant against himself when he errs.
    """
    worlds = random_worlds(
        generator, count, features=FEATURES, labels=3 if multi_label else 4, multi_label=multi_label
    )
    worlds = replace(worlds, signal=often_one_point(generator, worlds))
    if multi_label:
        rarer = log_uniform(generator, 1e-3, 1.0, count)
        rarer[::2] = 1.0
        has = worlds.sets[:, worlds.target].T[:, None, :]
        base = np.where(has, rarer[:, None, None], 1.0) * worlds.base
        worlds = replace(worlds, base=base / base.sum(axis=(1, 2), keepdims=True))
    return with_signal_mass(worlds, log_uniform(generator, 1e-3, 0.4, count))


def often_one_point(generator: np.random.Generator, worlds: Worlds) -> NDArray[np.int64]:
    """The signal maps, those of a third of the worlds made constant: there bounds are tight."""
    first = worlds.in_signal_set.argmax(axis=1)[:, None]
    chosen = generator.random((len(worlds), 1)) < 1 / 3
    return np.where(chosen, first, worlds.signal)


def with_signal_mass(worlds: Worlds, xi: Floats) -> Worlds:
    """The same worlds with P0(X*) = ξ, shape (B,)."""
    inside = worlds.in_signal_set[:, :, None]
    found = worlds.xi[:, None, None]
    wanted = xi[:, None, None]
    scale = np.where(inside, wanted / found, (1 - wanted) / (1 - found))
    return replace(worlds, base=worlds.base * scale)


def draw_planted(
    generator: np.random.Generator,
    count: int,
    *,
    reading: Reading,
    closeness: Closeness | None = None,
    erring: bool = False,
    averaged: bool = False,
) -> Planted:
    """Feature-label collectives.

    Args:
        generator: source of all randomness.
        count: B.
        reading: see :class:`Reading`.
        closeness: draws an ε if given.
        erring: members report wrong labels, in all worlds; with a closeness in half of them.
        averaged: α is drawn for the averaged form of the bound.
    """
    worlds = base_worlds(generator, count, multi_label=reading.multi_label)
    worlds = on_edges(generator, worlds)
    wrong = np.zeros(count)
    if erring:
        wrong = generator.uniform(0.01, 0.45, count)
        if closeness is not None:
            wrong[: count // 2] = 0.0
    margin = np.asarray(wrong_label_margin(wrong, reading.goal, worlds.sets.shape[1]))
    epsilon = np.zeros(count)
    if closeness is not None:
        epsilon = 0.45 * margin * log_uniform(generator, 1e-3, 1.0, count)
    carried = np.where(worlds.xi > 0, worlds.xi, 1.0)
    gap = worlds.kappa(reading.goal) / carried if averaged else worlds.gap(reading.goal)
    share = critical_mass(
        wanted(generator, count),
        xi=worlds.xi,
        gap=gap,
        margin=margin,
        epsilon=epsilon,
        closeness=closeness,
    )
    alpha = np.where(edges(count).everybody, 1.0, near(generator, share))
    law = erring_law(worlds, alpha, wrong, reading.label_sets)
    return seen(worlds, reading.goal, alpha, law, epsilon=epsilon, wrong=wrong, margin=margin)


class Edges(NamedTuple):
    """Which worlds are on an edge, bool, shape (B,) each.

    Attributes:
        unseen: nobody carries the signal, ξ = 0.
        unopposed: nothing stands against the collective at a signal point, Δ = 0 or τ = 0.
        everybody: α = 1.
    """

    unseen: NDArray[np.bool_]
    unopposed: NDArray[np.bool_]
    everybody: NDArray[np.bool_]


def edges(count: int) -> Edges:
    """One world in 48 is on each edge."""
    place = np.arange(count) % _EDGE
    return Edges(place == 1, place == _EDGE // 3 + 2, place == 2 * _EDGE // 3 + 3)


def on_edges(generator: np.random.Generator, worlds: Worlds) -> Worlds:
    """The same worlds, some with ξ = 0, some with Δ = 0.

    At signal points with Δ = 0 one half has y* alone, the other half some other label alone: a tie,
    the most that may stand against y* there.
    """
    edge = edges(len(worlds))
    worlds = with_signal_mass(worlds, np.where(edge.unseen, 0.0, worlds.xi))
    labels = worlds.sets.shape[1]
    other = (worlds.target + generator.integers(1, labels, len(worlds))) % labels
    alone = worlds.sets.sum(axis=1) == 1
    tied = sum(
        worlds.sets[:, label].T[:, None, :] * (alone / 2) for label in (worlds.target, other)
    )
    tied = worlds.base.sum(axis=2, keepdims=True) * tied
    changed = edge.unopposed[:, None, None] & worlds.in_signal_set[:, :, None]
    return replace(worlds, base=np.where(changed, tied, worlds.base))


def wanted(generator: np.random.Generator, count: int) -> Floats:
    """The bound to draw a share for: U², and 0 in every third world; :func:`near` lowers those."""
    return np.where(_third(count), 0.0, generator.random(count) ** 2)


def near(generator: np.random.Generator, share: Floats) -> Floats:
    """The share at which the bound is as wanted, in every third world up to 30 % less.

    A uniform one where there is none. Over 0 and at most 1.
    """
    less = np.where(_third(len(share)), generator.uniform(0.7, 1.0, len(share)), 1.0)
    other = generator.uniform(0.001, 1.0, len(share))
    return np.where((share > 1e-6) & (share <= 1), share * less, other)


def _third(count: int) -> NDArray[np.bool_]:
    return np.arange(count) % 3 == 0


def seen(
    worlds: Worlds,
    goal: Goal,
    alpha: Floats,
    law: Floats,
    *,
    epsilon: Floats,
    wrong: Floats,
    margin: Floats,
) -> Planted:
    """The collective as the platform sees it under this law P, shape (B, X, S)."""
    lead, mass = -worlds.deficits(goal, law), law.sum(axis=2)
    return Planted(worlds, goal, alpha, epsilon, wrong, margin, lead, mass)


def erring_law(worlds: Worlds, alpha: Floats, wrong: Floats, label_sets: LabelSets) -> Floats:
    """P where a member claims another label than y* with probability ω, uniformly."""
    planted = erring_planted(worlds, wrong, label_sets)
    return alpha[:, None, None] * planted + (1 - alpha)[:, None, None] * worlds.base


def erring_planted(worlds: Worlds, wrong: Floats, label_sets: LabelSets) -> Floats:
    """P* of the same members."""
    if not wrong.any():
        return worlds.planted(label_sets)
    labels = worlds.sets.shape[1]
    planted = np.zeros_like(worlds.base)
    for claimed in range(labels):
        chance = np.where(worlds.target == claimed, 1 - wrong, wrong / (labels - 1))
        said = replace(worlds, target=np.full(len(worlds), claimed))
        planted += chance[:, None, None] * said.planted(label_sets)
    return planted
