"""The page's panels: what moves is laid over axes and words that are drawn once."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, StrMethodFormatter

from gigsim.app.drawing import COLOURS, DPI, GREY, INCHES, RED, Layers, drawing, png
from gigsim.app.live import FREE_RIDER, MEMBER, Frame
from gigsim.collective.catalogue import STRATEGIES, Aim
from gigsim.plots import success_against_alpha
from gigsim.plots.curve import mark_spot_checks
from gigsim.plots.style import GREEN, PURPLE, SKY, erases

# Periods that the axes hold at first; they double when outgrown.
_FIRST: Final = 12
# Letters of the curve's legend, in points, get no smaller.
_SMALLEST: Final = 5

# S and U in few words; U is S where nobody shows anything.
_WORDS: Final[dict[Aim, tuple[str, ...]]] = {
    "planted": ("S, with the signal", "U, without the signal"),
    "unplanted": ("S, not y* with the signal", "U, without it"),
    "erased": ("S, resumes on which the signal does not matter",),
}
#: Totals of a period that are shown as sums, and what the sums are called.
_FLOWS: Final = {"subsidies": "subsidies paid so far", "dues": "dues taken so far"}
_MONEY: Final = {"fund": GREEN, "subsidies paid so far": PURPLE, "dues taken so far": SKY}


class GrowingPanel:
    """A panel over periods, whose axes are drawn again when the periods or words outgrow them."""

    title: str
    xlabel = "period"

    def __init__(self) -> None:
        self._last = 0
        self._top = 0.0
        self._words: tuple[str, ...] = ()

    def draw(self, frame: Frame) -> bytes:
        """The panel of a frame, PNG."""
        with drawing:
            words, top = self.words(frame), self.top(frame)
            grown = frame.period > self._last or not self._last or top != self._top
            if grown or words != self._words:
                self._words, self._top = words, top
                self._grow(frame)
            moving = self.show(self._axes, frame)
            picture = self._layers.png(moving)
            for artist in moving:
                artist.remove()
        return picture

    def words(self, frame: Frame) -> tuple[str, ...]:
        """What the legend says."""
        raise NotImplementedError

    def show(self, axes: Axes, frame: Frame) -> list[Artist]:
        """Add what moves, with these words as labels."""
        raise NotImplementedError

    def top(self, frame: Frame) -> float:
        """Upper end of the vertical axis, which begins at 0: shares end at 1."""
        return 1.0

    def mark(self, axes: Axes) -> None:
        """What the ticks of the vertical axis say."""
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))

    def _grow(self, frame: Frame) -> None:
        self._last = max(self._last, _FIRST)
        while self._last < frame.period:
            self._last *= 2
        figure = Figure(figsize=INCHES, dpi=DPI)
        axes = figure.add_axes((0.09, 0.11, 0.88, 0.8))
        axes.set_xlim(0, self._last)
        axes.set_ylim(-0.01 * self._top, 1.01 * self._top)
        axes.set_title(self.title, loc="left", fontsize=11)
        axes.set_xlabel(self.xlabel)
        self.mark(axes)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25, linewidth=0.6)
        labelled = self.show(axes, frame)
        axes.legend(fontsize=8, loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False)
        for artist in labelled:
            artist.remove()
        self._layers, self._axes = Layers(figure), axes


class OverTime(GrowingPanel):
    """S, α and, where somebody shows a signal, U by period; and sizes that were announced."""

    title = "Over time"
    xlabel = "period (dots: the platform retrained)"

    def words(self, frame: Frame) -> tuple[str, ...]:
        """Of S, α and U, and of the sizes at which terms of the collective change."""
        success, *base = _WORDS[STRATEGIES[frame.config.collective.strategy].aim]
        return (success, "α, share of members", *base, *announced(frame))

    def show(self, axes: Axes, frame: Frame) -> list[Artist]:
        """The lines, and a dot a retraining."""
        metric, periods, trained = frame.config.measure.success, frame.periods, frame.retrainings
        series = [
            (f"success_{metric}", RED, "steps-post"),
            ("alpha", COLOURS[MEMBER], "default"),
            (f"base_{metric}", GREY, "steps-post"),
        ]
        lines: list[Artist] = []
        # As many as have words.
        for (name, colour, style), label in zip(series, self.words(frame), strict=False):
            lines += axes.plot(
                periods["period"],
                periods[name],
                color=colour,
                drawstyle=style,
                linewidth=1.8,
                label=label,
            )
        for (label, size), style in zip(announced(frame).items(), ("--", ":"), strict=False):
            line = axes.axhline(size, color=COLOURS[MEMBER], ls=style, linewidth=1.2, label=label)
            lines.append(line)
        success = trained[f"success_{metric}"]
        return lines + list(axes.plot(trained["period"], success, "o", color=RED, ms=4))


class People(GrowingPanel):
    """Members, free riders, where there is something to show, and outsiders by period, shares."""

    title = "Who is in"

    def words(self, frame: Frame) -> tuple[str, ...]:
        """Of the bands, from below."""
        riders = riders_words(frame, " (signal, no cost)", bool(frame.periods["free_riders"].any()))
        return ("members", *([riders] if riders else []), "outsiders")

    def show(self, axes: Axes, frame: Frame) -> list[Artist]:
        """Bands that add up to everybody."""
        periods, words = frame.periods, self.words(frame)
        bands = {"members": COLOURS[MEMBER], "outsiders": "#E4E6E9"}
        if len(words) > len(bands):
            bands = {
                "members": COLOURS[MEMBER],
                "free_riders": COLOURS[FREE_RIDER],
                "outsiders": "#E4E6E9",
            }
        return list(
            axes.stackplot(
                periods["period"],
                *(periods[column] / len(frame.state) for column in bands),
                colors=list(bands.values()),
                labels=words,
            )
        )


class Money(GrowingPanel):
    """The collective's fund, and what it has taken and paid so far, by period."""

    title = "Money"

    def words(self, frame: Frame) -> tuple[str, ...]:
        """Of the lines: those that have ever left zero, and the fund."""
        return ("fund", *(words for name, words in _FLOWS.items() if frame.periods[name].any()))

    def top(self, frame: Frame) -> float:
        """The next of 1, 2, 5, 10 and so on above all that there was to draw."""
        most = max(float(line.max()) for line in self._lines(frame).values())
        if most <= 0:
            return 1.0
        power = 10.0 ** np.floor(np.log10(most))
        return float(next(step * power for step in (1, 2, 5, 10) if step * power >= most))

    def mark(self, axes: Axes) -> None:
        """Money, in units of b."""
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))

    def show(self, axes: Axes, frame: Frame) -> list[Artist]:
        """The lines."""
        periods, lines = frame.periods["period"], self._lines(frame)
        return [
            line
            for label, values in lines.items()
            for line in axes.plot(periods, values, color=_MONEY[label], linewidth=1.8, label=label)
        ]

    def _lines(self, frame: Frame) -> dict[str, pd.Series]:
        """What is drawn, by its words: sums so far, and the fund as it stands."""
        sums = {words: frame.periods[name].cumsum() for name, words in _FLOWS.items()}
        return {words: sums.get(words, frame.periods["fund"]) for words in self.words(frame)}


def announced(frame: Frame) -> dict[str, float]:
    """Shares of the population at which the collective's terms change, by what they are called."""
    section, sizes = frame.now.collective, {}
    if section.provision_point:
        sizes["provision point"] = section.provision_point
    if section.subsidy and section.subsidy_until < 1:
        sizes["end of the subsidy"] = section.subsidy_until
    return sizes


def riders_words(frame: Frame, note: str, some: bool) -> str:
    """What those are called who hold the signal without paying; empty where that is nothing.

    Args:
        frame: of the economy.
        note: added where they can show what they hold.
        some: are there any?
    """
    if not erases(frame.config.collective.strategy):
        return f"free riders{note}"
    # Nobody shows anything: they have nothing to gain by what they know.
    return "others who know of it" if some else ""


def against_alpha(frame: Frame, theory: pd.DataFrame) -> bytes:
    """S against α_effective with the lines of theory, PNG: the panel of a run's own figure."""
    with drawing:
        figure = Figure(figsize=(INCHES[0], 5.6), dpi=DPI)
        axes = figure.add_axes((0.11, 0.3, 0.86, 0.64))
        if len(frame.spot_checks):
            mark_spot_checks(axes, frame.config, frame.spot_checks, "alpha_effective")
        success_against_alpha(axes, frame.config, frame.retrainings, theory)
        axes.set_title("Success against size, and theory", loc="left", fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25, linewidth=0.6)
        _fit_legend(figure, axes)
    return png(figure)


def _fit_legend(figure: Figure, axes: Axes) -> None:
    """Smaller letters while the legend is wider than the picture: some theorems have long names."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    legend = axes.get_legend()
    assert legend is not None
    size = legend.prop.get_size_in_points()
    # Letters are rounded to pixels: how wide a size is has to be tried.
    while legend.get_window_extent(renderer).x1 > figure.bbox.x1 and size > _SMALLEST:
        size -= 0.25
        legend = axes.legend(
            fontsize=size, loc="upper left", bbox_to_anchor=(-0.02, -0.13), ncols=2, frameon=False
        )
