"""Success curves: single trainings, their mean with its interval, and what theory covers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from gigsim.collective.catalogue import STRATEGIES
from gigsim.curves.arm import Arm
from gigsim.plots.style import BLUE, GREY, LINE, ORANGE, PURPLE, RED, SKY, reading
from gigsim.plots.theory import theory_of_curve

_COLOURS = (RED, BLUE, ORANGE, PURPLE, SKY, GREY)
#: As many as are told apart: not a multiple of the colours, so that pairs do not repeat soon.
_MARKERS = "osD^vPX"
#: More panels than these are drawn smaller.
_COLUMNS = 3
#: Curves of one panel sit side by side, so that their intervals can be told apart: a factor in α
#: between two, and between the outermost at most.
_APART, _SPAN = 0.025, 0.08
#: Inches; a legend's lines are as long.
_NARROWEST = 9.0


def curve_figure(
    arms: Sequence[Arm], rows: pd.DataFrame, summary: pd.DataFrame, lines: pd.DataFrame
) -> Figure:
    """A panel a target and strategy; a curve a learner, recipe and recruitment.

    Args:
        arms: of the plan.
        rows: of ``curve.parquet``.
        summary: of ``summary.parquet``.
        lines: of ``theory.parquet``.

    Returns:
        Points are single trainings; lines with bars are means with 95 % intervals (seeds and
        held-out resumes together), both at α_effective, as theory's lines are. Black: the theorem,
        where one covers the panel; it is of the first curve whose members are drawn at random, and
        panels without such a curve have none.
        Dotted: U(0).
    """
    panels = list(summary.groupby(["target", "strategy", "label_sets"], sort=False))
    columns = min(len(panels), _COLUMNS)
    height = -(-len(panels) // columns)
    width = max(_NARROWEST, 1.2 + 4.6 * columns)
    figure = Figure(figsize=(width, 1.8 + 3.9 * height), layout="constrained")
    grid = figure.subplots(height, columns, squeeze=False, sharey=True).ravel()
    kinds: dict[str, int] = {}
    for axes, (_, own) in zip(grid, panels, strict=False):
        _panel(axes, arms, rows, own, lines, kinds)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    grid[0].set_ylabel(f"S: {_reading(arms, summary)}")
    handles: dict[str, Any] = {}
    for axes in grid[: len(panels)]:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(
        handles.values(),
        handles.keys(),
        loc="outside lower left",
        ncols=1 if columns < _COLUMNS else 2,
        fontsize=8,
        frameon=False,
    )
    figure.suptitle(_title(arms, summary), fontsize=12, fontweight="bold", x=0.01, ha="left")
    return figure


def _panel(
    axes: Axes,
    arms: Sequence[Arm],
    rows: pd.DataFrame,
    own: pd.DataFrame,
    lines: pd.DataFrame,
    kinds: dict[str, int],
) -> None:
    """One panel; ``kinds`` numbers what curves are called, so that all panels colour them alike."""
    curves = list(own.groupby(["arm", "retraining"], sort=False))
    for number, (key, curve) in enumerate(curves):
        label = _label(curve.iloc[0], rows[rows["arm"] == key[0]]["seed"].nunique())
        kind = kinds.setdefault(label, len(kinds))
        colour, marker = (cycle[kind % len(cycle)] for cycle in (_COLOURS, _MARKERS))
        apart = min(_APART, _SPAN / max(1, len(curves) - 1))
        shift = 1 + apart * (number - (len(curves) - 1) / 2)
        above = curve[curve["alpha_effective"] > 0]
        cells = rows[(rows["arm"] == key[0]) & (rows["retraining"] == key[1])]
        cells = cells[cells["alpha_effective"] > 0]
        axes.plot(
            cells["alpha_effective"] * shift,
            cells["success"],
            ".",
            color=colour,
            alpha=0.35,
            markersize=4,
        )
        spread = np.array(
            [
                (above["success"] - above["success_low"]).clip(lower=0),
                (above["success_high"] - above["success"]).clip(lower=0),
            ]
        )
        axes.errorbar(
            above["alpha_effective"] * shift,
            above["success"],
            yerr=np.nan_to_num(spread),
            color=colour,
            marker=marker,
            markersize=4.5,
            linewidth=LINE,
            # The second round of colours is told apart by its dashes.
            linestyle="-" if kind < len(_COLOURS) else "--",
            capsize=2,
            label=label,
            zorder=4,
        )
        clean = curve[curve["alpha"] == 0]
        if len(clean):
            axes.axhline(
                float(clean[f"base_{clean['goal'].iloc[0]}"].iloc[0]),
                color=colour,
                linewidth=0.9,
                linestyle=(0, (1, 2)),
                label="dotted: U(0), no collective and no signal" if number == 0 else None,
            )
    _theory(axes, arms, own, lines)
    target = str(own["target"].iloc[0])
    strategy = str(own["strategy"].iloc[0])
    sets = "" if own["label_sets"].iloc[0] == "replace" else ", sets extended"
    axes.set_title(f"{target}\n{strategy.replace('_', '-')}{sets}", fontsize=10, loc="left")
    axes.set_xscale("log")
    if not (own["alpha_effective"] > 0).any():
        # A log axis of nothing cannot be drawn: one person to all.
        axes.set_xlim(1 / arms[int(own["arm"].iloc[0])].size, 1.0)
        axes.text(0.5, 0.5, "nobody follows at any size", transform=axes.transAxes, ha="center")
    axes.set_ylim(-0.02, 1.04)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:g} %"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    # Where nobody abstains the two are equal, but for how a mean over seeds rounds.
    all_follow = np.allclose(own["alpha_effective"], own["alpha"], rtol=1e-9)
    follow = "in the collective" if all_follow else "who follow: members less those who abstain"
    axes.set_xlabel(f"α, share of people {follow}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)


def _theory(axes: Axes, arms: Sequence[Arm], own: pd.DataFrame, lines: pd.DataFrame) -> None:
    """The theorem and what a perfect learner would do, of the panel's first random curve."""
    drawn = own[own["recruitment"] == "random"]
    if drawn.empty:
        return
    number = int(drawn["arm"].iloc[0])
    arm, metric = arms[number], str(drawn["goal"].iloc[0])
    shown = drawn.loc[drawn["arm"] == number, "alpha_effective"]
    shown = shown[shown > 0]
    its = lines[(lines["arm"] == number) & lines["alpha"].between(shown.min(), shown.max())]
    theorem = STRATEGIES[arm.config.collective.strategy].theorem
    theory_of_curve(
        axes,
        its[its["alpha"] > 0],
        metric,
        f"{theorem}{_whose(own, drawn)}",
        arm.size,
        source="classifier" if arm.config.corpus.path else "posterior",
    )


def _whose(own: pd.DataFrame, drawn: pd.DataFrame) -> str:
    """Which curve of several theory speaks of."""
    if own["arm"].nunique() == 1:
        return ""
    if len(drawn) == len(own):
        return " (first curve)"
    first = "" if drawn["arm"].nunique() == 1 else ", first such curve"
    return f" (members drawn at random{first})"


def _label(curve: pd.Series, seeds: int) -> str:
    words = [str(curve["learner"]), *filter(None, [str(curve["variant"])])]
    if curve["recipe"] != "default":
        words.append(str(curve["recipe"]))
    if curve["recruitment"] != "random":
        words.append(f"members by {curve['recruitment']}")
    if curve["retraining"] > 1:
        words.append(f"retraining {curve['retraining']}")
    return f"{', '.join(words)} (mean of {seeds}, 95 %)"


def _reading(arms: Sequence[Arm], summary: pd.DataFrame) -> str:
    found = {
        reading(arms[int(arm)].config.collective.strategy, str(goal))
        for arm, goal in summary[["arm", "goal"]].drop_duplicates().itertuples(index=False)
    }
    return found.pop() if len(found) == 1 else "success"


def _title(arms: Sequence[Arm], summary: pd.DataFrame) -> str:
    sizes = sorted({arm.size for arm in arms})
    people = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    learners = ", ".join(dict.fromkeys(summary["learner"]))
    return f"Success against size: {people} people, {learners}"
