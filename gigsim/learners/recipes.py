"""Recipes: everything of a learner that moves S, explicit, typed and hashed with the config.

S depends on the recipe at equal accuracy (initialisation, normalisation, learning rate and length
of training move it as much as α does), so nothing of it is a hidden default of a library.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from gigsim.learners.recipes_exact import BayesRecipe, SurrogateRecipe, TableRecipe
from gigsim.learners.recipes_trained import (
    FrozenModel,
    FrozenRecipe,
    LinearRecipe,
    TrainedRecipe,
    TransformerRecipe,
)

__all__ = [
    "BayesRecipe",
    "FrozenRecipe",
    "LinearRecipe",
    "OwnRecipe",
    "Recipe",
    "SurrogateRecipe",
    "TableRecipe",
    "TrainedRecipe",
    "TransformerRecipe",
]


class OwnRecipe(FrozenModel):
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
