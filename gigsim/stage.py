"""What is fixed before the first period: resumes, their encodings, the network, the test set.

Every resume is encoded twice, as people have it and planted, once a run; a retraining only picks
rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.signals import Signal
from gigsim.config.sections import Config
from gigsim.errors import InputError
from gigsim.learners.protocol import Learner, Rows, make_learner
from gigsim.learners.ragged import Ragged
from gigsim.learners.reading import Reading, read
from gigsim.population import Population, label_set_numbers
from gigsim.resumes.supply import Supply, supply
from gigsim.society.networks import CompleteNetwork, Network, small_world
from gigsim.streams import Streams


@dataclass(frozen=True)
class Stage:
    """The fixed part of a run.

    Attributes:
        supply: the resumes and the law they come from.
        target: column of y* among the labels.
        learner: what the platform trains.
        reading: the population's resumes as the learner sees them.
        texts: 2N encoded texts in a random order, everybody's as found and planted.
        found_at: int64, shape (N,): the row of each freelancer's resume as found.
        planted_at: int64, shape (N,): the row of each planted one.
        tests: the held-out texts, encoded: planted, and clean of the signal.
        test_labels: bool, shape (n, L): their true label sets.
        test_sets: int64, shape (n,): numbers of their label sets.
        test_clusters: int64, shape (n,): near-duplicates share a number.
        network: who knows whom.
        carriers: bool, shape (N,): resumes on which the config put the signal (``corpus.xi``).
        signal_is_new: the resumes are a language's, and the language never writes the signal.
        reads_whole: no text is cut off by the learner's window.
        in_signal_set: bool, shape (N,): resumes that planting does not change, to the learner.
        reference_rank: int64, shape (N,): a fixed random order of the freelancers.
    """

    supply: Supply
    target: int
    learner: Learner
    reading: Reading
    texts: Rows
    found_at: NDArray[np.int64]
    planted_at: NDArray[np.int64]
    tests: tuple[Rows, Rows]
    test_labels: NDArray[np.bool_]
    test_sets: NDArray[np.int64]
    test_clusters: NDArray[np.int64]
    network: Network
    carriers: NDArray[np.bool_]
    signal_is_new: bool
    reads_whole: bool
    in_signal_set: NDArray[np.bool_]
    reference_rank: NDArray[np.int64]


def set_stage(config: Config, streams: Streams, observe: Callable[[str], None]) -> Stage:
    """Draw and encode everything that a run keeps.

    Raises:
        InputError: an unknown target, a population larger than the corpus, a signal that the
            learner cannot see, an encoder that cannot be loaded, a device that is not there.
    """
    size = config.population.size
    observe("drawing resumes")
    stock = supply(config.corpus, size, config.population.replacement, streams)
    names = stock.population.label_names
    if config.collective.target not in names:
        raise InputError(
            "collective.target",
            f"no label {config.collective.target!r}",
            f"one of: {', '.join(names)}",
        )
    observe("encoding resumes")
    learner = make_learner(
        config.platform.learner,
        labels=len(names),
        precision=config.run.precision,
        threads=config.run.threads,
        device=config.run.device,
    )
    vocabulary = learner.vocabulary(
        stock.training_side, None if stock.language is None else stock.language.words
    )
    section = config.collective.signal
    signal = Signal(section.token, section.every, section.reserve)

    def reading_of(carriers: NDArray[np.bool_], held_out: bool) -> Reading:
        return read(
            stock.held_out if held_out else stock.population,
            vocabulary,
            signal,
            carriers=carriers,
            limit=learner.limit,
            learner=learner.name,
            ordered=learner.ordered,
        )

    carriers = streams.uniform("carriers", size=size) < config.corpus.xi
    reading = reading_of(carriers, False)
    test = reading_of(np.zeros(len(stock.held_out), dtype=bool), True)
    # Shuffled, so that the number of a text tells a platform nothing of who wrote it or why.
    order = streams.generator("store").permutation(2 * size)
    place = np.argsort(order)
    texts = Ragged.concatenate([reading.found, reading.planted]).take(order)
    return Stage(
        supply=stock,
        target=names.index(config.collective.target),
        learner=learner,
        reading=reading,
        texts=learner.represent(texts, reading.size),
        found_at=place[:size],
        planted_at=place[size:],
        tests=(
            learner.represent(test.planted, reading.size),
            learner.represent(test.clean, reading.size),
        ),
        test_labels=stock.held_out.labels,
        test_sets=label_set_numbers(stock.held_out.labels),
        test_clusters=stock.held_out.clusters,
        network=_network(config, streams),
        carriers=carriers,
        signal_is_new=stock.language is not None and section.token not in stock.language.words,
        reads_whole=_uncut(learner.limit, reading.planted, test.planted),
        in_signal_set=reading.in_signal_set,
        reference_rank=random_rank(streams, "reference", size),
    )


def found_population(config: Config, stage: Stage, streams: Streams) -> Population:
    """The freelancers at period 0: nobody is a member yet."""
    size = config.population.size
    return Population(
        labels=stage.supply.population.labels,
        cost=config.population.cost.quantile(streams.uniform("cost", size=size)),
        threshold=config.population.threshold.quantile(streams.uniform("threshold", size=size)),
        first_mover=random_rank(streams, "first_movers", size) < config.collective.first_movers,
    )


def random_rank(streams: Streams, name: str, size: int) -> NDArray[np.int64]:
    """Each freelancer's place in a random order, int64, shape (size,).

    The first k places are a random set of k people, nested in k: one first mover fewer leaves all
    the others where they are.
    """
    return streams.uniform(name, size=size).argsort(kind="stable").argsort(kind="stable")


def _uncut(limit: int | None, *readings: Ragged) -> bool:
    """Does every text end before the learner's window does?"""
    return limit is None or all(int(r.lengths.max(initial=0)) < limit for r in readings)


def _network(config: Config, streams: Streams) -> Network:
    size, section = config.population.size, config.network
    if section.kind == "complete":
        return CompleteNetwork(size)
    return small_world(size, section.degree, section.rewire, streams.seed_for("network"))
