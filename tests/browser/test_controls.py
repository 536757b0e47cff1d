"""Controls from the schema: never outside of it, never moved by a browser, never in the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import pytest
from hypothesis import given as holds_for
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from gigsim.app.controls import Control, controls, given
from gigsim.app.offered import GROUPS, READ_BY, is_set, reader
from gigsim.collective.catalogue import STRATEGIES
from gigsim.config import Config, build
from gigsim.config.load import tables_in

START = Config()
TOP = tuple(name for name in Config.model_fields if name != "at")
TABLE = START.model_dump(mode="json")


def kinds(model: type[BaseModel] = Config, prefix: str = "") -> dict[str, tuple[str, ...]]:
    """Every ``kind`` of the schema that stands in the start config, with what it may be."""
    found: dict[str, tuple[str, ...]] = {}
    for name, field in model.model_fields.items():
        here = TABLE
        for part in f"{prefix}{name}".split("."):
            here = here.get(part) if isinstance(here, Mapping) else None
        members = tables_in(field.annotation)
        if not isinstance(here, Mapping):
            continue
        if len(members) > 1:
            found[f"{prefix}{name}.kind"] = tuple(m.model_fields["kind"].default for m in members)
        elif members:
            found |= kinds(members[0], f"{prefix}{name}.")
    return found


# A learner of one's own is code, which the page never imports: nobody can choose it there.
KINDS = {key: tuple(kind for kind in names if kind != "own") for key, names in kinds().items()}
chosen_kinds = st.fixed_dictionaries(
    {}, optional={key: st.sampled_from(names) for key, names in KINDS.items()}
)


def adapter(key: str, chosen: Mapping[str, str]) -> TypeAdapter[Any]:
    """What pydantic says of a key's values alone, for the chosen kinds."""
    model: type[BaseModel] = Config
    *path, last = key.split(".")
    for depth, part in enumerate(path):
        members = tables_in(model.model_fields[part].annotation)
        if len(members) > 1:
            tag = ".".join([*path[: depth + 1], "kind"])
            now: Any = TABLE
            for step in tag.split("."):
                now = now[step]
            members = [m for m in members if m.model_fields["kind"].default == chosen.get(tag, now)]
        (model,) = members
    field = model.model_fields[last]
    return TypeAdapter(Annotated[field.annotation, field])


def is_kind(control: Control) -> bool:
    return control.key in KINDS


@holds_for(chosen_kinds, st.data())
def test_every_value_a_control_can_take_is_allowed_by_the_schema(
    chosen: dict[str, str], data: st.DataObject
) -> None:
    control = data.draw(st.sampled_from(controls(START, TOP, chosen)))
    if is_kind(control):
        assert control.choices == KINDS[control.key]
        assert control.value in control.choices
        return
    schema = adapter(control.key, chosen)
    if control.widget == "slider":
        places = data.draw(st.integers(0, int((control.high - control.low) / control.step + 1e-9)))
        values = [
            control.low,
            control.high,
            control.value,
            round(control.low + places * control.step, 6),
        ]
    elif control.widget == "choice":
        values = list(control.choices)
    elif control.widget == "switch":
        values = [True, False]
    elif control.required and not control.value:
        # Without a default it starts empty; the page refuses that with the schema's own words.
        values = []
    else:
        values = [given(control)]
    for value in values:
        schema.validate_python(value)


@holds_for(chosen_kinds, st.data())
def test_a_browser_does_not_move_a_slider_to_its_grid(
    chosen: dict[str, str], data: st.DataObject
) -> None:
    """Vuetify rounds to the lowest value plus a multiple of the step, and reports that."""
    sliders = [c for c in controls(START, TOP, chosen) if c.widget == "slider"]
    control = data.draw(st.sampled_from(sliders))
    assert control.low <= control.value <= control.high
    assert control.low < control.high
    steps = round((control.value - control.low) / control.step)
    digits = len(f"{control.step:.10f}".rstrip("0").partition(".")[2])
    assert round(control.low + steps * control.step, digits) == control.value
    assert control.whole == all(isinstance(v, int) for v in (control.low, control.step))


@holds_for(st.data())
def test_a_value_that_was_set_is_handed_on_unchanged(data: st.DataObject) -> None:
    numbers = [
        c
        for c in controls(START, TOP)
        if not is_kind(c) and isinstance(given(c), int | float) and c.widget != "switch"
    ]
    control = data.draw(st.sampled_from(numbers))
    schema = adapter(control.key, {}).json_schema()
    schema = next((arm for arm in schema.get("anyOf", ()) if arm["type"] == "number"), schema)
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1e6))
    high = min(schema.get("maximum", schema.get("exclusiveMaximum", 1e6)), 1e6)
    opens = {
        "exclude_min": "exclusiveMinimum" in schema,
        "exclude_max": "exclusiveMaximum" in schema,
    }
    value = data.draw(
        st.integers(int(low), int(high))
        if isinstance(given(control), int)
        else st.floats(low, high, allow_subnormal=False, **opens)
    )
    (moved,) = controls(START, [control.key], {control.key: value})
    assert given(moved) == value


@pytest.mark.parametrize("key", [key for keys in GROUPS.values() for key in keys])
def test_what_the_page_offers_is_in_the_schema(key: str) -> None:
    # An option is offered with a strategy that has it, and the rest with what reads it.
    chosen: dict[str, Any] = {"collective.strategy": "unplanting"}
    if key.startswith("platform.learner."):
        chosen["platform.learner.kind"] = "surrogate"
    if by := reader(key):
        chosen[by[0]] = min(by[1])
    found = controls(START, [key], {} if key == "platform.learner.kind" else chosen)
    assert found
    assert all(control.key == key or control.key.startswith(f"{key}.") for control in found)
    assert all(control.help for control in found)


def test_the_values_are_the_scenarios() -> None:
    for control in controls(START, TOP):
        here: Any = TABLE
        for part in control.key.split("."):
            here = here[part]
        value = given(control)
        assert (list(value) if isinstance(here, list) else value) == here, control.key


def test_a_strategy_shows_its_own_options() -> None:
    def offered(start: Config, strategy: str) -> list[str]:
        keys = ("collective.label_sets", "collective.adaptive")
        return [c.key for c in controls(start, keys, {"collective.strategy": strategy})]

    assert offered(START, "unplanting") == ["collective.label_sets", "collective.adaptive"]
    assert offered(START, "erasure") == ["collective.label_sets"]
    assert offered(START, "gradient_cancelling") == []
    # What the scenario has set can be unset: else it would be refused for good.
    adaptive = build(TABLE, {"collective.strategy": "unplanting", "collective.adaptive": True})
    assert "collective.adaptive" in offered(adaptive, "erasure")


@pytest.mark.parametrize(
    ("decides", "word", "shown"),
    [
        ("society.rule", "best_response", []),
        ("society.rule", "pivotal", []),
        ("society.rule", "logit", ["choice_precision"]),
        (
            "society.rule",
            "reinforcement",
            ["learning_rate", "initial_propensity", "aspiration", "habituation"],
        ),
        ("society.belief", "adaptive", ["adaptation"]),
    ],
)
def test_a_choice_shows_what_it_reads(decides: str, word: str, shown: list[str]) -> None:
    always = ["rule", "belief", "activation", "spillover"]
    found = controls(START, GROUPS["Society"], {decides: word})
    assert [c.key for c in found if c.key.split(".")[1] not in always] == [
        f"society.{name}" for name in shown
    ]


def test_a_stand_in_shows_its_source_and_what_that_reads() -> None:
    def offered(start: Config, chosen: Mapping[str, str]) -> set[str]:
        found = controls(start, GROUPS["Platform"] + GROUPS["Measure"], chosen)
        return {c.key for c in found} - {
            *(f"platform.{name}" for name in ("learner.kind", "retrain", "retrain_every")),
            "measure.success",
        }

    assert offered(START, {}) == set()
    stand_in = {"platform.learner.kind": "surrogate"}
    checks = {
        f"measure.spot_{name}"
        for name in ("checks", "size", "repeats", "composition", "learner.kind")
    }
    learner = "platform.learner"
    assert offered(START, stand_in) == checks | {
        f"{learner}.{name}" for name in ("source", "curve", "arm", "draw")
    }
    staircase = stand_in | {f"{learner}.source": "staircase"}
    assert offered(START, staircase) == {*checks, f"{learner}.source"}
    # A number of a bound, which other sources refuse, can be unset there.
    bound = {**stand_in, f"{learner}.source": "bound", f"{learner}.bound_gap": 0.5}
    assert offered(build(TABLE, bound), staircase) == {
        *checks,
        f"{learner}.source",
        f"{learner}.bound_gap",
    }


def test_what_a_choice_reads_is_known_by_key_and_by_table() -> None:
    assert reader("population.threshold.low") == READ_BY["population.threshold"]
    assert reader("population.cost.low") is None
    assert not is_set("population.threshold.low", START)
    with pytest.raises(KeyError):
        is_set("population.cost.low", START)


def test_the_organisers_means_are_sliders_in_units_of_costs() -> None:
    found = {c.key.split(".")[1]: c for c in controls(START, GROUPS["Money and contract"])}
    sliders = {name: (c.low, c.high, c.step) for name, c in found.items() if c.widget == "slider"}
    assert sliders == {
        "dues": (0, 0.5, 0.01),
        "fund": (0, 500, 5),
        "subsidy": (0, 1, 0.01),
        "subsidy_until": (0.01, 1, 0.01),
        "provision_point": (0, 0.5, 0.01),
    }
    assert found["refund"].widget == "switch"


def test_what_every_platform_refuses_is_not_offered() -> None:
    (control,) = controls(START, ["collective.strategy"])
    known = set(STRATEGIES)
    assert known - set(control.choices) == {"gradient_control"}


def test_another_kind_shows_its_own_fields() -> None:
    chosen = {"population.cost.kind": "lognormal"}
    found = {c.key: c for c in controls(START, ["population.cost"], chosen)}
    assert list(found) == [
        "population.cost.kind",
        "population.cost.median",
        "population.cost.sigma",
    ]
    assert found["population.cost.median"].required
    assert found["population.cost.median"].low > 0
    assert controls(START, ["population.cost.low"], chosen) == []


@pytest.mark.parametrize("key", ["population.sizes", "platform.learner.colour", "run.seed.x"])
def test_an_unknown_key_is_a_mistake_of_ours(key: str) -> None:
    with pytest.raises(KeyError):
        controls(START, [key])


@pytest.mark.parametrize(
    ("text", "value"), [("12", 12), ("0.5", 0.5), ("measured", "measured"), (" a b ", "a b")]
)
def test_typed_text_is_read_as_after_set(text: str, value: object) -> None:
    assert given(Control("x", "", "text", text)) == value


def test_text_keys_keep_their_digits() -> None:
    assert given(Control("collective.target", "", "text", "42", verbatim=True)) == "42"
