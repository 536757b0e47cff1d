"""The figure of curves: whose line the theorem is."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from gigsim.curves.arm import Arm
from gigsim.curves.figure import curve_figure
from gigsim.curves.jobs import curve_jobs
from gigsim.curves.plan import Plan
from gigsim.curves.run import run_curve_job
from gigsim.curves.summary import critical_masses, summarise
from tests.curves.plans import small_config


def drawn(ways: Sequence[str]) -> Figure:
    config = small_config(**{"platform.learner": {"kind": "linear"}})
    arms = [
        Arm(
            name=f"{k} {way}", config=config, alphas=(0.0, 0.05, 0.2), seeds=(1, 2), recruitment=way
        )
        for k, way in enumerate(ways)
    ]
    return curve_figure(arms, *tables(arms))


def tables(arms: Sequence[Arm]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rows, summary and lines of theory."""
    done = [run_curve_job(job, lambda _: None) for job in curve_jobs(arms)]
    rows = pd.concat([outcome.rows for outcome in done], ignore_index=True)
    lines = pd.concat([outcome.theory for outcome in done], ignore_index=True)
    if lines.empty:
        lines = pd.DataFrame(columns=["arm", "name", "alpha"])
    return rows, summarise(rows), lines


def theorems(figure: Figure) -> list[str]:
    (legend,) = figure.legends
    return [text.get_text() for text in legend.get_texts() if "nominal" in text.get_text()]


@pytest.mark.parametrize(
    ("ways", "says"),
    [
        (["random"], "may fall below)"),
        (["random", "random"], " (first curve)"),
        (["hub", "random"], " (members drawn at random)"),
        (["hub", "random", "random"], " (members drawn at random, first such curve)"),
    ],
    ids=str,
)
def test_the_theorem_is_of_a_random_curve_and_says_so(ways: list[str], says: str) -> None:
    (label,) = theorems(drawn(ways))
    assert says in label


def test_without_a_random_curve_there_is_no_line() -> None:
    assert theorems(drawn(["hub", "skill"])) == []


def test_where_members_abstain_points_lie_with_theory_at_the_share_who_follow() -> None:
    world = {
        "platform.learner": {"kind": "bayes"},
        "collective.strategy": "feature_only",
        "measure.success": "any",
        "population.size": 2000,
        "corpus.test_size": 300,
        "corpus.xi": 0.01,
        "measure.success_target": 0.2,
    }
    arms = [
        Arm(
            name=f"{abstain}",
            config=small_config(**world, **{"collective.abstain": abstain}),
            alphas=(0.0, 0.01, 0.05, 0.2, 0.5, 1.0),
            seeds=(1, 2, 3),
        )
        for abstain in (0.0, 0.8)
    ]
    rows, summary, lines = tables(arms)
    idle = rows["arm"] == 1
    figure = curve_figure(arms, rows[idle], summary[summary["arm"] == 1], lines)
    (axes,) = (axes for axes in figure.axes if axes.get_visible())
    assert "who follow" in axes.get_xlabel()
    (bars,) = axes.containers
    assert isinstance(bars, ErrorbarContainer)
    shown = summary[(summary["arm"] == 1) & (summary["alpha_effective"] > 0)]
    assert bars.lines[0].get_xdata() == pytest.approx(shown["alpha_effective"].to_numpy())
    # The exact classifier's line goes through its trainings where they are drawn, and not at α.
    line = lines[lines["arm"] == 1]
    for column, near in (("alpha_effective", True), ("alpha", False)):
        said = np.interp(rows.loc[idle, column], line["alpha"], line["exact_any"])
        apart = np.abs(said - rows.loc[idle, "success"].to_numpy()).max()
        assert apart < 0.01 if near else apart > 0.1
    # S = .2 takes one share of people who do something, however many there are beside them.
    masses = [
        mass["alpha_platform"]["number"]
        for mass in critical_masses(rows, Plan(name="both", arms=tuple(arms)))
    ]
    assert masses[1] == pytest.approx(masses[0], rel=0.1)


def test_a_collective_that_nobody_follows_is_drawn_as_such() -> None:
    keys = {"platform.learner": {"kind": "bayes"}, "collective.abstain": 0.9999}
    arms = [Arm(name="idle", config=small_config(**keys), alphas=(0.0, 0.05), seeds=(1,))]
    figure = curve_figure(arms, *tables(arms))
    figure.savefig(io.BytesIO())
    (axes,) = (axes for axes in figure.axes if axes.get_visible())
    assert [text.get_text() for text in axes.texts] == ["nobody follows at any size"]
