"""A theorem as numbers: known answers, the figure, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Gigsim

V1 = ["bounds", "feature-label", "--alpha", "0.001,0.01,0.1", "--xi", "0.001"]


def test_v1_as_json(gigsim: Gigsim) -> None:
    done = gigsim(*V1, "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert found["foot"] == pytest.approx(0.000999, abs=5e-7)
    masses = {goal: round(mass, 6) for goal, mass in found["critical_mass"].items()}
    assert masses == {"0.5": 0.001996, "0.9": 0.009901, "0.99": 0.090909}
    assert found["alpha"] == [0.001, 0.01, 0.1]
    assert found["bound"] == pytest.approx([0.001, 0.901, 0.991])
    assert (found["xi"], found["gap"], found["epsilon"]) == (0.001, 1.0, 0.0)
    assert found["closeness"] is None
    assert "Theorem 1" in found["theorem"]


def test_v1_as_a_table(gigsim: Gigsim) -> None:
    done = gigsim(*V1)
    assert (done.code, done.err) == (0, "")
    for number in ("0.001000", "0.901000", "0.991000", "0.0999 %", "0.1996 %", "0.9901 %"):
        assert number in done.out


def test_v2(gigsim: Gigsim) -> None:
    arguments = ["--alpha", "0.5", "--xi", "0.02", "--gap", "0.5", "--json"]
    found = json.loads(gigsim("bounds", "feature-label", *arguments).out)
    masses = {goal: round(mass, 6) for goal, mass in found["critical_mass"].items()}
    assert masses == {"0.5": 0.019608, "0.9": 0.090909, "0.99": 0.5}


def test_v10_and_the_form_that_is_not_valid(gigsim: Gigsim) -> None:
    """α = .1, ξ = 0, joint TV .05: the valid bound is 0, the slides' promises .947."""
    bounds = {}
    for closeness in ("joint_tv", "slides"):
        arguments = ["--alpha", "0.1", "--xi", "0", "--epsilon", "0.05", "--closeness", closeness]
        found = json.loads(gigsim("bounds", "feature-label", *arguments, "--json").out)
        bounds[closeness] = found["bound"][0]
    assert bounds["joint_tv"] == pytest.approx(0)
    assert bounds["slides"] == pytest.approx(0.947, abs=5e-4)
    assert "not valid" in gigsim("bounds", "feature-label", "--help").out


@pytest.mark.parametrize(
    ("name", "start"), [("b.png", b"\x89PNG"), ("b.pdf", b"%PDF"), ("b.svg", b"<?xml")]
)
def test_a_figure(gigsim: Gigsim, tmp_path: Path, name: str, start: bytes) -> None:
    epsilon = ["--epsilon", "0.01", "--closeness", "joint_tv"]
    done = gigsim(*V1, *epsilon, "--plot", name)
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / name).read_bytes().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--alpha", "0"], "--alpha: '0' is out of range; numbers in (0, 1]"),
        (["--alpha", "0.1,1.1"], "--alpha: '0.1,1.1' is out of range"),
        (["--alpha", "nan"], "--alpha: 'nan' is out of range"),
        (["--alpha", "ten"], "--alpha: 'ten' is no list of numbers"),
        (["--alpha", "0.1;0.2"], "--alpha: '0.1;0.2' is no list of numbers"),
        (["--alpha", ""], "--alpha: '' is no list of numbers"),
        (
            ["--alpha", ".1", "--epsilon", ".1"],
            "--closeness: --epsilon 0.1 needs one; one of: joint_tv",
        ),
        (["--alpha", ".1", "--closeness", "foo"], "--closeness: 'foo'; one of: joint_tv"),
        (
            ["--alpha", ".1", "--epsilon", ".6", "--closeness", "conditional_tv"],
            "conditional_tv needs epsilon in [0, 0.5), got 0.6",
        ),
        (
            ["--alpha", ".1", "--epsilon", ".1", "--closeness", "slides", "--plot", "b.png"],
            "--plot: closeness slides is no valid bound and is not drawn",
        ),
        (["--alpha", ".1", "--plot", "b.xyz"], "--plot: b.xyz cannot be written"),
        (["--alpha", ".1", "--plot", "no/b.png"], "--plot: no/b.png cannot be written"),
        (["--alpha", ".1", "--plot", "."], "--plot: . cannot be written"),
        (
            ["--alpha", ".1", "--plot", "bound"],
            "--plot: bound cannot be written (it has no ending)",
        ),
    ],
)
def test_bad_input_is_one_line_and_two(
    gigsim: Gigsim, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = gigsim("bounds", "feature-label", *arguments)
    assert done.code == 2
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("error: ")
    assert said in done.err
    assert list(tmp_path.iterdir()) == []
