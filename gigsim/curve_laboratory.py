"""The bench for a platform that is known by its measured curve alone: no resumes, no trainings.

S, U and the quality of the classifier are read off the curve at α_effective whenever the platform
retrains. The curve was measured with randomly drawn members, on resumes that are not here: there
is no reference beside it, no theorem, and groups of people are not told apart by their label sets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gigsim.laboratory import METRICS, Laboratory
from gigsim.learners.recipes import SurrogateRecipe
from gigsim.learners.surrogate import Curve, load_curve
from gigsim.lines import TheoryLines
from gigsim.measures.evaluation import Evaluation
from gigsim.measures.success import QUANTITIES
from gigsim.stage import Scene

if TYPE_CHECKING:
    from gigsim.model import GigEconomy

_OTHERS = ("f1_micro", "tags_mean", "loss", "reference_any", "reference_top1")


class CurveLaboratory(Laboratory):
    """Reads a curve where others train; arguments and attributes as :class:`Laboratory`."""

    def __init__(self, model: GigEconomy, workers: int) -> None:
        super().__init__(model, 0)
        recipe = model.config.platform.learner
        assert isinstance(recipe, SurrogateRecipe)
        self._curve: Curve = load_curve(recipe.curve)

    def submit(self) -> int:
        """Take down who follows; without resumes, whoever plants or relabels has edited.

        Base carriers, whose resume planting would not change, are not known here.
        """
        model = self._model
        population, section = model.population, model.config.collective
        edited = model.collective.follows(population, population.member)
        if section.strategy == "feature_only":
            edited = edited & population.labels[:, model.stage.target]
        self._count(edited)
        return int(edited.sum())

    def open(self) -> None:
        """Period 0: the curve at α = 0; its sd there is that of the trainings in the file."""
        start = self._curve.at(0.0)
        self.clean = {
            metric: (start[f"base_{metric}"], float(np.nan_to_num(start[f"base_{metric}_sd"])))
            for metric in METRICS
        }
        self.lines = TheoryLines.nothing(self._model.config, self._model.stage.target)
        self._assess()

    def retrain(self) -> None:
        """Read the curve at the share that follows now."""
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

    def take_in(self, gone: NDArray[np.bool_]) -> Scene:
        """Newcomers are drawn by their label sets alone."""
        model = self._model
        return model.stage.take_in_labels(gone, model.config, model.streams, model.period)

    @property
    def held_out(self) -> int:
        """As many as the config says: the noise of one measurement, for 2 sd of a quotient."""
        return max(1, self._model.config.corpus.test_size)

    def _assess(self, *, keep: bool = False) -> None:
        if not keep:
            self._take_shares()
        at = self._curve.at(self.trained.followers)
        names = [f"{q}{end}" for q in QUANTITIES for end in ("", "_low", "_high", "_sd")]
        values = {name: at.get(name, float("nan")) for name in (*names, *_OTHERS)}
        if keep:
            # A curve knows one token; the classifier has not seen the new one yet.
            for metric in METRICS:
                for end in ("", "_low", "_high", "_sd"):
                    values[f"success_{metric}{end}"] = at.get(f"base_{metric}{end}", float("nan"))
        self.evaluation = Evaluation(values, {})
