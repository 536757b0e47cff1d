"""The figure of a study, as a function of its table of runs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from gigsim.plots.study import mean_interval, study_overview


def table(values: list[Any], second: list[Any] | None = None, replicates: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        {"case": case, "x": x, "y": y, "alpha": rng.random(), "success_top1": rng.random()}
        for case, (x, y) in enumerate((x, y) for x in values for y in second or [0])
        for _ in range(replicates)
    ]
    return pd.DataFrame(rows)


def means(axes: Axes) -> list[np.ndarray]:
    """What is drawn with error bars: the means."""
    return [np.asarray(bars[0].get_ydata()) for bars in axes.containers]


def test_points_and_means() -> None:
    runs = table([1, 2, 4])
    figure = study_overview("leak", runs, ["x"], "top1")
    success, alpha = figure.axes
    for axes, column in ((success, "success_top1"), (alpha, "alpha")):
        points = axes.lines[0]
        np.testing.assert_array_equal(points.get_ydata(), runs[column])
        np.testing.assert_array_equal(points.get_xdata(), runs["x"])
        (drawn,) = means(axes)
        np.testing.assert_allclose(drawn, runs.groupby("x")[column].mean())
        assert axes.get_xlabel() == "x"
        assert axes.get_xscale() == "linear"


def test_the_second_key_has_colours() -> None:
    axes = study_overview("leak", table([1, 2], ["a", "b"]), ["x", "y"], "top1").axes[1]
    assert len(means(axes)) == 2
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["y = a", "y = b"]


def test_too_many_are_drawn_together() -> None:
    axes = study_overview("leak", table([1, 2], list(range(9))), ["x", "y"], "top1").axes[1]
    assert len(means(axes)) == 1


def test_wide_ranges_and_names() -> None:
    assert study_overview("s", table([0.01, 1.0]), ["x"], "top1").axes[0].get_xscale() == "log"
    assert study_overview("s", table([0.0, 1.0]), ["x"], "top1").axes[0].get_xscale() == "linear"
    axes = study_overview("s", table(["linear", "bayes"]), ["x"], "top1").axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["linear", "bayes"]
    axes = study_overview("s", table([True, False], [1, 2]), ["x", "y"], "top1").axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["True", "False"]


def test_one_replicate_has_no_interval() -> None:
    figure = study_overview("s", table([1, 2], replicates=1), ["x"], "top1")
    assert len(means(figure.axes[0])[0]) == 2


def test_the_interval_covers() -> None:
    """Student's t: 95 % of the intervals hold the mean, here to four standard errors."""
    rng = np.random.default_rng(1)
    draws, hit = 2000, 0
    for _ in range(draws):
        mean, width = mean_interval(pd.Series(rng.normal(size=4)))
        hit += abs(mean) <= width
    assert abs(hit / draws - 0.95) < 4 * math.sqrt(0.95 * 0.05 / draws)
    assert math.isnan(mean_interval(pd.Series([0.5]))[1])


@pytest.mark.parametrize("values", [[1, 2], ["a", "b"]])
def test_it_can_be_drawn(values: list[Any], tmp_path: Any) -> None:
    study_overview("s", table(values, [1, 2]), ["x", "y"], "top1").savefig(tmp_path / "s.png")
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")
