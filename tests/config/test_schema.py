"""What the messages know of the schema is what pydantic knows of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from gigsim.config import Config
from gigsim.config.schema import Number, Text, figure, forms, leaves, shown
from gigsim.config.sections import Population, Society
from tests.malformed.configs import LEAVES


def test_every_key_that_pydantic_knows_is_known_and_no_other() -> None:
    ours = {(key, kind) for key, kind, form in leaves(Config) if kind or str(form)}
    tables = {key for key, _, form in leaves(Config) if form.kinds and not form.number}
    theirs = {(leaf.key, leaf.kind) for leaf in LEAVES}
    assert ours - {(key, "") for key in tables} - theirs == {
        ("at", ""),
        # Pydantic does not tell JSON schemas of numbers in the place of these tables.
        ("population.cost", ""),
        ("population.threshold", ""),
    }
    assert theirs <= ours


def test_every_key_says_what_it_is() -> None:
    for key, kind, form in leaves(Config):
        assert form.description, (key, kind)
        assert str(form), (key, kind)


def test_limits_of_numbers_are_pydantics() -> None:
    limits = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
    found = {(key, kind): form for key, kind, form in leaves(Config)}
    for leaf in LEAVES:
        for arm in leaf.arms:
            if arm.get("type") in ("integer", "number"):
                number = found[leaf.key, leaf.kind].number
                assert number is not None
                assert number.whole == (arm["type"] == "integer")
                told = {limits[name]: bound for name, bound in number.limits}
                assert told == {name: arm[name] for name in limits.values() if name in arm}


def test_a_plain_number_stands_for_a_law() -> None:
    assert forms(Population)["cost"].number == Number(whole=False)
    assert forms(Society)["activation"].number == Number(False, (("gt", 0), ("le", 1)))
    assert list(forms(Society)["activation"].kinds)[-1] == "table"


def test_an_annotation_that_no_message_would_know_is_a_bug() -> None:
    class Odd(BaseModel):
        key: complex = Field(1j, description="odd")

    with pytest.raises(TypeError, match="complex"):
        forms(Odd)


@given(st.one_of(st.integers(), st.floats()))
def test_numbers_are_judged_as_pydantic_judges_them(value: float) -> None:
    complaint = Number(False, (("gt", 0), ("le", 1))).complaint(value)
    assert (complaint == "") == (0 < value <= 1)
    whole = Number(True, (("ge", 2), ("le", 10_000_000))).complaint(value)
    assert (whole == "") == (2 <= value <= 10_000_000 and value % 1 == 0)


@pytest.mark.parametrize(
    ("text", "value", "complaint"),
    [
        (Text(), "", ""),
        (Text(), "a b", ""),
        (Text(), "a\nb", "has a line break or another control character"),
        (Text(), "\u2029", "has a line break or another control character"),
        (Text(), "\udc80", "has a line break or another control character"),
        (Text(), "\u3000", "blank"),
        (Text(1), "", "empty"),
        (Text(2), "a", "too short"),
        (Text(1, 3), "abcd", "too long (4 characters)"),
        (Text(1, 3, r"^\S+$"), "a b", "not of the form needed"),
        (Text(1, 3, r"^\S+$"), "※", ""),
        (Text(), "x/" * 2048, ""),
        (Text(), "x/" * 2049, "longer than the name of a file can be"),
        (Text(), "漢" * 85, ""),
        (Text(), "漢" * 86, "longer than the name of a file can be"),
    ],
)
def test_texts(text: Text, value: str, complaint: str) -> None:
    assert text.complaint(value) == complaint


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (600, "600"),
        (0.5, "0.5"),
        (float("nan"), "nan"),
        (2**64 - 1, "18446744073709551615"),
        (-(10**5000), "-2**16609 or less"),
        ("a", "'a'"),
        ("x" * 61, f"'{'x' * 57}...'"),
        ([], ""),
        ({"a": 1}, ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_are_shown_short(value: Any, text: str) -> None:
    assert shown(value) == text


def test_figures_are_those_of_people() -> None:
    numbers = (10_000_000, 1e6, 0.01, 1e-6, 2**63 - 1)
    assert [figure(n) for n in numbers] == [
        "10,000,000",
        "1,000,000",
        "0.01",
        "1e-06",
        "9,223,372,036,854,775,807",
    ]
