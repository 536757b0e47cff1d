"""What every run has before its first period, read or unread: people, their labels, their ties."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.reports import most_frequent_other
from gigsim.config.sections import Config
from gigsim.errors import InputError
from gigsim.population import Population, draw_luck
from gigsim.resumes.label_noise import noisy_labels
from gigsim.resumes.supply import labels_only
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
            self, labels=labels, base_labels=self.with_noise(labels, gone, config, streams, period)
        )

    def with_noise(
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


def set_scene(config: Config, streams: Streams, observe: Callable[[str], None]) -> Scene:
    """Draw what a run keeps that reads no resumes: label sets and the network alone.

    Raises:
        InputError: an unknown target, a network that does not fit the population.
    """
    observe("drawing label sets")
    labels, names, origin = labels_only(config.corpus, config.population.size, streams)
    return make_scene(config, streams, labels, names, origin)


def make_scene(
    config: Config,
    streams: Streams,
    labels: NDArray[np.bool_],
    names: tuple[str, ...],
    origin: str,
) -> Scene:
    """The scene of these label sets; arguments as in :class:`Scene`.

    Raises:
        InputError: an unknown target, a network that does not fit the population.
    """
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


def leavers(config: Config, streams: Streams, period: int) -> NDArray[np.bool_]:
    """Who is replaced in a period under this config, bool, shape (N,)."""
    uniforms = streams.uniform("turnover", period, config.population.size)
    return uniforms < config.population.turnover


def random_rank(streams: Streams, name: str, size: int) -> NDArray[np.int64]:
    """Each freelancer's place in a random order, int64, shape (size,).

    The first k places are a random set of k people, nested in k: one first mover fewer leaves all
    the others where they are.
    """
    return streams.uniform(name, size=size).argsort(kind="stable").argsort(kind="stable")


def _on_file(
    labels: NDArray[np.bool_], config: Config, streams: Streams, period: int = 0
) -> NDArray[np.bool_]:
    """What everybody would have on file who arrived in a period, by the true label sets of all."""
    rho, kind = config.corpus.label_noise, config.corpus.label_noise_kind
    if rho == 0:
        return labels
    return noisy_labels(labels, rho, kind, streams.generator("label_noise", period))
