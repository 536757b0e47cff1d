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
    line = str(InputError(where, problem, allowed))
    assert len(line.splitlines()) <= 1
    assert line.isprintable()


def test_it_steers_no_terminal() -> None:
    line = str(InputError("a\x1b[31m\nb\u202e", "'\udc80'", "ξ, 漢"))
    assert line == "a\\x1b[31m b\\u202e: '\\udc80'; ξ, 漢"


def test_it_comes_back_from_a_worker_process_whole() -> None:
    error = pickle.loads(pickle.dumps(InputError("a", "b", "c")))
    assert (error.where, error.problem, error.allowed) == ("a", "b", "c")
