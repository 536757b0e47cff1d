"""What ``[[at]]`` tables change, as figures show it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from gigsim.config import Config, build
from gigsim.config.changes import timeline
from gigsim.plots.style import GREY


def mark_changes(axes: Axes, config: Config, last: int) -> None:
    """A vertical line at each period with a change, named once in the legend.

    Args:
        axes: a panel over periods, before its legend is made.
        config: of period 0.
        last: the last period drawn; what comes later is not.
    """
    for number, (period, _) in enumerate(_configs(config, last)[1:]):
        axes.axvline(
            period,
            color=GREY,
            linewidth=1,
            linestyle=(0, (1, 2)),
            label="_more of them" if number else "config changes",
            zorder=1.5,
        )


def mark_first_movers(axes: Axes, config: Config, last: int) -> None:
    """The share of the population who are first movers, a step where their number changes.

    Args:
        axes: a panel of shares of the population over periods.
        config: of period 0.
        last: the last period drawn.
    """
    steps = [(0, config.collective.first_movers)]
    for period, current in _configs(config, last)[1:]:
        if current.collective.first_movers != steps[-1][1]:
            steps.append((period, current.collective.first_movers))
    counts = [count for _, count in steps]
    if not any(counts):
        return
    size = config.population.size
    style: dict[str, Any] = {"color": "black", "linewidth": 1.0, "linestyle": (0, (3, 2))}
    if len(steps) == 1:
        axes.axhline(counts[0] / size, **style)
    else:
        periods = [*(period for period, _ in steps), last]
        shares = np.array([*counts, counts[-1]]) / size
        axes.plot(periods, shares, drawstyle="steps-post", **style)
    axes.annotate(
        f"{', then '.join(map(str, counts))} first movers",
        (1, counts[-1] / size),
        xycoords=("axes fraction", "data"),
        xytext=(-4, 3),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.8},
    )


def rhythm(config: Config, last: int) -> str:
    """How often the platform retrains, e.g. ``every 3 periods, later changed``."""
    every = config.platform.retrain_every
    later = {current.platform.retrain_every for _, current in _configs(config, last)}
    said = "every period" if every == 1 else f"every {every} periods"
    return said if later == {every} else f"{said}, later changed"


def _configs(config: Config, last: int) -> list[tuple[int, Config]]:
    """The config of period 0, and those of the changes up to the last period."""
    later = timeline(config, build).items()
    return [(0, config), *((period, one) for period, one in later if period <= last)]
