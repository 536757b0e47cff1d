"""Fitting the latent of the language: topic shares, dominant labels, their law, and burstiness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from gigsim.resumes.corpus import Corpus
from gigsim.resumes.language import LARGEST_DOMINANCE, Language
from gigsim.resumes.posterior import Repetitions

#: EM iterations of the law of the latent state given the label set.
LATENT_ITERATIONS = 20

#: Where log A is sought: A of 1 (a word is repeated at once) to 1e5 (no burstiness).
CONCENTRATIONS = (0.0, float(np.log(1e5)))


def latent_levels(
    weights: NDArray[np.float64], labels: NDArray[np.bool_], levels: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(topic shares: means of equal parts of the labelled resumes; dominance weights by size).

    The dominance weight of a size is the mean weight of a resume's strongest label among its
    labels; for a size that does not occur it is the even weight, which nothing uses.
    """
    size = labels.sum(axis=1)
    share = np.sort(1 - weights[size > 0, 0])
    means = [float(part.mean()) for part in np.array_split(share, levels) if len(part)]
    relative = weights[:, 1:] / np.maximum(weights[:, 1:].sum(axis=1, keepdims=True), 1e-300)
    grouped = np.minimum(size, LARGEST_DOMINANCE)
    dominance = [
        float(relative[grouped == group].max(axis=1).mean())
        if (grouped == group).any()
        else 1 / group
        for group in range(2, LARGEST_DOMINANCE + 1)
    ]
    return np.array(means), np.array(dominance)


def with_latent_law(
    language: Language, read: Corpus, sets: NDArray[np.int64]
) -> tuple[Language, float]:
    """The language with A and the law of z given Y at their maximum likelihood.

    A maximises the profile likelihood: at each A the law of z given Y is refitted by EM. Given its
    label set a resume has few latent states, so that sets are handled one after the other.

    Args:
        language: all but ``concentration`` and ``row_weights`` is kept.
        read: the resumes, over the language's words.
        sets: index of each resume's label set, shape (n,).

    Returns:
        (the language, log P(words | labels) of all resumes in nats).
    """
    groups = []
    for number in range(len(language.label_sets)):
        resumes = read.select(np.flatnonzero(sets == number))
        words = Repetitions.of(resumes.tokens.astype(np.int64), resumes.lengths)
        groups.append((words, language.row_words[language.row_sets == number]))

    def profile(log_concentration: float) -> tuple[float, NDArray[np.float64]]:
        fits = [
            _state_law(words.log_likelihood(rows, float(np.exp(log_concentration))))
            for words, rows in groups
        ]
        return sum(fit[0] for fit in fits), np.concatenate([fit[1] for fit in fits])

    best = minimize_scalar(
        lambda x: -profile(x)[0], bounds=CONCENTRATIONS, method="bounded", options={"xatol": 1e-3}
    )
    likelihood, law = profile(float(best.x))
    fitted = replace(
        language, concentration=float(np.exp(best.x)), row_weights=law.astype(np.float32)
    )
    return fitted, likelihood


def _state_law(log_likelihood: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """(log-likelihood, law of the latent state) of resumes of one label set, by EM.

    Args:
        log_likelihood: shape (resumes, states). One pseudo-resume is spread evenly over the
            states, so that none gets weight zero because a rare set has few resumes.
    """
    resumes, states = log_likelihood.shape
    law = np.full(states, 1 / states)
    for _ in range(LATENT_ITERATIONS):
        joint = log_likelihood + np.log(law)
        responsibility = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
        law = (responsibility.sum(axis=0) + 1 / states) / (resumes + 1)
    return float(logsumexp(log_likelihood + np.log(law), axis=1).sum()), law
