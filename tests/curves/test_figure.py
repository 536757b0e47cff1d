"""The figure of curves: whose line the theorem is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from matplotlib.figure import Figure

from gigsim.curves.arm import Arm
from gigsim.curves.figure import curve_figure
from gigsim.curves.jobs import curve_jobs
from gigsim.curves.run import run_curve_job
from gigsim.curves.summary import summarise
from tests.curves.plans import small_config


def drawn(ways: Sequence[str]) -> Figure:
    import pandas as pd

    config = small_config(**{"platform.learner": {"kind": "linear"}})
    arms = [
        Arm(
            name=f"{k} {way}", config=config, alphas=(0.0, 0.05, 0.2), seeds=(1, 2), recruitment=way
        )
        for k, way in enumerate(ways)
    ]
    done = [run_curve_job(job, lambda _: None) for job in curve_jobs(arms)]
    rows = pd.concat([outcome.rows for outcome in done], ignore_index=True)
    lines = pd.concat([outcome.theory for outcome in done], ignore_index=True)
    if lines.empty:
        lines = pd.DataFrame(columns=["arm", "name", "alpha"])
    return curve_figure(arms, rows, summarise(rows), lines)


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
