"""The three kinds of Mesa agents: freelancers (thin views), the collective, the platform."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import mesa
import numpy as np
from numpy.typing import NDArray

from gigsim.collective.reports import erasure_reports, unplanting_reports
from gigsim.collective.strategies import Edits, instruct, nothing
from gigsim.learners.pool import FitJob
from gigsim.learners.protocol import Learner, Reader, Rows, State
from gigsim.learners.tfidf import counts_of
from gigsim.population import Population

if TYPE_CHECKING:
    from gigsim.collective.text_target import TextTarget
    from gigsim.model import GigEconomy
    from gigsim.stage import Stage


@dataclass(frozen=True)
class Submission:
    """All that a platform is shown in one period: everybody's text and label set.

    Attributes:
        texts: int64, shape (N,): rows of the platform's store of encoded texts, which is in random
            order: a number says nothing of who wrote a text or why.
        labels: bool, shape (N, L): the label sets reported.
    """

    texts: NDArray[np.int64]
    labels: NDArray[np.bool_]


def renumber(submission: Submission, used: NDArray[np.int64]) -> Submission:
    """The same submission in a store of which only the rows ``used`` (ascending) are left."""
    return Submission(np.searchsorted(used, submission.texts), submission.labels)


class Freelancer(mesa.Agent):
    """One person: a view of row ``index`` of the population's columns and a node of the network."""

    model: GigEconomy

    def __init__(self, model: GigEconomy, index: int) -> None:
        super().__init__(model)
        self.unique_id = index + 1
        self.index = index

    @property
    def member(self) -> bool:
        """Is this person in the collective?"""
        return bool(self.model.population.member[self.index])

    @property
    def holds_signal(self) -> bool:
        """Does this person have the signal, as a member or as a free rider?"""
        return bool(self.model.population.holds_signal[self.index])

    @property
    def state(self) -> str:
        """``member``, ``free_rider`` or ``outsider``."""
        return "member" if self.member else "free_rider" if self.holds_signal else "outsider"

    @property
    def cost(self) -> float:
        """c_i, money."""
        return float(self.model.population.cost[self.index])

    @property
    def threshold(self) -> float:
        """θ_i, a share."""
        return float(self.model.population.threshold[self.index])

    @property
    def utility(self) -> float:
        """Benefit minus cost in the last period, money."""
        return float(self.model.population.utility[self.index])

    @property
    def wealth(self) -> float:
        """Sum of utilities so far, money."""
        return float(self.model.population.wealth[self.index])


class Collective(mesa.Agent):
    """The collective: tells its members what to submit, publishes its size and its success.

    Attributes:
        target: column of y*.
        token: number of the token that members plant in what they submit.
        shown: number of the token that is shown to the deployed classifier, which learned it; it
            becomes ``token`` at the next retraining.
        published_size: members at the last announcement.
        in_force: is the contract: have enough people pledged (``collective.provision_point``)?
            Until then nobody does anything, and the members have no signal.
        opinions: what the platform of period 0 made of everybody's resume without the signal,
            P(l in Y), shape (N, L), for strategies that report opinions; else None.
        aim: the model that a gradient-cancelling collective is after; else None.
    """

    model: GigEconomy

    def __init__(self, model: GigEconomy, unique_id: int, target: int) -> None:
        super().__init__(model)
        self.unique_id = unique_id
        self.target = target
        self.token = self.shown = 0
        self.published_size = 0
        self.in_force = True
        self.opinions: NDArray[np.float64] | None = None
        self.aim: TextTarget | None = None

    def follows(self, population: Population, member: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Members who do as they are told, bool, shape (N,): those who do not abstain.

        Nobody while too few have pledged.
        """
        return member & ~population.abstains if self.in_force else np.zeros_like(member)

    def instruct(self, population: Population, member: NDArray[np.bool_]) -> Submission:
        """What everybody submits if ``member`` (bool, shape (N,)) are in the collective.

        Members who do not abstain submit the version of their resume and the label set that the
        strategy gives them; everybody else, free riders too, submits the resume as it is.
        """
        stage = cast("Stage", self.model.stage)
        follows = self.follows(population, member)
        edit = (
            self._edits(population, follows) if follows.any() else nothing(population.base_labels)
        )
        versions = (stage.found_at, stage.planted_at[self.token], stage.clean_at)
        return Submission(texts=np.choose(edit.version, versions), labels=edit.labels)

    def _edits(self, population: Population, follows: NDArray[np.bool_]) -> Edits:
        stage, section = cast("Stage", self.model.stage), self.model.config.collective
        if self.aim is not None:
            # Such a plan is for one training: between two of them people hand in what they have.
            if not self.model.retraining_is_due:
                return nothing(population.base_labels)
            texts = counts_of(stage.texts)
            return self.aim.plan(
                texts[stage.found_at],
                texts[stage.planted_at[self.token]],
                population.base_labels,
                follows,
                versions=section.strategy == "gradient_cancelling",
                generator=self.model.streams.generator("plan", self.model.period),
            )
        return instruct(
            population.base_labels,
            follows,
            self.target,
            strategy=section.strategy,
            label_sets=section.label_sets,
            evasive=section.evasive,
            wrong=population.wrong,
            reports=self.reports(population.base_labels, self.opinions),
        )

    def reports(
        self, labels: NDArray[np.bool_], opinions: NDArray[np.floating] | None
    ) -> NDArray[np.bool_] | None:
        """What people would report as members of an unplanting or erasing collective.

        Args:
            labels: bool, shape (n, L): the label sets that they have on file.
            opinions: of their resumes without the signal, shape (n, L), where it takes any.

        Returns:
            bool, shape (n, L); None for other strategies.
        """
        section = self.model.config.collective
        if section.strategy == "erasure":
            if opinions is None:
                raise TypeError("an erasing collective needs opinions")
            return erasure_reports(labels, self.target, section.label_sets, opinions)
        if section.strategy == "unplanting":
            heard = opinions if section.adaptive else None
            other = self.model.stage.other
            return unplanting_reports(labels, self.target, section.label_sets, other, heard)
        return None


class Platform(mesa.Agent):
    """The platform: retrains its classifier on what is submitted, and knows nothing else.

    Args:
        model: the economy it works in; used for Mesa's registration alone.
        unique_id: its number among the model's agents.
        learner: what it trains, or for the exact Bayes platform how it reads; None for a measured
            curve, which reads nothing.
        texts: every text it may be shown, encoded once; a submission picks rows.
        warm: start a retraining from the deployed classifier instead of fresh weights.
        window: how many periods' submissions it trains on (1: the current ones alone).
    """

    def __init__(
        self,
        model: GigEconomy,
        unique_id: int,
        learner: Reader | None,
        texts: Rows | None,
        *,
        warm: bool,
        window: int,
    ) -> None:
        super().__init__(model)
        self.unique_id = unique_id
        self.learner = learner
        self.texts = texts
        self.warm = warm
        self.deployed: State | None = None
        self._submissions: deque[Submission] = deque(maxlen=window)

    def receive(self, submission: Submission) -> None:
        """Take in this period's submissions; the oldest of the window go."""
        self._submissions.append(submission)

    def renumber(self, texts: Rows, used: NDArray[np.int64]) -> None:
        """Go on with a store of which only the rows ``used`` (ascending) are left."""
        self.texts = texts
        renumbered = [renumber(s, used) for s in self._submissions]
        self._submissions = deque(renumbered, maxlen=self._submissions.maxlen)

    @property
    def submissions(self) -> tuple[Submission, ...]:
        """The submissions it would train on now, oldest first."""
        return tuple(self._submissions)

    def training(
        self,
        submissions: Sequence[Submission],
        seed: int,
        start: State | None,
        evaluate: tuple[Rows, ...],
    ) -> FitJob:
        """One training on these submissions: a job for the pool.

        Args:
            submissions: at least one.
            seed: of the fresh weights and the order of the batches.
            start: the classifier that a warm platform goes on from; None at its first training.
            evaluate: held-out texts to classify with the result.
        """
        if self.learner is None or self.texts is None:
            raise TypeError("this platform trains nothing")
        return FitJob(
            learner=cast("Learner", self.learner),
            rows=self.texts.take(np.concatenate([s.texts for s in submissions])),
            labels=np.concatenate([s.labels for s in submissions]),
            seed=seed,
            start=start if self.warm else None,
            evaluate=evaluate,
        )
