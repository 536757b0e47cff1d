"""What theory says of one run: the lines that its figure draws and its tables quote.

Theorem 1 (Hardt et al. 2023) is for one label; resumes carry sets. ``any`` is the binary question
"is y* in the set?", for replaced and extended sets; ``top1`` has a theorem only where sets are
replaced, by their label marginals. Where no theorem holds there is no number and no line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gigsim.config.sections import Config
from gigsim.learners.pool import FitResult
from gigsim.stage import Stage
from gigsim.theory.estimates import GapKind, SignalEstimate, signal_estimate
from gigsim.theory.finite_sample import finite_sample_success
from gigsim.theory.gaps import (
    deficit_any,
    deficit_top1,
    gap_any_from_floor,
    gap_top1_from_floor,
)

METRICS = ("any", "top1")


@dataclass(frozen=True)
class TheoryLines:
    """The theory of one world.

    Attributes:
        population: N.
        signals: for each metric that a theorem covers, ξ and Δ with their limits.
        deficits: for the same metrics, d(x) of each held-out resume, float64, shape (n,).
        source: where d comes from: the language's exact ``posterior``, or the clean
            ``classifier`` of period 0, which stands for it as far as it is calibrated (a corpus,
            or a language of which the signal is a word or the learner reads a part only).
        xi_measured: share of the population's resumes in X*, as the learner sees them.
        xi_token: share in which the token occurs at all, wherever it stands.
        p: inf over x of P0(y* in Y | x) where it is known, else NaN.
    """

    population: int
    signals: dict[str, SignalEstimate]
    deficits: dict[str, NDArray[np.float64]]
    source: Literal["posterior", "classifier"]
    xi_measured: float
    xi_token: float
    p: float

    @classmethod
    def estimate(cls, config: Config, stage: Stage, clean: Sequence[FitResult]) -> TheoryLines:
        """Estimate ξ, Δ and d from what is known before the first period.

        Args:
            config: the run's config.
            stage: its resumes as the learner reads them.
            clean: the period-0 trainings; used where no exact posterior is to be had.
        """
        language, target = stage.supply.language, stage.target
        reading, size = stage.reading, config.population.size
        gaps = {"any": 1.0, "top1": 1.0}
        floor = float("nan")
        gap_kind: GapKind = "worst"
        if language is not None and stage.signal_is_new:
            floor, gap_kind = language.floor(target), "posterior"
            others = np.delete(language.base_rates, target).max()
            ceiling = 1.0 - language.rho + language.rho * float(others)
            gaps = {"any": gap_any_from_floor(floor), "top1": gap_top1_from_floor(floor, ceiling)}
        posterior = stage.supply.marginals
        exact = posterior is not None and stage.signal_is_new and stage.reads_whole
        if posterior is not None and exact:
            marginals = posterior
        else:
            marginals = np.mean([result.probabilities[1] for result in clean], axis=0)
        deficits = {"any": np.asarray(deficit_any(np.clip(marginals[:, target], 0, 1)))}
        if config.collective.label_sets == "replace":
            deficits["top1"] = np.asarray(deficit_top1(np.clip(marginals, 0, 1), target))
        # Near-duplicates are not independent draws: natural carriers are counted by cluster.
        clusters = stage.supply.population.clusters
        natural = signal_estimate(
            xi=0.0 if stage.signal_is_new else None,
            carriers=len(np.unique(clusters[reading.in_signal_set & ~stage.carriers])),
            inputs=len(np.unique(clusters)),
        )
        # Over what people carry by themselves comes what the config spreads: each resume carries
        # the signal with probability corpus.xi, whatever it is.
        spread, rest = config.corpus.xi, 1.0 - config.corpus.xi
        signals = {
            metric: replace(
                natural,
                xi=spread + rest * natural.xi,
                xi_upper=spread + rest * natural.xi_upper,
                gap=gaps[metric],
                gap_kind=gap_kind,
            )
            for metric in deficits
        }
        return cls(
            population=size,
            signals=signals,
            deficits=deficits,
            source="posterior" if exact else "classifier",
            xi_measured=float(reading.in_signal_set.mean()),
            xi_token=float(reading.contains.mean()),
            p=floor,
        )

    def bound(self, alpha: float, metric: str) -> float:
        """Theorem 1 at α, unclipped; NaN where no theorem covers the metric."""
        known = self.signals.get(metric)
        return float("nan") if known is None else float(known.bound(alpha))

    def promise(self, alpha: float, metric: str) -> float:
        """Theorem 1 at the upper limit of ξ: what can be promised before ξ is known better."""
        known = self.signals.get(metric)
        return float("nan") if known is None else float(known.bound_low(alpha))

    def facts(self, metric: str) -> dict[str, object]:
        """ξ, Δ and p as a retraining's row quotes them, for the metric or, failing it, ``any``."""
        known = self.signals.get(metric, self.signals["any"])
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
            curve, low = (
                finite_sample_success(
                    grid, self.deficits[metric], population=self.population, xi=xi
                )
                for xi in (known.xi, known.xi_upper)
            )
            columns[f"bound_{metric}"] = np.asarray(known.bound(grid))
            columns[f"bound_{metric}_low"] = np.asarray(known.bound_low(grid))
            columns[f"finite_{metric}"] = np.asarray(curve.mean)
            columns[f"finite_{metric}_sd"] = np.asarray(curve.sd)
            columns[f"finite_{metric}_low"] = np.asarray(low.mean)
        return pd.DataFrame(columns)
