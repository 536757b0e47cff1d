"""Fitting the built-in resume language to the training side of a corpus.

The words are chosen first: ordinary words that many different resumes share, no personal names.
Then every resume is cut to its first ``head`` such words, and the law of ``resumes.language`` is
fitted to those: topics by labelled PLSA, the latent topic share and dominance from its weights,
the weights of the latent states by EM, and the concentration A by profile likelihood. Nothing is
tuned to a classifier. Everything is deterministic; only the training side is read.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.resumes.corpus import Corpus
from gigsim.resumes.language import Language, latent_rows
from gigsim.resumes.language_latent import latent_levels, with_latent_law
from gigsim.resumes.language_words import DEBRIS, choose_words, heads, read_names

#: Log-probabilities below this (nats) are stored as this: 1e-7 is one word in 80,000 resumes.
LOWEST_LOG_PROBABILITY = float(np.log(1e-7))

#: EM iterations of labelled PLSA; few, so that topics stay smooth (its likelihood overfits).
PLSA_ITERATIONS = 25


@dataclass(frozen=True)
class FitReport:
    """What a fit saw and chose; of the training side only.

    Attributes:
        resumes: resumes of the training side.
        used: those that the law was fitted to.
        too_short: those with fewer than ``min_words`` of the words.
        rare_set: those left out for a label set that fewer than ``min_set`` have.
        label_sets: label sets of the language.
        candidates: plain words in at least ``min_resumes`` resumes.
        left_out: of those, the names and the debris of links.
        least_resumes: how many resumes the language's least widespread word is in.
        words: words of the language.
        coverage: share of all plain words read that are among them.
        types_per_token: distinct words over words in the heads, pooled over resumes.
        concentration: A.
        shares: levels of the topic share.
        dominance: weight of the dominant label among 2, 3, and 4 or more.
        log_likelihood: log P(words | labels), nats a word, of the resumes fitted to.
    """

    resumes: int
    used: int
    too_short: int
    rare_set: int
    label_sets: int
    candidates: int
    left_out: tuple[str, ...]
    least_resumes: int
    words: int
    coverage: float
    types_per_token: float
    concentration: float
    shares: tuple[float, ...]
    dominance: tuple[float, ...]
    log_likelihood: float

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """All of it, for people."""
        return [
            f"training resumes     {self.resumes}",
            f"  used               {self.used}",
            f"  too short          {self.too_short}",
            f"  rare label set     {self.rare_set}",
            f"label sets           {self.label_sets}",
            f"words                {self.words} of {self.candidates} in enough resumes; the "
            f"rarest is in {self.least_resumes}",
            f"  of all words read  {self.coverage:.1%}",
            f"  left out           {len(self.left_out)}",
            f"types per token      {self.types_per_token:.3f}",
            f"concentration A      {self.concentration:.1f}",
            f"topic shares         {', '.join(f'{share:.3f}' for share in self.shares)}",
            f"dominance (2, 3, 4+) {', '.join(f'{weight:.3f}' for weight in self.dominance)}",
            f"log-likelihood       {self.log_likelihood:.3f} nats a word",
        ]


def fit_language(
    corpus: Corpus,
    *,
    words: int = 3000,
    head: int = 120,
    min_words: int = 20,
    min_resumes: int = 50,
    min_set: int = 5,
    rho: float = 0.03,
    levels: int = 4,
    names: Collection[str] | None = None,
) -> tuple[Language, FitReport]:
    """Fit a language to the training side of a corpus.

    Args:
        corpus: resumes with labels; the test side is not read.
        words: V, how many words the language has at most, the most widespread ones.
        head: how many words of a resume are read, and the longest resume of the language.
        min_words: resumes with fewer of the language's words are left out.
        min_resumes: a word must be in so many resumes, near-duplicates counted once; this keeps
            out what identifies a person.
        min_set: label sets of fewer resumes are left out, with their resumes.
        rho: ρ of the label channel, in [0, 1]; a choice, not an estimate.
        levels: number of topic shares.
        names: words never to be used; ``None`` is the list that ships.

    Returns:
        The language and a report.

    Raises:
        InputError: a parameter is out of range, or too little is left to fit.
    """
    for name, value, least in (
        ("words", words, 2),
        ("head", head, 1),
        ("min_words", min_words, 1),
        ("min_resumes", min_resumes, 1),
        ("min_set", min_set, 1),
        ("levels", levels, 1),
    ):
        if value < least:
            raise InputError(f"fit_language.{name}", f"{value}", f"at least {least} is needed")
    if not 0 <= rho <= 1:
        raise InputError("fit_language.rho", f"{rho}", "a number in [0, 1] is needed")
    side = corpus.training_side()
    forbidden = DEBRIS | (read_names() if names is None else frozenset(names))
    choice = choose_words(side, words=words, min_resumes=min_resumes, forbidden=forbidden)
    short = heads(side, choice.words, head)
    long_enough = short.lengths >= min_words
    _, set_of = np.unique(side.labels, axis=0, return_inverse=True)
    common = np.bincount(set_of, weights=long_enough)[set_of] >= min_set
    read = short.select(np.flatnonzero(long_enough & common))
    label_sets, sets = np.unique(read.labels, axis=0, return_inverse=True)
    if len(choice.words) < 2 or not label_sets.any():
        raise InputError(
            corpus.origin or "corpus",
            f"{len(read)} training resumes over {len(choice.words)} words are left to fit",
            "a larger corpus, or smaller min_resumes, min_words, min_set, is needed",
        )
    owner = np.repeat(np.arange(len(read)), read.lengths)
    documents = sp.csr_array(
        (np.ones(len(owner)), (owner, read.tokens)), shape=(len(read), len(choice.words))
    )
    documents.sum_duplicates()

    topics, weights = _labelled_plsa(documents, read.labels)
    shares, dominance = latent_levels(weights, read.labels, levels)
    codes, low, step = _quantised(topics)
    language = Language(
        words=choice.words,
        label_names=side.label_names,
        codes=codes,
        low=low,
        step=step,
        label_sets=label_sets,
        set_counts=np.bincount(sets),
        shares=shares,
        dominance=dominance,
        row_weights=np.ones(len(latent_rows(label_sets, len(shares))[0]), dtype=np.float32),
        concentration=1.0,
        rho=rho,
        length_counts=np.bincount(read.lengths, minlength=head + 1),
    )
    language, likelihood = with_latent_law(language, read, sets)
    types = documents.nnz / len(read.tokens)
    return language, FitReport(
        resumes=len(side),
        used=len(read),
        too_short=int((~long_enough).sum()),
        rare_set=int((long_enough & ~common).sum()),
        label_sets=len(label_sets),
        candidates=choice.candidates,
        left_out=choice.left_out,
        least_resumes=choice.least_resumes,
        words=len(choice.words),
        coverage=choice.coverage,
        types_per_token=float(types),
        concentration=language.concentration,
        shares=tuple(shares.tolist()),
        dominance=tuple(dominance.tolist()),
        log_likelihood=float(likelihood / len(read.tokens)),
    )


def _labelled_plsa(
    documents: sp.csr_array, labels: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Background and topics by EM, a resume mixing the background and its own labels' topics.

    Labelled probabilistic latent semantic analysis (Hofmann 1999; labels as in Ramage et al. 2009).

    Args:
        documents: word counts, float64, shape (n, V).
        labels: bool, shape (n, L).

    Returns:
        (word probabilities, shape (1 + L, V), the background first; weights of each resume on
        them, shape (n, 1 + L)); rows sum to 1. The topic of a label that nobody has is the
        background.
    """
    owner = np.repeat(np.arange(documents.shape[0]), np.diff(documents.indptr))
    words, times = documents.indices, documents.data
    weights = np.concatenate([np.ones((len(labels), 1)), labels], axis=1)
    weights[:, 1:] /= np.maximum(labels.sum(axis=1, keepdims=True), 1)
    weights /= weights.sum(axis=1, keepdims=True)
    everywhere = np.bincount(words, weights=times, minlength=documents.shape[1])
    topics = np.array(
        [np.bincount(words, times * column[owner], documents.shape[1]) for column in weights.T]
    )
    for _ in range(PLSA_ITERATIONS):
        empty = topics.sum(axis=1) == 0
        topics[empty] = everywhere
        topics /= topics.sum(axis=1, keepdims=True)
        parts = np.array(
            [column[owner] * topic[words] for column, topic in zip(weights.T, topics, strict=True)]
        )
        parts *= times / parts.sum(axis=0)
        topics = np.array([np.bincount(words, part, documents.shape[1]) for part in parts])
        weights = np.stack([np.bincount(owner, part, len(labels)) for part in parts], axis=1)
        weights /= weights.sum(axis=1, keepdims=True)
    topics[topics.sum(axis=1) == 0] = topics[0]
    return topics / topics.sum(axis=1, keepdims=True), weights


def _quantised(
    topics: NDArray[np.float64],
) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.float64]]:
    """(codes, low, step): log-probabilities on 256 even levels from the least to the largest."""
    logs = np.log(np.maximum(topics, np.exp(LOWEST_LOG_PROBABILITY)))
    low = logs.min(axis=1)
    step = (logs.max(axis=1) - low) / 255
    codes = np.round((logs - low[:, None]) / np.where(step > 0, step, 1)[:, None])
    return codes.astype(np.uint8), low, step
