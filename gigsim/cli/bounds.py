"""``gigsim bounds``: a theorem as numbers, a table and a figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer
from typer.core import TyperGroup

from gigsim.cli.output import JsonOption, interrupts_of, print_json, print_lines, print_table
from gigsim.errors import InputError

if TYPE_CHECKING:
    from gigsim.theory.gaps import Floats
    from gigsim.theory.planting import Closeness, Goal

# As theory.planting.Closeness has them, whose import would cost `gigsim --help` a second.
_CLOSENESS = (
    "joint_tv",
    "joint_contamination",
    "conditional_tv",
    "conditional_contamination",
    "additive_slack",
    "slides",
)
_GOALS = (0.5, 0.9, 0.99)

# A curve of a figure: its name, its colour and its values on the grid.
_Curve = tuple[str, str, "Floats"]


class EitherDash(TyperGroup):
    """Finds a command by ``feature-label`` and by ``feature_label`` alike."""

    # Typer brings a copy of click along or uses the installed one, by its version.
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, None if there is none."""
        return super().get_command(ctx, cmd_name.replace("_", "-"))


bounds_app = typer.Typer(
    cls=EitherDash,
    help="What the theorems say, for numbers you give.\n\n"
    "Example: gigsim bounds feature-label --alpha 0.01",
    no_args_is_help=True,
    rich_markup_mode=None,
)

AlphaOption = Annotated[str, typer.Option(help="Shares in (0, 1], comma-separated.")]
XiOption = Annotated[float, typer.Option(min=0, max=1, help="ξ, base mass of the signal.")]
PlotOption = Annotated[Path | None, typer.Option(help="Draw the bound into this file.")]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print the bounds alone, one a line.")
]


@bounds_app.command("feature-label")
def feature_label_command(
    context: typer.Context,
    alpha: AlphaOption,
    xi: XiOption = 0.001,
    gap: Annotated[float, typer.Option(min=0, max=1, help="Δ, suboptimality gap.")] = 1.0,
    epsilon: Annotated[float, typer.Option(min=0, max=1, help="ε of the learner.")] = 0.0,
    closeness_name: Annotated[
        str | None,
        typer.Option(
            "--closeness", help=f"What ε measures: {', '.join(_CLOSENESS)} (the last is not valid)."
        ),
    ] = None,
    wrong_label: Annotated[
        float, typer.Option(min=0, max=1, help="Probability that a member reports a wrong label.")
    ] = 0.0,
    success: Annotated[
        Literal["top1", "any"],
        typer.Option(help="With wrong labels: y* is to be the top label, or in the set."),
    ] = "top1",
    labels: Annotated[
        int, typer.Option(min=2, help="With wrong labels: how many labels there are.")
    ] = 10,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Theorem 1 (feature-label planting): a lower bound on S(α), and the sizes that suffice.

    Example: gigsim bounds feature-label --alpha 0.001,0.01,0.1 --xi 0.001 --plot bound.png

    Example: gigsim bounds feature-label --alpha 0.01 --wrong-label 0.1 --success any
    """
    import numpy as np

    from gigsim.theory.planting import critical_mass, feature_label_bound, foot

    alphas = _shares(alpha)
    closeness = _closeness(closeness_name)
    if epsilon > 0 and closeness is None:
        raise InputError(
            "--closeness", f"--epsilon {epsilon} needs one", f"one of: {', '.join(_CLOSENESS)}"
        )
    if plot is not None and epsilon > 0 and closeness == "slides":
        raise InputError(
            "--plot", "closeness slides is no valid bound and is not drawn", "choose another one"
        )
    margin = _margin(wrong_label, success, labels)

    def bound(shares: Floats, slack: float) -> Floats:
        return feature_label_bound(
            shares, xi=xi, gap=gap, epsilon=slack, closeness=closeness, margin=margin
        )

    try:
        values = bound(alphas, epsilon)
    except ValueError as error:
        raise InputError(
            "gigsim bounds", str(error), "see gigsim bounds feature-label --help"
        ) from error
    masses = {goal: float(critical_mass(goal, xi=xi, gap=gap, margin=margin)) for goal in _GOALS}
    result: dict[str, Any] = {
        "strategy": "feature-label",
        "theorem": "Hardt et al. (2023), Theorem 1",
        "xi": xi,
        "gap": gap,
        "epsilon": epsilon,
        "closeness": closeness,
        "wrong_label": wrong_label,
        "margin": margin,
        "alpha": alphas.tolist(),
        "bound": np.asarray(values).tolist(),
        "foot": float(foot(xi=xi, gap=gap, margin=margin)),
        "critical_mass": {f"{goal:g}": mass for goal, mass in masses.items()},
    }
    erring = f", {100 * wrong_label:g} % wrong labels" if wrong_label else ""
    if plot is not None:
        grid = _grid(xi)
        curves: list[_Curve] = [
            (f"ε = 0, ξ = {xi:g}, Δ = {gap:g}{erring}", "black", bound(grid, 0.0))
        ]
        if epsilon > 0:
            curves.append((f"ε = {epsilon:g} ({closeness})", "#0072B2", bound(grid, epsilon)))
        _plot(
            context, plot, grid, curves, "Theorem 1 of Hardt et al. (2023): feature-label planting"
        )
    _show(result, f"ξ = {xi:g}, Δ = {gap:g}, ε = {epsilon:g}{erring}", as_json, quiet)


@bounds_app.command("feature-only")
def feature_only_command(
    context: typer.Context,
    alpha: AlphaOption,
    p: Annotated[
        float, typer.Option(min=0, max=1, help="p, floor of P0(y*|x) over all x, above 0.")
    ],
    xi: XiOption = 0.001,
    evasive: Annotated[
        bool, typer.Option("--evasive", help="Members without y* take the signal out.")
    ] = False,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Theorem 3 (feature-only planting, ε = 0): a lower bound on S(α), "y* is in the set".

    Two forms: as the authors print it, and the sharper one that its proof gives; with --evasive one
    form, derived. α counts all members, also those who have no y* to plant with.

    Example: gigsim bounds feature-only --alpha 0.01,0.1 --p 0.05 --xi 0.0001 --plot bound.png
    """
    import numpy as np

    from gigsim.theory.feature_only import (
        feature_only_bound,
        feature_only_critical_mass,
        feature_only_foot,
    )

    alphas = _shares(alpha)
    if p == 0:
        raise InputError(
            "--p", "0: the theorem needs every x to have y* now and then", "a number in (0, 1]"
        )
    printed = feature_only_bound(alphas, p=p, xi=xi, evasive=evasive)
    sharp = feature_only_bound(alphas, p=p, xi=xi, evasive=evasive, form="sharp")
    source = "Hardt et al. (2023), Theorem 3"
    result: dict[str, Any] = {
        "strategy": "feature-only",
        "theorem": f"{source}, evasive form (derived)" if evasive else source,
        "xi": xi,
        "p": p,
        "evasive": evasive,
        "alpha": alphas.tolist(),
        "bound": np.asarray(printed).tolist(),
        "bound_sharp": np.asarray(sharp).tolist(),
        "foot": float(feature_only_foot(p=p, xi=xi, evasive=evasive)),
        "critical_mass": {
            f"{goal:g}": float(feature_only_critical_mass(goal, p=p, xi=xi, evasive=evasive))
            for goal in _GOALS
        },
    }
    if plot is not None:
        grid = _grid(xi)
        curves: list[_Curve] = []
        if evasive:
            values = feature_only_bound(grid, p=p, xi=xi, evasive=True)
            curves.append((f"evasive, ξ = {xi:g}, p = {p:g}", "#0072B2", values))
        nominal = feature_only_bound(grid, p=p, xi=xi)
        curves.append((f"as printed, ξ = {xi:g}, p = {p:g}", "black", nominal))
        better = feature_only_bound(grid, p=p, xi=xi, form="sharp")
        curves.append(("sharper form", "#D55E00", better))
        _plot(
            context, plot, grid, curves, "Theorem 3 of Hardt et al. (2023): feature-only planting"
        )
    how = ", evasive" if evasive else ""
    _show(result, f"ξ = {xi:g}, p = {p:g}{how}", as_json, quiet)


def _show(result: dict[str, Any], numbers: str, as_json: bool, quiet: bool) -> None:
    if as_json:
        print_json(result)
        return
    columns = [result["bound"]]
    header: tuple[str, ...] = ("α", "bound")
    if result.get("bound_sharp", result["bound"]) != result["bound"]:
        columns.append(result["bound_sharp"])
        header = ("α", "bound", "sharper form")
    if quiet:
        print_lines([f"{value:.6f}" for value in columns[0]])
        return
    rows = [
        (f"{100 * a:g} %", *(f"{value:.6f}" for value in row))
        for a, *row in zip(result["alpha"], *columns, strict=True)
    ]
    print_table(f"S(α) is at least ({numbers})", rows, header)
    sizes = [("bound above 0", _size(result["foot"]))]
    sizes += [(f"S ≥ {goal}", _size(mass)) for goal, mass in result["critical_mass"].items()]
    print_table("Share that suffices (ε = 0)", sizes, ("goal", "α"))


def _size(share: float) -> str:
    return f"{100 * share:.4f} %" if share <= 1 else "none"


def _margin(wrong_label: float, success: Goal, labels: int) -> float:
    from gigsim.theory.wrong_labels import wrong_label_margin

    margin = float(wrong_label_margin(wrong_label, success, labels))
    if margin <= 0:
        limit = 0.5 if success == "any" else (labels - 1) / labels
        raise InputError(
            "--wrong-label",
            f"with {wrong_label:g} the planted rows do not favour y*, and there is no bound",
            f"a number under {limit:g} ({success}, {labels} labels)",
        )
    return margin


def _closeness(name: str | None) -> Closeness | None:
    known = None if name is None else name.replace("-", "_")
    if known is not None and known not in _CLOSENESS:
        raise InputError("--closeness", f"{name!r}", f"one of: {', '.join(_CLOSENESS)}")
    return cast("Closeness | None", known)


def _shares(text: str) -> Floats:
    import numpy as np

    allowed = "numbers in (0, 1], separated by commas, e.g. 0.001,0.01,0.1"
    try:
        values = np.array([float(part) for part in text.split(",")])
    except ValueError as error:
        raise InputError("--alpha", f"{text!r} is no list of numbers", allowed) from error
    if not np.all((values > 0) & (values <= 1)):
        raise InputError("--alpha", f"{text!r} is out of range", allowed)
    return values


def _grid(xi: float) -> Floats:
    import numpy as np

    return np.geomspace(max(1e-6, min(1e-4, xi / 10)), 1.0, 600)


def _plot(
    context: typer.Context, path: Path, grid: Floats, curves: list[_Curve], title: str
) -> None:
    import numpy as np
    from matplotlib.figure import Figure

    allowed = "a .png, .pdf or .svg file"
    if not path.suffix:
        # Matplotlib would choose a name of its own.
        raise InputError("--plot", f"{path} cannot be written (it has no ending)", allowed)
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    # Curves may lie on each other: the later ones are dashed, so that all are seen.
    for place, (name, colour, values) in enumerate(curves):
        axes.plot(
            grid,
            np.maximum(values, 0),
            color=colour,
            label=name,
            linestyle=("-", "--", ":")[place],
        )
    axes.set_xscale("log")
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("α, share of the population that follows the strategy (log scale)")
    axes.set_ylabel("lower bound on S")
    axes.set_title(title, loc="left")
    axes.grid(alpha=0.25)
    axes.legend(loc="upper left")
    # A figure is written in one go.
    interrupts_of(context).leaving()
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise InputError("--plot", f"{path} cannot be written ({error})", allowed) from error
