"""The reference covers the schema, and the copy in docs/ is the schema's of today."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import tomli_w

from gigsim.collective.catalogue import OFFERS
from gigsim.config import Config, build
from gigsim.config.changes import CHANGEABLE
from gigsim.config.load import tables_in
from gigsim.config.reference import reference
from gigsim.config.schema import leaves as schema_leaves
from tests.conftest import REPOSITORY

#: Dotted keys that users and checks rely on.
PROMISED = [
    "population.size",
    "population.replacement",
    "network.kind",
    "society.rule",
    "society.belief",
    "society.activation",
    "society.benefit",
    "society.cost_timing",
    "society.spillover",
    "collective.target",
    "collective.strategy",
    "collective.label_sets",
    "collective.signal.token",
    "collective.signal.every",
    "collective.signal.reserve",
    "collective.first_movers",
    "collective.leak",
    "collective.retention",
    "platform.learner.kind",
    "platform.retrain",
    "platform.retrain_every",
    "platform.repeats",
    "platform.data",
    "corpus.path",
    "corpus.xi",
    "measure.reference",
    "measure.baseline_repeats",
    "measure.success_target",
    "run.periods",
    "run.threads",
    "run.precision",
]


def leaves(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def rows() -> list[list[str]]:
    """The cells of each row of the table."""
    lines = [line for line in reference().splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_docs_are_up_to_date() -> None:
    path = REPOSITORY / "docs" / "config.md"
    if not path.exists():
        pytest.fail("docs/config.md is missing: python -m gigsim.config.reference > docs/config.md")
    assert path.read_text(encoding="utf-8") == reference(), (
        "run: python -m gigsim.config.reference > docs/config.md"
    )


def test_every_key_of_a_config_is_there_with_its_default() -> None:
    written: dict[str, list[str]] = {}
    for row in rows():
        written.setdefault(row[0].strip("`"), []).append(row[1].strip("`"))
    for key, value in leaves(Config().model_dump(mode="json")):
        if key == "at":
            assert written["[[at]]"] == ["none"]
            continue
        expected = tomli_w.dumps({"x": value})[4:].strip()
        assert any(shown in (expected, str(value)) for shown in written[key]), key


@pytest.mark.parametrize("key", PROMISED)
def test_the_promised_keys_are_there(key: str) -> None:
    assert [key] == [row[0].strip("`") for row in rows() if row[0] == f"`{key}`"]


def test_every_key_of_every_kind_is_there() -> None:
    written = {row[0].strip("`") for row in rows()}
    for key, _, form in schema_leaves(Config):
        assert key in written or f"{key}.kind" in written or key == "at", key
        for kind, model in form.kinds.items():
            for name in model.model_fields:
                assert f"{key}.{name}" in written, (kind, name)


def test_every_row_has_four_cells_and_says_something() -> None:
    for row in rows():
        assert len(row) == 4, row
        assert all(row), row
        assert "None" not in row[1], row


def test_what_is_allowed_is_the_schemas() -> None:
    allowed = {row[0].strip("`"): row[3] for row in rows()}
    rules = (
        "`best_response`, `pivotal`, `threshold`, `complex_contagion`, `logit`, `imitation`,"
        " `reinforcement`"
    )
    assert allowed["society.rule"] == rules
    assert allowed["society.spillover"] == "`measured`, or number >= 0, <= 1"
    assert allowed["corpus.xi"] == "number >= 0, < 1"
    assert allowed["population.size"] == "whole number >= 2, <= 10,000,000"
    assert allowed["collective.signal.reserve"] == "`true`, `false`"
    assert allowed["collective.signal.alternates"].startswith("list of at most 16 texts: text")


def test_where_a_plain_number_will_do() -> None:
    allowed = {row[0].strip("`"): row[3] for row in rows()}
    for key in ("population.cost", "population.threshold", "society.activation"):
        kinds, number = allowed[f"{key}.kind"].split("; or ")
        assert kinds == "`constant`, `uniform`, `normal`, `lognormal`, `table`"
        assert number.startswith(f"`{key}`: a number")


def test_kinds_that_share_a_key_share_its_row() -> None:
    degrees = [row for row in rows() if row[0] == "`network.degree`"]
    told = [re.match(r"\((.*?)\) ", row[2])[1].split(", ") for row in degrees]
    every = sorted(kind for kinds in told for kind in kinds)
    assert every == ["blocks", "random", "ring", "scale_free", "small_world"]
    assert ["random", "blocks"] in told


def test_an_empty_list_and_no_change_in_time_are_defaults() -> None:
    shown = {row[0].strip("`"): row[1] for row in rows()}
    assert shown["collective.signal.alternates"] == "`[]`"
    assert shown["[[at]]"] == "none"
    assert shown["at.period"] == "(give one)"


def test_what_may_change_in_time_is_listed() -> None:
    text = reference().split("## Changes in time")[1]
    for key in CHANGEABLE:
        assert f"`{key}`" in text


def test_the_example_of_a_change_works() -> None:
    text = reference().split("```toml\n")[1].split("```")[0]
    (change,) = build(tomllib.loads(text)).at
    assert change.period == 12


def test_every_kind_is_listed() -> None:
    text = reference()
    for kind in ("constant", "table", "linear", "transformer", "surrogate", "torus", "graphml"):
        assert f"({kind}) " in text or f"({kind}, " in text


def test_tables_in_looks_into_unions() -> None:
    learner = Config.model_fields["platform"].annotation.model_fields["learner"]
    assert len(tables_in(learner.annotation)) == len(OFFERS)
    assert tables_in(int) == []
