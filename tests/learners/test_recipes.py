"""Recipes are frozen, closed and validated."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from gigsim.learners.recipes import (
    BayesRecipe,
    LinearRecipe,
    Recipe,
    SurrogateRecipe,
    TableRecipe,
    TransformerRecipe,
)


def test_the_kind_decides() -> None:
    recipes: TypeAdapter[Recipe] = TypeAdapter(Recipe)
    assert recipes.validate_python({"kind": "linear", "c": 1}) == LinearRecipe(c=1.0)
    assert recipes.validate_python({"kind": "transformer"}) == TransformerRecipe()
    for kind in (BayesRecipe, TableRecipe, SurrogateRecipe):
        recipe = kind()
        assert recipes.validate_python({"kind": recipe.kind}) == recipe
    with pytest.raises(ValidationError, match="kind"):
        recipes.validate_python({"kind": "tree"})


@pytest.mark.parametrize(
    "recipe",
    [LinearRecipe(), TransformerRecipe(), BayesRecipe(), TableRecipe(), SurrogateRecipe()],
)
def test_frozen_and_every_field_explains_itself(recipe: Recipe) -> None:
    name = next(iter(type(recipe).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(recipe, name, "x")
    for name, field in type(recipe).model_fields.items():
        assert name == "kind" or field.description


def test_unknown_and_impossible_values_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        TransformerRecipe(layer=2)  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="heads = 3 must divide width = 128"):
        TransformerRecipe(heads=3)
    with pytest.raises(ValidationError, match="greater than 0"):
        LinearRecipe(tolerance=0)


def test_a_recipe_survives_its_own_dump() -> None:
    recipe = TransformerRecipe(layers=1, dropout=0.1)
    assert TransformerRecipe(**recipe.model_dump()) == recipe
