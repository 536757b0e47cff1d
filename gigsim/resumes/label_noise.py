"""Noise in the labels that people have on file: a share ρ of label sets says nothing of the resume.

A competing signal in the base data, as Hardt et al. (2023, section 5) put it there: some base label
sets are randomised before the platform trains. It touches what people hand in by themselves, never
held-out resumes: success and accuracy are measured on true label sets. Two ways:

* ``shuffle``: the true label set of another person, drawn at random. How often each label set
  occurs stays as it was (in expectation).
* ``uniform``: one label alone, drawn uniformly from all L.

Both make every label possible for every resume, which is what feature-only planting lives on: with
m the law of the labels without noise and π that of the label sets in the population,

=========== ================================= ===================================================
            P0(l in Y | x)                    P0(l and y* in Y | x)
=========== ================================= ===================================================
shuffle     (1−ρ)·m_l + ρ·π_l                 (1−ρ)·q_l + ρ·π_{l,y*}
uniform     (1−ρ)·m_l + ρ/L                   (1−ρ)·q_l + (ρ/L)·1{l = y*}
=========== ================================= ===================================================

and the floor of Theorem 3 becomes p' = (1−ρ)p + ρ·π_{y*} or (1−ρ)p + ρ/L. Derived; for ``uniform``
with one label a resume it is ``theory.feature_only.randomised_floor``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gigsim.resumes.corpus import Corpus
from gigsim.resumes.finite_world import FiniteWorld
from gigsim.resumes.law import Law

LabelNoise = Literal["shuffle", "uniform"]


def noisy_labels(
    labels: NDArray[np.bool_], rho: float, kind: LabelNoise, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """The label sets that people have on file.

    Nested in ρ: two uniforms a person, of which the first says whether he is hit (u < ρ) and the
    second by what, so that who is hit at a small ρ is hit in the same way at a larger one, and each
    person's two uniforms do not depend on how many people there are.

    Args:
        labels: bool, shape (n, L), L at least 1: the true ones.
        rho: share of people who are hit, in [0, 1].
        kind: by what.
        generator: its state moves on by 2n uniforms.

    Returns:
        bool, shape (n, L), a new array. Some who are hit get what they had.

    Raises:
        ValueError: ρ out of its range, an unknown kind, or nobody else to take a label set from.

    Example:
        >>> one = np.array([[True, False], [False, True]])
        >>> noisy_labels(one, 1.0, "shuffle", np.random.default_rng(0)).tolist()
        [[False, True], [True, False]]
    """
    if not 0 <= rho <= 1:
        raise ValueError(f"rho must be in [0, 1], got {rho!r}")
    if kind not in get_args(LabelNoise):
        raise ValueError(f"kind is one of {', '.join(get_args(LabelNoise))}, got {kind!r}")
    n, count = labels.shape
    hit, what = generator.random((n, 2)).T
    if kind == "uniform":
        drawn = np.arange(count) == (what * count).astype(np.int64)[:, None]
    else:
        if n == 1 and rho > 0:
            raise ValueError("one person alone has nobody to take a label set from")
        donor = (what * (n - 1)).astype(np.int64)
        drawn = labels[donor + (donor >= np.arange(n))] if n > 1 else labels
    return np.where((hit < rho)[:, None], drawn, labels)


def noisy_law(law: Law, rho: float, kind: LabelNoise) -> Law:
    """The law of resumes *and the labels on file*: what a platform is trained on without members.

    Of a finite world another finite world. Otherwise a :class:`NoisyLaw`, whose samples still have
    the true label sets: the noise is put on people by :func:`noisy_labels`. With ρ = 0 the law.

    Args:
        law: that of resumes and true label sets.
        rho: as in :func:`noisy_labels`; the law is that of infinitely many people.
        kind: as there.
    """
    if rho == 0:
        return law
    if isinstance(law, FiniteWorld):
        drawn = _redrawn(law, kind)
        mixed = (1 - rho) * law.label_law + rho * drawn
        return replace(law, label_law=mixed / mixed.sum(axis=1, keepdims=True))
    return NoisyLaw(law, rho, kind)


@dataclass(frozen=True)
class NoisyLaw:
    """A law with label noise on top; implements ``resumes.law.Law``.

    Attributes:
        law: without it.
        rho: share of label sets that are redrawn, in [0, 1].
        kind: from what.
    """

    law: Law
    rho: float
    kind: LabelNoise

    @property
    def words(self) -> tuple[str, ...]:
        """Those of the law."""
        return self.law.words

    @property
    def label_names(self) -> tuple[str, ...]:
        """Those of the law."""
        return self.law.label_names

    @property
    def origin(self) -> str:
        """Which law this is, and its noise."""
        return f"{self.law.origin}, label noise {self.rho:g} ({self.kind})"

    @property
    def base_rates(self) -> NDArray[np.float64]:
        """P0(y in Y) of each label as people have it on file, float64, shape (L,)."""
        return self._mixed(self.law.base_rates)

    def base_pairs(self, label: int) -> NDArray[np.float64]:
        """P0(l and ``label`` in Y) as people have them on file, float64, shape (L,)."""
        return (1 - self.rho) * self.law.base_pairs(label) + self.rho * self._redrawn_pairs(label)

    def floor(self, label: int) -> float:
        """(1−ρ)p + ρ·P(the redrawn set holds the label): no resume has less."""
        return float((1 - self.rho) * self.law.floor(label) + self.rho * self._redrawn[label])

    def ceiling(self, label: int) -> float:
        """The same of the largest of the other labels: an upper bound."""
        others = np.delete(self._redrawn, label).max()
        return float((1 - self.rho) * self.law.ceiling(label) + self.rho * others)

    def sample(self, n: int, rng: np.random.Generator, *, test_side: bool = False) -> Corpus:
        """Resumes with their *true* label sets, as the law gives them."""
        return self.law.sample(n, rng, test_side=test_side)

    def sample_labels(self, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """True label sets, as the law gives them."""
        return self.law.sample_labels(n, rng)

    def marginals(self, corpus: Corpus) -> NDArray[np.float64]:
        """P0(l in Y | x) of what people with this resume have on file, exact, shape (n, L)."""
        return self._mixed(self.law.marginals(corpus))

    def pair_marginals(self, corpus: Corpus, label: int) -> NDArray[np.float64]:
        """P0(l and ``label`` in Y | x) likewise, exact, shape (n, L)."""
        own = self.law.pair_marginals(corpus, label)
        return (1 - self.rho) * own + self.rho * self._redrawn_pairs(label)

    @property
    def _redrawn(self) -> NDArray[np.float64]:
        return _redrawn(self.law, self.kind)

    def _redrawn_pairs(self, label: int) -> NDArray[np.float64]:
        if self.kind == "shuffle":
            return self.law.base_pairs(label)
        return np.where(np.arange(len(self.label_names)) == label, self._redrawn, 0.0)

    def _mixed(self, clean: NDArray[np.float64]) -> NDArray[np.float64]:
        return (1 - self.rho) * clean + self.rho * self._redrawn


def _redrawn(law: Law, kind: LabelNoise) -> NDArray[np.float64]:
    """P(l in the redrawn set) of each label, float64, shape (L,)."""
    labels = len(law.label_names)
    return law.base_rates if kind == "shuffle" else np.full(labels, 1 / labels)
