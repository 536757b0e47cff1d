"""Networks of a job trained at once on one device: what one of them leaves idle, others use.

Each is drawn as if it were trained alone, and comes out so to rounding (``learners.replicas``):
sums are taken in another order, and that depends on what else is in the job. A job is therefore
done as the plan has it, whole or not at all, and its trainings are not shared through the cache,
whose entries are those of trainings alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gigsim.curves.arm import Arm
from gigsim.curves.bench import Bench
from gigsim.curves.draws import Submitted, draw, submitted
from gigsim.curves.fitting import Fitted, Probabilities, Timing
from gigsim.curves.single import SingleFitter, learner_of
from gigsim.curves.trainings import Training
from gigsim.learners.replicas import Replica, fit_replicas
from gigsim.learners.token_rows import token_rows
from gigsim.learners.transformer import TransformerLearner

if TYPE_CHECKING:
    from gigsim.learners.cache import TrainingCache


class SideBySideFitter:
    """Trains the networks of a job at once; attributes as :class:`fitting.Fitter`.

    Args:
        bench: the resumes, as a lean encoder reads them.
        cache: where trainings that are done alone are shared, such as the clean ones.
    """

    def __init__(self, bench: Bench, cache: TrainingCache | None = None) -> None:
        self.bench = bench
        self._single = SingleFitter(bench, cache)
        self.timings: list[Timing] = self._single.timings

    def fit(self, arms: Mapping[int, Arm], trainings: Sequence[Training]) -> Iterator[Fitted]:
        """See :class:`fitting.Fitter`; a job of one training is one alone.

        Raises:
            InputError: one of them diverged; the others are lost with it.
        """
        if len(trainings) == 1:
            return self._single.fit(arms, trainings)
        return self._together(arms, trainings)

    def clean(self, arm: Arm, seed: int) -> Probabilities:
        """See :class:`fitting.Fitter`."""
        return self._single.clean(arm, seed)

    def _together(self, arms: Mapping[int, Arm], trainings: Sequence[Training]) -> Iterator[Fitted]:
        bench = self.bench
        drawn = [draw(bench, arms[t.arm].config.corpus, t.seed) for t in trainings]
        handed_in = [
            submitted(
                people, arms[t.arm], t.members, partial(self._single.opinions, arms[t.arm], t.seed)
            )
            for people, t in zip(drawn, trainings, strict=True)
        ]
        seeds = [people.training_seed() for people in drawn]
        began = time.perf_counter()
        classifiers = fit_replicas(
            transformer_of(arms[trainings[0].arm], bench),
            token_rows(bench.stage.texts),
            [self._replica(own, seed) for own, seed in zip(handed_in, seeds, strict=True)],
        )
        seconds = time.perf_counter() - began
        for training, people, own, classifier in zip(
            trainings, drawn, handed_in, classifiers, strict=True
        ):
            began = time.perf_counter()
            tests = bench.tests(people.bearing)
            probabilities = tuple(classifier.probabilities(rows) for rows in tests)
            seconds += time.perf_counter() - began
            yield Fitted(training, 1, own, probabilities, classifier.loss)
        share = seconds / len(trainings)
        self.timings += [Timing(training.key, share, False) for training in trainings]

    def _replica(self, own: Submitted, seed: int) -> Replica:
        """All draw from the same texts, which lie on the device once (``Bench.rows``)."""
        stage = self.bench.stage
        versions = (stage.found_at, stage.planted_at[0], stage.clean_at)
        return Replica(np.choose(own.version, versions), own.labels, seed)


def transformer_of(arm: Arm, bench: Bench) -> TransformerLearner:
    """The learner of an arm whose recipe is a transformer's."""
    learner = learner_of(arm.config, bench)
    assert isinstance(learner, TransformerLearner), "nothing else is trained side by side"
    return learner
