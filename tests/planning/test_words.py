"""Sentences quote by key, and write numbers for people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.planning.sentences_means import paces
from gigsim.planning.words import between, digits, look_up, say, written

PLAN = {"works": {"people": 1234, "share": 0.0123456}, "list": [{"x": 2.0}], "none": None}


def test_a_sentence_and_its_numbers() -> None:
    said = say("From {works.people:n member} on ({works.share:percent}), {list.0.x:number}.", PLAN)
    assert said["text"] == "From 1,234 members on (1.23 %), 2."
    assert said["numbers"] == {"works.people": 1234, "works.share": 0.0123456, "list.0.x": 2.0}


def test_a_key_that_is_not_there_is_no_sentence() -> None:
    with pytest.raises(KeyError):
        say("{works.money:money}", PLAN)
    assert look_up(PLAN, "list.0.x") == 2.0


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1, "n member", "1 member"),
        (2, "n member", "2 members"),
        (None, "people", "none"),
        (0.0, "percent", "0 %"),
        (1.0, "percent", "100 %"),
        (0.00001234, "money", "0.0000123"),
        (123456.0, "money", "123,000"),
        (-3.04, "change", "3.04 % less"),
        (10.0, "change", "10 % more"),
        (0.04, "change", "as many"),
        (1.0, "leak", "any"),
        (0.0411, "leak", "0.0411"),
        ("words", "", "words"),
    ],
)
def test_units(value: object, unit: str, said: str) -> None:
    assert written(value, unit) == said


def test_an_unknown_unit_is_a_bug() -> None:
    with pytest.raises(ValueError, match="no unit"):
        written(1.0, "acres")


@given(st.floats(1e-6, 1e12))
def test_three_digits_are_within_half_of_the_last(value: float) -> None:
    said = float(digits(value).replace(",", ""))
    assert said == pytest.approx(value, rel=0.00501)


def test_between() -> None:
    none = {"interval": False}
    assert between("x", none) == ""
    open_end = {"interval": True, "people_low": 3, "people_high": None}
    assert between("x", open_end) == "; 95 %: {x.people_low:people} to no number"


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (
            (1.0, 1.0, 0.294),
            "at least every 2 retrainings any leak leaves it working; with one every 5 retrainings"
            " a leak of at most 0.294 does.",
        ),
        ((1.0, 1.0, 1.0), "at least every 5 retrainings any leak leaves it working."),
        (
            (1.0, 0.5, 0.25),
            "at every retraining any leak leaves it working; with one every 2 retrainings a leak of"
            " at most 0.5 does; with one every 5 retrainings a leak of at most 0.25 does.",
        ),
        (
            (0.5, 0.25, 0.125),
            "at every retraining a leak of at most 0.5 does; with one every 2 retrainings a leak of"
            " at most 0.25 does; with one every 5 retrainings a leak of at most 0.125 does.",
        ),
    ],
)
def test_how_much_may_leak_at_which_pace(most: tuple[float, ...], said: str) -> None:
    turns = [
        {"every": every, "leak_most": leak} for every, leak in zip((1, 2, 5), most, strict=True)
    ]
    plan = {"secrecy": {"rotations": turns}}
    line = say("with a change " + "; with one ".join(paces(turns)) + ".", plan)
    assert line["text"] == f"with a change {said}"
