"""Every known answer but those that need trainings, one test each; slow ones apart."""

from __future__ import annotations

import pytest

from gigsim.validation.known import Known, Obtained, all_known, also, compared, counted, listed

KNOWN = all_known()
NOT_HERE = {"V52", "V53", "V54"}


@pytest.mark.parametrize(
    "known",
    [pytest.param(k, marks=pytest.mark.slow if k.slow else ()) for k in KNOWN],
    ids=lambda known: known.name,
)
def test_known_answer(known: Known) -> None:
    found = known.check()
    assert found.verdict == ("not applicable" if known.name in NOT_HERE else "passes"), found.text
    if not known.slow:
        assert found == known.check(), "not the same twice"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["V27", "P6", "P12"])
def test_what_is_played_out_is_played_out_again(name: str) -> None:
    """One of each kind: a whole economy, a network alone, a game."""
    (known,) = (known for known in KNOWN if known.name == name)
    assert known.check() == known.check()


def test_all_that_apply_are_there() -> None:
    trained = {17, 18, 49, 50, 51}
    apply = {*range(1, 6), 10, 11, 12, 14, 15, 16, *range(19, 24), 44, 45, 46, 55, 56}
    who_joins = {*range(26, 36), 37, 38, 39, 40, 42}
    numbers = {known.place[1] for known in KNOWN if known.name.startswith("V")}
    assert numbers == apply | who_joins | {52, 53, 54}
    assert not numbers & trained
    further = [known.place[1] for known in KNOWN if not known.name.startswith("V")]
    assert further == list(range(1, len(further) + 1))
    assert [known.place for known in KNOWN] == sorted(known.place for known in KNOWN)
    assert [known.name[0] for known in KNOWN[-len(further) :]] == ["P"] * len(further)


def test_numbers_agree_to_half_a_unit_of_the_last_digit() -> None:
    assert compared({"x": (0.10049, "0.100")}).passed
    assert not compared({"x": (0.10051, "0.100")}).passed
    assert not compared({"x": (0.1, "0.100"), "y": (32.4, "32.33")}).passed
    assert compared({"x": (0.5, "0.5")}, "so").text == "x = 0.5; so"


def test_several_numbers_under_a_name() -> None:
    found = listed({"x": [(0.1, "0.10"), (2.0, "2")], "y": [(1.0, "1")]}, "so")
    assert (found.text, found.passed) == ("x: 0.10, 2; y: 1; so", True)
    assert not listed({"x": [(0.1, "0.10"), (2.1, "2.0")]}).passed


def test_what_was_played_out_counts_as_much_as_what_was_computed() -> None:
    good, bad = Obtained("x = 1", True), Obtained("x = 2", False)
    assert also(good, "so", True) == Obtained("x = 1. Simulated: so", True)
    assert not also(bad, "so", True).passed
    otherwise = also(good, "so", False)
    assert otherwise.fails
    assert otherwise.text == "x = 1. Simulated: NOT AS EXPECTED, so"


def test_counting_nothing_proves_nothing() -> None:
    assert counted(0, 3, "cases").passed
    assert not counted(1, 3, "cases").passed
    assert not counted(0, 0, "cases").passed


def test_verdicts() -> None:
    assert Obtained("", True).verdict == "passes"
    assert Obtained("", None).verdict == "not applicable"
    wrong, contrary = Obtained("", False), Obtained("", False, "contrary")
    assert (wrong.verdict, wrong.fails) == ("FAILS", True)
    assert (contrary.verdict, contrary.fails) == ("contrary", False)
    with pytest.raises(ValueError, match="did not pass"):
        Obtained("", True, "not shown")
