"""Recipes: everything of a learner that moves S, explicit, typed and hashed with the config.

S depends on the recipe at equal accuracy (initialisation, normalisation, learning rate and length
of training move it as much as α does), so nothing of it is a hidden default of a library.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LinearRecipe(_Frozen):
    """TF-IDF of single words and one L2-regularised logistic regression a label."""

    kind: Literal["linear"] = "linear"
    c: float = Field(
        10.0, gt=0, le=1e6, description="Inverse strength of the L2 penalty, as in scikit-learn."
    )
    tolerance: float = Field(
        3e-3,
        gt=0,
        le=1e-2,
        description="Norm of the gradient of C Σ log-loss + |w|²/2, in the metric of an approximate"
        " inverse Hessian, at which the solver stops: about the distance from the optimum. At 3e-3"
        " coefficients are within 1e-3 of it on 20,000 real resumes and S moves by less than .001.",
    )
    max_iterations: int = Field(
        5_000, ge=10, le=1_000_000, description="Solver iterations; running out is an error."
    )
    features: int = Field(
        30_000,
        ge=1,
        le=1_000_000,
        description="Words of the vocabulary, by document frequency on the training side. Unused "
        "for the built-in language, whose whole word list is the vocabulary.",
    )


class TransformerRecipe(_Frozen):
    """A BERT-like encoder and a linear head, trained end to end with binary cross-entropy."""

    kind: Literal["transformer"] = "transformer"
    encoder: str = Field(
        "lean",
        min_length=1,
        description='"lean" is the encoder of this package, trained from scratch; "gigsim-tiny" '
        'the pretrained one that ships; "minilm" all-MiniLM-L6-v2 (the extra of that name). '
        "Anything else is a local Hugging Face folder or an id on its hub, fine-tuned with its own "
        "tokenizer. The fields marked (lean) say nothing about those.",
    )
    vocabulary_size: int = Field(
        8_000,
        ge=100,
        le=200_000,
        description="(lean) Word pieces trained on the training side. Unused for the built-in "
        "language, whose word list is the vocabulary.",
    )
    max_tokens: int = Field(
        128,
        ge=8,
        le=8_192,
        description="Pieces read of a resume, special ones included; cost grows faster than it.",
    )
    layers: int = Field(2, ge=1, le=48, description="(lean) Blocks of attention and feed-forward.")
    width: int = Field(128, ge=8, le=4_096, description="(lean) Units of the residual stream.")
    heads: int = Field(2, ge=1, le=64, description="(lean) Attention heads; they divide width.")
    feedforward: int = Field(
        256,
        ge=8,
        le=16_384,
        description="(lean) Hidden units of a feed-forward layer; 512 costs a third more and "
        "learns no better here.",
    )
    activation: Literal["relu", "gelu"] = Field(
        "relu",
        description="(lean) GELU costs a fifth of a step on a CPU and learns no better here.",
    )
    normalisation: Literal["pre", "post"] = Field(
        "pre",
        description="(lean) Layer norm before each sub-layer and once at the end, or after each "
        "sub-layer and on the embeddings (as BERT has it).",
    )
    initialisation: Literal["fan_in", "normal"] = Field(
        "fan_in",
        description="(lean) Weights uniform on ±1/sqrt(inputs), or normal with standard deviation "
        "weight_std; biases zero. BERT's normal .02 is meant for width 768: at 128 it hardly "
        "learns in three epochs.",
    )
    weight_std: float = Field(
        0.09,
        gt=0,
        le=1,
        description='(lean) For initialisation = "normal"; 1/sqrt(width) is right.',
    )
    embedding_std: float = Field(
        0.02,
        gt=0,
        le=1,
        description="(lean) Standard deviation of fresh word and position embeddings. It decides "
        "how much a never-trained signal disturbs the classifier.",
    )
    pooling: Literal["mean", "first"] = Field(
        "first",
        description="The text's vector: a learned first piece, as BERT has it, or the mean over "
        "its pieces. The first needs only its own row of the last block: a third of the cost.",
    )
    dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of units dropped in training (of embeddings and sub-layer outputs in "
        "lean; wherever a foreign encoder has dropout). BERT uses 0.1, at twice the cost on a CPU.",
    )
    epochs: int = Field(
        2,
        ge=1,
        le=1_000,
        description="Passes over the submitted resumes. Two in batches of 16 move S further than "
        "three in batches of 32, at equal accuracy and two thirds of the cost.",
    )
    batch_size: int = Field(
        16,
        ge=1,
        le=4_096,
        description="Resumes in an optimiser step: what a rare signal needs is steps.",
    )
    learning_rate: float = Field(
        1e-3,
        gt=0,
        le=1,
        description="Peak step of AdamW. 1e-3 suits the lean encoder, 1e-5 to 1e-4 a pretrained.",
    )
    schedule: Literal["linear", "constant"] = Field(
        "linear", description="Learning rate after the warm-up: down to 0 at the end, or constant."
    )
    warmup: float = Field(
        0.1, ge=0, lt=1, description="Share of all steps over which the learning rate rises from 0."
    )
    weight_decay: float = Field(
        0.01, ge=0, le=1, description="AdamW's decay of matrices; biases and norms have none."
    )
    gradient_clip: float = Field(
        1.0, gt=0, le=1e6, description="Largest Euclidean norm of a step's gradient."
    )

    @model_validator(mode="after")
    def _heads_divide_width(self) -> TransformerRecipe:
        if self.width % self.heads:
            raise ValueError(f"heads = {self.heads} must divide width = {self.width}")
        return self


class FrozenRecipe(_Frozen):
    """A published encoder that is never trained, and a logistic regression a label on top."""

    kind: Literal["frozen"] = "frozen"
    encoder: str = Field(
        "gigsim-tiny",
        min_length=1,
        description='A local Hugging Face folder, an id on its hub, or a name: "gigsim-tiny" is '
        "the encoder of this package, pretrained on the training side of the published corpus. A "
        "signal with an id of its own gets a vector of a fixed draw, as large as the others.",
    )
    max_tokens: int = Field(
        128,
        ge=8,
        le=8_192,
        description="Pieces read of a resume, special ones included; cost grows faster than it.",
    )
    pooling: Literal["mean", "first"] = Field(
        "mean",
        description="A resume's vector: the mean over its pieces, or the encoder's own first piece,"
        " which says little of a text unless it was trained to.",
    )
    c: float = Field(
        10.0, gt=0, le=1e6, description="Inverse strength of the L2 penalty, as in scikit-learn."
    )
    tolerance: float = Field(
        3e-3,
        gt=0,
        le=1,
        description="Distance to the optimum, in the norm of the loss's own curvature, at which "
        "the solver stops.",
    )
    max_iterations: int = Field(
        1_000, ge=10, le=1_000_000, description="Solver iterations; running out is an error."
    )


class BayesRecipe(_Frozen):
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
    closeness: Literal[
        "none",
        "conditional_tv",
        "conditional_contamination",
        "additive_slack",
        "joint_tv",
        "joint_contamination",
    ] = Field(
        "none",
        description="What an ε above 0 is a distance of (theory.closeness), at each resume by "
        "itself: total variation of its label law (conditional_tv), contamination of it, or the "
        "probability that the answer given misses (additive_slack). The joint ones have one budget "
        "for all resumes, and no closed form: refused.",
    )


class TableRecipe(_Frozen):
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


class SurrogateRecipe(_Frozen):
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
    bound_closeness: Literal[
        "none",
        "conditional_tv",
        "conditional_contamination",
        "additive_slack",
        "joint_tv",
        "joint_contamination",
    ] = Field(
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


#: Learners that a spot check may train: code of the user's own is not among them, since nobody
#: would be asked about it (``gigsim.trust``), nor those that train nothing or count finite worlds.
TrainedRecipe = Annotated[
    LinearRecipe | TransformerRecipe | FrozenRecipe,
    Field(discriminator="kind"),
]


class OwnRecipe(_Frozen):
    """A classifier of the user's own, named by its import path: see ``learners.own``."""

    kind: Literal["own"] = "own"
    path: str = Field(
        min_length=3,
        max_length=200,
        pattern=r"^\w+(\.\w+)*:\w+$",
        description="package.module:Class, a subclass of gigsim.OwnLearner; the module is looked "
        "for where Python looks (sys.path), and last in the working directory. It is imported only "
        "with --trust (in Python: trust=True).",
    )
    settings: dict[str, Any] = Field(
        {},
        description="Keyword arguments of the class: numbers, texts, truth values, and lists of "
        "them.",
    )

    @field_validator("settings")
    @classmethod
    def _plain_settings(cls, settings: dict[str, Any]) -> dict[str, Any]:
        for name, value in settings.items():
            if not name.isidentifier():
                raise ValueError(f"{name!r} is no name of an argument")
            if not all(map(_is_plain, value if isinstance(value, list | tuple) else [value])):
                raise ValueError(f"{name} is no number, text, truth value or list of them")
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in settings.items()
        }


def _is_plain(value: object) -> bool:
    """Can TOML write it, and does it equal itself when read back?"""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) < 2**63
    return isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)


Recipe = Annotated[
    LinearRecipe
    | TransformerRecipe
    | FrozenRecipe
    | BayesRecipe
    | TableRecipe
    | SurrogateRecipe
    | OwnRecipe,
    Field(discriminator="kind"),
]
