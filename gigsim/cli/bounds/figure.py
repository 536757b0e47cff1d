"""Bounds as a figure: curves over the share of the collective."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from gigsim.cli.bounds.options import FIGURES
from gigsim.cli.output import interrupts_of
from gigsim.errors import InputError

if TYPE_CHECKING:
    from gigsim.theory.gaps import Floats

# As in plots.style; any colour vision tells them apart.
BLACK, BLUE, RED, GREEN = "black", "#0072B2", "#D55E00", "#009E73"

_STYLES = ("-", "--", ":", "-.")


class Curve(NamedTuple):
    """A curve of a figure: its name, its colour and its values on the grid."""

    name: str
    colour: str
    values: Floats


@dataclass(frozen=True)
class Drawing:
    """What a figure shows.

    Attributes:
        title: over it.
        grid: places on the horizontal axis, shape (n,).
        curves: each with n values; NaN and infinities leave gaps.
        x: what the horizontal axis is.
        y: what the vertical axis is.
        log: is the horizontal axis logarithmic?
        limits: of the vertical axis; None lets the curves decide, from 0 on.
        marks: (place, name): dotted vertical lines, such as a critical mass.
        log_y: is the vertical axis logarithmic?
        floor: nothing is drawn below it; None draws all.
    """

    title: str
    grid: Floats
    curves: list[Curve]
    x: str = "α, share of the population that follows the strategy (log scale)"
    y: str = "lower bound on S"
    log: bool = True
    limits: tuple[float, float] | None = (-0.02, 1.02)
    marks: tuple[tuple[float, str], ...] = ()
    log_y: bool = False
    floor: float | None = 0.0


def share_grid(xi: float) -> Floats:
    """Shares up to 1, from well under where a bound with this ξ leaves 0."""
    import numpy as np

    return np.geomspace(max(1e-6, min(1e-4, xi / 10)), 1.0, 600)


def draw(context: typer.Context, path: Path, drawing: Drawing) -> None:
    """Write a figure in one go.

    Raises:
        InputError: the file cannot be written.
    """
    import numpy as np
    from matplotlib.figure import Figure

    height = 4.2 + 0.25 * (len(drawing.curves) + len(drawing.marks))
    figure = Figure(figsize=(7, height), layout="constrained")
    axes = figure.subplots()
    # Curves may lie on each other: the later ones are dashed, so that all are seen.
    for order, (name, colour, values) in enumerate(drawing.curves):
        axes.plot(
            drawing.grid,
            values if drawing.floor is None else np.maximum(values, drawing.floor),
            color=colour,
            label=name,
            linestyle=_STYLES[order % len(_STYLES)],
        )
    for place, name in drawing.marks:
        axes.axvline(place, color="#8A8A8A", linewidth=1, linestyle=":", label=name)
    if drawing.log:
        axes.set_xscale("log")
    if drawing.log_y:
        axes.set_yscale("log")
    elif drawing.limits is None:
        axes.set_ylim(bottom=0)
    else:
        axes.set_ylim(*drawing.limits)
    axes.set_xlabel(drawing.x)
    axes.set_ylabel(drawing.y)
    axes.set_title(drawing.title, loc="left")
    axes.grid(alpha=0.25)
    # Below the axes: every place inside is crossed by a curve for some numbers.
    axes.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.13), frameon=False)
    interrupts_of(context).leaving()
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise InputError("--plot", f"{path} cannot be written ({error})", FIGURES) from error
