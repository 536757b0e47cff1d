"""The figure of a study, as a function of its table of runs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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


def legend(figure: Figure) -> list[str]:
    (found,) = figure.legends
    return [text.get_text() for text in found.get_texts()]


def test_points_and_means() -> None:
    runs = table([1, 2, 4])
    figure = study_overview("leak", runs, ["x"], "top1")
    success, alpha = figure.axes
    assert legend(figure) == ["mean, 95 % interval; dots: runs"]
    for axes, column in ((success, "success_top1"), (alpha, "alpha")):
        points = axes.lines[0]
        np.testing.assert_array_equal(points.get_ydata(), runs[column])
        np.testing.assert_array_equal(points.get_xdata(), runs["x"])
        (drawn,) = means(axes)
        np.testing.assert_allclose(drawn, runs.groupby("x")[column].mean())
        assert axes.get_xlabel() == "x"
        assert axes.get_xscale() == "linear"


def test_the_second_key_has_colours() -> None:
    figure = study_overview("leak", table([1, 2], ["a", "b"]), ["x", "y"], "top1")
    assert len(means(figure.axes[1])) == 2
    assert figure.legends[0].get_title().get_text() == "mean, 95 % interval; dots: runs"
    assert legend(figure) == ["y = a", "y = b"]


def test_too_many_are_drawn_together() -> None:
    figure = study_overview("leak", table([1, 2], list(range(9))), ["x", "y"], "top1")
    assert len(means(figure.axes[1])) == 1
    assert legend(figure) == ["over all y: mean, 95 % interval; dots: runs"]


@pytest.mark.parametrize(
    "values", [[0.0, 0.01, 0.05], [0.001, 0.01, 0.1, 1.0], ["a", "b"], [3]], ids=str
)
def test_series_stand_side_by_side(values: list[Any]) -> None:
    """In the order of the legend, near their value, apart from each other."""
    figure = study_overview("s", table(values, [1, 2, 3]), ["x", "y"], "top1")
    axes = figure.axes[0]
    at = np.array([np.asarray(bars[0].get_xdata(), dtype=float) for bars in axes.containers])
    assert at.shape == (3, len(values))
    if axes.get_xscale() == "log":
        at = np.log(at)
    names = isinstance(values[0], str)
    places = np.arange(len(values)) if names else np.array(values, dtype=float)
    places = np.log(places) if axes.get_xscale() == "log" else places
    np.testing.assert_allclose(at[1], places, atol=1e-12)
    span = np.ptp(places) if len(values) > 1 else 3.0
    steps = np.diff(at, axis=0) / span
    np.testing.assert_allclose(steps, 0.12 if names else 0.01)
    # The runs stand with their mean: some line of dots has just these places.
    dots = [np.unique(np.asarray(line.get_xdata(), dtype=float)) for line in axes.lines]
    for bars in axes.containers:
        own = np.asarray(bars[0].get_xdata(), dtype=float)
        assert sum(len(one) == len(own) and np.allclose(one, own) for one in dots) >= 2


def test_series_of_near_values_do_not_meet() -> None:
    values = [number / 300 for number in range(301)]
    axes = study_overview("s", table(values, [1, 2, 3], 1), ["x", "y"], "top1").axes[0]
    at = np.array([np.asarray(bars[0].get_xdata(), dtype=float) for bars in axes.containers])
    assert (at[2, :-1] < at[0, 1:]).all()


def test_intervals_of_shares_end_at_nothing_and_all() -> None:
    runs = table([1, 2], replicates=3)
    runs["success_top1"] = [0.0, 0.1, 0.9, 0.8, 1.0, 1.0]
    for axes in study_overview("s", runs, ["x"], "top1").axes:
        (bars,) = axes.containers
        (lines,) = bars[2]
        ends = np.concatenate([segment[:, 1] for segment in lines.get_segments()])
        assert ends.min() >= 0.0
        assert ends.max() <= 1.0
    (bars,) = study_overview("s", runs, ["x"], "top1").axes[0].containers
    low, high = (segment[:, 1] for segment in bars[2][0].get_segments())
    np.testing.assert_allclose(low, [0.0, 1.0])
    mean, width = mean_interval(runs["success_top1"][3:])
    np.testing.assert_allclose(high, [mean - width, 1.0])


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
    assert legend(figure) == ["mean; dots: runs"]


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
