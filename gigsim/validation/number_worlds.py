"""Finite worlds in which the platform predicts a number, and members plant one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gigsim.theory.gaps import Floats
from gigsim.theory.worlds import random_worlds
from gigsim.validation.erasing_worlds import Ints, pushed_onto


@dataclass(frozen=True)
class Numbers:
    """B worlds in which the platform predicts a number by its mean, and members report y*.

    Attributes:
        texts: P0(x), shape (B, X).
        signal: g, idempotent, shape (B, X).
        values: outcomes, shape (B, K).
        chances: P0(outcome k|x), shape (B, X, K).
        target: y*, shape (B,).
        alpha: shape (B,).
    """

    texts: Floats
    signal: Ints
    values: Floats
    chances: Floats
    target: Floats
    alpha: Floats

    @cached_property
    def _inside(self) -> NDArray[np.bool_]:
        return self.signal == np.arange(self.signal.shape[1])

    @cached_property
    def _weights(self) -> Floats:
        return pushed_onto(self.signal, self.texts[..., None])[..., 0]

    @cached_property
    def _off(self) -> Floats:
        """|E0[y|x] − y*| on X*, 0 elsewhere, shape (B, X)."""
        mean = (self.chances * self.values[:, None]).sum(axis=2)
        return np.abs(mean - self.target[:, None]) * self._inside

    @property
    def xi(self) -> Floats:
        """ξ, shape (B,)."""
        return (self.texts * self._inside).sum(axis=1)

    @property
    def largest(self) -> Floats:
        """Largest over X* of |E0[y|x] − y*|, shape (B,)."""
        return self._off.max(axis=1)

    @property
    def unweighted(self) -> Floats:
        """Its plain mean over X*, shape (B,)."""
        return self._off.sum(axis=1) / self._inside.sum(axis=1)

    @property
    def planted(self) -> Floats:
        """Its mean over what is planted, shape (B,)."""
        return (self._weights * self._off).sum(axis=1)

    @property
    def error(self) -> Floats:
        """E_{x~P0}|f(g(x)) − y*| for f(x) = E_P[y|x], from P itself, shape (B,)."""
        share = self.alpha[:, None]
        # P as masses of (x, outcome), the planted outcome y* being the last one.
        base = (1 - share[..., None]) * self.texts[..., None] * self.chances
        law = np.concatenate([base, (share * self._weights)[..., None]], axis=2)
        outcomes = np.concatenate([self.values, self.target[:, None]], axis=1)
        mean = (law * outcomes[:, None]).sum(axis=2) / law.sum(axis=2)
        shown = np.take_along_axis(mean, self.signal, axis=1)
        return (self.texts * np.abs(shown - self.target[:, None])).sum(axis=1)


def random_numbers(generator: np.random.Generator, count: int) -> Numbers:
    """Worlds of numbers: Dirichlet texts, three outcomes, targets in and out of their range."""
    shape = random_worlds(generator, count, labels=3)
    texts = shape.base.sum(axis=2)
    return Numbers(
        texts=texts,
        signal=shape.signal,
        values=generator.normal(size=(count, 3)),
        chances=shape.base / texts[..., None],
        target=2 * generator.normal(size=count),
        alpha=np.maximum(generator.random(count), 1e-3),
    )
