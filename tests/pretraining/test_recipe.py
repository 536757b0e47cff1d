"""The schedule of the learning rate, and what makes two pretrainings different."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.pretraining.pretrain import recipe_of
from tests.pretraining.toys import small


@given(st.integers(1, 300), st.integers(0, 50), st.floats(0, 1))
def test_the_rate_rises_stays_and_falls(steps: int, warmup: int, cooldown: float) -> None:
    recipe = small(warmup=warmup, cooldown=cooldown)
    rates = [recipe.rate(step, steps) for step in range(steps)]
    assert all(0 < rate <= recipe.learning_rate for rate in rates)
    start = recipe.cooldown_from(steps)
    assert all(a <= b for a, b in itertools.pairwise(rates[:start]))
    rises = max(start, min(warmup + 1, steps))
    assert all(a >= b for a, b in itertools.pairwise(rates[rises:]))


def test_before_the_rate_falls_the_end_does_not_matter() -> None:
    recipe = small(cooldown=0.4)
    assert [recipe.rate(s, 100) for s in range(60)] == [recipe.rate(s, 1000) for s in range(60)]
    assert small(steps=10).digest() == small(steps=None, epochs=3, cooldown=0.1).digest()
    assert small().digest() != small(seed=1).digest()


def test_steps_or_epochs() -> None:
    assert small(steps=7).total_steps(1000) == 7
    assert small(steps=None, epochs=1.5, batch_size=8).total_steps(100) == 18


@pytest.mark.parametrize(
    ("field", "value"), [("width", 7), ("steps", 0), ("epochs", 0.0), ("masked", 1.0), ("seed", -1)]
)
def test_a_field_out_of_range_is_an_input_error(field: str, value: float) -> None:
    with pytest.raises(InputError, match=f"pretrain.{field}"):
        recipe_of(**{field: value})


def test_heads_divide_the_width() -> None:
    with pytest.raises(InputError, match="must divide"):
        recipe_of(width=130, heads=4)
