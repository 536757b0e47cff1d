"""An arm: one success curve S(α), by a training for each α and seed.

There is no time and no society on a curve: of the config, how people decide, first movers, leak,
turnover and periods play no part. Members are drawn, not persuaded, and the platform trains on what
everybody hands in with them there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from gigsim.collective.catalogue import STRATEGIES
from gigsim.config.sections import Config
from gigsim.errors import InputError
from gigsim.learners.recipes import BayesRecipe, Recipe, SurrogateRecipe
from gigsim.society.recruitment import Recruitment

_SOLVED = frozenset({"c", "tolerance", "max_iterations"})
#: Of each learner's recipe what may change between two trainings of the same weights: how they are
#: drawn and moved, and not what they are weights of or how texts are read.
_BETWEEN: Mapping[str, frozenset[str]] = {
    "linear": _SOLVED,
    "frozen": _SOLVED,
    "transformer": frozenset(
        {
            "initialisation",
            "weight_std",
            "embedding_std",
            "dropout",
            "epochs",
            "batch_size",
            "learning_rate",
            "schedule",
            "warmup",
            "weight_decay",
            "gradient_clip",
        }
    ),
}


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
        clean_learner: the recipe of that clean training, where the retrainings have another one
            (``platform.learner``): a platform trained with care, and thrifty from then on. None is
            the same recipe. Only how weights are drawn and moved may differ.

    Raises:
        InputError: a curve that cannot be measured: shares or seeds out of range or twice, a
            platform that is itself a curve, a strategy that plans against a deployed classifier,
            tokens in turn, anything that changes in time; members that a network finds, for an
            exact classifier; a clean start with weights that the retrainings cannot go on from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    recipe: str = "default"
    config: Config
    alphas: tuple[float, ...]
    seeds: tuple[int, ...]
    recruitment: Recruitment = "random"
    retrainings: int = Field(1)
    clean_learner: Recipe | None = None

    @model_validator(mode="after")
    def _measurable(self) -> Arm:
        self._check_grid()
        self._check_config()
        self._check_clean_learner()
        return self

    @model_serializer(mode="wrap")
    def _as_before(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what plans that were written earlier knew nothing of, where it is not used."""
        found: dict[str, Any] = plain(self)
        if found.get("clean_learner", self) is None:
            del found["clean_learner"]
        if found["config"]["run"]["side_by_side"] == 1:
            del found["config"]["run"]["side_by_side"]
        return found

    @property
    def warm(self) -> bool:
        """Does the platform train on clean data first, and then go on from its own weights?"""
        return self.config.platform.retrain == "warm"

    @property
    def cold(self) -> Arm:
        """The arm with the platform of its clean training: from fresh weights, no collective yet.

        Its recipe is :attr:`clean_learner` where the arm has one.
        """
        platform = self.config.platform.model_copy(
            update={
                "retrain": "scratch",
                "learner": self.clean_learner or self.config.platform.learner,
            }
        )
        config = self.config.model_copy(update={"platform": platform})
        return self.model_copy(update={"config": config, "retrainings": 1, "clean_learner": None})

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
        if self.recruitment != "random" and isinstance(config.platform.learner, BayesRecipe):
            raise InputError(
                self._at("recruitment"),
                f"bayes is given a share of people and not who they are: members by"
                f" {self.recruitment} would be members drawn at random",
                'recruitment = "random", or a learner that is trained on what they hand in',
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

    def _check_clean_learner(self) -> None:
        clean, then = self.clean_learner, self.config.platform.learner
        if clean is None:
            return
        if not self.warm:
            raise InputError(
                self._at("clean_learner"),
                "a platform that trains from fresh weights goes on from no clean training",
                'platform.retrain = "warm", or none',
            )
        free = _BETWEEN.get(then.kind, frozenset())
        own = then.model_dump()
        differing = [
            name
            for name, value in clean.model_dump().items()
            if name not in free and (name not in own or value != own[name])
        ]
        if differing:
            raise InputError(
                self._at("clean_learner"),
                f"the retrainings cannot go on from its weights: {differing[0]} is another one",
                "the recipe of platform.learner"
                + (f", but for {', '.join(sorted(free))}" if free else ""),
            )

    def _at(self, field: str) -> str:
        return f"arm {self.name!r}: {field}"


def members(alpha: float, size: int) -> int:
    """Members at α among ``size`` people: αN, rounded to the nearest whole number."""
    return round(alpha * size)
