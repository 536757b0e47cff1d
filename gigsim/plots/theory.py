"""The lines of theory in a figure of S against α: what covers the strategy, and nothing else."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from gigsim.collective.catalogue import STRATEGIES
from gigsim.config import Config
from gigsim.plots.style import GREEN, LINE, PURPLE, source_of

_ORIGIN = {"posterior": "the exact posterior", "classifier": "the clean classifier"}


def theory_lines(
    axes: Axes, config: Config, retrainings: pd.DataFrame, theory: pd.DataFrame
) -> None:
    """Draw what applies: the theorem, what is expected of N resumes, the exact platform.

    Args:
        axes: S against α.
        config: the run's.
        retrainings: its classifiers, at least one.
        theory: the lines on a grid of α (``TheoryLines.table``).
    """
    metric = config.measure.success
    lines = theory[theory["alpha"] > 0]
    source = str(retrainings["deficit_source"].iloc[0])
    # Runs that were recorded before strategies had theorems of several names quote none.
    names = retrainings.get(f"theorem_{metric}")
    name = STRATEGIES[config.collective.strategy].theorem if names is None else str(names.iloc[0])
    covered = f"bound_{metric}" in lines
    # A signal that was never seen has a band and no line. Erasing asks what it says, not how common
    # it is.
    erasing = STRATEGIES[config.collective.strategy].aim == "erased"
    known = not covered or erasing or not config.corpus.path
    seen = known or bool((lines[f"bound_{metric}"] < 1).any())
    if covered:
        _bound(axes, lines, metric, name, source, seen=seen)
    if f"finite_{metric}" in lines:
        _finite(axes, lines, metric, f"N = {config.population.size:,}", source, seen=seen)
    if f"exact_{metric}" in lines:
        axes.plot(
            lines["alpha"],
            lines[f"exact_{metric}"],
            color=PURPLE,
            linestyle=(0, (1, 1)),
            linewidth=LINE,
            label="exact: the Bayes classifier of the law"
            if source == "posterior"
            else "estimate: a Bayes classifier for which\nP0(y|x) is the clean classifier's",
        )
    if not covered:
        axes.plot([], [], " ", label=_nothing(config, retrainings))


def theory_of_curve(
    axes: Axes, lines: pd.DataFrame, metric: str, theorem: str, people: int, *, source: str
) -> None:
    """Draw what applies to a measured curve: the theorem, and what is expected of N resumes.

    Args:
        axes: S against α.
        lines: on a grid of α above 0 (``TheoryLines.table``).
        metric: the reading of success.
        theorem: its name, with whatever else is to be said of it.
        people: N.
        source: where P0(y|x) is from: ``posterior`` or ``classifier``.
    """
    seen = True
    if f"bound_{metric}" in lines and lines[f"bound_{metric}"].notna().any():
        nominal, low = lines[f"bound_{metric}"], lines[f"bound_{metric}_low"]
        # A signal that was never seen has a band and no line.
        seen = bool((nominal < 1).any() or (low >= nominal - 1e-9).all())
        _bound(axes, lines, metric, theorem, source, seen=seen)
    if f"finite_{metric}" in lines and lines[f"finite_{metric}"].notna().any():
        _finite(axes, lines, metric, f"N = {people:,}", source, seen=seen)


def _nothing(config: Config, retrainings: pd.DataFrame) -> str:
    """Why there is no bound, and what theory says instead."""
    facts = STRATEGIES[config.collective.strategy]
    if source_of(config):
        return "a surrogate reads no resumes:\nno line of theory beside it"
    if "convex loss" in facts.needs:
        last = retrainings.iloc[-1]
        return (
            f"{facts.theorem} speaks of the distance to the\n"
            "collective's model, not of S: at the end\n"
            f"{last['target_distance']:.3g} (at most {last['target_distance_bound']:.3g}; from the"
            f"\nweights of period 0 {last['target_distance_start']:.3g})"
        )
    if config.measure.success == "top1" and config.collective.label_sets == "extend":
        return "no theorem covers the top label\nof extended label sets"
    if config.measure.success == "top1" and config.collective.strategy == "feature_only":
        return "no theorem covers the top label\nof feature-only planting"
    if facts.aim == "erased" and config.collective.label_sets == "replace":
        return "no theorem covers whether y* is in the set\nwhere members report one label alone"
    return "no theorem covers this world"


def _bound(
    axes: Axes, lines: pd.DataFrame, metric: str, name: str, source: str, *, seen: bool
) -> None:
    alpha = lines["alpha"]
    nominal = lines[f"bound_{metric}"].clip(lower=0)
    low = lines[f"bound_{metric}_low"].clip(lower=0)
    # What was estimated has limits; what the law gives has none.
    erasing = name.startswith("Theorem 5")
    guess = f",\nits numbers from {_ORIGIN[source]}" if erasing or "quantile" in name else ""
    perfect = "" if "ε = " in name else ", ε = 0"
    if seen:
        axes.plot(
            alpha,
            nominal,
            color="black",
            label=f"{name}, nominal: infinite data{perfect}{guess}\n"
            "(a finite learner may fall below)",
            linewidth=LINE,
        )
    if (low < nominal - 1e-9).any():
        what = "τ and e" if erasing else "ξ"
        axes.fill_between(
            alpha,
            low,
            nominal,
            color="black",
            alpha=0.12,
            linewidth=0,
            label=f"{name}, {what} up to {'their' if erasing else 'its'} 95 % limit"
            + ("" if seen else " (signal never seen)"),
        )


def _finite(
    axes: Axes, lines: pd.DataFrame, metric: str, size: str, source: str, *, seen: bool
) -> None:
    alpha = lines["alpha"]
    finite, finite_low = lines[f"finite_{metric}"], lines[f"finite_{metric}_low"]
    if not seen:
        axes.fill_between(
            alpha,
            finite_low,
            finite,
            color=GREEN,
            alpha=0.18,
            linewidth=0,
            label=f"expected at {size}, ξ from 0 to its limit,\nP0(y|x) from {_ORIGIN[source]}",
        )
        return
    axes.plot(
        alpha,
        finite,
        color=GREEN,
        linestyle=(0, (5, 2)),
        label=f"expected at {size} for ε = 0 (± sd over\n"
        f"populations), P0(y|x) from {_ORIGIN[source]}",
        linewidth=LINE,
    )
    spread = lines[f"finite_{metric}_sd"]
    axes.fill_between(
        alpha,
        (finite - spread).clip(0, 1),
        (finite + spread).clip(0, 1),
        color=GREEN,
        alpha=0.13,
        linewidth=0,
    )
