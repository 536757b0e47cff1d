"""The rows of one experiment with one learner and one target, curve by curve."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from gigsim.curves.statistics import DRAWS, Axis, Climb, climb_of
from gigsim.reproduction.names import name_of, with_parts


@dataclass(frozen=True, eq=False)
class Found:
    """What was measured for one verdict.

    Attributes:
        experiment: its name.
        learner: kind.
        target: y*.
        rows: of ``curve.parquet``, with a column ``variant``.
    """

    experiment: str
    learner: str
    target: str
    rows: pd.DataFrame

    @classmethod
    def of(cls, rows: pd.DataFrame, experiment: str) -> Found:
        """From rows among which those of other experiments may be.

        Raises:
            ValueError: none is of the experiment; several learners or targets.
        """
        own = with_parts(rows)
        own = own[own["experiment"] == experiment]
        kinds = own[["learner", "target"]].drop_duplicates()
        if len(kinds) != 1:
            raise ValueError(
                f"{experiment}: rows of one learner and one target are needed, not of {len(kinds)}"
            )
        learner, target = kinds.iloc[0]
        return cls(experiment, str(learner), str(target), own)

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """The curves there are, in the order of the rows."""
        return tuple(self.rows["variant"].unique())

    @property
    def people(self) -> int:
        """N, resumes of a training."""
        some = self.rows[self.rows["alpha"] > 0]
        return round(float((some["members"] / some["alpha"]).median()))

    def rows_of(self, variant: str, retraining: int = 1) -> pd.DataFrame:
        """The rows of one curve.

        Raises:
            ValueError: there are none.
        """
        here = (self.rows["variant"] == variant) & (self.rows["retraining"] == retraining)
        if not here.any():
            raise ValueError(f"{self.experiment}: no rows of {variant!r} with {self.learner}")
        return self.rows[here]

    def climb(
        self, variant: str, *, axis: Axis = "alpha", retraining: int = 1, draws: int = DRAWS
    ) -> Climb:
        """One curve S(α), or S against the share of people who edited.

        Args:
            variant: which curve.
            axis: what the size is.
            retraining: after how many.
            draws: of the whole curve.

        Raises:
            ValueError: there are no rows of it.
        """
        return climb_of(
            self.rows_of(variant, retraining),
            name_of(self.experiment, f"{variant} {retraining}", self.learner, self.target),
            axis=axis,
            exact=self.learner == "bayes",
            draws=draws,
        )
