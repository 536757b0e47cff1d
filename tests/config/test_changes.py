"""Changes in time: which configs they make, and every way to get them wrong as one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gigsim.config import Config, build, digest, dumps, load
from gigsim.config.changes import CHANGEABLE, timeline
from gigsim.errors import InputError


def changed(*changes: dict[str, Any], **others: Any) -> Config:
    return build({"at": list(changes)} | others, (), "f.toml")


def refusal(*changes: Any, **others: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        changed(*changes, **others)
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


def test_each_is_laid_over_what_came_before() -> None:
    config = changed(
        {"period": 9, "set": {"collective.leak": 0.5}},
        {"period": 4, "set": {"society.activation": 0.3, "platform.repeats": 2}},
        {"period": 4, "set": {"society.activation": 0.4}},
    )
    configs = timeline(config, build)
    assert list(configs) == [4, 9]
    assert configs[4].society.activation == 0.4
    assert configs[4].platform.repeats == 2
    assert configs[4].collective.leak == Config().collective.leak
    assert configs[9].collective.leak == 0.5
    assert configs[9].society.activation == 0.4


def test_kinds_may_change() -> None:
    config = changed(
        {"period": 2, "set": {"population.cost.kind": "constant", "population.cost.value": 1}},
        {"period": 3, "set": {"population.cost": 2}},
        {"period": 4, "set": {"society.activation": {"kind": "uniform", "low": 0, "high": 1}}},
    )
    configs = timeline(config, build)
    assert [configs[period].population.cost.value for period in (2, 3, 4)] == [1, 2, 2]
    assert configs[4].society.activation.kind == "uniform"


def test_unquoted_dotted_keys_mean_the_same(tmp_path: Path) -> None:
    """TOML reads them as tables in tables."""
    texts = (
        '[[at]]\nperiod = 2\nset = {"society.activation" = 0.5, "population.cost" = 3}',
        "[[at]]\nperiod = 2\nset = {society.activation = 0.5, population.cost = 3}",
        "[[at]]\nperiod = 2\n[at.set]\nsociety.activation = 0.5\n[at.set.population]\ncost = 3",
        "[[at]]\nperiod = 2\n[at.set.society]\nactivation = 0.5\n"
        '[at.set.population.cost]\nkind = "constant"\nvalue = 3',
    )
    found = []
    for text in texts:
        path = tmp_path / "mine.toml"
        path.write_text(text)
        found.append(timeline(load(path), build))
    assert all(configs == found[0] for configs in found)
    assert found[0][2].population.cost.value == 3


def test_they_survive_being_written_and_are_part_of_the_digest(tmp_path: Path) -> None:
    config = changed({"period": 2, "set": {"society.activation": 0.5}})
    path = tmp_path / "again.toml"
    path.write_text(dumps(config), encoding="utf-8")
    assert load(path) == config
    assert digest(load(path)) == digest(config) != digest(Config())


@pytest.mark.parametrize(
    ("change", "where", "problem", "allowed"),
    [
        ({"period": 0, "set": {"society.activation": 1}}, ".period", "0: too small", ">= 1"),
        ({"period": -3, "set": {"society.activation": 1}}, ".period", "-3: too small", ">= 1"),
        ({"period": 1.5, "set": {"society.activation": 1}}, ".period", "1.5: not a whole", ">= 1"),
        ({"period": "2", "set": {"society.activation": 1}}, ".period", "'2': text", ">= 1"),
        ({"set": {"society.activation": 1}}, ".period", "required", "a whole number >= 1"),
        ({"period": 2}, ".set", "required", "dotted keys and their new values"),
        ({"period": 2, "set": {}}, ".set", "an empty table", "dotted keys"),
        ({"period": 2, "set": [1]}, ".set", "a list of 1", "a table of dotted keys"),
        ({"period": 2, "set": "society.activation=1"}, ".set", "text", "a table of dotted keys"),
        ({"periods": 2, "set": {"society.activation": 1}}, ".periods", "unknown", "mean period?"),
        ({"period": 2, "set": {"run.seed": 1}}, ".set: run.seed", "does not change", "society"),
        (
            {"period": 2, "set": {"population.costs": 1}},
            ".set: population.costs",
            "does not change",
            "did you mean population.cost?",
        ),
        (
            {"period": 2, "set": {"society.activaton": 1}},
            ".set: society.activaton",
            "unknown key",
            "did you mean activation?",
        ),
        (
            {"period": 2, "set": {"society.activation": 2}},
            ".set: society.activation",
            "2: too large",
            "> 0 and <= 1",
        ),
        (
            {"period": 2, "set": {"society": {"activation": True}}},
            ".set: society.activation",
            "true: a truth value",
            "> 0 and <= 1",
        ),
        (
            {"period": 2, "set": {"society.rule": "Logit"}},
            ".set: society.rule",
            "'Logit' is not known",
            'did you mean "logit"?',
        ),
        (
            {"period": 2, "set": {"collective.first_movers": 5000}},
            ".set: collective.first_movers",
            "more than population.size = 2000",
            "at most",
        ),
        (
            {"period": 2, "set": {"society..rule": "logit"}},
            ".set: society..rule",
            "empty part",
            "population.size",
        ),
        (
            {"period": 2, "set": {"society": {"order": "synchronous"}, "society.order": "x"}},
            ".set: society.order",
            "'x' is not known",
            "synchronous",
        ),
        ("x", "", "text", "a list of tables"),
    ],
)
def test_a_change_that_is_none(change: Any, where: str, problem: str, allowed: str) -> None:
    fine = {"period": 1, "set": {"society.activation": 0.5}}
    error = refusal(fine, change)
    assert error.where == f"f.toml: at[2]{where}"
    assert problem in error.problem
    assert allowed in error.allowed


@pytest.mark.parametrize("value", [{"period": 2}, 3, "x", True])
def test_something_else_in_their_place(value: Any) -> None:
    with pytest.raises(InputError, match=r"f\.toml: at: .*a list of tables") as caught:
        build({"at": value}, (), "f.toml")
    assert caught.value.where == "f.toml: at"


def test_what_only_becomes_impossible_later() -> None:
    """The one that is to blame is the later one, whichever is written first."""
    error = refusal(
        {"period": 8, "set": {"society.belief": "theory"}},
        {"period": 3, "set": {"population.cost": 3}},
        collective={"label_sets": "extend"},
    )
    assert error.where == "f.toml: at[1].set: society.belief"
    assert "none covers top-1 with" in error.problem


def test_after_the_option_it_is_the_option() -> None:
    with pytest.raises(InputError, match=r"^--set: at\[1\]\.set: society\.activation: 2: too"):
        build({}, ['at=[{period = 1, set = {"society.activation" = 2}}]'], "f.toml")


def test_a_key_in_two_spellings_is_refused() -> None:
    given = {"population": {"cost": 3}, "population.cost": 4}
    assert refusal({"period": 2, "set": given}).problem == "given twice"


def test_what_may_change_exists() -> None:
    for key in CHANGEABLE:
        found: Any = Config()
        for part in key.split("."):
            found = getattr(found, part)
