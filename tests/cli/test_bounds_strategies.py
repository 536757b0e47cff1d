"""``gigsim bounds`` for every strategy and setting: its forms, known answers, what is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigsim.cli.bounds.app import ALIASES
from gigsim.theory.epsilon import fitted_slack
from gigsim.theory.feature_only import feature_only_bound_quantile
from gigsim.theory.inverse import p_needed
from gigsim.theory.label_rules import linear_label
from gigsim.theory.planting import feature_label_bound
from gigsim.theory.statistical import statistical_bound_feature_label
from gigsim.theory.table_sample import table_success
from gigsim.theory.unplanting import unplanting_margin
from tests.cli.conftest import Done, Gigsim

# Each with the least that it needs, at two shares.
COMMANDS: dict[str, list[str]] = {
    "feature-label": ["--alpha", "0.01,0.1"],
    "feature-only": ["--alpha", "0.01,0.1", "--p", "0.05"],
    "unplanting": ["--alpha", "0.01,0.1", "--epsilon", "0.01", "--closeness", "joint-tv"],
    "erasing": ["--alpha", "0.1,0.5", "--tau", "0.05"],
    "regression": ["--alpha", "0.01,0.1", "--within", "0.1", "--value", "2", "--base-mean", "1"],
    "cancelling": ["--alpha", "0.05,0.1", "--base-gradient", "1", "--collective-gradient", "9"],
    "label-only": ["--alpha", "0.05,0.5", "--predictions", "1,0.2", "--true-labels", "0.5,0.4"],
    "gradient-control": ["--alpha", "0.2,0.5", "--gain", "0.8", "--within", "0.5"],
    "selected": ["--alpha", "0.01,0.1", "--ratio", "0.5"],
    "slack": ["--alpha", "0.01,0.1", "--mean", "0.05"],
    "coordination": ["--alpha", "0.01,0.1", "--abstaining", "0.2", "--wrong", "0.1"],
    "collectives": ["--alpha", "0.05,0.1", "--others", "0.1", "--conflict", "0.02"],
    "finite-sample": ["--alpha", "0.01,0.3"],
    "expected": ["--alpha", "0.0001,0.001"],
    "reweighting": ["--alpha", "0.01,0.1", "--member-weight", "2"],
    "private": ["--alpha", "0.3,0.5", "--base-norm", "0.25", "--within", "0.1"],
    "performative": ["--alpha", "0,0.2"],
}
# One figure of S over α, one of a distance over steps; the others are for `make check`.
_DRAWN_IN_A_HURRY = ("cancelling", "performative")


def answer(gigsim: Gigsim, *arguments: str) -> dict[str, Any]:
    done = gigsim("bounds", *arguments, "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert isinstance(found, dict)
    return found


def test_every_command_is_here(gigsim: Gigsim) -> None:
    listed = re.findall(r"^  ([a-z][a-z-]+) {2,}", gigsim("bounds", "--help").out, re.MULTILINE)
    assert listed == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_three_forms_of_an_answer(gigsim: Gigsim, command: str) -> None:
    arguments = [command, *COMMANDS[command]]
    found = answer(gigsim, *arguments)
    assert found["strategy"] == command
    assert found["theorem"]
    assert len(found["alpha"]) == 2
    lines = gigsim("bounds", *arguments, "--quiet").out.splitlines()
    assert len(lines) == 2
    table = gigsim("bounds", *arguments)
    assert (table.code, table.err) == (0, "")
    assert all(line in table.out for line in lines)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_that_run(gigsim: Gigsim, command: str) -> None:
    # Lines may be broken after a hyphen.
    text = re.sub(r"-\n +", "-", gigsim("bounds", command, "--help").out)
    out = re.sub(r"\s+", " ", text)
    for option in ("--alpha", "--json", "--quiet", "--plot"):
        assert option in out
    examples = re.findall(rf"Example: gigsim (bounds {command} .*?)(?= Example:| Options:)", out)
    assert examples
    for example in examples:
        if "--corpus" not in example and "--base base.csv" not in example:
            words = re.sub(r"--plot \S+", "", example).split()
            assert gigsim(*words, "--quiet").code == 0, example


@pytest.mark.parametrize(
    "command",
    [
        name
        if name in ("cancelling", "performative")
        else pytest.param(name, marks=pytest.mark.slow)
        for name in COMMANDS
    ],
)
def test_a_figure(gigsim: Gigsim, tmp_path: Path, command: str) -> None:
    done = gigsim("bounds", command, *COMMANDS[command], "--plot", "b.svg", "--quiet")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "b.svg").read_bytes().startswith(b"<?xml")


def test_importing_the_commands_costs_nothing() -> None:
    said = "import sys, gigsim.cli.bounds as b; b.bounds_app; print('numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_aliases(gigsim: Gigsim) -> None:
    for alias, name in ALIASES.items():
        arguments = COMMANDS[name]
        assert gigsim("bounds", alias, *arguments) == gigsim("bounds", name, *arguments)


def test_the_commands_in_the_documentation_run(gigsim: Gigsim) -> None:
    text = (Path(__file__).parents[2] / "docs" / "theory.md").read_text()
    commands = re.findall(r"^    gigsim (bounds .*)$", text, re.MULTILINE)
    assert len(commands) >= 6
    for command in commands:
        if "--corpus" not in command and "--plot" not in command:
            assert gigsim(*command.split()).code == 0, command


# Known answers.


def test_epsilon_asks_for_larger_collectives(gigsim: Gigsim) -> None:
    arguments = ["feature-label", "--alpha", "0.5", "--epsilon", "0.1", "--closeness", "joint-tv"]
    masses = answer(gigsim, *arguments)["critical_mass_epsilon"]
    assert masses["0.5"] == pytest.approx(0.4012, abs=5e-5)
    assert masses["0.9"] is None
    near = answer(gigsim, *arguments)
    assert near["foot_epsilon"] == pytest.approx((0.001 + 0.2) / 1.001)
    assert near["theorem"] == "derived (Theorem 1 at ε = 0)"
    table = gigsim("bounds", *arguments).out
    assert "ε = 0.1 (joint_tv))" in table
    assert table.count("bound above 0") == 2
    slides = answer(gigsim, *arguments[:-1], "slides")
    assert "critical_mass_epsilon" not in slides
    assert slides["valid"] is False
    assert slides["theorem"] == "the slides' formula, not valid"
    table = gigsim("bounds", *arguments[:-1], "slides").out
    assert table.startswith("The slides' formula, NOT a bound (ξ = 0.001, Δ = 1, ε = 0.1 (slides))")
    assert "S(α) is at least" not in table
    quiet = gigsim("bounds", *arguments[:-1], "slides", "--quiet")
    assert (quiet.code, quiet.out) == (0, "0.887889\n")
    assert quiet.err.startswith("warning: closeness slides")


def test_only_what_the_theorem_says_is_named_after_it(gigsim: Gigsim) -> None:
    near = ["--epsilon", "0.01", "--closeness", "joint-tv"]
    planting = ["feature-label", "--alpha", "0.1"]
    only = ["feature-only", "--alpha", "0.1", "--p", "0.05"]
    erasing = ["erasing", "--alpha", "0.1"]
    named = "derived (goal and strategy of Theorem 5)"
    for arguments, theorem in (
        (planting, "Hardt et al. (2023), Theorem 1"),
        ([*planting, "--wrong-label", "0.1"], "derived (Theorem 1 at μ = 1)"),
        ([*planting, *near, "--wrong-label", "0.1"], "derived (Theorem 1 at ε = 0 and μ = 1)"),
        (only, "Hardt et al. (2023), Theorem 3"),
        ([*only, *near], "derived (Theorem 3 at ε = 0)"),
        ([*only, "--evasive", "--below", "0.1"], "derived (evasive, relaxed form of Theorem 3)"),
        ([*erasing, "--tau", "0.1"], named),
        ([*erasing, "--deficit", "0.1"], named),
    ):
        assert answer(gigsim, *arguments)["theorem"] == theorem


def test_no_share_over_everybody(gigsim: Gigsim) -> None:
    found = answer(gigsim, "feature-only", "--alpha", "0.1", "--p", "0.05", "--xi", "0.1")
    assert found["foot"] is None
    assert set(found["critical_mass"].values()) == {None}
    near = ["--epsilon", "0.002", "--closeness", "joint-tv"]
    found = answer(gigsim, "feature-only", "--alpha", "0.1", "--p", "0.05", *near)
    assert found["foot_epsilon"] == pytest.approx((0.95 * 0.001 + 0.004) / 0.05)


@pytest.mark.parametrize(
    ("closeness", "rate", "joint"),
    [
        ("joint_tv", 0.02, True),
        ("joint_contamination", 0.01 / 0.99, True),
        ("conditional_tv", 0.02, False),
        ("conditional_contamination", 0.01 / 0.99, False),
        ("additive_slack", 0.01, False),
    ],
)
def test_where_forms_with_epsilon_are_vacuous(
    gigsim: Gigsim, closeness: str, rate: float, joint: bool
) -> None:
    # As docs/theory.md states it, with κ = ξΔ and μ = 0.8.
    xi, gap, margin = 0.01, 0.5, 0.8
    how = ["--epsilon", "0.01", "--closeness", closeness, "--wrong-label", "0.1"]
    numbers = ["--alpha", "0.1", "--xi", "0.01", "--gap", "0.5", "--success", "any"]
    foot = answer(gigsim, "feature-label", *numbers, *how)["foot_epsilon"]
    if joint:
        assert foot == pytest.approx((xi * gap + rate) / (xi * gap + margin))
    else:
        turned = xi * (gap + rate)
        assert foot == pytest.approx(turned / (turned + margin - rate))
    tau = ["--alpha", "0.1", "--tau", "0.05", "--reach", "0.5", "--success", "any"]
    found = answer(gigsim, "erasing", *tau, *how)["foot"]
    assert found == pytest.approx((0.1 + rate) / (0.1 + margin))


def test_kappa_in_place_of_xi_and_gap(gigsim: Gigsim) -> None:
    shares = ["feature-label", "--alpha", "0.02,0.1"]
    found = answer(gigsim, *shares, "--kappa", "0.01", "--want", "0.9")
    assert found["bound"] == pytest.approx([0.51, 0.91])
    assert found["bound"] == answer(gigsim, *shares, "--xi", "0.01")["bound"]
    assert "averaged" in found["theorem"]
    assert [row["kappa"] for row in found["needed"]] == pytest.approx([0.1 * 1 / 49, 0.1 / 9])


def test_v14_random_labels_help_feature_only(gigsim: Gigsim) -> None:
    arguments = ["feature-only", "--alpha", "1", "--xi", "0.001", "--p", "0"]
    found = [answer(gigsim, *arguments, "--random-labels", rho) for rho in ("0.01", "0.1", "0.3")]
    scales = [(1 - one["p"]) / one["p"] for one in found]
    assert scales == pytest.approx([999, 99, 32.33], rel=1e-3)
    feet = [one["foot"] for one in found]
    assert feet == sorted(feet, reverse=True)


def test_feature_only_relaxed_and_backwards(gigsim: Gigsim) -> None:
    arguments = ["feature-only", "--alpha", "0.1", "--p", "0.05", "--xi", "0.001"]
    relaxed = answer(gigsim, *arguments, "--below", "0.1")
    assert relaxed["bound"] == pytest.approx([0.7])
    assert relaxed["critical_mass_relaxed"]["0.9"] is None
    assert relaxed["critical_mass_relaxed"]["0.5"] == pytest.approx(0.001 / (0.05 * 0.4))
    row = answer(gigsim, *arguments, "--want", "0.9")["needed"][0]
    assert row["p"] == pytest.approx(float(p_needed(0.9, 0.1, xi=0.001)))
    close = ["--epsilon", "0.001", "--closeness", "joint-tv"]
    near = answer(gigsim, "feature-only", "--alpha", "0.1", "--p", "0.05", "--xi", "1e-4", *close)
    assert near["bound"] == pytest.approx([0.581], abs=5e-4)
    both = answer(gigsim, *arguments, "--below", "0.1", *close)["bound"]
    how: Any = {"p": 0.05, "q": 0.1, "xi": 0.001, "epsilon": 0.001, "closeness": "joint_tv"}
    assert both == pytest.approx([float(feature_only_bound_quantile(0.1, **how))])


def test_unplanting_is_planting_with_the_roles_exchanged(gigsim: Gigsim) -> None:
    numbers = ["--alpha", "0.01,0.1", "--xi", "0.01", "--gap", "0.5"]
    one, other = (answer(gigsim, name, *numbers) for name in ("unplanting", "feature-label"))
    assert one["bound"] == other["bound"]
    erring = answer(gigsim, "unplanting", *numbers, "--wrong-label", "0.1", "--labels", "11")
    assert erring["margin"] == pytest.approx(float(unplanting_margin(0.1, "top1", 11)))


def test_v55_erasing_a_signal_that_says_nothing(gigsim: Gigsim) -> None:
    assert answer(gigsim, "erasing", "--alpha", "0.001,1", "--tau", "0")["bound"] == [1, 1]
    found = answer(gigsim, "erasing", "--alpha", "0.5", "--tau", "0.05", "--want", "0.9")
    assert found["bound"] == pytest.approx([0.9])
    assert found["critical_mass"]["0.9"] == pytest.approx(0.5)
    assert found["needed"][0]["tau"] == pytest.approx(0.05)
    halves = ["--deficit", "0.08", "--deficit-cleaned", "0.02"]
    assert answer(gigsim, "erasing", "--alpha", "0.5", *halves)["bound"] == pytest.approx([0.9])


def test_regression(gigsim: Gigsim) -> None:
    numbers = ["--alpha", "0.1", "--xi", "0.01", "--error", "5"]
    found = answer(gigsim, "regression", *numbers, "--within", "0.45")
    assert found["bound"] == pytest.approx([0.45])
    assert found["bound_sharp"] == pytest.approx([0.412844], abs=1e-6)
    assert found["critical_mass"]["0.45"]["linear"] == pytest.approx(0.1)
    reports = ["--alpha", "0.1", "--xi", "0.1", "--value", "13", "--base-mean", "3"]
    assert answer(gigsim, "regression", *reports)["report"] == pytest.approx([22.0])


def test_v19_and_v21_cancelling(gigsim: Gigsim) -> None:
    norms = ["--base-gradient", "1", "--collective-gradient", "9"]
    found = answer(gigsim, "cancelling", "--alpha", "0.05,0.1,0.5", *norms, "--within", "0.5")
    assert found["critical_mass"] == 0.1
    assert found["bound"] == pytest.approx([0.5, 0, 0])
    assert found["deviating"] == pytest.approx([1, 1, 0.2])
    assert found["critical_mass_within"]["0.5"] == pytest.approx(0.05)
    thrice = ["--base-gradient", "1", "--collective-gradient", "2"]
    assert answer(gigsim, "cancelling", "--alpha", "0.1", *thrice)["critical_mass"] == (
        pytest.approx(1 / 3)
    )


def test_cancelling_with_gradients_in_files(gigsim: Gigsim, tmp_path: Path) -> None:
    np.savetxt(tmp_path / "base.csv", [[0.5], [1.5]], delimiter=",")
    np.save(tmp_path / "pool.npy", np.array([[-9.0], [3.0]]))
    files = ["--base", "base.csv", "--pool", "pool.npy"]
    found = answer(gigsim, "cancelling", "--alpha", "0.05,0.2", *files)
    assert found["critical_mass"] == pytest.approx(0.1)
    assert found["t"] == pytest.approx(9)
    assert found["bound"] == pytest.approx([0.5, 0], abs=1e-8)
    assert found["deviating"] == pytest.approx([1, 0.5])
    assert found["base_gradient_error"] == pytest.approx(0.5)
    # In two dimensions no edit of this pool points exactly against the base.
    np.savetxt(tmp_path / "base.csv", [[1.0, 0.0]], delimiter=",")
    np.save(tmp_path / "pool.npy", np.array([[-3.0, 1.0]]))
    near = answer(gigsim, "cancelling", "--alpha", "0.1,0.2", *files)
    assert near["critical_mass"] is near["collective_gradient"] is None
    assert near["bound"][1] < near["bound"][0] < 1
    assert gigsim("bounds", "cancelling", "--alpha", "0.1", *files, "--within", "0.1").code == 2


def test_v20_labels_of_the_label_only_rule(gigsim: Gigsim) -> None:
    people = ["--predictions", "1,0.2", "--true-labels", "0.5,0.4"]
    found = answer(gigsim, "label-only", "--alpha", "0.05,0.5", *people)
    expected = linear_label([1, 0.2], [0.5, 0.4], np.array([[0.05], [0.5]]))
    assert np.allclose(found["reports"], expected)
    assert found["critical_mass"] == 0
    logistic = ["--model", "logistic", "--predictions", "0.3,0.8", "--true-labels", "0,1"]
    found = answer(gigsim, "label-only", "--alpha", "0.25,0.4", *logistic)
    assert found["critical_mass"] == pytest.approx(0.3)
    assert found["feasible"] == [0.5, 1.0]


def test_v22_gradient_control(gigsim: Gigsim) -> None:
    step = ["--alpha", "0.2", "--eta", "0.1", "--gain", "0.8", "--steps", "50"]
    found = answer(gigsim, "gradient-control", *step, "--within", "0.5")
    assert found["rate"] == pytest.approx([0.984])
    assert found["bound"] == pytest.approx([0.4464], abs=5e-5)
    assert found["steps_needed"]["0.5"] == [43]
    path = ["--base-norms", "0,1,0.5", "--reach", "3"]
    found = answer(gigsim, "gradient-control", "--alpha", "0.2,0.5", *path)
    assert found["path_condition"] == pytest.approx(0.25)
    assert found["bound"][0] is None
    assert found["gain"] == pytest.approx([0, 2.0])


def test_v23_performative(gigsim: Gigsim) -> None:
    found = answer(gigsim, "performative", "--mean", "1", "--levels", "0.5,0.5", "--psi", "-0.5")
    assert found["stable_point"] == 2
    assert (found["rate_level_1"], found["rate_levels"]) == (0.5, 0.375)
    assert found["participation_slope"]["slope"] == [0.5]
    second = answer(gigsim, "performative", "--levels", "0,1")
    assert second["rate_levels"] == 0.25
    wild = ["performative", "--alpha", "0,0.5", "--sensitivity", "1.2"]
    found = answer(gigsim, *wild)
    assert found["rate"] == pytest.approx([1.2, 0.6])
    assert found["bound"] == [None, pytest.approx(0.6**10)]
    assert "promises nothing" in gigsim("bounds", *wild).out
    assert answer(gigsim, "performative", "--sensitivity", "1")["bound"] == [None]


def test_v44_to_v46_collectives(gigsim: Gigsim) -> None:
    unique = ["collectives", "--kappa", "0"]
    larger = answer(gigsim, *unique, "--alpha", "0.2", "--others", "0.1")
    assert larger["bound"] == pytest.approx([0.5])
    smaller = answer(gigsim, *unique, "--alpha", "0.1", "--others", "0.2")
    assert smaller["bound"][0] <= 0
    apart = answer(
        gigsim,
        "collectives",
        "--alpha",
        "0.1",
        "--others",
        "0.2",
        "--conflict",
        "0",
        "--xi",
        "0.01",
    )
    # (1 − Σα) of the base against us: the averaged form at α/(1 − others).
    assert apart["bound"] == pytest.approx([1 - 0.7 * 0.01 / 0.1])
    assert apart["bound_apart"] == pytest.approx(apart["bound"])
    assert apart["bound_together"] == pytest.approx([1 - 0.7 / 0.3 * 0.01])


def test_selected_members_are_promised_less(gigsim: Gigsim) -> None:
    found = answer(gigsim, "selected", "--alpha", "0.1", "--xi", "0.01", "--ratio", "0.5")
    assert found["bound"] == pytest.approx([0.82])
    assert found["bound_unselected"] == pytest.approx([0.91])
    far = answer(gigsim, "selected", "--alpha", "0.1", "--xi", "0.01", "--distance", "0.2")
    assert far["bound"] == pytest.approx([0.71])


def test_slack_measured_and_fitted(gigsim: Gigsim) -> None:
    numbers = ["slack", "--alpha", "0.1", "--xi", "0.01"]
    assert answer(gigsim, *numbers, "--mean", "0.05")["bound"] == pytest.approx([0.8555])
    known = answer(gigsim, *numbers, "--most", "0.1", "--but", "0.02")
    assert known["bound"] == pytest.approx([0.87])
    fitted = answer(gigsim, *numbers, "--fit", "0.8")
    assert fitted["bound"] == pytest.approx([0.8])
    assert fitted["mean_slack"] == pytest.approx(float(fitted_slack(0.8, 0.1, xi=0.01, kappa=0.01)))
    assert fitted["kind"] == "fitted"
    assert "certifies nothing" in gigsim("bounds", *numbers, "--fit", "0.8").out


def test_coordination_noise(gigsim: Gigsim) -> None:
    numbers = ["coordination", "--alpha", "0.1", "--xi", "0.01"]
    noisy = answer(gigsim, *numbers, "--abstaining", "0.2", "--wrong", "0.1")
    assert noisy["bound"] == pytest.approx([0.85625])
    assert noisy["break_even"]["abstain"] == pytest.approx([1 / 7])
    any_law = answer(gigsim, *numbers, "--noise", "0.1", "--conflict", "0.5")
    assert any_law["bound"] == pytest.approx([0.844444], abs=1e-6)


def test_finite_samples(gigsim: Gigsim) -> None:
    found = answer(gigsim, "finite-sample", "--alpha", "0.01,0.1,0.3")
    expected = statistical_bound_feature_label(
        [0.01, 0.1, 0.3],
        planted=[1.0],
        deficits=[0.001],
        labels=10,
        population=25_000,
        test=5_000,
    )
    assert found["bound"] == pytest.approx(expected.tolist())
    assert 0.01 < found["critical_mass"]["0.5"] < 0.1
    two = ["--weights", "0.5,0.5", "--deficits", "0.1,-0.3", "--labels", "2", "--alpha", "0.05,0.4"]
    erased = [*two, "--cleaned", "1,1", "--label-gap", "0.3"]
    found = answer(gigsim, "finite-sample", "--strategy", "erasing", *erased)
    assert found["bound"] == pytest.approx([0.427, 0.959], abs=5e-4)
    for more in (["--strategy", "unplanting", "--estimating", "auto"],):
        assert answer(gigsim, "finite-sample", *two, *more)["bound"][1] > 0.9
    only = ["--strategy", "feature-only", "--planted", "0.1,0.1", "--rivals", "0.01,0.01"]
    leaves = answer(gigsim, "finite-sample", *two, *only[:4])["bound"]
    stays = answer(gigsim, "finite-sample", *two, *only)["bound"]
    assert all(a <= b for a, b in zip(stays, leaves, strict=True))


def test_expected_success(gigsim: Gigsim) -> None:
    found = answer(gigsim, "expected", "--alpha", "0.01", "--population", "100", "--xi", "0.01")
    assert found["expected"] == pytest.approx([0.99**99])
    table = ["--learner", "table", "--target-share", "0.2", "--alpha", "0.001"]
    found = answer(gigsim, "expected", *table)
    success = table_success(
        [0.001], [1.0], [[0.2, 0.8]], 0, population=25_000, xi=0.001, ties="strict"
    )
    assert found["expected"] == pytest.approx(success.mean.tolist())


def test_reweighting(gigsim: Gigsim) -> None:
    found = answer(gigsim, "reweighting", "--alpha", "0.1", "--lambda", "5", "--member-error", "1")
    assert found["effective_share"] == pytest.approx([0.5 / 1.4])
    assert found["bound"] == pytest.approx([float(feature_label_bound(0.5 / 1.4, xi=0.001, gap=1))])
    twice = answer(gigsim, "reweighting", "--alpha", "0.1", "--member-weight", "2", "--xi", "0.01")
    share = twice["critical_mass"]["0.9"]
    assert 2 * share / (2 * share + 1 - share) == pytest.approx(0.01 / 0.11)


def test_private(gigsim: Gigsim) -> None:
    how = ["--steps", "200", "--dimension", "4", "--batch", "500", "--base-norm", "0.25"]
    found = answer(gigsim, "private", "--alpha", "0.5,0.2", *how, "--within", "0.05")
    assert found["bound"] == [pytest.approx(0.0041, abs=5e-5), None]
    noisier = answer(gigsim, "private", "--alpha", "0.5", *how, "--noise", "2", "--within", "0.05")
    assert noisier["critical_mass_within"]["0.05"] == pytest.approx(0.3328, abs=5e-5)
    assert noisier["bound"][0] > found["bound"][0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("feature-label --alpha .1 --kappa .1 --xi .1", "--xi: does not go with --kappa"),
        ("feature-label --alpha .1 --want 1", "--want: '1' is out of range; numbers in [0, 1)"),
        (
            "feature-label --alpha .1 --want .9 --epsilon .1 --closeness slides",
            "--want: closeness slides is no valid bound, it promises nothing",
        ),
        ("feature-only --alpha .1", "--p: is needed (or --corpus with --target)"),
        ("unplanting --alpha .1 --epsilon .1 --closeness slides", "--closeness: 'slides'; one of"),
        ("erasing --alpha .1", "--tau: or --deficit is needed"),
        ("erasing --alpha .1 --tau .1 --epsilon .1 --closeness joint-tv", "--reach: closeness"),
        ("regression --alpha .1 --value 1", "--value: goes with --base-mean"),
        ("regression --alpha .1 --within -1", "--within: '-1' is out of range"),
        ("cancelling --alpha .1 --base-gradient 1", "--base-gradient: is needed with"),
        ("cancelling --alpha .1 --base . --pool .", "--base: . is a folder"),
        ("cancelling --alpha .1 --base no.csv --pool no.npy", "--base: no.csv cannot be read"),
        ("label-only --alpha .1 --predictions 1 --true-labels 1,2", "2 of them for 1 predictions"),
        (
            "label-only --alpha .1 --model logistic --predictions 2 --true-labels 1",
            "--predictions: '2' is out of range",
        ),
        ("gradient-control --alpha .1", "--gain: is needed"),
        ("gradient-control --alpha .1 --base-norms 1,2", "--reach: is needed"),
        ("gradient-control --alpha .1 --base-norms 1 --reach 2", "--base-norms: one place is no"),
        ("gradient-control --alpha .1 --gain 1 --eta 0", "--eta: must be more than 0"),
        ("gradient-control --alpha 1 --gain 11", "--gain: 11 is not in (0, 1/(αη)]"),
        ("selected --alpha .1", "--ratio: or --distance is needed"),
        ("selected --alpha .1 --ratio .5 --distance .5", "--distance: does not go with --ratio"),
        ("slack --alpha .1", "--mean: or --most or --fit is needed"),
        ("slack --alpha .1,.2 --fit .5", "--alpha: --fit takes one share"),
        ("coordination --alpha .1 --noise .1 --wrong .1", "--wrong: does not go with --noise"),
        ("coordination --alpha .1 --times-size 1", "--times-size: 1 is not over 1"),
        ("collectives --alpha .5 --others .6", "--alpha: with --others 0.6 they exceed 1"),
        ("collectives --alpha .1 --others .1 --conflict .2", "--conflict: 0.2 is over --others"),
        ("finite-sample --alpha .1 --cleaned 0", "--cleaned: has no meaning for feature-label"),
        ("finite-sample --alpha .1 --strategy erasing", "--cleaned: is needed for erasing"),
        ("finite-sample --alpha .1 --weights .9,.9", "--weights: they sum to 1.8; at most 1"),
        ("finite-sample --alpha .1 --weights .5 --planted .6", "--planted: over --weights"),
        (
            "finite-sample --alpha .1 --strategy feature-only --planted .6 --rivals .5",
            "--rivals: with --planted over --weights",
        ),
        (
            "finite-sample --alpha .1 --strategy erasing --weights .5,.5 --cleaned 1,0",
            "--cleaned: '1,0': a text that others become",
        ),
        (
            "finite-sample --alpha .1 --strategy erasing --weights .5,.5 --cleaned 1,.5",
            "--cleaned: '1,.5' for 2 texts",
        ),
        ("finite-sample --alpha .1 --strategy unplanting --estimating ²", "--estimating: '²'"),
        ("finite-sample --alpha .1 --planted .1,.2", "--planted: 2 numbers for 1 texts"),
        (
            "finite-sample --alpha .1 --strategy unplanting --estimating many",
            "--estimating: 'many'",
        ),
        ("expected --alpha .1 --deficits 2", "--deficits: '2' is out of range"),
        ("reweighting --alpha .1", "--lambda: or --member-weight is needed"),
        (
            "reweighting --alpha .1 --lambda 0 --member-error 1 --other-error 1",
            "with --lambda 0 and errors 1",
        ),
        ("private --alpha .1 --clip 0", "--clip: must be more than 0"),
        ("performative --levels .5,.6", "shares of the levels must sum to 1"),
        ("performative --mean 1 --sensitivity 1.2", "--mean: retraining leads to no stable point"),
        ("performative --levels .5,.5 --sensitivity 1.2", "--levels: nothing is known of them"),
        ("performative --alpha 2", "--alpha: '2' is out of range"),
    ],
)
def test_bad_input_is_one_line_and_two(gigsim: Gigsim, arguments: str, said: str) -> None:
    done: Done = gigsim("bounds", *arguments.split())
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("error: ")
    assert said in done.err
