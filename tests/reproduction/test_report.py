"""Reports and figures: of the same rows the same, and nothing of them hidden."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gigsim.curves.arm import Arm
from gigsim.reproduction import (
    feature_label,
    feature_only,
    inertia,
    label_noise,
    placement,
    recipe,
)
from gigsim.reproduction.about import About, Made
from gigsim.reproduction.catalogue import EXPERIMENTS, verdicts
from gigsim.reproduction.figure import experiment_figure
from gigsim.reproduction.names import name_of
from gigsim.reproduction.report import lines, markdown, write_report
from gigsim.reproduction.setting import TARGETS, Setting
from tests.reproduction.synthetic import rows_of, variant_of

QUICK = Setting()


def half(arm: Arm, retraining: int) -> float:
    name = variant_of(arm)
    if name.startswith("warm"):
        return 0.5 / retraining**2
    return 0.01 * (1 + sum(map(ord, name)) % 5)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    arms = feature_label.arms(QUICK, ["linear", "bayes"], TARGETS[:2])
    arms += feature_only.arms(QUICK, ["linear"], TARGETS[:1])
    arms += inertia.arms(QUICK, ["transformer"])
    return rows_of(arms, half).assign(bound_top1=0.3)


def test_a_report_says_for_every_experiment_what_was_expected_and_what_came(
    rows: pd.DataFrame,
) -> None:
    found = verdicts(rows)
    text = markdown(rows, found, {"feature-label": "feature-label.png"})
    for name in ("feature-label", "feature-only", "inertia"):
        experiment = EXPERIMENTS[name]
        assert f"## {experiment.TITLE} (`{name}`)" in text
        assert experiment.EXPECTED.direction in text
        assert experiment.EXPECTED.contrary in text
        assert experiment.PAPER.text in text
        assert experiment.PAPER.source in text
    assert "recipe" not in text.split("## ")[2].split("\n")[0]
    assert all(verdict.text in text for verdict in found)
    assert text.count("![") == 1
    # A table has the same number of cells in each row.
    for line in text.splitlines():
        if line.startswith("| inertia"):
            assert line.count("|") == 7
    assert len(lines(found)) == len(found)


def test_a_folder_gets_the_report_its_figures_and_the_verdicts(
    rows: pd.DataFrame, tmp_path: Path
) -> None:
    own = rows[rows["name"].str.startswith("feature-label") & (rows["target"] == TARGETS[0])]
    once, again = tmp_path / "once", tmp_path / "again"
    for folder in (once, again):
        folder.mkdir()
        files = write_report(folder, own, dots=50)
        names = {file.name for file in files}
        assert names == {"reproduction.md", "verdicts.json", "feature-label.png"}
    for name in names:
        assert (once / name).read_bytes() == (again / name).read_bytes()
    said = json.loads((once / "verdicts.json").read_text(encoding="utf-8"))
    assert {entry["learner"] for entry in said} == {"linear", "bayes"}
    assert all(entry["outcome"] in ("confirmed", "contrary", "not shown") for entry in said)


def test_a_report_begins_and_ends_with_what_it_is_about(rows: pd.DataFrame) -> None:
    about = About("reference", "resumes of a corpus", "ab" * 16, 20_000, 4_695)
    made = {
        "feature-label-linear": Made(about, ("0123456789ab",)),
        "inertia-transformer": Made(about, ("a", "b"), {"run.precision": "bfloat16"}),
    }
    text = markdown(rows, verdicts(rows), made=made)
    assert text.index("**Reference scale, N = 20,000 resumes") < text.index("| experiment |")
    end = text.split("## What this is about")[1]
    assert end.count("##") == 0
    for said in ("reference", "resumes of a corpus", "ab" * 16, "20,000", "4,695", "bayes"):
        assert said in end
    assert "| inertia-transformer | a, b | `run.precision = bfloat16` |" in end


def drawn(figure: Figure) -> Figure:
    FigureCanvasAgg(figure).draw()
    return figure


def test_a_figure_has_a_panel_a_learner_and_target_with_its_legend_outside(
    rows: pd.DataFrame,
) -> None:
    figure = drawn(experiment_figure("feature-label", rows))
    assert len(figure.axes) == 4
    assert {axes.get_xscale() for axes in figure.axes} == {"log"}
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[0] == "linear, Software_Developer, N = 2,000"
    (legend,) = figure.legends
    below = min(axes.get_tightbbox().y0 for axes in figure.axes)
    assert legend.get_window_extent().y1 <= below + 1
    words = [text.get_text() for text in legend.get_texts()]
    assert any(word.startswith("U(0)") for word in words)
    assert any(word.startswith("the theorem") for word in words)
    # Nothing was known of a perfect learner: no line.
    assert not any(word.startswith("expected") for word in words)


def test_every_training_is_a_dot(rows: pd.DataFrame) -> None:
    figure = experiment_figure("feature-label", rows)
    one = rows[(rows["learner"] == "linear") & (rows["target"] == TARGETS[0]) & (rows["alpha"] > 0)]
    own = one[one["name"].str.startswith("feature-label")]
    dots = np.concatenate(
        [line.get_ydata() for line in figure.axes[0].get_lines() if line.get_marker() == "."]
    )
    assert sorted(dots) == pytest.approx(sorted(own["success"]))


def test_lines_of_theory_come_on_a_grid_where_there_is_one(rows: pd.DataFrame) -> None:
    name = name_of("feature-label", feature_label.VARIANT, "linear", TARGETS[0])
    grid = pd.DataFrame(
        {
            "alpha": np.geomspace(1e-5, 1, 50),
            "finite_top1": 0.7,
            "finite_top1_low": 0.7,
            "finite_top1_sd": 0.1,
        }
    )
    figure = experiment_figure("feature-label", rows, {name: grid})
    found = {line.get_label(): line for line in figure.axes[0].get_lines()}
    (label,) = (label for label in found if str(label).startswith("expected"))
    assert len(found[label].get_xdata()) > 10
    assert not any(str(label).startswith("the theorem") for label in found)


def test_inertia_is_drawn_against_retrainings(rows: pd.DataFrame) -> None:
    figure = drawn(experiment_figure("inertia", rows))
    (axes,) = figure.axes
    assert axes.get_xscale() == "linear"
    assert "retrainings" in axes.get_xlabel()


def test_recipes_of_another_accuracy_are_grey_and_called_so() -> None:
    arms = recipe.arms(QUICK, ["linear"])
    rows = rows_of(arms, half, accuracy=lambda arm: 0.5 if variant_of(arm) == "c=1" else 0.9)
    figure = drawn(experiment_figure("recipe", rows))
    (legend,) = figure.legends
    words = [text.get_text() for text in legend.get_texts()]
    assert [word for word in words if "another accuracy" in word] == ["c=1 (another accuracy)"]


def test_nine_curves_of_one_panel_are_told_apart() -> None:
    rows = rows_of(label_noise.arms(QUICK, ["linear"]), half)
    figure = drawn(experiment_figure("label-noise", rows))
    bars = [container.lines[0] for container in figure.axes[0].containers]
    looks = {(bar.get_color(), bar.get_linestyle(), bar.get_marker()) for bar in bars}
    assert len(looks) == len(bars) == 9


def test_a_curve_looks_the_same_in_every_panel() -> None:
    """Of a real resume an encoder sees the beginning alone: its panel lacks some placings."""
    setting = Setting("reference", corpus="somewhere")
    arms = placement.arms(setting, ["frozen", "linear"])
    figure = drawn(experiment_figure("placement", rows_of(arms, half)))
    looks: dict[str, set[tuple[object, ...]]] = {}
    for axes in figure.axes:
        for container in axes.containers:
            bar = container.lines[0]
            look = bar.get_color(), bar.get_linestyle(), bar.get_marker()
            looks.setdefault(container.get_label(), set()).add(look)
    assert len(looks) == 11
    assert all(len(look) == 1 for look in looks.values())
    assert len(set.union(*looks.values())) == len(looks)


def test_what_was_not_trained_is_not_drawn(rows: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="no rows"):
        experiment_figure("epochs", rows)
