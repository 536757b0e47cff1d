"""Everything of a pretraining that decides its weights, and the digest that tells two apart."""

from __future__ import annotations

import hashlib
import math

from pydantic import BaseModel, ConfigDict, Field, model_validator


class PretrainRecipe(BaseModel):
    """A small BERT and its masked-language-model training (Devlin et al. 2019)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: int = Field(8_000, ge=10, le=60_000, description="Words of the vocabulary at most.")
    min_resumes: int = Field(
        50, ge=1, description="A word must be in so many resumes, near-duplicates counted once."
    )
    min_ending: int = Field(
        10, ge=1, description="An ending (##ing) must be one of so many words of the list."
    )
    split: float = Field(
        0.05, ge=0, le=1, description="Share of the words with an ending that are read in two."
    )
    length: int = Field(
        128, ge=8, le=512, description="Pieces of a window, special ones included; positions."
    )
    layers: int = Field(2, ge=1, le=12)
    width: int = Field(128, ge=8, le=768)
    heads: int = Field(2, ge=1, le=12)
    feedforward: int = Field(512, ge=8, le=3_072)
    masked: float = Field(0.15, gt=0, lt=1, description="Share of the pieces to be guessed.")
    epochs: float = Field(
        2.0, gt=0, le=1_000, description="Passes over the windows, unless steps are given."
    )
    steps: int | None = Field(None, ge=1, description="Optimiser steps, in place of epochs.")
    batch_size: int = Field(16, ge=1, le=4_096, description="Windows in an optimiser step.")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="Peak step of AdamW.")
    warmup: int = Field(500, ge=0, description="Steps over which the learning rate rises from 0.")
    cooldown: float = Field(
        0.4,
        ge=0,
        le=1,
        description="Last share of the steps, over which the learning rate falls to 0; it is"
        " constant before.",
    )
    weight_decay: float = Field(0.01, ge=0, le=1, description="AdamW's decay of matrices.")
    gradient_clip: float = Field(1.0, gt=0, description="Largest norm of a step's gradient.")
    seed: int = Field(0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _heads_divide_width(self) -> PretrainRecipe:
        if self.width % self.heads:
            raise ValueError(f"heads = {self.heads} must divide width = {self.width}")
        return self

    def total_steps(self, windows: int) -> int:
        """Optimiser steps over so many windows."""
        if self.steps is not None:
            return self.steps
        return max(1, round(self.epochs * (windows // self.batch_size)))

    def cooldown_from(self, steps: int) -> int:
        """The step, of ``steps``, from which the learning rate falls."""
        return steps - math.floor(self.cooldown * steps)

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of step 0 <= ``step`` < ``steps``."""
        rising = min(1.0, (step + 1) / (self.warmup + 1))
        start = self.cooldown_from(steps)
        falling = 1.0 if step < start else (steps - step) / (steps - start + 1)
        return self.learning_rate * min(rising, falling)

    def digest(self) -> str:
        """Of all that decides a step's weights before the learning rate falls.

        A pretraining that is interrupted before that can be taken up again with more or fewer
        steps, and is then what it would have been with those from the start.
        """
        plain = self.model_dump_json(exclude={"epochs", "steps", "cooldown"})
        return hashlib.blake2b(plain.encode(), digest_size=16).hexdigest()
