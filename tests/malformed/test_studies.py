"""Malformed studies: one line that names the file, the key or the case, and what is allowed."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.experiments.study import load_study
from tests.malformed.studies import CSV, EVERYTHING, FILE, Malformed


def refused(study: Any) -> str:
    with pytest.raises(InputError) as caught:
        load_study(study)
    line = str(caught.value)
    assert line.isprintable()
    assert caught.value.allowed
    assert len(line) < 2000
    return line


def load_or_refuse(study: Any) -> None:
    """Anything else than one line for the user is a bug."""
    with contextlib.suppress(InputError):
        load_study(study)


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_they_are_counted() -> None:
    assert len(EVERYTHING) >= 100
    kinds = Counter(case.kind for case in EVERYTHING)
    assert min(kinds.values()) >= 5
    contents = Counter((case.content, case.csv) for case in EVERYTHING)
    assert max(contents.values()) == 1


@pytest.mark.parametrize(
    "case", EVERYTHING, ids=[f"{case.kind} {n}" for n, case in enumerate(EVERYTHING)]
)
def test_by_hand(case: Malformed) -> None:
    for name, content in ((FILE, case.content), (CSV, case.csv)):
        if content is not None:
            Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    line = refused(FILE)
    for part in case.said:
        assert part in line, (part, line)


def test_what_is_no_file() -> None:
    Path("folder").mkdir()
    os.mkfifo("pipe")
    for name, said in (
        ("nowhere.toml", "cannot be read (No such file or directory)"),
        ("folder", "is a folder"),
        ("pipe", "is not a file"),
        ("a\0b", "cannot be read"),
    ):
        assert said in refused(name)


def test_a_mapping_is_checked_alike() -> None:
    assert "study: name: required" in refused({})
    assert "study: replicates: 0: too small" in refused({"name": "x", "replicates": 0})
    assert "a NoneType" in refused({"name": "x", "seed": None})


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.dates()
    | st.sampled_from(["grid", "run.periods", "ring", 0, 1, 0.5, 10**30]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["run.periods", "run", "periods", "low", "high", "choices", "kind", ""]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(["name", "base", "config", "seed", "record", "set", "design", "limits"]),
        ANY,
        max_size=4,
    )
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_mapping_is_a_bug(study: dict[str, Any]) -> None:
    load_or_refuse({"name": "x"} | study)


@given(
    st.sampled_from(["grid", "zip", "list", "latin_hypercube", "sobol"]),
    ANY,
    st.sampled_from(["run.periods", "network.kind", "population.cost", "at", "population"]),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_design_is_a_bug(kind: str, value: Any, key: str) -> None:
    inside: dict[str, Any] = {
        "grid": {"values": {key: value}},
        "zip": {"values": {key: value}},
        "list": {"cases": [{key: value}]},
        "latin_hypercube": {"samples": 2, "ranges": {key: value}},
        "sobol": {"samples": 2, "ranges": {key: value}},
    }[kind]
    load_or_refuse({"name": "x", "design": {"kind": kind} | inside})
