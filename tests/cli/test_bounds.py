"""A theorem as numbers: known answers, the figure, and what is refused."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from gigsim.cli.bounds import _CLOSENESS
from gigsim.cli.bounds.figure import Drawing
from gigsim.theory.planting import Closeness
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


def test_a_closeness_may_be_written_with_either_dash(gigsim: Gigsim) -> None:
    assert get_args(Closeness) == _CLOSENESS
    for name in _CLOSENESS:
        arguments = [*V1, "--epsilon", "0.001", "--json", "--closeness"]
        plain, dashed = (gigsim(*arguments, one) for one in (name, name.replace("_", "-")))
        assert plain.code == 0
        assert dashed == plain


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("b.png", b"\x89PNG"),
        pytest.param("b.pdf", b"%PDF", marks=pytest.mark.slow),
        pytest.param("b.SVG", b"<?xml", marks=pytest.mark.slow),
    ],
)
def test_a_figure(gigsim: Gigsim, tmp_path: Path, name: str, start: bytes) -> None:
    epsilon = ["--epsilon", "0.01", "--closeness", "joint_tv"]
    done = gigsim(*V1, *epsilon, "--plot", name)
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / name).read_bytes().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("feature_label", ["ε = 0, ξ = 0.001, Δ = 1", "ε = 0.01 (joint_tv), derived"]),
        (
            "feature_only",
            [
                "ξ = 0.001, p = 0.05, ε = 0.01 (joint_tv), derived",
                "as the slides print it, ξ = 0.001, p = 0.05",
                "sharper form, derived",
            ],
        ),
    ],
)
def test_curves_are_named_by_where_they_are_from(
    gigsim: Gigsim, monkeypatch: pytest.MonkeyPatch, command: str, names: list[str]
) -> None:
    drawn: list[str] = []

    def draw(_: object, __: Path, drawing: Drawing) -> None:
        drawn.extend(curve.name for curve in drawing.curves)

    monkeypatch.setattr(import_module(f"gigsim.cli.bounds.{command}"), "draw", draw)
    how = ["--alpha", "0.1", "--epsilon", "0.01", "--closeness", "joint_tv", "--plot", "b.png"]
    more = ["--p", "0.05"] if command == "feature_only" else []
    assert gigsim("bounds", command, *how, *more).code == 0
    assert drawn == names


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
        # Before anything else is looked at.
        (["--alpha", "2", "--plot", "b.jpg"], "--plot: b.jpg cannot be written (its ending is"),
        (["--alpha", "0_1"], "--alpha: '0_1' is no list of numbers"),
        (["--alpha", ".٣"], "--alpha: '.٣' is no list of numbers"),
        (["--alpha", ".1", "--xi", "0_1"], "Invalid value for '--xi': '0_1' is no number"),
        (["--alpha", ".1", "--xi=٣"], "Invalid value for '--xi': '٣' is no number"),
        (["--alpha", ".1", "--xi", "nan"], "Invalid value for '--xi': 'nan' is no number"),
        (["--alpha", ".1", "--labels", "1_0"], "Invalid value for '--labels': '1_0' is no number"),
        (["--alpha", ".1", "--target", "Poet"], "--target: goes with --corpus"),
        (["--alpha", ".1", "--token", "※"], "--token: goes with --corpus"),
        (["--alpha", ".1", "--every", "20"], "--every: goes with --corpus"),
        (["--alpha", ".1", "--folds", "5"], "--folds: goes with --corpus"),
        (["--alpha", ".1", "--seed", "0"], "--seed: goes with --corpus"),
        (["--alpha", ".1", "--no-reserve"], "--no-reserve: goes with --corpus"),
        (["--alpha", ".1", "--corpus", ".", "--target", "Poet"], "--corpus: . is a folder"),
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


FEATURE_ONLY = ["bounds", "feature-only", "--p", "0.05", "--xi", "0.0001"]


def test_v3(gigsim: Gigsim) -> None:
    done = gigsim(*FEATURE_ONLY, "--alpha", "0.0019,0.019", "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert found["foot"] == pytest.approx(0.0019)
    assert found["critical_mass"]["0.9"] == pytest.approx(0.019)
    assert found["bound"] == pytest.approx([0, 0.9])
    assert all(a > b for a, b in zip(found["bound_sharp"], found["bound"], strict=True))
    assert found["theorem"] == "Hardt et al. (2023), Theorem 3"
    assert not found["evasive"]


def test_evasion_promises_more_and_says_that_it_is_derived(gigsim: Gigsim) -> None:
    found = json.loads(gigsim(*FEATURE_ONLY, "--alpha", "0.0019,1", "--evasive", "--json").out)
    # κ = (1 − 2p)ξ/p = .0018.
    assert found["bound"] == pytest.approx([1 - (1 - 0.0019) * 0.0018 / 0.0019, 1])
    assert found["bound_sharp"] == found["bound"]
    assert found["critical_mass"]["0.5"] == pytest.approx(0.0018 / 0.5018)
    assert "derived" in found["theorem"]


def test_feature_only_as_a_table(gigsim: Gigsim) -> None:
    arguments = ["--alpha", "0.1,1", "--p", "0.05", "--xi", "0.01"]
    done = gigsim("bounds", "feature-only", *arguments)
    for text in ("-0.900000", "0.810000", "sharper form", "19.0000 %", "38.0000 %", "none"):
        assert text in done.out
    assert "sharper form" not in gigsim("bounds", "feature-only", *arguments, "--evasive").out


def test_names_take_either_dash(gigsim: Gigsim) -> None:
    for name, rest in (("feature_label", V1[2:]), ("feature_only", [*FEATURE_ONLY[2:]])):
        extra = [] if name == "feature_label" else ["--alpha", "0.1"]
        spoken = gigsim("bounds", name, *rest, *extra)
        assert spoken.code == 0
        assert spoken == gigsim("bounds", name.replace("_", "-"), *rest, *extra)
    assert gigsim("bounds", "erasure").code == 2


def test_quiet_prints_the_bounds_alone(gigsim: Gigsim) -> None:
    assert gigsim(*V1, "--quiet").out == "0.001000\n0.901000\n0.991000\n"
    assert gigsim(*FEATURE_ONLY, "--alpha", "0.019", "-q").out == "0.900000\n"


@pytest.mark.parametrize(("success", "margin"), [("any", 0.8), ("top1", 0.9 - 0.1 / 9)])
def test_wrong_labels(gigsim: Gigsim, success: str, margin: float) -> None:
    arguments = [*V1, "--wrong-label", "0.1", "--success", success]
    found = json.loads(gigsim(*arguments, "--json").out)
    assert found["margin"] == pytest.approx(margin)
    assert found["bound"] == pytest.approx(
        [1 - (1 - a) / a * 0.001 / margin for a in (0.001, 0.01, 0.1)]
    )
    assert found["foot"] == pytest.approx(0.001 / (0.001 + margin))
    assert "10 % wrong labels" in gigsim(*arguments).out


@pytest.mark.parametrize("evasive", [[], ["--evasive"]])
def test_a_figure_of_theorem_3(gigsim: Gigsim, tmp_path: Path, evasive: list[str]) -> None:
    done = gigsim(*FEATURE_ONLY, "--alpha", "0.1", *evasive, "--plot", "b.svg", "--quiet")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "b.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["feature-only", "--alpha", ".1", "--p", "0"],
            "--p: 0: the theorem needs every x to have y* now and then; a number in (0, 1]",
        ),
        (
            ["feature-only", "--alpha", ".1", "--p", ".1", "--target", "Poet"],
            "--target: goes with --corpus",
        ),
        (["unplanting", "--alpha", ".1", "--naive"], "--adaptive/--naive: goes with --corpus"),
        (["erasing", "--alpha", ".1", "--tau", ".1", "--token", "w"], "--token: goes with"),
        (["feature-only", "--alpha", "0", "--p", ".1"], "--alpha: '0' is out of range"),
        (
            ["feature-only", "--alpha", ".1", "--p", ".1", "--plot", "b"],
            "--plot: b cannot be written (it has no ending)",
        ),
        (
            ["feature-label", "--alpha", ".1", "--wrong-label", ".5", "--success", "any"],
            "--wrong-label: with 0.5 the planted rows do not favour y*, and there is no bound; a"
            " number under 0.5 (any, 10 labels)",
        ),
        (
            ["feature_label", "--alpha", ".1", "--wrong-label", ".8", "--labels", "4"],
            "a number under 0.75 (top1, 4 labels)",
        ),
    ],
)
def test_bad_input_of_the_new_kind(
    gigsim: Gigsim, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = gigsim("bounds", *arguments)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert said in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["feature-label", "feature-only"])
def test_help_has_an_example_and_every_option(gigsim: Gigsim, command: str) -> None:
    out = gigsim("bounds", command, "--help").out
    assert f"Example: gigsim bounds {command}" in out
    for option in ("--json", "--quiet", "--plot", "--xi"):
        assert option in out
