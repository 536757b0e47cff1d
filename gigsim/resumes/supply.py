"""Where a run's resumes come from: a population and held-out resumes, disjoint draws of one law.

The built-in language and a finite world write fresh ones; a corpus gives the population from its
training side and the held-out resumes from its test side, so that near-duplicates never straddle
the two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gigsim.config.sections import CorpusSection
from gigsim.errors import InputError
from gigsim.resumes.corpus import Corpus, load_corpus
from gigsim.resumes.finite_world import FiniteWorld
from gigsim.resumes.label_noise import noisy_law
from gigsim.resumes.language_file import load_language
from gigsim.resumes.law import LanguageLaw, Law
from gigsim.streams import Streams


@dataclass(frozen=True)
class Supply:
    """A run's resumes.

    Attributes:
        population: N resumes, one a freelancer: the founders'.
        held_out: resumes on which everything is measured.
        training_side: what vocabularies may be fitted on; the population itself where a law gives
            all the words.
        law: the law of the resumes and of the label sets that people have on file, label noise
            included (``label_noise.noisy_law``); None for a corpus.
        marginals: float64, shape (held out, L): P0(label in Y | x) of each held-out resume, exact
            under the law; None for a corpus.
        spare: int64, shape (k,): the resumes of the training side that newcomers are given, in
            random order; None where they are drawn afresh, from the law or with replacement.
        writer: the law that resumes are drawn from, with their true label sets; None for a corpus.
            It is ``law`` where there is no label noise.
    """

    population: Corpus
    held_out: Corpus
    training_side: Corpus
    law: Law | None
    marginals: NDArray[np.float64] | None
    spare: NDArray[np.int64] | None = None
    writer: Law | None = None

    def newcomers(self, count: int, streams: Streams, period: int) -> tuple[Corpus, Supply]:
        """Resumes of people who arrive later.

        Args:
            count: how many, 0 or more.
            streams: the run's; uses ``resumes/newcomers`` of the period.
            period: now.

        Returns:
            (their resumes, the supply without those).

        Raises:
            InputError: the corpus has not so many resumes left.
        """
        generator = streams.generator("resumes/newcomers", period)
        if self.writer is not None:
            return self.writer.sample(count, generator), self
        if self.spare is None:
            chosen = generator.integers(len(self.training_side), size=count)
            return self.training_side.select(chosen), self
        if count > len(self.spare):
            raise InputError(
                "population.turnover",
                f"{count} newcomers in period {period} but {len(self.spare)} resumes of the corpus"
                " that nobody had",
                "fewer periods, less turnover, or population.replacement = true",
            )
        rest = replace(self, spare=self.spare[count:])
        return self.training_side.select(self.spare[:count]), rest


def supply(section: CorpusSection, size: int, replacement: bool, streams: Streams) -> Supply:
    """Draw the population and the held-out resumes, with their true label sets.

    Args:
        section: the config's ``corpus``.
        size: N, freelancers.
        replacement: may two freelancers have the same resume of a corpus?
        streams: the run's streams; uses ``resumes/population``, ``resumes/held_out`` and, for a
            finite world, ``resumes/world``.

    Raises:
        InputError: no such corpus; a population larger than its training side; no held-out resume.
    """
    writer = law_of(section, streams)
    if writer is None:
        return _from_corpus(section, size, replacement, streams)
    if section.test_size == 0:
        raise InputError(
            "corpus.test_size", "0 held-out resumes", "a law writes at least 1 on demand"
        )
    drawn = streams.generator("resumes/held_out")
    held_out = writer.sample(section.test_size, drawn, test_side=True)
    population = writer.sample(size, streams.generator("resumes/population"), test_side=False)
    law = noisy_law(writer, section.label_noise, section.label_noise_kind)
    return Supply(
        population=population,
        held_out=held_out,
        training_side=population,
        law=law,
        marginals=law.marginals(held_out),
        writer=writer,
    )


def law_of(section: CorpusSection, streams: Streams) -> Law | None:
    """The law that the config's resumes and true label sets are drawn from, None for a corpus.

    Raises:
        InputError: the language's file is missing, or is not a language.
    """
    if section.path:
        return None
    if section.cells:
        return FiniteWorld.draw(section.cells, streams.generator("resumes/world"))
    return LanguageLaw(load_language(section.language or None))


def labels_only(
    section: CorpusSection, size: int, streams: Streams, period: int = 0
) -> tuple[NDArray[np.bool_], tuple[str, ...], str]:
    """True label sets without resumes, for a platform that reads none: a million take a moment.

    Their law is that of the resumes' label sets. Of a corpus they are drawn with replacement from
    the training side, whatever ``population.replacement`` says: nobody has a resume.

    Args:
        section: the config's ``corpus``.
        size: how many people.
        streams: the run's; uses ``resumes/labels`` of the period and, for a finite world,
            ``resumes/world``.
        period: when they arrive; 0 for the founders.

    Returns:
        (label sets, bool, shape (size, L); the L label names; one line that says where they come
        from).

    Raises:
        InputError: as :func:`supply`.
    """
    generator = streams.generator("resumes/labels", period)
    law = law_of(section, streams)
    if law is not None:
        origin = f"label sets alone, no resumes, {law.origin}"
        return law.sample_labels(size, generator), law.label_names, origin
    corpus = load_corpus(section.path)
    training = _training_rows(corpus, section)
    chosen = training[generator.integers(len(training), size=size)]
    origin = f"label sets alone, no resumes, of {corpus.origin}"
    return corpus.labels[chosen], corpus.label_names, origin


def _training_rows(corpus: Corpus, section: CorpusSection) -> NDArray[np.int64]:
    training = np.flatnonzero(~corpus.test_side)
    if not len(training):
        raise InputError(section.path, "no resume on the training side", "at least 1 is needed")
    return training


def _from_corpus(section: CorpusSection, size: int, replacement: bool, streams: Streams) -> Supply:
    corpus = load_corpus(section.path)
    training = _training_rows(corpus, section)
    if size > len(training) and not replacement:
        raise InputError(
            "population.size",
            f"{size} freelancers but {len(training)} resumes on the training side of"
            f" {section.path}",
            f"at most {len(training)}, or population.replacement = true",
        )
    generator = streams.generator("resumes/population")
    if replacement:
        chosen = generator.integers(len(training), size=size)
        spare = None
    else:
        # The permutation of the rows' places is that of the rows themselves.
        order = generator.permutation(len(training))
        chosen, spare = order[:size], order[size:]
    test = np.flatnonzero(corpus.test_side)
    if section.test_size:
        test = streams.generator("resumes/held_out").permutation(test)[: section.test_size]
    if not len(test):
        raise InputError(section.path, "no resume on the test side", "at least 1 is needed")
    training_side = corpus.training_side()
    return Supply(
        population=training_side.select(chosen),
        held_out=corpus.select(test),
        training_side=training_side,
        law=None,
        marginals=None,
        spare=spare,
    )
