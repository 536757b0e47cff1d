"""Indices as bars: a panel an outcome, the parameters one under another, with their intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gigsim.plots.style import BLUE, GREY, ORANGE, SKY
from gigsim.sensitivity.analysis import Analysis, Summary
from gigsim.sensitivity.settings import MorrisMethod

_COLUMNS = 2
#: Parameters, and pairs, that a panel shows: those that matter most.
MOST = 20
#: Parts of a row.
_BAR = 0.36
#: Shares of variance are between 0 and 1; so far beyond an axis goes for their estimates.
_WIDEST = (-0.5, 1.5)


def sensitivity_figure(analysis: Analysis) -> Figure:
    """All outcomes on one page.

    Sobol: S1 and ST of each parameter, and S2 of pairs; with luck taken out where there is more
    than one seed a point and it could be, and where the axis says so; intervals that go far beyond
    0 and 1 run off it. Morris: μ* with σ beside it, and a line at the μ* that
    luck alone would give. Bars with 95 % intervals; the most important parameter on top.

    Args:
        analysis: of at least one outcome.
    """
    count = len(analysis.summaries)
    columns = min(count, _COLUMNS)
    height = -(-count // columns)
    first = analysis.table["outcome"] == analysis.summaries[0].outcome
    shown = min(int(first.sum()), MOST)
    size = (max(8.0, 6.5 * columns), 1.6 + height * (1.2 + 0.32 * shown))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(height, columns, squeeze=False).ravel()
    for axes, summary in zip(grid, analysis.summaries, strict=False):
        own = analysis.table[analysis.table["outcome"] == summary.outcome]
        if isinstance(analysis.plan.settings, MorrisMethod):
            _morris(axes, own)
        else:
            _sobol(axes, own)
        axes.set_title(_title(summary), fontsize=10, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", alpha=0.25, linewidth=0.6)
    for axes in grid[count:]:
        axes.set_visible(False)
    handles: dict[str, Any] = {}
    for axes in grid[:count]:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if handles:
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower left",
            ncols=2,
            fontsize=8,
            frameon=False,
        )
    name = f"{analysis.plan.name}: {analysis.plan.words()}"
    figure.suptitle(name, fontsize=11, fontweight="bold", x=0.01, ha="left")
    return figure


def best(table: pd.DataFrame, name: str) -> str:
    """The column of an index to be shown: luck taken out where that could be done."""
    corrected = f"{name}_corrected"
    found = corrected in table and table[corrected].notna().any()
    return corrected if found else name


def _sobol(axes: Axes, own: pd.DataFrame) -> None:
    single = own[own["other"].isna()]
    if not single["ST"].notna().any():
        _nothing(axes)
        return
    first, total = best(single, "S1"), best(single, "ST")
    pairs = own[own["other"].notna()]
    rows = single.sort_values(total, ascending=False).head(MOST)
    labels = rows["parameter"].tolist()
    for number, (name, colour, label) in enumerate(
        ((first, BLUE, "S1: alone"), (total, SKY, "ST: alone and with others"))
    ):
        _bars(axes, rows, name, np.arange(len(rows)) + (number - 0.5) * _BAR, colour, label)
    if len(pairs):
        name = best(pairs, "S2")
        top = pairs.sort_values(name, ascending=False).head(max(0, MOST - len(rows)))
        _bars(axes, top, name, len(rows) + np.arange(len(top)), ORANGE, "S2: a pair")
        labels += [f"{a} x {b}" for a, b in zip(top["parameter"], top["other"], strict=True)]
    _name(axes, labels)
    luck = "luck taken out" if total != "ST" else "luck in it"
    axes.set_xlabel(f"share of the variance, {luck}")
    low, high = axes.get_xlim()
    axes.set_xlim(max(low, _WIDEST[0]), min(high, _WIDEST[1]))
    axes.axvline(0, color=GREY, linewidth=0.8)


def _morris(axes: Axes, own: pd.DataFrame) -> None:
    rows = own.sort_values("mu_star", ascending=False).head(MOST)
    if not rows["mu_star"].notna().any():
        _nothing(axes)
        return
    places = np.arange(len(rows), dtype=float)
    _bars(axes, rows, "mu_star", places, BLUE, "μ*: mean size of an effect")
    name = "sigma_corrected" if rows["sigma_corrected"].notna().any() else "sigma"
    words = ", luck taken out" if name != "sigma" else ""
    axes.plot(rows[name], places, "D", color=ORANGE, markersize=5, label=f"σ: their spread{words}")
    if rows["mu_star_luck"].notna().any():
        axes.plot(
            rows["mu_star_luck"], places, "|", color=GREY, markersize=14, label="μ* of luck alone"
        )
    _name(axes, rows["parameter"].tolist())
    axes.set_xlabel("change of the outcome over the whole range")


def _bars(
    axes: Axes, rows: pd.DataFrame, name: str, places: np.ndarray, colour: str, label: str
) -> None:
    at = rows[name].to_numpy(dtype=float)
    reach = np.stack([at - rows[f"{name}_low"], rows[f"{name}_high"] - at])
    axes.barh(places, at, height=_BAR, color=colour, label=label)
    known = np.isfinite(reach).all(axis=0)
    axes.errorbar(
        at[known],
        places[known],
        xerr=np.maximum(reach[:, known], 0.0),
        fmt="none",
        ecolor="black",
        elinewidth=0.9,
        capsize=2,
    )


def _name(axes: Axes, labels: list[str]) -> None:
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.set_ylim(len(labels) - 0.4, -0.6)


def _nothing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "no indices", ha="center", va="center", transform=axes.transAxes)
    axes.set_xticks([])
    axes.set_yticks([])


def _title(summary: Summary) -> str:
    shares = summary.shares
    if shares is None or not np.isfinite(shares.share):
        return summary.outcome
    where = " over the grid's points" if shares.over == "grid" else ""
    return f"{summary.outcome}\nseeds alone: {shares.share:.1%} of a run's variance{where}"
