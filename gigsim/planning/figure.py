"""The plan as a figure: what a collective achieves, the map of joining, and the way up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter

from gigsim.planning.answers import Plan
from gigsim.planning.starting import planned_ways
from gigsim.planning.working import LEVELS
from gigsim.plots.style import BLUE, GREEN, GREY, LINE, ORANGE, PURPLE, RED
from gigsim.theory.gaps import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: A critical mass under this share is lost on an axis that is not logarithmic.
_SMALL = 0.1
_POINTS = 801
#: Name, colour and line of each way up.
_WAYS = {
    "first_movers": ("{movers:,} first movers", BLUE, "-"),
    "subsidy": ("{money:.3g} a period to members", ORANGE, "--"),
    "provision_point": ("provision point {point:,}", GREEN, ":"),
}
_PERCENT = FuncFormatter(lambda share, _: f"{100 * share:.3g} %")


def plan_figure(plan: Plan) -> Figure:
    """S(α), the map of joining with its equilibria, and the way up by the plan's means."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 5.8), layout="constrained")
    axes = figure.subplots(1, 3)
    log = _log(plan)
    grid = _grid(plan, log=log)
    _success(axes[0], plan, grid, log=log)
    # A map that stays at 0 is seen on a linear axis alone.
    lasts = plan.content["sustains"]["possible"]
    _map(axes[1], plan, grid if lasts else np.linspace(0.0, 1.0, _POINTS), log=log and lasts)
    _way(axes[2], plan, log=log)
    figure.suptitle(_title(plan), x=0.01, ha="left")
    return figure


def _title(plan: Plan) -> str:
    content = plan.content
    what = "measured" if plan.look.measured else "promised, not measured"
    return f"{content['name']}: {content['people']:,} people; success as {what}"


def _log(plan: Plan) -> bool:
    marks = [plan.content[name]["share"] for name in ("works", "sustains")]
    return any(mark is not None and 0 < mark < _SMALL for mark in marks)


def _grid(plan: Plan, *, log: bool) -> Floats:
    if not log:
        return np.linspace(0.0, 1.0, _POINTS)
    marks = [plan.content[name]["share"] for name in ("works", "sustains")]
    small = max(min(mark for mark in marks if mark) / 30, 1 / (4 * plan.look.people))
    return np.geomspace(small, 1.0, _POINTS)


def _scales(axes: Axes, grid: Floats, *, log: bool) -> None:
    if log:
        axes.set_xscale("log")
        axes.set_xlim(float(grid[0]), 1.0)
    else:
        axes.set_xlim(0.0, 1.0)
    axes.xaxis.set_major_formatter(_PERCENT)
    axes.set_xlabel("α, share of the people who are members" + (" (log scale)" if log else ""))
    axes.grid(alpha=0.25)


def _legend(axes: Axes) -> None:
    """Below the axes: every place inside is crossed by a curve for some numbers."""
    axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(-0.02, -0.13), ncols=2)


def _success(axes: Axes, plan: Plan, grid: Floats, *, log: bool) -> None:
    look, works = plan.look, plan.content["works"]
    brings = look.brings
    known = grid[grid <= look.largest]
    if brings.draws is not None:
        case = np.arange(brings.draws.cases)[:, None]
        drawn = brings.draws.value(np.broadcast_to(known, (len(case), len(known))), 0, case)
        low, high = np.quantile(drawn, LEVELS, axis=0) + brings.clean
        axes.fill_between(
            known, low, np.minimum(high, 1.0), color=RED, alpha=0.2, label="95 % of the curve"
        )
    height = brings.clean + brings.curve.value(grid)
    words = "S(α), measured" if look.measured else "S(α), at least, by the theorem"
    axes.plot(known, height[grid <= look.largest], color=RED, linewidth=LINE, label=words)
    if look.largest < 1:
        beyond = grid >= look.largest
        axes.plot(grid[beyond], height[beyond], ":", color=RED, label="not measured: taken to stay")
    promise = works["guarantee"]
    axes.axhline(works["target"], color=GREY, linewidth=1, linestyle="--")
    axes.axhline(
        works["without"], color=GREY, linewidth=1, linestyle=":", label="without a collective, U(0)"
    )
    if works["share"] is not None:
        axes.plot([works["share"]], [works["target"]], "o", color=BLUE)
        axes.annotate(
            f"works from {works['people']:,}",
            (works["share"], works["target"]),
            xytext=(-8, 5),
            textcoords="offset points",
            ha="right",
        )
    if look.measured and promise is not None and promise["share"]:
        axes.axvline(
            promise["share"],
            color=PURPLE,
            linewidth=1,
            linestyle="-.",
            label=f"a theorem promises {works['target']:.0%} from here",
        )
    _scales(axes, grid, log=log)
    axes.set_ylim(-0.02, 1.04)
    axes.yaxis.set_major_formatter(_PERCENT)
    axes.set_title("1  What a collective of this size achieves", loc="left")
    _legend(axes)


def _map(axes: Axes, plan: Plan, grid: Floats, *, log: bool) -> None:
    look = plan.look
    if look.draws is not None:
        case = np.arange(look.draws.cases)[:, None]
        drawn = np.stack([look.draws.next(grid, case=int(one)) for one in case[:, 0]])
        low, high = np.quantile(drawn, LEVELS, axis=0)
        axes.fill_between(grid, low, high, color=GREEN, alpha=0.2, label="95 % of the curve")
    axes.plot(
        grid,
        look.society.next(grid),
        color=GREEN,
        linewidth=LINE,
        label="who would be a member",
    )
    axes.plot(grid, grid, color=GREY, linewidth=1, label="who is (the diagonal)")
    for point in look.equilibria.points:
        stable = point.stability != "unstable"
        if log and point.alpha < grid[0]:
            continue
        axes.plot(
            [point.alpha],
            [point.alpha],
            "o",
            color="black",
            markerfacecolor="black" if stable else "white",
            zorder=3,
        )
    mass = plan.content["sustains"]
    if mass["share"]:
        axes.annotate(
            f"critical mass {mass['people']:,}",
            (mass["share"], mass["share"]),
            xytext=(8, -12),
            textcoords="offset points",
        )
        top = mass["grows_to"]
        axes.annotate(
            f"grows to {top['people']:,}",
            (top["share"], top["share"]),
            xytext=(-8, -16),
            textcoords="offset points",
            ha="right",
        )
    _scales(axes, grid, log=log)
    if log:
        axes.set_yscale("log")
        axes.set_ylim(float(grid[0]), 1.6)
    else:
        axes.set_ylim(-0.02, 1.04)
    axes.yaxis.set_major_formatter(_PERCENT)
    axes.set_title("2  Who joins if so many have (● lasts, ○ tips)", loc="left")
    _legend(axes)


def _way(axes: Axes, plan: Plan, *, log: bool) -> None:
    start, mass = plan.content["start"], plan.content["sustains"]
    leaks = ", if nothing leaks" if plan.look.config.collective.leak > 0 else ""
    axes.set_title(f"3  The way up from nobody, as planned{leaks}", loc="left")
    axes.set_xlabel("period")
    axes.set_ylabel("α")
    axes.yaxis.set_major_formatter(_PERCENT)
    axes.grid(alpha=0.25)
    if not mass["share"]:
        words = "none: it never sustains itself" if mass["share"] is None else "none is needed"
        axes.text(0.5, 0.5, words, ha="center", transform=axes.transAxes)
        return
    ways = planned_ways(plan.look, start)
    last = 1
    for means, path in ways.items():
        name, colour, style = _WAYS[means]
        name = name.format(
            movers=start["first_movers"]["plan"],
            money=start["subsidy"]["per_person"],
            point=start["provision_point"]["people"],
        )
        shown = path.alpha
        if log:
            shown = np.where(shown > 0, shown, np.nan)
        axes.plot(np.arange(len(shown)), shown, style, color=colour, linewidth=LINE, label=name)
        last = max(last, len(shown) - 1)
    axes.axhline(mass["share"], color=GREY, linewidth=1, linestyle="--", label="critical mass")
    paid = start["subsidy"]["periods"]
    if paid:
        axes.axvspan(0, paid, color=ORANGE, alpha=0.15, label="subsidy is paid")
    if log:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(_PERCENT)
    axes.set_xlim(0, last)
    _legend(axes)
