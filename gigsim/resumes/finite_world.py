"""A finite world: K resumes of one word each, and their law in a table.

Finite-sample theory and frequency tables live here: with K texts a sample of N people has seen
each of them many times, so what a platform can learn is a matter of counting.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gigsim.resumes.corpus import OCCUPATIONS, Corpus

#: Share of the label law that is spread over all labels: P0(y | x) is nowhere under RHO/L.
RHO = 0.05

#: Parameter of the symmetric Dirichlet law of P0(x): cells differ, and few of them are very rare.
EVENNESS = 2.0


@dataclass(frozen=True, eq=False)
class FiniteWorld:
    """P0 over K cells and L labels; a resume is the word ``x<cell>`` and has exactly one label.

    Implements ``resumes.law.Law``.

    Attributes:
        weights: P0(x) > 0, float64, shape (K,); sums to 1.
        label_law: P0(y | x) in [0, 1], float64, shape (K, L), L at least 2; rows sum to 1.
        label_names: the L labels.
    """

    weights: NDArray[np.float64]
    label_law: NDArray[np.float64]
    label_names: tuple[str, ...] = OCCUPATIONS

    def __post_init__(self) -> None:
        cells, labels = len(self.weights), len(self.label_names)
        if self.weights.ndim != 1 or cells < 1 or not (self.weights > 0).all():
            raise ValueError("weights must be positive, shape (K,) with K of at least 1")
        if labels < 2 or self.label_law.shape != (cells, labels):
            raise ValueError(f"label_law is {self.label_law.shape}, not {(cells, labels)}, L >= 2")
        if not (self.label_law >= 0).all():
            raise ValueError("label_law must not be negative")
        for name, total in (
            ("weights", self.weights.sum()),
            ("label_law's rows", self.label_law.sum(1)),
        ):
            if not np.allclose(total, 1.0, rtol=0, atol=1e-12):
                raise ValueError(f"{name} must sum to 1")

    @classmethod
    def draw(cls, cells: int, rng: np.random.Generator) -> FiniteWorld:
        """A random world of ten occupations.

        P0(x) ~ Dirichlet(``EVENNESS``, ...). In each cell one label leads, every label in as many
        cells as any other (up to one), and P0(y | x) = ρ/L + (1 − ρ)·(s·1{y leads} + (1 − s)·r_y)
        with r ~ Dirichlet(1, ..., 1) and a sharpness s that takes the values (k + ½)/K in random
        order. So the deficits d(x) of any target spread over (0, 1), save in the tenth or so of
        the cells where it leads; base rates are about 1/L; and no label is under ρ/L anywhere.

        Args:
            cells: K, at least 1.
            rng: source of the law.
        """
        labels = len(OCCUPATIONS)
        weights = rng.dirichlet(np.full(cells, EVENNESS))
        leaders = rng.permutation(rng.permutation(labels)[np.arange(cells) % labels])
        sharpness = ((rng.permutation(cells) + 0.5) / cells)[:, None]
        rest = rng.dirichlet(np.ones(labels), size=cells)
        leads = np.arange(labels) == leaders[:, None]
        law = RHO / labels + (1 - RHO) * (sharpness * leads + (1 - sharpness) * rest)
        return cls(weights / weights.sum(), law / law.sum(axis=1, keepdims=True))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """``x0`` to ``x<K-1>``: the word of each cell."""
        return tuple(f"x{cell}" for cell in range(len(self.weights)))

    @cached_property
    def base_rates(self) -> NDArray[np.float64]:
        """P0(y), float64, shape (L,)."""
        return self.weights @ self.label_law

    def base_pairs(self, label: int) -> NDArray[np.float64]:
        """P0(l and ``label``), float64, shape (L,): a resume has one label."""
        return np.where(np.arange(len(self.label_names)) == label, self.base_rates, 0.0)

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits of the law: which world this is."""
        content = hashlib.blake2b(repr(self.label_names).encode(), digest_size=6)
        content.update(self.weights.tobytes())
        content.update(self.label_law.tobytes())
        return content.hexdigest()

    @property
    def origin(self) -> str:
        """Which world this is, by its digest."""
        return f"drawn from the finite world {self.digest} of {len(self.weights)} cells"

    def floor(self, label: int) -> float:
        """The least P0(y | x) of any x, exact."""
        return float(self.label_law[:, label].min())

    def ceiling(self, label: int) -> float:
        """The largest P0(l | x) of any x and any label but this one, exact."""
        return float(np.delete(self.label_law, label, axis=1).max())

    def sample(self, n: int, rng: np.random.Generator, *, test_side: bool = False) -> Corpus:
        """Draw ``n`` resumes independently, each with one uniform.

        Args:
            n: number of resumes, 0 or more.
            rng: its state moves on by ``n`` uniforms, so a larger sample begins with the smaller.
            test_side: the side all of them are on.

        Returns:
            A corpus over ``words``. Every resume is a cluster of its own: equal texts are
            independent draws, not copies of each other.
        """
        cells, labels = self._draw(n, rng)
        return Corpus(
            words=self.words,
            tokens=cells.astype(np.uint32),
            offsets=np.arange(n + 1, dtype=np.int64),
            labels=labels,
            label_names=self.label_names,
            clusters=np.arange(n, dtype=np.int64),
            test_side=np.full(n, test_side),
            origin=self.origin,
        )

    def every(self) -> Corpus:
        """Each resume that there is once, in the order of the cells, without labels."""
        cells = len(self.weights)
        return Corpus(
            words=self.words,
            tokens=np.arange(cells, dtype=np.uint32),
            offsets=np.arange(cells + 1, dtype=np.int64),
            labels=np.zeros((cells, len(self.label_names)), dtype=bool),
            label_names=self.label_names,
            clusters=np.arange(cells, dtype=np.int64),
            test_side=np.zeros(cells, dtype=bool),
            origin=self.origin,
        )

    def sample_labels(self, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """The label sets of ``n`` independent resumes, bool, shape (n, L), one label a row."""
        return self._draw(n, rng)[1]

    def cells_of(self, corpus: Corpus) -> NDArray[np.int64]:
        """The cell of each resume, int64, shape (n,).

        Raises:
            ValueError: a resume is not one word of this world.
        """
        number = {word: cell for cell, word in enumerate(self.words)}
        known = np.array([number.get(word, -1) for word in corpus.words], dtype=np.int64)
        if not (corpus.lengths == 1).all() or (known[corpus.tokens] < 0).any():
            raise ValueError("a resume of a finite world is exactly one of its words")
        return known[corpus.tokens]

    def marginals(self, corpus: Corpus) -> NDArray[np.float64]:
        """P0(y | x) of each resume, exact, float64, shape (n, L); raises as :meth:`cells_of`."""
        return self.label_law[self.cells_of(corpus)]

    def pair_marginals(self, corpus: Corpus, label: int) -> NDArray[np.float64]:
        """P0(l and ``label`` | x), shape (n, L): a resume has one label, so P0(label | x) or 0."""
        pairs = np.zeros((len(corpus), len(self.label_names)))
        pairs[:, label] = self.marginals(corpus)[:, label]
        return pairs

    def _draw(
        self, n: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        count = len(self.label_names)
        bounds = np.cumsum(self.weights[:, None] * self.label_law)
        cells, label = np.divmod(
            np.searchsorted(bounds / bounds[-1], rng.random(n), side="right"), count
        )
        labels = np.zeros((n, count), dtype=bool)
        labels[np.arange(n), label] = True
        return cells, labels
