"""What theory says of one run: the lines that its figure draws and its tables quote.

Which theorem covers what is ``coverage``'s affair. Here are the three kinds of line: the theorem
itself (infinite data, ε = 0), what is expected of a perfect learner on so many resumes, and the
exact success of the Bayes classifier where it stands for the platform or nothing else is known.
Where a line does not apply there is no number and no line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gigsim.collective.catalogue import STRATEGIES
from gigsim.config.sections import CollectiveSection, Config
from gigsim.coverage import (
    METRICS,
    HeldOut,
    certificates,
    deficits,
    dialled,
    floor_of,
    quoted_signals,
)
from gigsim.exact_steps import exact_success
from gigsim.learners.recipes import TableRecipe
from gigsim.resumes.finite_world import FiniteWorld
from gigsim.shares import Shares
from gigsim.stage import Stage
from gigsim.theory.certificates import ErasingCertificate
from gigsim.theory.closeness import Closeness
from gigsim.theory.estimates import SignalEstimate
from gigsim.theory.finite_sample import (
    FiniteSampleSuccess,
    finite_sample_success,
    finite_sample_success_feature_only,
)
from gigsim.theory.gaps import Floats
from gigsim.theory.planting import Goal
from gigsim.theory.table_sample import table_success
from gigsim.theory.wrong_labels import wrong_label_margin

__all__ = ["METRICS", "TheoryLines"]

#: The numbers of the erasing bound, as a retraining's row has them.
_ERASING = ("tau", "tau_upper", "opinion_error", "opinion_error_upper")


@dataclass(frozen=True)
class TheoryLines:
    """The theory of one world.

    Attributes:
        population: N.
        collective: the strategy that the lines are for.
        target: column of y*.
        signals: for each metric that a theorem covers, the theorem with its numbers.
        quoted: for each metric, ξ, Δ and κ with their limits, covered or not.
        known: the held-out resumes; None where the platform reads none.
        base_rate: P0(y* in Y).
        pairs: P0(l and y* in Y | x) of each held-out resume where the exact platform needs them.
        xi_measured: share of the population's resumes in X*, as the learner sees them.
        xi_token: share in which the token occurs at all, wherever it stands.
        p: inf over x of P0(y* in Y | x) where it is known, else NaN.
        kind: of learner.
        world: the finite world, where a table of counts is the learner: its noise is that of every
            cell and not of the number of base carriers alone; else None.
        epsilon: how far from Bayes the exact platform is dialled (``coverage.dialled``), in [0, 1]:
            bounds and exact lines are then those of the worst platform that is so close.
        closeness: what is close; None at ε = 0.
    """

    population: int
    collective: CollectiveSection
    target: int
    signals: dict[Goal, SignalEstimate]
    quoted: dict[Goal, SignalEstimate]
    known: HeldOut | None
    base_rate: float
    pairs: Floats | None
    xi_measured: float
    xi_token: float
    p: float
    kind: str
    world: FiniteWorld | None = None
    epsilon: float = 0.0
    closeness: Closeness | None = None

    @classmethod
    def estimate(
        cls, config: Config, stage: Stage, known: HeldOut, pairs: Floats | None
    ) -> TheoryLines:
        """Estimate ξ, Δ, κ and p from what is known before the first period.

        Args:
            config: the run's config.
            stage: its resumes as the learner reads them.
            known: the held-out resumes.
            pairs: see the attributes.
        """
        law, target, section = stage.supply.law, stage.target, config.collective
        quoted, floor = quoted_signals(config, stage, known), floor_of(stage)
        own = known.marginals[:, target].mean() if law is None else law.base_rates[target]
        epsilon, closeness = dialled(config)
        return cls(
            population=config.population.size,
            collective=section,
            target=target,
            signals=certificates(section, quoted, known, target, floor, epsilon, closeness),
            quoted=quoted,
            known=known,
            base_rate=float(own),
            pairs=pairs,
            xi_measured=float(stage.in_signal_set.mean()),
            xi_token=float(stage.contains[0].mean()),
            p=floor,
            kind=config.platform.learner.kind,
            world=law if isinstance(law, FiniteWorld) and _counts(config) else None,
            epsilon=epsilon,
            closeness=closeness,
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
            known=None,
            base_rate=nan,
            pairs=None,
            xi_measured=nan,
            xi_token=nan,
            p=nan,
            kind=config.platform.learner.kind,
        )

    def of_data(self, shares: Shares) -> TheoryLines:
        """The theory of data in which some members plant another token than the one in force.

        A platform that trains on a window has such data after a rotation. Who plants another token
        no longer carries this one by himself, so that of all who do not plant it a share
        ξ(1 − planters)/(1 − followers) carries it, in the place of ξ. Without evasion, who plants
        on y* alone and has no y* still does: no theorem here covers that, and nothing is said.

        Args:
            shares: of the data.
        """
        if self.collective.strategy == "erasure" or shares.planters == shares.followers:
            return self
        if self.collective.strategy == "feature_only" and not self.collective.evasive:
            return replace(self, signals={}, known=None)
        part = (1 - shares.planters) / (1 - shares.followers)
        return replace(
            self,
            signals={metric: known.thinned(part) for metric, known in self.signals.items()},
            quoted={metric: known.thinned(part) for metric, known in self.quoted.items()},
        )

    def bound(self, alpha: float, metric: Goal) -> float:
        """The theorem at α, unclipped; NaN where none covers the metric."""
        known = self.signals.get(metric)
        return float("nan") if known is None else float(known.bound(alpha))

    def promise(self, alpha: float, metric: Goal) -> float:
        """The theorem at the upper limits of its numbers: what can be promised."""
        known = self.signals.get(metric)
        return float("nan") if known is None else float(known.bound_low(alpha))

    def theorem(self, metric: Goal) -> str | None:
        """The theorem's name, and the ε that it is for; None where none covers the metric."""
        known = self.signals.get(metric)
        if known is None:
            return None
        name = getattr(known, "theorem", "Theorem 1")
        dialled_to = f"{self.epsilon:g}, {self.closeness}"
        return name if self.closeness is None else f"{name} (ε = {dialled_to})"

    def facts(self, metric: Goal) -> dict[str, object]:
        """The numbers as a retraining's row quotes them, for the metric or, failing it, ``any``."""
        covered = metric if metric in self.signals else "any"
        known = self.quoted[covered]
        erasing = self.signals.get(covered)
        numbers = dict.fromkeys(_ERASING, float("nan"))
        if isinstance(erasing, ErasingCertificate):
            values = (erasing.tau, erasing.tau_upper, erasing.error, erasing.error_upper)
            numbers = dict(zip(_ERASING, values, strict=True))
        return {
            "theorem_any": self.theorem("any") or "",
            "theorem_top1": self.theorem("top1") or "",
            "xi": known.xi,
            "xi_upper": known.xi_upper,
            "xi_known": known.xi_known,
            "xi_measured": self.xi_measured,
            "xi_token": self.xi_token,
            "gap": known.gap,
            "gap_kind": known.gap_kind,
            "kappa": known.kappa_mean,
            "kappa_upper": known.kappa_mean_upper,
            **numbers,
            "deficit_source": "classifier" if self.known is None else self.known.source,
            "p": self.p,
        }

    def expected(self, alphas: ArrayLike, metric: Goal, xi: float) -> FiniteSampleSuccess | None:
        """S that an ε = 0 learner reaches on N rows, mean and sd.

        None where no theorem covers the metric, and where no finite-sample law is known: for the
        exact platform, which has no sample, for erasing, and for a table of counts beyond
        feature-label planting on a finite world without errors.
        """
        strategy, known = self.collective.strategy, self.known
        if metric not in self.signals or known is None or strategy == "erasure":
            return None
        if self.kind == "bayes" or (self.kind == "table" and self.world is None):
            return None
        if self.world is not None:
            return table_success(
                alphas,
                self.world.weights,
                self.world.label_law,
                self.target,
                population=self.population,
                xi=xi,
                goal=metric,
            )
        if strategy == "feature_only":
            return finite_sample_success_feature_only(
                alphas,
                known.marginals[:, self.target],
                population=self.population,
                xi=xi,
                base_rate=self.base_rate,
                evasive=self.collective.evasive,
            )
        wrong = self.collective.wrong_label
        margin = float(wrong_label_margin(wrong, metric, known.marginals.shape[1]))
        return finite_sample_success(
            alphas,
            deficits(self.collective, known, self.target, metric),
            population=self.population,
            xi=xi,
            margin=margin,
        )

    def exact(self, alphas: ArrayLike, metric: Goal) -> Floats | None:
        """S of the Bayes classifier of the law on the held-out resumes, theorem or no theorem.

        For the exact platform itself (with ε above 0, for the worst that is so close to it), and
        for erasing, where nothing nearer is known; else None.
        """
        erasing = STRATEGIES[self.collective.strategy].aim == "erased"
        if self.known is None or not (self.kind == "bayes" or erasing):
            return None
        return exact_success(
            alphas,
            self.collective,
            self.known,
            self.target,
            xi=self.quoted[metric].xi,
            goal=metric,
            pairs=self.pairs,
            epsilon=self.epsilon,
            closeness=self.closeness,
        )

    def table(self, alphas: ArrayLike) -> pd.DataFrame:
        """The lines on a grid.

        Args:
            alphas: shares in [0, 1], shape (k,).

        Returns:
            ``alpha``; for each covered metric ``bound_*`` (nominal: infinite data, ε = 0 or as it
            is dialled, not clipped) and ``bound_*_low`` (at the upper limits of its numbers);
            where they apply ``finite_*`` and its ``_sd`` (expected of an ε = 0 learner on N rows),
            ``finite_*_low`` (at the limit of ξ), and ``exact_*``.
        """
        grid = np.asarray(alphas, dtype=float)
        columns: dict[str, NDArray[np.float64]] = {"alpha": grid}
        for metric in METRICS:
            known = self.signals.get(metric)
            if known is not None:
                columns[f"bound_{metric}"] = np.asarray(known.bound(grid))
                columns[f"bound_{metric}_low"] = np.asarray(known.bound_low(grid))
                curve = self.expected(grid, metric, known.xi)
                if curve is not None:
                    low = curve
                    if known.xi_upper != known.xi:
                        low = self.expected(grid, metric, known.xi_upper) or curve
                    columns[f"finite_{metric}"] = np.asarray(curve.mean)
                    columns[f"finite_{metric}_sd"] = np.asarray(curve.sd)
                    columns[f"finite_{metric}_low"] = np.asarray(low.mean)
            exact = self.exact(grid, metric)
            if exact is not None:
                columns[f"exact_{metric}"] = np.asarray(exact)
        return pd.DataFrame(columns)


def _counts(config: Config) -> bool:
    """Is the platform a table of counts, and the collective one whose counts have a known law?"""
    section = config.collective
    plain = section.strategy == "feature_label" and not section.wrong_label
    # A signal at a random place makes several texts of one, each with counts of its own.
    plain = plain and section.signal.position != "random"
    return plain and isinstance(config.platform.learner, TableRecipe)
