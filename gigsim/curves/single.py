"""Trainings one by one: any learner, through the same jobs and the same cache as a run's.

A warm platform's trainings are a chain: clean data first, then so often in a row with the
collective there, each from the weights of the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gigsim.config.sections import Config
from gigsim.curves.arm import Arm
from gigsim.curves.bench import Bench
from gigsim.curves.draws import Draw, Opinions, Submitted, draw, submitted
from gigsim.curves.fitting import Fitted, Probabilities, Timing
from gigsim.curves.trainings import Training, training_key
from gigsim.learners.pool import FitJob, FitResult, run_job
from gigsim.learners.protocol import Learner, State, make_learner

if TYPE_CHECKING:
    from gigsim.learners.cache import TrainingCache

#: Clean trainings that a bench keeps: what an erasing collective asks, a warm platform goes on
#: from, and theory takes for the truth.
_KEPT = 8


class SingleFitter:
    """Trains classifiers one by one; attributes as :class:`fitting.Fitter`.

    Args:
        bench: the resumes.
        cache: where trainings are shared; None trains each.
    """

    def __init__(self, bench: Bench, cache: TrainingCache | None = None) -> None:
        self.bench = bench
        self.timings: list[Timing] = []
        self._cache = cache

    def fit(self, arms: Mapping[int, Arm], trainings: Sequence[Training]) -> Iterator[Fitted]:
        """See :class:`fitting.Fitter`: of a warm platform's training one for each retraining."""
        for training in trainings:
            yield from self._fit(arms[training.arm], training)

    def clean(self, arm: Arm, seed: int) -> Probabilities:
        """See :class:`fitting.Fitter`."""
        return self._clean(arm, seed).probabilities

    def _fit(self, arm: Arm, training: Training) -> Iterator[Fitted]:
        drawn = draw(self.bench, arm.config.corpus, training.seed)

        def opinions() -> Opinions:
            return self.opinions(arm, training.seed)

        handed_in = submitted(drawn, arm, training.members, opinions)
        if not training.retrainings:
            if training.members:
                result = self._train(training.key, arm, drawn, handed_in, 0)
            else:
                result = self._clean(arm, training.seed)
            yield Fitted(training, 1, handed_in, result.probabilities, result.loss)
            return
        state: State = self._clean(arm, training.seed).state
        for retraining in range(1, training.retrainings + 1):
            key = training.row_key(retraining)
            result = self._train(key, arm, drawn, handed_in, retraining, state)
            yield Fitted(training, retraining, handed_in, result.probabilities, result.loss)
            state = result.state

    def _clean(self, arm: Arm, seed: int) -> FitResult:
        """The training without a collective: done once on a bench, if it is not long ago."""
        arm = arm.cold
        key, memory = training_key(arm, seed, 0), self.bench.memory
        name = ("clean", key)
        if name not in memory:
            kept = [known for known in memory if known[0] == "clean"]
            for outdated in kept[: max(0, len(kept) + 1 - _KEPT)]:
                del memory[outdated]
            drawn = draw(self.bench, arm.config.corpus, seed)
            memory[name] = self._train(key, arm, drawn, submitted(drawn, arm, 0), 0)
        found: FitResult = memory[name]
        return found

    def opinions(self, arm: Arm, seed: int) -> Opinions:
        """What the clean classifier makes of everybody's resume without the signal, (N, L)."""
        stage, memory = self.bench.stage, self.bench.memory
        clean = self._clean(arm, seed)
        # The last alone: the sizes and targets of a seed come one after the other.
        name = ("opinions",)
        if name not in memory or memory[name][0] is not clean:
            classifier = learner_of(arm.cold.config, self.bench).restore(clean.state)
            heard = classifier.probabilities(stage.texts.take(stage.clean_at))
            memory[name] = clean, heard.astype(np.float64)
        opinions: Opinions = memory[name][1]
        return opinions

    def _train(
        self,
        key: str,
        arm: Arm,
        drawn: Draw,
        handed_in: Submitted,
        retraining: int,
        start: State | None = None,
    ) -> FitResult:
        result = run_job(
            FitJob(
                learner=learner_of(arm.config, self.bench),
                rows=self.bench.rows(handed_in.version),
                labels=handed_in.labels,
                seed=drawn.training_seed(retraining),
                start=start,
                evaluate=self.bench.tests(drawn.bearing),
            ),
            self._cache,
        )
        self.timings.append(Timing(key, result.seconds, result.cached))
        return result


def learner_of(config: Config, bench: Bench) -> Learner:
    """The learner of an arm's own recipe, which reads as the bench does."""
    # The recipes that it does not know of train nothing, and arms refuse them or have another way.
    return make_learner(
        config.platform.learner,  # type: ignore[arg-type]
        labels=len(bench.stage.label_names),
        precision=config.run.precision,
        threads=config.run.threads,
        device=config.run.device,
    )
