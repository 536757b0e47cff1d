"""What is fixed before the first period where the platform reads resumes: encodings, the test set.

Every resume is encoded as people have it and as it is planted, once a run; a retraining only picks
rows. Newcomers (``gigsim.newcomers``) are the one thing that a stage takes in later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.catalogue import STRATEGIES, Aim
from gigsim.config.sections import CollectiveSection, Config
from gigsim.encoding import Encoded, Encoder, carried_tokens
from gigsim.errors import InputError
from gigsim.learners.protocol import Reader, Rows, make_reader
from gigsim.learners.ragged import Ragged
from gigsim.population import label_set_numbers
from gigsim.resumes.supply import Supply, supply
from gigsim.scene import Scene, make_scene
from gigsim.streams import Streams


@dataclass(frozen=True)
class Stage(Scene):
    """The fixed part of a run whose platform reads resumes.

    Attributes:
        aim: what counts as success on a held-out resume.
        supply: the resumes and the law they come from.
        learner: how the platform reads, and what it trains.
        encoder: how its reading is done.
        texts: the store of encoded texts, in a random order: everybody's as found and planted with
            each token, and clean where that is submitted or judged.
        found_at: int64, shape (N,): the row of each freelancer's resume as found.
        planted_at: int64, shape (tokens, N): the rows of the planted ones.
        clean_at: int64, shape (N,): the row of each cleaned one; that of the found one where none
            is needed.
        tests: the held-out texts: planted with the first token (as found, where the signal is to
            be erased), clean, planted with the others.
        test_labels: bool, shape (n, L): their true label sets.
        test_sets: int64, shape (n,): numbers of their label sets.
        test_clusters: int64, shape (n,): near-duplicates share a number.
        reluctant: bool, shape (n,): held-out resumes on which success is not there from the start:
            those without y*; to unplant, those with it; to erase, those that hold the signal.
        carriers: bool, shape (N,): resumes on which the config put the first token (``corpus.xi``).
        signal_is_new: the resumes are those of a law, and the law never writes the signal.
        reads_whole: no text is cut off by the learner's window.
        signal_sets: bool, shape (tokens, N): resumes that planting does not change, to the learner.
        contains: bool, shape (tokens, N): resumes in which the token occurs at all.
        serials: int64, shape (rows of the store,), ascending: every row that ever came into the
            store has a number of its own, in the order of arrival; rows that were dropped leave
            gaps.
        arrived: how many rows ever came.
    """

    aim: Aim
    supply: Supply
    learner: Reader
    encoder: Encoder
    texts: Rows
    found_at: NDArray[np.int64]
    planted_at: NDArray[np.int64]
    clean_at: NDArray[np.int64]
    tests: tuple[Rows, ...]
    test_labels: NDArray[np.bool_]
    test_sets: NDArray[np.int64]
    test_clusters: NDArray[np.int64]
    reluctant: NDArray[np.bool_]
    carriers: NDArray[np.bool_]
    signal_is_new: bool
    reads_whole: bool
    signal_sets: NDArray[np.bool_]
    contains: NDArray[np.bool_]
    serials: NDArray[np.int64]
    arrived: int

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows of the store that people may submit now, with repeats."""
        return np.concatenate([self.found_at, self.planted_at.ravel(), self.clean_at])

    def keep(self, used: NDArray[np.int64]) -> Stage:
        """The stage with a store of the rows ``used`` alone (ascending, all of ``rows`` in it)."""
        return replace(
            self,
            texts=self.texts.take(used),
            found_at=np.searchsorted(used, self.found_at),
            planted_at=np.searchsorted(used, self.planted_at),
            clean_at=np.searchsorted(used, self.clean_at),
            serials=self.serials[used],
        )

    @property
    def in_signal_set(self) -> NDArray[np.bool_]:
        """Resumes that planting the first token does not change, bool, shape (N,)."""
        return self.signal_sets[0]


def set_stage(
    config: Config,
    streams: Streams,
    observe: Callable[[str], None],
    *,
    every_version: bool = False,
) -> Stage:
    """Draw and encode everything that a run keeps.

    Args:
        config: the run's.
        streams: the run's.
        observe: is told in a few words what happens.
        every_version: keep also what only other strategies need: everybody's resume without the
            signal, and, last of the tests, the held-out ones as found; where no resume holds the
            signal by itself these are the found and the clean ones, which are there anyhow.

    Raises:
        InputError: an unknown target, a population larger than the corpus, a signal that the
            learner cannot see, an encoder that cannot be loaded, a device that is not there, a
            network that does not fit the population.
    """
    size = config.population.size
    observe("drawing resumes")
    stock = supply(config.corpus, size, config.population.replacement, streams)
    people = stock.population
    scene = make_scene(config, streams, people.labels, people.label_names, people.origin)
    observe("encoding resumes")
    learner = make_reader(
        config.platform.learner,
        labels=len(people.label_names),
        precision=config.run.precision,
        threads=config.run.threads,
        device=config.run.device,
    )
    words = None if stock.law is None else stock.law.words
    vocabulary = learner.vocabulary(stock.training_side, words)
    encoder = Encoder(learner, vocabulary, config.collective.signal)
    carried = token_carried(config, streams, encoder)
    own = encoder.encode(people, carried, signal_places(config, streams, size))
    aim = STRATEGIES[config.collective.strategy].aim
    # As people have it, some with the token by themselves, only where that is what is measured.
    rate = config.corpus.xi if aim == "erased" else 0.0
    bearing = streams.uniform("carriers/held_out", size=len(stock.held_out))
    test = encoder.encode(
        stock.held_out,
        carried_tokens(bearing, rate, len(encoder.tokens)),
        signal_places(config, streams, len(stock.held_out), of="held_out"),
    )
    if aim == "erased" and not own.contains.any():
        raise InputError(
            "collective.strategy",
            f"erasure of {config.collective.signal.token!r}, which is in nobody's resume: there is"
            " nothing to erase",
            "a word that resumes use (collective.signal.token), or corpus.xi above 0",
        )
    # Shuffled, so that the number of a text tells a platform nothing of who wrote it or why.
    cleaned = keeps_clean(config.collective) or (every_version and bool(own.contains.any()))
    parts = versions(own, cleaned)
    order = streams.generator("store").permutation(len(parts) * size)
    places = np.argsort(order).reshape(len(parts), size)
    tokens = len(encoder.tokens)
    first = test.found if aim == "erased" else test.planted[0]
    further = (test.found,) if every_version and test.contains.any() else ()
    planted, *others = (
        learner.represent(texts, encoder.size) for texts in (first, *test.planted[1:], *further)
    )
    return Stage(
        **vars(scene),
        aim=aim,
        supply=stock,
        learner=learner,
        encoder=encoder,
        texts=learner.represent(Ragged.concatenate(parts).take(order), encoder.size),
        found_at=places[0],
        planted_at=places[1 : 1 + tokens],
        clean_at=places[-1] if cleaned else places[0],
        tests=(planted, learner.represent(test.clean, encoder.size), *others),
        test_labels=stock.held_out.labels,
        test_sets=label_set_numbers(stock.held_out.labels),
        test_clusters=stock.held_out.clusters,
        reluctant={
            "planted": ~stock.held_out.labels[:, scene.target],
            "unplanted": stock.held_out.labels[:, scene.target],
            "erased": test.contains[0],
        }[aim],
        carriers=carried == 0,
        signal_is_new=words is not None and not set(encoder.words) & set(words),
        reads_whole=_uncut(learner.limit, *own.planted, *test.planted),
        signal_sets=own.signal_sets,
        contains=own.contains,
        serials=np.arange(len(parts) * size),
        arrived=len(parts) * size,
    )


def signal_places(
    config: Config, streams: Streams, size: int, period: int = 0, of: str = ""
) -> NDArray[np.float64] | None:
    """Where each resume's one signal stands if its place is random: a share of the words before it.

    Drawn once for each resume and not for each planting, so that g is one map and g(g(x)) = g(x).

    Args:
        config: the run's.
        streams: the run's; uses ``signal/places`` of the period, or ``signal/places/<of>``.
        size: how many resumes; of people, one for each place in the population.
        period: when they arrive.
        of: whose: "" for people, ``held_out``, ``certificate``.

    Returns:
        float64 in [0, 1), shape (size,); None where the config says where the signal stands.
    """
    if config.collective.signal.position != "random":
        return None
    return streams.uniform(f"signal/places/{of}".rstrip("/"), period, size)


def token_carried(
    config: Config, streams: Streams, encoder: Encoder, period: int = 0
) -> NDArray[np.int64]:
    """Which token each place's resume of that period carries by itself, -1 for none."""
    uniforms = streams.uniform("carriers", period, config.population.size)
    return carried_tokens(uniforms, config.corpus.xi, len(encoder.tokens))


def keeps_clean(section: CollectiveSection) -> bool:
    """Does the run need everybody's resume without the signal, to submit or to have it judged?"""
    return section.evasive or asks_opinions(section)


def asks_opinions(section: CollectiveSection) -> bool:
    """Does the collective go by what the platform of period 0 made of resumes?"""
    return section.adaptive or "opinions" in STRATEGIES[section.strategy].needs


def versions(own: Encoded, cleaned: bool) -> list[Ragged]:
    """The versions of everybody's resume that are needed, found first, clean last."""
    return [own.found, *own.planted, *([own.clean] if cleaned else [])]


def _uncut(limit: int | None, *readings: Ragged) -> bool:
    """Does every text end before the learner's window does?"""
    return limit is None or all(int(r.lengths.max(initial=0)) < limit for r in readings)
