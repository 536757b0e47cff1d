"""Classes of people by cost, and what share of each would join, stay, or join as a holder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from gigsim.config import Config
from gigsim.dynamics.prediction import law_of
from gigsim.society.distributions import Law
from gigsim.theory.gaps import Floats
from gigsim.theory.participation.costs import Costs

# Classes of people by cost, evenly and towards the cheapest.
_EVEN, _LOW, _CHEAPEST = 129, 97, 1e-6


@dataclass(frozen=True, eq=False)
class CostClasses:
    """People in B classes, from the cheapest to the dearest.

    Attributes:
        edges: share of people who are cheaper than a class, in [0, 1), shape (B,).
        masses: share of people in each class, summing to 1, shape (B,).
        middle: cost in the middle of each, money, shape (B,).
        cost: the law of costs.
        threshold: that of thresholds.
    """

    edges: Floats
    masses: Floats
    middle: Floats
    cost: Costs
    threshold: Costs

    @classmethod
    def of(cls, config: Config) -> CostClasses:
        """The classes of a config's laws of cost and threshold."""
        edges = np.unique(
            np.concatenate([np.linspace(0, 1, _EVEN), np.geomspace(_CHEAPEST, 1.0, _LOW)])
        )
        people = config.population
        edges, masses = edges[:-1], np.diff(edges)
        middle = _quantiles(people.cost, edges + masses / 2)
        return cls(edges, masses, middle, law_of(people.cost), law_of(people.threshold))

    def answers(self, now: Config, alpha: Floats, belief: Floats) -> tuple[Floats, Floats, Floats]:
        """Share of each class that would join from outside, stay, and join as a holder.

        Args:
            now: the config in force; one that ``mean_field_parts.check`` lets through.
            alpha: members over population, first movers included, of K societies, shape (K,).
            belief: the gain that people expect of the signal, shape (K,).

        Returns:
            Three shares, each shape (K, 1, B) or broadcastable to it.
        """
        society, section = now.society, now.collective
        if society.rule == "threshold":
            # First movers count from the first decision on, those of this period not yet.
            share = self._part(alpha, self.threshold)
            return share, share, share
        spill = 0.0 if society.spillover == "measured" else float(society.spillover)
        worth = society.benefit_scale * (1 - spill) * belief
        once = society.cost_timing == "once"
        horizon = society.horizon if once else 1
        # Dues are paid by members, and weighed like a cost by all.
        joins = worth * horizon - section.dues
        stays = (1 - section.retention) * worth * horizon - section.dues
        none = np.zeros_like(worth) - section.dues
        if society.rule == "logit":
            precision, sunk = society.choice_precision, 0.0 if once else 1.0
            return (
                self._noisy(joins, 1.0, precision),
                self._noisy(stays, sunk, precision),
                self._noisy(none, 1.0, precision),
            )
        staying = np.ones((1, 1, 1)) if once else self._part(stays, self.cost)
        return self._part(joins, self.cost), staying, self._part(none, self.cost)

    def _part(self, worth: Floats, law: Costs) -> Floats:
        """Share of each class at or under ``worth``, shape (K, 1, B)."""
        reached = law.cdf(worth)[:, None, None] - self.edges
        return np.clip(reached / self.masses, 0.0, 1.0)

    def _noisy(self, worth: Floats, paid: float, precision: float) -> Floats:
        """Λ(λ(worth − paid·c)) of each class, shape (K, 1, B)."""
        return expit(precision * (worth[:, None, None] - paid * self.middle))


def _quantiles(law: Law, places: Floats) -> Floats:
    """Costs at these shares of the population."""
    if law.kind == "table":
        return np.asarray(law_of(law).quantile(places))
    return np.asarray(law.quantile(places))
