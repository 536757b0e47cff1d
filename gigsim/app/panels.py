"""The page's panels: what moves is laid over axes and words that are drawn once."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from gigsim.app.drawing import COLOURS, DPI, GREY, INCHES, RED, Layers, drawing, png
from gigsim.app.live import FREE_RIDER, MEMBER, Frame
from gigsim.plots import success_against_alpha

# Periods that the axes hold at first; they double when outgrown.
_FIRST: Final = 12


class GrowingPanel:
    """A panel over periods, whose axes are drawn again only when the periods outgrow them."""

    title: str
    xlabel = "period"

    def __init__(self) -> None:
        self._last = 0

    def draw(self, frame: Frame) -> bytes:
        """The panel of a frame, PNG."""
        with drawing:
            if frame.period > self._last or not self._last:
                self._grow(frame)
            moving = self.show(self._axes, frame)
            picture = self._layers.png(moving)
            for artist in moving:
                artist.remove()
        return picture

    def show(self, axes: Axes, frame: Frame) -> list[Artist]:
        """Add what moves, with its labels."""
        raise NotImplementedError

    def _grow(self, frame: Frame) -> None:
        self._last = max(self._last, _FIRST)
        while self._last < frame.period:
            self._last *= 2
        figure = Figure(figsize=INCHES, dpi=DPI)
        axes = figure.add_axes((0.09, 0.11, 0.88, 0.8))
        axes.set_xlim(0, self._last)
        axes.set_ylim(-0.01, 1.01)
        axes.set_title(self.title, loc="left", fontsize=11)
        axes.set_xlabel(self.xlabel)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25, linewidth=0.6)
        labelled = self.show(axes, frame)
        axes.legend(fontsize=8, loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False)
        for artist in labelled:
            artist.remove()
        self._layers, self._axes = Layers(figure), axes


class OverTime(GrowingPanel):
    """α, S and U by period."""

    title = "Over time"
    xlabel = "period (dots: the platform retrained)"

    def show(self, axes: Axes, frame: Frame) -> list[Artist]:
        """Three lines, and a dot a retraining."""
        metric, periods, trained = frame.config.measure.success, frame.periods, frame.retrainings
        series = [
            (f"success_{metric}", RED, "steps-post", "S, with the signal"),
            ("alpha", COLOURS[MEMBER], "default", "α, share of members"),
            (f"base_{metric}", GREY, "steps-post", "U, without the signal"),
        ]
        lines: list[Artist] = []
        for name, colour, style, label in series:
            lines += axes.plot(
                periods["period"],
                periods[name],
                color=colour,
                drawstyle=style,
                linewidth=1.8,
                label=label,
            )
        success = trained[f"success_{metric}"]
        return lines + list(axes.plot(trained["period"], success, "o", color=RED, ms=4))


class People(GrowingPanel):
    """Members, free riders and outsiders by period, as shares."""

    title = "Who is in"

    def show(self, axes: Axes, frame: Frame) -> list[Artist]:
        """Three bands that add up to everybody."""
        periods, size = frame.periods, len(frame.state)
        return list(
            axes.stackplot(
                periods["period"],
                periods["members"] / size,
                periods["free_riders"] / size,
                periods["outsiders"] / size,
                colors=[COLOURS[MEMBER], COLOURS[FREE_RIDER], "#E4E6E9"],
                labels=["members", "free riders (signal, no cost)", "outsiders"],
            )
        )


def against_alpha(frame: Frame, theory: pd.DataFrame) -> bytes:
    """S against α_effective with the lines of theory, PNG: the panel of a run's own figure."""
    with drawing:
        figure = Figure(figsize=(INCHES[0], 5.6), dpi=DPI)
        axes = figure.add_axes((0.11, 0.3, 0.86, 0.64))
        success_against_alpha(axes, frame.config, frame.retrainings, theory)
        axes.set_title("Success against size, and theory", loc="left", fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25, linewidth=0.6)
    return png(figure)
