"""Recipes of the learners that are trained: regressions and encoders."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class FrozenModel(BaseModel):
    """What every recipe is: unchangeable, and without a key that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LinearRecipe(FrozenModel):
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


class TransformerRecipe(FrozenModel):
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


class FrozenRecipe(FrozenModel):
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


#: Learners that a spot check may train: code of the user's own is not among them, since nobody
#: would be asked about it (``gigsim.trust``), nor those that train nothing or count finite worlds.
TrainedRecipe = Annotated[
    LinearRecipe | TransformerRecipe | FrozenRecipe,
    Field(discriminator="kind"),
]
