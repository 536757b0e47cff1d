"""The scientist's bench: what is measured of a platform's classifiers, and compared with theory.

The platform sees submissions and trains. Everything else that a retraining involves is here: the
baseline before there was a collective, the random collective of equal size, held-out resumes and
the lines of theory. This bench is for platforms that train; ``exact_laboratory`` has those for the
exact Bayes classifier and for a measured curve.
"""

from __future__ import annotations

import time
import weakref
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.agents import Submission, renumber
from gigsim.collective.text_target import Distance
from gigsim.learners.pool import FitJob, FitPool, FitResult
from gigsim.learners.protocol import Learner, Rows, State
from gigsim.lines import METRICS, TheoryLines
from gigsim.measures.certificate import Epsilon, Probe, make_probe
from gigsim.measures.evaluation import Evaluation, evaluate, outcome_of
from gigsim.measures.selection import matched_rate
from gigsim.newcomers import take_in
from gigsim.scene import Scene
from gigsim.shares import Shares, mean_shares, shares_of
from gigsim.stage import Stage, asks_opinions
from gigsim.theorist import certified, distance_left, held_out_facts, wanted_model
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import Goal

if TYPE_CHECKING:
    from gigsim.model import GigEconomy


class Laboratory:
    """Measures platforms that train a classifier on what is submitted.

    Args:
        model: the economy that is studied.
        workers: processes for trainings side by side; 0 trains in this one.

    Attributes:
        clean: for each metric U(0), the mean base rate of the period-0 trainings, and its sd.
        lines: what theory says of this world.
        evaluation: the deployed classifier, measured.
        trained: the shares behind the deployed classifier.
        epsilon: for each metric that Theorem 1 covers, ε of the deployed classifier, certified;
            empty where it cannot be.
        distance: how far the deployed classifier is from the model that the collective is after;
            None where it is after none.
    """

    lines: TheoryLines
    evaluation: Evaluation
    trained: Shares
    clean: dict[str, tuple[float, float]]
    epsilon: dict[Goal, Epsilon]
    distance: Distance | None

    def __init__(self, model: GigEconomy, workers: int) -> None:
        self._model = model
        section = model.config.platform
        window = section.window if section.data == "window" else 1
        self._pool = FitPool(workers, model.cache)
        weakref.finalize(model, self._pool.close)
        self._reference: deque[Submission] = deque(maxlen=window)
        self._shares: deque[Shares] = deque(maxlen=window)
        self._reference_state: State | None = None
        self._adviser: State | None = None
        self.epsilon, self.distance = {}, None
        self._probe = self._make_probe()
        self._pasts: Sequence[State | None] = [None]

    def submit(self) -> int:
        """Let everybody hand in, and take down what a random collective of equal size would have.

        Returns:
            Number of people whose submission differs from the resume as found.
        """
        model = self._model
        population, stage, collective = model.population, self._stage, model.collective
        submission = collective.instruct(population, population.member)
        model.platform.receive(submission)
        alike = stage.reference_rank < population.member.sum()
        if collective.aim is not None and not self._reference_is_due(ahead=1):
            # A plan takes its time, and nobody would train on this one.
            alike = np.zeros_like(alike)
        self._reference.append(collective.instruct(population, alike))
        token, texts = collective.token, submission.texts
        same_text = texts == stage.found_at
        # Another row of the store may read the same: planted where the signal stood, and cleaned
        # where it did not.
        same_text |= (texts == stage.planted_at[token]) & stage.signal_sets[token]
        same_text |= (texts == stage.clean_at) & ~stage.contains.any(axis=0)
        edited = ~same_text | (submission.labels != population.base_labels).any(axis=1)
        self._shares.append(shares_of(model, edited))
        return int(edited.sum())

    def take_in(self, gone: NDArray[np.bool_]) -> Scene:
        """Newcomers with fresh resumes in the places of those who go (bool, shape (N,))."""
        model = self._model
        stage = take_in(self._stage, gone, model.now, model.streams, model.period)
        if model.collective.opinions is not None:
            # Of people who were not there, what the platform of period 0 would have made of them.
            fresh = self._opine(stage.texts.take(stage.clean_at[gone]))
            model.collective.opinions = model.collective.opinions.copy()
            model.collective.opinions[gone] = fresh
        model.platform.texts = stage.texts
        shown = (*model.platform.submissions, *self._reference)
        used = np.unique(np.concatenate([stage.rows, *(s.texts for s in shown)]))
        if len(stage.texts) > 2 * len(used):
            # Texts that nobody has any more and no window reaches; dropped now and then.
            stage = stage.keep(used)
            model.platform.renumber(stage.texts, used)
            kept = [renumber(s, used) for s in self._reference]
            self._reference = deque(kept, maxlen=self._reference.maxlen)
        return stage

    def open(self) -> None:
        """Period 0: clean data, several times, for U(0) and its sd."""
        model = self._model
        repeats = self._times(model.config.measure.baseline_repeats)
        results = self._outcomes(model.platform.submissions, repeats)
        self.clean = {}
        for metric in METRICS:
            rates = [outcome_of(r, self._stage)[f"base_{metric}"].mean() for r in results]
            sd = float(np.std(rates, ddof=1)) if len(rates) > 1 else 0.0
            self.clean[metric] = (float(np.mean(rates)), sd)
        self._remember_reference(results[0])
        self._deploy(results)
        self._brief_collective(results[0])
        self.lines = TheoryLines.estimate(
            model.config, self._stage, held_out_facts(model, results), self._pairs
        )
        self._measure(results[:1], None)

    def retrain(self) -> None:
        """Train on what is submitted, beside it perhaps the reference, and measure."""
        model = self._model
        shown = model.platform.submissions
        results, beside = (
            self._with_reference(shown)
            if self._reference_is_due()
            else (self._outcomes(shown, self._times(model.now.platform.repeats)), None)
        )
        if beside is not None:
            self._remember_reference(beside)
        self._deploy(results)
        self._measure(results, beside)

    def target_rates(
        self, groups: dict[str, tuple[NDArray[np.bool_], str]]
    ) -> dict[str, tuple[float, float]]:
        """The target's rate on held-out resumes matched to groups by label set.

        Args:
            groups: for each name, who is in it (bool, shape (N,)) and which outcome counts.

        Returns:
            For each name the rate and the share of the group that could be matched.
        """
        outcome, population = self.evaluation.outcome, self._model.population
        sets = self._stage.test_sets
        return {
            name: matched_rate(outcome[what], sets, population.label_set[group])
            for name, (group, what) in groups.items()
        }

    def promised(self, alphas: ArrayLike) -> tuple[Floats, Floats]:
        """S and U as functions of α_effective, by the metric that is published.

        The theorem with the upper limits of its numbers, -inf where it says nothing; and U(0),
        since it says nothing of people without the signal.

        Args:
            alphas: shares in [0, 1] of any shape, the shape of both answers.

        Raises:
            KeyError: no theorem covers the metric; ``GigEconomy`` refuses such runs.
        """
        metric = self._model.config.measure.success
        success = np.asarray(self.lines.signals[metric].bound_low(alphas), dtype=np.float64)
        return success, np.full_like(success, self.clean[metric][0])

    @property
    def _pairs(self) -> Floats | None:
        """P0(l and y* in Y | x) of the held-out resumes, for the exact platform alone."""
        return None

    @property
    def held_out(self) -> int:
        """Number of resumes that S is measured on."""
        return len(self._stage.test_labels)

    def close(self) -> None:
        """End the worker processes."""
        self._pool.close()

    # ------------------------------------------------------------------------------ machinery

    @property
    def _stage(self) -> Stage:
        return cast("Stage", self._model.stage)

    def _make_probe(self) -> Probe | None:
        return make_probe(self._model.config, self._stage, self._model.streams)

    def _brief_collective(self, first: FitResult) -> None:
        """What a collective goes by that asks the platform of period 0, or works on its model."""
        model, stage = self._model, self._stage
        if asks_opinions(model.config.collective):
            self._adviser = first.state
            model.collective.opinions = self._opine(stage.texts.take(stage.clean_at))
        model.collective.aim = wanted_model(model, first.state)

    def _opine(self, rows: Rows) -> Floats:
        """What the platform of period 0 makes of texts, float64, shape (n, L)."""
        assert self._adviser is not None, "opinions are asked for after period 0"
        learner = cast("Learner", self._stage.learner)
        return learner.restore(self._adviser).probabilities(rows).astype(np.float64)

    def _times(self, repeats: int) -> int:
        """How often to train: once where a second training would only copy the first."""
        return repeats if self._stage.learner.stochastic else 1

    def _reference_is_due(self, ahead: int = 0) -> bool:
        """At this retraining, or so many further on."""
        model = self._model
        every = model.now.measure.reference
        # A warm platform carries its past in its weights, so its reference must live as long.
        return every > 0 and (model.ever_warm or (model.retrainings_done + ahead) % every == 0)

    def _outcomes(self, shown: tuple[Submission, ...], repeats: int) -> list[FitResult]:
        return self._train([self._job(shown, repeat) for repeat in range(repeats)])

    def _with_reference(
        self, shown: tuple[Submission, ...]
    ) -> tuple[list[FitResult], FitResult | None]:
        repeats = self._times(self._model.now.platform.repeats)
        jobs = [self._job(shown, repeat) for repeat in range(repeats)]
        jobs.append(self._job(tuple(self._reference), 0, reference=True))
        *results, reference = self._train(jobs)
        return results, reference

    def _job(
        self, shown: tuple[Submission, ...], repeat: int, *, reference: bool = False
    ) -> FitJob:
        model = self._model
        seed = model.streams.seed_for(f"training/{repeat}", model.period)
        # Repeats that share a past would agree too well: each goes on from its own.
        start = self._reference_state if reference else self._pasts[repeat % len(self._pasts)]
        # The certificate's texts come last: they are no test of anything.
        texts = self._stage.tests if self._probe is None else (*self._stage.tests, self._probe.rows)
        return model.platform.training(shown, seed, start, texts)

    def _deploy(self, results: list[FitResult]) -> None:
        self._model.platform.deployed = results[0].state
        if self._model.ever_warm:
            self._pasts = [result.state for result in results]

    def _remember_reference(self, result: FitResult) -> None:
        """The reference's weights, where a platform will ever go on from its own."""
        if self._model.ever_warm:
            self._reference_state = result.state

    def _train(self, jobs: list[FitJob]) -> list[FitResult]:
        model = self._model
        model.observe(f"period {model.period}: training {len(jobs)} classifiers")
        started = time.perf_counter()
        results = [future.result() for future in [self._pool.submit(job) for job in jobs]]
        model.ledger.clock(model.period, "retraining", time.perf_counter() - started)
        for result in results:
            model.ledger.trained(model.period, result.seconds, cached=result.cached)
        fetched = sum(result.cached for result in results)
        if fetched:
            model.observe(
                f"period {model.period}: {fetched} of {len(jobs)} had been trained before"
            )
        return results

    def _measure(self, results: list[FitResult], beside: FitResult | None) -> None:
        """Measure the deployed classifier with the token that it was trained on last."""
        model = self._model
        token = model.collective.shown
        self.trained = mean_shares(self._shares, token)
        self.evaluation = evaluate(
            results,
            None if beside is None else outcome_of(beside, self._stage, token),
            self._stage,
            model.streams.generator("bootstrap", model.period),
            model.config.measure.bootstrap,
            token,
        )
        lines = self.lines.of_data(self.trained)
        self.epsilon = certified(model, self._probe, lines, results[0], self.trained.followers)
        self.distance = distance_left(model, results[0].state)
