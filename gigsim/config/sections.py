"""What a run is: typed, frozen, validated. Every default states its unit and its reason.

``Config()`` is the default scenario. The dotted path of a field (``platform.retrain_every``) is its
name in TOML files, after ``--set``, in ``GigEconomy(**{...})`` and in messages.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gigsim.learners.recipes import LinearRecipe, TransformerRecipe
from gigsim.society.distributions import Distribution, Uniform

_FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _field(default: Any, reason: str, **constraints: Any) -> Any:
    return Field(default=default, description=reason, **constraints)


class Population(BaseModel):
    """The freelancers."""

    model_config = _FROZEN
    size: int = _field(
        2000,
        "N, freelancers; 2,000 is the least at which 1 % of base carriers is a crowd (20)",
        ge=10,
        le=10_000_000,
    )
    replacement: bool = _field(
        False,
        "may two freelancers have the same resume? only matters for a finite corpus, where a larger"
        " population is an error unless this is true",
    )
    cost: Distribution = _field(
        Uniform(low=0.25, high=2.25),
        "c_i, money a period (b = 1 is what a sure target label is worth). The lower end lies above"
        " b x (2 sd of U(0) + the lift that relabelling alone gives), so that noise persuades"
        " nobody; the width keeps two thirds of the people out at S = 1",
    )
    threshold: Distribution = _field(
        Uniform(low=0.0, high=1.0),
        "theta_i, share of the population or of the neighbours; used by the rule `threshold`."
        " Uniform is the law under which every size is a fixed point in the mean field",
    )


class Network(BaseModel):
    """Who knows whom."""

    model_config = _FROZEN
    kind: Literal["small_world", "complete"] = _field(
        "small_world", "Watts-Strogatz: short paths and the clustering of real acquaintance"
    )
    degree: int = _field(10, "neighbours on the ring, people, even (small_world)", ge=2, le=10_000)
    rewire: float = _field(
        0.1, "probability that a tie is rewired, the middle of the small-world range", ge=0, le=1
    )

    @model_validator(mode="after")
    def _even(self) -> Network:
        if self.degree % 2:
            raise ValueError(f"degree must be even, got {self.degree}")
        return self


class Society(BaseModel):
    """How people decide."""

    model_config = _FROZEN
    rule: Literal["best_response", "threshold"] = _field(
        "best_response", "joining rule: weigh what membership adds against its cost"
    )
    belief: Literal["published", "theory"] = _field(
        "published", "what Ŝ people expect: the last measured, or what the theorem promises"
    )
    reference_group: Literal["population", "neighbours"] = _field(
        "population", "whose share the rule `threshold` looks at"
    )
    activation: float = _field(
        0.08,
        "share of people who reconsider in a period; low enough that the wave takes several"
        " retrainings instead of one",
        gt=0,
        le=1,
    )
    benefit: Literal["linear"] = _field("linear", "b·G to carriers, spillover·b·G to others")
    benefit_scale: float = _field(
        1.0, "b, money a period for a sure target label; the unit of all money", gt=0, le=1e6
    )
    cost_timing: Literal["per_period", "once"] = _field(
        "per_period", "is c_i paid in every period of membership or once on joining?"
    )
    horizon: int = _field(
        10, "periods over which a cost paid once is weighed (cost_timing = once)", ge=1, le=100_000
    )
    spillover: Literal["measured"] | Annotated[float, Field(ge=0, le=1)] = _field(
        "measured", "share of the gain that reaches people without the signal"
    )


class SignalSection(BaseModel):
    """The signal g plants."""

    model_config = _FROZEN
    token: str = _field(
        "※",
        "one word without spaces; U+203B, a reference mark, is in no resume of the published"
        " corpus, so its mass among base resumes is corpus.xi alone",
        min_length=1,
        max_length=40,
        pattern=r"^\S+$",
    )
    every: int = _field(
        20, "words between two signals, as in the paper (once at the end if shorter)", ge=1, le=1000
    )
    reserve: bool = _field(
        True,
        "give the signal an id of its own: the platform's vocabulary is fixed beforehand and has no"
        " entry for an unseen symbol (a modelling choice, recorded)",
    )


class CollectiveSection(BaseModel):
    """What the collective wants and how it starts."""

    model_config = _FROZEN
    target: str = _field(
        "Network_Administrator", "y*, a label with a base rate under 20 % (about 15 %)"
    )
    strategy: Literal["feature_label"] = _field(
        "feature_label", "members plant the signal and report the target label"
    )
    label_sets: Literal["replace", "extend"] = _field(
        "replace", "report {y*} alone, or one's own labels and y*"
    )
    signal: SignalSection = _field(SignalSection(), "the signal")
    first_movers: int = _field(
        36,
        "committed people who join in period 1 and never leave: 1.8 % of the default population, a"
        " little above what carries the first published success over the lowest cost",
        ge=0,
    )
    leak: float = _field(
        0.002,
        "probability per tie and period that somebody gets hold of a neighbour's signal: in the"
        " default run 6 % of the people ride free after 24 periods",
        ge=0,
        le=1,
    )
    retention: float = _field(
        0.0, "probability that a leaver keeps the signal: 0 is a secret club", ge=0, le=1
    )


class PlatformSection(BaseModel):
    """The platform and its learner."""

    model_config = _FROZEN
    learner: Annotated[LinearRecipe | TransformerRecipe, Field(discriminator="kind")] = _field(
        TransformerRecipe(), "the classifier and its whole recipe"
    )
    retrain: Literal["scratch", "warm"] = _field(
        "scratch", "fresh weights, or from the last ones: a lagging platform is a finding"
    )
    retrain_every: int = _field(3, "periods between retrainings", ge=1, le=100_000)
    repeats: int = _field(
        1,
        "trainings a retraining; S is their mean, `_sd` their sd. A learner that draws nothing"
        " (linear) is trained once",
        ge=1,
        le=50,
    )
    data: Literal["current", "window"] = _field(
        "current",
        "train on everybody's latest resume, or on the last `window` periods' submissions",
    )
    window: int = _field(3, "periods of submissions kept (data = window)", ge=1, le=1000)


class CorpusSection(BaseModel):
    """Where resumes come from."""

    model_config = _FROZEN
    path: str = _field(
        "", "a corpus written by `gigsim corpus import`; empty is the built-in language"
    )
    language: str = _field(
        "", "a statistics file written by `gigsim corpus fit`; empty is the one that ships"
    )
    xi: float = _field(
        0.01,
        "ξ, share of base resumes that carry the signal exactly as g plants it, with labels of"
        " their own: gives the theorem a foot to be seen against",
        ge=0,
        lt=1,
    )
    test_size: int = _field(
        1000,
        "held-out resumes: written by the language, or at most this many of the test side of a"
        " corpus (0: all of it); 1,000 gives S a standard error of at most .016",
        ge=0,
        le=1_000_000,
    )


class Measure(BaseModel):
    """What is measured and published."""

    model_config = _FROZEN
    success: Literal["top1", "any"] = _field(
        "top1", "the success that is published and pays: y* is the top label, or in the set"
    )
    reference: int = _field(
        3,
        "every how many retrainings a random collective of equal size is trained beside"
        " (emergent minus random is the effect of society); 0: never",
        ge=0,
        le=1000,
    )
    baseline_repeats: int = _field(
        3,
        "period-0 trainings whose mean is U(0); at least 3, for its sd. A learner that draws"
        " nothing (linear) is trained once, its sd is 0",
        ge=3,
        le=100,
    )
    success_target: float = _field(0.9, "S that counts as success for alpha_platform", gt=0, lt=1)
    bootstrap: int = _field(1000, "resamplings of the test set's clusters", ge=100, le=100_000)
    selection_draws: int = _field(999, "random collectives for the selection test", ge=99)


class Run(BaseModel):
    """How long, and on what machine."""

    model_config = _FROZEN
    periods: int = _field(24, "periods to run", ge=0, le=1_000_000)
    seed: int = _field(1, "the one seed; every draw comes from a named stream of it", ge=0)
    threads: int = _field(1, "threads of a training; more than one may change bits", ge=1, le=1024)
    precision: Literal["float32", "bfloat16"] = _field(
        "float32", "arithmetic of the transformer; bfloat16 is faster where the CPU or GPU has it"
    )
    device: Literal["cpu", "cuda", "mps"] = _field("cpu", "where the transformer is trained")


class Config(BaseModel):
    """A run, complete: equal config and seed give the same bits."""

    model_config = _FROZEN
    name: str = _field(
        "default", "name of the scenario, in folder names", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
    )
    population: Population = _field(Population(), "the freelancers")
    network: Network = _field(Network(), "who knows whom")
    society: Society = _field(Society(), "how people decide")
    collective: CollectiveSection = _field(CollectiveSection(), "what the collective wants")
    platform: PlatformSection = _field(PlatformSection(), "the platform and its learner")
    corpus: CorpusSection = _field(CorpusSection(), "where resumes come from")
    measure: Measure = _field(Measure(), "what is measured")
    run: Run = _field(Run(), "how long, and on what machine")

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        size = self.population.size
        if self.collective.first_movers > size:
            raise ValueError(
                f"collective.first_movers = {self.collective.first_movers} is more than"
                f" population.size = {size}"
            )
        if self.network.kind == "small_world" and self.network.degree >= size:
            raise ValueError(
                f"network.degree = {self.network.degree} must be under population.size = {size}"
            )
        linear = isinstance(self.platform.learner, LinearRecipe)
        if linear and (self.run.device != "cpu" or self.run.precision != "float32"):
            raise ValueError(
                "run.device and run.precision are the transformer's: the linear learner is solved"
                " in float64 on the CPU"
            )
        if self.corpus.path and self.corpus.language:
            raise ValueError(
                "corpus.path and corpus.language exclude each other: resumes are a corpus's or a"
                " language's"
            )
        if (
            self.society.belief == "theory"
            and self.measure.success == "top1"
            and self.collective.label_sets == "extend"
        ):
            raise ValueError(
                'society.belief = "theory" needs a theorem: none covers top-1 with extended label'
                ' sets; set measure.success = "any" or collective.label_sets = "replace"'
            )
        return self
