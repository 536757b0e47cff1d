"""Every cheap known answer, one test each."""

from __future__ import annotations

import pytest

from gigsim.validation.known import Known, Obtained, all_known, compared, counted

KNOWN = all_known()
NOT_HERE = {"V52", "V53", "V54"}


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_known_answer(known: Known) -> None:
    found = known.check()
    assert found.verdict == ("not applicable" if known.name in NOT_HERE else "passes"), found.text
    assert found == known.check(), "not the same twice"


def test_all_that_apply_are_there() -> None:
    trained = {17, 18, 49, 50, 51}
    apply = {*range(1, 6), 10, 11, 12, 14, 15, 16, *range(19, 24), 44, 45, 46, 55, 56}
    numbers = {known.number[0] for known in KNOWN}
    assert numbers == apply | {52, 53, 54}
    assert not numbers & trained
    assert [known.number for known in KNOWN] == sorted(known.number for known in KNOWN)


def test_numbers_agree_to_half_a_unit_of_the_last_digit() -> None:
    assert compared({"x": (0.10049, "0.100")}).passed
    assert not compared({"x": (0.10051, "0.100")}).passed
    assert not compared({"x": (0.1, "0.100"), "y": (32.4, "32.33")}).passed
    assert compared({"x": (0.5, "0.5")}, "so").text == "x = 0.5; so"


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
