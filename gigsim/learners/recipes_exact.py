"""Recipes of the stand-ins: learners that count or calculate where others are trained."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gigsim.learners.recipes_trained import FrozenModel

#: What a distance ε to the Bayes classifier can mean: ``theory.closeness``.
Closeness = Literal[
    "none",
    "conditional_tv",
    "conditional_contamination",
    "additive_slack",
    "joint_tv",
    "joint_contamination",
]


class BayesRecipe(FrozenModel):
    """The exact Bayes classifier of the law that is submitted: no sample, no error.

    Of tied labels the first, in the order of the columns, is the top one.
    """

    kind: Literal["bayes"] = "bayes"
    epsilon: float = Field(
        0.0,
        ge=0,
        le=1,
        description="ε: in place of the Bayes classifier the one that is worst for the collective "
        "of all that are ε-close to it, on resumes that show the signal; 0: Bayes itself.",
    )
    closeness: Closeness = Field(
        "none",
        description="What an ε above 0 is a distance of (theory.closeness), at each resume by "
        "itself: total variation of its label law (conditional_tv), contamination of it, or the "
        "probability that the answer given misses (additive_slack). The joint ones have one budget "
        "for all resumes, and no closed form: refused.",
    )


class TableRecipe(FrozenModel):
    """A frequency table of what was submitted, for finite worlds (``corpus.cells``)."""

    kind: Literal["table"] = "table"
    unseen: Literal["prior"] = Field(
        "prior",
        description="What is said of a text that nobody submitted: the label frequencies of "
        "everything submitted.",
    )
    ties: Literal["first"] = Field(
        "first",
        description="The top label among equally frequent ones: the first in the order of the "
        "labels. A label that half of the rows have is not in the set.",
    )


class SurrogateRecipe(FrozenModel):
    """S as a function of α in place of a classifier: no resumes, a million people."""

    kind: Literal["surrogate"] = "surrogate"
    source: Literal["curve", "bound", "staircase"] = Field(
        "curve",
        description="Where S(α) comes from: a curve file, which is a measurement; a bound, which is"
        " what Theorem 1 (feature_label) or 3 (feature_only) promises at least, at numbers that you"
        " give; or the staircase of the exact Bayes classifier of the built-in language or a finite"
        " world, computed for this collective on corpus.test_size held-out resumes.",
    )
    curve: str = Field(
        "",
        description="(curve) The file, CSV or Parquet: a row a training, columns alpha, "
        "success_any, success_top1, base_any, base_top1, accuracy; alpha = 0 among the rows. "
        "Several rows of one alpha are its trainings, between alphas the curve is a straight line, "
        "and above the last one it stays where it is. `gigsim curve` writes one; a run's "
        "retrainings with alpha_effective renamed are one.",
    )
    arm: str = Field(
        "",
        max_length=200,
        description="(curve) Which arm of a file of `gigsim curve`, by its name; empty where it has"
        " only one.",
    )
    draw: Literal["mean", "training"] = Field(
        "mean",
        description="(curve) S of a retraining: the mean of the file's trainings at this α, or one "
        "of them, drawn anew each time, of the same rank at both neighbouring alphas: with the "
        "spread that retraining has.",
    )
    bound_xi: float = Field(
        0.01, ge=0, le=1, description="(bound) ξ, mass of the signal set in base data."
    )
    bound_gap: float = Field(
        1.0,
        ge=0,
        le=1,
        description="(bound) Δ of Theorem 1, for measure.success; 1 is the worst case.",
    )
    bound_p: float = Field(
        0.05,
        ge=0,
        le=1,
        description="(bound) p of Theorem 3: the least P0(target in the set given x) over texts.",
    )
    bound_epsilon: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="(bound) ε, how far the platform may be from the Bayes classifier.",
    )
    bound_closeness: Closeness = Field(
        "none",
        description="(bound) What an ε above 0 is a distance of (theory.closeness).",
    )
    bound_base_rate: float = Field(
        0.0,
        ge=0,
        le=1,
        description="(bound) U(0), the target's share without a collective, of which a bound says "
        "nothing; S is never taken to be under it.",
    )
