"""``gigsim bounds cancelling``: moving a convex risk minimiser to a target model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigsim.cli.bounds.answer import Column, Sheet, answer, size
from gigsim.cli.bounds.app import commands
from gigsim.cli.bounds.figure import BLACK, BLUE, Curve, Drawing, draw
from gigsim.cli.bounds.options import (
    AlphaOption,
    PlotOption,
    QuietOption,
    numbers,
    one_of,
    shares,
    theory_of,
)
from gigsim.cli.output import JsonOption
from gigsim.errors import InputError

if TYPE_CHECKING:
    from gigsim.theory.gaps import Floats


# Shares at which the best mixture is looked for, for a figure.
_PLACES = 41


@commands.command("cancelling")
def cancelling_command(
    context: typer.Context,
    alpha: AlphaOption,
    base_gradient: Annotated[
        float | None, typer.Option(min=0, help="‖g_P0(θ*)‖, norm of the base's mean gradient.")
    ] = None,
    collective_gradient: Annotated[
        float | None, typer.Option(min=0, help="‖g_P'(θ*)‖, norm of the cancelling law's.")
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option(help="Or: a .npy or .csv file with the base's gradients at θ*, a row each."),
    ] = None,
    pool: Annotated[
        Path | None,
        typer.Option(help="... and one with those of the edits that members can hand in."),
    ] = None,
    strong_convexity: Annotated[
        float, typer.Option(min=0, help="μ of the platform's risk, for distances.")
    ] = 1.0,
    within: Annotated[
        str | None, typer.Option(help="Distances that are wanted, comma-separated.")
    ] = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Theorem 7 (convex risk minimiser): the share that reaches θ*, and the distance below it.

    θ* is reached exactly from α = 1/(1 + t) on, t = ‖g_P'(θ*)‖/‖g_P0(θ*)‖; above, only a part of
    the members deviate. The distance below it is derived. With gradients in files the largest t
    comes from a linear program over mixtures of the pool.

    Example: gigsim bounds cancelling --alpha 0.05,0.1 --base-gradient 1 --collective-gradient 9

    Example: gigsim bounds cancelling --alpha 0.05,0.2 --base base.csv --pool edits.csv
    """
    from gigsim.theory.risk_minimizer import (
        critical_mass_convex,
        critical_mass_distance,
        deviating_share,
        distance_bound,
        distance_from_gradient,
    )

    alphas = shares(alpha)
    in_files = {"--base": base is not None}
    one_of({"--base-gradient": base_gradient is not None, **in_files}, "each is the base's")
    one_of({"--collective-gradient": collective_gradient is not None, **in_files}, "--pool has it")
    norms = (base_gradient, collective_gradient)
    files = (base, pool)
    if None in norms and None in files:
        raise InputError(
            "--base-gradient", "is needed with --collective-gradient", "or --base with --pool"
        )
    found: dict[str, Any] = {}
    if base is not None and pool is not None:
        found = _from_files(base, pool, alphas)
        length, reach = found["base_gradient"], found["collective_gradient"]
    else:
        length, reach = float(base_gradient or 0.0), float(collective_gradient or 0.0)
    t = reach / length if length > 0 else float("inf")
    how = {"base_gradient": length, "collective_gradient": reach}
    names = {"base_norm": "--base-gradient"}
    names |= {"collective": "--collective-gradient", "collective_norm": "--collective-gradient"}
    with theory_of("cancelling", **names):
        if "residual" in found:
            # The nearest mixture, which exists where no mixture cancels.
            far = distance_from_gradient(found["residual"], strong_convexity)
        else:
            far = distance_bound(alphas, strong_convexity=strong_convexity, **how)
            found["critical_mass"] = float(critical_mass_convex(length, reach))
            found["deviating"] = deviating_share(alphas, t)
        critical, part = found["critical_mass"], found["deviating"]
    head: dict[str, Any] = {
        "strategy": "cancelling",
        "theorem": "Hardt et al. (2023), Theorem 7 as restated; distances derived",
        **how,
        "t": t,
        "strong_convexity": strong_convexity,
    }
    against = "no cancelling mixture" if reach != reach else f"‖g_P'‖ = {reach:g}"
    said = f"‖g_P0‖ = {length:g}, {against}, μ = {strong_convexity:g}"
    if "error" in found:
        head["base_gradient_error"] = found["error"]
        said += f", standard error of ‖g_P0‖ {found['error']:.2g}"
    rows = [("θ* reached", size(critical))]
    tail: dict[str, Any] = {"critical_mass": critical}
    if within is not None:
        goals = numbers(within, "--within", low=0, high=float("inf"), allowed="numbers from 0 on")
        if critical == float("inf"):
            raise InputError("--within", "no mixture of the pool cancels", "a larger pool")
        with theory_of("cancelling", **names):
            tail["critical_mass_within"] = {
                f"{goal:g}": float(
                    critical_mass_distance(goal, strong_convexity=strong_convexity, **how)
                )
                for goal in goals.tolist()
            }
        rows += [(f"distance ≤ {g}", size(m)) for g, m in tail["critical_mass_within"].items()]
    if plot is not None:
        import numpy as np

        end = min(1.0, max(2 * critical, 1.1 * float(alphas.max()))) if critical <= 1 else 1.0
        grid = np.linspace(0, end, 401)
        curves = []
        if critical <= 1:
            line = distance_bound(grid, strong_convexity=strong_convexity, **how)
            curves.append(Curve(said, BLACK, line))
        if base is not None and pool is not None:
            grid = np.linspace(0, end, _PLACES)
            left, _ = _mixtures(base, pool, grid)
            nearest = distance_from_gradient(left, strong_convexity)
            curves = [Curve("best mixture of the pool", BLUE, nearest)]
        marks = ((critical, f"θ* reached: α = {100 * critical:.4g} %"),) if critical <= 1 else ()
        drawing = Drawing(
            "Theorem 7 of Hardt et al. (2023), as restated; distance derived",
            grid,
            curves,
            x="α, share of the population in the collective",
            y="upper bound on ‖θ̂ − θ*‖",
            log=False,
            limits=None,
            marks=marks,
        )
        draw(context, plot, drawing)
    answer(
        head,
        said,
        alphas,
        [
            Column("bound", "distance at most", far),
            Column("deviating", "part of the members who deviate", part),
        ],
        {},
        promise="The model is near θ*",
        sheets=[Sheet("Share that suffices", ("goal", "α"), rows)],
        tail=tail,
    ).show(as_json, quiet)


def _from_files(base: Path, pool: Path, alphas: Floats) -> dict[str, Any]:
    """Critical mass and, at each share, the mixture of the pool that leaves the least gradient."""
    import numpy as np

    from gigsim.theory.cancelling_pool import critical_mass_pool
    from gigsim.theory.risk_minimizer import deviating_share, mean_gradient

    rows = _matrix(base, "--base")
    mean = rows.mean(axis=0)
    with theory_of("cancelling"):
        best = critical_mass_pool(mean, _matrix(pool, "--pool"))
    length = float(np.linalg.norm(mean))
    residual, deviating = _mixtures(base, pool, alphas)
    if best.critical_mass <= 1:
        # Several mixtures leave nothing from there on; that of the program needs the fewest.
        fewest = deviating_share(alphas, best.t)
        deviating = np.where(alphas < best.critical_mass, deviating, fewest)
    spread = {"error": mean_gradient(rows).norm_error} if len(rows) > 1 else {}
    return spread | {
        "base_gradient": length,
        # NaN where no mixture points exactly against the base.
        "collective_gradient": best.t * length if length > 0 else 0.0,
        "critical_mass": best.critical_mass,
        "residual": residual,
        "deviating": deviating,
    }


def _mixtures(base: Path, pool: Path, alphas: Floats) -> tuple[Floats, Floats]:
    """At each share the gradient that the best mixture leaves, and the part that deviates."""
    import numpy as np

    from gigsim.theory.cancelling_pool import best_mixture

    mean, edits = _matrix(base, "--base").mean(axis=0), _matrix(pool, "--pool")
    found = [best_mixture(float(a), mean, edits) for a in alphas]
    return np.array([one.residual for one in found]), np.array([1 - one.honest for one in found])


def _matrix(path: Path, option: str) -> Floats:
    """A matrix of finite numbers from a .npy or .csv file."""
    import numpy as np

    allowed = "a .npy or .csv file of numbers, a row a gradient"
    if path.is_dir():
        raise InputError(option, f"{path} is a folder", allowed)
    if not path.exists():
        raise InputError(option, f"{path} cannot be read (no such file)", allowed)
    try:
        if path.suffix == ".npy":
            array = np.load(path, allow_pickle=False)
        else:
            array = np.loadtxt(path, delimiter=",", ndmin=2)
        array = np.atleast_2d(np.asarray(array, dtype=np.float64))
    except (OSError, ValueError) as error:
        raise InputError(option, f"{path} cannot be read ({error})", allowed) from error
    if array.ndim != 2 or array.size == 0 or not np.all(np.isfinite(array)):
        raise InputError(option, f"{path} has no matrix of finite numbers", allowed)
    return array
