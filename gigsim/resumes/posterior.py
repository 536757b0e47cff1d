"""The exact posterior P0(Y | x) of the built-in resume language.

For words x with counts x_w and length n, a latent state (Y, z) with word law p gives (the
Dirichlet integrated out; Pólya's urn)

    log P(x | Y, z) = Σ_w Σ_{j < x_w} log(A·p_w + j)  −  Σ_{i < n} log(A + i),

so the whole corpus is Σ_j 1[X > j] @ log(A·Pᵀ + j): a sparse 0/1 matrix times a dense one for each
repetition j. The length is independent of (Y, z) and cancels. With the label channel

    P0(Y | x) = (1 − ρ)·Σ_z P(Y, z | x) + ρ·π(Y).

No approximation: the error is that of float64. The formula holds for any number of words, thus
for any prefix or any subset of positions of a resume that the language wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gigsim.resumes.corpus import Corpus
from gigsim.resumes.language import Language

#: Resumes handled at once: their likelihoods are chunk × R float64 (90 MB at R = 1,317).
_CHUNK = 8192

#: Latent states handled at once: the table of their log-probabilities then fits the cache.
_BLOCK = 64


def posterior_label_sets(language: Language, corpus: Corpus) -> NDArray[np.float64]:
    """P0(Y | x) of every resume and every label set, the label channel included.

    Args:
        language: the law that the resumes are drawn from.
        corpus: n resumes of that language, whole or shortened; labels are not read.

    Returns:
        float64, shape (n, K), columns as ``language.label_sets``; rows sum to 1 and every entry is
        at least ρ·π(Y). A resume of no words gets π.

    Raises:
        ValueError: a resume has a word that is not the language's. Its posterior is undefined, and
            that of a real resume would be a badly overconfident opinion: use a classifier.
    """
    starts = np.flatnonzero(np.diff(language.row_sets, prepend=-1))
    log_prior = np.log(language.row_prior)
    posterior = np.empty((len(corpus), len(starts)))
    for first, resumes in _chunks(language, corpus):
        joint = resumes.log_likelihood(language.row_words, language.concentration)
        joint += log_prior
        joint -= joint.max(axis=1, keepdims=True)
        np.exp(joint, out=joint)
        summed = np.add.reduceat(joint, starts, axis=1)
        posterior[first : first + len(summed)] = summed / summed.sum(axis=1, keepdims=True)
    posterior *= 1 - language.rho
    posterior += language.rho * language.set_prior
    return posterior


def label_marginals(language: Language, corpus: Corpus) -> NDArray[np.float64]:
    """P0(y in Y | x) of every resume and label: the posterior summed over the sets that hold y.

    Returns:
        float64, shape (n, L), in [ρ·π(y), 1 − ρ·(1 − π(y))] up to rounding.

    Raises:
        ValueError: as :func:`posterior_label_sets`.
    """
    return posterior_label_sets(language, corpus) @ language.label_sets.astype(np.float64)


def pair_marginals(language: Language, corpus: Corpus, label: int) -> NDArray[np.float64]:
    """P0(l and ``label`` in Y | x) of every resume and label l: over the sets that hold both.

    Args:
        language: the law that the resumes are drawn from.
        corpus: n resumes of that language.
        label: a column of the labels.

    Returns:
        float64, shape (n, L); column ``label`` is that of :func:`label_marginals`.

    Raises:
        ValueError: as :func:`posterior_label_sets`, or a column that is not one of L.
    """
    if not 0 <= label < len(language.label_names):
        raise ValueError(f"label is one of {len(language.label_names)} columns, got {label}")
    holding = language.label_sets[:, label]
    posterior = posterior_label_sets(language, corpus)
    return posterior[:, holding] @ language.label_sets[holding].astype(np.float64)


@dataclass(frozen=True)
class Repetitions:
    """Resumes as sets of events "word w occurs for the (j + 1)-th time".

    Attributes:
        happened: 0/1, shape (n, E): which events are in which resume.
        word: int64, shape (E,): w of each event.
        earlier: float64, shape (E,): j of each event.
        lengths: int64, shape (n,): words in each resume.
    """

    happened: sp.csr_array
    word: NDArray[np.int64]
    earlier: NDArray[np.float64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, tokens: NDArray[np.integer], lengths: NDArray[np.int64]) -> Repetitions:
        """From word numbers, resume after resume, and how many each resume has."""
        resume = np.repeat(np.arange(len(lengths)), lengths)
        width = int(tokens.max(initial=0)) + 1
        ordered = np.sort(resume * width + tokens)
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        earlier = np.arange(len(ordered)) - np.repeat(starts, np.diff(starts, append=len(ordered)))
        events, column = np.unique(earlier * width + ordered % width, return_inverse=True)
        happened = sp.csr_array(
            (np.ones(len(tokens)), (resume, column)), shape=(len(lengths), len(events))
        )
        return cls(happened, events % width, (events // width).astype(np.float64), lengths)

    def log_likelihood(
        self, rows: NDArray[np.float64], concentration: float
    ) -> NDArray[np.float64]:
        """Log probability of the words under Dirichlet-multinomial laws.

        Args:
            rows: word laws p > 0, shape (R, V).
            concentration: A > 0.

        Returns:
            float64, shape (n, R): log P of the words in one given order (every order has the same).
        """
        steps = np.log(concentration + np.arange(self.lengths.max(initial=0)))
        spent = np.concatenate([[0.0], np.cumsum(steps)])[self.lengths]
        result = np.empty((len(self.lengths), len(rows)))
        for start in range(0, len(rows), _BLOCK):
            block = slice(start, start + _BLOCK)
            table = np.ascontiguousarray(concentration * rows[block].T)[self.word]
            table += self.earlier[:, None]
            np.log(table, out=table)
            result[:, block] = self.happened @ table
        result -= spent[:, None]
        return result


def _chunks(language: Language, corpus: Corpus) -> Iterator[tuple[int, Repetitions]]:
    """(first resume, events) of consecutive resumes."""
    number = {word: index for index, word in enumerate(language.words)}
    ids = np.array([number.get(word, -1) for word in corpus.words], dtype=np.int64)
    for first in range(0, len(corpus), _CHUNK):
        lengths = corpus.lengths[first : first + _CHUNK]
        start = corpus.offsets[first]
        tokens = ids[corpus.tokens[start : start + lengths.sum()]]
        if (tokens < 0).any():
            stranger = first + np.repeat(np.arange(len(lengths)), lengths)[tokens < 0][0]
            raise ValueError(
                "the posterior is that of resumes which the language wrote; "
                f"resume {stranger} has a word that it does not know"
            )
        yield first, Repetitions.of(tokens, lengths)
