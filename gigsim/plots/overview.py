"""A run on one page."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from gigsim.config import Config
from gigsim.plots.changes import mark_changes, mark_first_movers, rhythm
from gigsim.plots.curve import mark_spot_checks, success_against_alpha
from gigsim.plots.style import (
    BLUE,
    GREEN,
    GREY,
    LINE,
    ORANGE,
    RED,
    SKY,
    base_words,
    erases,
    platform_note,
    success_words,
)


def overview(
    config: Config,
    periods: pd.DataFrame,
    retrainings: pd.DataFrame,
    theory: pd.DataFrame,
    spot_checks: pd.DataFrame | None = None,
) -> Figure:
    """A run on one page.

    Args:
        config: the run's config.
        periods: one row a period.
        retrainings: one row a deployed classifier, period 0 first.
        theory: the lines on a grid of α (``TheoryLines.table``).
        spot_checks: one row a spot check; None where there were none.

    Returns:
        Four panels: α and S over time; S against α_effective with the lines of theory; who is in,
        who rides free (where something is shown), who is out; clean accuracy.
    """
    figure = Figure(figsize=(12.5, 9.2), layout="constrained")
    panels = figure.subplot_mosaic([["time", "curve"], ["people", "quality"]])
    if spot_checks is not None and len(spot_checks):
        mark_spot_checks(panels["time"], config, spot_checks, "period")
        mark_spot_checks(panels["curve"], config, spot_checks, "alpha_effective")
    _over_time(panels["time"], config, periods, retrainings)
    success_against_alpha(panels["curve"], config, retrainings, theory)
    _people(panels["people"], config, periods)
    _quality(panels["quality"], config, periods, retrainings)
    for name in ("time", "people", "quality"):
        panels[name].xaxis.set_major_locator(MaxNLocator(integer=True))
    last = int(periods["period"].max())
    learner = config.platform.learner.kind
    figure.suptitle(
        f"{config.name}: {config.population.size:,} freelancers, {learner} retrained"
        f" {rhythm(config, last)}, target {config.collective.target}{platform_note(config)}",
        fontsize=13,
        fontweight="bold",
    )
    for axes in panels.values():
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25, linewidth=0.6)
    return figure


def _over_time(
    axes: Axes, config: Config, periods: pd.DataFrame, retrainings: pd.DataFrame
) -> None:
    metric, strategy = config.measure.success, config.collective.strategy
    axes.plot(
        periods["period"],
        periods[f"success_{metric}"],
        color=RED,
        drawstyle="steps-post",
        label=success_words(strategy),
        linewidth=LINE,
    )
    axes.plot(retrainings["period"], retrainings[f"success_{metric}"], "o", color=RED, markersize=4)
    axes.plot(
        periods["period"],
        periods["alpha"],
        color=BLUE,
        label="α, share who are members",
        linewidth=LINE,
    )
    base = base_words(strategy)
    if base is not None:
        axes.plot(
            periods["period"],
            periods[f"base_{metric}"],
            color=GREY,
            drawstyle="steps-post",
            label=base,
            linewidth=1.2,
        )
    mark_changes(axes, config, int(periods["period"].max()))
    axes.set_ylim(-0.02, 1.04)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("period (dots: the platform retrained)")
    axes.set_title("The collective and its success over time", loc="left")
    axes.legend(fontsize=8, framealpha=0.92)


def _people(axes: Axes, config: Config, periods: pd.DataFrame) -> None:
    bands = {"members": (BLUE, "members")}
    title = "Who is in, who rides free, who is out"
    if not erases(config.collective.strategy):
        bands["free_riders"] = (ORANGE, "free riders (hold the signal, pay nothing)")
    elif periods["free_riders"].any():
        # They have nothing to gain by what they know.
        bands["free_riders"] = (ORANGE, "others who know of it (pay nothing)")
        title = "Who is in, who knows of it, who is out"
    else:
        title = "Who is in, who is out"
    bands["outsiders"] = ("#DDDDDD", "outsiders")
    axes.stackplot(
        periods["period"],
        *(periods[column] / config.population.size for column in bands),
        colors=[colour for colour, _ in bands.values()],
        labels=[words for _, words in bands.values()],
    )
    last = int(periods["period"].max())
    mark_changes(axes, config, last)
    mark_first_movers(axes, config, last)
    axes.set_ylim(0, 1)
    axes.margins(x=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("period")
    axes.set_title(title, loc="left")
    axes.legend(fontsize=8, loc="upper right", framealpha=0.92)


def _quality(axes: Axes, config: Config, periods: pd.DataFrame, retrainings: pd.DataFrame) -> None:
    axes.fill_between(
        retrainings["period"],
        retrainings["accuracy_low"],
        retrainings["accuracy_high"],
        color=GREEN,
        alpha=0.18,
        linewidth=0,
    )
    axes.plot(
        retrainings["period"],
        retrainings["accuracy"],
        "o-",
        color=GREEN,
        markersize=4,
        label="accuracy: top label is true (95 % interval)",
        linewidth=LINE,
    )
    axes.plot(
        retrainings["period"],
        retrainings["f1_micro"],
        "s-",
        color=SKY,
        markersize=4,
        label="micro-F1 of the predicted sets",
        linewidth=LINE,
    )
    mark_changes(axes, config, int(periods["period"].max()))
    known = retrainings[["accuracy", "accuracy_low", "f1_micro"]].min().dropna()
    if known.empty:
        axes.text(0.5, 0.5, "not known of a bound", transform=axes.transAxes, ha="center")
        axes.set_xlim(0, max(1, int(periods["period"].max())))
    axes.set_ylim(max(0.0, known.min() - 0.1) if len(known) else 0.0, 1.0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("period")
    axes.set_title("What it costs the platform: quality on clean held-out resumes", loc="left")
    axes.legend(fontsize=8, loc="lower left", framealpha=0.92)
