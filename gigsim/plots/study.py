"""A study on one page: where its runs ended, against what was varied first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from scipy.stats import t

from gigsim.plots.style import BLUE, GREEN, GREY, LINE, ORANGE, RED, SKY

_COLOURS = (BLUE, RED, GREEN, ORANGE, SKY, GREY)
#: Values over which the axis is logarithmic, if all are positive.
_LOG_FROM = 50.0
#: Between series that stand on one value, as a share of the axis.
_STEP = 0.01


def study_overview(name: str, runs: pd.DataFrame, keys: Sequence[str], metric: str) -> Figure:
    """A study on one page.

    Args:
        name: of the study.
        runs: one row a run, at least one: ``case``, the varied keys, ``alpha``,
            ``success_<metric>``.
        keys: varied ones, at least one; the first is on the axis. The others' combinations are told
            apart by colour, where there are at most six.
        metric: ``any`` or ``top1``.

    Returns:
        Two panels, S and α at the end of each run: a point a run, and the mean of the runs of one
        value with its 95 % interval (Student's t over the runs), cut off at 0 and 1. Series stand
        side by side.
    """
    figure = Figure(figsize=(12.5, 5.6), layout="constrained")
    panels = figure.subplot_mosaic([["success", "alpha"]])
    for panel, column, title in (
        ("success", f"success_{metric}", f"S at the end ({metric})"),
        ("alpha", "alpha", "α at the end: share who are members"),
    ):
        axes = panels[panel]
        _against(axes, runs, keys, column)
        axes.set_title(title, loc="left")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_xlabel(keys[0])
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25, linewidth=0.6)
    panels["success"].set_ylim(-0.02, 1.04)
    panels["alpha"].set_ylim(bottom=0)
    _legend(figure, panels["alpha"], runs, keys)
    cases = runs["case"].nunique()
    figure.suptitle(f"{name}: {len(runs):,} runs of {cases:,} cases", fontsize=13, weight="bold")
    return figure


def mean_interval(values: pd.Series) -> tuple[float, float]:
    """Mean, and half the width of its 95 % interval by Student's t; NaN of fewer than two."""
    count = len(values)
    mean = float(values.mean())
    if count < 2:
        return mean, math.nan
    error = float(values.std(ddof=1)) / math.sqrt(count)
    return mean, float(t.ppf(0.975, count - 1)) * error


def _against(axes: Axes, runs: pd.DataFrame, keys: Sequence[str], column: str) -> None:
    places, labels = _places(axes, runs[keys[0]])
    groups, rest = _groups(runs, keys)
    for number, (values, group) in enumerate(groups):
        colour = _COLOURS[number]
        # Side by side, since several stand on one value.
        beside = number - (len(groups) - 1) / 2
        at = _beside(places, beside, len(groups), axes.get_xscale() == "log", labels is not None)
        at = at.loc[group.index]
        axes.plot(
            at,
            group[column],
            "o",
            color=colour,
            markersize=4.5,
            markeredgecolor="white",
            markeredgewidth=0.6,
            alpha=_opacity(len(runs)),
            # On top of the interval, which has the same colour.
            zorder=3,
        )
        found = group.groupby(at)[column].apply(mean_interval)
        means, widths = (np.array([pair[part] for pair in found]) for part in (0, 1))
        said = ", ".join(f"{key} = {value}" for key, value in zip(rest, values, strict=True))
        axes.errorbar(
            found.index.to_numpy(dtype=float),
            means,
            yerr=_within_shares(means, widths),
            fmt="o-" if labels is None else "o",
            color=colour,
            markersize=7,
            capsize=2.5,
            linewidth=LINE if labels is None else 0,
            elinewidth=1.0,
            label=said or "all",
        )


def _groups(
    runs: pd.DataFrame, keys: Sequence[str]
) -> tuple[list[tuple[Any, pd.DataFrame]], list[str]]:
    """Series to tell apart, by values of the keys that come second: the values, and the keys."""
    rest = list(keys[1:])
    groups = list(runs.groupby(rest, sort=False, dropna=False)) if rest else [((), runs)]
    if len(groups) > len(_COLOURS):
        return [((), runs)], []
    return groups, rest


def _within_shares(means: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """How far intervals reach below and above their means, shape (2, n): shares stay in [0, 1]."""
    below, above = np.minimum(widths, means), np.minimum(widths, 1 - means)
    return np.maximum(0, np.stack([below, above]))


def _legend(figure: Figure, axes: Axes, runs: pd.DataFrame, keys: Sequence[str]) -> None:
    """One for both panels: what is drawn, and which colour is which series."""
    groups, rest = _groups(runs, keys)
    several = any((group.groupby(keys[0]).size() > 1).any() for _, group in groups)
    said = "mean, 95 % interval; dots: runs" if several else "mean; dots: runs"
    if len(keys) > 1 and not rest:
        said = f"over all {', '.join(keys[1:])}: {said}"
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        labels if rest else [said],
        title=said if rest else None,
        loc="outside lower center",
        ncols=min(len(handles), 3),
        fontsize=9,
        title_fontsize=9,
    )


def _beside(places: pd.Series, by: float, series: int, log: bool, named: bool) -> pd.Series:
    """Places moved aside by so many steps of 1 % of the axis, closer where values stand close."""
    if named:
        return places + min(0.12, 0.6 / series) * by
    known = np.unique(places.dropna().to_numpy())
    shown = np.log(known) if log else known
    span = float(np.ptp(shown)) if len(shown) > 1 else float(abs(shown).max(initial=0)) or 1.0
    gap = float(np.diff(shown).min()) if len(shown) > 1 else span
    step = min(_STEP * span, 0.5 * gap / series) * by
    return places * math.exp(step) if log else places + step


def _places(axes: Axes, values: pd.Series) -> tuple[pd.Series, list[str] | None]:
    """Where each run stands on the axis; names of the places where they are no numbers."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        if values.min() > 0 and values.max() / values.min() >= _LOG_FROM:
            axes.set_xscale("log")
        return values.astype(float), None
    codes, found = pd.factorize(values)
    labels = [str(value) for value in found]
    axes.set_xticks(range(len(labels)), labels)
    axes.set_xlim(-0.6, len(labels) - 0.4)
    return pd.Series(codes.astype(float), index=values.index), labels


def _opacity(count: int) -> float:
    return max(0.1, min(0.9, 200 / max(1, count)))
