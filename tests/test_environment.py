"""The machine and the libraries, and in what two of them differ."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from gigsim.environment import differences, environment


def test_it_names_what_decides_the_last_bits() -> None:
    found = environment()
    assert set(found) == {"python", "machine", "system", "cpu", "versions"}
    assert set(found["cpu"]) == {"model", "simd", "blas", "torch"}
    assert {"numpy", "scipy", "torch", "gigsim", "pyarrow"} <= set(found["versions"])
    assert found["cpu"]["blas"], "NumPy brings a BLAS library along"
    assert json.loads(json.dumps(found)) == found


def test_here_is_as_here() -> None:
    assert differences(environment(), environment()) == []


def changed(**cpu: Any) -> dict[str, Any]:
    found = copy.deepcopy(environment())
    found["cpu"] |= cpu
    return found


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ({"python": "2.7"}, "python 2.7, now"),
        ({"machine": "vax"}, "machine vax, now"),
        ({"versions": {**environment()["versions"], "numpy": "1.0"}}, "numpy 1.0, now"),
        ({"cpu": None}, "no CPU named"),
    ],
)
def test_what_differs(then: dict[str, Any], said: str) -> None:
    (line,) = differences(environment() | then, environment())
    assert line.startswith(said)


def test_a_library_that_is_gone_or_new() -> None:
    now = environment()
    then = copy.deepcopy(now)
    del then["versions"]["mesa"]
    then["versions"]["abacus"] = "1"
    found = differences(then, now)
    assert found == ["abacus 1, now none", f"mesa none, now {now['versions']['mesa']}"]


def test_a_cpu_that_can_less() -> None:
    (line,) = differences(changed(simd=["SSE2"]), environment())
    assert line.startswith("CPU as simd sees it SSE2, now ")
    (line,) = differences(changed(blas=["Nehalem"]), changed(blas=["Haswell"]))
    assert "Nehalem, now Haswell" in line
    assert differences(changed(torch="AVX2"), changed(torch="AVX512")) != []


def test_what_was_not_loaded_computed_nothing() -> None:
    assert differences(changed(torch=None), changed(torch="AVX512")) == []
    assert differences(changed(torch="AVX512"), changed(torch=None)) == []
    assert differences(changed(blas=["Haswell"]), changed(blas=["Haswell", "Other"])) == []


def test_the_name_on_the_cpu_is_for_people() -> None:
    assert differences(changed(model="Brand A"), changed(model="Brand B")) == []
