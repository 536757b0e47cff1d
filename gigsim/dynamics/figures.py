"""Figures of what ``gigsim tip`` finds: simulation in colour, predictions in black and grey."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from gigsim.dynamics.comparison import Comparison
from gigsim.dynamics.critical_mass import CriticalMass
from gigsim.dynamics.hysteresis import Sweep
from gigsim.dynamics.tipping_times import TippingTimes
from gigsim.plots.style import BLUE, GREY, LINE, RED


def critical_figure(found: CriticalMass, beside: Comparison) -> Figure:
    """The share of worlds that so many first movers carry over, and the predictions."""
    figure = Figure(figsize=(7.5, 4.4), layout="constrained")
    axes = figure.subplots()
    numbers = found.numbers
    known = numbers[np.isfinite(numbers)]
    of = len(numbers)
    if len(known):
        steps = np.concatenate([[0.0], known, [known[-1] * 1.25 + 1]])
        shares = np.concatenate([[0.0], np.arange(1, len(known) + 1) / of, [len(known) / of]])
        axes.step(steps, shares, where="post", color=RED, linewidth=LINE, label="simulated worlds")
    low, high = found.interval
    if np.isfinite(high):
        axes.axvspan(low, high, color=RED, alpha=0.15, lw=0, label="95 % of the median")
    for value, style, words in (
        (beside.map, "-", "map of participation, N → ∞"),
        (beside.recursion, "--", "recursion of the loop, N → ∞"),
        (beside.sampled, ":", f"map, {found.population:,} people drawn"),
    ):
        if np.isfinite(value):
            axes.axvline(value, color="black", linestyle=style, linewidth=1.2, label=words)
    if np.isfinite(beside.map_high):
        axes.axvspan(
            beside.map_low, beside.map_high, color=GREY, alpha=0.25, lw=0, label="95 % of the curve"
        )
    axes.axhline(0.5, color=GREY, linewidth=0.8)
    axes.set_xlabel(f"first movers, of {found.population:,} people")
    axes.set_ylabel("share of worlds carried over")
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlim(left=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_title("Critical mass of first movers", loc="left", fontweight="bold")
    figure.legend(loc="outside lower left", ncols=2, fontsize=8, frameon=False)
    return figure


def sweep_figure(sweep: Sweep) -> Figure:
    """Participation on the way up and down, a thin line a seed."""
    figure = Figure(figsize=(7.5, 4.4), layout="constrained")
    axes = figure.subplots()
    for way, colour, mark in (("up", RED, "^"), ("down", BLUE, "v")):
        rows = sweep.table[sweep.table["way"] == way]
        for number, (_, own) in enumerate(rows.groupby("seed")):
            axes.plot(
                own["value"],
                own["alpha"],
                color=colour,
                marker=mark,
                markersize=4,
                linewidth=0.8,
                alpha=0.7,
                label=f"simulated, {way}" if number == 0 else None,
            )
        if sweep.predicted is not None:
            own = sweep.predicted[sweep.predicted["way"] == way]
            axes.plot(
                own["value"],
                own["alpha"],
                color="black",
                linestyle="-" if way == "up" else "--",
                linewidth=1.2,
                label=f"recursion, {way}",
            )
    for jumps, words, style in ((sweep.jumps_up, "up", ":"), (sweep.jumps_down, "down", "-.")):
        for number, jump in enumerate(jumps or ()):
            axes.axvline(
                jump.parameter,
                color=GREY,
                linestyle=style,
                linewidth=1.2,
                label=f"fold, {words}" if number == 0 else None,
            )
    axes.set_xlabel(sweep.key)
    axes.set_ylabel("α, members over population")
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_title("Swept up and down within one run", loc="left", fontweight="bold")
    figure.legend(loc="outside lower left", ncols=3, fontsize=8, frameon=False)
    return figure


def times_figure(found: TippingTimes) -> Figure:
    """The share of runs that have tipped by each period."""
    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    axes = figure.subplots()
    periods = np.sort([time.period for time in found.times if time.period is not None])
    of = len(found.times)
    ends = np.concatenate([[0.0], periods, [found.periods]])
    shares = np.concatenate([[0.0], np.arange(1, len(periods) + 1) / of, [len(periods) / of]])
    axes.step(ends, shares, where="post", color=RED, linewidth=LINE, label=f"{of} runs")
    if found.predicted is not None:
        axes.axvline(found.predicted, color="black", linestyle="--", label="recursion, N → ∞")
    axes.axhline(0.5, color=GREY, linewidth=0.8)
    # Where all have tipped early, what comes later is a straight line.
    last = max([*periods.tolist(), found.predicted or 0])
    early = len(periods) == of and 3 * last < found.periods
    axes.set_xlim(0, max(10, 3 * last) if early else found.periods)
    axes.set_xlabel("period")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("share of runs that have tipped")
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_title("When it tips", loc="left", fontweight="bold")
    figure.legend(loc="outside lower left", ncols=2, fontsize=8, frameon=False)
    return figure
