"""The keys of people: who they are, and how they decide."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gigsim.config.keys import FROZEN, key
from gigsim.society.distributions import Distribution, Law, Uniform


class Population(BaseModel):
    """The freelancers."""

    model_config = FROZEN
    size: int = key(
        2000,
        "N, freelancers; 2,000 is the least at which 1 % of base carriers is a crowd (20)",
        ge=2,
        le=10_000_000,
    )
    replacement: bool = key(
        False,
        "may two freelancers have the same resume? only matters for a finite corpus, where a larger"
        " population is an error unless this is true",
    )
    cost: Distribution = key(
        Uniform(low=0.25, high=2.25),
        "c_i, money a period (b = 1 is what a sure target label is worth). The lower end lies above"
        " b x (2 sd of U(0) + the lift that relabelling alone gives), so that noise persuades"
        " nobody; the width keeps two thirds of the people out at S = 1",
    )
    threshold: Distribution = key(
        Uniform(low=0.0, high=1.0),
        "theta_i, share of the population or of the neighbours; used by the rule `threshold`."
        " Uniform is the law under which every size is a fixed point in the mean field",
    )
    turnover: float = key(
        0.0,
        "share of people replaced in a period by newcomers with fresh resumes, costs and luck, who"
        " take over their place in the network (a first mover who goes is gone); 0: nobody goes",
        ge=0,
        le=1,
    )


class Society(BaseModel):
    """How people decide."""

    model_config = FROZEN
    rule: Literal[
        "best_response",
        "pivotal",
        "threshold",
        "complex_contagion",
        "logit",
        "imitation",
        "reinforcement",
    ] = key(
        "best_response",
        "joining rule: weigh what membership adds against its cost; pivotal: only the difference"
        " that one's own membership makes to the gain of all; reinforcement: repeat what satisfied",
    )
    belief: Literal["published", "theory", "adaptive", "neighbours"] = key(
        "published",
        "what Ŝ people expect: the last measured, what the theorem promises, a slow average of what"
        " was measured, or what holders of the signal whom they know have seen",
    )
    reference_group: Literal["population", "neighbours"] = key(
        "population", "whose share the rule `threshold` looks at"
    )
    activation: Annotated[float, Field(gt=0, le=1)] | Law = key(
        0.08,
        "share of people who reconsider in a period, or a distribution of each one's own"
        " probability; low enough that the wave takes several retrainings instead of one",
    )
    order: Literal["synchronous", "sequential"] = key(
        "synchronous",
        "do those who are asked decide at once, or one after the other in a random order, each"
        " seeing what those before him decided?",
    )
    leaving: Literal["allowed", "never"] = key(
        "allowed", "may members leave again? never: the contagion models' own assumption"
    )
    required_neighbours: int = key(
        2,
        "a, members among the neighbours that it takes to join (complex_contagion); 2 is the least"
        " that makes a contagion complex",
        ge=1,
        le=10_000,
    )
    choice_precision: float = key(
        10.0,
        "λ, sharpness of choice per unit of money (logit); above 4/b there can be two equilibria",
        gt=0,
        le=1e6,
    )
    imitation_strength: float = key(
        10.0,
        "β per unit of money (imitation): 0 copies anybody, large values only the better off",
        ge=0,
        le=1e6,
    )
    learning_rate: float = key(
        0.5,
        "l, how far one trial moves a propensity at most (reinforcement); as in Macy and Flache"
        " (2002)",
        gt=0,
        le=1,
    )
    initial_propensity: float = key(
        0.5,
        "p, probability of being a member with which everybody begins (reinforcement); 0.5 leans"
        " neither way",
        ge=0,
        le=1,
    )
    aspiration: float = key(
        0.0,
        "A, money a period that satisfies, to begin with (reinforcement); 0 is what everybody has"
        " without a collective",
        ge=-1e6,
        le=1e6,
    )
    habituation: float = key(
        0.0,
        "h, how far a trial moves an aspiration to what was paid (reinforcement); 0: it stays",
        ge=0,
        le=1,
    )
    adaptation: float = key(
        0.5,
        "δ, how far a belief moves towards what was published (adaptive); 1 is published",
        gt=0,
        le=1,
    )
    benefit: Literal["linear"] = key("linear", "b·G to carriers, spillover·b·G to others")
    benefit_scale: float = key(
        1.0, "b, money a period for a sure target label; the unit of all money", gt=0, le=1e6
    )
    cost_timing: Literal["per_period", "once"] = key(
        "per_period", "is c_i paid in every period of membership or once on joining?"
    )
    horizon: int = key(
        10, "periods over which a cost paid once is weighed (cost_timing = once)", ge=1, le=100_000
    )
    spillover: Literal["measured"] | Annotated[float, Field(ge=0, le=1)] = key(
        "measured", "share of the gain that reaches people without the signal"
    )
