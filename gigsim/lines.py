"""What theory says of one run: the lines that its figure draws and its tables quote.

The theorems (Hardt et al. 2023) are for one label; resumes carry sets. ``any`` is the binary
question "is y* in the set?": Theorem 1 for feature-label planting with replaced or extended sets,
Theorem 3 for feature-only. ``top1`` has a theorem only where sets are replaced, by their label
marginals. Where no theorem holds, or a number that it needs is not known (Theorem 3 needs a floor
of P0(y*|x), which no sample gives), there is no number and no line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gigsim.collective.strategies import STRATEGIES
from gigsim.config.sections import CollectiveSection, Config
from gigsim.learners.pool import FitResult
from gigsim.learners.recipes import TableRecipe
from gigsim.resumes.finite_world import FiniteWorld
from gigsim.stage import Stage
from gigsim.theory.certificates import FeatureLabelCertificate, FeatureOnlyCertificate
from gigsim.theory.estimates import GapKind, SignalEstimate, signal_estimate
from gigsim.theory.finite_sample import (
    FiniteSampleSuccess,
    finite_sample_success,
    finite_sample_success_feature_only,
)
from gigsim.theory.gaps import (
    deficit_any,
    deficit_top1,
    gap_any_from_floor,
    gap_top1_from_floor,
)
from gigsim.theory.planting import Goal
from gigsim.theory.table_sample import table_success
from gigsim.theory.wrong_labels import wrong_label_margin

METRICS: tuple[Goal, Goal] = ("any", "top1")


@dataclass(frozen=True)
class TheoryLines:
    """The theory of one world.

    Attributes:
        population: N.
        collective: the strategy that the lines are for.
        target: column of y*.
        signals: for each metric that a theorem covers, the theorem with its numbers.
        quoted: for each metric, ξ and Δ with their limits, covered or not.
        marginals: P0(label in Y | x) of each held-out resume, float64, shape (n, L).
        base_rate: P0(y* in Y).
        source: where the marginals come from: the law's exact ``posterior``, or the clean
            ``classifier`` of period 0, which stands for it as far as it is calibrated (a corpus,
            or a law of which the signal is a word or the learner reads a part only).
        xi_measured: share of the population's resumes in X*, as the learner sees them.
        xi_token: share in which the token occurs at all, wherever it stands.
        p: inf over x of P0(y* in Y | x) where it is known, else NaN.
        world: the finite world, where a table of counts is the learner: its noise is that of every
            cell and not of the number of base carriers alone; else None.
    """

    population: int
    collective: CollectiveSection
    target: int
    signals: dict[Goal, SignalEstimate]
    quoted: dict[Goal, SignalEstimate]
    marginals: NDArray[np.float64]
    base_rate: float
    source: Literal["posterior", "classifier"]
    xi_measured: float
    xi_token: float
    p: float
    world: FiniteWorld | None = None

    @classmethod
    def estimate(cls, config: Config, stage: Stage, clean: Sequence[FitResult]) -> TheoryLines:
        """Estimate ξ, Δ, p and the marginals from what is known before the first period.

        Args:
            config: the run's config.
            stage: its resumes as the learner reads them.
            clean: the period-0 trainings; used where no exact posterior is to be had.
        """
        law, target, section = stage.supply.law, stage.target, config.collective
        gaps: dict[Goal, float] = {"any": 1.0, "top1": 1.0}
        floor = float("nan")
        gap_kind: GapKind = "worst"
        if law is not None and stage.signal_is_new:
            floor, gap_kind = law.floor(target), "posterior"
            ceiling = law.ceiling(target)
            gaps = {"any": gap_any_from_floor(floor), "top1": gap_top1_from_floor(floor, ceiling)}
        posterior = stage.supply.marginals
        exact = posterior is not None and stage.signal_is_new and stage.reads_whole
        if posterior is not None and exact:
            marginals = posterior
        else:
            marginals = np.mean([result.probabilities[1] for result in clean], axis=0)
        marginals = np.clip(marginals.astype(np.float64), 0, 1)
        # With wrong labels no form is known for a table: the text learner's stands in its place.
        counted = isinstance(config.platform.learner, TableRecipe) and not section.wrong_label
        quoted = _signal(config, stage, gaps, gap_kind)
        own = marginals[:, target].mean() if law is None else law.base_rates[target]
        return cls(
            population=config.population.size,
            collective=section,
            target=target,
            signals=_certificates(section, quoted, floor, marginals.shape[1]),
            quoted=quoted,
            marginals=marginals,
            base_rate=float(own),
            source="posterior" if exact else "classifier",
            xi_measured=float(stage.in_signal_set.mean()),
            xi_token=float(stage.contains[0].mean()),
            p=floor,
            world=law if counted and isinstance(law, FiniteWorld) else None,
        )

    @classmethod
    def nothing(cls, config: Config, target: int) -> TheoryLines:
        """No line and no number: a platform that reads no resumes, so that ξ and Δ mean nothing."""
        nan = float("nan")
        unknown = SignalEstimate(xi=nan, xi_upper=nan, xi_known=False, gap=nan, gap_kind="worst")
        return cls(
            population=config.population.size,
            collective=config.collective,
            target=target,
            signals={},
            quoted=dict.fromkeys(METRICS, unknown),
            marginals=np.empty((0, 0)),
            base_rate=nan,
            source="classifier",
            xi_measured=nan,
            xi_token=nan,
            p=nan,
        )

    def bound(self, alpha: float, metric: Goal) -> float:
        """The theorem at α, unclipped; NaN where none covers the metric."""
        known = self.signals.get(metric)
        return float("nan") if known is None else float(known.bound(alpha))

    def promise(self, alpha: float, metric: Goal) -> float:
        """The theorem at the upper limit of ξ: what can be promised before ξ is known better."""
        known = self.signals.get(metric)
        return float("nan") if known is None else float(known.bound_low(alpha))

    def theorem(self, metric: Goal) -> str | None:
        """The theorem's name, None where none covers the metric."""
        if metric not in self.signals:
            return None
        return STRATEGIES[self.collective.strategy].theorem

    def facts(self, metric: Goal) -> dict[str, object]:
        """ξ, Δ and p as a retraining's row quotes them, for the metric or, failing it, ``any``."""
        known = self.quoted[metric if metric in self.signals else "any"]
        return {
            "xi": known.xi,
            "xi_upper": known.xi_upper,
            "xi_known": known.xi_known,
            "xi_measured": self.xi_measured,
            "xi_token": self.xi_token,
            "gap": known.gap,
            "gap_kind": known.gap_kind,
            "p": self.p,
            "deficit_source": self.source,
        }

    def expected(self, alphas: ArrayLike, metric: Goal, xi: float) -> FiniteSampleSuccess:
        """S that an ε = 0 learner reaches on N rows, mean and sd, for a metric that is covered.

        Raises:
            KeyError: no theorem covers the metric.
        """
        if metric not in self.signals:
            raise KeyError(metric)
        own = self.marginals[:, self.target]
        if self.world is not None and self.collective.strategy == "feature_label":
            return table_success(
                alphas,
                self.world.weights,
                self.world.label_law,
                self.target,
                population=self.population,
                xi=xi,
                goal=metric,
            )
        if self.collective.strategy == "feature_only":
            return finite_sample_success_feature_only(
                alphas,
                own,
                population=self.population,
                xi=xi,
                base_rate=self.base_rate,
                evasive=self.collective.evasive,
            )
        wrong = self.collective.wrong_label
        margin = float(wrong_label_margin(wrong, metric, self.marginals.shape[1]))
        if metric == "any":
            deficits = np.asarray(deficit_any(own))
            if self.collective.label_sets == "extend":
                # Who errs may have y* among his own labels: the margin is larger by 2ωm.
                deficits = deficits * margin / (margin + 2 * wrong * own)
        else:
            deficits = np.asarray(deficit_top1(self.marginals, self.target))
        return finite_sample_success(
            alphas, deficits, population=self.population, xi=xi, margin=margin
        )

    def table(self, alphas: ArrayLike) -> pd.DataFrame:
        """The lines on a grid.

        Args:
            alphas: shares in [0, 1], shape (k,).

        Returns:
            ``alpha``; for each covered metric ``bound_*`` (nominal: infinite data, ε = 0, not
            clipped) and ``bound_*_low`` (at the upper limit of ξ), ``finite_*`` and its ``_sd``
            (expected of an ε = 0 learner on N rows), ``finite_*_low`` (at the limit of ξ).
        """
        grid = np.asarray(alphas, dtype=float)
        columns: dict[str, NDArray[np.float64]] = {"alpha": grid}
        for metric, known in self.signals.items():
            curve = self.expected(grid, metric, known.xi)
            low = curve
            if known.xi_upper != known.xi:
                low = self.expected(grid, metric, known.xi_upper)
            columns[f"bound_{metric}"] = np.asarray(known.bound(grid))
            columns[f"bound_{metric}_low"] = np.asarray(known.bound_low(grid))
            columns[f"finite_{metric}"] = np.asarray(curve.mean)
            columns[f"finite_{metric}_sd"] = np.asarray(curve.sd)
            columns[f"finite_{metric}_low"] = np.asarray(low.mean)
        return pd.DataFrame(columns)


def _signal(
    config: Config, stage: Stage, gaps: dict[Goal, float], gap_kind: GapKind
) -> dict[Goal, SignalEstimate]:
    """ξ and Δ for each metric."""
    # Near-duplicates are not independent draws: natural carriers are counted by cluster.
    clusters = stage.supply.population.clusters
    natural = signal_estimate(
        xi=0.0 if stage.signal_is_new else None,
        carriers=len(np.unique(clusters[stage.in_signal_set & ~stage.carriers])),
        inputs=len(np.unique(clusters)),
    )
    # Over what people carry by themselves comes what the config spreads: each resume carries the
    # signal with probability corpus.xi, whatever it is.
    spread, rest = config.corpus.xi, 1.0 - config.corpus.xi
    return {
        metric: replace(
            natural,
            xi=spread + rest * natural.xi,
            xi_upper=spread + rest * natural.xi_upper,
            gap=gaps[metric],
            gap_kind=gap_kind,
        )
        for metric in METRICS
    }


def _certificates(
    section: CollectiveSection, quoted: dict[Goal, SignalEstimate], floor: float, labels: int
) -> dict[Goal, SignalEstimate]:
    """The theorem that covers each metric, with its numbers; metrics without one are left out."""
    facts = STRATEGIES[section.strategy]
    covered: dict[Goal, SignalEstimate] = {}
    for metric, known in quoted.items():
        if facts.theorem_for(metric, section.label_sets) is None:
            continue
        if section.strategy == "feature_only":
            if floor > 0:
                covered[metric] = FeatureOnlyCertificate(
                    **vars(known), p=floor, evasive=section.evasive
                )
            continue
        margin = float(wrong_label_margin(section.wrong_label, metric, labels))
        if margin > 0:
            covered[metric] = FeatureLabelCertificate(**vars(known), margin=margin)
    return covered
