"""Figures of free riding: what a leak does, and the way from club good to public good."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from gigsim.dynamics.exclusion import Exclusion
from gigsim.dynamics.free_riding import CELL, FreeRiding
from gigsim.dynamics.seeding import SeedingFound
from gigsim.plots.style import BLUE, GREEN, GREY, LINE, ORANGE, RED

_MARKS = ("o", "s", "^", "D", "v", "P")


def riding_figure(found: FreeRiding) -> Figure:
    """Shares by leak, and who gains and loses; a mark a cell of other settings."""
    figure = Figure(figsize=(9.6, 4.6), layout="constrained")
    shares, money = figure.subplots(1, 2)
    means = found.means
    leaks = np.unique(means["leak"])
    place = {float(leak): at for at, leak in enumerate(leaks)}
    others = [name for name in CELL[1:] if means[name].nunique() > 1]
    groups = list(means.groupby(others, sort=False)) if others else [((), means)]
    for number, (cell, rows) in enumerate(groups):
        words = ", ".join(f"{name} {value:g}" for name, value in zip(others, cell, strict=True))
        mark = _MARKS[number % len(_MARKS)]
        at = np.array([place[float(leak)] for leak in rows["leak"]]) + 0.04 * number
        for axes, names in (
            (
                shares,
                (
                    ("alpha", BLUE, "members"),
                    ("free_riders", ORANGE, "free riders"),
                    ("success", RED, "S"),
                ),
            ),
            (
                money,
                (
                    ("gain_free_riders", ORANGE, "free riders"),
                    ("gain_members", BLUE, "members"),
                    ("gain_outsiders", GREY, "outsiders"),
                    ("gain_all", GREEN, "everybody"),
                ),
            ),
        ):
            for name, colour, label in names:
                said = f"{label}, {words}" if words else label
                _errors(axes, at, rows, name, colour, mark, said)
        for name, colour in (("alpha_recursion", BLUE), ("free_riders_recursion", ORANGE)):
            if rows[name].notna().any():
                shares.plot(at, rows[name], ":", color=colour, linewidth=1.2)
    for axes in (shares, money):
        axes.set_xticks(range(len(leaks)), [f"{leak:g}" for leak in leaks])
        axes.set_xlabel("leak, per tie and period")
        axes.grid(alpha=0.25, linewidth=0.6)
    shares.set_ylim(-0.03, 1.03)
    shares.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    shares.set_title("At the end (dotted: recursion)", loc="left", fontsize=10)
    money.axhline(0, color="black", linewidth=0.8)
    money.set_ylabel("money a period and head of the population")
    money.set_title("Gained against the same world without leak", loc="left", fontsize=10)
    if len(groups) <= 2:
        for axes in (shares, money):
            axes.legend(fontsize=8, frameon=False)
    else:
        figure.legend(
            *money.get_legend_handles_labels(), loc="outside lower left", fontsize=7, ncols=4
        )
    figure.suptitle("What free riders gain, and what they cost", fontweight="bold")
    return figure


def exclusion_figure(found: Exclusion) -> Figure:
    """Left the way by γ, right by N; only the panels that were asked for."""
    panels = [name for name, of in (("path", found.path), ("goods", found.goods)) if len(of)]
    figure = Figure(figsize=(4.9 * max(1, len(panels)), 4.6), layout="constrained")
    for name, axes in zip(panels, figure.subplots(1, len(panels), squeeze=False)[0], strict=True):
        if name == "path":
            _way(axes, found)
        else:
            _sizes(axes, found)
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.legend(fontsize=8, frameon=False)
    figure.suptitle("From club good to public good", fontweight="bold")
    return figure


def seeding_figure(found: SeedingFound) -> Figure:
    """Critical numbers world by world, a thin line a world."""
    figure = Figure(figsize=(7.5, 4.4), layout="constrained")
    axes = figure.subplots()
    ways = list(found.table["seeding"])
    wide = found.rows.pivot_table(index="seed", columns="seeding", values="critical", dropna=False)
    at = np.arange(len(ways))
    known = wide[ways].replace(np.inf, np.nan)
    axes.plot(at, known.to_numpy().T, color=GREY, alpha=0.5, linewidth=0.8, marker=".")
    median = found.table["critical"].replace(np.inf, np.nan)
    low = (median - found.table["critical_low"]).clip(lower=0)
    # Too few worlds bound a median nowhere: then there is no bar.
    bounded = (found.table["critical_low"] > 0) | np.isfinite(found.table["critical_high"])
    low = low.where(bounded, 0.0)
    high = (found.table["critical_high"].replace(np.inf, np.nan) - median).clip(lower=0)
    bars = np.vstack([low.fillna(0), high.fillna(0)])
    axes.errorbar(at, median, bars, fmt="o", color=RED, capsize=4, label="median, 95 %")
    axes.plot([], [], color=GREY, marker=".", linewidth=0.8, label="a world")
    axes.set_xticks(at, ways)
    axes.set_xlim(-0.4, len(ways) - 0.6)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("first movers that carry it over")
    axes.set_xlabel("first movers are taken from")
    axes.legend(fontsize=8, frameon=False)
    axes.set_title("Whom to begin with", loc="left", fontweight="bold")
    return figure


def _way(axes: Axes, found: Exclusion) -> None:
    line, path = found.line, found.path
    axes.plot(line["gamma"], line["high"], color=BLUE, linewidth=LINE, label="equilibrium")
    critical = line["critical"].replace(np.inf, np.nan)
    axes.plot(line["gamma"], critical, "--", color=RED, linewidth=LINE, label="critical mass")
    at = path["gamma"].to_numpy()
    _errors(axes, at, path, "high_simulated", BLUE, "o", "simulated, all worlds", join=False)
    held = "simulated, worlds that held"
    _errors(axes, at, path, "critical_simulated", RED, "s", held, join=False)
    axes.set_xlabel("γ, share of the gain that outsiders have")
    axes.set_ylabel("α, members over population")
    axes.set_yscale("symlog", linthresh=0.01, linscale=0.5)
    axes.set_ylim(-0.0005, 1.4)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_title("By excludability: best response", loc="left", fontsize=10)


def _sizes(axes: Axes, found: Exclusion) -> None:
    goods = found.goods.sort_values("size")
    at = goods["size"].to_numpy()
    # Marks alone: between the sizes that were asked a straight line would be no prediction.
    axes.plot(
        at,
        goods["high"],
        "D",
        color=BLUE,
        markersize=9,
        markerfacecolor="none",
        label="map: one's own difference, at this N",
    )
    if goods["formula"].notna().any():
        axes.plot(at, goods["formula"], ":", color="black", linewidth=1.2, label="√(bκ/(cN))")
    _errors(axes, at, goods, "simulated", RED, "o", "simulated", join=False)
    axes.set_xscale("log")
    top = float(goods[["high", "simulated"]].to_numpy().max())
    axes.set_ylim(-0.05 * max(top, 1e-6), 1.35 * max(top, 1e-6))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel("N, people")
    axes.set_ylabel("α, members over population")
    for size, olson in zip(goods["size"], goods["olson"], strict=True):
        if np.isfinite(olson):
            axes.annotate(
                f"κN = {olson:g}", (size, 1.0), xycoords=("data", "axes fraction"),
                xytext=(0, -4), textcoords="offset points", ha="center", va="top", fontsize=7,
                color=GREY, rotation=90,
            )  # fmt: skip
    axes.set_title("By size: pure public good, rule pivotal", loc="left", fontsize=10)


def _errors(
    axes: Axes,
    at: np.ndarray,
    rows: pd.DataFrame,
    name: str,
    colour: str,
    mark: str,
    label: str,
    *,
    join: bool = True,
) -> None:
    low, high = f"{name}_low", f"{name}_high"
    down = (rows[name] - rows[low]).fillna(0)
    up = (rows[high] - rows[name]).fillna(0)
    axes.errorbar(
        at,
        rows[name],
        np.vstack([down, up]),
        fmt=f"{mark}-" if join else mark,
        color=colour,
        markersize=5,
        linewidth=1.2,
        capsize=3,
        label=label,
    )
