"""One figure an experiment: single trainings, means with intervals, base rates, and theory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    PercentFormatter,
)

from gigsim.curves.statistics import Climb
from gigsim.plots.style import BLUE, GREY, LINE, ORANGE, PURPLE, RED, SKY
from gigsim.plots.theory import theory_of_curve
from gigsim.reproduction import feature_label, feature_only, inertia, recipe
from gigsim.reproduction.catalogue import EXPERIMENTS
from gigsim.reproduction.found import Found
from gigsim.reproduction.names import name_of, with_parts

Grids = Mapping[str, pd.DataFrame]

_COLOURS = (RED, BLUE, ORANGE, PURPLE, SKY, "#5B3A00", "black")
_MARKERS = "osD^vPX*<>"
#: One for each round through the colours.
_DASHES = ("-", "--", ":", "-.")
#: Between curves of one panel, so that their intervals can be told apart: a factor in α, and how
#: far all of them may be apart.
_APART, _SPAN = 0.03, 0.16
_READING = {"top1": "y* is the top label", "any": "y* is among the predicted labels"}


def experiment_figure(name: str, rows: pd.DataFrame, grids: Grids | None = None) -> Figure:
    """An experiment on one page: a panel a target and learner.

    Args:
        name: of the experiment.
        rows: of ``curve.parquet``; those of other experiments are passed over.
        grids: the lines of theory by name of the arm, ``alpha``, ``bound_*``, ``finite_*`` on a
            grid (``curves.lines.grid``); where there are none, the rows' own, at the sizes tried.

    Returns:
        Dots are single trainings, lines with bars their means with 95 % intervals (seeds and
        held-out resumes). Dotted: U(0). Black and green: the theorem and what is expected of a
        perfect learner on as many resumes, where they apply to the panel.

    Raises:
        ValueError: there are no rows of the experiment.
    """
    own = with_parts(rows)
    own = own[own["experiment"] == name]
    targets, learners = (list(own[key].unique()) for key in ("target", "learner"))
    if own.empty:
        raise ValueError(f"{name}: no rows")
    if len(targets) > 1:
        height, width = len(learners), len(targets)
    else:
        height, width = 1, len(learners)
    # The legend of a single panel needs room too.
    size = (max(9.0, 2.0 + 4.6 * width), 2.0 + 3.7 * height)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(height, width, squeeze=False, sharey=True)
    # A variant looks the same in every panel, also where others lack some.
    looks = {str(variant): number for number, variant in enumerate(own["variant"].unique())}
    handles: dict[str, Any] = {}
    for row, learner in enumerate(learners):
        for column, target in enumerate(targets):
            axes = grid[row, column] if len(targets) > 1 else grid[0, row]
            here = own[(own["learner"] == learner) & (own["target"] == target)]
            if here.empty:
                axes.set_visible(False)
                continue
            found = Found(name, learner, target, here)
            if name == inertia.NAME:
                _inertia(axes, found)
            else:
                _climbs(axes, found, grids or {}, looks)
            _frame(axes, found)
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
                handles.setdefault(label, handle)
    goal = str(own["goal"].iloc[0])
    for axes in grid[:, 0]:
        axes.set_ylabel(f"S: {_READING[goal]}")
    # Below the axes: every place inside is crossed by a curve in some panel.
    figure.legend(
        handles.values(),
        handles.keys(),
        loc="outside lower left",
        ncols=3,
        fontsize=9,
        frameon=False,
    )
    figure.suptitle(EXPERIMENTS[name].TITLE, fontsize=13, fontweight="bold", x=0.01, ha="left")
    return figure


def _climbs(axes: Axes, found: Found, grids: Grids, looks: Mapping[str, int]) -> None:
    left_out = _of_other_accuracy(found)
    variants = found.variants
    step = min(_APART, _SPAN / len(variants))
    for number, variant in enumerate(variants):
        climb, look = found.climb(variant), looks[variant]
        colour = GREY if variant in left_out else _COLOURS[look % len(_COLOURS)]
        shift = 1 + step * (number - (len(variants) - 1) / 2)
        label = f"{variant} (another accuracy)" if variant in left_out else variant
        _curve(
            axes,
            climb,
            colour=colour,
            marker=_MARKERS[look % len(_MARKERS)],
            dash="--" if variant in left_out else _DASHES[look // len(_COLOURS) % len(_DASHES)],
            shift=shift,
            label=label,
        )
        if number == 0 and not np.isnan(climb.base):
            axes.axhline(
                climb.base,
                color=GREY,
                linewidth=1.2,
                linestyle=(0, (1, 2)),
                label="U(0): no signal, no collective",
            )
    if found.experiment in (feature_label.NAME, feature_only.NAME):
        for variant in variants[:1]:
            _theory(axes, found, variant, grids)


def _curve(
    axes: Axes,
    climb: Climb,
    *,
    colour: str,
    marker: str,
    dash: str,
    shift: float,
    label: str,
) -> None:
    """Dots, and the mean with its interval."""
    there = climb.sizes > 0
    sizes = climb.sizes[there] * shift
    dots = climb.success[:, there]
    axes.plot(
        np.tile(sizes, len(dots)),
        dots.ravel(),
        ".",
        color=colour,
        alpha=0.3,
        markersize=3.5,
        zorder=2,
    )
    mean = climb.mean[there]
    spread = np.zeros((2, there.sum()))
    if not np.isnan(climb.draws).any():
        low, high = np.quantile(climb.draws[:, there], (0.025, 0.975), axis=0)
        spread = np.array([mean - np.clip(low, 0, 1), np.clip(high, 0, 1) - mean]).clip(min=0)
    axes.errorbar(
        sizes,
        mean,
        yerr=spread,
        color=colour,
        marker=marker,
        markersize=4.5,
        linestyle=dash,
        linewidth=LINE * 0.8,
        capsize=2,
        elinewidth=0.9,
        label=label,
        zorder=3,
    )


def _theory(axes: Axes, found: Found, variant: str, grids: Grids) -> None:
    """The bound and what is expected of a perfect learner, where the rows know them."""
    rows = found.rows_of(variant)
    goal = str(rows["goal"].iloc[0])
    bound, low = f"bound_{goal}", f"bound_{goal}_low"
    lines = grids.get(name_of(found.experiment, variant, found.learner, found.target))
    if lines is None:
        # At the sizes that were tried, and without limits: that is all that rows have.
        lines = rows.groupby("alpha", as_index=False)[[bound, f"finite_{goal}"]].mean()
        lines = lines.assign(
            **{
                low: lines[bound],
                f"finite_{goal}_low": lines[f"finite_{goal}"],
                f"finite_{goal}_sd": 0.0,
            }
        )
    span = rows.loc[rows["alpha"] > 0, "alpha"]
    lines = lines[lines["alpha"].between(span.min(), span.max())]
    # Only of real resumes is it unknown how often they hold the signal.
    unsure = {bound, low} <= {*lines} and bool((lines[low] < lines[bound] - 1e-9).any())
    source = "classifier" if unsure else "posterior"
    name = f"the theorem for {variant}"
    theory_of_curve(axes, lines, goal, name, found.people, source=source)


def _inertia(axes: Axes, found: Found) -> None:
    """S after each retraining with the collective there; from scratch as a level with its band."""
    scratch = found.climb(inertia.SCRATCH)
    sizes = scratch.sizes[scratch.sizes > 0]
    last = max(inertia.TRIED, int(found.rows["retraining"].max()))
    for number, size in enumerate(sizes):
        colour = _COLOURS[number % len(_COLOURS)]
        level = scratch.at(float(size))
        axes.axhline(level.value, color=colour, linewidth=LINE, alpha=0.6)
        if level.known:
            band = np.clip((level.low, level.high), 0, 1)
            axes.fill_between((0.7, last + 0.3), *band, color=colour, alpha=0.1, linewidth=0)
        axes.plot([], [], color=colour, linewidth=LINE, label=f"from scratch, α = {100 * size:g} %")
        for dash, variant in zip(("-", "--", ":", "-."), _warm(found), strict=False):
            rows = found.rows[found.rows["variant"] == variant]
            rows = rows[np.isclose(rows["alpha"], size)]
            axes.plot(rows["retraining"], rows["success"], ".", color=colour, alpha=0.35)
            mean = rows.groupby("retraining")["success"].mean()
            axes.plot(
                mean.index,
                mean,
                linestyle=dash,
                marker=_MARKERS[number],
                markersize=4.5,
                color=colour,
                label=f"{variant}, α = {100 * size:g} %",
            )


def _warm(found: Found) -> Sequence[str]:
    return [variant for variant in found.variants if variant != inertia.SCRATCH]


def _of_other_accuracy(found: Found) -> frozenset[str]:
    if found.experiment != recipe.NAME:
        return frozenset()
    apart = recipe.accuracies(found)
    return frozenset(name for name, value in apart.items() if abs(value) > recipe.EQUAL)


def _frame(axes: Axes, found: Found) -> None:
    axes.set_title(
        f"{found.learner}, {found.target}, N = {found.people:,}", loc="left", fontsize=10
    )
    if found.experiment == inertia.NAME:
        axes.set_xlabel("retrainings since the collective is there")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    else:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("α, people in the collective in per cent (log scale)")
    axes.set_ylim(-0.02, 1.04)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.tick_params(labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
