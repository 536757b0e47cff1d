"""``vary`` is ``build``, faster; ``resolve`` is its first half."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.config import Config, build
from gigsim.config.load import resolve, vary
from gigsim.config.overrides import parse_value
from gigsim.errors import InputError
from gigsim.learners.recipes import SurrogateRecipe

BASES = [
    Config().model_dump(mode="json"),
    resolve(
        {
            "platform": {"learner": {"kind": "linear", "c": 3}},
            "population": {"cost": {"kind": "normal", "mean": 1, "sd": 0.5}},
            "network": {"kind": "ring"},
            "at": [{"period": 3, "set": {"collective.leak": 0.1}}],
        }
    ),
]
VALUES: dict[str, list[Any]] = {
    "population.size": [100, 100.0, 1, "x", 2.5, {"a": 1}],
    "population.cost": [0.5, {"kind": "uniform", "low": 0, "high": 1}, {"low": 0.1}, "uniform", []],
    "population.cost.low": [0.1, 9.0, None],
    "population.cost.kind": ["constant", "uniform", "odd"],
    "network.kind": ["ring", "torus", "small_world"],
    "network.degree": [4, 5, 5000],
    "network.rewire": [0.3],
    "society.activation": [0.3, 3, {"kind": "constant", "value": 0.5}],
    "society.spillover": ["measured", 0.2, 2],
    "collective.first_movers": [3, 10_000],
    "collective.signal.alternates": [[], ["a"], ["a b"]],
    "collective": [{"leak": 0.5}, 3],
    "platform.learner": [{"kind": "bayes"}, {"c": 7}, "linear"],
    "platform.learner.c": [5, -1],
    "at": [[], [{"period": 2, "set": {"collective.leak": 0.3}}], [{"period": 2}], 3],
    "run.periods": [3, -3],
    "nowhere": [1, {}],
    "run.nowhere.deep": [1],
    "run..seed": [1],
}


def outcome(make: Any) -> Any:
    try:
        return make()
    except InputError as error:
        return str(error)


@given(
    st.sampled_from(BASES),
    st.lists(
        st.sampled_from(sorted(VALUES)).flatmap(
            lambda key: st.tuples(st.just(key), st.sampled_from(VALUES[key]))
        ),
        max_size=4,
    ).map(dict),
)
def test_it_makes_and_refuses_the_same(base: dict[str, Any], values: dict[str, Any]) -> None:
    before = copy.deepcopy((base, values))
    fast, slow = (outcome(partial(make, base, values, "x")) for make in (vary, build))
    # Of several mistakes the one may see another first than the other.
    assert fast == slow or (len(values) > 1 and isinstance(fast, str) and isinstance(slow, str))
    assert (base, values) == before


@pytest.mark.parametrize("base", BASES, ids=["default", "other"])
@pytest.mark.parametrize("key", sorted(VALUES))
def test_it_says_the_same_of_a_mistake(base: dict[str, Any], key: str) -> None:
    for value in VALUES[key]:
        values = {key: value}
        fast = outcome(partial(vary, base, values, "x"))
        assert fast == outcome(partial(build, base, values, "x"))


@given(st.sampled_from(BASES))
def test_what_is_resolved_stays_so(base: dict[str, Any]) -> None:
    assert resolve(base) == base
    assert build(base).model_dump(mode="json") == base


def test_resolve_leaves_clashes_to_others_and_fills_in_all_keys() -> None:
    table = resolve({}, {"platform.learner.kind": "surrogate", "collective.first_movers": 5000})
    assert table["platform"]["learner"] == SurrogateRecipe().model_dump(mode="json")
    with pytest.raises(InputError, match="first_movers = 5000"):
        build(table)
    fixed = {"platform.learner.curve": "a.csv", "collective.first_movers": 5}
    assert vary(table, fixed).platform.learner.curve == "a.csv"


def test_resolve_refuses_what_is_wrong_by_itself() -> None:
    with pytest.raises(InputError, match=r"mine: run\.periods: -1: too small"):
        resolve({"run": {"periods": -1}}, {}, "mine")


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), (" 0.5 ", 0.5), ("true", True), ("ring", "ring"), ('"5"', "5"), ("[1, 2]", [1, 2])],
)
def test_values_are_toml_or_text(text: str, value: Any) -> None:
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)
