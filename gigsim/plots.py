"""Figures as functions of a run's tables. No pyplot: figures may be drawn in any thread."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from gigsim.config import Config

# Okabe and Ito's palette: told apart with any colour vision, and in grey.
_ORANGE, _SKY, _GREEN, _BLUE, _RED, _GREY = (
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#0072B2",
    "#D55E00",
    "#8A8A8A",
)
_LINE = 1.8
_READING = {"top1": "is the top label", "any": "is among the predicted labels"}


def overview(
    config: Config, periods: pd.DataFrame, retrainings: pd.DataFrame, theory: pd.DataFrame
) -> Figure:
    """A run on one page.

    Args:
        config: the run's config.
        periods: one row a period.
        retrainings: one row a deployed classifier, period 0 first.
        theory: the lines on a grid of α (``TheoryLines.table``).

    Returns:
        Four panels: α and S over time; S against α_effective with the lines of theory; who is in,
        who rides free, who is out; clean accuracy.
    """
    figure = Figure(figsize=(12.5, 9.2), layout="constrained")
    panels = figure.subplot_mosaic([["time", "curve"], ["people", "quality"]])
    _over_time(panels["time"], config, periods, retrainings)
    success_against_alpha(panels["curve"], config, retrainings, theory)
    _people(panels["people"], config, periods)
    _quality(panels["quality"], config, periods, retrainings)
    learner = config.platform.learner.kind
    figure.suptitle(
        f"{config.name}: {config.population.size:,} freelancers, {learner} retrained every"
        f" {config.platform.retrain_every} periods, target {config.collective.target}",
        fontsize=13,
        fontweight="bold",
    )
    for axes in panels.values():
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25, linewidth=0.6)
    return figure


def success_against_alpha(
    axes: Axes, config: Config, retrainings: pd.DataFrame, theory: pd.DataFrame
) -> None:
    """S against α_effective: one point a retraining, with what theory covers and nothing else."""
    metric = config.measure.success
    lines = theory[theory["alpha"] > 0]
    if f"bound_{metric}" in lines:
        _theory_lines(axes, config, lines, retrainings["deficit_source"].iloc[0])
    else:
        axes.plot([], [], " ", label="no theorem covers the top label\nof extended label sets")
    points = retrainings[retrainings["alpha_effective"] > 0]
    success = points[f"success_{metric}"]
    spread = [
        (success - points[f"success_{metric}_low"]).clip(lower=0),
        (points[f"success_{metric}_high"] - success).clip(lower=0),
    ]
    if len(points):
        axes.plot(points["alpha_effective"], success, color=_RED, linewidth=0.8, alpha=0.5)
        axes.errorbar(
            points["alpha_effective"],
            success,
            yerr=spread,
            fmt="o",
            markersize=5.5,
            color=_RED,
            capsize=2,
            label="emergent: a retraining, 95 % interval",
            zorder=4,
        )
    chosen = points[points["selection_p"] < 0.01]
    if len(chosen):
        axes.plot(
            chosen["alpha_effective"],
            chosen[f"success_{metric}"],
            "o",
            markersize=11,
            markerfacecolor="none",
            markeredgecolor=_GREY,
            label="members not a random draw (p < .01):\nbound not assured",
        )
    beside = points[f"reference_{metric}"]
    if beside.notna().any():
        axes.plot(
            points["alpha_effective"],
            beside,
            "D",
            markersize=6,
            markerfacecolor="white",
            markeredgecolor=_BLUE,
            label="random collective of equal size",
            zorder=5,
        )
    clean = retrainings[f"clean_{metric}"].iloc[0]
    axes.axhline(clean, color=_GREY, linewidth=1, linestyle=(0, (1, 2)))
    axes.annotate(
        f"U(0) = {clean:.2f}",
        (1, clean),
        xycoords=("axes fraction", "data"),
        xytext=(-4, 3),
        textcoords="offset points",
        ha="right",
        color=_GREY,
        fontsize=9,
    )
    axes.set_xscale("log")
    axes.set_ylim(-0.02, 1.04)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:g} %"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("α_effective, share of those trained on who plant the signal (log scale)")
    axes.set_ylabel(f"S: target {_READING[metric]}")
    axes.set_title("Success against the size of the collective, and theory", loc="left")
    # Below the axes: every place inside is crossed by a line in some scenario.
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(-0.02, -0.13), ncols=2, frameon=False)


def _theory_lines(axes: Axes, config: Config, lines: pd.DataFrame, source: str) -> None:
    metric = config.measure.success
    origin = {"posterior": "the exact posterior", "classifier": "the clean classifier"}[source]
    alpha = lines["alpha"]
    nominal = lines[f"bound_{metric}"].clip(lower=0)
    low = lines[f"bound_{metric}_low"].clip(lower=0)
    finite, finite_low = lines[f"finite_{metric}"], lines[f"finite_{metric}_low"]
    seen = not config.corpus.path or bool((nominal < 1).any())
    if seen:
        axes.plot(
            alpha,
            nominal,
            color="black",
            label="Theorem 1, nominal: infinite data, ε = 0\n(a finite learner may fall below)",
            linewidth=_LINE,
        )
        axes.plot(
            alpha,
            finite,
            color=_GREEN,
            linestyle=(0, (5, 2)),
            label=f"expected at N = {config.population.size:,} for ε = 0 (± sd over\n"
            f"populations), P0(y|x) from {origin}",
            linewidth=_LINE,
        )
        spread = lines[f"finite_{metric}_sd"]
        axes.fill_between(
            alpha,
            (finite - spread).clip(0, 1),
            (finite + spread).clip(0, 1),
            color=_GREEN,
            alpha=0.13,
            linewidth=0,
        )
    if (low < nominal - 1e-9).any():
        axes.fill_between(
            alpha,
            low,
            nominal,
            color="black",
            alpha=0.12,
            linewidth=0,
            label="Theorem 1, ξ up to its 95 % limit" + ("" if seen else " (signal never seen)"),
        )
    if not seen:
        axes.fill_between(
            alpha,
            finite_low,
            finite,
            color=_GREEN,
            alpha=0.18,
            linewidth=0,
            label=f"expected at N = {config.population.size:,}, ξ from 0 to its limit,\n"
            f"P0(y|x) from {origin}",
        )


def _over_time(
    axes: Axes, config: Config, periods: pd.DataFrame, retrainings: pd.DataFrame
) -> None:
    metric = config.measure.success
    axes.plot(
        periods["period"],
        periods[f"success_{metric}"],
        color=_RED,
        drawstyle="steps-post",
        label="S, success of those who show the signal",
        linewidth=_LINE,
    )
    axes.plot(
        retrainings["period"], retrainings[f"success_{metric}"], "o", color=_RED, markersize=4
    )
    axes.plot(
        periods["period"],
        periods["alpha"],
        color=_BLUE,
        label="α, share who are members",
        linewidth=_LINE,
    )
    axes.plot(
        periods["period"],
        periods[f"base_{metric}"],
        color=_GREY,
        drawstyle="steps-post",
        label="U, the same resumes without the signal",
        linewidth=1.2,
    )
    axes.set_ylim(-0.02, 1.04)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("period (dots: the platform retrained)")
    axes.set_title("The collective and its success over time", loc="left")
    axes.legend(fontsize=8, framealpha=0.92)


def _people(axes: Axes, config: Config, periods: pd.DataFrame) -> None:
    size = config.population.size
    axes.stackplot(
        periods["period"],
        periods["members"] / size,
        periods["free_riders"] / size,
        periods["outsiders"] / size,
        colors=[_BLUE, _ORANGE, "#DDDDDD"],
        labels=["members", "free riders (hold the signal, pay nothing)", "outsiders"],
    )
    if first := config.collective.first_movers:
        axes.axhline(first / size, color="black", linewidth=1.0, linestyle=(0, (3, 2)))
        axes.annotate(
            f"{first} first movers",
            (1, first / size),
            xycoords=("axes fraction", "data"),
            xytext=(-4, 3),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.8},
        )
    axes.set_ylim(0, 1)
    axes.margins(x=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("period")
    axes.set_title("Who is in, who rides free, who is out", loc="left")
    axes.legend(fontsize=8, loc="upper right", framealpha=0.92)


def _quality(axes: Axes, config: Config, periods: pd.DataFrame, retrainings: pd.DataFrame) -> None:
    axes.fill_between(
        retrainings["period"],
        retrainings["accuracy_low"],
        retrainings["accuracy_high"],
        color=_GREEN,
        alpha=0.18,
        linewidth=0,
    )
    axes.plot(
        retrainings["period"],
        retrainings["accuracy"],
        "o-",
        color=_GREEN,
        markersize=4,
        label="accuracy: top label is true (95 % interval)",
        linewidth=_LINE,
    )
    axes.plot(
        retrainings["period"],
        retrainings["f1_micro"],
        "s-",
        color=_SKY,
        markersize=4,
        label="micro-F1 of the predicted sets",
        linewidth=_LINE,
    )
    lowest = min(retrainings["accuracy_low"].min(), retrainings["f1_micro"].min())
    axes.set_ylim(max(0.0, lowest - 0.1), 1.0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("period")
    axes.set_title("What it costs the platform: quality on clean held-out resumes", loc="left")
    axes.legend(fontsize=8, loc="lower left", framealpha=0.92)
