"""``gigsim bounds regression``: a platform that predicts a number under squared loss."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from gigsim.cli.bounds.answer import Column, Sheet, answer, number, size
from gigsim.cli.bounds.app import commands
from gigsim.cli.bounds.figure import BLACK, BLUE, Curve, Drawing, draw, share_grid
from gigsim.cli.bounds.options import (
    XI,
    AlphaOption,
    PlotOption,
    QuietOption,
    XiOption,
    numbers,
    shares,
    theory_of,
)
from gigsim.cli.output import JsonOption
from gigsim.errors import InputError

FORMS: tuple[Literal["linear"], Literal["sharp"]] = ("linear", "sharp")


@commands.command("regression")
def regression_command(
    context: typer.Context,
    alpha: AlphaOption,
    error: Annotated[
        float, typer.Option(min=0, help="D, largest |E0(y|x) − y*| over the signal set.")
    ] = 1.0,
    xi: XiOption = None,
    within: Annotated[
        str | None,
        typer.Option(help="Mean errors that are wanted, comma-separated, in the unit of y."),
    ] = None,
    value: Annotated[
        float | None,
        typer.Option(help="What the platform shall predict exactly: which y* is to be reported?"),
    ] = None,
    base_mean: Annotated[
        float | None, typer.Option(help="E0(y|x) at the signal point, for --value.")
    ] = None,
    planted_mass: Annotated[
        float, typer.Option(min=0, max=1, help="w(x), what all would plant there, for --value.")
    ] = 1.0,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Regression, squared loss: an upper bound on E|f(g(x)) − y*|. Derived.

    The linear form looks like Theorem 1; the sharp one is never above it. Numbers are not bounded
    as labels are: --value says what members have to report so that f(x) is that value, at any α.

    Example: gigsim bounds regression --alpha 0.01,0.1 --xi 0.01 --error 5 --within 0.5

    Example: gigsim bounds regression --alpha 0.1 --xi 0.1 --value 13 --base-mean 3
    """
    from gigsim.theory.regression import (
        over_report,
        regression_bound,
        regression_critical_mass,
    )

    alphas = shares(alpha)
    base = XI if xi is None else xi
    if (value is None) != (base_mean is None):
        raise InputError("--value", "goes with --base-mean", "give both or neither")
    with theory_of("regression"):
        linear = regression_bound(alphas, xi=base, error=error)
        sharp = regression_bound(alphas, xi=base, error=error, form="sharp")
    columns = [Column("bound", "error at most", linear), Column("bound_sharp", "sharp", sharp)]
    tail: dict[str, Any] = {}
    sheets = []
    if within is not None:
        goals = numbers(within, "--within", low=0, high=float("inf"), allowed="numbers from 0 on")
        with theory_of("regression"):
            masses = {
                f"{goal:g}": {
                    form: float(regression_critical_mass(goal, xi=base, error=error, form=form))
                    for form in FORMS
                }
                for goal in goals.tolist()
            }
        tail["critical_mass"] = masses
        rows = [(f"error ≤ {g}", size(m["linear"]), size(m["sharp"])) for g, m in masses.items()]
        sheets.append(Sheet("Share that suffices", ("goal", "α", "α, sharp"), rows))
    if value is not None and base_mean is not None:
        with theory_of("regression"):
            reports = over_report(
                alphas,
                planted_mass=planted_mass,
                base_mass=base,
                base_mean=base_mean,
                value=value,
            )
        tail |= {"value": value, "base_mean": base_mean, "planted_mass": planted_mass}
        tail["report"] = reports.tolist()
        reported = [
            (f"{100 * a:g} %", number(r)) for a, r in zip(alphas, reports.tolist(), strict=True)
        ]
        said = f"v = {value:g}, E0(y|x) = {base_mean:g}, P0(x) = {base:g}, w(x) = {planted_mass:g}"
        sheets.append(Sheet(f"To have f(x) = v, members report ({said})", ("α", "y*"), reported))
    if plot is not None:
        grid = share_grid(base)
        low = regression_bound(grid, xi=base, error=error, form="sharp")
        high = regression_bound(grid, xi=base, error=error)
        curves = [
            Curve(f"linear, ξ = {base:g}, D = {error:g}", BLACK, high),
            Curve("sharp", BLUE, low),
        ]
        top = 1.05 * error if error > 0 else 1.0
        title = "Planting a number under squared loss (derived)"
        y = "upper bound on E|f(g(x)) − y*|"
        draw(
            context,
            plot,
            Drawing(title, grid, curves, y=y, limits=(-0.02 * top, top)),
        )
    answer(
        {
            "strategy": "regression",
            "theorem": "derived; Hardt et al. (2023) name the extension only",
            "xi": base,
            "error": error,
        },
        f"ξ = {base:g}, D = {error:g}",
        alphas,
        columns,
        {},
        promise="E|f(g(x)) − y*| is at most",
        sheets=sheets,
        tail=tail,
    ).show(as_json, quiet)
