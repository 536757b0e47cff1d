"""Replicates on one page: bands over time, every retraining, and when they tipped."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from gigsim.config import Config
from gigsim.plots.changes import mark_changes, mark_first_movers, rhythm
from gigsim.plots.curve import successes_against_alpha
from gigsim.plots.style import BLUE, GREY, LINE, RED, THIN, platform_note, success_words

#: Labels of the tipping periods, at most so many: every retraining, every other, every fifth, ...
_TICKS = 8
_NICE = [n * 10**k for k in range(7) for n in (1, 2, 5)]

#: Bars of the tipping periods: one a retraining up to so many, else of equal width.
_BARS = 40


def replicates_overview(
    config: Config,
    summary: dict[str, Any],
    periods: pd.DataFrame,
    retrainings: pd.DataFrame,
    theory: pd.DataFrame,
    runs: pd.DataFrame,
) -> Figure:
    """Replicates on one page.

    Args:
        config: the scenario.
        summary: of the replicates (``summary_replicates``).
        periods: of all replicates, with the column ``replicate``.
        retrainings: likewise.
        theory: likewise; the lines drawn are those of the replicate whose α went furthest, since
            each has drawn its own resumes.
        runs: one row a replicate.

    Returns:
        Four panels: α over time and S over time, with pointwise quantiles; S against
        α_effective with the lines of theory; the tipping periods, with those that never tipped.
    """
    metric = config.measure.success
    figure = Figure(figsize=(12.5, 9.2), layout="constrained")
    panels = figure.subplot_mosaic([["alpha", "success"], ["tipping", "curve"]])
    last = int(periods["period"].max())
    for name in ("alpha", "success"):
        mark_changes(panels[name], config, last)
    _bands(panels["alpha"], periods, "alpha", BLUE, "upper left")
    panels["alpha"].set_title("α, share who are members", loc="left")
    # Room for the legend above what may be a plateau.
    panels["alpha"].set_ylim(0, 1.3 * max(periods["alpha"].max(), 0.01))
    mark_first_movers(panels["alpha"], config, last)
    _bands(panels["success"], periods, f"success_{metric}", RED, "lower right", step="post")
    panels["success"].set_title(success_words(config.collective.strategy), loc="left")
    panels["success"].set_ylim(-0.02, 1.04)
    _target(panels["success"], config)
    furthest = theory.loc[theory["alpha"].idxmax(), "replicate"]
    lines = theory[theory["replicate"] == furthest]
    successes_against_alpha(panels["curve"], config, retrainings, lines)
    _tipping(panels["tipping"], config, runs, retrainings)
    figure.suptitle(_title(config, summary, last), fontsize=13, fontweight="bold")
    for axes in panels.values():
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25, linewidth=0.6)
    return figure


def _title(config: Config, summary: dict[str, Any], last: int) -> str:
    tipped, done, asked = summary["tipped"], summary["replicates_done"], summary["replicates"]
    runs = f"{done} runs" if done == asked else f"{done} of {asked} runs"
    return (
        f"{config.name}: {tipped['count']} of {runs} tipped, {100 * tipped['share']:.0f} %"
        f" (95 % interval {100 * tipped['low']:.0f}–{100 * tipped['high']:.0f} %)\n"
        f"{config.population.size:,} freelancers, {config.platform.learner.kind} retrained"
        f" {rhythm(config, last)}, target {config.collective.target}{platform_note(config)}"
    )


def _bands(
    axes: Axes,
    periods: pd.DataFrame,
    column: str,
    colour: str,
    place: Literal["upper left", "lower right"],
    step: Literal["post"] | None = None,
) -> None:
    """Median, 50 % and 95 % of the runs, period by period; each run, where there are few."""
    drawstyle = "default" if step is None else f"steps-{step}"
    table = periods.pivot(index="period", columns="replicate", values=column)
    ragged = bool(table.isna().any(axis=None))
    # Runs that settled have ended; they are where they were, not gone.
    values = table.ffill()
    if step is not None:
        # What a period begins with holds until its end: else the last retraining has no width.
        values.loc[values.index[-1] + 1] = values.iloc[-1]
    period, count = values.index, values.shape[1]
    levels = values.quantile([0.025, 0.25, 0.5, 0.75, 0.975], axis=1)
    for low, high, opacity, label in (
        (0.025, 0.975, 0.15, "the middle 95 % of the runs"),
        (0.25, 0.75, 0.3, "the middle 50 %"),
    ):
        axes.fill_between(
            period,
            levels.loc[low],
            levels.loc[high],
            color=colour,
            alpha=opacity,
            linewidth=0,
            step=step,
            label=label,
        )
    if count <= THIN:
        axes.plot(period, values, color=colour, linewidth=0.6, alpha=0.55, drawstyle=drawstyle)
        axes.plot([], [], color=colour, linewidth=0.6, alpha=0.55, label=f"each of {count} runs")
    label = "median" + (", runs that settled stay where they were" if ragged else "")
    axes.plot(
        period,
        levels.loc[0.5],
        color=colour,
        linewidth=LINE + 0.6,
        drawstyle=drawstyle,
        label=label,
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(x=0.01)
    axes.set_xlabel("period")
    axes.legend(fontsize=8, framealpha=0.92, loc=place)


def _target(axes: Axes, config: Config) -> None:
    goal = config.measure.success_target
    axes.axhline(goal, color=GREY, linewidth=1, linestyle=(0, (1, 2)))
    axes.annotate(
        f"tipped: S at {100 * goal:g} % or more to the end",
        (0, goal),
        xycoords=("axes fraction", "data"),
        xytext=(4, 3),
        textcoords="offset points",
        color="#555555",
        fontsize=8,
        bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.8},
    )


def _tipping(axes: Axes, config: Config, runs: pd.DataFrame, retrainings: pd.DataFrame) -> None:
    """How many runs tipped at which retraining, and how many never."""
    fitted = np.unique(retrainings.loc[retrainings["period"] > 0, "period"])
    tipped = runs["tipping_period"].dropna().to_numpy(dtype=float)
    never = len(runs) - len(tipped)
    last = float(fitted[-1]) if len(fitted) else 1.0
    rhythm = float(np.diff(fitted).min()) if len(fitted) > 1 else 1.0
    step = rhythm * max(1, int(np.ceil(last / rhythm / _BARS)))
    # Bars end at their retraining: one that stands at 12 counts the runs that tipped by then.
    edges = np.arange(-step / 2, last + step, step)
    counts, _ = np.histogram(tipped, edges)
    axes.bar((edges[1:] + edges[:-1]) / 2, counts, width=0.85 * step, color=RED, alpha=0.8)
    apart = last + max(2.5 * step, 0.12 * last)
    width = max(step, 0.05 * last)
    axes.bar([apart], [never], width=width, color=GREY)
    axes.annotate(
        f"{never}", (apart, never), xytext=(0, 3), textcoords="offset points", ha="center"
    )
    axes.axvline((last + apart) / 2, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)))
    late = np.append(np.sort(tipped), np.full(never, np.inf))
    median = float(np.quantile(late, 0.5, method="inverted_cdf"))
    if np.isfinite(median):
        axes.axvline(median, color="black", linewidth=1.2, label=f"median: period {median:.0f}")
        axes.legend(fontsize=8, framealpha=0.92, loc="upper left")
    every = next(n for n in _NICE if len(fitted) <= _TICKS * n)
    ticks = fitted[every - 1 :: every]
    axes.set_xticks([*ticks, apart], [*(f"{tick:g}" for tick in ticks), "never"])
    axes.set_xlim(-step, apart + width)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    axes.set_ylim(0, 1.12 * max(1, never, counts.max(initial=0)))
    axes.set_xlabel("tipping period: first retraining from which S stays at the target")
    axes.set_ylabel("runs")
    axes.set_title(f"When they tipped ({len(tipped)} of {len(runs)})", loc="left")
