"""What a run is: typed, frozen, validated. Every default states its unit and its reason.

``Config()`` is the default scenario. The dotted path of a field (``platform.retrain_every``) is its
name in TOML files, after ``--set``, in ``GigEconomy(**{...})`` and in messages.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gigsim.collective.catalogue import StrategyName
from gigsim.config.clashes import clashes
from gigsim.learners.recipes import Recipe, TrainedRecipe, TransformerRecipe
from gigsim.society.distributions import Distribution, Law, Uniform
from gigsim.society.network_laws import NetworkLaw, SmallWorld

_FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _field(default: Any, reason: str, **constraints: Any) -> Any:
    return Field(default=default, description=reason, **constraints)


class Population(BaseModel):
    """The freelancers."""

    model_config = _FROZEN
    size: int = _field(
        2000,
        "N, freelancers; 2,000 is the least at which 1 % of base carriers is a crowd (20)",
        ge=2,
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
    turnover: float = _field(
        0.0,
        "share of people replaced in a period by newcomers with fresh resumes, costs and luck, who"
        " take over their place in the network (a first mover who goes is gone); 0: nobody goes",
        ge=0,
        le=1,
    )


class Society(BaseModel):
    """How people decide."""

    model_config = _FROZEN
    rule: Literal[
        "best_response",
        "pivotal",
        "threshold",
        "complex_contagion",
        "logit",
        "imitation",
        "reinforcement",
    ] = _field(
        "best_response",
        "joining rule: weigh what membership adds against its cost; pivotal: only the difference"
        " that one's own membership makes to the gain of all; reinforcement: repeat what satisfied",
    )
    belief: Literal["published", "theory", "adaptive", "neighbours"] = _field(
        "published",
        "what Ŝ people expect: the last measured, what the theorem promises, a slow average of what"
        " was measured, or what holders of the signal whom they know have seen",
    )
    reference_group: Literal["population", "neighbours"] = _field(
        "population", "whose share the rule `threshold` looks at"
    )
    activation: Annotated[float, Field(gt=0, le=1)] | Law = _field(
        0.08,
        "share of people who reconsider in a period, or a distribution of each one's own"
        " probability; low enough that the wave takes several retrainings instead of one",
    )
    order: Literal["synchronous", "sequential"] = _field(
        "synchronous",
        "do those who are asked decide at once, or one after the other in a random order, each"
        " seeing what those before him decided?",
    )
    leaving: Literal["allowed", "never"] = _field(
        "allowed", "may members leave again? never: the contagion models' own assumption"
    )
    required_neighbours: int = _field(
        2,
        "a, members among the neighbours that it takes to join (complex_contagion); 2 is the least"
        " that makes a contagion complex",
        ge=1,
        le=10_000,
    )
    choice_precision: float = _field(
        10.0,
        "λ, sharpness of choice per unit of money (logit); above 4/b there can be two equilibria",
        gt=0,
        le=1e6,
    )
    imitation_strength: float = _field(
        10.0,
        "β per unit of money (imitation): 0 copies anybody, large values only the better off",
        ge=0,
        le=1e6,
    )
    learning_rate: float = _field(
        0.5,
        "l, how far one trial moves a propensity at most (reinforcement); as in Macy and Flache"
        " (2002)",
        gt=0,
        le=1,
    )
    initial_propensity: float = _field(
        0.5,
        "p, probability of being a member with which everybody begins (reinforcement); 0.5 leans"
        " neither way",
        ge=0,
        le=1,
    )
    aspiration: float = _field(
        0.0,
        "A, money a period that satisfies, to begin with (reinforcement); 0 is what everybody has"
        " without a collective",
        ge=-1e6,
        le=1e6,
    )
    habituation: float = _field(
        0.0,
        "h, how far a trial moves an aspiration to what was paid (reinforcement); 0: it stays",
        ge=0,
        le=1,
    )
    adaptation: float = _field(
        0.5,
        "δ, how far a belief moves towards what was published (adaptive); 1 is published",
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
    alternates: tuple[Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S+$")], ...] = (
        _field(
            (),
            "further tokens, taken in turn at each rotation (collective.rotate_every); each needs"
            " an id of its own (reserve)",
            max_length=16,
        )
    )
    companions: tuple[Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S+$")], ...] = (
        _field(
            (),
            "further tokens, planted right after the token each time: several tokens as one signal,"
            " which a resume has if all of them are in place",
            max_length=16,
        )
    )
    position: Literal["spread", "start", "end", "random"] = _field(
        "spread",
        "where it stands: after every so many words, or once: before the first word, after the"
        " last, or at a place drawn for each resume (matters to learners that read in order)",
    )
    every: int = _field(
        20,
        "words between two signals, as in the paper (once at the end if shorter); for position ="
        " spread",
        ge=1,
        le=1000,
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
    strategy: StrategyName = _field(
        "feature_label",
        "members plant the signal and report the target label (feature_label); those who carry the"
        " label plant and nobody misreports (feature_only); plant and report another label"
        " (unplanting); report what is likeliest without the signal (erasure); cancel the gradient"
        " at a model of theirs by versions and labels, or by labels alone (gradient_cancelling,"
        " label_only: linear); gradient_control needs a say at every step, and no platform here"
        " grants it",
    )
    evasive: bool = _field(
        False,
        "members without the target label take the signal out of their resumes (feature_only)",
    )
    label_sets: Literal["replace", "extend"] = _field(
        "replace",
        "report {y*} alone, or one's own labels and y* (unplanting: one other label, or one's own"
        " without y*; erasure: the likeliest label, or one's own with y* put in or taken out)",
    )
    adaptive: bool = _field(
        False,
        "each member reports the likeliest other label of his own resume, as the platform reads it"
        " in period 0, in place of one label for all (unplanting)",
    )
    signal: SignalSection = _field(SignalSection(), "the signal")
    abstain: float = _field(
        0.0,
        "probability that a member, for good, edits nothing: counted in alpha, not in"
        " alpha_effective",
        ge=0,
        lt=1,
    )
    wrong_label: float = _field(
        0.0,
        "probability that a member, for good, reports a random label other than the target"
        " (feature_label)",
        ge=0,
        lt=1,
    )
    rotate_every: int = _field(
        0,
        "retrainings after which the collective changes to the next token of signal.alternates:"
        " members plant it from then on and show it once it is learned, and copies that leaked"
        " are worthless at the next retraining; 0: never",
        ge=0,
        le=100_000,
    )
    first_movers: int = _field(
        36,
        "committed people who join in period 1 and never leave: 1.8 % of the default population, a"
        " little above what carries the first published success over the lowest cost",
        ge=0,
    )
    seeding: Literal["random", "hubs", "clusters", "skills"] = _field(
        "random",
        "whom the first movers are taken from: anybody; who knows most people first; ring by ring"
        " outwards from one random person, then from another; or skill by skill",
    )
    dues: float = _field(
        0.0,
        "money that each member pays to the collective a period, first movers too; weighed like"
        " c_i by the rules that weigh costs",
        ge=0,
        le=1e6,
    )
    fund: float = _field(
        0.0, "money that the collective has before period 1, for subsidies", ge=0, le=1e15
    )
    subsidy: float = _field(
        0.0,
        "σ, money a period that the collective pays to each member who is not a committed first"
        " mover; out of the fund, and in equal parts where that does not pay it in full",
        ge=0,
        le=1e6,
    )
    subsidy_until: float = _field(
        1.0,
        "published size, a share of the population, from which on there is no subsidy; 1: no end",
        gt=0,
        le=1,
    )
    provision_point: float = _field(
        0.0,
        "share of the population that has to pledge before the contract is in force: until then"
        " nobody edits and no member has the signal (a free rider who pledges gives his copy up);"
        " 0: no such point",
        ge=0,
        le=1,
    )
    refund: bool = _field(
        True,
        "does nobody pay costs and dues, or get a subsidy, while too few have pledged"
        " (provision_point)? people then weigh what the curve or the theorem promises at the point,"
        " so that one is needed; without it all of that goes on below the point",
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
    learner: Recipe = _field(TransformerRecipe(), "the classifier and its whole recipe")
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
    cells: int = _field(
        0,
        "resumes of a finite world instead: one word out of so many, one label each, their law"
        " known exactly; 0: not a finite world",
        ge=0,
        le=100_000,
    )
    xi: float = _field(
        0.01,
        "ξ, share of base resumes that carry the signal exactly as g plants it, with labels of"
        " their own: gives the theorem a foot to be seen against",
        ge=0,
        lt=1,
    )
    label_noise: float = _field(
        0.0,
        "ρ, share of people whose own label set is redrawn before anything is submitted; never of"
        " held-out resumes, on which everything is measured",
        ge=0,
        le=1,
    )
    label_noise_kind: Literal["shuffle", "uniform"] = _field(
        "shuffle",
        "redrawn from what: the label set of another person (as often as before, each), or one"
        " label, all alike (uniform)",
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
    success_target: float = _field(
        0.9,
        "S that counts as success for alpha_platform; and the share of people whom the model of a"
        " gradient_cancelling or label_only collective would give the label, showing the token",
        gt=0,
        lt=1,
    )
    bootstrap: int = _field(1000, "resamplings of the test set's clusters", ge=100, le=100_000)
    certificate: int = _field(
        500,
        "fresh resumes, other than those that S is measured on, on which ε of each classifier is"
        " certified where the law of resumes is known (feature_label, unplanting); a finite world"
        " is certified on all of its texts; 0: ε is not certified",
        ge=0,
        le=1_000_000,
    )
    selection_draws: int = _field(
        999, "random collectives for the selection test", ge=99, le=1_000_000
    )
    spot_checks: tuple[Annotated[int, Field(ge=0, le=1_000_000)], ...] = _field(
        (),
        "periods in which a surrogate is held against real trainings (0: before the collective),"
        " each at the first retraining from that period on; empty: it is believed",
        max_length=1000,
    )
    spot_size: int = _field(
        2000,
        "resumes that a spot check draws and trains on, of which a share α_effective follows; 2,000"
        " is the default population, for which the default ξ is a crowd of 20",
        ge=2,
        le=1_000_000,
    )
    spot_repeats: int = _field(
        3,
        "trainings of a spot check, each with members, base carriers and weights of its own: 3 are"
        " the fewest that give an sd worth its name",
        ge=1,
        le=1000,
    )
    spot_composition: Literal["emergent", "random"] = _field(
        "emergent",
        "who follows in a spot check: people with the label sets of those who follow now, or"
        " anybody, as on a measured curve",
    )
    spot_learner: TrainedRecipe = _field(
        TransformerRecipe(), "what a spot check trains: that which the surrogate stands for"
    )


class Run(BaseModel):
    """How long, and on what machine."""

    model_config = _FROZEN
    periods: int = _field(24, "periods to run (until = periods)", ge=0, le=1_000_000)
    until: Literal["periods", "settled"] = _field(
        "periods", "run so many periods, or until nothing moves any more"
    )
    settled_tolerance: float = _field(
        0.01, "range of α over which it counts as settled, a share of the population", gt=0, lt=1
    )
    limit: int = _field(400, "most periods (until = settled)", ge=1, le=1_000_000)
    seed: int = _field(
        1, "the one seed; every draw comes from a named stream of it", ge=0, le=2**63 - 1
    )
    threads: int = _field(1, "threads of a training; more than one may change bits", ge=1, le=1024)
    precision: Literal["float32", "medium", "bfloat16"] = _field(
        "float32",
        "matrix products of the transformer; medium: in float32, by whichever library torch thinks"
        " faster, in parts of bfloat16 if it likes; bfloat16 by autocast: which is the fastest"
        " depends on the CPU (benchmarks/transformer_speed.py says), on a GPU bfloat16",
    )
    device: Literal["cpu", "cuda", "mps"] = _field("cpu", "where the transformer is trained")
    side_by_side: int = _field(
        1,
        "networks of one recipe that a curve trains at once on the device: lean ones without"
        " dropout, from fresh weights, with somebody in the collective; clean trainings, chains of"
        " retrainings and other learners go on as with 1, and so do runs of the loop. It fills a"
        " GPU, of which one small network leaves most idle, and slows a CPU down. Other networks"
        " beside it change the last bits of a training",
        ge=1,
        le=64,
    )


class Change(BaseModel):
    """What is different from a period on (``[[at]]`` in TOML)."""

    model_config = _FROZEN
    period: int = Field(ge=1, le=1_000_000, description="the first period in which it holds")
    set: dict[str, Any] = Field(
        min_length=1,
        description="dotted keys and their new values; not every key may change",
    )


class Config(BaseModel):
    """A run, complete: equal config and seed give the same bits."""

    model_config = _FROZEN
    name: str = _field(
        "default",
        "name of the scenario, in folder names: letters, digits, - and _",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$",
        min_length=1,
        max_length=100,
    )
    population: Population = _field(Population(), "the freelancers")
    network: NetworkLaw = _field(SmallWorld(), "who knows whom")
    society: Society = _field(Society(), "how people decide")
    collective: CollectiveSection = _field(CollectiveSection(), "what the collective wants")
    platform: PlatformSection = _field(PlatformSection(), "the platform and its learner")
    corpus: CorpusSection = _field(CorpusSection(), "where resumes come from")
    measure: Measure = _field(Measure(), "what is measured")
    run: Run = _field(Run(), "how long, and on what machine")
    at: tuple[Change, ...] = _field((), "changes in time")

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        for clash in clashes(self):
            raise clash
        return self
