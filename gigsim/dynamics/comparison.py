"""Simulated beside predicted critical mass of one society.

Predictions are three, each with what it leaves out. ``map``: the map of participation, a large
well-mixed population without leaks. ``recursion``: the loop's own, leaks included, on the annealed
network. ``sampled``: the map once more in worlds of N people whose costs are drawn, which without
leaks is all that differs between worlds. Simulated is the median over worlds with its interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gigsim.config import Config
from gigsim.dynamics.benefit import Benefit, benefit
from gigsim.dynamics.critical_mass import CriticalMass, critical_mass, median_interval
from gigsim.dynamics.first_movers import FirstMovers, first_movers, sampled_first_movers
from gigsim.dynamics.prediction import Prediction, predict
from gigsim.dynamics.way_up import predicted_first_movers
from gigsim.errors import InputError
from gigsim.theory.gaps import Floats

#: Worlds of the sampled prediction.
WORLDS = 201
_SEED = 20_230_723


@dataclass(frozen=True)
class Comparison:
    """One society, numbers of first movers; NaN where a prediction does not exist.

    Attributes:
        population: N.
        map: predicted by the map; inf where there is no gap.
        map_low: over draws of a measured curve, 2.5 %.
        map_high: likewise 97.5 %.
        recursion: predicted by the recursion.
        sampled: median predicted for worlds of N people.
        sampled_low: 2.5 % of worlds.
        sampled_high: 97.5 % of worlds.
        simulated: median over worlds.
        low: lower end of its 95 % interval.
        high: upper end.
        worlds: simulated.
        runs: of the loop.
        violations: probes that were not monotone.
        probes: how many there were.
        boundary: share that tells the two states apart.
        before: predicted share just below the gap.
        after: just above it.
        source: what G(α) is.
        leaves_out: what the map does not know, one string.
    """

    population: int
    map: float
    map_low: float
    map_high: float
    recursion: float
    sampled: float
    sampled_low: float
    sampled_high: float
    simulated: float
    low: float
    high: float
    worlds: int
    runs: int
    violations: int
    probes: int
    boundary: float
    before: float
    after: float
    source: str
    leaves_out: str


def compare(
    config: Config,
    seeds: Sequence[int],
    *,
    workers: int = 0,
    probed: int = 3,
    resolution: float = 0.0,
    boundary: float | None = None,
    tell: Callable[[Any], None] | None = None,
) -> tuple[Comparison, CriticalMass]:
    """Everything about the critical mass of one society.

    Args:
        config: the society.
        seeds: of worlds.
        workers: processes; changes no result.
        probed: worlds that are asked whether they are monotone.
        resolution: as of ``critical_mass``.
        boundary: as of :meth:`Foresight.of`.
        tell: hears of each world.

    Raises:
        InputError: neither the map nor the recursion says where the gap is, or there is none.
    """
    foreseen = Foresight.of(config, boundary)
    found = critical_mass(
        config,
        foreseen.boundary,
        seeds,
        guess=foreseen.guess,
        workers=workers,
        resolution=resolution,
        probed=probed,
        tell=tell,
    )
    return foreseen.beside(found), found


@dataclass(frozen=True, eq=False)
class Foresight:
    """The predictions for one society, before anything is simulated.

    Attributes:
        config: of it.
        mapped: the mean field; None where the rule is none.
        on_map: first movers by the map.
        drawn: the same over draws of a measured curve; None where there are none.
        stepped: by the recursion; None where it does not know the config.
        sampled: numbers in worlds of N people; None with leaks and ways back.
        given: the boundary, where the user said it.
    """

    config: Config
    mapped: Prediction | None
    on_map: FirstMovers | None
    drawn: FirstMovers | None
    stepped: FirstMovers | None
    sampled: Floats | None
    given: float | None = None

    @classmethod
    def of(cls, config: Config, boundary: float | None = None) -> Foresight:
        """Ask the map and the recursion.

        Args:
            config: the society.
            boundary: the share that tells the two states apart, where the user says it himself: of
                rules that no prediction knows nobody else can.

        Raises:
            InputError: without a boundary, neither knows the config or there is no gap to be
                carried over.
        """
        refused: InputError | None = None
        known: Benefit | None = None
        mapped = on_map = drawn = stepped = sampled = None
        if config.society.rule != "threshold":
            known = benefit(config)
        try:
            mapped = predict(config, known=known)
            on_map = first_movers(mapped.outsiders)
            drawn = None if mapped.draws is None else first_movers(mapped.draws)
        except InputError as error:
            refused = error
        try:
            stepped = predicted_first_movers(config, known=known)
        except InputError as error:
            refused = refused or error
        gaps = [one for one in (stepped, on_map) if one is not None]
        if not gaps and boundary is None:
            assert refused is not None
            raise refused
        foreseen = cls(config, mapped, on_map, drawn, stepped, None, boundary)
        if boundary is None and not math.isfinite(foreseen.guess):
            raise InputError(
                "collective.first_movers",
                "no number of them carries this society over a gap: participation is gradual in it,"
                " or nobody ever follows",
                "other costs, benefits or curves; `gigsim run` shows what becomes of a number",
            )
        plain = (
            config.collective.leak == 0
            and config.collective.retention == 0
            and config.society.belief != "neighbours"
            and not config.at
            and config.population.turnover == 0
            and config.society.rule in ("best_response", "threshold")
        )
        if plain and mapped is not None:
            rng = np.random.default_rng(_SEED)
            sampled = sampled_first_movers(
                mapped.outsiders, config.population.size, foreseen.boundary, WORLDS, rng
            )
        return cls(config, mapped, on_map, drawn, stepped, sampled, boundary)

    @property
    def gap(self) -> FirstMovers | None:
        """The recursion's, which knows more, else the map's."""
        return self.stepped or self.on_map

    @property
    def boundary(self) -> float:
        """As given, or the middle of the predicted gap."""
        if self.given is not None:
            return self.given
        assert self.gap is not None
        return float(self.gap.boundary[0])

    @property
    def guess(self) -> float:
        """The predicted number of first movers; where there is none a part of the boundary."""
        size = self.config.population.size
        share = math.inf if self.gap is None else float(self.gap.share[0])
        if not math.isfinite(share) and self.given is not None:
            share = self.given / 4
        return share * size

    def beside(self, found: CriticalMass) -> Comparison:
        """The predictions beside what was simulated."""
        size = self.config.population.size
        low, high = found.interval
        drawn = np.full(3, np.nan) if self.drawn is None else self.drawn.quantiles() * size
        sampled = np.full(3, np.nan)
        if self.sampled is not None:
            sampled = np.quantile(self.sampled, (0.025, 0.5, 0.975), method="inverted_cdf")
        violations, probes = found.violations
        mapped = self.mapped
        return Comparison(
            population=size,
            map=_number(self.on_map, size),
            map_low=float(drawn[0]),
            map_high=float(drawn[2]),
            recursion=_number(self.stepped, size),
            sampled=float(sampled[1]),
            sampled_low=float(sampled[0]),
            sampled_high=float(sampled[2]),
            simulated=found.median,
            low=low,
            high=high,
            worlds=len(found.worlds),
            runs=found.runs,
            violations=violations,
            probes=probes,
            boundary=found.boundary,
            before=float("nan") if self.gap is None else float(self.gap.before[0]),
            after=float("nan") if self.gap is None else float(self.gap.after[0]),
            source="" if mapped is None else mapped.source,
            leaves_out="" if mapped is None else "; ".join(mapped.leaves_out),
        )


def _number(found: FirstMovers | None, size: int) -> float:
    return float("nan") if found is None else float(found.share[0]) * size


__all__ = ["Comparison", "Foresight", "compare", "median_interval"]
