"""Benches for platforms that train nothing: the law that is submitted, or what stands for S(α).

``bayes`` is the exact classifier of the law, so its outcome is known for every held-out resume. A
surrogate (a curve, a bound, a staircase) is read at α_effective whenever the platform retrains: it
is of randomly drawn members, and of resumes that are not here, so there is no reference beside it
and no theorem, and groups of people are not told apart by their label sets.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigsim.agents import Submission
from gigsim.collective.reports import reported_law
from gigsim.config.sections import Config
from gigsim.coverage import dialled, exact_marginals
from gigsim.errors import InputError
from gigsim.laboratory import Laboratory
from gigsim.learners.bayes import (
    BayesPlatform,
    ErasingBayesPlatform,
    Followed,
    TextRows,
    require_new_signal,
)
from gigsim.learners.pool import FitResult
from gigsim.learners.protocol import Rows
from gigsim.learners.recipes import BayesRecipe, SurrogateRecipe
from gigsim.learners.stand_ins import BoundStandIn, StandIn, curve_stand_in
from gigsim.lines import METRICS, TheoryLines
from gigsim.measures.evaluation import Evaluation
from gigsim.measures.success import QUANTITIES
from gigsim.resumes.corpus import Corpus
from gigsim.resumes.law import Law
from gigsim.scene import Scene
from gigsim.shares import mean_shares, shares_of
from gigsim.spot_checks import is_due, refuse_early, spot_check
from gigsim.stage import Stage
from gigsim.staircase import StaircaseStandIn
from gigsim.theory.gaps import Floats
from gigsim.theory.mixture import Strategy

if TYPE_CHECKING:
    from gigsim.model import GigEconomy

_PROMISED = ("success", "base")
_OTHERS = ("f1_micro", "tags_mean", "loss", "reference_any", "reference_top1")


class BayesLaboratory(Laboratory):
    """Measures the exact Bayes classifier of the law that is submitted: nothing is trained.

    A random collective of equal size has the same law, so there is no reference beside it.
    """

    def __init__(self, model: GigEconomy, workers: int) -> None:
        super().__init__(model, 0)
        self._exact = self._platform()

    def _reference_is_due(self, ahead: int = 0) -> bool:
        return False

    def _deploy(self, results: list[FitResult]) -> None:
        """Nothing to go on from."""

    def _outcomes(self, shown: tuple[Submission, ...], repeats: int) -> list[FitResult]:
        began = time.perf_counter()
        window = [Followed(share.followers, share.token) for share in self._shares]
        probabilities = self._exact.probabilities(window)
        seconds = time.perf_counter() - began
        return [FitResult({}, float("nan"), probabilities, seconds)]

    @property
    def _pairs(self) -> Floats | None:
        return self._exact.pairs if isinstance(self._exact, BayesPlatform) else None

    def _make_probe(self) -> None:
        """ε is 0."""

    def _opine(self, rows: Rows) -> Floats:
        """The exact posterior: the law's words are read by their numbers."""
        law, texts = self._law, cast("TextRows", rows).texts
        n = len(texts)
        corpus = Corpus(
            words=law.words,
            tokens=texts.values.astype(np.uint32),
            offsets=texts.offsets,
            labels=np.zeros((n, len(law.label_names)), dtype=bool),
            label_names=law.label_names,
            clusters=np.arange(n),
            test_side=np.zeros(n, dtype=bool),
        )
        return law.marginals(corpus)

    @property
    def _law(self) -> Law:
        law = self._stage.supply.law
        assert law is not None, "a bayes reader refuses resumes without a law"
        return law

    def _platform(self) -> BayesPlatform | ErasingBayesPlatform:
        model = self._model
        return exact_platform(model.config, self._stage, model.collective.reports)


def exact_platform(
    config: Config,
    stage: Stage,
    reports: Callable[[NDArray[np.bool_], Floats], NDArray[np.bool_] | None],
) -> BayesPlatform | ErasingBayesPlatform:
    """The exact classifier of the law of a run.

    Args:
        config: the run's.
        stage: its resumes, written by a law.
        reports: for label sets and opinions of the same resumes what their owners would report as
            members (``Collective.reports``).

    Raises:
        InputError: the law writes the signal by itself, and the strategy or ``corpus.xi`` leaves no
            exact posterior.
    """
    section, words = config.collective, stage.encoder.words
    law = stage.supply.law
    assert law is not None, "a bayes reader refuses resumes without a law"
    known = exact_marginals(stage, section, config.corpus.xi)
    if known is None and section.strategy == "erasure" and config.corpus.xi > 0:
        raise InputError(
            "corpus.xi",
            f"{config.corpus.xi:g} of the resumes are given {words[0]!r}, which the law writes"
            " by itself: bayes then has no exact posterior",
            "corpus.xi = 0",
        )
    if known is None:
        require_new_signal(words, law.words)
    assert known is not None, "a law that never writes the signal is known, and read whole"
    marginals, found = known
    reported = reports(stage.test_labels, marginals)
    if section.strategy == "erasure":
        assert reported is not None, "an erasing collective reports opinions"
        shown = [
            reported_law(m, reported, section.label_sets, stage.target) for m in (found, marginals)
        ]
        return ErasingBayesPlatform(found, marginals, *shown)
    pairs = None
    if section.strategy == "feature_only":
        pairs = law.pair_marginals(stage.supply.held_out, stage.target)
    said = None
    if reported is not None:
        said = reported_law(marginals, reported, section.label_sets, stage.target)
    epsilon, closeness = dialled(config)
    return BayesPlatform(
        marginals=marginals,
        pairs=pairs,
        reported=said,
        target=stage.target,
        xi=config.corpus.xi,
        tokens=len(stage.encoder.tokens),
        strategy=cast("Strategy", section.strategy),
        label_sets=section.label_sets,
        evasive=section.evasive,
        wrong_label=section.wrong_label,
        epsilon=epsilon,
        closeness=closeness,
    )


class CurveLaboratory(Laboratory):
    """Reads S(α) where others train; arguments and attributes as :class:`Laboratory`.

    In the periods of ``measure.spot_checks`` it trains after all, beside it.
    """

    def __init__(self, model: GigEconomy, workers: int) -> None:
        super().__init__(model, 0)
        refuse_early(model.config)
        self._stand_in = stand_in(model.config, labels=len(model.stage.label_names))

    @property
    def words(self) -> str:
        """What stands in for the platform, in one line."""
        return self._stand_in.words

    def _make_probe(self) -> None:
        """Nothing is read."""

    def submit(self) -> int:
        """Take down who follows; without resumes, whoever plants or relabels has edited.

        Base carriers, whose resume planting would not change, are not known here.
        """
        model = self._model
        population, section = model.population, model.config.collective
        edited = model.collective.follows(population, population.member)
        if section.strategy == "feature_only":
            edited = edited & population.base_labels[:, model.stage.target]
        self._shares.append(shares_of(model, edited))
        return int(np.count_nonzero(edited))

    def open(self) -> None:
        """Period 0: U at α = 0, with the sd of a curve's trainings there; NaN where not known."""
        nan = float("nan")
        # Of a curve that is drawn from the mean is U(0), as of trainings.
        start = self._stand_in.at(0.0)
        self.clean = {
            metric: (
                float(self._stand_in.mean(f"base_{metric}", 0.0)),
                start.get(f"base_{metric}_sd", nan),
            )
            for metric in METRICS
        }
        self.lines = TheoryLines.nothing(self._model.config, self._model.stage.target)
        self._assess()

    def retrain(self) -> None:
        """Read S(α) at the share that follows now."""
        self._assess()

    def target_rates(
        self, groups: dict[str, tuple[NDArray[np.bool_], str]]
    ) -> dict[str, tuple[float, float]]:
        """S or U for everybody in a group; nobody is matched by label set."""
        values = self.evaluation.values
        return {
            name: (values[what] if group.any() else float("nan"), 0.0)
            for name, (group, what) in groups.items()
        }

    def promised(self, alphas: ArrayLike) -> tuple[Floats, Floats]:
        """S and U as they stand, of a curve means; see :meth:`Laboratory.promised`."""
        metric = self._model.config.measure.success
        success, base = (self._stand_in.mean(f"{what}_{metric}", alphas) for what in _PROMISED)
        return success, base

    def take_in(self, gone: NDArray[np.bool_]) -> Scene:
        """Newcomers are drawn by their label sets alone."""
        model = self._model
        return model.stage.take_in_labels(gone, model.config, model.streams, model.period)

    @property
    def held_out(self) -> int:
        """As many as the config says: the noise of one measurement, for 2 sd of a quotient."""
        return max(1, self._model.config.corpus.test_size)

    def _assess(self) -> None:
        model = self._model
        self.trained = mean_shares(self._shares, model.collective.shown)
        luck = 0.0
        if self._stand_in.draws:
            luck = float(model.streams.uniform("surrogate/training", model.period, 1)[0])
        at = self._stand_in.at(self.trained.followers, luck)
        names = [f"{q}{end}" for q in QUANTITIES for end in ("", "_low", "_high", "_sd")]
        values = {name: at.get(name, float("nan")) for name in (*names, *_OTHERS)}
        self.evaluation = Evaluation(values, {})
        if is_due(model):
            spot_check(model, self._stand_in)


def stand_in(config: Config, labels: int) -> StandIn:
    """What stands in for the platform of a config.

    Args:
        config: of a surrogate.
        labels: L, which a bound needs where members report wrong labels.

    Raises:
        InputError: its file is no curve; ε is over what its closeness allows; the law writes the
            signal by itself.
    """
    recipe = config.platform.learner
    assert isinstance(recipe, SurrogateRecipe), "only a surrogate has a stand-in"
    if recipe.source == "bound":
        return BoundStandIn.of(config, labels)
    if recipe.source == "staircase":
        return StaircaseStandIn.of(config)
    return curve_stand_in(recipe)


def make_laboratory(model: GigEconomy, workers: int) -> Laboratory:
    """The bench that the learner of the model's config needs."""
    recipe = model.config.platform.learner
    if isinstance(recipe, SurrogateRecipe):
        return CurveLaboratory(model, workers)
    return (BayesLaboratory if isinstance(recipe, BayesRecipe) else Laboratory)(model, workers)
