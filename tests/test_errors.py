from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from gigsim.errors import InputError


def test_it_says_where_what_and_what_is_allowed() -> None:
    error = InputError("platform.window", "0 is too few", "a whole number >= 1 is needed")
    assert str(error) == "platform.window: 0 is too few; a whole number >= 1 is needed"
    assert (error.where, error.problem) == ("platform.window", "0 is too few")
    assert error.allowed == "a whole number >= 1 is needed"


@given(st.text(), st.text(), st.text())
def test_it_is_one_line_whatever_is_put_in(where: str, problem: str, allowed: str) -> None:
    assert len(str(InputError(where, problem, allowed)).splitlines()) <= 1


def test_it_comes_back_from_a_worker_process_whole() -> None:
    error = pickle.loads(pickle.dumps(InputError("a", "b", "c")))
    assert (error.where, error.problem, error.allowed) == ("a", "b", "c")
