"""What a source of resumes with a known law offers: samples, and the exact posterior behind them.

Two sources have one: the built-in language and the finite world (``resumes.finite_world``). The
``bayes`` learner, the lines of a figure and runs without texts need nothing else of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gigsim.resumes.corpus import Corpus
from gigsim.resumes.language import Language
from gigsim.resumes.posterior import label_marginals, pair_marginals


class Law(Protocol):
    """P0: a law of labelled resumes of which everything is known."""

    @property
    def words(self) -> tuple[str, ...]:
        """All the words there are: a vocabulary, and what a signal must differ from to be new."""
        ...

    @property
    def label_names(self) -> tuple[str, ...]:
        """The L labels."""
        ...

    @property
    def base_rates(self) -> NDArray[np.float64]:
        """P0(y in Y) of each label, float64, shape (L,)."""
        ...

    @property
    def origin(self) -> str:
        """One phrase that says which law this is."""
        ...

    def base_pairs(self, label: int) -> NDArray[np.float64]:
        """P0(l in Y and ``label`` in Y) of each label l, float64, shape (L,)."""
        ...

    def floor(self, label: int) -> float:
        """A lower bound of P0(y in Y | x) over all resumes x; theory's p."""
        ...

    def ceiling(self, label: int) -> float:
        """An upper bound of P0(l in Y | x) over all resumes x and all labels l but this one."""
        ...

    def sample(self, n: int, rng: np.random.Generator, *, test_side: bool = False) -> Corpus:
        """``n`` independent resumes over ``words``; a larger sample begins with the smaller."""
        ...

    def sample_labels(self, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """The label sets alone of ``n`` independent resumes, bool, shape (n, L).

        The law of the label sets is that of ``sample``; the draws are others.
        """
        ...

    def marginals(self, corpus: Corpus) -> NDArray[np.float64]:
        """P0(l in Y | x) of each resume and label, exact, float64, shape (n, L)."""
        ...

    def pair_marginals(self, corpus: Corpus, label: int) -> NDArray[np.float64]:
        """P0(l in Y and ``label`` in Y | x), exact, float64, shape (n, L)."""
        ...


@dataclass(frozen=True)
class LanguageLaw:
    """The built-in language (or one fitted to a corpus) as a :class:`Law`.

    Attributes:
        language: the stored parameters, which are the law.
    """

    language: Language

    @property
    def words(self) -> tuple[str, ...]:
        """The language's words."""
        return self.language.words

    @property
    def label_names(self) -> tuple[str, ...]:
        """The language's labels."""
        return self.language.label_names

    @property
    def base_rates(self) -> NDArray[np.float64]:
        """P0(y in Y) of each label, float64, shape (L,)."""
        return self.language.base_rates

    @property
    def origin(self) -> str:
        """Which language this is, by its digest."""
        return f"written by the resume language {self.language.digest}"

    def base_pairs(self, label: int) -> NDArray[np.float64]:
        """P0(l in Y and ``label`` in Y), over the sets that hold both, float64, shape (L,)."""
        holding = self.language.label_sets[:, label]
        return self.language.set_prior[holding] @ self.language.label_sets[holding]

    def floor(self, label: int) -> float:
        """ρ·π(y): the label channel redraws the set with probability ρ, whatever the words are."""
        return self.language.floor(label)

    def ceiling(self, label: int) -> float:
        """1 − ρ + ρ·max π(l) over the other labels: no words make one of them surer than that."""
        rho = self.language.rho
        return float(1 - rho + rho * np.delete(self.base_rates, label).max())

    def sample(self, n: int, rng: np.random.Generator, *, test_side: bool = False) -> Corpus:
        """Resumes that the language writes (:meth:`Language.sample`)."""
        return self.language.sample(n, rng, test_side=test_side)

    def sample_labels(self, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Label sets without texts: the channel redraws from π, so after it they still follow π.

        Args:
            n: 0 or more.
            rng: its state moves on by ``n`` uniforms.
        """
        bounds = np.cumsum(self.language.set_prior)
        chosen = np.searchsorted(bounds / bounds[-1], rng.random(n), side="right")
        return self.language.label_sets[chosen]

    def marginals(self, corpus: Corpus) -> NDArray[np.float64]:
        """The exact posterior (``resumes.posterior``).

        Raises:
            ValueError: a resume has a word that the language does not know.
        """
        return label_marginals(self.language, corpus)

    def pair_marginals(self, corpus: Corpus, label: int) -> NDArray[np.float64]:
        """The exact posterior of pairs (``resumes.posterior``); raises as :meth:`marginals`."""
        return pair_marginals(self.language, corpus, label)
