"""Many trainings of a convex learner in one solve: who plants what differs, the texts do not.

It needs texts that are free of the signal by themselves and a planting that adds the signal and
nothing else; where a resume holds the signal anyhow, or planting pushes words out of the learner's
window, trainings are done one by one (``single``), with the same outcome to the solver's tolerance.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.strategies import PLANTED
from gigsim.curves.arm import Arm
from gigsim.curves.bench import Bench
from gigsim.curves.draws import Draw, draw, submitted
from gigsim.curves.fitting import Fitted, Probabilities, Timing
from gigsim.curves.single import SingleFitter
from gigsim.curves.trainings import Training, digest, training_key
from gigsim.learners.logistic.many import Foundation, Outcome, PlantedTexts, Replica
from gigsim.learners.protocol import Rows
from gigsim.learners.recipes import FrozenRecipe, LinearRecipe
from gigsim.learners.tfidf import counts_of

if TYPE_CHECKING:
    from gigsim.learners.cache import TrainingCache


class Solves(Protocol):
    """What all trainings of one recipe on the same texts share (``logistic.many.Foundation``)."""

    def each(self, replicas: Sequence[Replica]) -> Iterator[Outcome]:
        """The outcome of each training, in order."""
        ...


class BatchedFitter:
    """Solves the trainings of a job together; attributes as :class:`fitting.Fitter`.

    Args:
        bench: the resumes.
        foundation: what their trainings share.
        cache: where a clean training that members ask for opinions is shared.
    """

    def __init__(self, bench: Bench, foundation: Solves, cache: TrainingCache | None) -> None:
        self.bench = bench
        self.timings: list[Timing] = []
        self._foundation = foundation
        # Opinions are of people's own texts, which no foundation is asked about.
        self._single = SingleFitter(bench, cache)

    def fit(self, arms: Mapping[int, Arm], trainings: Sequence[Training]) -> Iterator[Fitted]:
        """See :class:`fitting.Fitter`."""
        began = time.perf_counter()
        drawn = [draw(self.bench, arms[t.arm].config.corpus, t.seed) for t in trainings]
        handed_in = [
            submitted(people, arms[t.arm], t.members, self._opinions(arms[t.arm], t.seed))
            for people, t in zip(drawn, trainings, strict=True)
        ]
        replicas = [Replica(h.version == PLANTED, h.labels) for h in handed_in]
        outcomes = self._foundation.each(replicas)
        for training, people, own, outcome in zip(
            trainings, drawn, handed_in, outcomes, strict=True
        ):
            probabilities = self._probabilities(people, outcome)
            if not training.members:
                self.bench.memory["clean probabilities", training.key] = probabilities
            yield Fitted(training, 1, own, probabilities, outcome.loss)
        seconds = (time.perf_counter() - began) / max(1, len(trainings))
        self.timings += [Timing(t.key, seconds, False) for t in trainings]
        self.timings += self._single.timings
        self._single.timings = []

    def clean(self, arm: Arm, seed: int) -> Probabilities:
        """See :class:`fitting.Fitter`."""
        name, memory = ("clean probabilities", training_key(arm, seed, 0)), self.bench.memory
        if name not in memory:
            people = draw(self.bench, arm.config.corpus, seed)
            own = submitted(people, arm, 0)
            began = time.perf_counter()
            (outcome,) = self._foundation.each([Replica(own.version == PLANTED, own.labels)])
            self.timings.append(Timing(name[1], time.perf_counter() - began, False))
            memory[name] = self._probabilities(people, outcome)
        found: Probabilities = memory[name]
        return found

    def _opinions(self, arm: Arm, seed: int) -> Any:
        return lambda: self._single.opinions(arm, seed)

    def _probabilities(self, people: Draw, outcome: Outcome) -> Probabilities:
        """As of ``Bench.tests``: a text as found is the planted one or the clean one."""
        planted, clean = outcome.planted, outcome.clean
        if not people.bearing.any():
            return planted, clean
        return planted, clean, np.where(people.bearing[:, None], planted, clean)


def batched_fitter(bench: Bench, arm: Arm, cache: TrainingCache | None) -> BatchedFitter | None:
    """Of a bench and a recipe; None where trainings have to be done one by one.

    Which it is depends on the bench and the recipe alone, not on what is to be trained.
    """
    recipe, threads = arm.config.platform.learner, arm.config.run.threads
    if not isinstance(recipe, LinearRecipe | FrozenRecipe) or bench.holds_signal:
        return None
    name = ("foundation", digest([recipe.model_dump(mode="json"), threads]))
    if name not in bench.memory:
        for outdated in [known for known in bench.memory if known[0] == "foundation"]:
            del bench.memory[outdated]
        make = _linear if isinstance(recipe, LinearRecipe) else _frozen
        bench.memory[name] = make(bench, recipe, threads)
    foundation = bench.memory[name]
    return None if foundation is None else BatchedFitter(bench, foundation, cache)


def _linear(bench: Bench, recipe: Any, threads: int) -> Solves | None:
    texts = _planted_texts(bench)
    if texts is None:
        return None
    # Most regressions of a curve are near those on the labels that people have.
    labels = bench.stage.labels
    return Foundation.of(*texts, recipe=recipe, threads=threads, labels=labels)


def _frozen(bench: Bench, recipe: Any, threads: int) -> Solves:
    from gigsim.learners.embedding_rows import embedding_rows
    from gigsim.learners.frozen_many import FrozenFoundation

    stage = bench.stage
    people = [stage.texts.take(places) for places in (stage.found_at, stage.planted_at[0])]
    planted, clean = map(embedding_rows, stage.tests)
    return FrozenFoundation.of(
        [embedding_rows(texts) for texts in people],
        planted,
        clean,
        labels=stage.labels,
        recipe=recipe,
        threads=threads,
    )


def _planted_texts(bench: Bench) -> tuple[PlantedTexts, PlantedTexts] | None:
    """People's texts and held-out ones as a foundation wants them; None where they are not such."""
    name = ("planted texts",)
    if name not in bench.memory:
        stage = bench.stage
        pairs = [
            (stage.texts.take(stage.found_at), stage.texts.take(stage.planted_at[0])),
            (stage.tests[1], stage.tests[0]),
        ]
        texts = [_only_added(clean, planted, stage.encoder.ids(0)) for clean, planted in pairs]
        bench.memory[name] = None if None in texts else tuple(texts)
    known: tuple[PlantedTexts, PlantedTexts] | None = bench.memory[name]
    return known


def _only_added(clean: Rows, planted: Rows, ids: NDArray[np.int64]) -> PlantedTexts | None:
    """Texts to which planting adds the signal's ids and nothing else; None if it does more."""
    before, after = counts_of(clean), counts_of(planted)
    signal = after[:, ids].toarray()
    added = after - before
    added.eliminate_zeros()
    if added.nnz != np.count_nonzero(signal) or not np.isin(added.indices, ids).all():
        return None
    return PlantedTexts(before, signal.astype(np.int32))
