"""What is fixed before the first period: resumes, their encodings, the network, the test set.

Every resume is encoded as people have it and as it is planted, once a run; a retraining only picks
rows. Newcomers (``population.turnover``) are the one thing that a stage takes in later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.catalogue import STRATEGIES, Aim
from gigsim.collective.reports import most_frequent_other
from gigsim.config.sections import CollectiveSection, Config
from gigsim.encoding import Encoded, Encoder, carried_tokens
from gigsim.errors import InputError
from gigsim.learners.protocol import Reader, Rows, make_reader
from gigsim.learners.ragged import Ragged
from gigsim.population import Population, draw_luck, label_set_numbers
from gigsim.resumes.label_noise import noisy_labels
from gigsim.resumes.supply import Supply, labels_only, supply
from gigsim.society.networks import Network
from gigsim.society.recruitment import Recruitment, Seeding, skill_blocks
from gigsim.streams import Streams

#: What the config calls whom first movers are taken from, and the order of a curve that it is.
_SEEDING: dict[str, Recruitment] = {
    "random": "random",
    "hubs": "hub",
    "clusters": "cluster",
    "skills": "skill",
}


@dataclass(frozen=True)
class Scene:
    """What every run has, also one whose platform reads no resumes.

    Attributes:
        labels: bool, shape (N, L): the founders' true label sets: their skills, by which they know
            each other and are matched with held-out resumes.
        base_labels: bool, shape (N, L): the label sets that people have on file, and hand in unless
            the collective has them say otherwise; other than ``labels`` with label noise alone
            (``corpus.label_noise``).
        label_names: the L labels.
        origin: one line that says where the resumes come from.
        target: column of y* among the labels.
        network: who knows whom.
        reference_rank: int64, shape (N,): a fixed random order of the places in the network.
        other: the label other than y* that most founders carry.
    """

    labels: NDArray[np.bool_]
    base_labels: NDArray[np.bool_]
    label_names: tuple[str, ...]
    origin: str
    target: int
    network: Network
    reference_rank: NDArray[np.int64]
    other: int

    @property
    def in_signal_set(self) -> NDArray[np.bool_]:
        """Whose resume carries the signal, bool, shape (N,): without resumes, nobody's."""
        return np.zeros(len(self.labels), dtype=bool)

    def take_in_labels(
        self, gone: NDArray[np.bool_], config: Config, streams: Streams, period: int
    ) -> Scene:
        """The scene after newcomers without resumes took the places of those who go.

        Args:
            gone: bool, shape (N,).
            config: the run's.
            streams: the run's.
            period: now, at least 1.
        """
        labels = self.labels.copy()
        labels[gone] = labels_only(config.corpus, int(gone.sum()), streams, period)[0]
        return replace(
            self, labels=labels, base_labels=self._with_noise(labels, gone, config, streams, period)
        )

    def _with_noise(
        self,
        labels: NDArray[np.bool_],
        gone: NDArray[np.bool_],
        config: Config,
        streams: Streams,
        period: int,
    ) -> NDArray[np.bool_]:
        """What people have on file now that ``labels`` are the true label sets of everybody."""
        fresh = _on_file(labels, config, streams, period)
        return np.where(gone[:, None], fresh, self.base_labels)


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


def set_scene(config: Config, streams: Streams, observe: Callable[[str], None]) -> Scene:
    """Draw what a run keeps that reads no resumes: label sets and the network alone.

    Raises:
        InputError: an unknown target, a network that does not fit the population.
    """
    observe("drawing label sets")
    labels, names, origin = labels_only(config.corpus, config.population.size, streams)
    return _scene(config, streams, labels, names, origin)


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
    scene = _scene(config, streams, people.labels, people.label_names, people.origin)
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
    carried = _carried(config, streams, encoder)
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
    parts = _versions(own, cleaned)
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


def leavers(config: Config, streams: Streams, period: int) -> NDArray[np.bool_]:
    """Who is replaced in a period under this config, bool, shape (N,)."""
    uniforms = streams.uniform("turnover", period, config.population.size)
    return uniforms < config.population.turnover


def take_in(
    stage: Stage, gone: NDArray[np.bool_], config: Config, streams: Streams, period: int
) -> Stage:
    """The stage after newcomers with fresh resumes took the places of those who go.

    What those who went have submitted stays in the store, for a platform that trains on a window.

    Args:
        stage: before.
        gone: bool, shape (N,).
        config: the run's.
        streams: the run's; uses ``resumes/newcomers``, ``carriers``, ``label_noise``,
            ``signal/places`` and ``store`` of the period.
        period: now, at least 1.

    Raises:
        InputError: the corpus has no resume left.
    """
    arrivals = int(gone.sum())
    fresh, stock = stage.supply.newcomers(arrivals, streams, period)
    cleaned = keeps_clean(config.collective)
    carried = _carried(config, streams, stage.encoder, period)[gone]
    drawn = signal_places(config, streams, len(gone), period)
    own = stage.encoder.encode(fresh, carried, None if drawn is None else drawn[gone])
    parts = _versions(own, cleaned)
    order = streams.generator("store", period).permutation(len(parts) * arrivals)
    texts = Ragged.concatenate(parts).take(order)
    places = len(stage.texts) + np.argsort(order).reshape(len(parts), arrivals)
    tokens = len(stage.encoder.tokens)

    def put(old: NDArray[Any], new: NDArray[Any], where: tuple[Any, ...] = (gone,)) -> NDArray[Any]:
        changed = old.copy()
        changed[where] = new
        return changed

    everywhere = (slice(None), gone)
    labels = put(stage.labels, fresh.labels)
    return replace(
        stage,
        labels=labels,
        base_labels=stage._with_noise(labels, gone, config, streams, period),
        supply=stock,
        texts=stage.texts.append(stage.learner.represent(texts, stage.encoder.size)),
        found_at=put(stage.found_at, places[0]),
        planted_at=put(stage.planted_at, places[1 : 1 + tokens], everywhere),
        clean_at=put(stage.clean_at, places[-1] if cleaned else places[0]),
        carriers=put(stage.carriers, carried == 0),
        signal_sets=put(stage.signal_sets, own.signal_sets, everywhere),
        contains=put(stage.contains, own.contains, everywhere),
        serials=np.concatenate([stage.serials, stage.arrived + np.arange(len(order))]),
        arrived=stage.arrived + len(order),
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


def found_population(config: Config, scene: Scene, streams: Streams) -> Population:
    """The freelancers at period 0: nobody is a member yet."""
    size = config.population.size
    population = Population(
        labels=scene.labels,
        target=scene.target,
        luck=draw_luck(streams, size),
        seeding=Seeding(
            _SEEDING[config.collective.seeding],
            scene.network,
            streams.uniform("first_movers/skills", size=len(scene.label_names) + 1),
        ),
    )
    population.base_labels = scene.base_labels
    population.take_traits(config)
    return population


def random_rank(streams: Streams, name: str, size: int) -> NDArray[np.int64]:
    """Each freelancer's place in a random order, int64, shape (size,).

    The first k places are a random set of k people, nested in k: one first mover fewer leaves all
    the others where they are.
    """
    return streams.uniform(name, size=size).argsort(kind="stable").argsort(kind="stable")


def _scene(
    config: Config,
    streams: Streams,
    labels: NDArray[np.bool_],
    names: tuple[str, ...],
    origin: str,
) -> Scene:
    size = config.population.size
    if config.collective.target not in names:
        raise InputError(
            "collective.target",
            f"no label {config.collective.target!r}",
            f"one of: {', '.join(names)}",
        )
    network = config.network.draw(size, skill_blocks(labels), streams.seed_for("network"))
    target = names.index(config.collective.target)
    return Scene(
        labels=labels,
        base_labels=_on_file(labels, config, streams),
        label_names=names,
        origin=origin,
        target=target,
        network=network,
        reference_rank=random_rank(streams, "reference", size),
        other=most_frequent_other(labels.mean(axis=0), target),
    )


def _on_file(
    labels: NDArray[np.bool_], config: Config, streams: Streams, period: int = 0
) -> NDArray[np.bool_]:
    """What everybody would have on file who arrived in a period, by the true label sets of all."""
    rho, kind = config.corpus.label_noise, config.corpus.label_noise_kind
    if rho == 0:
        return labels
    return noisy_labels(labels, rho, kind, streams.generator("label_noise", period))


def _carried(
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


def _versions(own: Encoded, cleaned: bool) -> list[Ragged]:
    """The versions of everybody's resume that are needed, found first, clean last."""
    return [own.found, *own.planted, *([own.clean] if cleaned else [])]


def _uncut(limit: int | None, *readings: Ragged) -> bool:
    """Does every text end before the learner's window does?"""
    return limit is None or all(int(r.lengths.max(initial=0)) < limit for r in readings)
