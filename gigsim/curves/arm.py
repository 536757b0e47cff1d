"""An arm: one success curve S(α), by a training for each α and seed.

There is no time and no society on a curve: of the config, how people decide, first movers, leak,
turnover and periods play no part. Members are drawn, not persuaded, and the platform trains on what
everybody hands in with them there.
"""

from __future__ import annotations

import itertools
import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gigsim.collective.catalogue import STRATEGIES
from gigsim.config.sections import Config
from gigsim.errors import InputError
from gigsim.learners.recipes import BayesRecipe, SurrogateRecipe

#: How members are found. ``random``: each set of people of a size is as likely as any other. As a
#: network would recruit them: ``cluster``, person by person outwards from one of them; ``hub``,
#: who knows most people first; ``skill``, one skill after the other.
Recruitment = Literal["random", "cluster", "skill", "hub"]


class Arm(BaseModel):
    """One curve.

    Attributes:
        name: of the arm, unique within a plan, not empty.
        recipe: what is special of the learner's recipe, for the column of that name.
        config: resolved; ``run.seed`` is the seed of the world: which resumes, which network.
        alphas: shares of the population in [0, 1], ascending, distinct.
        seeds: each draws a collective, base carriers, label noise and fresh weights; distinct,
            at least 0.
        recruitment: how members are found.
        retrainings: trainings in a row with the collective there, a row each. More than 1 only with
            ``platform.retrain = "warm"``, which trains on clean data first and goes on from there.

    Raises:
        InputError: a curve that cannot be measured: shares or seeds out of range or twice, a
            platform that is itself a curve, a strategy that plans against a deployed classifier,
            tokens in turn, anything that changes in time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    recipe: str = "default"
    config: Config
    alphas: tuple[float, ...]
    seeds: tuple[int, ...]
    recruitment: Recruitment = "random"
    retrainings: int = Field(1)

    @model_validator(mode="after")
    def _measurable(self) -> Arm:
        self._check_grid()
        self._check_config()
        return self

    @property
    def warm(self) -> bool:
        """Does the platform train on clean data first, and then go on from its own weights?"""
        return self.config.platform.retrain == "warm"

    @property
    def size(self) -> int:
        """N, people."""
        return self.config.population.size

    def members(self, alpha: float) -> int:
        """Members at α, a whole number of the N people."""
        return members(alpha, self.size)

    def _check_grid(self) -> None:
        if not self.name:
            raise InputError("arm", "an arm without a name", "at least one character")
        if not self.alphas:
            raise InputError(self._at("alphas"), "no α", "at least one share of the population")
        for alpha in self.alphas:
            if not (math.isfinite(alpha) and 0 <= alpha <= 1):
                raise InputError(
                    self._at("alphas"), f"α = {alpha:g}", "shares of the population, 0 to 1"
                )
        for low, high in itertools.pairwise(self.alphas):
            if high <= low:
                raise InputError(
                    self._at("alphas"), f"α = {high:g} after {low:g}", "each once, the least first"
                )
            if self.members(low) == self.members(high):
                raise InputError(
                    self._at("alphas"),
                    f"α = {low:g} and {high:g} of {self.size:,} people are both"
                    f" {self.members(low):,} members",
                    "shares that differ by at least one person",
                )
        if not self.seeds:
            raise InputError(self._at("seeds"), "no seed", "at least one")
        if min(self.seeds) < 0 or len(set(self.seeds)) < len(self.seeds):
            raise InputError(
                self._at("seeds"), "a negative seed, or one seed twice", "each seed once, 0 or more"
            )
        if self.retrainings < 1:
            raise InputError(
                self._at("retrainings"), f"{self.retrainings} trainings in a row", "1 or more"
            )
        if self.retrainings > 1 and not self.warm:
            raise InputError(
                self._at("retrainings"),
                f"{self.retrainings} trainings in a row from fresh weights are one and the same",
                'platform.retrain = "warm", or 1',
            )

    def _check_config(self) -> None:
        config = self.config
        if isinstance(config.platform.learner, SurrogateRecipe):
            raise InputError(
                "platform.learner.kind",
                "surrogate is itself a curve: there is nothing to train",
                "a learner that reads resumes",
            )
        if self.warm and isinstance(config.platform.learner, BayesRecipe):
            raise InputError(
                "platform.retrain",
                "bayes has no weights to go on from",
                'platform.retrain = "scratch"',
            )
        facts = STRATEGIES[config.collective.strategy]
        if facts.needs & {"convex loss", "every step"}:
            raise InputError(
                "collective.strategy",
                f"{config.collective.strategy} plans against a classifier that is deployed, which a"
                " curve has none of",
                "`gigsim run` for this strategy; on a curve: "
                + ", ".join(n for n, f in STRATEGIES.items() if f.needs <= {"opinions"}),
            )
        if config.collective.signal.alternates:
            raise InputError(
                "collective.signal.alternates",
                "tokens are taken in turn in time, and a curve has no time",
                "leave it empty, and collective.rotate_every = 0",
            )
        if config.at:
            raise InputError("at", "a curve has no time in which anything changes", "leave it out")
        if config.platform.data == "window":
            raise InputError(
                "platform.data",
                "a curve has no earlier periods to train on",
                'platform.data = "current"',
            )

    def _at(self, field: str) -> str:
        return f"arm {self.name!r}: {field}"


def members(alpha: float, size: int) -> int:
    """Members at α among ``size`` people: αN, rounded to the nearest whole number."""
    return round(alpha * size)
