"""Finite worlds of collectives that unplant or erase, and the worst classifiers in them.

Nothing here knows a bound. Members' data points are moved to where the strategy sends them, P is
computed point by point, and an adversary picks among all classifiers that are ε-close to Bayes on P
the one that does the collective most harm. A tie goes to the adversary.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.closeness import Closeness
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import Goal
from gigsim.theory.worlds import Worlds

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Relabelled:
    """B worlds in which members report as they are told.

    Attributes:
        worlds: P0, label sets, g and y*; X* is where g leads, with or without the signal.
        goal: what success is about: the top label, or y* in the set.
        reported: what members are told to report when their text is x, shape (B, X): the column of
            ŷ (``top1``, or {ŷ} for ``any``), or whether to put y* in (``any`` with own labels).
        own_labels: do they keep their other labels (``any``)?
        moves: do they report g(x) (unplanting) or x (erasing)?
        alpha: share of members, shape (B,).
        epsilon: how far the classifier may be from Bayes, shape (B,).
        wrong_label: ω, the chance that another label is reported (own labels: the other answer).
    """

    worlds: Worlds
    goal: Goal
    reported: Ints
    own_labels: bool
    moves: bool
    alpha: Floats
    epsilon: Floats
    wrong_label: Floats

    @cached_property
    def texts(self) -> Floats:
        """P0(x), shape (B, X)."""
        return self.worlds.base.sum(axis=2)

    @cached_property
    def base_scores(self) -> Floats:
        """P0(x, l), shape (B, X, L) for ``top1``; P0(x, "no") and P0(x, "yes") for ``any``."""
        return self._scores(self.worlds.base)

    @cached_property
    def scores(self) -> Floats:
        """The same under P, shape (B, X, L) or (B, X, 2)."""
        chance = self._kernel()
        base = self.worlds.base
        said = np.einsum("bxs,bxst->bxt", base, chance, optimize=True)
        if self.moves:
            image = self.worlds.signal[:, :, None] == np.arange(base.shape[1])
            said = np.einsum("bxt,bxz->bzt", said, image.astype(np.float64), optimize=True)
        share = self.alpha[:, None, None]
        return self._scores(share * said + (1 - share) * base)

    def unplanted(self, closeness: Closeness = "additive_slack") -> Floats:
        """Worst-case Pr{f(g(x)) ≠ y*}, shape (B,)."""
        weights = self.worlds.weights
        column = np.ones_like(self.worlds.target) if self.goal == "any" else self.worlds.target
        price = np.take_along_axis(self.prices(closeness), column[:, None, None], axis=2)[..., 0]
        if not closeness.startswith("joint"):
            return (weights * (price > self._budget(closeness))).sum(axis=1)
        subsets = _subsets(price.shape[1])
        affordable = price @ subsets.T <= self._budget(closeness)
        return 1 - np.where(affordable, weights @ subsets.T, 0.0).max(axis=1)

    def erased(self, closeness: Closeness = "additive_slack") -> Floats:
        """Worst-case Pr{f(x) = f(g(x))}, shape (B,).

        A text without the signal always agrees with itself. One with it disagrees if its label can
        be made to differ from the one that its cleaned text is given; the label of a cleaned text
        serves all texts that are cleaned into it, so it is chosen for them together.
        """
        price = self.prices(closeness)
        signal, inside = self.worlds.signal, self.worlds.in_signal_set
        labels = price.shape[2]
        # What it takes for x to have any label but f: the cheapest of the others.
        others = np.where(np.eye(labels, dtype=bool), np.inf, price[:, :, None, :]).min(axis=3)
        carries = np.where(inside, 0.0, self.texts)
        if not closeness.startswith("joint"):
            limit = self._budget(closeness)[..., None]
            lost = np.where(others <= limit, carries[..., None], 0.0)
            together = pushed_onto(signal, lost)
            return 1 - np.where(price <= limit, together, 0.0).max(axis=2).sum(axis=1)
        subsets = _subsets(price.shape[1])
        image = (signal[:, :, None] == np.arange(price.shape[1])) & ~inside[..., None]
        bill = np.einsum("dx,bxz,bxf->bdzf", subsets, image, others, optimize=True)
        cost = (bill + price[:, None]).min(axis=3)
        # Cleaned texts only; none of them costs anything unless a text of its own is to fail.
        total = np.where(inside[:, None], cost, 0.0).sum(axis=2)
        affordable = total <= self._budget(closeness)
        return 1 - np.where(affordable, carries @ subsets.T, 0.0).max(axis=1)

    def prices(self, closeness: Closeness) -> Floats:
        """Mass of P that has to be changed at x for label l to win (or tie), shape of ``scores``.

        Moving half of the lead from the leader closes it under TV. Where several labels lead, one
        label a resume, more is needed at a given x: all of them are to be cut to the level that the
        label reaches. Under joint TV mass may come from elsewhere, so that half of the lead is kept
        as the price there, and for label sets too: never more than any real adversary pays.
        """
        lead = self.scores.max(axis=2, keepdims=True) - self.scores
        one_label = self.goal == "top1" and bool((self.worlds.sets.sum(axis=1) == 1).all())
        if closeness == "conditional_tv" and one_label:
            level = -np.sort(-self.scores, axis=2).cumsum(axis=2)[:, :, None, :]
            count = np.arange(1, self.scores.shape[2] + 1)
            cut = (level - count * self.scores[..., None]) / (count + 1)
            return np.maximum(cut.max(axis=3), 0.0)
        return lead / 2 if closeness.endswith("tv") else lead

    def _budget(self, closeness: Closeness) -> Floats:
        """What may be spent in all, shape (B, 1), or at each text, shape (B, X)."""
        slack = self.epsilon[:, None]
        if closeness.endswith("contamination"):
            slack = slack / (1 - slack)
        # P(x) is P0's where members do not move; where they do, it is read off the scores.
        return slack if closeness.startswith("joint") else slack * self._masses()

    def _masses(self) -> Floats:
        """P(x), shape (B, X)."""
        if not self.moves:
            return self.texts
        share = self.alpha[:, None]
        return share * self.worlds.weights + (1 - share) * self.texts

    def _scores(self, law: Floats) -> Floats:
        marginals = law @ self.worlds.sets.astype(np.float64)
        if self.goal == "top1":
            return marginals
        own = np.take_along_axis(marginals, self.worlds.target[:, None, None], axis=2)[..., 0]
        return np.stack([law.sum(axis=2) - own, own], axis=2)

    def _kernel(self) -> Floats:
        """Chance that a member with text x and label set s reports t, shape (B, X, S, S)."""
        sets, wrong = self.worlds.sets, self.wrong_label[:, None]
        count, labels = sets.shape
        number = {tuple(row): s for s, row in enumerate(sets.tolist())}
        if not self.own_labels:
            place = [number[tuple(row)] for row in np.eye(labels, dtype=bool).tolist()]
            told = self.reported[..., None] == np.arange(labels)
            said = np.zeros((*self.reported.shape, count))
            said[..., place] = np.where(told, 1 - wrong[..., None], wrong[..., None] / (labels - 1))
            return np.broadcast_to(said[:, :, None, :], (*self.reported.shape, count, count))
        # The set with y* taken out and put in: onto[l, s, 0 or 1] is its number.
        onto = np.empty((labels, count, 2), dtype=np.int64)
        for label in range(labels):
            for s, row in enumerate(sets.tolist()):
                for put in (False, True):
                    changed = tuple(put if i == label else held for i, held in enumerate(row))
                    onto[label, s, int(put)] = number[changed]
        both = np.eye(count)[onto[self.worlds.target]][:, None]
        yes = np.where(self.reported == 1, 1 - wrong, wrong)[..., None, None]
        return yes * both[:, :, :, 1] + (1 - yes) * both[:, :, :, 0]


def pushed_onto(signal: NDArray[np.int64], values: Floats) -> Floats:
    """Sums over the texts that g leads to z, shape (B, Z, ...) from (B, X, ...)."""
    image = (signal[:, :, None] == np.arange(signal.shape[1])).astype(np.float64)
    return np.einsum("bxz,bxf->bzf", image, values, optimize=True)


def _subsets(features: int) -> Floats:
    """All subsets, shape (2^X, X), 0 or 1."""
    return ((np.arange(2**features)[:, None] >> np.arange(features)) & 1).astype(np.float64)
