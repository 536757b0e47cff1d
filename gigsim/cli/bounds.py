"""``gigsim bounds``: a theorem as numbers, a table and a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast, get_args

import numpy as np
import typer

from gigsim.cli.output import JsonOption, print_json, print_table
from gigsim.errors import InputError
from gigsim.theory.planting import Closeness, critical_mass, feature_label_bound, foot

_CLOSENESS = get_args(Closeness)

bounds_app = typer.Typer(
    help="What the theorems say, for numbers you give.\n\n"
    "Example: gigsim bounds feature-label --alpha 0.01",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@bounds_app.callback()
def _group() -> None:
    """Keep ``feature-label`` a sub-command while it is the only one."""


@bounds_app.command("feature-label")
def feature_label_command(
    alpha: Annotated[str, typer.Option(help="Shares in (0, 1], comma-separated.")],
    xi: Annotated[float, typer.Option(min=0, max=1, help="ξ, base mass of the signal.")] = 0.001,
    gap: Annotated[float, typer.Option(min=0, max=1, help="Δ, suboptimality gap.")] = 1.0,
    epsilon: Annotated[float, typer.Option(min=0, max=1, help="ε of the learner.")] = 0.0,
    closeness_name: Annotated[
        str | None,
        typer.Option(
            "--closeness", help=f"What ε measures: {', '.join(_CLOSENESS)} (the last is not valid)."
        ),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the bound into this file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Theorem 1 (feature-label planting): a lower bound on S(α), and the sizes that suffice.

    Example: gigsim bounds feature-label --alpha 0.001,0.01,0.1 --xi 0.001 --plot bound.png
    """
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
    try:
        values = feature_label_bound(alphas, xi=xi, gap=gap, epsilon=epsilon, closeness=closeness)
    except ValueError as error:
        raise InputError(
            "gigsim bounds", str(error), "see gigsim bounds feature-label --help"
        ) from error
    result: dict[str, Any] = {
        "strategy": "feature-label",
        "theorem": "Hardt et al. (2023), Theorem 1",
        "xi": xi,
        "gap": gap,
        "epsilon": epsilon,
        "closeness": closeness,
        "alpha": alphas.tolist(),
        "bound": np.asarray(values).tolist(),
        "foot": float(foot(xi=xi, gap=gap)),
        "critical_mass": {
            f"{goal:g}": float(critical_mass(goal, xi=xi, gap=gap)) for goal in (0.5, 0.9, 0.99)
        },
    }
    if plot is not None:
        _plot(plot, xi, gap, epsilon, closeness)
    if as_json:
        print_json(result)
        return
    rows = [(f"{100 * a:g} %", f"{v:.6f}") for a, v in zip(alphas, np.asarray(values), strict=True)]
    print_table(
        f"S(α) is at least (ξ = {xi:g}, Δ = {gap:g}, ε = {epsilon:g})", rows, ("α", "bound")
    )
    sizes = [("bound above 0", f"{100 * result['foot']:.4f} %")]
    sizes += [
        (f"S ≥ {goal}", f"{100 * mass:.4f} %") for goal, mass in result["critical_mass"].items()
    ]
    print_table("Share that suffices (ε = 0)", sizes, ("goal", "α"))


def _closeness(name: str | None) -> Closeness | None:
    if name is not None and name not in _CLOSENESS:
        raise InputError("--closeness", f"{name!r}", f"one of: {', '.join(_CLOSENESS)}")
    return cast("Closeness | None", name)


def _shares(text: str) -> np.ndarray:
    allowed = "numbers in (0, 1], separated by commas, e.g. 0.001,0.01,0.1"
    try:
        values = np.array([float(part) for part in text.split(",")])
    except ValueError as error:
        raise InputError("--alpha", f"{text!r} is no list of numbers", allowed) from error
    if not np.all((values > 0) & (values <= 1)):
        raise InputError("--alpha", f"{text!r} is out of range", allowed)
    return values


def _plot(path: Path, xi: float, gap: float, epsilon: float, closeness: Closeness | None) -> None:
    from matplotlib.figure import Figure

    allowed = "a .png, .pdf or .svg file"
    if not path.suffix:
        # Matplotlib would choose a name of its own.
        raise InputError("--plot", f"{path} cannot be written (it has no ending)", allowed)
    grid = np.geomspace(max(1e-6, min(1e-4, xi / 10)), 1.0, 600)
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    nominal = np.asarray(feature_label_bound(grid, xi=xi, gap=gap))
    axes.plot(grid, np.maximum(nominal, 0), color="black", label=f"ε = 0, ξ = {xi:g}, Δ = {gap:g}")
    if epsilon > 0:
        worse = feature_label_bound(grid, xi=xi, gap=gap, epsilon=epsilon, closeness=closeness)
        axes.plot(
            grid, np.maximum(worse, 0), color="#0072B2", label=f"ε = {epsilon:g} ({closeness})"
        )
    axes.set_xscale("log")
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("α, share of the data that carries the signal (log scale)")
    axes.set_ylabel("lower bound on S")
    axes.set_title("Theorem 1 of Hardt et al. (2023): feature-label planting", loc="left")
    axes.grid(alpha=0.25)
    axes.legend()
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise InputError("--plot", f"{path} cannot be written ({error})", allowed) from error
