"""S against α: what was measured, beside what theory covers and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from gigsim.config import Config
from gigsim.plots.style import BLUE, GREY, RED, THIN, reading, source_of
from gigsim.plots.theory import theory_lines

#: Over this U(0) is named under its line: above it are the points.
_HIGH = 0.85

#: Standard errors to either side of a spot check: of so few trainings no 95 % interval is drawn.
_ERRORS = 2.0

#: What a point is that no training is behind.
_POINTS = {
    "curve": "emergent size, S read off a measured curve\n(95 % limits of its trainings)",
    "bound": "emergent size, S as a bound promises it:\nnot measured",
    "staircase": "emergent size, S of the exact Bayes classifier:\ncomputed, not measured",
}


def success_against_alpha(
    axes: Axes, config: Config, retrainings: pd.DataFrame, theory: pd.DataFrame
) -> None:
    """S against α_effective: one point a retraining, with what theory covers and nothing else."""
    metric = config.measure.success
    theory_lines(axes, config, retrainings, theory)
    points = retrainings[retrainings["alpha_effective"] > 0]
    success = points[f"success_{metric}"]
    spread = [
        (success - points[f"success_{metric}_low"]).clip(lower=0),
        (points[f"success_{metric}_high"] - success).clip(lower=0),
    ]
    if len(points):
        axes.plot(points["alpha_effective"], success, color=RED, linewidth=0.8, alpha=0.5)
        axes.errorbar(
            points["alpha_effective"],
            success,
            yerr=spread,
            fmt="o",
            markersize=5.5,
            color=RED,
            capsize=2,
            label=_POINTS.get(source_of(config), "emergent: a retraining, 95 % interval"),
            zorder=4,
        )
    certified = points.get(f"bound_epsilon_{metric}")
    # Runs that were recorded before ε was certified have no such column.
    if certified is not None and certified.notna().any():
        axes.plot(
            points["alpha_effective"],
            certified.clip(lower=0),
            "_",
            markersize=9,
            markeredgewidth=1.6,
            color="black",
            label="the bound for this classifier's own ε,\ncertified on other resumes (95 %)",
        )
    _mark_selected(axes, points, metric, theory, 11, "members not a random draw (p < .01)")
    beside = points[f"reference_{metric}"]
    if beside.notna().any():
        axes.plot(
            points["alpha_effective"],
            beside,
            "D",
            markersize=6,
            markerfacecolor="white",
            markeredgecolor=BLUE,
            label="random collective of equal size",
            zorder=5,
        )
    _frame(axes, config, theory, float(retrainings[f"clean_{metric}"].iloc[0]))
    # Below the axes: every place inside is crossed by a line in some scenario.
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(-0.02, -0.13), ncols=2, frameon=False)


def _mark_selected(
    axes: Axes, points: pd.DataFrame, metric: str, theory: pd.DataFrame, size: float, who: str
) -> None:
    """Rings around retrainings of which the theorem, for randomly drawn members, assures nothing.

    Args:
        axes: where to draw.
        points: retrainings with somebody who follows.
        metric: the reading of S.
        theory: the lines; without a bound nothing is marked.
        size: of a ring.
        who: for the legend; ``{:,}`` is how many.
    """
    chosen = points[points["selection_p"] < 0.01]
    if len(chosen) and f"bound_{metric}" in theory:
        axes.plot(
            chosen["alpha_effective"],
            chosen[f"success_{metric}"],
            "o",
            markersize=size,
            markerfacecolor="none",
            markeredgecolor=GREY,
            label=f"{who.format(len(chosen))}:\nbound not assured",
        )


def successes_against_alpha(
    axes: Axes, config: Config, retrainings: pd.DataFrame, theory: pd.DataFrame
) -> None:
    """The same for replicates: every retraining of every run is a point.

    Args:
        axes: where to draw.
        config: the scenario.
        retrainings: of all replicates, with the column ``replicate``.
        theory: the lines of one replicate's world.
    """
    metric = config.measure.success
    theory_lines(axes, config, retrainings, theory)
    points = retrainings[retrainings["alpha_effective"] > 0]
    runs = retrainings["replicate"].nunique()
    if runs <= THIN:
        for _, run in points.groupby("replicate"):
            axes.plot(
                run["alpha_effective"],
                run[f"success_{metric}"],
                color=RED,
                linewidth=0.7,
                alpha=0.35,
            )
    axes.plot(
        points["alpha_effective"],
        points[f"success_{metric}"],
        "o",
        color=RED,
        markersize=4,
        alpha=max(0.15, min(0.7, 250 / max(1, len(points)))),
        markeredgewidth=0,
        label=_POINTS.get(
            source_of(config), f"emergent: the {len(points):,} retrainings of {runs} runs"
        ),
        zorder=4,
    )
    # So many runs have some by chance: how many it is says more than that there are. A longer line
    # would take its width from the panels.
    of = f"members not a random draw\n(p < .01), {{:,}} of {len(points):,}"
    _mark_selected(axes, points, metric, theory, 8, of)
    beside = points[f"reference_{metric}"]
    if beside.notna().any():
        axes.plot(
            points["alpha_effective"],
            beside,
            "D",
            markersize=4,
            markerfacecolor="white",
            markeredgecolor=BLUE,
            alpha=0.7,
            label="random collectives of equal size",
            zorder=5,
        )
    first = retrainings[retrainings["period"] == 0]
    _frame(axes, config, theory, float(first[f"clean_{metric}"].mean()))
    # Below the axes: every place inside is crossed by a line in some scenario.
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(-0.02, -0.13), ncols=2, frameon=False)


def mark_spot_checks(axes: Axes, config: Config, spot_checks: pd.DataFrame, x: str) -> None:
    """Real trainings beside what stood in for them, against a column of their table.

    Args:
        axes: where to draw.
        config: the run's.
        spot_checks: one row a spot check.
        x: ``period``, or ``alpha_effective`` (those with anybody following: its axis is a log one).
    """
    rows = spot_checks[spot_checks[x] > 0] if x == "alpha_effective" else spot_checks
    name = f"spot_success_{config.measure.success}"
    learner = config.measure.spot_learner.kind
    axes.errorbar(
        rows[x].astype(float),
        rows[name].astype(float),
        yerr=_ERRORS * rows[f"{name}_se"].astype(float),
        fmt="s",
        markersize=7,
        markerfacecolor="white",
        color="black",
        capsize=3,
        label=f"spot check: S of real trainings of\n{learner}, ± {_ERRORS:g} standard errors",
        zorder=6,
    )


def _frame(axes: Axes, config: Config, theory: pd.DataFrame, clean: float) -> None:
    """U(0), scales and titles."""
    metric = config.measure.success
    if not any(np.size(line.get_xdata()) for line in axes.get_lines()):
        # Nobody follows yet and no line applies: the sizes that there may be.
        axes.set_xlim(theory.loc[theory["alpha"] > 0, "alpha"].min(), 1.0)
    axes.axhline(clean, color=GREY, linewidth=1, linestyle=(0, (1, 2)))
    axes.annotate(
        f"U(0) = {clean:.2f}",
        (1, clean),
        xycoords=("axes fraction", "data"),
        xytext=(-4, 3 if clean < _HIGH else -3),
        textcoords="offset points",
        ha="right",
        va="bottom" if clean < _HIGH else "top",
        color=GREY,
        fontsize=9,
    )
    axes.set_xscale("log")
    axes.set_ylim(-0.02, 1.04)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:g} %"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("α_effective, share of those trained on who follow the collective (log scale)")
    axes.set_ylabel(f"S: {reading(config.collective.strategy, metric)}")
    axes.set_title("Success against the size of the collective, and theory", loc="left")
