"""Where a run's resumes come from: a population and held-out resumes, disjoint draws of one law.

The built-in language writes fresh ones; a corpus gives the population from its training side and
the held-out resumes from its test side, so that near-duplicates never straddle the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.config.sections import CorpusSection
from gigsim.errors import InputError
from gigsim.resumes.corpus import Corpus, load_corpus
from gigsim.resumes.language import Language, load_language
from gigsim.resumes.posterior import label_marginals
from gigsim.streams import Streams


@dataclass(frozen=True)
class Supply:
    """A run's resumes.

    Attributes:
        population: N resumes, one a freelancer.
        held_out: resumes on which everything is measured.
        training_side: what vocabularies may be fitted on; the population itself where a language
            gives all the words.
        language: the law the resumes were written by; None for a corpus.
        marginals: float64, shape (held out, L): P0(label in Y | x) of each held-out resume, exact
            under the language; None for a corpus.
    """

    population: Corpus
    held_out: Corpus
    training_side: Corpus
    language: Language | None
    marginals: NDArray[np.float64] | None


def supply(section: CorpusSection, size: int, replacement: bool, streams: Streams) -> Supply:
    """Draw the population and the held-out resumes.

    Args:
        section: the config's ``corpus``.
        size: N, freelancers.
        replacement: may two freelancers have the same resume of a corpus?
        streams: the run's streams; uses ``resumes/population`` and ``resumes/held_out``.

    Raises:
        InputError: no such corpus; a population larger than its training side; no held-out resume.
    """
    if section.path:
        return _from_corpus(section, size, replacement, streams)
    if section.test_size == 0:
        raise InputError(
            "corpus.test_size", "0 held-out resumes", "the language writes at least 1 on demand"
        )
    language = load_language(section.language or None)
    held_out = language.sample(
        section.test_size, streams.generator("resumes/held_out"), test_side=True
    )
    population = language.sample(size, streams.generator("resumes/population"), test_side=False)
    return Supply(
        population=population,
        held_out=held_out,
        training_side=population,
        language=language,
        marginals=label_marginals(language, held_out),
    )


def _from_corpus(section: CorpusSection, size: int, replacement: bool, streams: Streams) -> Supply:
    corpus = load_corpus(section.path)
    training = np.flatnonzero(~corpus.test_side)
    if size > len(training) and not replacement:
        raise InputError(
            "population.size",
            f"{size} freelancers but {len(training)} resumes on the training side of"
            f" {section.path}",
            f"at most {len(training)}, or population.replacement = true",
        )
    generator = streams.generator("resumes/population")
    if replacement:
        chosen = training[generator.integers(len(training), size=size)]
    else:
        chosen = generator.permutation(training)[:size]
    test = np.flatnonzero(corpus.test_side)
    if section.test_size:
        test = streams.generator("resumes/held_out").permutation(test)[: section.test_size]
    if not len(test):
        raise InputError(section.path, "no resume on the test side", "at least 1 is needed")
    return Supply(
        population=corpus.select(chosen),
        held_out=corpus.select(test),
        training_side=corpus.training_side(),
        language=None,
        marginals=None,
    )
