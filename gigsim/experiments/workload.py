"""How much there is to do in a run, as its config says: periods, retrainings, trainings."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Hashable
from dataclasses import dataclass

from gigsim.config.changes import timeline
from gigsim.config.load import build
from gigsim.config.sections import Config
from gigsim.learners.recipes import BayesRecipe, FrozenRecipe, SurrogateRecipe, TransformerRecipe

# Two platforms that learn differently are further apart than any two sizes of one.
_FOREIGN = 1e3


@dataclass(frozen=True)
class Workload:
    """What a run does after period 0.

    Attributes:
        periods: the most it may take, where it runs until it settles.
        retrainings: periods in which the platform trains.
        trainings: classifiers trained in them, references included.
        at_most: does it run until it settles, perhaps earlier?
    """

    periods: int
    retrainings: int
    trainings: int
    at_most: bool


def workload(config: Config, *, stochastic: bool) -> Workload:
    """Count what a run will do.

    Args:
        config: of the run, changes in time included.
        stochastic: does its learner draw? One that does not is trained once a retraining.
    """
    section, recipe = config.run, config.platform.learner
    at_most = section.until == "settled"
    periods = section.limit if at_most else section.periods
    changes = timeline(config, build)
    phases = sorted(({1: config} | changes).items())
    warm = any(now.platform.retrain == "warm" for now in (config, *changes.values()))
    trains = not isinstance(recipe, BayesRecipe | SurrogateRecipe)
    every = config.measure.reference
    retrainings = trainings = 0
    for number, (begin, now) in enumerate(phases):
        end = phases[number + 1][0] if number + 1 < len(phases) else periods + 1
        last = min(end - 1, periods)
        rhythm = now.platform.retrain_every
        count = max(0, last // rhythm - (begin - 1) // rhythm)
        references = (retrainings + count) // every - retrainings // every if every else 0
        retrainings += count
        trainings += count * (now.platform.repeats if stochastic else 1)
        trainings += count if every and warm else references
    return Workload(periods, retrainings, trainings if trains else 0, at_most)


def submissions(config: Config, periods: int) -> int:
    """How many periods' submissions the platform trains on after so many periods, 0 included."""
    section = config.platform
    return min(section.window if section.data == "window" else 1, periods + 1)


@dataclass(frozen=True)
class Kind:
    """What decides how long a period and a training take.

    Attributes:
        label: equal for runs whose times are equal.
        family: equal for runs whose times are in proportion.
        people: N.
        weight: work of one training, in a unit of its own for each family.
    """

    label: bytes
    family: tuple[Hashable, ...]
    people: int
    weight: float

    def distance(self, other: Kind) -> float:
        """How little the times of the one say of the times of the other, at least 0."""
        far = 0.0 if self.family == other.family else _FOREIGN
        return far + abs(math.log(self.weight / other.weight))


def kind_of(config: Config) -> Kind:
    """The kind of a run."""
    recipe, corpus, run = config.platform.learner, config.corpus, config.run
    machine = (run.threads, run.precision, run.device)
    people = config.population.size
    what = [recipe.model_dump(mode="json"), people, corpus.model_dump(mode="json"), machine]
    label = hashlib.blake2b(json.dumps(what).encode(), digest_size=16).digest()
    encoder, each = "", 1.0
    if isinstance(recipe, TransformerRecipe):
        encoder, each = recipe.encoder, float(recipe.epochs * recipe.max_tokens)
        if encoder == "lean":
            inner = recipe.width + recipe.feedforward + recipe.max_tokens
            each *= recipe.layers * recipe.width * inner
    elif isinstance(recipe, FrozenRecipe):
        # Reading is done once; what a retraining costs is the head's.
        encoder = recipe.encoder
    source = (corpus.path, corpus.language, corpus.cells > 0)
    return Kind(label, (recipe.kind, encoder, source, machine), people, each * people)
