"""The economy: a collective, a platform that retrains, and people who decide. Read ``step``."""

from __future__ import annotations

import operator
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import mesa
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gigsim._mesa import forget_agent_counter
from gigsim.agents import Collective, Freelancer, Platform, Submission
from gigsim.config import Config, build
from gigsim.learners.pool import FitJob, FitPool, FitResult
from gigsim.learners.protocol import State
from gigsim.lines import TheoryLines
from gigsim.measures.evaluation import Evaluation, evaluate, outcome_of
from gigsim.measures.selection import Selection, matched_rate, selection
from gigsim.record import Ledger
from gigsim.society import beliefs, joining
from gigsim.society.decision import preference
from gigsim.stage import found_population, set_stage
from gigsim.streams import Streams

#: Up to this many freelancers have their Mesa view from the start: 100,000 views take about half a
#: second and 40 MB. Above it ``GigEconomy.make_views`` creates them on request.
VIEWS_UP_TO = 100_000


class GigEconomy(mesa.Model):
    """Freelancers, a collective and a platform; ``period`` 0 is the world before the collective.

    Args:
        config: what to run; None is the default scenario.
        rng: the seed, a non-negative integer; None takes ``config.run.seed``.
        workers: processes for trainings that do not wait for each other; 0 trains in this one.
            Changes no bit of the results. A script that asks for workers needs Python's usual
            ``if __name__ == "__main__":`` guard.
        observer: is told in a few words what happens, for progress displays.
        **kwargs: dotted keys that override the config: ``**{"population.size": 5000}``.

    Attributes:
        config: the validated config.
        period: how many periods have passed.
        stage: what stays fixed: resumes, encodings, network, held-out set.
        population: the freelancers' state in columns.
        collective: the collective, a Mesa agent.
        platform: the platform, a Mesa agent.
        evaluation: the deployed classifier, measured.
        lines: what theory says of this world.

    Raises:
        InputError: the config cannot be run: an unknown key or target, a signal that the learner
            cannot see, a population larger than the corpus, a device that is not there.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        rng: int | None = None,
        workers: int = 0,
        observer: Callable[[str], None] | None = None,
        **kwargs: Any,
    ) -> None:
        self.lines: TheoryLines
        self.evaluation: Evaluation
        self.expectation: beliefs.Expectation
        self.selection: Selection
        self._paid: NDArray[np.bool_]
        self._reference_state: State | None
        self._pasts: Sequence[State | None]
        config = config or Config()
        overrides = kwargs | ({} if rng is None else {"run.seed": operator.index(rng)})
        self.config = build(config.model_dump(mode="json"), overrides) if overrides else config
        super().__init__(rng=self.config.run.seed)
        self.period = 0
        self.streams = Streams(self.config.run.seed)
        self.ledger = Ledger()
        self._observe = observer or _silent
        self.stage = set_stage(self.config, self.streams, self._observe)
        self.population = found_population(self.config, self.stage, self.streams)
        self._enrol_agents()
        self._pool = FitPool(workers)
        weakref.finalize(self, self._pool.close)
        self.datacollector = mesa.DataCollector(
            model_reporters={name: name for name in ("period", "alpha", "success", "gain")}
        )
        self._open()

    # ------------------------------------------------------------- the protocol of one period

    def step(self) -> None:
        """One period of Hardt et al. (2023), in a population that decides for itself."""
        self.period += 1
        self.inform()
        self.decide()
        self.share_signal()
        self.submit()
        self.retrain()
        self.measure()
        self.pay()
        self.record()

    def run(self, periods: int | None = None) -> pd.DataFrame:
        """Run so many periods (None: ``config.run.periods``) and return :attr:`periods`."""
        for _ in range(self.config.run.periods if periods is None else periods):
            self.step()
        return self.periods

    def inform(self) -> None:
        """Freelancers learn the published size and success, and form a belief."""
        self.collective.published_size = int(self.population.member.sum())
        if self.config.society.belief == "theory":
            metric = self.config.measure.success
            self.expectation = beliefs.theory(
                self.alpha, lambda alpha: self.lines.promise(alpha, metric), self.clean_rate
            )
        else:
            self.expectation = beliefs.published(self.success, self.base, self.clean_rate)

    def decide(self) -> None:
        """A share of the population reconsiders: join, stay or leave."""
        population = self.population
        asked = self._uniform("activation") < self.config.society.activation
        member = np.where(asked, self._preference(), population.member) | population.first_mover
        joined, left = member & ~population.member, population.member & ~member
        forgets = left & (self._uniform("retention") >= self.config.collective.retention)
        population.member = member
        population.holds_signal = (population.holds_signal & ~forgets) | member
        self.joined, self.left = int(joined.sum()), int(left.sum())

    def share_signal(self) -> None:
        """The signal leaks along ties from those who hold it to those who do not."""
        leak = self.config.collective.leak
        if leak > 0:
            holders = self.stage.network.count(self.population.holds_signal)
            heard = joining.leaked(holders, leak, self._uniform("leak"))
            self.population.holds_signal = self.population.holds_signal | heard

    def submit(self) -> None:
        """Everybody hands in a resume and a label set; members as the collective tells them."""
        population = self.population
        submission = self.collective.instruct(population, population.member)
        self.platform.receive(submission)
        # Beside it, what the same platform would be shown by a random collective of equal size.
        alike = self.stage.reference_rank < population.member.sum()
        self._reference.append(self.collective.instruct(population, alike))
        changed = population.member & ~self.stage.in_signal_set
        changed |= (submission.labels != population.labels).any(axis=1)
        self.edited = int(changed.sum())
        self._shares.append((self.alpha, float(changed.mean())))

    def retrain(self) -> None:
        """Every ``retrain_every`` periods the platform fits on what was submitted."""
        section = self.config.platform
        self.retrained = self.period % section.retrain_every == 0
        if not self.retrained:
            return
        shown = self.platform.submissions
        jobs = [self._job(shown, repeat) for repeat in range(self._times(section.repeats))]
        beside = self._reference_is_due()
        if beside:
            jobs.append(self._job(tuple(self._reference), 0, reference=True))
        results = self._train(jobs)
        reference = results.pop() if beside else None
        if reference is not None:
            self._reference_state = reference.state
        self._deploy(results)
        self._assess(results, reference)

    def measure(self) -> None:
        """Success, base rates and quality on held-out resumes; who the members are."""
        population, outcome = self.population, self.evaluation.outcome
        shown, hidden = (f"{what}_{self.config.measure.success}" for what in ("success", "base"))
        groups = {
            "members": (population.member, shown),
            "free_riders": (population.free_rider, shown),
            "outsiders": (population.outsider, hidden),
        }
        self.target_rates = {
            name: matched_rate(outcome[what], self.stage.test_sets, population.label_set[group])
            for name, (group, what) in groups.items()
        }
        if self.retrained:
            self.selection = selection(
                population.member,
                population.label_set,
                self.streams.generator("selection", self.period),
                draws=self.config.measure.selection_draws,
            )

    def pay(self) -> None:
        """Benefits to carriers and, as far as it spills over, to others; costs to members."""
        population, society = self.population, self.config.society
        inside, outside = self.gain, self.spilled
        benefit = society.benefit_scale * np.where(population.holds_signal, inside, outside)
        paying = population.member
        if society.cost_timing == "once":
            paying, self._paid = paying & ~self._paid, population.member
        charged = np.where(paying, population.cost, 0.0)
        population.utility = benefit - charged
        population.wealth = population.wealth + population.utility
        self.benefits, self.costs = float(benefit.sum()), float(charged.sum())

    def record(self) -> None:
        """One row a period, one a retraining."""
        self.ledger.record(self)
        self.datacollector.collect(self)

    # ------------------------------------------------------------------------- what is known

    @property
    def alpha(self) -> float:
        """α, members over population, now."""
        return float(self.population.member.mean())

    @property
    def success(self) -> float:
        """S of the deployed classifier, by the metric that is published (``measure.success``)."""
        return self.evaluation.values[f"success_{self.config.measure.success}"]

    @property
    def base(self) -> float:
        """U of the deployed classifier, by the same metric."""
        return self.evaluation.values[f"base_{self.config.measure.success}"]

    @property
    def clean_rate(self) -> float:
        """U(0), the mean base rate of the period-0 trainings, by the same metric."""
        return self.clean[self.config.measure.success][0]

    @property
    def gain(self) -> float:
        """G = max(0, S(α) - U(0))."""
        return max(0.0, self.success - self.clean_rate)

    @property
    def spilled(self) -> float:
        """The part of G that reaches people without the signal, in [0, G]."""
        if self.config.society.spillover == "measured":
            return float(np.clip(self.base - self.clean_rate, 0.0, self.gain))
        return float(self.config.society.spillover) * self.gain

    @property
    def spillover(self) -> float:
        """``spilled`` as a share of G; NaN where G is under 2 sd of U(0), a quotient of noise.

        The sd is that of trainings and of drawing the held-out resumes together.
        """
        rate, sd = self.clean[self.config.measure.success]
        noise = np.hypot(sd, np.sqrt(rate * (1 - rate) / len(self.stage.test_labels)))
        return self.spilled / self.gain if self.gain > 2 * noise else float("nan")

    @property
    def periods(self) -> pd.DataFrame:
        """One row a period, from period 0 on."""
        return self.ledger.periods()

    @property
    def retrainings(self) -> pd.DataFrame:
        """One row a classifier that was deployed, period 0 included."""
        return self.ledger.retrainings()

    def make_views(self) -> None:
        """Create the freelancers' Mesa views if they are not there yet (see VIEWS_UP_TO)."""
        if Freelancer not in self.agents_by_type:
            size = len(self.population)
            Freelancer.create_agents(self, size, list(range(size)))
            forget_agent_counter(self)

    def close(self) -> None:
        """End the worker processes; a model that is garbage-collected does so by itself."""
        self._pool.close()

    # ----------------------------------------------------------------------------- machinery

    def _enrol_agents(self) -> None:
        section = self.config.platform
        window = section.window if section.data == "window" else 1
        if len(self.population) <= VIEWS_UP_TO:
            self.make_views()
        size = len(self.population)
        self.collective = Collective(
            self, size + 1, self.stage.target, self.config.collective.label_sets
        )
        self.platform = Platform(
            self,
            size + 2,
            self.stage.learner,
            self.stage.texts,
            warm=section.retrain == "warm",
            window=window,
        )
        forget_agent_counter(self)
        self._reference: deque[Submission] = deque(maxlen=window)
        self._shares: deque[tuple[float, float]] = deque(maxlen=window)
        self._reference_state = None
        self._pasts = [None]

    def _open(self) -> None:
        """Period 0: the platform trained on clean data, several times, for U(0) and its sd."""
        self._paid = self.population.member
        self.joined = self.left = 0
        self.submit()
        shown = self.platform.submissions
        results = self._train(
            [self._job(shown, r) for r in range(self._times(self.config.measure.baseline_repeats))]
        )
        self.clean = {}
        for metric in ("any", "top1"):
            rates = [outcome_of(r, self.stage)[f"base_{metric}"].mean() for r in results]
            sd = float(np.std(rates, ddof=1)) if len(rates) > 1 else 0.0
            self.clean[metric] = (float(np.mean(rates)), sd)
        self._reference_state = results[0].state
        self._deploy(results)
        self.lines = TheoryLines.estimate(self.config, self.stage, results)
        self.retrained = True
        self._assess(results[:1], None)
        self.measure()
        # Nobody is paid for a world without a collective; S - U(0) is noise there.
        self.benefits = self.costs = 0.0
        self.record()

    def _preference(self) -> NDArray[np.bool_]:
        """Who would be a member if asked, bool, shape (N,)."""
        return preference(
            self.config.society,
            self.population,
            self.stage.network,
            self.expectation,
            retention=self.config.collective.retention,
        )

    def _times(self, repeats: int) -> int:
        """How often to train: once where a second training would only copy the first."""
        return repeats if self.stage.learner.stochastic else 1

    def _reference_is_due(self) -> bool:
        every = self.config.measure.reference
        # A warm platform carries its past in its weights, so its reference must live as long.
        nth = 1 if self.platform.warm else self.period // self.config.platform.retrain_every
        return every > 0 and (self.platform.warm or nth % every == 0)

    def _job(
        self, shown: tuple[Submission, ...], repeat: int, *, reference: bool = False
    ) -> FitJob:
        seed = self.streams.seed_for(f"training/{repeat}", self.period)
        # Repeats that share a past would agree too well: each goes on from its own.
        start = self._reference_state if reference else self._pasts[repeat % len(self._pasts)]
        return self.platform.training(shown, seed, start, self.stage.tests)

    def _deploy(self, results: list[FitResult]) -> None:
        self.platform.deployed = results[0].state
        self._pasts = [result.state for result in results]

    def _train(self, jobs: list[FitJob]) -> list[FitResult]:
        self._observe(f"period {self.period}: training {len(jobs)} classifiers")
        started = time.perf_counter()
        results = [future.result() for future in [self._pool.submit(job) for job in jobs]]
        self.ledger.clock(self.period, "retraining", time.perf_counter() - started)
        for result in results:
            self.ledger.clock(self.period, "training", result.seconds)
        return results

    def _assess(self, results: list[FitResult], reference: FitResult | None) -> None:
        self.alpha_trained, self.edited_trained = map(float, np.mean(self._shares, axis=0))
        self.evaluation = evaluate(
            results,
            None if reference is None else outcome_of(reference, self.stage),
            self.stage,
            self.streams.generator("bootstrap", self.period),
            self.config.measure.bootstrap,
        )

    def _uniform(self, name: str) -> NDArray[np.float64]:
        return self.streams.uniform(name, self.period, len(self.population))


def _silent(_: str) -> None:
    """An observer that does not look."""
