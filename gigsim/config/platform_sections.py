"""The keys of a platform: what it trains and when, the resumes, what is measured of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gigsim.config.keys import FROZEN, key
from gigsim.learners.recipes import Recipe, TrainedRecipe, TransformerRecipe


class PlatformSection(BaseModel):
    """The platform and its learner."""

    model_config = FROZEN
    learner: Recipe = key(TransformerRecipe(), "the classifier and its whole recipe")
    retrain: Literal["scratch", "warm"] = key(
        "scratch",
        "fresh weights, or from the last ones (docs/reproduction.md: by default no slower)",
    )
    retrain_every: int = key(3, "periods between retrainings", ge=1, le=100_000)
    repeats: int = key(
        1,
        "trainings a retraining; S is their mean, `_sd` their sd. A learner that draws nothing"
        " (linear) is trained once",
        ge=1,
        le=50,
    )
    data: Literal["current", "window"] = key(
        "current",
        "train on everybody's latest resume, or on the last `window` periods' submissions",
    )
    window: int = key(3, "periods of submissions kept (data = window)", ge=1, le=1000)


class CorpusSection(BaseModel):
    """Where resumes come from."""

    model_config = FROZEN
    path: str = key(
        "", "a corpus written by `gigsim corpus import`; empty is the built-in language"
    )
    language: str = key(
        "", "a statistics file written by `gigsim corpus fit`; empty is the one that ships"
    )
    cells: int = key(
        0,
        "resumes of a finite world instead: one word out of so many, one label each, their law"
        " known exactly; 0: not a finite world",
        ge=0,
        le=100_000,
    )
    xi: float = key(
        0.01,
        "ξ, share of base resumes that carry the signal exactly as g plants it, with labels of"
        " their own: gives the theorem a foot to be seen against",
        ge=0,
        lt=1,
    )
    label_noise: float = key(
        0.0,
        "ρ, share of people whose own label set is redrawn before anything is submitted; never of"
        " held-out resumes, on which everything is measured",
        ge=0,
        le=1,
    )
    label_noise_kind: Literal["shuffle", "uniform"] = key(
        "shuffle",
        "redrawn from what: the label set of another person (as often as before, each), or one"
        " label, all alike (uniform)",
    )
    test_size: int = key(
        1000,
        "held-out resumes: written by the language, or at most this many of the test side of a"
        " corpus (0: all of it); 1,000 gives S a standard error of at most .016",
        ge=0,
        le=1_000_000,
    )


class Measure(BaseModel):
    """What is measured and published."""

    model_config = FROZEN
    success: Literal["top1", "any"] = key(
        "top1", "the success that is published and pays: y* is the top label, or in the set"
    )
    reference: int = key(
        3,
        "every how many retrainings a random collective of equal size is trained beside"
        " (emergent minus random is the effect of society); 0: never",
        ge=0,
        le=1000,
    )
    baseline_repeats: int = key(
        3,
        "period-0 trainings whose mean is U(0); at least 3, for its sd. A learner that draws"
        " nothing (linear) is trained once, its sd is 0",
        ge=3,
        le=100,
    )
    success_target: float = key(
        0.9,
        "S that counts as success for alpha_platform; and the share of people whom the model of a"
        " gradient_cancelling or label_only collective would give the label, showing the token",
        gt=0,
        lt=1,
    )
    bootstrap: int = key(1000, "resamplings of the test set's clusters", ge=100, le=100_000)
    certificate: int = key(
        500,
        "fresh resumes, other than those that S is measured on, on which ε of each classifier is"
        " certified where the law of resumes is known (feature_label, unplanting); a finite world"
        " is certified on all of its texts; 0: ε is not certified",
        ge=0,
        le=1_000_000,
    )
    selection_draws: int = key(
        999, "random collectives for the selection test", ge=99, le=1_000_000
    )
    spot_checks: tuple[Annotated[int, Field(ge=0, le=1_000_000)], ...] = key(
        (),
        "periods in which a surrogate is held against real trainings (0: before the collective),"
        " each at the first retraining from that period on; empty: it is believed",
        max_length=1000,
    )
    spot_size: int = key(
        2000,
        "resumes that a spot check draws and trains on, of which a share α_effective follows; 2,000"
        " is the default population, for which the default ξ is a crowd of 20",
        ge=2,
        le=1_000_000,
    )
    spot_repeats: int = key(
        3,
        "trainings of a spot check, each with members, base carriers and weights of its own: 3 are"
        " the fewest that give an sd worth its name",
        ge=1,
        le=1000,
    )
    spot_composition: Literal["emergent", "random"] = key(
        "emergent",
        "who follows in a spot check: people with the label sets of those who follow now, or"
        " anybody, as on a measured curve",
    )
    spot_learner: TrainedRecipe = key(
        TransformerRecipe(), "what a spot check trains: that which the surrogate stands for"
    )
