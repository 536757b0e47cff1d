"""What is known of an economy at any time: α, S, U, G and what spills over, tables, what is due."""

from __future__ import annotations

import mesa
import numpy as np
import pandas as pd

from gigsim.config import Config
from gigsim.laboratory import Laboratory
from gigsim.lines import TheoryLines
from gigsim.measures.evaluation import Evaluation
from gigsim.population import Population
from gigsim.record import Ledger


class Quantities(mesa.Model):
    """The read-only side of :class:`gigsim.GigEconomy`: nothing here changes or draws anything."""

    config: Config
    now: Config
    period: int
    population: Population
    laboratory: Laboratory
    ledger: Ledger
    _changes: dict[int, Config]
    _still: bool

    @property
    def configs(self) -> tuple[Config, ...]:
        """The config, and what ``[[at]]`` makes of it in time."""
        return (self.config, *self._changes.values())

    @property
    def evaluation(self) -> Evaluation:
        """The deployed classifier, measured."""
        return self.laboratory.evaluation

    @property
    def lines(self) -> TheoryLines:
        """What theory says of this world."""
        return self.laboratory.lines

    @property
    def clean(self) -> dict[str, tuple[float, float]]:
        """For each metric U(0), the mean base rate of the period-0 trainings, and its sd."""
        return self.laboratory.clean

    @property
    def tokens(self) -> int:
        """How many tokens the collective takes in turn."""
        return 1 + len(self.config.collective.signal.alternates)

    @property
    def ever_warm(self) -> bool:
        """Does the platform, now or later, go on from the weights it has?"""
        return any(config.platform.retrain == "warm" for config in self.configs)

    @property
    def retraining_is_due(self) -> bool:
        """Does the platform retrain in this period?"""
        return self.period % self.now.platform.retrain_every == 0

    @property
    def finished(self) -> bool:
        """Has the run come to the end that its config gives it?"""
        section = self.config.run
        if section.until == "periods":
            return self.period >= section.periods
        return self.period >= section.limit or self._still

    @property
    def alpha(self) -> float:
        """α, members over population, now."""
        return self.population.members / len(self.population)

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
        spillover = self.now.society.spillover
        if spillover == "measured":
            return float(np.clip(self.base - self.clean_rate, 0.0, self.gain))
        return float(spillover) * self.gain

    @property
    def spillover(self) -> float:
        """``spilled`` as a share of G; NaN where G is under 2 sd of U(0), a quotient of noise.

        The sd is that of trainings and of drawing the held-out resumes together.
        """
        rate, sd = self.clean[self.config.measure.success]
        # One training, or a curve of one: its spread is not known, that of the texts is.
        noise = np.hypot(np.nan_to_num(sd), np.sqrt(rate * (1 - rate) / self.laboratory.held_out))
        return self.spilled / self.gain if self.gain > 2 * noise else float("nan")

    @property
    def periods(self) -> pd.DataFrame:
        """One row a period, from period 0 on."""
        return self.ledger.periods()

    @property
    def retrainings(self) -> pd.DataFrame:
        """One row a classifier that was deployed, period 0 included."""
        return self.ledger.retrainings()
