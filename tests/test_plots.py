"""The figure: what is on it, and what must not be where no theorem holds."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, PolyCollection
from matplotlib.figure import Figure

from gigsim.config import Config, build
from gigsim.model import GigEconomy
from gigsim.plots import overview, success_against_alpha
from gigsim.plots.changes import rhythm
from gigsim.plots.curve import successes_against_alpha
from gigsim.runs import tables_of

Make = Callable[..., GigEconomy]


def draw(model: GigEconomy) -> Figure:
    tables = tables_of(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = overview(model.config, tables["periods"], tables["retrainings"], tables["theory"])
        figure.canvas.draw()
    return figure


def panel(figure: Figure, title: str) -> Axes:
    (found,) = [axes for axes in figure.axes if title in axes.get_title(loc="left")]
    return found


def labels(axes: Axes) -> str:
    """All that the legend says, on one line."""
    return " ".join(" ".join(t.get_text() for t in axes.get_legend().get_texts()).split())


def curve(model: GigEconomy, theory: pd.DataFrame | None = None, **config: Any) -> Axes:
    """The panel of S against α alone."""
    axes = Figure().subplots()
    settings = build(model.config.model_dump(mode="json"), config)
    table = tables_of(model)["theory"] if theory is None else theory
    success_against_alpha(axes, settings, model.retrainings, table)
    return axes


def drawn(axes: Axes, label: str) -> tuple[np.ndarray, np.ndarray]:
    (line,) = [line for line in axes.get_lines() if str(line.get_label()).startswith(label)]
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


def test_the_four_panels(toy_run: GigEconomy) -> None:
    figure = draw(toy_run)
    assert len(figure.axes) == 4
    assert "U, the same resumes without the signal" in labels(panel(figure, "over time"))
    assert "Theorem 1, nominal" in labels(panel(figure, "Success against the size"))
    people = labels(panel(figure, "Who is in"))
    assert [word in people for word in ("members", "free riders", "outsiders")] == [True] * 3
    assert "accuracy" in labels(panel(figure, "What it costs the platform"))
    for axes in figure.axes:
        assert axes.get_xlabel()
        assert axes.get_title(loc="left")
    assert "toy: 300 freelancers, linear" in figure.get_suptitle()


def test_one_point_a_retraining_at_theorys_alpha(toy_run: GigEconomy) -> None:
    axes = curve(toy_run)
    points = toy_run.retrainings.iloc[1:]
    x, y = drawn(axes, "random collective of equal size")
    assert np.array_equal(x, points["alpha_effective"])
    assert np.array_equal(y, points["reference_top1"])
    (container,) = axes.containers
    x, y = container[0].get_data()
    assert np.array_equal(x, points["alpha_effective"])
    assert np.array_equal(y, points["success_top1"])
    segments = [segment[:, 1] for segment in container[2][0].get_segments()]
    expected = points[["success_top1_low", "success_top1_high"]].to_numpy()
    assert np.allclose(segments, expected)
    assert axes.get_xscale() == "log"


def test_the_lines_are_the_tables(toy_run: GigEconomy) -> None:
    axes, table = curve(toy_run), tables_of(toy_run)["theory"].iloc[1:]
    x, y = drawn(axes, "Theorem 1, nominal")
    assert np.array_equal(x, table["alpha"])
    assert np.array_equal(y, table["bound_top1"].clip(lower=0)), "drawn from 0, unclipped inside"
    x, y = drawn(axes, "expected at N = 300")
    assert np.array_equal(y, table["finite_top1"])
    for words in ("infinite data", "ε = 0", "may fall below"):
        assert words in labels(axes)


def test_no_line_where_no_theorem_holds(make_toy: Make) -> None:
    model = make_toy(**{"collective.label_sets": "extend"})
    model.run(4)
    axes = curve(model)
    shown = labels(axes)
    assert "Theorem" not in shown
    assert "expected at N" not in shown
    assert not [c for c in axes.collections if isinstance(c, PolyCollection)]
    assert "emergent: a retraining" in shown, "the points are there all the same"
    # The question whether the target is in the set has one, for the same run.
    assert "Theorem 1, nominal" in labels(curve(model, **{"measure.success": "any"}))
    draw(model)


def test_the_theorem_is_called_by_its_number(toy_run: GigEconomy, make_toy: Make) -> None:
    """By the name that the run's own table quotes."""
    assert "Theorem 1, nominal" in labels(curve(toy_run))
    model = make_toy(**{"collective.strategy": "feature_only", "measure.success": "any"})
    model.run(2)
    feature_only = labels(curve(model))
    assert "Theorem 3, nominal" in feature_only
    assert "Theorem 1" not in feature_only


def test_a_world_without_a_theorem_says_so(toy_run: GigEconomy) -> None:
    bare = tables_of(toy_run)["theory"][["alpha"]]
    assert "no theorem covers this world" in labels(curve(toy_run, bare))


def unseen(model: GigEconomy) -> pd.DataFrame:
    """Theory where no base resume carries the signal, so that ξ is 0 up to its limit."""
    table = tables_of(model)["theory"].copy()
    for metric in ("any", "top1"):
        table[f"bound_{metric}"] = 1.0
        table[f"finite_{metric}"] = 1.0
    return table


def test_a_signal_never_seen_has_a_band_and_no_line(toy_run: GigEconomy) -> None:
    table = unseen(toy_run)
    for metric in ("any", "top1"):
        table[f"bound_{metric}_low"] = 1 - (1 - table["alpha"]) / table["alpha"] * 0.01
    axes = curve(
        toy_run, table, **{"corpus.path": "corpus.npz", "corpus.language": "", "corpus.xi": 0.0}
    )
    shown = labels(axes)
    assert "Theorem 1, ξ up to its 95 % limit (signal never seen)" in shown
    assert "nominal" not in shown
    assert len([c for c in axes.collections if isinstance(c, FillBetweenPolyCollection)]) == 2


def test_selected_members_are_marked(toy_run: GigEconomy) -> None:
    model = toy_run
    table = model.retrainings.copy()
    axes = Figure().subplots()
    table["selection_p"] = [np.nan, 0.001, 0.5, 0.009]
    success_against_alpha(axes, model.config, table, tables_of(model)["theory"])
    x, _ = drawn(axes, "members not a random draw")
    assert np.array_equal(x, table["alpha_effective"].iloc[[1, 3]])
    both = pd.concat([table.assign(replicate=number) for number in (0, 1)])
    axes = Figure().subplots()
    successes_against_alpha(axes, model.config, both, tables_of(model)["theory"])
    x, _ = drawn(axes, "members not a random draw\n(p < .01), 4 of 6")
    assert np.array_equal(x, np.tile(table["alpha_effective"].iloc[[1, 3]], 2))
    table["selection_p"] = 0.01
    axes = Figure().subplots()
    success_against_alpha(axes, model.config, table, tables_of(model)["theory"])
    assert "not a random draw" not in labels(axes)


@pytest.mark.parametrize(
    ("keys", "periods"),
    [
        ({}, 0),
        ({"collective.first_movers": 0}, 2),
        ({"measure.reference": 0}, 2),
        ({"measure.success": "any"}, 2),
        ({"corpus.xi": 0.0}, 2),
        ({"collective.first_movers": 100}, 2),
    ],
)
def test_it_draws_whatever_happened_without_a_warning(
    make_toy: Make, keys: dict[str, Any], periods: int
) -> None:
    model = make_toy(**keys)
    model.run(periods)
    assert len(draw(model).axes) == 4


def test_people_are_stacked_to_all(toy_run: GigEconomy) -> None:
    axes = panel(draw(toy_run), "Who is in")
    top = axes.collections[-1].get_paths()[0].vertices[:, 1]
    assert top.max() == pytest.approx(1)
    assert len(axes.collections) == 3


def test_unplanting_is_in_its_own_words(make_toy: Make) -> None:
    model = make_toy(**{"collective.strategy": "unplanting"})
    model.run(2)
    over_time = panel(draw(model), "over time")
    assert "S, who shows the signal is not given the target" in labels(over_time)
    _, y = drawn(over_time, "U, likewise without the signal")
    assert np.array_equal(y, model.periods["base_top1"])


@pytest.mark.parametrize(
    ("leak", "riders", "title"),
    [
        (0.0, False, "Who is in, who is out"),
        (0.5, True, "Who is in, who knows of it, who is out"),
    ],
)
def test_nobody_shows_what_is_erased(make_toy: Make, leak: float, riders: bool, title: str) -> None:
    model = make_toy(**{"collective.strategy": "erasure", "collective.leak": leak})
    model.run(2)
    assert bool(model.periods["free_riders"].any()) == riders
    assert model.periods["base_top1"].equals(model.periods["success_top1"].rename("base_top1"))
    figure = draw(model)
    said = labels(panel(figure, "over time"))
    assert "S, resumes on which the signal does not matter" in said
    assert "U, " not in said
    people = panel(figure, "Who is in")
    assert people.get_title(loc="left") == title
    assert "free riders" not in labels(people)
    assert ("others who know of it" in labels(people)) == riders
    top = people.collections[-1].get_paths()[0].vertices[:, 1]
    assert (top.max(), len(people.collections)) == (pytest.approx(1), 2 + riders)


def vertical(axes: Axes) -> list[float]:
    """Where the dotted lines of changes stand."""
    lines = [line for line in axes.get_lines() if len(set(line.get_xdata())) == 1]
    return sorted(float(line.get_xdata()[0]) for line in lines if len(line.get_xdata()) == 2)


def test_changes_in_time_are_marked_once_in_each_panel_over_time(make_toy: Make) -> None:
    at = [
        {"period": 2, "set": {"collective.first_movers": 30}},
        {"period": 3, "set": {"platform.retrain_every": 1}},
        {"period": 3, "set": {"collective.leak": 0.1}},
        {"period": 9, "set": {"collective.first_movers": 50}},
    ]
    model = make_toy(at=at)
    model.run(4)
    figure = draw(model)
    for title in ("over time", "Who is in", "What it costs"):
        axes = panel(figure, title)
        assert vertical(axes) == [2, 3], title
        assert labels(axes).count("config changes") == 1, title
    people = panel(figure, "Who is in")
    (step,) = [line for line in people.get_lines() if line.get_drawstyle() == "steps-post"]
    assert list(step.get_xdata()) == [0, 2, 4]
    assert np.allclose(step.get_ydata(), [0.12, 0.3, 0.3])
    assert "12, then 30 first movers" in [text.get_text() for text in people.texts]
    assert "retrained every 2 periods, later changed, target" in figure.get_suptitle()


def test_without_changes_nothing_is_said_of_them(toy_run: GigEconomy) -> None:
    figure = draw(toy_run)
    for axes in figure.axes:
        assert "config changes" not in labels(axes)
    people = panel(figure, "Who is in")
    assert [text.get_text() for text in people.texts] == ["24 first movers"]
    assert "retrained every 2 periods, target" in figure.get_suptitle()


def test_the_axis_of_alpha_is_right_for_every_strategy(toy_run: GigEconomy) -> None:
    """Under feature_only those who follow the collective do not all plant the signal."""
    for keys in ({}, {"collective.strategy": "feature_only"}):
        assert "who follow the collective" in curve(toy_run, **keys).get_xlabel()


@pytest.mark.parametrize(
    ("every", "at", "said"),
    [
        (1, [], "every period"),
        (3, [], "every 3 periods"),
        (3, [{"period": 5, "set": {"platform.retrain_every": 2}}], "every 3 periods"),
        (
            3,
            [{"period": 4, "set": {"platform.retrain_every": 2}}],
            "every 3 periods, later changed",
        ),
        (3, [{"period": 2, "set": {"platform.retrain_every": 3}}], "every 3 periods"),
    ],
)
def test_the_rhythm_in_words(every: int, at: list[dict[str, Any]], said: str) -> None:
    assert rhythm(build({}, {"platform.retrain_every": every, "at": at}), last=4) == said


def test_pyplot_is_not_touched(toy_config: Config, tmp_path: Path) -> None:
    """It keeps global state: figures could not be drawn in threads, or would never be freed."""
    config = tmp_path / "toy.toml"
    from gigsim.config import dumps

    config.write_text(dumps(toy_config))
    code = (
        "import sys, gigsim\n"
        f"model = gigsim.GigEconomy(gigsim.load({str(config)!r}))\n"
        f"gigsim.save_run(model, {str(tmp_path / 'runs')!r})\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
