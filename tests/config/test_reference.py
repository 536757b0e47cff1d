"""The reference covers the schema, and the copy in docs/ is the schema's of today."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from gigsim.config import Config
from gigsim.config.load import tables_in
from gigsim.config.reference import reference
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
    written = {row[0].strip("`"): row[1].strip("`") for row in reversed(rows())}
    for key, value in leaves(Config().model_dump(mode="json")):
        assert key in written
        shown = written[key]
        expected = {True: "true", False: "false"}.get(value, value)
        assert shown.strip('"') == str(expected) or float(shown) == value, key


@pytest.mark.parametrize("key", PROMISED)
def test_the_promised_keys_are_there(key: str) -> None:
    assert [key] == [row[0].strip("`") for row in rows() if row[0] == f"`{key}`"]


def test_every_row_has_four_cells_and_says_something() -> None:
    for row in rows():
        assert len(row) == 4, row
        assert row[2], row
        assert row[3], row


def test_what_is_allowed_is_the_schemas() -> None:
    allowed = {row[0].strip("`"): row[3] for row in rows()}
    assert allowed["society.rule"] == "`best_response`, `threshold`"
    assert allowed["society.spillover"] == "`measured`, >= 0, <= 1"
    assert allowed["corpus.xi"] == ">= 0, < 1"
    assert allowed["population.cost.kind"] == "`constant`, `uniform`, `normal`, `lognormal`"
    assert allowed["collective.signal.reserve"] == "bool"


def test_every_kind_is_listed() -> None:
    text = reference()
    for kind in ("constant", "uniform", "normal", "lognormal", "linear", "transformer"):
        assert f"({kind}) " in text


def test_tables_in_looks_into_unions() -> None:
    learner = Config.model_fields["platform"].annotation.model_fields["learner"]
    assert len(tables_in(learner.annotation)) == 2
    assert tables_in(int) == []
