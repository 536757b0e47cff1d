"""``gigsim bounds gradient-control``: a platform that learns by gradient descent."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gigsim.cli.bounds.answer import Column, Sheet, answer, number, share_of, size
from gigsim.cli.bounds.app import commands
from gigsim.cli.bounds.figure import BLACK, BLUE, GREEN, RED, Curve, Drawing, draw
from gigsim.cli.bounds.options import (
    AlphaOption,
    PlotOption,
    QuietOption,
    need,
    numbers,
    shares,
    theory_of,
)
from gigsim.cli.output import JsonOption
from gigsim.errors import InputError

_NORMS = "numbers from 0 on, comma-separated, at equally spaced places from θ0 to θ*"


@commands.command("gradient-control")
def gradient_control_command(
    context: typer.Context,
    alpha: AlphaOption,
    eta: Annotated[float, typer.Option(help="η, the platform's step size.")] = 0.1,
    gain: Annotated[
        float | None,
        typer.Option(
            help="ξ of the theorem, the pull towards θ*: over 0, at most 1/(αη)."
            "  [default: the largest that --reach leaves]"
        ),
    ] = None,
    steps: Annotated[int, typer.Option(min=0, help="T, steps of the platform.")] = 100,
    start: Annotated[float, typer.Option(min=0, help="‖θ0 − θ*‖.")] = 1.0,
    residual: Annotated[
        float, typer.Option(min=0, help="r, by how much reports miss the control gradient.")
    ] = 0.0,
    base_norms: Annotated[str | None, typer.Option(help=f"‖g_P0‖ on the way: {_NORMS}.")] = None,
    reach: Annotated[
        float | None,
        typer.Option(min=0, help="G, norm of the largest mean gradient that members can report."),
    ] = None,
    smoothness: Annotated[
        float, typer.Option(min=0, help="L, Lipschitz constant of the base gradient on the way.")
    ] = 0.0,
    within: Annotated[
        str | None, typer.Option(help="Distances that are wanted, comma-separated: which T?")
    ] = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Theorem 10 (gradient learner, convex or not): how far from θ* the model is after T steps.

    Exactly (1 − ηαξ)^T·‖θ0 − θ*‖ with exact reports. What it takes is a collective that outweighs
    the largest base gradient on the straight way from θ0 to θ*: --base-norms and --reach.

    Example: gigsim bounds gradient-control --alpha 0.2 --eta 0.1 --gain 0.8 --steps 50

    Example: gigsim bounds gradient-control --alpha 0.5 --base-norms 0,1,0.5 --reach 3 --within 0.1
    """
    import numpy as np

    from gigsim.theory.gradient_learner import (
        contraction,
        distance_after,
        gain_left,
        path_condition,
        steps_needed,
    )

    alphas = shares(alpha)
    head: dict[str, Any] = {
        "strategy": "gradient-control",
        "theorem": "Hardt et al. (2023), Theorem 10 as restated",
        "eta": eta,
        "steps": steps,
        "start": start,
        "residual": residual,
    }
    sheets = []
    tail: dict[str, Any] = {}
    norms = None
    if base_norms is not None:
        norms = numbers(base_norms, "--base-norms", low=0, high=float("inf"), allowed=_NORMS)
        limit = need("--reach", reach, "with --base-norms")
        if norms.size < 2:
            raise InputError("--base-norms", "one place is no way", "two numbers or more")
        with theory_of("gradient-control"):
            least = float(path_condition(norms, [limit], smoothness=smoothness, length=start))
        tail["path_condition"] = least
        head |= {"base_norms": norms.tolist(), "reach": limit, "smoothness": smoothness}
        sheets.append(
            Sheet("Share above which the way is open", ("", "α"), [("path condition", size(least))])
        )
    if gain is not None:
        most = 1 / (float(alphas.max()) * eta) if eta > 0 else float("inf")
        if not 0 < gain <= most:
            raise InputError(
                "--gain", f"{gain:g} is not in (0, 1/(αη)]", f"over 0, at most {most:g} here"
            )
    with theory_of("gradient-control", xi="--gain", rate="--gain"):
        if gain is not None:
            gains = np.full(alphas.shape, gain)
        elif norms is not None and reach is not None:
            half = start / (2 * (norms.size - 1))
            gains = np.asarray(
                gain_left(
                    alphas,
                    eta=eta,
                    base_norm=norms.max() + smoothness * half,
                    reach=reach,
                    distance=start,
                )
            )
        else:
            gains = np.full(alphas.shape, need("--gain", gain, "or --base-norms with --reach"))
        pulls = gains > 0
        # Without a gain the collective controls nothing, whatever its size.
        acting, gained = np.where(pulls, alphas, 0.0), np.where(pulls, gains, 1.0)
        rate = contraction(acting, eta=eta, xi=gained)
        how: dict[str, Any] = {"eta": eta, "xi": gained, "start": start}
        far = distance_after(steps, acting, residual=residual, **how)
        if within is not None:
            goals = numbers(
                within, "--within", low=0, high=float("inf"), allowed="numbers from 0 on"
            )
            counts = [steps_needed(goal, acting, **how) for goal in goals]
            tail["steps_needed"] = {
                f"{goal:g}": count.tolist() for goal, count in zip(goals, counts, strict=True)
            }
            header = ("α", *(f"distance ≤ {goal:g}" for goal in goals))
            rows = [
                (share_of(a), *(f"{count[i]:g}" for count in counts))
                for i, a in enumerate(alphas.tolist())
            ]
            sheets.append(Sheet("Steps that suffice (exact reports)", header, rows))
    if plot is not None:
        _plot(context, plot, alphas, acting, gained, steps, residual, eta, start)
    answer(
        head,
        f"η = {eta:g}, T = {steps}, ‖θ0 − θ*‖ = {start:g}"
        + (f", reports miss by {number(residual)}" if residual else ""),
        alphas,
        [
            Column("bound", "distance at most", far),
            Column("gain", "gain ξ", gains),
            Column("rate", "left after a step", rate),
        ],
        {},
        promise="The model is near θ*",
        sheets=sheets,
        tail=tail,
    ).show(as_json, quiet)


def _plot(
    context: typer.Context,
    plot: Any,
    alphas: Any,
    acting: Any,
    gained: Any,
    steps: int,
    residual: float,
    eta: float,
    start: float,
) -> None:
    import numpy as np

    from gigsim.theory.gradient_learner import distance_after

    count = np.arange(steps + 1.0)
    colours = (BLACK, BLUE, RED, GREEN)
    curves = [
        Curve(
            f"α = {share_of(a)}, gain ξ = {xi:.4g}" if share else f"α = {share_of(a)}: too few",
            colours[place % len(colours)],
            distance_after(count, share, eta=eta, xi=xi, start=start, residual=residual),
        )
        for place, (a, share, xi) in enumerate(
            zip(alphas.tolist(), acting.tolist(), gained.tolist(), strict=True)
        )
    ]
    drawing = Drawing(
        "Theorem 10 of Hardt et al. (2023), as restated: gradient control",
        count,
        curves,
        x="steps of the platform",
        y="upper bound on ‖θ_t − θ*‖",
        log=False,
        limits=None,
    )
    draw(context, plot, drawing)
