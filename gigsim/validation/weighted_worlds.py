"""Platforms that weight their rows: draws on which bounds at the effective share are tried."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigsim.theory.gaps import Floats
from gigsim.theory.reweighting import effective_share, effective_share_upweighted
from gigsim.theory.worlds import Worlds, random_worlds


@dataclass(frozen=True)
class Weighted:
    """A platform that weights rows: finite worlds with one label a resume, planted by a collective.

    Attributes:
        worlds: B worlds.
        alpha: share of the collective, shape (B,).
        own: weights of members' rows, shape (B, X, S).
        other: weights of the others' rows, shape (B, X, S).
        effective: α_eff, shape (B,).
    """

    worlds: Worlds
    alpha: Floats
    own: Floats
    other: Floats
    effective: Floats

    def success(self) -> Floats:
        """S of the Bayes classifier of the weighted rows."""
        share = self.alpha[:, None, None]
        law = share * self.own * self.worlds.planted() + (1 - share) * self.other * self.worlds.base
        law = law / law.sum(axis=(1, 2), keepdims=True)
        return ((self.worlds.deficits(law=law) < 0) * self.worlds.weights).sum(axis=-1)

    @property
    def base(self) -> Worlds:
        """The worlds with the re-weighted base law."""
        law = self.other * self.worlds.base
        law = law / law.sum(axis=(1, 2), keepdims=True)
        return Worlds(law, self.worlds.sets, self.worlds.signal, self.worlds.target)

    @property
    def ratio(self) -> Floats:
        """ρ = min over X* of the planted mass as weighted over the planted mass."""
        law = self.own * self.worlds.planted()
        seen = law.sum(axis=2) / law.sum(axis=(1, 2))[:, None]
        due = self.worlds.weights
        return np.where(due > 0, seen / np.where(due > 0, due, 1.0), np.inf).min(axis=1)


def weighted_by_group(generator: np.random.Generator, count: int) -> Weighted:
    """One weight for members, one for all others."""
    worlds, alpha = random_worlds(generator, count), generator.random(count)
    factor = np.exp(generator.uniform(-3.0, 3.0, size=(count, 2)))
    rows = np.stack([alpha, 1 - alpha], axis=1) * factor
    one = np.ones_like(worlds.base)
    own, other = factor[:, 0, None, None] * one, factor[:, 1, None, None] * one
    return Weighted(worlds, alpha, own, other, effective_share(rows, [1.0, 0.0]))


def weighted_at_random(generator: np.random.Generator, count: int) -> Weighted:
    """A weight of its own for every kind of row."""
    worlds, alpha = random_worlds(generator, count), generator.random(count)
    own, other = np.exp(generator.normal(0.0, 1.0, size=(2, *worlds.base.shape)))
    share = alpha[:, None, None]
    rows = np.stack([share * own * worlds.planted(), (1 - share) * other * worlds.base], axis=-1)
    member = np.broadcast_to([1.0, 0.0], rows.shape)
    effective = effective_share(rows.reshape(count, -1), member.reshape(count, -1))
    return Weighted(worlds, alpha, own, other, effective)


def weighted_by_errors(generator: np.random.Generator, count: int) -> Weighted:
    """Error-up-weighting: train, count what came out wrong λ-fold, train again."""
    worlds, alpha = random_worlds(generator, count), generator.random(count)
    first = worlds.law(alpha).argmax(axis=2)
    wrong = first[:, :, None] != np.arange(worlds.base.shape[2])
    lam = np.exp(generator.uniform(0.0, 3.0, size=count))
    weights = np.where(wrong, lam[:, None, None], 1.0)
    effective = effective_share_upweighted(
        alpha,
        lam=lam,
        errors_in_collective=alpha * (worlds.planted() * wrong).sum(axis=(1, 2)),
        errors=(worlds.law(alpha) * wrong).sum(axis=(1, 2)),
    )
    return Weighted(worlds, alpha, weights, weights, effective)
