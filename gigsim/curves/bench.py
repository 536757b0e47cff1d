"""A bench: everything of a curve that no training changes, built once and kept.

N people's resumes as the learner reads them (as found, planted, without the signal), the held-out
resumes and the network. Who carries the signal by himself, whose labels are noise and who is in the
collective is drawn for each seed (``draws``): texts are the same for all seeds, what people do with
them is not.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.catalogue import STRATEGIES
from gigsim.collective.reports import most_frequent_other
from gigsim.config.sections import CollectiveSection, Config
from gigsim.errors import InputError
from gigsim.inputs import digests, files_of
from gigsim.learners.protocol import Rows
from gigsim.resumes.label_noise import noisy_law
from gigsim.stage import Stage, set_stage, signal_places
from gigsim.streams import Streams

#: Benches that a process keeps: of 20,000 real resumes each takes some hundred megabytes.
_KEPT = 2

#: Of each learner's recipe what decides how texts are read; of other learners all of it does.
READING = {
    "linear": frozenset({"features"}),
    # A pooled first piece takes the place of one that is read.
    "transformer": frozenset({"encoder", "vocabulary_size", "max_tokens", "pooling"}),
    "frozen": frozenset({"encoder", "max_tokens", "pooling"}),
    "table": frozenset[str](),
    "bayes": frozenset[str](),
}

#: Tables of the config whose files a bench is made of.
_OF_FILES = ("corpus.", "network.", "platform.learner.")

#: Of the corpus what is drawn anew for each seed.
_DRAWN = ("xi", "label_noise", "label_noise_kind")


@dataclass(eq=False)
class Bench:
    """The fixed part of curves that read the same resumes in the same way.

    Attributes:
        key: equal keys, equal benches.
        config: one of those that it is for, without what is drawn for each seed.
        stage: the people, as of a run in which nobody carries the signal but by his own words.
        world: the streams of the world's seed.
        memory: what was made of it and may be wanted again, by a name of the maker's; goes with it.
    """

    key: str
    config: Config
    stage: Stage
    world: Streams
    memory: dict[tuple[str, ...], Any] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config) -> Bench:
        """Read the resumes of a config.

        Raises:
            InputError: as :func:`gigsim.stage.set_stage`.
        """
        world = Streams(config.run.seed)
        neutral = _neutral(config)
        stage = set_stage(neutral, world, lambda _: None, every_version=True)
        return cls(bench_key(config), neutral, stage, world)

    @property
    def size(self) -> int:
        """N, people."""
        return len(self.stage.labels)

    @property
    def holds_signal(self) -> bool:
        """Does any resume, of people or held out, hold the signal by itself?"""
        return bool(self.stage.contains[0].any()) or len(self.stage.tests) > 2

    def target(self, section: CollectiveSection) -> int:
        """Column of y*.

        Raises:
            InputError: no such label.
        """
        names = self.stage.label_names
        if section.target not in names:
            raise InputError(
                "collective.target", f"no label {section.target!r}", f"one of: {', '.join(names)}"
            )
        return names.index(section.target)

    def stage_for(self, config: Config) -> Stage:
        """The stage as the theory of an arm wants it: its target, its aim, its law of labels.

        Carriers are nobody all the same: ``coverage`` adds ``corpus.xi`` by the config.

        Raises:
            InputError: no such label.
        """
        section, corpus, stage = config.collective, config.corpus, self.stage
        target = self.target(section)
        stock = stage.supply
        if stock.writer is not None and corpus.label_noise:
            law = noisy_law(stock.writer, corpus.label_noise, corpus.label_noise_kind)
            stock = replace(stock, law=law, marginals=law.marginals(stock.held_out))
        return replace(
            stage,
            target=target,
            aim=STRATEGIES[section.strategy].aim,
            other=most_frequent_other(stage.labels.mean(axis=0), target),
            supply=stock,
        )

    def rows(self, version: NDArray[np.int8]) -> Rows:
        """Everybody's text in the given version (``strategies.FOUND`` and so on; shape (N,))."""
        stage = self.stage
        places = np.choose(version, (stage.found_at, stage.planted_at[0], stage.clean_at))
        return stage.texts.take(places)

    def tests(self, bearing: NDArray[np.bool_]) -> tuple[Rows, ...]:
        """The held-out texts: planted, clean and, where that is another one, as found.

        Args:
            bearing: bool, shape (n,): resumes into which the signal is put as if by themselves.
        """
        planted, clean = self.stage.tests[:2]
        found = self.stage.tests[-1] if len(self.stage.tests) > 2 else clean
        if bearing.any():
            n = len(bearing)
            return planted, clean, found.append(planted).take(np.arange(n) + n * bearing)
        return (planted, clean) if found is clean else (planted, clean, found)

    def holding(self, bearing: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Held-out resumes in which the learner sees the signal as people have them, shape (n,).

        Args:
            bearing: as for :meth:`tests`.
        """
        name = ("holding",)
        if name not in self.memory:
            held_out = self.stage.supply.held_out
            nobody = np.full(len(held_out), -1, dtype=np.int64)
            places = signal_places(self.config, self.world, len(held_out), of="held_out")
            seen = self.stage.encoder.encode(held_out, nobody, places)
            # Where even planting shows the learner nothing, neither does bearing.
            self.memory[name] = seen.contains[0], seen.signal_sets[0] & ~seen.contains[0]
        own, unseen = self.memory[name]
        found: NDArray[np.bool_] = own | (bearing & ~unseen)
        return found


def bench_key(config: Config) -> str:
    """A digest of what a bench depends on: 32 hexadecimal digits.

    Neither the collective's target and strategy nor fields of the recipe that change no reading.
    Files count by name here, and by what is in them in :func:`bench_for`.
    """
    recipe = config.platform.learner.model_dump(mode="json")
    read = READING.get(recipe["kind"], recipe.keys()) | {"kind"}
    parts = {
        "corpus": config.corpus.model_dump(mode="json", exclude=set(_DRAWN)),
        "people": [config.population.size, config.population.replacement],
        "network": config.network.model_dump(mode="json"),
        "signal": config.collective.signal.model_dump(mode="json"),
        "reading": {name: value for name, value in recipe.items() if name in read},
        "machine": [config.run.threads, config.run.precision, config.run.device],
        "seed": config.run.seed,
    }
    content = json.dumps(parts, sort_keys=True).encode()
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def bench_for(config: Config) -> Bench:
    """The bench of a config: built on first use in a process, the last two are kept.

    Where a file that it is made of has another content than then, it is built anew.

    Raises:
        InputError: as :func:`gigsim.stage.set_stage`; such a file may not be read.
    """
    key = (bench_key(config), *_files(config))
    if key in _benches:
        _benches.move_to_end(key)
    else:
        while len(_benches) >= _KEPT:
            _benches.popitem(last=False)
        _benches[key] = Bench.of(config)
    return _benches[key]


_benches: OrderedDict[tuple[object, ...], Bench] = OrderedDict()


def forget_benches() -> None:
    """Free the benches that this process keeps."""
    _benches.clear()


def _files(config: Config) -> tuple[object, ...]:
    """What is now in the files of corpus, network and encoder, by name."""
    names = [name for name, key in files_of(config).items() if key.startswith(_OF_FILES)]
    return tuple(sorted(digests(names).items()))


def _neutral(config: Config) -> Config:
    """The config without anything that is drawn for each seed or differs between arms."""
    drawn = {"xi": 0.0, "label_noise": 0.0}
    section = CollectiveSection(
        target=config.collective.target, signal=config.collective.signal, first_movers=0
    )
    return config.model_copy(
        update={"corpus": config.corpus.model_copy(update=drawn), "collective": section}
    )
